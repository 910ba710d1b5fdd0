"""Every command line: what it writes, and what it says when something is wrong."""

import errno
import re
import subprocess
import sys

import numpy as np
import pytest

from decision_boundary import balance, figures, live, results, smooth
from decision_boundary.script import ROOT, load, run

BACKPROP = "Python-FeedForward/main.py"
PYTORCH = "PyTorch-FeedForward/main.py"
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
        "PyTorch-FeedForward/compare_optimizers.py",
        "--epochs 1 --runs 2",
        ["figures/optimizers.pdf", "numbers/optimizers.tex"],
    ),
    ("PyTorch-FeedForward/test_gradients.py", "", ["numbers/functions.tex"]),
    (
        HEXAGON,
        "--networks 8 --epochs 2 --points 64",
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
    contents = []
    for folder in ("first", "second"):
        status, out, err = call(script, f"{options} --output {tmp_path / folder}")
        assert (status, err) == (0, "")
        assert out
        written = {p for p in (tmp_path / folder).rglob("*") if p.is_file()}
        assert {str(p.relative_to(tmp_path / folder)) for p in written} == set(names)
        contents.append({p.name: p.read_bytes() for p in written})
    assert contents[0] == contents[1]
    if not re.search("--check|test_", f"{script} {options}"):
        call(script, f"{options} --output {tmp_path / 'first'} --seed 1")
        for name in names:
            assert (tmp_path / "first" / name).read_bytes() != contents[0][
                name.split("/")[1]
            ]


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
    + ["--learning-rate nan", "--learning-rate inf", "--learning-rate x"],
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
        (HEXAGON, "--init spread", "need --save"),
        (HEXAGON, "--hidden-units 4", "need --save"),
        (HEXAGON, "--save .", "is a folder"),
        (HEXAGON, "--save x.npz --init none", "invalid choice"),
        (HEXAGON, "--save /dev/null/x.npz", "cannot write to /dev/null"),
        (BACKPROP, "--animation .", "is a folder"),
        (PYTORCH, "--device meta", "'meta' is not available"),
        (PYTORCH, "--device abacus", "'abacus' is not available"),
    ],
)
def test_options_of_single_scripts(call, script, options, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, err = call(script, options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_too_much_for_the_memory(call, tmp_path):
    status, _, err = call(
        BACKPROP, f"--points 999999999999999 --output {tmp_path / 'results'}"
    )
    assert (status, err.count("\n")) == (1, 1)
    assert "out of memory" in err


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


def test_a_training_that_diverges(call, tmp_path):
    options = f"{SHORT} --learning-rate 1e200 --output {tmp_path}"
    status, _, err = call(BACKPROP, options)
    assert status == 1
    assert re.search(r"epoch \d.*lower --learning-rate\n$", err)
    assert err.count("\n") == 1
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.fixture
def earlier(call, tmp_path):
    """A folder with the results of a complete run, and their contents."""
    call(BACKPROP, f"{SHORT} --output {tmp_path}")
    return tmp_path, {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


def unchanged(folder, contents):
    return contents == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_ctrl_c_leaves_earlier_results(call, earlier, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    folder, contents = earlier
    for place in (load(BACKPROP), "run_epoch"), (results.os, "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(*place, interrupted)
            status, _, err = call(BACKPROP, f"{SHORT} --seed 5 --output {folder}")
        assert (status, err) == (130, "\nstopped; earlier results are unchanged\n")
        assert unchanged(folder, contents)


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


def test_from_another_folder_with_a_space_and_no_screen(tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    command = [sys.executable, ROOT / BACKPROP, *SHORT.split()]
    command += ["--live", "--output", "out", "--animation", "gif/run.gif"]
    environment = {"MPLBACKEND": "agg", "PATH": ""}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == "--live: no screen found; the training goes on without\n"
    assert (folder / "out/numbers/backprop.tex").exists()
    gif = (folder / "gif/run.gif").read_bytes()
    assert gif.startswith(b"GIF89a")
    assert gif.count(b"\x21\xf9\x04") == 3  # a frame for each epoch


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
