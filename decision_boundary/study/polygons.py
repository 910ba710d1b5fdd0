"""Exercise 3: H units give a polygon with 2H corners.

python decision_boundary/study/polygons.py    trains, draws, writes numbers
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import best_polygon, disc_error, side_lengths
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.boundaries import WINDOW, accuracies
from decision_boundary.shared.exact import confirmed
from decision_boundary.study import data_sets
import numpy as np

HIDDEN_UNITS = range(2, 9)
CONFIRMED = 5  # networks of each data set are also examined in exact arithmetic


def row(H, study):
    """Texts: units, corners, share of 2H-gons, shortest side, accuracy, the best."""
    share, _, all_sets = data_sets.share_cells(study.polygons_by_set(2 * H)[0])
    cells = [str(H), str(2 * H), share, all_sets]
    polygons = study.boundaries.polygons(2 * H)
    if not polygons:
        return [*cells, "--", "--", "--"]
    shortest = np.median([side_lengths(vertices).min() for vertices in polygons])
    accuracy, best = np.median(accuracies(polygons)), disc_error(best_polygon(2 * H))
    return [*cells, f"{shortest:.2f}", f"{accuracy:.2f}", f"{100 * (1 - best):.2f}"]


def exact_count(studies, networks):
    """`700 of 700`: exact 2H-gons, of those in the first networks of each data set."""
    counted = exact = 0
    for H, (_, _, ensemble, boundaries) in studies.items():
        indices = np.arange(len(boundaries.corners))
        first = indices[indices % networks < CONFIRMED]
        counted += np.sum(boundaries.corners[first] == 2 * H)
        exact += confirmed(map(ensemble.network, first), WINDOW)
    return f"{exact} of {counted}"


def draw(studies):
    """The first 2H-gon for each H, or the first network where there is none."""
    figure = figures.new_figure(1.3)
    axes = figure.subplots(1, len(studies))
    for ax, (H, (_, _, ensemble, boundaries)) in zip(axes, studies.items()):
        found = boundaries.corners == 2 * H
        k = found.argmax()  # the first one, or 0
        figures.draw_network(ax, *ensemble.network(k), boundaries.polylines[k])
        kind = f"{2 * H}-gon" if found.any() else "no polygon"
        ax.set_title(f"$H = {H}$\n{kind}", fontsize=8)
    return figure


def main():
    parser = data_sets.study_parser(__doc__, data_sets=20, networks=50, epochs=256)
    options = parser.parse_args()
    X, y = data_sets.draw_data_sets(options.data_sets, options.points, options.seed)
    studies = {}
    for H in HIDDEN_UNITS:
        training = {"hidden_units": H, "epochs": options.epochs}
        studies[H] = data_sets.train_study(f"{H} units", X, y, options, **training)
    heads = ["H", "corners", "2H-gons [%]", "all", "shortest side", "accuracy", "best"]
    rows = [row(H, study) for H, study in studies.items()]
    values = {
        "PolygonsTable": results.table(heads, rows),
        "PolygonsNetworks": options.networks,
        "PolygonsDataSets": options.data_sets,
        "PolygonsLeast": min((r[2].split()[0] for r in rows[1:]), key=float),
        "ExactPolygons": exact_count(studies, options.networks),
    }
    print(f"confirmed in exact arithmetic: {values['ExactPolygons']}")
    results.save_results(options, "polygons", values, draw(studies))


if __name__ == "__main__":
    script.run(main)
