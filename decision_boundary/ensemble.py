"""Thousands of small networks, trained at once, on one data set or on many.

Each network has one hidden ReLU layer of H units and one logit. The input x ends with a
constant 1, so that the bias of a unit is its third weight:

    z_h = w_h . x,    f = sum_h a_h relu(z_h) + c.

In training, the 4 H + 1 parameters come first (the three entries of all w_h, the a_h,
and c), then S groups of G networks, so that operations run along hundreds of numbers.
Blocks of groups that fit the cache are trained by several processes, as operations are
too short for threads. The rounding of a matrix product can depend on its width, which
is always G here: a network's result does not depend on those beside it.
"""

from functools import partial
import io
import multiprocessing
import os
import signal
import sys
from typing import NamedTuple

from decision_boundary.checks import COUNT, LABELS, NUMBERS, RATE, SIZE, checked
from decision_boundary.shared.results import write_files
import numpy as np

INITS = ("xavier", "positive", "spread")
GROUP = 50  # networks; a smaller group is filled up with others, which are not kept
BLOCK_BYTES = 2**20  # half of a usual second-level cache
PROCESSES = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1  # by fork


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
        return np.isfinite(np.hstack([a.reshape(len(a), -1) for a in self])).all(axis=1)

    def save(self, path):
        """Write the arrays under their names to a .npz file, whole or not at all."""
        content = io.BytesIO()
        np.savez(content, **self._asdict())
        write_files({path: content.getvalue()})


def split(parameters):
    """Views of parameters (4 H + 1, ...): w (3, H, ...), a (H, ...) and c (...)."""
    H = len(parameters) // 4
    w = parameters[: 3 * H].reshape(3, H, *parameters.shape[1:])
    return w, parameters[3 * H : -1], parameters[-1]


def to_ensemble(parameters):
    """Copy parameters (4 H + 1, E)."""
    w, a, c = split(parameters)
    arrays = w[:2].transpose(2, 0, 1), w[2].T, a.T, c
    return Ensemble(*(array.copy() for array in arrays))


def make_buffers(num_points, parameters):
    """The arrays in which `gradients` computes z, [z > 0] and 2 delta."""
    _, a, c = split(parameters)
    return [np.empty((num_points, *part.shape), part.dtype) for part in (a, a, c)]


def gradients(parameters, x, y, buffers):
    """The gradient of each network's loss E, the mean binary cross-entropy.

    With sigma(f) = 1 / (1 + e^-f) = (1 + tanh(f / 2)) / 2 and [.] = 1 or 0,

        delta = sigma(f) - y,            dE/dc = mean delta,
        g_h = mean [z_h > 0] delta x,    dE/dw_h = a_h g_h,    dE/da_h = w_h . g_h,

    the last because relu(z_h) = [z_h > 0] w_h . x.
    The parameters and the result are (4 H + 1, S, G). x (S, N, 3) and y (S, N, 1) hold
    each group's points, or x (1, N, 3) and y (1, N, 1) those of all groups.
    """
    w, a, c = split(parameters)  # (3, H, S, G), (H, S, G), (S, G)
    gradient = np.empty_like(parameters)
    g, da, dc = split(gradient)
    N, matrices = x.shape[1], (1, 2, 0, 3)  # the axis order (H, S, first, G)
    z, active, delta = (buffer[:N] for buffer in buffers)
    # (S, N, 3) @ (H, S, 3, G) -> (H, S, N, G), which z (N, H, S, G) is a view of
    np.matmul(x, w.transpose(matrices), out=z.transpose(matrices))
    np.greater(z, 0, out=active)
    np.einsum("nhsg,nhsg,hsg->nsg", active, z, a / 2, out=delta)
    delta += c / 2
    np.tanh(delta, out=delta)
    delta += 1 - 2 * y.swapaxes(0, 1)  # now 2 (sigma(f) - y)
    active *= delta[:, None]
    # (S, 3, N) @ (H, S, N, G) -> (H, S, 3, G)
    mean = (x / (2 * N)).swapaxes(1, 2)
    np.matmul(mean, active.transpose(matrices), out=g.transpose(matrices))
    np.einsum("ihsg,ihsg->hsg", w, g, out=da)
    g *= a  # now dE/dw
    np.divide(np.add.reduce(delta), 2 * N, out=dc)
    return gradient


def adam_step(theta, m, v, g, t, learning_rate):
    """Adam's step t = 1, 2, ... (Kingma and Ba, 2015), in place, with its defaults."""
    m += (1 - 0.9) * (g - m)
    v += (1 - 0.999) * (g**2 - v)
    root = np.sqrt(v / (1 - 0.999**t)) + 1e-8
    theta -= learning_rate / (1 - 0.9**t) * m / root


def initial_parameters(networks, hidden_units, init, seed, dtype):
    """The parameters (4 H + 1, E) before training; column k is the same for every E."""
    E = checked("networks", networks, SIZE)
    H = checked("hidden_units", hidden_units, SIZE)
    if init not in INITS:
        raise ValueError(f"init must be one of {', '.join(INITS)}, not {init!r}")
    rng = np.random.default_rng([checked("seed", seed, COUNT), 2])  # points have 0
    parameters = np.zeros((4 * H + 1, E), dtype)
    w, a, _ = split(parameters)
    if init == "spread":
        angles = rng.uniform(0, 2 * np.pi, E) + 2 * np.pi / H * np.arange(H)[:, None]
        a[:] = length = 2 / np.sqrt(2 + H)
        w[0], w[1] = length * np.cos(angles), length * np.sin(angles)
    else:
        draw = rng.uniform(-1, 1, (E, 3, H))
        draw *= np.sqrt(6 / np.array([[2 + H], [2 + H], [H + 1]]))
        w[0], w[1], a[:] = draw.transpose(1, 2, 0)
        a[:] = np.abs(a) if init == "positive" else a
    return parameters


def initial_ensemble(
    networks=1000, hidden_units=3, init="spread", seed=0, dtype=np.float32
):
    """The networks from which `train_ensemble` starts; all biases are zero.

    "xavier": uniform in +-sqrt(6 / (fan_in + fan_out)), Glorot and Bengio (2010)
    "positive": the same, the outgoing ones made positive
    "spread": hidden weight vectors of Xavier's root mean square length 2 / sqrt(2 + H),
    in directions 2 pi / H apart under a random rotation; outgoing weights equal to it
    """
    return to_ensemble(initial_parameters(networks, hidden_units, init, seed, dtype))


def initialize(weights, biases, init, seed):
    """Give a 2-H-1 network's arrays the values of an ensemble's first network."""
    W, b = initial_ensemble(1, weights[0].shape[1], init, seed).network(0)
    for own, initial in zip([*weights, *biases], [*W, *b]):
        own[...] = initial


def labelled_points(X, y):
    """The points (D, N, 4): x1, x2, 1 and y; D = 1 for a single data set."""
    X = checked("X", X, NUMBERS, None)
    X = checked("X", X, NUMBERS, ("D", "N", 2) if X.ndim == 3 else ("N", 2))
    y = checked("y", y, LABELS, (*X.shape[:-1], 1))
    return np.concatenate([X, np.ones(y.shape), y], axis=-1).reshape(-1, X.shape[-2], 4)


@np.errstate(all="ignore")  # a network that diverges is counted, not warned about
def train_block(n, epochs, learning_rate, block):
    """Train and return parameters (4 H + 1, S, G); group s sees points[which[s]]."""
    theta, which, points, seeds = block
    theta, buffers = theta.copy(), make_buffers(n, theta)
    m, v, t = np.zeros_like(theta), np.zeros_like(theta), 0
    shuffles = [np.random.default_rng([seed, 1]) for seed in seeds]
    for _ in range(epochs):
        shuffled = np.stack([rng.permutation(p) for rng, p in zip(shuffles, points)])
        shuffled = shuffled[which] if len(points) > 1 else shuffled  # (S or 1, N, 4)
        for i in range(0, points.shape[1], n):
            x, y = np.split(shuffled[:, i : i + n], [3], axis=2)
            t += 1
            adam_step(theta, m, v, gradients(theta, x, y, buffers), t, learning_rate)
    return theta


def train_blocks(train, blocks):
    """Yield train(block) for each block, computed by up to PROCESSES processes."""
    workers = min(PROCESSES, len(blocks))
    if workers == 1 or multiprocessing.current_process().daemon:  # which must not fork
        yield from map(train, blocks)
    else:
        quiet = signal.signal, (signal.SIGINT, signal.SIG_IGN)  # no traceback on Ctrl-C
        with multiprocessing.get_context("fork").Pool(workers, *quiet) as pool:
            yield from pool.imap(train, blocks)


def make_blocks(theta, n, points, seeds):
    """Split theta (4 H + 1, D S, G), with S groups per data set, to fit the cache.

    Each block: a view of theta, its groups' indices into its points, points and seeds.
    """
    P, groups, G = theta.shape
    numbers = n * (P + 1) // 2 + 5 * P  # buffers; theta, m, v, gradient, root
    step = max(1, BLOCK_BYTES // (numbers * G * theta.itemsize))
    sets, blocks = np.arange(groups) // (groups // len(points)), []
    for i in range(0, groups, step):
        which = sets[i : i + step]
        own = slice(which[0], which[-1] + 1)
        blocks += [(theta[:, i : i + step], which - which[0], points[own], seeds[own])]
    return blocks


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
    """Train networks with Adam on mean binary cross-entropy, in float32 or float64.

    X (N, 2) and y (N, 1), or D data sets at once: X (D, N, 2) and y (D, N, 1). Then
    network k of data set d has index d * networks + k, and the same bits as if it were
    trained on this data set alone with seed + d. The networks of a data set see the
    same batches, shuffled in each epoch. One that diverges does not affect the others;
    see `Ensemble.finite`. progress is called with the share of the work done so far.
    """
    points = labelled_points(X, y)
    E, n = checked("networks", networks, SIZE), checked("batch_size", batch_size, SIZE)
    epochs, seed = checked("epochs", epochs, COUNT), checked("seed", seed, COUNT)
    rate = checked("learning_rate", learning_rate, RATE)
    (D, N, _), size = points.shape, -(-E // GROUP) * GROUP
    n, seeds = min(n, N), range(seed, seed + D)
    starts = [initial_parameters(size, hidden_units, init, s, dtype) for s in seeds]
    theta = np.hstack(starts).reshape(-1, D * size // GROUP, GROUP)
    blocks = make_blocks(theta, n, points.astype(dtype), seeds)
    train = partial(train_block, n, epochs, rate)
    for k, trained in enumerate(train_blocks(train, blocks)):
        blocks[k][0][:] = trained
        if progress:
            progress((k + 1) / len(blocks))
    return to_ensemble(theta.reshape(-1, D, size)[..., :E].reshape(-1, D * E))
