"""Exercise 3: a hexagon-shaped decision boundary, by the networks of both exercises.

python decision_boundary/main.py                      the answer: trains, draws, saves
python decision_boundary/main.py --hidden-units 4 --activation tanh --init xavier
                                                      any other configuration
python decision_boundary/main.py --save networks.npz  trains 1,000 networks at once

The answer is a network 2-3-1 of ReLU units. Its hidden weight vectors start with length
2 / sqrt(5), 120 degrees apart under a random rotation, its outgoing weights with
2 / sqrt(5), and its biases with 0. It trains with Exercise 1's code (NumPy, momentum
SGD, batches of 32) and with Exercise 2's (PyTorch, Adam, batches of 64).
"""

import io
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary import geometry
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import INITS, initial_ensemble, train_ensemble
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import figures, measures, results, script
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.monitor import Monitor
import numpy as np

numpy_exercise = script.load("Python-FeedForward/main.py")
torch_exercise = script.load("PyTorch-FeedForward/main.py")

HIDDEN_UNITS = [3]
ACTIVATION = "relu"
INIT = "spread"  # of one hidden layer; several start from Xavier's weights
LEARNING_RATE = 0.03  # Exercise 2's, 0.01, is low for so few units
EPOCHS = 256  # with Adam
SGD_EPOCHS_PER_EPOCH = 4  # as in the archive: 1024 and 256
NETWORKS = 1000


def new_training(
    code, seed, points, learning_rate, hidden_units, activation=ACTIVATION, init=INIT
):
    """The exercise's own training.

    One hidden layer starts from init, several from Xavier's weights.
    """
    exercise = torch_exercise
    architecture = {"hidden_size": hidden_units}
    if code == "NumPy":
        exercise = numpy_exercise
        architecture["activation"] = activation
    training = exercise.Training(seed, points, learning_rate, **architecture)
    if len(hidden_units) == 1:
        weights_seed = script.seeds_of(seed).weights
        start = initial_ensemble(1, hidden_units[0], init, weights_seed, np.float64)
        training.set_layers(*start.network(0))
    return training


def train_all(options, monitor):
    """{code: its trainings}, and what came out of each of them."""
    trainings = {}
    measured = []
    codes = ["NumPy", "PyTorch"] if options.activation == "relu" else ["NumPy"]
    for code in codes:
        epochs = options.epochs
        if code == "NumPy":
            epochs = SGD_EPOCHS_PER_EPOCH * options.epochs
        trainings[code] = []
        for seed in range(options.seed, options.seed + options.runs):
            training = new_training(
                code,
                seed,
                options.points,
                options.learning_rate,
                options.hidden_units,
                options.activation,
                options.init,
            )
            monitor.start(training, code, seed, epochs)
            for _ in range(epochs):
                training.run_epoch()
                monitor.after_epoch()
            trainings[code].append(training)
            measured.append(measures.measure(code, training, monitor.finish()))
    return trainings, measured


def draw(trainings, options):
    """Draw each code's first network; for the answer, also the plainest example."""
    is_answer = options.hidden_units == HIDDEN_UNITS and options.activation == "relu"
    figure = figures.new_figure(1.9)
    axes = figure.subplots(1, len(trainings) + is_answer, squeeze=False)[0]
    if is_answer:
        draw_example(axes[0])
        axes = axes[1:]
    for ax, code in zip(axes, trainings):
        training = trainings[code][0]
        figures.draw_map(ax, training)
        figures.draw_trained(ax, training, find_boundary(training))
        ax.set_title(f"{layer_sizes(options.hidden_units)}, {code}")
    return figure


def layer_sizes(hidden_units):
    """For example 2-3-1."""
    return "-".join(map(str, [2, *hidden_units, 1]))


def draw_example(ax, apothem=0.7):
    """sum_j relu(u_j . x) - apothem, and in each sector which units are active."""
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    units = np.array([np.cos(angles), np.sin(angles)])
    weights = [units, np.ones((3, 1))]
    biases = [np.zeros(3), np.array([-apothem])]
    figures.draw_square(ax)
    figures.draw_hinges(ax, units, biases[0])
    figures.draw_boundary(ax, extract_boundary(weights, biases))
    for angle in np.pi / 6 + np.pi / 3 * np.arange(6):
        x = 0.45 * np.array([np.cos(angle), np.sin(angle)])
        active = [str(j + 1) for j in range(3) if units[:, j] @ x > 1e-9]
        ax.text(*x, ", ".join(active), fontsize=8, ha="center", va="center")
    arrow = {"arrowstyle": "->", "color": figures.GREY}
    for u in units.T:
        ax.annotate("", 0.25 * u, (0, 0), arrowprops=arrow)
    ax.set_title("active units, by sector")


def save_ensemble(options):
    """Train an ensemble, print its shares of polygons, and write it to options.save."""
    X, y = circle_in_square(options.points, options.seed)
    [units] = options.hidden_units
    ensemble = train_ensemble(
        X,
        y,
        units,
        options.networks,
        options.epochs,
        init=options.init,
        seed=options.seed,
    )
    polygons = 0
    inside = 0
    for k in range(options.networks):
        boundary = extract_boundary(*ensemble.network(k), extent=(-4, 4, -4, 4))
        if geometry.count_corners(boundary) == 2 * units:
            polygons += 1
            inside += np.abs(boundary[0].vertices).max() <= 1
    print(f"closed convex {2 * units}-gons: {polygons} of {options.networks}")
    print(f"of these, {inside} lie in the square [-1, 1]^2")
    content = io.BytesIO()
    np.savez(content, **ensemble._asdict())
    results.write_files({options.save: content.getvalue()})
    print(f"wrote\n  {options.save}")


def main():
    options = parse_options()
    if options.save:
        save_ensemble(options)
        return
    monitor = Monitor(options)
    trainings, measured = train_all(options, monitor)
    for result in measured:
        print(f"{result.code}, seed {result.seed}: {result.words}")

    macros = measures.macros(measured)
    macros["HexagonRate"] = results.plain(options.learning_rate)
    if measured[0].corners == 6 and options.hidden_units == HIDDEN_UNITS:
        macros.update(measures.example_macros(trainings["NumPy"][0]))
    figure = draw(trainings, options)
    files = monitor.files()
    files[options.output / "figures/hexagon.png"] = results.figure_bytes(figure, "png")
    results.save(options, "hexagon", macros, figure, files)
    monitor.close()


def parse_options():
    parser = script.parser(__doc__)
    epochs_help = "passes over the points; Exercise 1's code takes four times as many"
    script.add_training_options(parser, EPOCHS, LEARNING_RATE, epochs_help)
    add_network_options(parser)
    add_save_options(parser)
    options = script.parse(parser)
    refuse_what_does_not_apply(parser, options)
    one_layer = len(options.hidden_units) == 1
    options.init = options.init or (INIT if one_layer else "xavier")
    options.networks = options.networks or NETWORKS
    if not options.save and not options.animation:
        options.animation = options.output / "figures/hexagon.gif"
    return options


def add_network_options(parser):
    parser.add_argument(
        "--hidden-units",
        type=script.at_least_1,
        nargs="+",
        default=HIDDEN_UNITS,
        metavar="H",
        help="width of each hidden layer (default: 3)",
    )
    parser.add_argument(
        "--activation",
        choices=["relu", "tanh", "sigmoid"],
        default=ACTIVATION,
        help="of all hidden units; relu (the default) is trained with both exercises' "
        "code, tanh and sigmoid with Exercise 1's",
    )
    parser.add_argument(
        "--init",
        choices=INITS,
        help="initial weights (default: spread for one hidden layer, else xavier)",
    )


def add_save_options(parser):
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="only train many networks at once, and write them to a .npz file; "
        "in the folder of --output, if that is given",
    )
    parser.add_argument(
        "--networks",
        type=script.at_least_1,
        help=f"with --save, how many (default: {NETWORKS})",
    )


def refuse_what_does_not_apply(parser, options):
    if options.save:
        for name in ("activation", "learning_rate", "runs", "live", "animation"):
            if getattr(options, name) != parser.get_default(name):
                parser.error(f"--{name.replace('_', '-')} does not apply with --save")
        if len(options.hidden_units) > 1:
            parser.error("--hidden-units must be one width with --save")
    elif options.networks:
        parser.error("--networks applies only with --save")
    if len(options.hidden_units) > 1 and options.init in ("spread", "positive"):
        parser.error(f"--init {options.init} must have one hidden layer, not several")


if __name__ == "__main__":
    script.run(main)
