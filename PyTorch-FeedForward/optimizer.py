"""Exercise 2(c): the Adam optimizer."""

from numbers import Real

import torch


class Adam(torch.optim.Optimizer):
    """Adam (Kingma and Ba, 2015, Algorithm 1), with weight decay added to the gradient.

    Replaces torch.optim.Adam for the options below: the parameters are equal in every
    bit to those with foreach=False, and a state_dict of one loads into the other.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        for name, value in [("lr", lr), ("eps", eps), ("weight_decay", weight_decay)]:
            if not isinstance(value, Real | torch.Tensor):
                raise TypeError(f"{name} must be a number >= 0, not {value!r}")
            if not value >= 0:  # NaN is not, either
                raise ValueError(f"{name} must be a number >= 0, not {value!r}")
        if not isinstance(betas, list | tuple):
            raise TypeError(f"betas must be two numbers in [0, 1), not {betas!r}")
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must be two numbers in [0, 1), not {betas}")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):  # Sheet 2(c)
        """Update all parameters that have a gradient; return closure() if given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.refuse_sparse_gradients()
        for group in self.param_groups:
            lr, (beta1, beta2), eps = group["lr"], group["betas"], group["eps"]
            for theta in group["params"]:
                g = theta.grad
                if g is None:
                    continue
                if group["weight_decay"] != 0:
                    g = g.add(theta, alpha=group["weight_decay"])
                m, v, t = self.next_state(theta)
                if theta.is_complex():  # the real and imaginary part are parameters
                    theta, g, m, v = map(torch.view_as_real, (theta, g, m, v))
                m.lerp_(g, 1 - beta1)  # m <- beta1 m + (1 - beta1) g
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)  # the same with g^2
                # theta <- theta - lr m_hat / (sqrt(v_hat) + eps), with bias corrections
                # m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t)
                step_size = float(lr / (1 - beta1**t))  # step_size m = lr m_hat
                denominator = v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)
                theta.addcdiv_(m, denominator, value=-step_size)
        return loss

    def next_state(self, theta):
        """Return theta's moments m and v, initially 0, and its new step count t."""
        state = self.state[theta]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(theta)
            state["exp_avg_sq"] = torch.zeros_like(theta)
        t = state["step"].item() + 1
        state["step"].fill_(t)  # takes half the time of += 1
        return state["exp_avg"], state["exp_avg_sq"], t

    def refuse_sparse_gradients(self):
        """Raise an error before any parameter is changed."""
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is not None and theta.grad.is_sparse:
                    raise RuntimeError("Adam must have dense gradients, not sparse")

    def load_state_dict(self, state_dict):
        """Load the state of this optimizer or of torch.optim.Adam."""
        for group in state_dict["param_groups"]:
            for option in ("amsgrad", "maximize", "decoupled_weight_decay"):
                if group.get(option):
                    raise ValueError(f"{option} must be False, not {group[option]}")
        super().load_state_dict(state_dict)
