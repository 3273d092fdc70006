"""Two networks, each line of code one line of the algebra of notebook 06.

`x` are inputs (N, D), `t` class indices (N,), `a` the activations of the hidden layer, `z` logits (N, C). `dz` is the
gradient of the loss with respect to `z`, and so on. `params` is a dict of arrays: training changes them in place, the
methods only read them.
"""

import warnings

import numpy as np

from helpers.arguments import class_indices, float_array, generator, length, memory_for, plain_array
from helpers.functions import softmax, softmax_cross_entropy

NO_EXAMPLES = "x has no examples: without examples there is no mean loss"


class _Network:
    """What the two networks share: all that follows from the logits."""

    def predict(self, x):
        """Return the most probable class of each example, (N,); warn if the logits of one are NaN or infinite."""
        z = self.logits(x)
        if not np.all(np.isfinite(z.max(axis=-1))):
            problem = "x has an example without a most probable class: NaN or inf is its largest logit"
            warnings.warn(problem, RuntimeWarning, stacklevel=2)
        return z.argmax(axis=-1)

    def loss(self, x, t):
        """Return the mean cross-entropy, a scalar."""
        z = self.logits(x)
        if len(z) == 0:
            raise ValueError(NO_EXAMPLES)
        return softmax_cross_entropy(z, t)


class SoftmaxRegression(_Network):
    """z = x W + b: one layer from `inputs` numbers to `classes` logits.

    Parameters
    ----------
    inputs, classes : int
        The number of inputs of an example, and of classes.
    rng : numpy.random.Generator
        Draws the weights, uniformly from ±√(6 / (inputs + classes)): Glorot and Bengio (2010), "Understanding the
        difficulty of training deep feedforward neural networks", AISTATS. The biases are 0.

    Examples
    --------
    >>> net = SoftmaxRegression(64, 10, np.random.default_rng(0))
    >>> {name: array.shape for name, array in net.params.items()}
    {'W': (64, 10), 'b': (10,)}
    """

    def __init__(self, inputs, classes, rng):
        inputs, classes = length("inputs", inputs), length("classes", classes)
        with memory_for(f"{inputs} inputs and {classes} classes"):
            self.params = {"W": _glorot(rng, inputs, classes), "b": np.zeros(classes)}

    def logits(self, x):
        """Return the logits, (N, C), or (C,) for one example (D,)."""
        W, b = self.params["W"], self.params["b"]
        return _inputs(x, W) @ W + b

    def gradients(self, x, t):
        """Return the gradient of the loss, a dict like `params`."""
        x, t = _batch(x, t, self.params["W"], len(self.params["b"]))
        dz = _loss_gradient(self.logits(x), t)
        return {"W": x.T @ dz, "b": dz.sum(axis=0)}


class TwoLayerNet(_Network):
    """a = relu(x W1 + b1), z = a W2 + b2: a hidden layer of `hidden` units between the inputs and the logits.

    Parameters
    ----------
    inputs, hidden, classes : int
    rng : numpy.random.Generator
        Draws the weights. Those before a ReLU are normal with the standard deviation √(2 / inputs): He, Zhang, Ren and Sun
        (2015), "Delving deep into rectifiers", ICCV. The others are those of `SoftmaxRegression`, and the biases are 0.
    activation : "relu" or "tanh"

    Examples
    --------
    >>> net = TwoLayerNet(64, 32, 10, np.random.default_rng(0))
    >>> sum(array.size for array in net.params.values())
    2410
    """

    def __init__(self, inputs, hidden, classes, rng, activation="relu"):
        inputs, hidden, classes = length("inputs", inputs), length("hidden", hidden), length("classes", classes)
        if not isinstance(activation, str) or activation not in ("relu", "tanh"):
            raise ValueError(f"activation must be 'relu' or 'tanh', not {activation!r}")
        self.activation = activation
        with memory_for(f"{inputs} inputs, {hidden} hidden units and {classes} classes"):
            W1 = _he(rng, inputs, hidden) if activation == "relu" else _glorot(rng, inputs, hidden)
            self.params = {"W1": W1, "b1": np.zeros(hidden), "W2": _glorot(rng, hidden, classes), "b2": np.zeros(classes)}

    def hidden(self, x):
        """Return the activations of the hidden layer, (N, H)."""
        W1, b1 = self.params["W1"], self.params["b1"]
        z1 = _inputs(x, W1) @ W1 + b1
        return np.maximum(z1, 0) if self.activation == "relu" else np.tanh(z1)

    def logits(self, x):
        """Return the logits, (N, C), or (C,) for one example (D,)."""
        W2, b2 = self.params["W2"], self.params["b2"]
        return self.hidden(x) @ W2 + b2

    def gradients(self, x, t):
        """Return the gradient of the loss, a dict like `params`."""
        W2, b2 = self.params["W2"], self.params["b2"]
        x, t = _batch(x, t, self.params["W1"], len(b2))
        a = self.hidden(x)
        dz = _loss_gradient(a @ W2 + b2, t)
        da = dz @ W2.T
        dz1 = da * (a > 0) if self.activation == "relu" else da * (1 - a**2)
        return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a.T @ dz, "b2": dz.sum(axis=0)}


def _loss_gradient(z, t):
    """Return (softmax(z) - one_hot(t)) / N, the gradient of the loss with respect to the logits."""
    y = softmax(z)
    y[np.arange(len(y)), t] -= 1
    y /= len(y)
    return y


def _batch(x, t, W, classes):
    """Return `x` as a batch, one example as a batch of one, and `t` as one class index for each example."""
    x, t = np.atleast_2d(_inputs(x, W)), np.atleast_1d(plain_array("t", t))
    if t.shape != x.shape[:1]:
        raise ValueError(f"t has shape {t.shape}: pass one class index for each of the {len(x)} examples")
    if len(x) == 0:
        raise ValueError(NO_EXAMPLES)
    return x, class_indices("t", t, classes)


def _inputs(x, W):
    """Return `x` as floats, one row of `W` for each of the numbers of an example."""
    x = float_array("x", x)
    if x.ndim not in (1, 2) or x.shape[-1] != len(W):
        raise ValueError(f"x has shape {x.shape}, and this network takes (N, {len(W)}), or ({len(W)},) for one example")
    return x


def _he(rng, inputs, outputs):
    return generator(rng).normal(0, np.sqrt(2 / inputs), (inputs, outputs))


def _glorot(rng, inputs, outputs):
    edge = np.sqrt(6 / (inputs + outputs))
    return generator(rng).uniform(-edge, edge, (inputs, outputs))
