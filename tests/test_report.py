"""The report says what the numbers say, and nothing measured is typed into it."""

import re

from decision_boundary.shared.script import ROOT, load
import numpy as np
from oracles import rows_of
import pytest

TEXT = (ROOT / "report/report.tex").read_text()
BODY = re.sub(r"(?<!\\)%.*", "", TEXT)
SOURCES = re.findall(r"^\\numbers\{(\w+)\}", BODY, re.MULTILINE)
sources = load("report/sources.py")


@pytest.fixture(scope="module")
def numbers():
    """{macro: text} of all numbers that the report reads."""
    files = [ROOT / f"report/numbers/{source}.tex" for source in SOURCES]
    if not all(file.exists() for file in files):
        pytest.skip("run make: report/numbers is not complete")
    content = "".join(file.read_text() for file in files)
    pairs = re.findall(
        r"\\newcommand\{\\(\w+)\}\{(.*?)\}\n(?=\\new|$)", content, re.DOTALL
    )
    assert len(pairs) == content.count("\\newcommand")
    return dict(pairs)


@pytest.fixture
def n(numbers):
    """{macro: number} of those that start with one."""
    skipped = re.compile("Table|Version|Processor|Hash")
    return {k: number(text) for k, text in numbers.items() if not skipped.search(k)}


def number(text):
    """The number that starts a text such as `99.5 +- 0.3` or $1.2\\cdot10^{-16}$."""
    text = re.sub(r"\$(.*?)\\cdot10\^\{(.*?)\}\$", r"\1e\2", text)
    match = re.match(r"-?[\d.]+(e-?\d+)?(?![a-z])", text)
    return float(match.group()) if match else None


def share(text):
    """Of a text such as `3 of 4`."""
    k, n = map(int, text.split(" of "))
    return k / n


def test_no_result_is_typed_by_hand():
    start, end = BODY.index(r"\section{Proofs}"), BODY.index(r"\section{Protocols}")
    text = BODY[:start] + BODY[end:]  # a proof may compute
    text = re.sub(r"arXiv:[\d.]+|\{[\d.]+\\linewidth\}|1\.96\s+standard", "", text)
    # The learning rates of Exercise 3, which the protocols vary
    text = re.sub(r"(?<=[ :])0\.(03|01|1)(?=[ ,;}])", "", text)
    assert re.findall(r".*\d[.]\d.*", text) == []


def test_every_macro_is_defined_and_used(numbers):
    used = set(re.findall(r"\\([A-Z][A-Za-z]+)", BODY))
    local = set(re.findall(r"\\newcommand\{\\(\w+)\}", BODY))
    latex = {"PackageError", "IfFileExists", "Large", "Bigl", "Bigr"}
    authors = {"AuthorOne", "AuthorTwo"}
    for_the_tests = re.compile(
        ".*(MostFresh|Failed|Margin|Empty|Worst|Four|Five|Six|Spread)$"
    )
    unused = {name for name in numbers if name not in used}
    assert used - local - latex - authors <= set(numbers)
    assert not {name for name in unused if not for_the_tests.match(name)}


def test_the_quoted_code_is_the_sheets_three_steps():
    lines = sources.quoted_backward().splitlines()
    assert lines[0].startswith("# 1. Output layer")
    steps = [line.strip()[2] for line in lines if re.match(r" *# \d\. ", line)]
    assert steps == ["1", "3", "2"]
    assert lines[-1].strip() == "delta *= derivative(a[:-1])"


def test_the_hash_is_that_of_all_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    (tmp_path / "report").mkdir()
    contents = [b"a\nb", b"a\r\nb", b"a\nc"]  # the second as Windows may check it out
    hashes = []
    for content in contents:
        (tmp_path / "report/report.tex").write_bytes(content)
        hashes.append(sources.source_hash())
    assert hashes[0] == hashes[1] != hashes[2]


# Claims in words


def test_claims_on_exercise_1(n):
    assert n["GradientAutograd"] < 1e-14
    assert n["GradientDifferences"] < 1e-7
    assert n["GradientMistake"] > 0.1
    assert n["BackpropFirstLoss"] > 10 * n["BackpropLossMedian"]
    assert abs(n["BackpropFirstLoss"] - 0.69) < 0.1  # log 2, of guessing
    assert n["CrossSharpNormalizedReached"] == 0
    assert (n["CrossSharpSoftmaxFrom"], n["CrossSharpSoftmaxTo"]) == (0.1, 1000)
    assert n["CrossSmoothSoftmaxDecades"] > 2 * n["CrossSmoothNormalizedDecades"] > 0
    assert n["CrossNear"] < n["CrossExitLeast"] < n["CrossExitMedian"]


def test_claims_on_exercise_2(n):
    assert n["FunctionsRejected"] == 3
    assert n["FunctionsAutograd"] < 1e-13
    assert n["PytorchEpochs"] * 4 == n["BackpropEpochs"]
    assert n["PytorchBatch"] == 2 * n["BackpropBatch"]  # an eighth of the steps
    assert abs(n["PytorchFreshMedian"] - n["BackpropFreshMedian"]) < 1
    assert n["AdamBestLoss"] < n["SGDBestLoss"]
    assert n["OptimizerWins"] > n["OptimizerSeeds"] / 2
    assert n["AdamRuns"] == n["SGDRuns"] == n["OptimizerRates"] * n["OptimizerSeeds"]
    assert n["AdamBestRate"] not in (0.001, 1)  # not at the edge of the range
    assert n["SGDBestRate"] not in (0.01, 10)
    assert n["AdamFailedFrom"] > n["AdamBestRate"]
    assert n["SGDFailedFrom"] > n["SGDBestRate"]


def test_claims_on_exercise_3(n, numbers):
    for name in "HexagonNumPy", "HexagonPyTorch", "HexagonExact", "CauseFourCorners":
        assert share(numbers[name]) == 1, name
    assert share(numbers["ExactPolygons"]) == 1
    assert share(numbers["PredictOther"]) < 0.98 < share(numbers["PredictSure"])
    assert share(numbers["CauseDeadNegative"]) > 0.99
    assert n["StartOursXavier"] < n["StartOursPositive"] < n["StartOursSpread"] == 100
    assert n["StartAllSets"] == n["StartDataSets"] >= 200
    assert n["StartInside"] < 100
    for scale in "StartOursXavier", "StartArchiveXavier":
        assert n[f"{scale}Four"] > max(n[scale], n[f"{scale}Five"], n[f"{scale}Six"])
    assert n["DeepXavier"] < n["DeepPositive"]
    assert n["PolygonsLeast"] >= 99
    assert n["HexagonFreshHighest"] < n["HexagonBest"] + 0.2  # of 100,000 points
    assert n["PointsManyAngle"] < n["PointsFewAngle"]
    assert n["HexagonFreshLowest"] < n["PointsManyAccuracy"] <= n["HexagonBest"]
    rows = rows_of(numbers["PointsTable"])[:3]
    assert [row[2] for row in rows] == ["0.01", "0.03", "0.1"]
    losses = [float(row[4]) for row in rows]
    assert losses[0] > 1.4 * losses[1] > 1.4 * losses[2]
    low, high = np.array([row[-1].split(" to ") for row in rows], dtype=float).T
    assert (high - low)[2] > (high - low)[1]
    for name in "Tanh", "Sigmoid":
        assert n["SmoothReluTurn"] > 10 * n[f"Smooth{name}Turn"]


def test_claims_on_failures_and_gradient_flow(n, numbers):
    rows = rows_of(numbers["CauseTable"])
    convex, negative, dead = ([int(count) for count in row[1:]] for row in rows)
    hexagon, closed, opened, _, total = zip(convex, negative, dead)
    assert hexagon[0] > 0 and hexagon[1:] == (0, 0)  # all positive and alive
    assert closed[2] == 0 and total[2] > n["CauseFailed"] / 2
    assert closed[1] > opened[1]
    assert sum(total) - sum(hexagon) == n["CauseFailed"]
    assert total[2] == sum(n[f"CauseDead{k}"] for k in ("One", "Two", "Three"))
    assert (n["DescentDeaths"], n["DescentChanges"]) == (0, 0)
    assert share(numbers["SymmetricHexagons"]) == share(numbers["SymmetricFalls"]) == 1
    assert n["SymmetricAsymmetry"] < 1e-12 < n["SymmetricBelowFirst"]


# What the README quotes, with how far another processor's rounding may take it
README = r"""each of N data sets: StartDataSets: 0
N % of these lie wholly in the square: StartInside: 0.5
SGD \(N against N: AdamBestLoss SGDBestLoss: 0.003
N to N % \(best possible. N %: HexagonFreshLowest HexagonFreshHighest HexagonBest: 0.3
Xavier weights N %, outgoing weights positive N %: StartOursXavier StartOursPositive: 1
N % of the networks, for each H from 3 to 8: PolygonsLeast: 0.5
loss N to N, [^|]*\| `python Python: BackpropFirstLoss BackpropLossMedian: 0.05
accuracy N to N % \| `python Python: BackpropFreshMin BackpropFreshMax: 0.5
loss N to N, [^|]*\| `python PyTorch: PytorchFirstLoss PytorchLossMedian: 0.05
accuracy N to N % \| `python PyTorch: PytorchFreshMin PytorchFreshMax: 0.5"""


@pytest.mark.parametrize("line", README.splitlines())
def test_the_readme_says_so_too(numbers, line):
    pattern, names, tolerance = line.split(": ")
    text = re.sub(r"(?<!\|)\n", " ", (ROOT / "README.md").read_text())
    [quoted] = re.finditer(pattern.replace("N", r"([\d.]+)"), text)
    for name, value in zip(names.split(), quoted.groups(), strict=True):
        assert abs(float(value) - number(numbers[name])) <= float(tolerance)
