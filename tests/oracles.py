"""Helpers that several test files share."""

import importlib.util

from decision_boundary.ensemble import Ensemble
from decision_boundary.geometry import disc_error
from decision_boundary.shared import boundaries
from decision_boundary.shared.script import ROOT
import numpy as np


def mutant(path, right, wrong, tmp_path):
    """Load the module ROOT/path with its only occurrence of `right` made `wrong`."""
    source = (ROOT / path).read_text()
    assert source.count(right) == 1, f"{path} has {source.count(right)} of {right!r}"
    changed = tmp_path / "mutant.py"
    changed.write_text(source.replace(right, wrong))
    spec = importlib.util.spec_from_file_location(f"mutant_{id(changed)}", changed)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
EXTRACTED = boundaries.extract_all(NETWORKS)
EXACT = f"{100 * (1 - disc_error(EXTRACTED.polygons(6)[1])):.2f}"


def network_logits(weights, biases, x):
    for W, b in zip(weights[:-1], biases[:-1]):
        x = np.maximum(x @ W + b, 0)
    return x @ weights[-1] + biases[-1]


def rows_of(table):
    return [row.split(" & ") for row in table.split("\\\\\n")]


def check(values, listed):
    """Compare numbers for the report with those listed as `name text, name text`."""
    assert ", ".join(f"{name} {x}" for name, x in values.items()) == listed
