"""Exercise 1(a): the gradients and the interface of Python-FeedForward/net.py."""

from decimal import Decimal, localcontext
import inspect
from itertools import product
import math
import sys

from decision_boundary.data import circle_in_square
from decision_boundary.shared.script import load
import mistakes
import numpy as np
import pytest

net = load("Python-FeedForward/net.py")
checks = load("Python-FeedForward/gradient_check.py")

ARCHITECTURES = [
    {"hidden_size": 16},  # as provided
    {"hidden_size": (3,), "activation": "relu"},
    {"hidden_size": (), "activation": ()},  # logistic regression
    {"hidden_size": [5, 1, 4], "activation": ["relu", "tanh", "sigmoid"]},
    {"hidden_size": (9, 9), "activation": ("sigmoid", "relu"), "input_size": 1},
]


def random_case(seed, num_points, module=net, **options):
    """A network of random parameters, points and labels, not only 0 and 1."""
    rng = np.random.default_rng(seed)
    network = module.FeedForwardNetwork(**options)
    checks.randomize(network, rng)
    X, y = checks.random_points(rng, num_points, options.get("input_size", 2))
    return network, X, 0.8 * y + 0.1


def largest_deviation(module=net, batches=(1, 2, 64)):
    """From autograd over many networks, in the second of two batches."""
    deviations = []
    for options, N in product(ARCHITECTURES, batches):
        network, X, y = random_case(N, N, module, **options)
        checks.backward_gradients(network, X[::-1], y)
        ours = checks.backward_gradients(network, X, y)
        expected = checks.autograd_gradients(network, X, y)
        deviations += map(checks.deviation, ours, expected)
    return np.max(deviations)  # nan if one is


# The gradients


def test_gradients_are_autograds():
    assert largest_deviation() < 1e-12


@pytest.mark.parametrize("mistake", mistakes.of_item("1(a)"), ids=lambda m: m.name)
def test_each_known_mistake_is_noticed(mistake):
    assert largest_deviation(mistakes.module(mistake)) > 1e-3


def loss_after_training(module):
    X, y = circle_in_square(512, seed=0)
    network = module.FeedForwardNetwork(learning_rate=0.03 / 32, seed=0)
    for start in 32 * (np.arange(400 * 16) % 16):
        network.zero_grad()
        network.forward(X[start : start + 32])
        network.backward(y[start : start + 32])
        network.update_weights()
    return net.bce_with_logits_loss(network.forward(X), y).mean()


@pytest.mark.parametrize(
    "mistake",
    [mistake for mistake in mistakes.of_item("1(a)") if mistake.shows],
    ids=lambda mistake: mistake.name,
)
def test_what_the_report_says_about_a_mistake(mistake):
    module = mistakes.module(mistake)
    if mistake.shows == "the loss stays above 0.5":
        assert loss_after_training(module) > 0.5
    elif "the loss falls" in mistake.shows:
        assert loss_after_training(module) < 0.3  # from 0.69
    else:
        assert mistake.shows == "nothing with one point in a batch"
        assert largest_deviation(module, batches=[1]) < 1e-12


def test_gradient_check_writes_bounds_unless_one_gradient_is_wrong(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(checks, "NETWORKS", 2)
    monkeypatch.setattr(sys, "argv", ["gradient_check.py", "--output", str(tmp_path)])
    checks.main()
    numbers = tmp_path / "numbers/gradients.tex"
    assert r"{\GradientAutograd}{10^{-12}}" in numbers.read_text()
    assert r"{\GradientDifferences}{10^{-7}}" in numbers.read_text()
    numbers.unlink()
    right = checks.backward_gradients

    def last_is_nan(*case):
        return [*right(*case)[:5], np.array([np.nan])]

    monkeypatch.setattr(checks, "backward_gradients", last_is_nan)
    with pytest.raises(SystemExit, match="backward is wrong"):
        checks.main()
    assert not numbers.exists()


# The interface


def test_one_point_at_a_time_adds_up_to_the_batch():
    network, X, y = random_case(4, 20)  # logits of both signs
    with pytest.raises(RuntimeError, match="backward must follow a forward"):
        network.backward(y)
    batch = checks.backward_gradients(network, X, y)
    batch = [gradient.copy() for gradient in batch]
    logits = network.forward(X).ravel().tolist()
    network.zero_grad()
    assert not any(g.any() for g in network.weight_gradients + network.bias_gradients)
    for point, label, expected in zip(X.tolist(), y.tolist(), logits):
        logit = network.forward(point)  # lists, as in the archive's main.py
        assert type(logit) is float
        assert logit == pytest.approx(expected)
        network.backward(label if label[0] > 0.5 else label[0])
    ours = network.weight_gradients + network.bias_gradients
    for gradient, expected in zip(ours, batch):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-13)


def test_the_caller_may_reuse_points_and_logits():
    network, X, y = random_case(4, 20)
    expected = [g.copy() for g in checks.backward_gradients(network, X, y)]
    network.zero_grad()
    logits = network.forward(X)
    logits.fill(9)
    X.fill(9)
    network.backward(y)
    ours = network.weight_gradients + network.bias_gradients
    np.testing.assert_equal(ours, expected)


def test_arrays_may_be_changed_in_place_or_replaced():
    network, X, y = random_case(1, 5)
    other, _, _ = random_case(2, 5)
    network.forward(X)
    network.update_weights()  # with gradients of 0
    network.weights[0][...] = other.weights[0]
    network.weights[1:] = [W.copy() for W in other.weights[1:]]
    network.biases = [b.copy() for b in other.biases]
    for either in (network, other):
        checks.backward_gradients(either, X, y)
        either.update_weights()
    np.testing.assert_equal(network.forward(X), other.forward(X))


def test_an_update_is_momentum_then_decay():
    options = {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.3}
    network, X, y = random_case(3, 5, **options)
    w = [array.copy() for array in network.weights + network.biases]
    v = [np.zeros_like(array) for array in w]
    for _ in range(3):
        gradients = checks.backward_gradients(network, X, y)
        for i, g in enumerate(gradients):
            v[i] = 0.8 * v[i] - 0.1 * g
            w[i] = w[i] + v[i]
            w[i] = w[i] - 0.1 * 0.3 * w[i]
        network.update_weights()
        for ours, expected in zip(network.weights + network.biases, w):
            np.testing.assert_allclose(ours, expected, rtol=1e-13)


def test_initial_weights_are_xavier_uniform_and_the_seed_decides():
    network = net.FeedForwardNetwork(hidden_size=(200, 300), seed=0)
    assert not any(b.any() for b in network.biases)
    for W in network.weights:
        bound = np.sqrt(6 / sum(W.shape))
        assert 0.98 * bound < np.abs(W).max() <= bound
        assert abs(W.mean()) < 0.1 * bound
    first, same, other = (net.FeedForwardNetwork(seed=s).weights[1] for s in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).all()


def test_the_defaults_are_those_of_the_archive():
    parameters = inspect.signature(net.FeedForwardNetwork).parameters.values()
    defaults = [2, 16, 0.01, 0.9, 0.01, ("tanh", "sigmoid"), None]
    assert [p.default for p in parameters] == defaults


# Sigmoid and loss

LOGITS = [0, 1e-300, 0.5, -3, 20, 30, -40, 100, 700, -700, 1e4, -1e4, 1e38, -1e38]
LABELS = [0.0, 1e-6, 0.25, 0.9, 0.9999, 1 - 1e-6, 1 - 1e-9, True]


def exact_loss(z, y):
    with localcontext() as context:
        context.prec = 400
        softplus = (1 + (-abs(Decimal(z))).exp()).ln() + max(Decimal(z), 0)
        return float(softplus - Decimal(float(y)) * Decimal(z))


@pytest.mark.parametrize("y", LABELS)
def test_the_loss_is_exact_to_rounding_for_smoothed_labels_too(y):
    expected = [exact_loss(z, y) for z in LOGITS]
    with np.errstate(all="raise", under="ignore"):
        loss = net.bce_with_logits_loss(np.array(LOGITS), y)
    np.testing.assert_allclose(loss, expected, rtol=1e-13)


def test_sigmoid_is_exact_to_rounding_and_never_overflows():
    z = [*LOGITS, 708, np.finfo(float).min, np.finfo(float).max]
    expected = [1 / (1 + math.exp(-x)) if x > -709 else 0 for x in z]
    with np.errstate(all="raise", under="ignore"):
        ours = net.sigmoid(np.array(z))
        assert [*net.sigmoid(np.array([-1e4, 1e4], np.float32))] == [0, 1]
    np.testing.assert_allclose(ours, expected, rtol=1e-14)


# Bad arguments

NEW = net.FeedForwardNetwork
LOSS = net.bce_with_logits_loss
trained = NEW()
trained.forward([[0, 0], [0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("hidden_size must be an integer >= 1, not 0", lambda: NEW(hidden_size=(3, 0))),
        (r"activation .*, not \('tanh',\)", lambda: NEW(activation=("tanh",))),
        (r"activation .*, not 'x'", lambda: NEW(activation="x")),
        ("learning_rate must .* >= 0, not inf", lambda: NEW(learning_rate=np.inf)),
        (r"momentum must be a number in \[0, 1\), not 1", lambda: NEW(momentum=1)),
        (r"x must have shape \(N, 2\), not \(1,\)", lambda: NEW().forward([1.0])),
        (r"x must .* not \(1, 1, 2\)", lambda: NEW().forward([[[1, 1]]])),
        ("x must be finite numbers, not inf", lambda: NEW().forward([0, np.inf])),
        (r"target .* \(3, 1\), not \(3,\)", lambda: trained.backward([0, 1, 1])),
        (r"target .*, not 1.1", lambda: trained.backward([[0], [1], [1.1]])),
        (r"target .* \(2,\), not \(1,\)", lambda: LOSS([1, 2], [0])),
    ],
)
def test_a_bad_value_is_named(message, call):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    "name", ["input_size", "learning_rate", "momentum", "activation"]
)
def test_a_wrong_type_is_named(name):
    with pytest.raises(TypeError, match=f"^{name} must .*, not None$"):
        NEW(**{name: None})


def test_rates_may_be_0():
    network = NEW(learning_rate=0, momentum=0, weight_decay=0)
    assert (network.learning_rate, network.momentum, network.weight_decay) == (0, 0, 0)
