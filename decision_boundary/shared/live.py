"""A training shown while it runs: in a window, or recorded as a GIF."""

from importlib.util import find_spec
import io
import sys
import time

from decision_boundary.shared import figures
from decision_boundary.shared.boundaries import find_boundary
from matplotlib.animation import PillowWriter
from matplotlib.backends import backend_registry
import numpy as np

FRAMES, FRAMES_PER_SECOND = 36, 10
SECONDS_BETWEEN_DRAWINGS = 0.1
RESOLUTION = 80  # of the probability map, cells a side
FEW_HINGES = 8


class View:
    """Probability map and losses of a Run; of a ReLU network, its boundary, too."""

    def __init__(self, figure, run, epochs):
        self.figure, self.run, self.last_epoch = figure, run, epochs
        left, right = figure.subplots(1, 2)
        self.image = figures.draw_map(left, run.logits, run.X, run.y, RESOLUTION)
        (self.hinges,) = left.plot([], [], **figures.HINGE)
        (self.boundary,) = left.plot([], [], color=figures.DARK)
        widest_labels = [0.01, 1]
        self.line = figures.draw_losses(right, [widest_labels])
        right.set(xlim=(0, epochs), title="epoch 0")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # lay out once; doing it per frame is slow

    def draw(self, losses):
        """Show the network as it is now, and its losses (epochs so far,)."""
        self.image.set_data(figures.probability_map(self.run.logits, RESOLUTION))
        if self.run.layers:
            weights, biases = self.run.layers()
            self.boundary.set_data(*figures.as_line(find_boundary(weights, biases)))
            if len(biases[0]) <= FEW_HINGES:
                hinges = figures.hinge_lines(weights[0], biases[0])
                self.hinges.set_data(*figures.as_line(hinges))
        self.line.set_data(np.arange(1, len(losses) + 1), losses)
        low, high = self.line.axes.get_ylim()  # which only grow
        self.line.axes.set_ylim(min(low, *losses), max(high, *losses))
        self.line.axes.set_title(f"epoch {len(losses)}")

    def wait(self, losses):
        """Called after each epoch of a run that is not shown."""

    def files(self):
        return {}  # {path: bytes} to be written

    def close(self):
        """Called when all is written."""


class Window(View):
    """A view on the screen, redrawn no more often than the training can afford."""

    def __init__(self, plt, *args):
        self.plt = plt
        figure = plt.figure("Training", (9, 4.2), dpi=100, layout="constrained")
        super().__init__(figure, *args)
        self.next_drawing = 0
        plt.show(block=False)

    def is_open(self):  # its user may have closed it
        return self.plt.fignum_exists("Training")

    def update(self, losses):
        last = len(losses) == self.last_epoch
        if self.is_open() and (last or time.perf_counter() >= self.next_drawing):
            self.draw(losses)
            self.figure.canvas.draw_idle()
            self.wait(losses)
            self.next_drawing = time.perf_counter() + SECONDS_BETWEEN_DRAWINGS

    def wait(self, losses):
        if self.is_open():
            self.figure.canvas.flush_events()

    def close(self):
        if self.is_open():
            print("close the window to end")
        self.plt.show()


class Animation(View):
    """A view recorded as a GIF; most frames are of early epochs, where most changes."""

    def __init__(self, path, *args):
        super().__init__(figures.new_figure(2.6, width=5.2), *args)
        self.path = path
        self.writer = PillowWriter(FRAMES_PER_SECOND)
        self.writer.setup(self.figure, path, dpi=80)
        self.epochs = set(np.geomspace(1, self.last_epoch, FRAMES).round())

    def update(self, losses):
        if len(losses) in self.epochs:
            self.draw(losses)
            self.writer.grab_frame()

    def files(self):
        self.writer.outfile = gif = io.BytesIO()
        gif.name = "training.gif"  # tells Pillow the format
        self.writer.finish()
        return {self.path: gif.getvalue()}


def make_views(options, *args):
    """The views that --live and --animation ask for; args are those of View."""
    views = []
    if options.live and (plt := pyplot_on_screen()):
        views.append(Window(plt, *args))
    if options.animation:
        views.append(Animation(options.animation, *args))
    return views


def pyplot_on_screen():
    """pyplot if it can open a window; else None, after one line that says why."""
    import matplotlib.pyplot as plt  # looks for a screen, so only when asked to

    try:
        plt.switch_backend(plt.get_backend())  # raises if it needs a screen in vain
        if backend_registry.resolve_backend(plt.get_backend())[1]:
            return plt
    except ImportError:
        pass
    missing = "screen was found" if find_spec("tkinter") else "tkinter is installed"
    print(f"--live: no {missing}; training without a window", file=sys.stderr)
    return None
