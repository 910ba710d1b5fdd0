"""Exercise 2(c): Adam against momentum SGD, each over a range of learning rates.

python PyTorch-FeedForward/compare_optimizers.py    trains all, draws, writes numbers

All runs of an optimizer are trained at once. The seed of a run decides its points,
initial weights and batches, regardless of optimizer and learning rate.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.shared import stacked
from decision_boundary.shared.figures import BLUE, ORANGE, new_figure
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import Parser, integer, load, progress, run
from decision_boundary.shared.training import streams
import numpy as np
import torch

exercise = load("PyTorch-FeedForward/main.py")

WIDTHS = [2, 32, 32, 1]
POINTS, FRESH_POINTS, MOMENTUM = 512, 10_000, 0.9
RATES = {"Adam": 10 ** np.arange(-3, 0.1, 0.5), "SGD": 10 ** np.arange(-2, 1.1, 0.5)}
COLORS, STYLES = {"Adam": ORANGE, "SGD": BLUE}, {"Adam": "-", "SGD": "--"}
MARKERS = {"Adam": ".", "SGD": "x"}
LEAST_SHOWN = 94  # percent, of the accuracies
OFFSETS = {"Adam": 0.87, "SGD": 1.15}  # factors of the rate: markers do not overlap


def make_optimizer(name, groups):
    """The optimizer for parameter groups with learning rates of their own."""
    if name == "Adam":
        return exercise.optimizer.Adam(groups)
    return torch.optim.SGD(groups, momentum=MOMENTUM)


def draw_points(seeds, num_points, stream):
    """Points (runs, N, 2) and labels (runs, N, 1) of the seeds, in float32."""
    points = [circle_in_square(num_points, streams(seed)[stream]) for seed in seeds]
    return [torch.tensor(np.stack(a), dtype=torch.float32) for a in zip(*points)]


def initial_network(seed):
    torch.manual_seed(streams(seed)[1])
    return exercise.net.FeedForwardNetwork(hidden_size=WIDTHS[1:-1])


def train(name, seeds, epochs):
    """Losses before and after, and accuracies on fresh points: arrays (rates, seeds)."""
    rates = RATES[name]
    repeated = torch.arange(len(seeds)).repeat(len(rates))  # run -> its seed
    X, y = (a[repeated] for a in draw_points(seeds, POINTS, 0))
    generators = [torch.Generator().manual_seed(streams(seed)[2]) for seed in seeds]
    networks = [initial_network(seed) for seed in seeds]
    groups = [
        stacked.flatten(networks) for _ in rates
    ]  # one of (seeds, P) for each rate
    optimizer = make_optimizer(
        name, [{"params": [g], "lr": rate} for g, rate in zip(groups, rates)]
    )

    @torch.no_grad()
    def logits(X):
        return stacked.logits(torch.cat(groups), WIDTHS, X)

    before = stacked.mean_losses(logits(X), y)
    for _ in progress(range(1, epochs + 1), f"{name}, epoch {{}} of {epochs}"):
        orders = torch.stack([torch.randperm(POINTS, generator=g) for g in generators])
        batches = orders[repeated], exercise.BATCH_SIZE
        stacked.run_epoch(groups, WIDTHS, optimizer, X, y, *batches)
    after = stacked.mean_losses(logits(X), y)
    fresh_X, fresh_y = draw_points(seeds, FRESH_POINTS, 3)
    accuracy = [
        ((stacked.logits(g, WIDTHS, fresh_X) > 0) == (fresh_y > 0.5))
        .float()
        .mean((1, 2))
        for g in groups
    ]
    shape = len(rates), len(seeds)
    arrays = before, after, torch.cat(accuracy)
    return [a.detach().reshape(shape).double().numpy() for a in arrays]


def draw(result):
    """Draw losses and accuracies of all runs, and their medians, against the rate."""
    figure = new_figure(2.0)
    figure.get_layout_engine().set(wspace=0.06)
    axes = figure.subplots(1, 2)
    for name, (_, after, accuracy) in result.items():
        shown = np.where(np.isfinite(after), after, np.nan)
        for ax, values in zip(axes, (shown, 100 * accuracy)):
            rates = RATES[name] * OFFSETS[name]
            ax.plot(rates, values, MARKERS[name], color=COLORS[name], ms=2.5, mew=0.4)
            ax.plot(
                RATES[name], np.median(values, axis=1), STYLES[name], color=COLORS[name]
            )
    axes[0].set(xscale="log", yscale="log", xlabel="learning rate", ylabel="final loss")
    axes[1].set(xscale="log", xlabel="learning rate", ylim=(LEAST_SHOWN, 99))
    axes[1].set(ylabel="fresh accuracy [%]")
    for ax, name, which, offset in [
        (axes[0], "Adam", 0, (-4, 14)),
        (axes[0], "SGD", 6, (-28, 8)),
        (axes[1], "Adam", 0, (-4, -22)),
        (axes[1], "SGD", 4, (6, -2)),
    ]:
        _, after, accuracy = result[name]
        values = after if ax is axes[0] else 100 * accuracy
        point = RATES[name][which], np.median(values, axis=1)[which]
        ax.annotate(name, point, offset, textcoords="offset points", color=COLORS[name])
    return figure


def failures(before, after):
    """Which runs (rates, seeds) end with more loss than they began with, or with nan."""
    return ~(after <= before)


def best_rate(before, after):
    """Index of the learning rate with the least median loss; failures count as inf."""
    lost = np.where(failures(before, after), np.inf, after)
    return np.argmin(np.median(lost, axis=1))


def summary(result, options):
    """The numbers for the report, {macro: text}."""
    values = {"OptimizerSeeds": options.runs, "OptimizerRates": len(RATES["Adam"])}
    values |= {"OptimizerEpochs": options.epochs, "SGDMomentum": MOMENTUM}
    values["OptimizerFresh"] = f"{FRESH_POINTS:,}".replace(",", r"\,")
    best = {name: best_rate(*arrays[:2]) for name, arrays in result.items()}
    for name, (before, after, accuracy) in result.items():
        failed = failures(before, after)
        failed_from = RATES[name][failed.any(axis=1)].min(initial=np.inf)
        values |= {
            f"{name}RateLeast": f"{RATES[name].min():g}",
            f"{name}RateMost": f"{RATES[name].max():g}",
            f"{name}BestRate": f"{RATES[name][best[name]]:.2g}",
            f"{name}BestLoss": f"{np.median(after[best[name]]):.4f}",
            f"{name}BestFresh": f"{100 * np.median(accuracy[best[name]]):.1f}",
            f"{name}MostFresh": f"{100 * np.median(accuracy, axis=1).max():.1f}",
            f"{name}Failed": int(failed.sum()),
            f"{name}FailedFrom": f"{failed_from:.2g}",
            f"{name}Runs": failed.size,
        }
    adam, sgd = (result[name][2][best[name]] for name in RATES)
    cut = sum((100 * accuracy < LEAST_SHOWN).sum() for *_, accuracy in result.values())
    return values | {
        "OptimizerWins": (adam > sgd).sum(),
        "OptimizerGain": f"{100 * (adam - sgd).mean():.2f}",
        "OptimizerCut": cut,
    }


def main():
    parser = Parser(__doc__, exercise.EPOCHS)
    parser.add("--runs", integer(1), 20, "number of seeds of each rate")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    result = {name: train(name, seeds, options.epochs) for name in RATES}
    rows = [
        [name, f"{rate:.2g}", f"{np.median(after):.4f}", f"{np.median(accuracy):.1%}"]
        + [f"{failures(before, after).sum()} of {options.runs}"]
        for name, arrays in result.items()
        for rate, before, after, accuracy in zip(RATES[name], *arrays)
    ]
    table(["method", "rate", "median loss", "on fresh points", "failed"], rows)
    save_results(options, "optimizers", summary(result, options), draw(result))


if __name__ == "__main__":
    run(main)
