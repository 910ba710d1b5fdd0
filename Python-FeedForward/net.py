"""Exercise 1(a): a feed-forward network in NumPy, with back-propagation by hand.

Names are the sheet's: w_ij leads from neuron i to neuron j of the next layer, where

    z_j = sum_i w_ij a_i + b_j,    a_j = phi(z_j),    delta_j = dE/dz_j.

Each of the N points of a batch has a row of its own in x, z, a and delta. For small
matrices, a.dot(b) is faster than a @ b, which is the same.
"""

from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral, Real

import numpy as np


def relu(z):
    return np.maximum(z, 0.0)


def sigmoid(z):
    """1 / (1 + e^-z) = e^z / (1 + e^z), elementwise; z is clipped where e^z overflows."""
    power = np.exp(np.minimum(z, 709.0, dtype=float))
    return power / (1.0 + power)


def bce_with_logits_loss(output, target):
    """E = -y log p - (1 - y) log(1 - p), elementwise; y = target, p = sigmoid(output).

    With z = output, -log p = log(1 + e^-z) and -log(1 - p) = log(1 + e^z).
    """
    z = float_array("output", output)
    y = labels("target", target)
    if z.shape != y.shape and z.ndim > 0 and y.ndim > 0:
        raise ValueError(f"target must have shape {z.shape}, not {y.shape}")
    return y * np.logaddexp(0.0, -z) + (1.0 - y) * np.logaddexp(0.0, z)


ACTIVATIONS = {"relu": relu, "tanh": np.tanh, "sigmoid": sigmoid}
DERIVATIVES = {  # phi'(z), as a function of a = phi(z)
    "relu": lambda a: a > 0,
    "tanh": lambda a: 1.0 - a * a,
    "sigmoid": lambda a: a * (1.0 - a),
}


class FeedForwardNetwork:
    """Hidden layers, then one output neuron, whose pre-activation is the logit.

    hidden_size: the width of two hidden layers, or one width per hidden layer
    activation: the name for all hidden layers, or one name per hidden layer
    weights, biases, weight_gradients, bias_gradients: one float array per layer, of
        shape (fan_in, fan_out) or (fan_out,)
    """

    def __init__(
        self,
        input_size=2,
        hidden_size=16,
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=0.01,
        activation=("tanh", "sigmoid"),
        seed=None,
    ):
        widths = hidden_size if isinstance(hidden_size, Iterable) else [hidden_size] * 2
        widths = [positive_integer("hidden_size", width) for width in widths]
        self.activation = activation_names(activation, len(widths))
        self.learning_rate = number_at_least_0("learning_rate", learning_rate)
        self.momentum = number_at_least_0("momentum", momentum)
        if self.momentum >= 1:
            raise ValueError(f"momentum must be a number in [0, 1), not {momentum}")
        self.weight_decay = number_at_least_0("weight_decay", weight_decay)

        self.weights = []
        self.biases = []
        rng = np.random.default_rng(seed)
        sizes = [positive_integer("input_size", input_size), *widths, 1]
        for fan_in, fan_out in pairwise(sizes):
            bound = np.sqrt(6 / (fan_in + fan_out))  # Xavier (Glorot and Bengio, 2010)
            self.weights.append(rng.uniform(-bound, bound, (fan_in, fan_out)))
            self.biases.append(np.zeros(fan_out))
        self.weight_gradients = [np.zeros_like(W) for W in self.weights]
        self.bias_gradients = [np.zeros_like(b) for b in self.biases]
        self.velocities = [np.zeros_like(w) for w in self.weights + self.biases]
        self.layer_inputs = None  # of the last forward, for backward
        self.logits = None

    def forward(self, x):
        """The logits (N, 1) of the points x (N, input_size); for one point, a float."""
        x = finite_array("x", x)
        input_size = len(self.weights[0])
        if x.ndim not in (1, 2) or x.shape[-1] != input_size:
            raise ValueError(f"x must have shape (N, {input_size}), not {x.shape}")

        a = np.atleast_2d(x)
        self.layer_inputs = [a]
        for W, b, name in zip(self.weights[:-1], self.biases[:-1], self.activation):
            z = a.dot(W) + b  # (N, fan_in) @ (fan_in, fan_out) + (fan_out,)
            a = ACTIVATIONS[name](z)
            self.layer_inputs.append(a)
        self.logits = a.dot(self.weights[-1]) + self.biases[-1]  # (N, 1)
        return self.logits.copy() if x.ndim == 2 else self.logits.item()

    def backward(self, target):
        """Add the gradients of E, summed over the N points of the last forward."""
        if self.logits is None:
            raise RuntimeError("backward must follow a forward")
        y = labels("target", target)
        N = len(self.logits)
        if N == 1 and y.shape in ((), (1,)):
            y = y.reshape(1, 1)
        if y.shape != (N, 1):
            raise ValueError(f"target must have shape ({N}, 1), not {y.shape}")

        # Sheet 1(a) 1: output layer, delta_j = dE/dz_j = sigmoid(z_j) - y_j
        delta = sigmoid(self.logits) - y  # (N, 1)
        for layer in reversed(range(len(self.weights))):
            a = self.layer_inputs[layer]
            # Sheet 1(a) 3: weights, dE/dw_ij = a_i delta_j, summed over the points
            self.weight_gradients[layer] += a.T.dot(delta)  # (fan_in, N) @ (N, fan_out)
            self.bias_gradients[layer] += delta.sum(axis=0)  # as if a_i were 1
            if layer > 0:
                # Sheet 1(a) 2: layer below, delta_i = phi'(z_i) sum_j w_ij delta_j
                phi_prime = DERIVATIVES[self.activation[layer - 1]](a)
                # (N, fan_out) @ (fan_out, fan_in) -> (N, fan_in)
                delta = phi_prime * delta.dot(self.weights[layer].T)

    def zero_grad(self):
        for gradient in self.weight_gradients + self.bias_gradients:
            gradient.fill(0.0)

    def update_weights(self):
        """v <- momentum v - lr g;  w <- w + v;  w <- w - lr decay w; biases, too."""
        lr = self.learning_rate
        parameters = self.weights + self.biases
        gradients = self.weight_gradients + self.bias_gradients
        for w, v, g in zip(parameters, self.velocities, gradients):
            v *= self.momentum
            v -= lr * g
            w += v
            w *= 1.0 - lr * self.weight_decay


# What the arguments must be


def positive_integer(name, value):
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer >= 1, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be an integer >= 1, not {value}")
    return int(value)


def number_at_least_0(name, value):
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a finite number >= 0, not {value!r}")
    if not 0 <= value < np.inf:
        raise ValueError(f"{name} must be a finite number >= 0, not {value}")
    return float(value)


def activation_names(activation, num_layers):
    """A list of num_layers keys of ACTIVATIONS."""
    allowed = f"one of {list(ACTIVATIONS)}, or one per hidden layer ({num_layers})"
    message = f"activation must be {allowed}, not {activation!r}"
    if isinstance(activation, str):
        activation = [activation] * num_layers
    if not isinstance(activation, Iterable):
        raise TypeError(message)
    if len(activation) != num_layers or not set(activation) <= set(ACTIVATIONS):
        raise ValueError(message)
    return list(activation)


def float_array(name, values):
    """A copy of the values as an array of floats."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers, not {values!r}") from None


def finite_array(name, values):
    array = float_array(name, values)
    finite = np.isfinite(array)
    if not finite.all():
        raise ValueError(f"{name} must be finite numbers, not {array[~finite][0]}")
    return array


def labels(name, values):
    array = float_array(name, values)
    allowed = (array >= 0) & (array <= 1)
    if not allowed.all():
        raise ValueError(f"{name} must be numbers in [0, 1], not {array[~allowed][0]}")
    return array
