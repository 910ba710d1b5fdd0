"""The report says what the numbers say, and nothing measured is typed into it."""

import re

import pytest

from decision_boundary.script import ROOT

TEXT = (ROOT / "report/report.tex").read_text()
BODY = re.sub(r"(?<!\\)%.*", "", TEXT)
SOURCES = re.findall(r"^\\numbers\{(\w+)\}", BODY, re.MULTILINE)


def macros(folder):
    """{name: text} of all numbers that the report reads from the folder."""
    content = "".join((folder / f"{source}.tex").read_text() for source in SOURCES)
    pairs = re.findall(
        r"\\newcommand\{\\(\w+)\}\{(.*?)\}\n(?=\\new|%|$)", content, re.DOTALL
    )
    assert len(pairs) == content.count("\\newcommand")
    return dict(pairs)


@pytest.fixture(scope="module")
def numbers():
    folder = ROOT / "report/numbers"
    if not all((folder / f"{source}.tex").exists() for source in SOURCES):
        pytest.skip("run make: report/numbers is not complete")
    return macros(folder)


def number(text):
    """The number that starts a text such as `99.5 [98.9, 99.8]` or $1.2\\cdot10^{-16}$."""
    text = re.sub(r"\$(.*?)\\cdot10\^\{(.*?)\}\$", r"\1e\2", text)
    match = re.match(r"-?[\d.]+(e-?\d+)?", text)
    return float(match.group()) if match else None


def test_no_result_is_typed_by_hand():
    text = re.sub(r"arXiv:[\d.]+|\{[\d.]+\\linewidth\}", "", BODY)
    assert re.findall(r".*\d[.]\d.*", text) == []


def test_every_macro_is_defined_and_used(numbers):
    used = set(re.findall(r"\\([A-Z][A-Za-z]+)", BODY))
    local = set(re.findall(r"\\newcommand\{\\(\w+)\}", BODY))
    latex = {"PackageError", "IfFileExists", "Large", "Bigl", "Bigr"}
    authors = {"AuthorOne", "AuthorTwo"}
    assert used - local - latex - authors == set(numbers)


def test_every_figure_is_referred_to_and_names_its_command():
    labels = re.findall(r"\\label\{(\w+)\}", BODY)
    assert len(labels) == len(set(labels))
    for label in labels:
        assert re.search(rf"\\(eq)?ref\{{{label}\}}", BODY), label
    floats = re.findall(r"\\begin\{(?:figure|table)\}.*?\\end\{", BODY, re.DOTALL)
    for part in floats:
        assert part.count(r"\by{") >= part.count(r"\caption{") - part.count("minipage")
        assert r"\by{" in part


def test_claims_on_exercise_1(numbers):
    n = {name: number(text) for name, text in numbers.items() if "Table" not in name}
    assert n["GradientAutograd"] < 1e-14
    assert n["GradientDifferences"] < 1e-7
    assert n["GradientMistake"] > 0.1
    assert n["BackpropFirstLoss"] > 10 * n["BackpropLossMedian"]
    assert abs(n["BackpropFirstLoss"] - 0.69) < 0.1  # log 2, of guessing
    assert n["BackpropLossMin"] <= n["BackpropLossMedian"] <= n["BackpropLossMax"]
    assert n["CrossSharpNormalizedReached"] == 0
    assert (n["CrossSharpSoftmaxFrom"], n["CrossSharpSoftmaxTo"]) == (0.1, 1000)
    assert n["CrossSmoothSoftmaxDecades"] > 2 * n["CrossSmoothNormalizedDecades"] > 0
    assert n["CrossSoftmaxNorm"] <= 1.4143 < n["CrossNormalizedNorm"]
    assert max(n["CrossSoftmaxSum"], n["CrossNormalizedCosine"]) < 1e-14


def test_claims_on_exercise_2(numbers):
    n = {name: number(text) for name, text in numbers.items() if "Table" not in name}
    assert n["FunctionsFailed"] == 0
    assert n["FunctionsAutograd"] < 1e-13
    assert n["FunctionsDifferences"] < 1e-7
    assert n["PytorchEpochs"] * 4 == n["BackpropEpochs"]
    assert abs(n["PytorchFreshMedian"] - n["BackpropFreshMedian"]) < 1
    assert n["AdamBestLoss"] < n["SGDBestLoss"]
    assert abs(n["AdamBestFresh"] - n["SGDBestFresh"]) < 1
    assert n["AdamRuns"] == n["SGDRuns"] == n["OptimizerRates"] * n["OptimizerSeeds"]
    assert n["OptimizerSeeds"] >= 20
    assert n["AdamBestRate"] not in (0.001, 1)  # not at the edge of the range
    assert n["SGDBestRate"] not in (0.01, 10)
    assert n["AdamFailedFrom"] > n["AdamBestRate"]
    assert n["SGDFailedFrom"] > n["SGDBestRate"]


README = {  # what it quotes, with how far another processor's rounding may take it
    r"less loss than momentum SGD \(([\d.]+)": ("AdamBestLoss", 0.003),
    r"less loss than momentum SGD \([\d.]+, ([\d.]+)": ("SGDBestLoss", 0.003),
    r"accuracy ([\d.]+) to [\d.]+ % \(the best possible": ("HexagonFreshLowest", 0.3),
    r"accuracy [\d.]+ to ([\d.]+) % \(the best possible": ("HexagonFreshHighest", 0.3),
    r"the best possible: ([\d.]+)": ("HexagonBest", 0),
    r"as handed out ([\d.]+)": ("StartXavier", 1),
    r"outgoing weights positive ([\d.]+)": ("StartPositive", 1),
    r"also spread evenly ([\d.]+)": ("StartSpread", 0),
    r"in ([\d.]+) % of 1000 runs": ("LawLeast", 0.5),
}
for script, prefix in ("Python", "Backprop"), ("PyTorch", "Pytorch"):
    end = rf"\| `python {script}"
    README |= {
        rf"loss ([\d.]+) to [\d.]+, accuracy .* {end}": (f"{prefix}FirstLoss", 0.05),
        rf"loss [\d.]+ to ([\d.]+), accuracy .* {end}": (f"{prefix}LossMedian", 0.01),
        rf"accuracy ([\d.]+) to [\d.]+ % .*{end}": (f"{prefix}FreshMin", 0.5),
        rf"accuracy [\d.]+ to ([\d.]+) % .*{end}": (f"{prefix}FreshMax", 0.5),
    }


@pytest.mark.parametrize("pattern", README)
def test_the_readme_says_so_too(numbers, pattern):
    name, tolerance = README[pattern]
    (quoted,) = re.findall(pattern, (ROOT / "README.md").read_text())
    assert abs(float(quoted) - number(numbers[name])) <= tolerance


def all_of(text):
    k, n = re.fullmatch(r"(\d+) of (\d+)", text).groups()
    return k == n


def test_claims_on_exercise_3(numbers):
    n = {name: number(text) for name, text in numbers.items() if "Table" not in name}
    assert all_of(numbers["HexagonNumPy"])
    assert all_of(numbers["HexagonPyTorch"])
    assert all_of(numbers["ForetellSure"])
    assert n["StartSpreadCount"] == n["StartTotal"]
    assert n["StartXavier"] < n["StartPositive"] < n["StartSpread"] == 100
    assert n["DeepXavier"] < n["DeepPositive"]
    assert n["LawLeast"] >= 95
    assert n["HexagonFreshHighest"] < n["HexagonBest"] + 0.2  # of 100,000 points
    assert n["PointsManyAngle"] < n["PointsFewAngle"]
    assert n["HexagonFreshLowest"] < n["PointsManyAccuracy"] <= n["HexagonBest"]
    for name in "Tanh", "Sigmoid":
        assert n["SmoothReluTurn"] > 10 * n[f"Smooth{name}Turn"]
        assert n["SmoothReluDeviation"] < 1 < n[f"Smooth{name}Deviation"]
        assert n["SmoothReluAccuracy"] < n["HexagonBest"] < n[f"Smooth{name}Accuracy"]
    rows = [row.split(" & ")[1:] for row in numbers["CauseTable"].split("\\\\\n")]
    convex, negative, dead = ([int(count) for count in row] for row in rows)
    hexagon, closed, opened, _, total = zip(convex, negative, dead)
    assert hexagon[0] > 0 and hexagon[1:] == (0, 0)  # all positive and alive
    assert closed[2] == 0 and total[2] > n["CauseFailed"] / 2
    assert opened[0] == total[0] - hexagon[0]
    assert closed[1] > opened[1]
    assert sum(total) - sum(hexagon) == n["CauseFailed"]
    assert all_of(numbers["CauseDeadNegative"])
    assert all_of(numbers["CauseFourCorners"])
    for fine, coarse in ("Fine", "Middle"), ("Middle", "Coarse"):
        assert n[f"BalanceDrift{coarse}"] == pytest.approx(
            2 * n[f"BalanceDrift{fine}"], rel=0.1
        )
    changed = {
        sign: [int(x) for x in numbers[f"Changed{sign}"].split(" of ")]
        for sign in ("Positive", "NegativeAbove", "NegativeBelow")
    }
    shares = {sign: k / of for sign, (k, of) in changed.items()}
    assert shares["Positive"] < 0.001 < shares["NegativeAbove"] < 0.05
    assert shares["NegativeBelow"] > 0.5
