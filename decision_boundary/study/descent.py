"""Exercise 3: full-batch gradient descent, to try what is proved of gradient flow.

python decision_boundary/study/descent.py    trains, writes numbers

Positive units that start balanced, with a_j = |w_j| and b_j = 0, stay alive. On points
with a threefold symmetry three of them end in a hexagon.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.ensemble import gradients, make_buffers, split, to_ensemble
from decision_boundary.shared import results, script
from decision_boundary.shared.boundaries import extract_all
from decision_boundary.study.data_sets import draw_data_sets, k_of_n, study_parser
import numpy as np

LEARNING_RATE, STEPS = 0.1, 1500  # on the mean loss of all points
TURNS = 2 * np.pi / 3 * np.arange(3)


def balanced(angles):
    """Parameters (13, S, G) of three units, a_j = |w_j| = 2 / sqrt(5) and b_j = c = 0.

    angles: directions of the hidden weight vectors (3, S, G)
    """
    a, zero = np.full_like(angles, 2 / np.sqrt(5)), np.zeros_like(angles)
    return np.concatenate([a * np.cos(angles), a * np.sin(angles), zero, a, zero[:1]])


def descend(parameters, X, y, text):
    """Descend in place on the points X (S, N, 2), y (S, N, 1) of each group.

    Yields, before every step and at the end, the pre-activations z (N, H, S, G).
    """
    x, buffers = np.dstack([X, np.ones_like(y)]), make_buffers(X.shape[1], parameters)
    step = 0
    for _ in script.progress(range(STEPS + 1), f"{text}, step {{}} of {STEPS}"):
        parameters -= step
        step = LEARNING_RATE * gradients(parameters, x, y, buffers)
        yield buffers[0]


def survival(options):
    """Descend from balanced units in random directions, three in each network.

    Returns the numbers of units, of those that no point activates at some step, and of
    those whose outgoing weight is not positive at some step.
    """
    X, y = draw_data_sets(options.data_sets, options.points, options.seed)
    shape = 3, options.data_sets, options.networks
    rng = np.random.default_rng(options.seed)
    parameters = balanced(rng.uniform(0, 2 * np.pi, shape))
    _, a, _ = split(parameters)
    dead, negative = np.zeros((2, *shape), dtype=bool)
    for z in descend(parameters, X, y, "balanced units"):
        dead |= z.max(axis=0) <= 0
        negative |= a <= 0
    return dead.size, dead.sum(), negative.sum()


def rotated(X, angle):
    """The points X (..., 2), rotated by the angle."""
    c, s = np.cos(angle), np.sin(angle)
    return X @ np.array([[c, s], [-s, c]])


def symmetric(options):
    """Descend from three units at 120 degrees, on points and their rotations by that.

    Returns per data set: losses (STEPS + 1, S), share of label 0 (S,), asymmetry of the
    trained units (S,), and corners (S,).
    """
    S = options.data_sets
    X, y = draw_data_sets(S, options.points // 3, options.seed)
    X, y = np.hstack([rotated(X, turn) for turn in TURNS]), np.tile(y, (1, 3, 1))
    first = np.random.default_rng(options.seed).uniform(0, 2 * np.pi, S)
    parameters = balanced((TURNS[:, None] + first)[:, :, None])
    (w, a, c), losses = split(parameters), []
    for z in descend(parameters, X, y, "symmetric points"):
        f = (np.maximum(z, 0) * a).sum(axis=1)[..., 0] + c[:, 0]  # (N, S)
        losses.append((np.logaddexp(0, f) - y[..., 0].T * f).mean(axis=0))
    back = [rotated(w[:2, j, :, 0].T, -turn) for j, turn in enumerate(TURNS)]
    units = [*np.array(back).T, w[2, ..., 0].T, a[..., 0].T]  # each (S, 3), all equal
    asymmetry = np.ptp(units, axis=2).max(axis=0)
    corners = extract_all(to_ensemble(parameters[..., 0])).corners
    return np.array(losses), 1 - y[..., 0].mean(axis=1), asymmetry, corners


def symmetric_summary(losses, share, asymmetry, corners):
    """{macro: text} of what `symmetric` returns."""
    below = (losses < share * np.log(2)).argmax(axis=0)  # the first such step
    return {
        "SymmetricFalls": k_of_n((np.diff(losses, axis=0) < 0).all(axis=0)),
        "SymmetricHexagons": k_of_n(corners == 6),
        "SymmetricGap": k_of_n(np.log(2) + 2 * share - 1 > losses[0]),
        "SymmetricBelowFirst": below.min(),
        "SymmetricBelowLast": below.max(),
        "SymmetricAsymmetry": results.scientific(asymmetry.max()),
    }


def main():
    parser = study_parser(__doc__, data_sets=6, networks=100, least_points=3)
    options = parser.parse_args()
    units, deaths, changes = survival(options)
    values = {
        "DescentRate": LEARNING_RATE,
        "DescentSteps": STEPS,
        "DescentSets": options.data_sets,
        "DescentUnits": units,
        "DescentDeaths": deaths,
        "DescentChanges": changes,
        "SymmetricPoints": 3 * (options.points // 3),
        **symmetric_summary(*symmetric(options)),
    }
    results.table(["number", "value"], [[k, str(v)] for k, v in values.items()])
    results.save_results(options, "descent", values)


if __name__ == "__main__":
    script.run(main)
