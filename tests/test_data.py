"""The points that every exercise classifies, and the checks of arguments."""

import re

from decision_boundary.checks import (
    finite_array,
    integer,
    labels_array,
    positive_number,
)
from decision_boundary.data import RADIUS, circle_in_square
import numpy as np
import pytest
import torch


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


# Checks of arguments

TENSOR = torch.ones(1, 2, requires_grad=True)
RAGGED = [[1, 2], [3]]
PAIRS = ("N", 2)
BAD = [
    (integer, np.int64(1), [2], ValueError, "must be an integer >= 2, not 1"),
    (positive_number, 0, [], ValueError, "must be a finite number > 0, not 0"),
    (positive_number, np.inf, [], ValueError, "must be a finite number > 0, not inf"),
    (positive_number, "1", [], TypeError, "must be a finite number > 0, not '1'"),
    (positive_number, True, [], TypeError, "must be a finite number > 0, not True"),
    (finite_array, [[1, 2, 3]], [PAIRS], ValueError, "shape (N, 2), not (1, 3)"),
    (finite_array, [1, 2], [PAIRS], ValueError, "must have shape (N, 2), not (2,)"),
    (finite_array, np.ones((0, 2)), [PAIRS], ValueError, "shape (N, 2), not (0, 2)"),
    (finite_array, [1, np.nan], [], ValueError, "must be finite numbers, not nan"),
    (finite_array, RAGGED, [], TypeError, "must be finite numbers, not [[1, 2], [3]]"),
    (finite_array, TENSOR, [], TypeError, "must be finite numbers, not tensor"),
    (finite_array, [True], [], TypeError, "must be finite numbers, not [True]"),
    (labels_array, [1.5], [(1,)], ValueError, "must be numbers in [0, 1], not 1.5"),
    (labels_array, [-1], [], ValueError, "must be numbers in [0, 1], not -1.0"),
]


@pytest.mark.parametrize(("check", "value", "more", "error", "message"), BAD)
def test_a_check_names_what_does_not_fit(check, value, more, error, message):
    with pytest.raises(error, match=re.escape(message)):
        check("x", value, *more)


def test_a_check_returns_what_fits_as_ints_floats_and_float64_arrays():
    assert type(integer("n", np.uint8(3), 3)) is int
    assert type(positive_number("x", np.float32(0.5))) is float
    for value in [[1, 2]], torch.tensor([[1, 2]]), np.array([[1, 2]], dtype=np.int8):
        array = finite_array("x", value, ("N", 2))
        assert array.dtype == np.float64 and array.tolist() == [[1, 2]]
    assert labels_array("y", [True, False]).tolist() == [1, 0]
