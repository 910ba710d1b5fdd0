"""The points that every exercise classifies."""

import re

from decision_boundary.checks import NUMBERS, SIZE, checked
from decision_boundary.data import RADIUS, circle_in_square
import numpy as np
import pytest


def test_points_fill_the_square_and_labels_tell_the_disc_which_covers_half():
    X, y = circle_in_square(100_000, seed=0)
    assert (X.shape, y.shape) == ((100_000, 2), (100_000, 1))
    assert X.dtype == y.dtype == np.float64
    counts, *_ = np.histogram2d(*X.T, bins=4, range=[(-1, 1), (-1, 1)])
    assert np.abs(counts - 6250).max() < 400  # 5 standard deviations
    assert counts.sum() == 100_000
    np.testing.assert_array_equal(y[:, 0] == 0, (X**2).sum(axis=1) < 2 / np.pi)
    assert np.pi * RADIUS**2 == pytest.approx(2)


def test_512_points_and_the_seed_decides():
    X, y = circle_in_square(seed=3)
    assert (X.shape, y.shape) == ((512, 2), (512, 1))
    np.testing.assert_array_equal(X, circle_in_square(seed=3)[0])
    for other in circle_in_square(seed=4), circle_in_square():
        assert (X != other[0]).all()


@pytest.mark.parametrize("num_points", [0, -5, 2.0, "9", True, None])
def test_bad_input_is_named(num_points):
    message = f"num_points must be an integer >= 1, not {num_points!r}"
    error = ValueError if num_points in (0, -5) else TypeError
    with pytest.raises(error, match=re.escape(message)):
        circle_in_square(num_points)


def test_checks_accept_what_fits_and_name_what_does_not():
    assert type(checked("n", np.uint8(3), SIZE)) is int
    assert checked("x", [[1, 2]], NUMBERS, ("N", 2)).tolist() == [[1, 2]]
    for value, shape, message in [
        ([[1, 2, 3]], ("N", 2), "x must have shape (N, 2), not (1, 3)"),
        ([1, 2], ("N", 2), "x must have shape (N, 2), not (2,)"),
        (np.ones((0, 2)), ("N", 2), "x must have shape (N, 2), not (0, 2)"),
        ([[1, 2], [3]], ("N", 2), "x must be finite numbers: setting an array"),
        ([[1, np.inf]], ("N", 2), "x must be finite numbers, not inf"),
    ]:
        with pytest.raises((TypeError, ValueError), match=re.escape(message)):
            checked("x", value, NUMBERS, shape)
