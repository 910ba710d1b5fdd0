"""Exercise 1(b): cross-entropy with softmax, and with z_j / sum_k z_k instead.

python Python-FeedForward/cross_entropy.py    compares both in gradient descent

z: finite logits (..., K), the last axis holds the classes
y: target distributions, of the shape of z, or one (K,) for all z
S: sum_k z_k

The alternative needs S other than 0; its loss and gradient need z_j / S > 0 wherever
y_j > 0. Only logits of one sign give a distribution z / S.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.checks import finite_array, labels_array
from decision_boundary.shared import figures, results, script
import numpy as np

CLASSES = 10
LEARNING_RATES = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
STEPS = 1000
NEAR = 0.01  # a loss below it is near 0, the least one that a distribution can have


def softmax(z):
    """p_j = e^z_j / sum_k e^z_k  (..., K)."""
    powers = np.exp(shifted(z))
    return powers / powers.sum(axis=-1, keepdims=True)


def shifted(z):
    """The logits less their maximum: the same softmax and loss, without overflow."""
    z = checked_logits(z)
    return z - z.max(axis=-1, keepdims=True)


def softmax_loss(z, y):
    """L = -sum_j y_j log p_j = log sum_k e^z_k - sum_j y_j z_j  (...)."""
    z = shifted(z)
    y = checked_distribution(y, z)
    return np.log(np.exp(z).sum(axis=-1)) - (y * z).sum(axis=-1)


def softmax_gradient(z, y):
    """dL/dz_j = p_j - y_j: prediction minus target  (..., K)."""
    p = softmax(z)
    return p - checked_distribution(y, p)  # Sheet 1(b) 2


def normalized(z):
    """q_j = z_j / S  (..., K): a distribution if all z_j have one sign."""
    z = scaled(z)
    S = z.sum(axis=-1, keepdims=True)
    if (S == 0).any():
        raise ValueError("z must have a sum other than 0")
    return z / S


def scaled(z):
    """The logits over a power of two: the same q, and a sum that cannot overflow."""
    z = checked_logits(z)
    _, exponent = np.frexp(np.abs(z).max(axis=-1, keepdims=True))
    return np.ldexp(z, -exponent)


def normalized_loss(z, y):
    """L = -sum_j y_j log q_j  (...)."""
    q = normalized(z)
    y = checked_distribution(y, q)
    check_loss_exists(q, y)
    return -(y * np.log(np.where(y > 0, q, 1))).sum(axis=-1)


def normalized_gradient(z, y):
    """dL/dz_j = 1 / S - y_j / z_j = (q_j - y_j) / z_j  (..., K)."""
    z = checked_logits(z)
    y = checked_distribution(y, z)
    check_loss_exists(normalized(z), y)
    S = z.sum(axis=-1, keepdims=True)
    return 1 / S - y / np.where(y > 0, z, 1)  # Sheet 1(b) 3; z_j = 0 if y_j = 0 is fine


# What the arguments must be


def checked_logits(z):
    z = finite_array("z", z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"z must have shape (..., K), not {z.shape}")
    return z


def checked_distribution(y, z):
    """y as an array: one distribution for each z, or one for all."""
    y = labels_array("y", y)
    if y.shape not in (z.shape, z.shape[-1:]):
        raise ValueError(f"y must have shape {z.shape}, not {y.shape}")
    sums = y.sum(axis=-1)
    wrong = np.abs(sums - 1) > 1e-6  # allows for float32
    if wrong.any():
        raise ValueError(f"y must add up to 1, not {sums[wrong][0]}")
    return y


def check_loss_exists(q, y):
    if ((q <= 0) & (y > 0)).any():
        raise ValueError("z must have z_j / sum_k z_k > 0 where y_j > 0")


# The experiment: gradient descent on the logits; the first class is the target. A run
# ends where it leaves its domain, z (..., K) -> (...)


def anywhere(z):
    return np.full(z.shape[:-1], True)


def all_positive(z):
    return (z > 0).all(axis=-1)


def loss_exists(z):
    z = scaled(z)
    return z[..., 0] * z.sum(axis=-1) > 0


class Row(NamedTuple):
    """What the runs at one learning rate reach, as shares of the runs.

    A run with z / S ends where it leaves its domain: that of positive logits, or that
    in which the loss exists.
    """

    rate: float
    softmax_reached: float  # with softmax, a loss below NEAR
    positive_reached: float  # with z / S and positive logits, a loss below NEAR
    below_zero: float  # with z / S and any logits, a loss below 0
    least_loss: float  # with z / S and any logits, the median of the least losses


def compare(z, rate):
    """Descend from the logits z (n, K)."""
    with_softmax = least_losses(z, rate, softmax_gradient, softmax_loss, anywhere)
    positive = least_losses(z, rate, normalized_gradient, normalized_loss, all_positive)
    any_sign = least_losses(z, rate, normalized_gradient, normalized_loss, loss_exists)
    return Row(
        rate=rate,
        softmax_reached=np.mean(with_softmax < NEAR),
        positive_reached=np.mean(positive < NEAR),
        below_zero=np.mean(any_sign < 0),
        least_loss=np.median(any_sign),
    )


def least_losses(z, rate, gradient, loss, domain):
    """The least loss (n,) of each run, which ends where it leaves the domain."""
    target = np.eye(z.shape[1])[0]
    least = loss(z, target)
    running = np.arange(len(z))
    for _ in range(STEPS):
        z = z - rate * gradient(z, target)
        inside = domain(z)
        z = z[inside]
        running = running[inside]
        least[running] = np.minimum(least[running], loss(z, target))
    return least


def exit_losses(z):
    """The losses (n,) at which the gradient flow from z (n, K) > 0 has a logit of 0.

    On the flow |z| does not change, and all wrong logits fall at the same speed 1 / S:
    the least of them reaches 0 first, and their distances from it do not change.
    """
    wrong = z[:, 1:]
    at_exit = wrong - wrong.min(axis=1, keepdims=True)
    target_logit = np.sqrt((z**2).sum(axis=1) - (at_exit**2).sum(axis=1))
    return np.log(1 + at_exit.sum(axis=1) / target_logit)


def macros(rows, z):
    """{LaTeX macro: text or integer}; nan for a rate that there is not."""
    exits = exit_losses(z)
    most_reached = max(row.positive_reached for row in rows)
    reached = [row.rate for row in rows if row.softmax_reached == 1]
    below = [row.rate for row in rows if row.below_zero == 1]
    medians = [row.least_loss for row in rows if row.below_zero == 1]
    return {
        "CrossStarts": results.plain(len(z)),
        "CrossSteps": results.plain(STEPS),
        "CrossClasses": CLASSES,
        "CrossRates": len(rows),
        "CrossNear": NEAR,
        "CrossNormalizedReached": f"{100 * most_reached:.0f}",
        "CrossSoftmaxFrom": results.plain(min(reached, default=np.nan)),
        "CrossSoftmaxTo": results.plain(max(reached, default=np.nan)),
        "CrossBelowFrom": results.plain(min(below, default=np.nan)),
        "CrossBelowTo": results.plain(max(below, default=np.nan)),
        "CrossBelowLeast": f"{max(medians, default=np.nan):.1f}",
        "CrossExitLeast": f"{exits.min():.2f}",
        "CrossExitMedian": f"{np.median(exits):.2f}",
    }


# The figure: K = 2, target class 1, whose logit is the first

PLANE = (0, 3.6, -1.6, 1.4)  # left, right, bottom, top
TARGET = np.array([1, 0])
START = np.array([0.4, 1.2])


def draw():
    """Draw the arrows of both negative gradients in the plane of two logits."""
    figure = figures.new_figure(2.0)
    left, right = figure.subplots(1, 2, sharey=True)
    draw_arrows(left, softmax_gradient, anywhere)
    draw_arrows(right, normalized_gradient, loss_exists)
    left.set(title="softmax", ylabel="$z_2$")
    label(left, -0.1, "every arrow along\n$(1, -1)$, shorter\nas the loss falls")
    right.set(title="$z_j / S$")
    _, far, low, _ = PLANE
    right.fill([0, far, far, -low], [0, 0, low, low], color="#dddddd", lw=0)
    right.plot([0, -low], [0, low], color=figures.DARK, ls="--")
    right.text(0.45, -0.72, "$S = 0$", rotation=-45, ha="center", va="center")
    right.text(0.08, -1.52, "$L$ un-\ndefined", size=7)
    label(right, 0.7, "distributions,\n$L > 0$")
    label(right, -0.8, "no distributions,\n$L < 0$, and no\nlower bound\nnear $S = 0$")
    return figure


def draw_arrows(ax, gradient, domain):
    """Draw arrows, and the path of a descent, where the loss is defined."""
    left, right, bottom, top = PLANE
    x = np.arange(left + 0.3, right, 0.4)
    y = np.arange(bottom + 0.4, top, 0.4)  # S = 0 at none of the points
    z = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    z = z[domain(z)]
    g = gradient(z, TARGET)
    size = np.linalg.norm(g, axis=1, keepdims=True)
    arrows = -0.19 * np.log1p(2 * size) * g / size
    units = {"angles": "xy", "scale_units": "xy", "scale": 1}  # of the axes
    ax.quiver(*z.T, *arrows.T, **units, pivot="mid", width=0.008, zorder=3)
    path = descent_path(gradient, domain)
    ax.plot(*path.T, "o-", markevery=[0], color=figures.ORANGE, lw=2, ms=4)
    ax.axhline(0, color=figures.GREY, lw=0.6)
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="$z_1$")
    ax.set(xticks=[0, 1, 2, 3], yticks=[-1, 0, 1])
    ax.spines[:].set_visible(True)


def descent_path(gradient, domain):
    """The logits (steps, 2) of a descent in small steps, all of the same length."""
    path = []
    z = START
    while domain(z) and z[0] < PLANE[1]:
        path.append(z)
        g = gradient(z, TARGET)
        z = z - 0.01 * g / np.linalg.norm(g)
    return np.array(path)


def label(ax, height, text):
    """Write the text to the right of the plane."""
    ax.text(PLANE[1] + 0.1, height, text, va="center")


def main():
    parser = script.parser(__doc__)
    script.add_seed(parser)
    script.add_number(parser, "--starts", 1000, "number of random starts")
    options = script.parse(parser)

    rng = np.random.default_rng(options.seed)
    z = rng.uniform(0, 1, (options.starts, CLASSES))
    rows = []
    for rate in script.progress(LEARNING_RATES, "learning rates"):
        rows.append(compare(z, rate))
    columns = {
        "learning rate": "{rate:g}",
        "softmax reaches 0": "{softmax_reached:.1%}",
        "z / S > 0 reaches 0": "{positive_reached:.1%}",
        "z / S falls below 0": "{below_zero:.1%}",
        "median least loss": "{least_loss:.2f}",
    }
    results.print_table(rows, columns)
    results.save(options, "cross_entropy", macros(rows, z), draw())


if __name__ == "__main__":
    script.run(main)
