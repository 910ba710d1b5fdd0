"""Exercise 1(a): is the backward pass right? Two oracles that do without it.

`python Python-FeedForward/main.py --check-gradients` prints the table of `check`.
"""

import numpy as np
import torch

from decision_boundary.script import load

net = load("Python-FeedForward/net.py")
NETWORKS = 20
STEP = np.finfo(float).eps ** (1 / 3)  # balances truncation and rounding
TORCH = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def our_gradients(network, X, y):
    """backward's gradients of the summed loss, a list: W1, b1, W2, b2, ..."""
    network.zero_grad()
    network.forward(X)
    network.backward(y)
    return _interleaved(network.weight_gradients, network.bias_gradients)


def autograd_gradients(network, X, y):
    """The same list from PyTorch's automatic differentiation, in float64."""
    parameters = [
        torch.tensor(array, requires_grad=True)
        for array in _interleaved(network.weights, network.biases)
    ]
    a = torch.tensor(X)
    for i, name in enumerate(network.activation):
        W, b = parameters[2 * i : 2 * i + 2]
        a = TORCH[name](a @ W + b)  # (N, fan_in) @ (fan_in, fan_out)
    logits = a @ parameters[-2] + parameters[-1]  # (N, fan_in) @ (fan_in, 1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.tensor(y), reduction="sum"
    )
    return [gradient.numpy() for gradient in torch.autograd.grad(loss, parameters)]


def difference_gradients(network, X, y):
    """The same list from central differences of the loss, parameter by parameter."""

    def loss_with(array, index, value):
        kept, array[index] = array[index], value
        loss = net.bce_with_logits_loss(network.forward(X), y).sum()
        array[index] = kept
        return loss

    gradients = []
    for array in _interleaved(network.weights, network.biases):
        gradient = np.empty_like(array)
        for i, w in np.ndenumerate(array):
            rise = loss_with(array, i, w + STEP) - loss_with(array, i, w - STEP)
            gradient[i] = rise / ((w + STEP) - (w - STEP))
        gradients.append(gradient)
    return gradients


def deviation(ours, reference):
    """Largest entry of |ours - reference|, and the same over that of |reference|."""
    absolute = np.abs(ours - reference).max()
    return np.array([absolute, absolute / (np.abs(reference).max() or 1)])


def random_case(rng, num_points, **options):
    """A network all of whose parameters, biases too, are random, with points."""
    network = net.FeedForwardNetwork(seed=rng, **options)
    network.parameters[:] = rng.normal(size=network.parameters.size)
    X = rng.uniform(-1, 1, (num_points, network.shapes[0][0]))
    return network, X, rng.integers(0, 2, (num_points, 1)).astype(float)


def check(seed, num_points=32):
    """Rows (tensor, shape, deviations): each tensor's largest over random networks.

    The deviations are four: absolute and relative, from autograd and from differences.
    """
    rng = np.random.default_rng(seed)
    worst = 0
    for _ in range(NETWORKS):
        network, X, y = random_case(rng, num_points)
        ours = our_gradients(network, X, y)
        oracles = autograd_gradients(network, X, y), difference_gradients(network, X, y)
        deviations = [
            np.concatenate([deviation(g, oracle[i]) for oracle in oracles])
            for i, g in enumerate(ours)
        ]
        worst = np.maximum(worst, deviations)
    names = [
        f"{kind}{i // 2 + 1}" for i, kind in enumerate("Wb" * len(network.weights))
    ]
    return [(name, g.shape, row) for name, g, row in zip(names, ours, worst)]


def _interleaved(weights, biases):
    return [array for layer in zip(weights, biases) for array in layer]
