"""The points that every exercise classifies: label 0 in a disc, label 1 outside."""

import math

from decision_boundary.checks import integer
import numpy as np

RADIUS = math.sqrt(2 / math.pi)  # the disc covers half of the square [-1, 1]^2


def circle_in_square(num_points=512, seed=None):
    """Uniform points in the square [-1, 1]^2, labelled 0 inside the disc, 1 outside.

    Returns X (N, 2) and y (N, 1), float64. seed: as numpy.random.default_rng takes it.
    """
    N = integer("num_points", num_points, least=1)
    X = np.random.default_rng(seed).uniform(-1, 1, size=(N, 2))
    y = np.hypot(X[:, :1], X[:, 1:]) > RADIUS
    return X, y.astype(float)
