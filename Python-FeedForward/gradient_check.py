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
from torch.nn.functional import binary_cross_entropy_with_logits

net = script.load("Python-FeedForward/net.py")

NETWORKS, POINTS = 20, 32
STEP = np.finfo(float).eps ** (1 / 3)  # balances truncation and rounding


def our_gradients(network, X, y):
    """The gradients of the summed loss by backward, as a list: W1, b1, W2, b2, ..."""
    network.zero_grad()
    network.forward(X)
    network.backward(y)
    return interleaved(network.weight_gradients, network.bias_gradients)


def autograd_gradients(network, X, y):
    """The same list by PyTorch's automatic differentiation, in float64."""
    arrays = interleaved(network.weights, network.biases)
    parameters = [torch.tensor(array, requires_grad=True) for array in arrays]
    a = torch.tensor(X)
    for name, W, b in zip(network.activation, parameters[::2], parameters[1::2]):
        a = getattr(torch, name)(a @ W + b)  # (N, fan_in) @ (fan_in, fan_out)
    logits = a @ parameters[-2] + parameters[-1]  # (N, fan_in) @ (fan_in, 1)
    E = binary_cross_entropy_with_logits(logits, torch.tensor(y), reduction="sum")
    return [gradient.numpy() for gradient in torch.autograd.grad(E, parameters)]


def difference_gradients(network, X, y):
    """The same list by central differences of the loss, parameter by parameter."""
    gradients = []
    for array in interleaved(network.weights, network.biases):
        gradients.append(np.empty_like(array))
        for i, w in np.ndenumerate(array):
            losses = []
            for value in (w + STEP, w - STEP):
                array[i] = value
                losses.append(net.bce_with_logits_loss(network.forward(X), y).sum())
            array[i] = w
            gradients[-1][i] = (losses[0] - losses[1]) / ((w + STEP) - (w - STEP))
    return gradients


def interleaved(weights, biases):
    return [array for layer in zip(weights, biases) for array in layer]


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
    """The largest deviations (6, 2) of W1, b1, ... from autograd and differences."""
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
    print(f"largest relative deviations over {NETWORKS} random networks")
    heads = ["tensor", "from autograd", "from central differences"]
    names = "W1", "b1", "W2", "b2", "W3", "b3"
    rows = [[name, *map(results.scientific, row)] for name, row in zip(names, worst)]
    results.table(heads, rows)
    with mock.patch.object(net, "sigmoid", lambda z: z):
        mistake = check(options.seed)[:, 0].max()
    print(f"a known mistake, delta = z - t without the sigmoid: {mistake:.1e}")
    autograd, differences = map(results.scientific, worst.max(axis=0))
    values = {
        "GradientNetworks": NETWORKS,
        "GradientAutograd": autograd,
        "GradientDifferences": differences,
        "GradientMistake": f"{mistake:.2g}",
    }
    results.save_results(options, "gradients", values)


if __name__ == "__main__":
    script.run(main)
