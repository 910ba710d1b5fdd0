"""Exercise 3: hidden units by activation; which boundaries have corners?

python decision_boundary/study/activations.py    trains, draws, writes numbers

A boundary that closes around the origin is a function r(theta). How far it turns within
one degree tells a corner from a bend.
"""

from itertools import product
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import initialize
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.training import streams
from matplotlib.patches import Circle
import numpy as np

backprop = script.load("Python-FeedForward/main.py")

WIDTHS = (3, 6, 16)
# Since sigmoid(z) = (1 + tanh(z / 2)) / 2, its gradients are
# half of tanh's for twice the weights: four times the rate makes about the same steps.
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
ANGLES = np.arange(720) * np.pi / 360
SAMPLES = 101  # along a ray, to find the first change of sign


def train_network(activation, width, seed, options):
    """Exercise 1's training, for one hidden layer and without weight decay.

    Initial weights are evenly spread, outgoing ones positive; only ReLU is restricted
    by that, for tanh(-z) = -tanh(z) and sigmoid(-z) = 1 - sigmoid(z). The learning rate
    falls linearly to 0, so that no last batch dents the boundary.
    """
    layers = {"hidden_size": [width], "activation": activation.lower()}
    rate = LEARNING_RATES[activation]
    result = backprop.make_run(seed, options.points, rate, **layers)
    network, rate = result.network, result.network.learning_rate
    network.weight_decay = 0
    initialize(network.weights, network.biases, "spread", streams(seed)[1])
    for remaining in np.linspace(1, 0, options.epochs, endpoint=False):
        network.learning_rate = remaining * rate
        result.run_epoch()
    return network


def radial_boundary(logit):
    """r(theta) (720,) at ANGLES: where the ray at angle theta first leaves {logit < 0}.

    Sampled along the ray, then bisected to rounding. nan where the ray stays inside up
    to the border of [-1, 1]^2, and everywhere if the origin is outside. logit maps
    points (M, 2) to (M,) or (M, 1).
    """
    rays = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # (720, 2)
    rays /= np.abs(rays).max(axis=1, keepdims=True)  # the ends are on the border

    def outside(t):
        points = t[..., None] * rays  # (..., 720, 2)
        return np.reshape(logit(points.reshape(-1, 2)) >= 0, points.shape[:-1])

    samples = np.linspace(0, 1, SAMPLES)
    first = outside(np.repeat(samples[:, None], len(rays), axis=1)).argmax(axis=0)
    low, high = samples[first - 1], samples[first]
    for _ in range(52):
        middle = (low + high) / 2
        left = outside(middle)
        low, high = np.where(left, low, middle), np.where(left, middle, high)
    # The first sample outside is number 0 if that is the origin, or if there is none
    return np.where(first > 0, high * np.hypot(*rays.T), np.nan)


def sharpest_turn(radii):
    """The largest turn of r (720,) at ANGLES within one degree, in degrees, or nan.

    Between chords of half a degree whose middles are one degree apart: about 1 for a
    circle around the origin, a corner's whole exterior angle for a polygon.
    """
    points = radii * np.exp(1j * ANGLES)
    chords = np.roll(points, -1) - points
    turns = np.angle(np.roll(chords, -2) * chords.conj())
    return np.degrees(np.abs(turns).max())


def draw(networks, turns):
    """The boundaries of {(activation, width): network}, and how sharply they turn."""
    figure = figures.new_figure(1.2)
    axes = figure.subplots(1, len(networks))
    for ax, ((activation, width), network) in zip(axes, networks.items()):
        ax.add_patch(Circle((0, 0), RADIUS, color="#e6e6e6", lw=0))
        if activation == "ReLU":
            lines = find_boundary(network.weights, network.biases)
            figures.draw_boundary(ax, lines, corners=False)
        else:
            logits = figures.on_grid(network.forward, 400)
            # The origin tells contour that the values lie in the middle of cells
            cells = {"origin": "lower", "extent": (-1, 1, -1, 1)}
            ax.contour(logits, [0], **cells, colors=figures.DARK, linewidths=1.3)
        text = f"${turns[activation, width]:.1f}^\\circ$"
        ax.text(0, 0, text, ha="center", va="center", fontsize=8)
        ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.set_title(f"{activation}\n$H = {width}$", fontsize=8)
    return figure


def main():
    parser = script.Parser(__doc__, epochs=512)
    parser.add("--points", script.integer(1), 512, "number of training points")
    parser.add("--runs", script.integer(1), 3, "number of seeds, from --seed on")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    networks, turns, medians = {}, {}, {}
    keys = list(product(LEARNING_RATES, WIDTHS))
    for key in script.progress(keys, "{0[0]}, {0[1]} hidden units"):
        trained = [train_network(*key, seed, options) for seed in seeds]
        sharpest = [sharpest_turn(radial_boundary(n.forward)) for n in trained]
        networks[key], turns[key] = trained[0], sharpest[0]
        medians[key] = f"{np.median(sharpest):.1f}"  # nan if a boundary is open
    heads = ["sharpest turn [degrees]", *(f"H = {H}" for H in WIDTHS)]
    rows = [[name, *(medians[name, H] for H in WIDTHS)] for name in LEARNING_RATES]
    results.table(heads, rows)
    rates = (f"{rate} ({name})" for name, rate in LEARNING_RATES.items())
    values = {
        "SmoothSeeds": options.runs,
        "SmoothEpochs": options.epochs,
        "SmoothTuned": f"falling to 0 from {', '.join(rates)}",
    }
    for name in LEARNING_RATES:
        values[f"Smooth{name.capitalize()}Turn"] = medians[name, 3]
    results.save_results(options, "activations", values, draw(networks, turns))


if __name__ == "__main__":
    script.run(main)
