"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import train_ensemble
from decision_boundary.geometry import (
    count_corners,
    disc_error,
    side_lengths,
)
from decision_boundary.polygon import Polyline, extract_boundary
from decision_boundary.shared.script import load
from decision_boundary.study import causes, data_sets
from decision_boundary.study.data_sets import Count, Share, TrainedNetworks
from decision_boundary.study.exact import surrounds_origin
import numpy as np
from oracles import NETWORKS, SIDE, network_logits
import pytest

starts = load("decision_boundary/study/starts.py")
polygons = load("decision_boundary/study/polygons.py")

OPTIONS = SimpleNamespace(data_sets=3, networks=2, points=64, seed=4)


def trained_networks(ensemble, X):
    """The six networks, as if they were trained on X (3, N, 2)."""
    networks = [ensemble.network(k) for k in range(6)]
    boundaries = [extract_boundary(*network, data_sets.EXTENT) for network in networks]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    return TrainedNetworks(X, ensemble, boundaries, corners)


X = np.tile([[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], (3, 1, 1))
# Nothing; open with a dead unit; a pentagon; open; a hexagon beyond the square; in it
TRAINED = trained_networks(NETWORKS, X)
HEXAGONS = data_sets.share(np.array([0, 0, 0, 0, 1, 1]), 3)


# What the experiments share


def test_networks_trained_on_scaled_points_are_shown_on_the_square():
    X, y = data_sets.make_data_sets(3, 64, seed=4)
    np.testing.assert_equal((X[1], y[1]), circle_in_square(64, 5))
    trained = data_sets.train(X, y, 2, 4, scale=5, init="xavier", epochs=40)
    expected = train_ensemble(5 * X, y, networks=2, seed=4, init="xavier", epochs=40)
    network = trained.ensemble.network(3)  # the second on the second data set
    logits = network_logits(*expected.network(3), 5 * X[1])
    np.testing.assert_allclose(network_logits(*network, X[1]), logits, atol=1e-5)
    boundary = extract_boundary(*network, data_sets.EXTENT)
    np.testing.assert_equal(trained.boundaries[3], boundary)
    assert trained.corners[3] == count_corners(boundary)


def test_shares_are_means_over_data_sets():
    counted = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1])
    error = pytest.approx(1.96 * np.sqrt(3125 / 3) / 2)  # of 100, 75, 25, 50
    assert data_sets.share(counted, 4) == Share(62.5, error, 25, 1, 4)
    assert np.isnan(data_sets.share(counted, 1).error)
    assert str(data_sets.count(counted)) == "10 of 16"


# Starts


def test_starts_are_trained_on_fewer_data_sets_at_the_archives_scale(monkeypatch):
    def train(X, y, networks, seed, scale, **training):
        return len(X), scale, *training.values()

    monkeypatch.setattr(data_sets, "train", train)
    trained = starts.train_all(
        SimpleNamespace(data_sets=6, networks=2, points=8, seed=4, epochs=7)
    )
    ours, archive = trained[starts.OURS], trained[starts.ARCHIVE]
    assert ours[starts.POSITIVE] == (6, 1, 3, "positive", 7, 0.03, np.float32)
    a_fifth = ours[starts.XAVIER_FOUR]  # rounded up
    assert a_fifth == (2, 1, 4, "xavier", 7, 0.03, np.float32)
    assert archive[starts.SPREAD] == (2, 5 / RADIUS, 3, "spread", 7, 0.01, np.float64)
    assert tuple(ours) == starts.STARTS
    assert tuple(archive) == starts.STARTS[:4]


def test_hexagons_are_counted_in_the_window_and_in_the_square():
    assert TRAINED.corners.tolist() == [0, 0, 5, 0, 6, 6]
    row = starts.row_of(starts.SPREAD, TRAINED)
    assert row.hexagons == HEXAGONS
    assert row.inside == data_sets.share(np.array([0, 0, 0, 0, 0, 1]), 3)


def test_predictions_are_by_initial_signs_and_sides():
    initial = causes.initial_networks(OPTIONS)
    y = np.ones((3, 3, 1))
    start = train_ensemble(X, y, 3, 2, epochs=0, init="xavier", seed=4)
    np.testing.assert_equal(initial.positive, start.output_weights > 0)
    np.testing.assert_equal(initial.surround, surrounds_origin(start.hidden_weights))
    positive = [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 0, 1], [0, 0, 0]]
    surround = np.array([True, True, False, True, True])
    initial = causes.Initial(surround, np.array(positive, dtype=bool))
    table = causes.tabulate_starts(initial, np.array([1, 0, 1, 1, 0]))
    assert table[:2] == [(3, "yes", 1, 2, 50), (3, "no", 1, 1, 100)]
    assert table[2:] == [(2, "yes", 1, 1, 100), (0, "yes", 0, 1, 0)]


def test_networks_are_classified_by_their_units_and_boundaries():
    dead = [[0, -9, -9], [0, 0, -9], [0, 0, 0], [-9, -9, -9], [0, 0, 0], [0, 0, 0]]
    negative = [[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, 1, 1], [1, 1, 1], [-1, 1, 1]]
    dead, negative = np.array(dead), np.array(negative)
    ensemble = NETWORKS._replace(hidden_biases=dead, output_weights=negative)
    corners = np.array([0, 0, 4, 0, 5, 6])
    trained = TRAINED._replace(ensemble=ensemble, corners=corners)
    assert causes.kinds_of(trained) == [
        ("dead unit", "none"),
        ("dead unit", "open"),
        ("negative weight", "closed"),
        ("dead unit", "open"),
        ("all positive", "closed"),
        ("negative weight", "hexagon"),
    ]
    positive = np.ones((6, 3), dtype=bool)
    positive[0, 1] = positive[1, 2] = positive[2, 2] = False
    failures = causes.failures(causes.Initial(None, positive), trained)
    assert failures == (Count(3, 5), Count(2, 6), Count(1, 2))


# Polygons


def test_polygons_are_measured_and_confirmed_exactly(monkeypatch):
    monkeypatch.setattr(polygons, "CONFIRMED", 1)  # networks 0, 2 and 4
    _, small = TRAINED.polygons(6)
    flat = small * [1, 0.5]
    boundaries = [*TRAINED.boundaries[:5], [Polyline(flat, True)]]
    trained = TRAINED._replace(boundaries=boundaries)
    assert polygons.evaluate(3, trained) == polygons.Row(
        units=3,
        corners=6,
        share=HEXAGONS,
        shortest=pytest.approx((SIDE + side_lengths(flat).min()) / 2),
        accuracy=100 * (1 - disc_error(flat)),  # the other leaves the square
        best=pytest.approx(96.33, abs=0.005),
        sampled=1,
        exact=1,
    )
    none = polygons.evaluate(2, TRAINED)
    assert (none.share.mean, none.sampled, none.exact) == (0, 0, 1)
    assert np.isnan([none.shortest, none.accuracy]).all()
