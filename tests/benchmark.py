"""Time this project against others, as ratios.

python tests/benchmark.py    (a minute; also `make bench`)

ours, reference    median microseconds for the same work, on one thread
ratio              ours / reference, the median over rounds in which both take turns

A training step takes one batch: forward and backward pass, and update. JAX is timed
where it is installed; the others use float32 there, and NumPy float64.
"""

import argparse
from importlib.util import find_spec
from itertools import pairwise
import os
from pathlib import Path
import sys
import time
from timeit import timeit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import initial_ensemble, train_ensemble
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.script import load, run
import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

numpy_net = load("Python-FeedForward/net.py")
torch_net = load("PyTorch-FeedForward/net.py")
optimizer = load("PyTorch-FeedForward/optimizer.py")

SECONDS = 1.5  # at least, for a row of the table
ROUNDS = 3  # at least
TURN = 0.02  # seconds; a function is called for about as long, or once


def measure(ours, reference, reference_calls=1):
    """Medians of our time, that of so many calls of the reference, and the ratio."""
    ours()  # the first call compiles or allocates
    reference()
    our_calls = 1 + int(TURN / timeit(ours, number=1))
    other_calls = 1 + int(TURN / timeit(reference, number=1))
    times = []
    end = time.perf_counter() + SECONDS
    while len(times) < ROUNDS or time.perf_counter() < end:
        our_time = timeit(ours, number=our_calls) / our_calls
        other_time = timeit(reference, number=other_calls) / other_calls
        times.append([our_time, other_time * reference_calls])
    our_times, other_times = np.transpose(times)
    ratio = np.median(our_times / other_times)
    return np.median(our_times), np.median(other_times), ratio


def print_row(title, size, limit, ours, reference, reference_calls=1):
    our_time, other_time, ratio = measure(ours, reference, reference_calls)
    times = f"{1e6 * our_time:10.1f} {1e6 * other_time:12.1f}"
    print(f"{title:32} {size:14} {times} {ratio:6.2f}  {limit}", flush=True)


def torch_batch(num_points):
    X, y = circle_in_square(num_points, seed=0)
    return torch.tensor(X).float(), torch.tensor(y).float()


def torch_step(network, optimizer, X, y, reduction="mean"):
    """A function that takes one step."""

    def step():
        loss = binary_cross_entropy_with_logits(network(X), y, reduction=reduction)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


# Exercises 1 and 2


def numpy_network():
    """Exercise 1: 2-16-16-1, momentum and weight decay, batches of 32."""
    X, y = circle_in_square(32, seed=0)
    network = numpy_net.FeedForwardNetwork(learning_rate=0.03 / 32)

    def step():
        network.zero_grad()
        network.forward(X)
        network.backward(y)
        network.update_weights()

    layers = nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Sigmoid()
    stock = nn.Sequential(*layers, nn.Linear(16, 1))
    sgd = torch.optim.SGD(
        stock.parameters(), lr=0.03 / 32, momentum=0.9, weight_decay=0.01
    )
    reference = torch_step(stock, sgd, *torch_batch(32), reduction="sum")
    print_row("NumPy / PyTorch eager, a step", "2-16-16-1", "< 0.2", step, reference)


def functions_and_adam():
    """Exercise 2: ReLU and Adam, batches of 64."""
    for width in 32, 128:
        ours = torch_net.FeedForwardNetwork(hidden_size=width)
        layers = nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        stock = nn.Sequential(*layers, nn.Linear(width, 1))
        our_adam = optimizer.Adam(ours.parameters(), lr=0.01)
        adam = torch.optim.Adam(stock.parameters(), lr=0.01)
        step = torch_step(ours, our_adam, *torch_batch(64))
        reference = torch_step(stock, adam, *torch_batch(64))
        size = f"2-{width}-{width}-1"
        print_row("functions and Adam / stock", size, "< 1.15", step, reference)


# Ensembles


def ensembles():
    """1,000 networks 2-3-1, 64 steps, against one PyTorch network and against JAX."""
    X, y = circle_in_square(512, seed=0)

    def ours():
        train_ensemble(X, y, networks=1000, epochs=8)

    stock = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    adam = torch.optim.Adam(stock.parameters(), lr=0.03)
    one = torch_step(stock, adam, *torch_batch(64))
    print_row("1,000 networks / 1 PyTorch net", "2-3-1", "< 1.25", ours, one, 64)
    if find_spec("jax"):
        print_row("1,000 networks / JAX", "2-3-1", "< 0.5", ours, jax_training())


def jax_training():
    """A function that trains the same networks for 8 epochs of 8 steps."""
    os.environ["NPROC"] = "1"  # the number of threads
    import jax

    X, y = circle_in_square(512, seed=0)
    X = jax.numpy.asarray(X.reshape(8, 64, 2), "float32")
    y = jax.numpy.asarray(y.reshape(8, 64), "float32")
    parameters = [jax.numpy.asarray(array) for array in initial_ensemble(1000, 3)]
    zeros = [0 * p for p in parameters]
    epoch = jax_epoch(jax, X, y)

    def train():
        state = parameters, zeros, zeros, 1.0
        for _ in range(8):
            state = epoch(state)
        state[0][0].block_until_ready()

    return train


def jax_epoch(jax, X, y):
    """state -> state: scan over vmap of grad and Adam, compiled."""
    jnp = jax.numpy

    def loss(parameters, X, y):
        W, b, a, c = parameters
        logits = jnp.maximum(X @ W + b, 0) @ a + c
        return (jnp.logaddexp(0, logits) - y * logits).mean()

    gradient = jax.vmap(jax.grad(loss), in_axes=(0, None, None))

    def adam(p, m, v, g, t):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        root = jnp.sqrt(v / (1 - 0.999**t)) + 1e-8
        return p - 0.03 / (1 - 0.9**t) * m / root, m, v

    def step(state, batch):
        parameters, ms, vs, t = state
        gradients = gradient(parameters, *batch)
        updated = [adam(*pmvg, t) for pmvg in zip(parameters, ms, vs, gradients)]
        parameters, ms, vs = (list(arrays) for arrays in zip(*updated))
        return (parameters, ms, vs, t + 1), None

    return jax.jit(lambda state: jax.lax.scan(step, state, (X, y))[0])


# Boundaries


def random_network(widths, seed):
    rng = np.random.default_rng(seed)
    weights = []
    biases = []
    for fan_in, fan_out in pairwise([2, *widths, 1]):
        weights.append(rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)))
        biases.append(rng.normal(0, 0.4, fan_out))
    return weights, biases


def contour(weights, biases, n=200):
    """The contour of the logits on an n x n grid, in the plainest way.

    Blocks of the grid that fit the cache take half the time for 32 units and more.
    """
    from contourpy import contour_generator  # a dependency of Matplotlib

    centres = np.linspace(-1, 1, n)
    h = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    for W, b in zip(weights[:-1], biases[:-1]):
        h = np.maximum(h @ W + b, 0)  # (n n, fan_in) @ (fan_in, fan_out)
    logits = h @ weights[-1] + biases[-1]  # (n n, fan_in) @ (fan_in, 1)
    return contour_generator(centres, centres, logits.reshape(n, n)).lines(0)


def boundaries():
    """Of 4 random networks each."""
    limits = {(3,): "< 0.2", (8,): "< 0.2", (32,): "< 1", (16, 16): "about 1"}
    limits.update({(32, 32): "about 1", (64, 64): "ours < 1 s", (128,): "ours < 1 s"})
    for widths, limit in limits.items():
        networks = [random_network(widths, seed) for seed in range(4)]

        def ours(networks=networks):
            for network in networks:
                extract_boundary(*network)

        def reference(networks=networks):
            for network in networks:
                contour(*network)

        size = "-".join(map(str, (2, *widths, 1)))
        print_row("boundary / 200 x 200 contour", size, limit, ours, reference)


def main():
    first_line = __doc__.partition("\n")[0]
    argparse.ArgumentParser(description=first_line).parse_args()
    print(f"{'comparison':32} {'size':14} {'ours us':>10} {'reference us':>12}  ratio")
    numpy_network()
    functions_and_adam()
    ensembles()
    boundaries()


if __name__ == "__main__":
    run(main)
