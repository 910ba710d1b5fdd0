"""Measures of polygons against values known in closed form."""

import re

from decision_boundary import geometry
from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.geometry import best_polygon, disc_error, disc_overlap
from decision_boundary.polygon import Polyline, extract_boundary
from decision_boundary.study.exact import confirmed, exact_corners
from matplotlib.path import Path
import numpy as np
from oracles import UNITS, build, hexagon
import pytest

ELL = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
STAR = [(np.cos(a), np.sin(a)) for a in 0.8 * np.pi * np.arange(5)]
DIAMOND = [(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)]


def test_measures_of_an_l_shape_either_way_round():
    for corners, sign in [(ELL, 1), (ELL[::-1], -1)]:
        assert geometry.polygon_area(corners) == 3 * sign
        angles = geometry.interior_angles(corners).tolist()
        assert angles == [90, 90, 90, 270, 90, 90][::sign]
    assert geometry.side_lengths(ELL).tolist() == [2, 1, 1, 1, 1, 2]
    small = 1e-9 * np.array(ELL) + 0.7
    assert geometry.polygon_area(small) == pytest.approx(3e-18, rel=1e-6, abs=0)


def test_convex_is_simple_and_without_straight_or_reflex_angles():
    assert all(map(geometry.is_convex, [DIAMOND, DIAMOND[::-1], best_polygon(200)]))
    straight = [(0, 0), (1, 0), (2, 0), (1, 1)]
    assert not any(map(geometry.is_convex, [STAR, ELL, ELL[::-1], straight]))


def test_a_repeated_corner_is_one():
    ring = [ELL[0], *ELL, ELL[0]]
    for measure in geometry.side_lengths, geometry.interior_angles:
        assert measure(ring).tolist() == measure(ELL).tolist()
    diamond = [*DIAMOND[:2], *DIAMOND[1:], DIAMOND[0]]
    assert geometry.is_convex(diamond)
    assert disc_overlap(diamond) == disc_overlap(DIAMOND) == pytest.approx(0.5)


def test_corners_are_counted_of_one_closed_convex_polygon_only():
    diamond = Polyline(np.array(DIAMOND), closed=True)
    ring = Polyline(np.array([*DIAMOND, DIAMOND[0]]), closed=True)
    assert geometry.count_corners([diamond]) == geometry.count_corners([ring]) == 4
    ell, line = Polyline(np.array(ELL), True), Polyline(np.array(DIAMOND), False)
    for boundary in [], [diamond, diamond], [ell], [line]:
        assert geometry.count_corners(boundary) == 0


BAD = [
    ([(0, 0), (1, 1), (0, 0)], "vertices must be three or more corners, not 2"),
    (np.ones((4, 3)), "vertices must have shape (K, 2), not (4, 3)"),
]


@pytest.mark.parametrize(("vertices", "message"), BAD)
def test_too_few_corners_or_not_in_the_plane_are_rejected(vertices, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        geometry.polygon_area(vertices)


# The disc

POLYGONS = [
    [(0.9, 0.2), (0.3, 0.8), (-0.4, 0.5), (-0.5, -0.3), (0.6, -0.4)],
    [(0.8, 0.2), (0.7, 0.6), (0.3, 0.4)],  # without the centre, across the rim
    [(0.3, -0.2), (0.1, 0.1), (-0.1, -0.1)],  # within the disc
    [(0.7, 0.7), (0.95, 0.7), (0.95, 0.95), (0.7, 0.95)],  # outside of it
    [(-1, -1), (1, -1), (1, 1), (-1, 1)],  # around it
    [(-0.9, -0.9), (0.9, -0.9), (0, 0), (-0.9, 0.9)],  # reflex, at the centre
]


@pytest.mark.parametrize("vertices", POLYGONS)
def test_overlap_and_error_are_those_of_samples(vertices):
    X, y = circle_in_square(200_000, seed=0)
    inside, disc = Path(vertices).contains_points(X), y[:, 0] == 0
    assert disc_overlap(vertices) == pytest.approx(4 * (inside & disc).mean(), abs=0.02)
    assert disc_error(vertices) == pytest.approx((inside != disc).mean(), abs=0.005)


@pytest.mark.parametrize("n", [3, 4, 9])
def test_the_disc_covers_the_middle_half_of_a_side_of_the_best_polygon(n):
    polygon = best_polygon(n)
    a, b = polygon[:2]
    assert len(polygon) == n
    assert geometry.side_lengths(polygon) == pytest.approx(np.hypot(*(b - a)))
    for point in 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b:
        assert np.hypot(*point) == pytest.approx(RADIUS, rel=1e-14)


# Exact arithmetic


def test_exact_corners_are_those_of_the_boundary():
    rng = np.random.default_rng(0)
    for _ in range(20):
        W, b = UNITS + rng.normal(0, 0.2, (2, 3)), rng.normal(0, 0.025, 3)
        case = build((W, b), ([1, 1, 1], [-0.2]))
        [(vertices, closed)] = extract_boundary(*case)
        exact = np.array(exact_corners(*case), dtype=float)
        distances = np.abs(vertices[:, None] - exact).max(axis=-1)
        assert closed and len(vertices) == len(exact) == 6
        assert max(distances.min(axis=0).max(), distances.min(axis=1).max()) < 1e-14


# Rational numbers: units (1, 0), (0, 1), (-1, -1), of which the first two meet at 0
MEETING = [[1, 0, -1], [0, 1, -1]], [0, 0, 0.5]
BESIDE = np.c_[UNITS, [1, 0]], [0, 0, 0, -0.9]  # a fourth hinge, outside
NO_HEXAGONS = [
    build((UNITS, [0] * 3), ([1, 1, 0], [-0.7])),
    build(([[1, -1, 0], [0, 0, 1]], [0] * 3), ([1] * 3, [-0.7])),  # in a half-plane
    hexagon(0),  # a single point
    build(BESIDE, ([1] * 4, [-0.5])),
    build(MEETING, ([1] * 3, [-0.5])),  # in a corner of the boundary
]


def test_confirmed_ones_are_counted_in_the_window():
    assert [exact_corners(*case) for case in NO_HEXAGONS] == [None] * 5
    nearly_meeting = build(MEETING, ([1] * 3, [-0.5 - 2**-52]))
    assert confirmed([nearly_meeting], 1) == 1
    apothems = 0.7, 0.95, 9, -1
    assert [confirmed(map(hexagon, apothems), window) for window in (4, 1)] == [2, 1]
