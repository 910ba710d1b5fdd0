"""Exercise 1(a): the gradients and the interface of Python-FeedForward/net.py."""

import copy
import inspect
from itertools import product
import re

from decision_boundary.shared.script import load
import numpy as np
from oracles import mutant
import pytest
import torch
from torch.nn.functional import logsigmoid

net = load("Python-FeedForward/net.py")
checks = load("Python-FeedForward/gradient_check.py")

CASES = [
    {"hidden_size": 16},  # as provided
    {"hidden_size": (3,), "activation": "relu"},
    {"hidden_size": (), "activation": ()},  # logistic regression
    {"hidden_size": [5, 1, 4], "activation": ["relu", "tanh", "sigmoid"]},
    {"hidden_size": (9, 9), "activation": ("sigmoid", "relu"), "input_size": 1},
]


def random_case(seed, num_points, **options):
    return checks.random_case(np.random.default_rng(seed), num_points, **options)


def cases():
    for options, N in product(CASES, (1, 2, 64)):
        network, X, y = random_case(N, N, **options)
        yield network, X, 0.8 * y + 0.1  # labels need not be 0 or 1


def largest_deviation():
    """From autograd over all cases and tensors, relative to its largest entry."""
    pairs = ((checks.our_gradients(*c), checks.autograd_gradients(*c)) for c in cases())
    return max(max(map(checks.deviation, *pair)) for pair in pairs)


def test_gradients_are_autograds():
    assert largest_deviation() < 1e-12


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("sigmoid(self._logits) - t", "self._logits - t"),
        ("sigmoid(self._logits) - t", "sigmoid(self._logits) + t"),
        ("+= a.dot(delta.T)", "+= a[:, :1].dot(delta.T[:1])"),  # no sum over the batch
        ("+= a.dot(delta.T)", "= a.dot(delta.T)"),  # not a view of the gradients
        (  # transposed where the shapes do not tell
            "self.weights[layer].dot(delta)",
            "(W.T if (W := self.weights[layer]).shape == (16, 16) else W).dot(delta)",
        ),
        ("delta *= derivative(a[:-1])", "pass"),
        ("lambda a: 1.0 - a * a", "lambda a: 1.0 - a"),
        ("lambda a: a * (1.0 - a)", "lambda a: a"),
        ("lambda a: a > 0", "lambda a: a >= 0"),
    ],
)
def test_a_wrong_backward_is_noticed(right, wrong, tmp_path, monkeypatch):
    wrong_net = mutant("Python-FeedForward/net.py", right, wrong, tmp_path)
    monkeypatch.setattr(net, "FeedForwardNetwork", wrong_net.FeedForwardNetwork)
    assert largest_deviation() > 1e-3


def test_the_printed_check_takes_the_worst_and_notices_a_mistake(monkeypatch, numbers):
    monkeypatch.setattr(checks, "NETWORKS", 2)
    values = numbers(checks)
    autograd, differences = checks.check(0).T
    assert len(autograd) == 6 and (autograd > 0).all() and (autograd < 1e-12).all()
    assert (differences > 1e-14).all() and (differences < 1e-7).all()
    monkeypatch.setattr(net, "sigmoid", lambda z: z)
    mistake = checks.check(0)[:, 0].max()
    expected = [f"{worst.max():.1e}" for worst in (autograd, differences)]
    assert [*values.values()] == [2, *expected, f"{mistake:.2g}"] and mistake > 0.1


def test_one_point_at_a_time_adds_up_to_the_batch():
    network, X, y = random_case(4, 20)  # logits of both signs
    with pytest.raises(RuntimeError, match="backward must follow a forward"):
        network.backward(y)
    points, logits = X.tolist(), network.forward(X)
    expected = logits.ravel().tolist()
    X[:], logits[:] = 9, 9  # the caller may reuse these arrays
    network.backward(y)
    batch = network.gradients.copy()
    network.zero_grad()
    assert not network.gradients.any()
    for point, label, logit in zip(points, y.tolist(), expected):
        ours = network.forward(point)  # lists, as in the sheet's main.py
        assert type(ours) is float and ours == pytest.approx(logit)
        network.backward(label if label[0] else 0.0)
    np.testing.assert_allclose(network.gradients, batch, rtol=1e-12, atol=1e-13)


def test_an_update_is_momentum_then_decay():
    options = {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.3}
    network, X, y = random_case(3, 5, **options)
    w, v = network.parameters.copy(), 0
    for _ in range(3):
        checks.our_gradients(network, X, y)
        v = 0.8 * v - 0.1 * network.gradients
        w = w + v
        w = w - 0.1 * 0.3 * w
        network.update_weights()
        np.testing.assert_allclose(network.parameters, w, rtol=1e-13)


def test_initial_weights_are_xavier_uniform_and_the_seed_decides():
    network = net.FeedForwardNetwork(hidden_size=(200, 300), seed=0)
    assert not any(b.any() for b in network.biases)
    for W in network.weights:
        bound = np.sqrt(6 / sum(W.shape))
        assert 0.98 * bound < np.abs(W).max() <= bound
        assert abs(W.mean()) < 0.1 * bound
    first, same, other = (net.FeedForwardNetwork(seed=s).weights[1] for s in (1, 1, 2))
    assert (first == same).all() and (first != other).all()


def test_the_defaults_are_those_of_the_sheet():
    parameters = inspect.signature(net.FeedForwardNetwork).parameters.values()
    defaults = [2, 16, 0.01, 0.9, 0.01, ("tanh", "sigmoid"), None]
    assert [p.default for p in parameters] == defaults


def test_a_copy_made_after_forward_trains_alike_and_independently():
    network, X, y = random_case(5, 4)
    network.forward(X)
    twin = copy.deepcopy(network)
    for either in (network, twin):
        either.backward(y)
        either.update_weights()
    assert (twin.forward(X) == network.forward(X)).all() and network.velocity.any()
    twin.weights[0][...] = 0
    assert (twin.forward(X) != network.forward(X)).all()


def test_sigmoid_and_loss_are_exact_to_rounding_and_never_overflow():
    z = [0, 1e-300, 0.5, -3, 30, -40, 700, -700, 708, 1e4, -1e4, 1e38, -1e38]
    z = torch.tensor([*z, np.finfo(float).min], dtype=torch.float64)
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(net.sigmoid(z.numpy()), torch.sigmoid(z), rtol=1e-14)
        for t in (0.0, 0.25, True):
            reference = -t * logsigmoid(z) - (1 - t) * logsigmoid(-z)
            ours = net.bce_with_logits_loss(z.numpy(), t)
            np.testing.assert_allclose(ours, reference, rtol=1e-14)
        single = np.array([-1e4, 1e4], np.float32)
        np.testing.assert_allclose(net.sigmoid(single), [0, 1])
        np.testing.assert_allclose(net.bce_with_logits_loss(0, [0, 1]), np.log(2))


NEW, LOSS = net.FeedForwardNetwork, net.bce_with_logits_loss
trained = NEW()
trained.forward([[0, 0], [0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("hidden_size must be an integer >= 1, not 0", lambda: NEW(hidden_size=(3, 0))),
        (r"activation .*, not \('tanh',\)", lambda: NEW(activation=("tanh",))),
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


@pytest.mark.parametrize("value", [[1, 2], "x"])
@pytest.mark.parametrize("name", ["input_size", "learning_rate", "momentum"])
def test_a_wrong_type_is_named(name, value):
    with pytest.raises(TypeError, match=f"^{name} must .* {re.escape(repr(value))}$"):
        NEW(**{name: value})
