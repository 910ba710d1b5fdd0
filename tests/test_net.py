"""Exercise 1(a): the gradients and the interface of Python-FeedForward/net.py."""

import copy
import inspect
import itertools
import pickle

import numpy as np
import pytest
import torch

from decision_boundary.script import ROOT, load

net = load("Python-FeedForward/net.py")
oracles = load("Python-FeedForward/gradient_check.py")

CASES = [
    {"hidden_size": 16},  # as handed out
    {"hidden_size": (3,), "activation": "relu"},
    {"hidden_size": (), "activation": ()},  # logistic regression
    {"hidden_size": 1, "activation": "sigmoid"},
    {"hidden_size": [5, 1, 4], "activation": ["relu", "tanh", "sigmoid"]},
    {"hidden_size": [4, 7, 3, 6], "activation": "tanh", "input_size": 3},
    {"hidden_size": (9, 9), "activation": ("sigmoid", "relu"), "input_size": 1},
]


def largest_deviation(oracle, network, X, y):
    """Over all tensors, relative to the reference's largest entry."""
    pairs = zip(oracles.our_gradients(network, X, y), oracle(network, X, y))
    return max(oracles.deviation(ours, reference)[1] for ours, reference in pairs)


def assert_autograds_in_every_entry(network, X, y):
    ours = oracles.our_gradients(network, X, y)
    for g, reference in zip(ours, oracles.autograd_gradients(network, X, y)):
        np.testing.assert_allclose(g, reference, rtol=1e-12, atol=1e-13)


def cases():
    for options, num_points in itertools.product(CASES, (1, 2, 5, 64)):
        rng = np.random.default_rng(num_points)
        yield oracles.random_case(rng, num_points, **options)


def test_gradients_are_autograds():
    for network, X, y in cases():
        y = np.random.default_rng(0).uniform(0, 1, y.shape)  # soft labels too
        assert largest_deviation(oracles.autograd_gradients, network, X, y) < 1e-12


def test_gradients_are_central_differences():
    for network, X, y in cases():
        if "relu" not in network.activation or len(X) == 1:  # else a kink is too near
            assert largest_deviation(oracles.difference_gradients, network, X, y) < 1e-5


def test_the_printed_check_takes_the_worst_of_all_networks(monkeypatch):
    monkeypatch.setattr(oracles, "NETWORKS", 2)
    right = np.array([row for *_, row in oracles.check(0, num_points=4)])
    assert (right[:, 1] < 1e-12).all() and (right[:, 3] < 1e-5).all()
    assert (right[:, 3] > 0).all()
    monkeypatch.setattr(net, "sigmoid", lambda z, out=None: z)
    wrong = np.array([row for *_, row in oracles.check(0, num_points=4)])
    assert (wrong[:, 1] > 0.01).all()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("sigmoid(self._logits) - target.T", "self._logits - target.T"),
        ("sigmoid(self._logits) - target.T", "sigmoid(self._logits) + target.T"),
        ("dot(a, delta.T, ", "dot(a[:, :1], delta.T[:1], "),  # no sum over the batch
        (  # transposed where the shapes do not tell
            "dot(self.weights[layer], delta)",
            "dot(W.T if (W := self.weights[layer]).shape == (16, 16) else W, delta)",
        ),
        ("delta *= derivative(self._units[layer])", "pass"),
        ("lambda a: ONE - a * a", "lambda a: ONE - a"),
        ("lambda a: a * (ONE - a)", "lambda a: a"),
        ("lambda a: a > 0", "lambda a: a >= 0"),
        ("self.gradients += self._batch", "self.gradients = self._batch"),  # no view
    ],
)
def test_a_wrong_backward_is_caught(right, wrong, tmp_path, monkeypatch):
    source = (ROOT / "Python-FeedForward/net.py").read_text()
    assert source.count(right) == 1
    (tmp_path / "net.py").write_text(source.replace(right, wrong))
    mutant = load(tmp_path / "net.py")
    monkeypatch.setattr(net, "FeedForwardNetwork", mutant.FeedForwardNetwork)
    deviations = [
        largest_deviation(oracles.autograd_gradients, *case) for case in cases()
    ]
    assert max(deviations) > 1e-3


def test_one_point_at_a_time_adds_up_to_the_batch():
    network, X, y = oracles.random_case(np.random.default_rng(1), 20)
    batch = [g.copy() for g in oracles.our_gradients(network, X, y)]
    network.zero_grad()
    for point, label in zip(X.tolist(), y[:, 0].tolist()):
        logit = network.forward(point)  # as handed out: lists, and a float comes back
        assert type(logit) is float
        network.backward(label)
    singles = [*zip(network.weight_gradients, network.bias_gradients)]
    for ours, reference in zip(itertools.chain(*singles), batch):
        np.testing.assert_allclose(ours, reference, rtol=1e-12, atol=1e-13)


def test_backward_adds_and_zero_grad_forgets():
    network, X, y = oracles.random_case(np.random.default_rng(2), 5)
    once = network.gradients * 0 + np.nan
    oracles.our_gradients(network, X, y)
    once = network.gradients.copy()
    network.backward(y)
    np.testing.assert_array_equal(network.gradients, 2 * once)
    network.zero_grad()
    assert not network.gradients.any()


def test_batches_may_change_their_size():
    network, X, y = oracles.random_case(np.random.default_rng(8), 5)
    for N in (5, 3, 3, 1, 5):
        assert_autograds_in_every_entry(network, X[:N], y[:N])


def test_an_update_is_momentum_then_decay():
    network, X, y = oracles.random_case(
        np.random.default_rng(3), 5, learning_rate=0.1, momentum=0.8, weight_decay=0.3
    )
    w, v = network.parameters.copy(), 0
    for _ in range(3):
        oracles.our_gradients(network, X, y)
        v = 0.8 * v - 0.1 * network.gradients
        w = w + v
        w = w - 0.1 * 0.3 * w
        network.update_weights()
        np.testing.assert_allclose(network.parameters, w, rtol=1e-13)


def test_forward_is_the_formula():
    network, X, _ = oracles.random_case(
        np.random.default_rng(4), 6, hidden_size=(3, 4), activation=("relu", "sigmoid")
    )
    (W1, W2, W3), (b1, b2, b3) = network.weights, network.biases
    a = 1 / (1 + np.exp(-(np.maximum(X @ W1 + b1, 0) @ W2 + b2)))
    np.testing.assert_allclose(network.forward(X), a @ W3 + b3, rtol=1e-13)
    np.testing.assert_allclose(network.forward(X[2]), network.forward(X)[2, 0])


def test_the_interface_of_the_arrays():
    network = net.FeedForwardNetwork(hidden_size=(3, 5), seed=0)
    assert [W.shape for W in network.weights] == [(2, 3), (3, 5), (5, 1)]
    assert [b.shape for b in network.biases] == [(3,), (5,), (1,)]
    assert [g.shape for g in network.weight_gradients] == [(2, 3), (3, 5), (5, 1)]
    assert [g.shape for g in network.bias_gradients] == [(3,), (5,), (1,)]
    assert not any(b.any() for b in network.biases)
    before = network.forward([0.3, 0.4])
    network.biases[-1] += 1  # in place: the network's own
    assert network.forward([0.3, 0.4]) == pytest.approx(before + 1)


def test_assigning_an_entry_changes_the_network_too():
    network, X, y = oracles.random_case(np.random.default_rng(9), 4)
    before = network.forward(X)
    network.weights[1] = W = np.random.default_rng(0).normal(size=(16, 16))
    network.biases[0] = network.biases[0] + 1
    assert not np.allclose(network.forward(X), before)
    assert_autograds_in_every_entry(network, X, y)
    network.update_weights()
    assert not np.allclose(network.weights[1], W)
    for wrong in W[:3], W[0], 1.0:
        with pytest.raises(ValueError, match=r"shape .*\(16, 16\) is allowed"):
            network.weights[1] = wrong
    with pytest.raises(TypeError, match="numbers"):
        network.weights[1] = W + 1j
    with pytest.raises(TypeError):
        network.weights[:1] = [W]
    with pytest.raises(AttributeError):
        network.weights = [W]


def test_a_forward_that_fails_leaves_nothing_to_go_backward_from():
    rng = np.random.default_rng(10)
    network, X, y = oracles.random_case(rng, 4, activation="sigmoid")
    network.forward(X)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        network.forward(1e5 * X)  # e^z underflows
    with pytest.raises(RuntimeError, match="forward"):
        network.backward(y)


def test_initial_weights_are_xavier_uniform():
    network = net.FeedForwardNetwork(hidden_size=(200, 300), seed=0)
    for W in network.weights:
        bound = np.sqrt(6 / sum(W.shape))
        assert 0.98 * bound < np.abs(W).max() <= bound
        assert abs(W.mean()) < 0.1 * bound


def test_the_defaults_are_the_handed_out_ones():
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


def test_rates_of_zero_are_allowed():
    network = net.FeedForwardNetwork(learning_rate=0, momentum=0, weight_decay=0)
    before = network.parameters.copy()
    network.forward([0.1, 0.2])
    network.backward(1)
    network.update_weights()
    assert net.FeedForwardNetwork(learning_rate=np.float32(0.5)).learning_rate == 0.5
    np.testing.assert_array_equal(network.parameters, before)


def test_the_seed_decides():
    first, same, other = (net.FeedForwardNetwork(seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.parameters, same.parameters)
    assert (first.weights[0] != other.weights[0]).all()


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))]
)
def test_a_copy_is_whole_and_independent(duplicate):
    network, X, y = oracles.random_case(np.random.default_rng(5), 4)
    twin = duplicate(network)
    for either in (network, twin):
        oracles.our_gradients(either, X, y)
        either.update_weights()
    np.testing.assert_array_equal(network.forward(X), twin.forward(X))
    twin.weights[0][...] = 0
    assert network.weights[0].all()


def test_the_caller_may_reuse_arrays():
    network, X, y = oracles.random_case(np.random.default_rng(6), 4)
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


Z = np.array([0, 1e-300, 0.5, -3, 30, -30, 36, -40, 700, -700, 708, 1e4, -1e4, 1e300])


def test_sigmoid_and_loss_are_exact_to_rounding():
    # float64 cannot hold e^-1000, so the oracle is only asked where it can answer
    z = torch.tensor(Z[np.abs(Z) < 709], dtype=torch.float64)
    np.testing.assert_allclose(net.sigmoid(z), torch.sigmoid(z), rtol=1e-14)
    for t in (0.0, 0.25, 1.0):
        target = torch.full_like(z, t)
        reference = -t * torch.nn.functional.logsigmoid(z) - (
            1 - t
        ) * torch.nn.functional.logsigmoid(-z)
        ours = net.bce_with_logits_loss(z.numpy(), target.numpy())
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


def test_saturated_units_give_finite_gradients():
    for name in net.ACTIVATIONS:
        network, X, y = oracles.random_case(
            np.random.default_rng(7), 8, activation=name
        )
        network.parameters *= 1e150 if name == "relu" else 1e300
        with np.errstate(all="raise", under="ignore"):
            if name == "relu":
                network.parameters *= 1e-100  # three layers multiply
            gradients = oracles.our_gradients(network, X, y)
        assert all(np.isfinite(g).all() for g in gradients)


BAD = [
    (lambda: net.FeedForwardNetwork(input_size=0), ValueError, "input_size.*0"),
    (lambda: net.FeedForwardNetwork(hidden_size=-1), ValueError, "hidden_size.*-1"),
    (lambda: net.FeedForwardNetwork(hidden_size=(3, 0)), ValueError, "hidden_size.*0"),
    (lambda: net.FeedForwardNetwork(hidden_size=2.5), TypeError, "hidden_size.*2.5"),
    (lambda: net.FeedForwardNetwork(hidden_size="16"), TypeError, "hidden_size.*16"),
    (lambda: net.FeedForwardNetwork(hidden_size=True), TypeError, "hidden_size.*True"),
    (lambda: net.FeedForwardNetwork(activation="gelu"), ValueError, "activation.*gelu"),
    (lambda: net.FeedForwardNetwork(activation=("tanh",)), ValueError, "activation.*1"),
    (lambda: net.FeedForwardNetwork(activation=[1, 2]), ValueError, "activation.*1"),
    (lambda: net.FeedForwardNetwork(activation=None), TypeError, "activation.*None"),
    (lambda: net.FeedForwardNetwork(learning_rate=-1), ValueError, "learning_rate"),
    (lambda: net.FeedForwardNetwork(learning_rate=np.nan), ValueError, "nan"),
    (lambda: net.FeedForwardNetwork(learning_rate=np.inf), ValueError, "inf"),
    (lambda: net.FeedForwardNetwork(learning_rate="1"), TypeError, "learning_rate"),
    (lambda: net.FeedForwardNetwork(learning_rate=10**400), ValueError, "10000"),
    (lambda: net.FeedForwardNetwork(momentum=1), ValueError, "momentum.*1"),
    (lambda: net.FeedForwardNetwork(weight_decay=-0.1), ValueError, "weight_decay"),
    (lambda: net.FeedForwardNetwork().forward([1.0]), ValueError, "x .*(1,)"),
    (lambda: net.FeedForwardNetwork().forward(np.ones((4, 3))), ValueError, "(4, 3)"),
    (lambda: net.FeedForwardNetwork().forward(1.0), ValueError, "x .*shape"),
    (lambda: net.FeedForwardNetwork().forward([0, np.inf]), ValueError, "x .*finite"),
    (lambda: net.FeedForwardNetwork().forward(["a", "b"]), TypeError, "x .*numbers"),
    (lambda: net.FeedForwardNetwork().forward([[1, 2], [3]]), ValueError, "x "),
    (lambda: net.FeedForwardNetwork().backward(0.0), RuntimeError, "forward"),
    (lambda: after_forward([[0.0]]), ValueError, r"target .*\(1, 1\)"),
    (lambda: after_forward([0.0, 1.0, 1.0]), ValueError, r"target .*\(3,\)"),
    (lambda: after_forward([[0.0], [1.0], [1.1]]), ValueError, "target .*1.1"),
    (lambda: after_forward([[0.0], [-1], [1]]), ValueError, "target .*-1"),
    (lambda: after_forward([[0.0], [np.nan], [1]]), ValueError, "target .*nan"),
    (lambda: net.bce_with_logits_loss([[1], [2]], [0, 1]), ValueError, r"\(2,\)"),
    (lambda: net.bce_with_logits_loss([0, 1], [[1], [0]]), ValueError, r"\(2, 1\)"),
    (lambda: net.bce_with_logits_loss([0, 1], [1]), ValueError, r"\(1,\)"),
    (lambda: net.bce_with_logits_loss(["1"], [0]), TypeError, "output .*numbers"),
    (lambda: net.bce_with_logits_loss(0.5, 1.5), ValueError, "target .*1.5"),
    (lambda: net.bce_with_logits_loss([0, 0], [0, -1]), ValueError, "target .*-1"),
    (lambda: net.bce_with_logits_loss([0.5], [np.nan]), ValueError, "target .*nan"),
    (lambda: after_forward([["a"], ["b"], ["c"]]), TypeError, "target .*numbers"),
]


def after_forward(target):
    network = net.FeedForwardNetwork(seed=0)
    network.forward([[0, 0], [0, 1], [1, 1]])
    network.backward(target)


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_empty_batches_and_odd_dtypes():
    network = net.FeedForwardNetwork(seed=0)
    assert network.forward(np.empty((0, 2))).shape == (0, 1)
    network.backward(np.empty((0, 1)))
    assert not network.gradients.any()
    losses = net.bce_with_logits_loss([0.5, -2], np.array([True, False]))
    np.testing.assert_array_equal(losses, net.bce_with_logits_loss([0.5, -2], [1, 0]))
    assert net.bce_with_logits_loss(0.5, [[1]]).shape == (1, 1)
    reference = network.forward(np.array([[1.0, 0.0]]))
    network.backward(np.ones((1, 1, 1)))  # of a single point, whatever its shape
    for dtype in (bool, np.int8, np.uint8, np.float16, np.float32):
        np.testing.assert_array_equal(
            network.forward(np.array([[1, 0]], dtype)), reference
        )
