"""What all scripts share: options, seeds, progress, exit statuses."""

import argparse
import importlib.util
import math
import os
from pathlib import Path
import sys
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "report"
ELSEWHERE = ROOT / "output"  # for runs that the report does not quote
NEIGHBOURS = ("net", "optimizer", "main")  # names that both exercises give a file


class Diverged(Exception):
    """A training whose loss is no longer finite."""


def run(main):
    """Call main(); if it stops early, print one line and exit with status 1 or 130."""
    try:
        # A loss that overflows is reported as Diverged
        with np.errstate(over="ignore", invalid="ignore"):
            main()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
    except (Diverged, OSError, MemoryError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {one_line(error)}")
    finally:
        forget_neighbours()  # as a notebook may run the other exercise next


def load(path):
    """Import the file ROOT/path under a name of its own, since two files are net.py.

    `from net import ...` in it finds the net.py beside it.
    """
    name = path.removesuffix(".py").replace("/", "_").replace("-", "_")
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str((ROOT / path).parent)
    forget_neighbours()
    sys.path.insert(0, folder)
    spec.loader.exec_module(module)
    sys.path.remove(folder)
    forget_neighbours()
    return module


def forget_neighbours():
    """Make the next import of net, optimizer or main look for the file anew."""
    for name in NEIGHBOURS:
        sys.modules.pop(name, None)


class Seeds(NamedTuple):
    """Independent seeds for the random numbers of one training."""

    points: int
    weights: int
    batches: int
    fresh_points: int


def seeds_of(seed):
    return Seeds(*np.random.SeedSequence(seed).generate_state(4).tolist())


# Progress


def show_progress(text):
    """Show the text in the terminal's last line; "" clears the line."""
    if sys.stderr and sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def progress(items, text):
    """Yield the items, and show the text and how many of them are done."""
    items = list(items)
    for done, item in enumerate(items):
        show_progress(f"{text}: {done} of {len(items)}")
        yield item
    show_progress("")


# Options


def number(kind, least, most, words):
    """An argparse type."""

    def parse_number(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {words}, not {text!r}")
        return value

    return parse_number


def integer(least, most=10**8):
    return number(int, least, most, f"an integer from {least} to {most}")


at_least_1 = integer(1)
positive = number(float, 1e-300, 1e30, "a number from 1e-300 to 1e30")


def gif(text):
    if not text.lower().endswith(".gif"):
        raise argparse.ArgumentTypeError(f"must end in .gif, not be {text!r}")
    return Path(text)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors take one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {one_line(message)}\n")


def parser(doc):
    """A Parser with the first line of doc, and --output, which every script has."""
    parser = Parser(description=doc.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for the results (default: report/, or output/ with other options)",
    )
    return parser


def add_number(parser, name, default, text, type=at_least_1):
    text = f"{text} (default: {default})"
    parser.add_argument(name, type=type, default=default, help=text)


def add_seed(parser):
    add_number(parser, "--seed", 0, "decides the run", integer(0, 2**32 - 1))


def add_training_options(
    parser, epochs, learning_rate, epochs_help="passes over the points"
):
    """The options of the three main.py."""
    add_seed(parser)
    add_number(parser, "--epochs", epochs, epochs_help)
    add_number(parser, "--points", 512, "number of training points")
    add_number(parser, "--runs", 5, "number of seeds, from --seed on")
    add_number(parser, "--learning-rate", learning_rate, "step size", positive)
    parser.add_argument(
        "--live", action="store_true", help="show the training in a window"
    )
    parser.add_argument(
        "--animation", type=gif, metavar="FILE", help="record the first one as a GIF"
    )


def parse(parser):
    """The options; options.output is where the results go.

    Only default options write what the report quotes. Files that cannot be written are
    an error now rather than after the training.
    """
    options = parser.parse_args()
    save = getattr(options, "save", None)
    if options.output is None:
        options.output = ELSEWHERE if changed(parser, options) else REPORT
    elif save:
        options.save = save = options.output / save
    animation = getattr(options, "animation", None)
    files = [options.output / "numbers/x", options.output / "figures/x"]
    try:
        for file in [*files, animation, save]:
            if file is not None:
                check_writable(file)
    except OSError as error:
        parser.error(f"cannot write: {error}")
    return options


def changed(parser, options):
    """The names of the options with other values than by default, views aside."""
    names = set(vars(options)) - {"output", "live", "animation"}
    return {n for n in names if getattr(options, n) != parser.get_default(n)}


def check_writable(path):
    """Make the folder of the path; raise OSError if the file cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent} is write-protected")


def one_line(message):
    return " ".join(str(message).split())
