"""check_submission.py names each mistake where it is made, and survives any code."""

from itertools import combinations
import sys
import time

from archive_form import FUNCTIONS, INJECTIONS, SOURCES
import check_submission
from check_submission import FILES, NOT_CHECKED, REMARK, RIGHT, WRONG, Finding
from decision_boundary.shared.script import ROOT
import mistakes
import pytest
import submission_parts


@pytest.fixture
def find(tmp_path, monkeypatch):
    """find(item, source): {what: Finding} about a solution with this source."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)

    def run_part(item, source):
        path = tmp_path / FILES[item].rpartition("/")[2]
        path.write_text(source)
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
        return {finding.what: finding for finding in submission_parts.check(item)}

    return run_part


def verdicts(findings):
    return {finding.verdict for finding in findings.values()}


@pytest.mark.parametrize("item", FILES)
def test_a_right_solution_is_right(find, item):
    assert verdicts(find(item, SOURCES[item])) <= {RIGHT, REMARK}


@pytest.mark.parametrize("item", FILES)
def test_our_own_solution_is_right(find, item):
    source = (ROOT / FILES[item]).read_text()
    assert verdicts(find(item, source)) <= {RIGHT, REMARK}


def test_the_use_of_weight_decay_is_a_remark(find):
    assert find("2(c)", SOURCES["2(c)"])["weight_decay"].remark.startswith("unlike")
    source = (ROOT / FILES["2(c)"]).read_text()
    assert find("2(c)", source)["weight_decay"].remark == "as in torch.optim.Adam"


def test_a_float32_step_count_is_no_mistake(find):
    source = SOURCES["2(c)"].replace('["step"] = 0', '["step"] = torch.zeros(())')
    assert verdicts(find("2(c)", source)) == {RIGHT, REMARK}


# The known mistakes

EXCLUSIVE = {mistakes.AT_ZERO, "the sign of the input is ignored"}


def test_every_known_mistake_is_tried():
    known = {mistake.name for mistake in mistakes.MISTAKES}
    assert {injection.name for injection in INJECTIONS} == known


def assert_named(find, source, *injections):
    """The mistakes are named where they are made, and nothing else is WRONG."""
    for injection in injections:
        source = injection.into(source)
    findings = find(injections[0].item, source).values()
    wrong = {f.what: f.remark for f in findings if f.verdict == WRONG}
    assert wrong.keys() == {injection.place for injection in injections}
    for injection in injections:
        assert injection.name.replace("`", "") in wrong[injection.place]
    assert all(finding.verdict != NOT_CHECKED for finding in findings)


@pytest.mark.parametrize("injection", INJECTIONS, ids=lambda i: i.name)
def test_each_mistake_is_named_there_and_nowhere_else(find, injection):
    assert_named(find, SOURCES[injection.item], injection)


@pytest.mark.parametrize("item", FILES)
def test_two_mistakes_are_both_named(find, item):
    injections = [injection for injection in INJECTIONS if injection.item == item]
    for first, second in combinations(injections, 2):
        if not EXCLUSIVE <= {first.name, second.name} and first.right != second.right:
            assert_named(find, SOURCES[item], first, second)


def test_what_follows_from_a_mistake_is_told_apart(find):
    source = SOURCES["1(a)"].replace("sigmoid(self.output) -", "self.output -")
    db3, *others = find("1(a)", source).values()
    assert db3.verdict == WRONG
    assert {(f.verdict, f.remark) for f in others} == {("same mistake", "as db3")}


@pytest.mark.parametrize(
    "item, right, wrong, what, remark",
    [
        ("1(a)", "+= delta3\n", "+= 2 * delta3\n", "db3", "is 2 times the right one"),
        ("1(a)", "+= delta3\n", "+= 0\n", "db3", "is 0"),
        ("1(a)", "a1[i] ** 2", "a1[i] ** 2 - self.b1[i]", "db1", "none of the known"),
        ("2(a)", "= grad_output.mm(weight)", "= None", "Linear input", "it is 0"),
        ("2(a)", ".mm(weight)", "", "Linear input", "its shape is (1, 3), not (1, 5)"),
    ],
)
def test_other_mistakes_are_described(find, item, right, wrong, what, remark):
    finding = find(item, SOURCES[item].replace(right, wrong))[what]
    assert finding.verdict == WRONG
    assert remark in finding.remark


@pytest.mark.parametrize(
    "right, wrong, remark",
    [
        (
            "    gradcheck(",
            "    print(",
            "not noticed: the incoming gradient is ignored",
        ),
        ("def test_", "def check_", "there is no test"),
        ("[-1e-3, 1e-3]", "[-1e-3, 0.0]", "near_zero fails (gradcheck rejects a right"),
        ("import LinearFunction", "import Line", "test_gradients.py fails"),
    ],
)
def test_tests_that_do_not_test_are_named(find, right, wrong, remark):
    findings = find("2(b)", SOURCES["2(b)"].replace(right, wrong))
    assert remark in str(findings)


def test_the_reports_table_has_a_row_for_each_common_mistake(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["mistakes.py", "--output", str(tmp_path)])
    mistakes.main()
    table = (tmp_path / "numbers/mistakes.tex").read_text()
    assert table.count(r"\\") == 9
    assert r"\texttt{grad\_output}" in table
    assert "`" not in table


# Code of any kind


@pytest.mark.parametrize(
    "item, right, wrong, remark",
    [
        ("1(a)", "math.exp(-z)", "math.ex(-z)", "(net.py, line 7)"),
        ("1(a)", "def backward(self, target)", "def backward(self)", "argument"),
        ("1(a)", "dW2_acc", "gradient", "no attribute 'dW2_acc'"),
        ("2(a)", "grad_weight, grad_bias", "grad_weight", "3 gradients, not 2"),
        ("2(a)", "class LinearFunction", "class Linear", "no attribute 'LinearFun"),
        ("2(c)", "class Adam", "exit()\n\n\nclass Adam", "SystemExit"),
    ],
)
def test_an_error_takes_a_line_of_its_item(find, item, right, wrong, remark):
    findings = find(item, SOURCES[item].replace(right, wrong)).values()
    [error] = [f for f in findings if f.verdict == NOT_CHECKED]
    assert remark in error.remark
    assert "\n" not in error.remark


NOISY = """
import os
import matplotlib
import matplotlib.pyplot as plt
assert "DISPLAY" not in os.environ
assert matplotlib.get_backend(auto_select=False) == "agg"
print("training")
plt.ion()
plt.plot([1, 2])
plt.show(block=True)
open("log.txt", "w").write("done")
"""


def write_solution(folder, sources):
    for item, source in sources.items():
        path = folder / FILES[item]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def test_each_item_has_a_process_that_cannot_harm(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    sources = {"2(a)": NOISY + FUNCTIONS, "2(c)": "import os\nos._exit(3)\n"}
    write_solution(tmp_path, sources)
    items = check_submission.check(tmp_path)
    assert items["1(a)"][0].remark == "it is missing in Python-FeedForward/"
    assert {f.verdict for f in items["2(a)"]} == {RIGHT}
    assert items["2(b)"][0].remark == "it is missing in PyTorch-FeedForward/"
    assert items["2(c)"][0].remark == "its process ended with status 3"
    files = [path.name for path in tmp_path.rglob("*.*")]
    assert sorted(files) == ["net.py", "optimizer.py"]


def test_an_endless_loop_is_ended(tmp_path):
    write_solution(tmp_path, {"1(a)": "while True:\n    pass\n"})
    start = time.monotonic()
    [finding] = check_submission.check(tmp_path, seconds=3)["1(a)"]
    assert time.monotonic() - start < 10
    assert finding.remark == "it did not end within 3 seconds"


# The command


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """run(folders): the exit status and output, for findings as their names say."""
    found = {"right": RIGHT, "wrong": WRONG, "half": NOT_CHECKED, "empty": NOT_CHECKED}
    for name in ("right", "wrong", "half"):
        write_solution(tmp_path / name, {"2(c)": ""})
    monkeypatch.chdir(tmp_path)

    def fake_check(folder):
        verdict = found[folder.name]
        finding = Finding("it", verdict, 0.25, f"is {verdict}")
        return {
            "1(a)": [Finding("all", RIGHT), finding],
            "2(a)": [Finding("all", RIGHT)],
        }

    def main(folders):
        monkeypatch.setattr(check_submission, "check", fake_check)
        monkeypatch.setattr(sys, "argv", ["check_submission.py", *folders.split()])
        with pytest.raises(SystemExit) as exit:
            check_submission.main()
        return exit.value.code, capsys.readouterr().out.splitlines()

    return main


@pytest.mark.parametrize(
    "folders, status",
    [
        ("right", 0),
        ("wrong", 1),
        ("half", 1),
        ("empty", 2),
        ("right right", 0),
        ("wrong right", 1),
        ("right empty", 1),
        ("empty empty", 2),
    ],
)
def test_the_exit_status(run, folders, status):
    assert run(folders)[0] == status


def test_one_solution_makes_a_table(run):
    assert run("wrong")[1] == [
        "item  what                      verdict       deviation  remark",
        "1(a)  all                       right",
        "1(a)  it                        WRONG             2e-01  is WRONG",
        "2(a)  all                       right",
    ]


def test_several_solutions_make_a_line_each_and_a_summary(run):
    lines = run("right wrong half")[1]
    assert [" ".join(line.split()) for line in lines] == [
        "1(a) 2(a) 2(b) 2(c) remarks",
        "right right right",
        "wrong WRONG right 1(a) it: is WRONG",
        "half not checked right 1(a) it: is not checked",
        "",
        "right 1 3",
        "WRONG 1 0",
        "not checked 1 0",
    ]
