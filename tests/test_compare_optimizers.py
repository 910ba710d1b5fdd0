"""Exercise 2(c): the comparison of Adam and SGD."""

from decision_boundary.data import circle_in_square
from decision_boundary.shared import training
from decision_boundary.shared.script import load
import numpy as np
from oracles import check
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

optimizers = load("PyTorch-FeedForward/compare_optimizers.py")


@pytest.mark.parametrize("name", ["Adam", "SGD"])
def test_a_run_of_the_comparison_is_exercise_2_on_its_seed(name, monkeypatch):
    monkeypatch.setattr(optimizers, "RATES", {name: np.array([0, 0.1, 100, 1e30])})
    monkeypatch.setattr(optimizers, "FRESH_POINTS", 500)
    after, accuracy, failed = optimizers.train(name, [3, 4], epochs=1)
    assert after.shape == accuracy.shape == (4, 2)
    assert failed.tolist() == 2 * [[False, False]] + 2 * [[True, True]]
    exercise, optimizer = optimizers.exercise, optimizers.OPTIMIZERS[name]
    monkeypatch.setattr(exercise.optimizer, "Adam", optimizer)
    result = exercise.make_run(4, 512, 0.1)
    result.run_epoch()
    loss = bce(torch.tensor(result.logits(result.X)), torch.tensor(result.y).float())
    assert after[1, 1] == pytest.approx(loss.item(), rel=1e-3)
    fresh = circle_in_square(500, training.streams(4)[3])
    expected = training.accuracy(result.logits, *fresh)
    assert accuracy[1, 1] == pytest.approx(expected, abs=0.005)


def test_failed_runs_are_counted_and_never_the_best(monkeypatch, numbers, capsys):
    losses = np.full((7, 3), 0.7)
    losses[:5] = [[0.5], [0.3], [0.1], [0.4], [0.8]]
    losses[1, 2], losses[3, 0] = 0.6, np.nan
    failed = ~(losses <= 0.7)
    failed[2] = True
    accuracy = np.linspace(0.9, 1, 7)[:, None] + [-0.03, 0, 0.01]
    sgd = accuracy[[1] * 7] + [-0.02, 0.01, 0]
    trained = {
        "Adam": (losses, accuracy, failed),
        "SGD": (np.full((7, 3), 0.6), sgd, np.full((7, 3), False)),
    }

    def train(name, seeds, epochs):
        assert ([*seeds], epochs) == ([2, 3, 4], 9)
        return trained[name]

    monkeypatch.setattr(optimizers, "train", train)
    check(
        numbers(optimizers, "--runs 3 --epochs 9 --seed 2"),
        "OptimizerSeeds 3, OptimizerRates 7, OptimizerEpochs 9, SGDMomentum 0.9, "
        r"OptimizerFresh 10\,000, AdamBestRate 0.0032, AdamBestLoss 0.3000, "
        "AdamBestFresh 91.7, AdamMostFresh 100.0, AdamFailed 7, AdamFailedFrom 0.01, "
        "AdamRuns 21, SGDBestRate 0.01, SGDBestLoss 0.6000, SGDBestFresh 92.7, "
        "SGDMostFresh 92.7, SGDFailed 0, SGDFailedFrom inf, SGDRuns 21, "
        "OptimizerWins 1, OptimizerGain 0.33",
    )
    printed = " ".join(capsys.readouterr().out.split())
    assert "Adam 0.0032 0.3000 91.7% 0 of 3" in printed
