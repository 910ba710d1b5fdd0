"""Measures of polygons, given by their corners (K, 2) in order, and of the disc.

The vertices of `polygon.extract_boundary`'s closed polylines are such corners.
"""

import math

from decision_boundary.checks import NUMBERS, checked
from decision_boundary.data import RADIUS
import numpy as np


def polygon_area(vertices):
    """Sum over the sides of (x_k y_(k+1) - x_(k+1) y_k) / 2: > 0 if counter-clockwise.

    Taken about the first corner, so that a small polygon keeps its relative precision.
    """
    vertices = corners(vertices)
    x, y = (vertices - vertices[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def side_lengths(vertices):
    """Lengths (K,) of the sides, the first from corner 0 to corner 1."""
    return np.hypot(*sides(corners(vertices)).T)


def interior_angles(vertices):
    """Angles (K,) inside the polygon at its corners, in degrees; above 180 if reflex.

    180 minus the turn from the side before the corner to the side after it, positive in
    the direction in which the polygon runs.
    """
    after = sides(corners(vertices))
    before = np.roll(after, 1, axis=0)
    return 180 - np.sign(polygon_area(vertices)) * np.degrees(angle(before, after))


def is_convex(vertices):
    """Whether every angle is below 180 degrees and the polygon goes round just once."""
    angles = interior_angles(vertices)
    return bool((angles < 180).all() and (180 - angles).sum() < 540)


def disc_overlap(vertices, radius=RADIUS):
    """Area common to the polygon (K, 2), counter-clockwise, and the disc around 0.

    Each side from a to b adds the signed area that it spans with the centre: a triangle
    where it runs inside the disc, circular sectors where it runs outside.
    """
    a = corners(vertices)
    along = sides(a)
    b = a + along
    # |a + t along| = radius at t = (-p -+ root) / q
    p, q = (a * along).sum(axis=1), (along * along).sum(axis=1)
    root = np.sqrt(np.maximum(p * p - q * ((a * a).sum(axis=1) - radius**2), 0))
    enter = a + np.clip((-p - root) / q, 0, 1)[:, None] * along
    leave = a + np.clip((-p + root) / q, 0, 1)[:, None] * along
    triangles = cross(enter, leave).sum() / 2
    sectors = (angle(a, enter) + angle(leave, b)).sum() * radius**2 / 2
    return float(triangles + sectors)


def disc_error(vertices):
    """Share of the square [-1, 1]^2 that the polygon, which lies in it, misclassifies."""
    both = polygon_area(vertices) + math.pi * RADIUS**2
    return (both - 2 * disc_overlap(vertices)) / 4


def best_polygon(n):
    """The polygon (n, 2) with the least disc_error among those with n corners.

    It is regular, and half of each side lies in the disc:
    apothem = RADIUS cos(theta), where tan(theta) = tan(pi / n) / 2.
    """
    half = math.pi / n
    apothem = RADIUS * math.cos(math.atan(math.tan(half) / 2))
    angles = half * (1 + 2 * np.arange(n))
    return apothem / math.cos(half) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def corners(vertices):
    """The vertices as an array (K, 2); ValueError for fewer than three."""
    vertices = checked("vertices", vertices, NUMBERS, ("K", 2))
    if len(vertices) < 3:
        raise ValueError(f"vertices must have shape (>= 3, 2), not {vertices.shape}")
    return vertices.astype(float)


def sides(vertices):
    return np.roll(vertices, -1, axis=0) - vertices


def cross(a, b):
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def angle(a, b):
    """The angles from the vectors a (K, 2) to the vectors b, in radians."""
    return np.arctan2(cross(a, b), (a * b).sum(axis=1))
