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
from decision_boundary.shared import figures
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import Parser, integer, load, progress, run
from decision_boundary.shared.training import streams
from matplotlib.patches import Circle
import numpy as np

backprop = load("Python-FeedForward/main.py")

WIDTHS = (3, 6, 16)
# Since sigmoid(z) = (1 + tanh(z / 2)) / 2, its gradients are
# half of tanh's for twice the weights: four times the rate makes about the same steps.
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
ANGLES = np.arange(720) * np.pi / 360
SAMPLES = 101  # along a ray, to find the first change of sign


def train_network(activation, width, seed, options):
    """Exercise 1's training, for one hidden layer and without weight decay.

    Initial weights are evenly spread, outgoing ones positive; only ReLU is restricted by
    that, for tanh(-z) = -tanh(z) and sigmoid(-z) = 1 - sigmoid(z). The learning rate
    falls linearly to 0, so that no last batch dents the boundary.
    """
    layers = {"hidden_size": [width], "activation": activation.lower()}
    result = backprop.make_run(
        seed, options.points, LEARNING_RATES[activation], **layers
    )
    network, rate = result.network, result.network.learning_rate
    network.weight_decay = 0
    initialize(network.weights, network.biases, "spread", streams(seed)[1])
    for remaining in np.linspace(1, 0, options.epochs, endpoint=False):
        network.learning_rate = remaining * rate
        result.run_epoch()
    return network


def radial_boundary(logit, angles=ANGLES):
    """r(theta) (A,): where the ray at angle theta first leaves {logit < 0}.

    Sampled along the ray, then bisected to rounding. nan where the ray stays inside up to
    the border of [-1, 1]^2, and everywhere if the origin is outside. logit maps points
    (M, 2) to (M,) or (M, 1).
    """
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # (A, 2)
    rays /= np.abs(rays).max(axis=1, keepdims=True)  # the ends are on the border

    def outside(t):
        points = t[..., None] * rays  # (..., A, 2)
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


def cell(turns):
    """The median, unless a boundary is open."""
    return f"{np.median(turns):.1f}" if np.isfinite(turns).all() else "open"


def draw(networks, turns):
    """The boundaries, and how sharply they turn; both {(activation, width): ...}."""
    figure = figures.new_figure(1.2)
    for ax, (key, network) in zip(figure.subplots(1, len(networks)), networks.items()):
        ax.add_patch(Circle((0, 0), RADIUS, color="#e6e6e6", lw=0))
        if key[0] == "ReLU":
            lines = find_boundary(network.weights, network.biases)
            figures.draw_boundary(ax, lines, corners=False)
        else:
            draw_contour(ax, network)
        text = f"${turns[key]:.1f}^\\circ$" if np.isfinite(turns[key]) else "open"
        ax.text(0, 0, text, ha="center", va="center", fontsize=8)
        ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.set_title(f"{key[0]}\n$H = {key[1]}$", fontsize=8)
    return figure


def draw_contour(ax, network):
    """The zero set of a smooth logit, fine enough for the eye."""
    logits = figures.on_grid(network.forward, 400)
    if logits.min() < 0 < logits.max():
        # The origin tells contour that the values lie in the middle of cells
        extent = {"origin": "lower", "extent": (-1, 1, -1, 1)}
        ax.contour(logits, [0], **extent, colors=figures.DARK, linewidths=1.3)


def main():
    parser = Parser(__doc__, epochs=512)
    parser.add("--points", integer(1), 512, "number of training points")
    parser.add("--runs", integer(1), 3, "number of seeds, from --seed on")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    first, turns = {}, {}
    keys = list(product(LEARNING_RATES, WIDTHS))
    for key in progress(keys, "{0[0]}, {0[1]} hidden units"):
        networks = [train_network(*key, seed, options) for seed in seeds]
        radii = [radial_boundary(network.forward) for network in networks]
        first[key], turns[key] = networks[0], [sharpest_turn(r) for r in radii]
    print(f"sharpest turn within one degree, in degrees: median of {len(seeds)} seeds")
    rows = [[f, *(cell(turns[f, H]) for H in WIDTHS)] for f in LEARNING_RATES]
    table(["H", *map(str, WIDTHS)], rows)
    rates = (f"{rate} ({name})" for name, rate in LEARNING_RATES.items())
    values = {
        "SmoothSeeds": options.runs,
        "SmoothEpochs": options.epochs,
        "SmoothTuned": f"falling to 0 from {', '.join(rates)}",
    }
    for name in LEARNING_RATES:
        values[f"Smooth{name.capitalize()}Turn"] = cell(turns[name, 3])
    figure = draw(first, {key: turns[key][0] for key in keys})
    save_results(options, "activations", values, figure)


if __name__ == "__main__":
    run(main)
