"""Measures of polygons against values known in closed form."""

from decision_boundary import geometry
from decision_boundary.data import circle_in_square
from decision_boundary.geometry import best_polygon, disc_error, disc_overlap
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.exact import confirmed, exact_corners
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


@pytest.mark.parametrize("vertices", [[(0, 0), (1, 1)], np.ones((4, 3))])
def test_too_few_corners_or_not_in_the_plane_are_rejected(vertices):
    with pytest.raises(ValueError, match="vertices must have shape"):
        geometry.polygon_area(vertices)


# The disc

X, Y = circle_in_square(200_000, seed=0)


def polygon(corners, radius, centre=(0, 0)):
    angles = np.sort(np.random.default_rng(0).uniform(0, 2 * np.pi, corners))
    return centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize(
    "vertices",
    [
        polygon(5, 0.7, (0.2, 0.1)),
        polygon(3, 0.3, (0.6, 0.3)),  # without the centre, across the rim
        polygon(4, 0.2, (0.1, -0.1)),  # within the disc
        polygon(7, 0.1, (0.85, 0.85)),  # outside of it
        np.array([[-0.9, -0.9], [0.9, -0.9], [0, 0.0], [-0.9, 0.9]]),  # reflex, at 0
    ],
)
def test_overlap_and_error_are_those_of_samples(vertices):
    inside = Path(vertices).contains_points(X)
    disc = Y[:, 0] == 0
    assert disc_overlap(vertices) == pytest.approx(4 * (inside & disc).mean(), abs=0.02)
    assert disc_error(vertices) == pytest.approx((inside != disc).mean(), abs=0.005)


def test_overlap_in_closed_form():
    small = best_polygon(4) * 0.1
    assert disc_overlap(small) == pytest.approx(geometry.polygon_area(small))
    assert disc_overlap(best_polygon(9) * 10) == pytest.approx(2)  # the whole disc
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    assert disc_overlap(square) == pytest.approx(0.5)  # a quarter of it


@pytest.mark.parametrize("corners", [4, 6, 16])
def test_no_polygon_beats_the_best_one(corners):
    best = best_polygon(corners)
    least = disc_error(best)
    assert corners != 6 or least == pytest.approx(0.03674, abs=5e-6)
    sides = geometry.side_lengths(best)
    np.testing.assert_allclose(sides, sides[0])
    rng = np.random.default_rng(0)
    for size in [1e-3, 1e-2, 0.1] * 50:
        assert disc_error(best + size * rng.normal(size=best.shape)) > least


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
    build((UNITS, [0] * 3), ([1, 1, -1], [-0.7])),
    build((UNITS, [0] * 3), ([1, 1, 0], [-0.7])),
    build(([[1, -1, 0], [0, 0, 1]], [0] * 3), ([1] * 3, [-0.7])),  # in a half-plane
    hexagon(0),  # a single point
    hexagon(-0.1),  # nowhere
    build(BESIDE, ([1] * 4, [-0.5])),
    build(MEETING, ([1] * 3, [-0.5])),  # in a corner of the boundary
]


def test_confirmed_ones_are_counted_in_the_window():
    assert [exact_corners(*case) for case in NO_HEXAGONS] == [None] * 7
    nearly_meeting = build(MEETING, ([1] * 3, [-0.5 - 2**-52]))
    assert confirmed([nearly_meeting], 1) == 1
    apothems = 0.7, 0.95, 9, -1
    assert [confirmed(map(hexagon, apothems), window) for window in (4, 1)] == [2, 1]
