"""Our Adam must equal torch.optim.Adam(foreach=False) in every bit."""

import copy
from itertools import product
import math
import re

from decision_boundary.shared.script import load
from oracles import mutant
import pytest
import torch
from torch.optim import lr_scheduler

PATH = "PyTorch-FeedForward/optimizer.py"
Adam = load(PATH).Adam


def torch_adam(params, **options):
    return torch.optim.Adam(params, foreach=False, **options)


BOTH = Adam, torch_adam


class Training:
    """Steps of an optimizer with gradients that are random, but also pull to 0."""

    def __init__(self, adam, dtype=torch.float64, scale=1.0, missing=0.0, **options):
        self.generator = torch.Generator().manual_seed(0)
        self.scale = scale  # of the gradients
        self.missing = missing  # share of the gradients that are None
        self.params = [self.randn(shape, dtype) for shape in [(3, 2), (4,), (), (0,)]]
        self.params[0] = self.params[0].T  # not contiguous
        for param in self.params:
            param.requires_grad_()
        self.optimizer = adam(self.params, **options)

    def randn(self, shape, dtype):
        return torch.randn(shape, dtype=dtype, generator=self.generator)

    def step(self, steps=1):
        for _ in range(steps):
            assert self.optimizer.step(self.closure)
        return self

    def closure(self):
        for param in self.params:
            noise = self.randn(param.shape, param.dtype)
            param.grad = self.scale * (param.detach() + noise)
            if torch.rand((), generator=self.generator) < self.missing:
                param.grad = None
        return torch.is_grad_enabled()  # as a backward needs it


def assert_equal(*trainings):
    """Compare parameters, gradients and states of two trainings."""
    results = [
        [[p, p.grad, dict(training.optimizer.state[p])] for p in training.params]
        for training in trainings
    ]
    torch.testing.assert_close(*results, rtol=0, atol=0, equal_nan=True)


def check(adam, steps, **options):
    """Compare `steps` steps of adam and of torch.optim.Adam."""
    expected = Training(torch_adam, **options).step(steps)
    assert_equal(Training(adam, **options).step(steps), expected)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 1e-6},
        {"scale": 1e30, "weight_decay": 0.1},
        {"lr": torch.tensor([0.01]), "betas": [0.5, 0.9999]},
        {"lr": 0.0, "betas": (0.0, 0.0)},
        {"eps": 0.1, "scale": 1e-3},
        {"eps": 0.0, "missing": 0.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "complex64"])
def test_equal_over_a_thousand_steps(dtype, options):
    check(Adam, 1000, dtype=getattr(torch, dtype), **options)


DECAY = 'g = g.add(theta, alpha=group["weight_decay"])'
ROOT_V_HAT = "v.sqrt().div_((1 - beta2**t) ** 0.5)"
BEFORE = "(v.sqrt() + eps).div_((1 - beta2**t) ** 0.5) - eps"


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("(1 - beta1**t)", "(1 - beta1)"),  # no power t
        ("(1 - beta2**t)", "(1 - beta2)"),
        (".item() + 1", ".item() + 1e-9"),  # t from 0
        (ROOT_V_HAT, BEFORE),  # eps before the correction
        (ROOT_V_HAT, "v.div(1 - beta2**t).add_(eps).sqrt_() - eps"),
        (DECAY, 'theta.mul_(1 - lr * group["weight_decay"])'),
        (DECAY, DECAY.replace("g.add(", "g.add_(")),
    ],
)
def test_the_check_rejects_a_wrong_adam(right, wrong, tmp_path):
    wrong_adam = mutant(PATH, right, wrong, tmp_path).Adam
    with pytest.raises(AssertionError, match="not equal"):
        check(wrong_adam, 20, weight_decay=0.1)


def test_parameter_groups_with_options_of_their_own_and_a_scheduler():
    trainings = [Training(adam) for adam in BOTH]
    for training, adam in zip(trainings, BOTH):
        groups = [
            {"params": training.params[:2], "lr": 0.1, "betas": (0.5, 0.9)},
            {"params": training.params[2:], "weight_decay": 0.3, "eps": 1e-3},
        ]
        optimizer = training.optimizer = adam(groups, lr=0.01)
        scheduler = lr_scheduler.OneCycleLR(optimizer, [0.1, 0.01], total_steps=51)
        for _ in range(50):
            training.step()
            scheduler.step()  # changes beta1, too
    assert_equal(*trainings)


@pytest.mark.parametrize("first, second", [BOTH, BOTH[::-1]])
def test_state_dict_loads_into_the_other_adam(first, second):
    options = {"dtype": torch.float32, "lr": 0.01, "weight_decay": 0.1}
    expected = Training(torch_adam, **options).step(200)
    training = Training(first, **options).step(100)
    state = copy.deepcopy(training.optimizer.state_dict())
    training.optimizer = second(training.params)  # its options are overwritten
    training.optimizer.load_state_dict(state)
    assert_equal(training.step(100), expected)


@pytest.mark.parametrize(
    "name, value",
    [
        *product(["lr", "eps", "weight_decay"], [-1, math.nan, torch.tensor(-2), "x"]),
        *product(["betas"], [(-1e-9, 0.9), (0.9, 1.0), (math.nan, 0.9), (0.9,)]),
    ],
)
def test_options_out_of_range(name, value):
    error = TypeError if value == "x" else ValueError
    with pytest.raises(error, match=f"^{name} must be .*{re.escape(str(value))}"):
        Adam([torch.zeros(2)], **{name: value})
