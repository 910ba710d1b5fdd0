"""The boundary against signs, and against cases worked out by hand."""

import doctest
from itertools import pairwise
import re

from decision_boundary import polygon
from decision_boundary.polygon import extract_boundary
import numpy as np
from oracles import build, hexagon, network_logits
import pytest
import torch

# Straight ways across the square: starts and stops
WAYS = np.random.default_rng(0).uniform(-1, 1, size=(500, 2, 2))


def logits(network, X):
    return network_logits(*network, X)[..., 0]


def edges(vertices, closed):
    last = None if closed else -1
    return vertices[:last], np.roll(vertices, -1, axis=0)[:last]


def side(a, b, c):
    """1 where the point c is left of the line from a to b, -1 where it is right."""
    along, across = b - a, c - a
    return np.sign(along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0])


def assert_crosses(network, boundary):
    """The boundary crosses a way oddly often if just one of its ends is negative."""
    parts = [edges(*polyline) for polyline in boundary]
    p, q = np.concatenate([np.empty((2, 0, 2)), *parts], axis=1)
    start, stop = WAYS[:, :1], WAYS[:, 1:]  # (500, 1, 2), against p and q (edges, 2)
    apart = side(start, stop, p) != side(start, stop, q)
    crossed = apart & (side(p, q, start) != side(p, q, stop))  # (500, edges)
    odd = crossed.sum(axis=1) % 2
    z = logits(network, WAYS)
    clear = np.abs(z).min(axis=1) > 1e-9
    assert (odd == (z[:, 0] < 0) ^ (z[:, 1] < 0))[clear].all()


def same_line(found, vertices, closed, tolerance):
    """Has the polyline these corners in this order, a closed one from any start?"""
    if found.closed != closed or len(found.vertices) != len(vertices):
        return False
    turns = range(len(vertices) if closed else 1)
    gaps = [np.abs(np.roll(vertices, k, axis=0) - found.vertices).max() for k in turns]
    return min(gaps) <= tolerance


def assert_boundary(boundary, expected, tolerance=0):
    """The boundary is these (vertices, closed) in any order."""
    assert len(boundary) == len(expected), (boundary, expected)
    for line in expected:
        matches = [same_line(found, *line, tolerance) for found in boundary]
        assert matches.count(True) == 1, (boundary, line)


def random_network(rng, hidden):
    """A network with logits of either sign."""
    sizes = [2, *hidden, 1]
    weights = [rng.normal(0, np.sqrt(2 / m), size=(m, n)) for m, n in pairwise(sizes)]
    biases = [rng.normal(0, 0.4, size=n) for n in sizes[1:]]
    z = logits((weights, biases), WAYS)
    biases[-1] -= (z.min() + z.max()) / 2
    return weights, biases


def network_near_integers(rng, rotated, noise):
    """Small integers make hinges and zeros meet in the same points and lines."""
    sizes = [2, *rng.integers(1, 7, size=rng.integers(0, 4)), 1]
    weights = [rng.integers(-2, 3, size=shape) * 1.0 for shape in pairwise(sizes)]
    biases = [rng.integers(-4, 5, size=n) / 2 * (rng.random() < 0.7) for n in sizes[1:]]
    if rotated:
        weights[0] = rotation(rng.uniform(0, 7)) @ weights[0]
    weights = [W + noise * rng.normal(size=W.shape) for W in weights]
    return weights, [b + noise * rng.normal(size=b.shape) for b in biases]


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])


# Networks in general position


@pytest.mark.parametrize("hidden", [(1,), (3,), (8,), (30,), (16, 16), (4,) * 9])
def test_negative_logits_are_left_of_the_boundary(hidden):
    rng = np.random.default_rng(hidden)
    for _ in range(2 + 60 // sum(hidden)):
        network = random_network(rng, hidden)
        boundary = extract_boundary(*network)
        assert_crosses(network, boundary)
        for polyline in boundary:
            starts, ends = edges(*polyline)
            middles = (starts + ends) / 2
            along = ends - starts
            error = np.abs(logits(network, np.vstack([starts, middles]))).max()
            assert error < 1e-12 * np.ptp(logits(network, WAYS))
            left = 1e-9 * along[:, ::-1] * [-1, 1] / np.hypot(*along.T)[:, None]
            assert (logits(network, middles + left) < 0).all()
            assert (logits(network, middles - left) > 0).all()


def test_dropping_regions_out_of_reach_does_not_change_the_boundary(monkeypatch):
    rng = np.random.default_rng(1)
    networks = [network_near_integers(rng, True, 1e-14) for _ in range(100)]
    networks += [random_network(rng, (8, 8, 8)) for _ in range(10)]
    for network in networks:
        monkeypatch.setattr(polygon, "LINES_PER_PRUNING", 10**9)
        expected = extract_boundary(*network)
        monkeypatch.setattr(polygon, "LINES_PER_PRUNING", 1)
        assert_boundary(extract_boundary(*network), expected, 1e-11)


def test_lines_end_at_the_border_of_another_extent():
    extent = (-2.5, 3.5, -2.25, -1.75)
    upright = [([(0, -2.25), (0, -1.75)], OPEN)]
    assert_boundary(extract_boundary(*build(([1, 0], [0])), extent), upright)
    level = [([(3.5, -2), (-2.5, -2)], OPEN)]
    assert_boundary(extract_boundary(*build(([0, 1], [2])), extent), level)


# Degenerate networks

ABS = [[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0, 0, 0]  # relu: their sum is |x| + |y|
# Two layers for ||x| - 1/2| + |y|: a fold at the y axis, then at x = +-1/2
FOLD = ABS, ([[1, -1, 0], [1, -1, 0], [0, 0, 1], [0, 0, 1]], [-0.5, 0.5, 0])
STEP = [[1, -1], [0, 0]], [0, -0.5]  # relu(x), relu(-x - 1/2)
DIAMOND = np.array([(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)])
LEFT = DIAMOND - [0.5, 0]
UP = np.array([(-1, 0), (-0.5, 0.5), (0, 0), (0.5, 0.5), (1, 0)])
RIM = 2 * DIAMOND[::-1]  # clockwise
NEEDLE = [(-2.5e-13, 1), (0, 0), (2.5e-13, 1)]
OPEN, CLOSED = False, True
WORKED_OUT = [  # layers and boundary
    ([ABS, ([1] * 4, [-1])], [(2 * DIAMOND, CLOSED)]),  # touches the border
    ([ABS, ([-1] * 4, [1])], [(RIM.take([k, k - 3], 0), OPEN) for k in range(4)]),
    # Saddles: in the middle two pieces meet, then two lines
    ([*FOLD, ([1] * 3, [-0.5])], [(LEFT, CLOSED), (-LEFT, CLOSED)]),
    ([*FOLD, ([-1] * 3, [0.5])], [(UP, OPEN), (-UP, OPEN)]),
    # Zeros count as not negative: everywhere, on a line, in a region
    ([([0, 0], [0])], []),
    ([ABS, ([1, 1, 0, 0], [0])], []),
    ([ABS, ([-1, -1, 0, 0], [0])], []),
    ([STEP, ([1, 0], [0])], []),
    ([STEP, ([-1, 0], [0])], [([(0, 1), (0, -1)], OPEN)]),
    ([STEP, ([1, -1], [0])], [([(-0.5, -1), (-0.5, 1)], OPEN)]),
    # Zero but for rounding, or not, where the unit is off; a unit off but for rounding
    ([ABS, ([1, 0, 0, 0], [-3e-15])], []),
    ([ABS, ([1, 0, 0, 0], [-6e-15])], [([(0, -1), (0, 1)], OPEN)]),
    ([([1, 1], [6e-15 - 2]), ([-1], [3e-15])], []),
    # Closed, smaller and larger than 2e-12; open, with its ends close together
    ([ABS, ([1 / 1.5e-12] * 4, [-1])], []),
    ([ABS, ([1 / 3e-12] * 4, [-1])], [(6e-12 * DIAMOND, CLOSED)]),
    ([([[1, -1, 0], [0, 0, 1]], [0, 0, 1]), ([4e12, 4e12, -1], [1])], [(NEEDLE, OPEN)]),
]


@pytest.mark.parametrize(("layers", "expected"), WORKED_OUT)
def test_degenerate_network_has_the_boundary_worked_out_by_hand(layers, expected):
    assert_boundary(extract_boundary(*build(*layers)), expected, 1e-12)


def test_rounding_of_large_terms_makes_no_boundary():
    hidden = [[0.1, 0.2, 0.3], [0.7, -0.4, 0.3]], [314.1, 628.2, 942.3]  # u, v, u + v
    for c in (-1e-13, 1e-13):
        (W, a), biases = build(hidden, ([1, 1, -1], [c]))
        for angle in range(6):
            assert extract_boundary([rotation(angle / 10) @ W, a], biases) == []
    network = build(([0.1, 0.7], [800.8 - 1e-12]))
    assert extract_boundary(*network, (-1001, -1000, -1001, -1000)) == []


def test_what_is_small_is_relative_to_the_longer_side_of_the_rectangle():
    network = build(ABS, ([1e13] * 4, [-1]))
    boundary = extract_boundary(*network, [-1e-13, 2e-13, -3e-13, 1e-13])
    assert_boundary(boundary, [(2e-13 * DIAMOND, CLOSED)], 1e-25)
    network = build(ABS, ([1e13, 1e13, 1, 1], [-1]))  # thinner than 1e-12
    assert extract_boundary(*network, (-1e-12, 1e-12, -1, 1)) == []


def test_the_tip_of_a_needle_stays_although_its_sides_are_close():
    hinges = [[1, -1, 4e12, 0], [0, 0, 0, 1]], [0, 0, -0.5, 1]
    network = build(hinges, ([4e12, 4e12, -0.975, -1], [1]))
    # 4e12 |x| - 0.975 relu(4e12 x - 1/2) = y: its right side bends away at y = 1/2
    needle = [(-2.5e-13, 1), (0, 0), (1.25e-13, 0.5), (5.125e-12, 1)]
    boundary = extract_boundary(*network, (-1e-11, 1e-11, -1, 1))
    assert_boundary(boundary, [(needle, OPEN)], 1e-12)


@pytest.mark.parametrize("noise", [0, 3e-15, 1e-14, 1e-12])
@pytest.mark.parametrize("rotated", [False, True])
def test_networks_near_integers_have_the_right_signs_and_no_loose_ends(rotated, noise):
    rng = np.random.default_rng([rotated, int(noise * 1e15)])
    for _ in range(200):
        network = network_near_integers(rng, rotated, noise)
        boundary = extract_boundary(*network)
        assert_crosses(network, boundary)
        for vertices, closed in boundary:
            assert closed or (np.abs(vertices[[0, -1]]).max(axis=1) == 1).all()


def test_examples_of_the_docstring_run(tmp_path, monkeypatch):
    W, b = hexagon(0.7)
    arrays = {"hidden_weights": W[0][None], "hidden_biases": b[0][None]}
    arrays |= {"output_weights": W[1].T, "output_biases": b[1]}
    np.savez(tmp_path / "networks.npz", **arrays)
    monkeypatch.chdir(tmp_path)
    linears = [torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)]
    for linear, W, b in zip(linears, *hexagon(1.4)):  # beyond [-1, 1]^2
        linear.weight.data, linear.bias.data = torch.tensor(W.T), torch.tensor(b)
    network = torch.nn.Sequential(linears[0], torch.nn.ReLU(), linears[1])
    names = {"np": np, "network": network, "extract_boundary": extract_boundary}
    [test] = doctest.DocTestFinder(recurse=False).find(polygon, globs=names)
    results = doctest.DocTestRunner().run(test, clear_globs=False)
    assert (results.failed, results.attempted) == (0, 8)
    [(vertices, closed)] = test.globs["boundary"]
    assert closed and len(vertices) == 6
    assert network(torch.tensor(vertices)).abs().max() < 1e-14


W1, W2, B1, B2 = np.ones((2, 3)), np.ones((3, 1)), np.ones(3), np.ones(1)
SQUARE = (-1, 1, -1, 1)
BAD = [
    ([], [], SQUARE, "equal length >= 1, not 0 and 0"),
    (W1, [B1], SQUARE, "weights must be a list of arrays, not ndarray"),
    ([W1, W2], [B2, B2], SQUARE, "biases[0] must have shape (3,), not (1,)"),
    ([W1, W1.T], [B1, B1], SQUARE, "weights[1] must have shape (3, 1), not (3, 2)"),
    ([W1, W2], [B1, B2 * np.inf], SQUARE, "biases[1] must be finite numbers, not inf"),
    ([W1, W2], [B1, B2], (-1, 1), "extent must have shape (4,), not (2,)"),
    ([W1, W2], [B1, B2], (1, 1, -1, 1), "bottom < top, not (1, 1, -1, 1)"),
    ([W1, W2], [B1, B2], (-1, 1, 2, 1), "bottom < top, not (-1, 1, 2, 1)"),
]


@pytest.mark.parametrize(("weights", "biases", "extent", "message"), BAD)
def test_bad_arguments_are_named(weights, biases, extent, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        extract_boundary(weights, biases, extent)
