"""Exercise 2(c): Adam against momentum SGD, each over a range of learning rates.

python PyTorch-FeedForward/compare_optimizers.py    trains all, draws, writes numbers

All runs of an optimizer are trained at once. The seed of a run decides its points,
initial weights and batches, regardless of optimizer and learning rate.
"""

from functools import partial
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import figures, results, script, stacked
from decision_boundary.shared.training import streams
import numpy as np
import torch

exercise = script.load("PyTorch-FeedForward/main.py")

WIDTHS = [2, 32, 32, 1]
POINTS, FRESH_POINTS, MOMENTUM = 512, 10_000, 0.9
SGD = partial(torch.optim.SGD, momentum=MOMENTUM)
OPTIMIZERS = {"Adam": exercise.optimizer.Adam, "SGD": SGD}
RATES = {"Adam": 10 ** np.arange(-3, 0.1, 0.5), "SGD": 10 ** np.arange(-2, 1.1, 0.5)}
# Color, line, marker, and the factor by which the markers are moved apart
STYLES = {
    "Adam": (figures.ORANGE, "-", ".", 0.87),
    "SGD": (figures.BLUE, "--", "x", 1.15),
}


def as_tensors(points):
    """X (runs, N, 2) and y (runs, N, 1) in float32, from a list of arrays (X, y)."""
    return [torch.tensor(np.stack(a), dtype=torch.float32) for a in zip(*points)]


def train(name, seeds, epochs):
    """Final losses, accuracies on fresh points, and failures: arrays (rates, seeds).

    A failure is a run that ends with more loss than it began with, or with nan.
    """
    runs = [exercise.make_run(seed, POINTS) for seed in seeds]
    generators = [torch.Generator().manual_seed(streams(seed)[2]) for seed in seeds]
    rates = RATES[name]
    X, y = (a.repeat(len(rates), 1, 1) for a in as_tensors(run[:2] for run in runs))
    leaves = [stacked.flatten([run.network for run in runs]) for _ in rates]
    groups = [{"params": [leaf], "lr": rate} for leaf, rate in zip(leaves, rates)]
    optimizer = OPTIMIZERS[name](groups)
    before = stacked.mean_losses(stacked.logits(torch.cat(leaves), WIDTHS, X), y)
    for _ in script.progress(range(1, epochs + 1), f"{name}, epoch {{}} of {epochs}"):
        orders = torch.stack([torch.randperm(POINTS, generator=g) for g in generators])
        batches = orders.repeat(len(rates), 1), exercise.BATCH_SIZE
        stacked.run_epoch(leaves, WIDTHS, optimizer, X, y, *batches)
    after = stacked.mean_losses(stacked.logits(torch.cat(leaves), WIDTHS, X), y)
    fresh = [circle_in_square(FRESH_POINTS, streams(seed)[3]) for seed in seeds]
    X, y = as_tensors(fresh)
    right = [(stacked.logits(leaf, WIDTHS, X) > 0) == (y > 0.5) for leaf in leaves]
    accuracy = torch.cat(right).float().mean((1, 2))
    arrays = after, accuracy, ~(after <= before)
    return [a.detach().numpy().reshape(len(rates), -1) for a in arrays]


def draw(result):
    """Draw losses and accuracies of all runs, and their medians, against the rate."""
    figure = figures.new_figure(2.0)
    left, right = figure.subplots(1, 2)
    for name, (after, accuracy, _) in result.items():
        color, line, marker, factor = STYLES[name]
        for ax, values in (left, after), (right, 100 * accuracy):
            x, style = RATES[name], {"color": color, "ms": 2.5, "mew": 0.4}
            ax.semilogx(factor * x, values, marker, **style)
            ax.semilogx(x, np.median(values, axis=1), line, color=color, label=name)
    left.set(yscale="log", xlabel="learning rate", ylabel="final loss")
    left.legend(frameon=False)
    right.set(xlabel="learning rate", ylabel="fresh accuracy [%]", ylim=(94, 99))
    return figure


def summary(result, options):
    """The numbers for the report, {macro: text}."""
    values = {"OptimizerSeeds": options.runs, "OptimizerRates": len(RATES["Adam"])}
    values |= {"OptimizerEpochs": options.epochs, "SGDMomentum": MOMENTUM}
    values["OptimizerFresh"] = f"{FRESH_POINTS:,}".replace(",", r"\,")
    at_best = []  # accuracies (seeds,) at the best rate
    for name, (after, accuracy, failed) in result.items():
        rates, failed_rates = RATES[name], RATES[name][failed.any(axis=1)]
        best = np.argmin(np.median(np.where(failed, np.inf, after), axis=1))
        at_best.append(accuracy[best])
        values |= {
            f"{name}BestRate": f"{rates[best]:.2g}",
            f"{name}BestLoss": f"{np.median(after[best]):.4f}",
            f"{name}BestFresh": f"{100 * np.median(accuracy[best]):.1f}",
            f"{name}MostFresh": f"{100 * np.median(accuracy, axis=1).max():.1f}",
            f"{name}Failed": int(failed.sum()),
            f"{name}FailedFrom": f"{failed_rates.min(initial=np.inf):.2g}",
            f"{name}Runs": failed.size,
        }
    adam, sgd = at_best
    gain = f"{100 * (adam - sgd).mean():.2f}"
    return values | {"OptimizerWins": (adam > sgd).sum(), "OptimizerGain": gain}


def main():
    parser = script.Parser(__doc__, exercise.EPOCHS)
    parser.add("--runs", script.integer(1), 20, "number of seeds of each rate")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    result = {name: train(name, seeds, options.epochs) for name in RATES}
    rows = [
        [name, f"{rate:.2g}", f"{np.median(after):.4f}", f"{np.median(accuracy):.1%}"]
        + [f"{failed.sum()} of {options.runs}"]
        for name, arrays in result.items()
        for rate, after, accuracy, failed in zip(RATES[name], *arrays)
    ]
    results.table(["method", "rate", "median loss", "on fresh points", "failed"], rows)
    results.save_results(options, "optimizers", summary(result, options), draw(result))


if __name__ == "__main__":
    script.run(main)
