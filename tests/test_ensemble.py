"""The ensemble: its gradients, its Adam and its initial networks."""

import inspect
import re

from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import Ensemble, initial_ensemble, train_ensemble
import numpy as np
import pytest
import torch

pytestmark = pytest.mark.filterwarnings("error")
DATA_SETS = [circle_in_square(50, seed) for seed in range(3)]
X, Y = DATA_SETS[0]
SETS_X = np.stack([X for X, _ in DATA_SETS])
SETS_Y = np.stack([y for _, y in DATA_SETS])


def assert_same(ours, expected):
    for array, right in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(array, right, strict=True)


def torch_loss(w, a, c, x, y):
    """The sum of the mean losses of w (D, E, H, 3), a (D, E, H) and c (D, E)."""
    z = w @ x.mT[:, None]  # (D, E, H, 3) @ (D, 1, 3, n)
    f = (a[..., None] * z.relu()).sum(dim=2) + c[..., None]  # (D, E, n)
    losses = torch.logaddexp(f, 0 * f) - y[:, None] * f
    return losses.mean(dim=2).sum()


@pytest.mark.parametrize("shape", [(1, 5, 3, 64), (2, 1, 1, 1), (2, 3, 4, 7)], ids=str)
def test_gradients_of_each_network_are_autograds(shape):
    D, E, H, n = shape
    rng = np.random.default_rng(0)
    w = rng.normal(size=(D, E, H, 3))
    a = rng.normal(size=(D, E, H))
    c = rng.normal(size=(D, E))
    x = np.dstack([rng.uniform(-1, 1, (D, n, 2)), np.ones((D, n))])
    y = rng.uniform(0, 1, (D, n))
    w[0, 0, :, 2] = 0
    x[0, 0, :2] = 0  # on all hinges of the first network
    c[-1, -1] = 1000
    ours = ensemble.gradients(w, a, c, x, y, *ensemble.make_buffers(a, n))
    parameters = [torch.tensor(array, requires_grad=True) for array in (w, a, c)]
    loss = torch_loss(*parameters, torch.tensor(x), torch.tensor(y))
    for g, right in zip(ours, torch.autograd.grad(loss, parameters), strict=True):
        np.testing.assert_allclose(g, right.numpy(), rtol=0, atol=1e-14)


def train_with_torch(X, y, initial, shuffle):
    """The parameters after 10 epochs in batches of 16."""
    W, b, a, c = parameters = [torch.tensor(array[None]) for array in initial]
    for theta in parameters:
        theta.requires_grad_()
    optimizer = torch.optim.Adam(parameters, lr=0.05)
    x = torch.tensor(np.hstack([X, np.ones_like(y)]))
    y = torch.tensor(y[:, 0])
    for _ in range(10):
        order = shuffle.permutation(len(X))
        for start in range(0, len(X), 16):
            batch = order[start : start + 16]
            w = torch.cat([W, b[:, :, None]], dim=2).mT  # (1, E, H, 3)
            optimizer.zero_grad()
            torch_loss(w, a, c, x[None, batch], y[None, batch]).backward()
            optimizer.step()
    return [theta[0].detach().numpy() for theta in parameters]


def test_training_is_torchs_adam_on_batches_shuffled_anew_in_each_epoch():
    options = {"hidden_units": 4, "init": "xavier", "dtype": "float64"}
    rates = {"epochs": 10, "batch_size": 16, "learning_rate": 0.05}
    trained = train_ensemble(SETS_X, SETS_Y, networks=3, seed=5, **options, **rates)
    for d, (X, y) in enumerate(DATA_SETS):
        initial = initial_ensemble(3, seed=5 + d, **options)
        shuffle = np.random.default_rng([5 + d, 1])
        expected = train_with_torch(X, y, initial, shuffle)
        for array, right in zip(trained, expected):
            np.testing.assert_allclose(array[3 * d : 3 * d + 3], right, atol=1e-12)


def test_networks_that_diverge_leave_the_others_alone(monkeypatch):
    expected = train_ensemble(X, Y, networks=5, epochs=2)
    initial = initial_ensemble(5)
    initial.hidden_weights[0, 1, 2] = np.nan
    initial.hidden_biases[1, 2] = np.inf
    initial.output_weights[2, 2] = -np.inf
    initial.output_biases[3] = np.nan
    monkeypatch.setattr(ensemble, "initial_ensemble", lambda *_: initial)
    trained = train_ensemble(X, Y, networks=5, epochs=2)
    assert np.isfinite(trained.output_biases).tolist() == [False] * 4 + [True]
    assert_same([array[4] for array in trained], [array[4] for array in expected])


def test_a_learning_rate_that_is_too_high_warns_of_nothing():
    trained = train_ensemble(X, Y, networks=5, epochs=30, learning_rate=1e38)
    assert not np.isfinite(trained.output_biases).any()


def test_a_network_has_the_shapes_of_a_list_of_layers():
    arrays = np.arange(12).reshape(2, 2, 3), np.eye(2, 3), np.ones((2, 3)), np.arange(2)
    networks = Ensemble(*(array.astype(np.float32) for array in arrays))
    (W, V), (b, c) = networks.network(-1)
    assert W.tolist() == [[6, 7, 8], [9, 10, 11]]
    assert V.tolist() == [[1], [1], [1]]
    assert b.tolist() == [0, 1, 0]
    assert c.tolist() == [1]
    assert {array.dtype for array in (W, V, b, c)} == {np.dtype(np.float64)}


@pytest.mark.parametrize("init", ["xavier", "positive"])
def test_weights_are_xaviers_or_their_positive_outgoing_ones(init):
    uniform = np.random.default_rng([3, 2]).uniform(-1, 1, (9, 3, 3))
    W, b, a, c = initial_ensemble(9, 3, init, seed=3, dtype=np.float64)
    outgoing = uniform[:, 2] if init == "xavier" else abs(uniform[:, 2])
    np.testing.assert_allclose(W, np.sqrt(6 / (2 + 3)) * uniform[:, :2])
    np.testing.assert_allclose(a, np.sqrt(6 / (3 + 1)) * outgoing)
    assert not b.any()
    assert not c.any()


@pytest.mark.parametrize("H", [1, 3, 8])
def test_spread_weights_have_one_length_and_even_directions(H):
    W, b, a, c = initial_ensemble(2000, H, "spread", dtype=np.float64)
    directions = W[:, 0] + 1j * W[:, 1]
    # A uniform number in +-limit has the mean square limit^2 / 3, and w_h has two
    np.testing.assert_allclose(abs(directions) ** 2, 2 * 6 / (2 + H) / 3)
    np.testing.assert_allclose(a, abs(directions))
    turns = np.exp(2j * np.pi / H * np.arange(H))
    np.testing.assert_allclose(directions, directions[:, :1] * turns)
    # Uniform: a quarter has 500 +- 19 of the 2,000 rotations
    quarters, _ = np.histogram(np.angle(directions[:, 0]), 4, (-np.pi, np.pi))
    assert abs(quarters - 500).max() < 100
    assert not b.any()
    assert not c.any()


def test_defaults():
    _, _, *options = inspect.signature(train_ensemble).parameters.values()
    defaults = [3, 1000, 256, 64, 0.03, "spread", 0, np.float32]
    assert [option.default for option in options] == defaults
    assert_same(train_ensemble(X, Y, epochs=0), initial_ensemble())


def test_the_same_call_gives_the_same_bits_from_lists_and_booleans_too():
    first = train_ensemble(X, Y, networks=20, epochs=2)
    assert_same(train_ensemble(X.tolist(), Y > 0, networks=20, epochs=2), first)


BAD = [
    ("hidden_units", 0, "be an integer >= 1, not 0"),
    ("networks", 0, "be an integer >= 1, not 0"),
    ("epochs", -1, "be an integer >= 0, not -1"),
    ("batch_size", 0, "be an integer >= 1, not 0"),
    ("learning_rate", 0, "be a finite number > 0, not 0"),
    ("seed", -1, "be an integer >= 0, not -1"),
    ("init", "x", "be one of xavier, positive, spread, not 'x'"),
    ("dtype", np.float16, "be float32 or float64, not float16"),
    ("dtype", int, "be float32 or float64, not int64"),
    ("X", X[:, :1], "have shape (N, 2), not (50, 1)"),
    ("X", SETS_X[..., :1], "have shape (D, N, 2), not (3, 50, 1)"),
    ("X", X * np.nan, "be finite numbers, not nan"),
    ("y", Y[:, 0], "have shape (50, 1), not (50,)"),
    ("y", 2 * Y, "be numbers in [0, 1], not 2.0"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_input_is_named(name, value, message):
    arguments = {"X": X, "y": Y, "networks": 2, "epochs": 1, name: value}
    with pytest.raises(ValueError, match=rf"^{name} must {re.escape(message)}$"):
        train_ensemble(**arguments)
