"""Exercise 3: how often does a network end in a hexagon, by initial weights?

python decision_boundary/study/starts.py    trains, draws, writes numbers

Each start is tried on many data sets, in [-1, 1]^2 and at the archive's scale.
"""

from collections import Counter
from itertools import product
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import Ensemble, initial_ensemble
from decision_boundary.shared import exact, figures, results, script
from decision_boundary.study import data_sets
import numpy as np

STARTS = {  # name: (initial weights, hidden units)
    "Xavier": ("xavier", 3),
    "Positive": ("positive", 3),
    "Spread": ("spread", 3),
    "XavierFour": ("xavier", 4),
    "XavierFive": ("xavier", 5),
    "XavierSix": ("xavier", 6),
}
SCALES = {  # name: (scale of the points, Adam's learning rate)
    "Ours": (1, 0.03),
    "Archive": (5 / RADIUS, 0.01),  # where the disc has radius 5
}
FEWER = 5  # the part of the data sets on which more than three units are tried
ENDS_WITH = ("all positive", "negative weight", "dead unit")
SHAPES = ("hexagon", "closed", "open", "none")


def train_start(name, scale, options):
    """The Study of a start at a scale; with more than 3 units, on fewer data sets."""
    (init, units), (factor, rate) = STARTS[name], SCALES[scale]
    sets = options.data_sets if units == 3 else -(-options.data_sets // FEWER)
    X, y = data_sets.draw_data_sets(sets, options.points, options.seed)
    training = {"init": init, "hidden_units": units, "learning_rate": rate}
    training |= {"scale": factor, "epochs": options.epochs}
    return data_sets.train_study(f"{scale} {name}", X, y, options, **training)


def initial_networks(options):
    """The Ensemble of all Xavier networks of three units before their training."""
    seeds = range(options.seed, options.seed + options.data_sets)
    parts = [initial_ensemble(options.networks, init="xavier", seed=s) for s in seeds]
    return Ensemble(*map(np.concatenate, zip(*parts)))


def start_summary(studies, options):
    """The table of all starts at each scale, and the numbers quoted from it."""
    shares = {name: study.polygons_by_set(6) for name, study in studies.items()}
    found, inside = shares["OursSpread"]
    values = {
        "StartDataSets": options.data_sets,
        "StartFewSets": len(studies["OursXavierFour"].X),
        "StartNetworks": options.networks,
        "StartTotal": options.data_sets * options.networks,
        "StartInside": f"{inside.mean():.1f}",
        "StartInsideWorst": f"{inside.min():.0f}",
        "StartAllSets": np.sum(found == 100),
    }
    heads = ["hexagons [%]", "worst", "all", "in the square [%]", "worst", "all"]
    for scale in SCALES:
        rows = []
        for name, (init, units) in STARTS.items():
            found, inside = shares[scale + name]
            cells = data_sets.share_cells(found) + data_sets.share_cells(inside)
            rows.append([f"{init}, {units} units", *cells])
            values[f"Start{scale}{name}"] = f"{found.mean():.1f}"
            values[f"Start{scale}{name}Worst"] = cells[1]
        values[f"StartTable{scale}"] = results.table([scale, *heads], rows)
    return values


def prediction_summary(start, studies):
    """What initial weights predict; positive starts have Xavier's hidden weights."""
    around = exact.surrounds_origin(start.hidden_weights.astype(float))
    positive = studies["OursPositive"].boundaries.corners == 6
    hexagon = studies["OursXavier"].boundaries.corners == 6
    signs, rows = (start.output_weights > 0).sum(axis=1), []
    for count, sides in product((3, 2, 1, 0), (True, False)):
        some = hexagon[(signs == count) & (around == sides)]
        if len(some):
            cells = [str(some.sum()), str(len(some)), f"{100 * some.mean():.1f}"]
            rows.append([str(count), "yes" if sides else "no", *cells])
    heads = ["positive a_j", "surround 0", "hexagons", "of", "share [%]"]
    return {
        "PredictTable": results.table(heads, rows),
        "PredictSure": data_sets.k_of_n(positive[around]),
        "PredictOther": data_sets.k_of_n(positive[~around]),
    }


def dead_units(study):
    """(E, H): whether no training point activates the unit."""
    return np.array([z.max(axis=0) <= 0 for z in study.pre_activations()])


def ends(study):
    """(E,) each: one of ENDS_WITH, a dead unit before the others, and of SHAPES."""
    negative = (study.ensemble.output_weights < 0).any(axis=1)
    cause = np.where(dead_units(study).any(axis=1), 2, negative.astype(int))
    polylines, corners = study.boundaries
    none = [not lines for lines in polylines]
    closed = [all(line.closed for line in lines) for lines in polylines]
    shape = np.select([corners == 6, none, closed], [0, 3, 1], 2)
    return np.array(ENDS_WITH)[cause], np.array(SHAPES)[shape]


def cause_summary(start, study):
    """What the networks have become, and why those that are no hexagon are none."""
    causes, shapes = ends(study)
    counts, rows = Counter(zip(causes, shapes)), []
    for cause in ENDS_WITH:
        row = [counts[cause, shape] for shape in SHAPES]
        rows.append([cause, *map(str, row), str(sum(row))])
    dead, corners = dead_units(study), study.boundaries.corners
    networks = np.bincount(dead.sum(axis=1), minlength=4)  # by number of dead units
    return {
        "CauseTable": results.table(["ends with", *SHAPES, "all"], rows),
        "CauseFailed": np.sum(corners != 6),
        "CauseDeadNegative": data_sets.k_of_n(start.output_weights[dead] < 0),
        "CauseFourCorners": data_sets.k_of_n(corners[shapes == "closed"] == 4),
        **dict(zip(["CauseDeadOne", "CauseDeadTwo", "CauseDeadThree"], networks[1:])),
    }


def draw(study):
    """The first network of each of the six most frequent kinds, and their shares."""
    kinds = list(zip(*ends(study)))
    most = Counter(kinds).most_common(6)
    figure = figures.new_figure(1.42)
    [axes] = figure.subplots(1, len(most), squeeze=False)
    for ax, (kind, count) in zip(axes, most):
        k, share = kinds.index(kind), 100 * count / len(kinds)
        network = study.ensemble.network(k)
        figures.draw_network(ax, *network, study.boundaries.polylines[k])
        ax.set_title(f"{kind[0]},\n{kind[1]} {share:.1f} %", fontsize=8)
    return figure


def main():
    parser = data_sets.study_parser(__doc__, data_sets=200, networks=50, epochs=256)
    options = parser.parse_args()
    studies, start = {}, initial_networks(options)
    for scale, name in product(SCALES, STARTS):
        studies[scale + name] = train_start(name, scale, options)
    values = start_summary(studies, options) | prediction_summary(start, studies)
    values |= cause_summary(start, studies["OursXavier"])
    results.save_results(options, "starts", values, draw(studies["OursXavier"]))


if __name__ == "__main__":
    script.run(main)
