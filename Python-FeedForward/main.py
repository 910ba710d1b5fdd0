"""Exercise 1(a): train the NumPy network on the points, or check its gradients.

python Python-FeedForward/main.py                     trains, draws, writes numbers
python Python-FeedForward/main.py --check-gradients   compares with two oracles
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import Parser, load, prepare, run, streams

if __name__ == "__main__":
    prepare()

from unittest import mock

import numpy as np

from decision_boundary.data import circle_in_square
from decision_boundary.results import numbers, scientific, table_rows, write_results
from decision_boundary.training import Run, repeat

net = load("Python-FeedForward/net.py")

COMMAND = "python Python-FeedForward/main.py"
EPOCHS = 1024
BATCH_SIZE = 32
LEARNING_RATE = 0.03  # per point: gradients are summed over the batch
MOMENTUM = 0.9
WEIGHT_DECAY = 0.01


def run_epoch(network, X, y, rng):
    """One pass over the points in a new order; returns the mean loss per point."""
    order, loss = rng.permutation(len(X)), 0.0
    for start in range(0, len(X), BATCH_SIZE):
        batch = order[start : start + BATCH_SIZE]
        network.zero_grad()
        logits = network.forward(X[batch])
        loss += net.bce_with_logits_loss(logits, y[batch]).sum()
        network.backward(y[batch])
        network.update_weights()
    return loss / len(X)


def make_run(seed, num_points, learning_rate=LEARNING_RATE, **architecture):
    """The handed-out network, or another, on new points; all from one seed's streams."""
    points, weights, shuffling, _ = streams(seed)
    X, y = circle_in_square(num_points, points)
    network = net.FeedForwardNetwork(
        learning_rate=learning_rate / BATCH_SIZE,
        momentum=MOMENTUM,
        weight_decay=WEIGHT_DECAY,
        seed=weights,
        **architecture,
    )
    rng = np.random.default_rng(shuffling)
    return Run(
        X,
        y,
        run_epoch=lambda: run_epoch(network, X, y, rng),
        logits=network.forward,
        network=network,
    )


def check_gradients(options):
    """Print each layer's largest deviations from two oracles, and write them."""
    gradient_check = load("Python-FeedForward/gradient_check.py")
    rows = gradient_check.check(options.seed)
    print(f"largest deviations over {gradient_check.NETWORKS} random networks")
    print("                     autograd              central differences")
    print("tensor     shape     absolute  relative    absolute  relative")
    for name, shape, row in rows:
        print(
            f"{name:6}{shape!s:>10}  "
            + "{:10.1e}{:10.1e}  {:10.1e}{:10.1e}".format(*row)
        )
    with mock.patch.object(net, "sigmoid", lambda z: z):
        wrong = max(row[1] for *_, row in gradient_check.check(options.seed))
    print(f"delta without the sigmoid, a known mistake: relative {wrong:.1e}")

    values = {
        "GradientNetworks": gradient_check.NETWORKS,
        "GradientAutograd": scientific(max(row[1] for *_, row in rows)),
        "GradientDifferences": scientific(max(row[3] for *_, row in rows)),
        "GradientMistake": f"{wrong:.2g}",
        "GradientTable": table_rows(
            [f"${name[0]}^{{({name[1]})}}$", rf"${shape}$", *map(scientific, row)]
            for name, shape, row in rows
        ),
    }
    path = options.output / "numbers/gradients.tex"
    write_results({path: numbers(f"{COMMAND} --check-gradients", values)})


def main():
    parser = Parser(__doc__, EPOCHS)
    parser.add_training(LEARNING_RATE)
    parser.add_argument("--check-gradients", action="store_true", help="only this")
    options = parser.parse_args()
    if options.check_gradients:
        training = "epochs", "points", "runs", "learning_rate", "live", "animation"
        parser.refuse(options, training, "does not go with --check-gradients")
        check_gradients(options)
    else:
        settings = {"Batch": BATCH_SIZE, "Momentum": MOMENTUM, "Decay": WEIGHT_DECAY}

        def make(seed):
            return make_run(seed, options.points, options.learning_rate)

        repeat(make, options, "backprop", COMMAND, settings)


if __name__ == "__main__":
    run(main)
