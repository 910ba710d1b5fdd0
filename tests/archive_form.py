"""A right solution in the archive's form, and how to make each mistake in it."""

import mistakes

NET = """
import math
import random


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def bce_with_logits_loss(output, target):
    return math.log(1 + math.exp(-abs(output))) + max(output, 0) - target * output


def layer(inputs, W, b):
    return [sum(w * a for w, a in zip(row, inputs)) + bias for row, bias in zip(W, b)]


class FeedForwardNetwork:
    def __init__(self, input_size=2, hidden_size=16, learning_rate=0.01):
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.learning_rate = learning_rate
        self.W1 = self.draw(hidden_size, input_size)
        self.W2 = self.draw(hidden_size, hidden_size)
        self.W3 = self.draw(1, hidden_size)
        self.b1 = [0.0] * hidden_size
        self.b2 = [0.0] * hidden_size
        self.b3 = [0.0]

    def draw(self, fan_out, fan_in):
        return [[random.uniform(-1, 1) for i in range(fan_in)] for j in range(fan_out)]

    def forward(self, x):
        self.x = x
        self.z1 = layer(x, self.W1, self.b1)
        self.a1 = [math.tanh(z) for z in self.z1]
        self.z2 = layer(self.a1, self.W2, self.b2)
        self.a2 = [sigmoid(z) for z in self.z2]
        self.output = layer(self.a2, self.W3, self.b3)[0]
        return self.output

    def zero_grad(self):
        n, m = self.hidden_size, self.input_size
        self.dW1_acc = [[0.0] * m for j in range(n)]
        self.dW2_acc = [[0.0] * n for j in range(n)]
        self.dW3_acc = [[0.0] * n]
        self.db1_acc = [0.0] * n
        self.db2_acc = [0.0] * n
        self.db3_acc = [0.0]

    def backward(self, target):
        hidden = range(self.hidden_size)
        delta3 = sigmoid(self.output) - target
        delta2 = []
        for i in hidden:
            total = self.W3[0][i] * delta3
            delta2.append(total * self.a2[i] * (1 - self.a2[i]))
        delta1 = []
        for i in hidden:
            total = sum(self.W2[j][i] * delta2[j] for j in hidden)
            delta1.append(total * (1 - self.a1[i] ** 2))
        self.db3_acc[0] += delta3
        for j in hidden:
            self.dW3_acc[0][j] += delta3 * self.a2[j]
            self.db2_acc[j] += delta2[j]
            self.db1_acc[j] += delta1[j]
            for i in hidden:
                self.dW2_acc[j][i] += delta2[j] * self.a1[i]
            for i in range(self.input_size):
                self.dW1_acc[j][i] += delta1[j] * self.x[i]
"""

FUNCTIONS = """
import torch


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight, bias)
        return input.mm(weight.t()) + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_output.mm(weight)
        grad_weight = grad_output.t().mm(input)
        grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


class ReLUFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input <= 0] = 0
        return grad_input
"""

ADAM = """
import torch
from torch.optim.optimizer import Optimizer


class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, debug=False):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                g = p.grad
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["m"] = torch.zeros_like(p)
                    state["v"] = torch.zeros_like(p)
                state["step"] += 1
                state["m"] = beta1 * state["m"] + (1 - beta1) * g
                state["v"] = beta2 * state["v"] + (1 - beta2) * g * g
                t = state["step"]
                m_hat = state["m"] / (1 - beta1**t)
                v_hat = state["v"] / (1 - beta2**t)
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
"""

TESTS = """
import torch
from torch.autograd import gradcheck
from net import LinearFunction, ReLUFunction


def numbers(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


def test_linear_function():
    test = gradcheck(LinearFunction.apply, (numbers(2, 3), numbers(4, 3), numbers(4)))
    print("passed:", test)


def test_linear_function_zero_input():
    zero = torch.zeros(2, 3, dtype=torch.double, requires_grad=True)
    test = gradcheck(LinearFunction.apply, (zero, numbers(4, 3), numbers(4)))
    print("passed:", test)


def test_linear_function_zero_weight():
    zero = torch.zeros(4, 3, dtype=torch.double, requires_grad=True)
    test = gradcheck(LinearFunction.apply, (numbers(2, 3), zero, numbers(4)))
    print("passed:", test)


def test_relu_function():
    test = gradcheck(ReLUFunction.apply, (numbers(5, 5),))
    print("passed:", test)


def test_relu_function_near_zero():
    near = torch.tensor([-1e-3, 1e-3], dtype=torch.double, requires_grad=True)
    test = gradcheck(ReLUFunction.apply, (near,))
    print("passed:", test)


def test_relu_function_negative_input():
    negative = torch.tensor([-2.0, -1.0], dtype=torch.double, requires_grad=True)
    test = gradcheck(ReLUFunction.apply, (negative,))
    print("passed:", test)


if __name__ == "__main__":
    test_linear_function()
"""

SOURCES = {"1(a)": NET, "2(a)": FUNCTIONS, "2(b)": TESTS, "2(c)": ADAM}

# The name of each mistake, the replacement that makes it, and where it must be named

INJECTIONS = {
    "1(a)": [
        (
            "delta without the sigmoid: `z - y`",
            "sigmoid(self.output) - target",
            "self.output - target",
            ["db3"],
        ),
        (
            "the sign of delta: `y - sigmoid(z)`",
            "sigmoid(self.output) - target",
            "target - sigmoid(self.output)",
            ["db3"],
        ),
        (
            mistakes.SUM_MISSING,
            "sum(self.W2[j][i] * delta2[j] for j in hidden)",
            "self.W2[0][i] * delta2[0]",
            ["db1"],
        ),
        (
            mistakes.SUM_MISSING,
            "sum(self.W2[j][i] * delta2[j] for j in hidden)",
            "self.W2[0][i] * delta3",
            ["db1"],
        ),
        (
            "the weights are transposed in the sum over the next layer's units",
            "self.W2[j][i] * delta2[j]",
            "self.W2[i][j] * delta2[j]",
            ["db1"],
        ),
        (
            "the derivative of the activation function is missing",
            "total * self.a2[i] * (1 - self.a2[i])",
            "total",
            ["db2"],
        ),
        (
            "the derivative is that at `a`, not at `z`",
            "total * self.a2[i] * (1 - self.a2[i])",
            "total * sigmoid(self.a2[i]) * (1 - sigmoid(self.a2[i]))",
            ["db2"],
        ),
        (
            "the derivative's formula is for `a`, as `a (1 - a)`, but gets `z`",
            "(1 - self.a1[i] ** 2)",
            "(1 - self.z1[i] ** 2)",
            ["db1"],
        ),
        (
            "the weight gradient is transposed",
            "self.dW2_acc[j][i] +=",
            "self.dW2_acc[i][j] +=",
            ["dW2"],
        ),
        (
            mistakes.NOT_SUMMED,
            "self.dW2_acc[j][i] +=",
            "self.dW2_acc[j][i] =",
            ["sum over a batch"],
        ),
        (
            mistakes.NOT_CLEARED,
            "self.db1_acc = [0.0] * n",
            "self.db1_acc = getattr(self, 'db1_acc', [0.0] * n)",
            ["zero_grad"],
        ),
    ],
    "2(a)": [
        (mistakes.AT_ZERO, "input <= 0", "input < 0", ["ReLU input at 0"]),
        (
            "the incoming gradient is ignored (input)",
            "grad_output.mm",
            "torch.ones_like(grad_output).mm",
            ["Linear input"],
        ),
        (
            "the incoming gradient is ignored (weight)",
            "grad_output.t()",
            "torch.ones_like(grad_output).t()",
            ["Linear weight"],
        ),
        (
            "the incoming gradient is ignored (bias)",
            "grad_output.sum",
            "torch.ones_like(grad_output).sum",
            ["Linear bias"],
        ),
        (
            mistakes.IGNORED,
            "grad_output.clone()",
            "torch.ones_like(grad_output)",
            ["ReLU input"],
        ),
        (
            "the weight gradient is transposed",
            "mm(input)",
            "mm(input).t()",
            ["Linear weight"],
        ),
        (mistakes.BIAS_NOT_SUMMED, ".sum(0)", ".clone()", ["Linear bias"]),
        (
            "the sign of the input is ignored",
            "grad_output.clone()\n        grad_input[input <= 0]",
            "1 * grad_output\n        grad_input[input == 0]",
            ["ReLU input"],
        ),
        (
            mistakes.IN_PLACE,
            "grad_output.clone()",
            "grad_output",
            ["ReLU grad_output"],
        ),
    ],
    "2(b)": [
        (mistakes.NEAR_ZERO, "[-1e-3, 1e-3]", "[-1.0, 1.0]", ["tests, wrong functions"])
    ],
    "2(c)": [
        (
            "no power `t` in the bias correction",
            't = state["step"]',
            "t = 1",
            ["gradients of scale 1", "gradients of 1e-6"],
        ),
        (
            "no bias correction",
            ADAM[ADAM.index("t = state") :],
            'p -= group["lr"] * state["m"] / (state["v"].sqrt() + group["eps"])',
            ["gradients of scale 1", "gradients of 1e-6"],
        ),
        (
            "`eps` is added before the bias correction",
            'v_hat.sqrt() + group["eps"]',
            '(state["v"].sqrt() + group["eps"]) / (1 - beta2**t) ** 0.5',
            ["gradients of 1e-6"],
        ),
        (
            "`eps` is added inside the root",
            'v_hat.sqrt() + group["eps"]',
            '(v_hat + group["eps"]).sqrt()',
            ["gradients of 1e-6"],
        ),
    ],
}
CASES = [
    (item, number)
    for item, injections in INJECTIONS.items()
    for number in range(len(injections))
]
