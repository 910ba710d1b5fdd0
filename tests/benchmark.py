"""How fast is this project? Ratios against others on the same work: `make bench`.

The candidates of each comparison take turns in one process, on one thread, so that a
machine that slows down slows all of them; the medians over the rounds are compared.
"""

import argparse
from functools import partial
import importlib.util
import os
from pathlib import Path
import sys
import time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared.script import load, prepare, run

if __name__ == "__main__":
    prepare()
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before NumPy is imported
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

from contourpy import contour_generator
from decision_boundary import ensemble
from decision_boundary.data import circle_in_square
from decision_boundary.polygon import extract_boundary
import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

ROUNDS, STEPS = 31, 200


def seconds(step, steps):
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def compare(title, ours, reference, steps=STEPS, rounds=ROUNDS):
    """Print the median time of a step of each, and the median of their ratios."""
    for step in (ours, reference):
        seconds(step, steps // 2 + 1)  # warm up
    times = np.array(
        [(seconds(ours, steps), seconds(reference, steps)) for _ in range(rounds)]
    )
    a, b = np.median(times, axis=0)
    ratio = np.median(times[:, 0] / times[:, 1])
    print(f"{title:44} {1e6 * a:9.1f} {1e6 * b:9.1f} {ratio:9.3f} {1 / ratio:8.2f}")


def torch_step(network, optimizer, X, y, reduction="mean"):
    """One training step, as a user of PyTorch writes it."""

    def step():
        loss = binary_cross_entropy_with_logits(network(X), y, reduction=reduction)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def stock_network(width, *activations):
    layers, fan_in = [], 2
    for activation in activations:
        layers += [nn.Linear(fan_in, width), activation()]
        fan_in = width
    return nn.Sequential(*layers, nn.Linear(fan_in, 1))


def numpy_against_torch():
    """Exercise 1: 2-16-16-1, batch 32, momentum SGD with weight decay."""
    net = load("Python-FeedForward/net.py")
    X, y = circle_in_square(32, seed=0)
    network = net.FeedForwardNetwork(learning_rate=0.03 / 32, seed=0)

    def ours():
        network.zero_grad()
        loss = net.bce_with_logits_loss(network.forward(X), y).sum()
        network.backward(y)
        network.update_weights()
        return loss

    stock = stock_network(16, nn.Tanh, nn.Sigmoid)
    options = {"lr": 0.03 / 32, "momentum": 0.9, "weight_decay": 0.01}
    reference = torch_step(
        stock,
        torch.optim.SGD(stock.parameters(), **options),
        *(torch.tensor(a, dtype=torch.float32) for a in (X, y)),
        reduction="sum",
    )
    compare("NumPy network / PyTorch eager", ours, reference)


def functions_against_stock():
    """Exercise 2: 2-32-32-1, batch 64, Adam."""
    net = load("PyTorch-FeedForward/net.py")
    optimizer = load("PyTorch-FeedForward/optimizer.py")
    X, y = (torch.tensor(a, dtype=torch.float32) for a in circle_in_square(64, seed=0))
    ours, stock = net.FeedForwardNetwork(), stock_network(32, nn.ReLU, nn.ReLU)
    compare(
        "own functions and Adam / PyTorch's",
        torch_step(ours, optimizer.Adam(ours.parameters(), lr=0.01), X, y),
        torch_step(stock, torch.optim.Adam(stock.parameters(), lr=0.01), X, y),
    )


def ensemble_step(X, y, networks=1000):
    """One Adam step of 1,000 networks 2-3-1, as train_ensemble takes it."""
    parameters = ensemble.initial_parameters(networks, 3, "spread", 0, np.float32)
    optimizer = ensemble.Adam(parameters, learning_rate=0.03)
    x, y = np.hstack([X, np.ones_like(y)]).astype(np.float32), y.astype(np.float32)
    buffers = ensemble.make_buffers(len(x), parameters)
    return lambda: optimizer.step(ensemble.gradients(parameters, x, y, buffers))


def ensemble_against_torch():
    """Exercise 3: 2-3-1, batch 64, Adam; 1,000 networks against one."""
    X, y = circle_in_square(64, seed=0)
    stock = stock_network(3, nn.ReLU)
    reference = torch_step(
        stock,
        torch.optim.Adam(stock.parameters(), lr=0.03),
        *(torch.tensor(a, dtype=torch.float32) for a in (X, y)),
    )
    compare("1,000 networks / PyTorch eager, 1 network", ensemble_step(X, y), reference)


def vmap_step(X, y, networks=1000):
    """One Adam step of 1,000 networks, with PyTorch's own vmap and Adam."""
    stacked = load("PyTorch-FeedForward/stacked.py")
    models = [stock_network(3, nn.ReLU) for _ in range(networks)]
    parameters = stacked.stack(models)
    adam = torch.optim.Adam(parameters.values(), lr=0.03)
    X, y = (
        torch.tensor(a, dtype=torch.float32).expand(networks, -1, -1) for a in (X, y)
    )

    def step():
        loss = stacked.mean_losses(stacked.logits(models[0], parameters, X), y).sum()
        adam.zero_grad()
        loss.backward()
        adam.step()

    return step


def ensemble_against_vmap():
    """The same 1,000 networks on both sides."""
    X, y = circle_in_square(64, seed=0)
    ours, reference = ensemble_step(X, y), vmap_step(X, y)
    compare("1,000 networks / PyTorch vmap", ours, reference, steps=20)


def jax_step(X, y):
    """One Adam step of 1,000 networks: vmap of value_and_grad, compiled as a whole."""
    import jax
    import jax.numpy as jnp

    X, y = jnp.asarray(X, jnp.float32), jnp.asarray(y, jnp.float32)

    def loss(parameters):
        W, b, a, c = parameters
        logits = jnp.maximum(X @ W + b, 0) @ a + c
        return (jnp.logaddexp(0, logits) - y[:, 0] * logits).mean()

    @partial(jax.jit, donate_argnums=0)
    def train_step(state):
        p, m, v, t = state
        t += 1
        losses, g = jax.vmap(jax.value_and_grad(loss))(p)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        m_hat, v_hat = 1 / (1 - 0.9**t), 1 / (1 - 0.999**t)
        p = jax.tree.map(
            lambda p, m, v: p - 0.03 * m_hat * m / (jnp.sqrt(v_hat * v) + 1e-8), p, m, v
        )
        return (p, m, v, t), losses

    start = ensemble.initial_ensemble(1000)
    p = tuple(jnp.array(a) for a in start)
    m, v = (tuple(jnp.zeros_like(a) for a in p) for _ in range(2))
    state = (p, m, v, jnp.float32(0))

    def step():
        nonlocal state
        state, losses = train_step(state)
        losses.block_until_ready()

    return step


def ensemble_against_jax():
    """The same 1,000 networks; where JAX, which this project does not need, is found."""
    if importlib.util.find_spec("jax"):
        X, y = circle_in_square(64, seed=0)
        compare("1,000 networks / JAX vmap + jit", ensemble_step(X, y), jax_step(X, y))
    else:
        print("1,000 networks / JAX vmap + jit: JAX is not installed")


def boundary_against_contour():
    """Exercise 3: the exact boundary of 2-3-1 against one 200 x 200 grid contour."""
    weights, biases = ensemble.initial_ensemble(1, seed=0).network(0)
    biases[1] -= 0.5
    centres = np.linspace(-1, 1, 200)
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)

    def contour():
        hidden = np.maximum(grid @ weights[0] + biases[0], 0)
        logits = (hidden @ weights[1] + biases[1]).reshape(200, 200)
        return contour_generator(z=logits).lines(0)

    assert extract_boundary(weights, biases)
    assert contour()
    compare(
        "exact boundary / 200 x 200 contour",
        lambda: extract_boundary(weights, biases),
        contour,
    )


def main():
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    torch.set_num_threads(1)
    print(
        f"{'ours / reference, microseconds a step':44} {'ours':>9} {'reference':>9}",
        end="",
    )
    print(f" {'ratio':>9} {'inverse':>8}")
    numpy_against_torch()
    functions_against_stock()
    ensemble_against_torch()
    ensemble_against_vmap()
    ensemble_against_jax()
    boundary_against_contour()


if __name__ == "__main__":
    run(main)
