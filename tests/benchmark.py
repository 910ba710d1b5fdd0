"""How fast is this project? Ratios against PyTorch on the same work: `make bench`.

The candidates of each comparison take turns in one process, on one thread, so that a
machine that slows down slows all of them; the medians over the rounds are compared.
"""

import os
import sys
import time
from pathlib import Path

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before NumPy is imported

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.script import load

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


def main():
    torch.set_num_threads(1)
    print(
        f"{'ours / reference, microseconds a step':44} {'ours':>9} {'reference':>9}",
        end="",
    )
    print(f" {'ratio':>9} {'inverse':>8}")
    numpy_against_torch()
    functions_against_stock()


if __name__ == "__main__":
    main()
