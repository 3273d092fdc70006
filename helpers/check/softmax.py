"""The exercises of notebook 01: softmax."""

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip
from helpers.functions import log_softmax, softmax

__all__ = ["log_sum_exp", "softmax_at", "softmax_backward"]


def tenths(rng, shape, largest=3.0):
    """Return random numbers with one decimal, which are easy to read and to compute by hand."""
    return rng.integers(round(-10 * largest), round(10 * largest) + 1, shape) / 10


def _rows(rng):
    yield Case(z=tenths(rng, 3))
    yield Case(z=tenths(rng, (2, 3)))
    yield Case(z=tenths(rng, (3, 3)))
    yield Case(z=tenths(rng, 3) + 1000)
    yield Case(z=tenths(rng, (2, 4)) + np.array([[0.0], [-2000.0]]))
    yield Case("100 rows of 7 scores", z=30 * rng.standard_normal((100, 7)))


_SHIFT = "How was the maximum kept from overflowing on this page? What is taken out must be put back."
log_sum_exp = Exercise(
    "log_sum_exp",
    _rows,
    lambda z: np.logaddexp.reduce(z, axis=-1),
    [
        Slip("no shift", f"exp(1000) is infinite, and exp(-2000) is 0. {_SHIFT}", lambda z: np.log(np.exp(z).sum(axis=-1))),
        Slip(
            "shift not put back",
            "The maximum was subtracted, and that changes this sum: it is no quotient, in which a shift cancels.",
            lambda z: np.log(np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1)),
        ),
        Slip(
            "no keepdims",
            "A maximum of shape (N,) lines up with the columns: column 0 is shifted by the maximum of row 0.",
            lambda z: z.max(axis=-1) + np.log(np.exp(z - z.max(axis=-1)).sum(axis=-1)),
        ),
        Slip(
            "one maximum for everyone",
            "A row that lies far below the maximum of the whole batch underflows: each row needs its own.",
            lambda z: z.max() + np.log(np.exp(z - z.max()).sum(axis=-1)),
        ),
        Slip(
            "wrong axis",
            "The sum runs over the examples. The classes of one example lie along the last axis.",
            lambda z: np.logaddexp.reduce(z, axis=0),
        ),
        Slip(
            "one sum for everyone",
            "All rows went into one sum: each example has its own.",
            lambda z: np.logaddexp.reduce(z, axis=None),
        ),
        Slip(
            "no exponential",
            "This is the maximum alone. It is near, but the other classes count, too.",
            lambda z: z.max(axis=-1),
        ),
    ],
    instead_of=[softmax, log_softmax],
)


def _temperatures(rng):
    yield Case(z=tenths(rng, 3), T=2.0)
    yield Case(z=tenths(rng, (2, 3)), T=0.5)
    yield Case(z=rng.integers(-5, 6, 4), T=3.0)
    yield Case(z=tenths(rng, (3, 3)), T=0.01)
    yield Case(z=tenths(rng, (2, 3)) + 1000, T=0.1)
    yield Case("40 rows of 5 scores, T = 7", z=10 * rng.standard_normal((40, 5)), T=7.0)


def _exp(z):
    return np.exp(z - z.max(axis=-1, keepdims=True))


softmax_at = Exercise(
    "softmax_at",
    _temperatures,
    lambda z, T: softmax(z / T),
    [
        Slip(
            "the temperature cancels",
            "The result is the same at every T. What was divided must be something that a softmax does not notice: a shift?",
            lambda z, T: softmax(z),
        ),
        Slip(
            "the temperature cancels",
            "The result is the same at every T, or NaN. What was divided must be something that a softmax does not notice.",
            lambda z, T: (
                np.exp(z - z.max(axis=-1, keepdims=True) / T)
                / np.exp(z - z.max(axis=-1, keepdims=True) / T).sum(axis=-1, keepdims=True)
            ),
        ),
        Slip(
            "upside down", "Hot and cold are exchanged: a large T must make the scores small.", lambda z, T: softmax(z * T)
        ),
        Slip(
            "the probabilities divided",
            "The rows sum to 1 / T. The scores are to be divided, before the exponential.",
            lambda z, T: softmax(z) / T,
        ),
        Slip("not normalised", "The rows do not sum to 1: divide each by its own sum.", lambda z, T: _exp(z / T)),
        Slip(
            "not normalised",
            "The rows do not sum to 1. A power of the probabilities is the right idea: it needs a new sum.",
            lambda z, T: softmax(z) ** (1 / T),
        ),
        Slip("whole numbers", "A // drops the fraction. Divide by /.", lambda z, T: softmax(z // T)),
        Slip(
            "no shift",
            "Large scores and a small T overflow. After the division the largest exponent must be 0.",
            lambda z, T: np.exp(z / T) / np.exp(z / T).sum(axis=-1, keepdims=True),
        ),
    ],
    instead_of=[softmax, log_softmax],
)


def _backwards(rng):
    def tenth_parts(n):
        return (1 + rng.multinomial(7, np.ones(3) / 3, n)) / 10

    yield Case(y=tenth_parts(1)[0], dy=tenths(rng, 3))
    yield Case(y=tenth_parts(2), dy=tenths(rng, (2, 3)))
    yield Case(y=tenth_parts(3), dy=tenths(rng, (3, 3)))
    yield Case("50 rows of 6 classes", y=softmax(rng.standard_normal((50, 6))), dy=rng.standard_normal((50, 6)))


def _by_jacobians(y, dy):
    jacobians = y[..., :, np.newaxis] * (np.eye(y.shape[-1]) - y[..., np.newaxis, :])
    return np.einsum("...ij,...i->...j", jacobians, dy)


softmax_backward = Exercise(
    "softmax_backward",
    _backwards,
    _by_jacobians,
    [
        Slip(
            "the diagonal alone",
            "y (1 - y) is the slope of a probability along its own score. The other scores move it, too.",
            lambda y, dy: dy * y * (1 - y),
        ),
        Slip(
            "no keepdims",
            "One sum for each row, of shape (N,), lines up with the columns.",
            lambda y, dy: y * (dy - (y * dy).sum(axis=-1)),
        ),
        Slip("one sum for everyone", "Each row has its own sum: over which axis?", lambda y, dy: y * (dy - (y * dy).sum())),
        Slip(
            "wrong axis",
            "The sum runs over the examples, and one example knows nothing of another.",
            lambda y, dy: y * (dy - (y * dy).sum(axis=0, keepdims=True)),
        ),
        Slip(
            "mean for sum",
            "What is subtracted is the average of dy, weighted by y. The weights sum to 1 already.",
            lambda y, dy: y * (dy - (y * dy).mean(axis=-1, keepdims=True)),
        ),
        Slip(
            "a plain average",
            "What is subtracted is an average of dy, but not one in which all classes count the same.",
            lambda y, dy: y * (dy - dy.mean(axis=-1, keepdims=True)),
        ),
        Slip(
            "the sum without weights",
            "In the sum, too, each dy is weighted by its probability.",
            lambda y, dy: y * (dy - dy.sum(axis=-1, keepdims=True)),
        ),
        Slip(
            "y forgotten in front",
            "The Jacobian has a factor y in every entry: one is missing.",
            lambda y, dy: dy - (y * dy).sum(axis=-1, keepdims=True),
        ),
    ],
)
