"""Many PyTorch networks of one shape, trained at once: run i has its own everything.

The parameters of all runs are stacked along a new first axis, and torch.vmap maps the
network over it. Used to compare optimizers, and to count hexagons of deep networks.
"""

import torch
from torch.func import functional_call, stack_module_state
from torch.nn.functional import binary_cross_entropy_with_logits


def stack(networks):
    """The parameters {name: (runs, ...)} of the networks, as leaves to be trained."""
    return {
        k: p.detach().requires_grad_()
        for k, p in stack_module_state(networks)[0].items()
    }


def logits(network, parameters, X):
    """(runs, N, 1): the network with each run's parameters, on its points X (runs, N, 2)."""
    return torch.vmap(lambda p, x: functional_call(network, p, (x,)))(parameters, X)


def mean_losses(logits, y):
    """Binary cross-entropy of each run (runs,), the mean over its points."""
    return binary_cross_entropy_with_logits(logits, y, reduction="none").mean((1, 2))


def run_epoch(network, groups, optimizer, X, y, orders, batch_size):
    """One pass over the points X (runs, N, 2), y (runs, N, 1) in the orders (runs, N).

    groups: one stacked {name: tensor} or several, whose runs follow each other.
    """
    runs = torch.arange(len(X))[:, None]
    for batch in orders.split(batch_size, dim=1):
        parameters = {k: torch.cat([group[k] for group in groups]) for k in groups[0]}
        loss = mean_losses(logits(network, parameters, X[runs, batch]), y[runs, batch])
        optimizer.zero_grad()
        loss.sum().backward()  # the gradient of a sum keeps the runs apart
        optimizer.step()
