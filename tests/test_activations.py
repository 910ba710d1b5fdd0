"""How far from a hexagon: the measures against closed forms, and on trained networks."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS
from decision_boundary.geometry import best_polygon, disc_error
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.script import load
import numpy as np
import pytest

smooth = load("decision_boundary/study/activations.py")
ANGLES = smooth.ANGLES
radial_boundary, sharpest_turn = smooth.radial_boundary, smooth.sharpest_turn
train_network = smooth.train_network
SIXTH = np.pi / 3


def polygon_radii(corners, turn=0.0):
    """r at ANGLES of the regular polygon with apothem 0.7, one normal at `turn`."""
    normals = turn + 2 * np.pi / corners * np.arange(corners)
    return 0.7 / np.cos(ANGLES[:, None] - normals).max(axis=1)


# Where the boundary is


def test_the_radii_of_a_disc_off_the_centre():
    centre, radius = np.array([0.2, -0.1]), 0.6
    r = radial_boundary(lambda x: np.hypot(*(x - centre).T) - radius, ANGLES)
    along = smooth.directions(ANGLES) @ centre
    exact = along + np.sqrt(along**2 + radius**2 - centre @ centre)
    np.testing.assert_allclose(r, exact, rtol=1e-14)


def test_open_boundaries_are_nan_where_they_are_open():
    stripe = radial_boundary(lambda x: np.abs(x[:, 1:]) - 0.5, ANGLES)
    expected = 0.5 / np.maximum(np.abs(np.sin(ANGLES)), 1e-9)
    expected[np.abs(np.tan(ANGLES)) < 0.5] = np.nan  # the ray ends beside the stripe
    np.testing.assert_allclose(stripe, expected, rtol=1e-12)
    for all_one_side in (lambda x: x[:, 0] - 2), (lambda x: x[:, 0] + 2):
        assert np.isnan(radial_boundary(all_one_side, ANGLES)).all()
    ring = radial_boundary(lambda x: 0.3 - np.hypot(*x.T), ANGLES)
    assert np.isnan(ring).all()  # there is a boundary, but the origin is outside


def test_the_first_of_several_zeros_counts():
    r = radial_boundary(lambda x: np.sin(10 * np.hypot(*x.T) - 1), ANGLES)
    np.testing.assert_allclose(r, 0.1, rtol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_two_units_never_close_a_boundary(activation):
    # Along v with a_h w_h . v <= 0 for both units, no term of the logit ever rises.
    rng = np.random.default_rng(0)
    for seed in range(20):
        network = smooth.backprop.net.FeedForwardNetwork(
            hidden_size=[2], activation=activation, seed=seed
        )
        (w, a), (b, c) = network.weights, network.biases
        w *= 5
        a *= 5
        b[:] = rng.uniform(-1, 1, 2)
        c -= network.forward([0, 0]) + 0.01
        falling = -(np.sign(a.T) * w / np.hypot(*w)).sum(axis=1)
        angle = np.arctan2(*falling[::-1])
        assert np.isnan(radial_boundary(network.forward, np.array([angle])))


# How sharp and how good it is


def test_a_circle_turns_by_one_degree_and_a_corner_by_its_angle():
    assert sharpest_turn(np.full(720, 0.3)) == pytest.approx(1)
    for corners in 4, 6, 8:
        for turn in 0, 0.001, 0.004, 0.3:
            r = polygon_radii(corners, turn)
            assert sharpest_turn(r) == pytest.approx(360 / corners, abs=1e-6)


def test_accuracy_is_the_area_off_the_disc():
    assert smooth.disc_accuracy(np.full(720, RADIUS)) == 1
    assert smooth.disc_accuracy(np.full(720, 0.5)) == pytest.approx(0.5 + np.pi / 16)
    hexagon = best_polygon(6)
    r = np.hypot(*hexagon[0]) * np.cos(SIXTH / 2) / 0.7 * polygon_radii(6)
    assert smooth.disc_accuracy(r) == pytest.approx(1 - disc_error(hexagon), abs=2e-5)


# Trained networks


def test_three_relu_units_are_a_hexagon_and_three_tanh_units_are_not():
    options = SimpleNamespace(points=512, epochs=24, factor=1.0)
    networks = [train_network(f, 3, 0, options)[0] for f in ("ReLU", "tanh")]
    r = np.array([radial_boundary(network.forward, ANGLES) for network in networks])
    for network, radii in zip(networks, r):
        logits = network.forward(radii[:, None] * smooth.directions(ANGLES))
        assert np.abs(logits).max() < 1e-12
    (line,) = extract_boundary(networks[0].weights, networks[0].biases)
    assert len(line.vertices) == 6
    corner, bend = sharpest_turn(r)
    assert corner > 55
    assert bend < 5


def test_the_grid_trains_each_width_and_seed(monkeypatch):
    monkeypatch.setattr(smooth, "WIDTHS", (2, 6))
    options = SimpleNamespace(points=512, epochs=16, runs=2, seed=3, factor=1.0)
    grid = smooth.train_grid(options)
    for run, seed in enumerate((3, 4)):
        network, loss = train_network("tanh", 6, seed, options)
        r = radial_boundary(network.forward, ANGLES)
        assert grid.losses[1, 1, run] == loss
        assert grid.turns[1, 1, run] == sharpest_turn(r)
        assert grid.accuracies[1, 1, run] == 100 * smooth.disc_accuracy(r)
    first = train_network("tanh", 6, 3, options)[0].parameters
    np.testing.assert_array_equal(grid.networks["tanh", 6].parameters, first)
    early = train_network("tanh", 6, 3, options, 16)[0].parameters
    np.testing.assert_array_equal(grid.early["tanh", 6].parameters, early)
    assert np.isnan(grid.turns[:, 0]).all()


def test_numbers_are_medians_of_the_closed_boundaries_of_three_units(
    monkeypatch, capsys
):
    monkeypatch.setattr(smooth, "WIDTHS", (2, 3, 6, 16))
    turns = 10.0 * np.arange(12).reshape(3, 4, 1) + [0, 1, 5]
    turns[2, 1, 0] = np.nan
    turns[0, 1] = np.nan
    losses = np.arange(36).reshape(3, 4, 3) ** 2 / 1000
    grid = smooth.Grid({}, {}, turns, turns / 2, losses)
    options = SimpleNamespace(epochs=40, runs=3)
    assert smooth.summary(grid, options) == {
        "SmoothSeeds": 3,
        "SmoothEpochs": 40,
        "SmoothEarlyEpochs": 2,
        "SmoothTuned": "falling to 0 from 0.2 (ReLU), 0.2 (tanh), 0.8 (sigmoid)",
        "SmoothReluTurn": "open",
        "SmoothTanhTurn": "51.0",
        "SmoothSigmoidTurn": "93.0 (2 of 3)",
        "SmoothReluAccuracy": "open",
        "SmoothTanhAccuracy": "25.5",
        "SmoothSigmoidAccuracy": "46.5 (2 of 3)",
    }
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert ["tanh", f"{np.median(losses[1]):.4f}"] in rows
    assert ["H", "2", "3", "6", "16"] in rows
