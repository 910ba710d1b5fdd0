"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import Ensemble
from decision_boundary.geometry import best_polygon, disc_error
from decision_boundary.shared import boundaries, training
from decision_boundary.shared.script import Diverged, load
from decision_boundary.study import data_sets
import numpy as np
from oracles import (
    EXACT,
    EXTRACTED,
    HALF,
    NETWORKS,
    SIDE,
    UNITS,
    check,
    ensemble,
    network_logits,
    rows_of,
)
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

NAMES = "starts", "polygons", "points", "deep", "descent"
SCRIPTS = [load(f"decision_boundary/study/{name}.py") for name in NAMES]
starts, polygons, points, deep, descent = SCRIPTS
answer = load("decision_boundary/main.py")
optimizers = load("PyTorch-FeedForward/compare_optimizers.py")

NEGATIVE = NETWORKS._replace(output_weights=NETWORKS.output_weights * [1, 1, -1])
INITIAL = ensemble(
    (UNITS, [0, 0, 0], [1, 1, -1.1], 0),
    (HALF, [0, 0, 0], [-1.1, 1, -1.1], 0),  # balance above 0, twice
    (UNITS, [0, 0, 0], [1, 1, 1], 0),
    (UNITS, [0, 0, 0], [1, 1, 1], 0),
    (UNITS, [0, 0, 0], [0.1, 1, 1], 0),
    (HALF, [0, 0, 0], [-0.1, 1, 1], 0),  # balance below 0
)
THREE_SETS = "--data-sets 3 --networks 2 --points 8 --epochs 5 --seed 4"


@pytest.fixture
def trainings(monkeypatch):
    """Replace trainings by the networks above; lists (points, their scale, options)."""
    calls = []

    def train_and_extract(text, X, y, scale=1, **options):
        calls.append((X, scale, options))
        return NETWORKS, EXTRACTED

    for script in starts, polygons, points:
        monkeypatch.setattr(script, "train_and_extract", train_and_extract)
    return calls


@pytest.fixture
def drawn(monkeypatch):
    """Indices of the networks that draw_network draws."""
    shown = []

    def draw_network(ax, weights, biases, polylines):
        same = [polylines is lines for lines in EXTRACTED.polylines]
        shown.append(same.index(True))
        np.testing.assert_array_equal(biases[1], NETWORKS.output_biases[shown[-1]])

    for script in starts, polygons:
        monkeypatch.setattr(script, "draw_network", draw_network)
    return shown


# Boundaries


def test_corners_are_those_of_one_convex_polygon():
    assert EXTRACTED.corners.tolist() == [0, 0, 5, 0, 6, 6]
    hexagons = EXTRACTED.polygons(6)
    assert boundaries.in_square(hexagons).tolist() == [False, True]
    [accuracy] = boundaries.accuracies(hexagons)
    assert accuracy == pytest.approx(100 * (1 - disc_error(hexagons[1])))
    two = EXTRACTED.polylines[5] + EXTRACTED.polylines[4]
    assert boundaries.count_corners(two) == 0


def test_zeros_that_are_no_curve_count_as_none_and_nan_is_reported():
    assert boundaries.find_boundary([np.zeros((2, 1))], [np.zeros(1)]) == []
    broken = NETWORKS._replace(output_biases=np.full(6, np.nan))
    with pytest.raises(Diverged, match="not finite"):
        boundaries.extract_all(broken)


def test_wilson_intervals_are_those_of_the_textbook():
    assert boundaries.wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert boundaries.wilson(200, 200) == pytest.approx((0.9812, 1), abs=1e-4)
    assert boundaries.wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


# Counts over data sets


def test_shares_are_those_of_each_data_set():
    shares = data_sets.polygons_by_set(EXTRACTED, 6, 3)
    np.testing.assert_allclose(shares, [[0, 0, 100], [0, 0, 50]])
    assert data_sets.all_sets(shares[0]) == "1 of 3"
    # standard deviation 57.735, over sqrt(3), times 1.96
    assert data_sets.mean_and_error(shares[0]) == "33.3 +- 65.3"
    assert data_sets.mean_and_error(shares[0][2:]) == "100.0 +- 0.0"


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
    assert found.corners.tolist() == EXTRACTED.corners.tolist()


# Initial weights, and what networks become

CORNERS = np.tile([[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], (3, 1, 1))
CASE = starts.Case(CORNERS, INITIAL, NETWORKS, EXTRACTED)


def test_every_start_trains_on_its_data_sets_at_its_scale(monkeypatch, trainings):
    def part(seed, **same):
        return Ensemble(*(array[seed - 4 : seed - 3] for array in INITIAL))

    monkeypatch.setattr(starts, "initial_ensemble", part)
    options = SimpleNamespace(data_sets=6, points=8, networks=1, epochs=5, seed=4)
    shares, cases = starts.train_all(options)
    X, _ = data_sets.draw_data_sets(6, 8, seed=4)
    assert starts.SCALES == {"ours": (1, 0.03), "archive": (5 / RADIUS, 0.01)}
    assert [*shares] == [(*start, k) for k in starts.SCALES for start in starts.STARTS]
    for (init, units, scale), call in zip(shares, trainings, strict=True):
        sets = 6 if units == 3 else 2  # a fifth, rounded up
        np.testing.assert_array_equal(call[0], X[:sets])
        same = {"init": init, "hidden_units": units, "networks": 1}
        same |= {"seed": 4, "epochs": 5, "learning_rate": starts.SCALES[scale][1]}
        assert call[1:] == (starts.SCALES[scale][0], same)
        assert shares[init, units, scale].shape == (2, sets)
    assert [*cases] == ["xavier", "positive", "spread"]
    np.testing.assert_array_equal(cases["spread"].start.output_weights, INITIAL[2])


def test_numbers_of_a_start_are_means_and_worst_data_sets():
    keys = [(*start, scale) for scale in starts.SCALES for start in starts.STARTS]
    shares = {
        key: np.array([[100, 80 + i, 60 + i], [100, 50, 30 + i]])
        for i, key in enumerate(keys)
    }
    shares["spread", 3, "ours"] = np.array([[100, 100, 100], [100, 50, 100]])
    values = starts.start_summary(shares, SimpleNamespace(data_sets=6, networks=10))
    row = "spread, 3 units & 100.0 +- 0.0 & 100 & 3 of 3 & 83.3 +- 32.7 & 50 & 2 of 3"
    assert values["StartTableOurs"].split("\\\\\n")[2] == row
    row = "xavier, 4 units & 86.0 +- 17.8 & 69 & 1 of 3 & 63.0 +- 36.8 & 39 & 1 of 3"
    assert values["StartTableArchive"].split("\\\\\n")[3] == row
    assert (values["StartInside"], values["StartInsideWorst"]) == ("83.3", "50")
    assert (values["StartAllSets"], values["StartAllLow"]) == (3, "18.8")  # 3 of 6
    names = "Total", "DataSets", "FewSets", "Networks", "OursXavier", "OursXavierWorst"
    expected = [60, 6, 2, 10, "80.0", "60"]
    assert [values[f"Start{name}"] for name in names] == expected
    assert values["StartArchiveXavierFour"] == "86.0"
    assert values["StartArchiveXavierSixWorst"] == "71"


def test_predictions_count_hexagons_by_signs_and_directions():
    start = INITIAL._replace(output_weights=np.abs(INITIAL.output_weights))
    cases = {"xavier": CASE._replace(end=NEGATIVE)}
    cases["positive"] = CASE._replace(start=start)
    assert starts.prediction_summary(cases) == {
        "PredictTable": "3 & yes & 1 & 3 & 33.3\\\\\n2 & yes & 0 & 1 & 0.0\\\\\n"
        "2 & no & 1 & 1 & 100.0\\\\\n1 & no & 0 & 1 & 0.0",
        "PredictSure": "1 of 4",
        "PredictOther": "1 of 2",
        "ChangedPositive": "4 of 14",
        "ChangedNegativeAbove": "1 of 3",
        "ChangedNegativeBelow": "1 of 1",
    }


def test_dead_units_are_those_that_no_point_of_their_data_set_activates():
    assert np.argwhere(starts.dead_units(CASE)).tolist() == [[1, 2]]
    far = CASE._replace(X=CORNERS * [[[100]], [[1]], [[1]]])  # the first set reaches it
    assert not starts.dead_units(far).any()


def test_shapes_and_causes_become_the_table():
    values = starts.cause_summary(CASE)
    assert rows_of(values.pop("CauseTable")) == [
        ["all positive", "2", "1", "1", "1", "5"],
        ["negative weight", "0", "0", "0", "0", "0"],
        ["dead unit", "0", "0", "1", "0", "1"],
    ]
    check(
        values,
        "CauseFailed 4, CauseDeadNegative 1 of 1, CauseFourCorners 0 of 0, "
        "CauseDeadOne 1, CauseDeadTwo 0, CauseDeadThree 0",
    )
    assert starts.causes(CASE._replace(end=NEGATIVE)).tolist() == [1, 2, 1, 1, 1, 1]
    four = EXTRACTED._replace(corners=np.where(EXTRACTED.corners == 5, 4, 0))
    values = starts.cause_summary(CASE._replace(end=NEGATIVE, boundaries=four))
    assert values["CauseFourCorners"] == "1 of 3"  # hexagons count as closed then


def test_the_figure_shows_the_first_network_of_the_most_frequent_sorts(drawn):
    figure = starts.draw(CASE)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "all positive,\nhexagon 33.3 %"
    assert titles[4] == "dead unit,\nopen 16.7 %"
    assert drawn == [4, 2, 3, 0, 1]


def test_first_networks_of_each_data_set_are_confirmed(monkeypatch, capsys):
    assert (starts.CONFIRMED, polygons.CONFIRMED) == (10, 5)  # as in the report
    monkeypatch.setattr(starts, "CONFIRMED", 1)  # networks 0, 2 and 4
    more = CASE._replace(boundaries=EXTRACTED._replace(corners=np.full(6, 6)))
    values = starts.exact_summary({"xavier": CASE, "spread": more})
    assert values == {"ExactStarts": "2 of 4"}
    assert "2 of 4 hexagons, 0 in the square" in capsys.readouterr().out


def test_numbers_of_starts_are_those_of_the_xavier_case(monkeypatch, numbers, capsys):
    cases = {"xavier": CASE, "positive": CASE._replace(end=NEGATIVE)}
    monkeypatch.setattr(starts, "train_all", lambda options: (options.networks, cases))
    monkeypatch.setattr(starts, "start_summary", lambda shares, _: {"Start": shares})
    expected = starts.prediction_summary(cases) | starts.cause_summary(CASE)
    expected |= starts.exact_summary(cases) | {"Start": 2}
    assert numbers(starts, THREE_SETS) == expected


# Polygons, points


def test_the_table_of_2h_gons(monkeypatch, numbers, trainings, capsys):
    monkeypatch.setattr(polygons, "HIDDEN_UNITS", (2, 3))
    monkeypatch.setattr(polygons, "CONFIRMED", 1)  # networks 0, 2 and 4
    monkeypatch.setattr(polygons, "draw", lambda result: None)
    values = numbers(polygons, THREE_SETS)
    hexagons = ["3", "6", "33.3 +- 65.3", "1 of 3"]
    hexagons += [f"{1.7 / 2 * SIDE:.2f}", EXACT, "96.33"]
    table = [["2", "4", "0.0 +- 0.0", "0 of 3", "--", "--", "--"], hexagons]
    assert rows_of(values.pop("PolygonsTable")) == table
    check(
        values,
        "PolygonsNetworks 2, PolygonsDataSets 3, PolygonsLeast 33.3, ExactPolygons 2 "
        "of 1",
    )
    for H, (X, scale, options) in zip((2, 3), trainings, strict=True):
        np.testing.assert_array_equal(X, data_sets.draw_data_sets(3, 8, 4)[0])
        same = {"hidden_units": H, "networks": 2, "epochs": 5, "seed": 4}
        assert (scale, options) == (1, same)


def test_the_figure_shows_the_first_polygon_of_each_size(drawn):
    figure = polygons.draw({H: (NETWORKS, EXTRACTED) for H in (2, 3)})
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:2] == ["$H = 2$: no polygon", "$H = 3$: 6-gon, 2 of 6"]
    assert drawn == [0, 4]
    best, trained = (line.get_xydata() for line in figure.axes[-1].lines)
    np.testing.assert_allclose(trained, [[3, float(EXACT)]], atol=0.005)
    np.testing.assert_allclose(best, [[3, 96.33]], atol=0.005)


def test_irregularity_is_the_largest_deviation_from_120_degrees():
    stretched = best_polygon(6) * [1, np.sqrt(3)]
    assert points.irregularity(stretched) == pytest.approx(30)  # two angles of 90


def test_rows_of_points_measure_the_hexagons(monkeypatch, trainings):
    def accuracies(hexagons):
        return np.arange(101.0) if len(hexagons) == 2 else []

    monkeypatch.setattr(points, "accuracies", accuracies)
    monkeypatch.setattr(points, "irregularity", np.max)
    options = SimpleNamespace(data_sets=3, networks=2, steps=256, seed=4)
    X, y = data_sets.draw_data_sets(3, 64, 4)
    losses = []
    for k in range(6):
        logits = network_logits(*NETWORKS.network(k), X[k // 2])
        losses.append(bce(torch.tensor(logits), torch.tensor(y[k // 2])))
    cells = points.row(64, 16, 0.1, options)
    assert cells[:5] == ["64", "16", "0.1", "2 of 6", f"{np.median(losses):.4f}"]
    assert cells[5:] == [f"{1.7 / 2 * SIDE:.1f}", "50.00", "5.00 to 95.00"]
    [(seen, _, same)] = trainings
    np.testing.assert_array_equal(seen, X)
    assert (same["epochs"], same["seed"]) == (64, 4)  # 256 steps, 4 in each epoch
    assert (same["networks"], same["batch_size"], same["learning_rate"]) == (2, 16, 0.1)
    monkeypatch.setattr(points, "accuracies", lambda hexagons: [])
    assert points.row(64, 16, 0.1, options)[5:] == ["--", "--", "--"]


def test_points_batches_and_rates_vary_one_at_a_time(monkeypatch, numbers):
    def row(*case):
        return [f"{points.CASES.index(case[:-1])}.{column}" for column in range(8)]

    base, many = points.CASES[1], points.CASES[-1]
    assert (base, many) == ((512, 64, 0.03), (8192, 512, 0.03))
    assert [rate for _, _, rate in points.CASES[:3]] == [0.01, 0.03, 0.1]
    changes = [sum(a != b for a, b in zip(case, base)) for case in points.CASES]
    assert changes == [1, 0, 1, 1, 1, 2]
    assert many[:2] == (points.CASES[4][0], points.CASES[3][1])
    monkeypatch.setattr(points, "row", row)
    values = numbers(points, "--data-sets 3 --networks 2 --steps 300")
    assert [r[0] for r in rows_of(values.pop("PointsTable"))][-1] == "5.0"
    check(
        values,
        "PointsDataSets 3, PointsNetworks 2, PointsSteps 300, PointsFewAngle 1.5, "
        "PointsMany 5.0, PointsManyBatch 5.1, PointsManyAngle 5.5, PointsManyAccuracy "
        "5.6",
    )


# Networks that train at once


def test_deep_networks_train_as_in_exercise_2_and_positive_ones_start_convex():
    exercise, streams = deep.exercise, training.streams
    torch.manual_seed(streams(4)[1])  # the second data set's
    _, network = (exercise.net.FeedForwardNetwork(hidden_size=3) for _ in range(2))
    assert network.layers[1].weight.min() < 0
    for layer in network.layers[1:]:
        layer.weight.data.abs_()
    options = SimpleNamespace(data_sets=2, networks=2, points=70, epochs=2, seed=3)
    weights, biases = deep.train("positive", options)[3]
    X, y = (torch.tensor(array).float() for array in circle_in_square(70, 4))
    order = torch.Generator().manual_seed(streams(3)[2])
    adam = exercise.optimizer.Adam(network.parameters(), exercise.LEARNING_RATE)
    for _ in range(2):
        exercise.run_epoch(network, adam, X, y, order)
    pairs = zip([weights, biases], exercise.layers(network))
    for actual, expected in pairs:
        for array, reference in zip(actual, expected, strict=True):
            np.testing.assert_allclose(array, reference, rtol=1e-4, atol=1e-5)


def test_deep_polygons_are_counted_by_start(monkeypatch, numbers):
    spread = 2 * np.pi / 5 * np.arange(5)
    decagon = ensemble(
        (np.array([np.cos(spread), np.sin(spread)]), np.zeros(5), np.ones(5), -0.7)
    ).network(0)
    trained = {"xavier": [NETWORKS.network(k) for k in range(6)]}
    trained["positive"] = [*trained["xavier"][:3], decagon, *trained["xavier"][4:]]
    seen = []

    def train(init, options):
        seen.append((options.data_sets, options.networks, options.points))
        return trained[init]

    monkeypatch.setattr(deep, "train", train)
    check(
        numbers(deep, "--data-sets 3 --networks 2 --points 8"),
        "DeepXavier 33.3 +- 65.3, DeepXavierMore 0 of 6, DeepPositive 33.3 +- 65.3, "
        "DeepPositiveMore 1 of 6, DeepDataSets 3, DeepNetworks 2",
    )
    assert seen == 2 * [(3, 2, 8)]


# Gradient flow


def test_gradient_flow_conserves_the_balances(monkeypatch):
    balances, shapes = descent.balances, set()

    def seen(parameters):
        shapes.add(parameters.shape)
        return balances(parameters)

    monkeypatch.setattr(descent, "balances", seen)
    monkeypatch.setattr(descent, "TIME", 20)
    options = SimpleNamespace(points=64, networks=5, seed=0)
    changes, travel = descent.conservation(options)
    assert changes["Coarse"] == pytest.approx(2 * changes["Middle"], rel=0.1)
    assert changes["Middle"] == pytest.approx(2 * changes["Fine"], rel=0.1)
    assert travel > 50 * changes["Coarse"] > 0
    assert shapes == {(13, 1, 5)}  # five networks 2-3-1


def test_a_balance_is_a2_minus_w2_minus_b2():
    # w = (1, 3), (2, 4); b = 5, 6; a = 7, 8
    parameters = np.arange(1.0, 10)[:, None, None]
    expected = [49 - 1 - 9 - 25, 64 - 4 - 16 - 36]
    assert descent.balances(parameters).ravel().tolist() == expected


def test_the_margin_of_the_disc_in_the_hull_of_the_square_is_1_minus_the_radius():
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    assert descent.hull_margin(corners) == pytest.approx(1 - RADIUS)
    turned = descent.rotated(np.array([1.0, 0]), np.pi / 2)
    np.testing.assert_allclose(turned, [0, 1], atol=1e-15)


def test_deaths_and_changes_of_sign_are_counted(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 3)
    options = SimpleNamespace(points=50, networks=4, seed=0)
    *counts, margin = descent.survival(options)
    assert counts == [4 * 3 * 6, 0, 0]
    X, _ = data_sets.draw_data_sets(6, 50, 0)
    assert margin == min(descent.hull_margin(x) for x in X)

    def kill(parameters, x, y, buffers):
        buffers[0].fill(1)
        buffers[0][:, 0, 0, 0] = -1  # one unit sees no point
        return np.where(np.arange(13) == 11, 30, 0)[:, None, None] + 0 * parameters

    monkeypatch.setattr(descent, "gradients", kill)  # a_3 falls below 0
    assert descent.survival(options)[1:3] == (1, 4 * 6)


def test_symmetric_descent_stays_symmetric(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 30)
    options = SimpleNamespace(points=90, seed=1)
    losses, share, _, asymmetry, corners = descent.symmetric(options)
    assert losses.shape == (31, 6)
    assert share[0] == pytest.approx(1 - circle_in_square(30, 1)[1].mean())
    assert asymmetry.max() < 1e-13
    assert set(corners) <= {0, 6}


def test_an_inside_is_empty_where_the_logit_is_positive_at_the_origin(monkeypatch):
    def descend(parameters, X, y, text):
        w, a, c = descent.split(parameters)
        assert a[0, 0] == pytest.approx(2 / np.sqrt(5))
        # Logits at 0: 0, 0.1 and 6 / sqrt(5) * 0.1 - 0.3 = -0.03
        for w[2], c[:] in [(0, 0), (-0.1, 0.1), (0.1, -0.3)]:
            yield np.zeros((90, 3, 6, 1))

    monkeypatch.setattr(descent, "descend", descend)
    options = SimpleNamespace(points=90, seed=1)
    losses, share, empty, _, corners = descent.symmetric(options)
    assert (empty.tolist(), corners.tolist()) == (6 * [2], 6 * [6])
    np.testing.assert_allclose(losses[1], np.log1p(np.exp(0.1)) - 0.1 * (1 - share))


def test_numbers_of_the_descent(monkeypatch, numbers, capsys):
    losses = np.full((3, 6), 0.9) - np.arange(3)[:, None] / 4  # 0.9, 0.65, 0.4
    losses[1, 0], losses[:, 1] = 0.95, [0.9, 0.5, 0.4]
    share = np.full(6, 0.6)  # 0.6 log 2 = 0.42; log 2 + 0.2 = 0.893
    share[1], losses[0, 2], share[2] = 0.8, 0.8, 0.6
    empty, asymmetry = np.arange(6), np.arange(6) * 1e-9
    corners = np.array([6, 6, 0, 5, 0, 6])
    changes = {"Coarse": 0.04, "Middle": 0.02, "Fine": 0.01}
    monkeypatch.setattr(descent, "conservation", lambda _: (changes, 2.5))
    monkeypatch.setattr(descent, "survival", lambda _: (7, 1, 2, 0.123))
    symmetric = losses, share, empty, asymmetry, corners
    monkeypatch.setattr(descent, "symmetric", lambda _: symmetric)
    check(
        numbers(descent, "--points 70 --seed 3"),
        "BalanceRateCoarse 0.2, BalanceRateMiddle 0.1, BalanceRateFine 0.05, "
        "BalanceDriftCoarse 4.0e-02, BalanceDriftMiddle 2.0e-02, BalanceDriftFine "
        "1.0e-02, BalanceTravel 2.5, DescentRate 0.1, DescentSteps 1500, DescentSets "
        "6, DescentUnits 7, DescentDeaths 1, DescentChanges 2, DescentMargin 0.12, "
        "SymmetricPoints 69, SymmetricFalls 5 of 6, SymmetricHexagons 3 of 6, "
        "SymmetricGap 2 of 6, SymmetricEmpty 5, SymmetricBelowFirst 1, "
        "SymmetricBelowLast 2, SymmetricAsymmetry 5.0e-09",
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert " ".join(last.split()) == "8 0.900 0.400 2 -0.007 5 5.0e-09 6"
