"""Every command line: what it writes, and what it says when something is wrong."""

import errno
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from decision_boundary import (
    balance,
    figures,
    live,
    results,
    script,
    smooth,
    training,
)
from decision_boundary.script import ROOT, load, run

BACKPROP = "Python-FeedForward/main.py"
PYTORCH = "PyTorch-FeedForward/main.py"
OPTIMIZERS = "PyTorch-FeedForward/compare_optimizers.py"
HEXAGON = "decision_boundary/main.py"
SHORT = "--epochs 3 --runs 2 --points 70"
# script, options that make it quick, what it writes
RUNS = [
    (BACKPROP, SHORT, ["figures/backprop.pdf", "numbers/backprop.tex"]),
    (BACKPROP, "--check-gradients", ["numbers/gradients.tex"]),
    (
        "Python-FeedForward/cross_entropy.py",
        "--starts 10 --steps 5",
        ["figures/cross_entropy.pdf", "numbers/cross_entropy.tex"],
    ),
    (PYTORCH, SHORT, ["figures/pytorch.pdf", "numbers/pytorch.tex"]),
    (
        OPTIMIZERS,
        "--epochs 1 --runs 2",
        ["figures/optimizers.pdf", "numbers/optimizers.tex"],
    ),
    ("PyTorch-FeedForward/test_gradients.py", "", ["numbers/functions.tex"]),
    (
        HEXAGON,
        "--networks 8 --epochs 1 --points 64",
        [
            "numbers/hexagon.tex",
            "figures/hexagon.png",
            "figures/hexagon.gif",
            "figures/hexagon.pdf",
            "figures/polygons.pdf",
            "figures/failures.pdf",
            "figures/activations.pdf",
            "figures/balance.pdf",
        ],
    ),
]
SCRIPTS = sorted({script for script, _, _ in RUNS})


@pytest.fixture
def call(monkeypatch, capsys):
    """call(script, options): exit status, what it printed, what it said on stderr."""
    monkeypatch.setattr(training, "FRESH_POINTS", 1000)

    def call_script(script, options):
        monkeypatch.setattr(sys, "argv", [script, *options.split()])
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


@pytest.mark.parametrize(("script", "options", "names"), RUNS)
def test_the_same_command_writes_the_same_files(
    call, tmp_path, script, options, names, monkeypatch
):
    # Parts that take long whatever the options are
    monkeypatch.setattr(smooth, "STEPS", 10)
    monkeypatch.setattr(smooth, "SEEDS", 1)
    monkeypatch.setattr(smooth, "WIDTHS", (2, 3))
    monkeypatch.setattr(balance, "RATES", (0.8, 0.4, 0.2))
    monkeypatch.setattr(load(OPTIMIZERS), "FRESH_POINTS", 1000)
    monkeypatch.setattr(load("Python-FeedForward/gradient_check.py"), "NETWORKS", 2)
    contents, shown = [], []

    def draw(figure, *format):  # which takes long, so only as often as needed
        lines = [line.get_xydata().tolist() for ax in figure.axes for line in ax.lines]
        shown.append(repr(lines).encode())
        drawn = len(contents) < 2
        return figures.figure_bytes(figure, *format) if drawn else shown[-1]

    for module in (training, load(script)):
        monkeypatch.setattr(module, "figure_bytes", draw, raising=False)
    for folder in ("first", "second"):
        status, out, err = call(script, f"{options} --output {tmp_path / folder}")
        assert (status, err) == (0, "")
        assert out
        written = {p for p in (tmp_path / folder).rglob("*") if p.is_file()}
        assert {str(p.relative_to(tmp_path / folder)) for p in written} == set(names)
        contents.append({p.name: p.read_bytes() for p in written})
    assert contents[0] == contents[1]
    if not re.search("--check|test_", f"{script} {options}"):
        before = {*shown, *contents[0].values()}
        shown.clear()
        call(script, f"{options} --output {tmp_path / 'first'} --seed 1")
        after = {(tmp_path / "first" / name).read_bytes() for name in names}
        assert not before & (after | set(shown))


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_tells_the_defaults(call, script):
    status, out, _ = call(script, "--help")
    assert status == 0
    assert "--output DIR" in out
    if "test_" not in script:
        assert re.search(r"--seed SEED\s+decides the run \(default: 0\)", out)


BAD_OPTIONS = [
    "--seed -1",
    "--seed one",
    "--unknown",
    "--outp x",  # no abbreviations
    "extra",
    "--output /dev/null/folder",
    "--output README.md",
]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_a_bad_option_is_one_line_and_status_2(call, script, options, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, err = call(script, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert options.split()[-1].split("/")[-1].split("--")[-1][:5] in err


@pytest.mark.parametrize(
    "options",
    ["--epochs 0", "--epochs 1.5", "--runs 0", "--points 0", "--learning-rate 0"]
    + ["--points 4611686018427387904", "--animation x.mp4", "--learning-rate nan"]
    + ["--learning-rate inf", "--learning-rate x"],
)
def test_a_bad_training_option_too(call, options):
    status, out, err = call(BACKPROP, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert options.split()[0] in err
    assert repr(options.split()[1]) in err


@pytest.mark.parametrize(
    ("script", "options", "message"),
    [
        (HEXAGON, "--networks 0", "'0' is not allowed"),
        (HEXAGON, "--init spread", "--init needs --save"),
        (HEXAGON, "--hidden-units 4", "--hidden-units needs --save"),
        (HEXAGON, "--save x.npz --live", "--live does not go with --save"),
        (HEXAGON, "--save .", "something that is not a file"),
        (HEXAGON, "--save /dev/null", "something that is not a file"),
        (HEXAGON, f"--save {300 * 'x'}", "File name too long"),
        (HEXAGON, "--save x.npz --init none", "invalid choice"),
        (HEXAGON, "--save /dev/null/x.npz", "cannot write to /dev/null/x.npz: Not a"),
        (BACKPROP, "--animation .", "'.' is not allowed"),
        (BACKPROP, "--check-gradients --points 9", "--points does not go with"),
        (PYTORCH, "--device meta", "'meta' is not available"),
        (PYTORCH, "--device abacus", "'abacus' is not available"),
        (PYTORCH, "--device hpu", "'hpu' is not available"),
        (PYTORCH, "--device mkldnn", "'mkldnn' is not available"),
    ],
)
def test_options_of_single_scripts(call, script, options, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, err = call(script, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_name_of_two_lines_is_told_in_one(capsys):
    with pytest.raises(SystemExit) as stop:
        script.Parser(None).parse_args(["--output", "/dev/null/two\nlines"])
    err = capsys.readouterr().err
    assert (stop.value.code, err.count("\n")) == (2, 1)
    assert "/dev/null/two lines" in err


def test_too_much_for_the_memory(call, tmp_path, monkeypatch):
    options = f"--save {tmp_path / 'e.npz'} --networks 99999999 --hidden-units 99999999"
    status, _, err = call(HEXAGON, options)
    assert (status, err.count("\n")) == (1, 1)
    assert "out of memory" in err

    def torchs(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")

    monkeypatch.setattr(load(PYTORCH), "run_epoch", torchs)
    status, _, err = call(PYTORCH, f"{SHORT} --output {tmp_path}")
    assert (status, err) == (1, "main.py: out of memory: ask for less\n")


def test_saved_ensembles_can_be_read(call, tmp_path):
    file = tmp_path / "e.npz"
    options = f"--save {file} --networks 5 --hidden-units 4 --epochs 2 --points 50"
    status, out, err = call(HEXAGON, f"{options} --output {tmp_path}")
    assert (status, err) == (0, "")
    assert "8-gons" in out
    shapes = {name: array.shape for name, array in np.load(file).items()}
    assert shapes == {
        "hidden_weights": (5, 2, 4),
        "hidden_biases": (5, 4),
        "output_weights": (5, 4),
        "output_biases": (5,),
    }


@pytest.mark.parametrize(
    ("script", "options"),
    [
        (BACKPROP, f"{SHORT} --learning-rate 1e200"),
        (BACKPROP, "--epochs 1 --points 32 --learning-rate 1e308"),  # the last step
        (PYTORCH, f"{SHORT} --learning-rate 1e38"),
    ],
)
def test_a_training_that_diverges(call, tmp_path, script, options):
    status, _, err = call(script, f"{options} --output {tmp_path}")
    assert status == 1
    assert re.search(r"epoch \d.*lower --learning-rate\n$", err)
    assert err.count("\n") == 1
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.fixture
def earlier(tmp_path):
    """A folder with earlier results of BACKPROP, and their contents."""
    contents = {tmp_path / name: b"earlier" for name in RUNS[0][2]}
    for path, content in contents.items():
        path.parent.mkdir()
        path.write_bytes(content)
    return tmp_path, contents


def read_files(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def unchanged(folder, contents):
    return contents == read_files(folder)


# Sends itself Ctrl-C, at an audit event or (in vain, for an exception) while Python
# collects garbage, and runs a script
INTERRUPTED = """if True:
    import gc, os, runpy, signal, sys

    event, text, *sys.argv = sys.argv[1:]

    def interrupt(*_):
        if "numpy" in sys.modules:  # the script has begun
            os.kill(os.getpid(), signal.SIGINT)

    if event == "gc":
        gc.callbacks.append(interrupt)
    sys.addaudithook(lambda e, args: e == event and text in str(args) and interrupt())
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def interrupt(event, text, folder):
    command = [sys.executable, "-c", INTERRUPTED, event, text, ROOT / BACKPROP]
    command += [*SHORT.split(), "--seed", "5", "--output", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("event", "text"), [("import", "'matplotlib'"), ("gc", ""), ("open", "cmr10.ttf")]
)
def test_ctrl_c_leaves_earlier_results(earlier, event, text):
    folder, contents = earlier
    done = interrupt(event, text, folder)
    message = "\nstopped; the files are those of the last complete run\n"
    assert (done.returncode, done.stderr) == (130, message)
    assert unchanged(folder, contents)


def test_ctrl_c_does_not_part_files_that_belong_together(earlier):
    folder, contents = earlier
    done = interrupt("os.rename", "backprop.pdf", folder)
    assert (done.returncode, done.stderr) == (0, "")
    for path, content in contents.items():
        assert path.read_bytes() != content


def test_a_full_disk_leaves_earlier_results(call, earlier, monkeypatch):
    folder, contents = earlier
    write_bytes = results.Path.write_bytes

    def full(path, content):
        write_bytes(path, content[: len(content) // 2])
        if "numbers" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(results.Path, "write_bytes", full)
    status, _, err = call(BACKPROP, f"{SHORT} --seed 5 --output {folder}")
    assert status == 1
    assert err.count("\n") == 1
    assert "No space left" in err
    assert unchanged(folder, contents)


def test_results_take_the_place_of_files_only(call, earlier):
    folder, _ = earlier
    numbers = folder / "numbers/backprop.tex"
    numbers.rename(folder / "target")
    numbers.symlink_to(folder / "target")
    contents = (folder / "target").read_bytes()
    assert call(BACKPROP, f"{SHORT} --seed 5 --output {folder}")[0] == 0
    assert numbers.is_symlink()
    assert numbers.read_bytes() != contents

    numbers.unlink()
    numbers.mkdir()
    contents = read_files(folder)
    status, _, err = call(BACKPROP, f"{SHORT} --seed 6 --output {folder}")
    assert (status, err.count("\n")) == (1, 1)
    assert "something that is not a file" in err
    assert unchanged(folder, contents)


@pytest.mark.parametrize(
    ("output", "message"), [(None, "Broken pipe"), ("/dev/full", "No space left")]
)
def test_nobody_reads_what_is_printed(tmp_path, output, message):
    reader, writer = os.pipe()
    os.close(reader)
    with open(output or writer, "w") as stdout:
        command = [sys.executable, ROOT / BACKPROP, *SHORT.split()]
        command += ["--output", tmp_path]
        done = subprocess.run(
            command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_progress_without_stderr(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    script.tell("text")
    assert capsys.readouterr().out == "text\n"


def test_a_file_that_cannot_be_replaced_leaves_all_as_they_were(earlier, monkeypatch):
    folder, contents = earlier
    replace, new = os.replace, folder / "new"

    def refuse(temporary, path):
        if path.name == "backprop.tex":
            raise PermissionError(errno.EPERM, "Operation not permitted", temporary)
        replace(temporary, path)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="backprop.tex"):
        results.write_files(dict.fromkeys([new, *contents], b"later"))
    assert unchanged(folder, contents)


def test_from_another_folder_with_a_space_and_no_screen(tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    command = [sys.executable, ROOT / BACKPROP, *SHORT.split()]
    command += ["--live", "--output", "out", "--animation", "gif/run.gif"]
    environment = {"MPLBACKEND": "module://of.another.project", "PATH": ""}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == "--live: no screen found; the training goes on without\n"
    assert (folder / "out/numbers/backprop.tex").exists()
    gif = (folder / "gif/run.gif").read_bytes()
    assert gif.startswith(b"GIF89a")
    assert gif.count(b"\x21\xf9\x04") == 3  # a frame for each epoch


@pytest.mark.parametrize("backend", ["agg", "tkagg", "nonsense", "module://os"])
def test_no_window_without_a_screen(backend, monkeypatch, capsys):
    monkeypatch.setattr(live, "BACKEND", backend)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert live.pyplot_on_screen() is None
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("--live: no screen found")


def test_the_live_view_follows_the_network():
    probability = 0.0

    def predict(points):
        return [probability] * len(points)

    point, label = np.zeros((1, 2)), np.zeros((1, 1))
    view = live.View(figures.new_figure(2), predict, point, label, 9)
    for losses, probability in ([3.0], 0.25), ([3.0, 2.0], 0.75):
        view.draw(losses)
        assert (view.image.get_array() == probability).all()
        assert list(view.line.get_ydata()) == losses
    assert view.line.axes.get_title() == "epoch 2"


def test_numbers_are_macros(tmp_path):
    content = results.numbers("python x.py", {"Share": "99.5", "Runs": 3})
    assert content.decode() == (
        "% Written by: python x.py\n\\newcommand{\\Share}{99.5}\n\\newcommand{\\Runs}{3}\n"
    )
    assert results.scientific(1.23e-16) == r"$1.2\cdot10^{-16}$"
    assert results.scientific(0.0) == "0"
    assert results.table_rows([["a", "b"], ["c", "d"]]) == "a & b\\\\\nc & d"
