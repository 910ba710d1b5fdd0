"""Exercise 3: the hexagon, the study of when it appears, and why.

python decision_boundary/main.py                 all of it: figures and numbers
python decision_boundary/main.py --save FILE     only trains an ensemble, and saves it
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import Parser, integer, prepare, run, tell

if __name__ == "__main__":
    prepare()

import torch

from decision_boundary import balance, hexagon, law, smooth, study
from decision_boundary.ensemble import INITS
from decision_boundary.figures import figure_bytes
from decision_boundary.live import make_views
from decision_boundary.results import numbers, write_results

COMMAND = "python decision_boundary/main.py"
EPOCHS = 256


def save_ensemble(options):
    """Train the ensemble that the options describe; print its shares and save it."""
    case = study.study_case(options.init, options.seed, options)
    tell(study.report([case]))
    case.end.save(options.save)
    print(f"wrote\n  {options.save}")


def train_answer(options):
    """{exercise: its Trained networks}, and the views of the first one's training."""
    views = []

    def follow(run):
        def boundary():
            return study.find_boundary(*hexagon.layers(run.network))

        epochs = hexagon.SGD_EPOCHS * options.epochs
        views.extend(make_views(options, run.predict, run.X, run.y, epochs, boundary))
        return views

    seeds = range(options.seed, options.seed + hexagon.RUNS)
    hexagons = {}
    for name in hexagon.EXERCISES:
        hexagons[name] = hexagon.train_hexagons(
            name, seeds, options.points, options.epochs, () if hexagons else follow
        )
    return hexagons, views


def study_everything(options):
    """The whole study; returns figures {name: Figure} and numbers {macro: text}."""
    few, some = -(-options.networks // 50), -(-options.networks // 4)
    hexagons, views = train_answer(options)
    deep = hexagon.train_deep(some, options)
    tell(hexagon.report(hexagons, deep, options.seed))
    cases = study.study_starts(options)
    tell(study.report(cases))
    sizes = law.study_law(options)
    points = law.study_points(few, options)
    tell(law.report(sizes, points))
    grid = smooth.train_grid(options)
    tell(smooth.report(grid))
    flow = balance.study(options)
    shown = {f"2-3-1, {name}": networks[0] for name, networks in hexagons.items()}
    shown["2-3-3-1, PyTorch"] = hexagon.first_hexagon(deep["xavier"])
    figures = {
        "hexagon": hexagon.draw(shown),
        "polygons": law.draw(sizes),
        "failures": study.draw(cases[0]),
        "activations": smooth.draw(grid),
        "balance": balance.draw(flow),
    }
    values = (
        hexagon.summary(hexagons, deep, options.seed)
        | study.summary(cases)
        | law.summary(sizes, points, few)
        | smooth.summary(grid)
        | balance.summary(flow)
    )
    return figures, values, views


def parse_options():
    parser = Parser(__doc__, EPOCHS)
    parser.add_points()
    parser.add_argument(
        "--networks", type=integer(1), default=1000, help="per ensemble"
    )
    parser.add_view()
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="only train an ensemble, write FILE"
    )
    parser.add_argument(
        "--hidden-units", type=integer(1), help="only with --save; else 3"
    )
    parser.add_argument("--init", choices=INITS, help="only with --save; else spread")
    options = parser.parse_args()
    if options.save:
        parser.refuse(options, ["live", "animation"], "does not go with --save")
    else:
        parser.refuse(options, ["hidden_units", "init"], "needs --save")
    options.hidden_units = options.hidden_units or 3
    options.init = options.init or "spread"
    options.animation = options.animation or options.output / "figures/hexagon.gif"
    return options


def main():
    torch.set_num_threads(1)  # no slower at this size, and sums keep their order
    options = parse_options()
    if options.save:
        return save_ensemble(options)

    figures, values, views = study_everything(options)
    folder = options.output / "figures"
    files = {
        folder / f"{name}.pdf": figure_bytes(figure) for name, figure in figures.items()
    }
    files[folder / "hexagon.png"] = figure_bytes(figures["hexagon"], "png")
    files[options.output / "numbers/hexagon.tex"] = numbers(COMMAND, values)
    write_results(files, views)


if __name__ == "__main__":
    run(main)
