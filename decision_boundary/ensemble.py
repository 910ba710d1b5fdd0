"""A thousand small networks, trained at once.

Each network has one hidden ReLU layer of H units and one logit. With a constant 1
appended to the input x, the bias of a unit is its third weight:

    z_h = w_h . x,    f = sum_h a_h relu(z_h) + c.

The 4 H + 1 parameters of network k are column k of one array (4 H + 1, E): in its rows,
the three entries of all w_h, the a_h, and c. The networks come last in every array, so
that each NumPy operation runs along a thousand neighbouring numbers, and all units of
all networks are one matrix of weights (3, H E).
"""

import io
import reprlib
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from decision_boundary.results import write_files

INITS = ("xavier", "positive", "spread")
DTYPES = (np.float32, np.float64)


class Ensemble(NamedTuple):
    """The parameters of E networks with H hidden units; network k has index k."""

    hidden_weights: np.ndarray  # (E, 2, H)
    hidden_biases: np.ndarray  # (E, H)
    output_weights: np.ndarray  # (E, H)
    output_biases: np.ndarray  # (E,)

    def network(self, k):
        """Weights [(2, H), (H, 1)] and biases [(H,), (1,)] of network k, in float64."""
        weights = self.hidden_weights[k], self.output_weights[k][:, None]
        biases = self.hidden_biases[k], self.output_biases[[k]]
        return [w.astype(float) for w in weights], [b.astype(float) for b in biases]

    def finite(self):
        """(E,): is every parameter of the network finite?"""
        rows = [array.reshape(len(array), -1) for array in self]
        return np.isfinite(np.hstack(rows)).all(axis=1)

    def save(self, path):
        """Write the four arrays under their names to `path`, a .npz file."""
        buffer = io.BytesIO()
        np.savez(buffer, **self._asdict())
        write_files({path: buffer.getvalue()})


def split(parameters):
    """Views of the parameters (4 H + 1, E): w (3, H, E), a (H, E) and c (E,)."""
    H = len(parameters) // 4
    w = parameters[: 3 * H].reshape(3, H, -1)
    return w, parameters[3 * H : -1], parameters[-1]


def to_ensemble(parameters):
    """The parameters (4 H + 1, E), copied into arrays that have the networks first."""
    w, a, c = split(parameters)
    arrays = w[:2].transpose(2, 0, 1), w[2].T, a.T, c
    return Ensemble(*(array.copy() for array in arrays))


def make_buffers(num_points, parameters):
    """What `gradients` computes in, for up to so many points: z, [z > 0] and delta."""
    H, E = len(parameters) // 4, parameters.shape[1]
    shapes = (num_points, H, E), (num_points, H, E), (num_points, E)
    return [np.empty(shape, parameters.dtype) for shape in shapes]


@np.errstate(all="ignore")  # a network that diverges is counted, not warned about
def gradients(parameters, x, y, buffers):
    """The gradient of each network's loss E, the mean binary cross-entropy.

    With sigma(f) = 1 / (1 + e^-f), which is right for infinite e^-f too, and [.] = 1 or 0,

        delta = sigma(f) - y,            dE/dc = mean delta,
        g_h = mean [z_h > 0] delta x,    dE/dw_h = a_h g_h,    dE/da_h = w_h . g_h,

    the last because relu(z_h) = [z_h > 0] w_h . x. So a_h dE/da_h = w_h . dE/dw_h:
    gradient flow conserves a_h^2 - |w_h|^2.

    x (N, 3) ends in a column of ones; y (N, 1); buffers are from make_buffers. The
    result has the shape of the parameters, (4 H + 1, E).
    """
    w, a, c = split(parameters)
    N = len(x)
    z, active, delta = (buffer[:N] for buffer in buffers)  # (N, H, E) twice, (N, E)

    # (N, 3) @ (3, H E) -> (N, H E)
    np.matmul(x, w.reshape(3, -1), out=z.reshape(N, -1))
    np.greater(z, 0, out=active)
    np.einsum("nhe,nhe,he->ne", active, z, -a, out=delta)
    delta -= c  # delta is -f
    np.exp(delta, out=delta)
    delta += 1
    np.divide(1, delta, out=delta)
    delta -= y
    active *= delta[:, None]
    # (3, N) @ (N, H E) -> (3, H E)
    g = (x.T / N @ active.reshape(N, -1)).reshape(w.shape)

    gradient = np.empty_like(parameters)
    dw, da, dc = split(gradient)
    np.multiply(a, g, out=dw)
    np.einsum("ihe,ihe->he", w, g, out=da)
    np.matmul(x[:, 2] / N, delta, out=dc)  # a mean, faster than np.mean
    return gradient


class Adam:
    """Adam (Kingma and Ba, 2015) on one array, in place; t counts the steps.

    m <- beta_1 m + (1 - beta_1) g,    v <- beta_2 v + (1 - beta_2) g^2,
    theta <- theta - eta m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
    """

    beta_1, beta_2, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, parameters, learning_rate):
        self.theta, self.eta, self.t = parameters, learning_rate, 0
        self.m, self.v = np.zeros_like(parameters), np.zeros_like(parameters)

    @np.errstate(all="ignore")
    def step(self, g):
        self.t += 1
        self.m += (1 - self.beta_1) * (g - self.m)
        self.v += (1 - self.beta_2) * (g**2 - self.v)
        root = np.sqrt(self.v / (1 - self.beta_2**self.t)) + self.epsilon
        self.theta -= self.eta / (1 - self.beta_1**self.t) * self.m / root


def _require(name, value, valid, allowed, types=object):
    if not isinstance(value, types) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}; {allowed} is allowed")
    if not valid(value):
        raise ValueError(f"{name} is {value!r}; {allowed} is allowed")


def _integer(name, value, least=1):
    _require(name, value, lambda v: v >= least, f"an integer >= {least}", Integral)
    return int(value)


def _positive(name, value):
    def valid(v):
        return 0 < v < np.inf and int(v) < 10**308  # no more, were it an integer

    _require(name, value, valid, "a finite number > 0", Real)


def _array(name, value, dtype):
    try:
        with np.errstate(over="ignore"):  # what the dtype cannot hold becomes infinite
            return np.asarray(value).astype(dtype, casting="same_kind")
    except (TypeError, ValueError):
        text = f"{name} is {reprlib.repr(value)}; an array of real numbers is allowed"
        raise TypeError(text) from None


def _require_all(name, array, valid, allowed):
    if not valid.all():
        raise ValueError(f"{name} holds {array[~valid][0]}; {allowed} is allowed")


def _points(X, y, dtype):
    X, y = _array("X", X, dtype), _array("y", y, dtype)
    if X.ndim != 2 or X.shape[1] != 2 or len(X) == 0:
        raise ValueError(f"X has shape {X.shape}; (N, 2) with N >= 1 is allowed")
    if y.shape != (len(X), 1):
        raise ValueError(f"y has shape {y.shape}; ({len(X)}, 1) is allowed")
    _require_all("X", X, np.isfinite(X), "a finite number")
    _require_all("y", y, (y >= 0) & (y <= 1), "a number in [0, 1]")
    return X, y


def initial_parameters(networks, hidden_units, init, seed, dtype):
    """The parameters (4 H + 1, E) before training; column k is the same for every E.

    All biases are zero. "xavier": weights uniform in +-sqrt(6 / (fan_in + fan_out)),
    Glorot and Bengio (2010). "positive": the same, the outgoing ones made positive.
    "spread": also, the hidden weight vectors all get Xavier's root mean square length,
    2 / sqrt(2 + H), and directions 2 pi / H apart under a random rotation.
    """
    E, H = _integer("networks", networks), _integer("hidden_units", hidden_units)
    _require("init", init, lambda v: v in INITS, " or ".join(INITS))
    _require("dtype", dtype, lambda v: v in DTYPES, "numpy.float32 or numpy.float64")

    start, _ = np.random.SeedSequence(_integer("seed", seed, 0)).spawn(2)
    draw = np.random.default_rng(start).uniform(-1, 1, (E, 3 * H + 1))
    hidden = np.sqrt(6 / (2 + H)) * draw[:, : 2 * H].reshape(E, 2, H)
    outgoing = np.sqrt(6 / (H + 1)) * draw[:, 2 * H : -1]
    if init != "xavier":
        outgoing = np.abs(outgoing)
    if init == "spread":
        angles = np.pi * draw[:, -1:] + 2 * np.pi / H * np.arange(H)  # (E, H)
        hidden = 2 / np.sqrt(2 + H) * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    parameters = np.zeros((4 * H + 1, E), dtype)
    w, a, _ = split(parameters)
    w[:2], a[:] = hidden.transpose(1, 2, 0), outgoing.T
    return parameters


def initial_ensemble(
    networks=1000, hidden_units=3, init="spread", seed=0, dtype=np.float32
):
    """The networks from which `train_ensemble` starts, given the same arguments."""
    return to_ensemble(initial_parameters(networks, hidden_units, init, seed, dtype))


def start_like(weights, biases, init, seed):
    """Give a 2-H-1 network's arrays the values of an ensemble's first network."""
    H = weights[0].shape[1]
    start_weights, start_biases = initial_ensemble(1, H, init, seed).network(0)
    for own, start in zip([*weights, *biases], [*start_weights, *start_biases]):
        own[...] = start


def train_ensemble(
    X,
    y,
    hidden_units=3,
    networks=1000,
    epochs=256,
    batch_size=64,
    learning_rate=0.03,
    init="spread",
    seed=0,
    dtype=np.float32,
    progress=None,
):
    """Train E networks with Adam on their mean binary cross-entropy; an Ensemble.

    X (N, 2), y (N, 1). All networks see the same batches, shuffled in each epoch. After
    epoch t = 1, 2, ... progress(t) is called. A network that diverges does not affect
    the others; `Ensemble.finite` tells which. Raises TypeError or ValueError for an
    argument that is not allowed.
    """
    parameters = initial_parameters(networks, hidden_units, init, seed, dtype)
    X, y = _points(X, y, dtype)
    epochs, n = _integer("epochs", epochs, 0), _integer("batch_size", batch_size)
    _positive("learning_rate", learning_rate)

    x = np.hstack([X, np.ones_like(y)])
    buffers = make_buffers(min(n, len(x)), parameters)
    optimizer = Adam(parameters, float(learning_rate))
    _, shuffle = np.random.SeedSequence(seed).spawn(2)
    rng = np.random.default_rng(shuffle)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        for i in range(0, len(x), n):
            batch = order[i : i + n]
            optimizer.step(gradients(parameters, x[batch], y[batch], buffers))
        if progress:
            progress(epoch)
    return to_ensemble(parameters)
