"""The exact decision boundary of a ReLU network with two inputs and one logit.

The lines on which units are zero divide the square into cells in which the logit is
affine. Where the line of a unit crosses a cell, it enters and leaves at zeros on the
cell's edges, and so does the boundary. Hence the zeros on edges are all there is to
find: layer by layer, the zeros beside the same cell are joined, and the segments
between them become edges for the next layer. Each step treats all edges at once.

This needs general position: up to rounding, no zero at an end of an edge and no two in
the same place. Where it fails, and for few units, each unit in turn cuts all regions
that the units before it have left of the square. Regions share their corners, so that
neighbours never disagree about a sign, but most of them do not meet the boundary.
"""

import math
from typing import NamedTuple

from decision_boundary.checks import NUMBERS, checked
from decision_boundary.geometry import polygon_area, side_lengths
import numpy as np

SQUARE = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
FEW_UNITS = (
    6  # up to so many hidden units, cutting is faster than whole-array operations
)
NEAR = 1e-11  # zeros this close together or to an end are not in general position
ZERO = 4e-15  # a value this small relative to the sum of its unit's |terms| counts as 0
MERGE = 1e-12  # a vertex this close to the segment between its neighbours is dropped
MULTIPLIER = 6364136223846793005  # its powers modulo 2^64 look random


class NotACurve(ValueError):
    """A logit whose zeros do not separate negative from positive values."""


class _NotGeneral(Exception):
    """Zeros too close to each other or to the end of an edge to be told apart."""


class Polyline(NamedTuple):
    """Vertices (K, 2) in order; if closed, the last one is joined to the first."""

    vertices: np.ndarray
    closed: bool


def extract_boundary(weights, biases):
    """The zero set of the logit in [-1, 1]^2, as a list of polylines.

    h_0 = x, h_l = relu(h_(l-1) W_l + b_l), logit = h_(L-1) W_L + b_L; weights and
    biases are lists of the W_l (fan_in, fan_out) and b_l (fan_out,), from fan_in 2 to
    fan_out 1. One layer is allowed.

    Negative logits (label 0) lie to the left of every polyline: around an inside it
    runs counter-clockwise. An open polyline begins and ends on the square's border; no
    boundary gives []. Where branches meet in a point, each turns so that the negative
    pieces touch but stay apart. Zeros that are single points are left out.

    The logit at every vertex is zero to rounding. Vertices within MERGE = 1e-12 of the
    segment between their neighbours are dropped: no corners, or coincident ones. So is
    a closed polyline of which two vertices or less are left.

    Raises TypeError or ValueError unless weights and biases are such a network, and
    NotACurve, a ValueError, where zeros do not separate negative from positive logits
    within the square: on a whole region, or along a line with the same sign on both
    sides, or along the square's border.
    """
    layers = _checked_layers(weights, biases)
    try:
        corners, paths = _follow_lines(layers)
    except _NotGeneral:
        corners, paths = _cut_regions(layers)
    boundary = []
    for path in paths:
        closed = path[0] == path[-1]  # twice the same corner, which _merged drops
        points = _merged([corners[v] for v in path], closed)
        if len(points) > 2 or not closed:
            boundary.append(Polyline(np.array(points), closed))
    return boundary


def _paths(links):
    """Lists of keys that lead on to each other; a closed one ends as it begins."""
    inner = set(links.values())
    starts = [key for key in links if key not in inner]
    while links:
        path = [starts.pop() if starts else next(iter(links))]
        while path[-1] in links:
            path.append(links.pop(path[-1]))
        yield path


def _merged(points, closed):
    """The points, less those within MERGE of the segment between their neighbours."""
    i = 0 if closed else 1
    while i < len(points) - (not closed):
        if _distance(points[i], points[i - 1], points[(i + 1) % len(points)]) <= MERGE:
            del points[i]
        else:
            i += 1
    return points


def _distance(p, a, b):
    """Distance of the point p from the segment a b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy
    t = min(max(t / (dx * dx + dy * dy or 1), 0), 1)
    return math.dist(p, (a[0] + t * dx, a[1] + t * dy))


# General position: joining the zeros on the edges


def _follow_lines(layers):
    """The boundary's corners [x, y] and its paths, which are lists of corner numbers.

    rows (R, 2 + H)  [x, y, z_1, ..., z_H]: a point and the layer's pre-activations
    ends (2, E)      the rows in which the edges start and stop
    cells (2, E)     names of the cells to the left and right of the edges

    A cell's name is the square's xor the names of the units that are positive in it.
    Units have even names and the square an odd one, so that all cells have odd ones.
    """
    *hidden, (a, c) = layers
    sizes = [len(b) for _, b in hidden]
    if sum(sizes) <= FEW_UNITS:
        raise _NotGeneral
    names = np.split(2 * np.cumprod(np.full(sum(sizes), MULTIPLIER)), np.cumsum(sizes))
    h = rows = np.array(SQUARE)
    ends = np.array([[0, 1, 2, 3], [1, 2, 3, 0]])
    cells = np.array([[1] * 4, [0] * 4])  # the square and what is outside
    for k, (W, b) in enumerate(hidden):
        if k > 0:
            rows, ends, cells = _split_edges(rows, ends, cells, names[k - 1])
            h = np.maximum(rows[:, 2:], 0)
        rows = np.hstack([rows[:, :2], h @ W + b])  # (R, fan_in) @ (fan_in, H)
        terms = h.max(axis=0) @ np.abs(W) + np.abs(b)
        rows, ends, cells = _add_edges(rows, ends, cells, names[k], terms)
    points, beside, rises = _logit_zeros(rows, ends, cells, names[-2], a[:, 0], c[0])
    first, last, _ = _joined(beside, rises)
    return points.tolist(), _paths(dict(zip(first.tolist(), last.tolist())))


def _add_edges(rows, ends, cells, names, terms):
    """Add the segments on which one of the layer's units is zero."""
    i, t, j, fall = _unit_zeros(rows, ends)
    points = _between(rows, ends[:, i], t)
    # Clearly negative, so that the unit counts as off and not as nearly zero
    points[np.arange(len(j)), 2 + j] = -terms[j]
    first, last, key = _joined(cells[:, i] + names[j], fall < 0)
    own = names[j[first]]
    ends = np.concatenate([ends, len(rows) + np.stack([first, last])], axis=1)
    cells = np.concatenate([cells, [key - own, (key - own) ^ own]], axis=1)
    rows = np.concatenate([rows, points])
    near, z = NEAR * terms, rows[:, 2:]
    if ((z > near) == (z < -near)).any():
        raise _NotGeneral
    return rows, ends, cells


def _unit_zeros(rows, ends):
    """The zeros of units, sorted: edge, place from 0 to 1 on it, unit, its fall there."""
    on = rows[:, 2:] > 0
    changes = on[ends[0]] != on[ends[1]]
    i, j = np.divmod(np.flatnonzero(changes), on.shape[1])
    start, stop = (rows[row[i], 2 + j] for row in ends)
    fall = start - stop
    t = start / fall
    key = i + t  # sorts by edge, then by place
    order = np.argsort(key)
    if (np.diff(key[order]) <= NEAR).any():
        raise _NotGeneral
    return i, t[order], j[order], fall[order]


def _between(rows, ends, t):
    """The rows at the places t from 0 to 1 between two ends."""
    values, step = rows[ends[0]], rows[ends[1]]
    step -= values
    step *= t[:, None]
    values += step
    return values


def _joined(beside, rises):
    """Pair the zeros beside the same cell: the first, the last, and the cell's name.

    With negative values to its left, the curve through a zero enters the cell to the
    left of the edge, beside[0], if the values rise along the edge, else beside[1].
    Each cell must be entered once and left once, which fails if two share a name.
    """
    enters = np.where(rises, beside[0], beside[1])
    leaves = np.where(rises, beside[1], beside[0])
    first, last = np.flatnonzero(enters & 1), np.flatnonzero(leaves & 1)
    first = first[enters[first].argsort()]
    last = last[leaves[last].argsort()]
    cell = enters[first]
    if not np.array_equal(cell, leaves[last]) or (cell[1:] == cell[:-1]).any():
        raise _NotGeneral
    return first, last, cell


def _split_edges(rows, ends, cells, names):
    """Split the edges at the layer's zeros and name the layer's cells beside them."""
    i, t, j, _ = _unit_zeros(rows, ends)
    points = _between(rows, ends[:, i], t)
    points[np.arange(len(j)), 2 + j] = 0
    new = len(rows) + np.arange(len(i))
    start, stop = np.insert(ends[0], i + 1, new), np.insert(ends[1], i, new)
    rows = np.concatenate([rows, points])
    on = rows[:, 2:] > 0
    cells = np.insert(cells, i, cells[:, i], axis=1)
    return rows, np.stack([start, stop]), cells ^ _xor(on[start] | on[stop], names)


def _xor(on, names):
    return np.bitwise_xor.reduce(on * names, axis=1)


def _logit_zeros(rows, ends, cells, names, a, c):
    """The zeros of relu(z) a + c on edges: points, cells beside, do values rise?

    Along an edge, the logit's slope grows by `bend` at each zero of a unit, which takes
    the logit no farther than `sag` from its chord.
    """
    h = np.maximum(rows[:, 2:], 0)
    f = (h @ a + c)[ends]  # (R, H) @ (H,) -> (R,), then (2, E)
    near = NEAR * (h.max(axis=0) @ np.abs(a) + abs(c))
    i, t, j, fall = _unit_zeros(rows, ends)
    bend = np.abs(fall) * a[j]
    sag = np.bincount(i, np.abs(bend) * t * (1 - t), ends.shape[1])
    found = (f.min(axis=0) - sag <= near) & (f.max(axis=0) + sag >= -near)
    f, ends, cells = f[:, found], ends[:, found], cells[:, found]
    kept = np.flatnonzero(found[i])
    i, j, t, bend = (found.cumsum() - 1)[i[kept]], j[kept], t[kept], bend[kept]

    # One row per edge: first its start, then the zeros of units on it
    count = np.bincount(i, minlength=len(f[0]))
    kinks = np.arange(count.max(initial=0)) < count[:, None]
    slope = f[1] - f[0] - np.bincount(i, bend * (1 - t), len(f[0]))
    places = _table(0, t, kinks, rest=1)
    flips = _table(_xor(rows[ends[0], 2:] > 0, names), names[j], kinks)
    gaps = np.diff(places, append=1)
    rise = _table(slope, bend, kinks).cumsum(axis=1) * gaps
    f = np.column_stack([f[0], rise]).cumsum(axis=1)
    if (np.abs(f) <= near).any():
        raise _NotGeneral
    i, k = np.nonzero((f[:, :-1] > 0) != (f[:, 1:] > 0))
    t = places[i, k] - gaps[i, k] * f[i, k] / rise[i, k]
    cells = cells[:, i] ^ np.bitwise_xor.accumulate(flips, axis=1)[i, k]
    return _between(rows[:, :2], ends[:, i], t), cells, rise[i, k] > 0


def _table(first, values, where, rest=0):
    table = np.full((len(where), 1 + where.shape[1]), rest, dtype=values.dtype)
    table[:, 0] = first
    table[:, 1:][where] = values
    return table


# Any position: cutting the square into regions


def _cut_regions(layers):
    """The same as _follow_lines, for zeros in any position.

    Paths consist of the edges with a negative region to the left and none to the
    right. The next edge is found around that region or the negative ones beside it;
    where these end at the square's border, so does the path.
    """
    corners, regions, signs = _subdivide(layers)
    left, links = {}, {}
    for region in regions:
        s = [signs[v] for v in region]
        side = min(s) or max(s)
        left |= dict.fromkeys(zip(region, region[1:] + region[:1]), (side, region))
    for (a, b), (side, region) in left.items():
        other, beyond = left.get((b, a), (side, region))
        if signs[a] == signs[b] == 0 <= side * other:
            _check_thin(*([corners[v] for v in r] for r in ([a, b], region, beyond)))
        if side < 0 <= other:
            while side < 0:
                c = region[region.index(b) + 1 - len(region)]
                side, region = left.get((c, b), (0, None))
            links[a, b] = b, c
    return corners, [[a for a, _ in path] for path in _paths(links)]


def _check_thin(edge, *regions):
    """Raise NotACurve for an edge of zeros without a change of sign across it.

    Edges shorter and regions thinner than MERGE pass: they may be zero to rounding
    while the sign does change.
    """
    thin = [polygon_area(r) <= MERGE * side_lengths(r).sum() for r in regions]
    if math.dist(*edge) > MERGE and not any(thin):
        raise NotACurve(
            "the logit must change its sign where it is zero, not stay zero from "
            "({}, {}) to ({}, {})".format(*edge[0], *edge[1])
        )


def _subdivide(layers):
    """Cut the square along every unit's zero line, the logit's last.

    Returns the corners [x, y], the regions as counter-clockwise lists of corner
    numbers, and the signs of the logit at all corners: -1, 0 or 1.
    """
    h = points = np.array(SQUARE)
    regions = [[0, 1, 2, 3]]
    for W, b in layers:
        # A corner is a row [x, y, z_1, ..., z_H] with the layer's pre-activations
        rows = np.hstack([points, h @ W + b]).tolist()
        # The sum of a unit's |terms| is largest at a corner: (1, 1), or where h >= 0
        terms = (h @ np.abs(W) + np.abs(b)).max(axis=0)
        for column, largest in enumerate(terms.tolist(), start=2):
            regions, signs = _cut(rows, regions, column, ZERO * largest)
        rows = np.array(rows)
        points, h = rows[:, :2], np.maximum(rows[:, 2:], 0)
    return points.tolist(), regions, signs


def _cut(rows, regions, column, zero):
    """Cut each region where the value in this column of the rows is zero.

    Appends the new corners to rows; returns the new regions and all corners' signs.
    """
    signs = [(row[column] > zero) - (row[column] < -zero) for row in rows]
    crossings, parts = {}, []

    def crossing(negative, positive):
        """The zero on an edge, made once for the two regions beside it."""
        if (negative, positive) not in crossings:
            p, q = rows[negative], rows[positive]
            t = p[column] / (p[column] - q[column])
            crossings[negative, positive] = len(rows)
            rows.append([x + t * (y - x) for x, y in zip(p, q)])
            signs.append(0)
        return crossings[negative, positive]

    for region in regions:
        s = [signs[v] for v in region]
        if -1 in s and 1 in s:
            parts += _halves(region, s, crossing)
        else:
            parts.append(region)
    return parts, signs


def _halves(region, s, crossing):
    """The negative and the positive part of a region whose corners have the signs s.

    Once around from a negative corner the signs are negative, from i on positive, from
    k on negative again, with zeros at the two changes, or among their like by rounding.
    The cut joins the corners before i and k, which are zeros or new.
    """
    start = s.index(-1)
    region = region[start:] + region[: start + 1]
    s = s[start:] + s[: start + 1]
    i = s.index(1)
    k = s.index(-1, i)
    if s[k - 1] > 0:
        region.insert(k, crossing(region[k], region[k - 1]))
        k += 1
    if s[i - 1] < 0:
        region.insert(i, crossing(region[i - 1], region[i]))
        i, k = i + 1, k + 1
    return region[k - 1 : -1] + region[:i], region[i - 1 : k]


# Checking the arguments


def _checked_layers(weights, biases):
    """A list of (W, b) whose shapes chain from 2 inputs to 1 logit.

    The values of every unit in the square are bounded by reach, one number per unit:
    reach_0 = 1, reach_l = reach_(l-1) |W_l| + |b_l|.
    """
    for name, value in ("weights", weights), ("biases", biases):
        if not isinstance(value, list | tuple):
            raise TypeError(f"{name} must be a list of arrays, not {value!r}")
    if not 0 < len(weights) == len(biases):
        raise ValueError(
            "weights and biases must have one entry each per layer, at least one, "
            f"not {len(weights)} and {len(biases)}"
        )
    layers, reach = [], np.ones(2)
    for k, (W, b) in enumerate(zip(weights, biases)):
        fan_out = 1 if k == len(weights) - 1 else "n"
        W = checked(f"weights[{k}]", W, NUMBERS, (len(reach), fan_out)).astype(float)
        b = checked(f"biases[{k}]", b, NUMBERS, (W.shape[1],)).astype(float)
        with np.errstate(over="ignore"):  # infinite is refused, too
            reach = reach @ np.abs(W) + np.abs(b)
        bad = [r for r in reach.tolist() if r > 1e290 or 0 < r < 1e-290]
        if bad:
            raise ValueError(
                f"weights[{k}] and biases[{k}] must give values of 0 or 1e-290 to "
                f"1e290, clear of underflow and overflow, not up to {bad[0]:.3g}"
            )
        layers.append((W, b))
    return layers
