"""A training as the exercises show it: loss trend, repetitions, figure and numbers."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from decision_boundary.data import circle_in_square
from decision_boundary.figures import draw_losses, draw_map, figure_bytes, new_figure
from decision_boundary.live import make_views
from decision_boundary.results import numbers, write_results
from decision_boundary.script import Diverged, load, streams

net = load("Python-FeedForward/net.py")

LINES = 16  # of the printed trend
FRESH_POINTS = 100_000


class Run(NamedTuple):
    """One network and its points, ready to be trained."""

    X: np.ndarray  # (N, 2)
    y: np.ndarray  # (N, 1)
    run_epoch: Callable  # () -> mean loss per point
    logits: Callable  # points (M, 2) -> (M, 1), an array
    network: object

    def predict(self, x):
        """Probability of label 1 at the points x (M, 2), (M, 1)."""
        return net.sigmoid(self.logits(x))


class Result(NamedTuple):
    """What a training leaves: losses (epochs,) and two accuracies, shares of 1."""

    losses: np.ndarray
    accuracy: float
    fresh_accuracy: float


def accuracy(logits, X, y):
    """Share of the points X (N, 2) whose logit is > 0 where the label y (N, 1) is 1."""
    return float(np.mean((logits(X) > 0) == (y > 0.5)))


def fresh_accuracy(logits, seed):
    """Accuracy on points that no training from this seed has seen."""
    return accuracy(logits, *circle_in_square(FRESH_POINTS, streams(seed)[3]))


@np.errstate(over="ignore", invalid="ignore")  # what overflows is told, as Diverged
def train(run, epochs, views=(), show=True):
    """Train for `epochs`, printing the loss trend; returns the losses (epochs,).

    Each view's update(losses) follows each epoch. Raises Diverged at a loss that is not
    finite, or a logit after the last step.
    """
    losses, start = [], time.perf_counter()
    if show:
        print(" epoch    loss  accuracy  seconds")
    for epoch in range(1, epochs + 1):
        losses.append(run.run_epoch())
        if not math.isfinite(losses[-1]):
            raise Diverged(f"loss not finite in epoch {epoch}; lower --learning-rate")
        for view in views:
            view.update(losses)
        if show and (epoch == 1 or epoch % math.ceil(epochs / LINES) == 0):
            print(
                f"{epoch:6d}  {losses[-1]:6.4f}  {accuracy(run.logits, run.X, run.y):8.1%}"
                f"  {time.perf_counter() - start:7.2f}"
            )
    if not np.isfinite(run.logits(run.X)).all():
        raise Diverged(f"logit not finite after epoch {epochs}; lower --learning-rate")
    return np.array(losses)


def repeat(make_run, options, name, command, settings):
    """Train make_run(seed) for options.runs seeds; write figure and numbers `name`.

    The first run is followed in print and in the views that the options ask for.
    settings {name: value} go to the report with the results.
    """
    results = []
    for seed in range(options.seed, options.seed + options.runs):
        run, first = make_run(seed), not results
        if first:
            shown = run
            views = make_views(options, run.predict, run.X, run.y, options.epochs)
        losses = train(run, options.epochs, views if first else (), show=first)
        result = Result(
            losses,
            accuracy(run.logits, run.X, run.y),
            fresh_accuracy(run.logits, seed),
        )
        print(
            f"seed {seed}: loss {losses[-1]:.4f}, accuracy {result.accuracy:.1%}, "
            f"on {FRESH_POINTS:,} fresh points {result.fresh_accuracy:.1%}"
        )
        results.append(result)
    values = summary(results, options) | settings
    print(
        "median: loss {FirstLoss} after the first epoch, {LossMedian} at the end, "
        "accuracy {Accuracy}%, on fresh points {FreshMedian}%".format(**values)
    )
    macros = {f"{name.capitalize()}{key}": value for key, value in values.items()}
    files = {
        options.output / f"figures/{name}.pdf": figure_bytes(figure(shown, results)),
        options.output / f"numbers/{name}.tex": numbers(command, macros),
    }
    write_results(files, views)


def figure(run, results):
    """The loss trend of all runs, and the probability map of the first."""
    fig = new_figure(2.25)
    left, right = fig.subplots(1, 2, width_ratios=[1.15, 1])
    draw_losses(left, [result.losses for result in results])
    draw_map(right, run.predict, run.X, run.y)
    return fig


def summary(results, options):
    """The numbers of the runs, as {name: text}."""
    first, last = zip(*((r.losses[0], r.losses[-1]) for r in results))
    fresh = [100 * result.fresh_accuracy for result in results]
    return {
        "Points": options.points,
        "Epochs": options.epochs,
        "Runs": options.runs,
        "Rate": f"{options.learning_rate:g}",
        "FirstLoss": f"{np.median(first):.3f}",
        "LossMin": f"{np.min(last):.3f}",
        "LossMedian": f"{np.median(last):.3f}",
        "LossMax": f"{np.max(last):.3f}",
        "Accuracy": f"{100 * np.median([r.accuracy for r in results]):.1f}",
        "FreshMin": f"{np.min(fresh):.1f}",
        "FreshMedian": f"{np.median(fresh):.1f}",
        "FreshMax": f"{np.max(fresh):.1f}",
    }
