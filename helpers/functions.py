"""Softmax and cross-entropy, as notebooks 01 and 02 build them.

`z` are logits, `y` probabilities, `t` labels. The class axis is the last, the loss is the mean over
the batch. Results have the float type of `z` or `y` (float16 is computed in float32); integers and
booleans become float64. Nothing that a caller passed is ever written to.
"""

import warnings

import numpy as np

from helpers.arguments import (
    class_axis,
    class_indices,
    float_array,
    length,
    logits_and_labels,
    one_hot_rows,
    probabilities_and_labels,
    room,
    sum_to_one,
)

__all__ = ["cross_entropy", "log_softmax", "one_hot", "softmax", "softmax_cross_entropy"]

LONG = 32  # classes: a row of so many is no longer short
# Up to here, with either sign, exp of a score is a normal number, and so is the quotient of any two.
BEARABLE = {kind: 0.4 * float(np.log(np.finfo(kind).max)) for kind in (np.float32, np.float64, np.longdouble)}


def softmax(z, axis=-1):
    """Return exp(z) divided by its sum along `axis`: scores turned into probabilities.

    Parameters
    ----------
    z : array_like, at least 1-d
        Logits. -inf is a class that cannot be: its probability is 0.
    axis : int
        Where the classes lie.

    Returns
    -------
    ndarray of the shape of `z`
        Each entry is within 10 ulp of the exact value, and no row depends on another. A row with a NaN
        comes back as NaN. So does, after a RuntimeWarning, a row that has no softmax: one with +inf, or
        with nothing but -inf. An empty batch comes back empty.

    Raises
    ------
    TypeError
        If `z` does not hold real numbers, or `axis` is not one integer.
    ValueError
        If `z` is 0-d or has no classes along `axis`, or `axis` does not exist.

    Examples
    --------
    >>> softmax([1.0, 2.0, 3.0]).round(4)
    array([0.09  , 0.2447, 0.6652])

    Notes
    -----
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs, with
    relationships to statistical pattern recognition", Neurocomputing, NATO ASI F68.
    """
    z = float_array("z", z)
    axis = class_axis("z", z, axis)
    return _along(axis, z, _softmax, _far_softmax)


def log_softmax(z, axis=-1):
    """Return log(softmax(z)) without taking the logarithm of a probability that underflowed to 0.

    Shapes, types and errors are those of `softmax`; a logit of -inf gives -inf.

    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    z = float_array("z", z)
    axis = class_axis("z", z, axis)
    return _along(axis, z, _log_softmax, _far_log_softmax)


def cross_entropy(y, t):
    """Return -log of the probability that the label was given, averaged over the batch.

    Parameters
    ----------
    y : array_like, (C,) or (N, C)
        Probabilities: not negative, each row summing to 1 (to within 0.001).
    t : array_like
        Labels: class indices, one integer or (N,); or rows of the shape of `y`, one-hot or soft.

    Returns
    -------
    NumPy scalar of the dtype of `y`
        The loss in nats. Nothing is clamped: a label that was given probability 0 costs inf.
        For soft labels the sum of -t log y, where 0 log 0 is 0. NaN in `y` gives NaN.

    Raises
    ------
    TypeError
        If `y` or `t` do not hold real numbers, or class indices are booleans or floats.
    ValueError
        If `y` are not probabilities (logits, or a softmax along the wrong axis), `t` are not labels for
        them (logits, out of range, of another shape), the two look swapped (`y` one-hot and `t` not), or the
        batch is empty.

    Examples
    --------
    >>> f"{cross_entropy([0.25, 0.75], 1):.4f}"
    '0.2877'
    """
    y, t = probabilities_and_labels(y, t)
    with np.errstate(divide="ignore"):  # -log(0) is inf, and inf is the right price
        return _mean(_at_labels(0 - np.log(y, dtype=np.promote_types(y.dtype, np.float32)), t), y.dtype)


def softmax_cross_entropy(z, t):
    """Return cross_entropy(softmax(z), t), computed from the logits in one step and without a clamp.

    `z` are logits, (C,) or (N, C); `t`, the result and the errors are those of `cross_entropy`. The
    loss is how far the label lies below the winner plus log1p(sum of the others): neither is
    negative, so nothing cancels.

    Emits a RuntimeWarning if `z` look like probabilities (a softmax taken twice) or like the labels.

    >>> f"{softmax_cross_entropy([0.0, 1000.0], 0):.1f}"
    '1000.0'
    """
    z, t = logits_and_labels(z, t)
    if doubt := _not_logits(z, t):
        warnings.warn(doubt, RuntimeWarning, stacklevel=2)
    rows, t = np.atleast_2d(z), t if z.ndim == 2 else t[np.newaxis]
    if t.dtype.kind == "f":
        return _mean(_at_labels(-_by_range(rows, _log_softmax, _far_log_softmax), t), z.dtype)
    return _mean(_by_range(rows, _price, _far_price, t), z.dtype)


def one_hot(t, classes):
    """Return zeros with a single 1.0 per label: the shape of `t` + (classes,), float64.

    `t` are integer class indices of any shape, `classes` is how many there are. Raises TypeError for
    booleans and floats, ValueError for an index outside 0 ... classes-1.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    classes = length("classes", classes)
    t = class_indices("t", t, classes)
    with room(f"t has shape {t.shape}, and there are {classes} classes"):
        rows = np.zeros((*t.shape, classes))
    np.put_along_axis(rows, t[..., np.newaxis], 1, axis=-1)
    return rows


def _along(axis, z, near, far):
    """Return _by_range of the rows of `z` along `axis`, in the shape and type of `z`."""
    last = axis in (-1, z.ndim - 1)
    moved = z if last else np.moveaxis(z, axis, -1)
    result = _by_range(moved.reshape(-1, moved.shape[-1]), near, far)
    if result.dtype != z.dtype:
        with np.errstate(over="ignore", under="ignore"):  # float16 ends early
            result = result.astype(z.dtype)
    result = result.reshape(moved.shape)
    return result if last else np.moveaxis(result, -1, axis)


def _by_range(rows, near, far, *t):
    """Return near(rows, *t), and far(rows, *t) for the rows that exp cannot bear.

    The trick of this module. Softmax is shifted by the maximum for the sake of scores that overflow or underflow. All others
    need no shift: no maximum is sought, which costs NumPy more than the exponentials, and nothing is rounded."""
    wide = np.dtype(np.float32) if rows.dtype.type is np.float16 else rows.dtype
    rows = np.ascontiguousarray(rows, dtype=wide)  # the last digits of exp and of a sum depend on the layout
    if len(rows) == 0 or -BEARABLE[wide.type] <= rows.min() <= rows.max() <= BEARABLE[wide.type]:
        with np.errstate(under="ignore"):  # NumPy's exp of a subnormal number may say so
            return near(rows, *t)
    beyond = ~(np.abs(rows).max(axis=-1) <= BEARABLE[wide.type])  # so that NaN is beyond, too
    result = np.empty(rows.shape[: 1 if t else 2], wide)
    with np.errstate(all="ignore"):  # what overflows here has probability 0; a row with NaN becomes NaN
        result[~beyond] = near(rows[~beyond], *(labels[~beyond] for labels in t))
        result[beyond] = far(rows[beyond], *(labels[beyond] for labels in t))
    return result


def _softmax(rows):
    y = np.exp(rows)
    y /= _sums(y)[:, np.newaxis]
    return y


def _far_softmax(rows):
    _, exp, others = _shifted(rows)
    return exp / (1 + others)


def _log_softmax(rows):
    """The logarithm of a probability is exact enough up to 1/2; above, it comes from the sum of the others."""
    y = _softmax(rows)
    (above,) = (y > 0.5).ravel().nonzero()
    if len(above) == 0:
        return np.log(y, out=y)
    row, label = np.divmod(above, rows.shape[1])
    prices = _of_others(y[row], label)
    np.log(y, out=y)
    y[row, label] = -prices
    return y


def _far_log_softmax(rows):
    d, _, others = _shifted(rows)
    return d - np.log1p(others)


def _price(rows, t):
    return _of_others(np.exp(rows), t)


def _far_price(rows, t):
    d, _, others = _shifted(rows)
    return np.log1p(others[:, 0]) - d[np.arange(len(d)), t]


def _of_others(y, t):
    """Return -log_softmax at the labels, (N,), as log(1 + the others' sum of y / the label's y): nothing cancels in that.

    y may be exp(z), too. It is used up."""
    each = np.arange(len(y))
    own = y[each, t]
    y[each, t] = 0
    return np.log1p(_sums(y) / own)


def _sums(rows):
    """Return the sums of rows. A sum along a short axis begins anew in every row, which costs more than the exponentials;
    einsum begins sooner. Long rows need a sum that adds pairwise."""
    return np.einsum("ij->i", rows) if rows.shape[1] < LONG else rows.sum(axis=-1)


def _shifted(z):
    """Return d = z - max(z), exp(d), and the sum of exp(d) without the maximum's own 1, for rows of any scores.

    Keeping that 1 apart saves the digits of a small sum, for log1p. Both tricks here are in Blanchard, Higham & Higham
    (2021), "Accurately computing the log-sum-exp and softmax functions", IMA J. Numer. Anal. 41.
    """
    largest = z.max(axis=-1, keepdims=True)
    if np.any(np.isinf(largest)):
        warnings.warn("z has a row with +inf, or with -inf only: it has no softmax", RuntimeWarning, stacklevel=6)
    d = np.subtract(z, largest, order="C")  # NumPy adds pairwise along a contiguous last axis
    exp = np.exp(d) * (1 + _lost(z, largest, d))
    top = d == 0
    others = np.where(top, 0, exp).sum(axis=-1, keepdims=True) + (top.sum(axis=-1, keepdims=True) - 1)
    return d, exp, others.astype(d.dtype, copy=False)


def _lost(a, b, d):
    """Return what rounding took from d = a - b (TwoSum: Knuth, TAOCP vol. 2, 4.2.2), 0 where d is infinite.

    exp(d) is off by that much, relatively: at d = -700 by hundreds of ulp."""
    back = d - a
    lost = (a - (d - back)) - (b + back)
    return np.where(np.isfinite(lost), lost, 0)


def _at_labels(costs, t):
    """Return the cost of each example: the entry its index points at, or its row weighted by t."""
    if t.dtype.kind == "i":
        return np.take_along_axis(costs, t[..., np.newaxis], axis=-1)
    with np.errstate(under="ignore"):
        return np.multiply(t, costs, where=t > 0, out=np.zeros_like(costs, dtype=np.result_type(t, costs))).sum(axis=-1)


def _mean(costs, dtype):
    with np.errstate(over="ignore", under="ignore"):
        mean = np.mean(costs)
        if np.isinf(mean) and np.all(np.isfinite(costs)):  # the sum overflows where the mean need not
            mean = np.sum(costs / costs.size)
        return dtype.type(mean)


def _not_logits(z, t):
    """Return what speaks against `z` being logits, if anything does; the first row settles it for real ones."""
    rows = np.atleast_2d(z)
    for part in (rows[:1], rows):
        if rows.shape[-1] == 1 or np.any(part < 0) or not np.all(sum_to_one(part)):
            return None
    if not one_hot_rows(rows):
        return "z look like probabilities, every row sums to 1: pass the logits, the softmax is taken here"
    if t.dtype.kind == "f" and not one_hot_rows(t):
        return "z is one-hot and t is not: are the two swapped? The order is (z, t)"
    return None
