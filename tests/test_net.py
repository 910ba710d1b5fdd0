"""Exercise 1(a): the gradients and the interface of Python-FeedForward/net.py."""

import copy
import inspect
from itertools import chain, product
import pickle

from decision_boundary.shared.script import load
import numpy as np
from oracles import mutant
import pytest
import torch
from torch.nn.functional import logsigmoid

PATH = "Python-FeedForward/net.py"
net, oracles = load(PATH), load("Python-FeedForward/gradient_check.py")

CASES = [
    {"hidden_size": 16},  # as provided
    {"hidden_size": (3,), "activation": "relu"},
    {"hidden_size": (), "activation": ()},  # logistic regression
    {"hidden_size": 1, "activation": "sigmoid"},
    {"hidden_size": [5, 1, 4], "activation": ["relu", "tanh", "sigmoid"]},
    {"hidden_size": [4, 7, 3, 6], "activation": "tanh", "input_size": 3},
    {"hidden_size": (9, 9), "activation": ("sigmoid", "relu"), "input_size": 1},
]


def largest_deviation(oracle, case):
    """Over all tensors, relative to the reference's largest entry."""
    return max(map(oracles.deviation, oracles.our_gradients(*case), oracle(*case)))


def random_case(seed, num_points, **options):
    return oracles.random_case(np.random.default_rng(seed), num_points, **options)


def cases():
    for options, N in product(CASES, (1, 2, 5, 64)):
        network, X, y = random_case(N, N, **options)
        yield network, X, np.random.default_rng(0).uniform(0, 1, y.shape)  # soft labels


# Gradients


def test_gradients_are_autograds():
    deviations = [
        largest_deviation(oracles.autograd_gradients, case) for case in cases()
    ]
    assert max(deviations) < 1e-12


def test_gradients_are_central_differences():
    for case in cases():
        if "relu" not in case[0].activation or len(case[1]) == 1:  # else a kink is near
            assert largest_deviation(oracles.difference_gradients, case) < 1e-5


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
    wrong_net = mutant(PATH, right, wrong, tmp_path)
    monkeypatch.setattr(net, "FeedForwardNetwork", wrong_net.FeedForwardNetwork)
    deviations = [
        largest_deviation(oracles.autograd_gradients, case) for case in cases()
    ]
    assert max(deviations) > 1e-3


def test_the_printed_check_takes_the_worst_of_all_networks(monkeypatch):
    monkeypatch.setattr(oracles, "NETWORKS", 2)
    right = oracles.check(0)
    assert list(right) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert all(0 < a < 1e-12 and 1e-14 < d < 1e-5 for a, d in right.values())
    monkeypatch.setattr(net, "sigmoid", lambda z, out=None: z)
    assert all(a > 0.01 for a, _ in oracles.check(0).values())


def test_one_point_at_a_time_adds_up_to_the_batch():
    network, X, y = random_case(1, 20)
    batch = [g.copy() for g in oracles.our_gradients(network, X, y)]
    network.zero_grad()
    for point, label in zip(X.tolist(), y.tolist()):
        logit = network.forward(point)  # lists, as in the sheet's main.py
        assert type(logit) is float
        network.backward(label if label[0] else 0.0)
    singles = chain(*zip(network.weight_gradients, network.bias_gradients))
    for ours, reference in zip(singles, batch):
        np.testing.assert_allclose(ours, reference, rtol=1e-12, atol=1e-13)


def test_backward_adds_and_zero_grad_forgets():
    network, X, y = random_case(2, 5)
    oracles.our_gradients(network, X, y)
    once = network.gradients.copy()
    network.backward(y)
    np.testing.assert_array_equal(network.gradients, 2 * once)
    network.zero_grad()
    assert not network.gradients.any()


def test_batches_may_change_their_size():
    network, X, y = random_case(8, 5)
    for N in (5, 3, 3, 1, 5):
        case = network, X[:N], y[:N]
        assert largest_deviation(oracles.autograd_gradients, case) < 1e-12


def test_an_update_is_momentum_then_decay():
    options = {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.3}
    network, X, y = random_case(3, 5, **options)
    w, v = network.parameters.copy(), 0
    for _ in range(3):
        oracles.our_gradients(network, X, y)
        v = 0.8 * v - 0.1 * network.gradients
        w = w + v
        w = w - 0.1 * 0.3 * w
        network.update_weights()
        np.testing.assert_allclose(network.parameters, w, rtol=1e-13)


def test_rates_of_zero_are_allowed():
    network = net.FeedForwardNetwork(learning_rate=0, momentum=0, weight_decay=0)
    before = network.parameters.copy()
    network.forward([0.1, 0.2])
    network.backward(1)
    network.update_weights()
    np.testing.assert_array_equal(network.parameters, before)


# The network


def test_forward_is_the_formula():
    network, X, _ = random_case(
        4, 6, hidden_size=(3, 4), activation=("relu", "sigmoid")
    )
    (W1, W2, W3), (b1, b2, b3) = network.weights, network.biases
    a = 1 / (1 + np.exp(-(np.maximum(X @ W1 + b1, 0) @ W2 + b2)))
    np.testing.assert_allclose(network.forward(X), a @ W3 + b3, rtol=1e-13)
    np.testing.assert_allclose(network.forward(X[2]), network.forward(X)[2, 0])


def test_the_arrays_are_those_of_the_interface():
    network = net.FeedForwardNetwork(hidden_size=(3, 5), seed=0)
    shapes = [[(2, 3), (3, 5), (5, 1)], [(3,), (5,), (1,)]]
    for name, expected in zip(["weights", "biases"] * 2, shapes * 2):
        arrays = getattr(network, name)
        assert [array.shape for array in arrays] == expected
        assert type(arrays) is list
    assert not any(b.any() for b in network.biases)
    before = network.forward([0.3, 0.4])
    network.biases[-1] += 1  # in place
    assert network.forward([0.3, 0.4]) == pytest.approx(before + 1)


def test_initial_weights_are_xavier_uniform_and_the_seed_decides():
    for W in net.FeedForwardNetwork(hidden_size=(200, 300), seed=0).weights:
        bound = np.sqrt(6 / sum(W.shape))
        assert 0.98 * bound < np.abs(W).max() <= bound
        assert abs(W.mean()) < 0.1 * bound
    first, same, other = (net.FeedForwardNetwork(seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.parameters, same.parameters)
    assert (first.weights[0] != other.weights[0]).all()


def test_the_defaults_are_those_of_the_sheet():
    parameters = inspect.signature(net.FeedForwardNetwork).parameters.values()
    assert {p.name: p.default for p in parameters} == {
        "input_size": 2,
        "hidden_size": 16,
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 0.01,
        "activation": ("tanh", "sigmoid"),
        "seed": None,
    }
    assert net.FeedForwardNetwork().activation == ["tanh", "sigmoid"]


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))]
)
def test_a_copy_is_whole_and_independent(duplicate):
    network, X, y = random_case(5, 4)
    twin = duplicate(network)
    for either in (network, twin):
        oracles.our_gradients(either, X, y)
        either.update_weights()
    np.testing.assert_array_equal(network.forward(X), twin.forward(X))
    twin.weights[0][...] = 0
    assert network.weights[0].all()


def test_the_caller_may_reuse_arrays():
    network, X, y = random_case(6, 4)
    expected = [g.copy() for g in oracles.our_gradients(network, X, y)]
    network.zero_grad()
    points = X.copy()
    logits = network.forward(points)
    points[:], logits[:] = 9, 9
    network.backward(y)
    np.testing.assert_array_equal(expected[0], network.weight_gradients[0])
    X.flags.writeable = y.flags.writeable = False
    network.forward(X)
    network.backward(y)


def test_empty_batches_and_other_number_types():
    network = net.FeedForwardNetwork(seed=0)
    assert network.forward(np.empty((0, 2))).shape == (0, 1)
    network.backward(np.empty((0, 1)))
    assert not network.gradients.any()
    losses = net.bce_with_logits_loss([0.5, -2], np.array([True, False]))
    np.testing.assert_array_equal(losses, net.bce_with_logits_loss([0.5, -2], [1, 0]))
    reference = network.forward(np.array([[1.0, 0.0]]))
    for dtype in (bool, np.int8, np.uint8, np.float16, np.float32):
        logits = network.forward(np.array([[1, 0]], dtype))
        np.testing.assert_array_equal(logits, reference)


# Sigmoid and loss

Z = np.array([0, 1e-300, 0.5, -3, 30, -30, 36, -40, 700, -700, 708, 1e4, -1e4, 1e300])


def test_sigmoid_and_loss_are_exact_to_rounding():
    # float64 cannot hold e^-1000, so the oracle is only asked where it can answer
    z = torch.tensor(Z[np.abs(Z) < 709], dtype=torch.float64)
    np.testing.assert_allclose(net.sigmoid(z.numpy()), torch.sigmoid(z), rtol=1e-14)
    for t in (0.0, 0.25, 1.0):
        reference = -t * logsigmoid(z) - (1 - t) * logsigmoid(-z)
        ours = net.bce_with_logits_loss(z.numpy(), t)
        np.testing.assert_allclose(ours, reference, rtol=1e-14)


@pytest.mark.parametrize("z", [*Z, -1e300, np.finfo(float).max])
def test_no_finite_logit_overflows(z):
    with np.errstate(all="raise", under="ignore"):
        p = net.sigmoid(z)
        losses = [net.bce_with_logits_loss(z, t) for t in (0.0, 0.3, 1.0)]
    assert 0 <= p <= 1
    assert np.isfinite(losses).all()
    assert min(losses) >= 0
    assert losses[0] == pytest.approx(max(z, 0), abs=1)


def test_sigmoid_and_loss_compute_in_float64():
    z = np.array([-1000, -5, 0, 5, 1000], np.float32)
    with np.errstate(all="raise", under="ignore"):
        p, E = net.sigmoid(z), net.bce_with_logits_loss(z, np.float32(0.1))
    assert p.dtype == E.dtype == np.float64
    np.testing.assert_array_equal(p, net.sigmoid(z.tolist()))
    np.testing.assert_allclose(E, net.bce_with_logits_loss(z.tolist(), 0.1), rtol=1e-7)


@pytest.mark.parametrize("name", net.ACTIVATIONS)
def test_saturated_units_have_finite_gradients(name):
    network, X, y = random_case(7, 8, activation=name)
    network.parameters *= (
        1e50 if name == "relu" else 1e300
    )  # relu: three layers multiply
    with np.errstate(all="raise", under="ignore"):
        gradients = oracles.our_gradients(network, X, y)
    assert all(np.isfinite(g).all() for g in gradients)


# Bad input


def after_forward(target):
    network = net.FeedForwardNetwork(seed=0)
    network.forward([[0, 0], [0, 1], [1, 1]])
    network.backward(target)


def forward(x):
    return net.FeedForwardNetwork(seed=0).forward(x)


@pytest.mark.parametrize(
    ("function", "argument", "value", "error", "said"),
    [
        (net.FeedForwardNetwork, "input_size", 0, ValueError, "an integer >= 1, not 0"),
        (net.FeedForwardNetwork, "hidden_size", -1, ValueError, "not -1"),
        (net.FeedForwardNetwork, "hidden_size", (3, 0), ValueError, "not 0"),
        (net.FeedForwardNetwork, "hidden_size", 2.5, TypeError, "not 2.5"),
        (net.FeedForwardNetwork, "hidden_size", "16", TypeError, "not '16'"),
        (net.FeedForwardNetwork, "hidden_size", True, TypeError, "not True"),
        (net.FeedForwardNetwork, "activation", "gelu", ValueError, "not 'gelu'"),
        (
            net.FeedForwardNetwork,
            "activation",
            ("tanh",),
            ValueError,
            r"not \('tanh',\)",
        ),
        (net.FeedForwardNetwork, "activation", None, ValueError, "not None"),
        (net.FeedForwardNetwork, "learning_rate", -1, ValueError, ">= 0, not -1"),
        (net.FeedForwardNetwork, "learning_rate", np.nan, ValueError, "not nan"),
        (net.FeedForwardNetwork, "learning_rate", np.inf, ValueError, "not inf"),
        (net.FeedForwardNetwork, "learning_rate", "1", TypeError, "not '1'"),
        (net.FeedForwardNetwork, "momentum", 1, ValueError, r"in \[0, 1\), not 1"),
        (net.FeedForwardNetwork, "weight_decay", -0.1, ValueError, "not -0.1"),
        (forward, "x", [1.0], ValueError, r"shape \(N, 2\), not \(1,\)"),
        (forward, "x", np.ones((4, 3)), ValueError, r"shape \(N, 2\), not \(4, 3\)"),
        (forward, "x", 1.0, ValueError, r"not \(\)"),
        (forward, "x", [0, np.inf], ValueError, "finite numbers, not inf"),
        (forward, "x", ["a", "b"], TypeError, "not .'a', 'b'."),
        (after_forward, "target", [[0.0]], ValueError, r"shape \(3, 1\), not \(1, 1\)"),
        (after_forward, "target", [0.0, 1, 1], ValueError, r"not \(3,\)"),
        (
            after_forward,
            "target",
            [[0.0], [1], [1.1]],
            ValueError,
            r"in \[0, 1\], not 1.1",
        ),
        (after_forward, "target", [[0.0], [-1], [1]], ValueError, "not -1"),
        (after_forward, "target", [[0.0], [np.nan], [1]], ValueError, "not nan"),
        (after_forward, "target", [["a"], ["b"], ["c"]], TypeError, "not .*'a'"),
    ],
)
def test_bad_input_is_named(function, argument, value, error, said):
    with pytest.raises(error, match=f"^{argument} must .*{said}"):
        function(**{argument: value})


def test_backward_must_follow_a_forward():
    with pytest.raises(RuntimeError, match="backward must follow a forward"):
        net.FeedForwardNetwork().backward(0.0)


@pytest.mark.parametrize("target", [[0, 1], [1], [[0.5, 2]]])
def test_targets_of_the_loss_have_the_outputs_shape_and_are_labels(target):
    with pytest.raises(ValueError, match="target must"):
        net.bce_with_logits_loss([[1], [2]], target)
