"""Exercise 1(b): both losses, their gradients, and the experiment."""

from decision_boundary.shared.script import load
import numpy as np
import pytest
import torch

ce = load("Python-FeedForward/cross_entropy.py")


def torch_softmax_loss(z, y):
    return -(y * torch.log_softmax(z, -1)).sum()


def torch_normalized_loss(z, y):
    q = z / z.sum(-1, keepdim=True)
    return -(y[y > 0] * torch.log(q[y > 0])).sum()


METHODS = {
    "softmax": (ce.softmax_loss, ce.softmax_gradient, torch_softmax_loss),
    "normalized": (ce.normalized_loss, ce.normalized_gradient, torch_normalized_loss),
}


def assert_equals_autograd(method, z, y):
    loss, gradient, torch_loss = METHODS[method]
    leaf = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    reference = torch_loss(leaf, torch.tensor(y).expand(leaf.shape))
    reference.backward()
    np.testing.assert_allclose(loss(z, y).sum(), reference.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient(z, y), leaf.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1,), (2,), (10,), (7, 3), (2, 3, 4)])
@pytest.mark.parametrize("sign", [1, -1])
def test_loss_and_gradient_are_those_of_autograd(method, shape, sign):
    rng = np.random.default_rng(0)
    z = sign * rng.uniform(0.1, 3, shape)
    y = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    assert_equals_autograd(method, z, y)
    one_for_all = y.reshape(-1, shape[-1])[0]
    assert_equals_autograd(method, z, one_for_all)


def test_mixed_signs_give_a_loss_below_zero_and_its_gradient():
    z = np.array([2, -1.9])
    y = np.array([1, 0])
    np.testing.assert_allclose(ce.normalized(z), [20, -19])
    np.testing.assert_allclose(ce.normalized_loss(z, y), -np.log(20))
    assert_equals_autograd("normalized", z, y)
    assert_equals_autograd("normalized", np.array([1.0, 0, -0.5]), np.eye(3)[0])


def test_large_logits_lose_no_digits_and_do_not_overflow():
    y = [0, 1]
    with np.errstate(all="raise", under="ignore"):
        small = np.array([2, 0], np.uint8)  # in which 0 - 2 is 254
        for z in ([1e16, 1e16 - 2], np.array([1e4, 1e4 - 2], np.float32), small):
            np.testing.assert_allclose(ce.softmax(z), ce.softmax([2, 0]))
            np.testing.assert_allclose(ce.softmax_loss(z, y), np.log(1 + np.exp(2)))
        np.testing.assert_allclose(ce.softmax_loss([1e4, -1e4], y), 2e4)
        for size in (1.5e308, 1e-300):
            z = np.array([size, size])
            np.testing.assert_array_equal(ce.normalized(z), [0.5, 0.5])
            np.testing.assert_allclose(ce.normalized_loss(z, y), np.log(2))
        gradient = ce.normalized_gradient([1e-300, 1e-300], y)
        np.testing.assert_allclose(gradient, [5e299, -5e299])


@pytest.mark.parametrize(
    ("z", "y", "message"),
    [
        ([1, np.nan], [1, 0], "z must be finite numbers, not nan"),
        (3, [1], r"z must have shape \(\.\.\., K\), not \(\)"),
        ([[1, 2], [3, 4]], [[0.5, 0.5], [0.5, 0.6]], "y must add up to 1, not 1.1"),
        ([1, 2], [2, -1], r"y must be numbers in \[0, 1\], not 2"),
        (np.ones((4, 3)), np.ones((4, 1)), r"y must have shape \(4, 3\), not \(4, 1\)"),
    ],
)
def test_bad_input_is_named(z, y, message):
    for loss, gradient, _ in METHODS.values():
        for function in (loss, gradient):
            with pytest.raises(ValueError, match=message):
                function(z, y)


@pytest.mark.parametrize("z", [[1, 0], [2, -3], [-2, 1], [1, -1], [0, 0]])
def test_the_alternative_refuses_logits_without_a_loss(z):
    for function in (ce.normalized_loss, ce.normalized_gradient):
        with pytest.raises(ValueError, match="z must have (z_j / sum_k z_k > 0|a sum)"):
            function([[1, 1], z], [0.5, 0.5])


def test_the_loss_of_the_first_class_exists_where_its_share_is_positive():
    z = np.array([[1, 0], [-2, 1], [2, -3], [-1, 3], [1, -1], [0, 1]])
    assert ce.loss_exists(z).tolist() == [True, True, False, False, False, False]


def test_a_sum_of_0_is_refused_whatever_the_scale():
    for function in (ce.normalized_loss, ce.normalized_gradient):
        with pytest.raises(ValueError, match="z must have a sum other than 0"):
            function([0.7, 0.4, -1.1], [0, 0, 1])


def test_targets_in_float32_add_up_to_1():
    third = np.full(3, 1 / 3, np.float32)
    assert third.sum(dtype=float) != 1
    ce.softmax_loss(third, third)


def test_steps_have_the_properties_of_the_table():
    """z is orthogonal to the alternative's gradient; softmax's is bounded."""
    rng = np.random.default_rng(0)
    z = rng.uniform(0, 1, (2000, 3)) ** 3
    y = rng.dirichlet(np.full(3, 0.2), 2000)
    g = ce.softmax_gradient(20 * z, y)
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-14)
    assert 1.4 < np.linalg.norm(g, axis=1).max() <= 2**0.5
    g = ce.softmax_gradient(z, y)
    assert (ce.softmax_loss(z - 3.99 * g, y) < ce.softmax_loss(z, y)).all()
    g = ce.normalized_gradient(z, y)
    np.testing.assert_allclose((z * g).sum(axis=1), 0, atol=1e-12)


def test_exit_losses_are_those_of_the_integrated_flow():
    """In units of time in which all wrong logits fall at speed 1."""
    target = np.eye(10)[0]
    z = np.random.default_rng(0).uniform(0, 1, (5, 10))
    predicted = ce.exit_losses(z)
    step = z[:, 1:].min(axis=1, keepdims=True) / 1000

    def velocity(z):
        return -z.sum(axis=1, keepdims=True) * ce.normalized_gradient(z, target)

    for _ in range(1000):
        middle = z + step / 2 * velocity(z)
        z = z + step * velocity(middle)
    np.testing.assert_allclose(z[:, 1:].min(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(ce.normalized_loss(z, target), predicted, rtol=1e-4)


def test_a_run_counts_what_it_reaches_within_its_domain(monkeypatch):
    """From (1, 1), with rate 1: (3/2, 1/2), (5/3, 0), (5/3, -3/5), then S < 0."""
    monkeypatch.setattr(ce, "STEPS", 4)
    monkeypatch.setattr(ce, "NEAR", 0.25)
    z = np.array([[1, 1], [4, 4], [1, 9], [9, 0.5]])
    descent = (ce.normalized_gradient, ce.normalized_loss)
    positive = ce.least_losses(z, 1, *descent, ce.all_positive)
    any_sign = ce.least_losses(z, 1, *descent, ce.loss_exists)
    np.testing.assert_allclose([positive[0], any_sign[0]], np.log([4 / 3, 0.64]))
    alone = ce.least_losses(z[1:], 1, *descent, ce.loss_exists)
    assert (positive[1:] == alone).all() and (any_sign[1:] == alone).all()
    assert ce.compare(z, 1) == (1, 3 / 4, 1 / 4, 1 / 4, np.median(any_sign))
    uphill = ce.least_losses(z, -1, *descent, ce.all_positive)
    np.testing.assert_array_equal(uphill, ce.normalized_loss(z, [1, 0]))


def test_the_drawn_descent_of_the_alternative_ends_below_zero():
    path = ce.descent_path(ce.normalized_gradient, ce.loss_exists)
    losses = ce.normalized_loss(path, ce.TARGET)
    assert losses[0] > 0 > losses[-1] and (np.diff(losses) < 0).all()


def test_macros_name_the_rates_at_which_all_runs_get_there():
    rows = [
        ce.Row(0.01, 0.9, 0.012, 1.0, -2.0),
        ce.Row(1.0, 1.0, 0.0, 1.0, -1.5),
        ce.Row(1000.0, 1.0, 0.03, 0.5, 3.0),
    ]
    macros = ce.macros(rows, np.array([[0.5, 0.3, 0.4], [0.5, 0.5, 0.1]]))
    assert macros["CrossNormalizedReached"] == "3"
    assert macros["CrossSoftmaxFrom"] == "1"
    assert macros["CrossSoftmaxTo"] == r"1\,000"
    assert macros["CrossBelowFrom"] == "0.01"
    assert macros["CrossBelowTo"] == "1"
    assert macros["CrossBelowLeast"] == "-1.5"
