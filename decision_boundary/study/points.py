"""Exercise 3: hexagons from more points, larger batches and other learning rates.

python decision_boundary/study/points.py    trains, writes numbers

All trainings take equally many steps of Adam.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import interior_angles
from decision_boundary.shared import results, script
from decision_boundary.study import data_sets
import numpy as np


class Case(NamedTuple):
    points: int
    batch_size: int
    learning_rate: float


FEW = Case(512, 64, 0.03)  # as in the answer
MANY = Case(8192, 512, 0.03)
CASES = [
    Case(512, 64, 0.01),
    FEW,
    Case(512, 64, 0.1),
    Case(512, 512, 0.03),
    Case(8192, 64, 0.03),
    MANY,
]


class Row(NamedTuple):
    """All networks of a case. Measures are medians, or percentiles, of hexagons."""

    case: Case
    hexagons: data_sets.Count
    loss: float  # median over all networks, on their training points
    angle: float  # largest deviation from 120 degrees
    accuracy: float  # in percent of the square
    low: float  # 5th percentile of the accuracy
    high: float  # 95th


COLUMNS = {
    "points": "{case.points}",
    "batch": "{case.batch_size}",
    "rate": "{case.learning_rate}",
    "hexagons": "{hexagons}",
    "loss": "{loss:.4f}",
    "off 120 degrees": "{angle:.1f}",
    "accuracy": "{accuracy:.2f}",
    "5 to 95 %": "{low:.2f} to {high:.2f}",
}


def train(case, options):
    X, y = data_sets.make_data_sets(options.data_sets, case.points, options.seed)
    return data_sets.train(
        X,
        y,
        options,
        f"{case.points} points, batches of {case.batch_size}",
        epochs=options.steps * case.batch_size // case.points,
        batch_size=case.batch_size,
        learning_rate=case.learning_rate,
    )


def mean_loss(trained, k):
    """Binary cross-entropy of network k on the points on which it was trained."""
    _, y = trained.points(k)
    hidden = np.maximum(trained.pre_activations(k), 0)
    a = trained.ensemble.output_weights[k]
    f = hidden @ a + trained.ensemble.output_biases[k]  # (N, H) @ (H,)
    return (np.logaddexp(0, f) - y[:, 0] * f).mean()


def evaluate(case, trained):
    """The Row of the networks of a case."""
    networks = range(len(trained.boundaries))
    hexagons = trained.polygons(6)
    angles = [np.abs(interior_angles(v) - 120).max() for v in hexagons]
    accuracies = data_sets.accuracies(hexagons) or [np.nan]
    return Row(
        case=case,
        hexagons=data_sets.Count(len(hexagons), len(networks)),
        loss=np.median([mean_loss(trained, k) for k in networks]),
        angle=np.median(angles or [np.nan]),
        accuracy=np.median(accuracies),
        low=np.percentile(accuracies, 5),
        high=np.percentile(accuracies, 95),
    )


def macros(options, rows):
    """{LaTeX macro: text}; rows: {case: Row}"""
    return {
        "PointsTable": results.latex_table(rows.values(), COLUMNS),
        "PointsFewAngle": f"{rows[FEW].angle:.1f}",
        "PointsMany": MANY.points,
        "PointsManyBatch": MANY.batch_size,
        "PointsManyAngle": f"{rows[MANY].angle:.1f}",
        "PointsManyAccuracy": f"{rows[MANY].accuracy:.2f}",
        "PointsDataSets": options.data_sets,
        "PointsNetworks": options.networks,
        "PointsSteps": options.steps,
    }


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=10, networks=50)
    parser.add_argument(
        "--steps", type=script.integer(256), default=2048, help="steps of Adam"
    )
    options = script.parse(parser)

    rows = {case: evaluate(case, train(case, options)) for case in CASES}
    results.print_table(rows.values(), COLUMNS)
    results.save(options, "points", macros(options, rows))


if __name__ == "__main__":
    script.run(main)
