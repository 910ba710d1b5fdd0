"""Exercise 3: a hexagon-shaped decision boundary, by the networks of both exercises.

python decision_boundary/main.py                trains, draws, writes numbers and a GIF
python decision_boundary/main.py --save FILE    only trains an ensemble, and saves it

A network 2-3-1 of ReLU units with evenly spread initial directions trains as Exercise 1
does (NumPy, momentum SGD) and as Exercise 2 does (PyTorch, Adam).
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary import ensemble, geometry
from decision_boundary.data import circle_in_square
from decision_boundary.polygon import extract_boundary
from decision_boundary.shared import boundaries, figures, results, script, training
from decision_boundary.shared.exact import confirmed
from decision_boundary.shared.live import make_views
import numpy as np

EXERCISES = {  # script, options of its network, factor on --epochs
    "NumPy": ("Python-FeedForward/main.py", {"activation": "relu"}, 4),
    "PyTorch": ("PyTorch-FeedForward/main.py", {}, 1),
}
LEARNING_RATE = 0.03  # Exercise 2's, 0.01, is low for so few units
RUNS = 5


def make_run(name, seed, num_points):
    """The exercise's own training of a network 2-3-1 with evenly spread directions."""
    path, options, _ = EXERCISES[name]
    options = {"hidden_size": [3], **options}
    result = script.load(path).make_run(seed, num_points, LEARNING_RATE, **options)
    ensemble.initialize(*result.layers(), "spread", training.streams(seed)[1])
    return result


def train_hexagons(options):
    """{exercise: its trained Runs}, and the views that followed the first of all."""
    points, seeds = options.points, range(options.seed, options.seed + RUNS)
    runs = {f: [make_run(f, seed, points) for seed in seeds] for f in EXERCISES}
    all_epochs = {name: EXERCISES[name][-1] * options.epochs for name in runs}
    views = make_views(options, runs["NumPy"][0], all_epochs["NumPy"])
    after_epoch = [view.update for view in views]
    for name, epochs in all_epochs.items():
        for seed in script.progress(seeds, f"2-3-1, {name}, seed {{}}"):
            run = runs[name][seed - options.seed]
            training.train(run, epochs, after_epoch, show=False)
            after_epoch = [view.wait for view in views]
    return runs, views


def row(name, seed, result):
    """Texts: exercise, seed, sides, angles, area, and two accuracies."""
    boundary = boundaries.find_boundary(*result.layers())
    fresh = f"{100 * training.fresh_accuracy(result.logits, seed):.2f}"
    if boundaries.count_corners(boundary) != 6:
        return [name, str(seed), "no hexagon", "", "", "", fresh]
    [(vertices, _)] = boundary
    lengths = geometry.side_lengths(vertices)
    angles = geometry.interior_angles(vertices)
    ranges = lengths.min(), lengths.max(), angles.min(), angles.max()
    cells = "{:.2f}--{:.2f} {:.0f}--{:.0f}".format(*ranges).split()
    cells.append(f"{geometry.polygon_area(vertices):.3f}")
    cells.append(f"{100 * (1 - geometry.disc_error(vertices)):.2f}")
    return [name, str(seed), *cells, fresh]


def summary(runs, seed):
    """Print a row for each run; returns the numbers for the report, {macro: text}."""
    rows = [row(name, s, r) for name in runs for s, r in enumerate(runs[name], seed)]
    heads = ["network", "seed", "sides", "angles", "area", "exact", "fresh"]
    text = results.table(heads, rows)
    best = f"{100 * (1 - geometry.disc_error(geometry.best_polygon(6))):.2f}"
    print(f"best possible hexagon: accuracy {best}")
    exact = confirmed([r.layers() for name in runs for r in runs[name]], 1)
    print(f"confirmed in exact arithmetic: {exact} of {len(rows)}")
    *_, fresh = zip(*rows)
    found = [cells[0] for cells in rows if cells[2] != "no hexagon"]
    counts = {f"Hexagon{name}": f"{found.count(name)} of {RUNS}" for name in runs}
    return counts | {
        "HexagonExact": f"{exact} of {len(rows)}",
        "HexagonRate": LEARNING_RATE,
        "HexagonTable": text,
        "HexagonBest": best,
        "HexagonFreshLowest": min(fresh, key=float),
        "HexagonFreshHighest": max(fresh, key=float),
    }


def draw(runs):
    """The plainest hexagon, and the first seed's of each exercise."""
    figure = figures.new_figure(2.25)
    axes = figure.subplots(1, 1 + len(runs))
    draw_example(axes[0])
    for ax, (name, (first, *_)) in zip(axes[1:], runs.items()):
        weights, biases = first.layers()
        figures.draw_map(ax, first.logits, first.X, first.y)
        figures.draw_hinges(ax, weights[0], biases[0])
        figures.draw_boundary(ax, boundaries.find_boundary(weights, biases))
        ax.set_title(f"2-3-1, {name}")
    return figure


def draw_example(ax, apothem=0.7):
    """sum_j relu(u_j . x) - apothem, and in each sector which units are active."""
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    units, zeros = np.array([np.cos(angles), np.sin(angles)]), np.zeros(3)
    network = [units, np.ones((3, 1))], [zeros, np.array([-apothem])]
    figures.draw_square(ax)
    figures.draw_hinges(ax, units, zeros)
    figures.draw_boundary(ax, extract_boundary(*network))
    for angle in np.pi / 6 + np.pi / 3 * np.arange(6):
        x = 0.45 * np.array([np.cos(angle), np.sin(angle)])
        active = ", ".join(str(j + 1) for j in range(3) if units[:, j] @ x > 1e-9)
        ax.text(*x, active, color=figures.DARK, fontsize=8, ha="center", va="center")
    arrow = {"arrowstyle": "->", "color": figures.GREY}
    for u in units.T:
        ax.annotate("", 0.25 * u, (0, 0), arrowprops=arrow)
    ax.set_title("active units, by sector")


def save_ensemble(options):
    """Train the ensemble that the options describe, print its shares, and save it."""
    X, y = circle_in_square(options.points, options.seed)
    H, E, show = options.hidden_units, options.networks, script.share_shown("training")
    choices = {"init": options.init, "seed": options.seed, "progress": show}
    trained = ensemble.train_ensemble(X, y, H, E, options.epochs, **choices)
    polygons = boundaries.extract_all(trained).polygons(2 * H)
    inside = boundaries.in_square(polygons).sum()
    print(f"closed convex {2 * H}-gons: {len(polygons)} of {E}, ", end="")
    print(f"of which {inside} lie in [-1, 1]^2")
    trained.save(options.save)
    print(f"wrote\n  {options.save}")


def main():
    parser = script.Parser(__doc__, epochs=256)
    parser.add("--points", script.integer(1), 512, "number of training points")
    parser.add_views()
    parser.add("--save", Path, None, "train an ensemble only; save it", metavar="FILE")
    parser.add("--networks", script.integer(1), 1000, "with --save: how many")
    parser.add("--hidden-units", script.integer(1), 3, "with --save: of each network")
    inits = {"choices": ensemble.INITS}
    parser.add("--init", str, "spread", "with --save: initial weights", **inits)
    options = parser.parse_args()
    if options.save:
        return save_ensemble(options)
    options.animation = options.animation or options.output / "figures/hexagon.gif"
    runs, views = train_hexagons(options)
    values, figure = summary(runs, options.seed), draw(runs)
    png = results.figure_bytes(figure, "png")
    files = {options.output / "figures/hexagon.png": png}
    results.save_results(options, "hexagon", values, figure, views, files)


if __name__ == "__main__":
    script.run(main)
