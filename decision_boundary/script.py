"""What the command lines of all exercises share: options, exit codes, imports."""

import argparse
import importlib.util
import math
import os
import signal
import sys
import tempfile
from pathlib import Path

from decision_boundary.results import destination

ROOT = Path(__file__).resolve().parent.parent
BACKEND = os.environ.get("MPLBACKEND")  # for --live; `prepare` hides it from the rest


def prepare():
    """What a script does first, before the imports that take seconds."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by the caller
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    # All products are too small for two threads, which would wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.pop("MPLBACKEND", None)  # a wrong one would stop what needs no screen


def stop(*_):
    """End the program on Ctrl-C, wherever it is.

    An exception could be lost in a callback, or come twice. Nothing has to be undone:
    results are written at the end, by `write_files`, which Ctrl-C does not interrupt.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one has no more to say
    message = b"\nstopped; the files are those of the last complete run\n"
    try:
        os.write(sys.stderr.fileno(), message)  # print is not for signal handlers
    finally:
        os._exit(130)  # as the shell reports a program that Ctrl-C ended


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
    import numpy as np  # here, since scripts import this file before they `prepare`

    return [int(stream) for stream in np.random.SeedSequence(seed).generate_state(4)]


def progress(text):
    """Show the text in the terminal's last line, over the one before; "" clears it."""
    if sys.stderr and sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def tell(text):
    """Print the text, in place of the progress shown."""
    progress("")
    print(text)


class Parser(argparse.ArgumentParser):
    """The options that every script has; an error takes one line.

    doc: the script's docstring, None under python -OO; its first line describes it.
    """

    def __init__(self, doc, epochs=None, seed=0):
        super().__init__(
            description=(doc or "").partition("\n")[0],
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            allow_abbrev=False,
        )
        if seed is not None:
            self.add_argument(
                "--seed",
                type=integer(0, 2**63 - 1),
                default=seed,
                help="decides the run",
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
            "--animation", type=gif, metavar="FILE", help="follow it in a GIF"
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
        """Parse; what cannot be written fails now, not after the training."""
        options = super().parse_args(args)
        save = getattr(options, "save", None)
        files = [path for path in (getattr(options, "animation", None), save) if path]
        folders = [] if save else [options.output / n for n in ("figures", "numbers")]
        for place in files + folders:
            try:
                folder = destination(place).parent if place in files else place
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as error:
                self.error(f"cannot write to {place}: {error.strerror}")
        return options

    def refuse(self, options, names, reason):
        """Exit if one of the options so named was given, and is not its default."""
        for name in names:
            if getattr(options, name) != self.get_default(name):
                self.error(f"--{name.replace('_', '-')} {reason}")

    def error(self, message):
        self.exit(2, f"{self.prog}: {one_line(message)}\n")


def integer(least, most=10**8):
    """An argparse type: the integers from least to most."""

    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not allowed; an integer from {least} to {most} is"
            )
        return value

    return parse


def gif(text):
    """An argparse type: the paths that end in .gif."""
    if not text.lower().endswith(".gif"):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; a .gif file is")
    return Path(text)


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
    """Call main(); what stopped it is told in one line, with exit status 1."""
    try:
        main()
        if signal.getsignal(signal.SIGINT) is stop:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done
    except Diverged as error:
        fail(error)
    except MemoryError as error:
        fail(f"out of memory: {error or 'ask for less'}")
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # torch's way to say so
            raise
        fail("out of memory: ask for less")
    except OSError as error:
        fail(error)


def fail(error):
    """Exit with status 1 and the error in one line."""
    sys.exit(f"{Path(sys.argv[0]).name}: {one_line(error)}")


def one_line(message):
    return " ".join(str(message).split("\n"))
