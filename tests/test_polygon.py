"""The exact boundary against closed forms, the network's signs and hard cases.

Nothing here cuts regions: what the polygons must satisfy is asked of the network.
"""

import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.path import Path

from decision_boundary.data import circle_in_square
from decision_boundary.geometry import (
    interior_angles,
    is_convex,
    polygon_area,
    side_lengths,
)
from decision_boundary.polygon import _distance, extract_boundary

# 100,000 points, sorted by x; feet[k] is the point of the lower border below points[k].
points = np.random.default_rng(0).uniform(-1, 1, size=(100_000, 2))
points = points[points[:, 0].argsort()]
feet = np.column_stack([points[:, 0], np.full(len(points), -1.0)])


def logits(network, X):
    parts = []
    for x in np.array_split(X, 1 + len(X) // 2000):  # to fit the cache
        for W, b in zip(*network):
            z = x @ W + b
            x = np.maximum(z, 0)
        parts.append(z[:, 0])
    return np.concatenate(parts)


def reach(network):
    """An upper bound of the magnitudes that add up to the logit in the square."""
    total = np.ones(2)
    for W, b in zip(*network):
        total = total @ np.abs(W) + np.abs(b)
    return total[0]


def edges(vertices, closed):
    ends = np.roll(vertices, -1, axis=0)
    return (vertices, ends) if closed else (vertices[:-1], ends[:-1])


def crosses_an_odd_number_of_times(boundary, X):
    """Does the way straight down from the point to the lower border do so?

    Holds for open and closed polylines alike. The points X are sorted by x.
    """
    odd = np.zeros(len(X), dtype=bool)
    for polyline in boundary:
        for p, q in zip(*edges(*polyline)):
            (x1, y1), (x2, y2) = sorted([p.tolist(), q.tolist()])
            over = slice(*X[:, 0].searchsorted([x1, x2]))  # x1 <= x < x2
            x, y = X[over].T
            odd[over] ^= (y - y1) * (x2 - x1) > (x - x1) * (y2 - y1)
    return odd


def same_cycle(vertices, expected, tolerance=0):
    """Are these the same corners in the same order, wherever the first one is?"""
    expected = np.array(expected)
    if vertices.shape != expected.shape:
        return False
    turned = [np.roll(expected, k, axis=0) for k in range(len(expected))]
    return min(np.abs(vertices - other).max() for other in turned) <= tolerance


def assert_boundary(boundary, expected, tolerance=0):
    """The boundary is these (vertices, closed), in any order."""
    assert len(boundary) == len(expected), boundary
    for vertices, closed in expected:
        match = [
            closed == line.closed
            and line.vertices.shape == np.shape(vertices)
            and (
                same_cycle(line.vertices, vertices, tolerance)
                if closed
                else np.abs(line.vertices - vertices).max() <= tolerance
            )
            for line in boundary
        ]
        assert match.count(True) == 1, (boundary, vertices)


def random_network(rng, sizes):
    shapes = list(pairwise(sizes))
    weights = [rng.normal(0, np.sqrt(2 / m), size=(m, n)) for m, n in shapes]
    return weights, [rng.normal(0, 0.4, size=n) for n in sizes[1:]]


def trained_network(rng, sizes, steps=150, rate=0.03):
    """Adam on the sheet's task: all outgoing weights positive, 256 points at once."""
    X, y = circle_in_square(256, seed=rng.integers(2**32))
    weights, biases = random_network(rng, sizes)
    weights = weights[:1] + [np.abs(W) for W in weights[1:]]
    parameters = weights + biases
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    for step in range(1, steps + 1):
        hs = [X]
        for W, b in zip(weights, biases):
            hs.append(np.maximum(hs[-1] @ W + b, 0))
        delta = 1 / (1 + np.exp(-(hs[-2] @ weights[-1] + biases[-1]))) - y
        gradients = []
        for h, W in zip(hs[-2::-1], weights[::-1]):
            gradients.append((h.T @ delta / len(X), delta.mean(axis=0)))
            delta = delta @ W.T * (h > 0)
        gW, gb = zip(*gradients[::-1])
        for p, g, (m, v) in zip(parameters, gW + gb, moments):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            v_hat = v / (1 - 0.999**step)
            p -= rate * m / (1 - 0.9**step) / (np.sqrt(v_hat) + 1e-8)
    return weights, biases


def hexagon(apothem, degrees=90.0):
    """sum_i relu(u_i . x) - r, the units u_i at 120 degrees to each other."""
    angles = np.radians(degrees + np.array([0, 120, 240]))
    units = np.array([np.cos(angles), np.sin(angles)])
    return [units, np.ones((3, 1))], [np.zeros(3), np.array([-apothem])]


RANDOM = {(2, 1): 10, (2, 1, 1): 10, (2, 2, 1): 20, (2, 3, 1): 80, (2, 4, 1): 20}
RANDOM |= {(2, 8, 1): 40, (2, 3, 3, 1): 40, (2, 5, 5, 5, 1): 15, (2, 16, 16, 1): 8}
RANDOM |= {(2, 4, 4, 4, 4, 4, 1): 10}
TRAINED = {(2, 3, 1): 50, (2, 6, 1): 20, (2, 3, 3, 1): 20, (2, 16, 16, 1): 3}
MAKERS = [(random_network, *item) for item in RANDOM.items()]
MAKERS += [(trained_network, *item) for item in TRAINED.items()]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda p: f"{p[0].__name__}-{p[1]}")
def networks(request):
    make, sizes, count = request.param
    rng = np.random.default_rng([len(sizes), *sizes])
    found = [make(rng, sizes) for _ in range(count)]
    return [(network, extract_boundary(*network)) for network in found]


# Random and trained networks


def test_parity_of_crossings_is_the_sign_at_100_000_points(networks):
    for network, boundary in networks:
        changes = (logits(network, points) < 0) != (logits(network, feet) < 0)
        odd = crosses_an_odd_number_of_times(boundary, points)
        assert (odd != changes).sum() == 0


def test_logit_is_zero_to_rounding_at_vertices_and_mid_edge(networks):
    for network, boundary in networks:
        for polyline in boundary:
            starts, ends = edges(*polyline)
            on_boundary = np.vstack([starts, (starts + ends) / 2, ends])
            error = np.abs(logits(network, on_boundary)).max()
            assert error < 1e-15 * reach(network)


def test_depth_does_not_cost_precision():
    """The bounds of deep units are far above their values, so none decides what is 0."""
    rng = np.random.default_rng(3)
    some = slice(None, None, 50)
    for _ in range(4):
        network = random_network(rng, (2, *[8] * 24, 1))
        z = logits(network, points[some])
        network[1][-1] -= (z.min() + z.max()) / 2
        boundary = extract_boundary(*network)
        vertices = np.concatenate([polyline.vertices for polyline in boundary])
        assert np.abs(logits(network, vertices)).max() < 1e-10 * np.ptp(z)
        inside, foot = (
            logits(network, points[some]) < 0,
            logits(network, feet[some]) < 0,
        )
        odd = crosses_an_odd_number_of_times(boundary, points[some])
        assert (odd == (inside != foot)).all()


def test_negative_logits_lie_to_the_left_of_every_edge(networks):
    for network, boundary in networks:
        for polyline in boundary:
            starts, ends = edges(*polyline)
            along = ends - starts
            normals = along[:, ::-1] * [-1, 1] / np.hypot(*along.T)[:, None]
            middles = (starts + ends) / 2
            assert (logits(network, middles + 1e-9 * normals) < 0).all()
            assert (logits(network, middles - 1e-9 * normals) > 0).all()


def test_open_polylines_end_on_the_border_and_corners_lie_on_hinges(networks):
    for (weights, biases), boundary in networks:
        for vertices, closed in boundary:
            assert closed in (True, False)
            on_border = (np.abs(vertices) == 1).any(axis=1)
            assert on_border[[0, -1]].all() != closed
            x, distance = vertices, np.where(on_border, 0, np.inf)
            for W, b in list(zip(weights, biases))[:-1]:
                z = x @ W + b
                distance = np.minimum(distance, np.abs(z).min(axis=1))
                x = np.maximum(z, 0)
            assert (distance < 1e-14 * reach((weights, biases))).all()


def test_there_is_something_to_test(networks):
    assert any(boundary for _, boundary in networks)


# Closed forms


@pytest.mark.parametrize("degrees", [90, 0, 77.7])
@pytest.mark.parametrize("apothem", [0.01, 0.5, 0.8])
def test_three_units_at_120_degrees_give_the_regular_hexagon(apothem, degrees):
    [(vertices, closed)] = extract_boundary(*hexagon(apothem, degrees))
    angles = np.radians(degrees + 30 + 60 * np.arange(6))
    exact = 2 / np.sqrt(3) * apothem * np.column_stack([np.cos(angles), np.sin(angles)])
    assert closed
    assert same_cycle(vertices, exact, 2e-15)
    assert np.allclose(interior_angles(vertices), 120, rtol=0, atol=1e-11)
    assert np.isclose(polygon_area(vertices), 2 * np.sqrt(3) * apothem**2, rtol=1e-13)


def test_hexagon_that_the_square_cuts_is_open():
    """Apothem 0.9 and a unit upwards: the vertices at (+-1.04, 0) are outside."""
    boundary = extract_boundary(*hexagon(0.9))
    x, y = 0.9 / np.sqrt(3), 2 * 0.9 - np.sqrt(3)
    assert_boundary(
        boundary,
        [([(1, y), (x, 0.9), (-x, 0.9), (-1, y)], False)]
        + [([(-1, -y), (-x, -0.9), (x, -0.9), (1, -y)], False)],
        1e-15,
    )


def test_negated_network_has_the_same_boundary_run_backwards():
    weights, biases = hexagon(0.5)
    [(forwards, _)] = extract_boundary(weights, biases)
    [(backwards, closed)] = extract_boundary(
        [weights[0], -weights[1]], [biases[0], -biases[1]]
    )
    assert closed
    assert same_cycle(backwards, forwards[::-1], 1e-15)


@pytest.mark.parametrize("power", [-400, -40, 40, 400])
def test_scale_of_a_layer_changes_no_bit(power):
    rng = np.random.default_rng(5)
    for network in [hexagon(0.5), random_network(rng, (2, 5, 5, 1))]:
        (W, *weights), (b, *biases) = network
        scaled = [W * 2.0**power, *weights], [b * 2.0**power]
        scaled[1].extend(c * 2.0**power for c in biases)
        boundary, same = extract_boundary(*network), extract_boundary(*scaled)
        for p, q in zip(boundary, same, strict=True):
            assert p.closed == q.closed
            assert (p.vertices == q.vertices).all()


def test_lists_and_other_number_types_are_read_and_left_unchanged():
    (W, V), (b, c) = hexagon(0.5)
    single = [a.astype(np.float32) for a in (W, V, b, c)]
    before = [a.copy() for a in single]
    boundary = extract_boundary(single[:2], single[2:])
    assert all((a == old).all() for a, old in zip(single, before))
    assert boundary[0].vertices.dtype == np.float64
    [(vertices, closed)] = extract_boundary(([[4], [0]],), ([1],))
    assert vertices.tolist() == [[-0.25, -1], [-0.25, 1]]
    assert closed is False


# Degenerate networks


def build(*layers):
    """From (W, b), (W, b), ...; a flat W is a column: the weights of one unit."""
    weights = [np.array(W, dtype=float).reshape(len(W), -1) for W, _ in layers]
    return weights, [np.array(b, dtype=float) for _, b in layers]


ABS = [[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0, 0, 0]  # relu: their sum is |x| + |y|
FOLD = (  # with two layers, ||x| - 1/2| + |y|: a fold at the y axis, then at x = +-1/2
    ABS,
    ([[1, -1, 0], [1, -1, 0], [0, 0, 1], [0, 0, 1]], [-0.5, 0.5, 0]),
)
DIAMOND = [(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)]
LEFT, RIGHT = np.array(DIAMOND) - [0.5, 0], np.array(DIAMOND) + [0.5, 0]
UP_Y_AXIS = [([(0, -1), (0, 1)], False)]  # negative, thus left, is x < 0

EXACT = {
    "one layer": (build(([1, 0], [0])), UP_Y_AXIS),
    "one layer, turned": (build(([-1, 0], [0])), [([(0, 1), (0, -1)], False)]),
    "from corner to corner": (
        build(([1, 1], [0])),
        [([(1, -1), (-1, 1)], False)],
    ),
    "no zero": (build(([1, 1], [3])), []),
    "zero weights, a bias": (build(([0, 0], [-1])), []),
    "zero at one corner, negative inside": (build(([1, 1], [-2])), []),
    "zero at one corner, positive inside": (build(([1, 1], [2])), []),
    "a corner cut off": (
        build(([1, 1], [-1.5])),
        [([(1, 0.5), (0.5, 1)], False)],
    ),
    "all hinges through one corner": (
        build(ABS, ([1, 1, 1, 1], [-0.5])),
        [(DIAMOND, True)],
    ),
    "closed, touching the border": (
        build(ABS, ([1, 1, 1, 1], [-1])),
        [(2 * np.array(DIAMOND), True)],
    ),
    "zero at all four corners": (build(ABS, ([1, 1, 1, 1], [-2])), []),
    "one isolated zero": (build(ABS, ([1, 1, 1, 1], [0])), []),
    "one isolated zero, negative around": (build(ABS, ([-1, -1, -1, -1], [0])), []),
    "saddle": (
        build(ABS, ([1, 1, -1, -1], [0])),
        [([(-1, 1), (0, 0), (1, 1)], False), ([(1, -1), (0, 0), (-1, -1)], False)],
    ),
    "saddle of closed curves": (
        build(*FOLD, ([1, 1, 1], [-0.5])),
        [(LEFT, True), (RIGHT, True)],
    ),
    "saddle, negative outside": (
        build(*FOLD, ([-1, -1, -1], [0.5])),
        [
            ([(-1, 0), (-0.5, 0.5), (0, 0), (0.5, 0.5), (1, 0)], False),
            ([(1, 0), (0.5, -0.5), (0, 0), (-0.5, -0.5), (-1, 0)], False),
        ],
    ),
    "closed, touching the border from a negative outside": (
        build(([[1, -1, 0, 0], [0, 0, 1, -1]], [-0.5, 0.5, 0, 0]), ([-1] * 4, [0.5])),
        [(RIGHT[::-1], True)],
    ),
    "triangle": (  # a + relu(b - a) = max(a, b), a = |x| + y - 1/2 and b = -y
        build(
            ABS,
            ([[1, -1], [1, -1], [1, -2], [-1, 2]], [4.5, 0.5]),
            ([1, 1], [-5]),
        ),
        [([(-0.5, 0), (0.5, 0), (0, 0.5)], True)],
    ),
    "opposite units": (build(ABS, ([1, -1, 0, 0], [0])), UP_Y_AXIS),
    "along a hinge": (build(ABS, ([2, -1, 0, 0], [0])), UP_Y_AXIS),
    "along a hinge, then away": (
        build(ABS, ([1, -1, 1, 0], [0])),
        [([(0, -1), (0, 0), (-1, 1)], False)],
    ),
    "duplicate units": (
        build(([[1, 1, 2], [0, 0, 0]], [0, 0, 0]), ([1, 1, -0.5], [-0.25])),
        [([(0.25, -1), (0.25, 1)], False)],
    ),
    "parallel units": (
        build(([[1, 1], [0, 0]], [0, -0.25]), ([1, 1], [-0.5])),
        [([(0.375, -1), (0.375, 1)], False)],
    ),
    "dead and constant units": (
        build(
            ([[1, 1, 0, 0, 1], [0, 1, 0, 0, 0]], [0, -3, 0, 1, 4]),
            ([1, 7, 7, -0.5, 0], [0]),
        ),
        [([(0.5, -1), (0.5, 1)], False)],
    ),
    "hinge along the border": (
        build(([[1, 1], [0, 0]], [-1, 0]), ([1, 1], [-0.5])),
        [([(0.5, -1), (0.5, 1)], False)],
    ),
}

REFUSED = {
    "all weights zero": build(([0, 0], [0])),
    "zero where the unit is off": build(ABS, ([1, 0, 0, 0], [0])),
    "zero where the unit is off, else negative": build(ABS, ([-1, 0, 0, 0], [0])),
    "zero in a strip of width 1e-11": build(
        ([[1, -1], [0, 0]], [0, -1e-11]), ([1, -1], [0])
    ),
    "positive on both sides": build(ABS, ([1, 1, 0, 0], [0])),
    "negative on both sides": build(ABS, ([-1, -1, 0, 0], [0])),
    "along the border, negative inside": build(([1, 0], [-1])),
    "along the border, positive inside": build(([1, 0], [1])),
    "along the border at a change of sign": build(
        ([[1, 0, 0], [0, 1, -1]], [0, 0, 0]), ([1, 1, -1], [-1])
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_degenerate_network_gives_the_right_boundary(name):
    (weights, biases), expected = EXACT[name]
    assert_boundary(extract_boundary(weights, biases), expected)


@pytest.mark.parametrize("name", REFUSED)
def test_zeros_that_are_no_boundary_are_refused(name):
    with pytest.raises(ValueError, match="make the logit zero"):
        extract_boundary(*REFUSED[name])


@pytest.mark.parametrize("turn", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", list(REFUSED)[:3] + list(REFUSED)[4:6])
def test_zeros_are_refused_in_any_direction_despite_rounding(name, turn):
    (W, *weights), biases = REFUSED[name]
    with pytest.raises(ValueError, match="make the logit zero"):
        extract_boundary([rotation(turn) @ W, *weights], biases)


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])


@pytest.mark.parametrize("b", [1, 1000 * np.pi])
def test_values_count_as_zero_to_rounding_of_their_terms(b):
    """u + v - w = 0 for u = n . x + b, v = 2 u, w = 3 u."""
    for angle in range(10):
        n = rotation(angle)[:, :1]
        W = n / np.abs(n).sum() * [0.1, 0.2, 0.3]
        plateau = build((W, [0.1 * b, 0.2 * b, 0.3 * b]), ([1, 1, -1], [0]))
        with pytest.raises(ValueError, match="make the logit zero"):
            extract_boundary(*plateau)


def test_only_rounding_errors_count_as_zero():
    plateau, above = (build(ABS, ([1, 0, 0, 0], [c])) for c in (1e-15, 1e-14))
    assert extract_boundary(*above) == []
    with pytest.raises(ValueError, match="make the logit zero"):
        extract_boundary(*plateau)


@pytest.mark.parametrize("gap", [1e-17, 1e-15, 1e-14, 1e-13, 5e-13])
def test_strip_of_zeros_thinner_than_1e_12_is_a_line(gap):
    strip = build(([[1, -1], [0, 0]], [0, -gap]), ([1, -1], [0]))
    assert_boundary(extract_boundary(*strip), UP_Y_AXIS, 1e-12)


@pytest.mark.parametrize("gap", [0, 1e-17, 1e-15, 1e-14, 1e-13, 1e-11, 1e-9])
def test_corners_nearer_than_1e_12_are_one(gap):
    """relu(x) + relu(x + gap) + relu(x - gap) + 3 y - 1: corners at -gap, 0, gap."""
    W = [[1, 1, 1, 0, 0], [0, 0, 0, 1, -1]], [0, gap, -gap, 0, 0]
    [(vertices, closed)] = extract_boundary(*build(W, ([1, 1, 1, 3, -3], [-1])))
    assert not closed
    assert len(vertices) == (5 if gap > 1e-12 else 3)
    ideal = np.array([[1, -2 / 3], [0, 1 / 3], [-1, 1 / 3]])
    assert np.abs(vertices[[0, len(vertices) // 2, -1]] - ideal).max() < 2 * gap + 1e-12


@pytest.mark.parametrize("gap", [1e-15, 1e-13])
@pytest.mark.parametrize("side", [-1, 1])
def test_open_polyline_bent_just_before_the_border_still_ends_there(side, gap):
    bent = build(
        ([[side, 0, 0], [0, 1, -1]], [gap - 1, 0, 0]),
        ([1, 1, -1], [0]),
    )
    ends = [(1, 0), (-1, 0)]
    assert_boundary(extract_boundary(*bent), [(ends, False)], 2 * gap)
    [(vertices, _)] = extract_boundary(*bent)
    assert np.abs(vertices[:, 0]).tolist() == [1, 1]


@pytest.mark.parametrize("gap", [1e-11, 1e-13])
def test_diamond_with_its_tip_beyond_the_border_is_open(gap):
    hinges = [[1, -1, 0, 0], [0, 0, 1, -1]], [-0.5 - gap, 0.5 + gap, 0, 0]
    boundary = extract_boundary(*build(hinges, ([1, 1, 1, 1], [-0.5])))
    tipless = [(1, gap), *(RIGHT[1:] + [gap, 0]), (1, -gap)]
    assert_boundary(boundary, [(tipless, False)], 1e-15)


@pytest.mark.parametrize("side", [-1, 1])
def test_needle_thinner_than_1e_12_keeps_its_tip(side):
    """4e12 |x| - 0.975 relu(4e12 x - 1/2) = y: one side bends away at y = 1/2."""
    needle = build(
        ([[1, -1, 4e12 * side, 0], [0, 0, 0, 1]], [0, 0, -0.5, 1]),
        ([4e12, 4e12, -0.975, -1], [1]),
    )
    sides = [(5.125e-12, 1), (1.25e-13, 0.5), (0, 0), (-2.5e-13, 1)]
    expected = (np.array(sides) * [side, 1])[::-side]
    assert_boundary(extract_boundary(*needle), [(expected, False)], 1e-15)


def test_zeros_a_rounding_error_apart_do_not_break_the_path():
    """The folds y = |x| and y = -|x| - 2e-14 meet the hinge x = 0 at two zeros.

    The logit is relu(|x| - y) + relu(x) - relu(-x): the path bends at the origin.
    """
    V = [[1, 1, 1, 0], [1, 1, 0, 1], [-1, -1, 0, 0], [1, 1, 0, 0]]
    V[0][1] = V[1][1] = -1
    folds = build(ABS, (V, [0, -2e-14, 0, 0]), ([1, 0, 1, -1], [0]))
    expected = [([(-1, 0), (0, 0), (0, 1)], False)]
    assert_boundary(extract_boundary(*folds), expected, 1e-12)


@pytest.mark.parametrize("size", [(1e-13, 1e-13), (1e-13, 0.5), (0.5, 1e-13)])
def test_closed_polyline_thinner_than_1e_12_is_left_out(size):
    W = np.diag(1 / np.array(size)) @ ABS[0]
    assert extract_boundary(*build((W, ABS[1]), ([1, 1, 1, 1], [-1]))) == []


def test_hinge_of_a_unit_without_weight_leaves_no_vertex():
    """A diamond, cut by the hinges of four units that do not reach the logit."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        W = np.hstack([ABS[0], rng.normal(size=(2, 4))])
        b = [0, 0, 0, 0, *rng.normal(0, 0.2, size=4)]
        boundary = extract_boundary(*build((W, b), ([1] * 4 + [0] * 4, [-0.5])))
        assert_boundary(boundary, [(DIAMOND, True)], 1e-15)


def degenerate_network(rng, rotated, noise):
    """Small integers make hinges and zeros meet in the same points and lines."""
    hidden = rng.integers(1, 7, size=rng.integers(0, 4))
    sizes = [2, *hidden, 1]
    shapes = pairwise(sizes)
    weights = [rng.integers(-2, 3, size=shape).astype(float) for shape in shapes]
    biases = [rng.integers(-4, 5, size=n) / 2 * (rng.random() < 0.7) for n in sizes[1:]]
    if rotated:
        c, s = np.cos(rng.uniform(0, 7) + np.array([0, np.pi / 2]))
        weights[0] = np.array([[c, s], [-s, c]]) @ weights[0]
    weights = [W + noise * rng.normal(size=W.shape) for W in weights]
    return weights, [b + noise * rng.normal(size=b.shape) for b in biases]


@pytest.mark.parametrize("noise", [0, 1e-15, 1e-14, 1e-13, 1e-12])
@pytest.mark.parametrize("rotated", [False, True])
def test_degenerate_networks_have_the_right_parity_or_a_true_error(rotated, noise):
    rng = np.random.default_rng([rotated, int(noise * 1e15)])
    some = slice(None, None, 50)
    for _ in range(200):
        network = degenerate_network(rng, rotated, noise)
        try:
            boundary = extract_boundary(*network)
        except ValueError as error:
            assert_zero_without_a_sign_change(network, str(error))
            continue
        z, z_foot = logits(network, points[some]), logits(network, feet[some])
        clear = np.minimum(np.abs(z), np.abs(z_foot)) > 1e-9
        odd = crosses_an_odd_number_of_times(boundary, points[some])
        assert (clear & (odd != ((z < 0) != (z_foot < 0)))).sum() == 0


def assert_zero_without_a_sign_change(network, message):
    numbers = re.findall(r"-?\d[\d.]*(?:e-\d+)?", message)
    p, q = np.array(numbers, dtype=float).reshape(2, 2)
    middle, (dx, dy) = (p + q) / 2, q - p
    sides = middle + 1e-6 * np.array([[-dy, dx], [dy, -dx]])
    values = logits(network, np.array([p, q, middle, *sides]))
    values[np.abs(values) < 1e-10] = 0
    assert (values[:3] == 0).all()
    assert values[3] * values[4] >= 0 or np.abs(sides).max() > 1


# Bad input

W1, W2, B1, B2 = np.ones((2, 3)), np.ones((3, 1)), np.ones(3), np.ones(1)


@pytest.mark.parametrize(
    ("weights", "biases", "error", "message"),
    [
        (W1, [B1], TypeError, "weights is array"),
        ([W1], "ab", TypeError, "biases is 'ab'"),
        ([], [], ValueError, "0 and 0 entries"),
        ([W1, W2], [B1], ValueError, "2 and 1 entries"),
        (
            [W2, W2],
            [B1, B2],
            ValueError,
            r"weights\[0\] has shape \(3, 1\); \(2, units\)",
        ),
        ([W1, W1], [B1, B2], ValueError, r"weights\[1\] .*\(2, 3\); \(3, 1\)"),
        ([W1], [B1], ValueError, r"weights\[0\] .*\(2, 3\); \(2, 1\)"),
        ([W1, W2[:, 0]], [B1, B2], ValueError, r"weights\[1\] has shape \(3,\)"),
        ([W1[:, :0], W2[:0]], [B1[:0], B2], ValueError, r"\(2, 0\); \(2, units\)"),
        ([W1, W2], [B2, B2], ValueError, r"biases\[0\] has shape \(1,\); \(3,\)"),
        ([W1, W2], [B1, [[1]]], ValueError, r"biases\[1\] has shape \(1, 1\)"),
        ([W1, W2], [B1, 1.0], ValueError, r"biases\[1\] has shape \(\)"),
        ([W1 * np.nan, W2], [B1, B2], ValueError, r"(?s)weights\[0\] is .*nan.*finite"),
        (
            [W1 * [1, np.nan, 1], W2],
            [B1, B2],
            ValueError,
            r"(?s)weights\[0\] .*finite",
        ),
        ([W1 * [1, 1e300, 1], W2], [B1, B2], ValueError, r"weights\[0\] .*1e290"),
        ([W1, W2], [B1, B2 * np.inf], ValueError, r"biases\[1\] is .*inf.*finite"),
        ([[["a"], ["b"]]], [B2], TypeError, r"weights\[0\] is .*'a'"),
        ([[[1j], [1]]], [B2], TypeError, r"weights\[0\] is .*1j"),
        ([W1, W2], [B1, [True]], TypeError, r"biases\[1\] is \[True\]"),
        ([[[1, 2], [3]]], [B2], ValueError, r"weights\[0\] is \[\[1, 2\], \[3\]\]"),
        ([W1, W2 * 1e300], [B1, B2], ValueError, r"weights\[1\] .*1e290"),
        ([W1 * 1e200, W2 * 1e200], [B1, B2], ValueError, r"weights\[1\] .*1e290"),
        ([W1, W2], [B1 * 1e300, B2], ValueError, r"weights\[0\] .*1e290"),
        ([W1 * [[1e300], [-1e300]], W2], [B1, B2], ValueError, r"weights\[0\] .*1e290"),
        ([W1 * 1e-300, W2], [B1 * 0, B2], ValueError, r"weights\[0\] .*1e-290"),
    ],
)
def test_bad_arguments_are_named(weights, biases, error, message):
    with pytest.raises(error, match=message):
        extract_boundary(weights, biases)


# Measures of polygons

ELL = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
STAR = [(np.cos(a), np.sin(a)) for a in 0.8 * np.pi * np.arange(5)]


def test_measures_of_an_l_shape_either_way_round():
    for corners, sign in [(ELL, 1), (ELL[::-1], -1)]:
        assert polygon_area(corners) == 3 * sign
        angles = interior_angles(corners).tolist()
        assert angles == [90, 90, 90, 270, 90, 90][::sign]
        assert not is_convex(corners)
    assert side_lengths(ELL).tolist() == [2, 1, 1, 1, 1, 2]


def test_distance_is_from_the_segment_not_from_its_line():
    assert _distance((1, 2), (0, 0), (2, 0)) == 2
    assert _distance((5, 0), (0, 0), (2, 0)) == 3
    assert _distance((-3, 0), (0, 0), (2, 0)) == 3
    assert _distance((3, 4), (0, 0), (0, 0)) == 5


def test_convex_is_simple_and_without_straight_angles():
    assert is_convex(DIAMOND)
    assert is_convex(DIAMOND[::-1])
    assert not is_convex(STAR)
    assert not is_convex([(0, 0), (1, 0), (2, 0), (1, 1)])


def test_area_of_a_small_polygon_far_away_keeps_its_precision():
    corners = 1e-9 * np.array(DIAMOND) + 0.7
    assert np.isclose(polygon_area(corners), 0.5e-18, rtol=1e-6, atol=0)


@pytest.mark.parametrize("seed", range(3))
def test_inside_of_the_polygon_the_logit_is_negative(seed):
    network = hexagon(0.5 + 0.1 * seed, degrees=seed)
    [(vertices, _)] = extract_boundary(*network)
    inside = Path(vertices).contains_points(points)
    assert (inside == (logits(network, points) < 0)).all()


@pytest.mark.parametrize("vertices", [[(0, 0), (1, 1)], np.ones((4, 3)), np.ones(6)])
def test_too_few_corners_or_not_in_the_plane(vertices):
    for measure in (polygon_area, side_lengths, interior_angles, is_convex):
        with pytest.raises(ValueError, match="vertices have shape"):
            measure(vertices)
