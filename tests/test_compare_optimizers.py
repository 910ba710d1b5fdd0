"""Exercise 2(c): the comparison of Adam and SGD."""

from types import SimpleNamespace

from decision_boundary.data import circle_in_square
from decision_boundary.shared.script import load, streams
import numpy as np
import pytest
import torch

optimizers = load("PyTorch-FeedForward/compare_optimizers.py")
RATE = 0.03


@pytest.mark.parametrize("name", ["Adam", "SGD"])
def test_a_run_of_the_comparison_is_exercise_2_on_its_seed(name):
    row = optimizers.train(name, RATE, [3, 4], epochs=2)
    training = optimizers.exercise.Training(4)
    parameters = training.network.parameters()
    if name == "Adam":
        training.optimizer = torch.optim.Adam(parameters, lr=RATE)
    else:
        training.optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=0.9)
    for _ in range(2):
        training.run_epoch()
    assert row.losses[1] == pytest.approx(training.loss(), rel=1e-9)
    X, y = circle_in_square(10_000, streams(4).fresh_points)
    right = (training.logits(X) > 0) == (y == 1)
    assert row.accuracies[1] == pytest.approx(100 * right.mean(), abs=0.02)
    assert row.median_loss == pytest.approx(row.losses.mean())  # of two
    assert row.median_accuracy == pytest.approx(row.accuracies.mean())


def test_a_rate_is_stable_if_every_run_at_least_halves_its_loss():
    first_losses = [optimizers.exercise.Training(seed).loss() for seed in range(10)]
    row = optimizers.train("SGD", 0.1, range(10), epochs=5)
    halves = row.losses <= np.array(first_losses) / 2
    assert 0 < halves.sum() < 10
    assert not row.stable
    seeds = np.flatnonzero(halves).tolist()
    assert optimizers.train("SGD", 0.1, seeds, epochs=5).stable
    diverged = optimizers.train("SGD", 1e300, [0, 1], epochs=1)
    assert (diverged.median_loss, diverged.stable) == (np.inf, False)


def row(rate, losses, accuracies, stable):
    medians = np.median(losses), np.median(accuracies)
    losses, accuracies = np.array(losses), np.array(accuracies)
    return optimizers.Row("-", rate, losses, accuracies, *medians, stable)


def test_rates_are_chosen_by_median_loss_or_by_median_accuracy():
    adam = [
        row(0.1, [0.4, 0.4, 0.4], [91, 93, 92], stable=True),
        row(0.3, [0.9, 0.2, 0.1], [90, 91, 98], stable=True),
        row(1, [0.3, 0.3, 0.3], [80, 80, 80], stable=False),
        row(3, [0.5, 0.5, 0.5], [80, 80, 80], stable=False),
    ]
    sgd = [row(2, [0.6, 0.7, 0.8], [90, 90, 90], stable=True)]
    assert optimizers.least_loss(adam).rate == 0.3
    assert optimizers.highest_accuracy(adam).rate == 0.1
    assert optimizers.stable_to(adam) == 0.3
    # Differences 0, 1, 8, whose standard deviation is sqrt(19); and 1, 3, 2
    expected = pytest.approx((3, 1.96 * np.sqrt(19 / 3)))
    assert optimizers.gain(adam[1], sgd[0]) == expected
    options = SimpleNamespace(runs=3, epochs=7)
    macros = optimizers.macros(options, {"Adam": adam, "SGD": sgd})
    assert float(macros["OptimizerGain"]) == 3
    assert float(macros["OptimizerFairGain"]) == 2
