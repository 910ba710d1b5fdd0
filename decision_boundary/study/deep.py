"""Exercise 3: the sheet's two hidden layers, as narrow as can be: 2-3-3-1.

python decision_boundary/study/deep.py    trains, writes numbers

The networks, ReLU with PyTorch's autograd and our Adam, all train at once.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.shared import results, script, stacked
from decision_boundary.shared.boundaries import WINDOW, count_corners, find_boundary
from decision_boundary.shared.training import streams
from decision_boundary.study import data_sets
import numpy as np
import torch

exercise = script.load("PyTorch-FeedForward/main.py")
WIDTHS = [2, 3, 3, 1]


def train(init, options):
    """The trained networks, as pairs (weights, biases) with NumPy's shapes.

    One data set after the other, each with Exercise 2's networks. init: "xavier", or
    "positive", where all weights behind the first layer are, and the logit is convex.
    """
    networks = []
    for seed in range(options.seed, options.seed + options.data_sets):
        torch.manual_seed(streams(seed)[1])
        for _ in range(options.networks):
            networks.append(exercise.net.FeedForwardNetwork(hidden_size=3))
    flat = stacked.flatten(networks)
    if init == "positive":
        for W, _ in stacked.layers(flat.detach(), WIDTHS)[1:]:
            W.abs_()
    points = data_sets.draw_data_sets(options.data_sets, options.points, options.seed)
    X, y = (np.repeat(array, options.networks, axis=0) for array in points)
    X, y = torch.tensor(X).float(), torch.tensor(y).float()
    adam = exercise.optimizer.Adam([flat], lr=exercise.LEARNING_RATE)
    generator = torch.Generator().manual_seed(streams(options.seed)[2])
    for _ in script.progress(range(options.epochs), f"2-3-3-1, {init}, {{}} epochs"):
        order = torch.randperm(options.points, generator=generator).expand(len(X), -1)
        stacked.run_epoch([flat], WIDTHS, adam, X, y, order, exercise.BATCH_SIZE)
    W, b = zip(*stacked.layers(flat.detach(), WIDTHS))
    return [
        ([part[k].mT.numpy() for part in W], [part[k].numpy() for part in b])
        for k in range(len(X))
    ]


def main():
    parser = data_sets.study_parser(__doc__, 50, networks=5, epochs=exercise.EPOCHS)
    options = parser.parse_args()
    values = {"DeepDataSets": options.data_sets, "DeepNetworks": options.networks}
    for init in ("xavier", "positive"):
        boundaries = [find_boundary(*n, WINDOW) for n in train(init, options)]
        corners = np.array([count_corners(lines) for lines in boundaries])
        by_set = (corners == 6).reshape(options.data_sets, -1)
        mean, worst, _ = data_sets.share_cells(100 * by_set.mean(axis=1))
        more = data_sets.k_of_n(corners > 6)
        print(f"{init}: {mean} % hexagons (worst {worst} %), {more} with more corners")
        name = f"Deep{init.capitalize()}"
        values |= {name: mean, f"{name}More": more}
    results.save_results(options, "deep", values)


if __name__ == "__main__":
    script.run(main)
