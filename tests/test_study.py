"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import Ensemble, train_ensemble
from decision_boundary.geometry import (
    count_corners,
    disc_error,
    interior_angles,
    side_lengths,
)
from decision_boundary.polygon import Polyline, extract_boundary
from decision_boundary.shared.script import Diverged, load, streams
from decision_boundary.study import causes, data_sets
from decision_boundary.study.data_sets import Count, Share, TrainedNetworks
from decision_boundary.study.exact import surrounds_origin
import numpy as np
from oracles import NETWORKS, SIDE, UNITS, network_logits
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

starts = load("decision_boundary/study/starts.py")
polygons = load("decision_boundary/study/polygons.py")
points = load("decision_boundary/study/points.py")
deep = load("decision_boundary/study/deep.py")
descent = load("decision_boundary/study/descent.py")

OPTIONS = SimpleNamespace(data_sets=3, networks=2, points=64, steps=256, seed=4)


def trained_networks(which, X):
    """Networks `which` of oracles.NETWORKS, as if they were trained on X (3, N, 2)."""
    ensemble = Ensemble(*(array[which] for array in NETWORKS))
    networks = [ensemble.network(k) for k in range(6)]
    boundaries = [extract_boundary(*network, data_sets.EXTENT) for network in networks]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    y = np.hypot(X[..., :1], X[..., 1:]) > RADIUS
    return TrainedNetworks(X, y.astype(float), ensemble, boundaries, corners)


X = np.tile([[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], (3, 1, 1))
# Nothing; open with a dead unit; a pentagon; open; a hexagon beyond the square; in it
TRAINED = trained_networks([0, 1, 2, 3, 4, 5], X)
HEXAGONS = data_sets.share(np.array([0, 0, 0, 0, 1, 1]), 3)


# What the experiments share


def test_networks_trained_on_scaled_points_are_shown_on_the_square():
    X, y = data_sets.make_data_sets(3, 64, seed=4)
    np.testing.assert_equal((X[1], y[1]), circle_in_square(64, 5))
    trained = data_sets.train(X, y, OPTIONS, "", scale=5, init="xavier", epochs=40)
    expected = train_ensemble(5 * X, y, networks=2, seed=4, init="xavier", epochs=40)
    network = trained.ensemble.network(3)  # the second on the second data set
    logits = network_logits(*expected.network(3), 5 * X[1])
    np.testing.assert_allclose(network_logits(*network, X[1]), logits, atol=1e-5)
    np.testing.assert_equal(trained.points(3), (X[1], y[1]))
    boundary = extract_boundary(*network, data_sets.EXTENT)
    np.testing.assert_equal(trained.boundaries[3], boundary)
    assert trained.corners[3] == count_corners(boundary)
    with pytest.raises(Diverged, match="case: the loss is not finite"):
        data_sets.train(X, y, OPTIONS, "case", epochs=9, learning_rate=1e38)


def test_shares_are_means_over_data_sets():
    counted = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1])
    error = pytest.approx(1.96 * np.sqrt(3125 / 3) / 2)  # of 100, 75, 25, 50
    assert data_sets.share(counted, data_sets=4) == Share(62.5, error, 25, 1, 4)
    assert np.isnan(data_sets.share(counted, data_sets=1).error)
    assert str(data_sets.count(counted)) == "10 of 16"


# Starts


def test_starts_are_trained_on_fewer_data_sets_at_the_archives_scale(monkeypatch):
    def train(X, y, options, text, scale, **training):
        return len(X), scale, *training.values()

    monkeypatch.setattr(data_sets, "train", train)
    trained = starts.train_all(SimpleNamespace(data_sets=6, points=8, seed=4, epochs=7))
    ours, archive = trained[starts.OURS], trained[starts.ARCHIVE]
    assert ours[starts.POSITIVE] == (6, 1, 3, "positive", 7, 0.03, np.float32)
    a_fifth = ours[starts.XAVIER_FOUR]  # rounded up
    assert a_fifth == (2, 1, 4, "xavier", 7, 0.03, np.float32)
    assert archive[starts.SPREAD] == (2, 5 / RADIUS, 3, "spread", 7, 0.01, np.float64)
    assert tuple(ours) == starts.STARTS
    assert tuple(archive) == starts.STARTS[:4]


def test_hexagons_are_counted_in_the_window_and_in_the_square():
    assert TRAINED.corners.tolist() == [0, 0, 5, 0, 6, 6]
    row = starts.count_hexagons(starts.SPREAD, TRAINED)
    assert row.hexagons == HEXAGONS
    assert row.inside == data_sets.share(np.array([0, 0, 0, 0, 0, 1]), 3)


def test_predictions_are_by_initial_signs_and_sides():
    initial = causes.initial_networks(OPTIONS)
    y = np.ones((3, 3, 1))
    start = train_ensemble(X, y, 3, 2, epochs=0, init="xavier", seed=4)
    np.testing.assert_equal(initial.outgoing, start.output_weights)
    np.testing.assert_equal(initial.surround, surrounds_origin(start.hidden_weights))
    initial = causes.Initial(
        surround=np.array([True, True, False, True, True]),
        outgoing=np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, 0]]),
    )
    corners = np.array([6, 4, 6, 6, 0])
    positive_corners = np.array([6, 6, 0, 6, 4])
    found = causes.predict(initial, corners, positive_corners)
    table = [(3, "yes", 1, 2, 50), (3, "no", 1, 1, 100), (2, "yes", 1, 1, 100)]
    assert found.table == [*table, (0, "yes", 0, 1, 0)]
    assert (found.sure, found.other) == (Count(3, 4), Count(0, 1))


def test_networks_are_classified_by_their_units_and_boundaries():
    dead = [[0, -9, -9], [0, 0, -9], [0, 0, 0], [-9, -9, -9], [0, 0, 0], [0, 0, 0]]
    negative = [[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, 1, 1], [1, 1, 1], [-1, 1, 1]]
    dead, negative = np.array(dead), np.array(negative)
    ensemble = NETWORKS._replace(hidden_biases=dead, output_weights=negative)
    corners = np.array([0, 0, 4, 0, 5, 6])
    trained = TRAINED._replace(ensemble=ensemble, corners=corners)
    outgoing = np.array([[1, -1, 1], [1, 1, -1], [1, 1, -1], *3 * [[1, 1, 1]]])
    found = causes.classify(causes.Initial(None, outgoing), trained)
    # Units; boundaries: hexagon, closed, open, none, all
    assert found.table == [
        ("all positive", 0, 1, 0, 0, 1),
        ("negative weight", 1, 1, 0, 0, 2),
        ("dead unit", 0, 0, 2, 1, 3),
    ]
    assert found.failed == 5
    assert (found.dead_negative, found.four_corners) == (Count(2, 6), Count(1, 2))


def test_spare_units_are_counted_in_hexagons():
    dead = np.zeros((6, 3))
    dead[[1, 4], 2] = -9
    for weight, negative in [(-1, 1), (1, 0)]:
        outgoing = np.tile([1, 1, weight], (6, 1))
        networks = NETWORKS._replace(hidden_biases=dead, output_weights=outgoing)
        spare = causes.spare_units(TRAINED._replace(ensemble=networks))
        assert spare == causes.Spare(hexagons=2, dead=1, negative=negative)


# Polygons and points


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
    assert np.isnan([none.shortest, none.accuracy, none.best]).all()


def test_all_cases_of_points_take_equally_many_steps(monkeypatch):
    def train(X, y, options, text, epochs, batch_size, learning_rate):
        return points.Case(X.shape[1], batch_size, learning_rate), epochs

    monkeypatch.setattr(data_sets, "train", train)
    for case in points.CASES:
        trained, epochs = points.train(case, OPTIONS)
        assert trained == case
        assert epochs * case.points / case.batch_size == OPTIONS.steps


def test_hexagons_of_a_case_are_measured():
    X, _ = data_sets.make_data_sets(3, 64, seed=4)
    trained = trained_networks([5, 0, 2, 4, 5, 3], X)
    losses = []
    for k in range(6):
        logits = network_logits(*trained.ensemble.network(k), X[k // 2])
        losses.append(bce(torch.tensor(logits), torch.tensor(trained.y[k // 2])))
    hexagon = TRAINED.polygons(6)[1]
    stretched = [hexagon * [1, 0.9], hexagon * [1, 0.7], hexagon]
    boundaries = list(trained.boundaries)
    for k, vertices in zip([0, 3, 4], stretched):
        boundaries[k] = [Polyline(vertices, True)]
    row = points.evaluate(points.FEW, trained._replace(boundaries=boundaries))
    low, median, high = sorted(100 * (1 - disc_error(v)) for v in stretched)
    middle = interior_angles(stretched[0])  # less off 120 degrees than stretched[1]
    assert row == points.Row(
        case=points.FEW,
        hexagons=Count(3, 6),
        loss=pytest.approx(np.median(losses)),
        angle=pytest.approx(np.abs(middle - 120).max()),
        accuracy=median,
        low=pytest.approx(low + (median - low) / 10),
        high=pytest.approx(high - (high - median) / 10),
    )


# Two hidden layers


def test_deep_networks_train_as_in_exercise_2():
    options = SimpleNamespace(data_sets=2, networks=2, points=70, epochs=2, seed=3)
    stacked = deep.train(options)
    training = deep.exercise.Training(0, hidden_size=3)
    training.X, y = circle_in_square(70, 4)  # the second data set
    training.inputs, training.labels = torch.tensor(training.X), torch.tensor(y)
    training.generator.manual_seed(streams(3).batches)
    initial = deep.initial_networks(options)
    assert not np.array_equal(initial.layers(2)[0][0], initial.layers(3)[0][0])
    training.set_layers(*initial.layers(2))
    training.run_epoch()
    training.run_epoch()
    for found, expected in zip(stacked.layers(2), training.layers()):
        for array, reference in zip(found, expected, strict=True):
            np.testing.assert_allclose(array, reference, rtol=1e-9, atol=1e-12)


def test_deep_networks_are_counted():
    units = np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
    heptagon = [units, np.array([[1], [1], [2], [2]])], [[0.125] * 4, [-1]]
    networks = [NETWORKS.network(k) for k in (0, 1, 2, 3, 4)]
    stacked = SimpleNamespace(layers=[*networks, heptagon].__getitem__)
    assert deep.hexagons(OPTIONS, stacked) == data_sets.share(
        np.array([0, 0, 0, 0, 1, 0]), 3
    )


# Descent


def test_a_descent_starts_balanced_and_steps_along_the_gradient(monkeypatch):
    monkeypatch.setattr(descent, "LEARNING_RATE", 1e-6)
    X, y = data_sets.make_data_sets(2, 9, seed=0)
    angles = np.random.default_rng(0).uniform(0, 6, (2, 1, 3))
    trained = descent.Descent(angles, X, y)
    before = np.concatenate([trained.w, trained.a[..., None]], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(before[..., :3], axis=-1), before[..., 3])
    np.testing.assert_allclose(before[..., 1] / before[..., 0], np.tan(angles))
    weights = [trained.w[1, 0, :, :2].T, trained.a[1, 0][:, None]]
    logits = network_logits(weights, [np.zeros(3), np.zeros(1)], X[1])
    first = trained.losses()
    loss = bce(torch.tensor(logits), torch.tensor(y[1])).item()
    assert first[1] == pytest.approx(loss)
    trained.step()
    steps = np.concatenate([trained.w, trained.a[..., None]], axis=-1) - before
    squares = (steps**2).sum(axis=(2, 3)) + trained.c**2
    np.testing.assert_allclose(first - trained.losses(), squares / 1e-6, rtol=1e-3)


def test_deaths_and_changes_of_sign_are_counted(monkeypatch):
    X = np.array([[[0.9, 0.1], [0.1, 0.8]]] * 3)
    y = np.zeros((3, 2, 1))
    monkeypatch.setattr(data_sets, "make_data_sets", lambda *_: (X, y))
    monkeypatch.setattr(descent, "STEPS", 1)
    angles = np.random.default_rng([4, 2]).uniform(0, 2 * np.pi, (3, 2, 3))
    towards = np.arctan2(X[0, :, 1], X[0, :, 0])
    dead = (np.cos(angles[..., None] - towards) <= 0).all(axis=-1)
    assert descent.survival(OPTIONS, scale=1) == (18, dead.sum(), 0)
    assert descent.survival(OPTIONS, scale=1e5) == (18, dead.sum(), (~dead).sum())


def test_on_symmetric_points_falls_hexagons_and_first_steps_are_counted(monkeypatch):
    found = descent.symmetric(OPTIONS)
    assert found.falls == found.hexagons == Count(3, 3)
    X, y = data_sets.make_data_sets(3, 21, seed=4)
    X = np.hstack([X @ np.array([[c, s], [-s, c]]) for c, s in UNITS.T])
    y = np.tile(y, (1, 3, 1))
    trained = descent.Descent(descent.spread_angles(3, 4), X, y)
    steps = np.zeros(3)
    for _ in range(descent.STEPS):
        steps += trained.losses()[:, 0] >= (y == 0).mean(axis=(1, 2)) * np.log(2)
        trained.step()
    assert found.below_last == steps.max()
    monkeypatch.setattr(descent, "LEARNING_RATE", 3)  # the loss oscillates
    found = descent.symmetric(OPTIONS)
    assert found.falls == Count(0, 3)
    assert found.hexagons.number < 3


def test_conditions_are_those_of_three_crossing_hinges():
    rng = np.random.default_rng(0)
    w = rng.normal(size=(400, 3, 3))
    a = rng.uniform(-0.2, 2, (400, 3))
    c = rng.uniform(-2, 0.5, 400)
    found = descent.conditions(w, a, c)
    for d in range(400):
        hidden, biases = w[d, :, :2].T, w[d, :, 2]  # (2, 3), (3,)
        surround = surrounds_origin(hidden) and a[d].min() > 0
        assert found.surround[d] == surround
        values = []
        for k in range(3):
            others = [j for j in range(3) if j != k]
            crossing = np.linalg.solve(hidden[:, others].T, -biases[others])
            z = crossing @ hidden[:, k] + biases[k]
            values.append(a[d, k] * max(z, 0) + c[d])
        assert found.corners[d] == (surround and max(values) < 0)
        assert found.kappa_not_positive[d] == (z <= 0) or not surround


def test_snapshots_of_three_hinges_are_counted(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 11)
    assert descent.hinges(OPTIONS) == (20, 60, 60, 60, 60)
    masks = np.arange(20) < np.array([[3], [2], [1]])
    monkeypatch.setattr(descent, "conditions", lambda *_: descent.Conditions(*masks))
    assert descent.hinges(OPTIONS) == (20, 60, 9, 6, 3)
