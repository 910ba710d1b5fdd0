"""Exercise 3: H units give a polygon with 2H corners.

python decision_boundary/study/polygons.py    trains, draws, writes numbers
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import best_polygon, disc_error, side_lengths
from decision_boundary.shared.boundaries import WINDOW, accuracies
from decision_boundary.shared.exact import confirmed
from decision_boundary.shared.figures import BLUE, DARK, draw_network, new_figure
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import run
from decision_boundary.study import data_sets
import numpy as np

HIDDEN_UNITS = range(2, 9)
CONFIRMED = 5  # networks of each data set are also examined in exact arithmetic


def best_accuracy(n):
    """The accuracy, in percent, of the best polygon with n corners."""
    return 100 * (1 - disc_error(best_polygon(n)))


def row(H, boundaries, num_sets):
    """Texts: units, corners, share of 2H-gons, shortest side, accuracy, the best one."""
    found, _ = data_sets.polygons_by_set(boundaries, 2 * H, num_sets)
    polygons = boundaries.polygons(2 * H)
    share, _, everywhere = data_sets.share_cells(found)
    cells = [str(H), str(2 * H), share, everywhere]
    if not polygons:
        return [*cells, "--", "--", "--"]
    shortest = np.median([side_lengths(vertices).min() for vertices in polygons])
    accuracy = np.median(accuracies(polygons))
    return [*cells, f"{shortest:.2f}", f"{accuracy:.2f}", f"{best_accuracy(2 * H):.2f}"]


def exact_count(result, num_sets):
    """`700 of 700`: 2H-gons among the first networks of each data set, and exact ones."""
    counted = exact = 0
    for H, (ensemble, boundaries) in result.items():
        indices = np.arange(len(boundaries.corners)).reshape(num_sets, -1)
        first = indices[:, :CONFIRMED].ravel()
        counted += np.sum(boundaries.corners[first] == 2 * H)
        exact += confirmed(map(ensemble.network, first), WINDOW)
    return f"{exact} of {counted}"


def draw(result):
    """One network for each H, and the accuracies of all 2H-gons."""
    figure = new_figure(2.3)
    *axes, last = figure.subplots(2, 4).ravel()
    measured = {}
    for ax, (H, (ensemble, boundaries)) in zip(axes, result.items()):
        found = boundaries.corners == 2 * H
        k = found.argmax()  # the first one, or 0
        draw_network(ax, *ensemble.network(k), boundaries.polylines[k])
        count = f"{2 * H}-gon, {data_sets.k_of_n(found)}"
        ax.set_title(f"$H = {H}$: {count if found.any() else 'no polygon'}", fontsize=8)
        measured[H] = accuracies(boundaries.polygons(2 * H))
    sizes = [H for H in measured if len(measured[H])]
    last.plot(sizes, [best_accuracy(2 * H) for H in sizes], color=DARK, lw=0.8)
    last.plot(sizes, [np.median(measured[H]) for H in sizes], "o", color=BLUE, ms=4)
    last.set(xticks=sizes, ylim=(94.5, 100), box_aspect=1)
    last.set_title("accuracy [%] by $H$", fontsize=8)
    last.yaxis.tick_right()  # so that the columns of the grid are equally far apart
    last.spines.left.set_visible(False)
    last.spines.right.set_visible(True)
    last.text(4.5, 99.1, "best", ha="right", fontsize=8)
    last.text(8, 96.8, "trained", ha="right", fontsize=8, color=BLUE)
    return figure


def main():
    parser = data_sets.study_parser(__doc__, data_sets=20, networks=50, epochs=256)
    options = parser.parse_args()
    X, y = data_sets.draw_data_sets(options.data_sets, options.points, options.seed)
    same = {key: getattr(options, key) for key in ("epochs", "networks", "seed")}
    result = {
        H: data_sets.train_and_extract(f"{H} units", X, y, hidden_units=H, **same)
        for H in HIDDEN_UNITS
    }
    rows = [row(H, result[H][1], len(X)) for H in result]
    heads = ["H", "corners", "2H-gons [%]", "all", "shortest side", "accuracy", "best"]
    values = {
        "PolygonsTable": table(heads, rows),
        "PolygonsNetworks": options.networks,
        "PolygonsDataSets": options.data_sets,
        "PolygonsLeast": min((r[2].split()[0] for r in rows[1:]), key=float),
        "ExactPolygons": exact_count(result, len(X)),
    }
    print(f"confirmed in exact arithmetic: {values['ExactPolygons']}")
    save_results(options, "polygons", values, draw(result))


if __name__ == "__main__":
    run(main)
