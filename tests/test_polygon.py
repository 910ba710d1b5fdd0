"""The boundary against signs, rational arithmetic, and cases worked out by hand."""

from fractions import Fraction
from itertools import pairwise
import re

from decision_boundary import polygon
from decision_boundary.polygon import NotACurve, extract_boundary
import numpy as np
from oracles import build, network_logits
import pytest

# Straight ways across the square: starts and stops
WAYS = np.random.default_rng(0).uniform(-1, 1, size=(500, 2, 2))


@pytest.fixture(params=[0, 10**9], ids=["lines", "regions"])
def both_methods(request, monkeypatch):
    """Run the test with lines followed where possible, then with regions cut."""
    monkeypatch.setattr(polygon, "FEW_UNITS", request.param)


def logits(network, X):
    return network_logits(*network, X)[..., 0]


def edges(vertices, closed):
    last = None if closed else -1
    return vertices[:last], np.roll(vertices, -1, axis=0)[:last]


def crossings(boundary):
    """(500, edges): where each way meets each edge's line; does it cross the edge?"""
    parts = [np.empty((2, 0, 2)), *(edges(*polyline) for polyline in boundary)]
    p, q = np.concatenate(parts, axis=1) @ [1, 1j]
    start, stop = np.expand_dims(WAYS @ [1, 1j], 2).swapaxes(0, 1)
    # The edges' ends in coordinates in which the way is from 0 to 1
    a, b = ((z - start) / (stop - start) for z in (p, q))
    with np.errstate(all="ignore"):
        at = (a.real * b.imag - b.real * a.imag) / (b.imag - a.imag)
    return at, (a.imag * b.imag < 0) & (at > 0) & (at < 1)


def assert_crosses(network, boundary, exactly=0):
    """The boundary crosses a way oddly often if the logit's signs at its ends differ.

    On the first ways, so many as `exactly`, it crosses at the logit's exact zeros.
    """
    z, (at, crossed) = logits(network, WAYS), crossings(boundary)
    clear = np.abs(z).min(axis=1) > 1e-9
    odd = crossed.sum(axis=1) % 2
    assert (odd == (z[:, 0] < 0) ^ (z[:, 1] < 0))[clear].all()
    for k in range(exactly):
        zeros = exact_zeros(network, *WAYS[k])
        np.testing.assert_allclose(np.sort(at[k, crossed[k]]), zeros, rtol=0, atol=1e-9)


def exact_zeros(network, start, stop):
    """Where the logit changes its sign from start to stop, in rational arithmetic."""
    exact = np.vectorize(Fraction, otypes=[object])
    start, stop = exact(start), exact(stop)
    layers = [(exact(W), exact(b)) for W, b in zip(*network)]
    places = {Fraction(0), Fraction(1)}  # between these, the layer's units are affine
    for depth in range(1, 1 + len(layers)):
        t = np.array(sorted(places))
        values = start + t[:, None] * (stop - start)
        for k, (W, b) in enumerate(layers[:depth]):
            values = (np.maximum(values, 0) if k else values) @ W + b
        i, j = np.nonzero(values[:-1] * values[1:] < 0)
        share = values[i, j] / (values[i, j] - values[i + 1, j])
        zeros = t[i] + share * (t[i + 1] - t[i])
        places |= set(zeros)
    at_kinks = (values[1:-1] == 0) & (values[:-2] * values[2:] < 0)
    return sorted(map(float, [*zeros, *t[1:-1][at_kinks[:, 0]]]))


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


def random_network(rng, sizes, positive=False):
    """Logits of either sign; with positive outgoing weights, negative ones inside."""
    shapes = list(pairwise(sizes))
    weights = [rng.normal(0, np.sqrt(2 / m), size=(m, n)) for m, n in shapes]
    if positive:
        weights[1:] = map(np.abs, weights[1:])
    network = weights, [rng.normal(0, 0.4, size=n) for n in sizes[1:]]
    z = logits(network, WAYS)
    network[1][-1] -= (z.min() + z.max()) / 2
    return network


def degenerate_network(rng, rotated=False, noise=0):
    """Small integers make hinges and zeros meet in the same points and lines."""
    hidden = rng.integers(1, 7, size=rng.integers(0, 4))
    sizes = [2, *hidden, 1]
    shapes = pairwise(sizes)
    weights = [rng.integers(-2, 3, size=shape).astype(float) for shape in shapes]
    biases = [rng.integers(-4, 5, size=n) / 2 * (rng.random() < 0.7) for n in sizes[1:]]
    if rotated:
        weights[0] = rotation(rng.uniform(0, 7)) @ weights[0]
    weights = [W + noise * rng.normal(size=W.shape) for W in weights]
    return weights, [b + noise * rng.normal(size=b.shape) for b in biases]


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])


# Networks in general position

COUNTS = {(1,): 10, (3,): 80, (8,): 40, (3, 3): 40, (16, 16): 8, (6, 6, 6, 6): 10}
COUNTS |= {(100,): 2, (8,) * 24: 4}


@pytest.mark.parametrize("hidden", COUNTS)
def test_negative_logits_are_left_of_the_zeros(hidden, monkeypatch):
    rng = np.random.default_rng(hidden)
    for k in range(COUNTS[hidden]):
        network = random_network(rng, (2, *hidden, 1), positive=k % 2)
        with monkeypatch.context() as patch:
            patch.setattr(polygon, "FEW_UNITS", 0)
            patch.delattr(polygon, "_cut_regions")
            boundary = extract_boundary(*network)
        # The same with regions cut, and if cells have equal names
        for name, value in ("FEW_UNITS", 50), ("MULTIPLIER", 1):
            with monkeypatch.context() as patch:
                patch.setattr(polygon, name, value)
                if sum(hidden) < 50:
                    assert_boundary(extract_boundary(*network), boundary, 1e-12)
        assert_crosses(network, boundary, exactly=24 // sum(hidden))
        for polyline in boundary:
            assert polyline.closed or (abs(polyline[0][[0, -1]]).max(axis=1) == 1).all()
            starts, ends = edges(*polyline)
            middles, along = (starts + ends) / 2, ends - starts
            bends = np.abs(np.diff(np.angle(along @ [1, 1j])))
            assert bends.min(initial=1) > 1e-9  # each vertex is a corner
            error = np.abs(logits(network, np.vstack([starts, middles]))).max()
            assert error < 1e-12 * np.ptp(logits(network, WAYS))
            left = 1e-9 * along[:, ::-1] * [-1, 1] / np.hypot(*along.T)[:, None]
            assert (logits(network, middles + left) < 0).all()
            assert (logits(network, middles - left) > 0).all()


def test_zeros_too_close_to_tell_apart_are_noticed(monkeypatch):
    monkeypatch.setattr(polygon, "FEW_UNITS", 0)
    through_a_corner = build(([[1], [1]], [0]), ([1], [1]))
    near_each_other = ([[1, 0, 1], [0, 1, -2]], [0, 0, 1e-13]), ([1] * 3, [1])
    for network in through_a_corner, build(*near_each_other, ([1], [1])):
        with pytest.raises(polygon._NotGeneral):
            polygon._follow_lines(list(zip(*network)))


def test_scale_of_a_layer_changes_no_bit():
    (W, *weights), biases = random_network(np.random.default_rng(5), (2, 5, 5, 1))
    expected = extract_boundary([W, *weights], biases)
    for scale in 2.0**-400, 2.0**400:
        scaled = [W * scale, *weights], [b * scale for b in biases]
        assert_boundary(extract_boundary(*scaled), expected)


# Degenerate networks

ABS = [[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0, 0, 0]  # relu: their sum is |x| + |y|
# Two layers for ||x| - 1/2| + |y|: a fold at the y axis, then at x = +-1/2
FOLD = ABS, ([[1, -1, 0], [1, -1, 0], [0, 0, 1], [0, 0, 1]], [-0.5, 0.5, 0])
DIAMOND = np.array([(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)])
LEFT = DIAMOND - [0.5, 0]
UP = np.array([(-1, 0), (-0.5, 0.5), (0, 0), (0.5, 0.5), (1, 0)])
OPEN, CLOSED = False, True
WORKED_OUT = {  # a name: the layers, then the boundary
    "closed, touching the border": ([ABS, ([1] * 4, [-1])], (2 * DIAMOND, CLOSED)),
    "closed saddle": ([*FOLD, ([1] * 3, [-0.5])], (LEFT, CLOSED), (-LEFT, CLOSED)),
    "saddle, negative outside": ([*FOLD, ([-1] * 3, [0.5])], (UP, OPEN), (-UP, OPEN)),
    "strip of zeros thinner than 1e-12": (
        [([[1, -1], [0, 0]], [0, -1e-13]), ([1, -1], [0])],
        ([(0, -1), (0, 1)], OPEN),
    ),
    "more than rounding where the unit is off": ([ABS, ([1, 0, 0, 0], [6e-15])],),
    "closed, smaller than 1e-12": ([ABS, ([1e13] * 4, [-1])],),
    "closed, thinner than 1e-12": ([ABS, ([1e13, 1e13, 1, 1], [-1])],),
}
for side in (-1, 1):
    # 4e12 |x| - 0.975 relu(4e12 x - 1/2) = y: one side bends away at y = 1/2
    needle = np.array([(5.125e-12, 1), (1.25e-13, 0.5), (0, 0), (-2.5e-13, 1)])
    hinges = [[1, -1, 4e12 * side, 0], [0, 0, 0, 1]], [0, 0, -0.5, 1]
    WORKED_OUT[f"needle thinner than 1e-12, {side}"] = (
        [hinges, ([4e12, 4e12, -0.975, -1], [1])],
        ((needle * [side, 1])[::-side], OPEN),
    )
    WORKED_OUT[f"bent just before the border x = {-side}"] = (
        [([[side, 0, 0], [0, 1, -1]], [1e-13 - 1, 0, 0]), ([1, 1, -1], [0])],
        ([(1, 0), (-1, 0)], OPEN),
    )
LARGE = [[0.1, 0.2, 0.3], [0, 0, 0]], [314.1, 628.2, 942.3]  # u, 2 u and 3 u
REFUSED = {
    "all weights zero": [([0, 0], [0])],
    "zero but for rounding": [ABS, ([1, 0, 0, 0], [3e-15])],
    "zero but for the rounding of large terms": [LARGE, ([1, 1, -1], [0])],
    "positive on both sides": [ABS, ([1, 1, 0, 0], [0])],
    "negative on both sides": [ABS, ([-1, -1, 0, 0], [0])],
    "along the border": [([[1, 0, 0], [0, 1, -1]], [0] * 3), ([1, 1, -1], [-1])],
    "zero in a strip": [([[1, -1], [0, 0]], [0, -1e-11]), ([1, -1], [0])],
}


@pytest.mark.parametrize("name", WORKED_OUT)
def test_degenerate_network_has_the_boundary_worked_out_by_hand(both_methods, name):
    network, *expected = WORKED_OUT[name]
    assert_boundary(extract_boundary(*build(*network)), expected, 1e-12)


@pytest.mark.parametrize("name", REFUSED)
def test_zeros_that_are_no_boundary_are_refused_in_any_direction(both_methods, name):
    (W, *weights), biases = build(*REFUSED[name])
    for angle in range(6 if name != "along the border" else 1):
        with pytest.raises(NotACurve):
            extract_boundary([rotation(angle) @ W, *weights], biases)


@pytest.mark.parametrize("noise", [0, 1e-15, 1e-14, 1e-13, 1e-12])
@pytest.mark.parametrize("rotated", [False, True])
def test_networks_near_integers_have_the_right_signs_or_are_refused_rightly(
    both_methods, rotated, noise
):
    rng = np.random.default_rng([rotated, int(noise * 1e15)])
    for _ in range(150):
        network = degenerate_network(rng, rotated, noise)
        try:
            boundary = extract_boundary(*network)
        except NotACurve as error:
            assert_zero_without_a_sign_change(network, str(error))
            continue
        assert noise or logits(network, WAYS).all()  # no region of zeros
        assert_crosses(network, boundary, exactly=0 if noise or rotated else 2)


def assert_zero_without_a_sign_change(network, message):
    numbers = re.findall(r"-?\d[\d.]*(?:e-\d+)?", message)
    p, q = np.array(numbers, dtype=float).reshape(2, 2)
    normal = 1e-6 * (q - p)[::-1] * [-1, 1]
    beside = (p + q) / 2 + [[0, 0], normal, -normal]
    values = logits(network, beside)
    values[np.abs(values) < 1e-10] = 0
    assert values[0] == 0
    assert values[1] * values[2] >= 0 or np.abs(beside).max() > 1


# Bad input

W1, W2, B1, B2 = np.ones((2, 3)), np.ones((3, 1)), np.ones(3), np.ones(1)
BAD = [
    ([], [], "equal length >= 1, not 0 and 0"),
    ([W1, W2], [B1], "equal length >= 1, not 2 and 1"),
    ([W1, W2], [B2, B2], "biases[0] must have shape (3,), not (1,)"),
    ([W1, W1.T], [B1, B1], "weights[1] must have shape (3, 1), not (3, 2)"),
    ([W1, W2], [B1, B2 * np.inf], "biases[1] must be finite numbers, not inf"),
]


@pytest.mark.parametrize(("weights", "biases", "message"), BAD)
def test_bad_arguments_are_named(weights, biases, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        extract_boundary(weights, biases)
