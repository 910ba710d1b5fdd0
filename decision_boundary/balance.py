"""Why an outgoing weight keeps its sign: what gradient flow conserves.

For a ReLU unit, a relu(w . x + b), the loss depends on a and (w, b) through their
product alone, so a dE/da = w . dE/dw + b dE/db, and along gradient flow
a^2 - |w|^2 - b^2 stays what it was (Du, Hu and Lee, 2018). Where it is positive, a
cannot pass 0. Gradient descent follows the flow the more closely, the smaller its steps.
"""

import numpy as np

from decision_boundary.data import circle_in_square
from decision_boundary.ensemble import start_like
from decision_boundary.figures import BLUE, DARK, GREY, ORANGE, new_figure
from decision_boundary.results import scientific
from decision_boundary.script import load, streams

RATES = (0.2, 0.1, 0.05)  # of descent on the mean loss of all points
TIME = 400.0  # learning rate times steps: the same stretch of the flow for each rate


def balance(network):
    """a^2 - |w|^2 - b^2 of every unit (H,)."""
    (w, a), (b, _) = network.weights, network.biases
    return a[:, 0] ** 2 - (w**2).sum(axis=0) - b**2


def descend(rate, seed, num_points, time=TIME):
    """Full-batch gradient descent of a 2-3-1 network from a Xavier start.

    Returns times (steps + 1,), outgoing weights and balances (steps + 1, 3).
    """
    points, start, *_ = streams(seed)
    X, y = circle_in_square(num_points, points)
    network = load("Python-FeedForward/net.py").FeedForwardNetwork(
        hidden_size=[3],
        activation="relu",
        learning_rate=rate / num_points,  # gradients are summed
        momentum=0,
        weight_decay=0,
    )
    start_like(network.weights, network.biases, "xavier", start)
    outgoing, balances = [], []
    for _ in range(round(time / rate) + 1):
        outgoing.append(network.weights[1][:, 0].copy())
        balances.append(balance(network))
        network.zero_grad()
        network.forward(X)
        network.backward(y)
        network.update_weights()
    return rate * np.arange(len(outgoing)), np.array(outgoing), np.array(balances)


def study(options):
    """{rate: what descend returns}, all from the same start."""
    return {rate: descend(rate, options.seed, options.points) for rate in RATES}


def draw(result):
    """Outgoing weights that move, and balances that stay, at the smallest rate."""
    figure = new_figure(1.9)
    left, right = figure.subplots(1, 2, sharex=True)
    times, outgoing, balances = result[RATES[-1]]
    colors, sides = (DARK, BLUE, ORANGE), ("top", "top", "bottom")
    for unit, (color, side) in enumerate(zip(colors, sides)):
        for ax, lines, name in (left, outgoing, "a"), (right, balances, "C"):
            ax.plot(times, lines[:, unit], color=color)
            ax.text(
                times[-1],
                lines[-1, unit],
                f"${name}_{unit + 1}$",
                color=color,
                va=side,
            )
    left.axhline(0, color=GREY, lw=0.6)
    left.set_ylim(bottom=min(-1.6, left.get_ylim()[0]))
    left.set(xlabel="learning rate $\\times$ steps", title="outgoing weights $a_j$")
    right.set(
        xlabel="learning rate $\\times$ steps",
        title="$C_j = a_j^2 - |w_j|^2 - b_j^2$",
        ylim=left.get_ylim(),
    )
    return figure


def summary(result):
    """The numbers for the report, as {macro: text}."""
    drifts = [np.abs(q - q[0]).max() for _, _, q in result.values()]
    _, outgoing, _ = result[RATES[-1]]
    return {
        "BalanceDriftCoarse": scientific(drifts[0]),
        "BalanceDriftMiddle": scientific(drifts[1]),
        "BalanceDriftFine": scientific(drifts[2]),
        "BalanceTravel": f"{np.abs(outgoing**2 - outgoing[0] ** 2).max():.1f}",
        "BalanceRateCoarse": f"{RATES[0]:g}",
        "BalanceRateMiddle": f"{RATES[1]:g}",
        "BalanceRateFine": f"{RATES[2]:g}",
    }
