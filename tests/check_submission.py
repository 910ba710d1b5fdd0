"""Check solutions of this sheet: are gradients, tests and Adam right, and if not, why?

python tests/check_submission.py FOLDER [FOLDER ...]

Each FOLDER has the archive's layout: Python-FeedForward/net.py for item 1(a), and
net.py, test_gradients.py and optimizer.py in PyTorch-FeedForward/ for 2(a) to 2(c).
Nothing is written into it: each item is checked on a copy, in a process of its own that
is ended after a time limit. One FOLDER makes a table, several make one line each and a
summary.

Verdicts:
  right         as central differences, autograd or torch.optim.Adam have it
  WRONG         with the name of the mistake, if it is a known one
  same mistake  wrong, but only because of mistakes that are named above
  not checked   with the reason

The deviation is the largest one, relative to the largest entry of the right gradient;
for Adam, of the right movement in 100 steps. It is inf where the shape is wrong. The
gradients of 1(a) are in the order in which backward computes them: begin with the first
wrong one.

The exit status is 0 if all is right, 1 if something is wrong or could not be checked,
and 2 if there is nothing to check.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from functools import partial
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import script

SECONDS = 50  # for the items, which run at the same time
FILES = {
    "1(a)": "Python-FeedForward/net.py",
    "2(a)": "PyTorch-FeedForward/net.py",
    "2(b)": "PyTorch-FeedForward/test_gradients.py",
    "2(c)": "PyTorch-FeedForward/optimizer.py",
}

RIGHT = "right"
WRONG = "WRONG"
SAME = "same mistake"
REMARK = "remark"
NOT_CHECKED = "not checked"


class Finding(NamedTuple):
    what: str
    verdict: str
    deviation: float | None = None
    remark: str = ""


def check(folder, seconds=SECONDS):
    """{item: its findings} of the solution in a folder."""
    with ThreadPoolExecutor() as pool:
        findings = pool.map(partial(check_item, folder, seconds), FILES)
        return dict(zip(FILES, findings))


def check_item(folder, seconds, item):
    """What submission_parts.py finds about one item, in a copy of its folder."""
    path = folder / FILES[item]
    if not path.exists():
        remark = f"it is missing in {path.parent.name}/"
        return [Finding(path.name, NOT_CHECKED, remark=remark)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as copy:
        for source in path.parent.glob("*.py"):
            shutil.copy(source, copy)
        file = Path(copy, "findings.json")
        reason = run_part(item, file, seconds)
        if not file.exists():
            return [Finding(path.name, NOT_CHECKED, remark=reason)]
        return [Finding(*values) for values in json.loads(file.read_text())]


def run_part(item, file, seconds):
    """Let submission_parts.py write the findings; return how its process ended."""
    checks = Path(__file__).resolve().with_name("submission_parts.py")
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    environment.pop("DISPLAY", None)  # so that Tk opens no window
    try:
        process = subprocess.run(
            [sys.executable, checks, item, file],
            cwd=file.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {seconds} seconds"
    return f"its process ended with status {process.returncode}"


def verdicts(items):
    """The worst verdict about each item."""
    worst = []
    for findings in items.values():
        found = [finding.verdict for finding in findings]
        worst.append(next(v for v in (WRONG, NOT_CHECKED, RIGHT) if v in found))
    return worst


def remarks(items):
    """What is wrong with a solution, or could not be checked, in one line."""
    whats = {}  # {(item, remark): [what, ...]}
    for item, findings in items.items():
        for finding in findings:
            if finding.verdict in (WRONG, NOT_CHECKED):
                whats.setdefault((item, finding.remark), []).append(finding.what)
    texts = []
    for (item, remark), names in whats.items():
        texts.append(f"{item} {', '.join(names)}: {remark}")
    return "; ".join(texts)


def print_table(items):
    """Print a line for each finding about a solution."""
    print("item  what                      verdict       deviation  remark")
    for item, findings in items.items():
        for what, verdict, deviation, remark in findings:
            number = "" if deviation is None else f"{deviation:.0e}"
            line = f"{item:4}  {what:24}  {verdict:12}  {number:>9}  {remark}"
            print(line.rstrip())


def check_several(folders):
    """Print a line for each solution, and a summary; return the findings."""
    width = max(len(str(name)) for name in [*folders, NOT_CHECKED])

    def print_line(name, cells, text=""):
        columns = "  ".join(f"{cell:<11}" for cell in cells)
        print(f"{name!s:{width}}  {columns}  {text}".rstrip(), flush=True)

    print_line("", FILES, "remarks")
    solutions = []
    for folder in folders:
        items = check(folder)
        print_line(folder, verdicts(items), remarks(items))
        solutions.append(items)
    print()
    by_item = list(zip(*map(verdicts, solutions)))
    for verdict in (RIGHT, WRONG, NOT_CHECKED):
        print_line(verdict, [column.count(verdict) for column in by_item])
    return solutions


def is_empty(folder):
    return not any((folder / file).exists() for file in FILES.values())


def main():
    style = argparse.RawDescriptionHelpFormatter
    parser = script.Parser(description=__doc__, formatter_class=style)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    folders = parser.parse_args().folders
    if len(folders) == 1:
        solutions = [check(folders[0])]
        print_table(solutions[0])
    else:
        solutions = check_several(folders)
    if all(map(is_empty, folders)):
        sys.exit(2)
    all_right = all(set(verdicts(items)) == {RIGHT} for items in solutions)
    sys.exit(0 if all_right else 1)


if __name__ == "__main__":
    script.run(main)
