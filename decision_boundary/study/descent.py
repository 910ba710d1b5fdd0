"""Exercise 3: full-batch gradient descent, to try what is proved of gradient flow.

python decision_boundary/study/descent.py    trains, writes numbers

The balances C_j = a_j^2 - |w_j|^2 - b_j^2 of the units are conserved (Du, Hu and Lee,
2018). Positive units that start balanced, with C_j = b_j = 0, stay alive. On points with
a threefold symmetry three of them end in a hexagon.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import (
    gradients,
    initial_parameters,
    make_buffers,
    split,
)
from decision_boundary.shared.boundaries import count_corners, find_boundary
from decision_boundary.shared.results import save_results, scientific, table
from decision_boundary.shared.script import Parser, integer, progress, run
from decision_boundary.study.data_sets import draw_data_sets
import numpy as np

LEARNING_RATE, STEPS = 0.1, 1500  # on the mean loss of all points
RATES = {"Coarse": 0.2, "Middle": 0.1, "Fine": 0.05}  # for the balances
TIME = 100  # learning rate times steps: the same stretch of the flow for each rate
DATA_SETS = 6


def balanced(angles):
    """Parameters (4 H + 1, S, G) with a_j = |w_j| = 2 / sqrt(2 + H) and b_j = c = 0.

    angles: directions of the hidden weight vectors (H, S, G)
    """
    H, *shape = angles.shape
    parameters = np.zeros((4 * H + 1, *shape))
    w, a, _ = split(parameters)
    a[:] = 2 / np.sqrt(2 + H)
    w[0], w[1] = a * np.cos(angles), a * np.sin(angles)
    return parameters


def descend(parameters, X, y, text, rate=LEARNING_RATE, steps=None):
    """Descend in place on the points X (S, N, 2), y (S, N, 1) of each group.

    Yields, before every step and at the end, the pre-activations z (N, H, S, G).
    """
    x, buffers = np.dstack([X, np.ones_like(y)]), make_buffers(X.shape[1], parameters)
    steps = steps or STEPS
    for _ in progress(range(steps), f"{text}, step {{}} of {steps}"):
        step = rate * gradients(parameters, x, y, buffers)
        yield buffers[0]
        parameters -= step
    gradients(parameters, x, y, buffers)
    yield buffers[0]


def balances(parameters):
    """C_j = a_j^2 - |w_j|^2 - b_j^2 of each unit (H, S, G)."""
    w, a, _ = split(parameters)
    return a**2 - (w**2).sum(axis=0)


def conservation(options):
    """{name of a rate: largest change of a C_j}, and the largest change of an a_j^2.

    Of networks 2-3-1 with Xavier weights, in float64.
    """
    X, y = draw_data_sets(1, options.points, options.seed)
    changes = {}
    for name, rate in RATES.items():
        p = initial_parameters(options.networks, 3, "xavier", options.seed, np.float64)
        p = p[:, None]
        before, (_, a, _) = balances(p), split(p.copy())
        for _ in descend(p, X, y, f"rate {rate}", rate, round(TIME / rate)):
            pass
        changes[name] = np.abs(balances(p) - before).max()
    return changes, np.abs(split(p)[1] ** 2 - a**2).max()


def survival(options, hidden_units=3):
    """Count units that no point activates at some step, and other violations.

    Returns units, deaths, changes of sign, and the least margin, over data sets, of the
    disc in the convex hull of the points.
    """
    X, y = draw_data_sets(DATA_SETS, options.points, options.seed)
    shape = hidden_units, DATA_SETS, options.networks
    rng = np.random.default_rng(options.seed)
    parameters = balanced(rng.uniform(0, 2 * np.pi, shape))
    _, a, _ = split(parameters)
    dead, negative = np.zeros((2, *shape), dtype=bool)
    for z in descend(parameters, X, y, "balanced units"):
        dead |= z.max(axis=0) <= 0
        negative |= a <= 0
    return dead.size, dead.sum(), negative.sum(), min(map(hull_margin, X))


def hull_margin(X, directions=3600):
    """Distance of the disc from the border of the convex hull of X (N, 2), if inside."""
    angles = 2 * np.pi / directions * np.arange(directions)
    support = (X @ np.stack([np.cos(angles), np.sin(angles)])).max(axis=0)
    return support.min() - RADIUS


def rotated(X, angle):
    """The points X (..., 2), rotated by the angle."""
    c, s = np.cos(angle), np.sin(angle)
    return X @ np.array([[c, s], [-s, c]])


def symmetric(options):
    """Descend from three units at 120 degrees, on points and their rotations by that.

    Returns per data set: losses (steps + 1, S), share of label 0 (S,), at how many steps
    the inside is empty (S,), asymmetry of the trained units (S,), and corners (S,).
    """
    X, y = draw_data_sets(DATA_SETS, options.points // 3, options.seed)
    turns = 2 * np.pi / 3 * np.arange(3)
    X, y = np.hstack([rotated(X, turn) for turn in turns]), np.tile(y, (1, 3, 1))
    first = np.random.default_rng(options.seed).uniform(0, 2 * np.pi, DATA_SETS)
    parameters = balanced((turns[:, None] + first)[:, :, None])
    (w, a, c), losses, empty = split(parameters), [], 0
    for z in descend(parameters, X, y, "symmetric points"):
        f = (np.maximum(z, 0) * a).sum(axis=1)[..., 0] + c[:, 0]  # (N, S)
        losses.append((np.logaddexp(0, f) - y[..., 0].T * f).mean(axis=0))
        at_origin = (np.maximum(w[2], 0) * a).sum(axis=0) + c  # where f is least
        empty += at_origin[:, 0] >= 0
    units = np.stack([w[0], w[1], w[2], a])[..., 0]  # (4, 3, S)
    vectors = np.stack([rotated(units[:2, j].T, -turns[j]) for j in range(3)])
    spread = [
        np.ptp(vectors, axis=0).max(axis=1),
        np.ptp(units[2:], axis=1).max(axis=0),
    ]
    corners = [
        count_corners(
            find_boundary([w[:2, :, s, 0], a[:, s]], [w[2, :, s, 0], c[s]], 4)
        )
        for s in range(DATA_SETS)
    ]
    share = 1 - y[..., 0].mean(axis=1)
    return np.array(losses), share, empty, np.max(spread, axis=0), np.array(corners)


def summary(options):
    """Print all results; returns the numbers for the report, {macro: text}."""
    changes, travel = conservation(options)
    rows = [[str(RATES[name]), scientific(changes[name])] for name in RATES]
    table(["learning rate", "largest change of a balance"], rows)
    print(f"largest change of an a^2: {travel:.1f}")
    values = {f"BalanceRate{name}": RATES[name] for name in RATES}
    values |= {f"BalanceDrift{name}": scientific(changes[name]) for name in RATES}
    units, deaths, signs, margin = survival(options)
    print(f"{units} balanced units: {deaths} deaths, {signs} changes of sign")
    losses, share, empty, asymmetry, corners = symmetric(options)
    below = (losses < share * np.log(2)).argmax(axis=0)  # the first such step
    gap = np.log(2) + 2 * share - 1 - losses[0]
    rows = [
        [str(options.seed + s), f"{losses[0, s]:.3f}", f"{losses[-1, s]:.3f}"]
        + [str(below[s]), f"{gap[s]:.3f}", str(empty[s]), scientific(asymmetry[s])]
        + [str(corners[s])]
        for s in range(DATA_SETS)
    ]
    heads = ["data set", "first loss", "last", "below at", "D", "empty", "asymmetry"]
    table([*heads, "corners"], rows)
    falls = (np.diff(losses, axis=0) < 0).all(axis=0)
    return values | {
        "BalanceTravel": f"{travel:.1f}",
        "DescentRate": LEARNING_RATE,
        "DescentSteps": STEPS,
        "DescentSets": DATA_SETS,
        "DescentUnits": units,
        "DescentDeaths": deaths,
        "DescentChanges": signs,
        "DescentMargin": f"{margin:.2f}",
        "SymmetricPoints": 3 * (options.points // 3),
        "SymmetricFalls": f"{falls.sum()} of {DATA_SETS}",
        "SymmetricHexagons": f"{(corners == 6).sum()} of {DATA_SETS}",
        "SymmetricGap": f"{(gap > 0).sum()} of {DATA_SETS}",
        "SymmetricEmpty": empty.max(),
        "SymmetricBelowFirst": below.min(),
        "SymmetricBelowLast": below.max(),
        "SymmetricAsymmetry": scientific(asymmetry.max()),
    }


def main():
    parser = Parser(__doc__)
    parser.add("--points", integer(3), 512, "in each data set")
    parser.add("--networks", integer(1), 100, "on each data set")
    options = parser.parse_args()
    save_results(options, "descent", summary(options))


if __name__ == "__main__":
    run(main)
