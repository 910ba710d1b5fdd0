"""Exercise 3: how often does a network end in a hexagon, by initial weights?

python decision_boundary/study/starts.py    trains, draws, writes numbers

Each start is tried on many data sets, on the square [-1, 1]^2 and at the scale of the
sheet's archive. For the square it is also counted what the networks have become.
"""

from collections import Counter
from itertools import product
from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import Ensemble, initial_ensemble
from decision_boundary.shared.boundaries import Boundaries
from decision_boundary.shared.exact import surrounds_origin
from decision_boundary.shared.figures import draw_network, new_figure
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import run
from decision_boundary.study import data_sets
from decision_boundary.study.data_sets import k_of_n
import numpy as np

STARTS = {  # name: (initial weights, hidden units)
    "Xavier": ("xavier", 3),
    "Positive": ("positive", 3),
    "Spread": ("spread", 3),
    "XavierFour": ("xavier", 4),
}
SCALES = {  # name: (scale of the points, Adam's learning rate)
    "Ours": (1, 0.03),
    "Archive": (5 / RADIUS, 0.01),  # where the disc has radius 5
}
ENDS_WITH = ("all positive", "negative weight", "dead unit")
SHAPES = ("hexagon", "closed", "open", "none")


class Case(NamedTuple):
    """Networks 2-H-1 of one start on D data sets, and what has become of them."""

    X: np.ndarray  # (D, N, 2)
    start: Ensemble
    end: Ensemble
    boundaries: Boundaries


def train_case(name, scale, options):
    """The Case of a start at a scale.

    On the first fifth of the data sets where it is there for comparison only: at the
    archive's scale, and with four units.
    """
    (init, units), (factor, rate) = STARTS[name], SCALES[scale]
    D = options.data_sets
    D = D if scale == "Ours" and units == 3 else -(-D // 5)
    X, y = data_sets.draw_data_sets(D, options.points, options.seed)
    same = {"networks": options.networks, "hidden_units": units, "init": init}
    training = {"epochs": options.epochs, "learning_rate": rate, "seed": options.seed}
    text = f"{init}, {units} units, {scale}"
    trained = data_sets.train_and_extract(text, X, y, factor, **same, **training)
    starts = [initial_ensemble(**same, seed=options.seed + d) for d in range(D)]
    return Case(X, Ensemble(*map(np.concatenate, zip(*starts))), *trained)


def start_summary(cases, options):
    """The table of all starts at each scale, and the numbers quoted from it."""
    shares = {
        key: data_sets.polygons_by_set(case.boundaries, 6, len(case.X))
        for key, case in cases.items()
    }
    few, (found, inside) = len(cases["ArchiveXavier"].X), shares["OursSpread"]
    values = {
        "StartDataSets": options.data_sets,
        "StartFewSets": few,
        "StartNetworks": options.networks,
        "StartTotal": options.data_sets * options.networks,
        "StartFewTotal": few * options.networks,
        "StartInside": f"{inside.mean():.1f}",
        "StartInsideWorst": f"{inside.min():.0f}",
        "StartAllSets": np.sum(found == 100),
    }
    for key, (found, _) in shares.items():
        values[f"Start{key}"] = f"{found.mean():.1f}"
        values[f"Start{key}Worst"] = f"{found.min():.0f}"
    heads = ["start", "hexagons [%]", "worst", "all"]
    heads += ["in the square [%]", "worst", "all"]
    for scale in SCALES:
        print(f"at {scale} scale: mean over data sets, the worst, and all hexagons")
        rows = []
        for name, (init, units) in STARTS.items():
            found, inside = map(data_sets.share_cells, shares[scale + name])
            rows.append([f"{init}, {units} units", *found, *inside])
        values[f"StartTable{scale}"] = table(heads, rows)
    return values


# What the initial weights predict


def prediction_summary(xavier, positive):
    """Hexagons by the signs and directions from which they start."""
    count = (xavier.start.output_weights > 0).sum(axis=1)
    around = surrounds_origin(xavier.start.hidden_weights.astype(float))
    hexagon = xavier.boundaries.corners == 6
    rows = []
    for number, sides in product((3, 2, 1, 0), (True, False)):
        ends = hexagon[(count == number) & (around == sides)]
        if len(ends):
            cells = str(ends.sum()), str(len(ends)), f"{100 * ends.mean():.1f}"
            rows.append([str(number), "yes" if sides else "no", *cells])
    heads = ["positive a_j", "surround 0", "hexagons", "of", "share [%]"]
    around = surrounds_origin(positive.start.hidden_weights.astype(float))
    hexagon = positive.boundaries.corners == 6
    return {
        "PredictTable": table(heads, rows),
        "PredictSure": k_of_n(hexagon[around]),
        "PredictOther": k_of_n(hexagon[~around]),
    }


# What has become of the networks


def dead_units(case):
    """(E, H): whether no training point activates the unit."""
    units = data_sets.pre_activations(case.end, case.X)
    return np.array([z.max(axis=0) <= 0 for z in units])


def ends(case):
    """(E,) each: one of ENDS_WITH, where a dead unit takes precedence, and of SHAPES.

    With neither a dead unit nor a negative outgoing weight, the logit is convex.
    """
    negative = (case.end.output_weights < 0).any(axis=1)
    cause = np.where(dead_units(case).any(axis=1), 2, negative.astype(int))
    none = [not lines for lines in case.boundaries.polylines]
    closed = [all(p.closed for p in lines) for lines in case.boundaries.polylines]
    shape = np.select([case.boundaries.corners == 6, none, closed], [0, 3, 1], 2)
    return np.array(ENDS_WITH)[cause], np.array(SHAPES)[shape]


def cause_summary(case):
    """What the networks have become, and why those that are no hexagon are none."""
    causes, shapes = ends(case)
    counts = Counter(zip(causes, shapes))
    rows = []
    for cause in ENDS_WITH:
        row = [counts[cause, shape] for shape in SHAPES]
        rows.append([cause, *map(str, row), str(sum(row))])
    dead, corners = dead_units(case), case.boundaries.corners
    closed = (causes == "negative weight") & (shapes == "closed")
    values = {
        "CauseTable": table(["ends with", *SHAPES, "all"], rows),
        "CauseFailed": np.sum(corners != 6),
        "CauseDeadNegative": k_of_n(case.start.output_weights[dead] < 0),
        "CauseFourCorners": k_of_n(corners[closed] == 4),
    }
    for number, name in enumerate(("One", "Two", "Three"), start=1):
        values[f"CauseDead{name}"] = np.sum(dead.sum(axis=1) == number)
    return values


def draw(case):
    """The first network of each of the six most frequent kinds, and the kind's share."""
    kinds = list(zip(*ends(case)))
    most = Counter(kinds).most_common(6)
    figure = new_figure(1.42)
    [axes] = figure.subplots(1, len(most), squeeze=False)
    for ax, (kind, count) in zip(axes, most):
        k = kinds.index(kind)
        draw_network(ax, *case.end.network(k), case.boundaries.polylines[k])
        title = f"{kind[0]},\n{kind[1]} {100 * count / len(kinds):.1f} %"
        ax.set_title(title, fontsize=8)
    return figure


def main():
    parser = data_sets.study_parser(__doc__, data_sets=200, networks=50, epochs=256)
    options = parser.parse_args()
    cases = {
        scale + name: train_case(name, scale, options)
        for scale in SCALES
        for name in STARTS
    }
    values = start_summary(cases, options) | cause_summary(cases["OursXavier"])
    values |= prediction_summary(cases["OursXavier"], cases["OursPositive"])
    save_results(options, "starts", values, draw(cases["OursXavier"]))


if __name__ == "__main__":
    run(main)
