"""Exercise 1(a): a feed-forward network in NumPy, with back-propagation by hand.

As on the sheet, w_ij leads from neuron i to neuron j of the next layer, where
z_j = sum_i w_ij a_i + b_j, a_j = f(z_j) and delta_j = dE/dz_j. The N points of a
batch are the N columns of each a, z and delta. A bias is the weight of a neuron that is
always 1: the last row of each a, and of each layer's parameters (fan_in + 1, fan_out).
"""

import numpy as np


def sigmoid(z, out=None):
    """1 / (1 + e^-z) = e^z / (1 + e^z), elementwise; clipped where e^z overflows."""
    power = np.exp(np.minimum(z, 709.0, out=out, dtype=float), out=out)
    return np.divide(power, 1.0 + power, out=out)


def bce_with_logits_loss(output, target):
    """E = -t log p - (1 - t) log(1 - p), elementwise; z = output and p = sigmoid(z)."""
    z, t = np.asarray(output, dtype=float), checked("target", target, LABELS)
    if z.shape != t.shape and z.ndim > 0 and t.ndim > 0:
        raise ValueError(f"target must have shape {z.shape}, not {t.shape}")
    tz = t * z
    return np.logaddexp(-tz, z - tz)  # neither overflows nor cancels


ACTIVATIONS = {  # f(z), and f'(z) as a function of a = f(z)
    "relu": (lambda z, out: np.maximum(z, 0.0, out=out), lambda a: a > 0),
    "tanh": (np.tanh, lambda a: 1.0 - a * a),
    "sigmoid": (sigmoid, lambda a: a * (1.0 - a)),
}


class FeedForwardNetwork:
    """Hidden layers, then one output neuron, whose pre-activation is the logit.

    hidden_size: the width of two hidden layers, or one width per hidden layer
    activation: the name for all hidden layers, or one name per hidden layer
    weights, biases, weight_gradients, bias_gradients: one array per layer, of shape
        (fan_in, fan_out) or (fan_out,): views of two vectors, to be changed in place
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
        widths = checked("hidden_size", hidden_size, SIZES, most_dims=1)
        widths = widths.tolist() if widths.ndim else [int(widths)] * 2
        names = activation if np.ndim(activation) else [activation] * len(widths)
        if len(names) != len(widths) or not set(names) <= set(ACTIVATIONS):
            allowed = f"one of {list(ACTIVATIONS)}, or a list of {len(widths)}"
            raise ValueError(f"activation must be {allowed}, not {activation!r}")
        self.activation = list(names)
        self.learning_rate = float(checked("learning_rate", learning_rate, RATES, 0))
        self.momentum = float(checked("momentum", momentum, FRACTIONS, 0))
        self.weight_decay = float(checked("weight_decay", weight_decay, RATES, 0))

        fan_ins = [int(checked("input_size", input_size, SIZES, 0)), *widths]
        self.shapes = [(n + 1, fan_out) for n, fan_out in zip(fan_ins, [*widths, 1])]
        self._ends = np.cumsum([rows * columns for rows, columns in self.shapes])
        self.parameters, self.gradients, self.velocity = np.zeros((3, self._ends[-1]))
        self._make_views()
        self._activations = self._logits = None  # of the last forward
        rng = np.random.default_rng(seed)
        for W in self.weights:  # Xavier uniform (Glorot and Bengio, 2010)
            bound = np.sqrt(6 / sum(W.shape))
            W[...] = rng.uniform(-bound, bound, W.shape)

    def _make_views(self):
        views = []
        for vector in (self.parameters, self.gradients):
            parts = zip(np.split(vector, self._ends[:-1]), self.shapes)
            layers = [part.reshape(shape) for part, shape in parts]
            views += [layers, [W[:-1] for W in layers], [W[-1] for W in layers]]
        self._layers, self.weights, self.biases = views[:3]
        self._layer_gradients, self.weight_gradients, self.bias_gradients = views[3:]

    def __setstate__(self, state):  # deepcopy and pickle turn views into copies
        self.__dict__.update(state)
        self._make_views()

    def forward(self, x):
        """The logits (N, 1) of the points x (N, input_size); for one point, a float."""
        x, input_size = checked("x", x, NUMBERS), len(self.weights[0])
        if x.ndim not in (1, 2) or x.shape[-1] != input_size:
            raise ValueError(f"x must have shape (N, {input_size}), not {x.shape}")
        N = x.size // input_size
        if self._logits is None or self._logits.size != N:
            self._activations = [np.ones((rows, N)) for rows, _ in self.shapes]
        self._activations[0][:-1] = x.reshape(N, input_size).T
        for layer, name in enumerate(self.activation):
            f, a = ACTIVATIONS[name][0], self._activations[layer + 1][:-1]
            # (fan_out, fan_in + 1) @ (fan_in + 1, N) -> (fan_out, N)
            z = self._layers[layer].T.dot(self._activations[layer], out=a)
            f(z, out=a)
        self._logits = self._layers[-1].T.dot(self._activations[-1])  # (1, N)
        return self._logits.T.copy() if x.ndim == 2 else self._logits.item()

    def backward(self, target):
        """Add the gradients of E, summed over the last forward's N points."""
        if self._logits is None:
            raise RuntimeError("backward must follow a forward")
        t, N = checked("target", target, LABELS), self._logits.size
        if t.shape != (N, 1) and (N, t.size) != (1, 1):
            raise ValueError(f"target must have shape ({N}, 1), not {t.shape}")

        # 1. Output layer: delta_j = dE/dz_j = sigmoid(z_j) - t_j
        delta = sigmoid(self._logits) - t.reshape(1, N)
        for layer in reversed(range(len(self._layers))):
            a = self._activations[layer]  # what enters this layer
            # 3. Weights (2 replaces delta): dE/dw_ij = a_i delta_j, summed over points
            # (fan_in + 1, N) @ (N, fan_out) -> (fan_in + 1, fan_out)
            self._layer_gradients[layer] += a.dot(delta.T)
            if layer > 0:
                # 2. Layer below: delta_i = f'(z_i) sum_j w_ij delta_j
                # (fan_in, fan_out) @ (fan_out, N) -> (fan_in, N)
                delta = self.weights[layer].dot(delta)
                _, derivative = ACTIVATIONS[self.activation[layer - 1]]
                delta *= derivative(a[:-1])

    def zero_grad(self):
        self.gradients.fill(0)

    def update_weights(self):
        """v <- momentum v - lr g;  w <- w + v;  w <- w - lr decay w."""
        self.velocity *= self.momentum
        self.velocity -= self.learning_rate * self.gradients
        self.parameters += self.velocity
        self.parameters *= 1 - self.learning_rate * self.weight_decay


# What an argument must be: in words, as NumPy's kinds of numbers, and as a test
SIZES = "an integer >= 1", "iu", lambda n: n >= 1
RATES = "a finite number >= 0", "iuf", lambda r: (r >= 0) & (r < np.inf)
FRACTIONS = "a number in [0, 1)", "iuf", lambda r: (r >= 0) & (r < 1)
NUMBERS = "finite numbers", "biuf", np.isfinite
LABELS = "numbers in [0, 1]", "biuf", lambda t: (t >= 0.0) & (t <= 1.0)


def checked(name, value, allowed, most_dims=np.inf):
    """The value as an array; TypeError or ValueError if it is not what is allowed."""
    array, (words, kinds, valid) = np.asarray(value), allowed
    if array.ndim > most_dims or (array.size > 0 and array.dtype.kind not in kinds):
        raise TypeError(f"{name} must be {words}, not {value!r}")
    ok = valid(array)
    if np.count_nonzero(ok) < array.size:  # half the time of ok.all()
        raise ValueError(f"{name} must be {words}, not {array[~ok][0]}")
    return array
