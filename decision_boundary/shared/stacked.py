"""Many PyTorch networks of one shape, trained at once, each on points of its own.

Row k of one matrix (runs, P) holds the P parameters of network k, one after another as
network.parameters() has them: weight (fan_out, fan_in) and bias of each layer.
"""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def flatten(networks):
    """The parameters of the networks, (runs, P), as a leaf to be trained."""
    rows = [torch.nn.utils.parameters_to_vector(n.parameters()) for n in networks]
    return torch.stack(rows).detach().requires_grad_()


def layers(flat, widths):
    """The parameters (runs, P) as a list of (W (runs, out, in), b (runs, out)).

    widths: of all layers, from the inputs to the logit: [2, ..., 1]
    """
    shapes = list(zip(widths[1:], widths))  # (fan_out, fan_in) of each layer
    sizes = [n for fan_out, fan_in in shapes for n in (fan_out * fan_in, fan_out)]
    parts = flat.split(sizes, dim=1)
    return [(W.unflatten(1, s), b) for W, b, s in zip(parts[::2], parts[1::2], shapes)]


def logits(flat, widths, X):
    """The logits (runs, N, 1) of ReLU networks at X (runs, N, 2)."""
    for layer, (W, b) in enumerate(layers(flat, widths)):
        X = X.relu() if layer else X
        X = torch.baddbmm(b[:, None], X, W.mT)  # (runs, N, in) @ (runs, in, out)
    return X


def mean_losses(logits, y):
    """Binary cross-entropy (runs,) of each run, the mean over its points."""
    return binary_cross_entropy_with_logits(logits, y, reduction="none").mean((1, 2))


def run_epoch(groups, widths, optimizer, X, y, orders, batch_size):
    """Pass once over the points X (runs, N, 2), y (runs, N, 1) in the orders (runs, N).

    groups: the optimizer's leaves, whose rows one after another are the runs
    """
    runs = torch.arange(len(X))[:, None]
    for batch in orders.split(batch_size, dim=1):
        z = logits(torch.cat(groups), widths, X[runs, batch])
        optimizer.zero_grad()
        mean_losses(z, y[runs, batch]).sum().backward()  # a sum keeps the runs apart
        optimizer.step()
