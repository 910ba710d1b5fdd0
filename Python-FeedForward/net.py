"""Exercise 1(a): a feed-forward network in NumPy, with back-propagation by hand.

Notation of the sheet: layer l maps the activations a^(l-1) to the pre-activations
z_j = sum_i w_ij a_i + b_j, where w_ij leads from neuron i to neuron j, and
a^(l) = f(z^(l)). Inside, a batch of N points fills the N columns of every a, z and
delta: the rows of a are then contiguous, and a row of ones below them carries the bias.
"""

import math
from itertools import pairwise
from numbers import Real
from operator import attrgetter, index

import numpy as np
from numpy import dot  # the same product as @, a third faster at these sizes

# As arrays: a literal would be converted at every use, for 0.2 microseconds
ZERO, ONE, LOG_MAX = np.array(0.0), np.array(1.0), np.array(709.0)


def sigmoid(z, out=None):
    """1 / (1 + e^-z) = e^z / (1 + e^z), elementwise; float64 holds no more than e^709."""
    power = np.exp(np.minimum(np.asarray(z), LOG_MAX, out=out), out=out)
    return np.divide(power, ONE + power, out=out)


def bce_with_logits_loss(output, target):
    """Binary cross-entropy E = -t log p - (1 - t) log(1 - p) with p = sigmoid(output).

    Elementwise, for scalars and arrays z = output, t = target. E = log(1 + e^z) - t z =
    log(e^(-t z) + e^((1 - t) z)), which neither overflows nor cancels. Raises
    ValueError for a label outside of [0, 1], and for arrays of two shapes.
    """
    z, t = _numbers("output", output), _checked_labels(target)
    if z.shape != t.shape and z.ndim > 0 and t.ndim > 0:
        raise ValueError(f"target has shape {t.shape}; {z.shape} is allowed")
    return np.logaddexp(-t * z, (ONE - t) * z)


def relu(z, out=None):
    """max(z, 0), elementwise."""
    return np.maximum(z, ZERO, out=out)


# name: (f, f'(z) as a function of a = f(z))
ACTIVATIONS = {
    "relu": (relu, lambda a: a > 0),
    "tanh": (np.tanh, lambda a: ONE - a * a),
    "sigmoid": (sigmoid, lambda a: a * (ONE - a)),
}


class FeedForwardNetwork:
    """Hidden layers, and one output neuron whose pre-activation is the logit.

    hidden_size: the width of two hidden layers, or a sequence of one width per layer;
    activation: one name for all hidden layers, or a sequence of one name per layer.
    Starts from Xavier uniform weights (Glorot and Bengio, 2010), drawn by
    numpy.random.default_rng(seed), and zero biases. Raises TypeError or ValueError for
    an argument that is not allowed.

    `weights`, `biases`, `weight_gradients` and `bias_gradients` hold one array per
    layer, (fan_in, fan_out) or (fan_out,): views into the flat `parameters` and
    `gradients`, so that an update is a handful of operations on whole vectors. To
    change an array in place, or to assign an entry of a list, changes the network.
    """

    weights = property(attrgetter("_weights"))  # read-only: a new list would not count
    biases = property(attrgetter("_biases"))
    weight_gradients = property(attrgetter("_weight_gradients"))
    bias_gradients = property(attrgetter("_bias_gradients"))

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
        widths = [hidden_size] * 2 if np.ndim(hidden_size) == 0 else hidden_size
        sizes = [_size("input_size", input_size)]
        sizes += [_size("hidden_size", width) for width in widths] + [1]
        self.shapes = list(pairwise(sizes))  # (fan_in, fan_out) per layer
        self.activation = _activation_names(activation, len(widths))
        self.learning_rate = _rate("learning_rate", learning_rate)
        self.momentum = _rate("momentum", momentum, below=1)
        self.weight_decay = _rate("weight_decay", weight_decay)

        num_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in self.shapes)
        self.parameters = np.zeros(num_parameters)
        self.gradients = np.zeros(num_parameters)
        self.velocity = np.zeros(num_parameters)
        self._activations, self._logits = [], None  # of the last forward
        self._make_views()
        rng = np.random.default_rng(seed)
        for W in self.weights:
            bound = math.sqrt(6 / sum(W.shape))
            W[...] = rng.uniform(-bound, bound, W.shape)

    def _make_views(self):
        # A bias is the weight of a neuron that is always 1: the last row of its layer
        self._layers = _views(self.parameters, self.shapes)
        layer_gradients = _views(self.gradients, self.shapes)
        self._weights = Views(layer[:-1] for layer in self._layers)
        self._biases = Views(layer[-1] for layer in self._layers)
        self._weight_gradients = Views(layer[:-1] for layer in layer_gradients)
        self._bias_gradients = Views(layer[-1] for layer in layer_gradients)
        self._batch = np.empty_like(self.gradients)  # of the last batch alone
        self._batch_layers = _views(self._batch, self.shapes)
        self._units = [a[:-1] for a in self._activations]  # without the row of ones

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._make_views()  # a copied or unpickled view has lost its base

    def forward(self, x):
        """The logits z^(L) (N, 1) of the points x (N, input_size); of one, a float."""
        x = _checked_points(x, self.shapes[0][0])
        N = len(x) if x.ndim == 2 else 1
        self._logits = None  # until they fit what is overwritten here
        if not self._activations or self._activations[0].shape[1] != N:
            self._activations = [np.ones((fan_in + 1, N)) for fan_in, _ in self.shapes]
            self._units = [a[:-1] for a in self._activations]
        self._units[0][:] = x.T if x.ndim == 2 else x[:, None]
        for i, name in enumerate(self.activation):
            f, _ = ACTIVATIONS[name]
            a = self._units[i + 1]
            # (fan_out, fan_in + 1) @ (fan_in + 1, N) -> (fan_out, N)
            z = dot(self._layers[i].T, self._activations[i], out=a)  # in a's place
            f(z, out=a)
        self._logits = dot(self._layers[-1].T, self._activations[-1])  # (1, N)
        return self._logits.T.copy() if x.ndim == 2 else float(self._logits[0, 0])

    def backward(self, target):
        """Add the gradients of E, summed over the points of the last forward.

        target: their labels, in [0, 1], (N, 1); for a single point, a float serves
        too. Raises RuntimeError before the first forward.
        """
        if self._logits is None:
            raise RuntimeError("backward needs a forward before it")
        target = _label_column(target, self._logits.size)

        # 1. Output layer: delta^(L) = dE/dz^(L) = sigmoid(z^(L)) - target
        delta = sigmoid(self._logits) - target.T  # (1, N)
        for layer in reversed(range(len(self._layers))):
            a = self._activations[layer]  # what this layer was fed
            # 3. Weights: dE/dw_ij = a_i delta_j; the product sums over the batch
            # (fan_in + 1, N) @ (N, fan_out) -> (fan_in + 1, fan_out)
            dot(a, delta.T, out=self._batch_layers[layer])
            if layer > 0:
                # 2. Layer below: delta_i = f'(z_i) sum_j w_ij delta_j
                # (fan_in, fan_out) @ (fan_out, N) -> (fan_in, N)
                delta = dot(self.weights[layer], delta)
                _, derivative = ACTIVATIONS[self.activation[layer - 1]]
                delta *= derivative(self._units[layer])
        self.gradients += self._batch

    def zero_grad(self):
        """Forget the gradients that backward has added up."""
        self.gradients.fill(0)

    def update_weights(self):
        """v <- momentum v - lr g;  w <- w + v;  w <- w - lr decay w."""
        self.velocity *= self.momentum
        self.velocity -= self.learning_rate * self.gradients
        self.parameters += self.velocity
        self.parameters *= 1 - self.learning_rate * self.weight_decay


class Views(list):
    """A list of arrays that stay: what is assigned to an entry is copied into it."""

    def __setitem__(self, layer, array):
        view, array = self[index(layer)], _numbers("array", array)
        if array.shape != view.shape:
            raise ValueError(f"array has shape {array.shape}; {view.shape} is allowed")
        view[...] = array


def _views(flat, shapes):
    """`flat` cut into one array (fan_in + 1, fan_out) per layer."""
    ends = np.cumsum([(fan_in + 1) * fan_out for fan_in, fan_out in shapes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(-1, fan_out) for part, (_, fan_out) in zip(parts, shapes)]


def _size(name, value):
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} has {value!r}; integers >= 1 are allowed")
    if value < 1:
        raise ValueError(f"{name} has {value}; integers >= 1 are allowed")
    return int(value)


def _rate(name, value, below=math.inf):
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; a number is allowed")
    try:
        rate = float(value)
    except OverflowError:  # of an integer
        rate = math.inf
    if not 0 <= rate < below:
        raise ValueError(f"{name} is {value}; 0 <= {name} < {below} is allowed")
    return rate


def _activation_names(activation, num_layers):
    if not isinstance(activation, str | list | tuple):
        raise TypeError(
            f"activation is {activation!r}; a name or a sequence is allowed"
        )
    names = [activation] * num_layers if isinstance(activation, str) else activation
    for name in names:
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise ValueError(
                f"activation has {name!r}; {list(ACTIVATIONS)} are allowed"
            )
    if len(names) != num_layers:
        raise ValueError(
            f"activation has {len(names)} names; one, or one for each of the "
            f"{num_layers} hidden layers, is allowed"
        )
    return tuple(names)


def _checked_points(x, input_size):
    x = _numbers("x", x)
    if x.ndim not in (1, 2) or x.shape[-1] != input_size:
        raise ValueError(
            f"x has shape {x.shape}; (N, {input_size}) or ({input_size},) is allowed"
        )
    if np.count_nonzero(np.isfinite(x)) < x.size:  # half the time of .all()
        raise ValueError(f"x has the entry {x[~np.isfinite(x)][0]}; finite is allowed")
    return x


def _checked_labels(target):
    target = np.asarray(_numbers("target", target), dtype=float)
    allowed = (target >= ZERO) & (target <= ONE)
    if np.count_nonzero(allowed) < target.size:
        raise ValueError(
            f"target has the label {target[~allowed][0]}; [0, 1] is allowed"
        )
    return target


def _label_column(target, N):
    target = _checked_labels(target)
    if target.shape == (N, 1):
        return target
    if N == target.size == 1:
        return target.reshape(1, 1)
    raise ValueError(f"target has shape {target.shape}; ({N}, 1) is allowed")


def _numbers(name, value):
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} has rows of unequal length") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has {array.dtype} entries; numbers are allowed")
    return array
