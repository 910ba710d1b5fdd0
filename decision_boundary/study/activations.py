"""Exercise 3: hidden units by activation; which boundaries have corners?

python decision_boundary/study/activations.py    trains, draws, writes numbers

A boundary that closes around the origin is a function r(theta). How far it turns within
one degree tells a corner from a bend.
"""

from itertools import product
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.ensemble import initialize
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.training import streams
import numpy as np

backprop = script.load("Python-FeedForward/main.py")

WIDTHS = (3, 6, 16)
# sigmoid(z) = (1 + tanh(z / 2)) / 2 makes about the same steps at four times the rate
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
ANGLES = np.arange(720) * np.pi / 360
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # (720, 2)


def train_network(activation, width, seed, options):
    """Exercise 1's training, of one hidden layer that starts spread, without decay.

    The learning rate falls linearly to 0, so that no last batch dents the boundary.
    """
    layers = {"hidden_size": [width], "activation": activation.lower()}
    run = backprop.make_run(seed, options.points, LEARNING_RATES[activation], **layers)
    network, rate = run.network, run.network.learning_rate
    network.weight_decay = 0
    initialize(network.weights, network.biases, "spread", streams(seed)[1])
    for remaining in np.linspace(1, 0, options.epochs, endpoint=False):
        network.learning_rate = remaining * rate
        run.run_epoch()
    return network


def radial_boundary(logit):
    """r(theta) (720,) at ANGLES: where the ray at angle theta leaves {logit < 0}.

    logit, (M, 2) -> (M, 1), must change its sign at most once along a ray. nan where it
    does not before the border of [-1, 1]^2, or if the origin is outside.
    """
    rays = DIRECTIONS / np.abs(DIRECTIONS).max(axis=1, keepdims=True)  # to the border
    low, high = np.zeros((len(rays), 1)), np.ones((len(rays), 1))
    closed = (logit(low * rays) < 0) & (logit(high * rays) >= 0)
    for _ in range(53):  # to rounding
        middle = (low + high) / 2
        outside = logit(middle * rays) >= 0
        low, high = np.where(outside, low, middle), np.where(outside, middle, high)
    return np.where(closed[:, 0], np.hypot(*(high * rays).T), np.nan)


def sharpest_turn(radii):
    """The largest turn of r (720,) at ANGLES within one degree, in degrees, or nan.

    Between chords of half a degree whose middles are one degree apart: about 1 for a
    circle around the origin, a corner's whole exterior angle for a polygon.
    """
    points = radii * np.exp(1j * ANGLES)
    chords = np.roll(points, -1) - points
    turns = np.angle(np.roll(chords, -2) * chords.conj())
    return np.degrees(np.abs(turns).max())


def draw(boundaries):
    """The boundaries {(activation, width): r (720,)}, and how sharply they turn."""
    figure = figures.new_figure(1.1)
    axes = figure.subplots(1, len(boundaries))
    for ax, ((activation, width), radii) in zip(axes, boundaries.items()):
        figures.draw_square(ax)
        figures.draw_boundary(ax, [(radii[:, None] * DIRECTIONS, True)], corners=False)
        text = f"${sharpest_turn(radii):.1f}^\\circ$"
        ax.text(0, 0, text, ha="center", va="center", fontsize=8)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{activation}\n$H = {width}$", fontsize=8)
    return figure


def main():
    parser = script.Parser(__doc__, epochs=512)
    parser.add("--points", script.integer(1), 512, "number of training points")
    parser.add("--runs", script.integer(1), 3, "number of seeds, from --seed on")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    rates = (f"{rate} ({name})" for name, rate in LEARNING_RATES.items())
    values = {"SmoothSeeds": options.runs, "SmoothEpochs": options.epochs}
    values["SmoothTuned"] = f"falling to 0 from {', '.join(rates)}"
    first, rows = {}, []
    keys = list(product(LEARNING_RATES, WIDTHS))
    for name, width in script.progress(keys, "{0[0]}, {0[1]} hidden units"):
        networks = [train_network(name, width, seed, options) for seed in seeds]
        boundaries = [radial_boundary(network.forward) for network in networks]
        turn = np.median([*map(sharpest_turn, boundaries)])  # nan if one is open
        rows.append([name, str(width), f"{turn:.1f}"])
        first[name, width] = boundaries[0]
        if width == 3:
            values[f"Smooth{name.capitalize()}Turn"] = rows[-1][2]
    results.table(["activation", "units", "sharpest turn [degrees]"], rows)
    results.save_results(options, "activations", values, draw(first))


if __name__ == "__main__":
    script.run(main)
