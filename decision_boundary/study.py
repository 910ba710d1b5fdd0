"""Which networks end in a hexagon? Counts, causes, and what the start foretells."""

import math
from typing import NamedTuple

import numpy as np

from decision_boundary.data import circle_in_square
from decision_boundary.disc import error
from decision_boundary.ensemble import (
    INITS,
    Ensemble,
    initial_ensemble,
    train_ensemble,
)
from decision_boundary.figures import draw_network, new_figure
from decision_boundary.geometry import interior_angles, is_convex
from decision_boundary.polygon import NotACurve, Polyline, extract_boundary
from decision_boundary.results import table_rows
from decision_boundary.script import Diverged, progress

WINDOW = 4  # half the side of the square in which boundaries are looked at
SIDES = ("left", "right", "bottom", "top")


class Boundaries(NamedTuple):
    """The decision boundaries of E networks, index k that of network k."""

    polylines: list  # E lists, as extract_boundary returns them
    corners: np.ndarray  # (E,) of the boundary, where it is one convex polygon; else 0

    def polygons(self, corners):
        """The vertices of those that are one convex polygon with so many corners."""
        which = np.flatnonzero(self.corners == corners)
        return [self.polylines[k][0].vertices for k in which]


def extract_all(ensemble):
    """The boundaries of an ensemble's networks; Diverged if a parameter is not finite."""
    if not ensemble.finite().all():
        raise Diverged("a network's parameters are no longer finite")
    networks = map(ensemble.network, range(len(ensemble.output_biases)))
    polylines = [find_boundary(*network, WINDOW) for network in networks]
    return Boundaries(polylines, np.array([count_corners(p) for p in polylines]))


def find_boundary(weights, biases, window=1):
    """What extract_boundary returns, in [-window, window]^2; [] where it is no curve.

    A corner may lie outside of [-1, 1]^2, where the points are, and still close it.
    """
    try:
        small = extract_boundary([window * weights[0], *weights[1:]], biases)
    except NotACurve:  # as two points in all can bring about
        return []
    return [Polyline(window * p.vertices, p.closed) for p in small]


def count_corners(polylines):
    """Corners of a boundary that is a single convex polygon; 0 for any other."""
    if len(polylines) != 1 or not polylines[0].closed:
        return 0
    vertices = polylines[0].vertices
    return len(vertices) if is_convex(vertices) else 0


def wilson(successes, trials, z=1.959964):
    """Wilson's 95 % interval for a share (Wilson, 1927): (low, high)."""
    share, weight = successes / trials, z**2 / trials
    centre = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def surrounds_origin(directions):
    """(E,): is every gap between neighbouring directions (E, 2, H) below 180 degrees?"""
    angles = np.sort(np.arctan2(directions[:, 1], directions[:, 0]), axis=1)
    around = np.concatenate([angles, angles[:, :1] + 2 * np.pi], axis=1)
    return np.diff(around, axis=1).max(axis=1) < np.pi


def dead_units(ensemble, X):
    """Units (E, H) that no point of X (N, 2) activates."""
    z = np.einsum("nd,edh->enh", X, ensemble.hidden_weights)  # pre-activations, no bias
    return z.max(axis=1) + ensemble.hidden_biases <= 0


CAUSES = ("all positive", "negative weight", "dead unit")
SHAPES = ("hexagon", "closed", "open", "nowhere")


def causes(ensemble, X):
    """The last of CAUSES that holds for each trained network, as its index (E,).

    A dead unit leaves too few hinges; a negative outgoing weight bends the logit the
    wrong way; with neither, the logit is convex.
    """
    negative = (ensemble.output_weights < 0).any(axis=1)
    return np.where(dead_units(ensemble, X).any(axis=1), 2, negative.astype(int))


def shapes(boundaries):
    """Of each boundary, the index in SHAPES (E,)."""
    closed = [all(line.closed for line in lines) for lines in boundaries.polylines]
    found = [len(lines) > 0 for lines in boundaries.polylines]
    return np.select(
        [boundaries.corners == 6, np.logical_not(found), closed], [0, 3, 1], 2
    )


def open_sides(polylines):
    """How many ends of open boundaries lie on each of SIDES, over a list of boundaries."""
    ends = [
        end
        for boundary in polylines
        for line in boundary
        if not line.closed
        for end in line.vertices[[0, -1]]
    ]
    x, y = np.array(ends).reshape(-1, 2).T
    ends_on = [x <= -WINDOW, x >= WINDOW, y <= -WINDOW, y >= WINDOW]
    return [int(side.sum()) for side in ends_on]


def irregularity(polygons):
    """Largest deviation from 120 degrees of each hexagon's angles, (n,)."""
    return np.array([np.abs(interior_angles(p) - 120).max() for p in polygons])


def accuracies(polygons):
    """Exact share of [-1, 1]^2 on the right side of each polygon within it, (n,)."""
    return np.array([1 - error(p) for p in polygons if np.abs(p).max() <= 1])


def percent(share):
    return f"{100 * share:.1f}"


def share_text(successes, trials):
    """`99.5 [98.9, 99.8]`: a share in percent, and its Wilson interval."""
    low, high = wilson(successes, trials)
    return f"{percent(successes / trials)} [{percent(low)}, {percent(high)}]"


class Case(NamedTuple):
    """One initialisation on one data set: before and after training, and boundaries."""

    init: str
    X: np.ndarray
    start: Ensemble
    end: Ensemble
    boundaries: Boundaries

    @property
    def hexagons(self):
        return self.boundaries.corners == 2 * self.start.output_weights.shape[1]


def study_case(init, data_seed, options):
    """Train and classify the ensemble that the options describe."""
    X, y = circle_in_square(options.points, data_seed)
    same = {
        "networks": options.networks,
        "hidden_units": options.hidden_units,
        "init": init,
        "seed": data_seed,
    }
    start = initial_ensemble(**same)

    def follow(epoch):
        progress(f"{init}, data set {data_seed}, epoch {epoch} of {options.epochs}")

    end = train_ensemble(X, y, epochs=options.epochs, progress=follow, **same)
    return Case(init, X, start, end, extract_all(end))


def study_starts(options, data_sets=3):
    """The Cases of all initialisations on several data sets."""
    cases = []
    for data_seed in range(options.seed, options.seed + data_sets):
        for init in INITS:
            cases.append(study_case(init, data_seed, options))
    return cases


def joined(cases, f):
    """f(case), arrays (E, ...), for all cases of a list, as one array."""
    return np.concatenate([f(case) for case in cases])


def changed_signs(cases):
    """Units whose outgoing weight a changed its sign: {start: (changed, all)}.

    The starts: a > 0; and a < 0, with the balance a^2 - |w|^2 above 0 or not.
    """
    a = joined(cases, lambda c: c.start.output_weights)
    w = joined(cases, lambda c: c.start.hidden_weights)
    change = a * joined(cases, lambda c: c.end.output_weights) < 0
    balance = a**2 - (w**2).sum(axis=1)
    starts = {
        "Positive": a > 0,
        "NegativeAbove": (a < 0) & (balance > 0),
        "NegativeBelow": (a < 0) & (balance <= 0),
    }
    return {k: (int((change & v).sum()), int(v.sum())) for k, v in starts.items()}


def foretold(cases):
    """Rows (positive outgoing weights, surrounds origin, hexagons, all) of the start."""
    positive = joined(cases, lambda c: (c.start.output_weights > 0).sum(axis=1))
    around = joined(cases, lambda c: surrounds_origin(c.start.hidden_weights))
    hexagon = joined(cases, lambda c: c.hexagons)
    rows = []
    for count in range(positive.max(), -1, -1):
        for sides in (True, False):
            which = (positive == count) & (around == sides)
            if which.any():
                rows.append((count, sides, int(hexagon[which].sum()), int(which.sum())))
    return rows


def classified(cases):
    """Counts (causes, shapes) of the networks."""
    counts = np.zeros((len(CAUSES), len(SHAPES)), dtype=int)
    for case in cases:
        np.add.at(counts, (causes(case.end, case.X), shapes(case.boundaries)), 1)
    return counts


def draw(case):
    """The first network of each of the most frequent sorts, and the sort's share."""
    sorts = causes(case.end, case.X) * len(SHAPES) + shapes(case.boundaries)
    names, first, counts = np.unique(sorts, return_index=True, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:6]
    figure = new_figure(1.42)
    axes = figure.subplots(1, 6)
    for ax in axes[len(most) :]:
        ax.set_axis_off()
    for ax, i in zip(axes, most):
        k, share = first[i], 100 * counts[i] / len(sorts)
        draw_network(ax, *case.end.network(k), case.boundaries.polylines[k])
        cause, form = divmod(names[i], len(SHAPES))
        title = f"{CAUSES[cause]},\n{SHAPES[form]}"
        ax.set_title(f"{title} {share:.1f} %", fontsize=8)
    return figure


def polygon_counts(cases):
    """{init: numbers of polygons with 2H corners, one per data set}."""
    inits = dict.fromkeys(case.init for case in cases)
    return {
        init: [int(c.hexagons.sum()) for c in cases if c.init == init] for init in inits
    }


def start_rows(cases):
    """Texts: initialisation, its share on each data set with Wilson's interval, and on all.

    An interval is one over initialisations. Over data sets there is none: there are few,
    and the networks of one are not independent of each other.
    """
    networks = len(cases[0].hexagons)
    return [
        [
            init,
            *(share_text(k, networks) for k in own),
            percent(np.mean(own) / networks),
        ]
        for init, own in polygon_counts(cases).items()
    ]


def report(cases):
    """The shares of polygons with 2H corners for each initialisation, as text."""
    H = cases[0].start.output_weights.shape[1]
    lines = [
        f"closed convex {2 * H}-gons [%] by data set, with 95 % intervals, and in all"
    ]
    for init, *cells in start_rows(cases):
        lines.append(f"{init:8}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def summary(cases):
    """The numbers for the report, as {macro: text}."""
    hexagons, networks = polygon_counts(cases), len(cases[0].hexagons)
    data_sets = len(hexagons["spread"])
    values = {
        "StartTable": table_rows(start_rows(cases)),
        "StartNetworks": networks,
        "StartDataSets": data_sets,
        "StartSpreadCount": sum(hexagons["spread"]),
        "StartTotal": data_sets * networks,
    }
    for init, own in hexagons.items():
        shares = np.array(own) / networks
        values[f"Start{init.capitalize()}"] = percent(shares.mean())
        values[f"Start{init.capitalize()}Least"] = percent(shares.min())
        values[f"Start{init.capitalize()}Most"] = percent(shares.max())
    xavier, positive = ([c for c in cases if c.init == init] for init in INITS[:2])
    return values | start_summary(xavier, positive) | failure_summary(xavier)


def start_summary(xavier, positive):
    """What the start foretells, and which signs changed, as {macro: text}."""
    rows = foretold(positive)
    around, others = (
        [sum(row[i] for row in rows if row[1] == sides) for i in (2, 3)]
        for sides in (True, False)
    )
    values = {
        "ForetellTable": table_rows(
            [f"{count}", "yes" if sides else "no", f"{k}", f"{n}", percent(k / n)]
            for count, sides, k, n in foretold(xavier)
        ),
        "ForetellSure": "{} of {}".format(*around),
        "ForetellOther": "{} of {}".format(*others),
    }
    for start, (changed, units) in changed_signs(xavier).items():
        values[f"Changed{start}"] = f"{changed} of {units}"
    return values


def failure_summary(cases):
    """What became of the networks, and of those that are no hexagon, as {macro: text}."""
    table = classified(cases)
    dead = joined(cases, lambda c: dead_units(c.end, c.X))
    negative = joined(cases, lambda c: c.start.output_weights < 0)
    four = joined(
        cases, lambda c: (c.boundaries.corners == 4) & (causes(c.end, c.X) == 1)
    )
    values = {
        "CauseTable": table_rows(
            [cause, *map(str, row), f"{sum(row)}"]
            for cause, row in zip(CAUSES, table.tolist())
        ),
        "CauseFailed": int(table[:, 1:].sum()),
        "CauseDeadNegative": f"{(dead & negative).sum()} of {dead.sum()}",
        "CauseFourCorners": f"{four.sum()} of {table[1, 1]}",
    }
    polylines = [p for c in cases for p in c.boundaries.polylines]
    for side, count in zip(SIDES, open_sides(polylines)):
        values[f"Open{side.capitalize()}"] = count
    return values
