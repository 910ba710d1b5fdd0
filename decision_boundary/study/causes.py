"""What initial weights predict, and what has become of networks without a hexagon."""

from typing import NamedTuple

from decision_boundary.ensemble import initial_ensemble
from decision_boundary.study.data_sets import Count, count
from decision_boundary.study.exact import surrounds_origin
import numpy as np

# Before the training


class Initial(NamedTuple):
    """Xavier networks of three units before their training; index k is network k's."""

    surround: np.ndarray  # (E,), whether the hidden weight vectors surround the origin
    positive: np.ndarray  # (E, 3), whether the outgoing weights are


def initial_networks(options):
    """The Xavier networks from which `train_ensemble` starts with the same seeds."""
    surround = []
    positive = []
    for seed in range(options.seed, options.seed + options.data_sets):
        ensemble = initial_ensemble(options.networks, init="xavier", seed=seed)
        surround.append(surrounds_origin(ensemble.hidden_weights.astype(float)))
        positive.append(ensemble.output_weights > 0)
    return Initial(np.concatenate(surround), np.concatenate(positive))


class StartRow(NamedTuple):
    """The Xavier networks that start in the same way, and their hexagons."""

    positive: int  # outgoing weights
    surround: str  # yes or no: do the hidden weight vectors surround the origin?
    hexagons: int
    networks: int
    share: float  # in percent


START_COLUMNS = {
    "positive a_j": "{positive}",
    "surround 0": "{surround}",
    "hexagons": "{hexagons}",
    "of": "{networks}",
    "share [%]": "{share:.1f}",
}


def tabulate_starts(initial, hexagon):
    """The StartRows of networks that end in a hexagon or not, hexagon (E,)."""
    positive = initial.positive.sum(axis=1)
    table = []
    for number in (3, 2, 1, 0):
        for word, surround in [("yes", initial.surround), ("no", ~initial.surround)]:
            ends = hexagon[surround & (positive == number)]
            if len(ends) > 0:
                share = 100 * ends.mean()
                row = StartRow(number, word, ends.sum(), len(ends), share)
                table.append(row)
    return table


# After the training


class Kind(NamedTuple):
    """What a trained network is; a dead unit counts more than a negative weight."""

    units: str  # all positive, negative weight or dead unit
    boundary: str  # hexagon, closed, open or none


def kinds_of(trained):
    """The Kind of each network."""
    dead = trained.dead_units().any(axis=1)
    negative = (trained.ensemble.output_weights < 0).any(axis=1)
    kinds = []
    for k, boundary in enumerate(trained.boundaries):
        units = "all positive"
        if dead[k]:
            units = "dead unit"
        elif negative[k]:
            units = "negative weight"
        kinds.append(Kind(units, boundary_kind(boundary, trained.corners[k])))
    return kinds


def boundary_kind(boundary, corners):
    if corners == 6:
        return "hexagon"
    if not boundary:
        return "none"
    if all(polyline.closed for polyline in boundary):
        return "closed"
    return "open"


class Failures(NamedTuple):
    """What has become of networks from Xavier weights."""

    dead: Count  # of all failures, those with a dead unit
    dead_negative: Count  # of all dead units, those that start with a_j <= 0
    four_corners: Count  # of the closed boundaries, those with four corners


def failures(initial, trained):
    kinds = kinds_of(trained)
    failed = [kind.units for kind in kinds if kind.boundary != "hexagon"]
    closed = [kind.boundary == "closed" for kind in kinds]
    dead = trained.dead_units()  # (E, 3)
    return Failures(
        dead=count(np.array(failed) == "dead unit"),
        dead_negative=count(~initial.positive[dead]),
        four_corners=count(trained.corners[closed] == 4),
    )
