"""Exercise 2: train the network of our autograd functions with our Adam.

python PyTorch-FeedForward/main.py    trains, draws, writes numbers
"""

from functools import partial
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import script, training
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

net = script.load("PyTorch-FeedForward/net.py")
optimizer = script.load("PyTorch-FeedForward/optimizer.py")

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


def make_run(seed, num_points, learning_rate=LEARNING_RATE, **architecture):
    """New points and a new network, 2-32-32-1 by default, as the seed decides."""
    points, weights, shuffling, _ = training.streams(seed)
    X, y = circle_in_square(num_points, points)
    torch.manual_seed(weights)
    network = net.FeedForwardNetwork(**architecture)
    adam = optimizer.Adam(network.parameters(), lr=learning_rate)
    data = torch.tensor(X).float(), torch.tensor(y).float()
    generator = torch.Generator().manual_seed(shuffling)

    def logits(x):
        return network(torch.tensor(x).float()).detach().numpy()

    epoch = partial(run_epoch, network, adam, *data, generator)
    return training.Run(X, y, epoch, logits, partial(layers, network), network)


def layers(network):
    """Weights (fan_in, fan_out) and biases of its layers: NumPy views, not copies."""
    arrays = [parameter.detach().numpy() for parameter in network.parameters()]
    return [W.T for W in arrays[::2]], arrays[1::2]


def main():
    options = training.training_parser(__doc__, EPOCHS, LEARNING_RATE).parse_args()
    training.train_and_report(make_run, options, "pytorch", {"Batch": BATCH_SIZE})


if __name__ == "__main__":
    script.run(main)
