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


def test_optimizers_are_the_named_ones_with_a_rate_per_group():
    groups = [
        {"params": [torch.zeros(2, requires_grad=True)], "lr": lr} for lr in (1, 2)
    ]
    adam, sgd = (optimizers.make_optimizer(name, groups) for name in ("Adam", "SGD"))
    assert type(adam) is optimizers.exercise.optimizer.Adam
    assert type(sgd) is torch.optim.SGD
    assert [g["momentum"] for g in sgd.param_groups] == [0.9, 0.9]
    assert [g["lr"] for g in adam.param_groups] == [1, 2]


def test_a_run_of_the_comparison_is_exercise_2_on_its_seed(monkeypatch):
    monkeypatch.setattr(optimizers, "RATES", {"Adam": np.array([0.01, 0.1])})
    monkeypatch.setattr(optimizers, "FRESH_POINTS", 500)
    before, after, accuracy = optimizers.train("Adam", [3, 4], epochs=1)
    assert before.shape == after.shape == accuracy.shape == (2, 2)
    result = optimizers.exercise.make_run(4, 512, 0.1)
    y = torch.tensor(result.y).float()

    def loss():
        return bce(torch.tensor(result.logits(result.X)), y).item()

    assert before[1, 1] == pytest.approx(loss(), rel=1e-5)
    result.run_epoch()
    assert after[1, 1] == pytest.approx(loss(), rel=1e-3)
    fresh = circle_in_square(500, training.streams(4)[3])
    expected = training.accuracy(result.logits, *fresh)
    assert accuracy[1, 1] == pytest.approx(expected, abs=0.005)


def test_failed_runs_are_counted_and_never_the_best(monkeypatch, numbers, capsys):
    before, after = np.full((2, 7, 3), 0.7)  # ends as it began: no failure
    after[:4] = [[0.5], [0.3], [0.4], [0.2]]
    after[2], after[3, 0], after[4] = [0.1, 0.1, 0.2], np.nan, 0.8
    accuracy = np.linspace(0.9, 1, 7)[:, None] + [-0.03, 0, 0.01]
    sgd = accuracy[[2] * 7] + [-0.02, 0.01, 0]
    results = {"Adam": (before, after, accuracy), "SGD": (before, 0 * after + 0.6, sgd)}
    results["SGD"][1][:] = 0.6

    def train(name, seeds, epochs):
        assert ([*seeds], epochs) == ([2, 3, 4], 9)
        return results[name]

    monkeypatch.setattr(optimizers, "train", train)
    check(
        numbers(optimizers, "--runs 3 --epochs 9 --seed 2"),
        "OptimizerSeeds 3, OptimizerRates 7, OptimizerEpochs 9, SGDMomentum 0.9, "
        r"OptimizerFresh 10\,000, AdamRateLeast 0.001, AdamRateMost 1, AdamBestRate "
        "0.01, AdamBestLoss 0.1000, AdamBestFresh 93.3, AdamMostFresh 100.0, "
        "AdamFailed 4, AdamFailedFrom 0.032, AdamRuns 21, SGDRateLeast 0.01, SGDRateMost 10, SGDBestRate 0.01, "
        "SGDBestLoss 0.6000, SGDBestFresh 94.3, SGDMostFresh 94.3, SGDFailed 0, "
        "SGDFailedFrom inf, SGDRuns 21, OptimizerWins 1, OptimizerGain 0.33, OptimizerCut 17",
    )
    rows = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines()]
    assert rows[3] == "Adam 0.01 0.1000 93.3% 0 of 3"
    assert rows[5] == "Adam 0.1 0.8000 96.7% 3 of 3"
