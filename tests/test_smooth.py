"""How far from a hexagon: the measures against closed forms, and on trained networks."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from decision_boundary import smooth
from decision_boundary.data import RADIUS
from decision_boundary.disc import best_polygon, error
from decision_boundary.figures import figure_bytes
from decision_boundary.polygon import extract_boundary
from decision_boundary.smooth import (
    ANGLES,
    best_hexagon,
    hexagon_radii,
    radial_boundary,
    sharpest_turn,
    train_network,
)

SIXTH = np.pi / 3
rng = np.random.default_rng(0)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Two would wait for each other longer than these small tensors take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def polygon_radii(corners, turn=0.0):
    """r at ANGLES of the regular polygon with apothem 0.7, one normal at `turn`."""
    normals = turn + 2 * np.pi / corners * np.arange(corners)
    return hexagon_radii(normals, np.full(corners, 0.7), ANGLES)


def ellipse_radii(x, y):
    return 1 / np.hypot(np.cos(ANGLES) / x, np.sin(ANGLES) / y)


BLOB = polygon_radii(5) + 0.05 * np.sin(3 * ANGLES)


def in_order(normals, apothems):
    order = np.argsort(normals % (2 * np.pi))
    return normals[order] % (2 * np.pi), apothems[order]


# Where the boundary is


def test_the_radii_of_a_disc_off_the_centre():
    centre, radius = np.array([0.2, -0.1]), 0.6
    r = radial_boundary(lambda x: np.hypot(*(x - centre).T) - radius, ANGLES)
    along = smooth.directions(ANGLES) @ centre
    exact = along + np.sqrt(along**2 + radius**2 - centre @ centre)
    np.testing.assert_allclose(r, exact, rtol=1e-14)


def test_open_boundaries_are_nan_where_they_are_open():
    stripe = radial_boundary(lambda x: np.abs(x[:, 1:]) - 0.5, ANGLES)
    expected = 0.5 / np.maximum(np.abs(np.sin(ANGLES)), 1e-9)
    expected[np.abs(np.tan(ANGLES)) < 0.5] = np.nan  # the ray ends beside the stripe
    np.testing.assert_allclose(stripe, expected, rtol=1e-12)
    for all_one_side in (lambda x: x[:, 0] - 2), (lambda x: x[:, 0] + 2):
        assert np.isnan(radial_boundary(all_one_side, ANGLES)).all()
    ring = radial_boundary(lambda x: 0.3 - np.hypot(*x.T), ANGLES)
    assert np.isnan(ring).all()  # there is a boundary, but the origin is outside


def test_the_first_of_several_zeros_counts():
    r = radial_boundary(lambda x: np.sin(10 * np.hypot(*x.T) - 1), ANGLES)
    np.testing.assert_allclose(r, 0.1, rtol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_two_units_never_close_a_boundary(activation):
    # Along v with a_h w_h . v <= 0 for both units, no term of the logit ever rises.
    for seed in range(20):
        network = smooth.backprop.net.FeedForwardNetwork(
            hidden_size=[2], activation=activation, seed=seed
        )
        (w, a), (b, c) = network.weights, network.biases
        w *= 5
        a *= 5
        b[:] = rng.uniform(-1, 1, 2)
        c -= network.forward([0, 0]) + 0.01
        falling = -(np.sign(a.T) * w / np.hypot(*w)).sum(axis=1)
        angle = np.arctan2(*falling[::-1])
        assert np.isnan(radial_boundary(network.forward, np.array([angle])))


# How sharp and how good it is


def test_a_circle_turns_by_one_degree_and_a_corner_by_its_angle():
    assert sharpest_turn(np.full(720, 0.3)) == pytest.approx(1)
    for corners in 4, 6, 8:
        for turn in 0, 0.001, 0.004, 0.3:
            r = polygon_radii(corners, turn)
            assert sharpest_turn(r) == pytest.approx(360 / corners, abs=1e-6)


def test_accuracy_is_the_area_off_the_disc():
    assert smooth.disc_accuracy(np.full(720, RADIUS)) == 1
    assert smooth.disc_accuracy(np.full(720, 0.5)) == pytest.approx(0.5 + np.pi / 16)
    vertices = best_polygon(6)
    apothem = np.hypot(*vertices[0]) * np.cos(np.pi / 6)
    r = hexagon_radii(np.arange(6) * SIXTH, np.full(6, apothem), ANGLES)
    assert smooth.disc_accuracy(r) == pytest.approx(1 - error(vertices), abs=2e-5)


# The best hexagon


def test_a_hexagon_is_its_own_best_hexagon():
    normals = np.pi / 6 + np.arange(6) * SIXTH + rng.uniform(-0.3, 0.3, (5, 6))
    normals[0] = np.pi / 6 + np.arange(6) * SIXTH
    apothems = rng.uniform(0.6, 0.8, (5, 6))
    apothems[:2] = 0.7
    r = [hexagon_radii(*hexagon, ANGLES) for hexagon in zip(normals, apothems)]
    *found, deviations = best_hexagon(np.array(r)[:, ::2], ANGLES[::2])
    assert deviations.max() < 1e-4
    for k in range(5):
        angles, distances = in_order(found[0][k], found[1][k])
        np.testing.assert_allclose(angles, normals[k], atol=2e-3)
        np.testing.assert_allclose(distances, apothems[k], rtol=2e-3)


def test_the_best_hexagon_of_a_disc_and_of_its_affine_images():
    shape = best_polygon(6)
    share = error(shape) * 4 / 2  # of the disc, half of the square
    assert share == pytest.approx(0.0735, abs=5e-5)
    r = [ellipse_radii(x, y) for x, y in [(RADIUS, RADIUS), (0.9, 0.6), (0.5, 1.0)]]
    _, apothems, deviations = best_hexagon(np.array(r), ANGLES)
    np.testing.assert_allclose(deviations, share, rtol=1e-3)
    expected = RADIUS * math.cos(math.atan(math.tan(math.pi / 6) / 2))
    np.testing.assert_allclose(apothems[0], expected, rtol=1e-2)


def test_the_area_is_that_of_the_corners_and_no_change_lowers_it():
    r = np.full(720, RADIUS)
    normals, apothems, deviation = best_hexagon(r, ANGLES)
    normals, apothems = in_order(normals, apothems)
    corners = [
        np.linalg.solve(smooth.directions(normals[[i - 1, i]]), apothems[[i - 1, i]])
        for i in range(6)
    ]
    assert deviation == pytest.approx(2 * error(np.array(corners)), rel=1e-3)

    r = BLOB
    normals, apothems, deviation = best_hexagon(r, ANGLES)
    assert 0.01 < deviation < 0.1

    def area(noise):
        change = noise * rng.standard_normal((2, 6))
        other = hexagon_radii(normals + change[0], apothems * (1 + change[1]), ANGLES)
        return np.abs(other**2 - r**2).mean() / (r**2).mean()

    assert area(0) == pytest.approx(deviation, rel=1e-12)
    for noise in np.repeat([1e-3, 1e-2, 1e-1], 100):
        assert area(noise) > deviation - 1e-5


def test_other_polygons_are_not_mistaken_for_hexagons():
    r = np.array([polygon_radii(corners, 0.1) for corners in (3, 4, 5, 7, 8, 12)])
    *fewer, seven, eight, twelve = best_hexagon(r[:, ::2], ANGLES[::2])[2]
    assert max(fewer) < 1e-3  # as some of the six sides may have no length
    assert 0.03 < seven < eight < twelve < 0.0735


def test_sizes_do_not_matter_open_ones_stay_nan_and_nothing_is_random():
    r = np.array([BLOB, 1e-3 * BLOB, BLOB])
    r[2, 5] = np.nan
    normals, apothems, deviations = best_hexagon(r, ANGLES)
    np.testing.assert_allclose(apothems[0], 1e3 * apothems[1], rtol=1e-6)
    assert deviations[0] == pytest.approx(deviations[1], rel=1e-6)
    assert np.isnan([*normals[2], *apothems[2], deviations[2]]).all()
    for first, again in zip(best_hexagon(r[0], ANGLES), best_hexagon(r[0], ANGLES)):
        np.testing.assert_array_equal(first, again)


# Trained networks


def test_three_relu_units_are_a_hexagon_and_three_tanh_units_are_not():
    networks = [train_network(f, 3, 0, epochs=24) for f in ("ReLU", "tanh")]
    r = np.array([radial_boundary(network.forward, ANGLES) for network in networks])
    for network, radii in zip(networks, r):
        logits = network.forward(radii[:, None] * smooth.directions(ANGLES))
        assert np.abs(logits).max() < 1e-12
    _, _, (relu, tanh) = best_hexagon(r, ANGLES)
    assert relu < 1e-4
    assert 0.03 < tanh < 0.0735
    (line,) = extract_boundary(networks[0].weights, networks[0].biases)
    assert len(line.vertices) == 6
    corner, bend = sharpest_turn(r)
    assert corner > 55
    assert bend < 5


def test_the_grid_becomes_a_figure_text_and_numbers(monkeypatch):
    monkeypatch.setattr(smooth, "WIDTHS", (2, 3, 6))
    monkeypatch.setattr(smooth, "SEEDS", 1)
    grid = smooth.train_grid(SimpleNamespace(points=512, epochs=8, seed=0))
    again = train_network("tanh", 6, 0, 512, epochs=16)
    np.testing.assert_array_equal(grid.networks["tanh", 6].parameters, again.parameters)
    assert np.isnan(grid.deviations[:, 0]).all()
    assert np.isfinite(grid.turns[0, 1:]).all()
    figure = smooth.draw(grid)
    assert len(figure.axes) == 9
    assert figure_bytes(figure).startswith(b"%PDF")
    text, values = smooth.report(grid), smooth.summary(grid)
    assert len({len(line) for line in text.splitlines()[1:5]}) == 1
    assert values["SmoothEpochs"] == "16"
    assert values["SmoothTable"].startswith("ReLU & open & 0.0 & ")
    assert f" {values['SmoothTanhTurn']}" in text
    assert all(name.isalpha() for name in values)


def test_cells_count_what_is_closed():
    nan = np.nan
    assert smooth.cell(np.array([nan, nan])) == "open"
    assert smooth.cell(np.array([5.0, nan, 7.0])) == "6.0 (2 of 3)"
    assert smooth.cell(np.array([5.0, 9.04, 1.0])) == "5.0"
