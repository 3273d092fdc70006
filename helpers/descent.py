"""Gradient descent, as notebook 05 builds it, and the mini-batches of the pages that train on many examples."""

import math
import sys
from typing import NamedTuple

import numpy as np

from helpers.arguments import generator, is_integer, length, plain_array
from helpers.perturbation import loss_value


class Descent(NamedTuple):
    """The result of a descent: the last parameters, all losses and parameters on the way, the start first, and whether it
    stopped because the gradient was small."""

    params: object
    losses: list
    path: list
    stopped: bool


def gradient_descent(loss, gradient, start, lr=0.1, steps=100, momentum=0.0, tolerance=0.0, progress=None):  # noqa: PLR0913, PLR0917
    """Go downhill: params -= lr * gradient(params), `steps` times or until the gradient is small.

    Parameters
    ----------
    loss, gradient : functions of the parameters
        They are given a copy. The gradient has the form of the parameters.
    start : ndarray of floats, or a dict of them
        It is copied, and never changed.
    lr : positive number
        The learning rate.
    steps : int
        The largest number of steps.
    momentum : number in [0, 1)
        The share of the last step that is added to the next: v = momentum v - lr gradient, params += v (Polyak 1964, "Some
        methods of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys. 4).
    tolerance : number
        The descent stops where no entry of the gradient is larger.
    progress : function of (step, loss), optional
        Called after each step.

    Returns
    -------
    Descent
        params, losses and path (one more than steps taken, all copies), stopped (by the tolerance).

    Raises
    ------
    FloatingPointError
        If the loss or the gradient is not finite. The message names the step, and a likely cause.
    TypeError, ValueError
        If an argument is not as described, or the gradient has another form than the parameters.

    Examples
    --------
    >>> found = gradient_descent(lambda x: (x**2).sum(), lambda x: 2 * x, np.array([3.0]), lr=0.25, steps=3)
    >>> found.losses
    [9.0, 2.25, 0.5625, 0.140625]
    """
    _check(loss, gradient, lr, steps, momentum, tolerance, progress)
    single = not isinstance(start, dict)
    params = {name: _floats(_spelled(name), array) for name, array in ({"start": start} if single else start).items()}
    if not params:
        raise ValueError("start is an empty dict: it has no parameters to change")
    velocity = {name: np.zeros_like(array) for name, array in params.items()}

    def copied():  # a copy for each call: loss and gradient may change what they are given
        return params["start"].copy() if single else {name: array.copy() for name, array in params.items()}

    path, losses = [copied()], [_finite_loss(loss, copied(), 0, lr, [])]
    for step in range(1, int(steps) + 1):
        slopes = _finite_gradient(gradient(copied()), params, single, step)
        if all(np.max(np.abs(slope), initial=0) <= tolerance for slope in slopes.values()):
            return Descent(copied(), losses, path, True)
        for name in params:
            velocity[name] = momentum * velocity[name] - lr * slopes[name]
            params[name] += velocity[name]
        losses.append(_finite_loss(loss, copied(), step, lr, losses))
        path.append(copied())
        if progress is not None:
            progress(step, losses[-1])
    return Descent(copied(), losses, path, False)


def minibatches(x, t, size, rng):
    """Yield (inputs, labels) in batches of `size` in random order, each example once; the last batch may be smaller.

    Parameters
    ----------
    x, t : ndarray, of equal length
    size : int, at least 1
    rng : numpy.random.Generator

    Examples
    --------
    >>> [len(labels) for _, labels in minibatches(np.zeros((7, 2)), np.zeros(7), 3, np.random.default_rng(0))]
    [3, 3, 1]
    """
    x, t = plain_array("x", x), plain_array("t", t)
    for name, array in (("x", x), ("t", t)):
        if array.ndim == 0:
            raise TypeError(f"{name} is not an array of examples, but a single {array.dtype}")
    if len(x) != len(t):
        raise ValueError(f"x has {len(x)} examples and t has {len(t)} labels")
    size, order = length("size", size), generator(rng).permutation(len(x))
    return ((x[order[k : k + size]], t[order[k : k + size]]) for k in range(0, len(x), size))


def _check(loss, gradient, lr, steps, momentum, tolerance, progress):  # noqa: PLR0913, PLR0917
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of the parameters, not {type(function).__name__}")
    if not _is_number(lr) or not 0 < lr < math.inf:
        raise ValueError(f"lr must be a positive number, not {lr!r}")
    if not is_integer(steps) or steps < 0:
        raise ValueError(f"steps must be an integer, 0 or more, not {steps!r}")
    if not _is_number(momentum) or not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and less than 1, not {momentum!r}")
    if not _is_number(tolerance) or not tolerance >= 0:
        raise ValueError(f"tolerance must be 0 or more, not {tolerance!r}")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function of the step and the loss, or None, not {type(progress).__name__}")


def _is_number(value):
    """Return whether `value` is a number that an array of floats can be multiplied by: a Python integer may be too large."""
    most = sys.float_info.max
    return isinstance(value, float | np.floating) or (is_integer(value) and -most <= value <= most)


def _spelled(key):
    """Return the name of an entry of the parameters for a message."""
    return key if isinstance(key, str) and key.isidentifier() else f"start[{key!r}]"


def _floats(name, array):
    array = np.array(plain_array(name, array))  # a copy
    if array.dtype.kind != "f":
        raise TypeError(f"{name} holds {array.dtype}, and steps need floats: pass np.asarray({name}, dtype=float)")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds NaN or infinity: a descent needs a finite start")
    return array


def _finite_loss(loss, params, step, lr, losses):
    """Return loss(params) as a float; raise FloatingPointError if it is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says it better
        value = loss_value(loss(params), "loss")
    if not math.isfinite(value):
        cause = f", after {losses[-1]:.4g}: the learning rate, {lr:g}, may be too large" if losses else ", at the start"
        raise FloatingPointError(f"the loss is {value} at step {step}{cause}")
    return float(value)


def _finite_gradient(gradient, params, single, step):
    """Return the gradient as a dict of arrays like `params`; raise if it is not finite, or not like them."""
    slopes = {"start": gradient} if single else gradient
    if not isinstance(slopes, dict) or slopes.keys() != params.keys():
        found = list(slopes) if isinstance(slopes, dict) else type(slopes).__name__
        raise ValueError(f"gradient must return a dict with the keys {list(params)}, not {found}")
    return {name: _finite_slope(_spelled(name), slopes[name], array.shape, step) for name, array in params.items()}


def _finite_slope(name, slope, shape, step):
    array = plain_array(f"the gradient of {name}", slope)
    if array.shape != shape or array.dtype.kind not in "biuf":
        found = f"shape {array.shape} and dtype {array.dtype}"
        raise ValueError(f"the gradient of {name} has {found}, and {name} has shape {shape}")
    if not np.all(np.isfinite(array)):
        raise FloatingPointError(f"the gradient of {name} is not finite at step {step}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)  # abs of an integer may be negative: np.int8(-128)
