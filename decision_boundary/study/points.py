"""Exercise 3: hexagons from more points, larger batches and other learning rates.

python decision_boundary/study/points.py    trains, writes numbers

All trainings take equally many steps of Adam.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import interior_angles
from decision_boundary.shared import results, script
from decision_boundary.shared.boundaries import accuracies
from decision_boundary.study import data_sets
import numpy as np

CASES = [  # points, batch size, learning rate
    (512, 64, 0.01),
    (512, 64, 0.03),
    (512, 64, 0.1),
    (512, 512, 0.03),
    (8192, 64, 0.03),
    (8192, 512, 0.03),
]


def mean_losses(study):
    """Binary cross-entropy (E,) of each network on the points of its data set."""
    _, _, a, c = study.ensemble
    f = [np.maximum(z, 0) @ a[k] + c[k] for k, z in enumerate(study.pre_activations())]
    y = np.repeat(study.y[..., 0], len(f) // len(study.y), axis=0)  # (E, N)
    return (np.logaddexp(0, f) - y * f).mean(axis=1)


def row(case, options):
    """Texts: the case, hexagons, median loss, irregularity, and accuracies."""
    num_points, batch_size, rate = case
    X, y = data_sets.draw_data_sets(options.data_sets, num_points, options.seed)
    epochs = options.steps * batch_size // num_points
    training = {"epochs": epochs, "batch_size": batch_size, "learning_rate": rate}
    study = data_sets.train_study(f"case {case}", X, y, options, **training)
    count = data_sets.k_of_n(study.boundaries.corners == 6)
    cells = [*map(str, case), count, f"{np.median(mean_losses(study)):.4f}"]
    hexagons = study.boundaries.polygons(6)
    measured = accuracies(hexagons)
    if not len(measured):
        return [*cells, "--", "--", "--"]
    low, median, high = np.percentile(measured, [5, 50, 95])
    off = np.median([np.abs(interior_angles(v) - 120).max() for v in hexagons])
    return [*cells, f"{off:.1f}", f"{median:.2f}", f"{low:.2f} to {high:.2f}"]


def main():
    parser = script.Parser(__doc__)
    parser.add("--data-sets", script.integer(1), 10, "with seeds from --seed on")
    parser.add("--networks", script.integer(1), 50, "on each data set")
    parser.add("--steps", script.integer(256), 2048, "of Adam")
    options = parser.parse_args()
    heads = ["points", "batch", "rate", "hexagons", "loss"]
    heads += ["off 120 degrees", "accuracy", "5 to 95 %"]
    rows = [row(case, options) for case in CASES]
    values = {"PointsTable": results.table(heads, rows), "PointsFewAngle": rows[1][5]}
    points, batch, _, _, _, angle, accuracy, _ = rows[-1]
    values |= {"PointsMany": points, "PointsManyBatch": batch}
    values |= {"PointsManyAngle": angle, "PointsManyAccuracy": accuracy}
    values |= {"PointsDataSets": options.data_sets, "PointsNetworks": options.networks}
    values["PointsSteps"] = options.steps
    results.save_results(options, "points", values)


if __name__ == "__main__":
    script.run(main)
