"""Exercise 2(c): Adam against momentum SGD, each over a range of learning rates.

python PyTorch-FeedForward/compare_optimizers.py    trains all, draws, writes numbers

SGD with momentum steps by v <- momentum v + g, theta <- theta - lr v. The networks are
Exercise 2's. A seed decides points, initial weights and batches, regardless of
optimizer and learning rate; all seeds train at once.
"""

import functools
from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.stacked import StackedNetworks, mean_losses, run_epoch
from main import BATCH_SIZE, EPOCHS, Training
import numpy as np
from optimizer import Adam
import torch

MOMENTUM = 0.9
OPTIMIZERS = {
    "Adam": Adam,
    "SGD": functools.partial(torch.optim.SGD, momentum=MOMENTUM),
}
RATES = np.logspace(-3, 0, 7)  # half a decade apart
FRESH_POINTS = 10_000
STYLES = {  # color, line, marker; the markers of the two are moved apart by a factor
    "Adam": (figures.ORANGE, "-", ".", 0.87),
    "SGD": (figures.BLUE, "--", "x", 1.15),
}


class Row(NamedTuple):
    """One optimizer with one learning rate, for all seeds."""

    optimizer: str
    rate: float
    losses: np.ndarray  # (seeds,) of the trained networks on their training points
    accuracies: np.ndarray  # (seeds,) on fresh points, in percent
    median_loss: float
    median_accuracy: float


COLUMNS = {
    "optimizer": "{optimizer}",
    "rate": "{rate:.2g}",
    "median loss": "{median_loss:.4f}",
    "on fresh points": "{median_accuracy:.2f} %",
}


def train(name, rate, seeds, epochs):
    """The Row of an optimizer and a learning rate."""
    trainings = [Training(seed) for seed in seeds]
    networks = StackedNetworks([training.network for training in trainings])
    X = torch.tensor(np.stack([training.X for training in trainings]))  # (K, N, 2)
    y = torch.tensor(np.stack([training.y for training in trainings]))  # (K, N, 1)
    num_points = X.shape[1]
    optimizer = OPTIMIZERS[name](networks.parameters(), lr=rate)
    for _ in range(epochs):
        orders = [torch.randperm(num_points, generator=t.generator) for t in trainings]
        orders = torch.stack(orders)
        run_epoch(networks, optimizer, X, y, orders, BATCH_SIZE)
    losses = mean_losses(networks, X, y)
    losses = np.where(np.isnan(losses), np.inf, losses)  # a run that diverged
    accuracies = fresh_accuracies(networks, seeds)
    return Row(
        optimizer=name,
        rate=rate,
        losses=losses,
        accuracies=accuracies,
        median_loss=np.median(losses),
        median_accuracy=np.median(accuracies),
    )


@torch.no_grad()
def fresh_accuracies(networks, seeds):
    """Accuracies (seeds,) in percent of points that no training has seen."""
    fresh = [
        circle_in_square(FRESH_POINTS, script.seeds_of(s).fresh_points) for s in seeds
    ]
    X = torch.tensor(np.stack([X for X, _ in fresh]))  # (K, N, 2)
    y = torch.tensor(np.stack([y for _, y in fresh]))  # (K, N, 1)
    right = (networks(X) > 0) == (y > 0.5)
    return 100 * right.double().mean(dim=(1, 2)).numpy()


def best(rows):
    """The Row of the least median loss."""
    return min(rows, key=lambda row: row.median_loss)


def draw(table):
    """Draw losses and accuracies of all runs, and their medians, against the rate."""
    figure = figures.new_figure(1.6)
    left, right = figure.subplots(1, 2)
    for name, rows in table.items():
        color, line, marker, factor = STYLES[name]
        rates = np.array([row.rate for row in rows])
        losses = [row.losses for row in rows]
        accuracies = [row.accuracies for row in rows]
        for ax, values in [(left, losses), (right, accuracies)]:
            ax.plot(factor * rates, values, marker, color=color, ms=2.5, mew=0.4)
            medians = np.median(values, axis=1)
            ax.plot(rates, medians, line, color=color, label=name)
    left.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="loss")
    left.legend(frameon=False, loc="upper center")
    right.set(xscale="log", ylim=(94, 99), xlabel="learning rate")
    right.set(ylabel="fresh accuracy [%]")
    return figure


def macros(options, table):
    """{LaTeX macro: text}"""
    adam = best(table["Adam"])
    sgd = best(table["SGD"])
    gains = adam.accuracies - sgd.accuracies  # (seeds,), in percentage points
    standard_error = gains.std(ddof=1) / np.sqrt(len(gains))
    return {
        "OptimizerSeeds": options.runs,
        "OptimizerRates": len(table["Adam"]),
        "OptimizerEpochs": options.epochs,
        "OptimizerFresh": results.plain(FRESH_POINTS),
        "SGDMomentum": MOMENTUM,
        "AdamBestRate": f"{adam.rate:.2g}",
        "AdamBestLoss": f"{adam.median_loss:.4f}",
        "SGDBestRate": f"{sgd.rate:.2g}",
        "SGDBestLoss": f"{sgd.median_loss:.4f}",
        "OptimizerLower": f"{np.sum(adam.losses < sgd.losses)} of {options.runs}",
        "OptimizerGain": f"{gains.mean():.1f}",
        "OptimizerGainError": f"{standard_error:.1f}",
    }


def main():
    parser = script.parser(__doc__)
    script.add_seed(parser)
    script.add_number(parser, "--epochs", EPOCHS, "passes over the points")
    script.add_number(parser, "--runs", 10, "number of seeds", script.integer(2))
    options = script.parse(parser)

    seeds = range(options.seed, options.seed + options.runs)
    table = {}
    for name in OPTIMIZERS:
        table[name] = []
        for rate in script.progress(RATES, f"{name}, learning rates"):
            table[name].append(train(name, rate, seeds, options.epochs))
        results.print_table(table[name], COLUMNS)
    results.save(options, "optimizers", macros(options, table), draw(table))


if __name__ == "__main__":
    script.run(main)
