"""Softmax and cross-entropy, as notebooks 01 and 02 build them.

`z` are logits, `y` probabilities, `t` labels. A loss is the mean over the batch, in nats. Results have the float
type of `z` or `y`; float16 becomes float32, integers and booleans become float64. No argument is ever changed.
"""

import warnings

import numpy as np

from helpers.arguments import class_indices, length, memory_for
from helpers.loss_arguments import logits_and_axis, logits_and_labels, probabilities_and_labels

MANY = 500  # entries: in larger arrays, it pays to avoid NumPy's row-by-row maximum and sum
SHORT = 32  # classes: NumPy takes longer to start on a row as short as this than to add it up


def softmax(z, axis=-1):
    """Return exp(z) divided by its sum along `axis`: scores turned into probabilities.

    Parameters
    ----------
    z : array_like, at least 1-d
        Logits. A class with the logit -inf has probability 0.
    axis : int
        The axis of the classes.

    Returns
    -------
    ndarray of the shape of `z`
        A row with NaN gives NaN. So does a row with +inf, or with nothing but -inf, after a RuntimeWarning.
        An empty batch gives an empty array.

    Raises
    ------
    TypeError
        If `z` does not hold real numbers, or `axis` is not one integer.
    ValueError
        If `z` is a single number or has no classes along `axis`, or `axis` does not exist.

    Notes
    -----
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs, with
    relationships to statistical pattern recognition", Neurocomputing, NATO ASI F68.

    Examples
    --------
    >>> softmax([1.0, 2.0, 3.0]).round(4)
    array([0.09  , 0.2447, 0.6652])
    """
    return _softmax(*logits_and_axis(z, axis))


def log_softmax(z, axis=-1):
    """Return the logarithm of softmax(z), also where the probability itself underflows to 0.

    Parameters, shapes, types and errors are those of `softmax`. The error of an entry is a few units in the last place
    of the larger of 1 and the largest score of its row. Blanchard, Higham & Higham (2021), "Accurately computing the
    log-sum-exp and softmax functions", IMA J. Numer. Anal. 41, explain why the shift is accurate.

    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    return _log_softmax(*logits_and_axis(z, axis))


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
    NumPy scalar
        The loss. A label that was given probability 0 costs inf, since nothing is clamped. A soft label
        costs the sum of -t log y, where 0 log 0 is 0. NaN in `y` gives NaN.

    Raises
    ------
    TypeError
        If `y` or `t` does not hold real numbers, or class indices are booleans or floats.
    ValueError
        If `y` is not probabilities (but logits, or a softmax along the wrong axis), if `t` is not labels for them
        (but logits, out of range, of another shape), if the two are swapped, or if the batch is empty.

    Examples
    --------
    >>> f"{cross_entropy([0.25, 0.75], 1):.4f}"
    '0.2877'
    """
    y, t = probabilities_and_labels(y, t)
    with np.errstate(divide="ignore"):  # log(0) is -inf
        return _mean_loss(np.log(y), t)


def softmax_cross_entropy(z, t):
    """Return cross_entropy(softmax(z), t), computed from the logits `z` so that no probability underflows to 0.

    `z` has shape (C,) or (N, C); `t`, the result and the errors are those of `cross_entropy`. A RuntimeWarning
    is issued if `z` looks like probabilities (then softmax is taken twice) or like labels.

    >>> f"{softmax_cross_entropy([0.0, 1000.0], 0):.1f}"
    '1000.0'
    """
    z, t = logits_and_labels(z, t)
    return np.maximum(_mean_loss(_log_softmax(z, -1), t), 0)  # rounding may put log 1 above 0


def one_hot(t, classes):
    """Return the labels `t` as rows of zeros with a single 1: shape of `t` + (classes,), float64.

    Parameters
    ----------
    t : array_like of integers, of any shape
        Class indices, each in 0 ... classes-1.
    classes : int
        The number of classes.

    Raises
    ------
    TypeError
        If `t` holds booleans, floats or text, or `classes` is not one integer.
    ValueError
        If an index is out of range, there is no class, or the result is too large for the memory.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    classes = length("classes", classes)
    t = class_indices("t", t, classes)
    with memory_for(f"t has shape {t.shape}, and there are {classes} classes"):
        rows = np.zeros((t.size, classes))
    rows[np.arange(t.size), t.ravel()] = 1
    return rows.reshape(*t.shape, classes)


def _warn_of_infinity(error, flag):
    """Warn that a maximum was infinite. NumPy calls this for inf - inf, the only invalid operation below."""
    warnings.warn("z has a row with +inf, or with -inf only: it has no softmax", RuntimeWarning, stacklevel=6)


# That exp(-1000) is 0 is no error here, even if the caller has set NumPy to raise one for underflow.
_quietly = np.errstate(all="ignore", invalid="call", call=_warn_of_infinity)


@_quietly
def _softmax(z, axis):
    e = np.exp(_shifted(z, axis))
    e /= _sum(e, axis)
    return e


@_quietly
def _log_softmax(z, axis):
    d = _shifted(z, axis)
    e = np.exp(d)
    return np.subtract(d, np.log(_sum(e, axis)), out=e)


@_quietly
def _mean_loss(log_y, t):
    """Return minus the mean of `log_y` (N, C) at the class indices (N,), or weighted by the rows of labels (N, C)."""
    if t.ndim == 1:
        log_p = log_y[np.arange(len(t)), t]
    else:
        log_y[t == 0] = 0  # a class that the label rules out costs nothing, even if its log is -inf
        log_p = (t * log_y).sum(axis=-1)
    return log_y.dtype.type(0 - log_p.sum() / len(log_p))  # with a mere minus, the best loss would be -0.0


def _shifted(z, axis):
    """Return `z` minus its maximum along `axis`, or `z` itself where softmax needs no shift.

    The shift is for scores whose exponentials overflow or underflow. In a large array, finding the maximum of every
    short row takes longer than all the rest, and the extremes of the whole array, which are cheap, tell that exp is safe.
    """
    if z.size > MANY:
        limit = 30 if z.dtype == np.float32 else 300  # exp of scores up to this, and their sum, stay within the type
        if -limit <= z.min() and z.max() <= limit:
            return z
    return z - np.maximum.reduce(z, axis, keepdims=True)  # z.max(axis, keepdims=True), with less to call


def _sum(e, axis):
    """Return the sum along `axis`, kept as an axis of length 1."""
    if e.size > MANY and axis == -1 and e.shape[-1] < SHORT:
        return np.einsum("...j->...", e)[..., np.newaxis]  # less accurate than sum on long rows, faster on short ones
    if e.shape[axis] > MANY and e.strides[axis] != e.itemsize:  # where NumPy adds up one by one: too rough in float32
        return sum(block.sum(axis, keepdims=True) for block in np.split(e, range(256, e.shape[axis], 256), axis))
    return np.add.reduce(e, axis, keepdims=True)  # e.sum(axis, keepdims=True), with less to call
