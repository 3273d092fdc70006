"""The exercises of notebook 02: cross-entropy."""

import itertools

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip
from helpers.check.softmax import tenths
from helpers.functions import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy
from helpers.gradients import numerical_gradient

__all__ = ["prices", "reads_label", "smoothed_slope", "soft_cross_entropy"]


def _examples(rng):
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2))
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3))
    yield Case(z=tenths(rng, (1, 4)), t=rng.integers(0, 4, 1))
    yield Case(z=np.array([[0.0, 1000.0], [30.0, 0.0]]) + tenths(rng, (2, 1)), t=np.array([0, 1]))
    yield Case("100 rows of 5 logits", z=3 * rng.standard_normal((100, 5)), t=rng.integers(0, 5, 100))


def _at(rows, t):
    return rows[np.arange(len(rows)), t]


prices = Exercise(
    "prices",
    _examples,
    lambda z, t: np.array([softmax_cross_entropy(row, label) for row, label in zip(z, t, strict=True)]),
    [
        Slip(
            "the mean",
            "Asked for is one price for each example, not their mean.",
            lambda z, t: -_at(log_softmax(z), t).mean(),
        ),
        Slip(
            "not paired",
            "A slice reads every row at every label: rows and labels must be paired.",
            lambda z, t: -log_softmax(z)[:, t],
        ),
        Slip(
            "sign",
            "A logarithm of a probability is never positive, a price never negative.",
            lambda z, t: _at(log_softmax(z), t),
        ),
        Slip(
            "logarithm too late",
            "A probability was rounded to 0, or an exponential overflowed, before the logarithm was taken.",
            lambda z, t: -np.log(_at(softmax(z), t)),
        ),
        Slip(
            "a pinch",
            "A constant inside the logarithm caps the price. There is a way that needs none.",
            lambda z, t: -np.log(_at(softmax(z), t) + 1e-7),
        ),
        Slip(
            "graded by itself",
            "This is the price of the network's own favourite. The label was not used.",
            lambda z, t: -log_softmax(z).max(axis=-1),
        ),
        Slip(
            "no softmax", "This picks the logit of the label. What turns logits into probabilities?", lambda z, t: -_at(z, t)
        ),
    ],
    instead_of=[cross_entropy, softmax_cross_entropy],
)


def _soft_labels(rng):
    def labels(n, classes):
        return rng.multinomial(10, np.ones(classes) / classes, n) / 10

    yield Case(z=tenths(rng, (2, 3)), t=labels(2, 3))
    yield Case(z=tenths(rng, (3, 3)), t=labels(3, 3))
    yield Case(z=tenths(rng, (1, 4)), t=labels(1, 4))
    yield Case("50 rows of 6 logits", z=3 * rng.standard_normal((50, 6)), t=labels(50, 6))


def _entropy(t):
    return -np.sum(t * np.log(np.where(t > 0, t, 1))) / len(t)


soft_cross_entropy = Exercise(
    "soft_cross_entropy",
    _soft_labels,
    softmax_cross_entropy,
    [
        Slip(
            "the mean of all entries",
            "np.mean divides by the number of all entries, and the price of one example is a sum over classes.",
            lambda z, t: -np.mean(t * log_softmax(z)),
        ),
        Slip("the sum over the batch", "The loss of a batch is the mean price.", lambda z, t: -np.sum(t * log_softmax(z))),
        Slip(
            "divided by the classes",
            "It was divided by the number of classes; the mean is over examples. len(z), or which axis?",
            lambda z, t: -np.sum(t * log_softmax(z)) / z.shape[-1],
        ),
        Slip(
            "hard labels",
            "Each soft label was turned into a single class: the rest of it counts, too.",
            lambda z, t: -np.mean(_at(log_softmax(z), t.argmax(axis=-1))),
        ),
        Slip(
            "entropy taken off",
            "This is 0 for a perfect prediction, the Kullback-Leibler divergence. The label's entropy is part of the price.",
            lambda z, t: -np.sum(t * log_softmax(z)) / len(z) - _entropy(t),
        ),
        Slip("sign", "A price is never negative.", lambda z, t: np.mean(np.sum(t * log_softmax(z), axis=-1))),
        Slip(
            "no logarithm",
            "This is the probability that the label was given. Its price is minus its logarithm.",
            lambda z, t: -np.mean(np.sum(t * softmax(z), axis=-1)),
        ),
    ],
    instead_of=[cross_entropy, softmax_cross_entropy],
)


def _smoothings(rng):
    yield Case(z=tenths(rng, (1, 3)), t=rng.integers(0, 3, 1), e=0.3)
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2), e=0.3)
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3), e=0.6)
    yield Case("20 rows of 5 logits, e = 0.1", z=2 * rng.standard_normal((20, 5)), t=rng.integers(0, 5, 20), e=0.1)


def _smoothed(z, t, e):
    return (1 - e) * one_hot(t, z.shape[1]) + e / z.shape[1]


def _off(z, target):
    return (softmax(z) - target) / len(z)


smoothed_slope = Exercise(
    "smoothed_slope",
    _smoothings,
    lambda z, t, e: numerical_gradient(lambda z: softmax_cross_entropy(z, _smoothed(z, t, e)), z.copy()),
    [
        Slip(
            "no mean",
            "The loss is a mean over N examples: each row feels an N-th of it.",
            lambda z, t, e: len(z) * _off(z, _smoothed(z, t, e)),
        ),
        Slip(
            "sign", "What the network said minus what is true, in this order.", lambda z, t, e: -_off(z, _smoothed(z, t, e))
        ),
        Slip(
            "not smoothed",
            "This is the slope for the label as it was: e has no effect.",
            lambda z, t, e: _off(z, one_hot(t, z.shape[1])),
        ),
        Slip(
            "spread over the others",
            "Here e goes to the C - 1 wrong classes. The task spreads it over all C, the right one among them.",
            lambda z, t, e: _off(z, (1 - e) * one_hot(t, z.shape[1]) + e / (z.shape[1] - 1) * (1 - one_hot(t, z.shape[1]))),
        ),
        Slip(
            "more than 1",
            "The rows of the label sum to more than 1: what is spread must be taken from the label first.",
            lambda z, t, e: _off(z, one_hot(t, z.shape[1]) + e / z.shape[1]),
        ),
        Slip(
            "less than 1",
            "The rows of the label do not sum to 1: what was taken from the label is to be spread over all classes.",
            lambda z, t, e: _off(z, (1 - e) * one_hot(t, z.shape[1])),
        ),
        Slip(
            "the label without its share",
            "The right class keeps 1 - e, and gets its part of what is spread, besides.",
            lambda z, t, e: _off(z, (1 - e) * one_hot(t, z.shape[1]) + e / z.shape[1] * (1 - one_hot(t, z.shape[1]))),
        ),
        Slip(
            "each gets all of e",
            "Each class was given the whole of e. It is to be spread over them.",
            lambda z, t, e: _off(z, (1 - e) * one_hot(t, z.shape[1]) + e),
        ),
        Slip(
            "integer labels",
            "An array of integers has no room for 0.9: it became 0, and no label is left. Make the rows of floats.",
            lambda z, t, e: _off(z, 0),
        ),
    ],
    tolerance=1e-6,
)


def _honest(z, t):
    """Equal logits have equal prices here, to the last bit."""
    return -np.mean(_at(log_softmax(z), t))


def _graded_by_itself(z, t):
    return _honest(z, z.argmax(axis=-1))


def _last_one(z, t):
    return -log_softmax(z[-1])[t[-1]]


def _with_pinch(z, t):
    return -np.mean(np.log(_at(softmax(z), t) + 1e-7))


def _label_free(z, t):
    return -np.mean(log_softmax(z)[:, 0])


def _all_losses(rng):
    z, batch = rng.permutation(5)[:3] / 2, np.sort(tenths(rng, (3, 4)), axis=-1) + np.array([0.0, 0.5, 1.0, 1.5])
    t, labels = rng.integers(0, 3, 1), rng.permutation(4)[:3]
    yield Case("the cross-entropy, one example", loss=_honest, z=z[np.newaxis], t=t)
    yield Case("a loss that grades itself, one example", loss=_graded_by_itself, z=z[np.newaxis], t=t)
    yield Case("the cross-entropy of three examples", loss=_honest, z=batch, t=labels)
    yield Case("a loss that grades itself, three examples", loss=_graded_by_itself, z=batch, t=labels)
    tied = np.array([[1.0, 1.0, 1.0, 1.0 + rng.integers(1, 5)]])
    where = rng.integers(0, 4)
    yield Case(
        "the cross-entropy, three of four logits equal",
        loss=_honest,
        z=np.roll(tied, where),
        t=np.array([where]),
    )
    mirror = np.eye(2) * rng.integers(1, 9)
    yield Case(
        "the cross-entropy of two examples that mirror each other",
        loss=_honest,
        z=mirror,
        t=np.zeros(2, int),
    )
    yield Case("a loss that takes class 0 for the label", loss=_label_free, z=batch, t=labels)
    yield Case("a loss that looks at the last example only", loss=_last_one, z=batch, t=labels)
    yield Case("the cross-entropy with a pinch of 1e-7", loss=_with_pinch, z=batch, t=labels)


def _losses(rng):
    losses = list(_all_losses(rng))
    yield from (losses[k] for k in rng.permutation(len(losses)))


def _by_all_labels(loss, z, t):
    return any(loss(z, np.array(other)) != loss(z, t) for other in itertools.product(range(z.shape[1]), repeat=len(t)))


def _first_changed(loss, z, t):
    other = t.copy()
    other[0] = (t[0] + 1) % z.shape[1]
    return bool(loss(z, other) != loss(z, t))


def _moved(loss, z, t, others):
    return any(bool(loss(z, other) != loss(z, t)) for other in others)


def _in_place(loss, z, t):
    before = loss(z, t)
    t += 1
    t %= z.shape[1]
    return bool(loss(z, t) != before)


_TOGETHER = "What one example loses another can win, and the mean stays: change the label of one example at a time."
reads_label = Exercise(
    "reads_label",
    _losses,
    _by_all_labels,
    [
        Slip("always True", "Some of these losses never look at the label.", lambda loss, z, t: True),
        Slip("always False", "Some of these losses do look at the label.", lambda loss, z, t: False),
        Slip("upside down", "True is to mean that the label is read.", lambda loss, z, t: not _by_all_labels(loss, z, t)),
        Slip(
            "one other label tried",
            "Two classes can have the same probability, and then an honest loss does not move: try all the other labels.",
            lambda loss, z, t: bool(loss(z, (t + 1) % z.shape[1]) != loss(z, t)),
        ),
        Slip(
            "one example tried",
            "Only the label of the first example was changed. A loss may read the others.",
            _first_changed,
        ),
        Slip(
            "all labels moved together",
            _TOGETHER,
            lambda loss, z, t: _moved(loss, z, t, [(t + k) % z.shape[1] for k in range(1, z.shape[1])]),
        ),
        Slip(
            "all labels moved together",
            _TOGETHER,
            lambda loss, z, t: _moved(loss, z, t, [np.full_like(t, k) for k in range(z.shape[1])]),
        ),
        Slip(
            "the same labels in another order",
            "A single example has no other order: give it another class.",
            lambda loss, z, t: _moved(loss, z, t, [t[::-1]]),
        ),
        Slip("changed labels", "t is the caller's, and it came back with other labels: make new ones.", _in_place),
    ],
)
