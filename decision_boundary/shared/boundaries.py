"""Decision boundaries as the study counts them: which of them are polygons?"""

from itertools import compress
from typing import NamedTuple

from decision_boundary.geometry import disc_error, is_convex
from decision_boundary.polygon import NotACurve, Polyline, extract_boundary
from decision_boundary.shared.script import Diverged
import numpy as np

WINDOW = 4  # half the side of the square in which the study looks for boundaries


class Boundaries(NamedTuple):
    """The decision boundaries of E networks, index k that of network k."""

    polylines: list  # E lists, as extract_boundary returns them
    corners: np.ndarray  # (E,) of the boundary, where it is one convex polygon; else 0

    def polygons(self, corners):
        """The vertices of those that are one convex polygon with so many corners."""
        found = self.corners == corners
        return [lines[0].vertices for lines in compress(self.polylines, found)]


def extract_all(ensemble):
    """The Boundaries of an ensemble; Diverged if a parameter is not finite."""
    if not ensemble.finite().all():
        raise Diverged("a network's parameters are not finite; lower the learning rate")
    E = len(ensemble.output_biases)
    polylines = [find_boundary(*ensemble.network(k), WINDOW) for k in range(E)]
    return Boundaries(polylines, np.array([count_corners(p) for p in polylines]))


def find_boundary(weights, biases, window=1):
    """extract_boundary in the square [-window, window]^2; [] where it is no curve."""
    try:
        polylines = extract_boundary([window * weights[0], *weights[1:]], biases)
    except NotACurve:  # possible with as few as two training points
        return []
    return [Polyline(window * p.vertices, p.closed) for p in polylines]


def count_corners(polylines):
    """Corners of a boundary that is a single convex polygon; 0 for any other."""
    if len(polylines) != 1 or not polylines[0].closed:
        return 0
    vertices = polylines[0].vertices
    return len(vertices) if is_convex(vertices) else 0


def in_square(polygons):
    """(n,): whether each polygon (K, 2) lies in the square [-1, 1]^2."""
    return np.array([np.abs(vertices).max() <= 1 for vertices in polygons], dtype=bool)


def accuracies(polygons):
    """Exact accuracy, in percent of the square, of the polygons that lie in it."""
    inside = compress(polygons, in_square(polygons))
    return np.array([100 * (1 - disc_error(vertices)) for vertices in inside])
