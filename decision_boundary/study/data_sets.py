"""What the experiments share: data sets, networks trained on them, and counts.

Networks trained on the same points are not independent of each other. So the error of a
share is that of its mean over data sets.
"""

import math
from typing import NamedTuple

from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import Ensemble, train_ensemble
from decision_boundary.geometry import count_corners, disc_error
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import script
import numpy as np

WINDOW = 4  # boundaries are looked for in [-4, 4]^2, as corners may lie off the square
EXTENT = (-WINDOW, WINDOW, -WINDOW, WINDOW)


def add_options(parser, data_sets, networks):
    script.add_seed(parser)
    script.add_number(parser, "--data-sets", data_sets, "with seeds from --seed on")
    script.add_number(parser, "--networks", networks, "on each data set, in each case")
    script.add_number(parser, "--points", 512, "in each data set")
    script.add_number(parser, "--epochs", 256, "passes over the points")


def make_data_sets(D, num_points, seed):
    """X (D, N, 2) and y (D, N, 1) of the seeds from `seed` on."""
    sets = [circle_in_square(num_points, s) for s in range(seed, seed + D)]
    return np.stack([X for X, _ in sets]), np.stack([y for _, y in sets])


class TrainedNetworks(NamedTuple):
    """E networks trained on D data sets: E / D on the first one, E / D on the next."""

    X: np.ndarray  # (D, N, 2), on the square [-1, 1]^2, as are the networks
    ensemble: Ensemble
    boundaries: list  # E lists of polylines
    corners: np.ndarray  # (E,) of the boundary, if it is one convex polygon; else 0

    def dead_units(self):
        """(E, H): whether no training point activates the unit."""
        E = len(self.boundaries)
        dead = []
        for k in range(E):
            data_set = k * len(self.X) // E
            X = self.X[data_set]  # (N, 2)
            W = self.ensemble.hidden_weights[k]
            z = X @ W + self.ensemble.hidden_biases[k]  # (N, 2) @ (2, H) + (H,)
            dead.append((z <= 0).all(axis=0))
        return np.array(dead)

    def polygons(self, corners):
        """The vertices of each boundary that is a convex polygon with these corners."""
        pairs = zip(self.boundaries, self.corners)
        return [boundary[0].vertices for boundary, n in pairs if n == corners]


def train(X, y, networks, seed, scale=1, **training):
    """Train networks on each data set, its points times the scale.

    training: further arguments of `train_ensemble`
    """
    ensemble = train_ensemble(scale * X, y, networks=networks, seed=seed, **training)
    # On the square, as w . (scale x) = (scale w) . x
    ensemble = ensemble._replace(hidden_weights=scale * ensemble.hidden_weights)
    E = len(ensemble.output_biases)
    boundaries = [extract_boundary(*ensemble.network(k), EXTENT) for k in range(E)]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    return TrainedNetworks(X, ensemble, boundaries, corners)


# Counts


class Share(NamedTuple):
    """The share of networks, in percent, that are what is counted."""

    mean: float  # over data sets
    error: float  # 1.96 standard errors of the mean; nan for one data set
    worst: float  # data set
    complete: int  # data sets at 100 %
    data_sets: int


def share(counted, D):
    """The Share of networks for which counted (E,) is true, E / D on each data set."""
    shares = 100 * counted.reshape(D, -1).mean(axis=1)
    error = math.nan
    if D > 1:
        error = 1.96 * shares.std(ddof=1) / math.sqrt(D)
    return Share(
        mean=shares.mean(),
        error=error,
        worst=shares.min(),
        complete=int((shares == 100).sum()),
        data_sets=D,
    )


class Count(NamedTuple):
    """So many of so many; as a text, `3 of 5`."""

    number: int
    total: int

    def __str__(self):
        return f"{self.number} of {self.total}"


def count(counted):
    """The Count of true entries of an array."""
    return Count(int(np.sum(counted)), np.size(counted))


def median(values):
    """The median, or nan where there is no value."""
    return np.median(values) if len(values) > 0 else math.nan


def in_square(vertices):
    return np.abs(vertices).max() <= 1


def accuracies(polygons):
    """Exact accuracies, in percent of the square, of the polygons that lie in it."""
    inside = [vertices for vertices in polygons if in_square(vertices)]
    return [100 * (1 - disc_error(vertices)) for vertices in inside]
