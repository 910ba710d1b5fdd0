"""A polygon as classifier of the disc: the area that the two do not share."""

import math

import numpy as np

from decision_boundary.data import RADIUS
from decision_boundary.geometry import polygon_area

SQUARE_AREA = 4


def disc_overlap(vertices, radius=RADIUS):
    """Area common to the polygon (K, 2), counter-clockwise, and the disc around 0.

    Every edge from a to b adds the signed area that it spans with the centre: a
    triangle where it runs inside the disc, circular sectors where it runs outside.
    """
    a, b = vertices, np.roll(vertices, -1, axis=0)
    along = b - a
    # |a + t along| = radius at t = (-p -+ root) / q
    p, q = (a * along).sum(axis=1), (along * along).sum(axis=1)
    root = np.sqrt(np.maximum(p * p - q * ((a * a).sum(axis=1) - radius**2), 0))
    enter = a + np.clip((-p - root) / q, 0, 1)[:, None] * along
    leave = a + np.clip((-p + root) / q, 0, 1)[:, None] * along
    triangles = _cross(enter, leave).sum() / 2
    sectors = (_angle(a, enter) + _angle(leave, b)).sum() * radius**2 / 2
    return float(triangles + sectors)


def error(vertices):
    """Share of the square that the polygon puts on the wrong side: exact.

    vertices (K, 2), counter-clockwise, within the square [-1, 1]^2.
    """
    both = polygon_area(vertices) + math.pi * RADIUS**2
    return (both - 2 * disc_overlap(vertices)) / SQUARE_AREA


def best_polygon(corners):
    """The polygon with least error among those with this many corners, (corners, 2).

    It is regular; half of the length of every side lies in the disc, that is,
    apothem = RADIUS cos(theta) with tan(theta) = tan(pi / corners) / 2.
    """
    half = math.pi / corners
    apothem = RADIUS * math.cos(math.atan(math.tan(half) / 2))
    angles = half * (1 + 2 * np.arange(corners))
    return apothem / math.cos(half) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _cross(a, b):
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _angle(a, b):
    return np.arctan2(_cross(a, b), (a * b).sum(axis=1))
