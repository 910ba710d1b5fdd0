"""What initial weights predict, and why some networks do not end in a hexagon."""

from collections import Counter
from typing import NamedTuple

from decision_boundary.ensemble import initial_ensemble
from decision_boundary.study.data_sets import Count, count
from decision_boundary.study.exact import surrounds_origin
import numpy as np

# Before the training


class Initial(NamedTuple):
    """Xavier networks of three units before their training; index k is network k's."""

    surround: np.ndarray  # (E,), whether the hidden weight vectors surround the origin
    outgoing: np.ndarray  # (E, 3)


def initial_networks(options):
    surround = []
    outgoing = []
    for seed in range(options.seed, options.seed + options.data_sets):
        ensemble = initial_ensemble(options.networks, init="xavier", seed=seed)
        surround.append(surrounds_origin(ensemble.hidden_weights.astype(float)))
        outgoing.append(ensemble.output_weights)
    return Initial(np.concatenate(surround), np.concatenate(outgoing))


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


class Predictions(NamedTuple):
    table: list  # of StartRows
    # Hexagons among networks with positive starts, whose hidden weights are Xavier's
    sure: Count  # those that surround the origin
    other: Count


def predict(initial, corners, positive_corners):
    """The Predictions, from the corners (E,) of networks from both starts."""
    return Predictions(
        table=tabulate_starts(initial, corners == 6),
        sure=count(positive_corners[initial.surround] == 6),
        other=count(positive_corners[~initial.surround] == 6),
    )


def tabulate_starts(initial, hexagon):
    """The StartRows of networks that end in a hexagon or not, hexagon (E,)."""
    positive = (initial.outgoing > 0).sum(axis=1)
    table = []
    for number in (3, 2, 1, 0):
        for word, side in [("yes", initial.surround), ("no", ~initial.surround)]:
            found = hexagon[side & (positive == number)]
            if len(found) > 0:
                row = StartRow(
                    positive=number,
                    surround=word,
                    hexagons=found.sum(),
                    networks=len(found),
                    share=100 * found.mean(),
                )
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


class EndRow(NamedTuple):
    """The networks with the same units, by their boundaries."""

    units: str
    hexagon: int
    closed: int
    open: int
    none: int
    networks: int


END_COLUMNS = {
    "ends with": "{units}",
    "hexagon": "{hexagon}",
    "closed": "{closed}",
    "open": "{open}",
    "none": "{none}",
    "all": "{networks}",
}


def tabulate_ends(kinds):
    """The EndRows of all networks."""
    table = []
    for units in ("all positive", "negative weight", "dead unit"):
        counts = Counter(kind.boundary for kind in kinds if kind.units == units)
        row = EndRow(
            units=units,
            hexagon=counts["hexagon"],
            closed=counts["closed"],
            open=counts["open"],
            none=counts["none"],
            networks=counts.total(),
        )
        table.append(row)
    return table


class Ends(NamedTuple):
    """What the networks have become that start from Xavier weights."""

    table: list  # of EndRows
    failed: int  # networks that are no hexagon
    dead_negative: Count  # of all dead units, those that start with a_j < 0
    four_corners: Count  # of the closed boundaries that are no hexagon


def classify(initial, trained):
    """The Ends of the trained networks."""
    kinds = kinds_of(trained)
    closed = [kind.boundary == "closed" for kind in kinds]
    dead = trained.dead_units()  # (E, 3)
    return Ends(
        table=tabulate_ends(kinds),
        failed=(trained.corners != 6).sum(),
        dead_negative=count(initial.outgoing[dead] < 0),
        four_corners=count(trained.corners[closed] == 4),
    )


class Spare(NamedTuple):
    """Hexagons of networks with four units: is one of these spare?"""

    hexagons: int
    dead: int  # those with a dead unit
    negative: int  # those without, but with a negative outgoing weight


def spare_units(trained):
    hexagon = trained.corners == 6
    dead = trained.dead_units().any(axis=1)
    negative = (trained.ensemble.output_weights < 0).any(axis=1)
    return Spare(
        hexagons=hexagon.sum(),
        dead=(hexagon & dead).sum(),
        negative=(hexagon & ~dead & negative).sum(),
    )
