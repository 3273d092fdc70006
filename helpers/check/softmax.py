"""The exercises of page 01: softmax."""

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, tenths


def _scores(rng):
    yield Case(z=tenths(rng, 3))
    yield Case(z=tenths(rng, (2, 3)))
    yield Case(z=tenths(rng, (3, 3)))
    yield Case(z=tenths(rng, 3) + 1000)
    yield Case(z=tenths(rng, (2, 4)) + np.array([[0.0], [-2000.0]]))
    yield Case("100 rows of 7 scores", z=30 * rng.standard_normal((100, 7)))


def _max(z):
    return z.max(axis=-1, keepdims=True)


def _sum(z):
    return z.sum(axis=-1, keepdims=True)


def _exp(z):
    return np.exp(z - _max(z))


softmax = Exercise("softmax", _scores, lambda z: np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True)), [
    ("no shift", lambda z: np.exp(z) / _sum(np.exp(z)),
     "exp(1000) overflows to infinity, and exp(-2000) underflows to 0, so a row becomes inf / inf or 0 / 0, which is NaN. "
     "Which change to all scores of a row leaves its softmax as it is?"),
    ("shifted only once", lambda z: _exp(z) / _sum(np.exp(z)),
     "The scores are shifted in the numerator or in the denominator, but not in both, so the shift does not cancel."),
    ("one sum for the whole batch",
     [lambda z: _exp(z) / _exp(z).sum(), lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
      lambda z: np.exp(z) / np.exp(z).sum()],
     "All rows are divided by the sum of the whole batch. Each row should be divided by its own sum."),
    ("wrong axis",
     [lambda z: _exp(z) / _exp(z).sum(axis=0), lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)],
     "The columns sum to 1, because the sum runs over the examples. The classes are on the last axis."),
    ("no keepdims",
     [lambda z: _exp(z) / _exp(z).sum(axis=-1), lambda z: np.exp(z - z.max(axis=-1)) / _sum(np.exp(z - z.max(axis=-1))),
      lambda z: np.exp(z - z.max(axis=-1)) / np.exp(z - z.max(axis=-1)).sum(axis=-1)],
     "The sum or the maximum of each row has the shape (N,), and NumPy lines that up with the columns. In a square batch "
     "nothing complains, but each number belongs to another row. Which shape lines up with the rows?"),
    ("one bird is not a batch", lambda z: np.array([_exp(row) / _exp(row).sum() for row in map(np.atleast_1d, z)]).squeeze(),
     "For one bird, z has the shape (C,), and a loop over z visits single numbers instead of rows. Which axis is the "
     "classes' in both shapes?"),
    ("maximum of each column", lambda z: np.exp(z - z.max(axis=0)) / _sum(np.exp(z - z.max(axis=0))),
     "The maximum runs over the examples, so the scores of a row are lowered by different numbers."),
    ("one maximum for the whole batch", lambda z: np.exp(z - z.max()) / _sum(np.exp(z - z.max())),
     "The maximum of the whole batch is subtracted. A row far below it underflows to zeros, and 0 / 0 is NaN."),
    ("log instead of exp", lambda z: np.log(z) / _sum(np.log(z)),
     "This takes the logarithm of the scores, which does not exist for negative ones. Softmax uses the exponential."),
    ("no exponential", lambda z: z / _sum(z),
     "The scores themselves are divided by their sum. Scores may be negative; probabilities may not."),
    ("not normalised", _exp, "The rows do not sum to 1 yet. Divide each row by its own sum."),
    ("log-softmax", lambda z: z - np.logaddexp.reduce(z, axis=-1, keepdims=True),
     "This is the logarithm of the probabilities: no entry is positive."),
    ("all or nothing", lambda z: (z == _max(z)).astype(float),
     "The largest score gets probability 1 and the others get 0. Softmax leaves something for every class."),
    ("sigmoid", lambda z: 1 / (1 + np.exp(-z)),
     "Each score is turned into a number between 0 and 1 by itself, so the rows do not sum to 1."),
], forbidden=[helpers.softmax, helpers.log_softmax])  # fmt: skip

log_sum_exp = Exercise("log_sum_exp", _scores, lambda z: np.logaddexp.reduce(z, axis=-1), [
    ("no shift", lambda z: np.log(np.exp(z).sum(axis=-1)),
     "exp(1000) overflows to infinity, and exp(-2000) underflows to 0. How did this page keep the exponential from "
     "overflowing? Whatever you subtract inside has to be added again outside."),
    ("shift not undone", lambda z: np.log(_exp(z).sum(axis=-1)),
     "You subtracted the maximum to avoid overflow, and that changes the result. In a softmax the shift cancels, because "
     "it is a quotient. Here it has to be undone."),
    ("no keepdims", lambda z: z.max(axis=-1) + np.log(np.exp(z - z.max(axis=-1)).sum(axis=-1)),
     "A maximum of shape (N,) lines up with the columns: column 0 is shifted by the maximum of row 0."),
    ("one maximum for the whole batch", lambda z: z.max() + np.log(np.exp(z - z.max()).sum(axis=-1)),
     "A row far below the maximum of the whole batch underflows to zeros. Each row needs its own maximum."),
    ("wrong axis", lambda z: np.logaddexp.reduce(z, axis=0),
     "The sum runs over the examples. The classes of one example are on the last axis."),
    ("one sum for the whole batch", [lambda z: np.logaddexp.reduce(z, axis=None), lambda z: np.log(np.exp(z).sum())],
     "All rows went into one sum. Each row has a sum of its own."),
    ("maximum subtracted", lambda z: np.log(_sum(_exp(z)))[..., 0] - z.max(axis=-1),
     "The maximum was subtracted inside, so it has to be added outside, and not subtracted once more."),
    ("only the maximum", lambda z: z.max(axis=-1),
     "This is the maximum of each row. The result is close to it, but the other classes count as well."),
], forbidden=[helpers.softmax, helpers.log_softmax])  # fmt: skip


def _temperatures(rng):
    yield Case(z=tenths(rng, 3), T=2.0)
    yield Case(z=tenths(rng, (2, 3)), T=0.5)
    yield Case(z=rng.integers(-5, 6, 4), T=3.0)
    yield Case(z=tenths(rng, (3, 3)), T=0.01)
    yield Case(z=tenths(rng, (2, 3)) + 1000, T=0.1)
    yield Case("40 rows of 5 scores, T = 7", z=10 * rng.standard_normal((40, 5)), T=7.0)


softmax_at = Exercise("softmax_at", _temperatures, lambda z, T: helpers.softmax(z / T), [
    ("the temperature cancels",
     [lambda z, T: helpers.softmax(z), lambda z, T: np.exp(z - _max(z) / T) / _sum(np.exp(z - _max(z) / T))],
     "T has no effect. If it divides only the maximum, it shifts the whole row, and a shift cancels. If it divides the "
     "exponentials, it divides their sum as well. It should divide the scores."),
    ("T multiplies", lambda z, T: helpers.softmax(z * T),
     "High and low temperatures are exchanged. A high temperature should make the scores more alike."),
    ("the probabilities are divided", lambda z, T: helpers.softmax(z) / T,
     "The rows sum to 1 / T. The temperature divides the scores, before the exponential."),
    ("not normalised", lambda z, T: _exp(z / T), "The rows do not sum to 1. Divide each row by its own sum."),
    ("not normalised", lambda z, T: helpers.softmax(z) ** (1 / T),
     "Raising the probabilities to a power is a good idea, but then the rows no longer sum to 1."),
    ("whole numbers", lambda z, T: helpers.softmax(z // T),
     "The operator // drops the fraction of each quotient. Use / instead."),
    ("no shift", lambda z, T: np.exp(z / T) / _sum(np.exp(z / T)),
     "Large scores and a low temperature overflow. After the division the largest exponent of a row should be 0."),
], forbidden=[helpers.softmax, helpers.log_softmax])  # fmt: skip


def _backwards(rng):
    def probabilities(n):
        return (1 + rng.multinomial(7, np.ones(3) / 3, n)) / 10

    yield Case(y=probabilities(1)[0], dy=tenths(rng, 3))
    yield Case(y=probabilities(2), dy=tenths(rng, (2, 3)))
    yield Case(y=probabilities(3), dy=tenths(rng, (3, 3)))
    yield Case("50 rows of 6 classes", y=helpers.softmax(rng.standard_normal((50, 6))), dy=rng.standard_normal((50, 6)))


def _by_jacobians(y, dy):
    jacobians = y[..., :, np.newaxis] * (np.eye(y.shape[-1]) - y[..., np.newaxis, :])
    return np.einsum("...ij,...i->...j", jacobians, dy)


softmax_backward = Exercise("softmax_backward", _backwards, _by_jacobians, [
    ("only the diagonal", lambda y, dy: dy * y * (1 - y),
     "y (1 - y) is the slope of a probability along its own score. A probability also depends on the other scores."),
    ("no keepdims", lambda y, dy: y * (dy - (y * dy).sum(axis=-1)),
     "The sums of the rows have the shape (N,), and NumPy lines that up with the columns."),
    ("one sum for the whole batch", lambda y, dy: y * (dy - (y * dy).sum()),
     "All rows share one sum. Each row should have its own."),
    ("wrong axis", lambda y, dy: y * (dy - (y * dy).sum(axis=0, keepdims=True)),
     "The sum runs over the examples, but the slopes of one example do not depend on another."),
    ("one example only", lambda y, dy: (np.diag(y) - np.outer(y, y)) @ dy,
     "np.diag and np.outer build the Jacobian of one example. Write out one entry of the product of the Jacobian and dy: "
     "which sum is the same for all entries of a row?"),
    ("mean instead of sum", lambda y, dy: y * (dy - (y * dy).mean(axis=-1, keepdims=True)),
     "What you subtract is the average of dy with the weights y. The weights already sum to 1, so there is nothing left to "
     "divide by."),
    ("unweighted average", lambda y, dy: y * (dy - dy.mean(axis=-1, keepdims=True)),
     "You subtract the plain average of dy. Classes with a higher probability should count more."),
    ("sum without weights", [lambda y, dy: y * (dy - _sum(dy)), lambda y, dy: y * (dy - y * _sum(dy))],
     "In the sum each entry of dy should be weighted by its probability."),
    ("missing factor y", [lambda y, dy: dy - _sum(y * dy), lambda y, dy: y * dy - _sum(y * dy)],
     "Every entry of the Jacobian has a factor y. One of these factors is missing."),
])  # fmt: skip
