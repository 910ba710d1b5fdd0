"""Counts over data sets, as networks trained on the same one are not independent."""

import math
from typing import NamedTuple

from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import Ensemble, train_ensemble
from decision_boundary.shared.boundaries import Boundaries, extract_all, in_square
from decision_boundary.shared.script import Parser, integer, share_shown
import numpy as np


def study_parser(doc, data_sets, networks, epochs=None):
    """A Parser with the options that most scripts of the study share."""
    parser = Parser(doc, epochs)
    parser.add("--points", integer(3), 512, "in each data set")
    parser.add("--data-sets", integer(1), data_sets, "with seeds from --seed on")
    parser.add("--networks", integer(1), networks, "on each data set, for each case")
    return parser


def draw_data_sets(data_sets, num_points, seed):
    """X (D, N, 2) and y (D, N, 1) of the seeds from `seed` on."""
    sets = [circle_in_square(num_points, seed + d) for d in range(data_sets)]
    return map(np.stack, zip(*sets))


class Study(NamedTuple):
    """E networks trained on D data sets: E / D on the first one, E / D on the next."""

    X: np.ndarray  # (D, N, 2), on the square [-1, 1]^2, as are the networks
    y: np.ndarray  # (D, N, 1)
    ensemble: Ensemble
    boundaries: Boundaries

    def pre_activations(self):
        """Yield z (N, H) of each network's units at the points of its data set."""
        W, b, *_ = self.ensemble
        for k in range(len(W)):
            yield self.X[k * len(self.X) // len(W)] @ W[k] + b[k]  # (N, 2) @ (2, H)

    def polygons_by_set(self, corners):
        """(2, D): shares, in percent, of each data set's networks that are polygons.

        With this number of corners, anywhere in the window; and wholly in the square.
        """
        found = self.boundaries.corners == corners
        inside = found.copy()
        inside[found] = in_square(self.boundaries.polygons(corners))
        return 100 * np.reshape([found, inside], (2, len(self.X), -1)).mean(axis=2)


def train_study(text, X, y, options, scale=1, **training):
    """Train networks on each data set, its points times the scale; a Study."""
    training |= {"networks": options.networks, "seed": options.seed}
    ensemble = train_ensemble(scale * X, y, progress=share_shown(text), **training)
    ensemble = ensemble._replace(hidden_weights=scale * ensemble.hidden_weights)
    return Study(X, y, ensemble, extract_all(ensemble))


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
