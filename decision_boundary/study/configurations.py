"""Exercise 3: which hidden units and activations give which decision boundary?

python decision_boundary/study/configurations.py    trains, draws, writes numbers

Each network is one that decision_boundary/main.py trains with Exercise 1's code.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.geometry import count_corners
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.boundaries import describe, find_boundary
from decision_boundary.study import data_sets

answer = script.load("decision_boundary/main.py")

# sigmoid(z) = (1 + tanh(z / 2)) / 2 makes about the same steps at four times the rate
LEARNING_RATES = {"relu": 0.2, "tanh": 0.2, "sigmoid": 0.8}


class Configuration(NamedTuple):
    hidden_units: tuple  # widths of the hidden layers
    activation: str
    init: str


DEEP = Configuration((3, 3), "relu", "xavier")
CONFIGURATIONS = [
    Configuration((3,), "relu", "xavier"),
    Configuration((4,), "relu", "xavier"),
    Configuration((3,), "relu", "spread"),
    Configuration((6,), "relu", "spread"),
    Configuration((3,), "tanh", "spread"),
    Configuration((16,), "tanh", "spread"),
    Configuration((3,), "sigmoid", "spread"),
    DEEP,
]


class Result(NamedTuple):
    """One trained network."""

    configuration: Configuration
    seed: int
    training: object
    boundary: list  # of polylines
    words: str  # what the boundary is


COLUMNS = {
    "hidden units": "{configuration.hidden_units}",
    "activation": "{configuration.activation}",
    "init": "{configuration.init}",
    "seed": "{seed}",
    "boundary": "{words}",
}


def train(configuration, seed, options):
    rate = LEARNING_RATES[configuration.activation]
    training = answer.new_training(
        "NumPy", seed, options.points, rate, **configuration._asdict()
    )
    for _ in range(options.epochs):
        training.run_epoch()
    boundary = find_boundary(training)
    words = describe(boundary, has_corners=configuration.activation == "relu")
    return Result(configuration, seed, training, boundary, words)


def count_hexagons(table, configuration):
    """The Count of this configuration's networks whose boundary is a hexagon."""
    boundaries = [r.boundary for r in table if r.configuration == configuration]
    corners = [count_corners(boundary) for boundary in boundaries]
    return data_sets.Count(corners.count(6), len(corners))


def draw(table):
    """The first seed's network of each configuration, and how many end like it."""
    first = [result for result in table if result.seed == table[0].seed]
    figure = figures.new_figure(2.4)
    axes = figure.subplots(2, 4).flat
    for ax, result in zip(axes, first):
        hidden_units, activation, init = result.configuration
        figures.draw_sides(ax, result.training.logits)
        figures.draw_trained(ax, result.training, result.boundary)
        sizes = answer.layer_sizes(hidden_units)
        ax.set_title(f"{sizes}, {activation}, {init}")
        same = [r.words for r in table if r.configuration == result.configuration]
        seeds = f"{same.count(result.words)} of {len(same)} seeds"
        ax.set_xlabel(f"{short(result.words)}, {seeds}")
    return figure


def short(words):
    words = words.replace("a closed convex polygon with ", "")
    return words.replace("a smooth closed curve", "smooth curve")


def main():
    parser = script.parser(__doc__)
    script.add_seed(parser)
    script.add_number(parser, "--points", 512, "number of training points")
    script.add_number(parser, "--epochs", 512, "passes over the points")
    script.add_number(parser, "--runs", 5, "number of seeds, from --seed on")
    options = script.parse(parser)

    table = []
    for configuration in script.progress(CONFIGURATIONS, "configurations"):
        for seed in range(options.seed, options.seed + options.runs):
            table.append(train(configuration, seed, options))
    results.print_table(table, COLUMNS)
    macros = {
        "ConfigurationSeeds": options.runs,
        "ConfigurationEpochs": options.epochs,
        "ConfigurationRate": LEARNING_RATES["relu"],
        "ConfigurationSigmoidRate": LEARNING_RATES["sigmoid"],
        "ConfigurationDeep": count_hexagons(table, DEEP),
    }
    results.save(options, "configurations", macros, draw(table))


if __name__ == "__main__":
    script.run(main)
