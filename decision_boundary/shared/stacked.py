"""Many PyTorch networks of one shape, trained at once, each on points of its own.

One step for all of them takes little longer than a step for one.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


class StackedNetworks(nn.Module):
    """ReLU networks side by side: each parameter has a first axis for the network.

    networks: Exercise 2's FeedForwardNetworks of equal widths; they are copied
    """

    def __init__(self, networks):
        super().__init__()
        self.weights = nn.ParameterList()  # each (K, fan_out, fan_in)
        self.biases = nn.ParameterList()  # each (K, fan_out, 1)
        for layers in zip(*(network.layers for network in networks)):
            weights = [layer.weight.detach() for layer in layers]
            biases = [layer.bias.detach()[:, None] for layer in layers]
            self.weights.append(torch.stack(weights))
            self.biases.append(torch.stack(biases))

    def forward(self, X):
        """The logits (K, N, 1) of network k at the points X[k] of X (K, N, 2)."""
        a = X.mT
        for layer, (W, b) in enumerate(zip(self.weights, self.biases)):
            if layer > 0:
                a = a.relu()
            # (K, fan_out, fan_in) @ (K, fan_in, N) + (K, fan_out, 1)
            a = torch.baddbmm(b, W, a)
        return a.mT


def run_epoch(networks, optimizer, X, y, orders, batch_size):
    """Pass once over X (K, N, 2) and y (K, N, 1), in the orders (K, N)."""
    rows = torch.arange(len(X))[:, None]
    for batch in orders.split(batch_size, dim=1):
        logits = networks(X[rows, batch])
        losses = binary_cross_entropy_with_logits(
            logits, y[rows, batch], reduction="none"
        )
        optimizer.zero_grad()
        # The sum over networks gives each the gradient of its own mean loss
        losses.mean(dim=1).sum().backward()
        optimizer.step()


@torch.no_grad()
def mean_losses(networks, X, y):
    """The mean loss (K,) of each network on its points."""
    losses = binary_cross_entropy_with_logits(networks(X), y, reduction="none")
    return losses.mean(dim=(1, 2)).numpy()
