"""The known mistakes in solutions of this sheet.

python tests/mistakes.py    prints the commonest ones, writes them for the report

This list is the only one: the tests make each mistake in our own code and see that it
is noticed, and check_submission.py names it in somebody else's.
"""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
import re
import sys
from types import ModuleType
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decision_boundary.shared import results, script
import numpy as np

net = script.load("Python-FeedForward/net.py")

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
    right: str = ""  # this text occurs once in our file;
    wrong: str = ""  # with this one in its place, the file has the mistake
    step: Callable | None = None  # the step of back-propagation below that is wrong,
    formula: Callable | None = None  # and what is computed instead
    shows: str = ""  # how it shows, and
    caught: str = ""  # what catches it, for the report's table


# Exercise 1(a): the steps of back-propagation for one point, whose z, a and delta are
# vectors. W has shape (fan_in, fan_out).


def output_delta(z, y):
    return net.sigmoid(z) - y


def back_sum(W, delta, delta_out):
    """sum_j w_ij delta_j over the next layer's units; delta_out is the last delta."""
    return W @ delta  # (fan_in, fan_out) @ (fan_out,)


def derivative(activation, z):
    """phi'(z), which DERIVATIVES has as a function of a = phi(z)."""
    return net.DERIVATIVES[activation](net.ACTIVATIONS[activation](z))


def weight_gradient(a, delta):
    return np.outer(a, delta)


# What wrong solutions compute instead


def delta_without_sigmoid(z, y):
    return z - y


def delta_negated(z, y):
    return y - net.sigmoid(z)


def first_unit_only(W, delta, delta_out):
    return W[:, 0] * delta[0]


def first_unit_and_delta_out(W, delta, delta_out):
    return W[:, 0] * delta_out[0]


def transposed_weights(W, delta, delta_out):
    fan_in, fan_out = W.shape
    return W.T @ delta if fan_in == fan_out else W @ delta


def no_derivative(activation, z):
    return np.ones_like(z)


def derivative_at_a(activation, z):
    return derivative(activation, net.ACTIVATIONS[activation](z))


def derivative_of_a_at_z(activation, z):
    return net.DERIVATIVES[activation](z)


def transposed_gradient(a, delta):
    return np.outer(delta, a)


# Names that check_submission.py has a test of its own for
NOT_SUMMED = "not summed over the batch: `=` for `+=`"
NOT_CLEARED = "not cleared by `zero_grad`"
BIAS_NOT_SUMMED = "the bias gradient is not summed over the batch"
IN_PLACE = "overwritten in place: `grad_output`"
AT_ZERO = "the gradient of ReLU at 0 is not 0"
NEAR_ZERO = "the near-zero test is not near zero"

IGNORED = "the incoming gradient is ignored"
SUM_MISSING = "the sum over the next layer's units is missing"

W = "self.weights[layer]"
W_IS_SQUARE = f"len({W}) == len({W}.T)"
PHI_PRIME = "DERIVATIVES[self.activation[layer - 1]](a)"
ROOT_V_HAT = "v.sqrt().div_((1 - beta2**t) ** 0.5)"
DECAY = 'g = g.add(theta, alpha=group["weight_decay"])'

MISTAKES = [
    Mistake(
        "1(a)",
        "delta without the sigmoid: `z - y`",
        right="sigmoid(self.logits) - y",
        wrong="self.logits - y",
        step=output_delta,
        formula=delta_without_sigmoid,
        shows="the loss stays above 0.5",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        "the sign of delta: `y - sigmoid(z)`",
        right="sigmoid(self.logits) - y",
        wrong="y - sigmoid(self.logits)",
        step=output_delta,
        formula=delta_negated,
    ),
    Mistake(
        "1(a)",
        SUM_MISSING,
        right="delta.dot(self.weights[layer].T)",
        wrong="delta[:, :1].dot(self.weights[layer].T[:1])",
        step=back_sum,
        formula=first_unit_only,
        shows="hardly: the loss falls all the same",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        SUM_MISSING,
        right="delta.dot(self.weights[layer].T)",
        wrong="(sigmoid(self.logits) - y).dot(self.weights[layer].T[:1])",
        step=back_sum,
        formula=first_unit_and_delta_out,
    ),
    Mistake(
        "1(a)",
        "the weights are transposed in the sum over the next layer's units",
        right="delta.dot(self.weights[layer].T)",
        wrong=f"delta.dot({W} if {W_IS_SQUARE} else {W}.T)",
        step=back_sum,
        formula=transposed_weights,
    ),
    Mistake(
        "1(a)",
        "the derivative of the activation function is missing",
        right=PHI_PRIME,
        wrong="1.0",
        step=derivative,
        formula=no_derivative,
    ),
    Mistake(
        "1(a)",
        "the derivative is that at `a`, not at `z`",
        right=PHI_PRIME,
        wrong=f"{PHI_PRIME[:-3]}(ACTIVATIONS[self.activation[layer - 1]](a))",
        step=derivative,
        formula=derivative_at_a,
    ),
    Mistake(
        "1(a)",
        "the derivative's formula is for `a`, as `a (1 - a)`, but gets `z`",
        step=derivative,
        formula=derivative_of_a_at_z,
    ),
    Mistake(
        "1(a)",
        "the weight gradient is transposed",
        right="a.T.dot(delta)",
        wrong=f"(delta.T.dot(a) if {W_IS_SQUARE} else a.T.dot(delta))",
        step=weight_gradient,
        formula=transposed_gradient,
        shows="not if square: the loss falls all the same",
        caught="central differences",
    ),
    Mistake(
        "1(a)",
        NOT_SUMMED,
        right="+= a.T.dot(delta)",
        wrong="= a[-1:].T.dot(delta[-1:])",
        shows="only with two points in a batch",
        caught="central differences for a batch",
    ),
    Mistake(
        "1(a)",
        NOT_CLEARED,
        right="in self.weight_gradients + self.bias_gradients:",
        wrong="in self.weight_gradients:",
    ),
    Mistake(
        "2(a)",
        AT_ZERO,
        right="ctx.save_for_backward(output)",
        wrong="ctx.save_for_backward(output + (input == 0))",
    ),
    Mistake(
        "2(a)",
        f"{IGNORED} (input)",
        right="grad_output @ weight",
        wrong="torch.ones_like(grad_output) @ weight",
    ),
    Mistake(
        "2(a)",
        f"{IGNORED} (weight)",
        right="G.T @ x",
        wrong="torch.ones_like(G).T @ x",
    ),
    Mistake(
        "2(a)",
        f"{IGNORED} (bias)",
        right="G.sum(0)",
        wrong="torch.ones_like(G).sum(0)",
    ),
    Mistake(
        "2(a)",
        IGNORED,
        right="output, grad_output)",
        wrong="output, torch.ones_like(grad_output))",
        shows="not with `y.sum().backward()`",
        caught="a random incoming gradient",
    ),
    Mistake(
        "2(a)",
        "the weight gradient is transposed",
        right="return grad_input, grad_weight, grad_bias",
        wrong="return grad_input, grad_weight.T, grad_bias",
    ),
    Mistake(
        "2(a)",
        BIAS_NOT_SUMMED,
        right=".sum(0)",
        wrong="",
        shows="not in training: autograd sums it",
        caught="the shape that `backward` returns",
    ),
    Mistake(
        "2(a)",
        "the sign of the input is ignored",
        right="where(output <= 0,",
        wrong="where(output < 0,",
    ),
    Mistake(
        "2(a)",
        IN_PLACE,
        right="torch.where(output <= 0, output, grad_output)",
        wrong="grad_output.mul_(output > 0)",
        shows="not in `gradcheck`",
        caught="a copy of `grad_output`",
    ),
    Mistake(
        "2(b)",
        NEAR_ZERO,
        right="output <= 0, output",
        wrong="output <= 0.02, 0 * output",
        shows="not with right functions",
        caught="a ReLU that is wrong near 0",
    ),
    Mistake(
        "2(c)",
        "no power `t` in the bias correction",
        right="m, v, t = self.next_state(theta)",
        wrong="m, v, t = *self.next_state(theta)[:2], 1",
        shows="only from the second step on",
        caught="some steps",
    ),
    Mistake(
        "2(c)",
        "no bias correction",
        right="m, v, t = self.next_state(theta)",
        wrong="m, v, t = *self.next_state(theta)[:2], float('inf')",
    ),
    Mistake(
        "2(c)",
        "`eps` is added before the bias correction",
        right=ROOT_V_HAT,
        wrong="(v.sqrt() + eps).div_((1 - beta2**t) ** 0.5) - eps",
        shows="only for small gradients",
        caught="gradients of scale `1e-6`",
    ),
    Mistake(
        "2(c)",
        "`eps` is added inside the root",
        right=ROOT_V_HAT,
        wrong="v.div(1 - beta2**t).add_(eps).sqrt_() - eps",
    ),
    Mistake(
        "2(c)",
        "the weight decay is decoupled, as in AdamW",
        right=DECAY,
        wrong='theta.mul_(1 - lr * group["weight_decay"])',
    ),
    Mistake(
        "2(c)",
        "the weight decay is added to the gradient in place",
        right=DECAY,
        wrong=DECAY.replace("g.add(", "g.add_("),
    ),
]


def of_item(item):
    """The mistakes of this item that our code can have."""
    return [m for m in MISTAKES if m.item == item and m.right]


def variants(step):
    """(name, formula) of a step, right and with the name "", and of its mistakes."""
    yield "", step
    for mistake in MISTAKES:
        if mistake.step is step:
            yield mistake.name, mistake.formula


def source(*mistakes):
    """Our file with these mistakes, or None where one excludes another."""
    text = (script.ROOT / PATHS[mistakes[0].item]).read_text()
    for mistake in mistakes:
        if text.count(mistake.right) != 1:
            return None
        text = text.replace(mistake.right, mistake.wrong)
    return text


def module(*mistakes):
    """Our module with these mistakes, or None where one excludes another."""
    text = source(*mistakes)
    if text is None:
        return None
    mutant = ModuleType("mutant")
    exec(compile(text, "mutant", "exec"), mutant.__dict__)  # noqa: S102
    return mutant


@cache
def modules(item):
    """[(mistakes, our module with them), ...]: each mistake, then two together."""
    pairs = []
    for number in (1, 2):
        for together in combinations(of_item(item), number):
            mutant = module(*together)
            if mutant is not None:
                pairs.append((together, mutant))
    return pairs


def latex(text):
    return re.sub(r"`(.*?)`", r"\\texttt{\1}", text).replace("_", r"\_")


def main():
    options = script.parse(script.parser(__doc__))
    rows = [mistake for mistake in MISTAKES if mistake.shows]
    columns = {
        "mistake": "{name}",
        "how it shows": "{shows}",
        "caught by": "{caught}",
    }
    results.print_table(rows, columns)
    in_latex = [
        row._replace(
            name=latex(row.name), shows=latex(row.shows), caught=latex(row.caught)
        )
        for row in rows
    ]
    macros = {"MistakesTable": results.latex_table(in_latex, columns)}
    results.save(options, "mistakes", macros)


if __name__ == "__main__":
    script.run(main)
