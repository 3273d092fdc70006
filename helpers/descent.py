"""Gradient descent, as notebook 05 builds it, and the mini-batches of 07."""

import math
import sys
from typing import NamedTuple

import numpy as np

from helpers.arguments import float_array, is_integer, plain_array
from helpers.perturbation import loss_value

__all__ = ["Descent", "gradient_descent", "minibatches"]


class Descent(NamedTuple):
    """What a descent leaves: where it ended, and a copy of each place and the loss there, the start first."""

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
        Left as it is: the descent works on a copy.
    lr : positive number
        The learning rate.
    steps : int
        How many at most.
    momentum : number in [0, 1)
        How much of the last step is added to the next: v = momentum v - lr gradient, params += v (Polyak 1964, "Some methods
        of speeding up the convergence of iteration methods", USSR Comput. Math. Math. Phys. 4).
    tolerance : number
        Stop where no entry of the gradient is larger.
    progress : function of (step, loss), optional
        Called after each step.

    Returns
    -------
    Descent
        params, losses and path (one more than steps taken, copies all), stopped (by the tolerance).

    Raises
    ------
    FloatingPointError
        If the loss or the gradient is not finite: it names the step, and what is to blame.
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
    params = {name: _floats(_called(name), array) for name, array in ({"start": start} if single else start).items()}
    if not params:
        raise ValueError("start is an empty dict: there is nothing to move")
    velocity = {name: np.zeros_like(array) for name, array in params.items()}

    def whole():  # a copy each time: loss and gradient may do with it what they like
        return params["start"].copy() if single else {name: array.copy() for name, array in params.items()}

    path, losses = [whole()], [_finite(loss, whole(), 0, lr, [])]
    for step in range(1, int(steps) + 1):
        slopes = _same_form(gradient(whole()), params, single, step)
        if all(np.max(np.abs(slope), initial=0) <= tolerance for slope in slopes.values()):
            return Descent(whole(), losses, path, True)
        for name in params:
            velocity[name] = momentum * velocity[name] - lr * slopes[name]
            params[name] += velocity[name]
        losses.append(_finite(loss, whole(), step, lr, losses))
        path.append(whole())
        if progress is not None:
            progress(step, losses[-1])
    return Descent(whole(), losses, path, False)


def minibatches(x, t, size, rng):
    """Yield (inputs, labels) in batches of `size` in a random order, every example once, the last batch as it comes.

    Parameters
    ----------
    x, t : ndarray, of equal length
    size : int, at least 1
    rng : numpy.random.Generator

    >>> [len(labels) for _, labels in minibatches(np.zeros((7, 2)), np.zeros(7), 3, np.random.default_rng(0))]
    [3, 3, 1]
    """
    x, t = plain_array("x", x), plain_array("t", t)
    for name, array in (("x", x), ("t", t)):
        if array.ndim == 0:
            raise TypeError(f"{name} is no array of examples, but a single {array.dtype}")
    if len(x) != len(t):
        raise ValueError(f"x has {len(x)} examples and t has {len(t)} labels")
    if not is_integer(size) or size < 1:
        raise ValueError(f"size must be an integer of at least 1, not {size!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator, np.random.default_rng(seed), not {rng!r}")
    size, order = int(size), rng.permutation(len(x))  # k + size would overflow in a small integer type
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
    """Return whether `value` is a number that floats can be multiplied by; a Python integer may be too large."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return isinstance(value, float | np.floating) or is_integer(value)


def _called(key):
    """Return how an entry of the parameters is called in a message."""
    return key if isinstance(key, str) and key.isidentifier() else f"start[{key!r}]"


def _floats(name, array):
    array = np.array(plain_array(name, array))  # a copy
    if array.dtype.kind != "f":
        raise TypeError(f"{name} holds {array.dtype}, and steps need floats: pass np.asarray({name}, dtype=float)")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds NaN or infinity: a descent needs a finite start")
    return array


def _same_form(slopes, params, single, step):
    """Return the gradient as a dict of arrays like `params`, finite all."""
    slopes = {"start": slopes} if single else slopes
    if not isinstance(slopes, dict) or slopes.keys() != params.keys():
        found = list(slopes) if isinstance(slopes, dict) else type(slopes).__name__
        raise ValueError(f"gradient must return a dict with the keys {list(params)}, not {found}")
    slopes = {name: plain_array(f"the gradient of {_called(name)}", slope) for name, slope in slopes.items()}
    for name, array in params.items():
        what = f"the gradient of {_called(name)}"
        if slopes[name].shape != array.shape or slopes[name].dtype.kind not in "biuf":
            found = f"shape {slopes[name].shape} and dtype {slopes[name].dtype}"
            raise ValueError(f"{what} has {found}, and {_called(name)} has shape {array.shape}")
        if not np.all(np.isfinite(slopes[name])):
            raise FloatingPointError(f"{what} is not finite at step {step}")
        slopes[name] = float_array(what, slopes[name])  # of integers, the absolute value may be negative: np.int8(-128)
    return slopes


def _finite(loss, params, step, lr, losses):
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says it better
        value = loss_value(loss(params), "loss")
    if not math.isfinite(value):
        cause = f", after {losses[-1]:.4g}: the learning rate, {lr:g}, may be too large" if losses else ", at the start"
        raise FloatingPointError(f"the loss is {value} at step {step}{cause}")
    return float(value)
