"""How sharply boundaries turn: the measure against closed forms, and the numbers."""

from types import SimpleNamespace

from decision_boundary.ensemble import initialize
from decision_boundary.shared.script import load
from decision_boundary.shared.training import streams
import numpy as np
from oracles import check
import pytest

smooth = load("decision_boundary/study/activations.py")
ANGLES, DIRECTIONS = smooth.ANGLES, smooth.DIRECTIONS
radial_boundary, sharpest_turn = smooth.radial_boundary, smooth.sharpest_turn


def disc(radius):
    """A logit (M, 1); the boundary is the circle around (0.2, -0.1)."""
    return lambda x: np.hypot(*(x - [0.2, -0.1]).T)[:, None] - radius


def test_radii_are_exact_and_nan_where_the_boundary_is_open():
    along = DIRECTIONS @ [0.2, -0.1]
    expected = along + np.sqrt(along**2 + 0.36 - 0.05)
    np.testing.assert_allclose(radial_boundary(disc(0.6)), expected, rtol=1e-14)
    stripe = radial_boundary(lambda x: np.abs(x[:, 1:]) - 0.5)
    expected = 0.5 / np.maximum(np.abs(np.sin(ANGLES)), 1e-9)
    expected[np.abs(np.tan(ANGLES)) < 0.5] = np.nan  # the ray ends beside the stripe
    np.testing.assert_allclose(stripe, expected, rtol=1e-12)
    assert np.isnan(sharpest_turn(stripe))
    assert np.isnan(radial_boundary(lambda x: np.abs(x[:, :1]))).all()  # 0 is outside


def test_a_circle_turns_by_one_degree_and_a_corner_by_its_angle():
    assert sharpest_turn(np.full(720, 0.3)) == pytest.approx(1)
    for corners in 4, 6, 8:
        for turn in 0, 0.001, 0.004, 0.3:
            normals = turn + 2 * np.pi / corners * np.arange(corners)
            r = 0.7 / np.cos(ANGLES[:, None] - normals).max(axis=1)
            assert sharpest_turn(r) == pytest.approx(360 / corners, abs=1e-6)


def test_training_is_exercise_1s_with_a_falling_rate_and_without_decay():
    options = SimpleNamespace(points=9, epochs=4)
    trained = smooth.train_network("sigmoid", 4, 5, options)
    run = smooth.backprop.make_run(5, 9, 1, hidden_size=[4], activation="sigmoid")
    network, rate = run.network, run.network.learning_rate
    initialize(network.weights, network.biases, "spread", streams(5)[1])
    network.weight_decay = 0
    for factor in (0.8, 0.6, 0.4, 0.2):
        network.learning_rate = factor * rate
        run.run_epoch()
    np.testing.assert_allclose(trained.parameters, network.parameters, rtol=1e-12)


def test_numbers_and_figure_of_the_activations(monkeypatch, numbers, capsys):
    calls, shown, draw = [], [], smooth.draw

    def train_network(activation, width, seed, options):
        calls.append((activation, width, seed, options.epochs))
        other = {"ReLU": 0.1, "tanh": 2, "sigmoid": 0}[activation]  # 2: open
        logit = disc(0.3 + width / 100 + other * (seed == 5))
        return SimpleNamespace(forward=logit)

    monkeypatch.setattr(smooth, "draw", lambda *args: shown.append(draw(*args)))
    monkeypatch.setattr(smooth, "train_network", train_network)
    small, large = (sharpest_turn(radial_boundary(disc(r))) for r in (0.33, 0.43))
    check(
        numbers(smooth, "--runs 2 --seed 4 --epochs 40"),
        "SmoothSeeds 2, SmoothEpochs 40, SmoothTuned falling to 0 from 0.2 (ReLU), "
        f"0.2 (tanh), 0.8 (sigmoid), SmoothReluTurn {(small + large) / 2:.1f}, "
        f"SmoothTanhTurn nan, SmoothSigmoidTurn {small:.1f}",
    )
    keys = [(f, H) for f in smooth.LEARNING_RATES for H in (3, 6, 16)]
    assert calls == [(*key, seed, 40) for key in keys for seed in (4, 5)]
    relu, *_, sigmoid = shown[0].axes
    titles = [ax.get_title() for ax in shown[0].axes]
    assert titles == [f"{f}\n$H = {H}$" for f, H in keys]
    assert relu.texts[0].get_text() == f"${small:.1f}^\\circ$"
    drawn = sigmoid.lines[0].get_xydata()[:-1]  # but for the gap behind it
    np.testing.assert_allclose(disc(0.46)(drawn), 0, atol=1e-12)
