"""Exercise 2(c): Adam against momentum SGD, each over a range of learning rates.

python PyTorch-FeedForward/compare_optimizers.py    trains all, draws, writes numbers

All runs of one optimizer are trained at once. A run's points, initial weights and
batches are those of its seed, whatever the optimizer and the learning rate.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import (
    Parser,
    integer,
    load,
    prepare,
    progress,
    run,
    streams,
    tell,
)

if __name__ == "__main__":
    prepare()

import numpy as np
import torch

from decision_boundary.data import circle_in_square
from decision_boundary.figures import BLUE, ORANGE, figure_bytes, new_figure
from decision_boundary.results import numbers, write_results

exercise = load("PyTorch-FeedForward/main.py")
stacked = load("PyTorch-FeedForward/stacked.py")

COMMAND = "python PyTorch-FeedForward/compare_optimizers.py"
POINTS, MOMENTUM = 512, 0.9
RATES = {"Adam": 10 ** np.arange(-3, 0.1, 0.5), "SGD": 10 ** np.arange(-2, 1.1, 0.5)}
COLORS, STYLES = {"Adam": ORANGE, "SGD": BLUE}, {"Adam": "-", "SGD": "--"}
MARKERS, BESIDE = {"Adam": ".", "SGD": "x"}, {"Adam": 0.94, "SGD": 1.06}
FRESH_POINTS = 10_000


def make_optimizer(name, groups):
    """The optimizer for parameter groups with learning rates of their own."""
    if name == "Adam":
        return exercise.optimizer.Adam(groups)
    return torch.optim.SGD(groups, momentum=MOMENTUM)


def draw_points(seeds, num_points, stream):
    """The points (runs, N, 2) and labels (runs, N, 1) of the seeds, in float32."""
    points = [circle_in_square(num_points, streams(seed)[stream]) for seed in seeds]
    return (torch.tensor(np.stack(a), dtype=torch.float32) for a in zip(*points))


def initial_networks(seeds):
    networks = []
    for seed in seeds:
        torch.manual_seed(streams(seed)[1])
        networks.append(exercise.net.FeedForwardNetwork())
    return networks


def train(name, seeds, epochs):
    """Losses before and after, and accuracies on fresh points: arrays (rates, seeds)."""
    rates, networks = RATES[name], initial_networks(seeds)
    repeated = torch.arange(len(seeds)).repeat(len(rates))  # run -> its seed
    X, y = (a[repeated] for a in draw_points(seeds, POINTS, 0))
    fresh_X, fresh_y = (a[repeated] for a in draw_points(seeds, FRESH_POINTS, 3))
    generators = [torch.Generator().manual_seed(streams(seed)[2]) for seed in seeds]
    groups = [stacked.stack(networks) for _ in rates]
    method = make_optimizer(
        name, [{"params": [*g.values()], "lr": r} for g, r in zip(groups, rates)]
    )

    @torch.no_grad()
    def logits(X):
        parameters = {k: torch.cat([g[k] for g in groups]) for k in groups[0]}
        return stacked.logits(networks[0], parameters, X)

    before = stacked.mean_losses(logits(X), y)
    for epoch in range(1, epochs + 1):
        orders = torch.stack([torch.randperm(POINTS, generator=g) for g in generators])
        batches = orders[repeated], exercise.BATCH_SIZE
        stacked.run_epoch(networks[0], groups, method, X, y, *batches)
        progress(f"{name}, epoch {epoch} of {epochs}")
    after = stacked.mean_losses(logits(X), y)
    accuracy = ((logits(fresh_X) > 0) == (fresh_y > 0.5)).float().mean((1, 2))
    shape = len(rates), len(seeds)
    return [a.reshape(shape).double().numpy() for a in (before, after, accuracy)]


def draw(result):
    """Final losses against the learning rate: every run, and the medians as lines."""
    figure = new_figure(2.3)
    figure.get_layout_engine().set(wspace=0.06)
    axes = figure.subplots(1, 2)
    for name, (_, after, accuracy) in result.items():
        shown = np.where(np.isfinite(after), after, np.nan)
        for ax, values in zip(axes, (shown, 100 * accuracy)):
            beside = RATES[name] * BESIDE[name]  # the dots of both, not upon each other
            ax.plot(beside, values, MARKERS[name], color=COLORS[name], ms=2.5, mew=0.4)
            ax.plot(
                RATES[name], np.median(values, axis=1), STYLES[name], color=COLORS[name]
            )
    axes[0].set(xscale="log", yscale="log", xlabel="learning rate", ylabel="final loss")
    axes[1].set(
        xscale="log",
        xlabel="learning rate",
        ylabel="fresh points right [%]",
        ylim=(94, 99),
    )
    for ax, name, which, offset in [
        (axes[0], "Adam", 0, (0, 12)),
        (axes[0], "SGD", 3, (6, -10)),
        (axes[1], "Adam", 5, (-30, -24)),
        (axes[1], "SGD", 3, (9, -2)),
    ]:
        _, after, accuracy = result[name]
        values = after if ax is axes[0] else 100 * accuracy
        point = RATES[name][which], np.median(values, axis=1)[which]
        ax.annotate(name, point, offset, textcoords="offset points", color=COLORS[name])
    return figure


def summary(result, options):
    """The numbers for the report, as {macro: text}."""
    values = {"OptimizerSeeds": options.runs, "OptimizerEpochs": options.epochs}
    values |= {"OptimizerRates": len(RATES["Adam"]), "SGDMomentum": MOMENTUM}
    values["OptimizerFresh"] = f"{FRESH_POINTS:,}".replace(",", r"\,")
    for name, (before, after, accuracy) in result.items():
        failed = ~(after <= before)  # not finite counts as failed
        best = np.argmin(np.median(np.where(failed, np.inf, after), axis=1))
        failed_from = RATES[name][failed.any(axis=1)].min(initial=np.inf)
        values |= {
            f"{name}RateLeast": f"{RATES[name].min():g}",
            f"{name}RateMost": f"{RATES[name].max():g}",
            f"{name}BestRate": f"{RATES[name][best]:.2g}",
            f"{name}BestLoss": f"{np.median(after[best]):.4f}",
            f"{name}BestFresh": f"{100 * np.median(accuracy[best]):.1f}",
            f"{name}Failed": int(failed.sum()),
            f"{name}FailedFrom": f"{failed_from:.2g}",
            f"{name}Runs": failed.size,
        }
    return values


def main():
    torch.set_num_threads(1)  # no slower at this size, and sums keep their order
    parser = Parser(__doc__, exercise.EPOCHS)
    parser.add_argument(
        "--runs", type=integer(1), default=20, help="seeds of each rate"
    )
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    result = {name: train(name, seeds, options.epochs) for name in RATES}
    tell("method     rate  median loss  median fresh accuracy  failed")
    for name, arrays in result.items():
        for rate, before, after, accuracy in zip(RATES[name], *arrays):
            failed = (~(after <= before)).sum()
            print(
                f"{name:6} {rate:8.2g} {np.median(after):12.4f} "
                f"{np.median(accuracy):22.1%} {failed:4d} of {options.runs}"
            )
    files = {
        options.output / "figures/optimizers.pdf": figure_bytes(draw(result)),
        options.output / "numbers/optimizers.tex": numbers(
            COMMAND, summary(result, options)
        ),
    }
    write_results(files)


if __name__ == "__main__":
    run(main)
