"""Exercise 2: train the network of our autograd functions with our Adam.

python PyTorch-FeedForward/main.py    trains, draws, writes numbers
"""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import Parser, load, prepare, run, streams

if __name__ == "__main__":
    prepare()

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from decision_boundary.data import circle_in_square
from decision_boundary.training import Run, repeat

net = load("PyTorch-FeedForward/net.py")
optimizer = load("PyTorch-FeedForward/optimizer.py")

COMMAND = "python PyTorch-FeedForward/main.py"
EPOCHS = 256
BATCH_SIZE = 64
LEARNING_RATE = 0.01
LARGEST = 1e37  # learning rate whose steps float32 can hold; it diverges at once


def run_epoch(network, adam, X, y, generator):
    """One pass over the points in a new order; returns the mean loss per point."""
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
    """The handed-out network, or another, on new points; all from one seed's streams."""
    points, weights, shuffling, _ = streams(seed)
    X, y = circle_in_square(num_points, points)
    torch.manual_seed(weights)
    network = net.FeedForwardNetwork(**architecture).to(device)
    adam = optimizer.Adam(network.parameters(), lr=min(learning_rate, LARGEST))
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
        network=network,
    )


def available_device(text):
    """An argparse type: a device that this machine has."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of names that are old
            torch.zeros(1, device=text).item()  # "meta" would have nothing to give
        return torch.device(text)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise argparse.ArgumentTypeError(
            f"{text!r} is not available: {reason}"
        ) from None


def main():
    torch.set_num_threads(1)  # no slower at this size, and sums keep their order
    parser = Parser(__doc__, EPOCHS)
    parser.add_training(LEARNING_RATE)
    parser.add_argument(
        "--device", type=available_device, default="cpu", help="as torch names it"
    )
    options = parser.parse_args()

    def make(seed):
        return make_run(seed, options.points, options.learning_rate, options.device)

    repeat(make, options, "pytorch", COMMAND, {"Batch": BATCH_SIZE})


if __name__ == "__main__":
    run(main)
