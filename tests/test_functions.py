"""LinearFunction and ReLUFunction must equal F.linear and F.relu.

PyTorch-FeedForward/test_gradients.py has the cases that the sheet's archive names.
"""

import ast
from itertools import product
import math

from decision_boundary.shared.script import ROOT, load
import mistakes
import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

net = load("PyTorch-FeedForward/net.py")
linear = net.LinearFunction.apply
relu = net.ReLUFunction.apply
generator = torch.Generator().manual_seed(0)


def randn(*shape, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=generator)


def leaves(*operands):
    """The same tensors, with their strides, as leaves that require a gradient."""
    return [x if x is None else x.detach().requires_grad_() for x in operands]


def output_and_gradients(function, operands, grad_output):
    inputs = leaves(*operands)
    output = function(*inputs)
    inputs = [x for x in inputs if x is not None]
    return [output, *torch.autograd.grad(output, inputs, grad_output)]


def check(ours, reference, *operands, grad_output=None):
    """Compare outputs and gradients, for a random grad_output unless one is given."""
    if grad_output is None:
        output = reference(*operands)
        grad_output = randn(*output.shape, dtype=output.dtype)
    unchanged = grad_output.clone()
    actual = output_and_gradients(ours, operands, grad_output)
    expected = output_and_gradients(reference, operands, unchanged)
    torch.testing.assert_close(actual, expected, equal_nan=True)
    torch.testing.assert_close(grad_output, unchanged, equal_nan=True)


FLOATS = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40]


@pytest.mark.parametrize("batch", [(), (1,), (7,), (2, 7), (2, 3, 7), (0,), (2, 0)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_of_any_batch(batch, with_bias):
    bias = randn(5) if with_bias else None
    check(linear, F.linear, randn(*batch, 3), randn(5, 3), bias)


@pytest.mark.parametrize("dtype", FLOATS)
def test_linear_of_every_dtype_with_operands_that_are_not_contiguous(dtype):
    x = randn(3, 7, 2, dtype=dtype).permute(2, 1, 0)
    grad_output = randn(5, 7, 2, dtype=dtype).permute(2, 1, 0)
    weight = randn(3, 5, dtype=dtype).T
    bias = randn(10, dtype=dtype)[::2]
    check(linear, F.linear, x, weight, bias, grad_output=grad_output)


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_of_special_values_and_gradients(dtype):
    # A unit that is off passes 0, even if inf or nan comes in
    x, grad_output = torch.tensor(list(product(SPECIAL, SPECIAL)), dtype=dtype).T
    check(relu, F.relu, x, grad_output=grad_output)


@pytest.mark.parametrize("batch", [(4,), (2, 2)])
def test_second_derivatives_of_linear(batch):
    operands = leaves(randn(*batch, 3), randn(2, 3), randn(2))
    gradcheck(linear, operands)
    gradgradcheck(linear, operands)


def test_second_derivative_of_relu_exists_and_is_0():
    [x] = leaves(torch.tensor([-1.0, 0.0, 2.0]))
    [first] = torch.autograd.grad((x * relu(x)).sum(), x, create_graph=True)
    [second] = torch.autograd.grad(first.sum(), x)
    assert second.tolist() == [0, 0, 2]


@pytest.mark.parametrize("needs", list(product([True, False], repeat=3))[:-1])
def test_only_needed_gradients_are_computed(needs):
    operands = [randn(7, 3), randn(5, 3), randn(5)]
    for operand, need in zip(operands, needs):
        operand.requires_grad_(need)
    context = linear(*operands).grad_fn
    gradients = net.LinearFunction.backward(context, randn(7, 5))
    assert tuple(gradient is not None for gradient in gradients) == needs


# The known mistakes


def check_everything(module):
    """Short for the checks above: a mistake must fail one of them."""
    linear = module.LinearFunction.apply
    relu = module.ReLUFunction.apply
    check(linear, F.linear, randn(7, 3), randn(5, 3), randn(5))
    x = randn(7, 3)
    check(relu, F.relu, x + x.sign())
    check(relu, F.relu, 1e-9 * x.sign() * (x > -1))
    # Called directly, as autograd would sum a gradient to the operand's shape
    context = linear(*leaves(randn(7, 3), randn(5, 3), randn(5))).grad_fn
    gradients = module.LinearFunction.backward(context, randn(7, 5))
    assert [gradient.shape for gradient in gradients] == [(7, 3), (5, 3), (5,)]


def test_our_functions_pass_everything():
    check_everything(net)


MISTAKES = mistakes.of_item("2(a)") + mistakes.of_item("2(b)")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_each_known_mistake_is_noticed(mistake):
    with pytest.raises((AssertionError, RuntimeError)):
        check_everything(mistakes.module(mistake))


@pytest.mark.filterwarnings("ignore")  # PyTorch warns of the write
@pytest.mark.parametrize(
    "mistake", [m for m in MISTAKES if m.shows], ids=lambda m: m.name
)
def test_what_the_report_says_about_a_mistake(mistake):
    module = mistakes.module(mistake)
    linear = module.LinearFunction.apply
    relu = module.ReLUFunction.apply
    x = randn(7, 3)
    if mistake.shows == "nothing with `y.sum().backward()`":
        check(relu, F.relu, x, grad_output=torch.ones_like(x))
    elif mistake.shows == "nothing in training: autograd sums it":
        check(linear, F.linear, x, randn(5, 3), randn(5))
    elif mistake.shows == "nothing in `gradcheck`":
        gradcheck(relu, leaves(x))
    else:
        assert mistake.shows == "nothing with right functions"
        check(relu, F.relu, x + x.sign())  # a test that is not near 0


def test_the_archives_tests_hold_under_python_O_too():
    source = (ROOT / "PyTorch-FeedForward/test_gradients.py").read_text()
    nodes = ast.walk(ast.parse(source))
    assert not any(isinstance(node, ast.Assert) for node in nodes)


# The network


def gradients(model, output):
    """Those of all parameters, for a loss of the model's output."""
    model.zero_grad()
    output.square().mean().backward()
    return [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.parametrize(
    "hidden_size, widths",
    [(32, (32, 32)), ([8, 4, 2], (8, 4, 2)), (np.int64(2), (2, 2)), ((), ())],
)
def test_network_equals_one_of_torch_layers(hidden_size, widths):
    model = net.FeedForwardNetwork(1, hidden_size)
    layers = []
    for fan_in, fan_out in zip((1, *widths), (*widths, 1)):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    stock = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for theirs, ours in zip(stock.parameters(), model.parameters(), strict=True):
            theirs.copy_(ours.normal_())
    x = torch.randn(64, 1)
    assert torch.equal(model(x), stock(x))
    torch.testing.assert_close(gradients(model, model(x)), gradients(stock, stock(x)))


def test_default_network_consists_of_our_functions_alone():
    model = net.FeedForwardNetwork()
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes == [(32, 2), (32,), (32, 32), (32,), (1, 32), (1,)]
    nodes = [model(torch.randn(3, 2)).grad_fn]
    seen = []
    for node in nodes:
        seen.append(type(node).__name__)
        nodes += [parent for parent, _ in node.next_functions if parent]
    assert seen.count("LinearFunctionBackward") == 3
    assert seen.count("ReLUFunctionBackward") == 2
    assert seen.count("AccumulateGrad") == len(seen) - 5 == 6  # and no other node


def test_initial_values_are_xavier_uniform_and_zero():
    for layer in net.FeedForwardNetwork(50, 400).layers:
        bound = math.sqrt(6 / (layer.in_features + layer.out_features))
        assert 0.98 * bound < layer.weight.abs().max().item() <= bound
        assert not layer.bias.any()


@pytest.mark.parametrize("name", ["input_size", "hidden_size"])
def test_sizes_that_are_no_positive_integers(name):
    for size, error in [(0, ValueError), (2.5, TypeError), (True, TypeError)]:
        with pytest.raises(error, match=f"^{name} must be an integer >= 1, not {size}"):
            net.FeedForwardNetwork(**{name: size})


@pytest.mark.parametrize("way", ["compile", "checkpoint", "DDP"])
def test_the_network_works_with(way):
    model = net.FeedForwardNetwork()
    x = torch.randn(64, 2)
    expected = gradients(model, model(x))
    if way == "compile":
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
        ours = gradients(model, compiled(x))
    elif way == "checkpoint":
        ours = gradients(model, checkpoint(model, x, use_reentrant=False))
    else:
        store = distributed.HashStore()
        distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
        ours = gradients(model, DistributedDataParallel(model)(x))
        distributed.destroy_process_group()
    torch.testing.assert_close(ours, expected)
