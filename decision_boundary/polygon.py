"""The exact decision boundary of a ReLU network with two inputs and one logit.

The lines on which units are zero divide the square into cells in which the logit is
affine. The line of the next unit, or the boundary, enters and leaves a cell at zeros on
the cell's edges. So it is enough to find these, for all edges at once: layer by layer,
the two zeros beside a cell are joined by an edge, and edges are split at zeros.

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
FEW_UNITS = 6  # for up to so many hidden units, cutting regions is faster
NEAR = 1e-11  # zeros this close together or to an end are not in general position
ZERO = 4e-15  # a value this small relative to the sum of its unit's |terms| counts as 0
MERGE = 1e-12  # a vertex this close to the segment between its neighbours is dropped
MULTIPLIER = 6364136223846793005  # its powers modulo 2^64 look random


class NotACurve(ValueError):
    """A logit whose zeros do not separate negative from positive values."""


class _NotGeneral(Exception):
    """Zeros are too close to each other or to the end of an edge."""


class Polyline(NamedTuple):
    """Vertices (K, 2) in order; if closed, the last one is joined to the first."""

    vertices: np.ndarray
    closed: bool


def extract_boundary(weights, biases):
    """The zero set of the logit in [-1, 1]^2, as a list of polylines.

    weights and biases are lists of the W_l (fan_in, fan_out) and b_l (fan_out,), from
    fan_in 2 to fan_out 1: h_0 = x, h_l = relu(h_(l-1) W_l + b_l), and the logit is
    h_(L-1) W_L + b_L. One layer is allowed. PyTorch stores the transposed W_l.

    Negative logits (label 0) lie to the left of every polyline, which runs
    counter-clockwise around them. An open one begins and ends on the square's border.
    Where branches meet in a point, each turns so that the negative pieces touch but
    stay apart. Zeros that are single points are left out.

    The logit at every vertex is zero to rounding. Vertices within MERGE = 1e-12 of the
    segment between their neighbours are dropped, and closed polylines of which less
    than three vertices are left.

    Raises TypeError or ValueError unless weights and biases are such a network, and
    NotACurve, a ValueError, where zeros do not separate negative from positive logits:
    on a whole region, along a line with the same sign on both sides, or along the
    square's border.
    """
    layers = _checked_layers(weights, biases)
    try:
        corners, paths = _follow_lines(layers)
    except _NotGeneral:
        corners, paths = _cut_regions(layers)
    boundary = []
    for path in paths:
        closed = path[0] == path[-1]  # twice the same corner, of which one is dropped
        points = _merged([corners[v] for v in path], closed)
        if len(points) > 2 or not closed:
            boundary.append(Polyline(np.array(points), closed))
    return boundary


def _checked_layers(weights, biases):
    """A list of (W, b) whose shapes chain from 2 inputs to 1 logit."""
    if not 0 < len(weights) == len(biases):
        lengths = f"equal length >= 1, not {len(weights)} and {len(biases)}"
        raise ValueError(f"weights and biases must have {lengths}")
    layers, fan_in = [], 2
    for k, (W, b) in enumerate(zip(weights, biases)):
        fan_out = 1 if k == len(weights) - 1 else "n"
        W = checked(f"weights[{k}]", W, NUMBERS, (fan_in, fan_out)).astype(float)
        fan_in = W.shape[1]
        b = checked(f"biases[{k}]", b, NUMBERS, (fan_in,)).astype(float)
        layers.append((W, b))
    return layers


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
    edges (4, E)     the rows of their starts and stops, the cells to the left and right

    A cell's name is the sum of the square's, 1, and of those of the units that are
    positive in it, which are even numbers, modulo 2^64. What is outside is named 0.
    """
    *hidden, (a, c) = layers
    sizes = [len(b) for _, b in hidden]
    if sum(sizes) <= FEW_UNITS:
        raise _NotGeneral  # or not worth it
    names = np.split(2 * np.cumprod(np.full(sum(sizes), MULTIPLIER)), np.cumsum(sizes))
    h = rows = np.array(SQUARE)
    edges = np.array([[0, 1, 2, 3], [1, 2, 3, 0], [1] * 4, [0] * 4])
    for k, (W, b) in enumerate(hidden):
        rows = np.hstack([rows[:, :2], h @ W + b])  # (R, fan_in) @ (fan_in, H)
        terms = h.max(axis=0) @ np.abs(W) + np.abs(b)
        if (np.abs(rows[:, 2:]) <= NEAR * terms).any():
            raise _NotGeneral
        zeros = _unit_zeros(rows, edges)
        lines = _lines(edges, zeros, names[k], len(rows))
        rows, edges = _split(rows, edges, zeros)
        zeros = _unit_zeros(rows, lines)
        edges = np.hstack([lines, edges])
        if k + 1 < len(hidden):  # the last lines, often with the most zeros, stay whole
            rows, edges = _split(rows, edges, zeros)
            on = rows[:, 2:] > 0
            edges[2:] += (on[edges[0]] | on[edges[1]]) @ names[k]
            h = np.maximum(rows[:, 2:], 0)
    points, beside, rises = _logit_zeros(rows, edges, zeros, names[-2], a[:, 0], c[0])
    first, last, _ = _joined(beside, rises)
    return points.tolist(), _paths(dict(zip(first.tolist(), last.tolist())))


def _unit_zeros(rows, edges):
    """The zeros of units, sorted: edge, place from 0 to 1 on it, unit, its fall."""
    on = rows[:, 2:] > 0
    changes = on[edges[0]] != on[edges[1]]
    i, j = np.divmod(np.flatnonzero(changes), on.shape[1])  # faster than np.nonzero
    start = rows[edges[0, i], 2 + j]
    fall = start - rows[edges[1, i], 2 + j]
    t = start / fall
    key = i + t
    order = key.argsort()
    if (np.diff(key[order]) <= NEAR).any():
        raise _NotGeneral
    return i, t[order], j[order], fall[order]


def _lines(edges, zeros, names, new):
    """The edges on which a unit is zero; `new` is the first zero's number as a row."""
    i, _, j, fall = zeros
    first, last, right = _joined(edges[2:, i] + names[j], fall < 0)
    return np.stack([new + first, new + last, right - names[j[first]], right])


def _joined(beside, rises):
    """Pair the zeros beside the same cell: the first, the last, and the cell's name.

    A curve with negative values to its left enters the cell to the left of the edge,
    beside[0], where the values rise along the edge, and leaves it where they fall. It
    must do each once per cell, which fails if two cells share a name.
    """
    enters, leaves = np.where(rises, beside, beside[::-1])
    first, last = np.flatnonzero(enters & 1), np.flatnonzero(leaves & 1)
    first = first[enters[first].argsort()]
    last = last[leaves[last].argsort()]
    cell = enters[first]
    if not np.array_equal(cell, leaves[last]) or (cell[1:] == cell[:-1]).any():
        raise _NotGeneral
    return first, last, cell


def _split(rows, edges, zeros):
    """Split the edges at the zeros of units, which become rows."""
    i, t, j, _ = zeros
    points, new = _between(rows, edges[:, i], t), np.arange(len(i))
    points[new, 2 + j] = 0
    parts = np.insert(edges, i, edges[:, i], axis=1)
    parts[1, i + new] = parts[0, i + new + 1] = len(rows) + new
    return np.concatenate([rows, points]), parts


def _between(rows, edges, t):
    """The rows at the places t from 0 to 1 on the edges."""
    start, stop = rows[edges[0]], rows[edges[1]]
    return start + t[:, None] * (stop - start)


def _logit_zeros(rows, edges, zeros, names, a, c):
    """The zeros of relu(z) a + c on edges: points, cells beside, do values rise?"""
    h = np.maximum(rows[:, 2:], 0)
    f = (h @ a + c)[edges[:2]]  # (R, H) @ (H,) -> (R,), then (2, E)
    near = NEAR * (h.max(axis=0) @ np.abs(a) + abs(c))
    i, t, j, fall = zeros
    bend = np.abs(fall) * a[j]  # the growth of the logit's slope at a unit's zero
    # The logit is at most this far from its chord
    sag = np.bincount(i, np.abs(bend) * t * (1 - t), len(f[0]))
    found = (f.min(axis=0) - sag <= near) & (f.max(axis=0) + sag >= -near)
    f, edges, kept = f[:, found], edges[:, found], found[i]
    i = (found.cumsum() - 1)[i[kept]]
    i, t, slope = _zeros_between_bends(*f, i, t[kept], bend[kept], near)
    points = _between(rows, edges[:, i], t)
    beside = edges[2:, i] + (points[:, 2:] > 0) @ names
    return points[:, :2], beside, slope > 0


def _zeros_between_bends(start, stop, i, t, bend, near):
    """The zeros of piecewise linear functions on [0, 1]: function, place, slope there.

    The values at 0 and 1 are start and stop; function i's slope grows by bend at t.
    """
    count = np.bincount(i, minlength=len(start))
    bends = np.arange(count.max(initial=0)) < count[:, None]
    # One line per function: where its linear pieces end, and their slopes
    places = np.ones((len(start), 1 + bends.shape[1]))
    places[:, :-1][bends] = t
    slopes = np.zeros_like(places)
    slopes[:, 0] = stop - start - np.bincount(i, bend * (1 - t), len(start))
    slopes[:, 1:][bends] = bend
    slopes = slopes.cumsum(axis=1)
    rises = slopes * np.diff(places, axis=1, prepend=0)
    f = np.column_stack([start, rises]).cumsum(axis=1)
    if (np.abs(f) <= near).any():
        raise _NotGeneral
    i, k = np.nonzero((f[:, :-1] > 0) != (f[:, 1:] > 0))
    return i, places[i, k] - f[i, k + 1] / slopes[i, k], slopes[i, k]


# Any position: cutting the square into regions


def _cut_regions(layers):
    """The same as _follow_lines, for zeros in any position.

    Paths have a negative region to the left and none to the right of each edge.
    """
    corners, regions, signs = _subdivide(layers)
    left, after, links = {}, {}, {}
    for region in regions:
        s = [signs[v] for v in region]
        edges = list(zip(region, region[1:] + region[:1]))
        left |= dict.fromkeys(edges, (min(s) or max(s), region))
        after |= zip(edges, region[2:] + region[:2])  # the corner after each edge
    for (a, b), (side, region) in left.items():
        other, beyond = left.get((b, a), (side, region))
        if signs[a] == signs[b] == 0 <= side * other:
            _check_thin(corners, [a, b], region, beyond)
        if side < 0 <= other:
            c = after[a, b]
            while left.get((c, b), (0, None))[0] < 0:
                c = after[c, b]
            links[a, b] = b, c
    return corners, [[a for a, _ in path] for path in _paths(links)]


def _check_thin(corners, edge, *regions):
    """Raise NotACurve for an edge of zeros, unless it or a region beside it is tiny.

    Edges shorter and regions thinner than MERGE may be zero just to rounding.
    """
    start, stop = (corners[v] for v in edge)
    polygons = [[corners[v] for v in region] for region in regions]
    thin = [polygon_area(p) <= MERGE * side_lengths(p).sum() for p in polygons]
    if math.dist(start, stop) > MERGE and not any(thin):
        text = "stay zero from ({}, {}) to ({}, {})".format(*start, *stop)
        raise NotACurve(f"the logit must change its sign where it is zero, not {text}")


def _subdivide(layers):
    """Cut the square along every unit's zero line, the logit's last.

    Returns the corners [x, y], the regions as counter-clockwise lists of corner
    numbers, and the signs -1, 0 or 1 of the logit at all corners.
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
            crossings[negative, positive] = len(rows)
            p, q = rows[negative], rows[positive]
            t = p[column] / (p[column] - q[column])
            rows.append([x + t * (y - x) for x, y in zip(p, q)])
            signs.append(0)
        return crossings[negative, positive]

    for region in regions:
        s = [signs[v] for v in region]
        cut = -1 in s and 1 in s
        parts += _halves(region, s, crossing) if cut else [region]
    return parts, signs


def _halves(region, s, crossing):
    """The negative and the positive part of a region whose corners have the signs s.

    Once around from a negative corner the signs are negative, from i on positive, from
    k on negative again, with zeros before i and k, or among their like by rounding.
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
