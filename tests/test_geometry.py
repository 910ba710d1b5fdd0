"""Measures of polygons against values known in closed form."""

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.geometry import (
    best_polygon,
    disc_error,
    disc_overlap,
    interior_angles,
    is_convex,
    polygon_area,
    side_lengths,
)
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.exact import confirmed, exact_corners
from matplotlib.path import Path
import numpy as np
import pytest

ELL = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
STAR = [(np.cos(a), np.sin(a)) for a in 0.8 * np.pi * np.arange(5)]
DIAMOND = [(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)]


def test_measures_of_an_l_shape_either_way_round():
    for corners, sign in [(ELL, 1), (ELL[::-1], -1)]:
        assert polygon_area(corners) == 3 * sign
        angles = interior_angles(corners).tolist()
        assert angles == [90, 90, 90, 270, 90, 90][::sign]
        assert not is_convex(corners)
    assert side_lengths(ELL).tolist() == [2, 1, 1, 1, 1, 2]


def test_convex_is_simple_and_without_straight_angles():
    assert is_convex(DIAMOND)
    assert is_convex(DIAMOND[::-1])
    assert not is_convex(STAR)
    assert not is_convex([(0, 0), (1, 0), (2, 0), (1, 1)])


def test_area_of_a_small_polygon_far_away_keeps_its_precision():
    corners = 1e-9 * np.array(DIAMOND) + 0.7
    assert np.isclose(polygon_area(corners), 0.5e-18, rtol=1e-6, atol=0)


@pytest.mark.parametrize("vertices", [[(0, 0), (1, 1)], np.ones((4, 3)), np.ones(6)])
def test_too_few_corners_or_not_in_the_plane_are_rejected(vertices):
    for measure in (polygon_area, side_lengths, interior_angles, is_convex):
        with pytest.raises(ValueError, match="vertices must have shape"):
            measure(vertices)


# The disc

X, Y = circle_in_square(200_000, seed=0)


def polygon(corners, radius, centre=(0, 0), seed=0):
    angles = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, corners))
    return np.array(centre) + radius * np.stack(
        [np.cos(angles), np.sin(angles)], axis=1
    )


@pytest.mark.parametrize(
    "vertices",
    [
        polygon(6, 0.95),
        polygon(5, 0.7, (0.2, 0.1)),
        polygon(3, 0.3, (0.6, 0.3)),  # without the centre, across the rim
        polygon(4, 0.2, (0.1, -0.1)),  # within the disc
        polygon(7, 0.1, (0.85, 0.85)),  # outside of it
        np.array([[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]),
        np.array([[-0.9, -0.9], [0.9, -0.9], [0, 0.0], [-0.9, 0.9]]),  # reflex, at 0
    ],
)
def test_overlap_and_error_are_those_of_samples(vertices):
    inside = Path(vertices).contains_points(X)
    disc = Y[:, 0] == 0
    assert disc_overlap(vertices) == pytest.approx(4 * (inside & disc).mean(), abs=0.02)
    assert disc_error(vertices) == pytest.approx((inside != disc).mean(), abs=0.005)


def test_overlap_in_closed_form():
    assert disc_overlap(best_polygon(4) * 0.1) == pytest.approx(
        polygon_area(best_polygon(4) * 0.1)
    )
    assert disc_overlap(best_polygon(9) * 10) == pytest.approx(2)  # the whole disc
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    assert disc_overlap(square) == pytest.approx(0.5)  # a quarter of it
    assert disc_overlap(square, radius=1) == pytest.approx(np.pi / 4)


def test_the_best_hexagon_errs_on_3_674_percent_and_fits_in_the_square():
    assert disc_error(best_polygon(6)) == pytest.approx(0.03674, abs=5e-6)
    assert all(np.abs(best_polygon(n)).max() <= 1 for n in range(4, 17))


@pytest.mark.parametrize("corners", [4, 6, 16])
def test_no_polygon_beats_the_best_one(corners):
    best = best_polygon(corners)
    sides = side_lengths(best)
    np.testing.assert_allclose(sides, sides[0])
    middle = (best[0] + best[1]) / 2
    apothem = np.hypot(*middle)
    assert 2 * np.sqrt(RADIUS**2 - apothem**2) == pytest.approx(sides[0] / 2)
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(50):
            assert disc_error(best + size * rng.normal(size=best.shape)) > disc_error(
                best
            )
    for factor in (0.999, 1.001):
        assert disc_error(factor * best) > disc_error(best)


# Exact arithmetic

TURNS = 2 * np.pi / 3 * np.arange(3)
UNITS = np.array([np.cos(TURNS), np.sin(TURNS)])


def network(w=UNITS, b=(0, 0, 0), a=(1, 1, 1), c=-0.7):
    return [np.array(w), np.array(a)[:, None]], [np.array(b), np.array([c])]


def test_exact_corners_are_those_of_the_boundary():
    rng = np.random.default_rng(0)
    for _ in range(20):
        case = network(
            UNITS + rng.normal(0, 0.2, (2, 3)), rng.normal(0, 0.05, 3), c=-0.4
        )
        [(vertices, closed)] = find_boundary(*case, 4)
        exact = np.array([[float(x) for x in p] for p in exact_corners(*case)])
        distances = np.abs(vertices[:, None] - exact).max(axis=-1)
        assert closed
        assert len(vertices) == len(exact) == 6
        assert max(distances.min(axis=0).max(), distances.min(axis=1).max()) < 1e-14


@pytest.mark.parametrize(
    "case",
    [
        network(a=(1, 1, -1)),
        network(a=(1, 1, 0)),
        network([[1, -1, 0], [0, 0, 1]]),  # in a closed half-plane
        network(c=0),  # a single point
        network(c=0.1),  # nowhere
        network(np.c_[UNITS, [1, 0]], (0, 0, 0, -0.9), (1, 1, 1, 1), -0.5),  # misses it
    ],
)
def test_what_is_no_hexagon_is_not_confirmed(case):
    assert exact_corners(*case) is None


def test_hinges_that_meet_on_the_boundary_are_told_from_those_that_nearly_do():
    """Rational numbers: units (1, 0), (0, 1), (-1, -1); the first two meet at 0."""
    w = [[1.0, 0, -1], [0, 1.0, -1]]
    assert exact_corners(*network(w, (0, 0, 0.5), c=-0.5)) is None
    assert len(exact_corners(*network(w, (0, 0, 0.5), c=-0.5 - 2**-52))) == 6


def test_confirmed_ones_are_counted_in_the_window_and_in_the_square():
    cases = [network(), network(c=-0.95), network(c=-9), network(c=1)]
    assert confirmed(cases, 4) == [2, 1]
