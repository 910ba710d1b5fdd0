"""The pictures: one style for all, and the two that follow every training."""

import io
import logging

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import LogLocator, NullFormatter

from decision_boundary.data import RADIUS

TEXT_WIDTH = 6.3  # inches, of the report
DARK, BLUE, ORANGE = "#222222", "#0072b2", "#d55e00"
GREY = "#707070"
# From label 0 (inside, light) to label 1 (outside, darker): an order that grey print
# keeps, light enough for the points on top
PROBABILITY = LinearSegmentedColormap.from_list("probability", ["#ffffff", "#a9cae4"])

# cmr10's file gives a date of 1904, which fontTools would report at every saving
logging.getLogger("fontTools").setLevel(logging.ERROR)
mpl.rcParams.update(
    {
        # Computer Modern comes with Matplotlib and matches the report's Latin Modern
        "font.family": "serif",
        "font.serif": ["cmr10"],
        "mathtext.fontset": "cm",
        "axes.formatter.use_mathtext": True,
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.labelsize": 9,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "lines.linewidth": 1.2,
        "pdf.fonttype": 42,
        "figure.dpi": 150,
    }
)


def new_figure(height, width=TEXT_WIDTH):
    """An empty figure, sizes in inches; none of pyplot's global state."""
    return Figure(figsize=(width, height), layout="constrained")


def figure_bytes(figure, format="pdf"):
    """The figure as a file's content; the same bytes for the same figure."""
    buffer = io.BytesIO()
    undated = {"CreationDate": None} if format == "pdf" else {}
    figure.savefig(buffer, format=format, metadata=undated)
    return buffer.getvalue()


def draw_square(ax):
    """Make `ax` the square [-1, 1]^2, with the disc's rim as a dotted line."""
    ax.add_patch(Circle((0, 0), RADIUS, fill=False, ls=(0, (1, 1.5)), lw=0.8, ec=DARK))
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[-1, 0, 1])
    ax.set_yticks([-1, 0, 1])
    ax.spines[:].set_visible(True)


def draw_points(ax, X, y):
    """The points (N, 2) with labels (N, 1): dots inside, crosses outside."""
    inside = y[:, 0] < 0.5
    ax.plot(*X[inside].T, ".", ms=3, color=ORANGE, mew=0)
    ax.plot(*X[~inside].T, "x", ms=2.2, color=BLUE, mew=0.5)


def probability_grid(predict, resolution=200):
    """predict at the centres of a grid's cells over [-1, 1]^2, (resolution,) * 2."""
    centres = (np.arange(resolution) + 0.5) * 2 / resolution - 1
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    return np.asarray(predict(grid)).reshape(resolution, resolution)


def draw_map(ax, predict, X, y, resolution=200):
    """Probability of label 1, from predict: (M, 2) -> (M,) or (M, 1), and the points.

    Returns the image, whose data a running training replaces.
    """
    draw_square(ax)
    image = draw_image(ax, probability_grid(predict, resolution))
    draw_points(ax, X, y)
    return image


def draw_image(ax, probabilities):
    """Tint the square: white where the probability of label 1 is 0, blue where it is 1."""
    return ax.imshow(
        probabilities,
        cmap=PROBABILITY,
        norm=mpl.colors.Normalize(0, 1),
        extent=(-1, 1, -1, 1),
        origin="lower",
        interpolation="bilinear",
    )


def draw_losses(ax, runs):
    """The loss trends, each (epochs,), the first one in front; returns its line."""
    for losses in runs[:0:-1]:
        ax.plot(np.arange(1, len(losses) + 1), losses, color="#bbbbbb", lw=0.6)
    (line,) = ax.plot(np.arange(1, len(runs[0]) + 1), runs[0], color=DARK)
    ax.set(xlabel="epoch", ylabel="loss per point", yscale="log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    return line


def as_line(polylines):
    """x and y of the polylines as one line, with gaps between them."""
    parts = [np.empty((0, 2))]
    for vertices, closed in polylines:
        parts += [
            vertices,
            vertices[:1] if closed else vertices[:0],
            [[np.nan, np.nan]],
        ]
    return np.concatenate(parts).T


def draw_boundary(ax, polylines, corners=True, **style):
    """The exact decision boundary, with its corners marked."""
    ax.plot(*as_line(polylines), **{"color": DARK, "lw": 1.3, **style})
    if corners:
        for vertices, _ in polylines:
            ax.plot(*vertices.T, "o", color=DARK, ms=2.5)


def draw_hinges(ax, weights, biases):
    """The lines w . x + b = 0 of the first layer's units: (2, H), (H,)."""
    for w, b in zip(weights.T, biases):
        foot, along = -b * w / (w @ w), np.array([-w[1], w[0]])
        ax.axline(foot, foot + along, color=GREY, lw=0.7, ls=(0, (5, 2)))


def draw_network(ax, weights, biases, polylines):
    """A network of one hidden ReLU layer: its two sides, hinge lines and boundary."""
    draw_square(ax)
    ax.set(xticks=[], yticks=[])
    (w, a), (b, c) = weights, biases
    outside = probability_grid(lambda x: np.maximum(x @ w + b, 0) @ a + c > 0, 400)
    draw_image(ax, outside)
    draw_hinges(ax, w, b)
    draw_boundary(ax, polylines)
