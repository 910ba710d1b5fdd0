"""The 2H-gon law: H units give a polygon with 2H corners, for H from 3 on.

And what more points do to the hexagon: it becomes more regular.
"""

from itertools import product

import numpy as np

from decision_boundary.data import circle_in_square
from decision_boundary.disc import best_polygon, error
from decision_boundary.ensemble import train_ensemble
from decision_boundary.figures import (
    BLUE,
    DARK,
    draw_network,
    new_figure,
)
from decision_boundary.results import table_rows
from decision_boundary.script import progress
from decision_boundary.study import (
    accuracies,
    extract_all,
    irregularity,
    share_text,
)

HIDDEN_UNITS = range(2, 9)
NUM_POINTS, DATA_SETS = (512, 2048, 8192, 16384), 5
BATCHES = 8  # an epoch, for any number of points: as many steps, and 64 points for 512


def study_law(options):
    """{H: (ensemble, boundaries)} of `spread` networks on one data set."""
    X, y = circle_in_square(options.points, options.seed)
    result = {}
    for H in HIDDEN_UNITS:
        progress(f"networks with {H} units")
        ensemble = train_ensemble(
            X, y, H, options.networks, epochs=options.epochs, seed=options.seed
        )
        result[H] = ensemble, extract_all(ensemble)
    return result


def study_points(networks, options):
    """{number of points: hexagons, a list of vertices}, `spread`.

    Of so many networks on each of DATA_SETS data sets.
    """
    result = {num_points: [] for num_points in NUM_POINTS}
    for num_points, data_seed in product(NUM_POINTS, range(DATA_SETS)):
        progress(f"hexagons on {num_points} points, data set {data_seed}")
        seed = options.seed + data_seed
        X, y = circle_in_square(num_points, seed)
        ensemble = train_ensemble(
            X,
            y,
            networks=networks,
            epochs=options.epochs,
            batch_size=num_points // BATCHES,
            seed=seed,
        )
        result[num_points] += extract_all(ensemble).polygons(6)
    return result


def best_accuracy(corners):
    """Of any polygon with this many corners, in percent."""
    return 100 * (1 - error(best_polygon(corners)))


def draw(law):
    """One boundary for each H, with the share of exact 2H-gons, and their accuracies."""
    figure = new_figure(2.9)
    axes = figure.subplots(2, 4).ravel()
    for ax, (H, (ensemble, boundaries)) in zip(axes, law.items()):
        exact = np.flatnonzero(boundaries.corners == 2 * H)
        k = exact[0] if len(exact) else 0
        weights, biases = ensemble.network(k)
        draw_network(ax, weights, biases, boundaries.polylines[k])
        count = f"{2 * H}-gon, {len(exact)} of {len(boundaries.corners)}"
        ax.set_title(f"$H = {H}$: {count if len(exact) else 'no polygon'}", fontsize=8)
    ax = axes[-1]
    shares = {H: 100 * accuracies(law[H][1].polygons(2 * H)) for H in law}
    sizes = [H for H in law if len(shares[H])]
    measured = [np.median(shares[H]) for H in sizes]
    ax.plot(sizes, [best_accuracy(2 * H) for H in sizes], color=DARK, lw=0.8)
    ax.plot(sizes, measured, "o", color=BLUE, ms=4)
    ax.set(xlabel="$H$", title="right points [%]", xticks=list(sizes))
    label = {"fontsize": 8, "clip_on": True}  # few points may leave them outside
    ax.text(2.9, 99.2, "best $2H$-gon", **label)
    ax.text(6, 96.9, "trained", color=BLUE, **label)
    return figure


def law_rows(law):
    """Texts: units, corners, share of exact polygons, their accuracy, the best one."""
    rows = []
    for H, (_, boundaries) in law.items():
        polygons = boundaries.polygons(2 * H)
        measured = 100 * accuracies(polygons)
        measured = f"{np.median(measured):.2f}" if len(measured) else "--"
        shape = (f"{2 * H}", f"{best_accuracy(2 * H):.2f}") if H > 2 else ("--", "--")
        share = share_text(len(polygons), len(boundaries.corners))
        rows.append([f"{H}", shape[0], share, measured, shape[1]])
    return rows


def points_rows(points):
    """Texts: points, hexagons, their irregularity and accuracy, median and extreme."""
    rows = []
    for num_points, polygons in points.items():
        cells, share = ["--"] * 4, 100 * accuracies(polygons)
        if len(share):
            angles = irregularity(polygons)
            numbers = np.median(angles), angles.max(), np.median(share), share.max()
            cells = [f"{x:.2f}" for x in numbers]
        rows.append([f"{num_points}", f"{len(polygons)}", *cells])
    return rows


def report(law, points):
    """Both tables as text."""
    lines = ["units  corners  share of exact polygons [%]  accuracy  best possible"]
    lines += ["{:>5}{:>9}{:>29}{:>10}{:>15}".format(*row) for row in law_rows(law)]
    lines += ["points  hexagons  off 120 degrees: median, most  accuracy: median, most"]
    lines += [
        "{:>6}{:>10}{:>24}{:>8}{:>18}{:>8}".format(*row) for row in points_rows(points)
    ]
    return "\n".join(lines)


def summary(law, points, networks):
    """The numbers for the report, as {macro: text}; points is from that many networks."""
    rows, growth = law_rows(law), points_rows(points)
    least = min(np.mean(law[H][1].corners == 2 * H) for H in law if H > 2)
    return {
        "LawTable": table_rows(rows),
        "LawNetworks": len(law[3][1].corners),
        "LawLeast": f"{100 * least:.1f}",
        "PointsTable": table_rows(growth),
        "PointsNetworks": DATA_SETS * networks,
        "PointsSets": DATA_SETS,
        "PointsFew": growth[0][0],
        "PointsMany": growth[-1][0],
        "PointsFewAngle": growth[0][2],
        "PointsManyAngle": growth[-1][2],
        "PointsManyAccuracy": growth[-1][4],
    }
