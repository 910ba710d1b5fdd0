"""The exact boundary against exact arithmetic, the network's signs and hard cases."""

from itertools import pairwise
import re

from decision_boundary import polygon
from decision_boundary.polygon import NotACurve, extract_boundary
from exact_boundary import exact_boundary
import numpy as np
import pytest

# 20,000 points, sorted by x; feet[k] is the point of the lower border below points[k].
points = np.random.default_rng(0).uniform(-1, 1, size=(20_000, 2))
points = points[points[:, 0].argsort()]
feet = np.column_stack([points[:, 0], np.full(len(points), -1.0)])
some = slice(None, None, 10)


@pytest.fixture(params=[0, 10**9], ids=["lines", "regions"])
def both_methods(request, monkeypatch):
    """Run the test with lines followed where possible, then with regions cut."""
    monkeypatch.setattr(polygon, "FEW", request.param)


def logits(network, X):
    for W, b in zip(*network):
        z = X @ W + b
        X = np.maximum(z, 0)
    return z[:, 0]


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


def same_line(line, other, tolerance):
    """Are these the same corners in the same order, from whichever a closed one starts?"""
    (p, closed), (q, other_closed) = line, other
    if closed != other_closed or np.shape(p) != np.shape(q):
        return False
    turns = range(len(q)) if closed else [0]
    return min(np.abs(p - np.roll(q, k, axis=0)).max() for k in turns) <= tolerance


def assert_boundary(boundary, expected, tolerance=0):
    """The boundary is these (vertices, closed), in any order."""
    assert len(boundary) == len(expected), (boundary, expected)
    for line in expected:
        matches = [same_line(line, found, tolerance) for found in boundary]
        assert matches.count(True) == 1, (boundary, line)


def build(*layers):
    """From (W, b), (W, b), ...; a flat W is a column: the weights of one unit."""
    weights = [np.array(W, dtype=float).reshape(len(W), -1) for W, _ in layers]
    return weights, [np.array(b, dtype=float) for _, b in layers]


def random_network(rng, sizes):
    shapes = list(pairwise(sizes))
    weights = [rng.normal(0, np.sqrt(2 / m), size=(m, n)) for m, n in shapes]
    return weights, [rng.normal(0, 0.4, size=n) for n in sizes[1:]]


def trained_network(rng, sizes):
    """As training leaves it: outgoing weights positive, negative logits inside."""
    (W, *weights), biases = random_network(rng, sizes)
    network = [W, *map(np.abs, weights)], [0.2 * b for b in biases]
    network[1][-1] -= np.median(logits(network, points[some]))
    return network


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


def hexagon(apothem, degrees=90.0):
    """sum_i relu(u_i . x) - r, the units u_i at 120 degrees to each other."""
    angles = np.radians(degrees + np.array([0, 120, 240]))
    units = np.array([np.cos(angles), np.sin(angles)])
    return [units, np.ones((3, 1))], [np.zeros(3), np.array([-apothem])]


SIZES = {(2, 1): 10, (2, 1, 1): 10, (2, 2, 1): 20, (2, 3, 1): 80, (2, 4, 1): 20}
SIZES |= {(2, 8, 1): 40, (2, 3, 3, 1): 40, (2, 5, 5, 5, 1): 15, (2, 16, 16, 1): 8}
SIZES |= {(2, 4, 4, 4, 4, 4, 1): 10, (2, 100, 1): 2}
MAKERS = [(random_network, *item) for item in SIZES.items()]
MAKERS += [(trained_network, *item) for item in list(SIZES.items())[3:9]]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda p: f"{p[0].__name__}-{p[1]}")
def networks(request):
    """Networks in general position and their boundaries, without a region cut."""
    make, sizes, count = request.param
    rng = np.random.default_rng([len(sizes), *sizes])
    found = [make(rng, sizes) for _ in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polygon, "FEW", 0)
        if len(sizes) > 2:
            patch.delattr(polygon, "_cut_regions")
        boundaries = [extract_boundary(*network) for network in found]
    assert any(boundaries)
    return list(zip(found, boundaries))


# Exact arithmetic


@pytest.mark.parametrize("hidden", [(), (3,), (10,), (4, 4), (3, 3, 3)])
def test_random_networks_have_the_exact_boundary(both_methods, hidden):
    rng = np.random.default_rng(hidden)
    for _ in range(60 // (3 + sum(hidden))):
        network = random_network(rng, (2, *hidden, 1))
        assert_boundary(extract_boundary(*network), exact_boundary(*network), 1e-12)


def test_networks_of_small_integers_have_the_exact_boundary_or_none(both_methods):
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        network = degenerate_network(rng, rotated=False, noise=0)
        expected = exact_boundary(*network)
        if expected is None:
            refused += 1
            with pytest.raises(NotACurve, match="not stay zero from"):
                extract_boundary(*network)
        else:
            assert_boundary(extract_boundary(*network), expected, 1e-14)
    assert 20 < refused < 200


# Networks in general position


def test_parity_of_crossings_is_the_sign_at_20_000_points(networks):
    for network, boundary in networks:
        changes = (logits(network, points) < 0) != (logits(network, feet) < 0)
        odd = crosses_an_odd_number_of_times(boundary, points)
        assert (odd != changes).sum() == 0


def test_logit_is_zero_on_edges_negative_to_their_left_up_to_the_border(networks):
    for network, boundary in networks:
        for polyline in boundary:
            ends_on_border = (np.abs(polyline.vertices[[0, -1]]) == 1).any(axis=1).all()
            assert polyline.closed is not bool(ends_on_border)
            starts, ends = edges(*polyline)
            middles, along = (starts + ends) / 2, ends - starts
            error = np.abs(logits(network, np.vstack([starts, middles, ends]))).max()
            assert error < 1e-15 * reach(network)
            left = 1e-9 * along[:, ::-1] * [-1, 1] / np.hypot(*along.T)[:, None]
            assert (logits(network, middles + left) < 0).all()
            assert (logits(network, middles - left) > 0).all()


def test_depth_does_not_cost_precision():
    """The bounds of deep units are far above their values, so none decides what is 0."""
    rng = np.random.default_rng(3)
    for _ in range(4):
        network = random_network(rng, (2, *[8] * 24, 1))
        z, z_foot = logits(network, points[some]), logits(network, feet[some])
        middle = (z.min() + z.max()) / 2
        network[1][-1] -= middle
        boundary = extract_boundary(*network)
        vertices = np.concatenate([polyline.vertices for polyline in boundary])
        assert np.abs(logits(network, vertices)).max() < 1e-10 * np.ptp(z)
        odd = crosses_an_odd_number_of_times(boundary, points[some])
        assert (odd == ((z < middle) != (z_foot < middle))).all()


def test_cells_with_equal_names_are_noticed(monkeypatch):
    rng = np.random.default_rng(4)
    networks = [random_network(rng, (2, 8, 1)) for _ in range(50)]
    boundaries = [extract_boundary(*network) for network in networks]
    monkeypatch.setattr(polygon, "MULTIPLIER", 1)
    for network, expected in zip(networks, boundaries):
        assert_boundary(extract_boundary(*network), expected, 1e-12)


@pytest.mark.parametrize("hinges", ["one through a corner", "three through a point"])
def test_zeros_too_close_to_tell_apart_are_noticed(monkeypatch, hinges):
    W = [[1], [1]] if hinges == "one through a corner" else [[1, 0, 1], [0, 1, -2]]
    b = [0, 0, 1e-13][-len(W[0]) :]
    network = build((W, b), (np.ones(len(b)), [1]))
    monkeypatch.setattr(polygon, "FEW", 0)
    with pytest.raises(polygon._NotGeneral):
        polygon._follow_lines(list(zip(*network)))


@pytest.mark.parametrize(("apothem", "degrees"), [(0.01, 90), (0.5, 0), (0.8, 77.7)])
def test_three_units_at_120_degrees_give_the_regular_hexagon(apothem, degrees):
    boundary = extract_boundary(*hexagon(apothem, degrees))
    angles = np.radians(degrees + 30 + 60 * np.arange(6))
    exact = 2 / np.sqrt(3) * apothem * np.column_stack([np.cos(angles), np.sin(angles)])
    assert_boundary(boundary, [(exact, True)], 2e-15)


@pytest.mark.parametrize("power", [-400, -40, 40, 400])
def test_scale_of_a_layer_changes_no_bit(power):
    rng = np.random.default_rng(5)
    for network in [hexagon(0.5), random_network(rng, (2, 5, 5, 1))]:
        W, *weights = network[0]
        scaled = [W * 2.0**power, *weights], [b * 2.0**power for b in network[1]]
        assert_boundary(extract_boundary(*scaled), extract_boundary(*network))


def test_lists_and_other_number_types_are_read_and_left_unchanged():
    (W, V), (b, c) = hexagon(0.5)
    single = [a.astype(np.float32) for a in (W, V, b, c)]
    before = [a.copy() for a in single]
    boundary = extract_boundary(single[:2], single[2:])
    assert all((a == old).all() for a, old in zip(single, before))
    assert boundary[0].vertices.dtype == np.float64
    boundary = extract_boundary((np.int8([[-128], [0]]),), ([64],))
    assert_boundary(boundary, [([(0.5, 1), (0.5, -1)], False)])


# Degenerate networks

ABS = [[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0, 0, 0]  # relu: their sum is |x| + |y|
# Two layers for ||x| - 1/2| + |y|: a fold at the y axis, then at x = +-1/2
FOLD = ABS, ([[1, -1, 0], [1, -1, 0], [0, 0, 1], [0, 0, 1]], [-0.5, 0.5, 0])
SHIFTED = ABS[0], [-0.5, 0.5, 0, 0]  # |x - 1/2| + |y|
# a + relu(b - a) = max(a, b) for a = |x| + y - 1/2 and b = -y
MAXIMUM = [[1, -1], [1, -1], [1, -2], [-1, 2]], [4.5, 0.5]
DIAMOND = [(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)]
LEFT, RIGHT = np.array(DIAMOND) - [0.5, 0], np.array(DIAMOND) + [0.5, 0]
UP_Y_AXIS = [([(0, -1), (0, 1)], False)]  # negative, thus left, is x < 0
ABOVE = [(-1, 0), (-0.5, 0.5), (0, 0), (0.5, 0.5), (1, 0)]
BELOW = [(1, 0), (0.5, -0.5), (0, 0), (-0.5, -0.5), (-1, 0)]

WORKED_OUT = {
    "from corner to corner": (build(([1, 1], [0])), [([(1, -1), (-1, 1)], False)]),
    "closed, touching the border": (
        build(ABS, ([1] * 4, [-1])),
        [(RIGHT + LEFT, True)],
    ),
    "closed, touching the border from a negative outside": (
        build(SHIFTED, ([-1] * 4, [0.5])),
        [(RIGHT[::-1], True)],
    ),
    "saddle": (
        build(ABS, ([1, 1, -1, -1], [0])),
        [([(-1, 1), (0, 0), (1, 1)], False), ([(1, -1), (0, 0), (-1, -1)], False)],
    ),
    "closed saddle": (build(*FOLD, ([1] * 3, [-0.5])), [(LEFT, True), (RIGHT, True)]),
    "saddle, negative outside": (
        build(*FOLD, ([-1, -1, -1], [0.5])),
        [(ABOVE, False), (BELOW, False)],
    ),
    "triangle": (
        build(ABS, MAXIMUM, ([1, 1], [-5])),
        [([(-0.5, 0), (0.5, 0), (0, 0.5)], True)],
    ),
    "along a hinge, then away": (
        build(ABS, ([1, -1, 1, 0], [0])),
        [([(0, -1), (0, 0), (-1, 1)], False)],
    ),
}
STRIP = [[1, -1], [0, 0]], [0, -1e-11]
CORNER = [[1, 0, 0], [0, 1, -1]], [0, 0, 0]
REFUSED = {
    "all weights zero": build(([0, 0], [0])),
    "zero where the unit is off": build(ABS, ([1, 0, 0, 0], [0])),
    "zero where the unit is off, else negative": build(ABS, ([-1, 0, 0, 0], [0])),
    "positive on both sides": build(ABS, ([1, 1, 0, 0], [0])),
    "negative on both sides": build(ABS, ([-1, -1, 0, 0], [0])),
    "zero in a strip of width 1e-11": build(STRIP, ([1, -1], [0])),
    "along the border, negative inside": build(([1, 0], [-1])),
    "along the border, positive inside": build(([1, 0], [1])),
    "along the border at a change of sign": build(CORNER, ([1, 1, -1], [-1])),
}


@pytest.mark.parametrize("name", WORKED_OUT)
def test_degenerate_network_has_the_boundary_worked_out_by_hand(both_methods, name):
    network, expected = WORKED_OUT[name]
    assert_boundary(extract_boundary(*network), expected)
    assert_boundary(exact_boundary(*network), expected)


@pytest.mark.parametrize("name", REFUSED)
def test_zeros_that_are_no_boundary_are_refused(both_methods, name):
    assert exact_boundary(*REFUSED[name]) is None
    with pytest.raises(NotACurve, match="not stay zero"):
        extract_boundary(*REFUSED[name])


@pytest.mark.parametrize("turn", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", list(REFUSED)[:5])
def test_zeros_are_refused_in_any_direction_despite_rounding(name, turn):
    (W, *weights), biases = REFUSED[name]
    with pytest.raises(NotACurve, match="not stay zero"):
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
        with pytest.raises(NotACurve, match="not stay zero"):
            extract_boundary(*plateau)


def test_only_rounding_errors_count_as_zero():
    plateau, above = (build(ABS, ([1, 0, 0, 0], [c])) for c in (1e-15, 1e-14))
    assert extract_boundary(*above) == []
    with pytest.raises(NotACurve, match="not stay zero"):
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
    hinges = [[side, 0, 0], [0, 1, -1]], [gap - 1, 0, 0]
    boundary = extract_boundary(*build(hinges, ([1, 1, -1], [0])))
    assert_boundary(boundary, [([(1, 0), (-1, 0)], False)], 2 * gap)
    assert np.abs(boundary[0].vertices[:, 0]).tolist() == [1, 1]


@pytest.mark.parametrize("gap", [1e-11, 1e-13])
def test_diamond_with_its_tip_beyond_the_border_is_open(gap):
    hinges = ABS[0], [-0.5 - gap, 0.5 + gap, 0, 0]
    boundary = extract_boundary(*build(hinges, ([1, 1, 1, 1], [-0.5])))
    tipless = [(1, gap), *(RIGHT[1:] + [gap, 0]), (1, -gap)]
    assert_boundary(boundary, [(tipless, False)], 1e-15)


@pytest.mark.parametrize("side", [-1, 1])
def test_needle_thinner_than_1e_12_keeps_its_tip(side):
    """4e12 |x| - 0.975 relu(4e12 x - 1/2) = y: one side bends away at y = 1/2."""
    hinges = [[1, -1, 4e12 * side, 0], [0, 0, 0, 1]], [0, 0, -0.5, 1]
    needle = build(hinges, ([4e12, 4e12, -0.975, -1], [1]))
    sides = [(5.125e-12, 1), (1.25e-13, 0.5), (0, 0), (-2.5e-13, 1)]
    expected = (np.array(sides) * [side, 1])[::-side]
    assert_boundary(extract_boundary(*needle), [(expected, False)], 1e-15)


def test_zeros_a_rounding_error_apart_do_not_break_the_path():
    """The folds y = |x| and y = -|x| - 2e-14 meet the hinge x = 0 at two zeros.

    The logit is relu(|x| - y) + relu(x) - relu(-x): the path bends at the origin.
    """
    V = [[1, -1, 1, 0], [1, -1, 0, 1], [-1, -1, 0, 0], [1, 1, 0, 0]]
    folds = build(ABS, (V, [0, -2e-14, 0, 0]), ([1, 0, 1, -1], [0]))
    expected = [([(-1, 0), (0, 0), (0, 1)], False)]
    assert_boundary(extract_boundary(*folds), expected, 1e-12)


def test_isolated_zeros_on_less_than_1e_12_are_left_out():
    """relu(x - |y| - 1e-13) + relu(-x - |y|) + |y| is zero from 0 to 1e-13."""
    V = [[1, -1, 0, 0], [-1, 1, 0, 0], [-1, -1, 1, 0], [-1, -1, 0, 1]]
    segment = build(ABS, (V, [-1e-13, 0, 0, 0]), ([1, 1, 1, 1], [0]))
    assert extract_boundary(*segment) == []


@pytest.mark.parametrize("size", [(1e-13, 1e-13), (1e-13, 0.5), (0.5, 1e-13)])
def test_closed_polyline_thinner_than_1e_12_is_left_out(size):
    W = np.diag(1 / np.array(size)) @ ABS[0]
    assert extract_boundary(*build((W, ABS[1]), ([1, 1, 1, 1], [-1]))) == []


@pytest.mark.parametrize("noise", [0, 1e-15, 1e-14, 1e-13, 1e-12])
@pytest.mark.parametrize("rotated", [False, True])
def test_networks_near_integers_have_the_right_parity_or_none(
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
BAD = [
    (W1, [B1], TypeError, "weights must be a list of arrays, not array"),
    ([W1], "ab", TypeError, "biases must be a list of arrays, not 'ab'"),
    ([], [], ValueError, "at least one, not 0 and 0"),
    ([W1, W2], [B1], ValueError, "one entry each per layer.*not 2 and 1"),
    ([W2, W2], [B1, B2], ValueError, "weights[0] must have shape (2, n), not (3, 1)"),
    ([W1, W1], [B1, B2], ValueError, "weights[1] must have shape (3, 1), not (2, 3)"),
    ([W1[:, :0], W2[:0]], [B1[:0], B2], ValueError, "shape (2, n), not (2, 0)"),
    ([W1, W2], [B2, B2], ValueError, "biases[0] must have shape (3,), not (1,)"),
    ([W1 * [1, np.nan, 1], W2], [B1, B2], ValueError, "weights[0] must be finite"),
    ([W1, W2], [B1, B2 * np.inf], ValueError, "biases[1] must be finite.*not inf"),
    ([[["a"], ["b"]]], [B2], TypeError, "weights[0] must be finite numbers, not .*'a'"),
    ([W1, W2], [B1, [True]], TypeError, "biases[1] must be finite.*not [True]"),
    ([[[1, 2], [3]]], [B2], ValueError, "weights[0] must be .*rows of unequal length"),
    ([W1 * [1, 1e300, 1], W2], [B1, B2], ValueError, "weights[0] .*1e290.*not .*e+300"),
    ([W1 * 1e200, W2 * 1e200], [B1, B2], ValueError, "weights[1] .*1e290.*not .* inf"),
    ([W1 * 1e-300, W2], [B1 * 0, B2], ValueError, "weights[0] .*1e-290.*2e-300"),
]


@pytest.mark.parametrize(("weights", "biases", "error", "message"), BAD)
def test_bad_arguments_are_named(weights, biases, error, message):
    pattern = re.escape(message).replace(r"\.\*", ".*")
    with pytest.raises(error, match=f"(?s){pattern}"):
        extract_boundary(weights, biases)
