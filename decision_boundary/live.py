"""A training that is followed as it goes: in a window, or in a GIF."""

import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib.animation import PillowWriter

from decision_boundary.figures import (
    DARK,
    as_line,
    draw_losses,
    draw_map,
    new_figure,
    probability_grid,
)
from decision_boundary.script import BACKEND

FRAMES, FRAMES_PER_SECOND = 36, 10
SECONDS_BETWEEN_DRAWINGS = 0.1
RESOLUTION = 80  # of the probability map, cells a side


class View:
    """Probability map and loss trend; a new epoch only replaces their data.

    boundary: () -> the decision boundary's polylines, drawn over the map; optional.
    """

    def __init__(self, figure, predict, X, y, epochs, boundary=None):
        self.figure, self.predict, self.boundary = figure, predict, boundary
        left, right = figure.subplots(1, 2)
        self.image = draw_map(left, predict, X, y, RESOLUTION)
        (self.polylines,) = left.plot([], [], color=DARK)
        self.line = draw_losses(right, [[0.01, 1]])  # as wide as labels will get
        self.last_epoch = epochs
        right.set(xlim=(0, epochs), title="epoch 0")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: every frame would be slow

    def draw(self, losses):
        """Show the network as it is now, and its losses (epochs so far,)."""
        self.image.set_data(probability_grid(self.predict, RESOLUTION))
        if self.boundary:
            self.polylines.set_data(*as_line(self.boundary()))
        self.line.set_data(np.arange(1, len(losses) + 1), losses)
        self.line.axes.relim()
        self.line.axes.autoscale_view(scalex=False)
        self.line.axes.set_title(f"epoch {len(losses)}")


class Window(View):
    """A view on the screen, redrawn as often as the training can afford."""

    def __init__(self, plt, *args):
        self.plt = plt
        super().__init__(plt.gcf(), *args)
        plt.show(block=False)
        self.next_drawing = 0
        self.figure.canvas.mpl_connect("close_event", self.stop)

    def stop(self, _):
        """Once the window is closed, the training goes on without."""
        self.last_epoch = self.next_drawing = math.inf

    def update(self, losses):
        last = len(losses) == self.last_epoch
        if last or time.perf_counter() >= self.next_drawing:
            self.draw(losses)
            self.figure.canvas.draw_idle()
            self.figure.canvas.flush_events()
            self.next_drawing = time.perf_counter() + SECONDS_BETWEEN_DRAWINGS

    def files(self):
        return {}

    def close(self):
        if self.next_drawing < math.inf:
            print("close the window to end")
        self.plt.show()


class Animation(View):
    """A view whose frames become a GIF; the early epochs, where most moves, are many."""

    def __init__(self, path, *args):
        super().__init__(new_figure(2.6, width=5.2), *args)
        self.path = path
        self.writer = PillowWriter(FRAMES_PER_SECOND)
        self.writer.setup(self.figure, path, dpi=80)
        self.epochs = set(np.geomspace(1, self.last_epoch, FRAMES).round())

    def update(self, losses):
        if len(losses) in self.epochs:
            self.draw(losses)
            self.writer.grab_frame()

    def files(self):
        """The GIF, as {path: bytes}."""
        with tempfile.TemporaryDirectory() as folder:
            self.writer.outfile = gif = Path(folder) / "training.gif"
            self.writer.finish()
            return {self.path: gif.read_bytes()}

    def close(self):
        pass


def make_views(options, *args):
    """The views that --live and --animation ask for; args as View takes them."""
    views = []
    if options.live and (plt := pyplot_on_screen()):
        views.append(Window(plt, *args))
    if options.animation:
        views.append(Animation(options.animation, *args))
    return views


def pyplot_on_screen():
    """pyplot with a window for a new figure; without a screen None, told in one line."""
    import matplotlib.pyplot as plt  # looks for a screen, so only when asked to

    try:
        if BACKEND:
            plt.switch_backend(BACKEND)
        figure = plt.figure(figsize=(9, 4.2), dpi=100, layout="constrained")
        if figure.canvas.required_interactive_framework:
            return plt
    except (ImportError, RuntimeError, ValueError, AttributeError, TypeError):
        pass  # MPLBACKEND may name whatever module there is
    print("--live: no screen found; the training goes on without", file=sys.stderr)
    return None
