"""What the networks of Exercise 3 have learned, in words and in numbers."""

from typing import NamedTuple

from decision_boundary import geometry
from decision_boundary.shared import results
from decision_boundary.shared.boundaries import describe, find_boundary
import numpy as np


class Result(NamedTuple):
    """What one trained network is."""

    code: str
    seed: int
    words: str  # what the boundary is
    corners: int  # of a convex polygon; else 0
    fresh_accuracy: float  # in percent of fresh points


class Unit(NamedTuple):
    """A hidden unit: its number, hidden weights, bias and outgoing weight."""

    number: int
    w1: float
    w2: float
    bias: float
    outgoing: float

    def equation(self):
        """Its pre-activation at x, for LaTeX."""
        return f"{self.w1:.3f}\\,x_1{self.w2:+.3f}\\,x_2{self.bias:+.3f}"


UNIT_COLUMNS = {
    "unit": "{number}",
    "first weight": "${w1:.3f}$",
    "second weight": "${w2:.3f}$",
    "bias": "${bias:.3f}$",
    "outgoing": "${outgoing:.3f}$",
}


def measure(code, training, outcome):
    """The Result of a trained network."""
    boundary = find_boundary(training)
    is_polygon = training.layers() is not None
    return Result(
        code=code,
        seed=outcome.seed,
        words=describe(boundary, is_polygon),
        corners=geometry.count_corners(boundary) if is_polygon else 0,
        fresh_accuracy=100 * outcome.fresh_accuracy,
    )


def macros(measured):
    """{LaTeX macro: text} for the report."""
    best = geometry.best_polygon(6)
    fresh = [result.fresh_accuracy for result in measured]
    texts = {
        "HexagonBest": f"{100 * (1 - geometry.disc_error(best)):.2f}",
        "HexagonFreshLowest": f"{min(fresh):.2f}",
        "HexagonFreshHighest": f"{max(fresh):.2f}",
    }
    for code in dict.fromkeys(result.code for result in measured):
        own = [result.corners for result in measured if result.code == code]
        texts[f"Hexagon{code}"] = f"{own.count(6)} of {len(own)}"
    return texts


def example_macros(training):
    """The parameters of a hexagon 2-3-1, and one of its corners solved by hand."""
    weights, biases = training.layers()
    (W, outgoing), (b, c) = weights, biases
    rows = [Unit(j + 1, *W[:, j], b[j], outgoing[j, 0]) for j in range(3)]
    [(vertices, _)] = find_boundary(training)
    z = vertices @ W + b  # (K, 2) @ (2, 3) -> (K, 3)
    corner = np.abs(z[:, 0]).argmin()  # on the hinge of unit 1
    active = rows[z[corner].argmax()]  # the only unit that is active there
    [other] = [row.number for row in rows[1:] if row != active]
    boundary = f"{active.outgoing:.3f}\\,({active.equation()}){c.item():+.3f}=0"
    return {
        "ExampleTable": results.latex_table(rows, UNIT_COLUMNS),
        "ExampleBias": f"{c.item():.3f}",
        "ExampleHinge": 1,
        "ExampleActive": active.number,
        "ExampleOther": other,
        "ExampleHingeEquation": f"{rows[0].equation()}=0",
        "ExampleBoundaryEquation": boundary,
        "ExampleX": f"{vertices[corner, 0]:.2f}",
        "ExampleY": f"{vertices[corner, 1]:.2f}",
    }
