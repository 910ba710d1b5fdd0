"""Exercise 3: how often does a network end in a hexagon, by initial weights?

python decision_boundary/study/starts.py    trains, draws, writes numbers

Each start is tried on many data sets, in [-1, 1]^2 and at the archive's scale.
"""

from collections import Counter
import math
from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.shared import figures, results, script
from decision_boundary.study import causes, data_sets
import numpy as np


class Start(NamedTuple):
    name: str  # in the report's macros
    init: str
    units: int


XAVIER = Start("Xavier", "xavier", 3)
POSITIVE = Start("Positive", "positive", 3)
SPREAD = Start("Spread", "spread", 3)
XAVIER_FOUR = Start("XavierFour", "xavier", 4)
XAVIER_FIVE = Start("XavierFive", "xavier", 5)
XAVIER_SIX = Start("XavierSix", "xavier", 6)
STARTS = (XAVIER, POSITIVE, SPREAD, XAVIER_FOUR, XAVIER_FIVE, XAVIER_SIX)


class Scale(NamedTuple):
    name: str  # in the report's macros
    factor: float  # of the points
    learning_rate: float  # of Adam
    dtype: type
    starts: tuple


OURS = Scale("Ours", 1, 0.03, np.float32, STARTS)
# Where the disc has radius 5; in float32 the counts would depend on the processor
ARCHIVE = Scale("Archive", 5 / RADIUS, 0.01, np.float64, STARTS[:4])
FEWER = 5  # divides the data sets for more than 3 units, and at the archive's scale


def train(start, scale, D, options):
    X, y = data_sets.make_data_sets(D, options.points, options.seed)
    return data_sets.train(
        X,
        y,
        options.networks,
        options.seed,
        scale=scale.factor,
        hidden_units=start.units,
        init=start.init,
        epochs=options.epochs,
        learning_rate=scale.learning_rate,
        dtype=scale.dtype,
    )


def train_all(options):
    """{scale: {start: its trained networks}}"""
    few = math.ceil(options.data_sets / FEWER)
    trained = {}
    for scale in (OURS, ARCHIVE):
        trained[scale] = {}
        for start in script.progress(scale.starts, f"{scale.name}, starts"):
            many = scale == OURS and start.units == 3
            D = options.data_sets if many else few
            trained[scale][start] = train(start, scale, D, options)
    return trained


class Row(NamedTuple):
    start: Start
    hexagons: data_sets.Share
    inside: data_sets.Share  # of hexagons that lie wholly in the square


COLUMNS = {
    "start": "{start.init}, {start.units} units",
    "hexagons [%]": "{hexagons.mean:.1f} +- {hexagons.error:.1f}",
    "worst": "{hexagons.worst:.0f}",
    "all": "{hexagons.complete} of {hexagons.data_sets}",
    "in the square [%]": "{inside.mean:.1f} +- {inside.error:.1f}",
    "worst there": "{inside.worst:.0f}",
    "all there": "{inside.complete} of {inside.data_sets}",
}


def row_of(start, trained):
    """The Row of a start."""
    is_hexagon = trained.corners == 6
    inside = is_hexagon.copy()
    inside[is_hexagon] = [data_sets.in_square(v) for v in trained.polygons(6)]
    D = len(trained.X)
    return Row(start, data_sets.share(is_hexagon, D), data_sets.share(inside, D))


def draw(trained):
    """The first network of each of the six most frequent kinds, and their shares."""
    kinds = causes.kinds_of(trained)
    most_common = Counter(kinds).most_common(6)
    figure = figures.new_figure(1.42)
    axes = figure.subplots(1, len(most_common), squeeze=False)[0]
    for ax, (kind, number) in zip(axes, most_common):
        k = kinds.index(kind)
        draw_network(ax, trained, k)
        percent = 100 * number / len(kinds)
        ax.set_title(f"{kind.units},\n{kind.boundary} {percent:.1f} %", fontsize=8)
    return figure


def draw_network(ax, trained, k):
    (w, a), (b, c) = trained.ensemble.network(k)
    figures.draw_sides(ax, lambda X: np.maximum(X @ w + b, 0) @ a + c)
    figures.draw_hinges(ax, w, b)
    figures.draw_boundary(ax, trained.boundaries[k])


def macros(options, rows):
    """{LaTeX macro: text}; rows: {scale: {start: Row}}"""
    spread = rows[OURS][SPREAD]
    texts = {
        "StartDataSets": options.data_sets,
        "StartArchiveSets": rows[ARCHIVE][XAVIER].hexagons.data_sets,
        "StartFewSets": rows[OURS][XAVIER_FOUR].hexagons.data_sets,
        "StartNetworks": options.networks,
        "StartTotal": results.plain(options.data_sets * options.networks),
        "StartInside": f"{spread.inside.mean:.1f}",
        "StartAllSets": spread.hexagons.complete,
        "StartTableOurs": results.latex_table(rows[OURS].values(), COLUMNS),
        "StartTableArchive": results.latex_table(rows[ARCHIVE].values(), COLUMNS),
    }
    for scale, by_start in rows.items():
        for start, row in by_start.items():
            texts[f"Start{scale.name}{start.name}"] = f"{row.hexagons.mean:.1f}"
    return texts


def cause_macros(options, trained):
    """{LaTeX macro: text} of networks on the square"""
    xavier = trained[XAVIER]
    positive = trained[POSITIVE].corners == 6
    initial = causes.initial_networks(options)
    table = causes.tabulate_starts(initial, xavier.corners == 6)
    results.print_table(table, causes.START_COLUMNS)
    failures = causes.failures(initial, xavier)
    four = causes.kinds_of(trained[XAVIER_FOUR])
    spare = Counter(kind.units for kind in four if kind.boundary == "hexagon")
    return {
        "PredictTable": results.latex_table(table, causes.START_COLUMNS),
        "PredictSure": data_sets.count(positive[initial.surround]),
        "PredictOther": data_sets.count(positive[~initial.surround]),
        "CauseDead": failures.dead,
        "CauseDeadNegative": failures.dead_negative,
        "CauseFourCorners": failures.four_corners,
        "SpareHexagons": spare.total(),
        "SpareDead": spare["dead unit"],
        "SpareNegative": spare["negative weight"],
    }


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=200, networks=50)
    options = script.parse(parser)

    trained = train_all(options)
    rows = {}
    for scale, by_start in trained.items():
        rows[scale] = {}
        for start, networks in by_start.items():
            rows[scale][start] = row_of(start, networks)
        print(f"{scale.name}: shares of hexagons, and of those in the square")
        results.print_table(rows[scale].values(), COLUMNS)
    texts = macros(options, rows)
    texts.update(cause_macros(options, trained[OURS]))
    results.save(options, "starts", texts, draw(trained[OURS][XAVIER]))


if __name__ == "__main__":
    script.run(main)
