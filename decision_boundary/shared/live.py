"""Views of a training while it runs: a window on the screen, and a GIF."""

from pathlib import Path
import sys
import tempfile
import time

from decision_boundary.shared import figures
from decision_boundary.shared.boundaries import find_boundary
from decision_boundary.shared.script import one_line
import matplotlib
from matplotlib.animation import PillowWriter
import numpy as np

FRAMES = 36
FRAMES_PER_SECOND = 10
SECONDS_BETWEEN_DRAWINGS = 0.1
RESOLUTION = 80  # of the probability map, cells a side


class View:
    """Probability map, boundary and hinges on the left, losses on the right."""

    def __init__(self, figure, training, title, epochs):
        self.figure = figure
        self.training = training
        self.title = title
        self.last_epoch = epochs
        figure.clear()
        figure.set_layout_engine("constrained")
        left, right = figure.subplots(1, 2)
        self.image = figures.draw_map(left, training, RESOLUTION)
        (self.hinges,) = left.plot([], [], **figures.HINGE)
        (self.boundary,) = left.plot([], [], color=figures.DARK)
        (self.line,) = right.plot([], [], color=figures.DARK)
        figures.loss_axes(right)
        right.set(xlim=(0, epochs), ylim=(0.01, 1))
        self.show(0)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # lay out once; doing it per frame is slow

    def show(self, epoch):
        """Show the network as it is now."""
        training = self.training
        probabilities = figures.probability_map(training.logits, RESOLUTION)
        self.image.set_data(probabilities)
        boundary = find_boundary(training, RESOLUTION)
        self.boundary.set_data(*figures.as_line(boundary))
        layers = training.layers()
        corners = ""
        if layers is not None:
            weights, biases = layers
            corners = f"corners: {len(figures.corners_of(boundary))}"
            if len(weights) == 2:
                hinges = figures.hinge_lines(weights[0], biases[0])
                self.hinges.set_data(*figures.as_line(hinges))
        self.image.axes.set_title(corners)
        self.line.axes.set_title(f"{self.title}, epoch {epoch}")

    def draw(self, losses):
        """Show the network as it is now, and its losses (epochs so far,)."""
        self.show(len(losses))
        shown = np.maximum(losses, figures.LEAST_LOSS)
        self.line.set_data(np.arange(1, len(losses) + 1), shown)
        low, high = self.line.axes.get_ylim()
        self.line.axes.set_ylim(min(low, *shown), max(high, *shown))


class Window:
    """A view on the screen, redrawn no more often than the training can afford."""

    def __init__(self, pyplot):
        self.pyplot = pyplot
        self.figure = pyplot.figure("Training", (9, 4.2), dpi=100)
        self.next_drawing = 0
        pyplot.show(block=False)

    def is_open(self):  # its user may have closed it
        return self.pyplot.fignum_exists("Training")

    def start(self, training, title, epochs):
        self.view = View(self.figure, training, title, epochs)

    def update(self, losses):
        last = len(losses) == self.view.last_epoch
        if self.is_open() and (last or time.perf_counter() >= self.next_drawing):
            self.view.draw(losses)
            self.figure.canvas.draw()  # draw_idle would lose a Ctrl-C
            self.figure.canvas.flush_events()
            self.next_drawing = time.perf_counter() + SECONDS_BETWEEN_DRAWINGS

    def wait_until_closed(self):
        if self.is_open():
            print("close the window to end", flush=True)
            self.pyplot.show()


def open_window():
    """A Window; None, after one line that says why, where there can be none."""
    try:
        import tkinter  # which not every Python has

        matplotlib.use("TkAgg")
        from matplotlib import pyplot

        return Window(pyplot)
    except ImportError as error:
        reason = one_line(error)
    except tkinter.TclError as error:
        reason = one_line(error)
    print(f"--live: {reason}; training without a window", file=sys.stderr)
    return None


class Animation:
    """A view recorded as a GIF; most frames are early, when most changes."""

    def __init__(self, training, title, epochs):
        figure = figures.new_figure(2.6, width=5.2)
        self.view = View(figure, training, title, epochs)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "training.gif"
        self.writer = PillowWriter(FRAMES_PER_SECOND)
        self.writer.setup(figure, self.path, dpi=80)
        self.epochs = set(np.geomspace(1, epochs, FRAMES).round())

    def update(self, losses):
        if len(losses) in self.epochs:
            self.view.draw(losses)
            self.writer.grab_frame()

    def gif(self):
        """The content of the file."""
        for _ in range(FRAMES_PER_SECOND):  # the last frame stays for a second
            self.writer.grab_frame()
        self.writer.finish()
        content = self.path.read_bytes()
        self.folder.cleanup()
        return content
