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


def descend(angles, X, y, text):
    """Descend from balanced units on the points X (S, N, 2), y (S, N, 1) of each group.

    angles: initial directions of the hidden weight vectors (3, S, G)
    Yields, before every step and at the end, the parameters (13, S, G) and the
    pre-activations (N, 3, S, G).
    """
    a, zero = np.full_like(angles, 2 / np.sqrt(5)), np.zeros_like(angles)
    w = a * np.cos(angles), a * np.sin(angles), zero
    parameters, step = np.concatenate([*w, a, zero[:1]]), 0
    x, buffers = np.dstack([X, np.ones_like(y)]), make_buffers(X.shape[1], parameters)
    for _ in script.progress(range(STEPS + 1), f"{text}, step {{}} of {STEPS}"):
        parameters -= step
        step = LEARNING_RATE * gradients(parameters, x, y, buffers)
        yield parameters, buffers[0]


def survival(options):
    """Descend from random directions; how many units die, or change their sign?"""
    X, y = draw_data_sets(options.data_sets, options.points, options.seed)
    shape = 3, options.data_sets, options.networks
    angles = np.random.default_rng([options.seed, 2]).uniform(0, 2 * np.pi, shape)
    dead, changed = np.zeros((2, *shape), dtype=bool)
    for parameters, z in descend(angles, X, y, "balanced units"):
        _, a, _ = split(parameters)
        dead |= z.max(axis=0) <= 0
        changed |= a <= 0
    values = {"DescentUnits": dead.size, "DescentDeaths": dead.sum()}
    return values | {"DescentChanges": changed.sum()}


def rotated(X, angle):
    """The points X (..., 2), rotated by the angle."""
    c, s = np.cos(angle), np.sin(angle)
    return X @ np.array([[c, s], [-s, c]])


def symmetric(options):
    """Descend from units at 120 degrees, on points and their rotations by that."""
    X, y = draw_data_sets(options.data_sets, options.points // 3, options.seed)
    X, y = np.hstack([rotated(X, turn) for turn in TURNS]), np.tile(y, (1, 3, 1))
    first = np.random.default_rng([options.seed, 2]).uniform(0, 2 * np.pi, len(X))
    angles, losses = (TURNS[:, None] + first)[..., None], []
    for parameters, z in descend(angles, X, y, "symmetric points"):
        w, a, c = split(parameters[..., 0])  # (3, 3, S), (3, S), (S,)
        f = (np.maximum(z[..., 0], 0) * a).sum(axis=1) + c  # (N, S)
        losses.append((np.logaddexp(0, f) - y[..., 0].T * f).mean(axis=0))
    share = 1 - y[..., 0].mean(axis=1)  # of label 0
    below = (losses < share * np.log(2)).argmax(axis=0)  # the first such step
    back = [rotated(w[:2, j].T, -turn) for j, turn in enumerate(TURNS)]  # 3 of (S, 2)
    asymmetry = np.ptp(np.dstack([back, w[2], a]), axis=0).max()
    corners = extract_all(to_ensemble(parameters[..., 0])).corners
    return {
        "SymmetricPoints": X.shape[1],
        "SymmetricFalls": k_of_n((np.diff(losses, axis=0) < 0).all(axis=0)),
        "SymmetricHexagons": k_of_n(corners == 6),
        "SymmetricGap": k_of_n(np.log(2) + 2 * share - 1 > losses[0]),
        "SymmetricBelowFirst": below.min(),
        "SymmetricBelowLast": below.max(),
        "SymmetricAsymmetry": results.scientific(asymmetry),
    }


def main():
    parser = study_parser(__doc__, data_sets=6, networks=100)
    options = parser.parse_args()
    values = {"DescentRate": LEARNING_RATE, "DescentSteps": STEPS}
    values["DescentSets"] = options.data_sets
    values |= survival(options) | symmetric(options)
    print(f"{values['DescentDeaths']} of {values['DescentUnits']} balanced units died")
    print(f"hexagons on {values['SymmetricHexagons']} symmetric data sets")
    results.save_results(options, "descent", values)


if __name__ == "__main__":
    script.run(main)
