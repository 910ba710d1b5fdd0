"""Thousands of small networks, trained at once, on one data set or on many.

Each network has one hidden ReLU layer of H units and one logit. The input x ends with a
constant 1, so that the bias of a unit is its third weight:

    z_h = w_h . x,    f = sum_h a_h relu(z_h) + c.

Arrays have an axis for the D data sets, then one for the E networks of each.
"""

from typing import NamedTuple

from decision_boundary.checks import (
    finite_array,
    integer,
    labels_array,
    positive_number,
)
import numpy as np

INITS = ("xavier", "positive", "spread")


class Ensemble(NamedTuple):
    """The parameters of E networks with H hidden units; network k has index k."""

    hidden_weights: np.ndarray  # (E, 2, H)
    hidden_biases: np.ndarray  # (E, H)
    output_weights: np.ndarray  # (E, H)
    output_biases: np.ndarray  # (E,)

    def network(self, k):
        """Weights [(2, H), (H, 1)] and biases [(H,), (1,)] of network k, in float64."""
        weights = [self.hidden_weights[k], self.output_weights[k][:, None]]
        biases = [self.hidden_biases[k], self.output_biases[[k]]]
        return [W.astype(float) for W in weights], [b.astype(float) for b in biases]


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
):
    """Train networks with Adam on mean binary cross-entropy, in float32 or float64.

    X (N, 2) and y (N, 1), or D data sets at once: X (D, N, 2) and y (D, N, 1). Then
    network k of data set d has index d * networks + k, and starts and is shuffled with
    seed + d. The networks of a data set see the same batches, in an order that is new
    in each epoch. One that diverges does not affect the others.
    """
    x, y = points_with_ones(X, y)
    epochs = integer("epochs", epochs, least=0)
    batch_size = integer("batch_size", batch_size, least=1)
    learning_rate = positive_number("learning_rate", learning_rate)
    seed = integer("seed", seed, least=0)
    seeds = range(seed, seed + len(x))
    starts = [initial_ensemble(networks, hidden_units, init, s, dtype) for s in seeds]
    parameters = stacked(starts)
    x = x.astype(dtype)
    y = y.astype(dtype)
    batches = shuffled_batches(x, y, epochs, batch_size, seeds)
    descend(parameters, batches, learning_rate)
    return to_ensemble(*parameters)


def shuffled_batches(x, y, epochs, batch_size, seeds):
    """Yield batches x (D, n, 3) and y (D, n), each data set in an order of its own."""
    D, N, _ = x.shape
    sets = np.arange(D)[:, None]
    shuffles = [np.random.default_rng([seed, 1]) for seed in seeds]
    for _ in range(epochs):
        orders = np.stack([rng.permutation(N) for rng in shuffles])  # (D, N)
        for start in range(0, N, batch_size):
            batch = orders[:, start : start + batch_size]  # (D, n)
            yield x[sets, batch], y[sets, batch]


@np.errstate(all="ignore")  # a network that diverges is no reason for a warning
def descend(parameters, batches, learning_rate):
    """Train the parameters w (D, E, H, 3), a (D, E, H) and c (D, E), in place."""
    _, a, _ = parameters
    moments = [(np.zeros_like(theta), np.zeros_like(theta)) for theta in parameters]
    buffers = {}  # by the number of points: the last batch can be smaller
    for t, (x, y) in enumerate(batches, start=1):
        n = x.shape[1]
        if n not in buffers:
            buffers[n] = make_buffers(a, n)
        grads = gradients(*parameters, x, y, *buffers[n])
        for theta, (m, v), g in zip(parameters, moments, grads):
            adam_step(theta, m, v, g, t, learning_rate)


def make_buffers(a, n):
    """Arrays for z and relu'(z): new ones in every step can take 1.5 times the time."""
    z = np.empty((*a.shape, n), a.dtype)  # (D, E, H, n)
    return z, np.empty_like(z)


def gradients(w, a, c, x, y, z, active):
    """The gradients of each network's loss L, the mean binary cross-entropy.

    With sigma(f) = 1 / (1 + e^-f) and delta = sigma(f) - y,

        dL/dc = mean delta,    g_h = mean delta relu'(z_h) x,
        dL/dw_h = a_h g_h,     dL/da_h = mean delta relu(z_h) = w_h . g_h.

    w (D, E, H, 3), a (D, E, H), c (D, E), batches x (D, n, 3) and y (D, n), and buffers
    z and active (D, E, H, n). Returns the gradients of w, a and c.
    """
    D, E, H, _ = w.shape
    n = x.shape[1]
    # (D, E H, 3) @ (D, 3, n) -> (D, E H, n)
    np.matmul(w.reshape(D, E * H, 3), x.mT, out=z.reshape(D, E * H, n))
    np.greater(z, 0, out=active)  # relu'(z)
    relu_z = np.multiply(z, active, out=z)
    f = np.einsum("deh,dehn->den", a, relu_z) + c[:, :, None]
    delta = 1 / (1 + np.exp(-f)) - y[:, None]
    active *= delta[:, :, None]  # delta relu'(z)
    # (D, E H, n) @ (D, n, 3) -> (D, E H, 3)
    g = active.reshape(D, E * H, n) @ (x / n)
    g = g.reshape(D, E, H, 3)
    dw = a[..., None] * g
    da = np.einsum("dehi,dehi->deh", w, g)
    return dw, da, delta.mean(axis=-1)


def adam_step(theta, m, v, g, t, learning_rate):
    """Adam's step t = 1, 2, ... (Kingma and Ba, 2015), in place, with its defaults."""
    m += (1 - 0.9) * (g - m)
    v += (1 - 0.999) * (g**2 - v)
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    theta -= learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8)


# Initial weights


def initial_ensemble(
    networks=1000, hidden_units=3, init="spread", seed=0, dtype=np.float32
):
    """The networks from which `train_ensemble` starts; all biases are zero.

    "xavier": uniform in +-sqrt(6 / (fan_in + fan_out)), Glorot and Bengio (2010)
    "positive": the same, the outgoing ones made positive
    "spread": hidden weight vectors of Xavier's root mean square length 2 / sqrt(2 + H),
    in directions 2 pi / H apart under a random rotation; outgoing weights equal to it
    """
    E = integer("networks", networks, least=1)
    H = integer("hidden_units", hidden_units, least=1)
    if init not in INITS:
        raise ValueError(f"init must be one of {', '.join(INITS)}, not {init!r}")
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, not {np.dtype(dtype)}")
    # The points of data set `seed` come from default_rng(seed), batches from [seed, 1]
    rng = np.random.default_rng([seed, 2])
    if init == "spread":
        length = 2 / np.sqrt(2 + H)
        rotations = rng.uniform(0, 2 * np.pi, (E, 1))
        angles = rotations + 2 * np.pi / H * np.arange(H)
        hidden = length * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        outgoing = np.full((E, H), length)
    else:
        # Of a unit: two incoming weights, one outgoing
        uniform = rng.uniform(-1, 1, (E, 3, H))
        hidden = np.sqrt(6 / (2 + H)) * uniform[:, :2]
        outgoing = np.sqrt(6 / (H + 1)) * uniform[:, 2]
    if init == "positive":
        outgoing = np.abs(outgoing)
    arrays = hidden, np.zeros((E, H)), outgoing, np.zeros(E)
    return Ensemble(*(array.astype(dtype) for array in arrays))


# Conversions of arrays


def points_with_ones(X, y):
    """The points x (D, N, 3), whose last entry is 1, and labels y (D, N)."""
    X = finite_array("X", X)
    X = finite_array("X", X, ("D", "N", 2) if X.ndim == 3 else ("N", 2))
    y = labels_array("y", y, (*X.shape[:-1], 1))
    x = np.concatenate([X, np.ones_like(y)], axis=-1)
    N = X.shape[-2]
    return x.reshape(-1, N, 3), y.reshape(-1, N)


def stacked(ensembles):
    """w (D, E, H, 3), a (D, E, H) and c (D, E) of D ensembles."""
    W, b, a, c = (np.stack(arrays) for arrays in zip(*ensembles))
    columns = np.concatenate([W, b[:, :, None]], axis=2)  # (D, E, 3, H)
    # Contiguous, so that `gradients` reshapes it without a copy
    return np.ascontiguousarray(columns.mT), a, c


def to_ensemble(w, a, c):
    """The Ensemble of all networks; those of the first data set come first."""
    H = a.shape[-1]
    columns = w.reshape(-1, H, 3).mT  # (E, H, 3) -> (E, 3, H)
    return Ensemble(columns[:, :2], columns[:, 2], a.reshape(-1, H), c.reshape(-1))
