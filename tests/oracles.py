"""Helpers that several test files share."""

from decision_boundary.ensemble import Ensemble
import numpy as np


def build(*layers):
    """Weights and biases from (W, b), (W, b), ...; a flat W is a column."""
    weights = [np.array(W, dtype=float).reshape(len(W), -1) for W, _ in layers]
    return weights, [np.array(b, dtype=float) for _, b in layers]


TURNS = 2 * np.pi / 3 * np.arange(3)
UNITS = np.array([np.cos(TURNS), np.sin(TURNS)])


def hexagon(apothem):
    """sum_i relu(u_i . x) - apothem, the units u_i at 120 degrees to each other."""
    return build((UNITS, [0, 0, 0]), ([1, 1, 1], [-apothem]))


HALF = np.array([[1.0, 0, -1], [0, 1, 0]])  # in a closed half-plane
SIDE = 2 / np.sqrt(3)  # of a regular hexagon whose apothem is 1


def ensemble(*networks):
    """An Ensemble of (hidden weights, hidden biases, output weights, output bias)."""
    return Ensemble(*(np.array(arrays, dtype=float) for arrays in zip(*networks)))


NETWORKS = ensemble(
    (UNITS, [0, 0, 0], [1, 1, 1], 0.5),  # nowhere
    (UNITS, [0, 0, -9], [1, 1, 1], -0.5),  # dead unit, open
    (UNITS, [0, 0, 0.2], [1, 1, 2], -0.4),  # two hinges meet: pentagon
    (HALF, [0, 0, 0], [1, 1, 1], -0.5),  # open
    (UNITS, [0, 0, 0], [1, 1, 1], -1.0),  # hexagon beyond the square
    (UNITS, [0, 0, 0], [1, 1, 1], -0.7),  # hexagon in the square
)


def network_logits(weights, biases, x):
    for W, b in zip(weights[:-1], biases[:-1]):
        x = np.maximum(x @ W + b, 0)
    return x @ weights[-1] + biases[-1]
