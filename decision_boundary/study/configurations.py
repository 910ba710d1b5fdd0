"""Exercise 3: which hidden units and activations give which decision boundary?

python decision_boundary/study/configurations.py    trains, draws, writes numbers

Each network is trained with Exercise 1's code. A boundary that closes around the origin
is a function r(theta). How far it turns within one degree tells a corner from a bend.
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from decision_boundary.ensemble import initial_ensemble
from decision_boundary.geometry import count_corners
from decision_boundary.shared import figures, results, script
from decision_boundary.shared.boundaries import describe, find_boundary
import numpy as np

exercise = script.load("Python-FeedForward/main.py")

# sigmoid(z) = (1 + tanh(z / 2)) / 2 makes about the same steps at four times the rate
LEARNING_RATES = {"ReLU": 0.2, "tanh": 0.2, "sigmoid": 0.8}
ANGLES = np.arange(720) * np.pi / 360
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # (720, 2)


class Configuration(NamedTuple):
    activation: str
    widths: tuple  # of the hidden layers
    init: str  # Xavier, as the exercise's networks start, or spread

    @property
    def sizes(self):
        return "-".join(map(str, [2, *self.widths, 1]))


RELU = Configuration("ReLU", (3,), "spread")
TANH = Configuration("tanh", (3,), "spread")
SIGMOID = Configuration("sigmoid", (3,), "spread")
CONFIGURATIONS = [
    Configuration("ReLU", (3,), "Xavier"),
    Configuration("ReLU", (4,), "Xavier"),
    RELU,
    Configuration("ReLU", (6,), "spread"),
    TANH,
    Configuration("tanh", (16,), "spread"),
    SIGMOID,
    Configuration("ReLU", (3, 3), "Xavier"),
]


class Result(NamedTuple):
    """One trained network."""

    configuration: Configuration
    seed: int
    training: object
    boundary: list  # of polylines
    words: str  # what the boundary is
    corners: int  # if it is a convex polygon, else 0
    turn: float  # the sharpest within one degree, in degrees; nan if not closed


COLUMNS = {
    "activation": "{configuration.activation}",
    "network": "{configuration.sizes}",
    "start": "{configuration.init}",
    "seed": "{seed}",
    "boundary": "{words}",
    "sharpest turn [degrees]": "{turn:.1f}",
}


def train(configuration, seed, options):
    """Exercise 1's training, without weight decay.

    The learning rate falls linearly to 0, so that no last batch dents the boundary.
    """
    activation = configuration.activation
    training = exercise.Training(
        seed,
        options.points,
        LEARNING_RATES[activation],
        hidden_size=configuration.widths,
        activation=activation.lower(),
    )
    network = training.network
    network.weight_decay = 0
    if configuration.init == "spread":
        [units] = configuration.widths
        weights_seed = script.streams(seed).weights
        start = initial_ensemble(1, units, "spread", weights_seed, np.float64)
        training.set_layers(*start.network(0))
    first_rate = network.learning_rate
    for epoch in range(options.epochs):
        network.learning_rate = first_rate * (1 - epoch / options.epochs)
        training.run_epoch()
    return training


def radial_boundary(logits):
    """r(theta) (720,) at ANGLES: where the ray at angle theta leaves {logit < 0}.

    logits, (M, 2) -> (M, 1), must change its sign at most once along a ray. nan where
    it does not before the border of [-1, 1]^2, or if the origin is outside.
    """
    rays = DIRECTIONS / np.abs(DIRECTIONS).max(axis=1, keepdims=True)  # to the border
    low = np.zeros((len(rays), 1))
    high = np.ones((len(rays), 1))
    closed = (logits(low * rays) < 0) & (logits(high * rays) >= 0)
    for _ in range(53):  # to rounding
        middle = (low + high) / 2
        outside = logits(middle * rays) >= 0
        low = np.where(outside, low, middle)
        high = np.where(outside, middle, high)
    lengths = np.linalg.norm(high * rays, axis=1)
    return np.where(closed[:, 0], lengths, np.nan)


def sharpest_turn(radii):
    """The largest turn of r (720,) at ANGLES within one degree, in degrees, or nan.

    Between chords of half a degree whose middles are one degree apart: about 1 for a
    circle around the origin, a corner's whole exterior angle for a polygon.
    """
    points = radii * np.exp(1j * ANGLES)
    chords = np.roll(points, -1) - points
    turns = np.angle(np.roll(chords, -2) * chords.conj(), deg=True)
    return np.abs(turns).max()


def evaluate(configuration, seed, training):
    """The Result of a trained network."""
    boundary = find_boundary(training)
    is_relu = configuration.activation == "ReLU"
    return Result(
        configuration=configuration,
        seed=seed,
        training=training,
        boundary=boundary,
        words=describe(boundary, is_relu),
        corners=count_corners(boundary) if is_relu else 0,
        turn=sharpest_turn(radial_boundary(training.logits)),
    )


def median_turn(table, configuration):
    """The median over seeds; nan if one of the boundaries does not close."""
    turns = [result.turn for result in table if result.configuration == configuration]
    return np.median(turns)


def draw(table):
    """The first seed's network of each configuration, and what its boundary is."""
    first = [result for result in table if result.seed == table[0].seed]
    figure = figures.new_figure(1.22)
    axes = figure.subplots(1, len(first))
    for ax, result in zip(axes, first):
        configuration = result.configuration
        figures.draw_square(ax)
        figures.draw_image(ax, figures.on_grid(result.training.logits, 400) > 0)
        is_relu = configuration.activation == "ReLU"
        if is_relu and len(configuration.widths) == 1:
            weights, biases = result.training.layers()
            figures.draw_hinges(ax, weights[0], biases[0])
        figures.draw_boundary(ax, result.boundary, corners=is_relu)
        title = (
            f"{configuration.activation}, {configuration.init}\n{configuration.sizes}"
        )
        ax.set_title(title, fontsize=8)
        ax.set_xlabel(short_words(result), fontsize=8)
        ax.set(xticks=[], yticks=[])
    return figure


def short_words(result):
    if result.corners > 0:
        return f"{result.corners} corners"
    if result.turn > 0 and result.configuration.activation != "ReLU":
        return f"turns ${result.turn:.1f}^\\circ$"
    return result.words


def macros(options, table):
    """{LaTeX macro: text}"""
    rates = LEARNING_RATES
    tuned = (
        f"{rates['ReLU']} (ReLU), {rates['tanh']} (tanh), {rates['sigmoid']} (sigmoid)"
    )
    return {
        "SmoothSeeds": options.runs,
        "SmoothEpochs": options.epochs,
        "SmoothTuned": f"falling to 0 from {tuned}",
        "SmoothReluTurn": f"{median_turn(table, RELU):.1f}",
        "SmoothTanhTurn": f"{median_turn(table, TANH):.1f}",
        "SmoothSigmoidTurn": f"{median_turn(table, SIGMOID):.1f}",
    }


def main():
    parser = script.parser(__doc__)
    script.add_seed(parser)
    parser.add_argument(
        "--points", type=script.integer(1), default=512, help="training points"
    )
    parser.add_argument(
        "--epochs", type=script.integer(1), default=512, help="passes over the points"
    )
    parser.add_argument(
        "--runs", type=script.integer(1), default=3, help="seeds, from --seed on"
    )
    options = script.parse(parser)

    table = []
    for configuration in script.progress(CONFIGURATIONS, "configurations"):
        for seed in range(options.seed, options.seed + options.runs):
            training = train(configuration, seed, options)
            table.append(evaluate(configuration, seed, training))
    results.print_table(table, COLUMNS)
    results.save(options, "configurations", macros(options, table), draw(table))


if __name__ == "__main__":
    script.run(main)
