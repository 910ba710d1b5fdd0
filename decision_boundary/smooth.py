"""Hidden units by activation: which boundaries are hexagons, and how nearly.

A boundary that closes around the origin is a function r(theta), and so is a hexagon.
The area between the two tells how far the boundary is from its best hexagon, and,
minimised, which hexagon that is. How far the boundary turns within one degree tells a
corner from a bend.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.patches import Circle

from decision_boundary.data import RADIUS
from decision_boundary.ensemble import start_like
from decision_boundary.figures import (
    BLUE,
    DARK,
    ORANGE,
    draw_boundary,
    new_figure,
    probability_grid,
)
from decision_boundary.results import table_rows
from decision_boundary.script import load, progress, streams
from decision_boundary.study import find_boundary

backprop = load("Python-FeedForward/main.py")
Adam = load("PyTorch-FeedForward/optimizer.py").Adam

WIDTHS = (2, 3, 4, 6, 16)
# Tuned on the final loss. Since sigmoid(z) = (1 + tanh(z / 2)) / 2, its gradients are
# half of tanh's for twice the weights: four times the rate makes about the same steps.
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
EPOCHS = 2  # for one of --epochs, which are meant for Adam
SEEDS = 3
EARLY = 16  # a training this many times shorter is shown, too
ANGLES = np.arange(720) * np.pi / 360
SAMPLES = 101  # along a ray, to find the first change of sign
STARTS, STEPS, STEP_SIZE = 12, 200, 0.05  # of the search for a hexagon


class Grid(NamedTuple):
    """3 activations, 5 widths, S seeds; nan where a boundary is open in the square."""

    epochs: int
    networks: dict  # (activation, width): the first seed's network
    early: dict  # the same, trained EARLY times shorter
    normals: np.ndarray  # (3, 5, S, 6), angles of the best hexagon's normals
    apothems: np.ndarray  # (3, 5, S, 6), distances of its sides from the origin
    deviations: np.ndarray  # (3, 5, S), from the best hexagon, % of the area inside
    turns: np.ndarray  # (3, 5, S), the sharpest ones, in degrees
    accuracies: np.ndarray  # (3, 5, S), % of the square on its side of the boundary


def train_grid(options):
    """Train each activation, width and seed, and measure the boundaries; a Grid."""
    epochs, points = EPOCHS * options.epochs, options.points
    seeds = range(options.seed, options.seed + SEEDS)
    networks, early, radii = {}, {}, []
    for key in product(LEARNING_RATES, WIDTHS):
        progress("{}, {} hidden units".format(*key))
        panel = [train_network(*key, seed, points, epochs) for seed in seeds]
        networks[key] = panel[0]
        early[key] = train_network(*key, seeds[0], points, early_epochs(epochs))
        radii += [radial_boundary(network.forward, ANGLES) for network in panel]
    radii = np.reshape(radii, (len(LEARNING_RATES), len(WIDTHS), SEEDS, len(ANGLES)))
    radii[np.isnan(radii).any(axis=-1)] = np.nan
    # Every second angle: for the search that is fine enough, and twice as fast
    normals, apothems, shares = best_hexagon(radii[..., ::2], ANGLES[::2])
    measures = 100 * shares, sharpest_turn(radii), 100 * disc_accuracy(radii)
    return Grid(epochs, networks, early, normals, apothems, *measures)


def early_epochs(epochs):
    return max(1, epochs // EARLY)


def train_network(activation, width, seed, points=512, epochs=512):
    """Exercise 1's training, for one hidden layer and without weight decay.

    All start "spread", with positive outgoing weights; only ReLU is restricted by that,
    for tanh(-z) = -tanh(z) and sigmoid(-z) = 1 - sigmoid(z). The learning rate falls
    linearly to 0, so that no last batch dents the boundary.
    """
    layers = {"hidden_size": [width], "activation": activation.lower()}
    run = backprop.make_run(seed, points, LEARNING_RATES[activation], **layers)
    network, rate = run.network, run.network.learning_rate
    network.weight_decay = 0
    start_like(network.weights, network.biases, "spread", streams(seed)[1])
    for remaining in np.linspace(1, 0, epochs, endpoint=False):
        network.learning_rate = remaining * rate
        run.run_epoch()
    return network


def directions(angles):
    """(cos, sin) of the angles, as a last axis."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def radial_boundary(logit, angles):
    """r(theta) (A,): where the ray at angle theta first leaves {logit < 0}.

    Sampled along the ray, then bisected to rounding. nan where the ray stays inside
    as far as [-1, 1]^2 goes, and everywhere if the origin is outside. logit takes
    points (M, 2) to (M,) or (M, 1).
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
    """Share of the square that r (..., A) and the disc's rim have on the same side.

    One minus the area between the two, 1/2 int |r^2 - RADIUS^2| dtheta, over 4.
    """
    return 1 - np.pi * np.abs(radii**2 - RADIUS**2).mean(axis=-1) / 4


def sharpest_turn(radii):
    """How far r (..., 720) at ANGLES turns within one degree at most, in degrees (...).

    Between chords of half a degree whose middles are one degree apart: about 1 for a
    circle around the origin, a corner's whole exterior angle for a polygon.
    """
    points = radii * np.exp(1j * ANGLES)
    chords = np.roll(points, -1, axis=-1) - points
    turns = np.angle(np.roll(chords, -2, axis=-1) * chords.conj())
    return np.degrees(np.abs(turns).max(axis=-1))


def best_hexagon(radii, angles):
    """The hexagon with the least area between itself and the boundary r(theta).

    In terms of p_i = n_i / d_i and u = (cos theta, sin theta), the intersection of six
    half planes {n_i . x <= d_i} is 1 / r_hex = max_i p_i . u, and the area is 1/2 int
    |r_hex^2 - r^2| dtheta. Adam moves the p_i from STARTS starts; the best end counts.

    radii (..., A), angles (A,) evenly all round. Returns the angles of the n_i
    (..., 6), the d_i (..., 6), and the area divided by the area inside r (...); nan
    where r has one.
    """
    u = torch.tensor(directions(angles).T)  # (2, A)
    r = torch.tensor(radii)[..., None, :]  # (..., 1, A)
    size = r.square().mean(-1, keepdim=True).sqrt()
    r = r / size  # a mean square of 1: below, mean areas are shares
    p = first_hexagons(r, u).requires_grad_()

    def area():
        r_hex = 1 / (p @ u).amax(-2).clamp(min=0.05)  # finite, were it unbounded
        return (r_hex**2 - r**2).abs().mean(-1)  # (..., STARTS)

    optimizer = Adam([p], lr=STEP_SIZE)
    for remaining in np.linspace(1, 0, STEPS, endpoint=False):
        optimizer.param_groups[0]["lr"] = STEP_SIZE * remaining**2
        (p.grad,) = torch.autograd.grad(area().sum(), p)
        optimizer.step()
    with torch.no_grad():
        deviation, best = area().min(-1)
        p = p.take_along_dim(best[..., None, None, None], -3).squeeze(-3)
        normals = torch.atan2(p[..., 1], p[..., 0])
        apothems = size[..., 0] / p.norm(dim=-1)
    return normals.numpy(), apothems.numpy(), deviation.numpy()


def first_hexagons(r, u):
    """p_i (..., STARTS, 6, 2), the n_i evenly spread and turned a bit for each start.

    The sides lie just inside the tangents, so that each has a part in the hexagon.
    """
    turns = np.add.outer(np.arange(STARTS) / STARTS, np.arange(6))
    n = torch.tensor(directions(np.pi / 3 * turns))  # (STARTS, 6, 2)
    tangents = (n @ (r * u)[..., None, :, :]).amax(-1, keepdim=True)
    return n / (0.95 * tangents)


def hexagon_radii(normals, apothems, angles):
    """r_hex(theta) (A,) of the half planes with normals at those angles (6,)."""
    return 1 / (np.cos(angles[:, None] - normals) / apothems).max(axis=1)


def draw(grid):
    """The first seed's boundaries and their best hexagons, measured; early ones dotted."""
    figure = new_figure(4.15)
    axes = figure.subplots(len(LEARNING_RATES), len(WIDTHS))
    for index, key in zip(np.ndindex(axes.shape), grid.networks):
        draw_panel(axes[index], key, grid, (*index, 0))
    for ax, activation in zip(axes[:, 0], LEARNING_RATES):
        ax.set_ylabel(activation)
    for ax, width in zip(axes[0], WIDTHS):
        ax.set_title(f"$H = {width}$")
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
    if np.isfinite(grid.deviations[index]):
        r = hexagon_radii(grid.normals[index], grid.apothems[index], ANGLES)
        ax.plot(*(r * directions(ANGLES).T), color=ORANGE, lw=0.8, ls=(0, (4, 2)))
        text = f"{grid.deviations[index]:.1f} %\n${grid.turns[index]:.1f}^\\circ$"
    ax.text(0, 0, text, ha="center", va="center")
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def draw_contour(ax, network, **style):
    """The zero set of a smooth logit, fine enough for the eye."""
    logits = probability_grid(network.forward, 400)
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


def rows(values):
    """One per activation: its name and a cell per width, from values (3, 5, S)."""
    return [[f, *map(cell, panels)] for f, panels in zip(LEARNING_RATES, values)]


def report(grid):
    """The measures as text."""
    lines = []
    for title, values in [
        ("off the best hexagon [% of the area inside]", grid.deviations),
        ("sharpest turn within one degree [degrees]", grid.turns),
        ("accuracy on the whole square [%]", grid.accuracies),
    ]:
        lines += [f"{title}, median of {SEEDS} seeds"]
        for row in [["units", *map(str, WIDTHS)], *rows(values)]:
            lines += [("{:8}" + "{:>16}" * len(WIDTHS)).format(*row)]
    return "\n".join(lines)


def summary(grid):
    """The numbers for the report, as {macro: text}."""
    rates = (f"{rate} ({name})" for name, rate in LEARNING_RATES.items())
    _, _, disc = best_hexagon(np.ones(len(ANGLES)), ANGLES)
    result = {
        "SmoothSeeds": f"{SEEDS}",
        "SmoothEpochs": f"{grid.epochs}",
        "SmoothEarlyEpochs": f"{early_epochs(grid.epochs)}",
        "SmoothTuned": f"learning rate, falling to 0 from {', '.join(rates)}",
        "SmoothDisc": f"{100 * disc:.1f}",
        "SmoothTable": table_rows(rows(grid.deviations)),
        "SmoothTurnTable": table_rows(rows(grid.turns)),
        "SmoothAccuracyTable": table_rows(rows(grid.accuracies)),
    }
    for i, name in enumerate(LEARNING_RATES):
        macro, three = f"Smooth{name.capitalize()}", (i, WIDTHS.index(3))
        result[f"{macro}Deviation"] = cell(grid.deviations[three])
        result[f"{macro}Turn"] = cell(grid.turns[three])
        result[f"{macro}Accuracy"] = cell(grid.accuracies[three])
    return result
