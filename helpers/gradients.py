"""Gradients by measuring, as notebook 03 builds them. Whether a gradient is right, helpers.gradient_check tells."""

import warnings

import numpy as np

from helpers.perturbation import checked_array, loss_value, restored, steps, unsuitable

INTEGERS = int | np.integer | np.bool_


def numerical_gradient(f, x, h=None):
    """Return the slopes of `f` along each entry of `x`, measured by central differences.

    Each entry is moved in place, up and down, and `f` called: two evaluations an entry, and one at the end that must
    repeat an earlier one. Afterwards `x` is what it was, bit for bit, whatever happened in `f`.

    Parameters
    ----------
    f : function of `x` that returns one number
        It may read its argument, or read `x` itself from around it.
    x : ndarray of floats, any shape
        Where to measure. A number or a list of floats is taken as an array, which `f` then must read.
    h : positive number, optional
        The step. By default the cube root of the precision of `x`: 6e-6 for float64, 5e-3 for float32. It should match the
        length over which `f` bends, which the size of an entry does not tell: sin bends at 1000 as it does at 1. Only an
        entry so large that the step would be lost in its rounding (beyond 1.7e5 in float64) gets a longer one. What is
        divided by is the step that was taken, after rounding.

    Returns
    -------
    ndarray of the shape and dtype of `x`
        Where `f` is smooth, of order one and computed in the precision of `x`, about 10 digits in float64 and
        4 in float32 are right.

    Raises
    ------
    TypeError
        If `x` does not hold floats, or `f` is not a function or returns anything but one number.
    ValueError
        If entries of `x` share memory, `x` is read-only or not finite, `h` is not positive or is lost to
        rounding, or `f` changes `x`.

    Warns
    -----
    RuntimeWarning
        If `f` does not react to any step, gives two values at one point, returns integers, NaN or infinity, if a slope is
        too large for the dtype of `x`, or if `x` is float16.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    """
    x = checked_array(f, x)
    if problem := unsuitable(x):
        raise (TypeError if problem[0] == "integer x" else ValueError)(problem[1])
    with restored(x) as values:
        above, below = steps(values, h)
        losses = _evaluate(f, x, values, above, below)
    wide = np.result_type(values, np.float64)
    pairs = np.array(losses[:-1], dtype=wide).reshape(*values.shape, 2)
    with np.errstate(over="ignore", invalid="ignore"):  # the warnings below say it better
        slopes = ((pairs[..., 0] - pairs[..., 1]) / (above.astype(wide) - below)).astype(values.dtype)
    if losses:
        _warn(x, losses, pairs, slopes)
    return slopes


def _evaluate(f, x, values, above, below):
    """Return f with each entry of `x` in turn at `above` and at `below`, and once more with the first entry above.

    A function of x alone gives the same value there."""
    cells = np.asarray(x)[...]
    entries = cells.reshape(-1) if cells.flags.c_contiguous else cells.flat  # a view, or an iterator: never a copy
    around = zip(*(array.ravel().tolist() for array in (values, above, below)), strict=True)
    moves = [(k, value, moved) for k, (value, *pair) in enumerate(around) for moved in pair]
    losses = []
    for k, value, moved in moves + moves[:1]:
        _require(entries[k] == value)  # by an earlier call
        entries[k] = moved
        losses.append(loss_value(f(x)))  # at once: a 0-d array f may use again
        _require(entries[k] == moved)
        entries[k] = value
    _require(np.array_equal(x, values))
    return losses


def _require(unchanged):
    if not unchanged:
        raise ValueError("f changes its argument x: let it work on a copy, or drop the in-place operation")


def _warn(x, losses, pairs, slopes):
    """Say what makes the slopes doubtful, though they can be computed."""

    def say(text):
        warnings.warn(text, RuntimeWarning, stacklevel=4)

    if x.dtype.itemsize < 4:
        say(f"x is {x.dtype}, which keeps three digits: the slopes are rough; use x.astype(float)")
    whole = next((loss for loss in losses if isinstance(loss, INTEGERS)), None)
    if whole is not None:
        say(f"f returns whole numbers, as {whole}: a count is a staircase, and has no slopes; use the loss")
    first, again = float(losses[0]), float(losses[-1])
    if first != again and not (np.isnan(first) and np.isnan(again)):
        say(
            f"f gives two values at the same point, first {first:.6g} and then {again:.6g}: it draws random numbers or "
            "remembers earlier calls, and its slopes mean nothing; draw once outside f, and compute everything from x"
        )
    finite = np.isfinite(pairs)
    if not finite.all():
        *index, _ = np.argwhere(~finite)[0].tolist()
        say(f"f is {pairs[~finite][0]} with x{index or ''} moved by the step, so there is no slope there")
    elif not np.all(np.isfinite(slopes)):
        say(f"a slope of f is too large for {x.dtype}")
    elif whole is None and (pairs == pairs.flat[0]).all():
        say(
            "all slopes are 0, for f did not react to any step: it reads a copy of x (flatten, astype, a list as index) or "
            "another array, or it is flat here; helpers.check_gradient(f, slopes, x) tells which"
        )
