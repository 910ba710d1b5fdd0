"""Exercise 3: H units give a polygon with 2H corners.

python decision_boundary/study/polygons.py    trains, writes numbers
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import best_polygon, disc_error, side_lengths
from decision_boundary.shared import results, script
from decision_boundary.study import data_sets
from decision_boundary.study.exact import confirmed
import numpy as np

HIDDEN_UNITS = range(3, 9)
CONFIRMED = 5  # networks of each data set are also examined in exact arithmetic


class Row(NamedTuple):
    """All networks with H hidden units. Measures are medians over their polygons."""

    units: int
    corners: int  # 2H
    share: data_sets.Share  # of polygons with 2H corners
    shortest: float  # side
    accuracy: float  # in percent of the square
    best: float  # accuracy of the best polygon with 2H corners
    sampled: int  # polygons among the first networks of each data set
    exact: int  # those of the sample that exact arithmetic confirms


COLUMNS = {
    "H": "{units}",
    "corners": "{corners}",
    "2H-gons [%]": "{share.mean:.1f} +- {share.error:.1f}",
    "all": "{share.complete} of {share.data_sets}",
    "shortest side": "{shortest:.2f}",
    "accuracy": "{accuracy:.2f}",
    "best": "{best:.2f}",
}


def train(H, options):
    X, y = data_sets.make_data_sets(options.data_sets, options.points, options.seed)
    return data_sets.train(
        X, y, options.networks, options.seed, hidden_units=H, epochs=options.epochs
    )


def evaluate(H, trained):
    """The Row of networks with H hidden units."""
    corners = 2 * H
    is_polygon = trained.corners == corners
    polygons = trained.polygons(corners)
    D = len(trained.X)
    by_data_set = np.arange(len(is_polygon)).reshape(D, -1)
    sample = by_data_set[:, :CONFIRMED].flatten()
    networks = [trained.ensemble.network(k) for k in sample]
    return Row(
        units=H,
        corners=corners,
        share=data_sets.share(is_polygon, D),
        shortest=data_sets.median([side_lengths(v).min() for v in polygons]),
        accuracy=data_sets.median(data_sets.accuracies(polygons)),
        best=100 * (1 - disc_error(best_polygon(corners))),
        sampled=is_polygon[sample].sum(),
        exact=confirmed(networks, data_sets.WINDOW),
    )


def macros(options, table):
    """{LaTeX macro: text}"""
    exact = sum(row.exact for row in table)
    sampled = sum(row.sampled for row in table)
    least = min(row.share.mean for row in table)
    return {
        "PolygonsTable": results.latex_table(table, COLUMNS),
        "PolygonsNetworks": options.networks,
        "PolygonsDataSets": options.data_sets,
        "PolygonsEpochs": options.epochs,
        "PolygonsLeast": f"{least:.1f}",
        "ExactPolygons": f"{exact} of {sampled}",
    }


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=20, networks=50)
    options = script.parse(parser)

    table = []
    for H in script.progress(HIDDEN_UNITS, "hidden units"):
        table.append(evaluate(H, train(H, options)))
    results.print_table(table, COLUMNS)
    results.save(options, "polygons", macros(options, table))


if __name__ == "__main__":
    script.run(main)
