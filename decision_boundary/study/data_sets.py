"""Counts over data sets: the networks trained on one are not independent of each other."""

import math

from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import train_ensemble
from decision_boundary.shared.boundaries import extract_all, in_square
from decision_boundary.shared.script import show_progress
import numpy as np


def draw_data_sets(data_sets, num_points, seed):
    """X (D, N, 2) and y (D, N, 1) of the seeds from `seed` on."""
    sets = [circle_in_square(num_points, seed + d) for d in range(data_sets)]
    X, y = zip(*sets)
    return np.stack(X), np.stack(y)


def train_and_extract(text, X, y, scale=1, **options):
    """Train networks on each data set: an Ensemble on [-1, 1]^2, and its Boundaries.

    scale: of the points that the networks see
    """

    def show(share):
        show_progress(f"{text}: {share:.0%}")

    ensemble = train_ensemble(scale * X, y, progress=show, **options)
    show_progress("")
    weights = (scale * ensemble.hidden_weights).astype(ensemble.hidden_weights.dtype)
    ensemble = ensemble._replace(hidden_weights=weights)
    return ensemble, extract_all(ensemble)


def polygons_by_set(boundaries, corners, data_sets):
    """(2, D): shares, in percent, of the networks of each data set that are polygons.

    With this number of corners, anywhere in the window; and wholly in the square.
    """
    found = boundaries.corners == corners
    inside = found.copy()
    inside[found] = in_square(boundaries.polygons(corners))
    return 100 * np.stack([found, inside]).reshape(2, data_sets, -1).mean(axis=2)


def mean_and_error(shares):
    """`96.4 +- 0.8`: the mean over data sets, and 1.96 times its standard error."""
    error = 1.96 * shares.std(ddof=1) / math.sqrt(len(shares)) if len(shares) > 1 else 0
    return f"{shares.mean():.1f} +- {error:.1f}"


def all_sets(shares):
    """`196 of 200`: on how many data sets are all networks polygons?"""
    return f"{(shares == 100).sum()} of {len(shares)}"
