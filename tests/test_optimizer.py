"""Our Adam against torch.optim.Adam(foreach=False): equal to the last bit."""

import copy
import math
import pickle
import random
import re
import runpy

import pytest
import torch
from torch.optim import lr_scheduler

from decision_boundary.script import ROOT, load

PATH = "PyTorch-FeedForward/optimizer.py"
Adam = load(PATH).Adam
NAN = math.nan
OPTIONS = ("lr", "betas", "eps", "weight_decay")


def torchs_adam(params, **options):
    return torch.optim.Adam(params, foreach=False, **options)


class Training:
    """Steps of an optimizer on gradients that are random, but also pull to 0."""

    def __init__(self, adam, dtype=torch.float64, scale=1.0, missing=0.0, **options):
        self.generator = torch.Generator().manual_seed(0)
        self.random = random.Random(0)
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
            for param in self.params:
                noise = self.randn(param.shape, param.dtype)
                param.grad = self.scale * (param.detach() + noise)
                if self.random.random() < self.missing:
                    param.grad = None
            self.optimizer.step()
        return self


def assert_equal(actual, expected):
    """Two trainings have the same parameters, gradients, states and options."""
    equal = {"rtol": 0, "atol": 0, "equal_nan": True}
    for ours, torchs in zip(actual.params, expected.params, strict=True):
        torch.testing.assert_close(ours, torchs, **equal)
        torch.testing.assert_close(ours.grad, torchs.grad, **equal)
        ours, torchs = actual.optimizer.state[ours], expected.optimizer.state[torchs]
        torch.testing.assert_close(dict(ours), dict(torchs), **equal)
    ours, torchs = (
        [
            [group[option] for option in OPTIONS]
            for group in training.optimizer.param_groups
        ]
        for training in (actual, expected)
    )
    assert ours == torchs


def check(adam, steps=1000, **options):
    """That many steps of adam and of torch.optim.Adam are the same."""
    expected = Training(torchs_adam, **options).step(steps)
    assert_equal(Training(adam, **options).step(steps), expected)


# Bit for bit


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale, weight_decay", [(1.0, 0), (1e-6, 0), (1e30, 0.1)])
def test_equal_over_a_thousand_steps(dtype, scale, weight_decay):
    check(Adam, dtype=dtype, weight_decay=weight_decay, scale=scale, lr=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"lr": 1},
        {"lr": 0.0},
        {"betas": (0.0, 0.0)},
        {"betas": [0.5, 0.9999]},
        {"eps": 0.1, "scale": 1e-3},
        {"eps": 0.0},
        {"weight_decay": 1},
        {"missing": 0.5},
        {"missing": 1.0},
        {"dtype": torch.bfloat16},
        {"dtype": torch.float16, "weight_decay": 0.1},
        {"dtype": torch.complex64, "weight_decay": 0.1},
        {"dtype": torch.complex128},
    ],
    ids=str,
)
def test_equal_for_every_option(options):
    check(Adam, steps=100, **options)


def test_no_decay_leaves_infinite_parameters_out():
    for adam in (Adam, torchs_adam):
        param = torch.tensor([math.inf, 1.0], requires_grad=True)
        param.grad = torch.ones(2)
        optimizer = adam([param])
        optimizer.step()
        assert torch.equal(optimizer.state[param]["exp_avg"], torch.full((2,), 1 - 0.9))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_equal_for_every_default_dtype(dtype):
    default = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        check(Adam, steps=20)
    finally:
        torch.set_default_dtype(default)


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_for_a_tensor_as_learning_rate(shape, dtype):
    trainings = []
    for adam in (Adam, torchs_adam):
        lr = torch.full(shape, 0.01)
        trainings.append(Training(adam, dtype, lr=lr).step(100))
        lr.fill_(0.1)
        trainings[-1].step(100)
    assert_equal(*trainings)


def test_is_the_algorithm_of_the_paper():
    theta, m, v = 1.0, 0.0, 0.0
    param = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    adam = Adam([param], lr=0.1, betas=(0.8, 0.9), eps=0.01)
    for t in range(1, 51):
        g = math.cos(3 * theta)
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        m_hat, v_hat = m / (1 - 0.8**t), v / (1 - 0.9**t)
        theta -= 0.1 * m_hat / (math.sqrt(v_hat) + 0.01)
        param.grad = torch.cos(3 * param.detach())
        adam.step()
        assert param.item() == pytest.approx(theta, rel=1e-12)


# The check itself: every usual mistake fails it, though it is all that is changed


DENOMINATOR = "v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)"
DECAY = 'g = g.add(theta, alpha=group["weight_decay"])'
MISTAKES = {
    "no power t in the first correction": ("(1 - beta1**t)", "(1 - beta1)"),
    "no power t in the second correction": ("(1 - beta2**t)", "(1 - beta2)"),
    "t from 0": (".item() + 1", ".item() + 1e-9"),
    "eps before the correction": (
        DENOMINATOR,
        "v.sqrt().add_(eps).div_((1 - beta2**t) ** 0.5)",
    ),
    "eps in the root": (DENOMINATOR, "v.div(1 - beta2**t).add_(eps).sqrt_()"),
    "decoupled decay": (DECAY, 'theta.mul_(1 - lr * group["weight_decay"])'),
    "no decay": (DECAY, "pass"),
    "decay of the gradient in place": (DECAY, DECAY.replace("g.add(", "g.add_(")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_check_rejects_a_wrong_adam(mistake, tmp_path):
    right, wrong = MISTAKES[mistake]
    source = (ROOT / PATH).read_text()
    assert source.count(right) == 1
    (tmp_path / "wrong.py").write_text(source.replace(right, wrong))
    wrong_adam = runpy.run_path(tmp_path / "wrong.py")["Adam"]
    check(Adam, steps=20, weight_decay=0.1)
    with pytest.raises(AssertionError):
        check(wrong_adam, steps=20, weight_decay=0.1)


# A torch.optim.Optimizer like any other


def test_parameter_groups_with_options_of_their_own():
    def grouped(adam):
        def make(params, **options):
            groups = [
                {"params": params[:2], "lr": 0.1, "betas": (0.5, 0.9)},
                {"params": params[2:3], "weight_decay": 0.3, "eps": 1e-3},
            ]
            optimizer = adam(groups, **options)
            optimizer.add_param_group({"params": params[3:], "lr": 0.2})
            return optimizer

        return make

    expected = Training(grouped(torchs_adam), lr=0.01).step(100)
    assert_equal(Training(grouped(Adam), lr=0.01).step(100), expected)


@pytest.mark.parametrize(
    "scheduler",
    [
        lambda adam: lr_scheduler.ExponentialLR(adam, 0.99),
        lambda adam: lr_scheduler.CosineAnnealingLR(adam, 50),
        lambda adam: lr_scheduler.OneCycleLR(adam, max_lr=0.1, total_steps=101),
        lambda adam: lr_scheduler.LambdaLR(adam, lambda epoch: 1 / (1 + epoch)),
    ],
    ids=["exponential", "cosine", "one cycle", "lambda"],
)
def test_learning_rate_schedulers(scheduler):
    trainings = [Training(Adam), Training(torchs_adam)]
    for training in trainings:
        schedule = scheduler(training.optimizer)
        for _ in range(100):
            training.step()
            schedule.step()
    assert_equal(*trainings)


def test_closure():
    param = torch.ones(3, requires_grad=True)
    adam = Adam([param])

    def closure():
        adam.zero_grad()
        loss = param.square().sum()  # needs gradients to be on
        loss.backward()
        return loss

    assert adam.step(closure).item() == 3
    assert adam.step(closure).item() < 3
    assert adam.step() is None


def test_without_gradients_there_is_neither_update_nor_state():
    training = Training(Adam, missing=1.0)
    before = [param.clone() for param in training.params]
    training.step(3)
    assert all(map(torch.equal, before, training.params))
    assert not training.optimizer.state


def test_step_records_nothing():
    training = Training(Adam).step()
    for param in training.params:
        assert param.requires_grad and param.is_leaf
        assert not any(
            x.requires_grad for x in training.optimizer.state[param].values()
        )


@pytest.mark.parametrize("first, second", [(Adam, torchs_adam), (torchs_adam, Adam)])
def test_state_dict_loads_into_the_other_adam(first, second):
    options = {"dtype": torch.float32, "lr": 0.01, "weight_decay": 0.1}
    expected = Training(torchs_adam, **options).step(200)
    training = Training(first, **options).step(100)
    state = copy.deepcopy(training.optimizer.state_dict())
    training.optimizer = second(training.params)  # with other options, to be replaced
    training.optimizer.load_state_dict(state)
    assert_equal(training.step(100), expected)


def test_state_dict_survives_a_file(tmp_path):
    training, expected = Training(Adam).step(10), Training(torchs_adam).step(20)
    torch.save(training.optimizer.state_dict(), tmp_path / "state")
    training.optimizer = Adam(training.params)
    training.optimizer.load_state_dict(torch.load(tmp_path / "state"))
    assert_equal(training.step(10), expected)


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda training: pickle.loads(pickle.dumps(training))],
    ids=["deepcopy", "pickle"],
)
def test_deepcopy_and_pickle(duplicate):
    training = Training(Adam, weight_decay=0.1).step(10)
    generator, training.generator = training.generator, None
    other = duplicate(training)
    state = generator.get_state()
    for each in (training, other):
        each.generator = torch.Generator()
        each.generator.set_state(state)
        each.step(10)
    assert_equal(other, training)
    assert_equal(training, Training(torchs_adam, weight_decay=0.1).step(20))


@pytest.mark.parametrize("option", ["amsgrad", "maximize", "decoupled_weight_decay"])
def test_state_dict_with_an_option_that_we_lack_is_refused(option):
    theirs = Training(torchs_adam, **{option: True}).step()
    ours = Training(Adam).step()
    with pytest.raises(ValueError, match=f"{option} is True; False is allowed"):
        ours.optimizer.load_state_dict(theirs.optimizer.state_dict())
    assert_equal(ours.step(9), Training(torchs_adam).step(10))


@pytest.mark.parametrize("option", ["amsgrad", "maximize", "differentiable"])
def test_groups_with_an_option_that_we_lack_are_refused(option):
    params = [torch.zeros(2, requires_grad=True)]
    optimizer = Adam([{"params": params, option: False}])
    for call in Adam, lambda groups: optimizer.add_param_group(groups[0]):
        with pytest.raises(ValueError, match=f"{option} is True; False is allowed"):
            call([{"params": [torch.zeros(2, requires_grad=True)], option: True}])
    assert len(optimizer.param_groups) == 1


# Errors, of the types that torch raises


def check_error(params, **options):
    """Our Adam raises what torch.optim.Adam raises; returns our message."""
    with pytest.raises(Exception) as expected:
        torchs_adam(params, **options)
    with pytest.raises(Exception) as actual:
        Adam(params, **options)
    assert actual.type is expected.type
    return str(actual.value)


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay"])
@pytest.mark.parametrize("value", [-1e-9, -1, -math.inf, NAN, torch.tensor(-2)])
def test_options_below_0(name, value):
    message = check_error([torch.zeros(2)], **{name: value})
    assert name in message and f"is {value};" in message and ">= 0" in message


@pytest.mark.parametrize("beta", [-1e-9, 1.0, 2.0, NAN])
def test_betas_outside_of_0_to_1(beta):
    for betas in [(beta, 0.9), (0.9, beta)]:
        message = check_error([torch.zeros(2)], betas=betas)
        assert re.search(f"betas .*{re.escape(str(betas))}.*< 1", message)


@pytest.mark.parametrize(
    "options", [{"lr": None}, {"lr": "a"}, {"eps": 1j}, {"betas": 0.9}, {"betas": None}]
)
def test_options_of_a_wrong_type(options):
    check_error([torch.zeros(2)], **options)


@pytest.mark.parametrize(
    "params",
    [
        [],
        None,
        [1.0],
        torch.zeros(2),
        [{"lr": 0.1}],
        [torch.zeros(2, requires_grad=True) * 2],
        [{"params": [shared := torch.zeros(2)]}, {"params": [shared]}],
    ],
)
def test_parameters_that_are_none(params):
    check_error(params)


def test_sparse_gradients():
    trainings = [Training(Adam).step(), Training(torchs_adam).step()]
    for training in trainings:
        param = training.params[1]
        param.grad = param.grad.to_sparse()
        before = training.params[0].clone()
        with pytest.raises(RuntimeError, match="sparse"):
            training.optimizer.step()
        assert torch.equal(training.params[0], before)
    assert_equal(*(training.step() for training in trainings))
