"""What check_submission.py checks, item by item of the sheet. It runs

python tests/submission_parts.py ITEM FILE

in the folder of the solution, as a process of its own: other people's code may print,
hang or end the process. Each line of FILE is a Finding.
"""

import importlib
from itertools import product
import json
from pathlib import Path
import shutil
import sys
import tempfile
import traceback
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from check_submission import FOLLOWS, NOT_CHECKED, REMARK, RIGHT, WRONG, Finding
from decision_boundary.shared import script
import mistakes
import numpy as np
import pytest
import torch
from torch.nn import functional as F

our_net = script.load("Python-FeedForward/net.py")

TOLERANCE = 1e-6  # of gradients; central differences are right to some 1e-9
ADAM_TOLERANCE = 1e-4  # of the movement; a float32 step count is no mistake
ADAM_STEPS = 100

# What the findings are about
GRADIENTS = ["db3", "dW3", "db2", "dW2", "db1", "dW1"]
BATCH = "sum over a batch"
ZERO_GRAD = "zero_grad"
LINEAR = ["Linear input", "Linear weight", "Linear bias", "Linear grad_output"]
RELU = ["ReLU input", "ReLU grad_output"]
RELU_AT_ZERO = ["ReLU input at 0"]
RIGHT_PASS = "tests, right functions"
WRONG_FAIL = "tests, wrong functions"
ADAM = ["gradients of scale 1", "gradients of 1e-6"]
WEIGHT_DECAY = "weight_decay"


def find(what, measured, expected, explanations, tolerance=TOLERANCE):
    """The Finding about arrays, one for each case that was tried.

    explanations: (verdict, remark, the arrays that this mistake gives)
    """
    difference = deviation(measured, expected)
    if difference < tolerance:
        return Finding(what, RIGHT, difference)
    for m, e in zip(measured, expected):
        if m.size == 0:
            return Finding(what, WRONG, difference, "it is None")
    if not flat(measured).any():
        return Finding(what, WRONG, difference, "it is 0: not implemented?")
    for verdict, remark, arrays in explanations:
        if deviation(measured, arrays) < tolerance:
            return Finding(what, verdict, difference, remark.replace("`", ""))
    return Finding(what, WRONG, difference, describe(measured, expected))


def deviation(measured, expected):
    """The largest one over all cases, relative to the largest entry expected."""
    if [m.shape for m in measured] != [e.shape for e in expected]:
        return np.inf
    difference = np.abs(flat(measured) - flat(expected)).max()
    scale = np.abs(flat(expected)).max()
    return difference / (scale if scale > 0 else 1.0)


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


def describe(measured, expected):
    """What can be said about arrays that no known mistake gives."""
    for m, e in zip(measured, expected):
        if m.shape != e.shape:
            return f"its shape is {m.shape}, not {e.shape}"
    m = flat(measured)
    e = flat(expected)
    if not np.isfinite(m).all():
        return "it is not finite"
    factor = (m @ e) / max(e @ e, 1e-300)
    if deviation([m], [factor * e]) < TOLERANCE:
        return f"it is {factor:.3g} times the right one"
    return "none of the known mistakes"


def first_that_works(function, *possible_arguments):
    """The result of the first call that raises no error."""
    first_error = None
    for arguments in possible_arguments:
        try:
            return function(*arguments)
        except Exception as error:  # noqa: BLE001
            first_error = first_error or error
    raise first_error


# Exercise 1(a). The archive's form has nested lists W1, W2, W3 of shape (fan_out,
# fan_in), b1, b2, b3, and their gradients dW1_acc, db1_acc, .... Ours has lists of
# arrays (fan_in, fan_out). Dictionaries have the archive's names and our shapes.

LAYERS = (1, 2, 3)
SHAPES = {
    "W1": (2, 16),
    "b1": (16,),
    "W2": (16, 16),
    "b2": (16,),
    "W3": (16, 1),
    "b3": (1,),
}
ARCHIVE = {1: "tanh", 2: "sigmoid"}
OUR_NAMES = {
    "W": "weights",
    "b": "biases",
    "dW": "weight_gradients",
    "db": "bias_gradients",
}


class Case(NamedTuple):
    """A point of label y, and what is found there for random parameters."""

    y: float
    gradients: dict  # by the solution's backward: {"dW1": array, ...}
    expected: dict  # by central differences
    z: dict  # {layer: vector}
    a: dict  # {layer: vector}; that of layer 0 is the point


def place(network, name):
    """The list or dictionary that holds an array, and its key there."""
    if hasattr(network, "weights"):
        return getattr(network, OUR_NAMES[name[:-1]]), int(name[-1]) - 1
    attributes = vars(network)
    accumulated = f"{name}_acc"
    return attributes, accumulated if accumulated in attributes else name


def is_turned(network):
    """Whether the weights have shape (fan_out, fan_in)."""
    values, key = place(network, "W1")
    return np.shape(values[key]) != SHAPES["W1"]


def read(network, name):
    values, key = place(network, name)
    array = np.array(values[key], dtype=float)
    if "b" in name:
        return array.ravel()
    return array.T if is_turned(network) else array


def write(network, parameters):
    turned = is_turned(network)
    for name, array in parameters.items():
        values, key = place(network, name)
        array = array.T if turned and "W" in name else array
        array = array.reshape(np.shape(values[key]))
        values[key] = array.tolist() if isinstance(values[key], list) else array.copy()


def new_network(module, parameters):
    network = first_that_works(module.FeedForwardNetwork, (), (2, 16))
    write(network, parameters)
    network.zero_grad()
    return network


def forward(network, x):
    return first_that_works(network.forward, (x.tolist(),), (x,), (x[None],))


def add_gradients(network, x, y):
    """Run the solution's forward and backward; read the accumulated gradients."""
    forward(network, x)
    first_that_works(network.backward, (y,), ([y],), (np.array([[y]]),))
    return {name: read(network, name) for name in GRADIENTS}


def difference_gradients(module, parameters, x, y):
    """By central differences of the solution's own forward and loss."""
    gradient_check = script.load("Python-FeedForward/gradient_check.py")
    network = new_network(module, parameters)
    bce = getattr(module, "bce_with_logits_loss", our_net.bce_with_logits_loss)
    arrays = {name: array.copy() for name, array in parameters.items()}

    def loss():
        write(network, arrays)
        output = forward(network, x)
        E = first_that_works(bce, (output, y), (np.ravel(output)[0], y))
        return np.ravel(E)[0]

    gradients = gradient_check.difference_gradients(list(arrays.values()), loss)
    return {f"d{name}": gradient for name, gradient in zip(arrays, gradients)}


def propagate(parameters, x):
    """z and a of all layers, with the archive's activation functions."""
    z = {}
    a = {0: x}
    for layer in LAYERS:
        W = parameters[f"W{layer}"]
        z[layer] = a[layer - 1] @ W + parameters[f"b{layer}"]  # (fan_in,) @ W
        if layer < LAYERS[-1]:
            a[layer] = our_net.ACTIVATIONS[ARCHIVE[layer]](z[layer])
    return z, a


def delta_explanations(layer, cases, parameters):
    """What mistakes make of delta, which is db, from the solution's delta above."""
    if layer == LAYERS[-1]:
        for name, formula in mistakes.variants(mistakes.output_delta):
            yield WRONG, name, [formula(case.z[layer], case.y) for case in cases]
        return
    above = f"db{layer + 1}"
    W = parameters[f"W{layer + 1}"]
    sums = mistakes.variants(mistakes.back_sum)
    derivatives = mistakes.variants(mistakes.derivative)
    for (sum_name, back_sum), (name, derivative) in product(sums, derivatives):
        deltas = []
        for case in cases:
            total = back_sum(W, case.gradients[above], case.gradients["db3"])
            deltas.append(derivative(ARCHIVE[layer], case.z[layer]) * total)
        names = [text for text in (sum_name, name) if text]
        if names:
            yield WRONG, " and ".join(names), deltas
        else:
            yield FOLLOWS, f"right for this {above}", deltas


def weight_explanations(layer, cases):
    delta = f"db{layer}"
    for name, formula in mistakes.variants(mistakes.weight_gradient):
        arrays = [formula(case.a[layer - 1], case.gradients[delta]) for case in cases]
        if name:
            yield WRONG, name, arrays
        else:
            yield FOLLOWS, f"right for this {delta}", arrays


def backpropagation():
    """Each gradient at each of four points, then their sum, and zero_grad."""
    module = importlib.import_module("net")
    rng = np.random.default_rng(0)
    parameters = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    points = [(rng.uniform(-1, 1, 2), y) for y in (0.0, 1.0, 0.0, 1.0)]
    cases = []
    for x, y in points:
        gradients = add_gradients(new_network(module, parameters), x, y)
        expected = difference_gradients(module, parameters, x, y)
        z, a = propagate(parameters, x)
        cases.append(Case(y, gradients, expected, z, a))

    for layer in reversed(LAYERS):
        deltas = delta_explanations(layer, cases, parameters)
        yield find_gradient(f"db{layer}", cases, deltas)
        yield find_gradient(f"dW{layer}", cases, weight_explanations(layer, cases))
    yield from accumulation(new_network(module, parameters), points, cases)


def find_gradient(name, cases, explanations):
    measured = [case.gradients[name] for case in cases]
    expected = [case.expected[name] for case in cases]
    return find(name, measured, expected, explanations)


def accumulation(network, points, cases):
    """Whether gradients add up over the points, and whether zero_grad clears them."""
    for x, y in points:
        total = add_gradients(network, x, y)
    network.zero_grad()
    x, y = points[-1]
    cleared = add_gradients(network, x, y)
    last = cases[-1].gradients
    sums = {name: sum(case.gradients[name] for case in cases) for name in GRADIENTS}
    kept = {name: total[name] + last[name] for name in GRADIENTS}
    yield find_together(BATCH, total, sums, mistakes.NOT_SUMMED, last)
    yield find_together(ZERO_GRAD, cleared, last, mistakes.NOT_CLEARED, kept)


def find_together(what, measured, expected, mistake, wrong):
    """The Finding about all gradients; the mistake may be made in some of them."""
    names = [
        name
        for name in GRADIENTS
        if not deviation([measured[name]], [expected[name]]) < TOLERANCE
    ]
    chosen = names or GRADIENTS
    measured = [measured[name] for name in chosen]
    expected = [expected[name] for name in chosen]
    wrong = [wrong[name] for name in chosen]
    remark = f"{', '.join(names)}: {mistake}"
    return find(what, measured, expected, [(WRONG, remark, wrong)])


# Exercise 2(a)


def random(*shape):
    return torch.randn(shape, dtype=torch.float64)


def call_backward(module, name, operands, grad_output):
    """What backward returns: autograd would sum over a batch silently."""
    function = getattr(module, name)
    leaves = [operand.clone().requires_grad_() for operand in operands]
    output = function.apply(*leaves)
    with torch.no_grad():  # as autograd runs it; the node of the output is its ctx
        gradients = function.backward(output.grad_fn, grad_output)
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    if len(gradients) != len(operands):
        expected = f"backward must return {len(operands)} gradients"
        raise TypeError(f"{expected}, not {len(gradients)}")
    return [np.array([]) if g is None else g.numpy() for g in gradients]


def autograd(reference, operands, grad_output):
    leaves = [operand.clone().requires_grad_() for operand in operands]
    gradients = torch.autograd.grad(reference(*leaves), leaves, grad_output)
    return [gradient.numpy() for gradient in gradients]


def function_explanations(name, cases, index):
    """What our wrong functions return for an operand."""
    for together, module in mistakes.modules("2(a)"):
        remark = " and ".join(mistake.name for mistake in together)
        arrays = [call_backward(module, name, x, G.clone())[index] for x, G in cases]
        yield WRONG, remark, arrays


def check_function(name, reference, names, cases):
    """The gradients of the operands, called names, in cases (operands, grad_output)."""
    module = importlib.import_module("net")
    results = []
    for operands, grad_output in cases:
        passed = grad_output.clone()
        measured = call_backward(module, name, operands, passed)
        expected = autograd(reference, operands, grad_output)
        measured.append(passed.numpy())
        expected.append(grad_output.numpy())
        results.append((measured, expected))
    for index, what in enumerate(names):
        measured = [measured[index] for measured, _ in results]
        expected = [expected[index] for _, expected in results]
        if what.endswith("grad_output"):
            explanations = [(WRONG, mistakes.IN_PLACE, measured)]
        else:
            explanations = function_explanations(name, cases, index)
        yield find(what, measured, expected, explanations)


def linear():
    torch.manual_seed(0)
    cases = []
    for N in (1, 2, 7):
        operands = random(N, 5), random(3, 5), random(3)
        cases.append((operands, random(N, 3)))
    yield from check_function("LinearFunction", F.linear, LINEAR, cases)


def relu():
    torch.manual_seed(0)
    cases = [((random(N, 5),), random(N, 5)) for N in (1, 2, 7)]
    yield from check_function("ReLUFunction", F.relu, RELU, cases)
    at_zero = [((0 * random(2, 5),), random(2, 5))]
    yield from check_function("ReLUFunction", F.relu, RELU_AT_ZERO, at_zero)


# Exercise 2(b)


class Failures:
    """A pytest plugin that collects the names of failed tests."""

    def __init__(self):
        self.names = set()
        self.number_of_tests = 0
        self.gradcheck_failed = False

    def pytest_collectreport(self, report):
        if report.failed:
            self.names.add("its import")

    def pytest_runtest_logreport(self, report):
        self.number_of_tests += report.when == "call"
        if report.failed:
            self.names.add(report.location[2])
            self.gradcheck_failed |= "GradcheckError" in report.longreprtext


def run_tests(net_source):
    """The Failures of the solution's tests beside the given net.py."""
    failures = Failures()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        shutil.copytree(Path.cwd(), folder)
        (folder / "net.py").write_text(net_source)
        for name in ("net", "test_gradients"):
            sys.modules.pop(name, None)
        torch.manual_seed(0)
        options = ["--tb=line", "-p", "no:cacheprovider", f"--rootdir={folder}"]
        options += ["-p", "no:unraisableexception"]  # it takes a quarter of a second
        pytest.main([str(folder / "test_gradients.py"), *options], plugins=[failures])
    return failures


def own_tests():
    """Whether the tests pass for right functions, and fail for wrong ones."""
    right_net = (script.ROOT / mistakes.PATHS["2(b)"]).read_text()
    failures = run_tests(right_net)
    if failures.names:
        remark = f"fails: {', '.join(sorted(failures.names))}"
        if failures.gradcheck_failed:
            remark += " (gradcheck rejects a right ReLU at exactly 0)"
        yield Finding(RIGHT_PASS, WRONG, remark=remark)
    elif failures.number_of_tests == 0:
        yield Finding(RIGHT_PASS, WRONG, remark="there is no test")
    else:
        yield Finding(RIGHT_PASS, RIGHT)

    if failures.number_of_tests <= len(failures.names):
        remark = "no test passes for right functions"
        yield Finding(WRONG_FAIL, NOT_CHECKED, remark=remark)
        return
    unnoticed = []
    for mistake in mistakes.of_item("2(a)") + mistakes.of_item("2(b)"):
        if mistake.name == mistakes.BIAS_NOT_SUMMED:
            continue  # autograd sums
        wrong_net = mistakes.source(mistake)
        if not run_tests(wrong_net).names - failures.names:
            unnoticed.append(mistake.name)
    minor = {mistakes.IN_PLACE, mistakes.AT_ZERO}  # gradcheck cannot notice them
    serious = [name for name in unnoticed if name not in minor]
    names = "; ".join(serious or unnoticed).replace("`", "")
    remark = f"not noticed: {names}" if names else ""
    yield Finding(WRONG_FAIL, WRONG if serious else RIGHT, remark=remark)


# Exercise 2(c)


def movement(Adam, scale, **options):
    """How far the parameters move, as one array, by random gradients of this scale."""
    torch.manual_seed(0)
    parameters = [random(3, 4).requires_grad_(), random(5).requires_grad_()]
    start = torch.nn.utils.parameters_to_vector(parameters).detach().clone()
    optimizer = Adam(parameters, lr=0.01, **options)
    for _ in range(ADAM_STEPS):
        for parameter in parameters:
            parameter.grad = scale * random(*parameter.shape)
        optimizer.step()
    end = torch.nn.utils.parameters_to_vector(parameters).detach()
    return (end - start).numpy()


def adam_explanations(scale):
    """Where our wrong optimizers move to."""
    for together, module in mistakes.modules("2(c)"):
        remark = " and ".join(mistake.name for mistake in together)
        yield WRONG, remark, [movement(module.Adam, scale)]


def adam():
    Adam = importlib.import_module("optimizer").Adam
    for what, scale in zip(ADAM, (1.0, 1e-6)):
        ours = [movement(Adam, scale)]
        expected = [movement(torch.optim.Adam, scale)]
        yield find(what, ours, expected, adam_explanations(scale), ADAM_TOLERANCE)

    decay = {"weight_decay": 0.1}
    theirs = [movement(Adam, 1.0, **decay)]
    remark = "neither as in torch.optim.Adam nor as in AdamW"
    for text, reference in (
        ("as in torch.optim.Adam", movement(torch.optim.Adam, 1.0, **decay)),
        ("as in torch.optim.AdamW", movement(torch.optim.AdamW, 1.0, **decay)),
        ("not used, as in the archive", movement(Adam, 1.0)),
    ):
        if deviation(theirs, [reference]) < ADAM_TOLERANCE:
            remark = text
    yield Finding(WEIGHT_DECAY, REMARK, remark=remark)


CHECKS = {
    "1(a)": [(backpropagation, [*GRADIENTS, BATCH, ZERO_GRAD])],
    "2(a)": [(linear, LINEAR), (relu, RELU + RELU_AT_ZERO)],
    "2(b)": [(own_tests, [RIGHT_PASS, WRONG_FAIL])],
    "2(c)": [(adam, [*ADAM, WEIGHT_DECAY])],
}


def describe_error(error):
    """One line: the message, and the last line of the solution that led to it."""
    text = script.one_line(f"{type(error).__name__}: {error}")[:200]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent == Path.cwd():
            return f"{text} ({Path(frame.filename).name}, line {frame.lineno})"
    return text


def main():
    item, file = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    with open(file, "w") as lines:

        def write(finding):
            print(json.dumps(finding), file=lines, flush=True)

        for check, whats in CHECKS[item]:
            for what in whats:
                write(Finding(what, NOT_CHECKED))  # unless the process gets further
        for check, whats in CHECKS[item]:
            left = list(whats)
            try:
                for finding in check():
                    write(finding)
                    left.remove(finding.what)
            except BaseException as error:  # noqa: BLE001  an exit, too
                for what in left:
                    write(Finding(what, NOT_CHECKED, remark=describe_error(error)))


if __name__ == "__main__":
    main()
