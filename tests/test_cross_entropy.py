"""Exercise 1(b): both losses, their gradients and where they are defined."""

from decision_boundary.shared.script import load
import numpy as np
from oracles import check
import pytest
import torch

ce = load("Python-FeedForward/cross_entropy.py")

TORCH_LOSS = {
    "Softmax": lambda z, y: -(y * torch.log_softmax(z, -1)).sum(),
    "Normalized": lambda z, y: -(y * torch.log(z / z.sum(-1, keepdim=True))).sum(),
}


@pytest.mark.parametrize("method", ce.METHODS)
@pytest.mark.parametrize("shape", [(1,), (2,), (10,), (7, 3), (2, 3, 4)])
def test_loss_and_gradient_are_autograds(method, shape):
    gradient, loss, _ = ce.METHODS[method]
    rng = np.random.default_rng(0)
    z, y = rng.uniform(0.1, 3, shape), rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    leaf = torch.tensor(z, requires_grad=True)
    reference = TORCH_LOSS[method](leaf, torch.tensor(y))
    reference.backward()
    np.testing.assert_allclose(loss(z, y).sum(), reference.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient(z, y), leaf.grad, rtol=1e-12, atol=1e-14)
    one = y.reshape(-1, shape[-1])[0]  # a target for all
    np.testing.assert_array_equal(gradient(z, one), gradient(z, one + 0 * z))
    np.testing.assert_array_equal(loss(z, one), loss(z, one + 0 * z))


def test_logits_of_ten_thousand():
    z, y = np.array([1e4, -1e4, 0]), np.array([0.5, 0.5, 0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(ce.softmax_loss(z, y), 1e4)
        np.testing.assert_allclose(ce.softmax_gradient(z, y), [0.5, -0.5, 0])
        np.testing.assert_allclose(ce.normalized_loss([1e4, 1e-4], [0, 1]), np.log(1e8))


@pytest.mark.parametrize(
    ("z", "y", "message"),
    [
        ([1, np.nan], [1, 0], "z must be .*finite.*, not nan"),
        ([[1, 2], [3, 4]], [[0.5, 0.5], [0.5, 0.50001]], "y must .*add up"),
        ([1, 2], [2, -1], r"y must be >= 0 .*add up to 1, not \[2, -1\]$"),
        (np.ones((4, 3)), np.ones((4, 1)), r"y must .* \(4, 3\), not \(4, 1\)"),
    ],
)
def test_bad_input_is_named(z, y, message):
    for gradient, loss, _ in ce.METHODS.values():
        for f in gradient, loss:
            with pytest.raises(ValueError, match=message):
                f(z, y)


def test_the_domain_of_the_alternative_and_targets_in_float32():
    third = np.full(3, 1 / 3, np.float32)
    for f in ce.normalized_gradient, ce.normalized_loss:
        with pytest.raises(ValueError, match="z must be a finite number > 0, not 0"):
            f([1, 0], [1, 0])
        f(third, third)  # adds up to 1 in float32


def test_shares_count_runs_that_reach_the_least_loss_within_the_domain(monkeypatch):
    """Two steps; the loss is the first entry, and its least value log 2 = 0.69."""
    fake = (lambda z, y: 1 + 0 * z), (lambda z, y: z[:, 0]), 0.125
    monkeypatch.setitem(ce.METHODS, "Fake", fake)
    monkeypatch.setattr(ce, "LEARNING_RATES", np.array([0.125, 1, 9]))
    z = np.array([[0.95, 1], [0.96, 1], [0.9, 0.375], [2.7, 2.2]])
    y = np.array([0, 0.5, 0.5])
    assert ce.shares("Fake", z, y, 2).tolist() == [0.25, 0.25, 0]


def test_sharp_targets_are_reached_by_softmax_alone():
    z, y = np.random.default_rng(1).uniform(0, 1, (20, 10)), ce.TARGETS["Sharp"]
    softmax, normalized = (ce.shares(method, z, y, 300) for method in ce.METHODS)
    assert (softmax[ce.LEARNING_RATES > 1] == 1).all() and not normalized.any()


def test_numbers_are_the_range_of_rates_at_which_all_runs_reach_the_least_loss(
    monkeypatch, numbers
):
    sharp, smooth, none = np.zeros((3, len(ce.LEARNING_RATES)))
    sharp[8:14], sharp[7], none[3] = 1, 0.9, 0.97  # from 1 to 10^2.5
    shares, calls = iter([sharp, none, 1 - smooth, smooth]), []

    def next_shares(method, z, y, steps):
        calls.append([method, steps, *y.round(6)])
        assert z.shape == (500, 10) and 0 <= z.min() < 0.01 and 0.99 < z.max() <= 1
        bounds[:] = ce.exit_bounds(z)
        return next(shares)

    bounds = np.empty(500)
    monkeypatch.setattr(ce, "shares", next_shares)
    values = numbers(ce, "--starts 500 --steps 7")
    assert calls == [
        [method, 7, target, *9 * [other]]
        for target, other in [(1, 0), (0.91, 0.01)]
        for method in ("Softmax", "Normalized")
    ]
    check(
        values,
        "CrossStarts 500, CrossSteps 7, CrossClasses 10, CrossRates 15, CrossNear "
        f"0.01, CrossSharpNormalizedReached 97, CrossExitLeast {bounds.min():.2f}, "
        f"CrossExitMedian {np.median(bounds):.2f}, CrossSharpSoftmaxFrom 1, "
        "CrossSharpSoftmaxTo 320, CrossSharpSoftmaxDecades 2.5, CrossSmoothSoftmaxFrom "
        "0.0001, CrossSmoothSoftmaxTo 1000, CrossSmoothSoftmaxDecades 7.0",
    )


def test_normalized_flow_leaves_its_domain_with_the_loss_of_the_bound():
    z, y = np.array([0.5, 0.9, 0.2, 0.7]), np.eye(4)[0]
    [bound] = ce.exit_bounds(z[None])
    assert bound == pytest.approx(np.log(1 + 1.2 / 1.59**0.5))
    while z.min() > 1e-3:
        z = z - 1e-4 * ce.normalized_gradient(z, y)
    assert bound < ce.normalized_loss(z, y) < bound + 0.3
