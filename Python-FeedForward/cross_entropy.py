"""Exercise 1(b): cross-entropy with softmax, and with z_j / sum_k z_k instead.

python Python-FeedForward/cross_entropy.py    compares both in gradient descent

z: logits, y: target distributions, both (..., K), the last axis holds the classes; one
y (K,) may serve all z.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import Parser, integer, prepare, run

if __name__ == "__main__":
    prepare()

import numpy as np

from decision_boundary.figures import BLUE, DARK, GREY, ORANGE, figure_bytes, new_figure
from decision_boundary.results import numbers, scientific, write_results

COMMAND = "python Python-FeedForward/cross_entropy.py"
CLASSES = 10
LEARNING_RATES = 10 ** np.linspace(-4, 3, 15)
TARGETS = (
    ("Sharp", np.eye(CLASSES)[0]),
    ("Smooth", 0.9 * np.eye(CLASSES)[0] + 0.1 / CLASSES),
)
WINDOWS = (("Sharp", "Softmax"), ("Smooth", "Softmax"), ("Smooth", "Normalized"))
REACHED = 0.01  # nats above the least loss possible
COLORS = {"Softmax": ORANGE, "Normalized": BLUE}
MARKERS = {"Softmax": "o", "Normalized": "s"}  # for grey print
SCALES = 10 ** np.linspace(-4, 4, 33)


def softmax(z):
    """e^z_j / sum_k e^z_k, for z of any size."""
    powers = np.exp(_shifted(z))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_loss(z, y):
    """L = -sum_j y_j log softmax(z_j) = log(sum_k e^z_k) - sum_j y_j z_j  (...)."""
    z = _shifted(z)  # L is the same
    y = _targets(y, z.shape)
    return np.log(np.exp(z).sum(axis=-1)) - (y * z).sum(axis=-1)


def softmax_gradient(z, y):
    """dL/dz_j = softmax(z_j) - y_j: prediction minus target, since sum_j y_j = 1."""
    p = softmax(z)
    return p - _targets(y, p.shape)


def normalized(z):
    """z_j / sum_k z_k. ValueError unless every z_j > 0: so it is a distribution, with
    finite logarithms."""
    z = _positive(z)
    return z / z.sum(axis=-1, keepdims=True)


def normalized_loss(z, y):
    """L = -sum_j y_j log(z_j / sum_k z_k) = log(sum_k z_k) - sum_j y_j log z_j  (...)."""
    z = _positive(z)
    y = _targets(y, z.shape)
    return np.log(z.sum(axis=-1)) - (y * np.log(z)).sum(axis=-1)


def normalized_gradient(z, y):
    """dL/dz_j = 1 / sum_k z_k - y_j / z_j: no bound as z_j goes to 0."""
    z = _positive(z)
    y = _targets(y, z.shape)
    return 1 / z.sum(axis=-1, keepdims=True) - y / z


def _shifted(z):
    """z less its largest entry: softmax is the same, and no exponent overflows."""
    z = _array("z", z)
    with np.errstate(over="ignore"):  # a difference beyond float64, for which e^z is 0
        z = z - z.max(axis=-1, keepdims=True)
    return np.maximum(z, np.finfo(float).min)


def _array(name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has {array.dtype} entries; numbers are allowed")
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} has shape {array.shape}; (..., K) is allowed, K >= 1")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has a NaN or infinite entry; finite ones are allowed")
    return array.astype(float)


def _targets(y, shape):
    y = _array("y", y)
    if y.shape not in (shape, shape[-1:]):
        raise ValueError(f"y has shape {y.shape}; {shape} is allowed, as z has it")
    if (y < 0).any() or (np.abs(y.sum(axis=-1) - 1) > 1e-6).any():  # float32's will do
        raise ValueError("y has entries < 0 or a sum other than 1; distributions only")
    return y


def _positive(z):
    z = _array("z", z)
    if not (z > 0).all():
        raise ValueError(
            f"z has the entry {z.min()}; z_j / sum_k z_k is defined here where every "
            "z_j > 0, so that it is a distribution with logarithms"
        )
    return z


def descend(gradient, inside, z, y, learning_rate, steps):
    """Gradient descent on the logits z (n, K), every row a run of its own.

    Returns the final logits of those runs that never left the domain, the z for which
    inside(z) is true, and which runs they are (n,).
    """
    stays = np.full(len(z), True)
    for _ in range(steps):
        z = z - learning_rate * gradient(z, y)
        still = inside(z)
        z, stays[stays] = z[still], still
    return z, stays


METHODS = {
    "Softmax": (softmax_gradient, softmax_loss, lambda z: np.full(len(z), True)),
    "Normalized": (
        normalized_gradient,
        normalized_loss,
        lambda z: (z > 0).all(axis=-1),
    ),
}


def shares(method, z, y, steps):
    """Per learning rate, the shares of runs that fail, and that reach the least loss.

    A run reaches it to within REACHED. A run fails that leaves the domain, or ends with
    a larger loss than it began with.
    """
    gradient, loss, inside = METHODS[method]
    least = -(y[y > 0] * np.log(y[y > 0])).sum()  # the entropy of the target
    rows = []
    for rate in LEARNING_RATES:
        end, stays = descend(gradient, inside, z, y, rate, steps)
        losses = loss(end, y)
        ends_well = losses <= loss(z[stays], y)
        rows.append((len(z) - ends_well.sum(), (losses < least + REACHED).sum()))
    return np.array(rows) / len(z)


def gradient_norms(method, z, y):
    """|dL/dz| (scales, n) at the logits scale * z."""
    gradient = METHODS[method][0]
    return np.array([np.linalg.norm(gradient(c * z, y), axis=-1) for c in SCALES])


def draw_paths(ax, rng):
    """Where gradient descent takes two logits whose target is class 1."""
    starts, y = rng.uniform(0.15, 1.6, (10, 2)), np.array([1.0, 0.0])
    for method, color in COLORS.items():
        gradient, _, inside = METHODS[method]
        for start in starts:
            path = [start]
            while len(path) < 300 and inside(path[-1][None]).all():
                path.append(path[-1] - 0.01 * gradient(path[-1], y))
            ax.plot(*np.array(path).T, color=color, lw=0.8)
            if not inside(path[-1][None]).all():
                ax.plot(*path[-1], "x", color=color, ms=4)
    ax.plot(*starts.T, ".", color=DARK, ms=4)
    ax.axhline(0, color=GREY, lw=0.6)
    ax.set(
        xlabel="$z_1$", ylabel="$z_2$", aspect="equal", xlim=(0, 2.7), ylim=(-0.3, 1.7)
    )


def draw_norms(ax, norms):
    """Median size of the gradient against the scale of the logits."""
    for method, color in COLORS.items():
        ax.loglog(SCALES, np.median(norms[method], axis=1), color=color)
    ax.set(xlabel="scale of the logits", ylabel=r"$|\partial L/\partial z|$")
    ax.text(30, 3, "softmax", color=COLORS["Softmax"])
    ax.text(0.004, 800, r"$z_j/\Sigma_k z_k$", color=COLORS["Normalized"])


def draw_shares(ax, result, title, labels):
    """Which share of the runs fails, and which reaches the least loss."""
    for method, color in COLORS.items():
        failed, reached = 100 * result[method].T
        marker = {"color": color, "marker": MARKERS[method], "ms": 2.5}
        ax.semilogx(LEARNING_RATES, reached, **marker)
        ax.semilogx(LEARNING_RATES, failed, ls=(0, (3, 2)), lw=0.9, mfc="w", **marker)
    ax.set(xlabel="learning rate", ylabel="share of runs [%]", title=title)
    ax.set(ylim=(-5, 118), yticks=range(0, 101, 20))
    for x, y, text, method in labels:
        ax.text(x, y, text, color=COLORS[method], fontsize=8, ha="center")


SHARP_LABELS = [
    (10, 76, "softmax:\nreaches the least loss", "Softmax"),
    (8e-3, 34, "alternative:\nleaves its\ndomain", "Normalized"),
    (5, 5, "alternative: never reaches it", "Normalized"),
]
SMOOTH_LABELS = [
    (1, 106, "softmax reaches it", "Softmax"),
    (400, 50, "softmax\nfails", "Softmax"),
    (5e-4, 55, "alternative\nreaches it", "Normalized"),
    (2.2, 45, "alternative\nfails", "Normalized"),
]


def summary(z, result, norms, steps):
    """The numbers for the report, as {macro: text}."""
    targets = dict(TARGETS)
    sums = softmax_gradient(z, targets["Sharp"]).sum(axis=1)
    gradient = normalized_gradient(z, targets["Sharp"])
    cosines = (z * gradient).sum(axis=1) / np.linalg.norm(gradient, axis=1)
    cosines /= np.linalg.norm(z, axis=1)
    values = {
        "CrossStarts": f"{len(z)}",
        "CrossClasses": f"{CLASSES}",
        "CrossSteps": f"{steps}",
        "CrossRates": f"{len(LEARNING_RATES)}",
        "CrossNear": f"{REACHED}",
        "CrossSoftmaxSum": scientific(np.abs(sums).max()),
        "CrossNormalizedCosine": scientific(np.abs(cosines).max()),
        "CrossSoftmaxNorm": f"{norms['Softmax'].max():.3f}",
        "CrossNormalizedNorm": scientific(norms["Normalized"].max()),
        "CrossSharpNormalizedReached": (
            f"{100 * result['Sharp']['Normalized'][:, 1].max():.0f}"
        ),
    }
    for target, method in WINDOWS:
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
    print(f"share of runs within {REACHED} of the least loss | that fail")
    heads = [f"{target} {method}" for target in result for method in METHODS]
    print("learning rate" + "".join(f"{head:>20}" for head in heads))
    for i, rate in enumerate(LEARNING_RATES):
        rows = [result[target][method][i] for target in result for method in METHODS]
        cells = [f"{reached:11.1%} |{failed:7.1%}" for failed, reached in rows]
        print(f"{rate:13.4g}" + "".join(cells))


def main():
    parser = Parser(__doc__)
    parser.add_argument("--starts", type=integer(1), default=1000, help="random logits")
    parser.add_argument("--steps", type=integer(1), default=1000, help="of each run")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    z = rng.uniform(0, 1, (options.starts, CLASSES))
    result = {
        target: {method: shares(method, z, y, options.steps) for method in METHODS}
        for target, y in TARGETS
    }
    print_shares(result)
    norms = {method: gradient_norms(method, z, TARGETS[0][1]) for method in METHODS}

    figure = new_figure(3.5)
    (paths, sizes), (sharp, smooth) = figure.subplots(2, 2)
    draw_paths(paths, rng)
    draw_norms(sizes, norms)
    draw_shares(sharp, result["Sharp"], "target: class 1, for certain", SHARP_LABELS)
    draw_shares(smooth, result["Smooth"], "target: class 1, 91 %", SMOOTH_LABELS)
    files = {
        options.output / "figures/cross_entropy.pdf": figure_bytes(figure),
        options.output / "numbers/cross_entropy.tex": numbers(
            COMMAND, summary(z, result, norms, options.steps)
        ),
    }
    write_results(files)


if __name__ == "__main__":
    run(main)
