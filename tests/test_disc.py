"""How well a polygon can do: exact areas against sampling, and the optimum."""

import numpy as np
import pytest
from matplotlib.path import Path

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.disc import best_polygon, disc_overlap, error
from decision_boundary.geometry import polygon_area, side_lengths

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
    assert error(vertices) == pytest.approx((inside != disc).mean(), abs=0.005)


def test_overlap_in_closed_form():
    assert disc_overlap(best_polygon(4) * 0.1) == pytest.approx(
        polygon_area(best_polygon(4) * 0.1)
    )
    assert disc_overlap(best_polygon(9) * 10) == pytest.approx(2)  # the whole disc
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2.0]])
    assert disc_overlap(square) == pytest.approx(0.5)  # a quarter of it
    assert disc_overlap(square, radius=1) == pytest.approx(np.pi / 4)


def test_the_best_hexagon_errs_on_3_674_percent():
    assert error(best_polygon(6)) == pytest.approx(0.03674, abs=5e-6)


@pytest.mark.parametrize("corners", [3, 4, 6, 16])
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
            assert error(best + size * rng.normal(size=best.shape)) > error(best)
    for factor in (0.999, 1.001):
        assert error(factor * best) > error(best)
