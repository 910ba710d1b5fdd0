"""Exercise 2: train the network of our autograd functions with our Adam.

python PyTorch-FeedForward/main.py    trains, draws, writes numbers
"""

import argparse
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared.script import load, run
from decision_boundary.shared.training import (
    Run,
    streams,
    train_and_report,
    training_parser,
)
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

net = load("PyTorch-FeedForward/net.py")
optimizer = load("PyTorch-FeedForward/optimizer.py")

# As provided by the sheet's archive
EPOCHS = 256
BATCH_SIZE = 64
LEARNING_RATE = 0.01


def run_epoch(network, adam, X, y, generator):
    """Pass once over the points in a new order; returns the mean loss per point."""
    total = 0.0
    for batch in torch.randperm(len(X), generator=generator).split(BATCH_SIZE):
        loss = binary_cross_entropy_with_logits(network(X[batch]), y[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        total += loss.item() * len(batch)
    return total / len(X)


def make_run(
    seed, num_points, learning_rate=LEARNING_RATE, device="cpu", **architecture
):
    """New points and a new network, 2-32-32-1 by default, as the seed decides."""
    points, weights, shuffling, _ = streams(seed)
    X, y = circle_in_square(num_points, points)
    torch.manual_seed(weights)
    network = net.FeedForwardNetwork(**architecture).to(device)
    adam = optimizer.Adam(network.parameters(), lr=learning_rate)
    generator = torch.Generator().manual_seed(shuffling)

    def as_tensor(array):
        return torch.tensor(array, dtype=torch.float32, device=device)

    def logits(x):
        with torch.no_grad():
            return network(as_tensor(x)).cpu().numpy()

    data = as_tensor(X), as_tensor(y)
    return Run(
        X,
        y,
        run_epoch=lambda: run_epoch(network, adam, *data, generator),
        logits=logits,
        layers=lambda: layers(network),
        network=network,
    )


def layers(network):
    """Weights (fan_in, fan_out) and biases of its layers: NumPy views, not copies."""
    arrays = [p.detach().cpu().numpy() for p in network.parameters()]
    return [W.T for W in arrays[::2]], arrays[1::2]


def device(text):
    """An argparse type: the devices that this machine has."""
    try:
        torch.zeros(1, device=text).item()  # "meta" exists, but holds no numbers
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = f"must be available, not {text!r}: {str(error).splitlines()[0]}"
        raise argparse.ArgumentTypeError(reason) from None
    return torch.device(text)


def main():
    parser = training_parser(__doc__, EPOCHS, LEARNING_RATE)
    parser.add("--device", device, "cpu", "as PyTorch names it")
    options = parser.parse_args()
    train_and_report(
        lambda seed: make_run(
            seed, options.points, options.learning_rate, options.device
        ),
        options,
        "pytorch",
        {"Batch": BATCH_SIZE},
    )


if __name__ == "__main__":
    run(main)
