"""Argument checks: each error names the argument, what it must be, and what it was."""

import reprlib

import numpy as np

# What an argument's entries must be: in words, as NumPy's kinds of numbers, as a test
SIZE = "an integer >= 1", "iu", lambda x: x >= 1
COUNT = "an integer >= 0", "iu", lambda x: x >= 0
RATE = "a finite number > 0", "iuf", lambda x: (x > 0) & (x < np.inf)
NUMBERS = "finite numbers", "iuf", np.isfinite
LABELS = "numbers in [0, 1]", "biuf", lambda x: (x >= 0) & (x <= 1)


def checked(name, value, allowed, shape=()):
    """Return the value as an array, or as a number if shape is (); or raise an error.

    shape: a number, or a letter for any length >= 1, per dimension; None for any shape
    """
    words, kinds, valid = allowed
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # as NumPy or PyTorch say
        raise TypeError(f"{name} must be {words}: {error}") from None
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must be {words}, not {reprlib.repr(value)}")
    if shape is not None:
        pairs = zip(shape, array.shape)
        fits = all(m == n if isinstance(n, int) else m > 0 for n, m in pairs)
        if array.ndim != len(shape) or not fits:
            text = str(shape).replace("'", "")
            raise ValueError(f"{name} must have shape {text}, not {array.shape}")
    ok = valid(array)
    if not np.all(ok):
        raise ValueError(f"{name} must be {words}, not {array[~ok][0]}")
    return array.item() if shape == () else array
