"""What the command lines of all exercises share: options, exit codes, imports."""

import argparse
import importlib.util
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def load(path):
    """The module ROOT/path under a name of its own, since two files are net.py."""
    name = "_".join(Path(path).with_suffix("").parts).replace("-", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def streams(seed):
    """Independent seeds for points, initial weights, shuffling and fresh points."""
    return [int(stream) for stream in np.random.SeedSequence(seed).generate_state(4)]


def progress(text):
    """Show the text in the terminal's last line, over the one before; "" clears it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def tell(text):
    """Print the text, in place of the progress shown."""
    progress("")
    print(text, flush=True)


class Parser(argparse.ArgumentParser):
    """The options that every script has; an error takes one line."""

    def __init__(self, description, epochs=None, seed=0):
        super().__init__(
            description=description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            allow_abbrev=False,
        )
        if seed is not None:
            self.add_argument(
                "--seed", type=integer(0), default=seed, help="decides the run"
            )
        if epochs is not None:
            self.add_argument(
                "--epochs", type=integer(1), default=epochs, help="passes over the data"
            )
        self.add_argument(
            "--output",
            type=Path,
            default=ROOT / "report",
            metavar="DIR",
            help="where figures/ and numbers/ go",
        )

    def add_points(self):
        self.add_argument("--points", type=integer(1), default=512, help="to train on")

    def add_view(self):
        """Add the options that follow a training as it goes."""
        self.add_argument("--live", action="store_true", help="follow it in a window")
        self.add_argument(
            "--animation", type=Path, metavar="FILE", help="follow it in a GIF"
        )

    def add_training(self, learning_rate):
        """Add the options of the scripts that train one network, several times."""
        self.add_points()
        self.add_argument(
            "--runs", type=integer(1), default=5, help="seeds, from --seed on"
        )
        self.add_argument(
            "--learning-rate",
            type=positive,
            default=learning_rate,
            metavar="LR",
            help="step size, > 0",
        )
        self.add_view()

    def parse_args(self, args=None):
        """Parse; a folder that cannot be written fails now, not after the training."""
        options = super().parse_args(args)
        files = {n: getattr(options, n, None) for n in ("animation", "save")}
        folders = []
        for name, path in files.items():
            if path:
                folders.append(path.parent)
                if path.is_dir():
                    self.error(f"argument --{name}: {path} is a folder, not a file")
        if not files["save"]:
            folders += [options.output / "figures", options.output / "numbers"]
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            self.error(f"cannot write to {error.filename}: {error.strerror}")
        return options

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def integer(least):
    """An argparse type: the integers >= least."""

    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not allowed; an integer >= {least} is"
            )
        return value

    return parse


def positive(text):
    """An argparse type: the finite numbers > 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; a finite number > 0 is"
        )
    return value


class Diverged(Exception):
    """A training whose loss is no longer finite."""


def run(main):
    """Call main(); tell in one line what stopped it, and exit with 1, or 130 for Ctrl-C."""
    try:
        main()
    except Diverged as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    except OSError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}; earlier results are unchanged")
    except MemoryError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: out of memory: {error or 'ask for less'}")
    except KeyboardInterrupt:
        print("\nstopped; earlier results are unchanged", file=sys.stderr)
        sys.exit(130)  # as the shell reports a program that Ctrl-C ended
