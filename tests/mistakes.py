"""The known mistakes in solutions of this sheet.

python tests/mistakes.py    prints the commonest ones, writes them for the report

This list is the only one: the tests make each mistake in our own code and see that it
is noticed, and check_submission.py names it in somebody else's.
"""

from functools import cache
from itertools import combinations
from pathlib import Path
import re
import sys
from types import ModuleType
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script

PATHS = {  # where a mistake of this item is made
    "1(a)": "Python-FeedForward/net.py",
    "2(a)": "PyTorch-FeedForward/net.py",
    "2(b)": "PyTorch-FeedForward/net.py",
    "2(c)": "PyTorch-FeedForward/optimizer.py",
}


class Mistake(NamedTuple):
    """Text between backticks is code."""

    item: str  # of the sheet
    name: str
    right: str  # this text occurs once in our file;
    wrong: str  # with this one in its place, the file has the mistake
    shows: str = ""  # what one sees of it, and
    caught: str = ""  # what catches it, for the report's table


SUM_MISSING = "the sum over the next layer's units is missing"
IGNORED = "the incoming gradient is ignored"

# Names that check_submission.py has rules of its own for
AT_ZERO = "the gradient of ReLU at 0 is not 0"
BIAS_NOT_SUMMED = "the bias gradient is not summed over the batch"
IN_PLACE = "overwritten in place: `grad_output`"

MISTAKES = [
    Mistake(
        "1(a)",
        "delta without the sigmoid: `z - y`",
        right="sigmoid(self.logits) - y",
        wrong="self.logits - y",
        shows="the loss stays above 0.5",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        SUM_MISSING,
        right="delta.dot(self.weights[layer].T)",
        wrong="delta[:, :1].dot(self.weights[layer].T[:1])",
        shows="the loss falls all the same",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        SUM_MISSING,
        right="delta = phi_prime * delta.dot(self.weights[layer].T)",
        wrong="last = delta if layer == len(self.weights) - 1 else last; "
        "delta = phi_prime * last.dot(self.weights[layer].T[:1])",
    ),
    Mistake(
        "1(a)",
        "the weight gradient is transposed",
        right="+= a.T.dot(delta)",
        wrong="+= delta.T.dot(a) if len(delta.T) == len(a.T) else a.T.dot(delta)",
        shows="nothing if square: the loss falls",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        "not summed over the batch: last point only",
        right="for layer in reversed(",
        wrong="self.zero_grad(); delta[:-1] = 0\n        for layer in reversed(",
        shows="nothing with one point in a batch",
        caught="central differences for a batch",
    ),
    Mistake(
        "1(a)",
        "not cleared by `zero_grad`",
        right="gradient.fill(0.0)",
        wrong="pass",
    ),
    Mistake(
        "2(a)",
        f"{IGNORED} (Linear)",
        right="x = as_matrix(input)",
        wrong="grad_output = torch.ones_like(grad_output); x = as_matrix(input)",
    ),
    Mistake(
        "2(a)",
        IGNORED,
        right="output, grad_output)",
        wrong="output, torch.ones_like(grad_output))",
        shows="nothing with `y.sum().backward()`",
        caught="a random incoming gradient",
    ),
    Mistake(
        "2(a)",
        BIAS_NOT_SUMMED,
        right=".sum(0)",
        wrong="",
        shows="nothing in training: autograd sums it",
        caught="the shape that `backward` returns",
    ),
    Mistake(
        "2(a)",
        "the sign of the input is ignored",
        right="ctx.save_for_backward(output)",
        wrong="ctx.save_for_backward(input.abs() + 1)",
    ),
    Mistake(
        "2(a)",
        AT_ZERO,
        right="ctx.save_for_backward(output)",
        wrong="ctx.save_for_backward(output + (input == 0))",
    ),
    Mistake(
        "2(a)",
        IN_PLACE,
        right="torch.where(output <= 0, output, grad_output)",
        wrong="grad_output.mul_(output > 0)",
        shows="nothing in `gradcheck`",
        caught="a copy of `grad_output`",
    ),
    Mistake(
        "2(b)",
        "the near-zero test is not near zero",
        right="output <= 0, output",
        wrong="output <= 0.02, 0 * output",
        shows="nothing with right functions",
        caught="a ReLU that is wrong near 0",
    ),
    Mistake(
        "2(c)",
        "no power `t` in the bias correction",
        right="m, v, t = self.next_state(theta)",
        wrong="m, v, t = *self.next_state(theta)[:2], 1",
        shows="nothing in the first step",
        caught="several steps",
    ),
    Mistake(
        "2(c)",
        "`eps` is added before the bias correction",
        right="v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)",
        wrong="v.sqrt().add_(eps).div_((1 - beta2**t) ** 0.5)",
        shows="nothing for gradients of size 1",
        caught="gradients of scale `1e-6`",
    ),
    Mistake(
        "2(c)",
        "`eps` is added inside the root",
        right="v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)",
        wrong="v.div(1 - beta2**t).add_(eps).sqrt_()",
    ),
]


def of_item(item):
    return [mistake for mistake in MISTAKES if mistake.item == item]


def source(*mistakes):
    """Our file with these mistakes, or None where one excludes another."""
    text = (script.ROOT / PATHS[mistakes[0].item]).read_text()
    for mistake in mistakes:
        if text.count(mistake.right) != 1:
            return None
        text = text.replace(mistake.right, mistake.wrong)
    return text


def module(*mistakes):
    """Our module with these mistakes."""
    mutant = ModuleType("mutant")
    exec(compile(source(*mistakes), "mutant", "exec"), mutant.__dict__)  # noqa: S102
    return mutant


@cache
def modules(item):
    """[(mistakes, our module with them), ...]: each mistake, then two together."""
    found = []
    for number in (1, 2):
        for together in combinations(of_item(item), number):
            if source(*together) is not None:
                found.append((together, module(*together)))
    return found


def main():
    options = script.parse(script.parser(__doc__))
    rows = [mistake for mistake in MISTAKES if mistake.shows]
    columns = {
        "mistake": "{name}",
        "what one sees": "{shows}",
        "caught by": "{caught}",
    }
    results.print_table(rows, columns)
    table = results.latex_table(rows, columns).replace("_", r"\_")
    table = re.sub(r"`(.*?)`", r"\\texttt{\1}", table)
    results.save(options, "mistakes", {"MistakesTable": table})


if __name__ == "__main__":
    script.run(main)
