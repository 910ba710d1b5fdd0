"""Many PyTorch networks of one shape, trained at once, each on points of its own.

Row k of a matrix `flat` (runs, P) holds the P parameters of network k, in the order of
network.parameters(). `widths` are those of all its layers: [2, ..., 1].
"""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def flatten(networks):
    """The parameters of the networks, (runs, P), as a leaf to be trained."""
    rows = [torch.nn.utils.parameters_to_vector(n.parameters()) for n in networks]
    return torch.stack(rows).detach().requires_grad_()


def layers(flat, widths):
    """The parameters of each layer: [(W (runs, out, in), b (runs, out)), ...]."""
    shapes = list(zip(widths[1:], widths))  # (out, in)
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


def run_epoch(leaves, widths, optimizer, X, y, orders, batch_size):
    """Pass once over X (runs, N, 2), y (runs, N, 1) in the orders (runs, N)."""
    runs = torch.arange(len(X))[:, None]
    for batch in orders.split(batch_size, dim=1):
        z = logits(torch.cat(leaves), widths, X[runs, batch])  # a row for each run
        optimizer.zero_grad()
        mean_losses(z, y[runs, batch]).sum().backward()  # a sum keeps the runs apart
        optimizer.step()
