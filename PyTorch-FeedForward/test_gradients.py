"""Exercise 2(b): compare the gradients of our autograd functions with PyTorch's.

python PyTorch-FeedForward/test_gradients.py    runs the six tests, as pytest does

It tests the net.py in its own folder. All numbers are float64, since gradcheck takes
differences.
"""

import argparse
import sys

from net import LinearFunction, ReLUFunction
import pytest
import torch
from torch.autograd import gradcheck
from torch.nn import functional as F
from torch.testing import assert_close

generator = torch.Generator().manual_seed(0)


def random(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def assert_equal_gradients(function, reference, *operands):
    """Both must give the same output and the same gradient of each operand.

    The incoming gradient is random: one of all ones, as .sum().backward() sends it,
    would hide a backward that ignores it. It must not be changed, since other parts of
    a graph may use it, too.
    """
    output = function(*operands)
    expected_output = reference(*operands)
    assert_close(output, expected_output)

    grad_output = random(*output.shape)
    unchanged = grad_output.clone()
    gradients = torch.autograd.grad(output, operands, grad_output)
    assert_close(grad_output, unchanged)
    expected = torch.autograd.grad(expected_output, operands, unchanged)
    assert_close(gradients, expected)


# Sheet 2(b): gradcheck compares with central differences, and raises an error by itself


def test_linear_function():
    """Compare with F.linear and with central differences, for a batch of 7 points."""
    input = random(7, 5).requires_grad_()
    weight = random(3, 5).requires_grad_()
    bias = random(3).requires_grad_()
    assert_equal_gradients(LinearFunction.apply, F.linear, input, weight, bias)
    gradcheck(LinearFunction.apply, (input, weight, bias))


def test_linear_function_zero_input():
    """Compare where the gradient of the weights is 0."""
    input = torch.zeros(7, 5, dtype=torch.float64, requires_grad=True)
    weight = random(3, 5).requires_grad_()
    bias = random(3).requires_grad_()
    assert_equal_gradients(LinearFunction.apply, F.linear, input, weight, bias)
    gradcheck(LinearFunction.apply, (input, weight, bias))


def test_linear_function_zero_weight():
    """Compare where the gradient of the input is 0."""
    input = random(7, 5).requires_grad_()
    weight = torch.zeros(3, 5, dtype=torch.float64, requires_grad=True)
    bias = random(3).requires_grad_()
    assert_equal_gradients(LinearFunction.apply, F.linear, input, weight, bias)
    gradcheck(LinearFunction.apply, (input, weight, bias))


def test_relu_function():
    """Compare with F.relu and with central differences, for inputs of both signs."""
    numbers = random(7, 5)
    # Central differences are wrong within one step (1e-6) of the kink at 0
    input = (numbers + 0.1 * numbers.sign()).requires_grad_()
    assert_equal_gradients(ReLUFunction.apply, F.relu, input)
    gradcheck(ReLUFunction.apply, (input,))


def test_relu_function_near_zero():
    """Compare with F.relu close to the kink, on both sides, and at the kink."""
    numbers = [-1e-3, -1e-9, -1e-300, 0.0, 1e-300, 1e-9, 1e-3]
    input = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    assert_equal_gradients(ReLUFunction.apply, F.relu, input)
    # No gradcheck: at 0 the central difference is 1/2, whatever the function says


def test_relu_function_negative_input():
    """Compare with F.relu and with central differences, where the gradient is 0."""
    input = (-0.1 - random(7, 5).abs()).requires_grad_()
    assert_equal_gradients(ReLUFunction.apply, F.relu, input)
    gradcheck(ReLUFunction.apply, (input,))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    status = pytest.main([__file__])
    del sys.modules["net"]  # the next script of a notebook may import another one
    sys.exit(status)
