"""The ensemble: its gradients, its Adam, its starts and the hexagons it ends in."""

import inspect
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import (
    INITS,
    initial_ensemble,
    start_like,
    train_ensemble,
)
from decision_boundary.geometry import is_convex
from decision_boundary.polygon import extract_boundary
from decision_boundary.script import load

net = load("Python-FeedForward/net.py")
torch.set_num_threads(1)  # for tensors this small a second thread is in the way
pytestmark = pytest.mark.filterwarnings("error")
X, Y = circle_in_square(50, seed=1)


def random_case(H, N, E, dtype=np.float64):
    """Parameters, points that end in 1 and soft labels; one point is on all hinges."""
    rng = np.random.default_rng([H, N, E])
    parameters = rng.normal(size=(4 * H + 1, E)).astype(dtype)
    parameters[2 * H : 3 * H, 0] = 0  # the biases of network 0
    points, labels = rng.uniform(-1, 1, (N, 2)), rng.uniform(0, 1, (N, 1))
    points[0] = 0
    return parameters, np.hstack([points, np.ones((N, 1))]).astype(dtype), labels


def our_gradients(parameters, x, y, module=ensemble):
    """The gradients as an Ensemble; the buffers are larger than needed, and dirty."""
    buffers = ensemble.make_buffers(len(x) + 2, parameters)
    for buffer in buffers:
        buffer.fill(np.nan)
    return ensemble.to_ensemble(module.gradients(parameters, x, y, buffers))


def exercise_1_gradients(weights, biases, x, y):
    network = net.FeedForwardNetwork(2, (len(biases[0]),), activation="relu")
    for own, given in zip(network.weights + network.biases, weights + biases):
        own[...] = given
    network.forward(x[:, :2])
    network.backward(y)
    summed = network.weight_gradients + network.bias_gradients
    return [gradient / len(x) for gradient in summed]


def torch_loss(tensors, x, y):
    W, V, b, c = tensors
    logits = torch.relu(torch.as_tensor(x[:, :2]) @ W + b) @ V + c
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return loss(logits, torch.as_tensor(y))


def autograd_gradients(weights, biases, x, y):
    tensors = [torch.tensor(a, requires_grad=True) for a in weights + biases]
    return [g.numpy() for g in torch.autograd.grad(torch_loss(tensors, x, y), tensors)]


def largest_deviation(oracle, module=ensemble):
    """Over networks with several widths, batches and numbers of networks."""
    deviations = []
    for H, N, E in (3, 64, 5), (1, 1, 1), (2, 7, 4), (8, 13, 3), (3, 1, 2):
        parameters, x, y = random_case(H, N, E)
        networks = ensemble.to_ensemble(parameters)
        ours = our_gradients(parameters, x, y, module)
        for k in range(E):
            pairs = zip(chain(*ours.network(k)), oracle(*networks.network(k), x, y))
            deviations += [np.abs(g - expected).max() for g, expected in pairs]
    return max(deviations)


ORACLES = exercise_1_gradients, autograd_gradients


@pytest.mark.parametrize("oracle", ORACLES)
def test_gradients_of_each_network(oracle):
    assert largest_deviation(oracle) < 1e-14


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.divide(1, delta, out=delta)", "delta[...] = -delta"),  # no sigmoid
        ("x.T / N", "x.T"),  # the sum instead of the mean
        ("np.greater(z, 0", "np.greater_equal(z, 0"),  # another slope at the kink
        ("np.multiply(a, g", "np.multiply(abs(a), g"),
    ],
)
def test_wrong_gradients_are_noticed(right, wrong, tmp_path):
    source = Path(ensemble.__file__).read_text()
    assert source.count(right) == 1
    (tmp_path / "ensemble.py").write_text(source.replace(right, wrong))
    module = load(tmp_path / "ensemble.py")
    assert all(largest_deviation(oracle, module) > 1e-3 for oracle in ORACLES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_do_not_overflow(dtype):
    parameters, x, y = random_case(3, 40, 6, dtype)
    parameters[-1] = [1e30, -1e30, 100, -100, 1000, -1000]
    bias_gradients = our_gradients(parameters, x, y).output_biases
    certain = np.array([1, 0, 1, 0, 1, 0])
    np.testing.assert_allclose(bias_gradients, certain - y.mean(), atol=1e-6)


def test_a_network_that_is_not_finite_leaves_the_others_alone():
    parameters, x, y = random_case(3, 20, 5)
    expected = our_gradients(parameters, x, y)
    parameters[4, 2], parameters[-1, 4] = np.nan, np.inf
    finite = np.array([True, True, False, True, False])
    assert (ensemble.to_ensemble(parameters).finite() == finite).all()
    for ours, right in zip(our_gradients(parameters, x, y), expected):
        np.testing.assert_array_equal(ours[finite], right[finite])


def spied(monkeypatch, *args, **options):
    """The trained ensemble, and the batches that it has seen in this order."""
    batches, gradients = [], ensemble.gradients

    def spy(parameters, x, y, buffers):
        batches.append((x, y))
        assert {len(buffer) for buffer in buffers} == {len(batches[0][0])}
        return gradients(parameters, x, y, buffers)

    monkeypatch.setattr(ensemble, "gradients", spy)
    return train_ensemble(*args, **options), batches


def torch_trained(weights, biases, batches, learning_rate):
    tensors = [torch.tensor(a, requires_grad=True) for a in weights + biases]
    optimizer = torch.optim.Adam(tensors, lr=learning_rate)
    for x, y in batches:
        optimizer.zero_grad()
        torch_loss(tensors, x, y).backward()
        optimizer.step()
    return [tensor.detach().numpy() for tensor in tensors]


def test_training_is_that_of_each_network_alone_in_torch(monkeypatch):
    options = {"hidden_units": 4, "networks": 3, "init": "xavier", "dtype": np.float64}
    rates = {"epochs": 30, "batch_size": 16, "learning_rate": 0.05}
    trained, batches = spied(monkeypatch, X, Y, **options, **rates)
    assert len(batches) == 30 * 4
    start = initial_ensemble(**options)
    for k in range(3):
        expected = torch_trained(*start.network(k), batches, 0.05)
        for ours, tensor in zip(chain(*trained.network(k)), expected):
            np.testing.assert_allclose(ours, tensor, rtol=0, atol=1e-9)


def test_each_epoch_has_all_points_once_in_an_order_of_its_own(monkeypatch):
    _, batches = spied(monkeypatch, X, Y, networks=2, epochs=3, batch_size=16, seed=5)
    assert [len(x) for x, _ in batches] == [16, 16, 16, 2] * 3
    rng = np.random.default_rng(np.random.SeedSequence(5).spawn(2)[1])
    for epoch in range(3):
        x, y = map(np.vstack, zip(*batches[4 * epoch : 4 * epoch + 4]))
        order = rng.permutation(50)
        np.testing.assert_array_equal(x[:, :2], X[order].astype(np.float32))
        np.testing.assert_array_equal(y, Y[order])
        assert (x[:, 2] == 1).all()


def test_batches_larger_than_the_data_are_the_data(monkeypatch):
    huge, batches = spied(monkeypatch, X, Y, networks=2, epochs=2, batch_size=10**9)
    assert [x.shape for x, _ in batches] == [(50, 3)] * 2
    fitting = train_ensemble(X, Y, networks=2, epochs=2, batch_size=50)
    np.testing.assert_array_equal(huge.hidden_weights, fitting.hidden_weights)


def test_one_point_and_one_network_are_enough():
    trained = train_ensemble(X[:1], Y[:1], networks=1, epochs=40, learning_rate=0.1)
    (W, V), (b, c) = trained.network(0)
    logit = np.maximum(X[:1] @ W + b, 0) @ V + c
    assert np.sign(logit) == 2 * Y[0] - 1


def test_float32_is_close_to_float64_early_on():
    single, double = (
        train_ensemble(X, Y, networks=50, epochs=5, batch_size=16, dtype=dtype)
        for dtype in (np.float32, np.float64)
    )
    for ours, expected in zip(single, double):
        assert ours.dtype == np.float32 and expected.dtype == np.float64
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-4)


def test_shapes_and_order():
    parameters = np.arange(13 * 2.0).reshape(13, 2)  # network 1 has the odd numbers
    networks = ensemble.to_ensemble(parameters)
    (W, V), (b, c) = networks.network(1)
    np.testing.assert_array_equal(W, [[1, 3, 5], [7, 9, 11]])
    np.testing.assert_array_equal(b, [13, 15, 17])
    np.testing.assert_array_equal(V, [[19], [21], [23]])
    np.testing.assert_array_equal(c, [25])
    shapes = [(2, 2, 3), (2, 3), (2, 3), (2,)]
    assert [array.shape for array in networks] == shapes
    assert all(array.flags.c_contiguous for array in networks)
    assert not any(np.shares_memory(array, parameters) for array in networks)
    single = ensemble.to_ensemble(parameters.astype(np.float32)).network(-1)
    assert all(array.dtype == np.float64 for array in chain(*single))


@pytest.mark.parametrize("init", INITS)
def test_network_k_starts_alike_however_many_are_beside_it(init):
    many, few, one = (initial_ensemble(n, 4, init, seed=7) for n in (1000, 10, 1))
    double = initial_ensemble(10, 4, init, seed=7, dtype=np.float64)
    for a, b, c, d in zip(many, few, one, double):
        np.testing.assert_array_equal(a[:10], b)
        np.testing.assert_array_equal(a[:1], c)
        np.testing.assert_array_equal(b, d.astype(np.float32))


def test_xavier_start():
    start = initial_ensemble(2000, 4, "xavier", seed=3, dtype=np.float64)
    rng = np.random.default_rng(np.random.SeedSequence(3).spawn(2)[0])
    assert start.hidden_weights[0, 0, 0] == rng.uniform(-1, 1)  # times 1 as H = 4
    for weights, fans in (start.hidden_weights, 2 + 4), (start.output_weights, 4 + 1):
        bound = np.sqrt(6 / fans)
        assert 0.999 * bound < weights.max() <= bound
        assert -bound <= weights.min() < -0.999 * bound
        np.testing.assert_allclose(weights.mean(axis=0), 0, atol=0.05)
        np.testing.assert_allclose(weights.var(axis=0), 2 / fans, rtol=0.1)
        columns = weights.reshape(2000, -1)
        assert np.abs(np.corrcoef(columns.T) - np.eye(columns.shape[1])).max() < 0.1


def test_positive_start_is_xaviers_with_positive_outgoing_weights():
    xavier, positive = (initial_ensemble(init=init) for init in INITS[:2])
    np.testing.assert_array_equal(positive.hidden_weights, xavier.hidden_weights)
    np.testing.assert_array_equal(positive.output_weights, abs(xavier.output_weights))


@pytest.mark.parametrize("H", [1, 2, 3, 8])
def test_spread_start_has_even_directions_under_a_random_rotation(H):
    positive, spread = (
        initial_ensemble(2000, H, init, 0, np.float64) for init in INITS[1:]
    )
    np.testing.assert_array_equal(spread.output_weights, positive.output_weights)
    directions = spread.hidden_weights[:, 0] + 1j * spread.hidden_weights[:, 1]
    np.testing.assert_allclose(abs(directions) ** 2, 4 / (2 + H))
    assert np.isclose(
        (positive.hidden_weights**2).sum(axis=1).mean(), 4 / (2 + H), 0.05
    )
    turns = np.exp(2j * np.pi / H * np.arange(H))
    np.testing.assert_allclose(
        directions / directions[:, :1], turns + np.zeros((2000, H))
    )
    quarters = np.histogram(np.angle(directions[:, 0]), 4, (-np.pi, np.pi))[0]
    assert abs(quarters - 500).max() < 100


@pytest.mark.parametrize("init", INITS)
def test_biases_start_at_zero(init):
    start = initial_ensemble(init=init)
    assert not start.hidden_biases.any() and not start.output_biases.any()


def test_defaults():
    def defaults(function):
        parameters = inspect.signature(function).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    start = {"networks": 1000, "hidden_units": 3, "init": "spread", "seed": 0}
    start |= {"dtype": np.float32}
    training = {"epochs": 256, "batch_size": 64, "learning_rate": 0.03}
    assert defaults(initial_ensemble) == start
    assert defaults(train_ensemble) == start | training | {"progress": None}


def test_zero_epochs_give_the_start():
    for trained, start in zip(train_ensemble(X, Y, epochs=0), initial_ensemble()):
        np.testing.assert_array_equal(trained, start)


def test_same_seed_same_bytes(tmp_path):
    for name, seed in ("a", 4), ("b.npz", 4), ("c", np.uint8(4)), ("d", 5):
        trained = train_ensemble(X, Y, networks=20, epochs=2, seed=seed)
        trained.save(tmp_path / name)
    a, b, c, d = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert a == b == c != d


def test_save_and_load(tmp_path):
    trained = train_ensemble(X, Y, networks=20, epochs=2)
    trained.save(str(tmp_path / "ensemble.npz"))
    with np.load(tmp_path / "ensemble.npz") as file:
        assert dict(file).keys() == trained._asdict().keys()
        for name, array in trained._asdict().items():
            assert file[name].dtype == array.dtype
            np.testing.assert_array_equal(file[name], array)


def test_save_from_several_threads_at_once(tmp_path, monkeypatch):
    both, replace = threading.Barrier(2, timeout=10), os.replace

    def replace_when_both_are_staged(*paths):
        both.wait()
        replace(*paths)

    monkeypatch.setattr(os, "replace", replace_when_both_are_staged)
    with ThreadPoolExecutor(2) as pool:
        saved = [
            pool.submit(initial_ensemble(2, seed=seed).save, tmp_path / f"{seed}.npz")
            for seed in range(2)
        ]
    assert [future.result() for future in saved] == [None, None]
    for seed in range(2):
        with np.load(tmp_path / f"{seed}.npz") as file:
            expected = initial_ensemble(2, seed=seed).hidden_weights
            np.testing.assert_array_equal(file["hidden_weights"], expected)


def test_progress_sees_every_epoch():
    seen = []
    trained = train_ensemble(X, Y, epochs=3, progress=seen.append)
    assert seen == [1, 2, 3]
    assert trained.finite().all()


def test_divergence_is_silent_and_can_be_counted():
    trained = train_ensemble(X, Y, networks=50, epochs=30, learning_rate=1e38)
    assert not trained.finite().any()


def hexagons(seed, init, limit=2):
    """How many of 100 networks have a closed convex hexagon in [-limit, limit]^2?"""
    points = circle_in_square(512, seed)
    trained = train_ensemble(*points, networks=100, init=init, seed=seed)
    count = 0
    for k in range(100):
        (W, V), biases = trained.network(k)
        polylines = extract_boundary([limit * W, V], biases)
        if [(len(p.vertices), p.closed) for p in polylines] == [(6, True)]:
            count += is_convex(polylines[0].vertices)
    return count


def test_start_like_copies_the_first_network():
    weights, biases = [np.zeros((2, 4)), np.zeros((4, 1))], [np.ones(4), np.ones(1)]
    start_like(weights, biases, "positive", 3)
    expected = initial_ensemble(5, 4, "positive", 3).network(0)
    for own, start in zip(weights + biases, expected[0] + expected[1]):
        np.testing.assert_array_equal(own, start)


def test_spread_always_gives_a_convex_hexagon_and_xavier_seldom():
    assert [hexagons(seed, "spread") for seed in range(3)] == [100] * 3
    assert hexagons(0, "xavier") < 40


def test_a_corner_of_the_hexagon_may_lie_outside_of_the_square():
    assert hexagons(217, "spread", limit=1) < 90 < hexagons(217, "spread") == 100


NAN, HUGE = np.where(X == X[7, 1], np.nan, X), np.where(X == X[7, 1], 1e39, X)


@pytest.mark.parametrize(
    ("name", "value", "error", "said"),
    [
        ("hidden_units", 0, ValueError, " is 0; an integer >= 1"),
        ("hidden_units", 3.0, TypeError, " is 3.0; an integer >= 1"),
        ("hidden_units", True, TypeError, " is True; an integer >= 1"),
        ("networks", 0, ValueError, " is 0; an integer >= 1"),
        ("networks", "1000", TypeError, " is '1000'; an integer >= 1"),
        ("epochs", -1, ValueError, " is -1; an integer >= 0"),
        ("epochs", None, TypeError, " is None; an integer >= 0"),
        ("batch_size", 0, ValueError, " is 0; an integer >= 1"),
        ("batch_size", 64.5, TypeError, " is 64.5; an integer >= 1"),
        ("seed", -1, ValueError, " is -1; an integer >= 0"),
        ("seed", None, TypeError, " is None; an integer >= 0"),
        ("learning_rate", 0, ValueError, " is 0; a finite number > 0"),
        ("learning_rate", 10**400, ValueError, " is 1000.*; a finite number > 0"),
        ("learning_rate", np.inf, ValueError, " is inf; a finite number > 0"),
        ("learning_rate", np.nan, ValueError, " is nan; a finite number > 0"),
        ("learning_rate", "0.1", TypeError, " is '0.1'; a finite number > 0"),
        ("init", "uniform", ValueError, " is 'uniform'; xavier or positive or spread"),
        ("init", None, ValueError, " is None; xavier or positive or spread"),
        (
            "dtype",
            np.float16,
            ValueError,
            " is <class 'numpy.float16'>; numpy.float32 or numpy.float64",
        ),
        ("dtype", int, ValueError, " is <class 'int'>; numpy.float32 or numpy.float64"),
        ("X", X[:, :1], ValueError, r" has shape \(50, 1\); \(N, 2\) with N >= 1"),
        ("X", X[0], ValueError, r" has shape \(2,\); \(N, 2\) with N >= 1"),
        ("X", X[:0], ValueError, r" has shape \(0, 2\); \(N, 2\) with N >= 1"),
        ("X", X[None], ValueError, r" has shape \(1, 50, 2\); \(N, 2\) with N >= 1"),
        ("X", NAN, ValueError, " holds nan; a finite number"),
        ("X", HUGE, ValueError, " holds inf; a finite number"),
        (
            "X",
            [[1, 2], [3]],
            TypeError,
            r" is \[\[1, 2\], \[3\]\]; an array of real numbers",
        ),
        (
            "X",
            [["a", "b"]],
            TypeError,
            r" is \[\['a', 'b'\]\]; an array of real numbers",
        ),
        ("X", X + 0j, TypeError, " is array.*; an array of real numbers"),
        ("y", [["a"]] * 50, TypeError, r" is \[\['a'\].*; an array of real numbers"),
        ("y", Y[:, 0], ValueError, r" has shape \(50,\); \(50, 1\)"),
        ("y", Y[1:], ValueError, r" has shape \(49, 1\); \(50, 1\)"),
        ("y", np.arange(50)[:, None], ValueError, r" holds 2.0; a number in \[0, 1\]"),
        ("y", -Y, ValueError, r" holds -1.0; a number in \[0, 1\]"),
        ("y", Y * np.nan, ValueError, r" holds nan; a number in \[0, 1\]"),
    ],
)
def test_bad_input(name, value, error, said):
    with pytest.raises(error, match=rf"^{name}{said} is allowed$"):
        train_ensemble(**({"X": X, "y": Y, "networks": 2, "epochs": 1} | {name: value}))


def test_lists_integers_and_other_numbers_serve():
    def run(X, y, scale=int, rate=float):
        options = {"hidden_units": scale(128), "networks": scale(3), "epochs": scale(2)}
        return train_ensemble(
            X, y, batch_size=scale(3), learning_rate=rate(1), **options
        )

    X, y = [[0, 1], [1, 1], [-1, 0], [1, 0]], [[0], [1], [1], [1]]
    first = run(np.array(X, float), np.array(y, float))
    for other in run(X, np.array(y, bool)), run(X, y, np.uint8, np.float64):
        for expected, array in zip(first, other):
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, expected)
