"""Measures of a polygon, which is given by its corners (K, 2) in order.

The corners of `polygon.extract_boundary`'s closed polylines are such polygons.
"""

import numpy as np


def polygon_area(vertices):
    """Sum over the edges of (x_k y_(k+1) - x_(k+1) y_k) / 2: > 0 if counter-clockwise.

    Taken about the first corner, so that a small polygon keeps its relative precision.
    """
    x, y = (_checked(vertices) - vertices[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def side_lengths(vertices):
    """Lengths (K,) of the sides, the first from corner 0 to corner 1."""
    return np.hypot(*_sides(vertices).T)


def interior_angles(vertices):
    """Angles (K,) inside the polygon at its corners, in degrees; above 180 if reflex.

    180 minus the turn from the side before the corner to the side after it, which is
    counted positive in the direction in which the polygon runs.
    """
    after = _sides(vertices)
    before = np.roll(after, 1, axis=0)
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turns = np.degrees(np.arctan2(cross, (before * after).sum(axis=1)))
    return 180 - np.sign(polygon_area(vertices)) * turns


def is_convex(vertices):
    """Is every angle below 180 degrees, and does the polygon go round just once?"""
    angles = interior_angles(vertices)
    return bool((angles < 180).all() and (180 - angles).sum() < 540)


def _sides(vertices):
    vertices = _checked(vertices)
    return np.roll(vertices, -1, axis=0) - vertices


def _checked(vertices):
    vertices = np.asarray(vertices, dtype=float)
    if vertices.ndim != 2 or vertices.shape[1] != 2 or len(vertices) < 3:
        raise ValueError(
            f"vertices have shape {vertices.shape}; (3 or more, 2) is allowed"
        )
    return vertices
