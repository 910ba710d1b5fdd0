"""The decision boundary of a training: exact for ReLU networks, a contour for others."""

from decision_boundary.geometry import count_corners
from decision_boundary.polygon import Polyline, extract_boundary
from decision_boundary.shared import figures
import numpy as np


def find_boundary(training, resolution=400):
    """The boundary in [-1, 1]^2 as a list of polylines."""
    layers = training.layers()
    if layers is None:  # not ReLU
        return contour(training.logits, resolution)
    weights, biases = layers
    return extract_boundary(weights, biases)


def contour(logits, resolution):
    """The zeros of logits, (M, 2) -> (M, 1), interpolated on a grid, as polylines."""
    values = figures.on_grid(logits, resolution)
    ax = figures.new_figure(1).subplots()
    centres = figures.cell_centres(resolution)
    [path] = ax.contour(centres, centres, values, [0]).get_paths()
    path.should_simplify = False  # simplifying drops detail finer than a pixel
    polylines = []
    for vertices in path.to_polygons(closed_only=False):
        closed = np.allclose(vertices[0], vertices[-1])  # equal up to rounding
        polylines.append(Polyline(vertices[:-1] if closed else vertices, closed))
    return polylines


def describe(boundary, has_corners):
    """What the boundary is, in words. has_corners: whether it consists of lines."""
    if not boundary:
        return "no boundary"
    if len(boundary) > 1:
        return f"{len(boundary)} parts"
    [(vertices, closed)] = boundary
    if not closed:
        return "an open line"
    if not has_corners:
        return "a smooth closed curve"
    if count_corners(boundary) == 0:
        return f"a closed polygon with {len(vertices)} corners, not convex"
    return f"a closed convex polygon with {len(vertices)} corners"
