"""Two networks, each line of code one line of the algebra of notebook 06.

`x` are inputs (N, D), `t` class indices (N,). `params` is a dict of arrays, which whoever trains changes in place; the
methods read it and change nothing. The loss is the mean cross-entropy over the batch.
"""

import warnings

import numpy as np

from helpers.arguments import class_indices, float_array, length, plain_array, room
from helpers.functions import softmax, softmax_cross_entropy

__all__ = ["SoftmaxRegression", "TwoLayerNet"]


class SoftmaxRegression:
    """z = x W + b: one layer from `inputs` numbers to `classes` logits.

    The weights are Xavier's, uniform in ±√(6 / (inputs + classes)), drawn from `rng`, a NumPy Generator; the biases are 0.
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks", AISTATS.

    >>> net = SoftmaxRegression(64, 10, np.random.default_rng(0))
    >>> {name: array.shape for name, array in net.params.items()}
    {'W': (64, 10), 'b': (10,)}
    """

    def __init__(self, inputs, classes, rng):
        inputs, classes = length("inputs", inputs), length("classes", classes)
        with room(f"{inputs} inputs and {classes} classes"):
            self.params = {"W": _xavier(rng, inputs, classes), "b": np.zeros(classes)}

    def logits(self, x):
        """Return the logits (N, C)."""
        W, b = self.params["W"], self.params["b"]
        return _inputs(x, W) @ W + b

    def predict(self, x):
        """Return the most probable class of each example, (N,); warn if the logits of one are NaN or inf."""
        return _winners(self.logits(x))

    def loss(self, x, t):
        """Return the mean cross-entropy, a scalar."""
        return _loss(self.logits(x), t)

    def gradients(self, x, t):
        """Return the gradient of the loss, a dict like `params`."""
        x, t = _batch(x, t, self.params["W"], len(self.params["b"]))
        z = self.logits(x)
        dz = _slope_of_logits(z, t)
        return {"W": x.T @ dz, "b": dz.sum(axis=0)}


class TwoLayerNet:
    """h = relu(x W1 + b1), z = h W2 + b2: `hidden` units between the inputs and the logits.

    activation : "relu" or "tanh"
    The weights before a ReLU are He's, normal with the deviation √(2 / inputs), the others Xavier's; the biases are 0.
    He, Zhang, Ren and Sun (2015), "Delving deep into rectifiers", ICCV. Raises ValueError for another activation.

    >>> net = TwoLayerNet(64, 32, 10, np.random.default_rng(0))
    >>> sum(array.size for array in net.params.values())
    2410
    """

    def __init__(self, inputs, hidden, classes, rng, activation="relu"):
        inputs, hidden, classes = length("inputs", inputs), length("hidden", hidden), length("classes", classes)
        if not isinstance(activation, str) or activation not in ("relu", "tanh"):
            raise ValueError(f"activation must be 'relu' or 'tanh', not {activation!r}")
        self.activation = activation
        with room(f"{inputs} inputs, {hidden} hidden units and {classes} classes"):
            W1 = _he(rng, inputs, hidden) if activation == "relu" else _xavier(rng, inputs, hidden)
            self.params = {"W1": W1, "b1": np.zeros(hidden), "W2": _xavier(rng, hidden, classes), "b2": np.zeros(classes)}

    def hidden(self, x):
        """Return the activations of the hidden layer, (N, H)."""
        W1, b1 = self.params["W1"], self.params["b1"]
        z1 = _inputs(x, W1) @ W1 + b1
        return np.maximum(z1, 0) if self.activation == "relu" else np.tanh(z1)

    def logits(self, x):
        """Return the logits (N, C)."""
        W2, b2 = self.params["W2"], self.params["b2"]
        return self.hidden(x) @ W2 + b2

    def predict(self, x):
        """Return the most probable class of each example, (N,); warn if the logits of one are NaN or inf."""
        return _winners(self.logits(x))

    def loss(self, x, t):
        """Return the mean cross-entropy, a scalar."""
        return _loss(self.logits(x), t)

    def gradients(self, x, t):
        """Return the gradient of the loss, a dict like `params`."""
        W2, b2 = self.params["W2"], self.params["b2"]
        x, t = _batch(x, t, self.params["W1"], len(b2))
        h = self.hidden(x)
        z = h @ W2 + b2
        dz = _slope_of_logits(z, t)
        dh = dz @ W2.T
        dz1 = dh * (h > 0) if self.activation == "relu" else dh * (1 - h**2)
        return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}


def _slope_of_logits(z, t):
    """Return (softmax(z) - t) / N."""
    y = softmax(z)
    y[np.arange(len(y)), t] -= 1
    y /= len(y)
    return y


def _loss(z, t):
    if len(z) == 0:
        raise ValueError("x has no examples: the mean loss of none is undefined")
    return softmax_cross_entropy(z, t)


def _winners(z):
    """Return the class with the largest logit in each row; warn of a row where none is the most probable."""
    if not np.all(np.isfinite(z.max(axis=-1))):
        warnings.warn(
            "x has an example without a most probable class: NaN or inf is its largest logit", RuntimeWarning, stacklevel=3
        )
    return z.argmax(axis=-1)


def _batch(x, t, W, classes):
    """Return one example as a batch of one, and `t` as class indices, one for each example."""
    x, t = np.atleast_2d(_inputs(x, W)), np.atleast_1d(plain_array("t", t))
    if t.shape != x.shape[:1]:
        raise ValueError(f"t has shape {t.shape}: pass one class index for each of the {len(x)} examples")
    if len(x) == 0:
        raise ValueError("x has no examples: the mean loss of none is undefined")
    if t.dtype.kind not in "iu" or not 0 <= t.min() <= t.max() < classes:
        class_indices("t", t, classes)  # says which label it is, and why not
    return x, t


def _inputs(x, W):
    """Return `x` as floats of the width that W takes."""
    x = x if type(x) is np.ndarray and x.dtype.kind == "f" else float_array("x", x)
    if x.ndim not in (1, 2) or x.shape[-1] != len(W):
        raise ValueError(f"x has shape {x.shape}, and this network takes (N, {len(W)}), or ({len(W)},) for one example")
    return x


def _generator(rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator, np.random.default_rng(seed), not {rng!r}")
    return rng


def _he(rng, inputs, outputs):
    return _generator(rng).normal(0, np.sqrt(2 / inputs), (inputs, outputs))


def _xavier(rng, inputs, outputs):
    edge = np.sqrt(6 / (inputs + outputs))
    return _generator(rng).uniform(-edge, edge, (inputs, outputs))
