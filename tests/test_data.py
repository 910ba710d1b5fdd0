"""The points that every exercise classifies."""

import numpy as np
import pytest

from decision_boundary.data import RADIUS, circle_in_square


def test_points_fill_the_square_and_labels_tell_the_disc():
    X, y = circle_in_square(100_000, seed=0)
    assert (X.shape, y.shape) == ((100_000, 2), (100_000, 1))
    assert X.dtype == y.dtype == np.float64
    assert np.abs(X).max() <= 1
    counts, *_ = np.histogram2d(*X.T, bins=4, range=[(-1, 1), (-1, 1)])
    assert np.abs(counts - 6250).max() < 400  # 5 standard deviations
    np.testing.assert_array_equal(y[:, 0] == 0, (X**2).sum(axis=1) < 2 / np.pi)
    assert abs(y.mean() - 0.5) < 0.008


def test_the_disc_covers_half_of_the_square():
    assert np.pi * RADIUS**2 == pytest.approx(2)


def test_512_points_and_the_seed_decides():
    X, y = circle_in_square(seed=3)
    assert (X.shape, y.shape) == ((512, 2), (512, 1))
    np.testing.assert_array_equal(X, circle_in_square(seed=3)[0])
    assert (X != circle_in_square(seed=4)[0]).all()
    assert (circle_in_square()[0] != circle_in_square()[0]).all()
    assert circle_in_square(1)[0].shape == (1, 2)


@pytest.mark.parametrize(
    ("num_points", "error"),
    [(0, ValueError), (-5, ValueError), (2.0, TypeError), ("9", TypeError)]
    + [(True, TypeError), (None, TypeError)],
)
def test_bad_input_is_named(num_points, error):
    with pytest.raises(error, match=f"num_points is .*{num_points}.*>= 1"):
        circle_in_square(num_points)
