"""Moving an array in place and putting it back: what numerical_gradient and check_gradient share.

An array is nudged where it lies, so that a function sees the nudge whether it reads its argument or closes
over the array itself. Whatever happens in between, the array is put back bit for bit.
"""

import contextlib
import numbers
import sys

import numpy as np

from helpers.arguments import plain_array

__all__ = ["default_step", "loss_value", "nudged_array", "restored", "steps", "trouble"]

PLAIN = frozenset([float, np.float64, np.float32, np.longdouble])


def nudged_array(f, x):
    """Return `x` as an ndarray that can be nudged; raise TypeError or ValueError if it cannot be, or `f` not called."""
    if not callable(f):
        swapped = ": f and x look swapped, the function comes first" if callable(x) else ""
        raise TypeError(f"f must be a function of x, not {type(f).__name__}{swapped}")
    array = plain_array("x", x, np.asanyarray)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x must hold real numbers, but its dtype is {array.dtype}: pass one array of floats")
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        index = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"x[{_index(index)}] is {array[index]}: there is no slope at a point that is not finite")
    return array


def trouble(x):
    """Return (what, sentence) if nudging the array `x` would give a wrong number, None otherwise."""
    if x.dtype.kind != "f":
        return "integer x", (
            f"x holds {x.dtype}, and an array of integers cuts off every nudge, so that the slopes come out wrong: "
            f"pass x.astype(float)"
        )
    if _overlapping(x):
        return "overlapping memory", (
            f"entries of x share memory (shape {x.shape}, strides {x.strides}), so nudging one nudges others: pass x.copy()"
        )
    return None


def default_step(x):
    """Return the cube root of the precision of `x`, times max(1, |entry|): where rounding and truncation of a
    central difference balance (Press et al., Numerical Recipes, 3rd ed., section 5.7)."""
    return np.cbrt(np.finfo(x.dtype).eps) * np.maximum(1, np.abs(x))


def steps(x, h):
    """Return x + h and x - h as arrays of the dtype of `x`, for `h` a positive number, or None for the default.

    Raises ValueError if x + h rounds to x, or overflows, and names the entry."""
    if h is None:
        h = default_step(x)
    elif isinstance(h, bool | np.bool_) or not _is_real(h):
        raise TypeError(f"h must be one positive number, or None for the default, not {h!r}")
    elif not 0 < h <= sys.float_info.max:  # a Python integer may be larger
        raise ValueError(f"h must be positive and finite, not {h!r}")
    with np.errstate(over="ignore"):
        above, below = np.asarray(x + h, dtype=x.dtype), np.asarray(x - h, dtype=x.dtype)
    lost = (above <= x) | (below >= x) | ~np.isfinite(above - below)
    if np.any(lost):
        index = tuple(int(k) for k in np.argwhere(lost)[0])
        name, step = (
            f"x[{_index(index)}] = {x[index]:.4g}" if index else f"x = {x[()]:.4g}",
            float(np.broadcast_to(h, x.shape)[index]),
        )
        raise ValueError(f"the step h = {step:.4g} is lost to rounding: {name} ± h is no other {x.dtype}; leave h out")
    return above, below


@contextlib.contextmanager
def restored(x):
    """Put `x` back, bit for bit, when the block ends, however it ends; give the block the values to keep."""
    cells = np.asarray(x)[...]  # a view of our own: f may reshape x or lock it
    if not cells.flags.writeable:
        raise ValueError("x is read-only, and it has to be nudged: pass x.copy(), or set x.flags.writeable = True")
    kept = cells.copy()
    try:
        yield kept
    finally:
        np.copyto(cells, kept)


def loss_value(value, name="f"):
    """Return what a loss function returned as a float; raise TypeError, saying what to do, if it is not one number."""
    if type(value) in PLAIN:
        return value
    masked = isinstance(value, np.ma.MaskedArray)
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf" and not masked:
        return value[()]
    if _is_real(value) and not _too_large(value):
        return value
    raise TypeError(no_loss(value, name))


def no_loss(value, name="f"):
    """Say why `value`, which the function called `name` returned, is not a loss."""
    if value is None:
        return f"{name} returns None: is its `return` missing?"
    if isinstance(value, tuple | list | dict):
        return (
            f"{name} returns a {type(value).__name__} of {len(value)}, and a loss is one number: pick it out, "
            f"lambda x: {name}(x)[...]"
        )
    if isinstance(value, np.ma.MaskedArray):
        return f"{name} returns a masked array, and its mask would be ignored: fill or select first"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return (
            f"{name} returns an array of shape {value.shape}, not a scalar, and a loss is one number: take the mean or the "
            f"sum of its {value.size} entries"
        )
    if _is_real(value):
        return f"{name} returns a number that is too large for a float"
    return f"{name} returns a {type(value).__name__}, and a loss is one real number"


def _is_real(value):
    """Return whether `value` is a real number: Python's, NumPy's (a span of time says it is one), a fraction, ..."""
    return isinstance(value, numbers.Real | np.bool_) and not isinstance(value, np.timedelta64)


def _too_large(value):
    """Return whether a number, a Python integer or a fraction, is beyond the floats."""
    return not isinstance(value, np.generic) and abs(value) > sys.float_info.max and abs(value) != np.inf


def _overlapping(x):
    """Return whether two entries of `x` share memory. Only an array that was strided by hand or broadcast can."""
    if x.size < 2 or x.flags.c_contiguous or x.flags.f_contiguous:
        return False
    offsets = np.zeros((), dtype=np.intp)
    for length, stride in zip(x.shape, x.strides, strict=True):
        offsets = np.add.outer(offsets, np.arange(length) * stride)
    return bool(np.diff(np.sort(offsets, axis=None)).min() < x.itemsize)


def _index(index):
    return ", ".join(map(str, index))
