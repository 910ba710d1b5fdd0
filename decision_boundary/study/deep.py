"""Exercise 3: the sheet's two hidden layers, as narrow as can be: 2-3-3-1.

python decision_boundary/study/deep.py    trains, writes numbers

The networks are Exercise 2's, with ReLU and our Adam. All of them train at once.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import count_corners
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import results, script
from decision_boundary.shared.stacked import StackedNetworks, run_epoch
from decision_boundary.study import data_sets
import numpy as np
import torch

exercise = script.load("PyTorch-FeedForward/main.py")


class Row(NamedTuple):
    """All networks from the same kind of initial weights."""

    init: str
    hexagons: data_sets.Share
    more_corners: data_sets.Count  # convex polygons with more than six corners


COLUMNS = {
    "start": "{init}",
    "hexagons [%]": "{hexagons.mean:.1f} +- {hexagons.error:.1f}",
    "worst": "{hexagons.worst:.0f}",
    "with more corners": "{more_corners}",
}


def initial_networks(options, init):
    """StackedNetworks, those on the first data set first.

    init: "xavier", or "positive", where all weights behind the first layer are made
    positive, so that the logit is convex at first
    """
    networks = []
    for seed in range(options.seed, options.seed + options.data_sets):
        torch.manual_seed(script.streams(seed).weights)
        for _ in range(options.networks):
            networks.append(exercise.FeedForwardNetwork(hidden_size=3).double())
    stacked = StackedNetworks(networks)
    if init == "positive":
        with torch.no_grad():
            for W in stacked.weights[1:]:
                W.abs_()
    return stacked


def train(options, init):
    """The trained StackedNetworks."""
    stacked = initial_networks(options, init)
    X, y = data_sets.make_data_sets(options.data_sets, options.points, options.seed)
    X = torch.tensor(np.repeat(X, options.networks, axis=0))  # (K, N, 2)
    y = torch.tensor(np.repeat(y, options.networks, axis=0))  # (K, N, 1)
    adam = exercise.Adam(stacked.parameters(), lr=exercise.LEARNING_RATE)
    batches = script.streams(options.seed).batches
    generator = torch.Generator().manual_seed(batches)
    for _ in script.progress(range(options.epochs), f"2-3-3-1, {init}, epochs"):
        order = torch.randperm(options.points, generator=generator)
        orders = order.expand(len(X), -1)
        run_epoch(stacked, adam, X, y, orders, exercise.BATCH_SIZE)
    return stacked


def evaluate(options, init, stacked):
    """The Row of the trained networks."""
    K = options.data_sets * options.networks
    boundaries = [
        extract_boundary(*stacked.layers(k), data_sets.EXTENT) for k in range(K)
    ]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    return Row(
        init=init,
        hexagons=data_sets.share(corners == 6, options.data_sets),
        more_corners=data_sets.count(corners > 6),
    )


def macros(options, xavier, positive):
    """{LaTeX macro: text}"""
    return {
        "DeepDataSets": options.data_sets,
        "DeepNetworks": options.networks,
        "DeepXavier": interval(xavier.hexagons),
        "DeepXavierMore": xavier.more_corners,
        "DeepPositive": interval(positive.hexagons),
        "DeepPositiveMore": positive.more_corners,
    }


def interval(share):
    return rf"{share.mean:.1f} $\pm$ {share.error:.1f}"


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=50, networks=5)
    data_sets.add_points(parser)
    data_sets.add_epochs(parser, exercise.EPOCHS)
    options = script.parse(parser)

    xavier = evaluate(options, "xavier", train(options, "xavier"))
    positive = evaluate(options, "positive", train(options, "positive"))
    results.print_table([xavier, positive], COLUMNS)
    results.save(options, "deep", macros(options, xavier, positive))


if __name__ == "__main__":
    script.run(main)
