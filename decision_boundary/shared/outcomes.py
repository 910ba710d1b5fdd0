"""What came out of the trainings of Exercises 1 and 2: macros and figure."""

from typing import NamedTuple

from decision_boundary.shared import figures
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.results import plain
import numpy as np

RECENT = 20  # epochs, the last ones
PLATEAU = 0.6  # a loss above it is near log 2 = 0.69, that of guessing


class Outcome(NamedTuple):
    """What came out of one training. Accuracies are shares of the points."""

    seed: int
    first_loss: float  # before the first epoch
    losses: list  # of the network after each epoch, on all its training points
    accuracy: float
    fresh_accuracy: float  # on points that no training with this seed has seen
    error_distance: float  # median distance of the wrong fresh points from the rim


def macros(prefix, options, outcomes):
    """{LaTeX macro: text} of the options, and of all outcomes: medians unless noted."""
    losses = np.array([outcome.losses for outcome in outcomes])  # (runs, epochs)
    last = losses[:, -1]
    worst = losses[last.argmax()]  # the run with the greatest final loss
    late = losses[:, losses.shape[1] // 2 :]
    rises = late[:, 1:] / np.maximum(late[:, :-1], figures.LEAST_LOSS)
    first = [outcome.first_loss for outcome in outcomes]
    accuracies = [outcome.accuracy for outcome in outcomes]
    fresh = [outcome.fresh_accuracy for outcome in outcomes]
    distances = [outcome.error_distance for outcome in outcomes]
    plateaus = (losses >= PLATEAU).sum(axis=1)  # epochs
    texts = {
        "Points": plain(options.points),
        "Epochs": plain(options.epochs),
        "Runs": options.runs,
        "Rate": plain(options.learning_rate),
        "FirstLoss": f"{np.median(first):.2f}",
        "LossMin": f"{last.min():.3f}",
        "LossMedian": f"{np.median(last):.3f}",
        "LossMax": f"{last.max():.3f}",
        "LossRecent": f"{worst[-RECENT:].min():.3f}",
        "Accuracy": f"{100 * np.median(accuracies):.1f}",
        "FreshMin": f"{100 * min(fresh):.1f}",
        "FreshMedian": f"{100 * np.median(fresh):.1f}",
        "FreshMax": f"{100 * max(fresh):.1f}",
        "ErrorDistance": f"{np.median(distances):.3f}",
        "Plateau": f"{np.median(plateaus):.0f}",
        "Rise": f"{rises.max(initial=0):.1f}",  # greatest, loss / loss an epoch before
    }
    return {prefix + name: text for name, text in texts.items()}


def draw(training, outcomes):
    """Draw the losses of all runs, and the first one's map and boundary."""
    figure = figures.new_figure(1.55)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    figures.draw_losses(left, [outcome.losses for outcome in outcomes])
    figures.draw_map(right, training)
    figures.draw_boundary(right, find_boundary(training), corners=False)
    return figure
