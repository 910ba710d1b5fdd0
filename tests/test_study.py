"""Exercise 3's experiments: what they count, on networks whose boundaries are known."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import Ensemble, train_ensemble
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

SIGNS = [[1, 1, -1], [-1, 1, -1], [1, 1, 1], [1, 1, 1], [1, 1, 1], [-1, 1, 1]]
INITIAL = NETWORKS._replace(output_weights=np.array(SIGNS))  # the fourth has a gap
CORNERS = np.tile([[0.5, 0.5], [-0.5, 0.5], [0, -0.5]], (3, 1, 1))
STUDY = data_sets.Study(CORNERS, None, NETWORKS, EXTRACTED)
SETS = "--data-sets 3 --networks 2 --points 8 --seed 4"


@pytest.fixture
def trainings(monkeypatch):
    """Replaces each training by the networks of a text in `which`; lists the calls."""
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


def test_corners_are_those_of_one_convex_polygon():
    assert EXTRACTED.corners.tolist() == [0, 0, 5, 0, 6, 6]
    hexagons = EXTRACTED.polygons(6)
    assert boundaries.in_square(hexagons).tolist() == [False, True]
    [accuracy] = boundaries.accuracies(hexagons)
    assert accuracy == pytest.approx(100 * (1 - disc_error(hexagons[1])))
    two = EXTRACTED.polylines[5] + EXTRACTED.polylines[4]
    assert boundaries.count_corners(two) == 0


def test_what_has_no_boundary_is_not_counted():
    assert boundaries.find_boundary([np.zeros((2, 1))], [np.zeros(1)]) == []
    broken = NETWORKS._replace(output_biases=np.full(6, np.nan))
    with pytest.raises(Diverged, match="not finite"):
        boundaries.extract_all(broken)
    twice = np.c_[oracles.UNITS, oracles.UNITS[:, 0]], [0] * 4  # two with one hinge
    assert exact.exact_corners(*oracles.build(twice, ([1] * 4, [-0.5]))) is None
    meeting = [[1, 0, -2, 0], [0, 1, 1, -2]], [0, 0, 10, -6]  # at 0, on the boundary
    assert exact.exact_corners(*oracles.build(meeting, ([1] * 4, [-10]))) is None


def test_seeds_are_in_a_row_and_boundaries_those_on_the_square():
    assert data_sets.study_parser("-", 1, 1).get_default("points") == 512
    X, y = data_sets.draw_data_sets(3, 10, seed=4)
    np.testing.assert_equal((X[2], y[2]), circle_in_square(10, 6))
    options = SimpleNamespace(networks=2, seed=4)
    study = data_sets.train_study("", X, y, options, 5, init="xavier", epochs=20)
    trained = train_ensemble(5 * X, y, init="xavier", networks=2, epochs=20, seed=4)
    scaled = trained._replace(hidden_weights=5 * trained.hidden_weights)
    np.testing.assert_equal(study, (X, y, scaled, boundaries.extract_all(scaled)))


def test_numbers_of_starts(monkeypatch, numbers, trainings, capsys):
    def initial_ensemble(networks, init, seed):
        assert init == "xavier"
        which = np.arange(networks) + (seed - 4) % 3 * 2  # twice the six
        return Ensemble(*(array[which] for array in INITIAL))

    monkeypatch.setattr(starts, "initial_ensemble", initial_ensemble)
    trainings.which = ["012345012345", "450123555555", "555554455052", "5501"]
    assert starts.SCALES == {"Ours": (1, 0.03), "Archive": (5 / RADIUS, 0.01)}
    assert (starts.FEWER, starts.STARTS["XavierSix"]) == (5, ("xavier", 6))
    cases = [("xavier", 3), ("positive", 3), ("spread", 3), ("xavier", 4)]
    names = "Xavier", "Positive", "Spread", "XavierFour"
    monkeypatch.setattr(starts, "STARTS", dict(zip(names, cases)))
    monkeypatch.setattr(starts, "SCALES", {"Ours": (2, 0.04)})
    monkeypatch.setattr(starts, "FEWER", 4)
    options = "--data-sets 6 --networks 2 --points 8 --epochs 5 --seed 4"
    values = numbers(starts, options)
    X, _ = data_sets.draw_data_sets(6, 8, 4)
    for k, (seen, settings) in enumerate(trainings.calls):
        assert np.array_equal(seen, X if k < 3 else X[:2])  # a quarter, rounded up
        same = {"epochs": 5, "seed": 4, "scale": 2, "learning_rate": 0.04}
        assert settings == {"init": cases[k][0], "hidden_units": cases[k][1], **same}
    assert values.pop("StartTableOurs").split("\\\\\n")[2:] == [
        "spread, 3 units & 83.3 +- 20.7 & 50 & 4 of 6 & 66.7 +- 20.7 & 50 & 2 of 6",
        "xavier, 4 units & 50.0 +- 98.0 & 0 & 1 of 2 & 50.0 +- 98.0 & 0 & 1 of 2",
    ]
    predicted = ", ".join(map(" ".join, rows_of(values.pop("PredictTable"))))
    assert predicted == "3 yes 2 4 50.0, 3 no 0 2 0.0, 2 yes 2 4 50.0, 1 yes 0 2 0.0"
    assert rows_of(values.pop("CauseTable"))[0] == ["all positive", *"4222", "10"]
    check(
        values,
        "StartDataSets 6, StartFewSets 2, StartNetworks 2, StartTotal 12, "
        "StartInside 66.7, StartInsideWorst 50, StartAllSets 4, "
        "StartOursXavier 33.3, StartOursXavierWorst 0, StartOursPositive 66.7, "
        "StartOursPositiveWorst 0, StartOursSpread 83.3, StartOursSpreadWorst 50, "
        "StartOursXavierFour 50.0, StartOursXavierFourWorst 0, PredictSure 7 of 10, "
        "PredictOther 1 of 2, CauseFailed 8, CauseDeadNegative 2 of 2, "
        "CauseFourCorners 0 of 2, CauseDeadOne 2, CauseDeadTwo 0, CauseDeadThree 0",
    )


def test_units_and_boundaries_are_classified():
    assert np.argwhere(starts.dead_units(STUDY)).tolist() == [[1, 2]]
    far = STUDY._replace(X=CORNERS * [[[100]], [[1]], [[1]]])  # the first reaches it
    assert not starts.dead_units(far).any()
    four = EXTRACTED._replace(corners=np.where(EXTRACTED.corners == 5, 4, 0))
    negative = NETWORKS._replace(output_weights=NETWORKS.output_weights * [1, 1, -1])
    study = STUDY._replace(ensemble=negative, boundaries=four)
    values = starts.cause_summary(INITIAL, study)
    rows = rows_of(values["CauseTable"])
    assert [row[0] for row in rows] == [*starts.ENDS_WITH]
    assert [row[1:] for row in rows] == [[*"00000"], [*"03115"], [*"00101"]]
    assert values["CauseFourCorners"] == "1 of 3"  # hexagons count as closed here


def test_figures_show_the_first_network_of_each_sort(monkeypatch):
    def draw_network(ax, weights, biases, polylines):
        drawn.append([lines is polylines for lines in EXTRACTED.polylines].index(True))
        assert biases[1] == NETWORKS.output_biases[drawn[-1]]

    drawn = []
    monkeypatch.setattr(figures, "draw_network", draw_network)
    titles = [ax.get_title() for ax in starts.draw(STUDY).axes]
    assert titles[0] == "all positive,\nhexagon 33.3 %"
    assert "dead unit,\nopen 16.7 %" in titles
    assert (drawn[0], sorted(drawn)) == (4, [0, 1, 2, 3, 4])
    titles = [ax.get_title() for ax in polygons.draw({2: STUDY, 3: STUDY}).axes]
    assert titles == ["$H = 2$\nno polygon", "$H = 3$\n6-gon"]
    assert drawn[5:] == [0, 4]


def test_numbers_of_polygons(monkeypatch, numbers, trainings, capsys):
    monkeypatch.setattr(polygons, "HIDDEN_UNITS", (2, 3))
    assert polygons.CONFIRMED == 5  # as in the report
    monkeypatch.setattr(polygons, "CONFIRMED", 1)  # networks 0, 2 and 4
    values = numbers(polygons, f"{SETS} --epochs 5")
    # 0, 0 and 100 %: standard deviation 57.735, over sqrt(3), times 1.96
    hexagons = ["3", "6", "33.3 +- 65.3", "1 of 3"]
    hexagons += [f"{1.7 / 2 * SIDE:.2f}", EXACT, "96.33"]
    table = [["2", "4", "0.0 +- 0.0", "0 of 3", "--", "--", "--"], hexagons]
    assert rows_of(values.pop("PolygonsTable")) == table
    assert data_sets.share_cells(np.array([50])) == ["50.0 +- 0.0", "50", "0 of 1"]
    check(
        values,
        "PolygonsNetworks 2, PolygonsDataSets 3, PolygonsLeast 33.3, ExactPolygons 2 "
        "of 1",
    )
    X, _ = data_sets.draw_data_sets(3, 8, 4)
    for H, (seen, settings) in zip((2, 3), trainings.calls, strict=True):
        assert np.array_equal(seen, X)
        assert settings == {"hidden_units": H, "epochs": 5, "scale": 1, "seed": 4}


def test_numbers_of_points(monkeypatch, numbers, trainings, capsys):
    few, many = points.CASES[1], points.CASES[-1]
    assert (few, many) == ((512, 64, 0.03), (8192, 512, 0.03))  # as quoted
    changes = [sum(a != b for a, b in zip(case, few)) for case in points.CASES]
    assert changes == [1, 0, 1, 1, 1, 2]  # one at a time, but for the last
    monkeypatch.setattr(points, "CASES", [(8, 8, 0.3), (64, 16, 0.1), (32, 8, 0.2)])
    # As many accuracies per hexagon, and the same angles for all corners
    measured = np.arange(101) / 2
    monkeypatch.setattr(
        points, "accuracies", lambda h: len(h) * measured[: 101 * len(h)]
    )
    monkeypatch.setattr(points, "interior_angles", lambda v: np.r_[100 - v.max(), 130])
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
        f"PointsFewAngle {few[5]}, PointsMany 32, PointsManyBatch 8, PointsManyAngle "
        f"{many[5]}, PointsManyAccuracy 125.00, PointsDataSets 3, PointsNetworks 2, "
        "PointsSteps 256",
    )
    seen, settings = trainings.calls[1]
    assert np.array_equal(seen, X)
    expected = {"epochs": 64, "batch_size": 16, "learning_rate": 0.1}  # 4 steps each
    assert settings == {**expected, "scale": 1, "seed": 4}


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
        "DeepDataSets 3, DeepNetworks 2, DeepXavier 33.3 +- 65.3, DeepXavierMore 0 of "
        "6, DeepPositive 66.7 +- 32.7, DeepPositiveMore 1 of 6",
    )
    assert "positive: 66.7 +- 32.7 % hexagons (worst 50 %)" in capsys.readouterr().out


OPTIONS = SimpleNamespace(points=90, data_sets=6, networks=4, seed=1)


def test_deaths_and_changes_of_sign_are_counted(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 3)
    assert descent.survival(OPTIONS)["DescentChanges"] == 0

    def kill(parameters, x, y, buffers):
        buffers[0].fill(1)
        if parameters[11].min() > 0:  # at first, one unit sees no point
            buffers[0][:, 0, 0, 0] = -1
        return np.where(np.arange(13) == 11, 30, 0)[:, None, None] + 0 * parameters

    monkeypatch.setattr(descent, "gradients", kill)  # a_3 falls below 0
    assert [*descent.survival(OPTIONS).values()] == [4 * 3 * 6, 1, 4 * 6]


# Losses log(1 + e^-s), in three steps of six data sets
STRENGTHS = np.array([[0, 0, 0, 0.5, 0, 0], [1.5, -1, 2, 1.5, 0.1, 0.1], [2] * 6])
STRENGTHS[2, 3] = 4


@pytest.mark.parametrize("part", range(4))
def test_numbers_of_the_descent(part, monkeypatch, numbers, capsys):
    descend = descent.descend

    def made_up(angles, X, y, text):
        # Logits +- s; at last one of a unit's four numbers deviates by 0.04
        parameters, z = next(descend(angles, X, y, text))
        w, a, c = descent.split(parameters)
        np.testing.assert_allclose([a, np.hypot(w[0], w[1])], 2 / np.sqrt(5))
        for s in STRENGTHS:
            z[:], c[:] = -1, -s[:, None]
            z[:, 1] = (2 * s * y[..., 0].T)[..., None] / a[1]
            if (s == STRENGTHS[2]).all():
                [*w, a][part][0, 5] += 0.04
            yield parameters, z

    dead = {"DescentUnits": 7, "DescentDeaths": 1, "DescentChanges": 2}
    monkeypatch.setattr(descent, "survival", lambda _: dead)
    monkeypatch.setattr(descent, "descend", made_up)
    check(
        numbers(descent, "--points 70 --seed 3"),
        "DescentRate 0.1, DescentSteps 1500, DescentSets 6, DescentUnits 7, "
        "DescentDeaths 1, DescentChanges 2, SymmetricPoints 69, SymmetricFalls 4 of 6, "
        "SymmetricHexagons 5 of 6, SymmetricGap 4 of 6, SymmetricBelowFirst 1, "
        "SymmetricBelowLast 2, SymmetricAsymmetry 4.0e-02",
    )
