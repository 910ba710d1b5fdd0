"""What came out of the trainings of Exercises 1 and 2: summary, macros, figure."""

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


class Summary(NamedTuple):
    """Summary of several seeds; medians unless noted."""

    first_loss: float
    least_loss: float
    loss: float
    greatest_loss: float
    recent_loss: float  # the least of that run in the last RECENT epochs
    accuracy: float
    least_fresh_accuracy: float
    fresh_accuracy: float
    greatest_fresh_accuracy: float
    error_distance: float
    plateau_epochs: float  # after which the loss is first below PLATEAU
    greatest_rise: float  # loss / loss one epoch before, in the second half


def summarize(outcomes):
    losses = np.array([outcome.losses for outcome in outcomes])  # (runs, epochs)
    fresh_accuracies = [outcome.fresh_accuracy for outcome in outcomes]
    worst = losses[losses[:, -1].argmax()]
    late = losses[:, losses.shape[1] // 2 :]
    rises = late[:, 1:] / np.maximum(late[:, :-1], figures.LEAST_LOSS)
    return Summary(
        first_loss=np.median([outcome.first_loss for outcome in outcomes]),
        least_loss=losses[:, -1].min(),
        loss=np.median(losses[:, -1]),
        greatest_loss=worst[-1],
        recent_loss=worst[-RECENT:].min(),
        accuracy=np.median([outcome.accuracy for outcome in outcomes]),
        least_fresh_accuracy=min(fresh_accuracies),
        fresh_accuracy=np.median(fresh_accuracies),
        greatest_fresh_accuracy=max(fresh_accuracies),
        error_distance=np.median([outcome.error_distance for outcome in outcomes]),
        plateau_epochs=np.median((losses >= PLATEAU).sum(axis=1)),
        greatest_rise=rises.max(initial=0),
    )


def macros(prefix, options, summary):
    """{LaTeX macro: text} of the options and the summary."""
    texts = {
        "Points": plain(options.points),
        "Epochs": plain(options.epochs),
        "Runs": options.runs,
        "Rate": plain(options.learning_rate),
        "FirstLoss": f"{summary.first_loss:.2f}",
        "LossMin": f"{summary.least_loss:.3f}",
        "LossMedian": f"{summary.loss:.3f}",
        "LossMax": f"{summary.greatest_loss:.3f}",
        "LossRecent": f"{summary.recent_loss:.3f}",
        "Accuracy": f"{100 * summary.accuracy:.1f}",
        "FreshMin": f"{100 * summary.least_fresh_accuracy:.1f}",
        "FreshMedian": f"{100 * summary.fresh_accuracy:.1f}",
        "FreshMax": f"{100 * summary.greatest_fresh_accuracy:.1f}",
        "ErrorDistance": f"{summary.error_distance:.3f}",
        "Plateau": f"{summary.plateau_epochs:.0f}",
        "Rise": f"{summary.greatest_rise:.1f}",
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
