"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import Ensemble
from decision_boundary.geometry import disc_error
from decision_boundary.shared import boundaries, exact, figures, training
from decision_boundary.shared.script import Diverged, load
from decision_boundary.study import data_sets
import numpy as np
import oracles
from oracles import EXACT, EXTRACTED, NETWORKS, SIDE, check, rows_of
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

NAMES = "starts", "polygons", "points", "deep", "descent"
SCRIPTS = [load(f"decision_boundary/study/{name}.py") for name in NAMES]
starts, polygons, points, deep, descent = SCRIPTS

NEGATIVE = NETWORKS._replace(output_weights=NETWORKS.output_weights * [1, 1, -1])
SIGNS = [[1, 1, -1], [-1, 1, -1], [1, 1, 1], [1, 1, 1], [1, 1, 1], [-1, 1, 1]]
INITIAL = NETWORKS._replace(output_weights=np.array(SIGNS))  # the fourth has a gap
CORNERS = np.tile([[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], (3, 1, 1))
STUDY = data_sets.Study(CORNERS, None, NETWORKS, EXTRACTED)
SETS = "--data-sets 3 --networks 2 --points 8 --seed 4"


@pytest.fixture
def trainings(monkeypatch):
    """Replace trainings by networks above, the digits of `which`, one text a training.

    Lists the points X and the options of each.
    """
    made_up = SimpleNamespace(calls=[], which=["012345"] * 2)

    def train_study(text, X, y, options, scale=1, **training):
        which = [*map(int, made_up.which[len(made_up.calls)])]
        assert len(which) == len(X) * options.networks
        made_up.calls.append((X, {**training, "scale": scale, "seed": options.seed}))
        found = [EXTRACTED.polylines[k] for k in which], EXTRACTED.corners[which]
        networks = Ensemble(*(array[which] for array in NETWORKS))
        return data_sets.Study(X, y, networks, boundaries.Boundaries(*found))

    monkeypatch.setattr(data_sets, "train_study", train_study)
    return made_up


@pytest.fixture
def drawn(monkeypatch):
    """Indices of the networks that draw_network draws."""
    shown = []

    def draw_network(ax, weights, biases, polylines):
        same = [polylines is lines for lines in EXTRACTED.polylines]
        shown.append(same.index(True))
        np.testing.assert_array_equal(biases[1], NETWORKS.output_biases[shown[-1]])

    monkeypatch.setattr(figures, "draw_network", draw_network)
    return shown


# What is counted


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


def test_two_units_with_one_hinge_are_not_confirmed():
    twice = np.c_[oracles.UNITS, oracles.UNITS[:, 0]], [0] * 4
    same = oracles.build(twice, ([1] * 4, [-0.5]))
    assert exact.exact_corners(*same) is None


def test_shares_are_those_of_each_data_set():
    shares = STUDY.polygons_by_set(6)
    np.testing.assert_allclose(shares, [[0, 0, 100], [0, 0, 50]])
    # standard deviation 57.735, over sqrt(3), times 1.96
    assert data_sets.share_cells(shares[0]) == ["33.3 +- 65.3", "0", "1 of 3"]
    assert data_sets.share_cells(shares[1, 2:]) == ["50.0 +- 0.0", "50", "0 of 1"]


def test_data_sets_have_seeds_in_a_row_and_boundaries_are_those_on_the_square(
    monkeypatch,
):
    def train_ensemble(seen, labels, progress, **options):
        np.testing.assert_array_equal(seen, 5 * X)
        assert labels is y
        assert options == {"networks": 2, "seed": 4, "init": "spread"}
        return NETWORKS._replace(hidden_weights=NETWORKS.hidden_weights / 5)

    monkeypatch.setattr(data_sets, "train_ensemble", train_ensemble)
    options = SimpleNamespace(networks=2, seed=4)
    X, y = data_sets.draw_data_sets(3, 10, seed=4)
    for d in range(3):
        for array, expected in zip((X[d], y[d]), circle_in_square(10, 4 + d)):
            np.testing.assert_array_equal(array, expected)
    study = data_sets.train_study("", X, y, options, 5, init="spread")
    assert (study.X is X, study.y is y) == (True, True)
    np.testing.assert_allclose(study.ensemble.hidden_weights, NETWORKS.hidden_weights)
    assert study.boundaries.corners.tolist() == EXTRACTED.corners.tolist()


# Initial weights, and what networks become


def test_numbers_of_starts(monkeypatch, numbers, trainings, drawn, capsys):
    def initial_ensemble(networks, init, seed):
        which = np.arange(networks) + (seed - 4) % 3 * 2  # twice the six
        a = INITIAL.output_weights
        start = INITIAL._replace(output_weights=np.abs(a) if init == "positive" else a)
        return Ensemble(*(array[which] for array in start))

    monkeypatch.setattr(starts, "initial_ensemble", initial_ensemble)
    ours = ["012345012345", "450123555555", "555554455052", "5501"]
    trainings.which = [*ours, 3 * "5420", 3 * "3455", 3 * "5545", "0123"]
    cases = [("xavier", 3), ("positive", 3), ("spread", 3), ("xavier", 4)]
    names = "Xavier", "Positive", "Spread", "XavierFour"
    monkeypatch.setattr(starts, "STARTS", dict(zip(names, cases)))
    monkeypatch.setattr(starts, "FEWER", 4)
    options = "--data-sets 6 --networks 2 --points 8 --epochs 5 --seed 4"
    values = numbers(starts, options)
    assert "worst     all  in the square [%]  worst" in capsys.readouterr().out
    X, _ = data_sets.draw_data_sets(6, 8, 4)
    for k, (seen, settings) in enumerate(trainings.calls):
        assert np.array_equal(seen, X if k % 4 < 3 else X[:2])  # a quarter, rounded up
        scale, rate = (1, 0.03) if k < 4 else (5 / RADIUS, 0.01)
        init, units = cases[k % 4]
        same = {"init": init, "hidden_units": units, "epochs": 5, "seed": 4}
        assert settings == {**same, "scale": scale, "learning_rate": rate}
    assert values.pop("StartTableOurs").split("\\\\\n")[2:] == [
        "spread, 3 units & 83.3 +- 20.7 & 50 & 4 of 6 & 66.7 +- 20.7 & 50 & 2 of 6",
        "xavier, 4 units & 50.0 +- 98.0 & 0 & 1 of 2 & 50.0 +- 98.0 & 0 & 1 of 2",
    ]
    assert values.pop("StartTableArchive").split("\\\\\n")[1] == (
        "positive, 3 units & 75.0 +- 21.9 & 50 & 3 of 6 & 50.0 +- 43.8 & 0 & 3 of 6"
    )
    assert values.pop("PredictTable").split("\\\\\n") == [
        "3 & yes & 2 & 4 & 50.0",
        "3 & no & 0 & 2 & 0.0",
        "2 & yes & 2 & 4 & 50.0",
        "1 & yes & 0 & 2 & 0.0",
    ]
    assert rows_of(values.pop("CauseTable"))[0] == ["all positive", *"4222", "10"]
    check(
        values,
        "StartDataSets 6, StartFewSets 2, StartNetworks 2, StartTotal 12, "
        "StartInside 66.7, StartInsideWorst 50, StartAllSets 4, "
        "StartOursXavier 33.3, StartOursXavierWorst 0, StartOursPositive 66.7, "
        "StartOursPositiveWorst 0, StartOursSpread 83.3, StartOursSpreadWorst 50, "
        "StartOursXavierFour 50.0, StartOursXavierFourWorst 0, "
        "StartArchiveXavier 50.0, StartArchiveXavierWorst 0, "
        "StartArchivePositive 75.0, StartArchivePositiveWorst 50, "
        "StartArchiveSpread 100.0, StartArchiveSpreadWorst 100, "
        "StartArchiveXavierFour 0.0, StartArchiveXavierFourWorst 0, "
        "PredictSure 7 of 10, PredictOther 1 of 2, "
        "CauseFailed 8, CauseDeadNegative 2 of 2, CauseFourCorners 0 of 0, "
        "CauseDeadOne 2, CauseDeadTwo 0, CauseDeadThree 0",
    )


def test_units_and_boundaries_are_classified():
    assert np.argwhere(starts.dead_units(STUDY)).tolist() == [[1, 2]]
    far = STUDY._replace(
        X=CORNERS * [[[100]], [[1]], [[1]]]
    )  # the first set reaches it
    assert not starts.dead_units(far).any()
    four = EXTRACTED._replace(corners=np.where(EXTRACTED.corners == 5, 4, 0))
    negative = STUDY._replace(ensemble=NEGATIVE, boundaries=four)
    values = starts.cause_summary(INITIAL, negative)
    rows = rows_of(values["CauseTable"])
    assert [row[0] for row in rows] == [*starts.ENDS_WITH]
    assert [row[1:] for row in rows] == [[*"00000"], [*"03115"], [*"00101"]]
    assert values["CauseFourCorners"] == "1 of 3"  # hexagons count as closed here


def test_the_figure_shows_the_first_network_of_the_most_frequent_sorts(drawn):
    figure = starts.draw(STUDY)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "all positive,\nhexagon 33.3 %"
    assert "dead unit,\nopen 16.7 %" in titles
    assert (drawn[0], sorted(drawn)) == (4, [0, 1, 2, 3, 4])


# Polygons, points


def test_numbers_and_figure_of_polygons(monkeypatch, numbers, trainings, drawn, capsys):
    figures_drawn, draw = [], polygons.draw
    monkeypatch.setattr(polygons, "HIDDEN_UNITS", (2, 3))
    assert polygons.CONFIRMED == 5  # as in the report
    monkeypatch.setattr(polygons, "CONFIRMED", 1)  # networks 0, 2 and 4
    monkeypatch.setattr(polygons, "draw", lambda s: figures_drawn.append(draw(s)))
    values = numbers(polygons, f"{SETS} --epochs 5")
    hexagons = ["3", "6", "33.3 +- 65.3", "1 of 3"]
    hexagons += [f"{1.7 / 2 * SIDE:.2f}", EXACT, "96.33"]
    table = [["2", "4", "0.0 +- 0.0", "0 of 3", "--", "--", "--"], hexagons]
    assert rows_of(values.pop("PolygonsTable")) == table
    check(
        values,
        "PolygonsNetworks 2, PolygonsDataSets 3, PolygonsLeast 33.3, ExactPolygons 2 "
        "of 1",
    )
    X, _ = data_sets.draw_data_sets(3, 8, 4)
    for H, (seen, settings) in zip((2, 3), trainings.calls, strict=True):
        assert np.array_equal(seen, X)
        assert settings == {"hidden_units": H, "epochs": 5, "scale": 1, "seed": 4}
    [figure] = figures_drawn
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:2] == ["$H = 2$: no polygon", "$H = 3$: 6-gon, 2 of 6"]
    assert drawn == [0, 4]
    best, trained = (line.get_xydata() for line in figure.axes[-1].lines)
    np.testing.assert_allclose(trained, [[3, float(EXACT)]], atol=0.005)
    np.testing.assert_allclose(best, [[3, 96.33]], atol=0.005)


def test_numbers_of_points(monkeypatch, numbers, trainings, capsys):
    few, many = points.CASES[1], points.CASES[-1]
    assert (few, many) == ((512, 64, 0.03), (8192, 512, 0.03))
    changes = [sum(a != b for a, b in zip(case, few)) for case in points.CASES]
    assert changes == [1, 0, 1, 1, 1, 2]  # one at a time, but for the last
    monkeypatch.setattr(points, "CASES", [(8, 8, 0.3), (64, 16, 0.1), (32, 8, 0.2)])
    measured = np.arange(101) / 2
    monkeypatch.setattr(
        points, "accuracies", lambda h: measured[: 101 * len(h)] * len(h)
    )
    monkeypatch.setattr(
        points, "interior_angles", lambda v: np.array([100 - v.max(), 130])
    )
    trainings.which = ["000000", "012345", "444450"]
    values = numbers(points, "--data-sets 3 --networks 2 --steps 256 --seed 4")
    X, y = data_sets.draw_data_sets(3, 64, 4)
    losses = []
    for k in range(6):
        logits = oracles.network_logits(*NETWORKS.network(k), X[k // 2])
        losses.append(bce(torch.tensor(logits), torch.tensor(y[k // 2])))
    none, few, many = rows_of(values.pop("PointsTable"))
    assert none[3:] == ["0 of 6", none[4], "--", "--", "--"]
    assert few[:5] == ["64", "16", "0.1", "2 of 6", f"{np.median(losses):.4f}"]
    # Their first corners' x or y are SIDE and 0.7 SIDE
    assert few[5:] == [f"{20 + 0.85 * SIDE:.1f}", "50.00", "5.00 to 95.00"]
    assert many[5:] == [f"{20 + SIDE:.1f}", "125.00", "12.50 to 237.50"]
    check(
        values,
        "PointsDataSets 3, PointsNetworks 2, PointsSteps 256, PointsFewAngle "
        f"{few[5]}, PointsMany 32, PointsManyBatch 8, PointsManyAngle {many[5]}, "
        "PointsManyAccuracy 125.00",
    )
    seen, settings = trainings.calls[1]
    assert np.array_equal(seen, X)
    expected = {"epochs": 64, "batch_size": 16, "learning_rate": 0.1}  # 4 steps each
    assert settings == {**expected, "scale": 1, "seed": 4}


# Networks that train at once


def test_deep_networks_train_as_in_exercise_2_and_positive_ones_start_convex():
    exercise, streams = deep.exercise, training.streams
    torch.manual_seed(streams(4)[1])  # the second data set's
    _, network = (exercise.net.FeedForwardNetwork(hidden_size=3) for _ in range(2))
    assert network.layers[1].weight.min() < 0
    for layer in network.layers[1:]:
        layer.weight.data.abs_()
    options = SimpleNamespace(data_sets=2, networks=2, points=70, epochs=2, seed=3)
    trained = deep.train("positive", options)[3]
    X, y = (torch.tensor(array).float() for array in circle_in_square(70, 4))
    order = torch.Generator().manual_seed(streams(3)[2])
    adam = exercise.optimizer.Adam(network.parameters(), exercise.LEARNING_RATE)
    for _ in range(2):
        exercise.run_epoch(network, adam, X, y, order)
    for actual, expected in zip(trained, exercise.layers(network), strict=True):
        for array, reference in zip(actual, expected, strict=True):
            np.testing.assert_allclose(array, reference, rtol=1e-4, atol=1e-5)


def test_numbers_of_deep_networks(monkeypatch, numbers, capsys):
    units = np.array([[1, 0, -1, 0], [0, 1, 0, -1]])
    heptagon = oracles.build((units, [0.125] * 4), ([1, 1, 2, 2], [-1]))
    trained = {"xavier": [NETWORKS.network(k) for k in range(6)]}
    trained["positive"] = [heptagon, *trained["xavier"][4:], *trained["xavier"][3:]]
    monkeypatch.setattr(deep, "train", lambda init, options: trained[init])
    check(
        numbers(deep, SETS),
        "DeepXavier 33.3 +- 65.3, DeepXavierMore 0 of 6, DeepPositive 66.7 +- 32.7, "
        "DeepPositiveMore 1 of 6, DeepDataSets 3, DeepNetworks 2",
    )
    rows = capsys.readouterr().out.splitlines()
    assert rows[-1].split() == ["positive", "66.7", "+-", "32.7", "50", "1", "of", "6"]


# Gradient descent

OPTIONS = SimpleNamespace(points=90, data_sets=6, networks=4, seed=1)


def test_deaths_and_changes_of_sign_are_counted(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 3)
    assert descent.survival(OPTIONS) == (4 * 3 * 6, 0, 0)

    def kill(parameters, x, y, buffers):
        buffers[0].fill(1)
        if parameters[11].min() > 0:  # at first, one unit sees no point
            buffers[0][:, 0, 0, 0] = -1
        return np.where(np.arange(13) == 11, 30, 0)[:, None, None] + 0 * parameters

    monkeypatch.setattr(descent, "gradients", kill)  # a_3 falls below 0
    assert descent.survival(OPTIONS) == (4 * 3 * 6, 1, 4 * 6)


def test_losses_and_asymmetry_of_known_units(monkeypatch):
    def descend(parameters, X, y, text):
        w, a, c = descent.split(parameters)
        np.testing.assert_allclose(np.hypot(w[0], w[1]), a)
        points = X @ [1, 1j]
        turns = np.exp(2j * np.pi / 3 * np.arange(3)[:, None])
        for thrice, own in zip(points, points[:, :30]):
            np.testing.assert_allclose(thrice, (turns * own).ravel())
        for c[:] in (0, 0.1):
            yield np.zeros((90, 3, 6, 1))
        w[2], c[:] = 0.1, -0.3
        w[2, 1, 0] += 0.1
        a[2, 1] += 0.3
        w[0, 0, 2] += 0.4

    monkeypatch.setattr(descent, "descend", descend)
    losses, share, asymmetry, corners = descent.symmetric(OPTIONS)
    np.testing.assert_allclose(losses[1], np.log1p(np.exp(0.1)) - 0.1 * (1 - share))
    np.testing.assert_allclose(asymmetry, [0.1, 0.3, 0.4, 0, 0, 0], atol=1e-14)
    assert corners.tolist() == [0, 6, 6, 6, 6, 6]
    assert share[5] == pytest.approx(1 - circle_in_square(30, 6)[1].mean())


def test_numbers_of_the_descent(monkeypatch, numbers, capsys):
    losses = np.full((3, 6), 0.9) - np.arange(3)[:, None] / 4  # 0.9, 0.65, 0.4
    losses[1, 0], losses[:, 1] = 0.95, [0.8, 0.5, 0.4]
    share = np.full(6, 0.6)  # 0.6 log 2 = 0.42; log 2 + 0.2 = 0.893
    share[1], losses[0, 2] = 0.8, 0.8
    corners = np.array([6, 6, 0, 5, 6, 6])
    symmetric = losses, share, np.arange(6) * 1e-9, corners
    monkeypatch.setattr(descent, "survival", lambda _: (7, 1, 2))
    monkeypatch.setattr(descent, "symmetric", lambda _: symmetric)
    check(
        numbers(descent, "--points 70 --seed 3"),
        "DescentRate 0.1, DescentSteps 1500, DescentSets 6, DescentUnits 7, "
        "DescentDeaths 1, DescentChanges 2, SymmetricPoints 69, SymmetricFalls 5 of 6, "
        "SymmetricHexagons 4 of 6, SymmetricGap 2 of 6, SymmetricBelowFirst 1, "
        "SymmetricBelowLast 2, SymmetricAsymmetry 5.0e-09",
    )
