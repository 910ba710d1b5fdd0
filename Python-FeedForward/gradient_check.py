"""Exercise 1(a): compare the backward pass with autograd and with central differences.

python Python-FeedForward/gradient_check.py    prints the table, writes numbers
"""

from pathlib import Path
import sys
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script
from net import FeedForwardNetwork, bce_with_logits_loss
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

PARAMETERS = ("W1", "W2", "W3", "b1", "b2", "b3")
NETWORKS = 20
POINTS = 32
STEP = np.finfo(float).eps ** (1 / 3)  # balances truncation and rounding
# Powers of ten above the deviations. The report quotes them, since the digits of the
# deviations themselves depend on the processor
AUTOGRAD_EXPONENT = -12
DIFFERENCES_EXPONENT = -7


class Row(NamedTuple):
    """The largest deviations of the gradient of one parameter array."""

    parameter: str
    autograd: float
    differences: float


def randomize(network, rng):
    """Draw all weights and biases: biases of 0 would hide mistakes."""
    network.weights = [rng.normal(size=W.shape) for W in network.weights]
    network.biases = [rng.normal(size=b.shape) for b in network.biases]


def random_points(rng, num_points, input_size=2):
    X = rng.uniform(-1, 1, (num_points, input_size))
    y = rng.integers(0, 2, (num_points, 1)).astype(float)
    return X, y


def backward_gradients(network, X, y):
    """The gradients of the summed loss by backward: [dW1, dW2, ..., db1, db2, ...]."""
    network.zero_grad()
    network.forward(X)
    network.backward(y)
    return network.weight_gradients + network.bias_gradients


def autograd_gradients(network, X, y):
    """The same list by PyTorch's automatic differentiation."""
    weights = [torch.tensor(W, requires_grad=True) for W in network.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in network.biases]
    a = torch.tensor(X)
    for W, b, name in zip(weights, biases, network.activation):
        activation = getattr(torch, name)
        a = activation(a @ W + b)  # (N, fan_in) @ (fan_in, fan_out) + (fan_out,)
    logits = a @ weights[-1] + biases[-1]  # (N, fan_in) @ (fan_in, 1) + (1,)
    E = binary_cross_entropy_with_logits(logits, torch.tensor(y), reduction="sum")
    gradients = torch.autograd.grad(E, weights + biases)
    return [gradient.numpy() for gradient in gradients]


def difference_gradients(parameters, loss):
    """Central differences of loss() by each entry of the arrays, changed in place."""
    gradients = []
    for array in parameters:
        gradient = np.empty_like(array)
        for index, w in np.ndenumerate(array):
            array[index] = w + STEP
            above = loss()
            array[index] = w - STEP
            below = loss()
            array[index] = w
            gradient[index] = (above - below) / (2 * STEP)
        gradients.append(gradient)
    return gradients


def deviation(gradient, reference):
    """The largest |gradient - reference|, relative to the largest |reference|."""
    scale = np.abs(reference).max()
    return np.abs(gradient - reference).max() / (scale if scale > 0 else 1.0)


def check_network(rng):
    """The deviations of one network from both references, a pair for each parameter."""
    network = FeedForwardNetwork()
    randomize(network, rng)
    X, y = random_points(rng, POINTS)

    def loss():
        return bce_with_logits_loss(network.forward(X), y).sum()

    pairs = []
    for ours, exact, approximate in zip(
        backward_gradients(network, X, y),
        autograd_gradients(network, X, y),
        difference_gradients(network.weights + network.biases, loss),
    ):
        pairs.append((deviation(ours, exact), deviation(ours, approximate)))
    return pairs


def main():
    parser = script.parser(__doc__)
    script.add_seed(parser)
    options = script.parse(parser)

    rng = np.random.default_rng(options.seed)
    deviations = np.array([check_network(rng) for _ in range(NETWORKS)])
    largest = deviations.max(axis=0)  # (NETWORKS, 6, 2) -> (6, 2); nan if one is
    rows = []
    for name, (autograd, differences) in zip(PARAMETERS, largest):
        rows.append(Row(name, autograd, differences))
    columns = {
        "deviation of": "d{parameter}",
        "from autograd": "{autograd:.1e}",
        "from central differences": "{differences:.1e}",
    }
    results.print_table(rows, columns)
    bounds = 10.0 ** np.array([AUTOGRAD_EXPONENT, DIFFERENCES_EXPONENT])
    if not (largest < bounds).all():  # NaN is not, either
        sys.exit("gradient_check.py: backward is wrong: see the deviations above")

    macros = {
        "GradientNetworks": NETWORKS,
        "GradientAutograd": f"10^{{{AUTOGRAD_EXPONENT}}}",
        "GradientDifferences": f"10^{{{DIFFERENCES_EXPONENT}}}",
    }
    results.save(options, "gradients", macros)


if __name__ == "__main__":
    script.run(main)
