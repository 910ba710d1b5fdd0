"""Exercise 1(b): cross-entropy with softmax, and with z_j / sum_k z_k instead.

python Python-FeedForward/cross_entropy.py    compares both in gradient descent

z: logits (..., K), the last axis holds the classes
y: target distributions, of the shape of z, or one (K,) for all z
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.checks import NUMBERS, RATE, checked
from decision_boundary.shared import figures, results, script
import numpy as np

CLASSES = 10
LEARNING_RATES = 10 ** np.linspace(-4, 3, 15)
SHARP = np.eye(CLASSES)[0]
TARGETS = {"Sharp": SHARP, "Smooth": 0.9 * SHARP + 0.1 / CLASSES}
REACHED = 0.01  # nats above the least loss possible


def softmax(z):
    """e^z_j / sum_k e^z_k, computed without overflow."""
    z = checked("z", z, NUMBERS, shape=None)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_loss(z, y):
    """L = -sum_j y_j log softmax(z_j) = log(sum_k e^z_k) - sum_j y_j z_j  (...)."""
    z = checked("z", z, NUMBERS, shape=None)
    return np.logaddexp.reduce(z, axis=-1) - (distribution(y, z) * z).sum(axis=-1)


def softmax_gradient(z, y):
    """dL/dz_j = softmax(z_j) - y_j: prediction minus target, since sum_j y_j = 1."""
    p = softmax(z)
    return p - distribution(y, p)


def normalized(z):
    """z_j / sum_k z_k for z_j > 0: a distribution whose logarithms exist."""
    z = checked("z", z, RATE, shape=None)
    return z / z.sum(axis=-1, keepdims=True)


def normalized_loss(z, y):
    """L = -sum_j y_j log q_j = log sum_k z_k - sum_j y_j log z_j; q = normalized(z)."""
    z = checked("z", z, RATE, shape=None)
    return np.log(z.sum(axis=-1)) - (distribution(y, z) * np.log(z)).sum(axis=-1)


def normalized_gradient(z, y):
    """dL/dz_j = (q_j - y_j) / z_j; q = normalized(z). No bound as z_j goes to 0."""
    q = normalized(z)
    return (q - distribution(y, q)) / z


def distribution(y, z):
    """y as an array; ValueError unless it is one distribution, or one for each z."""
    y = checked("y", y, NUMBERS, shape=None)
    if y.shape not in (z.shape, z.shape[-1:]):
        raise ValueError(f"y must have shape {z.shape}, not {y.shape}")
    if (y < 0).any() or (np.abs(y.sum(axis=-1) - 1) > 1e-6).any():  # allows for float32
        raise ValueError(f"y must be >= 0 and add up to 1, not {y.tolist()}")
    return y


METHODS = {  # gradient, loss, and what all logits must be greater than
    "Softmax": (softmax_gradient, softmax_loss, -np.inf),
    "Normalized": (normalized_gradient, normalized_loss, 0),
}
STYLES = {
    "Softmax": ("o-", figures.ORANGE, "softmax"),
    "Normalized": ("s--", figures.BLUE, r"$z_j/\Sigma_k\,z_k$"),
}


def shares(method, z, y, steps):
    """Shares (learning rates,) of the runs from z (n, K) that reach the least loss.

    A run that leaves the domain ends there and does not count.
    """
    gradient, loss, bound = METHODS[method]
    least = -(y[y > 0] * np.log(y[y > 0])).sum()  # the entropy of the target
    reached = []
    for rate in LEARNING_RATES:
        end = z
        for _ in range(steps):
            end = end - rate * gradient(end, y)
            end = end[(end > bound).all(axis=1)]
        reached.append((loss(end, y) < least + REACHED).sum() / len(z))
    return np.array(reached)


def exit_bounds(z):
    """Lower bounds (n,) of the loss, in normalized flow from z with target class 0."""
    others = z[:, 1:] - z[:, 1:].min(axis=1, keepdims=True)
    return np.log(1 + others.sum(axis=1) / np.linalg.norm(z, axis=1))


def draw(result):
    """Draw the shares against the learning rate, one panel per target."""
    figure = figures.new_figure(1.9)
    panels = figure.subplots(1, 2, sharey=True)
    for ax, target, title in zip(panels, TARGETS, ["one-hot", "smoothed"]):
        for method, (line, color, name) in STYLES.items():
            reached = 100 * result[target, method]
            ax.semilogx(LEARNING_RATES, reached, line, color=color, ms=3, label=name)
        ax.set(xlabel="learning rate", title=f"{title} target")
    panels[0].set(ylabel="share of runs [%]")
    panels[0].legend(loc="center left", frameon=False)
    return figure


def summary(options, z, result):
    """The numbers for the report, {macro: text}."""
    reached = 100 * result["Sharp", "Normalized"].max()
    bounds = exit_bounds(z)
    values = {
        "CrossStarts": options.starts,
        "CrossSteps": options.steps,
        "CrossClasses": CLASSES,
        "CrossRates": len(LEARNING_RATES),
        "CrossNear": REACHED,
        "CrossSharpNormalizedReached": f"{reached:.0f}",
        "CrossExitLeast": f"{bounds.min():.2f}",
        "CrossExitMedian": f"{np.median(bounds):.2f}",
    }
    for (target, method), reached in result.items():
        rates = LEARNING_RATES[reached == 1]  # at which all runs reach it
        if len(rates):
            low, high = (f"{float(f'{rate:.2g}'):g}" for rate in rates[[0, -1]])
            name, decades = f"Cross{target}{method}", np.log10(rates[-1] / rates[0])
            values |= {f"{name}From": low, f"{name}To": high}
            values[f"{name}Decades"] = f"{decades:.1f}"
    return values


def main():
    parser = script.Parser(__doc__)
    parser.add("--starts", script.integer(1), 1000, "number of random starts")
    parser.add("--steps", script.integer(1), 1000, "steps of each run")
    options = parser.parse_args()
    z = np.random.default_rng(options.seed).uniform(0, 1, (options.starts, CLASSES))
    result = {
        (target, method): shares(method, z, y, options.steps)
        for target, y in TARGETS.items()
        for method in METHODS
    }
    print(f"share of runs that come within {REACHED} of the least loss")
    columns = zip(LEARNING_RATES, *result.values())
    rows = [[f"{rate:.4g}", *map("{:.1%}".format, row)] for rate, *row in columns]
    results.table(["learning rate", *map(" ".join, result)], rows)
    values = summary(options, z, result)
    results.save_results(options, "cross_entropy", values, draw(result))


if __name__ == "__main__":
    script.run(main)
