"""Polygons in exact rational arithmetic: every float is a rational number.

For a network 2-H-1 with ReLU, f = sum_j a_j relu(w_j . x + b_j) + c, theory.tex proves:
if all a_j > 0 and the w_j surround the origin, and if f < 0 somewhere on each hinge and
f != 0 wherever two hinges meet, then {f < 0} is a polygon with exactly 2H corners.
"""

from fractions import Fraction

import numpy as np

fractions = np.vectorize(Fraction, otypes=[object])


def confirmed(networks, window):
    """How many of the networks have 2H exact corners, all in [-window, window]^2."""
    corners = [exact_corners(*network) for network in networks]
    return sum(c is not None and np.abs(c).max() <= window for c in corners)


def exact_corners(weights, biases):
    """The corners (2H, 2), as Fractions; None if a condition fails.

    weights [(2, H), (H, 1)] and biases [(H,), (1,)] are arrays of floats.
    """
    w, a = map(fractions, weights)
    b, c = map(fractions, biases)
    if a.min() <= 0 or not surrounds_origin(w):
        return None
    corners = []
    for (x, y), bias in zip(w.T, b):
        point = -bias * np.array([x, y]) / (x * x + y * y)
        along = np.array([-y, x])
        # On this hinge, at point + t along, unit k has the value p_k + t q_k
        zeros = two_zeros(point @ w + b, along @ w, a, c)
        corners += [point + t * along for t in zeros]
    return np.array(corners) if len(corners) == 2 * len(b) else None


def surrounds_origin(w):
    """Whether no closed half-plane with 0 on its border has all vectors w (..., 2, H).

    In such a half-plane, one vector has no other to its right.
    """
    x, y = w[..., 0, :], w[..., 1, :]
    sides = x[..., None] * y[..., None, :] - y[..., None] * x[..., None, :]
    return (sides.min(axis=-1) < 0).all(axis=-1)


def two_zeros(p, q, a, c):
    """The two zeros of the convex f(t) = sum_k a_k relu(p_k + t q_k) + c.

    [] if two hinges are one line, if f = 0 at the zero of a unit, or f < 0 at none.
    """
    kinks = sorted(set(-p[q != 0] / q[q != 0]))
    # Beyond the last kinks f is affine, and rises since the w_j surround the origin
    kinks = [kinks[0] - 1, *kinks, kinks[-1] + 1]
    values = [(np.maximum(p + t * q, 0) @ a + c).item() for t in kinks]
    inside = [i for i, value in enumerate(values[1:-1], start=1) if value < 0]
    if not inside or 0 in values[1:-1]:
        return []
    if sum((p == 0) & (q == 0)) > 1:  # another hinge is the same line
        return []
    zeros = []
    for i, k in [(inside[0], inside[0] - 1), (inside[-1], inside[-1] + 1)]:
        slope = (values[k] - values[i]) / (kinks[k] - kinks[i])
        zeros.append(kinks[i] - values[i] / slope)
    return zeros
