"""Exercise 2(a): a feed-forward network with hand-written derivatives.

The sheet asks for the two `backward`. What is around them makes the functions replace
torch.nn.functional.linear and relu: in forward mode, torch.func and torch.compile, too.
"""

from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral

import torch
from torch import nn
from torch.nn import functional as F


class FastFunction(torch.autograd.Function):
    """An autograd.Function that skips the binding of default arguments.

    It saves a tenth of a small network's training time. torch.func needs the whole of
    Function.apply; else the part of it that is in C++ does everything.
    """

    generate_vmap_rule = True

    @classmethod
    def apply(cls, *args):
        if torch._C._are_functorch_transforms_active():
            return super().apply(*args)
        return super(torch.autograd.Function, cls).apply(*args)


@torch.compiler.allow_in_graph  # torch.compile does not trace a jvp
class LinearFunction(FastFunction):
    """y = x W^T + b for x (..., D_in), W (D_out, D_in) and b (D_out,) or None.

    The leading dimensions of x hold N points. Since y_nj = sum_i x_ni W_ji + b_j, the
    chain rule turns G = dE/dy into dE/dx = G W, dE/dW = G^T x and dE/db = sum_n G_n.
    """

    @classmethod
    def apply(cls, input, weight, bias=None):
        return super().apply(input, weight, bias)

    @staticmethod
    def forward(input, weight, bias):
        return F.linear(input, weight, bias)  # (..., D_in) @ (D_in, D_out) + (D_out,)

    @staticmethod
    def setup_context(ctx, inputs, output):
        saved = inputs[:2]  # the same for both modes, as generate_vmap_rule requires
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        if not input.dtype == weight.dtype == grad_output.dtype:  # under autocast
            input, weight = input.to(grad_output.dtype), weight.to(grad_output.dtype)
        if weight.dim() == 1:  # F.linear also accepts a vector as the only row of W
            weight, grad_output = weight[None], grad_output[..., None]
        x, G = as_matrix(input), as_matrix(grad_output)
        needs_input, needs_weight, needs_bias = ctx.needs_input_grad
        grad_input = grad_output @ weight.conj() if needs_input else None  # (..., D_in)
        grad_weight = G.T @ x.conj() if needs_weight else None  # (D_out, N) @ (N, D_in)
        grad_bias = G.sum(0) if needs_bias else None  # (N, D_out) -> (D_out,)
        return grad_input, grad_weight, grad_bias

    @staticmethod
    def jvp(ctx, dx, dW, db):
        x, W = ctx.saved_tensors
        return F.linear(dx, W, db) + F.linear(x, dW)  # dy = dx W^T + x dW^T + db


def as_matrix(x):  # (..., D) -> (N, D)
    return x if x.dim() == 2 else x.reshape(x.shape[:-1].numel(), x.shape[-1])


@torch.compiler.allow_in_graph
class ReLUFunction(FastFunction):
    """y = max(x, 0), elementwise; dE/dx is dE/dy where y > 0 and 0 elsewhere."""

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
        # Like F.relu, pass the gradient where the output is NaN. The zeros come from
        # output, not from a constant, so that the second derivative exists (and is 0).
        return torch.where(output.bool(), grad_output, output)

    jvp = backward  # the Jacobian is diagonal and thus its own transpose


class Linear(nn.Linear):
    """nn.Linear on LinearFunction, with Xavier uniform weights and zero biases."""

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.weight)  # Glorot and Bengio (2010)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, input):
        return LinearFunction.apply(input, self.weight, self.bias)


class FeedForwardNetwork(nn.Module):
    """Linear layers with ReLU between them: (..., input_size) -> logits (..., 1).

    hidden_size is the width of both hidden layers, or has one width per hidden layer.
    """

    def __init__(self, input_size=2, hidden_size=32):
        super().__init__()
        widths = hidden_size if isinstance(hidden_size, Iterable) else [hidden_size] * 2
        sizes = [checked_size("input_size", input_size)]
        sizes += [checked_size("hidden_size", width) for width in widths]
        self.layers = nn.ModuleList(Linear(m, n) for m, n in pairwise([*sizes, 1]))

    def forward(self, input):
        *hidden_layers, last_layer = self.layers
        for layer in hidden_layers:
            input = ReLUFunction.apply(layer(input))
        return last_layer(input)


def checked_size(name, size):
    """Return size; raise TypeError or ValueError unless it is an integer >= 1."""
    is_integer = isinstance(size, Integral) and not isinstance(size, bool)
    if is_integer and size >= 1:
        return size
    error = ValueError if is_integer else TypeError
    raise error(f"{name} must be an integer >= 1, not {size!r}")
