"""The exact decision boundary of a ReLU network with two inputs and one logit.

The units take their turns, layer by layer. When a unit's turn comes it is affine on
each region that the units before it have left of the square, so its values at the
region's corners say everything: on an edge whose ends differ in sign, interpolation
gives the point where the unit is zero, and the region is cut from one such point to
the other. The logit cuts last; the boundary is the edges between its two signs.

Regions know their corners by number and share them, so neighbours never disagree
about a sign or a point: joining the edges compares integers, not distances.
"""

import math
from typing import NamedTuple

import numpy as np

from decision_boundary.geometry import polygon_area, side_lengths

SQUARE = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
ZERO = 4e-15  # a value this small beside the terms that its unit adds counts as 0
MERGE = 1e-12  # a vertex this close to the segment between its neighbours is dropped


class NotACurve(ValueError):
    """A logit whose zeros are more, or less, than curves between its signs."""


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
    corners, regions, signs = _subdivide(_checked_layers(weights, biases))
    left, after = _edges(regions, signs)
    _check_sign_changes(left, after, signs, corners)
    boundary = []
    for path in _paths(left, after):
        closed = path[0] == path[-1]  # twice the same corner, which _merged drops
        points = _merged([corners[v] for v in path], closed)
        if len(points) > 2 or not closed:
            boundary.append(Polyline(np.array(points), closed))
    return boundary


# Cutting the square into regions


def _subdivide(layers):
    """Cut the square along every unit's zero line, the logit's last.

    Returns the corners [x, y], the regions as counter-clockwise lists of corner
    numbers, and the sign of the logit at every corner: -1, 0 or 1.
    """
    points, regions = np.array(SQUARE), [[0, 1, 2, 3]]
    h = points
    for W, b in layers:
        # A corner is a row [x, y, z_1, ..., z_H] with the layer's pre-activations.
        rows = np.hstack([points, h @ W + b]).tolist()
        # What a unit's terms add up to is largest at a corner: (1, 1), or where h >= 0
        terms = (h @ np.abs(W) + np.abs(b)).max(axis=0)
        for column, largest in enumerate(terms.tolist(), start=2):
            regions, signs = _cut(rows, regions, column, ZERO * largest)
        points, z = np.hsplit(np.array(rows), [2])
        h = np.maximum(z, 0)
    return points.tolist(), regions, signs


def _cut(rows, regions, column, zero):
    """Cut each region where the value in this column of the rows is zero.

    Appends the new corners to rows; returns the new regions and all corners' signs.
    """
    signs = [(row[column] > zero) - (row[column] < -zero) for row in rows]
    crossings = {}

    def crossing(negative, positive):
        """The zero on an edge, made once for the two regions beside it."""
        if (negative, positive) not in crossings:
            a, b = rows[negative], rows[positive]
            t = a[column] / (a[column] - b[column])
            crossings[negative, positive] = len(rows)
            rows.append([p + t * (q - p) for p, q in zip(a, b)])
            signs.append(0)
        return crossings[negative, positive]

    parts = []
    for region in regions:
        s = [signs[v] for v in region]
        if -1 in s and 1 in s:
            parts += _split(region, s, crossing)
        else:
            parts.append(region)
    return parts, signs


def _split(region, s, crossing):
    """The negative and the positive part of a region whose corners have the signs s.

    Once around from a negative corner the signs are negative, from i on positive, from
    k on negative again, with zeros at the two changes, or among their like by rounding.
    The cut joins `up` and `down`: at each change the last zero, or else a new corner.
    """
    start = s.index(-1)
    region = region[start:] + region[: start + 1]
    s = s[start:] + s[: start + 1]
    i = s.index(1)
    k = s.index(-1, i)
    up_exists, down_exists = s[i - 1] == 0, s[k - 1] == 0
    up = region[i - 1] if up_exists else crossing(region[i - 1], region[i])
    down = region[k - 1] if down_exists else crossing(region[k], region[k - 1])
    negative = [down] + region[k:-1] + region[: i - up_exists] + [up]
    positive = [up] + region[i : k - down_exists] + [down]
    return negative, positive


# Joining the edges between the signs


def _edges(regions, signs):
    """What lies beside each directed edge (a, b).

    left[a, b] is the sign of the region to its left, after[a, b] the corner that
    follows b around the region.
    """
    left, after = {}, {}
    for region in regions:
        s = [signs[v] for v in region]
        side = min(s) or max(s)
        following = region[1:] + region[:1], region[2:] + region[:2]
        for a, b, c in zip(region, *following):
            left[a, b], after[a, b] = side, c
    return left, after


def _check_sign_changes(left, after, signs, corners):
    """Raise NotACurve for zeros that do not separate negative from positive logits.

    Edges shorter and regions thinner than MERGE pass: they may be zero to rounding
    while the sign does change across them.
    """
    for (a, b), side in left.items():
        if signs[a] == signs[b] == 0 and side * left.get((b, a), side) >= 0:
            regions = [_around(e, after) for e in ((a, b), (b, a)) if e in after]
            thin = [_is_thin([corners[v] for v in region]) for region in regions]
            if math.dist(corners[a], corners[b]) > MERGE and not any(thin):
                raise NotACurve(
                    f"weights and biases make the logit zero from {corners[a]} to "
                    f"{corners[b]}; zeros only between - and + are allowed"
                )


def _around(edge, after):
    """The corners of the region to the left of the edge."""
    a, b = edge
    region = [a]
    while b != region[0]:
        region.append(b)
        a, b = b, after[a, b]
    return region


def _is_thin(points):
    """Is the polygon no larger than a strip of width MERGE along its perimeter?"""
    return polygon_area(points) <= MERGE * side_lengths(points).sum()


def _paths(left, after):
    """The edges with a negative region to the left and none to the right, joined.

    An edge leads on to the next one around its negative region, or around the negative
    regions beside that; where these end at the square's border, so does the path.
    """
    links = {}
    for (u, v), side in left.items():
        if side < 0 <= left.get((v, u), -1):
            w = after[u, v]
            while left.get((w, v), 0) < 0:
                w = after[w, v]
            links[u, v] = v, w
    inner = set(links.values())
    open_starts = [edge for edge in links if edge not in inner]
    while links:
        edge = open_starts.pop() if open_starts else next(iter(links))
        path = [edge[0]]
        while edge in links:
            path.append(edge[1])
            edge = links.pop(edge)
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


# Checking the arguments


def _checked_layers(weights, biases):
    """A list of (W, b) whose shapes chain from 2 inputs to 1 logit.

    The values of every unit in the square are bounded by reach, one number per unit:
    reach_0 = 1, reach_l = reach_(l-1) |W_l| + |b_l|.
    """
    for name, value in ("weights", weights), ("biases", biases):
        if not isinstance(value, list | tuple):
            raise TypeError(f"{name} is {value!r}; a list of arrays is allowed")
    if not 0 < len(weights) == len(biases):
        raise ValueError(
            f"weights and biases have {len(weights)} and {len(biases)} entries; "
            "one each per layer, for one layer or more, is allowed"
        )
    layers, reach = [], np.ones(2)
    for k, (W, b) in enumerate(zip(weights, biases)):
        fan_out = 1 if k == len(weights) - 1 else None
        W = _checked_array(f"weights[{k}]", W, (len(reach), fan_out))
        b = _checked_array(f"biases[{k}]", b, (W.shape[1],))
        with np.errstate(over="ignore"):  # infinite is refused, too
            reach = reach @ np.abs(W) + np.abs(b)
        if ((reach > 1e290) | (reach < 1e-290) & (reach > 0)).any():
            raise ValueError(
                f"weights[{k}] and biases[{k}] take values up to {reach}; 0 or "
                "1e-290 to 1e290 is allowed, to stay clear of overflow and underflow"
            )
        layers.append((W, b))
    return layers


def _checked_array(name, value, shape):
    """The value as a float64 array of this shape, None standing for any size >= 1."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # nested lists of different lengths
        raise ValueError(f"{name} is {value!r}; an array is allowed") from error
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} is {value!r}; an array of real numbers is allowed")
    allowed = tuple(size or max(1, n) for size, n in zip(shape, array.shape))
    if array.ndim != len(shape) or array.shape != allowed:
        text = str(shape).replace("None", "units")
        raise ValueError(f"{name} has shape {array.shape}; {text} is allowed")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is {value!r}; finite numbers are allowed")
    return array.astype(np.float64)
