"""The arguments of softmax and the cross-entropies: scores and labels that fit together, or an error that says why not."""

import warnings

import numpy as np

from helpers.arguments import (
    ONE_CLASS,
    class_indices,
    first_entry,
    float_array,
    is_integer,
    one_hot_rows,
    plain_array,
    refuse_nan,
)

ROUNDING = 1e-3  # how far a row of probabilities may be from summing to 1: printed numbers are rounded


def logits_and_axis(z, axis):
    """Return `z` as an array of floats and its class axis, counted from the end."""
    if type(z) is not np.ndarray or z.dtype.char not in "df":  # the usual array needs no closer look
        z = float_array("z", z)
    if type(axis) is not int and not is_integer(axis):
        raise TypeError(f"axis must be one integer, not {axis!r}")
    if z.ndim == 0:
        alone = "z is a single number, and one score has nothing to be compared with"
        raise ValueError(f"{alone}: pass an array of shape (C,) or (N, C)")
    if not -z.ndim <= axis < z.ndim:
        raise ValueError(f"axis {axis} does not exist: z has shape {z.shape}")
    if z.shape[axis] == 0:
        raise ValueError(f"z has shape {z.shape}: there are no classes along axis {axis}")
    return z, int(axis if axis < 0 else axis - z.ndim)


def logits_and_labels(z, t):
    """Return `z` as floats (N, C) and `t` as class indices (N,) or rows of labels (N, C); warn of a softmax taken twice."""
    z = _examples("z", z)
    t = _labels(t, "z", z)
    z = z if z.ndim == 2 else z[np.newaxis]
    # Logits hardly ever pass the test of the first row, so the test of all rows costs nothing.
    if z.shape[1] > 1 and _are_probabilities(z[:1]) and _are_probabilities(z):
        if not one_hot_rows(z):
            doubt = "z looks like probabilities, since every row sums to 1: pass the logits, softmax is applied here"
            warnings.warn(doubt, RuntimeWarning, stacklevel=3)
        elif t.ndim == 2 and not one_hot_rows(t):
            doubt = "z is one-hot and t is not: are the two swapped? The order is (z, t)"
            warnings.warn(doubt, RuntimeWarning, stacklevel=3)
    return z, t


def probabilities_and_labels(y, t):
    """Return `y` as rows (N, C) that sum to 1, or are all NaN, and `t` as labels for them, (N,) or (N, C)."""
    y = _examples("y", y)
    if not _are_probabilities(y):
        if problem := _first_bad_row("y", y, "probabilities"):
            raise ValueError(f"{problem}: {_hint_for_probabilities(y)}")
        y = np.where(np.isnan(y).any(axis=-1, keepdims=True), y.dtype.type(np.nan), y)
    t = _labels(t, "y", y)
    y = y if y.ndim == 2 else y[np.newaxis]
    if t.ndim == 2 and y.shape[1] > 1 and one_hot_rows(y) and not one_hot_rows(t):
        raise ValueError(
            "y is one-hot and t is not: the two look swapped, the order is (y, t). "
            "If y is a softmax that saturated, use softmax_cross_entropy on the logits"
        )
    return y, t


def _examples(name, values):
    """Return `values` as floats of shape (C,), one example, or (N, C), a batch of at least one."""
    array = float_array(name, values)
    if array.ndim not in (1, 2):
        hint = f": if the classes are on its last axis, pass {name}.reshape(-1, {name}.shape[-1]) and t.reshape(-1)"
        hint = hint if array.ndim else ""
        raise ValueError(f"{name} must have shape (C,) or (N, C), but its shape is {array.shape}{hint}")
    if array.size == 0:
        missing = "classes" if array.shape[-1] == 0 else "examples"
        raise ValueError(f"{name} has shape {array.shape}: without {missing} there is no mean loss")
    return array


def _labels(values, name, scores):
    """Return labels for `scores` (C,) or (N, C): class indices (N,) as intp, or rows (N, C) as floats."""
    t = plain_array("t", values)
    if t.shape == scores.shape[:-1]:
        return class_indices("t", t, scores.shape[-1]).reshape(-1)
    if t.shape != scores.shape:
        raise ValueError(f"t has shape {t.shape}, but {name} has shape {scores.shape}: {_hint_for_shape(t, name, scores)}")
    rows = float_array("t", values)
    if not _are_probabilities(rows):
        refuse_nan("t", rows)
        raise ValueError(f"{_first_bad_row('t', rows, 'a row of labels')}: {_hint_for_rows(t, name, scores)}")
    if scores.shape[-1] == 1:
        warnings.warn(f"the loss is 0: {ONE_CLASS}", RuntimeWarning, stacklevel=4)
    return rows.reshape(-1, rows.shape[-1])


@np.errstate(over="ignore")
def _are_probabilities(rows):
    return bool(rows.min() >= 0 and (abs(rows.sum(axis=-1) - 1) <= ROUNDING).all())


@np.errstate(over="ignore", invalid="ignore")  # inf - inf
def _first_bad_row(name, rows, what):
    """Say why the first row that is not `what` is not; return None if nothing is wrong but NaN."""
    sums, smallest = rows.sum(axis=-1), np.fmin.reduce(rows, axis=-1)  # fmin ignores NaN
    bad = (smallest < 0) | (abs(sums - 1) > ROUNDING)
    if not bad.any():
        return None
    index, row = first_entry(name, bad)
    if smallest[index] < 0:
        return f"{row} has a negative entry, {smallest[index]:.4g}, which {what} must not have"
    return f"{row} sums to {sums[index]:.4g}, and {what} must sum to 1"


def _hint_for_probabilities(y):
    if y.shape[-1] == 1:
        return ONE_CLASS
    if y.ndim == 2 and _are_probabilities(y.T):
        return "every column of y sums to 1, was softmax applied along axis 0? The classes are along axis -1"
    return "logits go to softmax_cross_entropy, and the order is (y, t)"


def _hint_for_rows(t, name, scores):
    n = len(t)
    if scores.shape[-1] == 1:
        return ONE_CLASS
    if one_hot_rows(scores):
        return f"t and {name} look swapped, the order is ({name}, t)"
    if t.ndim == 1 and t.dtype.kind in "iu":
        return (
            f"is {name} one example or {n}? One example with {n} classes has one class index as its label, "
            f"and {n} examples have scores of shape ({n}, C)"
        )
    return "are these logits?"


def _hint_for_shape(t, name, scores):
    shape = scores.shape
    if t.shape == (*shape[:-1], 1):
        return "labels in a column: use np.asarray(t)[..., 0]"
    if len(shape) == 1 and t.ndim == 2 and t.shape[0] == shape[0]:
        return f"are t and {name} swapped? The order is ({name}, t)"
    if shape[0] == 1 and t.shape == shape[1:]:
        return f"{name} is a batch of one example, so t must be a batch of one label: use np.asarray(t)[np.newaxis]"
    return f"pass class indices of shape {shape[:-1]}, or rows of shape {shape}"
