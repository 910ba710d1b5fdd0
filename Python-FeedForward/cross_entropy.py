"""Exercise 1(b): cross-entropy with softmax, and with z_j / sum_k z_k instead.

python Python-FeedForward/cross_entropy.py    compares both in gradient descent

z: logits (..., K), the last axis holds the classes
y: target distributions, of the shape of z, or one (K,) for all z
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.checks import NUMBERS, RATE, checked
from decision_boundary.shared.figures import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    new_figure,
)
from decision_boundary.shared.results import save_results, table
from decision_boundary.shared.script import Parser, integer, run
import numpy as np

CLASSES = 10
LEARNING_RATES = 10 ** np.linspace(-4, 3, 15)
TARGETS = {
    "Sharp": np.eye(CLASSES)[0],
    "Smooth": 0.9 * np.eye(CLASSES)[0] + 0.1 / CLASSES,
}
REACHED = 0.01  # nats above the least loss possible
COLORS = {"Softmax": ORANGE, "Normalized": BLUE}
# For grey print
MARKERS, PATHS = (
    {"Softmax": "o", "Normalized": "s"},
    {"Softmax": "-", "Normalized": "--"},
)


def softmax(z):
    """e^z_j / sum_k e^z_k, for z of any size."""
    powers = np.exp(shifted(z))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_loss(z, y):
    """L = -sum_j y_j log softmax(z_j) = log(sum_k e^z_k) - sum_j y_j z_j  (...)."""
    z = shifted(z)  # does not change L
    y = distribution(y, z)
    return np.log(np.exp(z).sum(axis=-1)) - (y * z).sum(axis=-1)


def softmax_gradient(z, y):
    """dL/dz_j = softmax(z_j) - y_j: prediction minus target, since sum_j y_j = 1."""
    p = softmax(z)
    return p - distribution(y, p)


def normalized(z):
    """z_j / sum_k z_k for z_j > 0: a distribution whose logarithms exist."""
    z = checked("z", z, RATE, shape=None)
    return z / z.sum(axis=-1, keepdims=True)


def normalized_loss(z, y):
    """L = -sum_j y_j log(z_j / sum_k z_k) = log(sum_k z_k) - sum_j y_j log z_j  (...)."""
    z = checked("z", z, RATE, shape=None)
    y = distribution(y, z)
    return np.log(z.sum(axis=-1)) - (y * np.log(z)).sum(axis=-1)


def normalized_gradient(z, y):
    """dL/dz_j = 1 / sum_k z_k - y_j / z_j, which has no bound as z_j goes to 0."""
    z = checked("z", z, RATE, shape=None)
    return 1 / z.sum(axis=-1, keepdims=True) - distribution(y, z) / z


def shifted(z):
    """z less its largest entry: softmax is the same, and no power overflows."""
    z = checked("z", z, NUMBERS, shape=None).astype(float)
    with np.errstate(over="ignore"):  # a difference of -inf, whose power is 0
        return np.maximum(z - z.max(axis=-1, keepdims=True), np.finfo(float).min)


def distribution(y, z):
    """y as an array; ValueError unless it is one distribution, or one for each z."""
    y = checked("y", y, NUMBERS, shape=None)
    if y.shape not in (z.shape, z.shape[-1:]):
        raise ValueError(f"y must have shape {z.shape}, not {y.shape}")
    if (y < 0).any() or (np.abs(y.sum(axis=-1) - 1) > 1e-6).any():  # allows for float32
        raise ValueError(f"y must be >= 0 and add up to 1, not {y.sum(axis=-1)}")
    return y


METHODS = {  # gradient, loss, and whether each z of (n, K) is in the domain
    "Softmax": (softmax_gradient, softmax_loss, lambda z: np.full(len(z), True)),
    "Normalized": (
        normalized_gradient,
        normalized_loss,
        lambda z: (z > 0).all(axis=-1),
    ),
}


def descend(method, z, y, learning_rate, steps):
    """Gradient descent on logits z (n, K), each row a run of its own.

    Returns the final logits of the runs that stay in the domain, and which these are.
    """
    gradient, _, inside = METHODS[method]
    stays = np.full(len(z), True)
    for _ in range(steps):
        z = z - learning_rate * gradient(z, y)
        still = inside(z)
        z, stays[stays] = z[still], still
    return z, stays


def shares(method, z, y, steps):
    """Per learning rate, the shares of runs that fail and that reach the least loss.

    A run fails if it leaves the domain, or ends with a larger loss than it began with;
    it reaches the least loss to within REACHED. Returns (learning rates, 2).
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


def draw_paths(ax, rng):
    """Draw where gradient descent takes two logits whose target is class 1."""
    starts, y = rng.uniform(0.15, 1.6, (10, 2)), np.array([1.0, 0.0])
    for method, color in COLORS.items():
        gradient, _, inside = METHODS[method]
        for start in starts:
            path = [start]
            while len(path) < 300 and inside(path[-1][None]).all():
                path.append(path[-1] - 0.01 * gradient(path[-1], y))
            ax.plot(*np.array(path).T, PATHS[method], color=color, lw=0.8)
            if not inside(path[-1][None]).all():
                ax.plot(*path[-1], "x", color=color, ms=4)
    ax.plot(*starts.T, ".", color=DARK, ms=4)
    ax.axhline(0, color=GREY, lw=0.6)
    ax.set(
        xlabel="$z_1$", ylabel="$z_2$", aspect="equal", xlim=(0, 2.7), ylim=(-0.3, 1.7)
    )


def draw_shares(ax, result, title, labels):
    """Draw the share of runs that fail (dashed) and that reach the least loss."""
    for method, color in COLORS.items():
        failed, reached = 100 * result[method].T
        marker = {"color": color, "marker": MARKERS[method], "ms": 2.5}
        ax.semilogx(LEARNING_RATES, reached, **marker)
        ax.semilogx(LEARNING_RATES, failed, ls=(0, (3, 2)), lw=0.9, mfc="w", **marker)
    ax.set(xlabel="learning rate", ylabel="share of runs [%]", title=title)
    ax.set(ylim=(-5, 118), yticks=range(0, 101, 20))
    for x, y, text, method in labels:
        ax.text(x, y, text, color=COLORS[method], fontsize=7, ha="center")


SHARP_LABELS = [
    (6, 84, "reaches it", "Softmax"),
    (5e-3, 45, "fails", "Normalized"),
    (10, 7, "never reaches it", "Normalized"),
]
SMOOTH_LABELS = [
    (4e-4, 72, "reaches it", "Normalized"),
    (6, 50, "fails", "Normalized"),
    (0.6, 107, "reaches it", "Softmax"),
    (400, 50, "fails", "Softmax"),
]


def draw(result, rng):
    figure = new_figure(2.1)
    paths, sharp, smooth = figure.subplots(1, 3)
    draw_paths(paths, rng)
    draw_shares(sharp, result["Sharp"], "one-hot target", SHARP_LABELS)
    draw_shares(smooth, result["Smooth"], "smoothed target", SMOOTH_LABELS)
    return figure


def exit_bounds(z):
    """Lower bounds (n,) of the loss where gradient flow for z_j / sum_k z_k must stop.

    For the target class 0; the report derives log(1 + sum_k (z_k - min z) / |z|), where
    the sum and the minimum are over the other classes.
    """
    others = z[:, 1:]
    rest = (others - others.min(axis=1, keepdims=True)).sum(axis=1)
    return np.log1p(rest / np.linalg.norm(z, axis=1))


def summary(z, result):
    """The numbers for the report, {macro: text}."""
    reached = 100 * result["Sharp"]["Normalized"][:, 1].max()
    bounds = exit_bounds(z)
    values = {
        "CrossClasses": CLASSES,
        "CrossRates": len(LEARNING_RATES),
        "CrossNear": REACHED,
        "CrossSharpNormalizedReached": f"{reached:.0f}",
        "CrossExitLeast": f"{bounds.min():.2f}",
        "CrossExitMedian": f"{np.median(bounds):.2f}",
    }
    for target, method in [
        ("Sharp", "Softmax"),
        ("Smooth", "Softmax"),
        ("Smooth", "Normalized"),
    ]:
        rates = LEARNING_RATES[result[target][method][:, 1] == 1]  # where all reach it
        texts = ["--"] * 3
        if len(rates):
            low, high = rates[[0, -1]]
            texts = [f"{float(f'{rate:.2g}'):g}" for rate in (low, high)]
            texts.append(f"{np.log10(high / low):.1f}")
        for end, text in zip(("From", "To", "Decades"), texts):
            values[f"Cross{target}{method}{end}"] = text
    return values


def print_shares(result):
    print(f"share of runs that fail | that come within {REACHED} of the least loss")
    cases = [(target, method) for target in TARGETS for method in METHODS]
    columns = [result[target][method] for target, method in cases]
    table(
        ["learning rate", *map(" ".join, cases)],
        [
            [f"{rate:.4g}", *(f"{f:.1%} |{r:7.1%}" for f, r in row)]
            for rate, row in zip(LEARNING_RATES, np.stack(columns, axis=1))
        ],
    )


def main():
    parser = Parser(__doc__)
    parser.add("--starts", integer(1), 1000, "number of random starts")
    parser.add("--steps", integer(1), 1000, "steps of each run")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    z = rng.uniform(0, 1, (options.starts, CLASSES))
    result = {
        target: {method: shares(method, z, y, options.steps) for method in METHODS}
        for target, y in TARGETS.items()
    }
    print_shares(result)
    values = {"CrossStarts": options.starts, "CrossSteps": options.steps}
    values |= summary(z, result)
    save_results(options, "cross_entropy", values, draw(result, rng))


if __name__ == "__main__":
    run(main)
