"""Counts over data sets: the networks trained on one are not independent of each other."""

import math

from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import train_ensemble
from decision_boundary.shared.boundaries import extract_all, in_square
from decision_boundary.shared.script import Parser, integer, show_progress
import numpy as np


def study_parser(doc, data_sets, networks, epochs=None, least_points=1):
    """A Parser with the options that most scripts of the study share."""
    parser = Parser(doc, epochs)
    parser.add("--points", integer(least_points), 512, "in each data set")
    parser.add("--data-sets", integer(1), data_sets, "with seeds from --seed on")
    parser.add("--networks", integer(1), networks, "on each data set, for each case")
    return parser


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


def pre_activations(ensemble, X):
    """Yield z (N, H) of each network's units at the points of its data set."""
    per_set = len(ensemble.output_biases) // len(X)
    for k, (W, b) in enumerate(zip(ensemble.hidden_weights, ensemble.hidden_biases)):
        yield X[k // per_set] @ W + b  # (N, 2) @ (2, H)


def polygons_by_set(boundaries, corners, data_sets):
    """(2, D): shares, in percent, of the networks of each data set that are polygons.

    With this number of corners, anywhere in the window; and wholly in the square.
    """
    found = boundaries.corners == corners
    inside = found.copy()
    inside[found] = in_square(boundaries.polygons(corners))
    return 100 * np.stack([found, inside]).reshape(2, data_sets, -1).mean(axis=2)


def share_cells(shares):
    """Texts for shares (D,): `96.4 +- 0.8`, the worst `62`, at 100 % `196 of 200`.

    The error is 1.96 times the standard error of the mean over data sets.
    """
    D = len(shares)
    error = 1.96 * shares.std(ddof=1) / math.sqrt(D) if D > 1 else 0
    mean = f"{shares.mean():.1f} +- {error:.1f}"
    return [mean, f"{shares.min():.0f}", k_of_n(shares == 100)]


def k_of_n(true):
    """`3 of 5`: how many entries of the array are true."""
    return f"{np.sum(true)} of {np.size(true)}"
