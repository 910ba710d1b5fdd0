"""Check solutions of this sheet: are gradients, tests and Adam right, and if not, why?

python tests/check_submission.py FOLDER [FOLDER ...]

Each FOLDER has the archive's layout: Python-FeedForward/net.py for item 1(a), and
net.py, test_gradients.py and optimizer.py in PyTorch-FeedForward/ for 2(a) to 2(c). A
missing file is reported. Nothing is written into FOLDER: the checks run on a copy, each
item in a process of its own that is ended after a time limit.

Verdicts:
  right        as central differences, autograd or torch.optim.Adam have it
  WRONG        with the name of the mistake, if it is a known one
  follows      wrong, but only as a consequence of another mistake
  not checked  with the reason

The deviation is the largest one, relative to the largest entry of the right gradient;
for Adam, of the right movement in 100 steps. It is inf where the shape is wrong.

One FOLDER makes a table, several make one line each and a summary. The exit status is 0
if all is right, 1 if something is wrong or could not be checked, and 2 if there is
nothing to check.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from functools import partial
import json
import math
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import script

SECONDS = 25  # for an item; two run at a time, so that all four take less than a minute
FILES = {
    "1(a)": "Python-FeedForward/net.py",
    "2(a)": "PyTorch-FeedForward/net.py",
    "2(b)": "PyTorch-FeedForward/test_gradients.py",
    "2(c)": "PyTorch-FeedForward/optimizer.py",
}

RIGHT = "right"
WRONG = "WRONG"
FOLLOWS = "follows"
REMARK = "remark"
NOT_CHECKED = "not checked"
NOTHING = "none of the sheet's files is there"


class Finding(NamedTuple):
    what: str
    verdict: str
    deviation: float = math.nan
    remark: str = ""


def check(folder, seconds=SECONDS):
    """{item: its findings} of the solution in a folder; {} if it has none of FILES."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary)
        for part in ("Python-FeedForward", "PyTorch-FeedForward"):
            if (folder / part).is_dir():
                ignored = shutil.ignore_patterns(".*", "__pycache__")
                shutil.copytree(folder / part, copy / part, ignore=ignored)
        if not any((copy / file).exists() for file in FILES.values()):
            return {}
        with ThreadPoolExecutor(2) as pool:
            findings = pool.map(partial(check_item, copy, seconds), FILES)
            return dict(zip(FILES, findings))


def check_item(copy, seconds, item):
    """What submission_parts.py finds about one item."""
    path = copy / FILES[item]
    if not path.exists():
        return [
            Finding(
                path.name, NOT_CHECKED, remark=f"it is missing in {path.parent.name}/"
            )
        ]
    file = copy / f"{item}.json"
    file.touch()
    environment = dict(os.environ, MPLBACKEND="Agg", PYTHONDONTWRITEBYTECODE="1")
    environment.pop("DISPLAY", None)  # so that no window opens
    checks = Path(__file__).with_name("submission_parts.py")
    try:
        process = subprocess.run(
            [sys.executable, checks, item, file],
            cwd=path.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
        reason = f"its process ended with status {process.returncode}"
    except subprocess.TimeoutExpired:
        reason = f"it did not end within {seconds} seconds"
    findings = read_findings(file, reason)
    return findings or [Finding(path.name, NOT_CHECKED, remark=reason)]


def read_findings(file, reason):
    """The last finding about each thing; what has no result gets the reason."""
    findings = {}
    for line in file.read_text().splitlines():
        finding = Finding(*json.loads(line))
        findings[finding.what] = finding
        if finding.verdict == NOT_CHECKED and not finding.remark:
            findings[finding.what] = finding._replace(remark=reason)
    return list(findings.values())


def verdicts(items):
    """The worst verdict about each item; it is NOT_CHECKED if there are no findings."""
    worst = []
    for item in FILES:
        found = {finding.verdict for finding in items.get(item, [])}
        if WRONG in found:
            worst.append(WRONG)
        elif NOT_CHECKED in found or not found:
            worst.append(NOT_CHECKED)
        else:
            worst.append(RIGHT)
    return worst


def remarks(items):
    """What is wrong with a solution, or could not be checked, in one line."""
    if not items:
        return NOTHING
    whats = {}  # {(item, remark): [what, ...]}
    for item, findings in items.items():
        for finding in findings:
            if finding.verdict in (WRONG, NOT_CHECKED):
                whats.setdefault((item, finding.remark), []).append(finding.what)
    texts = []
    for (item, remark), names in whats.items():
        texts.append(f"{item} {', '.join(names)}: {remark}")
    return "; ".join(texts)


def check_one(folder):
    """Print a line for each finding; return the findings."""
    items = check(folder)
    if not items:
        print(f"{folder}: {NOTHING}")
        return items
    print("item  what                    verdict      deviation  remark")
    for item, findings in items.items():
        for finding in findings:
            number = f"{finding.deviation:.0e}".replace("nan", "")
            cells = f"{item:4}  {finding.what:22}  {finding.verdict:11}  {number:>9}"
            print(f"{cells}  {finding.remark}".rstrip())
    return items


def check_several(folders):
    """Print a line for each solution, and a summary; return the findings."""
    width = max(len(str(folder)) for folder in [*folders, NOT_CHECKED])

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


def main():
    style = argparse.RawDescriptionHelpFormatter
    parser = script.Parser(description=__doc__, formatter_class=style)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    folders = parser.parse_args().folders
    if len(folders) == 1:
        solutions = [check_one(folders[0])]
    else:
        solutions = check_several(folders)
    if not any(solutions):
        sys.exit(2)
    all_right = all(set(verdicts(items)) == {RIGHT} for items in solutions)
    sys.exit(0 if all_right else 1)


if __name__ == "__main__":
    script.run(main)
