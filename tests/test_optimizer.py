"""Our Adam must equal torch.optim.Adam(foreach=False) in every bit."""

import copy
from itertools import product
import math
import re

from decision_boundary.shared.script import load
import mistakes
import pytest
import torch
from torch.optim import lr_scheduler

Adam = load("PyTorch-FeedForward/optimizer.py").Adam


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
        {"scale": 1e-6},
        {"scale": 1e30, "weight_decay": 0.1},
        {"lr": torch.tensor([0.01]), "betas": [0.5, 0.9999]},
        {"lr": 0.0, "betas": (0.0, 0.0)},
        {"eps": 0.1, "scale": 1e-3},
        {"eps": 0.0, "missing": 0.5},
        *({"dtype": dtype} for dtype in (torch.bfloat16, torch.complex64)),
    ],
    ids=str,
)
def test_equal_over_a_thousand_steps(options):
    check(Adam, 1000, **options)


# The known mistakes

MISTAKES = mistakes.of_item("2(c)")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_each_known_mistake_is_noticed(mistake):
    wrong = mistakes.module(mistake).Adam
    with pytest.raises(AssertionError, match="not equal"):
        check(wrong, 20, weight_decay=0.1)


@pytest.mark.parametrize(
    "mistake", [m for m in MISTAKES if m.shows], ids=lambda m: m.name
)
def test_what_the_report_says_about_a_mistake(mistake):
    wrong = mistakes.module(mistake).Adam
    if mistake.shows == "nothing in the first step":
        check(wrong, 1)
    else:
        assert mistake.shows == "nothing for gradients of size 1"
        assert largest_difference(wrong, gradient=1.0) < 1e-5
        assert largest_difference(wrong, gradient=1e-6) > 1


def largest_difference(wrong, gradient):
    """Of a parameter after 100 steps, in steps of size lr."""
    results = []
    for adam in (torch_adam, wrong):
        param = torch.zeros((), dtype=torch.float64)
        param.grad = torch.full_like(param, gradient)
        optimizer = adam([param], lr=1.0)
        for _ in range(100):
            optimizer.step()
        results.append(param.item())
    return abs(results[0] - results[1])


# As part of a program


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


def test_the_step_count_is_exact_whatever_the_default_dtype():
    torch.set_default_dtype(torch.bfloat16)  # which has no 257
    try:
        check(Adam, 300, dtype=torch.float32)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_sparse_gradient_is_refused_before_anything_is_changed():
    first = torch.ones(3)
    first.grad = torch.ones(3)
    second = torch.ones(3)
    second.grad = torch.ones(3).to_sparse()
    with pytest.raises(
        RuntimeError, match="^Adam must have dense gradients, not sparse"
    ):
        Adam([first, second]).step()
    assert first.tolist() == [1, 1, 1]


@pytest.mark.parametrize("option", ["amsgrad", "maximize"])
def test_a_state_of_another_algorithm_is_refused(option):
    training = Training(torch_adam, **{option: True}).step()
    optimizer = Adam(training.params)
    with pytest.raises(ValueError, match=f"^{option} must be False, not True"):
        optimizer.load_state_dict(training.optimizer.state_dict())


@pytest.mark.parametrize(
    "name, value",
    [
        *product(["lr", "eps", "weight_decay"], [-1, math.nan, torch.tensor(-2), "x"]),
        *product(["betas"], [(-1e-9, 0.9), (0.9, 1.0), (math.nan, 0.9), (0.9,), "x"]),
    ],
)
def test_options_out_of_range(name, value):
    error = TypeError if value == "x" else ValueError
    with pytest.raises(error, match=f"^{name} must be .*{re.escape(str(value))}"):
        Adam([torch.zeros(2)], **{name: value})
