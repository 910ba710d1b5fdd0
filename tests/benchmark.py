"""Time this project against others, and a larger size against a smaller, as ratios.

ours, reference    median microseconds for the same work; PyTorch and JAX use float32
ratio              ours / reference, the median over rounds in which both take turns

A training step takes one batch: forward and backward pass, loss and update. Ensembles
take 16 or 64 steps, and boundaries are those of 4 networks. All runs on one thread.
"""

import argparse
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
import os
from pathlib import Path
import sys
import time
from timeit import timeit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.script import load, run
import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

numpy_net = load("Python-FeedForward/net.py")
torch_net = load("PyTorch-FeedForward/net.py")
optimizer = load("PyTorch-FeedForward/optimizer.py")

SECONDS, ROUNDS = 1.5, 3  # the least for a row of the table
TURN = 0.02  # seconds; a function is called for about as long, or once


def measure(ours, reference, repeats=1):
    """Medians of our time, that of so many calls of the reference, and the ratio."""
    functions, times = (ours, reference), []
    ours(), reference()  # the first call compiles or allocates
    calls = [1 + int(TURN / timeit(function, number=1)) for function in functions]
    end = time.perf_counter() + SECONDS
    while len(times) < ROUNDS or time.perf_counter() < end:
        times.append([timeit(f, number=n) / n for f, n in zip(functions, calls)])
    a, b = np.transpose(times) * [[1], [repeats]]
    return np.median([a, b, a / b], axis=1)


def stock_network(width, *activations):
    """A network of PyTorch, as its tutorials build it."""
    layers = []
    for activation in activations:
        layers += [nn.Linear(width if layers else 2, width), activation()]
    return nn.Sequential(*layers, nn.Linear(width, 1))


def torch_step(network, optimizer, X, y, reduction="mean"):
    loss = binary_cross_entropy_with_logits(network(X), y, reduction=reduction)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def batch_of(num_points):
    arrays = circle_in_square(num_points, seed=0)
    return [torch.tensor(array, dtype=torch.float32) for array in arrays]


def numpy_step(network, X, y):
    network.zero_grad()
    loss = numpy_net.bce_with_logits_loss(network.forward(X), y).sum()
    network.backward(y)
    network.update_weights()
    return loss


def networks_in_numpy():
    """Exercise 1: tanh, sigmoid, momentum and weight decay."""
    for width, size in (16, 32), (16, 2048), (256, 32):
        options = {"momentum": 0.9, "weight_decay": 0.01}
        network = numpy_net.FeedForwardNetwork(2, width, 0.03 / size, **options)
        stock = stock_network(width, nn.Tanh, nn.Sigmoid)
        sgd = torch.optim.SGD(stock.parameters(), lr=0.03 / size, **options)
        ours = partial(numpy_step, network, *circle_in_square(size, seed=0))
        reference = partial(torch_step, stock, sgd, *batch_of(size), reduction="sum")
        yield f"width {width}, batch {size}", ours, reference


def functions_and_adam(adam_alone=False):
    """Exercise 2: ReLU and Adam."""
    for width in 32, 128, 512:
        ours = torch_net.FeedForwardNetwork(hidden_size=width)
        stock = stock_network(width, nn.ReLU, nn.ReLU)
        our_adam = optimizer.Adam(ours.parameters(), lr=0.01)
        adam = torch.optim.Adam(stock.parameters(), lr=0.01)
        step = partial(torch_step, ours, our_adam, *batch_of(64))
        reference = partial(torch_step, stock, adam, *batch_of(64))
        if adam_alone:
            step(), reference()  # leave gradients behind
            step, reference = our_adam.step, adam.step
        yield f"width {width}, batch 64", step, reference


def train(networks, units, epochs):
    """Train an ensemble, 8 steps per epoch."""
    points = circle_in_square(512, seed=0)
    return partial(ensemble.train_ensemble, *points, units, networks, epochs)


def ensembles_by_size():
    for n in 10, 100:
        yield f"{n},000 x 2-3-1", train(1000 * n, 3, 2), train(1000, 3, 2), n


def ensembles_and(reference, sizes):
    for networks, units in sizes:
        ours, other = train(networks, units, 8), reference(networks, units)
        yield f"{networks:,} x 2-{units}-1", ours, other, 64


def one_torch_network(_, units):
    network = stock_network(units, nn.ReLU)
    adam = torch.optim.Adam(network.parameters(), lr=0.03)
    return partial(torch_step, network, adam, *batch_of(64))


def jax_vmap(networks, units):
    """vmap of value_and_grad, compiled together with Adam."""
    os.environ["NPROC"] = "1"  # the number of threads
    import jax
    from jax import numpy as jnp

    X, y = (jnp.asarray(array) for array in batch_of(64))
    arrays = [*map(jnp.array, ensemble.initial_ensemble(networks, units))]
    state, t = [(p, jnp.zeros_like(p), jnp.zeros_like(p)) for p in arrays], 0.0

    def loss(parameters):
        W, b, a, c = parameters
        logits = jnp.maximum(X @ W + b, 0) @ a + c
        return (jnp.logaddexp(0, logits) - y[:, 0] * logits).mean()

    def adam(p, m, v, g, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        root = jnp.sqrt(v / (1 - 0.999**t)) + 1e-8
        return p - 0.03 / (1 - 0.9**t) * m / root, m, v

    @partial(jax.jit, donate_argnums=0)
    def train_step(state, t):
        losses, gradients = jax.vmap(jax.value_and_grad(loss))([p for p, _, _ in state])
        return [adam(*pmv, g, t) for pmv, g in zip(state, gradients)], losses

    def step():
        nonlocal state, t
        t += 1
        state, losses = train_step(state, t)
        losses.block_until_ready()

    return step


def random_network(sizes, seed):
    rng, pairs = np.random.default_rng(seed), [*pairwise(sizes)]
    weights = [rng.normal(0, np.sqrt(2 / fan_in), (fan_in, n)) for fan_in, n in pairs]
    return weights, [rng.normal(0, 0.4, n) for _, n in pairs]


def contour(weights, biases, n=200, blocks=20):
    """The contour on an n x n grid, evaluated in blocks that fit the cache."""
    from contourpy import contour_generator  # imports NumPy, so not above

    centres, logits = np.linspace(-1, 1, n), []
    for y in np.split(centres, blocks):
        h = np.stack(np.meshgrid(centres, y), axis=-1).reshape(-1, 2)
        for layer, (W, b) in enumerate(zip(weights, biases)):
            h = np.maximum(h, 0, out=h) @ W if layer else h @ W
            h += b
        logits.append(h.reshape(-1, n))
    return contour_generator(centres, centres, np.concatenate(logits)).lines(0)


def on_each(networks, function):
    return [function(*network) for network in networks]


def boundaries():
    for widths in (3,), (128,), (512,), (32, 32), (64, 64), (32, 32, 32):
        sizes = (2, *widths, 1)
        each = partial(on_each, [random_network(sizes, seed) for seed in range(4)])
        ours, reference = partial(each, extract_boundary), partial(each, contour)
        yield "-".join(map(str, sizes)), ours, reference


def main():
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    ensemble.PROCESSES = 1
    single = [(1000, units) for units in (3, 8, 32)]
    several = [(n, 3) for n in (100, 1000, 10_000) if find_spec("jax")]
    comparisons = {
        "NumPy / PyTorch, SGD": networks_in_numpy(),
        "functions and Adam / PyTorch's": functions_and_adam(),
        "Adam alone / PyTorch's": functions_and_adam(adam_alone=True),
        "ensemble / ensemble of 1,000": ensembles_by_size(),
        "ensemble / 1 PyTorch network": ensembles_and(one_torch_network, single),
        "ensemble / JAX vmap, jit": ensembles_and(jax_vmap, several),
        "boundary / 200 x 200 contour": boundaries(),
    }
    print(f"{'comparison':30} {'size':20} {'ours us':>10} {'reference us':>12}  ratio")
    for title, rows in comparisons.items():
        for size, *row in rows:
            ours, reference, ratio = measure(*row)
            times = f"{1e6 * ours:10.1f} {1e6 * reference:12.1f}"
            print(f"{title:30} {size:20} {times} {ratio:6.2f}")


if __name__ == "__main__":
    run(main)
