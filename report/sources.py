"""What the report takes from the sources: lines of code, versions, and a hash.

python report/sources.py    writes numbers, and the lines that the report quotes
"""

import hashlib
from importlib.metadata import version
import inspect
from pathlib import Path
import platform
import re
import sys
import textwrap

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared.results import save_results
from decision_boundary.shared.script import ROOT, Parser, load, run

SOURCES = ["environment.yml", "report/*.tex", "report/*.py"]
SOURCES += ["P*-FeedForward/*.py", "decision_boundary/**/*.py"]


def quoted_backward():
    """The sheet's three steps, as Exercise 1's backward has them."""
    net = load("Python-FeedForward/net.py")
    code = inspect.getsource(net.FeedForwardNetwork.backward)
    return textwrap.dedent(" " * 8 + code[code.index("# 1. Output layer") :])


def source_hash():
    """SHA-256 of the names and contents of all sources, less the tests."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)}):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\n" + content)
    return digest.hexdigest()


def processor():
    """The name of the processor, which Linux keeps in a file."""
    file = Path("/proc/cpuinfo")
    names = re.findall("model name.*: (.*)", file.read_text()) if file.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


def main():
    options = Parser(__doc__).parse_args()
    packages = {"NumPy": "numpy", "PyTorch": "torch", "Matplotlib": "matplotlib"}
    values = {f"Version{name}": version(package) for name, package in packages.items()}
    values |= {"VersionPython": platform.python_version(), "Processor": processor()}
    values["SourceHash"] = source_hash()[:16]
    print(*map(": ".join, values.items()), sep="\n")
    quotes = {options.output / "numbers/backward.py": quoted_backward().encode()}
    save_results(options, "sources", values, files=quotes)


if __name__ == "__main__":
    run(main)
