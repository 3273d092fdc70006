"""Arguments are checked once, at the public door: each function here takes what a caller
passed and gives back the array to compute with, or raises an error that names the argument,
what came, and what to do about it. The caller's own array is never written to."""

import contextlib
import warnings

import numpy as np

ROUNDING = 1e-3  # how far a row of probabilities may sum from 1: room for numbers copied from a
#                  print-out and for the step of a numerical gradient, none for logits
ONE_CLASS = "one column is one class, which is always certain; yes-or-no labels need two columns of scores"


def float_array(name, values):
    """Return `values` as a floating-point array: integers and booleans become float64.

    Raises TypeError for what is not an array of real numbers: strings, objects, complex
    numbers, ragged lists, and masked arrays (whose mask would be lost without a word)."""
    array = plain_array(name, values)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must hold real numbers, but its dtype is {array.dtype}")
    return array


def plain_array(name, values, convert=np.asarray):
    """Return `values` as an array of whatever they are; raise TypeError for masked arrays and for what is no array."""
    if _masked(values):
        raise TypeError(f"{name} is a masked array, and its mask would be ignored: fill or select first")
    try:
        return convert(values)
    except Exception as error:  # an object's own __array__ may raise anything
        raise TypeError(f"{name} is not an array of numbers (do its rows differ in length?): {error}") from None


def is_integer(value):
    """Return whether `value` is one integer. To Python a boolean is one, and to NumPy a span of time."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def length(name, value):
    """Return `value`, a number of things of which there is at least one, as an int."""
    if not is_integer(value):
        raise TypeError(f"{name} must be one integer, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return int(value)


@contextlib.contextmanager
def room(what):
    """Run a block that makes arrays; if they are too large for the machine, raise a ValueError that says of `what`."""
    try:
        yield
    except (ValueError, OverflowError, MemoryError) as error:
        raise ValueError(f"{what}: that is too large for an array ({error})") from None


def class_axis(name, array, axis):
    """Return `axis` as an int; it must name one axis of `array` with at least one class on it."""
    if not is_integer(axis):
        raise TypeError(f"axis must be one integer, not {axis!r}")
    if array.ndim == 0:
        raise ValueError(
            f"{name} is a single number, and one score has nothing to be compared with: "
            f"pass an array of shape (C,) or (N, C)"
        )
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"axis {axis} does not exist: {name} has shape {array.shape}")
    if array.shape[axis] == 0:
        raise ValueError(f"{name} has shape {array.shape}: there are no classes along axis {axis}")
    return int(axis)


def probabilities_and_labels(y, t):
    """Return `y` as rows that sum to 1 (a row with NaN: all NaN) and `t` as labels for them."""
    y = _examples("y", y)
    meant = "logits go to softmax_cross_entropy, and the order is (y, t)"
    negative = np.any(y < 0, axis=-1)
    if np.any(negative):
        row, smallest = _first("y", negative, np.nanmin(np.where(y < 0, y, np.inf), axis=-1))
        raise ValueError(f"{row} has a negative entry, {smallest:.4g}, and probabilities have none: {meant}")
    sums = row_sums(y)
    off = ~sum_to_one(y) & ~np.isnan(sums)
    if np.any(off):
        row, total = _first("y", off, sums)
        if y.shape[-1] == 1:
            raise ValueError(f"{row} sums to {total:.4g}: {ONE_CLASS}")
        if y.ndim == 2 and np.all(sum_to_one(y.T)):
            raise ValueError(
                f"{row} sums to {total:.4g}, but every column of y sums to 1: was the softmax "
                f"taken along axis 0? The classes lie along axis -1"
            )
        raise ValueError(f"{row} sums to {total:.4g}, and probabilities sum to 1: {meant}")
    t = _labels(t, "y", y)
    if t.dtype.kind == "f" and y.shape[-1] > 1 and one_hot_rows(y) and not one_hot_rows(t):
        raise ValueError(
            "y is one-hot and t is not: the two look swapped, the order is (y, t). "
            "If y is a softmax that saturated, use softmax_cross_entropy on the logits"
        )
    return np.where(np.isnan(sums)[..., np.newaxis], y.dtype.type(np.nan), y), t


def logits_and_labels(z, t):
    """Return `z` as floats of shape (C,) or (N, C) and `t` as labels for them."""
    z = _examples("z", z)
    return z, _labels(t, "z", z)


def row_sums(rows):
    """Return the sums along the last axis, of float16 in float32; one that overflows is no probability."""
    with np.errstate(over="ignore", invalid="ignore"):
        return rows.sum(axis=-1, dtype=np.promote_types(rows.dtype, np.float32))


def sum_to_one(rows):
    """Return for each row whether its sum is 1, but for what its precision and a print-out round off."""
    return np.abs(row_sums(rows) - 1) <= max(ROUNDING, 16 * np.finfo(rows.dtype).eps)


def one_hot_rows(rows):
    """Return whether every row is zeros and a single 1."""
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(row_sums(rows) == 1))


def class_indices(name, values, classes):
    """Return `values` as intp class indices, each in 0 ... classes-1."""
    t = plain_array(name, values)
    if t.dtype.kind == "b":
        raise TypeError(
            f"{name} holds booleans, which are not class indices: if True means class 1, "
            f"say so with np.asarray({name}).astype(int)"
        )
    if t.dtype.kind not in "iu" and not (t.dtype == np.float64 and t.size == 0):  # np.asarray([]) is float64
        hint = f": if these are class indices, use np.asarray({name}).astype(int)" if t.dtype.kind == "f" else ""
        raise TypeError(f"{name} must hold integer class indices, but its dtype is {t.dtype}{hint}")
    bad = (t < 0) | (t >= classes)
    if np.any(bad):
        where, value = _first(name, bad, t)
        hint = ", and a negative index would count from the end" if value < 0 else ""
        hint = f"; {ONE_CLASS}" if classes == 1 else hint
        raise ValueError(f"{where} is {value}: with {classes} classes an index lies in 0 ... {classes - 1}{hint}")
    return t.astype(np.intp)


def _masked(values, depth=0):
    """Return whether a masked array is among `values`, lists of lists, however deep NumPy would follow them."""
    if isinstance(values, np.ma.MaskedArray):
        return True
    if not isinstance(values, list | tuple) or depth > 64:
        return False
    kinds = set(map(type, values))
    deeper = any(issubclass(kind, list | tuple | np.ma.MaskedArray) for kind in kinds)
    return deeper and any(_masked(part, depth + 1) for part in values)


def _examples(name, values):
    """Return `values` as floats of shape (C,), one example, or (N, C), a batch of at least one."""
    array = float_array(name, values)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have shape (C,) or (N, C), but its shape is {array.shape}")
    class_axis(name, array, -1)
    if array.shape[0] == 0:
        raise ValueError(f"{name} has shape {array.shape}: the mean loss of no examples is undefined")
    return array


def _labels(values, name, scores):
    """Return labels for `scores` (C,) or (N, C): class indices () or (N,) as intp, or rows as floats."""
    t = plain_array("t", values)
    if t.shape == scores.shape[:-1]:
        return class_indices("t", t, scores.shape[-1])
    if t.shape != scores.shape:
        raise ValueError(f"t has shape {t.shape}, but {name} has shape {scores.shape}: {_label_shape(t, name, scores)}")
    t = float_array("t", t)
    sums = row_sums(t)
    off = np.any(t < 0, axis=-1) | ~sum_to_one(t)
    if np.any(off):
        row, total = _first("t", off, sums)
        _, smallest = _first("t", off, t.min(axis=-1))
        cause = "NaN is no label" if np.isnan(total) else "are these logits?"
        if scores.shape[-1] == 1:
            cause = ONE_CLASS
        elif one_hot_rows(scores):
            cause = f"t and {name} look swapped, the order is ({name}, t)"
        raise ValueError(
            f"{row} is not a row of labels: such a row sums to 1 without a negative entry, and this one sums to "
            f"{total:.4g}, with {smallest:.4g} the smallest; {cause}"
        )
    if scores.shape[-1] == 1:
        warnings.warn(f"the loss is 0: {ONE_CLASS}", RuntimeWarning, stacklevel=4)
    return t


def _label_shape(t, name, scores):
    shape = scores.shape
    if t.shape == (*shape[:-1], 1):
        return "labels in a column: use np.asarray(t)[..., 0]"
    if len(shape) == 1 and t.ndim == 2 and t.shape[0] == shape[0]:
        return f"are t and {name} swapped? The order is ({name}, t)"
    if shape[0] == 1 and t.shape == shape[1:]:
        return f"{name} is a batch of one example, so t must be a batch of one label: use np.asarray(t)[np.newaxis]"
    return f"pass class indices of shape {shape[:-1]}, or rows of shape {shape}"


def _first(name, bad, values):
    """Name the first bad entry as the reader would index it, and give its value."""
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    return (f"{name}[{', '.join(map(str, index))}]" if index else name), values[index]
