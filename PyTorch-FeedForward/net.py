"""Exercise 2(a): a feed-forward network in PyTorch, with derivatives by hand."""

from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral

import torch
from torch import nn
from torch.nn import functional as F


class LinearFunction(torch.autograd.Function):
    """y = x W^T + b for x (..., D_in), W (D_out, D_in) and b (D_out,) or None.

    The leading dimensions of x hold N points. Since y_nj = sum_i x_ni W_ji + b_j, the
    chain rule turns G = dE/dy into dE/dx = G W, dE/dW = G^T x and dE/db = sum_n G_n.
    """

    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return F.linear(input, weight, bias)  # (..., D_in) @ (D_in, D_out) + (D_out,)

    @staticmethod
    def backward(ctx, grad_output):  # Sheet 2(a)
        input, weight = ctx.saved_tensors
        x = as_matrix(input)  # (N, D_in)
        G = as_matrix(grad_output)  # (N, D_out)
        grad_input = grad_weight = grad_bias = None
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad
        if needs_input:
            grad_input = grad_output @ weight  # (..., D_out) @ (D_out, D_in)
        if needs_weight:
            grad_weight = G.T @ x  # (D_out, N) @ (N, D_in)
        if needs_bias:
            grad_bias = G.sum(0)  # (N, D_out) -> (D_out,)
        return grad_input, grad_weight, grad_bias


def as_matrix(x):
    """(..., D) -> (N, D)"""
    return x if x.dim() == 2 else x.reshape(-1, x.shape[-1])


class ReLUFunction(torch.autograd.Function):
    """y = max(x, 0), elementwise; dE/dx is dE/dy where x > 0 and 0 elsewhere."""

    @staticmethod
    def forward(ctx, input):
        output = F.relu(input)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):  # Sheet 2(a)
        (output,) = ctx.saved_tensors
        # Where the unit is off, the gradient is 0, even if inf or NaN comes in. There,
        # output is that 0, and keeps the input in the graph for second derivatives.
        return torch.where(output <= 0, output, grad_output)


class Linear(nn.Linear):
    """nn.Linear on LinearFunction, with Xavier uniform weights and zero biases."""

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.weight)  # Glorot and Bengio (2010)
        nn.init.zeros_(self.bias)

    def forward(self, input):
        return LinearFunction.apply(input, self.weight, self.bias)


class FeedForwardNetwork(nn.Module):
    """Linear layers with ReLU between them: (..., input_size) -> logits (..., 1).

    hidden_size: the width of two hidden layers, or one width per hidden layer
    """

    def __init__(self, input_size=2, hidden_size=32):
        super().__init__()
        widths = hidden_size if isinstance(hidden_size, Iterable) else [hidden_size] * 2
        widths = [positive_integer("hidden_size", width) for width in widths]
        sizes = [positive_integer("input_size", input_size), *widths, 1]
        self.layers = nn.ModuleList(Linear(m, n) for m, n in pairwise(sizes))

    def forward(self, input):
        *hidden_layers, last_layer = self.layers
        for layer in hidden_layers:
            input = ReLUFunction.apply(layer(input))
        return last_layer(input)


def positive_integer(name, value):
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer >= 1, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be an integer >= 1, not {value}")
    return int(value)
