"""The ensemble: its gradients, its Adam, its initial networks and their hexagons."""

from itertools import chain
import multiprocessing
import re

from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import INITS, initial_ensemble, train_ensemble
from decision_boundary.shared import boundaries
import numpy as np
import pytest
import torch

pytestmark = pytest.mark.filterwarnings("error")
X, Y = circle_in_square(50, seed=1)
SETS_X, SETS_Y = map(np.array, zip(*(circle_in_square(50, d) for d in range(3))))


def assert_same(ours, expected, networks=slice(None)):
    for array, right in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(array, right[networks], strict=True)


def random_case(H, N, S, G, sets):
    """Parameters, points and soft labels, with a point on all hinges, a huge logit."""
    rng = np.random.default_rng([H, N, S, G])
    parameters = rng.normal(size=(4 * H + 1, S, G))
    parameters[2 * H : 3 * H, 0, 0] = 0  # the biases of the first network
    parameters[-1, -1, -1] = 1000  # the output bias of the last network
    points, labels = rng.uniform(-1, 1, (sets, N, 2)), rng.uniform(0, 1, (sets, N, 1))
    points[:, 0] = 0
    return parameters, np.dstack([points, np.ones_like(labels)]), labels


def our_gradients(parameters, x, y):
    buffers = ensemble.make_buffers(x.shape[1] + 2, parameters)  # larger than needed
    return ensemble.gradients(parameters, x, y, buffers)


def torch_gradients(parameters, x, y):
    """Autograd's gradients of the sum of all networks' mean losses."""
    theta = torch.tensor(parameters, requires_grad=True)
    w, a, c = ensemble.split(theta)
    x, y = (torch.tensor(v).expand(len(c), -1, -1) for v in (x, y))
    logits = (torch.einsum("snj,jhsg->hsng", x, w).relu() * a[:, :, None]).sum(0)
    logits = logits + c[:, None]
    losses = torch.logaddexp(logits, 0 * logits) - y * logits
    return torch.autograd.grad(losses.sum() / y.shape[1], theta)[0]


@pytest.mark.parametrize("sizes", [(3, 64, 3, 5, 1), (1, 1, 1, 1, 1), (2, 7, 2, 2, 2)])
def test_gradients_of_each_network_are_autograds(sizes):
    case = random_case(*sizes)
    deviations = our_gradients(*case) - torch_gradients(*case).numpy()
    assert np.abs(deviations).max() < 1e-14


def test_networks_that_diverge_leave_the_others_alone_and_can_be_counted():
    parameters, x, y = random_case(3, 20, 1, 5, 1)
    expected = our_gradients(parameters, x, y)
    parameters[4, 0, 2], parameters[-1, 0, 4] = np.nan, np.inf
    finite = ensemble.to_ensemble(parameters[:, 0]).finite()
    assert finite.tolist() == [True, True, False, True, False]
    with np.errstate(invalid="ignore"):
        ours = our_gradients(parameters, x, y)
    np.testing.assert_array_equal(ours[..., finite], expected[..., finite])
    diverged = train_ensemble(X, Y, networks=50, epochs=30, learning_rate=1e38)
    assert not diverged.finite().any()


def test_training_is_torchs_adam_on_batches_shuffled_in_each_epoch():
    options = {"hidden_units": 4, "init": "xavier", "dtype": np.float64}
    rates = {"epochs": 10, "batch_size": 16, "learning_rate": 0.05}
    trained = train_ensemble(SETS_X, SETS_Y, networks=3, seed=5, **options, **rates)
    for d, (X, y) in enumerate(zip(SETS_X, SETS_Y)):
        initial = ensemble.initial_parameters(3, seed=5 + d, **options)
        theta = torch.tensor(initial[:, None])
        shuffle = np.random.default_rng([5 + d, 1])
        optimizer = torch.optim.Adam([theta], lr=0.05)
        for _ in range(10):
            for batch in np.split(shuffle.permutation(50), [16, 32, 48]):
                x = np.insert(X[None, batch], 2, 1, axis=2)
                theta.grad = torch_gradients(theta.numpy(), x, y[None, batch])
                optimizer.step()
        for ours, right in zip(trained, ensemble.to_ensemble(theta[:, 0].numpy())):
            np.testing.assert_allclose(ours[3 * d :][:3], right, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("H", "points"), [(1, 50), (3, 512)])
def test_bits_depend_neither_on_blocks_nor_processes_nor_others(H, points, monkeypatch):
    data_sets = [circle_in_square(points, seed) for seed in range(3)]
    X, Y = map(np.array, zip(*data_sets))
    options = {"hidden_units": H, "epochs": 2, "batch_size": 10**9}
    many = train_ensemble(X, Y, networks=551, seed=7, **options)
    cases = (2**30, 2, 551), (1, 1, 60), (1, 3, 1), (2**17, 2, 60), (2**18, 2, 60)
    for size, processes, E in cases:
        monkeypatch.setattr(ensemble, "BLOCK_BYTES", size)
        monkeypatch.setattr(ensemble, "PROCESSES", processes)
        fewer = train_ensemble(X, Y, networks=E, seed=7, **options)
        for d, data_set in enumerate(data_sets):
            alone = train_ensemble(*data_set, networks=E, seed=7 + d, **options)
            assert_same(alone, fewer, slice(E * d, E * d + E))
            assert_same(alone, many, slice(551 * d, 551 * d + E))


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


@pytest.mark.parametrize("init", INITS)
def test_initial_networks_depend_on_the_seed_and_not_on_their_number(init):
    many = initial_ensemble(1000, 4, init, seed=7)
    assert not many.hidden_biases.any() and not many.output_biases.any()
    assert_same(initial_ensemble(10, 4, init, seed=7), many, slice(10))
    assert (many.hidden_weights != initial_ensemble(1000, 4, init, 8)[0]).all()
    weights, biases = [np.ones((2, 4)), np.ones((4, 1))], [np.ones(4), np.ones(1)]
    ensemble.initialize(weights, biases, init, seed=7)
    assert_same(weights + biases, chain(*many.network(0)))


def test_xavier_and_positive_weights_are_uniform():
    draw = np.random.default_rng([3, 2]).uniform(-1, 1, (9, 3, 4))
    for init, sign in ("xavier", 1), ("positive", np.sign(draw[:, 2])):
        initial = initial_ensemble(9, 4, init, seed=3, dtype=np.float64)
        hidden, outgoing = initial.hidden_weights, sign * initial.output_weights
        np.testing.assert_allclose(hidden, np.sqrt(6 / (2 + 4)) * draw[:, :2])
        np.testing.assert_allclose(outgoing, np.sqrt(6 / (4 + 1)) * draw[:, 2])


@pytest.mark.parametrize("H", [1, 3, 8])
def test_spread_weights_have_one_length_and_even_directions(H):
    spread = initial_ensemble(2000, H, dtype=np.float64)
    directions = spread.hidden_weights[:, 0] + 1j * spread.hidden_weights[:, 1]
    np.testing.assert_allclose(abs(directions), spread.output_weights)
    np.testing.assert_allclose(spread.output_weights**2, 2 * 2 / (2 + H))  # 2 variances
    turns = np.exp(2j * np.pi / H * np.arange(H)) + np.zeros((2000, H))
    np.testing.assert_allclose(directions / directions[:, :1], turns)
    quarters = np.histogram(np.angle(directions[:, 0]), 4, (-np.pi, np.pi))[0]
    assert abs(quarters - 500).max() < 100


def test_defaults():
    defaults = 3, 1000, 256, 64, 0.03, "spread", 0, np.float32, None
    assert train_ensemble.__defaults__ == defaults
    assert_same(train_ensemble(X, Y, epochs=0), initial_ensemble())


def test_the_same_seed_saves_the_same_bytes(tmp_path):
    for name, points in ("a", X), ("b.npz", X.tolist()):
        trained = train_ensemble(points, Y > 0, networks=np.uint8(20), epochs=2)
        trained.save(str(tmp_path / name))
    a, b = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert a == b
    with np.load(tmp_path / "a") as file:
        assert tuple(file) == trained._fields
        assert_same(file.values(), trained)


def test_spread_always_gives_a_convex_hexagon_and_xavier_seldom():
    for init, counts in ("spread", [100]), ("xavier", range(1, 41)):
        trained = train_ensemble(*circle_in_square(seed=0), networks=100, init=init)
        assert len(boundaries.extract_all(trained).polygons(6)) in counts


BAD = [
    ("hidden_units", 0, "be an integer >= 1, not 0"),
    ("epochs", -1, "be an integer >= 0, not -1"),
    ("batch_size", 0, "be an integer >= 1, not 0"),
    ("learning_rate", 0, "be a finite number > 0, not 0"),
    ("init", "x", "be one of xavier, positive, spread, not 'x'"),
    ("X", X[:, :1], "have shape (N, 2), not (50, 1)"),
    ("X", SETS_X[..., :1], "have shape (D, N, 2), not (3, 50, 1)"),
    ("y", Y[:, 0], "have shape (50, 1), not (50,)"),
    ("y", 2 * Y, "be numbers in [0, 1], not 2.0"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_input_is_named(name, value, message):
    arguments = {"X": X, "y": Y, "networks": 2, "epochs": 1} | {name: value}
    with pytest.raises(ValueError, match=rf"^{name} must {re.escape(message)}"):
        train_ensemble(**arguments)
