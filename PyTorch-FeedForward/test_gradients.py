"""Exercise 2(b): compare the gradients of our autograd functions with PyTorch's.

python PyTorch-FeedForward/test_gradients.py    prints every comparison, writes numbers
pytest PyTorch-FeedForward/test_gradients.py    the sheet's six tests, and three more

All tensors are float64, and incoming gradients random: one of all ones would hide a
backward that ignores it.
"""

from pathlib import Path
import sys
import warnings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script
import torch
from torch.nn import functional as F

net = script.load("PyTorch-FeedForward/net.py")
LINEAR = net.LinearFunction.apply, F.linear
RELU = net.ReLUFunction.apply, F.relu

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
    """The gradients of what `gradients` returns, in random directions."""
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
    """Assert that a wrong function, and no other, deviates; add a row to the table."""
    pairs = zip(actual, expected, strict=True)
    errors = [(a - e).abs().max() / (e.abs().max() or 1) for a, e in pairs]
    deviation = torch.stack(errors).max().item()  # NaN if any is
    assert (deviation <= limit) != wrong, f"{case}: {deviation} from {reference}"
    verdict = "rejected" if wrong else "equal"
    rows.append([case, reference, results.scientific(deviation), verdict])


def compare_gradients(case, functions, *operands, wrong=False):
    actual, expected = (gradients(f, *operands) for f in functions)
    compare(case, "autograd", actual, expected, wrong=wrong)


def compare_further(case, functions, *operands):
    """Compare with central differences, and second derivatives with autograd's."""
    ours, _ = functions
    actual, expected = gradients(ours, *operands), differences(ours, *operands)
    compare(case, "differences", actual, expected, TRUNCATION)
    actual, expected = (second_order(f, *operands) for f in functions)
    compare(case, "autograd, 2nd order", actual, expected)


# The sheet's six test cases


def test_linear_function():
    compare_gradients("linear", LINEAR, x, W, b)
    compare_further("linear", LINEAR, x, W, b)


def test_linear_function_zero_input():
    compare_gradients("linear, zero input", LINEAR, 0 * x, W, b)


def test_linear_function_zero_weight():
    compare_gradients("linear, zero weight", LINEAR, x, 0 * W, b)


def test_relu_function():
    compare_gradients("relu", RELU, away)
    compare_further("relu", RELU, away)


def test_relu_function_near_zero():
    compare_gradients("relu, near zero", RELU, 1e-9 * x)


def test_relu_function_negative_input():
    compare_gradients("relu, negative input", RELU, -x.abs())


# Further tests


def test_relu_function_at_zero():
    zero = 0 * x
    actual = gradients(net.ReLUFunction.apply, zero)
    compare("relu, at zero", "0, by convention", actual[:2], (zero, zero))


class LinearOfFirstPoint(net.LinearFunction):
    """Uses only the first point's bias gradient: right for a batch of one."""

    @staticmethod
    def backward(ctx, grad_output):
        *others, _ = net.LinearFunction.backward(ctx, grad_output)
        return *others, grad_output[0]


class ReLUOfOnes(net.ReLUFunction):
    """Ignores the incoming gradient: right for y.sum().backward()."""

    @staticmethod
    def backward(ctx, grad_output):
        return net.ReLUFunction.backward(ctx, torch.ones_like(grad_output))


class ReLUInPlace(net.ReLUFunction):
    """Overwrites the incoming gradient, which autograd may still need."""

    @staticmethod
    def backward(ctx, grad_output):
        (output,) = ctx.saved_tensors
        grad_output[output <= 0] = 0
        return grad_output


def test_wrong_functions_are_rejected():
    for wrong, reference, *operands in [
        (LinearOfFirstPoint, F.linear, x, W, b),
        (ReLUOfOnes, F.relu, away),
        (ReLUInPlace, F.relu, away),
    ]:
        functions = wrong.apply, reference
        compare_gradients(wrong.__name__, functions, *operands, wrong=True)


def test_gradcheck_accepts_the_relu_in_place():
    assert torch.autograd.gradcheck(ReLUInPlace.apply, away.clone().requires_grad_())
    point = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with warnings.catch_warnings(action="ignore"):  # PyTorch warns of the write
        ReLUInPlace.apply(point).sum().backward()  # sends one number to all entries
    assert point.grad.tolist() == [0, 0, 0]


def main():
    options = script.Parser(__doc__).parse_args()
    rows.clear()
    for test in [test for name, test in globals().items() if name.startswith("test_")]:
        test()
    results.table(["case", "compared with", "deviation", "verdict"], rows)
    rejected = [row for row in rows if row[3] == "rejected"]
    values = {"FunctionsEqual": len(rows) - len(rejected)}
    values["FunctionsRejected"] = len(rejected)
    for reference in ("autograd", "differences"):
        compared = [row for row in rows if row not in rejected and reference in row[1]]
        worst = max((row[2] for row in compared), key=float)
        values[f"Functions{reference.capitalize()}"] = worst
    results.save_results(options, "functions", values)


if __name__ == "__main__":
    script.run(main)
