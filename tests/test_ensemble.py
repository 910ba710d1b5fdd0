"""The ensemble: its gradients, its Adam, its initial networks and their hexagons."""

import inspect
from itertools import chain
import multiprocessing
import re
import tracemalloc

from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import INITS, initial_ensemble, train_ensemble
from decision_boundary.geometry import is_convex
from decision_boundary.polygon import extract_boundary
import numpy as np
from oracles import mutant
import pytest
import torch

torch.set_num_threads(1)  # for tensors this small a second thread is in the way
pytestmark = pytest.mark.filterwarnings("error")
X, Y = circle_in_square(50, seed=1)
SETS_X, SETS_Y = map(np.array, zip(*(circle_in_square(50, d) for d in range(3))))


def assert_same(ours, expected, networks=slice(None)):
    for array, right in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(array, right[networks])


def random_case(H, N, S, G, sets):
    """Parameters, points and soft labels, with a point on all hinges, a huge logit."""
    rng = np.random.default_rng([H, N, S, G])
    parameters = rng.normal(size=(4 * H + 1, S, G))
    parameters[2 * H : 3 * H, 0, 0] = 0  # the biases of the first network
    parameters[-1, -1, -1] = 1000  # the output bias of the last network
    points, labels = rng.uniform(-1, 1, (sets, N, 2)), rng.uniform(0, 1, (sets, N, 1))
    points[:, 0] = 0
    return parameters, np.dstack([points, np.ones_like(labels)]), labels


def our_gradients(parameters, x, y, module=ensemble):
    """The gradients as an Ensemble; the buffers are larger than needed, and dirty."""
    buffers = ensemble.make_buffers(x.shape[1] + 2, parameters)
    buffers = [np.full_like(buffer, np.nan) for buffer in buffers]
    gradient = module.gradients(parameters, x, y, buffers)
    return ensemble.to_ensemble(gradient.reshape(len(parameters), -1))


def torch_loss(tensors, x, y):
    W, V, b, c = tensors
    logits = torch.relu(torch.as_tensor(x[:, :2]) @ W + b) @ V + c
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return loss(logits, torch.as_tensor(y))


def largest_deviation(module=ensemble):
    """From autograd's gradients, for groups of networks with points in common or not."""
    cases = (3, 64, 1, 5, 1), (1, 1, 1, 1, 1), (2, 7, 2, 2, 2), (8, 13, 3, 1, 1)
    deviations = []
    for H, N, S, G, sets in cases:
        parameters, x, y = random_case(H, N, S, G, sets)
        networks = ensemble.to_ensemble(parameters.reshape(-1, S * G))
        ours = our_gradients(parameters, x, y, module)
        for k in range(S * G):
            tensors = map(torch.tensor, chain(*networks.network(k)))
            tensors = [tensor.requires_grad_() for tensor in tensors]
            loss = torch_loss(tensors, x[k // G % sets], y[k // G % sets])
            pairs = zip(chain(*ours.network(k)), torch.autograd.grad(loss, tensors))
            deviations += [np.abs(own - right.numpy()).max() for own, right in pairs]
    return np.max(deviations)


def test_gradients_of_each_network():
    assert largest_deviation() < 1e-14


WRONG = {
    "np.tanh(delta, out=delta)": "pass",  # no sigmoid
    "x / (2 * N)": "x / 2",  # the sum instead of the mean
    "np.greater(z, 0": "np.greater_equal(z, 0",  # another slope at the kink
    "g *= a": "g *= abs(a)",
    "y.swapaxes(0, 1)": "y[:1].swapaxes(0, 1)",  # the first data set's labels
}


@pytest.mark.parametrize(("right", "wrong"), WRONG.items())
def test_wrong_gradients_are_noticed(right, wrong, tmp_path):
    module = mutant(ensemble.__file__, right, wrong, tmp_path)
    assert largest_deviation(module) > 1e-3


def test_networks_that_diverge_leave_the_others_alone_and_can_be_counted():
    parameters, x, y = random_case(3, 20, 1, 5, 1)
    expected = our_gradients(parameters, x, y)
    parameters[4, 0, 2], parameters[-1, 0, 4] = np.nan, np.inf
    finite = ensemble.to_ensemble(parameters[:, 0]).finite()
    assert finite.tolist() == [True, True, False, True, False]
    with np.errstate(invalid="ignore"):
        ours = our_gradients(parameters, x, y)
    assert_same([array[finite] for array in ours], expected, finite)
    diverged = train_ensemble(X, Y, networks=50, epochs=30, learning_rate=1e38)
    assert not diverged.finite().any()


def spied(monkeypatch, *args, **options):
    """The trained ensemble of one block, and its batches in this order."""
    batches, gradients = [], ensemble.gradients

    def spy(parameters, x, y, buffers):
        batches.append((x.copy(), y.copy()))
        assert {len(buffer) for buffer in buffers} == {batches[0][0].shape[1]}
        return gradients(parameters, x, y, buffers)

    monkeypatch.setattr(ensemble, "gradients", spy)
    return train_ensemble(*args, **options), batches


def test_training_is_that_of_each_network_alone_in_torch(monkeypatch):
    options = {"hidden_units": 4, "networks": 3, "init": "xavier", "dtype": np.float64}
    rates = {"epochs": 30, "batch_size": 16, "learning_rate": 0.05}
    trained, batches = spied(monkeypatch, X, Y, **options, **rates)
    assert len(batches) == 30 * 4
    for k in range(3):
        tensors = map(torch.tensor, chain(*initial_ensemble(**options).network(k)))
        tensors = [tensor.requires_grad_() for tensor in tensors]
        optimizer = torch.optim.Adam(tensors, lr=0.05)
        for x, y in batches:
            optimizer.zero_grad()
            torch_loss(tensors, x[0], y[0]).backward()
            optimizer.step()
        for ours, tensor in zip(chain(*trained.network(k)), tensors, strict=True):
            np.testing.assert_allclose(ours, tensor.detach(), rtol=0, atol=1e-9)


def test_each_epoch_has_all_points_once_in_an_order_of_its_own(monkeypatch):
    options = {"networks": 51, "epochs": 3, "batch_size": 16, "seed": 5}
    _, batches = spied(monkeypatch, SETS_X, SETS_Y, **options)
    assert [x.shape for x, _ in batches] == [(6, n, 3) for n in [16, 16, 16, 2] * 3]
    shuffles = [np.random.default_rng([5 + d, 1]) for d in range(3)]
    for epoch in range(3):
        x, y = map(np.hstack, zip(*batches[4 * epoch : 4 * epoch + 4]))
        orders = np.repeat([rng.permutation(50) for rng in shuffles], 2, axis=0)
        for group, order in enumerate(orders):
            right = SETS_X[group // 2, order].astype(np.float32)
            np.testing.assert_array_equal(x[group], np.insert(right, 2, 1, axis=1))
            np.testing.assert_array_equal(y[group], SETS_Y[group // 2, order])


def test_batches_larger_than_the_data_are_the_data(monkeypatch):
    huge, batches = spied(monkeypatch, X, Y, networks=2, epochs=2, batch_size=10**9)
    assert [x.shape for x, _ in batches] == [(1, 50, 3)] * 2
    assert_same(huge, train_ensemble(X, Y, networks=2, epochs=2, batch_size=50))


@pytest.mark.parametrize(("H", "points"), [(1, 50), (3, 512)])
def test_bits_depend_neither_on_blocks_nor_processes_nor_others(H, points, monkeypatch):
    data_sets = [circle_in_square(points, seed) for seed in range(3)]
    X, Y = map(np.array, zip(*data_sets))
    options = {"hidden_units": H, "epochs": 2, "batch_size": 512}
    many = train_ensemble(X, Y, networks=551, seed=7, **options)
    cases = (2**30, 2, 551), (1, 1, 60), (1, 3, 1), (2**17, 2, 60), (2**18, 2, 60)
    for size, processes, E in cases:
        monkeypatch.setattr(ensemble, "BLOCK_BYTES", size)
        monkeypatch.setattr(ensemble, "PROCESSES", processes)
        few = train_ensemble(X, Y, networks=E, seed=7, **options)
        for d, data_set in enumerate(data_sets):
            alone = train_ensemble(*data_set, networks=E, seed=7 + d, **options)
            assert_same(alone, few, slice(E * d, E * d + E))
            assert_same(alone, many, slice(551 * d, 551 * d + E))


@pytest.mark.parametrize(("H", "batch"), [(3, 20), (8, 10**3)])
def test_blocks_are_as_large_as_the_cache_allows(H, batch, monkeypatch):
    blocks, make_buffers = [], ensemble.make_buffers

    def spy(num_points, theta):
        buffers = make_buffers(num_points, theta)
        size = sum(buffer.nbytes for buffer in buffers) + 5 * theta.nbytes
        blocks.append((size, theta.shape[1]))
        return buffers

    monkeypatch.setattr(ensemble, "make_buffers", spy)
    monkeypatch.setattr(ensemble, "PROCESSES", 1)
    options = {"networks": 10**4, "hidden_units": H, "batch_size": batch, "epochs": 0}
    assert_same(train_ensemble(X, Y, **options), initial_ensemble(10**4, H))
    assert sum(groups for _, groups in blocks) == 200
    for size, groups in blocks[:-1]:
        assert size <= ensemble.BLOCK_BYTES == 2**20 < size * (groups + 1) / groups


def test_memory_is_bounded_by_three_times_the_parameters():
    tracemalloc.start()
    trained = train_ensemble(X, Y, networks=100_000, epochs=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * sum(array.nbytes for array in trained)


def test_processes_train_at_once_and_progress_is_reported(monkeypatch):
    both = multiprocessing.get_context("fork").Barrier(2)
    make_buffers, shares = ensemble.make_buffers, []

    def wait(*args):
        both.wait(timeout=10)
        return make_buffers(*args)

    monkeypatch.setattr(ensemble, "make_buffers", wait)
    monkeypatch.setattr(ensemble, "BLOCK_BYTES", 1)
    monkeypatch.setattr(ensemble, "PROCESSES", 2)
    train_ensemble(X, Y, networks=200, epochs=1, progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1]


def test_shapes_and_order():
    parameters = np.arange(13 * 2, dtype=np.float32).reshape(13, 2)
    networks = ensemble.to_ensemble(parameters)
    (W, V), (b, c) = networks.network(-1)  # the odd numbers
    assert W.tolist() == [[1, 3, 5], [7, 9, 11]] and b.tolist() == [13, 15, 17]
    assert V.tolist() == [[19], [21], [23]] and c.tolist() == [25]
    assert {array.dtype for array in (W, V, b, c)} == {np.dtype(float)}
    assert [array.shape for array in networks] == [(2, 2, 3), (2, 3), (2, 3), (2,)]
    assert not any(np.shares_memory(array, parameters) for array in networks)


@pytest.mark.parametrize("init", INITS)
def test_initial_networks(init):
    many = initial_ensemble(1000, 4, init, seed=7)
    assert not many.hidden_biases.any() and not many.output_biases.any()
    assert_same(initial_ensemble(10, 4, init, seed=7), many, slice(10))
    double = initial_ensemble(1000, 4, init, 7, np.float64)
    assert_same(many, [array.astype(np.float32) for array in double])
    assert (many.hidden_weights != initial_ensemble(1000, 4, init, 8)[0]).all()
    weights, biases = [np.ones((2, 4)), np.ones((4, 1))], [np.ones(4), np.ones(1)]
    ensemble.initialize(weights, biases, init, seed=7)
    assert_same(weights + biases, chain(*many.network(0)))


def test_xavier_and_positive_weights_are_uniform():
    draw = np.random.default_rng([3, 0]).uniform(-1, 1, (2000, 3, 4))
    for init, sign in ("xavier", 1), ("positive", np.sign(draw[:, 2])):
        initial = initial_ensemble(2000, 4, init, seed=3, dtype=np.float64)
        hidden, outgoing = initial.hidden_weights, sign * initial.output_weights
        np.testing.assert_allclose(hidden, np.sqrt(6 / (2 + 4)) * draw[:, :2])
        np.testing.assert_allclose(outgoing, np.sqrt(6 / (4 + 1)) * draw[:, 2])


@pytest.mark.parametrize("H", [1, 2, 3, 8])
def test_spread_weights_have_one_length_and_even_directions(H):
    spread = initial_ensemble(2000, H, "spread", 0, np.float64)
    directions = spread.hidden_weights[:, 0] + 1j * spread.hidden_weights[:, 1]
    np.testing.assert_allclose(abs(directions), spread.output_weights)
    np.testing.assert_allclose(spread.output_weights**2, 2 * 2 / (2 + H))  # 2 variances
    turns = np.exp(2j * np.pi / H * np.arange(H)) + np.zeros((2000, H))
    np.testing.assert_allclose(directions / directions[:, :1], turns)
    quarters = np.histogram(np.angle(directions[:, 0]), 4, (-np.pi, np.pi))[0]
    assert abs(quarters - 500).max() < 100


def test_defaults():
    defaults = (
        "learning_rate=0.03, init='spread', seed=0, dtype=<class 'numpy.float32'>"
    )
    defaults = f"networks=1000, epochs=256, batch_size=64, {defaults}, progress=None)"
    signature = str(inspect.signature(train_ensemble))
    assert signature == f"(X, y, hidden_units=3, {defaults}"
    assert_same(train_ensemble(X, Y, epochs=0), initial_ensemble())


def test_the_same_seed_saves_the_same_bytes_or_none(tmp_path, monkeypatch):
    for name, seed in ("a", 4), ("b.npz", 4), ("c", np.uint8(4)), ("d", 5):
        trained = train_ensemble(X, Y, networks=20, epochs=2, seed=seed)
        trained.save(str(tmp_path / name))
    a, b, c, d = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert a == b == c != d
    with np.load(tmp_path / "d") as file:
        assert tuple(file) == trained._fields
        assert all(array.dtype == np.float32 for array in file.values())
        assert_same(file.values(), trained)
    monkeypatch.setattr(np, "savez", lambda file, **_: file.write(b"half") / 0)
    with pytest.raises(ZeroDivisionError):
        trained.save(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == a


def hexagons(seed, init, limit=2):
    """How many of 100 networks have a closed convex hexagon in [-limit, limit]^2?"""
    points = circle_in_square(512, seed)
    trained = train_ensemble(*points, networks=100, init=init, seed=seed)
    count = 0
    for (W, V), biases in map(trained.network, range(100)):
        polylines = extract_boundary([limit * W, V], biases)
        if [(len(p.vertices), p.closed) for p in polylines] == [(6, True)]:
            count += is_convex(polylines[0].vertices)
    return count


def test_spread_always_gives_a_convex_hexagon_and_xavier_seldom():
    assert hexagons(0, "spread") == hexagons(217, "spread") == 100
    assert hexagons(217, "spread", limit=1) < 90  # some corners are out of the square
    assert hexagons(0, "xavier") < 40


SIZE, RATE = "an integer >= 1", "a finite number > 0"


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("hidden_units", 0, ValueError, f"be {SIZE}, not 0"),
        ("networks", 0, ValueError, f"be {SIZE}, not 0"),
        ("networks", "1000", TypeError, f"be {SIZE}, not '1000'"),
        ("epochs", -1, ValueError, "be an integer >= 0, not -1"),
        ("batch_size", 0, ValueError, f"be {SIZE}, not 0"),
        ("batch_size", 64.5, TypeError, f"be {SIZE}, not 64.5"),
        ("seed", -1, ValueError, "be an integer >= 0, not -1"),
        ("learning_rate", 0, ValueError, f"be {RATE}, not 0"),
        ("init", "x", ValueError, "be one of xavier, positive, spread, not 'x'"),
        ("dtype", int, ValueError, "be numpy.float32 or numpy.float64, not <class"),
        ("X", X[:, :1], ValueError, "have shape (N, 2), not (50, 1)"),
        ("X", SETS_X[..., :1], ValueError, "have shape (D, N, 2), not (3, 50, 1)"),
        ("X", X * np.inf, ValueError, "be finite numbers, not "),
        ("y", Y[:, 0], ValueError, "have shape (50, 1), not (50,)"),
        ("y", 2 * Y, ValueError, "be numbers in [0, 1], not 2.0"),
    ],
)
def test_bad_input(name, value, error, message):
    arguments = {"X": X, "y": Y, "networks": 2, "epochs": 1} | {name: value}
    with pytest.raises(error, match=rf"^{name} must {re.escape(message)}"):
        train_ensemble(**arguments)


def test_lists_small_integers_and_booleans_are_accepted():
    X, y, sizes = [[0, 1], [1, 1], [-1, 0]], [[0], [1], [1]], [128, 3, 2, 3]
    expected = train_ensemble(np.array(X, float), np.array(y, float), *sizes, 1.0)
    ours = train_ensemble(X, np.array(y, bool), *map(np.uint8, sizes), 1)
    assert_same(ours, expected)
