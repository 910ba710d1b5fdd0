"""Exercise 1(b): both losses, their gradients and where they are defined."""

from decision_boundary.shared.script import load
import numpy as np
import pytest
import torch

ce = load("Python-FeedForward/cross_entropy.py")

TORCH_LOSS = {
    "Softmax": lambda z, y: -(y * torch.log_softmax(z, -1)).sum(),
    "Normalized": lambda z, y: -(y * torch.log(z / z.sum(-1, keepdim=True))).sum(),
}


def random_case(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 3, shape), rng.dirichlet(np.ones(shape[-1]), shape[:-1])


@pytest.mark.parametrize("method", ce.METHODS)
@pytest.mark.parametrize("shape", [(1,), (2,), (10,), (7, 3), (2, 3, 4)])
def test_loss_and_gradient_are_autograds(method, shape):
    gradient, loss, _ = ce.METHODS[method]
    z, y = random_case(shape)
    leaf = torch.tensor(z, requires_grad=True)
    reference = TORCH_LOSS[method](leaf, torch.tensor(y))
    reference.backward()
    np.testing.assert_allclose(loss(z, y).sum(), reference.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient(z, y), leaf.grad, rtol=1e-12, atol=1e-15)
    one = y.reshape(-1, shape[-1])[0]  # a target for all
    np.testing.assert_array_equal(gradient(z, one), gradient(z, one + 0 * z))
    np.testing.assert_array_equal(loss(z, one), loss(z, one + 0 * z))


def test_both_are_distributions_along_the_last_axis():
    z, _ = random_case((2, 3, 4))
    powers = np.exp(z)
    for f, expected in (ce.softmax, powers), (ce.normalized, z):
        expected = expected / expected.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(f(z), expected, rtol=1e-14)


def test_the_experiment_is_the_one_in_the_report():
    assert (ce.CLASSES, ce.REACHED) == (10, 0.01)
    np.testing.assert_allclose(np.log10(ce.LEARNING_RATES), np.arange(-4, 3.1, 0.5))
    sharp, smooth = ce.TARGETS.values()
    assert sharp.tolist() == [1] + 9 * [0]
    np.testing.assert_allclose(smooth, [0.91] + 9 * [0.01])


def test_logits_of_ten_thousand():
    z, y = np.array([1e4, -1e4, 0]), np.array([0.5, 0.5, 0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(ce.softmax(z), [1, 0, 0])
        np.testing.assert_allclose(ce.softmax_loss(z, y), 1e4)
        np.testing.assert_allclose(ce.softmax_gradient(z, y), [0.5, -0.5, 0])
        np.testing.assert_allclose(ce.normalized_loss([1e4, 1e-4], [0, 1]), np.log(1e8))
        assert ce.softmax_loss([1.7e308, -1.7e308, 0], [1, 0, 0]) == 0
        assert ce.softmax([1.7e308, -1.7e308, 0]).tolist() == [1, 0, 0]


def test_targets_in_float32_are_distributions():
    for y in np.full(10, 0.1, np.float32), np.full(3, 1 / 3, np.float32):
        z = np.ones_like(y)
        for gradient, loss, _ in ce.METHODS.values():
            np.testing.assert_allclose(gradient(z, y), 0, atol=1e-7)
            np.testing.assert_allclose(loss(z, y), np.log(len(y)), rtol=1e-6)


@pytest.mark.parametrize("z", [[1, 0], [1, -1e-9], [-1, -2]])
def test_outside_of_the_domain_is_an_error(z):
    for f in ce.normalized, ce.normalized_loss, ce.normalized_gradient:
        with pytest.raises(ValueError, match="z must be a finite number > 0, not"):
            f(z) if f is ce.normalized else f(z, [1, 0])


@pytest.mark.parametrize(
    ("z", "y", "error", "message"),
    [
        ([1, np.nan], [1, 0], ValueError, "z must be .*finite.*, not nan"),
        ([1, 2], [1, np.inf], ValueError, "y must be finite numbers, not inf"),
        ([1, 2], [0.5, 0.50001], ValueError, "y must .*add up to 1"),
        ([[1, 2], [3, 4]], [[0.5, 0.5], [0.5, 0.4]], ValueError, "y must .*add up"),
        ([1, 2], [1.5, -0.5], ValueError, "y must be >= 0"),
        (["a", "b"], [1, 0], TypeError, "z must be .*finite.*, not .'a'"),
        ([1, 2], [1, 0, 0], ValueError, r"y must have shape \(2,\), not \(3,\)"),
        (np.ones((4, 3)), np.ones((4, 1)), ValueError, r"\(4, 3\), not \(4, 1\)"),
    ],
)
@pytest.mark.parametrize("method", ce.METHODS)
def test_bad_input_is_named(method, z, y, error, message):
    for f in ce.METHODS[method][:2]:
        with pytest.raises(error, match=message):
            f(z, y)


def test_descent_stops_runs_at_the_border():
    z = np.array([[1.0, 0.2], [0.5, 2.0]])
    _, _, inside = ce.METHODS["Normalized"]
    y = np.array([1.0, 0.0])
    end, stays = ce.descend("Normalized", z, y, 0.5, 1)
    step = z - 0.5 * (1 / z.sum(axis=1, keepdims=True) - y / z)
    np.testing.assert_array_equal(stays, (step > 0).all(axis=1))
    np.testing.assert_allclose(end, step[stays])
    assert stays.tolist() == [False, True]
    assert inside(np.array([[0.0, 1.0], [1e-300, 1.0]])).tolist() == [False, True]


def test_shares_count_runs_that_fail_and_that_reach_the_least_loss(monkeypatch):
    """Two classes: the loss of z = (1, 0) or less is below log(1 + 1 / e) = 0.31."""
    y, z = np.array([1.0, 0]), np.array([[1.0, 0], [0, 0], [5, 0], [1, 0]])
    ends = {0.1: z + [[9, 0], [-1, 0], [0, 0], [9, 0]], 1.0: z[:1]}
    stays = {0.1: np.full(4, True), 1.0: np.array([False, False, False, True])}

    def descend(method, z, y, rate, steps):
        return ends[rate], stays[rate]

    monkeypatch.setattr(ce, "LEARNING_RATES", np.array([0.1, 1]))
    monkeypatch.setattr(ce, "descend", descend)
    # Of the first rate's runs one loses, three reach it; the second's only one stays
    expected = [[0.25, 0.75], [0.75, 0]]
    np.testing.assert_array_equal(ce.shares("Softmax", z, y, 1), expected)
    y, ends[0.1] = np.array([0.5, 0.5]), np.zeros((4, 2))  # the least loss is log 2
    np.testing.assert_array_equal(ce.shares("Softmax", z, y, 1)[0], [0, 1])


def test_sharp_targets_are_reached_by_softmax_alone():
    z = np.random.default_rng(1).uniform(0, 1, (20, ce.CLASSES))
    sharp, smooth = (
        {method: ce.shares(method, z, y, steps=300) for method in ce.METHODS}
        for y in ce.TARGETS.values()
    )
    assert (sharp["Softmax"][ce.LEARNING_RATES > 1] == [0, 1]).all()
    assert not sharp["Normalized"][:, 1].any()
    assert (sharp["Normalized"][ce.LEARNING_RATES > 0.1, 0] == 1).all()
    assert (smooth["Normalized"][:, 1] == 1).any()


def test_all_runs_start_from_the_same_uniform_logits(monkeypatch, tmp_path):
    calls = []

    def shares(method, z, y, steps):
        calls.append((method, z, steps))
        return np.zeros((len(ce.LEARNING_RATES), 2))

    monkeypatch.setattr(ce, "shares", shares)
    command = f"script --starts 500 --steps 7 --output {tmp_path}"
    monkeypatch.setattr("sys.argv", command.split())
    ce.main()
    assert [(call[0], call[2]) for call in calls] == 2 * [(m, 7) for m in ce.METHODS]
    z = calls[0][1]
    assert z.shape == (500, 10) and 0 <= z.min() < 0.01 and 0.99 < z.max() <= 1
    assert all(np.array_equal(call[1], z) for call in calls)


def test_numbers_are_the_range_of_rates_at_which_all_runs_reach_the_least_loss():
    rates = len(ce.LEARNING_RATES)
    sharp, smooth = np.zeros((2, rates, 2))
    sharp[8:14, 1], sharp[7, 1] = 1, 0.9  # from 1 to 10^2.5
    none = np.zeros((rates, 2))
    none[3] = 1, 0.97
    result = {
        "Sharp": {"Softmax": sharp, "Normalized": none},
        "Smooth": {"Softmax": 1 - smooth, "Normalized": smooth},
    }
    z = np.array([[0.3, 0.4, 0.8], [3, 2, 2], [0, 3, 5]])  # bounds log(1 + rest / |z|)
    bounds = np.log1p([0.4 / 0.89**0.5, 0, 2 / 34**0.5])
    np.testing.assert_allclose(ce.exit_bounds(z), bounds)
    values = ce.summary(z, result)
    assert list(values.values()) == [
        *[10, 15, 0.01, "97", "0.00", f"{bounds[2]:.2f}"],
        *["1", "320", "2.5", "0.0001", "1000", "7.0", "--", "--", "--"],
    ]
    names = ["SharpSoftmax", "SmoothSoftmax", "SmoothNormalized"]
    ends = ["From", "To", "Decades"]
    expected = [f"Cross{name}{end}" for name in names for end in ends]
    assert [*values][6:] == expected
    heads = ["Classes", "Rates", "Near", "SharpNormalizedReached"]
    heads += ["ExitLeast", "ExitMedian"]
    assert [*values][:6] == [f"Cross{name}" for name in heads]


def test_softmax_has_short_gradients_and_steps_below_4_lower_the_loss():
    y, v, z = np.random.default_rng(0).normal(size=(3, 2000, 4))
    y, z = ce.softmax(9 * y), 5 * z
    g, p = ce.softmax_gradient(z, y), ce.softmax(z)
    assert (np.linalg.norm(g, axis=1) <= np.sqrt(2)).all()
    variance = (p * v**2).sum(axis=1) - (p * v).sum(axis=1) ** 2
    assert (variance <= (v**2).sum(axis=1) / 2).all()
    for eta in 0.1, 2, 3.99:
        drop = ce.softmax_loss(z, y) - ce.softmax_loss(z - eta * g, y)
        assert (drop >= eta * (1 - eta / 4) * (g**2).sum(axis=1) - 1e-12).all()


def test_normalized_flow_leaves_its_domain_with_the_loss_of_the_bound():
    z, y = np.array([0.5, 0.9, 0.2, 0.7]), np.eye(4)[0]
    [bound] = ce.exit_bounds(z[None])
    while z.min() > 1e-3:
        z = z - 1e-4 * ce.normalized_gradient(z, y)
    assert bound < ce.normalized_loss(z, y) < bound + 0.3
