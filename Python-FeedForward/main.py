"""Exercise 1(a): train the NumPy network on the points.

python Python-FeedForward/main.py    trains, draws, writes numbers
"""

from functools import partial
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import script, training
import numpy as np

net = script.load("Python-FeedForward/net.py")

# As provided by the sheet's archive
EPOCHS = 1024
BATCH_SIZE = 32
LEARNING_RATE = 0.03  # for the mean loss of a batch
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01


def run_epoch(network, X, y, rng):
    """Pass once over the points in a new order; returns the mean loss per point."""
    order, loss = rng.permutation(len(X)), 0.0
    for start in range(0, len(X), BATCH_SIZE):
        batch = order[start : start + BATCH_SIZE]
        network.zero_grad()
        logits = network.forward(X[batch])
        loss += net.bce_with_logits_loss(logits, y[batch]).sum()
        network.backward(y[batch])
        network.update_weights()
    return loss / len(X)


def make_run(seed, num_points, learning_rate=LEARNING_RATE, **architecture):
    """New points and a new network, 2-16-16-1 by default, as the seed decides."""
    points, weights, shuffling, _ = training.streams(seed)
    X, y = circle_in_square(num_points, points)
    options = {"momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY, "seed": weights}
    rate = learning_rate / BATCH_SIZE  # as the gradients are sums over the batch
    network = net.FeedForwardNetwork(learning_rate=rate, **options, **architecture)
    epoch = partial(run_epoch, network, X, y, np.random.default_rng(shuffling))
    relu = set(network.activation) == {"relu"}
    layers = (lambda: (network.weights, network.biases)) if relu else None
    return training.Run(X, y, epoch, network.forward, layers, network)


def main():
    options = training.training_parser(__doc__, EPOCHS, LEARNING_RATE).parse_args()
    settings = {"Batch": BATCH_SIZE, "Momentum": MOMENTUM, "Decay": WEIGHT_DECAY}
    training.train_and_report(make_run, options, "backprop", settings)


if __name__ == "__main__":
    script.run(main)
