"""Attempts to refute the propositions of report/theory.tex."""

from decision_boundary import ensemble
from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.geometry import best_polygon, disc_error, is_convex, polygon_area
from decision_boundary.polygon import extract_boundary
from decision_boundary.study.exact import surrounds_origin
import numpy as np
import pytest

FAR = 1000.0  # the boundary is followed in [-FAR, FAR]^2


def directions(angles):
    """Unit vectors (2, ...) at the angles."""
    return np.stack([np.cos(angles), np.sin(angles)])


def logit(x, w, b, a, c):
    """f (N,) at the points x (N, 2); w is (2, H), b and a are (H,)."""
    return np.maximum(x @ w + b, 0) @ a + c  # (N, 2) @ (2, H), then (N, H) @ (H,)


def closed_curves(w, b, a, c):
    """Corners (K, 2) of each closed part of the boundary."""
    weights = [w, a[:, None]]
    biases = [b, np.array([c])]
    boundary = extract_boundary(weights, biases, extent=(-FAR, FAR, -FAR, FAR))
    return [polyline.vertices for polyline in boundary if polyline.closed]


def crossings(w, b):
    """Points (H, H, 2): where hinges j and k meet; nan where j = k."""
    H = len(b)
    points = np.full((H, H, 2), np.nan)
    for j in range(H):
        for k in range(H):
            if j != k:
                points[j, k] = np.linalg.solve(w[:, [j, k]].T, -b[[j, k]])
    return points


# What a boundary can be


def random_positive_network(rng, units, meet):
    """If meet is true, two hinges meet where the logit is 0."""
    noise = rng.choice([0.2, 0.5, 1])
    angles = 2 * np.pi / units * np.arange(units) + rng.normal(0, noise, units)
    w = directions(angles) * rng.uniform(0.5, 2, units)
    b = rng.normal(0, 0.2, units)
    a = rng.uniform(0.5, 2, units)
    c = -0.2 * units
    if meet:
        c = -logit(crossings(w, b)[0, 1:2], w, b, a, 0)[0]
    return w, b, a, c


@pytest.mark.parametrize("units", range(3, 8))
def test_there_are_2h_corners_if_and_only_if_hinges_pass_through_and_never_meet(units):
    rng = np.random.default_rng(units)
    found = []
    for meet in [False, True] * 75:
        w, b, a, c = random_positive_network(rng, units, meet)
        curves = closed_curves(w, b, a, c)
        values = logit(crossings(w, b).reshape(-1, 2), w, b, a, c)
        values = values.reshape(units, units)
        # On a hinge, and in the plane, a bounded f is least where hinges meet
        passes_through = (np.nanmin(values, axis=1) < -1e-9).all()
        never_meet = (np.abs(values[~np.isnan(values)]) > 1e-9).all()
        not_empty = np.nanmin(values) < -1e-9
        assert len(curves) == (surrounds_origin(w) and not_empty)
        for corners in curves:
            z = corners @ w + b  # (K, 2) @ (2, H)
            on_hinge = np.abs(z) < 1e-9
            assert is_convex(corners)
            assert on_hinge.any(axis=1).all()
            assert (on_hinge.sum(axis=0) <= 2).all()
            assert (len(corners) == 2 * units) == (passes_through and never_meet)
            found.append((passes_through, never_meet))
    for kind in [(True, True), (True, False), (False, True)]:
        assert found.count(kind) > 3


def random_signs(rng, units):
    """w (2, H), b (H,), a (H,) and c of any signs."""
    signs = rng.choice([-1, 1], units)
    w = rng.normal(size=(2, units))
    if rng.uniform() < 0.8:  # the signed w are more or less evenly spread
        angles = 2 * np.pi / units * np.arange(units) + rng.normal(0, 0.7, units)
        w = signs * directions(angles)
    b = rng.normal(0, 0.5, units)
    return w, b, signs * rng.uniform(0.3, 2, units), rng.normal(0, 0.5)


@pytest.mark.parametrize("units", range(1, 6))
def test_bounded_parts_of_networks_of_any_signs(units):
    rng = np.random.default_rng(units)
    numbers = []
    crossed = 0
    for _ in range(1000):
        w, b, a, c = random_signs(rng, units)
        for corners in closed_curves(w, b, a, c):
            # Three are needed
            sign = np.sign(a) * np.sign(polygon_area(corners))  # of -f if f > 0 inside
            assert surrounds_origin(sign * w)
            z = corners @ w + b  # (K, 2) @ (2, H)
            meets = (z.min(axis=0) < -1e-9) & (z.max(axis=0) > 1e-9)
            for k in np.flatnonzero(meets & (sign < 0)):
                crossed += 1
                assert surrounds_origin(np.delete(sign * w, k, axis=1))
            # Any signs: each side lies in a cell of its own
            middles = (corners + np.roll(corners, 1, axis=0)) / 2
            cells = np.unique(middles @ w + b > 0, axis=0)  # (K, 2) @ (2, H)
            assert len(cells) == len(corners)
            numbers.append(len(corners))
            assert len(corners) % 2 == 0
            if units == 3:
                assert len(corners) == 4 or abs(np.sign(a).sum()) == 3
    assert (crossed > 10) == (units >= 4)
    assert (len(numbers) > 10) == (units >= 3)
    if units == 3:
        assert min(numbers.count(4), numbers.count(6)) > 10
        assert set(numbers) == {4, 6}


@pytest.mark.parametrize("n", range(5, 9))
def test_no_n_half_planes_err_less_than_the_regular_polygon(n):
    least = n / np.pi * np.arctan(np.tan(np.pi / n) / 2) - 0.5
    best = best_polygon(n)
    assert disc_error(best) == pytest.approx(least, abs=1e-14)
    assert np.hypot(*best.T).max() < 1
    noise = np.repeat([0, 0.003, 0.03, 0.1, 0.3, 1], 80)[:, None]
    phi = np.linspace(0, 2 * np.pi, 4096, endpoint=False)
    tilt, shift = noise * np.random.default_rng(n).normal(size=(2, 480, n))
    distances = np.abs(np.hypot(*best[:2].mean(axis=0)) + shift)[..., None]
    angles = phi - (2 * np.pi / n * np.arange(n) + tilt)[..., None]
    radius = (distances / np.maximum(np.cos(angles), 1e-9)).min(axis=1)
    square = 1 / np.abs(directions(phi)).max(axis=0)
    errors = np.abs(np.minimum(radius, square) ** 2 - RADIUS**2)
    wrong = errors.mean(axis=1) * np.pi / 4
    assert (wrong > least - 1e-6).all()
    assert (radius > square).any(axis=1).sum() > 30  # leave the square


def test_four_units_can_have_ten_corners():
    w = np.array([[0.0, -1, 2, 0], [2, 0, -1, 1]])
    b = np.array([1.0, 0, 1, 0])
    a = np.array([2.0, 4, 1, -3])
    assert [len(corners) for corners in closed_curves(w, b, a, -3.5)] == [10]


# What training keeps


def gradient_descent(networks, X, y, rate, steps):
    """Yield w (E, H, 3), a (E, H) and c (E,) of an Ensemble before each step.

    X (N, 2), y (N,); the last column of w holds the biases.
    """
    x, y = ensemble.points_with_ones(X, y[:, None])
    parameters = ensemble.stacked([networks])
    buffers = ensemble.make_buffers(parameters[1], len(X))
    for _ in range(steps):
        yield [theta[0] for theta in parameters]
        gradients = ensemble.gradients(*parameters, x, y, *buffers)
        for theta, gradient in zip(parameters, gradients):
            theta -= rate * gradient


def hull_points(x):
    """(N,): whether the point lies on the border of the points' convex hull."""
    others = [np.delete(x, i, axis=0) - x[i] for i in range(len(x))]
    return np.array([not surrounds_origin(towards.T) for towards in others])


def balanced_networks(rng, x, number):
    """Three units with |a| = |(w, b)| and any sign, activated by few of the points."""
    w = directions(rng.uniform(0, 2 * np.pi, (number, 3))).transpose(1, 0, 2)
    values = np.sort(x @ w, axis=1)  # (N, 2) @ (E, 2, 3)
    last = rng.integers(2, 5)
    b = -(values[:, -last] + values[:, 1 - last]) / 2
    a = np.sqrt(1 + b**2) * rng.choice([-1, 1], b.shape)
    return ensemble.Ensemble(w, b, a, np.zeros(number))


@np.errstate(over="ignore")  # e^-f of large logits
def outcome(scale, label_of_hull, seed):
    """Descend from balanced networks: their signs, who lived, and whose sign is kept.

    All are (E, 3). Labels are random but on the border of the points' convex hull.
    """
    rng = np.random.default_rng(seed)
    x = scale * rng.normal(size=(40, 2))
    y = np.where(hull_points(x), label_of_hull, rng.integers(0, 2, 40))
    networks = balanced_networks(rng, x, 60)
    signs = np.sign(networks.output_weights)
    lived = np.full(signs.shape, True)
    for w, a, _ in gradient_descent(networks, x, y, 0.3 / scale**2, 400):
        z = w[..., :2] @ x.T + w[..., 2:]  # (E, 3, 2) @ (2, N)
        lived &= z.max(axis=2) > 0
    return signs, lived, np.sign(a) == signs


@pytest.mark.parametrize("scale", [0.3, 1, 5 / RADIUS, 20])
def test_signs_persist_and_positive_units_stay_alive(scale):
    for seed in range(2):
        signs, lived, kept = outcome(scale, 1, seed)
        assert kept.all()
        assert lived[signs > 0].all()
        assert not lived[signs < 0].all()


def test_positive_units_can_die_if_label_0_is_on_the_border_of_the_hull():
    signs, lived, _ = outcome(1, 0, 0)
    assert not lived[signs > 0].all()


def test_three_hinges_tell_the_least_value_and_when_there_are_six_corners():
    rng = np.random.default_rng(0)
    found = []
    for case in ["any", "kappa <= 0", "equal a / mu"] * 150:
        w = directions(rng.uniform(0, 2 * np.pi) + np.array([0, rng.uniform(0.3, 2.8)]))
        mu = rng.uniform(0.3, 2, 3)
        w = np.c_[w, -(w @ mu[:2]) / mu[2]]  # so that w @ mu = 0
        b = rng.normal(0, 0.5, 3)
        a = rng.uniform(0.3, 2, 3)
        if case == "kappa <= 0":
            b *= -np.sign(mu @ b)
        if case == "equal a / mu":
            a = mu
        c = rng.normal(-0.5, 0.5)
        values = c + max(mu @ b, 0) * a / mu
        meeting = crossings(w, b)[[1, 2, 0], [2, 0, 1]]  # of the hinges other than k
        np.testing.assert_allclose(logit(meeting, w, b, a, c), values, atol=1e-9)
        anywhere = meeting.mean(axis=0) + rng.normal(0, 3, (1000, 2))
        assert logit(anywhere, w, b, a, c).min() > values.min() - 1e-9
        numbers = [len(corners) for corners in closed_curves(w, b, a, c)]
        assert len(numbers) == (values.min() < 0)
        assert (numbers == [6]) == ((values < 0).sum() >= 2)
        assert case == "any" or numbers in ([], [6])
        found.append((case, *numbers))
    for kind in [("any", 4), ("kappa <= 0",), ("equal a / mu",)]:
        assert found.count(kind) > 10


TURN = np.array([[-0.5, -(0.75**0.5)], [0.75**0.5, -0.5]])  # by 120 degrees


@pytest.mark.parametrize("seed", range(3))
def test_symmetric_descent_has_a_hexagon_or_nothing_inside(seed):
    X, y = circle_in_square(60, seed)
    X = np.vstack([X, X @ TURN.T, X @ TURN.T @ TURN.T])
    y = np.tile(y[:, 0], 3)
    first = directions(np.random.default_rng(seed).uniform(0, 2 * np.pi))
    w = np.stack([first, TURN @ first, TURN @ TURN @ first], axis=1)
    networks = ensemble.Ensemble(
        w[None], np.zeros((1, 3)), np.ones((1, 3)), np.zeros(1)
    )
    numbers = []
    for step, ([w], [a], [c]) in enumerate(gradient_descent(networks, X, y, 0.1, 1001)):
        if step % 50 == 0:
            network = w[:, :2].T, w[:, 2], a, c
            f = logit(X, *network)
            loss = (np.logaddexp(0, f) - y * f).mean()
            numbers.append([len(corners) for corners in closed_curves(*network)])
            assert numbers[-1] in ([], [6])
            assert numbers[-1] == [6] or loss >= (y == 0).mean() * np.log(2)
    assert [] in numbers and [6] in numbers
    np.testing.assert_allclose(w[:, :2] @ TURN.T, w[[1, 2, 0], :2], atol=1e-9)
    np.testing.assert_allclose([w[:, 2], a], [w[[1, 2, 0], 2], a[[1, 2, 0]]])


def test_three_smooth_units_are_a_circle_and_a_rounded_triangle():
    """Of tanh; the sigmoid is (1 + tanh(z / 2)) / 2."""
    b = 0.7
    t = np.tanh(b)
    second, third = -2 * t * (1 - t**2), (1 - t**2) * (6 * t**2 - 2)
    r = np.linspace(0, 1, 5)
    phi = np.linspace(0, 2 * np.pi, 60)[:, None]
    units = 2 * np.pi / 3 * np.arange(3)
    along = r[:, None] * np.cos(phi[..., None] - units)  # (60, 5, 3)
    errors = []
    for epsilon in (0.02, 0.01):
        f = np.tanh(b + epsilon * along).sum(axis=-1)
        circle = 3 / 4 * epsilon**2 * second * r**2
        triangle = 1 / 8 * epsilon**3 * third * r**3 * np.cos(3 * phi)
        errors.append(np.abs(f - 3 * np.tanh(b) - circle - triangle).max())
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.05)
