"""Exercise 3: a hexagon-shaped decision boundary, by the networks of both exercises.

python decision_boundary/main.py                trains, draws, writes numbers and a GIF
python decision_boundary/main.py --save FILE    only trains an ensemble, and saves it

A network 2-3-1 of ReLU units with evenly spread initial directions trains as Exercise 1
does (NumPy, momentum SGD) and as Exercise 2 does (PyTorch, Adam).
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import INITS, initialize, train_ensemble
from decision_boundary.geometry import (
    best_polygon,
    disc_error,
    interior_angles,
    polygon_area,
    side_lengths,
)
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared.boundaries import (
    count_corners,
    extract_all,
    find_boundary,
    in_square,
)
from decision_boundary.shared.exact import confirmed
from decision_boundary.shared.figures import (
    DARK,
    GREY,
    draw_boundary,
    draw_hinges,
    draw_map,
    draw_square,
    new_figure,
)
from decision_boundary.shared.live import make_views
from decision_boundary.shared.results import figure_bytes, save_results, table
from decision_boundary.shared.script import Parser, integer, load, progress, run
from decision_boundary.shared.training import fresh_accuracy, streams, train
import numpy as np

EXERCISES = {  # script, options of its network, factor on --epochs
    "NumPy": ("Python-FeedForward/main.py", {"activation": "relu"}, 4),
    "PyTorch": ("PyTorch-FeedForward/main.py", {}, 1),
}
LEARNING_RATE = 0.03  # Exercise 2's, 0.01, is low for so few units
RUNS = 5


def make_run(name, seed, num_points):
    """The exercise's own training of a network 2-3-1 with evenly spread directions."""
    script, options, _ = EXERCISES[name]
    result = load(script).make_run(
        seed, num_points, LEARNING_RATE, hidden_size=[3], **options
    )
    initialize(*result.layers(), "spread", streams(seed)[1])
    return result


def train_hexagons(options):
    """{exercise: its trained Runs}, and the views that followed the first of all."""
    runs, views = {}, None
    for name, (_, _, factor) in EXERCISES.items():
        epochs, runs[name] = factor * options.epochs, []
        seeds = range(options.seed, options.seed + RUNS)
        for seed in progress(seeds, f"2-3-1, {name}, seed {{}}"):
            result = make_run(name, seed, options.points)
            if views is None:
                views = make_views(options, result, epochs)
            first = name == "NumPy" and seed == options.seed
            train(result, epochs, views if first else (), show=False)
            runs[name].append(result)
    return runs, views


def row(name, seed, result):
    """Texts: exercise, seed, sides, angles, area, and two accuracies."""
    boundary = find_boundary(*result.layers())
    fresh = f"{100 * fresh_accuracy(result.logits, seed):.2f}"
    if count_corners(boundary) != 6:
        return [name, str(seed), "no hexagon", "", "", "", fresh]
    [(vertices, _)] = boundary
    lengths, angles = side_lengths(vertices), interior_angles(vertices)
    return [
        name,
        str(seed),
        f"{lengths.min():.2f}--{lengths.max():.2f}",
        f"{angles.min():.0f}--{angles.max():.0f}",
        f"{polygon_area(vertices):.3f}",
        f"{100 * (1 - disc_error(vertices)):.2f}",
        fresh,
    ]


def summary(runs, seed):
    """Print a row for each run; returns the numbers for the report, {macro: text}."""
    rows = [row(name, s, r) for name in runs for s, r in enumerate(runs[name], seed)]
    heads = [
        "network",
        "seed",
        "sides",
        "angles",
        "area",
        "accuracy",
        "on fresh points",
    ]
    text = table(heads, rows)
    best = f"{100 * (1 - disc_error(best_polygon(6))):.2f}"
    print(f"best possible hexagon: accuracy {best}")
    exact, _ = confirmed([r.layers() for name in runs for r in runs[name]], 1)
    print(f"confirmed in exact arithmetic: {exact} of {len(rows)}")
    fresh = [float(cells[-1]) for cells in rows]
    found = [cells[0] for cells in rows if cells[2] != "no hexagon"]
    counts = {f"Hexagon{name}": f"{found.count(name)} of {RUNS}" for name in runs}
    return counts | {
        "HexagonExact": f"{exact} of {len(rows)}",
        "HexagonRate": LEARNING_RATE,
        "HexagonTable": text,
        "HexagonBest": best,
        "HexagonFreshLowest": f"{min(fresh):.2f}",
        "HexagonFreshHighest": f"{max(fresh):.2f}",
    }


def draw(runs):
    """The plainest hexagon, and the first seed's of each exercise."""
    figure = new_figure(2.25)
    axes = figure.subplots(1, 1 + len(runs))
    draw_example(axes[0])
    for ax, (name, results) in zip(axes[1:], runs.items()):
        first, (weights, biases) = results[0], results[0].layers()
        draw_map(ax, first.logits, first.X, first.y)
        draw_hinges(ax, weights[0], biases[0])
        draw_boundary(ax, find_boundary(weights, biases))
        ax.set_title(f"2-3-1, {name}")
    return figure


def draw_example(ax, apothem=0.7):
    """sum_j relu(u_j . x) - apothem, and in each sector which units are active."""
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    units, zeros = np.array([np.cos(angles), np.sin(angles)]), np.zeros(3)
    draw_square(ax)
    draw_hinges(ax, units, zeros)
    network = [units, np.ones((3, 1))], [zeros, np.array([-apothem])]
    draw_boundary(ax, extract_boundary(*network))
    for angle in np.pi / 6 + np.pi / 3 * np.arange(6):
        x = np.array([np.cos(angle), np.sin(angle)])
        active = np.flatnonzero(units.T @ x > 1e-9) + 1
        style = {"ha": "center", "va": "center", "fontsize": 8}
        ax.text(*(0.45 * x), ", ".join(map(str, active)), color=DARK, **style)
    for u in units.T:
        ax.annotate(
            "", 0.25 * u, (0, 0), arrowprops={"arrowstyle": "->", "color": GREY}
        )
    ax.set_title("active units, by sector")


def save_ensemble(options):
    """Train the ensemble that the options describe, print its shares, and save it."""
    X, y = circle_in_square(options.points, options.seed)
    ensemble = train_ensemble(
        X,
        y,
        options.hidden_units,
        options.networks,
        options.epochs,
        init=options.init,
        seed=options.seed,
    )
    corners = 2 * options.hidden_units
    polygons = extract_all(ensemble).polygons(corners)
    inside = in_square(polygons).sum()
    print(
        f"closed convex {corners}-gons: {len(polygons)} of {options.networks}, "
        f"of which {inside} lie in [-1, 1]^2"
    )
    ensemble.save(options.save)
    print(f"wrote\n  {options.save}")


def parse_options():
    parser = Parser(__doc__, epochs=256)
    parser.add("--points", integer(1), 512, "number of training points")
    parser.add_views()
    saving = parser.add_argument_group("train and save an ensemble instead")
    saving.add_argument("--save", type=Path, metavar="FILE", help="an .npz file")
    saving.add_argument("--networks", type=integer(1), default=1000, help="how many")
    saving.add_argument(
        "--hidden-units", type=integer(1), default=3, help="of each network"
    )
    saving.add_argument(
        "--init", choices=INITS, default="spread", help="initial weights"
    )
    options = parser.parse_args()
    options.animation = options.animation or options.output / "figures/hexagon.gif"
    return options


def main():
    options = parse_options()
    if options.save:
        return save_ensemble(options)

    runs, views = train_hexagons(options)
    values, figure = summary(runs, options.seed), draw(runs)
    png = {options.output / "figures/hexagon.png": figure_bytes(figure, "png")}
    save_results(options, "hexagon", values, figure, views, png)


if __name__ == "__main__":
    run(main)
