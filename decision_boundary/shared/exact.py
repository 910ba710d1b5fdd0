"""Polygons in exact rational arithmetic: every float is a rational number.

For a network 2-H-1 with ReLU, f = sum_j a_j relu(w_j . x + b_j) + c, the report proves:
if all a_j > 0 and the w_j surround the origin, and if f < 0 somewhere on each hinge and
f != 0 wherever two hinges meet, then {f < 0} is a polygon with exactly 2H corners, two
on each hinge. These are conditions on finitely many rational numbers.
"""

from fractions import Fraction


def exact_corners(weights, biases):
    """The 2H corners, as pairs of Fractions; None if a condition fails.

    weights [(2, H), (H, 1)] and biases [(H,), (1,)] are arrays of floats.
    """
    (W, a), (b, c) = weights, biases
    w = [tuple(map(Fraction, column)) for column in W.T.tolist()]
    b, a = (list(map(Fraction, array.ravel().tolist())) for array in (b, a))
    c = Fraction(c.item())
    if min(a) <= 0 or not surrounds_origin(w):
        return None
    corners = []
    for (x, y), bias in zip(w, b):
        square = x * x + y * y
        point, along = (-bias * x / square, -bias * y / square), (-y, x)
        # On this hinge, at point + t along, unit k is zero at t = -p / q
        lines = [(dot(v, point) + bk, dot(v, along)) for v, bk in zip(w, b)]
        zeros = two_zeros(lines, a, c)
        if zeros is None:
            return None
        corners += [(point[0] + t * along[0], point[1] + t * along[1]) for t in zeros]
    return corners


def two_zeros(lines, a, c):
    """The two zeros of the convex f(t) = sum_k a_k relu(p_k + q_k t) + c, or None.

    lines: the pairs (p_k, q_k). None unless f < 0 at some t where a unit is zero, and
    f != 0 at each of these.
    """

    def f(t):
        return sum((ak * max(p + q * t, 0) for ak, (p, q) in zip(a, lines)), c)

    kinks = sorted({-p / q for p, q in lines if q})
    values = [f(t) for t in kinks]
    if not values or min(values) >= 0 or 0 in values:
        return None
    # Beyond the last kinks f is affine, and rises since the w_j surround the origin
    ends = kinks[0] - 1, kinks[-1] + 1
    kinks, values = [ends[0], *kinks, ends[1]], [f(ends[0]), *values, f(ends[1])]
    inside = [i for i, value in enumerate(values[1:-1], start=1) if value < 0]
    left, right = (inside[0], inside[0] - 1), (inside[-1], inside[-1] + 1)
    return [
        kinks[i] + (kinks[k] - kinks[i]) * values[i] / (values[i] - values[k])
        for i, k in (left, right)
    ]


def surrounds_origin(w):
    """Whether the vectors lie in no closed half-plane with 0 on its border.

    If they do, they lie on one side of the line through one of them.
    """
    sides = [[u[0] * v[1] - u[1] * v[0] for v in w] for u in w]
    return all(min(side) < 0 < max(side) for side in sides)


def dot(u, v):
    return u[0] * v[0] + u[1] * v[1]


def confirmed(networks, window):
    """(2,): how many of the networks have 2H exact corners in the window and the square.

    networks: pairs (weights, biases); window: half the side of the larger square
    """
    extents = []
    for weights, biases in networks:
        corners = exact_corners(weights, biases)
        if corners:
            extents.append(max(abs(x) for corner in corners for x in corner))
    return [sum(extent <= limit for extent in extents) for limit in (window, 1)]
