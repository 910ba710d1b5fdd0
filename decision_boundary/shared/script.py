"""What the command lines of all scripts share: options, progress, exit statuses."""

import argparse
import importlib.util
import math
from pathlib import Path
import sys

from decision_boundary.shared.results import writable

ROOT = Path(__file__).resolve().parents[2]


class Diverged(Exception):
    """A training whose loss or logits are no longer finite."""


def run(main):
    """Call main(); exit with status 1, or 130 for Ctrl-C, and one line if it stops."""
    sys.stdout.reconfigure(line_buffering=True)  # a pipe gets each line at once
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
    except (Diverged, OSError, MemoryError) as error:
        sys.stdout = None  # flushing it at exit would fail again
        sys.exit(f"{Path(sys.argv[0]).name}: {one_line(error)}")


def load(path):
    """Import the file ROOT/path under a name of its own: two files are net.py."""
    name = str(path).removesuffix(".py").replace("/", "_").replace("-", "_")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def show_progress(text):
    """Show the text in the terminal's last line; "" clears the line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def progress(items, text):
    """Yield the items; meanwhile show text, with {} replaced by the item."""
    try:
        for item in items:
            show_progress(text.format(item))
            yield item
    finally:
        show_progress("")


def share_shown(text):
    """A function that shows the text and the share of the work that is done."""
    return lambda share: show_progress(f"{text}: {share:.0%}" if share < 1 else "")


class Parser(argparse.ArgumentParser):
    """The options that scripts share; an error takes one line and exit status 2."""

    def __init__(self, doc, epochs=None):
        first, style = doc.splitlines()[0], argparse.ArgumentDefaultsHelpFormatter
        super().__init__(description=first, formatter_class=style, allow_abbrev=False)
        self.add("--output", Path, ROOT / "report", "for the results", metavar="DIR")
        self.add("--seed", integer(0, 2**32 - 1), 0, "random seed, decides the run")
        if epochs is not None:
            self.add("--epochs", integer(1), epochs, "passes over the points")

    def add(self, name, type, default, help, **options):
        self.add_argument(name, type=type, default=default, help=help, **options)

    def add_views(self):
        self.add_argument("--live", action="store_true", help="show it in a window")
        self.add("--animation", gif, None, "record it as a GIF", metavar="FILE")

    def parse_args(self):
        """Parse; fail now rather than after the training if files can't be written."""
        options = super().parse_args()
        files = [getattr(options, name, None) for name in ("animation", "save")]
        files += [options.output / "figures/x", options.output / "numbers/x"]
        try:
            for file in filter(None, files):
                writable(file)
        except OSError as error:
            self.error(f"cannot write: {error}")
        return options

    def error(self, message):
        self.exit(2, f"{self.prog}: {one_line(message)}\n")


def number(kind, least, most, words):  # an argparse type
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {words}, not {text!r}")
        return value

    return parse


def integer(least, most=10**8):
    return number(int, least, most, f"an integer from {least} to {most}")


positive = number(float, 5e-324, 1e30, "a number > 0 and <= 1e30")  # float32 holds it


def gif(text):
    if not text.lower().endswith(".gif"):
        raise argparse.ArgumentTypeError(f"must end in .gif, not be {text!r}")
    return Path(text)


def one_line(message):
    return " ".join(str(message).split())
