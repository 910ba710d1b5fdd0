"""Exercise 2(b): compare the gradients of our autograd functions with PyTorch's.

python PyTorch-FeedForward/test_gradients.py    prints every comparison, writes numbers
pytest PyTorch-FeedForward/test_gradients.py    runs the sheet's six tests and three more

All tensors are float64, and incoming gradients random: one of all ones would hide a
backward that ignores it.
"""

from pathlib import Path
import sys
import warnings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared.results import save_results, scientific, table
from decision_boundary.shared.script import Parser, load, run
import torch
from torch.nn import functional as F

net = load("PyTorch-FeedForward/net.py")
LinearFunction, ReLUFunction = net.LinearFunction, net.ReLUFunction

ROUNDING = 1e-13  # relative, between two ways to compute the same derivative
STEP, TRUNCATION = 1e-6, 1e-8  # of a central difference, and its relative error
rows = []  # of the table: case, compared with, deviation, verdict


def random(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


x, W, b = random(7, 5, seed=0), random(3, 5, seed=1), random(3, seed=2)
away = x + 0.1 * x.sign()  # from the kink, which a central difference would cross


def gradients(function, *operands):
    """The output, the operands' gradients, and the incoming one, not to be changed."""
    operands = [operand.clone().requires_grad_() for operand in operands]
    output = function(*operands)
    grad_output = random(*output.shape, seed=3)
    return output, *torch.autograd.grad(output, operands, grad_output), grad_output


def second_order(function, *operands):
    """Second derivatives: the gradients of what `gradients` returns, in random directions."""
    operands = [operand.clone().requires_grad_() for operand in operands]
    output = function(*operands)
    inputs = [*operands, random(*output.shape, seed=3).requires_grad_()]
    first = torch.autograd.grad(output, operands, inputs[-1], create_graph=True)
    directions = [random(*gradient.shape, seed=4) for gradient in first]
    return torch.autograd.grad(first, inputs, directions, materialize_grads=True)


def differences(function, *operands):
    """What `gradients` returns, by central differences of outputs."""
    operands = [operand.clone() for operand in operands]
    output = function(*operands)
    grad_output = random(*output.shape, seed=3)
    slopes = [torch.empty_like(operand) for operand in operands]
    for operand, slope in zip(operands, slopes):
        for entry, result in zip(operand.view(-1), slope.view(-1)):
            entry += STEP
            ahead = function(*operands)
            entry -= 2 * STEP
            rise = ahead - function(*operands)
            entry += STEP
            result.copy_((rise * grad_output).sum() / (2 * STEP))
    return output, *slopes, grad_output


def compare(case, reference, actual, expected, limit=ROUNDING, wrong=False):
    """Add a row to the table, and assert that it is as it should be.

    The deviation is the largest one of any tensor, relative to its largest entry; that
    of a wrong function must exceed the limit.
    """
    deviation = max(
        ((a - e).abs().max() / (e.abs().max() or 1)).item()
        for a, e in zip(actual, expected, strict=True)
    )
    good = deviation > limit if wrong else deviation <= limit
    verdict = ("rejected" if wrong else "equal") if good else "FAILED"
    rows.append([case, reference, scientific(deviation), verdict])
    assert good, rows[-1]


def compare_linear(case, *operands):
    actual, expected = (
        gradients(f, *operands) for f in (LinearFunction.apply, F.linear)
    )
    compare(case, "autograd", actual, expected)


def compare_relu(case, x):
    actual, expected = (gradients(f, x) for f in (ReLUFunction.apply, F.relu))
    compare(case, "autograd", actual, expected)


def compare_further(case, ours, torchs, *operands):
    """Compare with central differences, and second derivatives with autograd's."""
    actual, expected = gradients(ours, *operands), differences(ours, *operands)
    compare(case, "differences", actual, expected, TRUNCATION)
    actual, expected = (second_order(f, *operands) for f in (ours, torchs))
    compare(case, "autograd, 2nd order", actual, expected)


# The sheet's six test cases


def test_linear_function():
    compare_linear("linear", x, W, b)
    compare_further("linear", LinearFunction.apply, F.linear, x, W, b)


def test_linear_function_zero_input():
    compare_linear("linear, zero input", 0 * x, W, b)


def test_linear_function_zero_weight():
    compare_linear("linear, zero weight", x, 0 * W, b)


def test_relu_function():
    compare_relu("relu", away)
    compare_further("relu", ReLUFunction.apply, F.relu, away)


def test_relu_function_near_zero():
    compare_relu("relu, near zero", 1e-9 * x)


def test_relu_function_negative_input():
    compare_relu("relu, negative input", -x.abs())


# Further tests


def test_relu_function_at_zero():
    zero = 0 * x
    actual = gradients(ReLUFunction.apply, zero)
    compare("relu, at zero", "0, by convention", actual[:2], (zero, zero))


class LinearOfFirstPoint(LinearFunction):
    """Uses only the first point's bias gradient: right for a batch of one."""

    @staticmethod
    def backward(ctx, grad_output):
        grad_input, grad_weight, _ = LinearFunction.backward(ctx, grad_output)
        return grad_input, grad_weight, grad_output[0]


class ReLUOfOnes(ReLUFunction):
    """Ignores the incoming gradient: right for y.sum().backward()."""

    @staticmethod
    def backward(ctx, grad_output):
        return ReLUFunction.backward(ctx, torch.ones_like(grad_output))


class ReLUInPlace(ReLUFunction):
    """Overwrites the incoming gradient, which autograd may still need.

    It passes gradcheck; but y.sum() hands down one number for all entries, and with it
    [-1, 0, 2] gets the gradient [0, 0, 0].
    """

    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        grad_output[output <= 0] = 0
        return grad_output


def test_wrong_functions_are_rejected():
    for wrong, torchs, *operands in [
        (LinearOfFirstPoint, F.linear, x, W, b),
        (ReLUOfOnes, F.relu, away),
        (ReLUInPlace, F.relu, away),
    ]:
        actual, expected = (gradients(f, *operands) for f in (wrong.apply, torchs))
        compare(wrong.__name__, "autograd", actual, expected, wrong=True)


def test_gradcheck_accepts_the_relu_in_place():
    assert torch.autograd.gradcheck(ReLUInPlace.apply, away.clone().requires_grad_())
    point = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with warnings.catch_warnings(action="ignore"):  # PyTorch warns of the write
        ReLUInPlace.apply(point).sum().backward()
    assert point.grad.tolist() == [0, 0, 0]


def main():
    options = Parser(__doc__).parse_args()
    rows.clear()
    for test in [test for name, test in globals().items() if name.startswith("test_")]:
        try:
            test()
        except AssertionError:
            pass  # its row says FAILED
    table(["case", "compared with", "deviation", "verdict"], rows)
    equal = [row for row in rows if row[-1] == "equal"]
    worst = {
        name: max(float(row[2]) for row in equal if row[1].startswith(name))
        for name in ("autograd", "differences")
    }
    failed = sum(row[-1] == "FAILED" for row in rows)
    values = {
        "FunctionsEqual": len(equal),
        "FunctionsRejected": sum(row[-1] == "rejected" for row in rows),
        "FunctionsFailed": failed,
        "FunctionsAutograd": scientific(worst["autograd"]),
        "FunctionsDifferences": scientific(worst["differences"]),
    }
    save_results(options, "functions", values)
    if failed:
        sys.exit(f"{failed} comparisons failed: see their rows")


if __name__ == "__main__":
    run(main)
