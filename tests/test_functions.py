"""LinearFunction and ReLUFunction must equal F.linear and F.relu wherever those work.

PyTorch-FeedForward/test_gradients.py has the cases that the sheet's archive names.
"""

from functools import partial
from itertools import product
import math

from decision_boundary.shared.script import load
import numpy as np
from oracles import mutant
import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn import functional as F

# Forward mode and the compiler cause deprecation warnings within torch 2.13
pytestmark = pytest.mark.filterwarnings("ignore:::torch")
PATH = "PyTorch-FeedForward/net.py"
net = load(PATH)
linear, relu = net.LinearFunction.apply, net.ReLUFunction.apply
generator = torch.Generator().manual_seed(0)


def randn(*shape, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=generator)


X, W, B, V = OPERANDS = randn(7, 3), randn(5, 3), randn(5), randn(2, 5)


def leaves(*operands):
    """The same tensors, with their strides, as leaves that require a gradient."""
    return [x if x is None else x.detach().requires_grad_() for x in operands]


def check(ours, reference, *operands, grad_output=None):
    """Compare outputs and gradients, for a random grad_output unless one is given."""
    results = []
    for function in ours, reference:
        inputs = leaves(*operands)
        output = function(*inputs)
        if grad_output is None:
            grad_output = randn(*output.shape, dtype=output.dtype)
        inputs = [x for x in inputs if x is not None]
        results.append([output, *torch.autograd.grad(output, inputs, grad_output)])
    torch.testing.assert_close(*results, equal_nan=True)


@pytest.mark.parametrize("batch", [(), (1,), (7,), (2, 7), (2, 3, 7), (0,), (2, 0)])
@pytest.mark.parametrize(
    "weight, bias",
    [
        *(((5, 3), bias) for bias in [(5,), (1,), (), None]),
        *(((n, m), (n,)) for n, m in [(1, 1), (0, 3), (5, 0), (1, 3)]),
        ((3,), None),
    ],
)
def test_linear_of_any_shape(batch, weight, bias):
    bias = None if bias is None else randn(*bias)
    check(linear, F.linear, randn(*batch, weight[-1]), randn(*weight), bias)


FLOATS = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40]


@pytest.mark.parametrize("dtype", [*FLOATS, torch.complex64, torch.complex128])
def test_linear_of_every_dtype_with_operands_that_are_not_contiguous(dtype):
    x, grad_output = (randn(n, 7, 2, dtype=dtype).permute(2, 1, 0) for n in (3, 5))
    weight, bias = randn(3, 5, dtype=dtype).T, randn(10, dtype=dtype)[::2]
    check(linear, F.linear, x, weight, bias, grad_output=grad_output)


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_of_special_values_and_gradients(dtype):
    x, grad_output = torch.tensor(list(product(SPECIAL, SPECIAL)), dtype=dtype).T
    check(relu, F.relu, x, grad_output=grad_output)
    [x] = leaves(x)
    [first] = torch.autograd.grad(relu(x).sum(), x, create_graph=True)
    assert not torch.autograd.grad(first.sum(), x)[0].any()  # exists, and is 0


def network(linear, relu, x, W, b, V):
    return linear(relu(linear(bias=b, weight=W, input=x)), V).sin().sum()


NETWORKS = partial(network, linear, relu), partial(network, F.linear, F.relu)


def test_autocast():
    networks = map(torch.autocast("cpu", torch.bfloat16), NETWORKS)
    check(*networks, *(operand.float() for operand in OPERANDS))


@pytest.mark.parametrize("needs", list(product([True, False], repeat=3))[:-1])
def test_only_the_necessary_gradients_are_computed(needs):
    operands = [x.clone().requires_grad_(need) for x, need in zip((X, W, B), needs)]
    gradients = net.LinearFunction.backward(linear(*operands).grad_fn, randn(7, 5))
    assert tuple(gradient is not None for gradient in gradients) == needs


# Second order, forward mode, torch.func

GRADCHECKS = [
    (linear, [randn(*shape, dtype=dtype) for shape in shapes])
    for shapes in [[(4, 3), (2, 3), (2,)], [(2, 2, 3), (2, 3)], [(3,), (3,)]]
    for dtype in (torch.float64, torch.complex128)
]
AWAY_FROM_0 = X + X.sign()  # central differences are wrong at the kink of relu


@pytest.mark.parametrize("function, operands", [*GRADCHECKS, (relu, [AWAY_FROM_0])])
def test_gradcheck_of_both_modes_and_orders(function, operands):
    first = {"check_forward_ad": True, "check_batched_forward_grad": True}
    second = {"check_fwd_over_rev": True, "check_batched_grad": True}
    assert gradcheck(function, leaves(*operands), **first, check_batched_grad=True)
    assert gradgradcheck(function, leaves(*operands), **second)


ALL, IN_DIMS = (0, 1, 2, 3), (0, None, None, 1)
BATCH = torch.stack([X, X.cos()]), W, B, torch.stack([V, V], 1)


@pytest.mark.parametrize(
    "transform, operands",
    [
        (lambda f: hessian(f, ALL), OPERANDS),
        (lambda f: jacrev(jacfwd(f, ALL), ALL), OPERANDS),
        (lambda f: jacrev(hessian(f, 1), 1), OPERANDS),
        (lambda f: vmap(grad(f, ALL), IN_DIMS), BATCH),
        (lambda f: jacrev(vmap(f, IN_DIMS), ALL), BATCH),
    ],
)
def test_transforms_of_torch_func(transform, operands):
    torch.testing.assert_close(*(transform(f)(*operands) for f in NETWORKS))


# The network


def gradients(model, x):
    model.zero_grad()
    model(x).square().mean().backward()
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
    torch.testing.assert_close(gradients(model, x), gradients(stock, x))


def test_default_network_consists_of_our_functions_alone():
    model = net.FeedForwardNetwork()
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes == [(32, 2), (32,), (32, 32), (32,), (1, 32), (1,)]
    nodes, seen = [model(torch.randn(3, 2)).grad_fn], []
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
    assert net.Linear(50, 400, bias=False).bias is None


@pytest.mark.parametrize("name", ["input_size", "hidden_size"])
def test_sizes_that_are_no_positive_integers(name):
    for size, error in [(0, ValueError), (2.5, TypeError), (True, TypeError)]:
        with pytest.raises(error, match=f"^{name} must be an integer >= 1, not {size}"):
            net.FeedForwardNetwork(**{name: size})


def test_compile_without_graph_breaks():
    model = net.FeedForwardNetwork()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    x = torch.randn(64, 2)
    torch.testing.assert_close(gradients(compiled, x), gradients(model, x))


def test_compile_uses_our_derivatives(tmp_path):
    # Without allow_in_graph, torch 2.13 ignores a jvp: pytorch/pytorch/issues/192985
    right, wrong = "return F.linear(dx,", "return 2 * F.linear(dx,"
    module = mutant(PATH, right, wrong, tmp_path)

    def derivative(function):
        return lambda x: jvp(lambda x: function(x, W, B), (x,), (x.cos(),))[1]

    for function, factor in [(linear, 1), (module.LinearFunction.apply, 2)]:
        ours = torch.compile(derivative(function), backend="eager", fullgraph=True)
        torch.testing.assert_close(ours(X), factor * derivative(F.linear)(X))


@pytest.mark.filterwarnings("ignore")  # PyTorch warns of the write
def test_gradcheck_accepts_a_relu_in_place_though_it_changes_a_shared_gradient():
    wrong = load("PyTorch-FeedForward/test_gradients.py").ReLUInPlace.apply
    [point] = leaves(torch.tensor([-1.0, 0, 2], dtype=torch.float64))
    assert gradcheck(wrong, leaves(X))
    wrong(point).sum().backward()  # sends one number to all entries
    assert point.grad.tolist() == [0, 0, 0]
