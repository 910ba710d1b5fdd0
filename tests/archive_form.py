"""A right solution in the archive's form, and how to make each mistake in it.

`#!` in the two lines below a line means: with this code in its place, the solution has
this mistake, which must be named there.
"""

from typing import NamedTuple

NET = """
import math
import random


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def bce_with_logits_loss(output, target):
    return math.log(1 + math.exp(-abs(output))) + max(output, 0) - target * output


def linear(inputs, W, b):
    return [sum(w * a for w, a in zip(row, inputs)) + bias for row, bias in zip(W, b)]


def draw(fan_out, fan_in):
    return [[random.uniform(-1, 1) for i in range(fan_in)] for j in range(fan_out)]


class FeedForwardNetwork:
    def __init__(self, input_size=2, hidden_size=16, learning_rate=0.01):
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.learning_rate = learning_rate
        self.W1 = draw(hidden_size, input_size)
        self.W2 = draw(hidden_size, hidden_size)
        self.W3 = draw(1, hidden_size)
        self.b1 = [0.0] * hidden_size
        self.b2 = [0.0] * hidden_size
        self.b3 = [0.0]

    def forward(self, x):
        self.x = x
        self.a1 = [math.tanh(z) for z in linear(x, self.W1, self.b1)]
        self.a2 = [sigmoid(z) for z in linear(self.a1, self.W2, self.b2)]
        self.output = linear(self.a2, self.W3, self.b3)[0]
        return self.output

    def zero_grad(self):
        n, m = self.hidden_size, self.input_size
        self.dW1_acc = [[0.0] * m for j in range(n)]
        self.dW2_acc = [[0.0] * n for j in range(n)]
        self.dW3_acc = [[0.0] * n]
        self.db1_acc = [0.0] * n
        #! db1: not cleared by `zero_grad`
        #! self.db1_acc = getattr(self, "db1_acc", [0.0] * n)
        self.db2_acc = [0.0] * n
        self.db3_acc = [0.0]

    def backward(self, target):
        hidden = range(self.hidden_size)
        delta3 = sigmoid(self.output) - target
        #! db3: delta without the sigmoid: `z - y`
        #! delta3 = self.output - target
        delta2 = []
        for i in hidden:
            delta2.append(self.W3[0][i] * delta3 * self.a2[i] * (1 - self.a2[i]))
        delta1 = []
        for i in hidden:
            total = sum(self.W2[j][i] * delta2[j] for j in hidden)
            #! db1: the sum over the next layer's units is missing
            #! total = self.W2[0][i] * delta2[0]
            #! db1: the sum over the next layer's units is missing
            #! total = self.W2[0][i] * delta3
            delta1.append(total * (1 - self.a1[i] ** 2))
        self.db3_acc[0] += delta3
        for j in hidden:
            self.dW3_acc[0][j] += delta3 * self.a2[j]
            self.db2_acc[j] += delta2[j]
            self.db1_acc[j] += delta1[j]
            for i in hidden:
                self.dW2_acc[j][i] += delta2[j] * self.a1[i]
                #! dW2: the weight gradient is transposed
                #! self.dW2_acc[i][j] += delta2[j] * self.a1[i]
            for i in range(self.input_size):
                self.dW1_acc[j][i] += delta1[j] * self.x[i]
                #! dW1: not summed over the batch: last point only
                #! self.dW1_acc[j][i] = delta1[j] * self.x[i]
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
        #! Linear weight: the incoming gradient is ignored (Linear)
        #! grad_weight = torch.ones_like(grad_output).t().mm(input)
        grad_bias = grad_output.sum(0)
        #! Linear bias: the bias gradient is not summed over the batch
        #! grad_bias = grad_output
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
        #! ReLU input: the incoming gradient is ignored
        #! grad_input = torch.ones_like(grad_output)
        #! ReLU input: the sign of the input is ignored
        #! return grad_output.clone()
        #! ReLU keeps grad_output: overwritten in place: `grad_output`
        #! grad_input = grad_output
        grad_input[input <= 0] = 0
        #! ReLU input: the gradient of ReLU at 0 is not 0
        #! grad_input[input < 0] = 0
        return grad_input
"""

TESTS = """
import torch
from torch.autograd import gradcheck
from net import LinearFunction, ReLUFunction


def numbers(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


def zeros(*shape):
    return torch.zeros(shape, dtype=torch.double, requires_grad=True)


def test_linear_function():
    gradcheck(LinearFunction.apply, (numbers(2, 3), numbers(4, 3), numbers(4)))


def test_linear_function_zero_input():
    gradcheck(LinearFunction.apply, (zeros(2, 3), numbers(4, 3), numbers(4)))


def test_linear_function_zero_weight():
    gradcheck(LinearFunction.apply, (numbers(2, 3), zeros(4, 3), numbers(4)))


def test_relu_function():
    gradcheck(ReLUFunction.apply, (numbers(5, 5),))


def test_relu_function_near_zero():
    near = torch.tensor([-1e-3, 1e-3], dtype=torch.double, requires_grad=True)
    #! tests, wrong functions: the near-zero test is not near zero
    #! near = torch.tensor([-1.0, 1.0], dtype=torch.double, requires_grad=True)
    gradcheck(ReLUFunction.apply, (near,))


def test_relu_function_negative_input():
    negative = torch.tensor([-2.0, -1.0], dtype=torch.double, requires_grad=True)
    gradcheck(ReLUFunction.apply, (negative,))
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
            eps = group["eps"]
            for p in group["params"]:
                g = p.grad
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["m"] = torch.zeros_like(p)
                    state["v"] = torch.zeros_like(p)
                state["step"] += 1
                m = state["m"] = beta1 * state["m"] + (1 - beta1) * g
                v = state["v"] = beta2 * state["v"] + (1 - beta2) * g * g
                t = state["step"]
                #! gradients of scale 1: no power `t` in the bias correction
                #! t = 1
                m_hat = m / (1 - beta1**t)
                v_hat = v / (1 - beta2**t)
                denominator = v_hat.sqrt() + eps
                #! gradients of 1e-6: `eps` is added before the bias correction
                #! denominator = (v.sqrt() + eps) / (1 - beta2**t) ** 0.5
                #! gradients of 1e-6: `eps` is added inside the root
                #! denominator = (v_hat + eps).sqrt()
                p -= group["lr"] * m_hat / denominator
"""

SOURCES = {"1(a)": NET, "2(a)": FUNCTIONS, "2(b)": TESTS, "2(c)": ADAM}


class Injection(NamedTuple):
    """A mistake that is made by a line in place of a right one."""

    item: str
    place: str
    name: str
    right: str
    wrong: str

    def into(self, source):
        return source.replace(self.right + "\n", self.wrong + "\n")


def injections(item):
    """The mistakes that can be made in the source of this item."""
    found = []
    lines = iter(SOURCES[item].splitlines())
    for line in lines:
        if "#! " not in line:
            right = line
            continue
        place, name = line.split("#! ")[1].split(": ", maxsplit=1)
        wrong = next(lines).replace("#! ", "")
        found.append(Injection(item, place, name, right, wrong))
    return found


INJECTIONS = [injection for item in SOURCES for injection in injections(item)]
