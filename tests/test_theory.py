"""Attempts to refute the propositions of the report."""

from types import SimpleNamespace

from decision_boundary.data import RADIUS, circle_in_square
from decision_boundary.ensemble import gradients, make_buffers, split
from decision_boundary.geometry import best_polygon, disc_error, is_convex
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.exact import surrounds_origin
from decision_boundary.shared.script import load
import numpy as np
import pytest

descent = load("decision_boundary/study/descent.py")
PI = np.pi


def directions(angles):
    return np.stack([np.cos(angles), np.sin(angles)])


def closed_parts(w, b, a, c):
    """Corners of the closed boundaries of a 2-H-1 network with w (2, H); b, a (H,)."""
    curves = extract_boundary([w, a[:, None]], [b, np.array([c])])
    return [curve.vertices for curve in curves if curve.closed]


@pytest.mark.parametrize("units", range(3, 8))
def test_positive_units_have_convex_insides_with_two_corners_per_hinge(units):
    rng, found = np.random.default_rng(units), [0, 0]
    for noise in np.repeat([0.2, 0.5, 1], 50):
        angles = 2 * PI / units * np.arange(units) + rng.normal(0, noise, units)
        w = directions(angles) * rng.uniform(0.5, 2, units)
        b, a = rng.normal(0, 0.2, units), rng.uniform(0.5, 2, units)
        for v in closed_parts(w, b, a, -0.2 * units):
            z = np.where(np.abs(v @ w + b) < 1e-9, 0, v @ w + b)
            passes_through = ((z < 0).any(axis=0) & (z > 0).any(axis=0)).all()
            found[int(passes_through)] += 1
            assert surrounds_origin(w) and is_convex(v) and (z == 0).any(axis=1).all()
            assert ((z == 0).sum(axis=0) <= 2).all() and len(v) <= 2 * units
            assert len(v) == 2 * units or not passes_through
    assert min(found) > 5


@pytest.mark.parametrize("units", [1, 2, 3])
def test_bounded_parts_need_three_signed_directions_around_the_origin(units):
    rng, bounded = np.random.default_rng(0), 0
    for signs in np.array([*np.ndindex(*[3] * units)] * 60) - 1:
        w, b = rng.normal(size=(2, units)), rng.normal(0, 0.3, units)
        if closed_parts(w, b, signs * rng.uniform(0.3, 2, units), rng.normal()):
            bounded += 1
            assert surrounds_origin((signs * w)[:, signs != 0])
    assert (bounded > 0) == (units == 3)


@pytest.mark.parametrize("n", range(4, 9))
def test_no_n_half_planes_err_less_than_the_regular_polygon(n):
    least, best = n / PI * np.arctan(np.tan(PI / n) / 2) - 0.5, best_polygon(n)
    assert disc_error(best) == pytest.approx(least, abs=1e-14)
    assert (np.hypot(*best.T).max() < 1) == (n > 4)  # 4: claimed in the square only
    noise = np.repeat([0, 0.003, 0.03, 0.1, 0.3, 1], 80)[:, None]
    phi = np.linspace(0, 2 * PI, 4096, endpoint=False)
    tilt, shift = noise * np.random.default_rng(n).normal(size=(2, 480, n))
    distances = np.abs(np.hypot(*best[:2].mean(axis=0)) + shift)[..., None]
    angles = phi - (2 * PI / n * np.arange(n) + tilt)[..., None]
    radius = (distances / np.maximum(np.cos(angles), 1e-9)).min(axis=1)
    square = 1 / np.abs(directions(phi)).max(axis=0)
    wrong = np.abs(np.minimum(radius, square) ** 2 - RADIUS**2).mean(axis=1) * PI / 4
    outside = (radius > square).any(axis=1)
    assert (wrong > least - 1e-6)[~outside | (n > 4)].all() and outside.sum() > 30


def task(seed):
    """x (256, 3) with ones, labels y (256, 1)."""
    X, y = circle_in_square(256, seed)
    return np.c_[X, np.ones(256)], y


def network(angles, a=1.0):
    """Parameters (4 H + 1, E) with |w| = 1 and zero biases."""
    return np.vstack([*directions(angles), 0 * angles, 0 * angles + a, 0 * angles[:1]])


def descend(p, x, y, rate=0.0):
    """One step, in place; the gradient, the losses (E,), and who was alive (H, E)."""
    one_group, (_, a, c) = p[:, None], split(p)
    buffers = make_buffers(len(x), one_group)
    g, z = gradients(one_group, x[None], y[None], buffers)[:, 0], buffers[0][:, :, 0]
    f = np.einsum("nhe,he->ne", np.maximum(z, 0), a) + c
    p -= rate * g
    return g, (np.logaddexp(0, f) - y * f).mean(axis=0), z.max(axis=0) > 0


@pytest.mark.parametrize("seed", range(3))
def test_balanced_units_keep_their_sign_and_positive_ones_stay_alive(seed):
    rng, (x, y) = np.random.default_rng(seed), task(seed)
    x[0, :2], y[0] = 0, 0  # on every hinge at first
    signs = rng.choice([-1.0, 1.0], (3, 60))
    p = network(rng.uniform(0, 2 * PI, (3, 60)), signs)
    for _ in range(300):
        w, a, _ = split(p.copy())
        g, _, alive = descend(p, x, y, 0.05)
        dw, da, _ = split(g)
        np.testing.assert_allclose(a * da, (w * dw).sum(axis=0), atol=1e-12)
        assert (a * signs > 0).all() and alive[signs > 0].all()


def test_bias_falls_while_no_point_is_inside():
    rng, (x, y) = np.random.default_rng(0), task(0)
    p = network(rng.normal(0, 1, (3, 500)), 10 ** rng.uniform(-3, 0.5, 500))
    p[-1] = rng.exponential(0.3, 500) * rng.choice([0, 1], 500)  # f >= 0 everywhere
    for labels in y, 1 - y, 1 + 0 * y, rng.uniform(size=y.shape) < 0.3, x[:, :1] > 0:
        g, loss, _ = descend(p, x, labels)
        assert (2 * g[-1] >= np.log(2) - loss + 1 - 2 * labels.mean() - 1e-12).all()


def test_symmetric_descent_keeps_the_form_and_ends_in_a_hexagon(monkeypatch):
    monkeypatch.setattr(descent, "STEPS", 1000)
    options = SimpleNamespace(points=303, data_sets=3, seed=0)
    values = descent.symmetric(options)
    assert values["SymmetricFalls"] == values["SymmetricHexagons"] == "3 of 3"
    assert values["SymmetricBelowFirst"] > 0
    assert float(values["SymmetricAsymmetry"]) < 1e-12
