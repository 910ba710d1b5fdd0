"""The window of --live, seen and closed from outside, on a virtual screen (Xvfb)."""

from importlib.util import find_spec
from io import BytesIO
import os
import shutil
from subprocess import Popen, check_output
import sys
import time

from decision_boundary.shared import live
from decision_boundary.shared.script import ROOT, load
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
import numpy as np
import pytest

MISSING = [tool for tool in ("Xvfb", "import", "xdotool") if not shutil.which(tool)]
if find_spec("tkinter") is None:
    MISSING.append("tkinter")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"missing: {MISSING}")
SCRIPT = "Python-FeedForward/main.py"
HEIGHT, WIDTH = 420, 900  # pixels of the figure


@pytest.fixture(scope="module")
def screen():
    """The environment of a program that uses the virtual screen."""
    reader, writer = os.pipe()
    # 960 pixels at 96 dpi are 254 mm, without rounding: Tk scales nothing
    command = f"Xvfb -displayfd {writer} -screen 0 960x960x24 -dpi 96 -noreset"
    server = Popen(command.split(), pass_fds=[writer])
    os.close(writer)
    with open(reader) as file:
        display = file.readline().strip()  # the first one that is free
    yield os.environ | {"DISPLAY": f":{display}"}
    server.terminate()


@pytest.fixture
def start(screen, tmp_path):
    """start(epochs, runs): a training with --live, and the X11 number of its window."""
    processes = []

    def start_training(epochs, runs):
        command = [sys.executable, ROOT / SCRIPT, "--live", "--output", tmp_path]
        command += [f"--epochs={epochs}", f"--runs={runs}"]
        with open(tmp_path / "printed", "w") as out:
            processes.append(Popen(command, env=screen, stdout=out))
        find = "xdotool search --onlyvisible --name '^Training$' || true"
        window = wait_for(lambda: check_output(find, shell=True, env=screen))
        return processes[-1], int(window)

    yield start_training
    for process in processes:
        process.kill()


def wait_for(condition):
    end = time.monotonic() + 60
    value = condition()
    while not value:
        assert time.monotonic() < end
        time.sleep(0.05)
        value = condition()
    return value


def photo(screen):
    """The part of the screen that the figure covers, (HEIGHT, WIDTH, 3) from 0 to 1."""
    command = ["import", "-window", "root", "-define", "png:color-type=2", "png:-"]
    return imread(BytesIO(check_output(command, env=screen)))[:HEIGHT, :WIDTH]


def close(screen, window):
    """Press q, which Matplotlib takes as its window's button."""
    command = f"xdotool windowfocus --sync {window} key q"
    check_output(command.split(), env=screen)


def test_the_window_follows_the_training_until_it_is_closed(start, screen, tmp_path):
    process, window = start(epochs=200, runs=1)
    first = photo(screen)
    printed = tmp_path / "printed"
    wait_for(lambda: (photo(screen) != first).any())
    assert "wrote" not in printed.read_text()
    wait_for(lambda: "close the window" in printed.read_text())
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    training = load(SCRIPT).Training(0)
    view = live.View(figure, training, "2-16-16-1, seed 0", 200)
    losses = []
    for _ in range(200):
        training.run_epoch()
        losses.append(training.loss())
    view.draw(losses)
    canvas.draw()
    expected = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    assert np.mean(np.abs(photo(screen) - expected).max(axis=2) > 0.03) < 0.001
    assert process.poll() is None
    close(screen, window)
    assert process.wait(timeout=30) == 0


def test_the_trainings_go_on_without_a_window(start, screen, tmp_path):
    process, window = start(epochs=300, runs=2)
    close(screen, window)
    wait_for(lambda: not photo(screen).any())  # a black screen
    assert process.poll() is None
    assert process.wait(timeout=60) == 0
    lines = (tmp_path / "printed").read_text().splitlines()
    assert lines[-3] == "wrote"  # and nothing of a window to be closed
