"""A training as the exercises show it: seeds, loss trend, figure and numbers."""

from collections.abc import Callable
import math
import time
from typing import NamedTuple

from decision_boundary.data import circle_in_square
from decision_boundary.shared import figures, live, results
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.script import Diverged, Parser, integer, positive
import numpy as np

PRINTED_EPOCHS = 16
FRESH_POINTS = 100_000


class Run(NamedTuple):
    X: np.ndarray  # (N, 2), the points on which the network trains
    y: np.ndarray  # (N, 1)
    run_epoch: Callable  # () -> mean loss per point, after one more epoch
    logits: Callable  # points (M, 2) -> (M, 1)
    layers: Callable  # () -> weights and biases of a ReLU network; None for others
    network: object


def streams(seed):
    """Independent seeds for points, initial weights, shuffling and fresh points."""
    return np.random.SeedSequence(seed).generate_state(4).tolist()


def accuracy(logits, X, y):
    """Share of the points X (N, 2) whose logit is > 0 just where the label y is 1."""
    return float(np.mean((logits(X) > 0) == (y > 0.5)))


def fresh_accuracy(logits, seed):
    """Accuracy on points that no training with this seed has seen."""
    return accuracy(logits, *circle_in_square(FRESH_POINTS, streams(seed)[3]))


@np.errstate(over="ignore", invalid="ignore")  # an overflow is reported as Diverged
def train(run, epochs, after_epoch=(), show=True):
    """Train, print the loss trend, and return the mean losses per point, (epochs,).

    after_epoch: functions to be called with the losses so far

    Raises Diverged if a loss, or a logit after the last epoch, is not finite.
    """
    losses, start = [], time.perf_counter()
    if show:
        print(" epoch    loss  accuracy  seconds")
    for epoch in range(1, epochs + 1):
        losses.append(run.run_epoch())
        if not math.isfinite(losses[-1]):
            raise Diverged(f"loss not finite in epoch {epoch}; lower the learning rate")
        for function in after_epoch:
            function(losses)
        if show and (epoch == 1 or epoch % math.ceil(epochs / PRINTED_EPOCHS) == 0):
            right, seconds = accuracy(run.logits, run.X, run.y), time.perf_counter()
            row = epoch, losses[-1], right, seconds - start
            print("{:6d}  {:6.4f}  {:8.1%}  {:7.2f}".format(*row))
    if not np.isfinite(run.logits(run.X)).all():
        raise Diverged(f"logit not finite in epoch {epochs}; lower the learning rate")
    return np.array(losses)


def training_parser(doc, epochs, learning_rate):
    """The options of a script that trains one network from several seeds."""
    parser = Parser(doc, epochs)
    parser.add("--points", integer(1), 512, "number of training points")
    parser.add("--runs", integer(1), 5, "number of seeds, from --seed on")
    parser.add("--learning-rate", positive, learning_rate, "step size", metavar="LR")
    parser.add_views()
    return parser


def train_and_report(make_run, options, name, settings):
    """Train make_run(seed, points, learning rate) for each seed; save what came out.

    The first run is printed, viewed and drawn. settings {name: value} are saved, too.
    """
    seeds = range(options.seed, options.seed + options.runs)
    runs = [make_run(seed, options.points, options.learning_rate) for seed in seeds]
    views = live.make_views(options, runs[0], options.epochs)
    losses, accuracies = [], []
    for seed, run in zip(seeds, runs):
        first = run is runs[0]
        after_epoch = [view.update if first else view.wait for view in views]
        losses.append(train(run, options.epochs, after_epoch, show=first))
        right = accuracy(run.logits, run.X, run.y), fresh_accuracy(run.logits, seed)
        accuracies.append(right)
        text = "seed {}: loss {:.4f}, accuracy {:.1%}, on fresh points {:.1%}"
        print(text.format(seed, losses[-1][-1], *right))
    values = summary(options, np.array(losses), 100 * np.array(accuracies)) | settings
    text = "medians: loss {FirstLoss} after one epoch, {LossMedian} at the end, "
    text += "accuracy {Accuracy}%, on fresh points {FreshMedian}%"
    print(text.format(**values))
    values = {f"{name.capitalize()}{key}": value for key, value in values.items()}
    results.save_results(options, name, values, draw(runs[0], losses), views)


def draw(run, losses):
    """Draw the losses of all runs, and the first one's probability map and boundary."""
    figure = figures.new_figure(2.0)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    figures.draw_losses(left, losses)
    figures.draw_map(right, run.logits, run.X, run.y)
    if run.layers:
        figures.draw_boundary(right, find_boundary(*run.layers()), corners=False)
    return figure


def summary(options, losses, accuracies):
    """{name: text} for the report; losses (runs, epochs), accuracies (runs, 2) in %."""
    last, (right, fresh) = losses[:, -1], accuracies.T
    return {
        "Points": options.points,
        "Epochs": options.epochs,
        "Runs": options.runs,
        "Rate": f"{options.learning_rate:g}",
        "FirstLoss": f"{np.median(losses[:, 0]):.3f}",
        "LossMin": f"{last.min():.3f}",
        "LossMedian": f"{np.median(last):.3f}",
        "LossMax": f"{last.max():.3f}",
        "Accuracy": f"{np.median(right):.1f}",
        "FreshMin": f"{fresh.min():.1f}",
        "FreshMedian": f"{np.median(fresh):.1f}",
        "FreshMax": f"{fresh.max():.1f}",
    }
