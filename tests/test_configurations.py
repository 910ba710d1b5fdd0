"""Configurations of Exercise 3: what is trained, and how sharply boundaries turn."""

from types import SimpleNamespace

from decision_boundary.ensemble import initial_ensemble
from decision_boundary.shared.script import load, streams
import numpy as np
import pytest

configurations = load("decision_boundary/study/configurations.py")
ANGLES = configurations.ANGLES
DIRECTIONS = configurations.DIRECTIONS


def disc(X):
    """A logit (M, 1) whose boundary is a circle around (0.2, -0.1)."""
    return np.hypot(*(X - [0.2, -0.1]).T)[:, None] - 0.6


def test_radii_are_exact_and_nan_where_the_boundary_is_open():
    along = DIRECTIONS @ [0.2, -0.1]
    expected = along + np.sqrt(along**2 + 0.6**2 - 0.2**2 - 0.1**2)
    radii = configurations.radial_boundary(disc)
    np.testing.assert_allclose(radii, expected, rtol=1e-14)
    stripe = configurations.radial_boundary(lambda X: np.abs(X[:, 1:]) - 0.5)
    expected = 0.5 / np.maximum(np.abs(np.sin(ANGLES)), 1e-9)
    expected[np.abs(np.tan(ANGLES)) < 0.5] = np.nan  # the ray ends beside the stripe
    np.testing.assert_allclose(stripe, expected, rtol=1e-12)
    assert np.isnan(configurations.sharpest_turn(stripe))
    beside = configurations.radial_boundary(lambda X: disc(X + [0.9, 0]))
    assert np.isnan(beside).all()


def test_a_circle_turns_by_one_degree_and_a_corner_by_its_angle():
    assert configurations.sharpest_turn(np.full(720, 0.3)) == pytest.approx(1)
    for corners in (4, 6, 8):
        for rotation in (0, 0.001, 0.004, 0.3):
            normals = rotation + 2 * np.pi / corners * np.arange(corners)
            radii = 0.7 / np.cos(ANGLES[:, None] - normals).max(axis=1)
            turn = configurations.sharpest_turn(radii)
            assert turn == pytest.approx(360 / corners, abs=1e-6)


@pytest.mark.parametrize("init", ["Xavier", "spread"])
def test_training_is_exercise_1s_with_a_falling_rate_and_without_decay(init):
    configuration = configurations.Configuration("sigmoid", (4,), init)
    options = SimpleNamespace(points=9, epochs=4)
    trained = configurations.train(configuration, 5, options)
    expected = configurations.exercise.Training(
        5, 9, 0.8, hidden_size=[4], activation="sigmoid"
    )
    expected.network.weight_decay = 0
    if init == "spread":
        start = initial_ensemble(1, 4, "spread", streams(5).weights, np.float64)
        expected.set_layers(*start.network(0))
    for share in (1, 0.75, 0.5, 0.25):
        expected.network.learning_rate = share * 0.8 / 32
        expected.run_epoch()
    X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    np.testing.assert_allclose(trained.logits(X), expected.logits(X), rtol=1e-12)


def test_a_polygon_has_corners_and_a_smooth_curve_a_turn():
    options = SimpleNamespace(points=512, epochs=40)
    found = {}
    for configuration in (configurations.RELU, configurations.TANH):
        training = configurations.train(configuration, 3, options)
        found[configuration] = configurations.evaluate(configuration, 3, training)
    polygon, smooth = found.values()
    assert (polygon.corners, smooth.corners) == (6, 0)
    assert polygon.turn > 30
    assert smooth.turn < 3
    words = [configurations.short_words(result) for result in found.values()]
    assert words == ["6 corners", rf"turns ${smooth.turn:.1f}^\circ$"]
    table = [polygon, polygon._replace(seed=4, turn=99), polygon._replace(turn=12)]
    assert (
        configurations.median_turn([*table, smooth], polygon.configuration)
        == polygon.turn
    )
    assert len(configurations.draw([polygon, table[1], smooth]).axes) == 2
