"""Every command line: what it writes, and what it says when something is wrong."""

import os
import re
import shutil
import signal
import subprocess
import sys

from decision_boundary.shared import live, results, script
from decision_boundary.shared.script import ROOT, load
import pytest

BACKPROP = "Python-FeedForward/main.py"
CHECK = "Python-FeedForward/gradient_check.py"
CROSS_ENTROPY = "Python-FeedForward/cross_entropy.py"
PYTORCH = "PyTorch-FeedForward/main.py"
COMPARE = "PyTorch-FeedForward/compare_optimizers.py"
HEXAGON = "decision_boundary/main.py"
STUDY = "decision_boundary/study"
SHORT = "--epochs 3 --runs 2 --points 70"
PLAY = "--epochs 1 --runs 1 --points 64"
SETS = "--data-sets 2 --networks 3 --points 64"
SCRIPTS = {  # the name of its numbers, options that make it quick, defaults in --help
    BACKPROP: ("backprop", SHORT, "0 1024 512 5 0.03"),
    CHECK: ("gradients", "", "0"),
    CROSS_ENTROPY: ("cross_entropy", "--starts 12", "0 1000"),
    PYTORCH: ("pytorch", SHORT, "0 256 512 5 0.01"),
    COMPARE: ("optimizers", "--epochs 1 --runs 2", "0 256 10"),
    HEXAGON: ("hexagon", PLAY, "0 256 512 5 0.03 3 1000"),
    f"{STUDY}/starts.py": ("starts", f"{SETS} --epochs 1", "0 200 50 512 256"),
    f"{STUDY}/polygons.py": ("polygons", f"{SETS} --epochs 1", "0 20 50 512 256"),
    f"{STUDY}/configurations.py": ("configurations", PLAY, "0 512 512 5"),
}


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """call(path, options): a script's exit status, and what is on stdout and stderr.

    It runs in tmp_path, which also has the two folders for results.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(script, "REPORT", tmp_path / "report")
    monkeypatch.setattr(script, "ELSEWHERE", tmp_path / "output")
    # Less of what takes long whatever the options are
    monkeypatch.setattr(load(CROSS_ENTROPY), "STEPS", 5)
    monkeypatch.setattr(live, "FRAMES_PER_SECOND", 1)

    def call_script(path, options):
        monkeypatch.setattr(sys, "argv", [path, *options.split()])
        status = 0
        try:
            script.run(load(path).main)
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        if isinstance(status, str):  # Python prints it, and exits with 1
            return 1, out, f"{err}{status}\n"
        return status, out, err

    return call_script


def read_files(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# What they write, and where


@pytest.mark.parametrize("path", SCRIPTS)
def test_the_same_command_writes_the_same_bytes(call, tmp_path, path):
    name, options, _ = SCRIPTS[path]
    status, out, err = call(path, f"{options} --output first")
    assert (status, err) == (0, "")
    first = read_files(tmp_path / "first")
    assert f"{name}.tex" in first
    written = out.partition("wrote\n")[2].split()
    assert {os.path.basename(path) for path in written} == set(first)
    call(path, f"{options} --output second")
    assert first == read_files(tmp_path / "second")
    call(path, f"{options} --output other --seed 1")
    if path != CHECK:  # whose bounds hold for every seed
        assert first != read_files(tmp_path / "other")


@pytest.mark.parametrize("path", [BACKPROP, PYTORCH, HEXAGON])
def test_every_run_has_a_seed_of_its_own(call, path):
    _, out, _ = call(path, f"{PLAY} --runs 2")
    losses = re.findall(r", seed \d: loss (\S+),", out)
    assert len(losses) == len({*losses}) >= 2
    _, alone, _ = call(path, f"{PLAY} --seed 1")
    assert re.findall(r", seed 1: .*", alone) == re.findall(r", seed 1: .*", out)


@pytest.mark.parametrize("path", SCRIPTS)
def test_help_has_the_defaults(call, path):
    status, out, _ = call(path, "--help")
    defaults = re.findall(r"\(default:\s+\[?([\d.]+)\]?\)", out)
    assert (status, " ".join(defaults)) == (0, SCRIPTS[path][2])


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ("", "report"),
        ("--live", "report"),
        ("--animation x.gif", "report"),
        ("--seed 1", "output"),
    ],
)
@pytest.mark.usefixtures("call")  # for folders of its own
def test_only_defaults_and_views_write_to_report(monkeypatch, options, folder):
    parser = script.parser("What it does.")
    script.add_training_options(parser, 9, 0.1)
    monkeypatch.setattr(sys, "argv", ["main.py", *options.split()])
    assert script.parse(parser).output.name == folder


def test_no_file_is_touched_before_all_can_be_written(tmp_path):
    old = tmp_path / "old"
    old.write_bytes(b"1")
    with pytest.raises(OSError):
        results.write_files({old: b"2", old / "not a folder": b"3"})
    assert read_files(tmp_path) == {"old": b"1"}


@pytest.mark.skipif(not shutil.which("make"), reason="missing: make")
def test_make_runs_each_script_for_the_numbers_that_it_writes():
    rules = subprocess.getoutput(f"make -C '{ROOT}' -pnq clean")
    found = re.findall(r"^report/numbers/(\w+)\.tex: (\S+)", rules, re.MULTILINE)
    names = {path: name for path, (name, *_) in SCRIPTS.items()}
    names["tests/mistakes.py"] = "mistakes"
    assert {path: name for name, path in found} == names


# Playing


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("--hidden-units 4 --activation tanh --init xavier --learning-rate 0.1", 1),
        ("--hidden-units 2 --activation sigmoid", 1),
        ("--hidden-units 3 3 --init xavier", 2),
    ],
)
def test_other_networks_train_and_are_described(call, tmp_path, options, codes):
    status, out, err = call(HEXAGON, f"{options} {PLAY}")
    assert (status, err) == (0, "")
    assert "\n     4" in out  # the loss in epoch 4 of Exercise 1's code
    kinds = "no boundary|2 parts|an open line|a smooth closed curve|a closed .* corners"
    words = re.findall(rf"^(\w+), seed 0: (?:{kinds})", out, re.MULTILINE)
    assert words == ["NumPy", "PyTorch"][:codes]
    written = {"hexagon.tex", "hexagon.pdf", "hexagon.png", "hexagon.gif"}
    assert {*read_files(tmp_path / "output")} == written


# Bad options: one line, and status 2


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        (BACKPROP, "--seed -1", "must be an integer from 0 to 4294967295, not '-1'"),
        (BACKPROP, "--epochs 1.5", "must be an integer from 1 to 100000000, not '1.5'"),
        (BACKPROP, "--unknown", "--unknown"),
        (BACKPROP, "--output /dev/null/folder", "/dev/null/folder"),
        (BACKPROP, "--learning-rate nan", "be a number from 1e-300 to 1e30, not 'nan'"),
        (BACKPROP, "--animation x.mp4", "must end in .gif, not be 'x.mp4'"),
        (HEXAGON, "--save /", "/ is a folder"),
        (HEXAGON, "--networks 5", "--networks applies only with --save"),
        (HEXAGON, "--save x --activation tanh", "--activation does not apply with"),
        (HEXAGON, "--save x --learning-rate 1", "--learning-rate does not apply with"),
        (HEXAGON, "--save x --runs 2", "--runs does not apply with --save"),
        (HEXAGON, "--save x --live", "--live does not apply with --save"),
        (HEXAGON, "--save x --animation x.gif", "--animation does not apply with"),
        (HEXAGON, "--save x --hidden-units 3 3", "must be one width with --save"),
        (HEXAGON, "--hidden-units 3 3 --init spread", "must have one hidden layer"),
        (HEXAGON, "--hidden-units 3 3 --init positive", "must have one hidden layer"),
    ],
)
def test_a_bad_option_takes_one_line_and_status_2(call, path, options, message):
    status, out, err = call(path, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


# What stops a run: one line, and no files


@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_what_stops_a_run_takes_one_line(monkeypatch, error):
    def main():
        raise error("disk\nis full")

    monkeypatch.setattr(sys, "argv", ["/folder/main.py"])
    with pytest.raises(SystemExit, match="^main.py: disk is full$"):
        script.run(main)


def test_a_training_that_diverges_says_in_which_epoch(call, tmp_path):
    status, _, err = call(BACKPROP, f"{SHORT} --epochs 9 --learning-rate 1e30")
    message = "2-16-16-1, seed 0: the loss is not finite in epoch 4"
    assert (status, err) == (1, f"main.py: {message}; lower the learning rate\n")
    assert not read_files(tmp_path)


def test_a_real_ctrl_c(tmp_path):
    # A shell's background job ignores SIGINT, and hands that on to its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, ROOT / BACKPROP, "--epochs=100000", "--output=out"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=tmp_path, **pipes)
    assert process.stdout.readline() == "2-16-16-1, seed 0\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "\nstopped\n")
    assert not read_files(tmp_path)


# Where students are


def test_a_matplotlibrc_changes_nothing_in_a_folder_with_any_name(tmp_path):
    """Nor does a notebook's backend, a missing home, or --live without a screen."""
    rc = "savefig.bbox: tight\ntext.usetex: True\naxes.grid: True\nfont.size: 20\n"
    (tmp_path / "matplotlibrc").write_text(rc)
    command = [sys.executable, ROOT / BACKPROP, *SHORT.split()]
    for folder, extra, variables in [
        ("plain", [], {}),
        ("ä b", ["--live"], {"MATPLOTLIBRC": str(tmp_path), "LC_ALL": "C"}),
    ]:
        (tmp_path / folder).mkdir()
        done = subprocess.run(
            [*command, *extra, "--output=out", "--animation=gif/run.gif"],
            cwd=tmp_path / folder,
            env={"PATH": "", "MPLBACKEND": "inline"} | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        assert re.fullmatch("(--live: .*; training without a window\n)?", done.stderr)
    files = read_files(tmp_path / "ä b")
    assert {*files} == {"backprop.tex", "backprop.pdf", "run.gif"}
    assert files == read_files(tmp_path / "plain")
    assert files["run.gif"].count(b"\x21\xf9\x04") == 3  # a frame for each epoch


NOTEBOOK = """
import runpy, sys

class Cell:
    def write(self, text):
        pass
    def flush(self):
        pass

for folder, stdout in ("Python-FeedForward", Cell()), ("PyTorch-FeedForward", None):
    sys.stdout = stdout
    sys.argv[0] = "main.py"
    sys.path.insert(0, folder)
    runpy.run_path(f"{folder}/main.py", run_name="__main__")
    sys.path.remove(folder)
"""


def test_both_exercises_run_in_one_notebook(tmp_path):
    """As %run does it: the second one finds the modules of the first."""
    command = [sys.executable, "-c", NOTEBOOK, *SHORT.split(), "--output", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True)
    assert {"backprop.tex", "pytorch.tex"} < {*read_files(tmp_path)}
