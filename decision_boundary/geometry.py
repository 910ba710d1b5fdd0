"""Measures of polygons, given by their corners (K, 2) in order, and of the disc.

Repeated corners, such as the last one of a closed ring, count once.
Corners become complex numbers: conj(a) b has the dot product as its real part, the
cross product as its imaginary part, and the angle from a to b.
"""

import math

from decision_boundary.checks import finite_array, integer
from decision_boundary.data import RADIUS
import numpy as np


def polygon_area(vertices):
    """Half the sum of x_k y_(k+1) - x_(k+1) y_k: positive if counter-clockwise."""
    z, sides = corners_and_sides(vertices)
    # About the first corner: a small polygon keeps its relative precision
    return float(((z - z[0]).conj() * sides).imag.sum()) / 2


def side_lengths(vertices):
    """Lengths (K,) of the sides, the first from corner 0 to corner 1."""
    return abs(corners_and_sides(vertices)[1])


def interior_angles(vertices):
    """Angles (K,) inside the polygon at its corners, in degrees; reflex above 180."""
    # 180 minus the turn from one side to the next, in the polygon's direction
    _, sides = corners_and_sides(vertices)
    turns = np.angle(np.roll(sides, 1).conj() * sides, deg=True)
    return 180 - np.sign(polygon_area(vertices)) * turns


def is_convex(vertices):
    """Whether every angle is below 180 degrees and the polygon goes round just once."""
    angles = interior_angles(vertices)
    turned = (180 - angles).sum()  # 360 for each time that it goes round
    return bool((angles < 180).all() and turned < 540)


def count_corners(boundary):
    """The number of corners of a boundary that is one closed convex polygon, else 0.

    boundary: a list of polylines, as extract_boundary returns it
    """
    if len(boundary) != 1 or not boundary[0].closed:
        return 0
    vertices = boundary[0].vertices
    return len(side_lengths(vertices)) if is_convex(vertices) else 0


def disc_overlap(vertices):
    """Area common to the polygon (K, 2), counter-clockwise, and the disc of RADIUS.

    Each side from a to b adds the signed area that it spans with the centre: a triangle
    where it runs inside the disc, circular sectors where it runs outside.
    """
    a, along = corners_and_sides(vertices)
    # |a + t along| = RADIUS at t = (-p -+ root) / q
    p, q = (a.conj() * along).real, abs(along) ** 2
    root = np.sqrt(np.maximum(p * p - q * (abs(a) ** 2 - RADIUS**2), 0))
    enter = a + np.clip((-p - root) / q, 0, 1) * along
    leave = a + np.clip((-p + root) / q, 0, 1) * along
    triangles = (enter.conj() * leave).imag
    angles = np.angle(a.conj() * enter) + np.angle(leave.conj() * (a + along))
    return float((triangles + RADIUS**2 * angles).sum()) / 2


def disc_error(vertices):
    """Share of the square that a polygon in it, counter-clockwise, misclassifies."""
    both = polygon_area(vertices) + math.pi * RADIUS**2
    return (both - 2 * disc_overlap(vertices)) / 4


def best_polygon(n):
    """The regular polygon (n, 2) of which the disc covers the middle half of each side.

    Its apothem is RADIUS cos(theta), where tan(theta) = tan(pi / n) / 2. For n >= 5 no
    convex polygon in the square with at most n corners has a lower disc_error.
    """
    half = math.pi / integer("n", n, least=3)
    apothem = RADIUS * math.cos(math.atan(math.tan(half) / 2))
    angles = half * (1 + 2 * np.arange(n))
    return apothem / math.cos(half) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def corners_and_sides(vertices):
    """Complex arrays (K,) without repeated corners; ValueError if K < 3."""
    corners = finite_array("vertices", vertices, ("K", 2)) @ [1, 1j]
    corners = corners[corners != np.roll(corners, -1)]
    if len(corners) < 3:
        raise ValueError(f"vertices must be three or more corners, not {len(corners)}")
    return corners, np.roll(corners, -1) - corners
