"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import Ensemble
from decision_boundary.geometry import best_polygon, disc_error
from decision_boundary.shared import boundaries, stacked, training
from decision_boundary.shared.script import Diverged, load
from decision_boundary.study import data_sets
import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

STUDY = "decision_boundary/study"
NAMES = ("starts", "polygons", "points", "deep", "descent")
starts, polygons, points, deep, descent = (load(f"{STUDY}/{n}.py") for n in NAMES)
answer = load("decision_boundary/main.py")
optimizers = load("PyTorch-FeedForward/compare_optimizers.py")

TURNS = 2 * np.pi / 3 * np.arange(3)
UNITS = np.array([np.cos(TURNS), np.sin(TURNS)])  # surround the origin
HALF = np.array([[1.0, 0, -1], [0, 1, 0]])  # in a closed half-plane


def network_logits(weights, biases, x):
    for W, b in zip(weights[:-1], biases[:-1]):
        x = np.maximum(x @ W + b, 0)
    return x @ weights[-1] + biases[-1]


def ensemble(*networks):
    """An Ensemble of (hidden weights (2, 3), hidden biases, output weights, output bias)."""
    return Ensemble(*(np.array(arrays, dtype=float) for arrays in zip(*networks)))


# Hexagon in the square; hexagon beyond it; pentagon; open; nowhere; dead unit
NETWORKS = ensemble(
    (UNITS, [0, 0, 0], [1, 1, 1], -0.7),
    (UNITS, [0, 0, 0], [1, 1, 1], -1.0),
    (UNITS, [0, 0, 0.2], [1, 1, 2], -0.4),  # two hinges meet on the boundary
    (HALF, [0, 0, 0], [1, 1, 1], -0.5),
    (UNITS, [0, 0, 0], [1, 1, 1], 0.5),
    (UNITS, [0, 0, -9], [1, 1, 1], -0.5),
)


@pytest.fixture(scope="module")
def extracted():
    return boundaries.extract_all(NETWORKS)


# Boundaries


def test_corners_are_those_of_one_convex_polygon(extracted):
    assert extracted.corners.tolist() == [6, 6, 5, 0, 0, 0]
    assert [len(p) for p in extracted.polygons(6)] == [6, 6]
    assert boundaries.in_square(extracted.polygons(6)).tolist() == [True, False]
    [accuracy] = boundaries.accuracies(extracted.polygons(6))
    assert accuracy == pytest.approx(100 * (1 - disc_error(extracted.polygons(6)[0])))


def test_the_window_shows_corners_beyond_the_square():
    weights, biases = NETWORKS.network(1)
    assert boundaries.count_corners(boundaries.find_boundary(weights, biases)) == 0
    [(vertices, closed)] = boundaries.find_boundary(weights, biases, 4)
    assert closed
    np.testing.assert_allclose(np.hypot(*vertices.T), 2 / np.sqrt(3))


def test_a_zero_that_is_no_curve_counts_as_none():
    assert boundaries.find_boundary([np.zeros((2, 1))], [np.zeros(1)]) == []


def test_parameters_that_are_not_finite_are_reported():
    broken = NETWORKS._replace(output_biases=np.full(6, np.nan))
    with pytest.raises(Diverged, match="not finite"):
        boundaries.extract_all(broken)


def test_wilson_intervals_are_those_of_the_textbook():
    assert boundaries.wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert boundaries.wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert boundaries.wilson(200, 200)[0] == pytest.approx(0.9812, abs=1e-4)
    assert data_sets.share_text(5, 10) == "50.0 [23.7, 76.3]"


# Counts over data sets


def test_shares_are_those_of_each_data_set(extracted):
    shares = data_sets.polygons_by_set(extracted, 6, 3)
    np.testing.assert_allclose(shares, [[100, 0, 0], [50, 0, 0]])
    assert data_sets.all_sets(shares[0]) == "1 of 3"
    # standard deviation 57.735, over sqrt(3), times 1.96
    assert data_sets.mean_and_error(shares[0]) == "33.3 +- 65.3"
    assert data_sets.mean_and_error(shares[0][:1]) == "100.0 +- 0.0"


def test_data_sets_have_seeds_in_a_row():
    X, y = data_sets.draw_data_sets(3, 10, seed=5)
    for d in range(3):
        for array, expected in zip((X[d], y[d]), circle_in_square(10, 5 + d)):
            np.testing.assert_array_equal(array, expected)


def test_boundaries_of_scaled_points_are_those_on_the_square(monkeypatch):
    def fake(X, y, progress, **options):
        np.testing.assert_array_equal(X, [[5.0, 0]])
        return NETWORKS._replace(hidden_weights=NETWORKS.hidden_weights / 5)

    monkeypatch.setattr(data_sets, "train_ensemble", fake)
    result, found = data_sets.train_and_extract("", np.array([[1.0, 0]]), None, scale=5)
    np.testing.assert_allclose(result.hidden_weights, NETWORKS.hidden_weights)
    assert found.corners[:2].tolist() == [6, 6]
    assert starts.SCALES["archive"][0] == pytest.approx(5 / RADIUS)


# Initial weights, and what networks become

INITIAL = ensemble(
    (UNITS, [0, 0, 0], [0.1, 1, 1], 0),
    (HALF, [0, 0, 0], [-0.1, 1, 1], 0),  # balance below 0
    (HALF, [0, 0, 0], [-1.1, 1, -1.1], 0),  # balance above 0, twice
    (UNITS, [0, 0, 0], [1, 1, 1], 0),
    (UNITS, [0, 0, 0], [1, 1, 1], 0),
    (UNITS, [0, 0, 0], [1, 1, -1.1], 0),
)
NEGATIVE = NETWORKS._replace(output_weights=NETWORKS.output_weights * [1, 1, -1])


@pytest.fixture
def case(extracted):
    X = np.array(
        [[[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], [[0.5, 0.5], [-0.5, 0.5], [0, -0.5]]]
    )
    return starts.Case(X, INITIAL, NETWORKS, extracted)


def test_directions_surround_the_origin_without_a_gap_of_180_degrees():
    assert starts.surrounds_origin(np.stack([UNITS, HALF])).tolist() == [True, False]


def test_predictions_count_hexagons_by_signs_and_directions(case):
    rows = [tuple(map(int, row)) for row in starts.predictions(case)]
    assert rows == [(3, 1, 1, 3), (2, 1, 0, 1), (2, 0, 1, 1), (1, 0, 0, 1)]


def test_changed_signs_are_counted_by_sign_and_balance(case):
    assert starts.changed_signs(case) == {
        "Positive": "0 of 14",
        "NegativeAbove": "3 of 3",
        "NegativeBelow": "1 of 1",
    }


def test_dead_units_are_those_that_no_point_of_their_data_set_activates(case):
    assert starts.dead_units(case).tolist() == 5 * [[False] * 3] + [
        [False, False, True]
    ]
    far = case._replace(X=case.X * [[[1]], [[100]]])  # the second data set reaches it
    assert not starts.dead_units(far).any()
    assert starts.causes(case).tolist() == [0, 0, 0, 0, 0, 2]
    assert starts.causes(case._replace(end=NEGATIVE)).tolist() == [1, 1, 1, 1, 1, 2]


def test_shapes_and_causes_become_the_table(case):
    assert starts.shapes(case.boundaries).tolist() == [0, 0, 1, 2, 3, 2]
    values = starts.cause_summary(case)
    rows = [row.split(" & ") for row in values["CauseTable"].split("\\\\\n")]
    assert [row[0] for row in rows] == list(starts.ENDS_WITH)
    assert [sum(map(int, row[1:-1])) for row in rows] == [5, 0, 1]
    assert [int(row[-1]) for row in rows] == [5, 0, 1]
    assert rows[0][1] == "2"
    assert values["CauseFailed"] == 4
    assert values["CauseDeadNegative"] == "1 of 1"
    assert (values["CauseDeadOne"], values["CauseDeadTwo"]) == (1, 0)


def test_the_figure_shows_the_most_frequent_sorts(case):
    figure = starts.draw(case)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "all positive,\nhexagon 33.3 %"
    assert "dead unit,\nopen 16.7 %" in titles


def test_numbers_of_a_start_are_means_and_worst_data_sets():
    shares = {
        (init, units, scale): np.array([[100.0, 90, 80], [100, 60, 80]])
        for init, units in starts.STARTS
        for scale in starts.SCALES
    }
    shares["spread", 3, "ours"] = np.array([[100.0] * 3, [100, 50, 100]])
    options = SimpleNamespace(data_sets=3, networks=10)
    values = starts.start_summary(shares, options)
    row = "spread, 3 units & 100.0 +- 0.0 & 100 & 3 of 3 & 83.3 +- 32.7 & 50 & 2 of 3"
    assert row in values["StartTableOurs"]
    assert row not in values["StartTableArchive"]
    assert (values["StartInside"], values["StartInsideWorst"]) == ("83.3", "50")
    assert (values["StartAllSets"], values["StartFewSets"]) == (3, 1)
    assert values["StartOursXavier"] == "90.0"
    assert values["StartAllLow"] == "43.9"  # Wilson's for 3 of 3
    assert values["StartArchiveXavierFourWorst"] == "80"
    assert values["StartTotal"] == 30


# Polygons, points


def test_rows_of_the_2h_gon_law(extracted):
    cells = polygons.row(3, extracted, 3)
    shortest = f"{1.4 / np.sqrt(3):.2f}"  # median of 0.81 and 1.15 is taken of both
    assert cells[:4] == ["3", "6", "33.3 +- 65.3", "1 of 3"]
    assert float(cells[4]) == pytest.approx((0.7 + 1) / np.sqrt(3), abs=0.006)
    assert float(shortest) < float(cells[4])
    assert float(cells[5]) == pytest.approx(
        boundaries.accuracies(extracted.polygons(6))[0], abs=0.006
    )
    assert cells[6] == "96.33"
    assert polygons.row(7, extracted, 3)[4:] == ["--"] * 3


def test_the_best_polygons_have_the_closed_form():
    for n in range(4, 17):
        theta = np.arctan(np.tan(np.pi / n) / 2)
        expected = 100 * (1.5 - n * theta / np.pi)
        assert polygons.best_accuracy(n) == pytest.approx(expected, abs=1e-12)


def test_irregularity_is_the_largest_deviation_from_120_degrees():
    assert points.irregularity(best_polygon(6)) == pytest.approx(0, abs=1e-9)
    stretched = best_polygon(6) * [1, np.sqrt(3)]
    angles = 2 * np.degrees(np.arctan(1))
    assert points.irregularity(stretched) == pytest.approx(120 - angles, abs=1e-6)


# Networks that train at once


def test_stacked_networks_are_each_network_alone():
    networks = deep.initial_networks("xavier", 1, 3, seed=0)
    flat = stacked.flatten(networks)
    X, y = torch.randn(3, 8, 2), torch.randint(2, (3, 8, 1)).float()
    losses = stacked.mean_losses(stacked.logits(flat, deep.WIDTHS, X), y)
    expected = [bce(network(x), t) for network, x, t in zip(networks, X, y)]
    torch.testing.assert_close(losses, torch.stack(expected))
    (gradient,) = torch.autograd.grad(losses.sum(), flat)
    for k, loss in enumerate(expected):
        own = torch.autograd.grad(loss, [*networks[k].parameters()])
        torch.testing.assert_close(gradient[k], torch.cat([g.flatten() for g in own]))


def test_an_epoch_trains_each_run_on_its_own_points_in_its_order():
    networks = deep.initial_networks("xavier", 1, 2, seed=0)
    flat = stacked.flatten(networks)
    X, y = torch.randn(2, 6, 2), torch.randint(2, (2, 6, 1)).float()
    orders = torch.stack([torch.randperm(6) for _ in range(2)])
    sgd = torch.optim.SGD([flat], lr=0.1)
    stacked.run_epoch([flat], deep.WIDTHS, sgd, X, y, orders, batch_size=4)
    for k, network in enumerate(networks):
        alone = torch.optim.SGD(network.parameters(), lr=0.1)
        for batch in orders[k].split(4):
            alone.zero_grad()
            bce(network(X[k, batch]), y[k, batch]).backward()
            alone.step()
        expected = torch.nn.utils.parameters_to_vector(network.parameters())
        torch.testing.assert_close(flat[k], expected)


def test_positive_deep_networks_start_convex_and_all_train():
    for init, least in (("xavier", -9), ("positive", 0)):
        networks = deep.initial_networks(init, 2, 3, seed=0)
        assert len(networks) == 6
        weights = [[*n.parameters()][::2] for n in networks]
        assert (
            min(W.min().item() for first, *others in weights for W in others) >= least
        )
        assert min(first.min().item() for first, *_ in weights) < 0
    options = SimpleNamespace(data_sets=2, networks=2, points=64, epochs=2, seed=0)
    trained = deep.train("positive", options)
    assert len(trained) == 4
    assert [W.shape for W in trained[0][0]] == [(2, 3), (3, 3), (3, 1)]
    starts_ = deep.initial_networks("positive", 2, 2, seed=0)
    x = np.random.default_rng(0).normal(size=(5, 2))
    for network, (weights, biases) in zip(starts_, trained):
        before = network(torch.tensor(x).float()).detach().numpy()
        after = network_logits(weights, biases, x)
        assert after.shape == (5, 1)
        assert 1e-3 < np.abs(after - before).max() < 1


# Adam and SGD


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
    assert accuracy[1, 1] == pytest.approx(
        training.accuracy(result.logits, *fresh), abs=0.01
    )


def test_failed_runs_are_counted_and_never_the_best():
    rates = len(optimizers.RATES["Adam"])
    before, after = np.full((2, rates, 3), 0.7)
    after[:] = 0.5
    after[1], after[2], after[3, 0] = 0.3, [0.1, 0.1, 0.2], np.nan
    after[4] = 0.8
    accuracy = np.linspace(0.9, 1, rates)[:, None] + np.zeros(3)
    options = SimpleNamespace(runs=3, epochs=256)
    sgd = (
        0 * before + 0.7,
        0 * before + 0.6,
        accuracy[[2] * rates] + [-0.02, 0.01, -0.02],
    )
    values = optimizers.summary(
        {"Adam": (before, after, accuracy), "SGD": sgd}, options
    )
    assert (values["OptimizerWins"], values["OptimizerGain"]) == (2, "1.00")
    assert values["OptimizerCut"] == (accuracy < 0.94).sum() + (sgd[2] < 0.94).sum()
    assert values["AdamBestRate"] == f"{optimizers.RATES['Adam'][2]:.2g}"
    assert values["AdamBestLoss"] == "0.1000"
    assert values["AdamBestFresh"] == f"{100 * accuracy[2, 0]:.1f}"
    assert (values["AdamFailed"], values["AdamRuns"]) == (4, 3 * rates)
    assert values["AdamFailedFrom"] == f"{optimizers.RATES['Adam'][3]:.2g}"


# Gradient flow


def test_gradient_flow_conserves_the_balances(monkeypatch):
    monkeypatch.setattr(descent, "TIME", 20)
    options = SimpleNamespace(points=64, networks=5, seed=0)
    changes, travel = descent.conservation(options)
    assert changes["Coarse"] == pytest.approx(2 * changes["Middle"], rel=0.1)
    assert changes["Middle"] == pytest.approx(2 * changes["Fine"], rel=0.1)
    assert travel > 50 * changes["Coarse"] > 0


def test_a_balance_is_a2_minus_w2_minus_b2():
    parameters = np.arange(1.0, 10)[
        :, None, None
    ]  # w = (1, 3), (2, 4); b = 5, 6; a = 7, 8
    expected = [49 - 1 - 9 - 25, 64 - 4 - 16 - 36]
    assert descent.balances(parameters).ravel().tolist() == expected


def test_the_margin_of_the_disc_in_the_hull_of_the_square_is_1_minus_the_radius():
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    assert descent.hull_margin(corners) == pytest.approx(1 - RADIUS)
    np.testing.assert_allclose(
        descent.rotated(np.array([1.0, 0]), np.pi / 2), [0, 1], atol=1e-15
    )


def test_deaths_and_changes_of_sign_are_counted(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 3)
    options = SimpleNamespace(points=50, networks=4, seed=0)
    counts = descent.survival(options)
    assert counts[:3] == (4 * 3 * descent.DATA_SETS, 0, 0)

    def kill(parameters, x, y, buffers):
        buffers[0].fill(1)
        buffers[0][:, 0, 0, 0] = -1  # one unit sees no point
        return np.where(np.arange(13) == 11, 30, 0)[:, None, None] + 0 * parameters

    monkeypatch.setattr(descent, "gradients", kill)  # a_3 falls below 0
    assert descent.survival(options)[1:3] == (1, 4 * descent.DATA_SETS)


def test_symmetric_descent_starts_symmetric_and_counts_empty_insides(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 30)
    options = SimpleNamespace(points=90, seed=1)
    losses, share, empty, asymmetry, corners = descent.symmetric(options)
    assert losses.shape == (31, descent.DATA_SETS)
    assert share[0] == pytest.approx(1 - circle_in_square(30, 1)[1].mean())
    assert asymmetry.max() < 1e-13
    assert (empty >= 1).all()  # at the start f(0) = 0
    assert set(corners) <= {0, 6}


# Training, and the answer


def test_a_logit_that_overflows_in_the_last_step_is_reported():
    X, y = np.zeros((1, 2)), np.zeros((1, 1))
    finite = iter([0.5, 0.4])
    result = training.Run(
        X, y, lambda: next(finite), lambda x: np.array([[np.inf]]), None, None
    )
    with pytest.raises(Diverged, match="logit not finite after epoch 2"):
        training.train(result, 2, show=False)


def test_accuracy_is_the_share_of_logits_of_the_right_sign():
    X, y = np.array([[-1.0], [0.3], [0.7]]), np.array([[0.0], [1.0], [0.0]])
    assert training.accuracy(lambda x: x, X, y) == pytest.approx(2 / 3)


def test_the_summary_of_trainings_has_medians_and_extremes():
    options = SimpleNamespace(points=9, epochs=2, runs=3, learning_rate=0.03)
    losses = np.array([[0.7, 0.1], [0.6, 0.3], [0.8, 0.2]])
    accuracies = np.array([[90, 80.0], [92, 84], [97, 83]])
    values = training.summary(options, losses, accuracies)
    expected = ["0.700", "0.100", "0.200", "0.300", "92.0", "80.0", "83.0", "84.0"]
    assert list(values.values())[4:] == expected
    assert [*values][4:] == [
        "FirstLoss",
        "LossMin",
        "LossMedian",
        "LossMax",
        "Accuracy",
        "FreshMin",
        "FreshMedian",
        "FreshMax",
    ]


def test_fresh_points_are_no_points_of_the_training():
    seen = []
    training.fresh_accuracy(lambda X: seen.append(X) or X[:, :1], 5)
    result = answer.make_run("NumPy", 5, 32)
    assert seen[0].shape == (training.FRESH_POINTS, 2)
    assert not np.isin(result.X, seen[0]).any()


@pytest.mark.parametrize("name", answer.EXERCISES)
def test_both_exercises_start_from_the_same_network(name):
    result = answer.make_run(name, 7, 32)
    weights, biases = result.layers()
    expected_weights, expected_biases = answer.make_run("NumPy", 7, 32).layers()
    pairs = zip([*weights, *biases], [*expected_weights, *expected_biases])
    for ours, reference in pairs:
        np.testing.assert_allclose(ours, reference, rtol=1e-6)
    logits = network_logits(weights, biases, result.X)
    np.testing.assert_allclose(result.logits(result.X), logits, atol=1e-6)
    result.run_epoch()
    assert not np.allclose(result.layers()[0][0], expected_weights[0])


@pytest.mark.parametrize("name", answer.EXERCISES)
def test_an_epoch_gives_the_mean_loss_over_all_points(name):
    script, options, _ = answer.EXERCISES[name]
    result = load(script).make_run(0, 70, 1e-30, **options)  # the last batch is small
    expected = bce(
        torch.tensor(result.logits(result.X)),
        torch.tensor(result.y).to(torch.tensor(result.logits(result.X)).dtype),
    )
    assert result.run_epoch() == pytest.approx(expected.item(), rel=1e-6)


def test_exercise_1_trains_four_times_as_many_epochs(monkeypatch):
    epochs = []
    monkeypatch.setattr(answer, "train", lambda run, n, *_, **__: epochs.append(n))
    monkeypatch.setattr(answer, "RUNS", 1)
    options = SimpleNamespace(epochs=256, points=8, seed=0, live=False, animation=None)
    answer.train_hexagons(options)
    assert epochs == [1024, 256]


def test_rows_of_the_answer_measure_the_hexagon():
    layers = NETWORKS.network(0)
    result = training.Run(None, None, None, lambda x: x[:, :1], lambda: layers, None)
    side, area = 1.4 / np.sqrt(3), 2 * np.sqrt(3) * 0.49
    exact = (
        f"{100 * (1 - disc_error(boundaries.find_boundary(*layers)[0].vertices)):.2f}"
    )
    name, seed, sides, angles, own_area, accuracy, fresh = answer.row(
        "NumPy", 3, result
    )
    assert (name, seed, sides) == ("NumPy", "3", f"{side:.2f}--{side:.2f}")
    assert (angles, own_area, accuracy) == ("120--120", f"{area:.3f}", exact)
    assert float(fresh) == pytest.approx(50, abs=1)
    open_ = training.Run(
        None, None, None, lambda x: x[:, :1], lambda: NETWORKS.network(3), None
    )
    assert answer.row("NumPy", 3, open_)[2] == "no hexagon"
    values = answer.summary({"NumPy": [result, open_]}, 3)
    assert values["HexagonNumPy"] == f"1 of {answer.RUNS}"
    assert values["HexagonBest"] == "96.33"
