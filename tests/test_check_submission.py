"""check_submission.py names each mistake where it is made, and survives any code."""

from itertools import combinations
import sys
import time

from archive_form import ADAM, CASES, FUNCTIONS, INJECTIONS, NET, SOURCES, TESTS
import check_submission
from check_submission import FOLLOWS, NOT_CHECKED, REMARK, RIGHT, WRONG, Finding
from decision_boundary.shared.script import ROOT
import mistakes
import pytest
import submission_parts

difference_gradients = submission_parts.difference_gradients
known_gradients = {}  # of each point


@pytest.fixture
def find(tmp_path, monkeypatch):
    """find(item, source): the findings about a file with this source."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run_part(item, source):
        path = tmp_path / check_submission.FILES[item]
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        monkeypatch.chdir(path.parent)
        for name in ("net", "optimizer", "test_gradients"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        file = tmp_path / "findings"
        monkeypatch.setattr(sys, "argv", ["submission_parts.py", item, str(file)])
        submission_parts.main()
        return check_submission.read_findings(file, "")

    return run_part


@pytest.fixture
def find_quickly(find, monkeypatch):
    """The same for mistakes in NET, which do not change the central differences."""

    def known_or_new(module, parameters, x, y):
        if (*x, y) not in known_gradients:
            known_gradients[*x, y] = difference_gradients(module, parameters, x, y)
        return known_gradients[*x, y]

    monkeypatch.setattr(submission_parts, "difference_gradients", known_or_new)
    return find


def assert_named(findings, injections):
    """The mistakes are named where they are made, and nothing else is WRONG."""
    expected = {}
    for name, _, _, whats in injections:
        for what in whats:
            expected.setdefault(what, []).append(name.replace("`", ""))
    found = {f.what: f.remark for f in findings if f.verdict == WRONG}
    assert found.keys() == expected.keys()
    for what, names in expected.items():
        for name in names:
            assert name in found[what]
    assert all(f.verdict != NOT_CHECKED for f in findings)


@pytest.mark.parametrize("item", SOURCES)
def test_a_right_solution_is_right(find, item):
    assert {f.verdict for f in find(item, SOURCES[item])} <= {RIGHT, REMARK}


@pytest.mark.parametrize("item", SOURCES)
def test_our_own_solution_is_right(find, item):
    source = (ROOT / check_submission.FILES[item]).read_text()
    findings = find(item, source)
    assert {f.verdict for f in findings} <= {RIGHT, REMARK}
    assert not any(f.remark for f in findings if f.verdict == RIGHT)


def test_every_known_mistake_is_tried():
    tried = {name for cases in INJECTIONS.values() for name, *_ in cases}
    known = {mistake.name for mistake in mistakes.MISTAKES}
    assert known - tried == {name for name in known if "weight decay" in name}


def test_the_reports_table_has_ten_rows_without_backticks(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["mistakes.py", "--output", str(tmp_path)])
    mistakes.main()
    table = (tmp_path / "numbers/mistakes.tex").read_text()
    assert table.startswith(r"\newcommand{\MistakesTable}{delta without the sigmoid: ")
    assert table.count(r"\\") == 9
    assert r"\texttt{grad\_output}" in table
    assert "`" not in table


@pytest.mark.parametrize("item, number", CASES)
def test_each_mistake_is_named_there_and_nowhere_else(find_quickly, item, number):
    injection = INJECTIONS[item][number]
    source = SOURCES[item]
    assert source.count(injection[1]) == 1
    findings = find_quickly(item, source.replace(injection[1], injection[2]))
    assert_named(findings, [injection])


@pytest.mark.parametrize("item", INJECTIONS)
def test_two_mistakes_are_both_named(find_quickly, item):
    for first, second in combinations(INJECTIONS[item], 2):
        source = SOURCES[item].replace(first[1], first[2])
        if source.count(second[1]) == 1:
            findings = find_quickly(item, source.replace(second[1], second[2]))
            assert_named(findings, [first, second])


def test_what_follows_from_a_mistake_is_told_apart(find_quickly):
    source = NET.replace("sigmoid(self.output) - target", "self.output - target")
    db3, *others = find_quickly("1(a)", source)[:6]
    assert (db3.what, db3.verdict) == ("db3", WRONG)
    assert {f.verdict for f in others} == {FOLLOWS}
    assert others[0].remark == "right for this db3"


# Other forms, and tests that do not test


NUMPY_NET = """
import numpy as np


class FeedForwardNetwork:
    def __init__(self, input_size, hidden_size):
        self.W1 = np.zeros((input_size, hidden_size))
        self.W2 = np.zeros((hidden_size, hidden_size))
        self.W3 = np.zeros((hidden_size, 1))
        self.b1 = np.zeros((1, hidden_size))
        self.b2 = np.zeros((1, hidden_size))
        self.b3 = np.zeros((1, 1))

    def zero_grad(self):
        for name in ("W1", "b1", "W2", "b2", "W3", "b3"):
            setattr(self, "d" + name, 0 * getattr(self, name))

    def forward(self, x):
        self.x = x.reshape(1, -1)
        self.a1 = np.tanh(self.x @ self.W1 + self.b1)
        self.a2 = 1 / (1 + np.exp(-(self.a1 @ self.W2 + self.b2)))
        self.output = self.a2 @ self.W3 + self.b3
        return self.output

    def backward(self, target):
        delta = 1 / (1 + np.exp(-self.output)) - target[0]
        self.db3 += delta
        self.dW3 += self.a2.T @ delta
        delta = delta @ self.W3.T * self.a2 * (1 - self.a2)
        self.db2 += delta
        self.dW2 += self.a1.T @ delta
        delta = delta @ self.W2.T * (1 - self.a1**2)
        self.db1 += delta
        self.dW1 += self.x.T @ delta
"""


def test_arrays_other_shapes_and_other_arguments_serve(find):
    assert {f.verdict for f in find("1(a)", NUMPY_NET)} == {RIGHT}


@pytest.mark.parametrize(
    "wrong, remark",
    [
        ('p.grad + group["weight_decay"] * p', "as in torch.optim.Adam"),
        ('p.grad + 0 * p.mul_(1 - group["lr"] * group["weight_decay"])', "AdamW"),
        ('p.grad - group["weight_decay"] * p', "neither"),
    ],
)
def test_the_weight_decay_is_a_remark(find, wrong, remark):
    *adam, decay = find("2(c)", ADAM.replace("p.grad", wrong))
    assert {f.verdict for f in adam} == {RIGHT}
    assert decay.verdict == REMARK
    assert remark in decay.remark


NO_ERRORS = """import gradcheck as check


def gradcheck(*arguments):
    return check(*arguments, raise_exception=False)


"""


@pytest.mark.parametrize(
    "right, wrong, remark",
    [
        ("import gradcheck", NO_ERRORS, "not noticed: the incoming gradient"),
        (
            "numbers(4)",
            "numbers(4).detach()",
            "the incoming gradient is ignored (bias)",
        ),
        ("def test_", "def check_", "no test"),
        (
            "[-1e-3, 1e-3]",
            "[-1e-3, 0.0]",
            "gradcheck rejects a right ReLU at exactly 0",
        ),
        ("import LinearFunction", "import Line", "fails: its import"),
    ],
)
def test_tests_that_do_not_test_are_named(find, right, wrong, remark):
    source = TESTS.replace(right, wrong)
    assert remark in str([f.remark for f in find("2(b)", source)])


# Code of any kind


@pytest.mark.parametrize(
    "item, right, wrong, remark",
    [
        ("1(a)", "return self.output", "return self.outputs", "(net.py, line 40)"),
        ("1(a)", "def backward", "def back", "no attribute 'backward'"),
        ("1(a)", "dW2_acc", "gradient", "KeyError: 'dW2'"),
        ("1(a)", "input_size=2, hidden_size=16", "a, b, c", "missing"),
        ("2(a)", "grad_weight, grad_bias", "grad_weight", "3 gradients, not 2"),
        ("2(a)", "return grad_input, grad_weight, grad_bias", "", "3 gradients, not 1"),
        ("2(a)", "class LinearFunction", "class Linear", "no attribute 'LinearFun"),
        ("2(c)", "class Adam", "input()\n\n\nclass Adam", "OSError"),
        ("2(c)", "class Adam", "exit()\n\n\nclass Adam", "SystemExit"),
    ],
)
def test_an_error_takes_a_line_of_its_item(find_quickly, item, right, wrong, remark):
    findings = find_quickly(item, SOURCES[item].replace(right, wrong))
    errors = [f for f in findings if f.verdict == NOT_CHECKED]
    assert errors
    assert all(remark in f.remark and "\n" not in f.remark for f in errors)


@pytest.mark.parametrize(
    "item, right, wrong, what, remark",
    [
        ("1(a)", "+= delta3\n", "+= 2 * delta3\n", "db3", "is 2 times the right one"),
        ("1(a)", "+= delta3\n", "+= 0\n", "db3", "is 0"),
        ("1(a)", "+= delta3\n", "+= delta3**2\n", "db3", "none of the known mistakes"),
        ("1(a)", "+= delta3\n", "+= math.nan\n", "db3", "is not finite"),
        ("2(a)", "grad_output.mm(weight)", "None", "Linear input", "is None"),
        ("2(a)", ".mm(weight)", "", "Linear input", "its shape is (1, 3), not (1, 5)"),
    ],
)
def test_other_mistakes_are_described(find_quickly, item, right, wrong, what, remark):
    findings = find_quickly(item, SOURCES[item].replace(right, wrong))
    finding = next(f for f in findings if f.verdict == WRONG)
    assert finding.what == what
    assert remark in finding.remark


def write_solution(folder, sources):
    for item, source in sources.items():
        path = folder / check_submission.FILES[item]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


NOISY = """
import matplotlib.pyplot as plt
print("training")
plt.ion()
plt.plot([1, 2])
plt.show(block=True)
open("log.txt", "w").write("done")
"""


def test_each_item_has_a_process_that_cannot_harm(tmp_path):
    sources = {"2(a)": NOISY + FUNCTIONS, "2(c)": "import os\nos._exit(3)\n"}
    write_solution(tmp_path, sources)
    items = check_submission.check(tmp_path)
    for item, folder in {"1(a)": "Python", "2(b)": "PyTorch"}.items():
        assert items[item][0].remark == f"it is missing in {folder}-FeedForward/"
    assert {f.verdict for f in items["2(a)"]} == {RIGHT}
    assert {f.remark for f in items["2(c)"]} == {"its process ended with status 3"}
    files = [path.name for path in tmp_path.rglob("*.*")]
    assert sorted(files) == ["net.py", "optimizer.py"]


def test_an_endless_loop_is_ended(tmp_path):
    write_solution(tmp_path, {"1(a)": "while True:\n    pass\n"})
    start = time.monotonic()
    findings = check_submission.check(tmp_path, seconds=3)["1(a)"]
    assert time.monotonic() - start < 10
    assert {f.remark for f in findings} == {"it did not end within 3 seconds"}


# The command


FOUND = {
    "right": {"1(a)": RIGHT, "2(a)": RIGHT, "2(b)": RIGHT, "2(c)": RIGHT},
    "wrong": {"1(a)": RIGHT, "2(a)": WRONG, "2(b)": RIGHT, "2(c)": RIGHT},
    "half": {"1(a)": RIGHT, "2(a)": RIGHT, "2(b)": NOT_CHECKED, "2(c)": NOT_CHECKED},
    "empty": {},
}


@pytest.fixture
def run(monkeypatch, capsys):
    """run(folders): the exit status and output, for findings as in FOUND."""

    def fake_check(folder):
        return {
            item: [Finding("it", verdict, 0.25, f"is {verdict}")]
            for item, verdict in FOUND[str(folder)].items()
        }

    def main(folders):
        monkeypatch.setattr(check_submission, "check", fake_check)
        monkeypatch.setattr(sys, "argv", ["check_submission.py", *folders.split()])
        with pytest.raises(SystemExit) as exit:
            check_submission.main()
        return exit.value.code, capsys.readouterr().out

    return main


@pytest.mark.parametrize(
    "folders, status",
    [
        ("right", 0),
        ("wrong", 1),
        ("half", 1),
        ("empty", 2),
        ("right right", 0),
        ("right wrong", 1),
        ("right empty", 1),
        ("empty empty", 2),
    ],
)
def test_the_exit_status(run, folders, status):
    assert run(folders)[0] == status


def test_one_solution_makes_a_table(run):
    assert run("wrong")[1].splitlines() == [
        "item  what                    verdict      deviation  remark",
        "1(a)  it                      right            2e-01  is right",
        "2(a)  it                      WRONG            2e-01  is WRONG",
        "2(b)  it                      right            2e-01  is right",
        "2(c)  it                      right            2e-01  is right",
    ]


def test_several_solutions_make_a_line_each_and_a_summary(run):
    assert run("right wrong half empty")[1].splitlines() == [
        "             1(a)         2(a)         2(b)         2(c)         remarks",
        "right        right        right        right        right",
        (
            "wrong        right        WRONG        right        right        "
            "2(a) it: is WRONG"
        ),
        (
            "half         right        right        not checked  not checked  "
            "2(b) it: is not checked; 2(c) it: is not checked"
        ),
        (
            "empty        not checked  not checked  not checked  not checked  "
            "none of the sheet's files is there"
        ),
        "",
        "right        3            2            2            2",
        "WRONG        0            1            0            0",
        "not checked  1            1            2            2",
    ]
