"""Exercise 1(a): compare the backward pass with autograd and with central differences.

python Python-FeedForward/gradient_check.py    prints the table, writes numbers
"""

from pathlib import Path
import sys
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script
import numpy as np
import torch

net = script.load("Python-FeedForward/net.py")

NETWORKS, POINTS = 20, 32
STEP = np.finfo(float).eps ** (1 / 3)  # balances truncation and rounding


def our_gradients(network, X, y):
    """The gradients of the summed loss by backward, as a list: W1, ..., b1, ..."""
    network.zero_grad()
    network.forward(X)
    network.backward(y)
    return network.weight_gradients + network.bias_gradients


def autograd_gradients(network, X, y):
    """The same list by PyTorch's automatic differentiation, in float64."""
    weights = [torch.tensor(W, requires_grad=True) for W in network.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in network.biases]
    a = torch.tensor(X)
    for name, W, b in zip(network.activation, weights, biases):
        a = getattr(torch, name)(a @ W + b)  # (N, fan_in) @ (fan_in, fan_out)
    logits = a @ weights[-1] + biases[-1]  # (N, fan_in) @ (fan_in, 1)
    E = torch.nn.BCEWithLogitsLoss(reduction="sum")(logits, torch.tensor(y))
    return [gradient.numpy() for gradient in torch.autograd.grad(E, weights + biases)]


def difference_gradients(network, X, y):
    """The same list by central differences of the loss, parameter by parameter."""
    gradients = []
    for array in network.weights + network.biases:
        gradients.append(np.empty_like(array))
        for i, w in np.ndenumerate(array):
            array[i] = w + STEP
            above = net.bce_with_logits_loss(network.forward(X), y).sum()
            array[i] = w - STEP
            below = net.bce_with_logits_loss(network.forward(X), y).sum()
            array[i] = w
            gradients[-1][i] = (above - below) / ((w + STEP) - (w - STEP))
    return gradients


def deviation(ours, reference):
    """The largest |ours - reference|, relative to the largest |reference|."""
    return np.abs(ours - reference).max() / (np.abs(reference).max() or 1)


def random_case(rng, num_points, **options):
    """A network whose parameters are all random, biases too; points and labels."""
    network = net.FeedForwardNetwork(seed=rng, **options)
    network.parameters[:] = rng.normal(size=network.parameters.size)
    X = rng.uniform(-1, 1, (num_points, len(network.weights[0])))
    return network, X, rng.integers(0, 2, (num_points, 1)).astype(float)


def check(seed):
    """The largest deviations (6, 2) of W1, ..., b3 from autograd and differences."""
    rng, worst = np.random.default_rng(seed), 0
    for _ in range(NETWORKS):
        case = random_case(rng, POINTS)
        oracles = autograd_gradients(*case), difference_gradients(*case)
        ours = our_gradients(*case)
        worst = np.maximum(worst, [list(map(deviation, ours, o)) for o in oracles])
    return worst.T


def main():
    options = script.Parser(__doc__).parse_args()
    worst = check(options.seed)
    names = "W1", "W2", "W3", "b1", "b2", "b3"
    rows = [[name, *map(results.scientific, row)] for name, row in zip(names, worst)]
    results.table(["max deviation", "from autograd", "from central differences"], rows)
    with mock.patch.object(net, "sigmoid", lambda z: z):
        mistake = check(options.seed)[:, 0].max()
    print(f"the mistake delta = z - t: {mistake:.2g} times the largest entry")
    autograd, differences = map(results.scientific, worst.max(axis=0))
    values = {"GradientNetworks": NETWORKS, "GradientAutograd": autograd}
    values |= {"GradientDifferences": differences, "GradientMistake": f"{mistake:.2g}"}
    results.save_results(options, "gradients", values)


if __name__ == "__main__":
    script.run(main)
