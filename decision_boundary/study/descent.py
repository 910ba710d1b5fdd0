"""Exercise 3: full-batch gradient descent, to test the theorems on gradient flow.

python decision_boundary/study/descent.py    trains, writes numbers

Positive units that start balanced, with a_j = |w_j| and b_j = 0, stay alive, whatever
the scale of the points. Three that are evenly spread end in a hexagon.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.data import RADIUS
from decision_boundary.ensemble import (
    gradients,
    make_buffers,
    points_with_ones,
    to_ensemble,
)
from decision_boundary.geometry import count_corners
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import results, script
from decision_boundary.study import data_sets
import numpy as np

LEARNING_RATE = 0.1  # on the mean loss of all points
STEPS = 1500
LENGTH = 2 / np.sqrt(5)  # of the initial w_j, the root mean square of Xavier's
ARCHIVE = 5 / RADIUS  # the points times this have the archive's scale
TURNS = 2 * np.pi / 3 * np.arange(3)
HINGES_SETS = 20
STEPS_PER_SNAPSHOT = 5


# Training


class Descent:
    """E networks of three units on each of D data sets, and one step for all of them.

    w (D, E, 3, 3), a (D, E, 3) and c (D, E) are their parameters as in ensemble.py,
    where the last entry of w_j is b_j. angles (D, E, 3): initial directions of the w_j
    """

    def __init__(self, angles, X, y):
        zeros = np.zeros_like(angles)
        directions = np.stack([np.cos(angles), np.sin(angles), zeros], axis=-1)
        self.w = LENGTH * directions
        self.a = LENGTH + zeros
        self.c = np.zeros(angles.shape[:2])
        self.x, self.y = points_with_ones(X, y)  # (D, N, 3), (D, N)
        self.buffers = make_buffers(self.w, self.a, self.c, self.x.shape[1])

    def step(self):
        dw, da, dc = gradients(self.w, self.a, self.c, self.x, self.y, self.buffers)
        self.w -= LEARNING_RATE * dw
        self.a -= LEARNING_RATE * da
        self.c -= LEARNING_RATE * dc

    def active(self):
        """(D, E, 3): whether the unit was active on some point before the last step."""
        relu_z = self.buffers[0]  # (D, E, 3, N)
        return (relu_z > 0).any(axis=-1)

    def losses(self):
        """The mean losses (D, E) on all points."""
        # (D, E, 3, 3) @ (D, 1, 3, N) -> (D, E, 3, N)
        z = self.w @ self.x.mT[:, None]
        f = (self.a[..., None] * np.maximum(z, 0)).sum(axis=2) + self.c[..., None]
        return (np.logaddexp(0, f) - self.y[:, None] * f).mean(axis=-1)


def steps(text):
    return script.progress(range(STEPS), f"{text}, steps")


# Do units stay alive?


class Survival(NamedTuple):
    units: int
    deaths: int  # units that no point activated before some step
    changes: int  # units whose a_j was negative after some step


def survival(options, scale):
    """Descend from random directions on ordinary points times the scale."""
    X, y = data_sets.make_data_sets(options.data_sets, options.points, options.seed)
    shape = options.data_sets, options.networks, 3
    angles = np.random.default_rng([options.seed, 2]).uniform(0, 2 * np.pi, shape)
    descent = Descent(angles, scale * X, y)
    dead = np.zeros(shape, dtype=bool)
    changed = np.zeros(shape, dtype=bool)
    for _ in steps(f"balanced units, points times {scale:.1f}"):
        descent.step()
        dead |= ~descent.active()
        changed |= descent.a <= 0
    return Survival(dead.size, dead.sum(), changed.sum())


# Three evenly spread units


def spread_angles(num_sets, seed):
    """(D, 1, 3): 120 degrees apart, under a random rotation for each data set."""
    rng = np.random.default_rng([seed, 2])
    return rng.uniform(0, 2 * np.pi, (num_sets, 1, 1)) + TURNS


def rotated(X, angle):
    """The points X (..., 2), rotated by the angle."""
    cos = np.cos(angle)
    sin = np.sin(angle)
    return X @ np.array([[cos, sin], [-sin, cos]])


class Symmetric(NamedTuple):
    """On points that are invariant under rotation by 120 degrees."""

    falls: data_sets.Count  # data sets on which the loss falls in every step
    hexagons: data_sets.Count  # data sets
    below_last: int  # steps until the loss is below pi_0 log 2 on each data set


def symmetric(options):
    third = options.points // 3
    X, y = data_sets.make_data_sets(options.data_sets, third, options.seed)
    X = np.concatenate([rotated(X, turn) for turn in TURNS], axis=1)
    y = np.tile(y, (1, 3, 1))
    descent = Descent(spread_angles(len(X), options.seed), X, y)
    losses = [descent.losses()[:, 0]]
    for _ in steps("symmetric points"):
        descent.step()
        losses.append(descent.losses()[:, 0])
    losses = np.array(losses)  # (STEPS + 1, D)
    share_inside = 1 - y.mean(axis=(1, 2))  # pi_0
    below = (losses < share_inside * np.log(2)).argmax(axis=0)  # the first such step
    ensemble = to_ensemble(descent.w, descent.a, descent.c)
    boundaries = [extract_boundary(*ensemble.network(d)) for d in range(len(X))]
    corners = np.array([count_corners(boundary) for boundary in boundaries])
    return Symmetric(
        falls=data_sets.count((np.diff(losses, axis=0) < 0).all(axis=0)),
        hexagons=data_sets.count(corners == 6),
        below_last=below.max(),
    )


class Conditions(NamedTuple):
    """What theory.tex proves six corners from, for each network, (D,) each."""

    surround: np.ndarray  # all a_j > 0, and the w_j surround the origin
    corners: np.ndarray  # and f < 0 wherever two hinges cross: so there are six corners
    kappa_not_positive: np.ndarray


def conditions(w, a, c):
    """The Conditions of networks w (D, 3, 3), a (D, 3), c (D,).

    sum_k mu_k w_k = 0, kappa = sum_k mu_k b_k, and the two hinges other than k
    cross where f = c + a_k max(kappa, 0) / mu_k.
    """
    w, b = w[..., :2], w[..., 2]
    second = np.roll(w, -1, axis=1)  # w_(k+1)
    third = np.roll(w, -2, axis=1)
    mu = second[..., 0] * third[..., 1] - second[..., 1] * third[..., 0]  # (D, 3)
    # The w_j surround the origin if and only if these have the same sign
    mu *= np.sign(mu[:, :1])
    surround = (mu > 0).all(axis=1) & (a > 0).all(axis=1)
    kappa = (mu * b).sum(axis=1)
    crossings = c[:, None] + a * np.maximum(kappa, 0)[:, None] / mu
    corners = surround & (crossings < 0).all(axis=1)
    return Conditions(surround, corners, kappa <= 0)


class Hinges(NamedTuple):
    """Descent on ordinary points: snapshots that meet each of the Conditions."""

    data_sets: int
    snapshots: int
    surround: int
    corners: int
    kappa_not_positive: int


def hinges(options):
    X, y = data_sets.make_data_sets(HINGES_SETS, options.points, options.seed)
    descent = Descent(spread_angles(len(X), options.seed), X, y)
    snapshots = []
    for step in steps("ordinary points"):
        descent.step()
        if step % STEPS_PER_SNAPSHOT == 0:
            found = conditions(descent.w[:, 0], descent.a[:, 0], descent.c[:, 0])
            snapshots.append(found)
    return Hinges(
        data_sets=len(X),
        snapshots=len(X) * len(snapshots),
        surround=sum(found.surround.sum() for found in snapshots),
        corners=sum(found.corners.sum() for found in snapshots),
        kappa_not_positive=sum(f.kappa_not_positive.sum() for f in snapshots),
    )


def macros(options, balanced, archive, evenly, three):
    """{LaTeX macro: text}"""
    return {
        "DescentRate": LEARNING_RATE,
        "DescentSteps": STEPS,
        "DescentUnits": balanced.units,
        "DescentDeaths": balanced.deaths,
        "DescentChanges": balanced.changes,
        "DescentArchiveUnits": archive.units,
        "DescentArchiveDeaths": archive.deaths,
        "SymmetricFalls": evenly.falls,
        "SymmetricHexagons": evenly.hexagons,
        "SymmetricBelowLast": evenly.below_last,
        "HingesSets": three.data_sets,
        "HingesSnapshots": three.snapshots,
        "HingesSurround": three.surround,
        "HingesCorners": three.corners,
        "HingesLaw": three.kappa_not_positive,
    }


def main():
    parser = script.parser(__doc__)
    data_sets.add_options(parser, data_sets=6, networks=50)
    data_sets.add_points(parser)
    options = script.parse(parser)

    balanced = survival(options, scale=1)
    archive = survival(options, scale=ARCHIVE)
    evenly = symmetric(options)
    three = hinges(options)
    print(f"units that died: {balanced.deaths} of {balanced.units}")
    print(f"at the archive's scale: {archive.deaths} of {archive.units}")
    print(f"hexagons on {evenly.hexagons} symmetric data sets")
    print(f"six corners in {three.corners} of {three.snapshots} snapshots")
    results.save(options, "descent", macros(options, balanced, archive, evenly, three))


if __name__ == "__main__":
    script.run(main)
