"""Exercise 2(a): a feed-forward network on autograd functions of our own.

LinearFunction and ReLUFunction take the place of torch.nn.functional.linear and relu.
The values are torch's, the derivatives ours: backwards, forwards and twice, under
autocast and torch.func. (Forward over forward mode is wrong for every Function in
torch 2.13, github.com/pytorch/pytorch/issues/197867; hessian, over reverse, is right.)
"""

import inspect
from collections.abc import Iterable
from itertools import pairwise, starmap
from numbers import Integral

import torch
from torch import nn
from torch.nn import functional as F


class LinearFunction(torch.autograd.Function):
    """y = x W^T + b for x (..., D_in), W (D_out, D_in) and b (D_out,) or None.

    The leading dimensions of x are the batch, of N points in all. Because of y_nj =
    sum_i x_ni W_ji + b_j, the chain rule turns G = dE/dy (N, D_out) into

        dE/dx = G W (N, D_in),  dE/dW = G^T x (D_out, D_in),  dE/db = sum_n G_n (D_out,)
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(input, weight, bias=None):
        return F.linear(input, weight, bias)  # (..., D_in) @ (D_in, D_out) + (D_out,)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, _ = inputs
        # Always both, as generate_vmap_rule takes the two lists for one
        ctx.save_for_backward(input, weight)
        ctx.save_for_forward(input, weight)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = (as_factor(x, grad_output) for x in ctx.saved_tensors)
        if weight.dim() == 1:  # F.linear's way to leave out a D_out of 1
            weight, grad_output = weight[None], grad_output[..., None]
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad
        grad_input = grad_weight = grad_bias = None
        if needs_input:
            grad_input = grad_output @ weight  # (..., D_out) @ (D_out, D_in)
        if needs_weight:  # (D_out, N) @ (N, D_in)
            grad_weight = as_matrix(grad_output).T @ as_matrix(input)
        if needs_bias:
            grad_bias = as_matrix(grad_output).sum(0)  # (N, D_out) -> (D_out,)
        return grad_input, grad_weight, grad_bias

    @staticmethod
    def jvp(ctx, input_t, weight_t, bias_t):
        """dy = dx W^T + x dW^T + db."""
        input, weight = ctx.saved_tensors
        return F.linear(input_t, weight, bias_t) + F.linear(input, weight_t)


def as_factor(x, grad_output):
    """x as a factor of grad_output: conjugated, and of its dtype (autocast's choice)."""
    return (x if x.dtype == grad_output.dtype else x.to(grad_output.dtype)).conj()


def as_matrix(x):
    """x (..., D) as (N, D): the leading dimensions, of any number, become one."""
    return x if x.dim() == 2 else x.reshape(x.shape[:-1].numel(), x.shape[-1])


class ReLUFunction(torch.autograd.Function):
    """y = max(x, 0), elementwise; dE/dx = dE/dy where y > 0, and 0 elsewhere."""

    generate_vmap_rule = True

    @staticmethod
    def forward(input):
        return F.relu(input)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        # A NaN passes the gradient on, as in torch. Where output is 0, it serves as the
        # gradient: a literal 0 would cut the graph, and second derivatives raise.
        return torch.where(output.bool(), grad_output, output)

    jvp = backward  # the Jacobian is diagonal, so it is its own transpose


for function in (LinearFunction, ReLUFunction):
    # apply() inspects forward at every call; finding the answer there saves 10 us
    function.forward.__signature__ = inspect.signature(function.forward)


class Linear(nn.Linear):
    """LinearFunction with its parameters: Xavier uniform weights and zero biases."""

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.weight)  # Glorot and Bengio (2010)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, input):
        return LinearFunction.apply(input, self.weight, self.bias)


class FeedForwardNetwork(nn.Module):
    """Linear layers with ReLU between them: (N, input_size) to logits (N, 1).

    hidden_size is the width of two hidden layers, or has one width per hidden layer.
    torch.manual_seed decides the initial weights.
    """

    def __init__(self, input_size=2, hidden_size=32):
        super().__init__()
        one = isinstance(hidden_size, str) or not isinstance(hidden_size, Iterable)
        widths = [hidden_size] * 2 if one else hidden_size
        sizes = [checked_size("input_size", input_size)]
        sizes += [checked_size("hidden_size", width) for width in widths] + [1]
        self.layers = nn.ModuleList(starmap(Linear, pairwise(sizes)))

    def forward(self, input):
        *hidden_layers, last_layer = self.layers
        for layer in hidden_layers:
            input = ReLUFunction.apply(layer(input))
        return last_layer(input)


def checked_size(name, value):
    """value, or TypeError or ValueError if it is no size."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} has {value!r}; integers >= 1 are allowed")
    if value < 1:
        raise ValueError(f"{name} has {value}; integers >= 1 are allowed")
    return value
