"""Exercise 3: the sheet's two hidden layers, as narrow as can be: 2-3-3-1.

python decision_boundary/study/deep.py    trains, writes numbers

The networks are Exercise 2's, with ReLU and our Adam. All of them train at once.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import count_corners
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import results, script
from decision_boundary.shared.stacked import StackedNetworks, run_epoch
from decision_boundary.study import data_sets
import numpy as np
import torch

exercise = script.load("PyTorch-FeedForward/main.py")


def initial_networks(options):
    """StackedNetworks, those on the first data set first."""
    networks = []
    for seed in range(options.seed, options.seed + options.data_sets):
        torch.manual_seed(script.streams(seed).weights)
        for _ in range(options.networks):
            network = exercise.FeedForwardNetwork(hidden_size=3).double()
            exercise.draw_initial_weights(network)
            networks.append(network)
    return StackedNetworks(networks)


def train(options):
    """The trained StackedNetworks."""
    stacked = initial_networks(options)
    X, y = data_sets.make_data_sets(options.data_sets, options.points, options.seed)
    X = torch.tensor(np.repeat(X, options.networks, axis=0))  # (K, N, 2)
    y = torch.tensor(np.repeat(y, options.networks, axis=0))  # (K, N, 1)
    adam = exercise.Adam(stacked.parameters(), lr=exercise.LEARNING_RATE)
    batches = script.streams(options.seed).batches
    generator = torch.Generator().manual_seed(batches)
    for _ in script.progress(range(options.epochs), "2-3-3-1, epochs"):
        order = torch.randperm(options.points, generator=generator)
        orders = order.expand(len(X), -1)
        run_epoch(stacked, adam, X, y, orders, exercise.BATCH_SIZE)
    return stacked


def hexagons(options, stacked):
    """The Share of the trained networks whose boundary is a hexagon."""
    K = options.data_sets * options.networks
    boundaries = [
        extract_boundary(*stacked.layers(k), data_sets.EXTENT) for k in range(K)
    ]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    return data_sets.share(corners == 6, options.data_sets)


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=50, networks=5)
    data_sets.add_points(parser)
    data_sets.add_epochs(parser, exercise.EPOCHS)
    options = script.parse(parser)

    share = hexagons(options, train(options))
    print(f"hexagons: {share.mean:.1f} +- {share.error:.1f} %")
    macros = {
        "DeepDataSets": options.data_sets,
        "DeepNetworks": options.networks,
        "DeepXavier": rf"{share.mean:.1f} $\pm$ {share.error:.1f}",
    }
    results.save(options, "deep", macros)


if __name__ == "__main__":
    script.run(main)
