"""Gradient descent, as notebook 05 builds it, and the mini-batches of 07."""

import math
import numbers
from typing import NamedTuple

import numpy as np

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
        The gradient has the form of the parameters.
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
        If the loss is not finite: it names the step, the learning rate, and the last finite loss.
    TypeError, ValueError
        If an argument is not as described, or the gradient has another form than the parameters.

    Examples
    --------
    >>> found = gradient_descent(lambda x: (x**2).sum(), lambda x: 2 * x, np.array([3.0]), lr=0.25, steps=3)
    >>> found.losses
    [9.0, 2.25, 0.5625, 0.140625]
    """
    _check(loss, gradient, lr, steps, momentum)
    single = not isinstance(start, dict)
    params = {name: _floats(name, array) for name, array in ({"start": start} if single else start).items()}
    velocity = {name: np.zeros_like(array) for name, array in params.items()}
    whole = (lambda: params["start"]) if single else (lambda: params)
    path, losses = [_copy(whole())], [_finite(loss, whole(), 0, lr, [])]
    for step in range(1, steps + 1):
        slopes = gradient(whole())
        slopes = {"start": slopes} if single else slopes
        _same_form(slopes, params)
        if max(np.max(np.abs(slopes[name]), initial=0) for name in params) <= tolerance:
            return Descent(whole(), losses, path, True)
        for name in params:
            velocity[name] = momentum * velocity[name] - lr * slopes[name]
            params[name] += velocity[name]
        losses.append(_finite(loss, whole(), step, lr, losses))
        path.append(_copy(whole()))
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
    if len(x) != len(t):
        raise ValueError(f"x has {len(x)} examples and t has {len(t)} labels")
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"size must be an integer of at least 1, not {size!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator, np.random.default_rng(seed), not {rng!r}")
    order = rng.permutation(len(x))
    return ((x[order[k : k + size]], t[order[k : k + size]]) for k in range(0, len(x), size))


def _check(loss, gradient, lr, steps, momentum):
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of the parameters, not {type(function).__name__}")
    if isinstance(lr, bool) or not isinstance(lr, numbers.Real) or not 0 < lr < math.inf:
        raise ValueError(f"lr must be a positive number, not {lr!r}")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise ValueError(f"steps must be an integer, 0 or more, not {steps!r}")
    if not isinstance(momentum, numbers.Real) or not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and less than 1, not {momentum!r}")


def _floats(name, array):
    array = np.array(array)  # a copy
    if array.dtype.kind != "f":
        raise TypeError(f"{name} holds {array.dtype}, and steps need floats: pass np.asarray({name}, dtype=float)")
    return array


def _copy(params):
    return {name: array.copy() for name, array in params.items()} if isinstance(params, dict) else params.copy()


def _same_form(slopes, params):
    if not isinstance(slopes, dict) or slopes.keys() != params.keys():
        found = sorted(slopes) if isinstance(slopes, dict) else type(slopes).__name__
        raise ValueError(f"gradient must return a dict with the keys {sorted(params)}, not {found}")
    for name, array in params.items():
        if np.shape(slopes[name]) != array.shape:
            raise ValueError(f"the gradient of {name} has shape {np.shape(slopes[name])}, and {name} has {array.shape}")


def _finite(loss, params, step, lr, losses):
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says it better
        value = loss(params)
    if np.ndim(value) != 0 or not np.isfinite(value):
        last = f", after {losses[-1]:.4g}" if losses else ""
        raise FloatingPointError(f"the loss is {value} at step {step}{last}: the learning rate, {lr:g}, may be too large")
    return float(value)
