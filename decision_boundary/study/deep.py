"""Exercise 3: the sheet's two hidden layers, as narrow as can be: 2-3-3-1.

python decision_boundary/study/deep.py    trains, writes numbers

The networks, ReLU with PyTorch's autograd and our Adam, all train at once.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.shared import stacked
from decision_boundary.shared.boundaries import WINDOW, count_corners, find_boundary
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import Parser, integer, load, progress, run
from decision_boundary.shared.training import streams
from decision_boundary.study.data_sets import draw_data_sets, mean_and_error
import numpy as np
import torch

exercise = load("PyTorch-FeedForward/main.py")
WIDTHS = [2, 3, 3, 1]
INITS = ("xavier", "positive")


def initial_networks(init, data_sets, networks, seed):
    """Networks of Exercise 2 for each data set, one data set after the other.

    init: "xavier", as provided; "positive", with all weights behind the first layer made
    positive, so that the logit is a convex function of the point
    """
    result = []
    for d in range(data_sets):
        torch.manual_seed(streams(seed + d)[1])
        result += [
            exercise.net.FeedForwardNetwork(hidden_size=3) for _ in range(networks)
        ]
    if init == "positive":
        for network in result:
            for weight in [*network.parameters()][2::2]:
                weight.data.abs_()
    return result


def train(init, options):
    """The trained networks, as a list of (weights, biases) with NumPy's shapes."""
    sets, per_set = options.data_sets, options.networks
    flat = stacked.flatten(initial_networks(init, sets, per_set, options.seed))
    points = draw_data_sets(sets, options.points, options.seed)
    X, y = (torch.tensor(a).float().repeat_interleave(per_set, dim=0) for a in points)
    adam = exercise.optimizer.Adam([flat], lr=exercise.LEARNING_RATE)
    generator = torch.Generator().manual_seed(streams(options.seed)[2])
    text = f"2-3-3-1, {init}, epoch {{}} of {options.epochs}"
    for _ in progress(range(1, options.epochs + 1), text):
        order = torch.randperm(options.points, generator=generator).expand(len(X), -1)
        batches = order, exercise.BATCH_SIZE
        stacked.run_epoch([flat], WIDTHS, adam, X, y, *batches)
    layers = [
        (W.mT.detach().numpy(), b.detach().numpy())
        for W, b in stacked.layers(flat, WIDTHS)
    ]
    return [
        ([W[k] for W, _ in layers], [b[k] for _, b in layers]) for k in range(len(X))
    ]


def main():
    parser = Parser(__doc__, exercise.EPOCHS)
    parser.add("--points", integer(1), 512, "in each data set")
    parser.add("--data-sets", integer(1), 50, "with seeds from --seed on")
    parser.add("--networks", integer(1), 5, "on each data set, for each start")
    options = parser.parse_args()
    rows, values = [], {}
    for init in INITS:
        networks = train(init, options)
        boundaries = [find_boundary(*network, WINDOW) for network in networks]
        corners = np.array([count_corners(b) for b in boundaries])
        shares = 100 * (corners == 6).reshape(options.data_sets, -1).mean(axis=1)
        more = f"{(corners > 6).sum()} of {len(corners)}"
        rows.append([init, mean_and_error(shares), f"{shares.min():.0f}", more])
        name = init.capitalize()
        values |= {f"Deep{name}": rows[-1][1], f"Deep{name}More": more}
    table(["start", "hexagons [%]", "worst data set", "more corners"], rows)
    values |= {"DeepDataSets": options.data_sets, "DeepNetworks": options.networks}
    save_results(options, "deep", values)


if __name__ == "__main__":
    run(main)
