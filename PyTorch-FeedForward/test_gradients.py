"""Exercise 2(b): the gradients of our autograd functions against those of torch.

python PyTorch-FeedForward/test_gradients.py prints every comparison, and fails if one
does; for pytest, each is a test. All in float64, with random incoming gradients.
"""

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.script import Parser, load, prepare, run

if __name__ == "__main__":
    prepare()

import pytest
import torch
from torch.nn import functional as F

from decision_boundary.results import numbers, scientific, table_rows, write_results

net = load("PyTorch-FeedForward/net.py")
LinearFunction, ReLUFunction = net.LinearFunction, net.ReLUFunction

COMMAND = "python PyTorch-FeedForward/test_gradients.py"
ROUNDING = 1e-13  # relative, between two ways to the same derivative
STEP, TRUNCATION = 1e-6, 1e-8  # of a central difference, and its relative error
GRADIENTS = ("grad_input", "grad_weight", "grad_bias")


class WrongLinear(LinearFunction):
    """Does not sum the bias gradient, as a batch of one point would not show."""

    @staticmethod
    def backward(ctx, grad_output):
        grad_input, grad_weight, _ = LinearFunction.backward(ctx, grad_output)
        return grad_input, grad_weight, grad_output[0]


class WrongReLU(ReLUFunction):
    """Ignores the incoming gradient, as one of all ones would not show."""

    @staticmethod
    def backward(ctx, grad_output):
        return ReLUFunction.backward(ctx, torch.ones_like(grad_output))


def random(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


x, W, b = random(7, 5, seed=0), random(3, 5, seed=1), random(3, seed=2)
away = x + 0.1 * x.sign()  # from the kink, where a central difference is off
LINEAR, RELU = (LinearFunction.apply, F.linear), (ReLUFunction.apply, F.relu)
CASES = {  # our function, torch's, and the operands
    "linear, random": (*LINEAR, x, W, b),
    "linear, zero input": (*LINEAR, 0 * x, W, b),
    "linear, zero weight": (*LINEAR, x, 0 * W, b),
    "relu, random": (*RELU, away),
    "relu, near zero": (*RELU, 1e-9 * x),
    "relu, negative": (*RELU, -x.abs()),
}
WRONG_CASES = {
    "wrong linear": (WrongLinear.apply, F.linear, x, W, b),
    "wrong relu": (WrongReLU.apply, F.relu, away),
}


class Row(NamedTuple):
    """One comparison of two tensors."""

    case: str
    tensor: str
    absolute: float  # largest deviation of an entry
    relative: float  # the same, in units of the largest entry there should be
    verdict: str  # "equal", "rejected" (a wrong function, as it should be) or "FAILED"


def differentiate(function, operands):
    """Output and gradients, for a random grad_output; and in a second dict, the
    gradients of these gradients, each along a random direction."""
    operands = [operand.clone().requires_grad_() for operand in operands]
    output = function(*operands)
    grad_output = random(*output.shape, seed=3).requires_grad_()
    first = torch.autograd.grad(output, operands, grad_output, create_graph=True)
    directions = [random(*gradient.shape, seed=4) for gradient in first]
    second = torch.autograd.grad(
        first, [*operands, grad_output], directions, materialize_grads=True
    )
    return (
        dict(zip(["output", *GRADIENTS], [output, *first])),
        dict(zip([*GRADIENTS[: len(operands)], "grad_grad_output"], second)),
    )


def central_differences(function, operands):
    """The gradients that differentiate gives, from outputs alone."""
    operands = [operand.clone() for operand in operands]
    gradients = [torch.empty_like(operand) for operand in operands]

    def error():
        output = function(*operands)
        return (output * random(*output.shape, seed=3)).sum()

    for operand, gradient in zip(operands, gradients):
        for entry, slope in zip(operand.view(-1), gradient.view(-1)):
            entry += STEP
            ahead = error()
            entry -= 2 * STEP
            slope.copy_((ahead - error()) / (2 * STEP))
            entry += STEP
    return dict(zip(GRADIENTS, gradients))


def compare(case, actual, expected, tolerance=ROUNDING):
    """One row for each of the tensors expected."""
    rows = []
    for tensor in expected:
        absolute = (actual[tensor] - expected[tensor]).abs().max()
        relative = absolute / expected[tensor].abs().max() if absolute else absolute
        verdict = "equal" if relative <= tolerance else "FAILED"
        rows.append(Row(case, tensor, absolute.item(), relative.item(), verdict))
    return rows


def table():
    """The rows of all comparisons."""
    rows = []
    for case, (ours, torchs, *operands) in CASES.items():
        first, second = differentiate(ours, operands)
        torchs_first, torchs_second = differentiate(torchs, operands)
        rows += compare(case, first, torchs_first)
        if case.endswith("random"):
            differences = central_differences(ours, operands)
            rows += compare(f"{case}, differences", first, differences, TRUNCATION)
            rows += compare(f"{case}, second order", second, torchs_second)
    first, _ = differentiate(ReLUFunction.apply, [0 * x])
    rows += compare("relu, at zero", first, dict.fromkeys(first, 0 * x))
    for case, (wrong, torchs, *operands) in WRONG_CASES.items():
        first, torchs_first = (differentiate(f, operands)[0] for f in (wrong, torchs))
        worst = max(compare(case, first, torchs_first), key=lambda row: row.relative)
        verdict = "rejected" if worst.verdict == "FAILED" else "FAILED"
        rows.append(worst._replace(verdict=verdict))
    return rows


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.case}, {row.tensor}")
def test_gradients(row):
    assert row.verdict != "FAILED", row


def summary(rows):
    """The numbers for the report, as {macro: text}."""
    equal = [row for row in rows if row.verdict == "equal"]
    from_differences = [row for row in equal if "differences" in row.case]
    from_autograd = [row for row in equal if row not in from_differences]
    return {
        "FunctionsRows": len(rows),
        "FunctionsFailed": sum(row.verdict == "FAILED" for row in rows),
        "FunctionsAutograd": scientific(max(row.relative for row in from_autograd)),
        "FunctionsDifferences": scientific(
            max(row.relative for row in from_differences)
        ),
        "FunctionsTable": table_rows(
            condensed([row for row in rows if row.case == case])
            for case in dict.fromkeys(row.case for row in rows)
        ),
    }


def condensed(rows):
    """Texts for one case: its tensors, their largest deviations, and the verdicts."""
    tensors = ", ".join(row.tensor.removeprefix("grad_") for row in rows)
    absolute, relative = (max(row[i] for row in rows) for i in (2, 3))
    verdicts = " and ".join(dict.fromkeys(row.verdict for row in rows))
    tensors = tensors.replace("_", r"\_")
    return [rows[0].case, tensors, scientific(absolute), scientific(relative), verdicts]


def main():
    options = Parser(__doc__, seed=None).parse_args()
    rows = table()
    print(f"{'case':28} {'tensor':16} {'max abs dev':>11} {'max rel dev':>11}  verdict")
    for case, tensor, absolute, relative, verdict in rows:
        print(f"{case:28} {tensor:16} {absolute:11.1e} {relative:11.1e}  {verdict}")
    path = options.output / "numbers/functions.tex"
    write_results({path: numbers(COMMAND, summary(rows))})
    if any(row.verdict == "FAILED" for row in rows):
        sys.exit("a gradient is wrong: see the verdicts")


if __name__ == "__main__":
    run(main)
