"""Exercise 2(c): the Adam optimizer."""

import torch


class Adam(torch.optim.Optimizer):
    """Adam (Kingma and Ba, 2015, Algorithm 1), with weight decay added to the gradient.

    Takes torch.optim.Adam's place, bit for bit and state_dict included, for the options
    that it has: lr, eps and weight_decay at least 0, betas in [0, 1).
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        for name, value in [("lr", lr), ("eps", eps), ("weight_decay", weight_decay)]:
            if not value >= 0:  # NaN is not
                raise ValueError(f"{name} is {value}; {name} >= 0 is allowed")
        beta1, beta2 = betas = tuple(betas)
        if not (0 <= beta1 < 1 and 0 <= beta2 < 1):
            raise ValueError(f"betas are {betas}; 0 <= beta < 1 is allowed")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def add_param_group(self, param_group):
        refuse_other_options(param_group)
        super().add_param_group(param_group)

    def __setstate__(self, state):
        for group in state["param_groups"]:  # of torch's Adam, if load_state_dict calls
            refuse_other_options(group)
        super().__setstate__(state)

    @torch.no_grad()
    def step(self, closure=None):
        """Update the parameters that have a gradient; returns the loss of closure()."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, (beta1, beta2), eps = group["lr"], group["betas"], group["eps"]
            for theta in with_dense_gradient(group["params"]):
                g = theta.grad
                if group["weight_decay"] != 0:
                    g = g.add(theta, alpha=group["weight_decay"])
                m, v, t = self.next_state(theta)
                if theta.is_complex():  # two real parameters, in one tensor
                    theta, g, m, v = map(torch.view_as_real, (theta, g, m, v))
                # m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
                m.lerp_(g, 1 - beta1)
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
                # theta <- theta - lr m_hat / (sqrt(v_hat) + eps)
                step_size = float(lr / (1 - beta1**t))
                denominator = v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)
                theta.addcdiv_(m, denominator, value=-step_size)
        return loss

    def next_state(self, theta):
        """Moments m and v of theta, at first 0, and t, the number of its updates."""
        state = self.state[theta]
        if not state:
            # As torch has it: in the default dtype, but at least in float32
            dtype = torch.promote_types(torch.get_default_dtype(), torch.float32)
            state["step"] = torch.zeros((), dtype=dtype)
            state["exp_avg"] = torch.zeros_like(theta)
            state["exp_avg_sq"] = torch.zeros_like(theta)
        t = state["step"].item() + 1
        state["step"].fill_(t)  # half the time of += 1
        return state["exp_avg"], state["exp_avg_sq"], t


def refuse_other_options(group):
    """ValueError if the parameter group asks for what only torch's Adam can do."""
    for option in ("amsgrad", "maximize", "decoupled_weight_decay", "differentiable"):
        if group.get(option):
            raise ValueError(f"{option} is {group[option]}; False is allowed")


def with_dense_gradient(params):
    """The parameters that have a gradient; RuntimeError if one of these is sparse."""
    params = [param for param in params if param.grad is not None]
    if any(param.grad.is_sparse for param in params):
        raise RuntimeError("a gradient is sparse; dense ones are allowed")
    return params
