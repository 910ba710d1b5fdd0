"""Exercise 2(c): the comparison of Adam and SGD."""

from types import SimpleNamespace

from decision_boundary.data import circle_in_square
from decision_boundary.shared.script import load, seeds_of
import numpy as np
import pytest
import torch

optimizers = load("PyTorch-FeedForward/compare_optimizers.py")
RATE = 0.03


@pytest.mark.parametrize("name", ["Adam", "SGD"])
def test_a_run_of_the_comparison_is_exercise_2_on_its_seed(name):
    row = optimizers.train(name, RATE, [3, 4], epochs=2)
    training = optimizers.Training(4)
    parameters = training.network.parameters()
    if name == "Adam":
        training.optimizer = torch.optim.Adam(parameters, lr=RATE)
    else:
        training.optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=0.9)
    for _ in range(2):
        training.run_epoch()
    assert row.losses[1] == pytest.approx(training.loss(), rel=1e-9)
    X, y = circle_in_square(10_000, seeds_of(4).fresh_points)
    right = (training.logits(X) > 0) == (y == 1)
    assert row.accuracies[1] == pytest.approx(100 * right.mean(), abs=0.02)
    assert row.median_loss == pytest.approx(row.losses.mean())  # of two
    assert row.median_accuracy == pytest.approx(row.accuracies.mean())


def test_a_run_that_diverges_has_an_infinite_loss():
    assert optimizers.train("SGD", 1e300, [0, 1], epochs=1).median_loss == np.inf


def row(rate, losses, accuracies):
    medians = np.median(losses), np.median(accuracies)
    return optimizers.Row("-", rate, np.array(losses), np.array(accuracies), *medians)


def test_optimizers_are_compared_at_the_rate_of_the_least_median_loss():
    adam = [
        row(0.1, [0.4, 0.4, 0.4], [91, 93, 92]),
        row(0.3, [0.9, 0.2, 0], [90, 91, 98]),
    ]
    sgd = [row(2, [0.6, 0.7, 0.8], [90, 90, 90])]
    options = SimpleNamespace(runs=3, epochs=7)
    macros = optimizers.macros(options, {"Adam": adam, "SGD": sgd})
    assert (macros["AdamBestRate"], macros["AdamBestLoss"]) == ("0.3", "0.2000")
    assert macros["OptimizerLower"] == "2 of 3"
    # Differences 0, 1, 8, whose standard deviation is sqrt(19)
    assert (macros["OptimizerGain"], macros["OptimizerGainError"]) == ("3.0", "2.5")
