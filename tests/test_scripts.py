"""Every command line: what it writes, and what it says when something is wrong."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys

from decision_boundary.shared import figures, live, results, training
from decision_boundary.shared.script import ROOT, load, run
import numpy as np
import pytest

BACKPROP, PYTORCH = "Python-FeedForward/main.py", "PyTorch-FeedForward/main.py"
HEXAGON, STUDY = "decision_boundary/main.py", "decision_boundary/study"
SHORT = "--epochs 3 --runs 2 --points 70"
SETS = "--points 64 --data-sets 2 --networks 3"
SCRIPTS = {  # the name of its numbers, and options that make it quick
    BACKPROP: ("backprop", SHORT),
    "Python-FeedForward/gradient_check.py": ("gradients", ""),
    "Python-FeedForward/cross_entropy.py": ("cross_entropy", "--starts 12 --steps 5"),
    PYTORCH: ("pytorch", SHORT),
    "PyTorch-FeedForward/test_gradients.py": ("functions", ""),
    "PyTorch-FeedForward/compare_optimizers.py": ("optimizers", "--epochs 1 --runs 2"),
    HEXAGON: ("hexagon", "--epochs 1 --points 64"),
    f"{STUDY}/starts.py": ("starts", f"{SETS} --epochs 1"),
    f"{STUDY}/polygons.py": ("polygons", f"{SETS} --epochs 1"),
    f"{STUDY}/points.py": ("points", "--data-sets 2 --networks 2 --steps 256"),
    f"{STUDY}/deep.py": ("deep", f"{SETS} --epochs 1"),
    f"{STUDY}/activations.py": ("activations", "--epochs 1 --points 64 --runs 1"),
    f"{STUDY}/descent.py": ("descent", "--networks 3"),
    "report/sources.py": ("sources", ""),
}
NOT_RANDOM = "functions", "sources"
# By name, the numbers among the options' defaults, in the order of --help
DEFAULTS = """backprop 0 1024 512 5 0.03, gradients 0, cross_entropy 0 1000 1000,
pytorch 0 256 512 5 0.01, functions 0, optimizers 0 256 20, hexagon 0 256 512 1000 3,
starts 0 256 512 200 50, polygons 0 256 512 20 50, points 0 10 50 2048,
deep 0 256 512 50 5, activations 0 512 512 3, descent 0 512 6 100, sources 0"""


@pytest.fixture
def call(monkeypatch, capsys):
    """call(script, options, folder): exit status, and what is on stdout and stderr."""
    monkeypatch.setattr(training, "FRESH_POINTS", 1000)

    def call_script(script, options="", folder=None):
        output = ["--output", str(folder)] if folder else []
        monkeypatch.setattr(sys, "argv", [script, *options.split(), *output])
        status = 0
        try:
            run(load(script).main)
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        if isinstance(status, str):  # Python prints it, and exits with 1
            status, err = 1, err + status + "\n"
        return status or 0, out, err

    return call_script


@pytest.fixture
def shorter(monkeypatch):
    """Leave out what takes long whatever the options are."""
    for script, name, value in [
        (f"{STUDY}/activations.py", "WIDTHS", (2, 3)),
        (f"{STUDY}/points.py", "CASES", [(512, 64, 0.1), (512, 512, 0.1)]),
        (f"{STUDY}/descent.py", "STEPS", 20),
        ("Python-FeedForward/gradient_check.py", "NETWORKS", 2),
        ("PyTorch-FeedForward/compare_optimizers.py", "FRESH_POINTS", 100),
    ]:
        monkeypatch.setattr(load(script), name, value)


def read_files(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# What they write


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_same_command_writes_the_same_bytes(call, shorter, tmp_path, script):
    name, options = SCRIPTS[script]
    contents = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        status, out, err = call(script, options, folder)
        assert (status, err) == (0, "")
        contents.append(read_files(folder))
        paths = out.partition("wrote\n")[2].split()
        assert sorted(contents[-1]) == sorted(map(os.path.basename, paths))
    assert f"{name}.tex" in contents[0]
    assert contents[0] == contents[1]
    if name not in NOT_RANDOM:
        call(script, f"{options} --seed 1", tmp_path / "third")
        assert contents[0] != read_files(tmp_path / "third")


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_lists_the_options_and_their_defaults(call, script):
    status, out, _ = call(script, "--help")
    assert status == 0
    text = " ".join(out.split())
    assert "--seed SEED random seed, decides the run (default: 0)" in text
    defaults = " ".join(re.findall(r"\(default: ([\d.]+)\)", text))
    assert f"{SCRIPTS[script][0]} {defaults}" in DEFAULTS.replace("\n", " ").split(", ")


def test_numbers_become_macros_and_tables_are_printed(capsys):
    text = results.table(["name", "x"], [["a1", "1.5e-16"], ["long name", "0"]])
    printed = "name             x\na1         1.5e-16\nlong name        0\n"
    assert capsys.readouterr().out == printed
    macros = results.macros({"Table": text, "Count": 3, "X": "2.0e+05 +- 1.0e-02"})
    assert macros.decode().splitlines() == [
        r"\newcommand{\Table}{a1 & $1.5\cdot10^{-16}$\\",
        "long name & 0}",
        r"\newcommand{\Count}{3}",
        r"\newcommand{\X}{$2.0\cdot10^{5}$ $\pm$ $1.0\cdot10^{-2}$}",
    ]
    assert (results.scientific(0), results.scientific(123)) == ("0", "1.2e+02")


# Bad options: one line, and status 2


@pytest.mark.parametrize(
    ("script", "options", "message"),
    [
        (BACKPROP, "--seed -1", "an integer from 0 to 4294967295, not '-1'"),
        (BACKPROP, "--unknown", "--unknown"),
        (BACKPROP, "--output /dev/null/folder", "/dev/null/folder"),
        (BACKPROP, "--output README.md", "README.md"),
        (BACKPROP, "--learning-rate 0", "a number > 0 and <= 1e30, not '0'"),
        (BACKPROP, "--animation x.mp4", "must end in .gif, not be 'x.mp4'"),
        (HEXAGON, "--save /", "is not a file"),
        (HEXAGON, "--save x.npz --init none", "invalid choice"),
    ],
)
def test_a_bad_option_takes_one_line_and_status_2(
    call, monkeypatch, script, options, message
):
    monkeypatch.chdir(ROOT)
    status, out, err = call(script, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


# What stops a run: one line, and the old files stay


@pytest.mark.parametrize("while_", ["training", "drawing", "writing"])
@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "\nstopped\n"),
        (OSError("disk\nis full"), 1, f"{BACKPROP}: disk is full\n"),
        (MemoryError("too large"), 1, f"{BACKPROP}: too large\n"),
    ],
)
def test_what_stops_a_run(call, tmp_path, monkeypatch, while_, error, status, message):
    earlier = ("numbers/backprop.tex", b"1"), ("figures/backprop.pdf", b"2")
    results.write_files({tmp_path / name: content for name, content in earlier})
    contents, write_bytes = read_files(tmp_path), results.Path.write_bytes

    def stop(*args):
        if while_ == "writing":
            write_bytes(args[0], b"half")
        if while_ != "writing" or "figures" in str(args[0]):
            raise error

    steps = {"training": (load(BACKPROP), "run_epoch"), "drawing": (training, "draw")}
    monkeypatch.setattr(*steps.get(while_, (results.Path, "write_bytes")), stop)
    result, _, err = call(BACKPROP, f"{SHORT} --seed 5", tmp_path)
    assert (result, err) == (status, message.replace("Python-FeedForward/", ""))
    assert read_files(tmp_path) == contents


@pytest.mark.parametrize("script", [BACKPROP, PYTORCH])
def test_a_training_that_diverges(call, tmp_path, script):
    options = "--epochs 9 --points 70 --learning-rate 1e30"
    status, _, err = call(script, options, tmp_path)
    expected = r"main.py: lo.* not finite .*epoch \d; lower the learning rate\n"
    assert status == 1 and re.fullmatch(expected, err)
    assert not read_files(tmp_path)


# A background job ignores SIGINT, and a child would inherit that
START = "import runpy, signal, sys; del sys.argv[0]; "
START += "signal.signal(signal.SIGINT, signal.default_int_handler); "
START += "runpy.run_path(sys.argv[0], run_name='__main__')"


def start(*options, **streams):
    command = [sys.executable, "-c", START, ROOT / BACKPROP, *options]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    environment["MPLCONFIGDIR"] = figures.mpl.get_configdir()  # needs no home
    return subprocess.Popen(command, text=True, env=environment, **streams)


def test_a_real_ctrl_c(tmp_path):
    process = start("--epochs", "1000000", "--output", tmp_path, stdout=-1, stderr=-1)
    assert process.stdout.readline() == " epoch    loss  accuracy  seconds\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.count("\n")) == (130, 2)
    assert not read_files(tmp_path)


@pytest.mark.parametrize(
    ("output", "message"), [(None, "Broken pipe"), ("/dev/full", "No space left")]
)
def test_nobody_reads_what_is_printed(tmp_path, output, message):
    reader, writer = os.pipe()
    os.close(reader)
    with open(output or writer, "w") as stdout:
        process = start(*SHORT.split(), "--output", tmp_path, stdout=stdout, stderr=-1)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.count("\n")) == (1, 1)
    assert message in err


def test_from_another_folder_without_a_screen(tmp_path):
    folder = tmp_path / "ä b"
    folder.mkdir()
    options = "--live --output out --animation gif/run.gif --epochs 3 --runs 1"
    command = [sys.executable, ROOT / BACKPROP, *options.split()]
    environment = {"PATH": "", "HOME": str(tmp_path / "missing"), "LC_ALL": "C"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert re.search(r"--live: .*; training without a window\n$", done.stderr)
    assert (folder / "out/numbers/backprop.tex").exists()
    gif = (folder / "gif/run.gif").read_bytes()
    assert gif.count(b"\x21\xf9\x04") == 3  # a frame for each epoch


# The views


def test_the_map_shows_probabilities_at_the_centres_of_its_cells():
    values = figures.on_grid(lambda x: x @ [1, 10], 2)
    assert values.tolist() == [[-5.5, -4.5], [4.5, 5.5]]
    shown = figures.probability_map(lambda x: np.log(3) * (x[:, :1] > 0), 2)
    np.testing.assert_allclose(shown, [[0.5, 0.75]] * 2)


def test_the_view_follows_the_network():
    w, b = np.array([[1.0, -1], [0, 0]]), np.zeros(2)
    c = np.array([-0.5])

    def logits(x):
        return (np.maximum(x @ w + b, 0)).sum(axis=1, keepdims=True) + c

    layers = [w, np.ones((2, 1))], [b, c]
    X, y = np.zeros((1, 2)), np.zeros((1, 1))
    shown = training.Run(X, y, None, logits, lambda: layers, None)
    view = live.View(figures.new_figure(2), shown, 9)
    c[:] = -0.25  # the boundary moves from x = +-1/2 to x = +-1/4
    view.draw([0.7, 0.4])
    image = np.asarray(view.image.get_array())
    np.testing.assert_allclose(image, figures.probability_map(logits, 80))
    np.testing.assert_array_equal(view.line.get_xydata(), [[1, 0.7], [2, 0.4]])
    x, _ = view.boundary.get_data()
    assert sorted(x[np.isfinite(x)]) == [-0.25, -0.25, 0.25, 0.25]
    hinges, _ = view.hinges.get_data()
    assert not hinges[np.isfinite(hinges)].any()
    assert view.line.axes.get_title() == "epoch 2"


# The Makefile


def imports(path):
    """The project's files that the file imports, or loads, directly."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(node.module)
        if isinstance(node, ast.Constant):
            names.add(str(node.value).removesuffix(".py"))
    files = {re.sub(r"\.", "/", name) + ".py" for name in names}
    return {file for file in files if len(file) < 99 and (ROOT / file).is_file()}


PLUMBING = {"decision_boundary/checks.py"}
PLUMBING |= {f"decision_boundary/shared/{n}.py" for n in ("script", "results", "live")}


@pytest.mark.skipif(not shutil.which("make"), reason="missing: make")
@pytest.mark.parametrize("script", sorted({*SCRIPTS} - {"report/sources.py"}))
def test_make_knows_what_the_numbers_depend_on(script):
    target = f"report/numbers/{SCRIPTS[script][0]}.tex"
    rules = subprocess.getoutput(f"make -C '{ROOT}' -pnq clean")  # variables expanded
    edge = re.search(rf"^{target}: (.*)$", rules, re.MULTILINE)[1].split()
    needed, new = set(), {script}
    while new:
        needed |= new
        new = set().union(*map(imports, new)) - needed - PLUMBING
    assert next(file for file in edge if file.endswith(".py")) == script
    assert {*edge} - {".venv/complete"} == needed
