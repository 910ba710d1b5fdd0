"""The study of Exercise 3: counts, causes and what gradient flow conserves."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from decision_boundary import balance, hexagon, law, study, training
from decision_boundary.data import circle_in_square
from decision_boundary.disc import best_polygon
from decision_boundary.ensemble import Ensemble, initial_ensemble, start_like
from decision_boundary.figures import figure_bytes
from decision_boundary.script import load, streams

ANGLES = 2 * np.pi / 3 * np.arange(3)
SPREAD = np.array([np.cos(ANGLES), np.sin(ANGLES)])  # (2, 3)
OPTIONS = SimpleNamespace(points=512, networks=20, hidden_units=3, epochs=256, seed=0)


def ensemble(*networks):
    """Of (hidden weights (2, H), hidden biases, outgoing weights, output bias)."""
    return Ensemble(*(np.array(arrays, dtype=float) for arrays in zip(*networks)))


HEXAGON = (SPREAD, [0, 0, 0], [1, 1, 1], -0.7)
CASES = ensemble(
    HEXAGON,
    (SPREAD, [0, 0, 0], [1, 1, -1], -0.7),  # open: a weight is negative
    (SPREAD, [0, 0, -9], [1, 1, 1], -0.7),  # open: a unit is dead
    (SPREAD, [0, 0, 0], [1, 1, 1], 0.7),  # nowhere: the logit is positive
    (SPREAD, [0, 0, 0], [1, 1, 1], -1.05),  # a hexagon, but not within the square
)


def test_shapes_and_causes_of_known_networks():
    boundaries = study.extract_all(CASES)
    assert boundaries.corners.tolist() == [6, 0, 0, 0, 6]
    names = [study.SHAPES[i] for i in study.shapes(boundaries)]
    assert names == ["hexagon", "open", "open", "nowhere", "hexagon"]
    small, large = boundaries.polygons(6)
    np.testing.assert_allclose(large / 1.05, small / 0.7, atol=1e-12)
    assert len(study.accuracies([small, large])) == 1
    X, _ = circle_in_square(500, seed=0)
    names = [study.CAUSES[i] for i in study.causes(CASES, X)]
    assert names[:3] == ["all positive", "negative weight", "dead unit"]
    assert names[3:] == ["all positive", "all positive"]
    assert study.dead_units(CASES, X).sum() == 1
    case = study.Case("xavier", X, CASES, CASES, boundaries)
    assert case.hexagons.tolist() == [True, False, False, False, True]
    table = [[2, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 0]]
    assert study.classified([case]).tolist() == table
    values = study.failure_summary([case])
    assert values["CauseFailed"] == 3
    assert values["CauseDeadNegative"] == "0 of 1"
    assert values["CauseFourCorners"] == "0 of 0"
    assert study.foretold([case]) == [(3, True, 2, 4), (2, True, 0, 1)]


def test_a_logit_that_is_zero_on_a_region_has_no_boundary():
    networks = ensemble(HEXAGON, ([[1, 1, 1], [0, 0, 0]], [0, 0, 0], [1, 1, 1], 0))
    boundaries = study.extract_all(networks)
    assert boundaries.corners.tolist() == [6, 0]
    assert study.shapes(boundaries).tolist() == [0, study.SHAPES.index("nowhere")]


def test_a_unit_with_points_on_its_hinge_alone_is_dead():
    network = ensemble((SPREAD, [0, 0, -1], [1, 1, 1], -0.7))
    touched = -SPREAD[:, 2:].T, SPREAD[:, 2:].T  # at z = -2 and at z = 0
    dead = study.dead_units(network, np.concatenate(touched))
    assert dead.tolist() == [[False, False, True]]


def test_open_ends_lie_on_sides():
    strip = study.extract_all(ensemble(([[1.0], [0]], [0.5], [1], -0.1)))
    (strip,) = strip.polylines
    assert dict(zip(study.SIDES, study.open_sides([strip]))) == {
        "left": 0,
        "right": 0,
        "bottom": 1,
        "top": 1,
    }
    assert study.open_sides([]) == [0, 0, 0, 0]


def test_wilson_interval():
    # Wilson's score interval for 81 of 263, as textbooks have it
    low, high = study.wilson(81, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert study.wilson(0, 10)[0] == 0
    assert study.wilson(10, 10)[1] == pytest.approx(1)
    assert study.wilson(0, 10)[1] == pytest.approx(1 - study.wilson(10, 10)[0])
    assert study.share_text(1000, 1000) == "100.0 [99.6, 100.0]"


def test_vectors_surround_the_origin():
    def surrounds(*degrees):
        angles = np.radians([degrees])
        return bool(
            study.surrounds_origin(np.stack([np.cos(angles), np.sin(angles)], axis=1))
        )

    assert surrounds(0, 120, 240)
    assert surrounds(-170, 9.9, 90, 170)
    assert surrounds(100, 200, 300)
    assert not surrounds(-170, 10.1, 90, 170)
    assert not surrounds(0, 100, 179)
    assert not surrounds(0, 10, 20)
    assert not surrounds(-90, 80, 0)
    assert not surrounds(0, 180)


def test_signs_that_change_are_counted_by_balance():
    start = ensemble(([[1, 0, 0.1], [0, 0.1, 0]], [0, 0, 0], [0.5, 1, -1], 0))
    end = ensemble(([[1, 0, 1], [0, 1, 0]], [0, 0, 0], [-1, 1, 1], 0))
    case = study.Case("xavier", None, start, end, None)
    assert study.changed_signs([case]) == {
        "Positive": (1, 2),
        "NegativeAbove": (1, 1),
        "NegativeBelow": (0, 0),
    }


def test_the_start_decides():
    cases = study.study_starts(OPTIONS, data_sets=1)
    assert [case.init for case in cases] == list(study.INITS)
    xavier, positive, spread = (case.hexagons.sum() for case in cases)
    assert xavier < positive <= spread == OPTIONS.networks
    again = study.study_case("spread", 0, OPTIONS)
    np.testing.assert_array_equal(again.end.hidden_weights, cases[2].end.hidden_weights)
    values = study.summary(cases)
    assert values["StartSpreadCount"] == values["StartTotal"] == 20
    assert values["StartTable"].count("\\\\") == 2
    assert "spread     100.0 [83.9, 100.0]" in study.report(cases)


def test_regularity_and_accuracy_of_the_closed_form():
    (vertices,) = study.extract_all(ensemble(HEXAGON)).polygons(6)
    assert study.irregularity([vertices]) == pytest.approx([0], abs=1e-10)
    best = best_polygon(6)
    assert study.accuracies([best]) == pytest.approx([law.best_accuracy(6) / 100])
    assert study.accuracies([vertices])[0] < law.best_accuracy(6) / 100


def test_the_2h_gon_law():
    rows = law.law_rows(law.study_law(OPTIONS))
    assert [row[1] for row in rows] == ["--", "6", "8", "10", "12", "14", "16"]
    assert rows[0][2].startswith("0.0")
    assert all(float(row[2].split()[0]) >= 75 for row in rows[1:])
    assert all(float(row[3]) < float(row[4]) for row in rows[1:])
    assert law.best_accuracy(6) == pytest.approx(96.326, abs=1e-3)


def test_gradient_flow_conserves_the_balance():
    drifts = []
    for rate in (0.2, 0.1):
        times, outgoing, balances = balance.descend(rate, 0, 64, time=40)
        assert times[-1] == pytest.approx(40)
        drifts.append(np.abs(balances - balances[0]).max())
        assert np.abs(outgoing**2 - outgoing[0] ** 2).max() > 50 * drifts[-1]
    assert drifts[0] == pytest.approx(2 * drifts[1], rel=0.1)  # first order in the step


def test_few_points_leave_room_for_the_figure():
    options = SimpleNamespace(points=2, networks=3, epochs=64, seed=0)
    assert figure_bytes(law.draw(law.study_law(options)))  # warnings are errors


def test_descent_is_plain_gradient_descent_on_the_mean_loss():
    times, outgoing, _ = balance.descend(0.5, 0, 64, time=1)
    assert times.tolist() == [0, 0.5, 1]
    points, start, *_ = streams(0)
    X, y = circle_in_square(64, points)
    network = load("Python-FeedForward/net.py").FeedForwardNetwork(
        hidden_size=[3], activation="relu"
    )
    start_like(network.weights, network.biases, "xavier", start)
    for expected in outgoing:
        np.testing.assert_allclose(network.weights[1][:, 0], expected)
        network.zero_grad()
        network.forward(X)
        network.backward(y)
        network.parameters -= 0.5 * network.gradients / 64


def test_the_balance_is_a2_minus_w2_minus_b2():
    net = load("Python-FeedForward/net.py")
    network = net.FeedForwardNetwork(hidden_size=[2], activation="relu")
    network.parameters[:] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    (w, a), (b, _) = network.weights, network.biases
    expected = [
        a[j, 0] ** 2 - w[0, j] ** 2 - w[1, j] ** 2 - b[j] ** 2 for j in range(2)
    ]
    np.testing.assert_allclose(balance.balance(network), expected)


@pytest.mark.parametrize("name", hexagon.EXERCISES)
def test_both_exercises_start_from_the_same_network(name):
    run = hexagon.prepare(name, 7, 32)
    weights, biases = hexagon.layers(run.network)
    expected = hexagon.prepare("NumPy", 7, 32).network
    for ours, reference in zip(weights + biases, expected.weights + expected.biases):
        np.testing.assert_allclose(ours, reference, rtol=1e-6)
    trained = hexagon.Trained(run.X, run.y, weights, biases, [])
    np.testing.assert_allclose(trained.logits(run.X), run.logits(run.X), atol=1e-6)
    run.run_epoch()
    assert not np.allclose(hexagon.layers(run.network)[0][0], expected.weights[0])


@pytest.mark.parametrize("name", hexagon.EXERCISES)
def test_an_epoch_gives_the_mean_loss_over_all_points(name):
    net = load("Python-FeedForward/net.py")
    path, options = hexagon.EXERCISES[name]
    run = load(path).make_run(0, 70, 1e-30, **options)  # the last batch is small
    expected = net.bce_with_logits_loss(run.logits(run.X), run.y).mean()
    assert run.run_epoch() == pytest.approx(expected, rel=1e-6)


def test_exercise_1_trains_four_times_as_many_epochs(monkeypatch):
    epochs = []
    monkeypatch.setattr(hexagon, "train", lambda run, n, *_, **__: epochs.append(n))
    for name in hexagon.EXERCISES:
        hexagon.train_hexagons(name, [0], 32, 256, ())
    assert epochs == [1024, 256]


def test_accuracy_is_the_share_of_logits_of_the_right_sign():
    X, y = np.array([[-1.0], [0.3], [0.7]]), np.array([[0.0], [1.0], [0.0]])
    assert training.accuracy(lambda x: x, X, y) == pytest.approx(2 / 3)
    run = hexagon.prepare("PyTorch", 5, 32)
    net = load("Python-FeedForward/net.py")
    np.testing.assert_array_equal(run.predict(run.X), net.sigmoid(run.logits(run.X)))


def test_fresh_points_are_no_points_of_the_training():
    seen = []
    training.fresh_accuracy(lambda X: seen.append(X) or X[:, :1], 5)
    run = hexagon.prepare("NumPy", 5, 32)
    assert seen[0].shape == (training.FRESH_POINTS, 2)
    assert not np.isin(run.X, seen[0]).any()


def test_stacked_losses_are_those_of_each_network():
    stacked = load("PyTorch-FeedForward/stacked.py")
    networks = hexagon.deep_start("xavier", 3, seed=0)
    X, y = torch.randn(3, 8, 2), torch.randint(2, (3, 8, 1)).float()
    losses = stacked.mean_losses(
        stacked.logits(networks[0], stacked.stack(networks), X), y
    )
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = [bce(n(x), labels) for n, x, labels in zip(networks, X, y)]
    torch.testing.assert_close(losses, torch.stack(expected))


def test_deep_networks_start_convex():
    for network in hexagon.deep_start("positive", 3, seed=0):
        first, *others = [*network.parameters()][::2]
        assert (first < 0).any()
        assert all((weight >= 0).all() for weight in others)
    plain = hexagon.deep_start("xavier", 3, seed=0)
    assert any((weight < 0).any() for weight in [*plain[0].parameters()][2::2])
    options = SimpleNamespace(points=64, epochs=2, seed=0)
    deep = hexagon.train_deep(2, options)
    assert [(init, len(networks)) for init, networks in deep.items()] == [
        ("xavier", 2),
        ("positive", 2),
    ]
    trained = deep["positive"]
    means = [np.mean(networks[0].weights[1] > 0) for networks in deep.values()]
    assert means[0] < means[1]
    assert [W.shape for W in trained[0].weights] == [(2, 3), (3, 3), (3, 1)]
    assert not np.array_equal(trained[0].weights[0], trained[1].weights[0])
    assert hexagon.first_hexagon(trained) in trained
    assert hexagon.deep_counts(trained)[0] <= 2


def test_initial_directions_need_no_training():
    start = initial_ensemble(5, 3, "spread", seed=1)
    assert study.surrounds_origin(start.hidden_weights).all()
