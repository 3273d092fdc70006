"""Gradient descent, as notebook 05 builds it, and the mini-batches of the pages that train on many examples."""

import math
import numbers
import sys
from typing import NamedTuple

import numpy as np

from helpers.arguments import float_array, generator, is_integer, length, plain_array
from helpers.perturbation import loss_value


class Descent(NamedTuple):
    """The result of a descent: the last parameters, all losses and parameters on the way, the start first, and whether it
    stopped because the gradient was small."""

    params: np.ndarray
    losses: list
    path: list
    stopped: bool


def gradient_descent(loss, gradient, start, lr=0.1, steps=100, tolerance=0.0):  # noqa: PLR0913, PLR0917
    """Go downhill: params -= lr * gradient(params), `steps` times or until the gradient is small.

    Parameters
    ----------
    loss, gradient : functions of the parameters
        They are given a copy. The gradient has the shape of the parameters.
    start : ndarray of floats
        It is copied, and never changed.
    lr : positive number
        The learning rate.
    steps : int
        The largest number of steps.
    tolerance : number
        The descent stops where no entry of the gradient is larger.

    Returns
    -------
    Descent
        params, losses and path (one more than steps taken, all copies), stopped (by the tolerance).

    Raises
    ------
    FloatingPointError
        If the loss or the gradient is not finite. The message names the step, and a likely cause.
    TypeError, ValueError
        If an argument is not as described, or the gradient has another shape than the parameters.

    Examples
    --------
    >>> found = gradient_descent(lambda x: (x**2).sum(), lambda x: 2 * x, np.array([3.0]), lr=0.25, steps=3)
    >>> found.losses
    [9.0, 2.25, 0.5625, 0.140625]
    """
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of the parameters, not {type(function).__name__}")
    params = np.array(float_array("start", start))  # a copy
    for name, value, wanted in (("lr", lr, "a positive number"), ("tolerance", tolerance, "a number, 0 or more")):
        usable = isinstance(value, numbers.Real) and 0 <= value <= sys.float_info.max
        if not usable or (name == "lr" and value == 0):
            raise ValueError(f"{name} must be {wanted}, not {value!r}")
    if not is_integer(steps) or steps < 0:
        raise ValueError(f"steps must be an integer, 0 or more, not {steps!r}")
    path, losses = [params], [_finite_loss(loss, params, 0, "at the start")]
    for step in range(1, int(steps) + 1):
        slope = _finite_slope(gradient, params, step)
        if np.max(np.abs(slope), initial=0) <= tolerance:
            return Descent(params, losses, path, True)
        params = params - lr * slope
        cause = f"after {losses[-1]:.4g}: the learning rate, {lr:g}, may be too large"
        losses.append(_finite_loss(loss, params, step, cause))
        path.append(params)
    return Descent(params, losses, path, False)


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


def _finite_loss(loss, params, step, cause):
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says it better
        value = float(loss_value(loss(params.copy()), "loss"))
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss is {value} at step {step}, {cause}")
    return value


def _finite_slope(gradient, params, step):
    slope = float_array("the gradient", gradient(params.copy()))
    if slope.shape != params.shape:
        raise ValueError(f"the gradient has shape {slope.shape}, and start has shape {params.shape}")
    if not np.all(np.isfinite(slope)):
        raise FloatingPointError(f"the gradient is not finite at step {step}")
    return slope
