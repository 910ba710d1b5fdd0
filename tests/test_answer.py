"""Trainings as the exercises show them, and Exercise 3's answer."""

from types import SimpleNamespace
from unittest.mock import Mock

from decision_boundary.data import circle_in_square
from decision_boundary.geometry import disc_error
from decision_boundary.shared import boundaries, results, training
from decision_boundary.shared.script import Diverged, load
import numpy as np
from oracles import EXACT, NETWORKS, check, network_logits, rows_of
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

answer = load("decision_boundary/main.py")


def test_a_logit_that_overflows_in_the_last_step_is_reported():
    losses, X = iter([0.5, 0.4]), np.zeros((1, 2))
    result = training.Run(X, None, losses.__next__, lambda x: x + np.inf, None, None)
    with pytest.raises(Diverged, match="logit not finite in epoch 2"):
        training.train(result, 2, show=False)


def test_a_report_has_the_medians_and_extremes_of_all_seeds(monkeypatch, capsys):
    X, y = np.array([[-1.0, 0], [0.3, 0], [0.7, 0]]), np.array([[0.0], [1], [0]])
    losses = {4: [0.7, 0.1], 5: [0.6, 0.3], 6: [0.8, 0.2]}
    saved = {}

    def make_run(seed, num_points, learning_rate):
        assert (num_points, learning_rate) == (9, 0.03)
        trend = iter(losses[seed])
        return training.Run(X, y, lambda: next(trend), lambda x: x[:, :1], None, None)

    def save_results(options, name, values, *_):
        saved.update(values)

    monkeypatch.setattr(training, "fresh_accuracy", lambda logits, seed: seed / 10)
    monkeypatch.setattr(results, "save_results", save_results)
    options = SimpleNamespace(points=9, epochs=2, runs=3, learning_rate=0.03, seed=4)
    view = SimpleNamespace(update=Mock(), wait=Mock())
    monkeypatch.setattr(training.live, "make_views", lambda *args: [view])
    training.train_and_report(make_run, options, "name", {"Batch": 8})
    check(
        saved,
        "NamePoints 9, NameEpochs 2, NameRuns 3, NameRate 0.03, NameFirstLoss 0.700, "
        "NameLossMin 0.100, NameLossMedian 0.200, NameLossMax 0.300, NameAccuracy "
        "66.7, NameFreshMin 40.0, NameFreshMedian 50.0, NameFreshMax 60.0, NameBatch 8",
    )
    lines = capsys.readouterr().out.splitlines()
    trend = [["1", "0.7000", "66.7%"], ["2", "0.1000", "66.7%"]]
    assert [line.split()[:3] for line in lines[1:3]] == trend  # of the first seed alone
    assert lines[4] == "seed 5: loss 0.3000, accuracy 66.7%, on fresh points 50.0%"
    assert (len(lines), view.update.call_count, view.wait.call_count) == (7, 2, 4)


@pytest.mark.parametrize("name", answer.EXERCISES)
def test_both_exercises_train_the_same_network_on_all_points(name):
    result = answer.make_run(name, 7, 70)  # the last batch is small
    weights, biases = result.layers()
    reference = answer.make_run("NumPy", 7, 70).layers()
    for ours, expected in zip([*weights, *biases], [*reference[0], *reference[1]]):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)
    logits = network_logits(weights, biases, result.X)
    np.testing.assert_allclose(result.logits(result.X), logits, atol=1e-6)
    script, options, _ = answer.EXERCISES[name]
    result = load(script).make_run(0, 70, 1e-30, **options)
    logits = torch.tensor(result.logits(result.X)).double()
    loss = bce(logits, torch.tensor(result.y).double()).item()
    assert result.run_epoch() == pytest.approx(loss, rel=1e-6)


def test_exercise_1_trains_longer_and_its_first_run_is_shown(monkeypatch):
    calls, views = [], []

    def make_views(options, *args):
        views.append(args)
        return [SimpleNamespace(update="shown", wait="not shown")]

    monkeypatch.setattr(training, "train", lambda *args, show: calls.append(args))
    monkeypatch.setattr(answer, "make_run", lambda *args: args)
    monkeypatch.setattr(answer, "make_views", make_views)
    monkeypatch.setattr(answer, "RUNS", 2)
    runs, _ = answer.train_hexagons(SimpleNamespace(epochs=256, points=8, seed=3))
    assert views == [(("NumPy", 3, 8), 1024)]
    texts = [
        f"{name} {seed} {N} {epochs} {f}" for (name, seed, N), epochs, [f] in calls
    ]
    assert texts[:2] == ["NumPy 3 8 1024 shown", "NumPy 4 8 1024 not shown"]
    assert texts[2:] == ["PyTorch 3 8 256 not shown", "PyTorch 4 8 256 not shown"]
    assert [run for name in runs for run in runs[name]] == [call[0] for call in calls]


def test_rows_of_the_answer_measure_the_hexagon(monkeypatch, capsys):
    def run(k, height=1):
        (W, a), biases = NETWORKS.network(k)
        layers = [W / [[1], [height]], a], biases
        return training.Run(None, None, None, None, lambda: layers, None)

    monkeypatch.setattr(training, "fresh_accuracy", lambda _, seed: 0.9 + seed / 1000)
    monkeypatch.setattr(answer, "RUNS", 2)
    runs = {"NumPy": [run(5, 0.75), run(3)], "PyTorch": [run(5), run(5)]}
    values = answer.summary(runs, 3)
    [(vertices, _)] = boundaries.find_boundary(*runs["NumPy"][0].layers())
    # Corners (0, +-0.75 r) and (+-0.7, +-0.375 r) with r = 1.4 / sqrt(3) = 0.808
    exact = f"{100 * (1 - disc_error(vertices)):.2f}"
    regular = f"120--120 {1.4 * np.sqrt(3) * 0.7:.3f} {EXACT}"
    assert [" ".join(row) for row in rows_of(values.pop("HexagonTable"))] == [
        f"NumPy 3 0.61--0.76 113--133 1.273 {exact} 90.30",
        "NumPy 4 no hexagon    90.40",
        f"PyTorch 3 0.81--0.81 {regular} 90.30",
        f"PyTorch 4 0.81--0.81 {regular} 90.40",
    ]
    check(
        values,
        "HexagonNumPy 1 of 2, HexagonPyTorch 2 of 2, HexagonExact 3 of 4, HexagonRate "
        "0.03, HexagonBest 96.33, HexagonFreshLowest 90.30, HexagonFreshHighest 90.40",
    )


def test_a_saved_ensemble_is_counted_first(monkeypatch, numbers, tmp_path, capsys):
    train_ensemble = Mock(return_value=NETWORKS)
    monkeypatch.setattr(answer.ensemble, "train_ensemble", train_ensemble)
    options = "--hidden-units 3 --networks 6 --epochs 2 --points 9 --seed 5"
    numbers(answer, f"--save {tmp_path}/e.npz {options} --init xavier")
    out = capsys.readouterr().out
    assert out.startswith("closed convex 6-gons: 2 of 6, of which 1 lie in [-1, 1]^2\n")
    with np.load(tmp_path / "e.npz") as file:
        assert all(np.array_equal(file[key], getattr(NETWORKS, key)) for key in file)
    (X, _, *args), options = train_ensemble.call_args
    np.testing.assert_array_equal(X, circle_in_square(9, 5)[0])
    assert (args, options["init"], options["seed"]) == ([3, 6, 2], "xavier", 5)
