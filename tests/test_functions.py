"""LinearFunction and ReLUFunction against F.linear and F.relu, wherever those may be.

PyTorch-FeedForward/test_gradients.py has the exercise's own cases; these are the rest.
"""

import copy
import math
import os
import pickle
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from decision_boundary.script import ROOT, load

# Warnings that torch 2.13 gives itself: its forward mode loads decompositions through
# torch.jit.script, and its compiler looks at .grad of tensors that are no leaves
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor"),
]
net = load("PyTorch-FeedForward/net.py")
linear, relu = net.LinearFunction.apply, net.ReLUFunction.apply
generator = torch.Generator().manual_seed(0)


def randn(*shape, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=generator)


X, W, B, G = randn(7, 3), randn(5, 3), randn(5), randn(7, 5)


def leaves(*operands):
    """The operands, strides and all, with gradients of their own."""
    return [x if x is None else x.detach().requires_grad_() for x in operands]


def differentiate(function, operands, grad_output):
    operands = leaves(*operands)
    output = function(*operands)
    operands = [x for x in operands if x is not None]
    return output, *torch.autograd.grad(output, operands, grad_output)


def check(ours, torchs, *operands, grad_output=None):
    """Output and gradients of both functions agree, for a random grad_output."""
    if grad_output is None:
        output = torchs(*operands)
        grad_output = randn(*output.shape, dtype=output.dtype)
    actual = differentiate(ours, operands, grad_output)
    expected = differentiate(torchs, operands, grad_output)
    torch.testing.assert_close(actual, expected, equal_nan=True)


def check_error(ours, torchs, *operands):
    """Both functions raise, and the same type."""
    with pytest.raises(Exception) as expected:
        torchs(*operands)
    with pytest.raises(Exception) as actual:
        ours(*operands)
    assert actual.type is expected.type


# The check itself: it must reject what is wrong


class IgnoresGradOutput(net.LinearFunction):
    @staticmethod
    def backward(ctx, grad_output):
        return net.LinearFunction.backward(ctx, torch.ones_like(grad_output))


class ForgetsTranspose(net.LinearFunction):
    @staticmethod
    def backward(ctx, grad_output):
        _, weight = ctx.saved_tensors
        _, *others = net.LinearFunction.backward(ctx, grad_output)
        return grad_output @ weight.T, *others


class ForgetsBatchSum(net.LinearFunction):
    @staticmethod
    def backward(ctx, grad_output):
        *others, _ = net.LinearFunction.backward(ctx, grad_output)
        return *others, grad_output[-1]


class AveragesOverBatch(net.LinearFunction):
    @staticmethod
    def backward(ctx, grad_output):
        grad_input, *others = net.LinearFunction.backward(ctx, grad_output)
        return grad_input, *(x / len(grad_output) for x in others)


class ReLUIgnoresGradOutput(net.ReLUFunction):
    @staticmethod
    def backward(ctx, grad_output):
        return net.ReLUFunction.backward(ctx, torch.ones_like(grad_output))


class ReLUPassesAtZero(net.ReLUFunction):
    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        return grad_output * (output >= 0)


@pytest.mark.parametrize(
    "wrong", [IgnoresGradOutput, ForgetsTranspose, ForgetsBatchSum, AveragesOverBatch]
)
def test_the_check_rejects_a_wrong_linear_function(wrong):
    square = randn(3, 3)  # the transpose fits, too
    check(linear, F.linear, X, square, square[0])
    with pytest.raises(AssertionError):
        check(wrong.apply, F.linear, X, square, square[0])


@pytest.mark.parametrize("wrong", [ReLUIgnoresGradOutput, ReLUPassesAtZero])
def test_the_check_rejects_a_wrong_relu_function(wrong):
    with pytest.raises(AssertionError):
        check(wrong.apply, F.relu, X)


# Shapes, strides and dtypes


@pytest.mark.parametrize("batch", [(), (1,), (7,), (2, 7), (2, 3, 7), (0,), (2, 0)])
@pytest.mark.parametrize("bias", [(5,), (1,), (), None])
def test_linear_with_any_leading_dimensions(batch, bias):
    b = None if bias is None else randn(*bias)
    check(linear, F.linear, randn(*batch, 3), W, b)


def test_the_layer_may_lack_a_bias():
    layer = net.Linear(3, 5, bias=False)
    assert torch.equal(layer(X.float()), F.linear(X.float(), layer.weight))


@pytest.mark.parametrize("batch", [(7,), (2, 7)])
@pytest.mark.parametrize("shape", [(1, 1), (0, 3), (5, 0), (1, 3)])
def test_linear_of_unusual_width(shape, batch):
    check(linear, F.linear, randn(*batch, shape[1]), randn(*shape), randn(shape[0]))


@pytest.mark.parametrize("batch", [(), (3,), (7,), (2, 7), (0,)])
def test_linear_with_a_vector_for_weight(batch):
    check(linear, F.linear, randn(*batch, 3), randn(3))


def test_linear_has_no_bias_by_default():
    assert torch.equal(linear(X, W), F.linear(X, W))
    assert torch.equal(linear(X, W, bias=B), F.linear(X, W, bias=B))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4)])
def test_relu_of_any_shape(shape):
    check(relu, F.relu, randn(*shape))


@pytest.mark.parametrize(
    "x, weight, grad_output",
    [
        (randn(3, 7).T, randn(3, 5).T, randn(5, 7).T),
        (randn(14, 6)[::2, ::2], randn(10, 6)[1::2, 1::2], randn(14, 10)[::2, ::2]),
        (randn(1, 3).expand(7, 3), randn(5, 1).expand(5, 3), randn(1).expand(7, 5)),
        (randn(3, 7, 2).permute(2, 1, 0), randn(5, 3), randn(7, 2, 5).transpose(0, 1)),
    ],
    ids=["transposed", "strided", "expanded", "permuted"],
)
def test_operands_that_are_not_contiguous(x, weight, grad_output):
    check(linear, F.linear, x, weight, randn(10)[::2], grad_output=grad_output)
    check(relu, F.relu, x)
    check(relu, F.relu, randn(*x.shape), grad_output=x)


FLOATS = [torch.float32, torch.float64, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", [*FLOATS, torch.complex64, torch.complex128])
def test_linear_of_every_dtype(dtype):
    shapes = [(2, 7, 3), (5, 3), (5,)]
    check(linear, F.linear, *(randn(*shape, dtype=dtype) for shape in shapes))


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_of_every_dtype(dtype):
    check(relu, F.relu, randn(2, 7, 3, dtype=dtype))


def test_integers_pass_forwards():
    x, weight = torch.arange(-3, 3).view(2, 3), torch.arange(-6, 6).view(4, 3)
    assert torch.equal(linear(x, weight), F.linear(x, weight))
    assert torch.equal(relu(x), F.relu(x))


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_autocast(inside, create_graph):
    def gradients(linear, relu):
        x, weight, bias = leaves(X.float(), W.float(), B.float())
        with torch.autocast("cpu", torch.bfloat16):
            output = linear(relu(linear(x, weight, bias)), weight.T)
        with torch.autocast("cpu", torch.bfloat16, enabled=inside):
            return output, *torch.autograd.grad(
                output, (x, weight, bias), X.bfloat16(), create_graph=create_graph
            )

    actual, expected = gradients(linear, relu), gradients(F.linear, F.relu)
    torch.testing.assert_close(actual, expected)
    assert [x.dtype for x in actual] == [torch.bfloat16] + 3 * [torch.float32]


# Values


SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40]


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_of_special_values_and_gradients(dtype):
    x, grad_output = torch.tensor(list(product(SPECIAL, SPECIAL)), dtype=dtype).T
    check(relu, F.relu, x, grad_output=grad_output)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_relu_has_gradient_0_at_0(zero):
    x = torch.full((7, 5), zero, dtype=torch.float64)
    _, grad_input = differentiate(relu, [x], G)
    assert torch.equal(grad_input, torch.zeros_like(x))


# Errors


@pytest.mark.parametrize(
    "operands",
    [
        (X, randn(5, 4), B),
        (X, W, randn(4)),
        (X, randn(2, 5, 3), B),
        (X, randn(3), randn(2)),
        (randn(4), W, B),
        (X.float(), W, B),
        (X, W.float(), B),
        (X, W, B.float()),
        (X.int(), W, B),
        (X, None, B),
        (None, W, B),
        (X.numpy(), W, B),
        (X, W, 1.0),
        (X,),
        (X, W, B, B),
    ],
)
def test_linear_raises_as_torch_does(operands):
    check_error(linear, F.linear, *operands)


@pytest.mark.parametrize("x", [randn(3, dtype=torch.complex128), [1.0], None])
def test_relu_raises_as_torch_does(x):
    check_error(relu, F.relu, x)


# The rules of autograd


@pytest.mark.parametrize("needs", list(product([True, False], repeat=3))[:-1])
def test_only_the_gradients_asked_for_are_computed(needs):
    operands = [x.clone().requires_grad_(need) for x, need in zip((X, W, B), needs)]
    node = linear(*operands).grad_fn
    gradients = net.LinearFunction.backward(node, G)
    assert tuple(gradient is not None for gradient in gradients) == needs


def test_no_bias_has_no_gradient():
    node = linear(*leaves(X, W, None)).grad_fn
    assert net.LinearFunction.backward(node, G)[2] is None


def test_nothing_is_recorded_when_no_operand_needs_a_gradient():
    assert not linear(X, W, B).requires_grad and not relu(X).requires_grad
    with torch.no_grad():
        assert not relu(linear(*leaves(X, W, B))).requires_grad


def test_nothing_given_is_changed():
    given = [X, W, B, G]
    before = [(x.clone(), x._version) for x in given]
    differentiate(linear, (X, W, B), G)
    differentiate(relu, (G,), G)
    for x, (value, version) in zip(given, before):
        assert torch.equal(x, value) and x._version == version


@pytest.mark.parametrize("k", range(3), ids=["input", "weight", "output of relu"])
def test_a_change_before_the_backward_pass_is_noticed(k):
    x, weight = X.clone().requires_grad_(), W.clone().requires_grad_()
    y = relu(linear(x, weight))
    with torch.no_grad():
        (x, weight, y)[k].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward(G)


def test_what_no_gradient_needs_may_change():
    x, weight, bias = leaves(X, W, B.clone())
    z = linear(x, weight, bias)
    y = relu(z)
    with torch.no_grad():
        bias.add_(1)
        z.add_(1)
    actual = torch.autograd.grad(y, (x, weight), G)
    _, *expected = differentiate(lambda x, W: F.relu(F.linear(x, W, B)), (X, W), G)
    torch.testing.assert_close(actual, tuple(expected))


def test_saved_tensors_pass_through_hooks():
    packed = []

    def pack(x):
        packed.append(x.detach().clone())
        return x * 2

    operands = leaves(X, W, B)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x / 2):
        y = relu(linear(*operands))
    assert all(map(torch.equal, packed, (X, W, y))) and len(packed) == 3
    actual = torch.autograd.grad(y, operands, G)
    _, *expected = differentiate(lambda *x: F.relu(F.linear(*x)), (X, W, B), G)
    torch.testing.assert_close(actual, tuple(expected))


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointing(use_reentrant):
    def layer(*operands):
        return relu(linear(*operands))

    def checkpointed(*operands):
        return checkpoint(layer, *operands, use_reentrant=use_reentrant)

    results = []
    for function in (layer, checkpointed):
        operands = leaves(X, W, B)
        function(*operands).backward(G)  # reentrant checkpoints take no grad()
        results.append([x.grad for x in operands])
    assert all(map(torch.equal, *results))


def test_a_freed_graph_says_so():
    y = relu(linear(*leaves(X, W, B)))
    y.backward(G)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward(G)


# Second order, forward mode, torch.func


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(
    "shapes", [[(4, 3), (2, 3), (2,)], [(2, 2, 3), (2, 3)], [(3,), (3,)]]
)
def test_linear_passes_gradcheck_of_both_modes_and_orders(shapes, dtype):
    operands = leaves(*(randn(*shape, dtype=dtype) for shape in shapes))
    assert gradcheck(
        linear,
        operands,
        check_forward_ad=True,
        check_batched_grad=True,
        check_batched_forward_grad=True,
    )
    assert gradgradcheck(
        linear, operands, check_fwd_over_rev=True, check_batched_grad=True
    )


def test_relu_passes_gradcheck_of_both_modes_and_orders():
    x = leaves(X + X.sign())  # away from the kink
    assert gradcheck(
        relu,
        x,
        check_forward_ad=True,
        check_batched_grad=True,
        check_batched_forward_grad=True,
    )
    assert gradgradcheck(relu, x, check_fwd_over_rev=True, check_batched_grad=True)


def test_second_derivative_of_relu_is_0_rather_than_absent():
    for function in (relu, F.relu):
        (x,) = leaves(X)
        (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first, x, X)
        assert torch.equal(second, torch.zeros_like(x))


def mlp(linear, relu):
    """A function of every kind of operand that is not piecewise linear in any."""
    return lambda x, W, b, V: linear(relu(linear(x, W, b)), V).sin()


OURS, TORCHS = mlp(linear, relu), mlp(F.linear, F.relu)
OPERANDS = (X, W, B, randn(2, 5))
ALL = (0, 1, 2, 3)


def check_transform(transform, *operands):
    """transform(function)(*operands) is the same for our functions and torch's."""
    torch.testing.assert_close(transform(OURS)(*operands), transform(TORCHS)(*operands))


def total(function):
    return lambda *operands: function(*operands).sum()


@pytest.mark.parametrize("k", ALL)
def test_forward_mode(k):
    def dual(function):
        def output(*operands):
            with forward_ad.dual_level():
                operands = list(operands)
                operands[k] = forward_ad.make_dual(operands[k], operands[k].cos())
                return forward_ad.unpack_dual(function(*operands))

        return output

    check_transform(dual, *OPERANDS)


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: grad(total(f), ALL),
        lambda f: jacrev(f, ALL),
        lambda f: jacfwd(f, ALL),
        lambda f: hessian(total(f), ALL),
        lambda f: jacrev(jacrev(total(f), ALL), ALL),
        lambda f: jacrev(jacfwd(total(f), ALL), ALL),
        lambda f: jacrev(hessian(total(f), 1), 1),
        lambda f: lambda *x: jvp(f, x, tuple(t.cos() for t in x)),
    ],
    ids=["grad", "rev", "fwd", "hessian", "revrev", "revfwd", "third", "jvp"],
)
def test_transforms(transform):
    check_transform(transform, *OPERANDS)


@pytest.mark.xfail(strict=True, reason="github.com/pytorch/pytorch/issues/197867")
def test_forward_over_forward_mode():
    check_transform(lambda f: jacfwd(jacfwd(total(f), ALL), ALL), *OPERANDS)


@pytest.mark.parametrize(
    "in_dims",
    [
        (0, None, None, None),
        (1, None, None, None),
        (-1, None, None, None),
        (None, 0, None, None),
        (None, 2, None, None),
        (None, None, 0, None),
        (None, None, 1, None),
        (0, 0, 0, 0),
        (2, 1, 1, 2),
        (1, None, 0, 1),
    ],
    ids=str,
)
def test_vmap(in_dims):
    batched = [
        x if dim is None else torch.stack([x, -x, x / 2, x.cos()], dim)
        for x, dim in zip(OPERANDS, in_dims)
    ]
    check_transform(lambda f: vmap(f, in_dims), *batched)
    check_transform(lambda f: vmap(grad(total(f), ALL), in_dims), *batched)
    check_transform(lambda f: grad(total(vmap(f, in_dims)), ALL), *batched)
    check_transform(lambda f: vmap(jacfwd(total(f), ALL), in_dims), *batched)
    check_transform(lambda f: jacfwd(total(vmap(f, in_dims)), ALL), *batched)


def test_nested_vmap():
    inner, outer = (0, None, 1, None), (2, 2, None, 0)
    operands = randn(6, 7, 4, 3), randn(5, 3, 4), randn(5, 6), randn(4, 2, 5)
    check_transform(lambda f: vmap(vmap(f, inner), outer), *operands)
    check_transform(lambda f: grad(total(vmap(vmap(f, inner), outer)), ALL), *operands)
    check_transform(
        lambda f: vmap(vmap(hessian(total(f), (0, 1)), inner), outer), *operands
    )


@pytest.mark.parametrize("in_dims", [(0, None), (None, 0), (1, 1)])
def test_vmap_with_a_vector_for_weight(in_dims):
    shapes = [(7, 3), (3,)]
    operands = [
        randn(*shape) if dim is None else randn(4, *shape).movedim(0, dim)
        for shape, dim in zip(shapes, in_dims)
    ]
    actual, expected = (
        grad(total(vmap(function, in_dims)), (0, 1))(*operands)
        for function in (linear, F.linear)
    )
    torch.testing.assert_close(actual, expected)


def test_per_sample_gradients():
    model = net.FeedForwardNetwork().double()
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    x, y = randn(6, 2), torch.rand(6, 1, dtype=torch.float64)

    def loss(parameters, x, y):
        logit = functional_call(model, parameters, (x,))
        return F.binary_cross_entropy_with_logits(logit, y)

    gradients = vmap(grad(loss), (None, 0, 0))(parameters, x, y)
    for k in range(len(x)):
        model.zero_grad()
        F.binary_cross_entropy_with_logits(model(x[k]), y[k]).backward()
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(gradients[name][k], parameter.grad)


# The network


def twin(model):
    """The same network from torch's own layers."""
    layers = []
    for layer in model.layers:
        layers += [nn.Linear(layer.in_features, layer.out_features), nn.ReLU()]
    stock = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for ours, stocks in zip(model.parameters(), stock.parameters(), strict=True):
            stocks.copy_(ours)
    return stock


def gradients(model, x):
    model.zero_grad()
    model(x).square().mean().backward()
    return [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.parametrize(
    "hidden_size, widths",
    [
        (32, (32, 32)),
        ((3,), (3,)),
        ([8, 4, 2], (8, 4, 2)),
        (np.int64(2), (2, 2)),
        ((), ()),
        (1, (1, 1)),
    ],
)
def test_network_equals_its_twin(hidden_size, widths):
    model = net.FeedForwardNetwork(1, hidden_size)
    assert [layer.out_features for layer in model.layers] == [*widths, 1]
    x, stock = torch.randn(64, 1), twin(model)
    assert model(x).shape == (64, 1) and torch.equal(model(x), stock(x))
    torch.testing.assert_close(gradients(model, x), gradients(stock, x))


def test_network_as_handed_out():
    shapes = [tuple(p.shape) for p in net.FeedForwardNetwork().parameters()]
    assert shapes == [(32, 2), (32,), (32, 32), (32,), (1, 32), (1,)]


def test_network_differentiates_with_our_functions_alone():
    nodes, seen = [net.FeedForwardNetwork()(torch.randn(3, 2)).grad_fn], []
    for node in nodes:
        seen.append(type(node).__name__)
        nodes += [parent for parent, _ in node.next_functions if parent]
    assert seen.count("LinearFunctionBackward") == 3
    assert seen.count("ReLUFunctionBackward") == 2
    assert seen.count("AccumulateGrad") == len(seen) - 5 == 6


def test_initial_values_are_xavier_uniform_and_zero():
    for layer in net.FeedForwardNetwork(50, 400).layers:
        bound = math.sqrt(6 / (layer.in_features + layer.out_features))
        largest = layer.weight.abs().max().item()
        assert 0.98 * bound < largest <= bound
        # A uniform distribution on [-c, c] has the standard deviation c / sqrt(3)
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert not layer.bias.any()


def test_manual_seed_decides_the_initial_weights():
    first, again, other = (
        torch.manual_seed(seed) and net.FeedForwardNetwork().layers[0].weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_network_survives_deepcopy_and_pickle():
    model, x = net.FeedForwardNetwork(), torch.randn(9, 2)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x))
        assert all(map(torch.equal, gradients(other, x), gradients(model, x)))


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize("argument", ["input_size", "hidden_size"])
def test_sizes_below_1(argument, size):
    with pytest.raises(ValueError, match=f"{argument} .*{size}.*>= 1"):
        net.FeedForwardNetwork(**{argument: size})


@pytest.mark.parametrize("size", [2.5, "x", None, True])
@pytest.mark.parametrize("argument", ["input_size", "hidden_size"])
def test_sizes_that_are_no_integers(argument, size):
    with pytest.raises(TypeError, match=f"{argument} .*{size}.*>= 1"):
        net.FeedForwardNetwork(**{argument: size})


def test_one_bad_width_among_good_ones():
    with pytest.raises(ValueError, match="hidden_size .*0"):
        net.FeedForwardNetwork(hidden_size=(4, 0))


def test_compile_with_graph_breaks():
    model, x = net.FeedForwardNetwork(), torch.randn(64, 2)
    compiled = torch.compile(model, backend="aot_eager")
    torch.testing.assert_close(compiled(x), model(x))
    torch.testing.assert_close(gradients(compiled, x), gradients(model, x))


# The gradients that two processes agree on, each with a half of the points
DISTRIBUTED = """if True:
    import sys
    from datetime import timedelta
    import torch
    from decision_boundary.script import load

    folder, rank = sys.argv[1], int(sys.argv[2])
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/store",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    torch.manual_seed(0)
    network = load("PyTorch-FeedForward/net.py").FeedForwardNetwork()
    model = torch.nn.parallel.DistributedDataParallel(network)
    model(torch.randn(64, 2).chunk(2)[rank]).square().mean().backward()
    torch.save([p.grad for p in network.parameters()], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()
"""


@pytest.fixture(scope="module", autouse=True)
def distributed(tmp_path_factory):
    """The processes, which start long before their test, and where they write."""
    folder = tmp_path_factory.mktemp("distributed")
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", DISTRIBUTED, folder]
    processes = [
        subprocess.Popen([*command, str(rank)], env=environment) for rank in range(2)
    ]
    yield processes, folder
    for process in processes:
        process.kill()
        process.wait()


def test_distributed_data_parallel(distributed):
    processes, folder = distributed
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    torch.manual_seed(0)
    model = net.FeedForwardNetwork()
    expected = gradients(model, torch.randn(64, 2))
    for rank in range(2):
        torch.testing.assert_close(torch.load(folder / f"{rank}.pt"), expected)
