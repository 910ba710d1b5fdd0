"""Figures: one style for all, set by importing this file, and what several draw."""

import logging
import os

os.environ.pop("MPLBACKEND", None)  # a notebook's backend may not be installed here

from decision_boundary.data import RADIUS
import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import LogLocator, NullFormatter
import numpy as np

TEXT_WIDTH = 6.3  # inches, of the report
DARK, GREY, BLUE, ORANGE = "#222222", "#707070", "#0072b2", "#d55e00"
HINGE = {"color": GREY, "lw": 0.7, "ls": (0, (5, 2))}
LEAST_LOSS = 1e-16  # drawn for a loss of 0, which a logarithmic axis does not have
# Probability of label 1, from white to light blue: in order when printed in grey, and
# light enough for the points on top
PROBABILITY = LinearSegmentedColormap.from_list("probability", ["#ffffff", "#a9cae4"])

# fontTools warns at every save that the file of cmr10 is dated 1904
logging.getLogger("fontTools").setLevel(logging.ERROR)
mpl.rcdefaults()  # whatever the user's matplotlibrc says
# Computer Modern, which Matplotlib includes, matches the report's Latin Modern
mpl.rc("font", family="serif", serif=["cmr10"], size=9)
mpl.rc("mathtext", fontset="cm")
mpl.rc("axes.formatter", use_mathtext=True)
mpl.rc("axes", unicode_minus=False)  # a character that cmr10 does not have
mpl.rc("axes", titlesize=9, labelsize=9, linewidth=0.6)
mpl.rc("axes.spines", top=False, right=False)
mpl.rc(("xtick", "ytick"), labelsize=8)
mpl.rc(("xtick.major", "ytick.major"), width=0.6)
mpl.rc("lines", linewidth=1.2)
mpl.rc("pdf", fonttype=42)
mpl.rc("figure", dpi=150)


def new_figure(height, width=TEXT_WIDTH):
    """An empty figure, sizes in inches, outside of pyplot's global state."""
    return Figure(figsize=(width, height), layout="constrained")


# The square


def draw_square(ax):
    """Make `ax` the square [-1, 1]^2, with the disc's rim as a dotted line."""
    ax.add_patch(Circle((0, 0), RADIUS, fill=False, ls=(0, (1, 1.5)), lw=0.8, ec=DARK))
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal")
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.spines[:].set_visible(True)


def cell_centres(resolution):
    return (np.arange(resolution) + 0.5) * 2 / resolution - 1


def on_grid(function, resolution):
    """Values (resolution, resolution) of function, (M, 2) -> (M, 1), on the square."""
    centres = cell_centres(resolution)
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    return np.reshape(function(grid), (resolution, resolution))


def probability_map(logits, resolution):
    """sigmoid(z) = (1 + tanh(z / 2)) / 2 for logits z, (M, 2) -> (M, 1), on a grid."""
    return (1 + np.tanh(on_grid(logits, resolution) / 2)) / 2


def draw_map(ax, training, resolution=200):
    """Draw the probability of label 1, and the points: dots inside, crosses outside.

    Returns the image, whose data an animation replaces.
    """
    draw_square(ax)
    image = draw_image(ax, probability_map(training.logits, resolution))
    inside = training.y[:, 0] < 0.5
    ax.plot(*training.X[inside].T, ".", ms=3, color=ORANGE, mew=0)
    ax.plot(*training.X[~inside].T, "x", ms=2.2, color=BLUE, mew=0.5)
    return image


def draw_image(ax, values):
    """Tint the square: white where the value is 0, light blue where it is 1."""
    return ax.imshow(
        values,
        cmap=PROBABILITY,
        vmin=0,
        vmax=1,
        extent=(-1, 1, -1, 1),
        origin="lower",
        interpolation="bilinear",
    )


# Losses


def loss_axes(ax):
    ax.set(xlabel="epoch", ylabel="loss", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def draw_losses(ax, losses):
    """Draw the losses (runs, epochs) of all runs, the first in front."""
    shown = np.maximum(losses, LEAST_LOSS)
    epochs = np.arange(1, shown.shape[1] + 1)
    ax.plot(epochs, shown[1:].T, color="#bbbbbb", lw=0.6)
    ax.plot(epochs, shown[0], color=DARK)
    loss_axes(ax)


# Boundaries


def as_line(polylines):
    """x and y of the polylines as one line, with gaps (nan) between them."""
    parts = [np.empty((0, 2))]
    for vertices, closed in polylines:
        parts.append(vertices)
        if closed:
            parts.append(vertices[:1])
        parts.append([[np.nan, np.nan]])
    return np.concatenate(parts).T


def corners_of(polylines):
    """All vertices (K, 2) but the ends of open lines, which lie on the border."""
    parts = [np.empty((0, 2))]
    for vertices, closed in polylines:
        parts.append(vertices if closed else vertices[1:-1])
    return np.concatenate(parts)


def draw_boundary(ax, polylines, corners=True):
    """Draw a decision boundary, and mark its corners."""
    ax.plot(*as_line(polylines), color=DARK, lw=1.3)
    if corners:
        ax.plot(*corners_of(polylines).T, "o", color=DARK, ms=2.5)


def hinge_lines(weights, biases):
    """The lines w . x + b = 0 of units (2, H), (H,), as polylines past the square."""
    squared_lengths = (weights**2).sum(axis=0)
    lines = []
    for w, b, squared in zip(weights.T, biases, squared_lengths):
        if squared > 0:
            foot = -b * w / squared  # nearest to the origin
            along = 4 * np.array([-w[1], w[0]]) / np.sqrt(squared)
            lines.append((np.array([foot - along, foot + along]), False))
    return lines


def draw_hinges(ax, weights, biases):
    """Draw the hinges of the first layer's units, (2, H) and (H,)."""
    ax.plot(*as_line(hinge_lines(weights, biases)), **HINGE)


def draw_trained(ax, training, polylines):
    """Draw a training's boundary; of ReLU also the corners, and one layer's hinges."""
    layers = training.layers()
    if layers is not None:
        weights, biases = layers
        if len(weights) == 2:
            draw_hinges(ax, weights[0], biases[0])
    draw_boundary(ax, polylines, corners=layers is not None)


def draw_sides(ax, logits):
    """Tint the square where logits, (M, 2) -> (M, 1), are positive."""
    draw_square(ax)
    ax.set(xticks=[], yticks=[])
    draw_image(ax, on_grid(logits, 400) > 0)
