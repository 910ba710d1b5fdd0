"""The exact decision boundary of a ReLU network with two inputs and one logit.

Take a rectangular sheet of paper. A unit of the first hidden layer is zero along a
straight line: cut the sheet along it. The next unit's line crosses some of the pieces:
cut each of them in two, and so on. In each region that is left, every unit is either on
or off. So a unit of the second layer is affine there, and zero along a straight line
again: cut the regions that it crosses, unit by unit and layer by layer. At the end, the
logit is affine in each region: cut once more where it is zero. Now each region is
negative or not, and the edges between one that is and one that is not are the boundary.

A region is a list of the numbers of its corners, counter-clockwise. Two regions share
the corners of the edge between them, so that they never disagree about a sign.

The linear layers of a PyTorch network store the transposed weights:

>>> layers = [module for module in network.modules() if hasattr(module, "weight")]
>>> weights = [layer.weight.detach().numpy().T for layer in layers]
>>> biases = [layer.bias.detach().numpy() for layer in layers]
>>> boundary = extract_boundary(weights, biases, extent=(-2, 2, -2, 2))

The first network in a file from `python decision_boundary/main.py --save FILE`:

>>> file = np.load("networks.npz")
>>> weights = [file["hidden_weights"][0], file["output_weights"][0][:, None]]
>>> biases = [file["hidden_biases"][0], file["output_biases"][:1]]
>>> for vertices, closed in extract_boundary(weights, biases):
...     print(len(vertices), "vertices,", "closed" if closed else "open")
6 vertices, closed
"""

import math
from typing import NamedTuple

from decision_boundary.checks import finite_array
import numpy as np

ROUNDING = 4e-15  # relative to the sum of a unit's |terms|; what is smaller counts as 0
MERGE = 1e-12  # relative to the rectangle's longer side; see extract_boundary
LINES_PER_PRUNING = 12  # after so many, drop regions that the boundary cannot reach


class Polyline(NamedTuple):
    """Vertices (K, 2) in order; if closed, the last one is joined to the first."""

    vertices: np.ndarray
    closed: bool


def extract_boundary(weights, biases, extent=(-1, 1, -1, 1)):
    """The border of {logit < 0} in a rectangle, as a list of polylines.

    weights and biases are lists of the W_l (fan_in, fan_out) and b_l (fan_out,), from
    fan_in 2 to fan_out 1: h_0 = x, h_l = relu(h_(l-1) W_l + b_l), and the logit is
    h_(L-1) W_L + b_L. One layer is allowed. extent is (left, right, bottom, top).

    Negative logits (label 0) are to the left of every polyline, which runs
    counter-clockwise around them. An open one starts and ends on the rectangle's
    border, which is itself no part of the boundary. Where branches meet in a point,
    each turns so that the negative pieces touch but stay apart.

    Zeros count as not negative. So every network has such a border, which may be empty:
    a region of zeros has a border with a negative region beside it, but a line of zeros
    between two negative regions is none. Vertices are exact to rounding. Those within
    1e-12 of the segment between their neighbours, relative to the rectangle's longer
    side, are dropped, and so are closed polylines with fewer than three vertices left.

    Raises TypeError or ValueError if weights, biases or extent are not as above.
    """
    layers = checked_layers(weights, biases)
    left, right, bottom, top = checked_extent(extent)
    sheet = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
    near = MERGE * max(right - left, top - bottom)
    corners, regions, signs = cut_sheet(sheet, layers)
    boundary = []
    for path in join_edges(boundary_edges(regions, signs)):
        closed = path[0] == path[-1]
        points = drop_straight(corners[path].tolist(), closed, near)
        if len(points) > 2 or not closed:
            boundary.append(Polyline(np.array(points), closed))
    return boundary


def checked_layers(weights, biases):
    """A list of (W, b) whose shapes lead from 2 inputs to 1 logit."""
    for name, arrays in ("weights", weights), ("biases", biases):
        if not isinstance(arrays, (list, tuple)):
            kind = type(arrays).__name__
            raise TypeError(f"{name} must be a list of arrays, not {kind}")
    if not 0 < len(weights) == len(biases):
        lengths = f"equal length >= 1, not {len(weights)} and {len(biases)}"
        raise ValueError(f"weights and biases must have {lengths}")
    layers = []
    fan_in = 2
    for k, (W, b) in enumerate(zip(weights, biases)):
        fan_out = 1 if k == len(weights) - 1 else "n"
        W = finite_array(f"weights[{k}]", W, (fan_in, fan_out))
        fan_in = W.shape[1]
        b = finite_array(f"biases[{k}]", b, (fan_in,))
        layers.append((W, b))
    return layers


def checked_extent(extent):
    """The extent as four floats."""
    left, right, bottom, top = finite_array("extent", extent, (4,)).tolist()
    if left >= right or bottom >= top:
        wanted = "(left, right, bottom, top) with left < right and bottom < top"
        raise ValueError(f"extent must be {wanted}, not {extent}")
    return left, right, bottom, top


def cut_sheet(sheet, layers):
    """Cut the sheet along the zeros of every unit, those of the logit last.

    Returns all corners (V, 2), the regions, and the logit's signs at all corners.
    """
    corners = inputs = sheet
    regions = [[0, 1, 2, 3]]
    lines = 0
    for depth, (W, b) in enumerate(layers):
        z = inputs @ W + b  # (V, fan_in) @ (fan_in, H) -> (V, H)
        rows = np.hstack([corners, z]).tolist()  # of each corner: x, y, z_1, ..., z_H
        for column, zero in enumerate(rounding(inputs, W, b).tolist(), start=2):
            regions, signs = cut_regions(rows, regions, column, zero)
            lines += 1
            if lines % LINES_PER_PRUNING == 0 and regions:
                z = np.array(rows)[:, 2:]
                regions = regions_in_reach(regions, z, layers[depth + 1 :])
        rows = np.array(rows)
        corners = rows[:, :2]
        inputs = np.maximum(rows[:, 2:], 0)
    return corners, regions, signs


def rounding(inputs, W, b):
    """(H,): how far from zero a unit's value may be by rounding.

    The sum of its |terms| is convex in each region, and so largest at a corner.
    """
    # (V, fan_in) @ (fan_in, H) -> (V, H)
    return ROUNDING * (np.abs(inputs) @ np.abs(W) + np.abs(b)).max(axis=0)


def cut_regions(rows, regions, column, zero):
    """Cut each region in which this column's values have both signs.

    Returns the regions, and the signs at all corners. New corners are appended to rows.
    """
    signs = [(row[column] > zero) - (row[column] < -zero) for row in rows]
    for row, sign in zip(rows, signs):
        if sign == 0:
            row[column] = 0.0
    crossings = {}
    parts = []
    for region in regions:
        s = [signs[v] for v in region]
        if -1 in s and 1 in s:
            region = with_crossings(region, rows, signs, crossings, column)
            parts += cut_region(region, signs)
        else:
            parts.append(region)
    return parts, signs


def with_crossings(region, rows, signs, crossings, column):
    """The region with a new corner on each edge between a negative and a positive one.

    crossings {edge: its new corner}: the two regions of an edge share the new corner.
    """
    corners = []
    for a, b in zip(region, region[1:] + region[:1]):
        corners.append(a)
        if signs[a] * signs[b] < 0:
            edge = (a, b) if a < b else (b, a)
            if edge not in crossings:
                crossings[edge] = len(rows)
                rows.append(zero_between(rows[edge[0]], rows[edge[1]], column))
                signs.append(0)
            corners.append(crossings[edge])
    return corners


def cut_region(corners, signs):
    """The negative and the positive part of a region; both get the zeros between."""
    s = [signs[v] for v in corners]
    start = s.index(-1)
    corners = corners[start:] + corners[:start]
    s = s[start:] + s[:start]
    # The zeros beside the positive corners: [-1, 0, 1, 1, 0] gives first = 1, last = 4
    first = s.index(1) - 1
    last = len(s) - s[::-1].index(1)
    return corners[last:] + corners[: first + 1], corners[first : last + 1]


def zero_between(p, q, column):
    """The row of the point between the rows p and q where the column's value is 0."""
    t = p[column] / (p[column] - q[column])
    row = [x + t * (y - x) for x, y in zip(p, q)]
    row[column] = 0.0
    return row


def regions_in_reach(regions, z, layers):
    """The regions in which the logit may be 0. Only speed needs this.

    z (V, H) are one layer's values at the corners; `layers` are the layers after it.
    A point of a region is a weighted mean of the corners. As z is affine, its value
    there is the same mean of its values at the corners. For relu(z) this is off by at
    most min(-low, high), if z runs from low < 0 to high > 0. A layer multiplies what
    its inputs are off by |W|.
    """
    corners = np.concatenate(regions)
    starts = np.cumsum([0] + [len(region) for region in regions[:-1]])
    low = np.minimum.reduceat(z[corners], starts)  # (R, H)
    high = np.maximum.reduceat(z[corners], starts)
    off = 0
    for W, b in layers:
        off = off + np.maximum(np.minimum(-low, high), 0)
        h = np.maximum(z, 0)
        z = h @ W + b  # (V, fan_in) @ (fan_in, H) -> (V, H)
        off = off @ np.abs(W) + 1000 * rounding(h, W, b)  # (R, fan_in) @ (fan_in, H)
        low = np.minimum.reduceat(z[corners], starts) - off
        high = np.maximum.reduceat(z[corners], starts) + off
    reached = (low[:, 0] <= 0) & (high[:, 0] >= 0)
    return [regions[k] for k in np.flatnonzero(reached)]


def boundary_edges(regions, signs):
    """{edge: next edge} of those with a negative region to the left and another beyond.

    The next edge is the first one around the corner with no negative region beyond.
    """
    after = {}  # edge of a negative region: the corner that follows in the region
    beyond = set()  # the edges of the other regions
    for region in regions:
        negative = -1 in [signs[v] for v in region]
        for a, b, c in zip(region, region[1:] + region[:1], region[2:] + region[:2]):
            if negative:
                after[a, b] = c
            else:
                beyond.add((a, b))
    following = {}
    for (a, b), c in after.items():
        if (b, a) in beyond:
            while (c, b) in after:
                c = after[c, b]
            following[a, b] = (b, c)
    return following


def join_edges(following):
    """Paths of corner numbers; a closed one ends with the corner it starts with."""
    inner = set(following.values())
    starts = [edge for edge in following if edge not in inner]
    paths = []
    while following:
        edge = starts.pop() if starts else next(iter(following))
        path = [edge[0]]
        while edge in following:
            edge = following.pop(edge)
            path.append(edge[0])
        paths.append(path)
    return paths


def drop_straight(points, closed, near):
    """The points [x, y], less those near the segment between their neighbours.

    This drops one of two equal points, such as the first and the last of a closed path.
    """
    ends = 0 if closed else 1  # an open line keeps its ends
    i = ends
    while i < len(points) - ends:
        following = points[(i + 1) % len(points)]
        if distance(points[i], points[i - 1], following) <= near:
            del points[i]
        else:
            i += 1
    return points


def distance(p, a, b):
    """Distance of the point p from the segment a b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    squared_length = dx * dx + dy * dy
    if squared_length == 0:
        return math.dist(p, a)
    t = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared_length
    t = min(max(t, 0), 1)
    return math.dist(p, (a[0] + t * dx, a[1] + t * dy))
