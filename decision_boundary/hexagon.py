"""The answer of Exercise 3: three ReLU units, trained by both exercises' own code.

The 2-3-1 network is trained as Exercise 1 trains its own (NumPy, momentum SGD), and as
Exercise 2 does (PyTorch, Adam), both with a learning rate of 0.03: raised from 0.01 for
Adam, since so few units have farther to go. The handed-out shape with two hidden layers,
as narrow as can be, is 2-3-3-1.
"""

from typing import NamedTuple

import numpy as np
import torch

from decision_boundary.data import circle_in_square
from decision_boundary.disc import error
from decision_boundary.ensemble import start_like
from decision_boundary.figures import draw_boundary, draw_hinges, draw_map, new_figure
from decision_boundary.geometry import interior_angles, polygon_area, side_lengths
from decision_boundary.law import best_accuracy
from decision_boundary.results import table_rows
from decision_boundary.script import load, progress, streams
from decision_boundary.study import WINDOW, count_corners, find_boundary, share_text
from decision_boundary.training import Run, fresh_accuracy, train

# The exercise's script, and the options that make its network one of ReLU units
EXERCISES = {
    "NumPy": ("Python-FeedForward/main.py", {"activation": "relu"}),
    "PyTorch": ("PyTorch-FeedForward/main.py", {}),
}
LEARNING_RATE = 0.03  # of both; 2-3-3-1 keeps the one of Exercise 2
SGD_EPOCHS = 4  # for one of Adam's, as in the handed-out trainings: 1,024 and 256
DEEP_INITS = ("xavier", "positive")
RUNS = 5


class Trained(NamedTuple):
    """A trained ReLU network, the points it was trained on, and its boundary."""

    X: np.ndarray
    y: np.ndarray
    weights: list
    biases: list
    boundary: list

    def logits(self, x):
        """(N, 2) -> (N, 1)."""
        for W, b in zip(self.weights[:-1], self.biases[:-1]):
            x = np.maximum(x @ W + b, 0)  # (N, fan_in) @ (fan_in, fan_out)
        return x @ self.weights[-1] + self.biases[-1]

    predict = Run.predict

    def is_hexagon(self):
        return count_corners(self.boundary) == 6


def layers(network):
    """Weights (fan_in, fan_out) and biases of either exercise's network, as NumPy's."""
    if isinstance(network, torch.nn.Module):
        arrays = [p.detach().numpy() for p in network.parameters()]
        return [W.T for W in arrays[::2]], arrays[1::2]
    return network.weights, network.biases


def prepare(name, seed, num_points):
    """A Run of the exercise's own training, for 2-3-1 with an evenly spread start."""
    path, activation = EXERCISES[name]
    make_run = load(path).make_run
    run = make_run(seed, num_points, LEARNING_RATE, hidden_size=[3], **activation)
    start_like(*layers(run.network), "spread", streams(seed)[1])
    return run


def train_hexagons(name, seeds, num_points, epochs, views):
    """A Trained network for each seed; views(run), if given, follows the first."""
    epochs *= SGD_EPOCHS if name == "NumPy" else 1
    trained = []
    for seed in seeds:
        progress(f"2-3-1, {name}, seed {seed}")
        run = prepare(name, seed, num_points)
        train(run, epochs, views(run) if views and not trained else (), show=False)
        weights, biases = layers(run.network)
        boundary = find_boundary(weights, biases)
        trained.append(Trained(run.X, run.y, weights, biases, boundary))
    return trained


def deep_start(init, networks, seed):
    """2-3-3-1 networks of Exercise 2.

    init: "xavier", as handed out; "positive", all weights but the first layer's made
    positive, so that the logit is a convex function of the point.
    """
    torch.manual_seed(seed)
    net = load("PyTorch-FeedForward/net.py")
    starts = [net.FeedForwardNetwork(hidden_size=3) for _ in range(networks)]
    if init == "positive":
        for network in starts:
            for weight in [*network.parameters()][2::2]:
                weight.data.abs_()
    return starts


def train_deep(networks, options):
    """Train 2-3-3-1 networks on the same points, all at once: {init: list of Trained}."""
    exercise = load("PyTorch-FeedForward/main.py")
    stacked = load("PyTorch-FeedForward/stacked.py")
    points, start, shuffling, _ = streams(options.seed)
    X, y = circle_in_square(options.points, points)
    starts = [n for init in DEEP_INITS for n in deep_start(init, networks, start)]
    group = stacked.stack(starts)
    adam = exercise.optimizer.Adam(group.values(), lr=exercise.LEARNING_RATE)
    data = [torch.tensor(a).float().expand(len(starts), -1, -1) for a in (X, y)]
    generator = torch.Generator().manual_seed(shuffling)
    for epoch in range(1, options.epochs + 1):
        orders = torch.randperm(len(X), generator=generator).expand(len(starts), -1)
        stacked.run_epoch(starts[0], [group], adam, *data, orders, exercise.BATCH_SIZE)
        progress(f"2-3-3-1, epoch {epoch} of {options.epochs}")
    arrays = [p.detach().numpy() for p in group.values()]
    trained = []
    for k in range(len(starts)):
        weights, biases = [W[k].T for W in arrays[::2]], [b[k] for b in arrays[1::2]]
        boundary = find_boundary(weights, biases, WINDOW)
        trained.append(Trained(X, y, weights, biases, boundary))
    return dict(zip(DEEP_INITS, (trained[:networks], trained[networks:])))


def draw(networks):
    """Map, points, hinge lines and exact boundary of {title: Trained}."""
    figure = new_figure(2.25)
    for ax, (title, trained) in zip(
        figure.subplots(1, len(networks)), networks.items()
    ):
        draw_map(ax, trained.predict, trained.X, trained.y)
        draw_hinges(ax, trained.weights[0], trained.biases[0])
        draw_boundary(ax, trained.boundary)
        ax.set_title(title)
    return figure


def first_hexagon(networks):
    """The first of them whose boundary is a hexagon, or else the first."""
    return next((n for n in networks if n.is_hexagon()), networks[0])


def rows(hexagons, seed):
    """Texts for each run: exercise, seed, sides, angles, area, and two accuracies."""
    result = []
    for name, networks in hexagons.items():
        for run_seed, network in enumerate(networks, start=seed):
            fresh = f"{100 * fresh_accuracy(network.logits, run_seed):.2f}"
            shape = ["no hexagon", "", "", ""]
            if network.is_hexagon():
                vertices = network.boundary[0].vertices
                shape = [
                    _range(side_lengths(vertices), 2),
                    _range(interior_angles(vertices), 0),
                    f"{polygon_area(vertices):.3f}",
                    f"{100 * (1 - error(vertices)):.2f}",
                ]
            result.append([name, f"{run_seed}", *shape, fresh])
    return result


def deep_counts(networks):
    """How many of them are hexagons, and convex polygons with more corners."""
    corners = np.array([count_corners(n.boundary) for n in networks])
    return int((corners == 6).sum()), int((corners > 6).sum())


def report(hexagons, deep, seed):
    """The runs, and the counts of the handed-out shape, as text."""
    lines = ["2-3-1     seed      sides   angles   area  accuracy  on fresh points"]
    lines += [
        "{:8}{:>6}{:>11}{:>9}{:>7}{:>10}{:>17}".format(*row).replace("--", "-")
        for row in rows(hexagons, seed)
    ]
    lines.append(f"best possible hexagon{best_accuracy(6):30.2f}")
    for init, networks in deep.items():
        six, more = deep_counts(networks)
        text = f"{share_text(six, len(networks))} % hexagons, {more} with more corners"
        lines.append(f"2-3-3-1, {init}: {text}")
    return "\n".join(lines)


def summary(hexagons, deep, seed):
    """The numbers for the report, as {macro: text}, from {name: list of Trained}."""
    runs = rows(hexagons, seed)
    values = {
        "HexagonBest": f"{best_accuracy(6):.2f}",
        "HexagonRuns": RUNS,
        "HexagonTable": table_rows(runs),
        "HexagonFreshLowest": min((row[-1] for row in runs), key=float),
        "HexagonFreshHighest": max((row[-1] for row in runs), key=float),
    }
    for name, networks in hexagons.items():
        six = sum(network.is_hexagon() for network in networks)
        values[f"Hexagon{name}"] = f"{six} of {len(networks)}"
    values["HexagonRate"] = LEARNING_RATE
    for init, networks in deep.items():
        six, more = deep_counts(networks)
        values[f"Deep{init.capitalize()}"] = share_text(six, len(networks))
        values[f"Deep{init.capitalize()}More"] = more
        values["DeepNetworks"] = len(networks)
    return values


def _range(numbers, digits):
    return f"{min(numbers):.{digits}f}--{max(numbers):.{digits}f}"
