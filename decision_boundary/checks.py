"""Checks of arguments: each returns the value, or says what it must be and what it was.

A wrong type is a TypeError, a wrong value or shape a ValueError.
"""

from numbers import Integral, Real
import reprlib

import numpy as np


def integer(name, value, least):
    """The value as an int, if it is an integer >= least."""
    wanted = f"{name} must be an integer >= {least}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{wanted}, not {reprlib.repr(value)}")
    if value < least:
        raise ValueError(f"{wanted}, not {value}")
    return int(value)


def positive_number(name, value):
    """The value as a float, if it is a finite number > 0."""
    wanted = f"{name} must be a finite number > 0"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{wanted}, not {reprlib.repr(value)}")
    if not 0 < value < np.inf:
        raise ValueError(f"{wanted}, not {value}")
    return float(value)


def finite_array(name, value, shape=None):
    """The value as a float64 array, if its entries are finite numbers.

    shape: per dimension its length, or a letter for any length >= 1; None for any shape
    """
    array = number_array(name, value, "finite numbers", "iuf", shape)
    finite = np.isfinite(array)
    if not finite.all():
        raise ValueError(f"{name} must be finite numbers, not {array[~finite][0]}")
    return array


def labels_array(name, value, shape=None):
    """The value as a float64 array, if its entries are numbers in [0, 1] or booleans."""
    array = number_array(name, value, "numbers in [0, 1]", "biuf", shape)
    allowed = (array >= 0) & (array <= 1)
    if not allowed.all():
        raise ValueError(f"{name} must be numbers in [0, 1], not {array[~allowed][0]}")
    return array


def number_array(name, value, words, kinds, shape):
    """The value as a float64 array, if NumPy's kind of its numbers is one of `kinds`."""
    wanted = f"{name} must be {words}"
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # NumPy's or PyTorch's
        raise TypeError(f"{wanted}, not {reprlib.repr(value)}") from error
    if array.dtype.kind not in kinds:
        raise TypeError(f"{wanted}, not {reprlib.repr(value)}")
    if shape is not None and not fits(array.shape, shape):
        lengths = str(shape).replace("'", "")
        raise ValueError(f"{name} must have shape {lengths}, not {array.shape}")
    return array.astype(float)


def fits(lengths, shape):
    """Whether an array's lengths are those that `finite_array` takes as its shape."""
    if len(lengths) != len(shape):
        return False
    for length, wanted in zip(lengths, shape):
        if length < 1 or not (isinstance(wanted, str) or length == wanted):
            return False
    return True
