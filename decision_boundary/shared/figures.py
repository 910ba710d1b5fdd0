"""Figures: one style for all, and what several of them draw."""

import logging

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
# Probability of label 1, from white to light blue: in order when printed in grey, and
# light enough for the points on top
PROBABILITY = LinearSegmentedColormap.from_list("probability", ["#ffffff", "#a9cae4"])

# fontTools warns at every save that the file of cmr10 is dated 1904
logging.getLogger("fontTools").setLevel(logging.ERROR)
# Computer Modern, which Matplotlib includes, matches the report's Latin Modern
mpl.rc("font", family="serif", serif=["cmr10"], size=9)
mpl.rc("mathtext", fontset="cm")
mpl.rc("axes.formatter", use_mathtext=True)
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


def draw_square(ax):
    """Make `ax` the square [-1, 1]^2, with the disc's rim as a dotted line."""
    ax.add_patch(Circle((0, 0), RADIUS, fill=False, ls=(0, (1, 1.5)), lw=0.8, ec=DARK))
    ticks = {"xticks": [-1, 0, 1], "yticks": [-1, 0, 1]}
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", **ticks)
    ax.spines[:].set_visible(True)


def on_grid(function, resolution=200):
    """Values (resolution, resolution) of function, (M, 2) -> (M, 1), on a grid."""
    centres = (np.arange(resolution) + 0.5) * 2 / resolution - 1
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    return np.reshape(function(grid), (resolution, resolution))


def probability_map(logits, resolution=200):
    """sigmoid(z) = (1 + tanh(z / 2)) / 2 for logits z, (M, 2) -> (M, 1), on a grid."""
    return (1 + np.tanh(on_grid(logits, resolution).astype(float) / 2)) / 2


def draw_map(ax, logits, X, y, resolution=200):
    """Draw the probability of label 1, and the points: dots inside, crosses outside.

    Returns the image, whose data an animation replaces.
    """
    draw_square(ax)
    image = draw_image(ax, probability_map(logits, resolution))
    inside = y[:, 0] < 0.5
    ax.plot(*X[inside].T, ".", ms=3, color=ORANGE, mew=0)
    ax.plot(*X[~inside].T, "x", ms=2.2, color=BLUE, mew=0.5)
    return image


def draw_image(ax, values):
    """Tint the square: white where the value is 0, light blue where it is 1."""
    style = {"cmap": PROBABILITY, "norm": mpl.colors.Normalize(0, 1)}
    style |= {"origin": "lower", "interpolation": "bilinear"}
    return ax.imshow(values, extent=(-1, 1, -1, 1), **style)


def draw_losses(ax, runs):
    """Draw the losses (epochs,) of each run, the first in front; returns its line."""
    for losses in runs[:0:-1]:
        ax.plot(np.arange(1, len(losses) + 1), losses, color="#bbbbbb", lw=0.6)
    (line,) = ax.plot(np.arange(1, len(runs[0]) + 1), runs[0], color=DARK)
    ax.set(xlabel="epoch", ylabel="loss per point", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    return line


def as_line(polylines):
    """x and y of the polylines as one line, with gaps (nan) between them."""
    gap, parts = [[np.nan, np.nan]], [np.empty((0, 2))]
    for vertices, closed in polylines:
        parts += [vertices, vertices[:closed], gap]
    return np.concatenate(parts).T


def draw_boundary(ax, polylines, corners=True):
    """Draw an exact decision boundary, and mark its corners."""
    ax.plot(*as_line(polylines), color=DARK, lw=1.3)
    if corners:
        for vertices, _ in polylines:
            ax.plot(*vertices.T, "o", color=DARK, ms=2.5)


def hinge_lines(weights, biases):
    """The lines w . x + b = 0 of units (2, H), (H,), as polylines past the square."""
    feet = -biases * weights / (weights**2).sum(axis=0)  # nearest to the origin, (2, H)
    along = 4 * np.array([-weights[1], weights[0]]) / np.hypot(*weights)
    ends = np.stack([feet - along, feet + along]).T.swapaxes(1, 2)  # (H, 2 ends, 2)
    return [(line, False) for line in ends]


def draw_hinges(ax, weights, biases):
    """Draw the hinges of the first layer's units, (2, H) and (H,)."""
    ax.plot(*as_line(hinge_lines(weights, biases)), **HINGE)


def draw_network(ax, weights, biases, polylines):
    """Draw the two sides, the hinges and the boundary of a network 2-H-1 with ReLU."""
    draw_square(ax)
    ax.set(xticks=[], yticks=[])
    (w, a), (b, c) = weights, biases
    draw_image(ax, on_grid(lambda x: np.maximum(x @ w + b, 0) @ a + c > 0, 400))
    draw_hinges(ax, w, b)
    draw_boundary(ax, polylines)
