"""Exercise 3: how often does a network end in a hexagon, by initial weights?

python decision_boundary/study/starts.py    trains, draws, writes numbers

Each start is tried on many data sets, on the square [-1, 1]^2 and at the scale of the
sheet's archive. For the square it is also counted what the networks have become.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import Ensemble, initial_ensemble
from decision_boundary.shared.boundaries import WINDOW, Boundaries, wilson
from decision_boundary.shared.exact import confirmed
from decision_boundary.shared.figures import draw_network, new_figure
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import Parser, integer, progress, run
from decision_boundary.study.data_sets import (
    all_sets,
    draw_data_sets,
    mean_and_error,
    polygons_by_set,
    train_and_extract,
)
import numpy as np

STARTS = [("xavier", 3), ("positive", 3), ("spread", 3)]
STARTS += [("xavier", 4), ("xavier", 5), ("xavier", 6)]  # with this many units
SCALES = {  # name: (scale of the points, Adam's learning rate)
    "ours": (1, 0.03),
    "archive": (5 / RADIUS, 0.01),  # where the disc has radius 5
}
NUMERALS = {3: "", 4: "Four", 5: "Five", 6: "Six"}  # macros have no digits
CONFIRMED = 10  # networks of each data set are also examined in exact arithmetic
ENDS_WITH = ("all positive", "negative weight", "dead unit")
SHAPES = ("hexagon", "closed", "open", "none")


class Case(NamedTuple):
    """Networks 2-3-1 of one start on D data sets, and what has become of them."""

    X: np.ndarray  # (D, N, 2)
    start: Ensemble
    end: Ensemble
    boundaries: Boundaries


def train_all(options):
    """{(start, units, scale): shares (2, D)}, and {start: Case} at our scale."""
    X, y = draw_data_sets(options.data_sets, options.points, options.seed)
    shares, cases = {}, {}
    for scale, (factor, rate) in SCALES.items():
        for init, units in STARTS:
            same = {"networks": options.networks, "hidden_units": units, "init": init}
            sets = options.data_sets if units == 3 else few_sets(options)
            end, boundaries = train_and_extract(
                f"{init}, {units} units, {scale}",
                X[:sets],
                y[:sets],
                factor,
                epochs=options.epochs,
                learning_rate=rate,
                seed=options.seed,
                **same,
            )
            shares[init, units, scale] = polygons_by_set(boundaries, 6, sets)
            if scale == "ours" and units == 3:
                seeds = range(options.seed, options.seed + options.data_sets)
                starts = [initial_ensemble(**same, seed=seed) for seed in seeds]
                start = Ensemble(*map(np.concatenate, zip(*starts)))
                cases[init] = Case(X, start, end, boundaries)
    return shares, cases


def few_sets(options):
    """For more than three units, which are there for comparison, a fifth of the sets."""
    return -(-options.data_sets // 5)


# What the initial weights predict


def surrounds_origin(directions):
    """(E,): whether the directions (E, 2, H) leave no gap of 180 degrees or more."""
    angles = np.sort(np.arctan2(directions[:, 1], directions[:, 0]), axis=1)
    around = np.concatenate([angles, angles[:, :1] + 2 * np.pi], axis=1)
    return np.diff(around, axis=1).max(axis=1) < np.pi


def predictions(case):
    """Rows (positive outgoing weights, surrounds origin, hexagons, all) of the start."""
    positive = (case.start.output_weights > 0).sum(axis=1)
    around = surrounds_origin(case.start.hidden_weights)
    hexagon = case.boundaries.corners == 6
    rows = []
    for count in range(positive.max(), -1, -1):
        for value in (True, False):
            which = (positive == count) & (around == value)
            if which.any():
                rows.append((count, value, hexagon[which].sum(), which.sum()))
    return rows


def changed_signs(case):
    """{start: "k of n"}: units whose outgoing weight a has changed its sign.

    The starts are a > 0; and a < 0, with the balance a^2 - |w|^2 above 0 or not.
    """
    a, w = case.start.output_weights, case.start.hidden_weights
    changed = a * case.end.output_weights < 0
    balance = a**2 - (w**2).sum(axis=1)
    starts = {
        "Positive": a > 0,
        "NegativeAbove": (a < 0) & (balance > 0),
        "NegativeBelow": (a < 0) & (balance <= 0),
    }
    return {name: f"{changed[u].sum()} of {u.sum()}" for name, u in starts.items()}


# What has become of the networks


def dead_units(case):
    """(E, H): whether no training point activates the unit."""
    D = len(case.X)
    w, b, _, _ = (array.reshape(D, -1, *array.shape[1:]) for array in case.end)
    # (D, N, 2) @ (D, 2, H), network by network of a data set
    largest = [(case.X @ w[:, k]).max(axis=1) + b[:, k] for k in range(w.shape[1])]
    return np.stack(largest, axis=1).reshape(case.end.hidden_biases.shape) <= 0


def causes(case):
    """(E,): index into ENDS_WITH for each network; later entries take precedence.

    With neither a dead unit nor a negative outgoing weight, the logit is convex.
    """
    negative = (case.end.output_weights < 0).any(axis=1)
    return np.where(dead_units(case).any(axis=1), 2, negative.astype(int))


def shapes(boundaries):
    """(E,): index into SHAPES of each boundary."""
    found = np.array([len(lines) > 0 for lines in boundaries.polylines])
    closed = [all(line.closed for line in lines) for lines in boundaries.polylines]
    return np.select([boundaries.corners == 6, ~found, closed], [0, 3, 1], 2)


def draw(case):
    """The first network of each of the six most frequent kinds, and the kind's share."""
    kinds = causes(case) * len(SHAPES) + shapes(case.boundaries)
    names, first, counts = np.unique(kinds, return_index=True, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:6]
    figure = new_figure(1.42)
    axes = figure.subplots(1, 6)
    for ax in axes[len(most) :]:
        ax.set_axis_off()
    for ax, i in zip(axes, most):
        k, share = first[i], 100 * counts[i] / len(kinds)
        draw_network(ax, *case.end.network(k), case.boundaries.polylines[k])
        cause, shape = divmod(names[i], len(SHAPES))
        title = f"{ENDS_WITH[cause]},\n{SHAPES[shape]} {share:.1f} %"
        ax.set_title(title, fontsize=8)
    return figure


# Tables and numbers


def start_row(start, shares):
    init, units, _ = start
    cells = [f(s) for s in shares for f in (mean_and_error, worst, all_sets)]
    return [f"{init}, {units} units", *cells]


def worst(shares):
    """`62`: the least share of a data set, in percent."""
    return f"{shares.min():.0f}"


def start_summary(shares, options):
    """The table of all starts at each scale, and the numbers quoted from it."""
    heads = ["start", "hexagons [%]", "worst", "all"]
    heads += ["in the square [%]", "worst", "all"]
    values = {
        "StartDataSets": options.data_sets,
        "StartFewSets": few_sets(options),
        "StartNetworks": options.networks,
        "StartTotal": options.data_sets * options.networks,
    }
    for scale in SCALES:
        print(
            f"at {scale} scale: {options.data_sets} data sets, the worst, and all of one"
        )
        rows = [start_row(k, shares[k]) for k in shares if k[2] == scale]
        values[f"StartTable{scale.capitalize()}"] = table(heads, rows)
        for init, units in STARTS:
            found, _ = shares[init, units, scale]
            name = f"Start{scale.capitalize()}{init.capitalize()}{NUMERALS[units]}"
            values |= {name: f"{found.mean():.1f}", f"{name}Worst": worst(found)}
    found, inside = shares["spread", 3, "ours"]
    sure = (found == 100).sum()
    values |= {
        "StartInside": f"{inside.mean():.1f}",
        "StartInsideWorst": worst(inside),
        "StartAllSets": sure,
        "StartAllLow": f"{100 * wilson(sure, options.data_sets)[0]:.1f}",
    }
    return values


def prediction_summary(cases):
    """What the start predicts, and which signs have changed."""
    around, others = (
        [
            sum(row[i] for row in predictions(cases["positive"]) if row[1] == a)
            for i in (2, 3)
        ]
        for a in (True, False)
    )
    rows = [
        [str(count), "yes" if sides else "no", str(k), str(n), f"{100 * k / n:.1f}"]
        for count, sides, k, n in predictions(cases["xavier"])
    ]
    heads = ["positive a_j", "surround 0", "hexagons", "of", "share [%]"]
    values = {
        "PredictTable": table(heads, rows),
        "PredictSure": "{} of {}".format(*around),
        "PredictOther": "{} of {}".format(*others),
    }
    signs = changed_signs(cases["xavier"])
    return values | {f"Changed{name}": count for name, count in signs.items()}


def exact_summary(cases):
    """Hexagons among the first networks of each data set, and how many are confirmed."""
    counted, exact = 0, np.zeros(2, dtype=int)
    for init, case in cases.items():
        sets, E = len(case.X), len(case.end.output_biases)
        first = np.arange(E).reshape(sets, -1)[:, :CONFIRMED].ravel()
        counted += (case.boundaries.corners[first] == 6).sum()
        networks = [
            case.end.network(k) for k in progress(first, f"exact, {init}, {{}}")
        ]
        exact += confirmed(networks, WINDOW)
    print(
        f"in exact arithmetic {exact[0]} of {counted} hexagons, {exact[1]} in the square"
    )
    return {"ExactStarts": f"{exact[0]} of {counted}"}


def cause_summary(case):
    """What the networks have become, and why those that are no hexagon are none."""
    cause, dead = causes(case), dead_units(case)
    counts = np.zeros((len(ENDS_WITH), len(SHAPES)), dtype=int)
    np.add.at(counts, (cause, shapes(case.boundaries)), 1)
    rows = [[c, *map(str, row), str(row.sum())] for c, row in zip(ENDS_WITH, counts)]
    negative = case.start.output_weights < 0
    closed = (cause == 1) & (shapes(case.boundaries) == 1)
    four = closed & (case.boundaries.corners == 4)
    values = {
        "CauseTable": table(["ends with", *SHAPES, "all"], rows),
        "CauseFailed": counts[:, 1:].sum(),
        "CauseDeadNegative": f"{(dead & negative).sum()} of {dead.sum()}",
        "CauseFourCorners": f"{four.sum()} of {closed.sum()}",
    }
    for number, name in enumerate(("One", "Two", "Three"), start=1):
        values[f"CauseDead{name}"] = (dead.sum(axis=1) == number).sum()
    return values


def main():
    parser = Parser(__doc__, epochs=256)
    parser.add("--points", integer(1), 512, "in each data set")
    parser.add("--data-sets", integer(1), 200, "with seeds from --seed on")
    parser.add("--networks", integer(1), 50, "on each data set, for each start")
    options = parser.parse_args()
    shares, cases = train_all(options)
    values = start_summary(shares, options)
    values |= prediction_summary(cases) | cause_summary(cases["xavier"])
    values |= exact_summary(cases)
    save_results(options, "starts", values, draw(cases["xavier"]))


if __name__ == "__main__":
    run(main)
