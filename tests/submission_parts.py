"""What check_submission.py checks, item by item of the sheet. It runs

python tests/submission_parts.py ITEM FILE

in a copy of the solution's folder, as a process of its own: other people's code may
print, hang or end the process. The Findings are written into FILE.
"""

import importlib
import json
from pathlib import Path
import sys
import traceback

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from check_submission import NOT_CHECKED, REMARK, RIGHT, SAME, WRONG, Finding
from decision_boundary.shared import script
import matplotlib
import mistakes
import numpy as np
import pytest
import torch
from torch.nn import functional as F

gradient_check = script.load("Python-FeedForward/gradient_check.py")

TOLERANCE = 1e-4  # Adam with a float32 step count, which is right, is 1e-5 off
ADAM_STEPS = 100


def compare(item, whats, measure, module, expected):
    """A Finding about each of the things called whats.

    measure(module) and expected: [[array of each thing], ...], a row for each case. A
    mistake is named where our own module with this mistake gives the same arrays.
    """
    measured = columns(whats, measure(module))
    expected = columns(whats, expected)
    named_at = {}  # {mistake: where it was named}
    for what in whats:
        difference = deviation(measured[what], expected[what])
        if difference < TOLERANCE:
            yield Finding(what, RIGHT, difference)
            continue
        names = []
        for together, mutant in mistakes.modules(item):
            wrong = columns(whats, measure(mutant))
            if deviation(measured[what], wrong[what]) < TOLERANCE:
                names = [mistake.name.replace("`", "") for mistake in together]
                break
        new = [name for name in names if name not in named_at]
        for name in new:
            named_at[name] = what
        if new:
            yield Finding(what, WRONG, difference, " and ".join(new))
        elif names:
            places = sorted({named_at[name] for name in names})
            yield Finding(what, SAME, difference, f"as {' and '.join(places)}")
        else:
            remark = describe(measured[what], expected[what])
            yield Finding(what, WRONG, difference, remark)


def columns(whats, rows):
    """{what: (its array in each row)}"""
    return dict(zip(whats, zip(*rows)))


def deviation(measured, expected):
    """The largest one over all arrays, relative to the largest entry expected."""
    if [m.shape for m in measured] != [e.shape for e in expected]:
        return np.inf
    return gradient_check.deviation(flat(measured), flat(expected))


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


def describe(measured, expected):
    """What can be said about arrays that no known mistake gives."""
    for m, e in zip(measured, expected):
        if m.shape != e.shape:
            return f"its shape is {m.shape}, not {e.shape}"
    m = flat(measured)
    e = flat(expected)
    if not m.any():
        return "it is 0: not implemented?"
    factor = (m @ e) / (e @ e)
    if deviation([m], [factor * e]) < TOLERANCE:
        return f"it is {factor:.3g} times the right one"
    return "none of the known mistakes"


# Exercise 1(a). Our network has lists of arrays, such as weights of shape (fan_in,
# fan_out). The archive's has nested lists, such as W1 of shape (fan_out, fan_in).

GRADIENTS = ["db3", "dW3", "db2", "dW2", "db1", "dW1"]  # as backward computes them


def copy_parameters(ours, network):
    for layer, (W, b) in enumerate(zip(ours.weights, ours.biases)):
        if hasattr(network, "weights"):
            network.weights[layer] = W.copy()
            network.biases[layer] = b.copy()
        else:
            setattr(network, f"W{layer + 1}", W.T.tolist())
            setattr(network, f"b{layer + 1}", b.tolist())


def read_gradients(network):
    """The GRADIENTS, in our shapes."""
    arrays = []
    for layer in (2, 1, 0):
        if hasattr(network, "weights"):
            db = network.bias_gradients[layer]
            dW = network.weight_gradients[layer]
        else:
            db = getattr(network, f"db{layer + 1}_acc")
            dW = np.transpose(getattr(network, f"dW{layer + 1}_acc"))
        arrays += [np.array(db, dtype=float), np.array(dW, dtype=float)]
    return arrays


def batch_gradients(module, ours, batches):
    """[GRADIENTS of each batch] at our parameters, by the module's backward."""
    network = module.FeedForwardNetwork()
    copy_parameters(ours, network)
    rows = []
    for batch in batches:
        network.zero_grad()
        for x, y in batch:
            network.forward(x)
            network.backward(y)
        rows.append(read_gradients(network))
    return rows


def difference_gradients(module, ours, batch):
    """GRADIENTS of a batch, by central differences of the module's loss."""
    network = module.FeedForwardNetwork()

    def loss():
        copy_parameters(ours, network)
        losses = [module.bce_with_logits_loss(network.forward(x), y) for x, y in batch]
        return sum(losses)

    arrays = []
    for W, b in zip(reversed(ours.weights), reversed(ours.biases)):
        arrays += [b, W]
    return gradient_check.difference_gradients(arrays, loss)


def backward():
    """Two batches of two points each, at random weights and biases."""
    module = importlib.import_module("net")
    rng = np.random.default_rng(0)
    ours = gradient_check.FeedForwardNetwork()
    gradient_check.randomize(ours, rng)
    X, y = gradient_check.random_points(rng, 4)
    points = list(zip(X.tolist(), y.ravel().tolist()))
    batches = [points[:2], points[2:]]

    def measure(module):
        return batch_gradients(module, ours, batches)

    expected = [difference_gradients(module, ours, batch) for batch in batches]
    yield from compare("1(a)", GRADIENTS, measure, module, expected)


# Exercise 2(a)


def random(*shape):
    return torch.randn(shape, dtype=torch.float64)


def call_backward(function, operands, grad_output):
    """What backward returns, and what grad_output is then.

    It is called directly, since autograd would sum a gradient over a batch silently.
    """
    leaves = [operand.clone().requires_grad_() for operand in operands]
    output = function.apply(*leaves)
    passed = grad_output.clone()
    with torch.no_grad():  # as autograd runs it; the node of the output is its ctx
        gradients = function.backward(output.grad_fn, passed)
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    if len(gradients) != len(operands):
        expected = f"backward must return {len(operands)} gradients"
        raise TypeError(f"{expected}, not {len(gradients)}")
    arrays = []
    for operand, gradient in zip(operands, gradients):
        # None is 0 for autograd, too
        arrays.append(np.zeros(operand.shape) if gradient is None else gradient.numpy())
    return [*arrays, passed.numpy()]


def autograd(reference, operands, grad_output):
    """What call_backward must return."""
    leaves = [operand.clone().requires_grad_() for operand in operands]
    gradients = torch.autograd.grad(reference(*leaves), leaves, grad_output)
    return [tensor.numpy() for tensor in (*gradients, grad_output)]


def check_function(name, reference, whats, all_operands):
    """The gradients called whats, for each tuple of operands."""
    cases = []
    for operands in all_operands:
        cases.append((operands, random(*reference(*operands).shape)))

    def measure(module):
        function = getattr(module, name)
        return [call_backward(function, x, G) for x, G in cases]

    module = importlib.import_module("net")
    expected = [autograd(reference, x, G) for x, G in cases]
    yield from compare("2(a)", whats, measure, module, expected)


def linear():
    operands = [(random(N, 5), random(3, 5), random(3)) for N in (1, 2, 7)]
    whats = ["Linear input", "Linear weight", "Linear bias", "Linear keeps grad_output"]
    yield from check_function("LinearFunction", F.linear, whats, operands)


def relu():
    inputs = [random(1, 5), random(2, 5), random(7, 5), 0 * random(2, 5)]
    operands = [(input,) for input in inputs]
    whats = ["ReLU input", "ReLU keeps grad_output"]
    yield from check_function("ReLUFunction", F.relu, whats, operands)


# Exercise 2(b)

# The first is summed by autograd, and gradcheck cannot notice the others
NOT_FOR_GRADCHECK = {mistakes.BIAS_NOT_SUMMED, mistakes.IN_PLACE, mistakes.AT_ZERO}


class Failures:
    """A pytest plugin that collects what fails."""

    def __init__(self):
        self.texts = set()

    def pytest_runtest_logreport(self, report):
        if report.failed:
            text = f"{report.nodeid.removeprefix('test_gradients.py::')} fails"
            if "GradcheckError" in report.longreprtext:
                text += " (gradcheck rejects a right ReLU at 0, and all in float32)"
            self.texts.add(text)

    pytest_collectreport = pytest_runtest_logreport


def run_tests(net_source):
    """What fails when the solution's tests run beside this net.py."""
    Path("net.py").write_text(net_source)
    for name in ("net", "test_gradients"):
        sys.modules.pop(name, None)
    torch.manual_seed(0)  # the same numbers beside each net.py
    failures = Failures()
    options = "--rootdir=. --tb=line -p no:cacheprovider -p no:unraisableexception"
    arguments = ["test_gradients.py", *options.split()]
    status = pytest.main(arguments, plugins=[failures])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        failures.texts.add("there is no test")
    return failures.texts


def own_tests():
    """Whether the tests pass for right functions, and fail for wrong ones."""
    right_net = (script.ROOT / mistakes.PATHS["2(b)"]).read_text()
    failures = run_tests(right_net)
    remark = ", ".join(sorted(failures))
    yield Finding("tests, right functions", WRONG if failures else RIGHT, None, remark)

    unnoticed = []
    for mistake in mistakes.of_item("2(a)") + mistakes.of_item("2(b)"):
        if mistake.name in NOT_FOR_GRADCHECK:
            continue
        if not run_tests(mistakes.source(mistake)) - failures:
            unnoticed.append(mistake.name)
    remark = f"not noticed: {'; '.join(unnoticed)}" if unnoticed else ""
    yield Finding("tests, wrong functions", WRONG if unnoticed else RIGHT, None, remark)


# Exercise 2(c)


def movement(Adam, scale, **options):
    """Where random gradients of this scale move two parameters from 0."""
    torch.manual_seed(0)
    parameters = [0 * random(12), 0 * random(5)]
    optimizer = Adam([p.requires_grad_() for p in parameters], lr=0.01, **options)
    for _ in range(ADAM_STEPS):
        for parameter in parameters:
            parameter.grad = scale * random(len(parameter))
        optimizer.step()
    return torch.cat(parameters).detach().numpy()


def adam():
    """Gradients of scale 1 and 1e-6, and what becomes of weight_decay."""

    def measure(module):
        return [[movement(module.Adam, scale) for scale in (1.0, 1e-6)]]

    module = importlib.import_module("optimizer")
    whats = ["gradients of scale 1", "gradients of 1e-6"]
    expected = measure(torch.optim)
    yield from compare("2(c)", whats, measure, module, expected)

    measured = movement(module.Adam, 1.0, weight_decay=0.1)
    expected = movement(torch.optim.Adam, 1.0, weight_decay=0.1)
    remark = "as in torch.optim.Adam"
    if not deviation([measured], [expected]) < TOLERANCE:
        remark = "unlike torch.optim.Adam; unused in the archive"
    yield Finding("weight_decay", REMARK, None, remark)


PARTS = {
    "1(a)": [backward],
    "2(a)": [linear, relu],
    "2(b)": [own_tests],
    "2(c)": [adam],
}


def describe_error(error):
    """One line: the message, and the last line of the solution that led to it."""
    text = script.one_line(f"{type(error).__name__}: {error}")[:200]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent == Path.cwd():
            return f"{text} ({Path(frame.filename).name}, line {frame.lineno})"
    return text


def check(item):
    """The Findings about one item of the solution in the current folder."""
    sys.path.insert(0, str(Path.cwd()))
    for part in PARTS[item]:
        torch.manual_seed(0)
        try:
            yield from part()
        except BaseException as error:  # noqa: BLE001  an exit, too
            yield Finding(part.__name__, NOT_CHECKED, None, describe_error(error))


if __name__ == "__main__":
    matplotlib.use("agg")  # opens no window
    item, file = sys.argv[1:]
    Path(file).write_text(json.dumps(list(check(item))))
