"""The window of --live, seen and closed from outside, on a virtual screen (Xvfb)."""

import ctypes
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
MISSING += [] if find_spec("tkinter") else ["tkinter"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"missing: {MISSING}")
SCRIPT, HEIGHT, WIDTH = "Python-FeedForward/main.py", 420, 900  # pixels of the figure


@pytest.fixture(scope="module")
def screen():
    """The environment of a program that uses the virtual screen."""
    reader, writer = os.pipe()
    # 960 pixels at 96 dpi are 254 mm, without rounding: Tk scales nothing
    command = f"Xvfb -displayfd {writer} -screen 0 960x960x24 -dpi 96 -noreset".split()
    server = Popen(command, pass_fds=[writer])
    os.close(writer)
    with open(reader) as file:
        display = f":{file.readline().strip()}"  # the first one that is free
    yield {**os.environ, "DISPLAY": display, "MPLBACKEND": "TkAgg"}
    server.terminate()


@pytest.fixture
def start(screen, tmp_path):
    """start(epochs): a training with --live, and the X11 number of its window."""
    processes = []

    def start_training(epochs):
        options = "--live", "--runs=1", f"--epochs={epochs}", "--output", tmp_path
        command = [sys.executable, ROOT / SCRIPT, *options]
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
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def photo(screen):
    """The part of the screen that the figure covers, (HEIGHT, WIDTH, 3) from 0 to 1."""
    command = ["import", "-window", "root", "-define", "png:color-type=2", "png:-"]
    return imread(BytesIO(check_output(command, env=screen)))[:HEIGHT, :WIDTH]


def close(screen, window):
    """Send WM_DELETE_WINDOW, as the button in a window's title bar does."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(screen["DISPLAY"].encode()))
    protocols = x11.XInternAtom(display, b"WM_PROTOCOLS", False)
    delete = x11.XInternAtom(display, b"WM_DELETE_WINDOW", False)
    # An XClientMessageEvent, whose type is 33
    event = (ctypes.c_long * 24)(33, 0, True, 0, window, protocols, 32, delete)
    x11.XSendEvent(display, ctypes.c_ulong(window), False, ctypes.c_long(0), event)
    x11.XCloseDisplay(display)


def test_the_window_follows_the_training_until_it_is_closed(start, screen, tmp_path):
    process, window = start(epochs := 200)
    first, printed = photo(screen), tmp_path / "printed"
    wait_for(lambda: (photo(screen) != first).any())
    assert "wrote" not in printed.read_text()
    wait_for(lambda: "close the window" in printed.read_text())
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100, layout="constrained")
    run, canvas = load(SCRIPT).make_run(0, 512), FigureCanvasAgg(figure)
    live.View(figure, run, epochs).draw([run.run_epoch() for _ in range(epochs)])
    canvas.draw()
    expected = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    assert np.mean(np.abs(photo(screen) - expected).max(axis=2) > 0.03) < 0.001
    assert process.poll() is None
    close(screen, window)
    assert process.wait(timeout=30) == 0


def test_the_training_goes_on_without_a_window(start, screen, tmp_path):
    process, window = start(400)
    close(screen, window)
    wait_for(lambda: not photo(screen).any())  # a black screen
    assert process.poll() is None and process.wait(timeout=60) == 0
    lines = (tmp_path / "printed").read_text().splitlines()
    assert lines[-3] == "wrote"  # and nothing of a window to be closed
    assert all(os.path.getsize(path.strip()) for path in lines[-2:])
