"""The report says what the numbers say, and nothing measured is typed into it."""

import re

from decision_boundary.shared.script import ROOT
import numpy as np
import pytest

DOCUMENTS = ("report.tex", "theory.tex")


def body(document):
    text = (ROOT / "report" / document).read_text()
    return re.sub(r"(?<!\\)%.*", "", text)


def prose(document):
    return body(document).partition(r"\begin{document}")[2]


def sources(document):
    """The names of the files of numbers that the document reads."""
    return re.findall(r"^\\numbers\{(\w+)\}", body(document), re.MULTILINE)


@pytest.fixture(scope="module")
def numbers():
    """{macro: text} of all numbers that the documents read."""
    pairs = {}
    for source in {*sources("report.tex"), *sources("theory.tex")}:
        file = ROOT / f"report/numbers/{source}.tex"
        if not file.exists():
            pytest.skip("run make: report/numbers is not complete")
        content = file.read_text()
        macro = r"\\newcommand\{\\(\w+)\}\{(.*?)\}\n(?=\\new|$)"
        found = re.findall(macro, content, re.DOTALL)
        assert len(found) == content.count("\\newcommand")
        pairs.update(found)
    return pairs


@pytest.fixture
def n(numbers):
    """{macro: number} of those that are one, or start with one."""
    found = {}
    for name, text in numbers.items():
        match = re.match(r"-?[\d.]+", text.replace(r"\,", ""))
        if match and "Table" not in name:
            found[name] = float(match.group())
    return found


def share(text):
    """Of a text such as `3 of 4`."""
    k, n = text.split(" of ")
    return int(k) / int(n)


def rows_of(table):
    return [row.split(" & ") for row in table.split("\\\\\n")]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_result_is_typed_by_hand(document):
    text = prose(document)
    # A proof may compute; so may the worked examples of sections 1(a) and 1(b)
    text = re.sub(r"\\begin\{proof\}.*?\\end\{proof\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\\approx-?\d\.\d+|\(2,-1\.9\)|S=0\.1", "", text)
    text = re.sub(r"arXiv:[\d.]+|\{[\d.]+\\linewidth\}|1\.96", "", text)
    settings = r"\\beta_1=0\.9|\\beta_2=0\.999|above 0\.6|\b0\.(03|01|1)\b"
    text = re.sub(settings, "", text)
    assert re.findall(r".*\d[.]\d.*", text) == []


def test_every_macro_is_defined_and_used(numbers):
    used = set()
    for document in DOCUMENTS:
        used |= set(re.findall(r"\\([A-Z][A-Za-z]+)", body(document)))
    for_the_tests = re.compile("Start.*(Five|Six|Spread|Positive)$|Pytorch")
    unused = {name for name in numbers if name not in used}
    assert {name for name in unused if not for_the_tests.match(name)} == set()


def test_the_quoted_code_is_the_sheets_three_steps():
    code = (ROOT / "Python-FeedForward/net.py").read_text()
    steps = re.findall(r"# Sheet 1\(a\) (\d)", code)
    assert steps == ["1", "3", "2"]
    quoted = code[code.index("# Sheet 1(a) 1") : code.index("    def zero_grad")]
    last_line = quoted.rstrip().splitlines()[-1]
    assert re.search(r"layer\]\.T", last_line)  # where the Makefile's sed stops


# Claims in words


def test_claims_on_exercise_1(n):
    assert abs(n["BackpropFirstLoss"] - 0.69) < 0.05  # close to log 2
    assert n["BackpropFirstLoss"] > 10 * n["BackpropLossMedian"]
    assert 10 < n["BackpropPlateau"] < 100
    assert n["BackpropRise"] > 1.5
    assert n["BackpropLossRecent"] < n["BackpropLossMax"] / 2  # in a spike at the end
    assert n["BackpropErrorDistance"] < 0.03
    assert n["BackpropAccuracy"] > n["BackpropFreshMedian"]


def test_claims_on_cross_entropy(n):
    assert n["CrossNormalizedReached"] == 0
    assert n["CrossSoftmaxFrom"] < 1 < n["CrossSoftmaxTo"] == 1000
    assert n["CrossBelowLeast"] < 0
    assert n["CrossNear"] < n["CrossExitLeast"] < n["CrossExitMedian"]


def test_claims_on_exercise_2(n, numbers):
    assert n["PytorchPlateau"] <= 2  # no plateau
    assert n["PytorchRise"] > 1.5
    assert abs(n["PytorchFreshMedian"] - n["BackpropFreshMedian"]) < 0.5
    assert n["AdamBestLoss"] < n["SGDBestLoss"]
    assert 0 < n["OptimizerGain"] < 0.5  # hardly
    assert 0.5 < share(numbers["OptimizerLower"]) < 1  # mostly
    assert n["AdamBestRate"] not in (0.001, 1)  # not at the edge of the range
    assert n["SGDBestRate"] not in (0.001, 1)


def test_claims_on_the_hexagon(n, numbers):
    assert share(numbers["HexagonNumPy"]) == share(numbers["HexagonPyTorch"]) == 1
    assert n["HexagonFreshHighest"] < n["HexagonBest"] + 0.2  # of 100,000 points
    assert n["StartOursXavier"] < n["StartOursPositive"] < n["StartOursSpread"] == 100
    assert n["StartArchiveSpread"] == 100
    assert n["StartAllSets"] == n["StartDataSets"] >= 200
    assert n["StartOursXavierFour"] > n["StartOursXavier"]
    assert n["StartArchiveXavierFour"] > n["StartArchiveXavier"]
    assert share(numbers["ConfigurationDeep"]) < 0.5


def test_the_example_is_solved_by_hand(n, numbers):
    rows = [[x.strip("$") for x in row] for row in rows_of(numbers["ExampleTable"])]
    _, w1, w2, b, outgoing = np.array(rows, dtype=float).T
    w = np.array([w1, w2])
    hinge, active, other = (
        int(n[f"Example{unit}"]) - 1 for unit in ("Hinge", "Active", "Other")
    )
    z = [n["ExampleX"], n["ExampleY"]] @ w + b
    assert abs(z[hinge]) < 0.05
    assert z[active] > 0.1 > -0.1 > z[other]
    for k in range(3):
        others = [k - 1, k - 2]
        meeting = np.linalg.solve(w[:, others].T, -b[others])
        assert meeting @ w[:, k] + b[k] < -0.1  # off where the others meet
    logit = outgoing[active] * z[active] + n["ExampleBias"]
    assert abs(logit) < 0.3  # of 22, from two digits of x and y


def test_claims_on_the_starts_and_on_more_units(n, numbers):
    assert share(numbers["CauseFourCorners"]) == 1
    assert share(numbers["PredictOther"]) < 0.98 < share(numbers["PredictSure"])
    assert n["SpareDead"] + n["SpareNegative"] == n["SpareHexagons"]
    assert 0.3 < n["SpareDead"] / n["SpareHexagons"] < 0.4  # a third
    assert share(numbers["ExactPolygons"]) == 1
    assert n["PolygonsLeast"] >= 99
    accuracies = [float(row[5]) for row in rows_of(numbers["PolygonsTable"])[2:]]
    assert max(accuracies) - min(accuracies) < 0.2  # from H = 5 on


# What the README quotes


README = """in {StartOursXavier} % of the runs from plain Xavier weights
four in {StartOursXavierFour} %
in {StartOursSpread} % from evenly spread
loss {BackpropFirstLoss} to {BackpropLossMedian}, accuracy {BackpropFreshMin} to
loss {PytorchFirstLoss} to {PytorchLossMedian}, accuracy {PytorchFreshMin} to
accuracy {BackpropFreshMin} to {BackpropFreshMax} % | `python Python
accuracy {PytorchFreshMin} to {PytorchFreshMax} % | `python PyTorch
accuracy {HexagonFreshLowest} to {HexagonFreshHighest} %;
no convex hexagon exceeds {HexagonBest} %"""


def test_the_readme_has_the_pins_of_the_environment():
    pins = re.findall(r"- (\S+==\S+)", (ROOT / "environment.yml").read_text())
    assert "pip install " + " ".join(pins) in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("line", README.splitlines())
def test_the_readme_says_so_too(numbers, line):
    assert line.format(**numbers) in (ROOT / "README.md").read_text()
