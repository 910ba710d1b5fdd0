"""Exercise 2(b): compare the gradients of our autograd functions with PyTorch's.

python PyTorch-FeedForward/test_gradients.py    prints the deviations, writes numbers
pytest PyTorch-FeedForward/test_gradients.py    the sheet's six tests, and one more

All tensors are float64, and incoming gradients random: one of all ones would hide a
backward that ignores it.
"""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F

net = script.load("PyTorch-FeedForward/net.py")
LINEAR = net.LinearFunction.apply, F.linear
RELU = net.ReLUFunction.apply, F.relu

ROUNDING = 1e-13  # relative, between two ways to compute the same derivative
rows = []  # of the table: case, deviation, verdict


def random(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


x, W, b = random(7, 5, seed=0), random(3, 5, seed=1), random(3, seed=2)
away = x + 0.1 * x.sign()  # from the kink, which a central difference would cross


def leaves(operands):
    return [operand.clone().requires_grad_() for operand in operands]


def gradients(function, *operands):
    """The output, the operands' gradients, and the incoming one, not to be changed."""
    operands = leaves(operands)
    output = function(*operands)
    grad_output = random(*output.shape, seed=3)
    return output, *torch.autograd.grad(output, operands, grad_output), grad_output


def compare(case, functions, *operands, wrong=False):
    """Assert that a wrong function, and no other, deviates; add a row to the table."""
    actual, expected = (gradients(f, *operands) for f in functions)
    pairs = zip(actual, expected, strict=True)
    errors = [(a - e).abs().max() / (e.abs().max() or 1) for a, e in pairs]
    deviation = torch.stack(errors).max().item()  # NaN if any is
    assert (deviation <= ROUNDING) != wrong, f"{case}: {deviation} from autograd"
    verdict = "rejected" if wrong else "equal"
    rows.append([case, results.scientific(deviation), verdict])


def check_differences(function, *operands):
    """Compare first and second derivatives with central differences."""
    assert gradcheck(function, leaves(operands))
    assert gradgradcheck(function, leaves(operands))


# The sheet's six test cases


def test_linear_function():
    compare("linear", LINEAR, x, W, b)
    check_differences(LINEAR[0], x, W, b)


def test_linear_function_zero_input():
    compare("linear, zero input", LINEAR, 0 * x, W, b)


def test_linear_function_zero_weight():
    compare("linear, zero weight", LINEAR, x, 0 * W, b)


def test_relu_function():
    compare("relu", RELU, away)
    check_differences(RELU[0], away)


def test_relu_function_near_zero():
    compare("relu, near zero", RELU, 1e-9 * x)
    compare("relu, at zero", RELU, 0 * x)


def test_relu_function_negative_input():
    compare("relu, negative input", RELU, -x.abs())


# Wrong functions


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
        return grad_output.mul_(ctx.saved_tensors[0] > 0)


def test_wrong_functions_are_rejected():
    for wrong, reference, *operands in [
        (LinearOfFirstPoint, F.linear, x, W, b),
        (ReLUOfOnes, F.relu, away),
        (ReLUInPlace, F.relu, away),
    ]:
        compare(wrong.__name__, (wrong.apply, reference), *operands, wrong=True)


def main():
    options = script.Parser(__doc__).parse_args()
    rows.clear()
    for test in [test for name, test in globals().items() if name.startswith("test_")]:
        test()
    results.table(["case", "deviation from autograd", "verdict"], rows)
    equal = [float(deviation) for _, deviation, verdict in rows if verdict == "equal"]
    values = {"FunctionsEqual": len(equal), "FunctionsRejected": len(rows) - len(equal)}
    values["FunctionsAutograd"] = results.scientific(max(equal))
    results.save_results(options, "functions", values)


if __name__ == "__main__":
    script.run(main)
