"""The points that every exercise classifies: is a point outside of the disc?"""

import math

import numpy as np

RADIUS = math.sqrt(2 / math.pi)  # the disc covers half of the square [-1, 1]^2


def circle_in_square(num_points=512, seed=None):
    """Uniform points of the square [-1, 1]^2, labelled 0 inside the disc, 1 outside.

    Returns X (N, 2) and y (N, 1), float64. `seed` is whatever numpy's default_rng
    takes. Raises TypeError or ValueError unless num_points is an integer >= 1.
    """
    if isinstance(num_points, bool) or not isinstance(num_points, int | np.integer):
        raise TypeError(f"num_points is {num_points!r}; an integer >= 1 is allowed")
    if num_points < 1:
        raise ValueError(f"num_points is {num_points}; an integer >= 1 is allowed")
    X = np.random.default_rng(seed).uniform(-1, 1, size=(num_points, 2))
    y = np.hypot(X[:, :1], X[:, 1:]) > RADIUS
    return X, y.astype(float)
