"""Perturbing an array in place and restoring it: what numerical_gradient and check_gradient share.

The array itself is moved, so that a function sees the step whether it reads its argument or closes over the array.
Whatever happens in between, the array is restored bit for bit.
"""

import contextlib
import math
import numbers
import sys

import numpy as np

from helpers.arguments import first_entry, plain_array

FLOATS = frozenset([float, np.float64, np.float32, np.longdouble])


def checked_array(f, x):
    """Return `x` as an array of finite real numbers; raise TypeError or ValueError if it is not, or `f` is no function."""
    if not callable(f):
        swapped = ": f and x look swapped, the function comes first" if callable(x) else ""
        raise TypeError(f"f must be a function of x, not {type(f).__name__}{swapped}")
    if hasattr(x, "to_numpy"):
        raise TypeError(f"x is a {type(x).__name__}, whose entries cannot be moved in place: pass x.to_numpy(copy=True)")
    if isinstance(x, list | tuple) and any(isinstance(part, np.ndarray) for part in x):
        raise TypeError(
            f"x is a {type(x).__name__} of {len(x)} arrays: take one array at a time, or give check_gradient a dict of "
            "arrays, {'W': W, 'b': b}, and a gradient that is a dict with the same keys"
        )
    array = plain_array("x", x, np.asanyarray)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x must hold real numbers, but its dtype is {array.dtype}: pass one array of floats")
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        index, entry = first_entry("x", ~np.isfinite(array))
        raise ValueError(f"{entry} is {array[index]}: there is no slope at a point that is not finite")
    return array


def unsuitable(x):
    """Return (name, sentence) if moving the entries of `x` would give wrong slopes, None otherwise."""
    if x.dtype.kind != "f":
        return "integer x", (
            f"x holds {x.dtype}, and an array of integers cuts off every small step, so that the slopes come out wrong: "
            "pass x.astype(float)"
        )
    if _overlapping(x):
        return "overlapping memory", (
            f"entries of x share memory (shape {x.shape}, strides {x.strides}), so moving one moves others: pass x.copy()"
        )
    return None


def default_step(x):
    """Return the step for each entry of `x`: the cube root of the precision, 6e-6 for float64 and 5e-3 for float32.

    There rounding and truncation of a central difference balance (Press et al., Numerical Recipes, 3rd ed., section 5.7)
    if `f` bends over a length of about 1. The entry itself says little about that length: sin bends as much at 1000 as at 1.
    Only where the entry is so large that the step would be lost in its rounding is the step longer.
    """
    eps = np.finfo(x.dtype).eps
    return np.maximum(np.cbrt(eps), eps ** (2 / 3) * np.abs(x))


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
        index, name = first_entry("x", lost)
        step = float(np.broadcast_to(h, x.shape)[index])
        raise ValueError(
            f"the step h = {step:.4g} is lost to rounding: {name} = {x[index]:.4g}, and {name} ± h is no other {x.dtype}; "
            "leave h out"
        )
    return above, below


@contextlib.contextmanager
def restored(x):
    """Restore `x`, bit for bit, when the block ends, however it ends; give the block a copy of its values."""
    entries = np.asarray(x)[...]  # a view of our own: f may reshape x or lock it
    if not entries.flags.writeable:
        raise ValueError("x is read-only, and it has to be moved: pass x.copy(), or set x.flags.writeable = True")
    values = entries.copy()
    try:
        yield values
    finally:
        np.copyto(entries, values)


class Function:
    """A function of `x`, evaluated with `x` moved in place to a point. It counts; the caller restores `x` in the end."""

    def __init__(self, f, x):
        self.f, self.x, self.evaluations = f, x, 0
        self._entries = np.asarray(x)[...]  # a view of our own: f may reshape x
        self.kept = self._entries.copy()

    def __call__(self, point, copied=False):
        """Return f at a point: of x moved there or, if `copied`, of another array, while x is what it was."""
        self.evaluations += 1
        np.copyto(self._entries, self.kept if copied else point)
        return float(loss_value(self.f(point.copy() if copied else self.x)))

    def or_nan(self, point, copied=False):
        """Return f at a point that may be far off, where f need not make sense: NaN if it does not."""
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            return self(point, copied)
        return math.nan

    def gradient_or_nan(self, gradient):
        """Return what the function `gradient` returns where f was evaluated last, as floats: NaN if it makes no sense."""
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            return np.array(gradient(self.x), dtype=float)
        return np.array(math.nan)


def loss_value(value, name="f"):
    """Return what a loss function returned as a float; raise TypeError, saying what to do, if it is not one number."""
    if type(value) in FLOATS:
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biuf" and not np.ma.isMaskedArray(value):
        return value[()]
    if _is_real(value):
        with contextlib.suppress(OverflowError):  # of a Python integer or a fraction beyond the floats
            float(value)
            return value
    raise TypeError(_no_loss(value, name))


def _no_loss(value, name):
    """Say why `value`, which the function called `name` returned, is not a loss."""
    if value is None:
        return f"{name} returns None: is its `return` missing?"
    if isinstance(value, tuple | list | dict):
        return (
            f"{name} returns a {type(value).__name__} of {len(value)}, and a loss is one number: pick it out, "
            f"lambda x: {name}(x)[...]"
        )
    if np.ma.isMaskedArray(value):
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


def _overlapping(x):
    """Return whether two entries of `x` share memory. Only an array that was strided by hand or broadcast can."""
    if x.size < 2 or x.flags.c_contiguous or x.flags.f_contiguous:
        return False
    offsets = np.tensordot(x.strides, np.indices(x.shape), axes=1)
    return bool(np.diff(np.sort(offsets, axis=None)).min() < x.itemsize)
