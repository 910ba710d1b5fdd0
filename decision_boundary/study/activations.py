"""Exercise 3: hidden units by activation; which boundaries have corners?

python decision_boundary/study/activations.py    trains, draws, writes numbers

A boundary that closes around the origin is a function r(theta). How far it turns within
one degree tells a corner from a bend.
"""

from itertools import product
from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import initialize
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.figures import (
    BLUE,
    DARK,
    draw_boundary,
    new_figure,
    on_grid,
)
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import (
    Parser,
    integer,
    load,
    positive,
    progress,
    run,
)
from decision_boundary.shared.training import streams
from matplotlib.patches import Circle
import numpy as np

backprop = load("Python-FeedForward/main.py")

WIDTHS = (3, 6, 16)
# Since sigmoid(z) = (1 + tanh(z / 2)) / 2, its gradients are
# half of tanh's for twice the weights: four times the rate makes about the same steps.
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
EARLY = 16  # a training this many times shorter is shown, too
ANGLES = np.arange(720) * np.pi / 360
SAMPLES = 101  # along a ray, to find the first change of sign


class Grid(NamedTuple):
    """3 activations, 3 widths, S seeds; nan where a boundary is open in the square."""

    networks: dict  # (activation, width): the first seed's network
    early: dict  # the same, trained EARLY times shorter
    turns: np.ndarray  # (3, 3, S), the sharpest ones, in degrees
    accuracies: np.ndarray  # (3, 3, S), % of the square on its side of the boundary
    losses: np.ndarray  # (3, 3, S), in the last epoch


def train_grid(options):
    """Train each activation, width and seed, and measure the boundaries; a Grid."""
    seeds = range(options.seed, options.seed + options.runs)
    networks, early, losses, radii = {}, {}, [], []
    keys = list(product(LEARNING_RATES, WIDTHS))
    for key in progress(keys, "{0[0]}, {0[1]} hidden units"):
        panel, ends = zip(*(train_network(*key, seed, options) for seed in seeds))
        networks[key] = panel[0]
        losses.append(ends)
        early[key], _ = train_network(*key, seeds[0], options, EARLY)
        radii += [radial_boundary(network.forward, ANGLES) for network in panel]
    shape = len(LEARNING_RATES), len(WIDTHS), len(seeds)
    radii, losses = np.reshape(radii, (*shape, -1)), np.reshape(losses, shape)
    radii[np.isnan(radii).any(axis=-1)] = np.nan
    return Grid(
        networks, early, sharpest_turn(radii), 100 * disc_accuracy(radii), losses
    )


def train_network(activation, width, seed, options, shorter=1):
    """Exercise 1's training, for one hidden layer and without weight decay.

    Returns the network, and its mean loss in the last epoch.

    shorter: a divisor of the number of epochs

    Initial weights are evenly spread, outgoing ones positive; only ReLU is restricted by
    that, for tanh(-z) = -tanh(z) and sigmoid(-z) = 1 - sigmoid(z). The learning rate
    falls linearly to 0, so that no last batch dents the boundary.
    """
    layers = {"hidden_size": [width], "activation": activation.lower()}
    rate = options.factor * LEARNING_RATES[activation]
    result = backprop.make_run(seed, options.points, rate, **layers)
    network, rate = result.network, result.network.learning_rate
    network.weight_decay = 0
    initialize(network.weights, network.biases, "spread", streams(seed)[1])
    epochs = max(1, options.epochs // shorter)
    for remaining in np.linspace(1, 0, epochs, endpoint=False):
        network.learning_rate = remaining * rate
        loss = result.run_epoch()
    return network, loss


def directions(angles):
    """(cos, sin) of the angles, as a last axis."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def radial_boundary(logit, angles):
    """r(theta) (A,): where the ray at angle theta first leaves {logit < 0}.

    Sampled along the ray, then bisected to rounding. nan where the ray stays inside up to
    the border of [-1, 1]^2, and everywhere if the origin is outside. logit maps points
    (M, 2) to (M,) or (M, 1).
    """
    rays = directions(angles)  # (A, 2)
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


def disc_accuracy(radii):
    """Share of the square that the boundary r (..., A) and the disc classify alike.

    One minus the area between the two, 1/2 int |r^2 - RADIUS^2| dtheta, over 4.
    """
    return 1 - np.pi * np.abs(radii**2 - RADIUS**2).mean(axis=-1) / 4


def sharpest_turn(radii):
    """The largest turn of r (..., 720) at ANGLES within one degree, in degrees (...).

    Between chords of half a degree whose middles are one degree apart: about 1 for a
    circle around the origin, a corner's whole exterior angle for a polygon.
    """
    points = radii * np.exp(1j * ANGLES)
    chords = np.roll(points, -1, axis=-1) - points
    turns = np.angle(np.roll(chords, -2, axis=-1) * chords.conj())
    return np.degrees(np.abs(turns).max(axis=-1))


def draw(grid):
    """The boundaries of the first seed, and early ones, dotted."""
    figure = new_figure(1.2)
    axes = figure.subplots(1, len(grid.networks))
    indices = np.ndindex(grid.turns.shape[:2])
    for ax, index, key in zip(axes, indices, grid.networks):
        draw_panel(ax, key, grid, (*index, 0))
        ax.set_title(f"{key[0]}\n$H = {key[1]}$", fontsize=8)
    return figure


def draw_panel(ax, key, grid, index):
    network, text = grid.networks[key], "open"
    ax.add_patch(Circle((0, 0), RADIUS, color="#e6e6e6", lw=0))
    if key[0] == "ReLU":
        lines = find_boundary(network.weights, network.biases)
        draw_boundary(ax, lines, corners=False)
    else:
        draw_contour(ax, grid.early[key], colors=BLUE, linewidths=1.1, linestyles=":")
        draw_contour(ax, network, colors=DARK, linewidths=1.3)
    if np.isfinite(grid.turns[index]):
        text = f"${grid.turns[index]:.1f}^\\circ$"
    ax.text(0, 0, text, ha="center", va="center", fontsize=8)
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def draw_contour(ax, network, **style):
    """The zero set of a smooth logit, fine enough for the eye."""
    logits = on_grid(network.forward, 400)
    if logits.min() < 0 < logits.max():
        # The origin tells contour that the values lie in the middle of cells
        ax.contour(logits, [0], origin="lower", extent=(-1, 1, -1, 1), **style)


def cell(values):
    """The median of the closed boundaries' values (S,), and their number if below S."""
    closed = values[np.isfinite(values)]
    if not closed.size:
        return "open"
    count = f" ({closed.size} of {values.size})" if closed.size < values.size else ""
    return f"{np.median(closed):.1f}{count}"


def summary(grid, options):
    """Print the measures; returns the numbers for the report, {macro: text}."""
    rates = (f"{rate} ({name})" for name, rate in LEARNING_RATES.items())
    result = {
        "SmoothSeeds": options.runs,
        "SmoothEpochs": options.epochs,
        "SmoothEarlyEpochs": max(1, options.epochs // EARLY),
        "SmoothTuned": f"falling to 0 from {', '.join(rates)}",
    }
    print("loss in the last epoch, median over widths and seeds")
    losses = [f"{np.median(panels):.4f}" for panels in grid.losses]
    table(["activation", "loss"], list(zip(LEARNING_RATES, losses)))
    for macro, title, values in [
        ("Turn", "sharpest turn within one degree, in degrees", grid.turns),
        ("Accuracy", "accuracy on the whole square, in %", grid.accuracies),
    ]:
        rows = [[f, *map(cell, panels)] for f, panels in zip(LEARNING_RATES, values)]
        print(f"{title}: median of {options.runs} seeds")
        table(["H", *map(str, WIDTHS)], rows)
        for name, *cells in rows:
            key = f"Smooth{name.capitalize()}{macro}"
            result[key] = cells[WIDTHS.index(3)]
    return result


def main():
    parser = Parser(__doc__, epochs=512)
    parser.add("--points", integer(1), 512, "number of training points")
    parser.add("--runs", integer(1), 3, "number of seeds, from --seed on")
    parser.add("--factor", positive, 1.0, "of all learning rates")
    options = parser.parse_args()
    grid = train_grid(options)
    save_results(options, "activations", summary(grid, options), draw(grid))


if __name__ == "__main__":
    run(main)
