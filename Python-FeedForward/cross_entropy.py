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
        raise ValueError(f"y must be >= 0 and add up to 1, not {y.sum(axis=-1)}")
    return y


METHODS = {  # gradient, loss, and what all logits must be greater than
    "Softmax": (softmax_gradient, softmax_loss, -np.inf),
    "Normalized": (normalized_gradient, normalized_loss, 0),
}
STYLES = {  # for print in grey, lines and markers differ too
    "Softmax": ("-", "o", figures.ORANGE, "softmax"),
    "Normalized": ("--", "s", figures.BLUE, r"$z_j/\Sigma_k\,z_k$"),
}


def descend(method, z, y, learning_rate, steps):
    """The final logits of the runs that stay in the domain; which of z (n, K) stay."""
    gradient, _, bound = METHODS[method]
    stays = np.full(len(z), True)
    for _ in range(steps):
        z = z - learning_rate * gradient(z, y)
        inside = (z > bound).all(axis=1)
        z, stays[stays] = z[inside], inside
    return z, stays


def shares(method, z, y, steps):
    """Shares (learning rates, 2) of the runs that fail, and that reach the least loss.

    A run fails if it leaves the domain, or ends with a larger loss than it began with.
    """
    _, loss, _ = METHODS[method]
    least = -(y[y > 0] * np.log(y[y > 0])).sum()  # the entropy of the target
    rows = []
    for rate in LEARNING_RATES:
        end, stays = descend(method, z, y, rate, steps)
        losses = loss(end, y)
        good = losses <= loss(z[stays], y)
        rows.append((len(z) - good.sum(), (losses < least + REACHED).sum()))
    return np.array(rows) / len(z)


def exit_bounds(z):
    """Lower bounds (n,) of the loss where gradient flow for z_j / sum_k z_k must stop.

    See the report; the target is class 0.
    """
    others = z[:, 1:] - z[:, 1:].min(axis=1, keepdims=True)
    return np.log(1 + others.sum(axis=1) / np.linalg.norm(z, axis=1))


def draw_paths(ax, rng):
    """Draw where gradient descent takes two logits whose target is class 1."""
    starts, y = rng.uniform(0.15, 1.6, (10, 2)), np.array([1.0, 0.0])
    for method, (dashes, _, color, _) in STYLES.items():
        gradient, _, bound = METHODS[method]
        for start in starts:
            path = [start]
            while len(path) < 300 and (path[-1] > bound).all():
                path.append(path[-1] - 0.01 * gradient(path[-1], y))
            ax.plot(*np.array(path).T, dashes, color=color, lw=0.8)
            if (path[-1] <= bound).any():
                ax.plot(*path[-1], "x", color=color, ms=4)
    ax.plot(*starts.T, ".", color=figures.DARK, ms=4)
    ax.axhline(0, color=figures.GREY, lw=0.6)
    ax.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    ax.set(xlim=(0, 2.7), ylim=(-0.3, 1.7))


def draw(result, rng):
    figure = figures.new_figure(2.3)
    paths, *others = figure.subplots(1, 3)
    draw_paths(paths, rng)
    titles = ["one-hot target", "smoothed target"]
    for ax, target, title in zip(others, TARGETS, titles):
        for method, (_, marker, color, name) in STYLES.items():
            style = {"color": color, "marker": marker, "ms": 3}
            failed, reached = 100 * result[target, method].T
            ax.semilogx(LEARNING_RATES, reached, label=f"{name}: least loss", **style)
            style |= {"ls": ":", "mfc": "w", "label": f"{name}: failure"}
            ax.semilogx(LEARNING_RATES, failed, **style)
        ax.set(xlabel="learning rate", ylabel="share of runs [%]", title=title)
    legend = {"loc": "outside upper right", "ncols": 4, "frameon": False}
    figure.legend(*ax.get_legend_handles_labels(), **legend)
    return figure


def summary(z, result):
    """The numbers for the report, {macro: text}."""
    reached = 100 * result["Sharp", "Normalized"][:, 1].max()
    bounds = exit_bounds(z)
    values = {
        "CrossClasses": CLASSES,
        "CrossRates": len(LEARNING_RATES),
        "CrossNear": REACHED,
        "CrossSharpNormalizedReached": f"{reached:.0f}",
        "CrossExitLeast": f"{bounds.min():.2f}",
        "CrossExitMedian": f"{np.median(bounds):.2f}",
    }
    for (target, method), rows in result.items():
        rates = LEARNING_RATES[rows[:, 1] == 1]  # at which all runs reach it
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
    rng = np.random.default_rng(options.seed)
    z = rng.uniform(0, 1, (options.starts, CLASSES))
    result = {
        (target, method): shares(method, z, y, options.steps)
        for target, y in TARGETS.items()
        for method in METHODS
    }
    print(f"share of runs that fail | that come within {REACHED} of the least loss")
    rows = [
        [f"{rate:.4g}", *(f"{failed:.1%} |{reached:7.1%}" for failed, reached in row)]
        for rate, *row in zip(LEARNING_RATES, *result.values())
    ]
    results.table(["learning rate", *map(" ".join, result)], rows)
    values = {"CrossStarts": options.starts, "CrossSteps": options.steps}
    values |= summary(z, result)
    results.save_results(options, "cross_entropy", values, draw(result, rng))


if __name__ == "__main__":
    script.run(main)
