"""The exercises of page 02: cross-entropy."""

import itertools

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Mistake, tenths

__all__ = ["cross_entropy", "example_losses", "reads_label", "smoothed_slope", "soft_cross_entropy"]


def _probabilities(rng):
    def rows(n, classes):
        return (1 + rng.multinomial(20 - classes, np.ones(classes) / classes, n)) / 20

    yield Case(y=rows(1, 3), t=rng.integers(0, 3, 1))
    yield Case(y=rows(2, 3), t=rng.integers(0, 3, 2))
    yield Case(y=rows(3, 3), t=rng.permutation(3))
    yield Case(y=rows(1, 4), t=rng.integers(0, 4, 1))
    tiny = 10.0 ** -rng.integers(8, 12)
    yield Case(f"y = [[{tiny}, {1 - tiny}]], t = [0]", y=np.array([[tiny, 1 - tiny]]), t=np.array([0]))
    yield Case("50 rows of 6 classes", y=helpers.softmax(rng.standard_normal((50, 6))), t=rng.integers(0, 6, 50))


def _of_labels(rows, t):
    """Return the entry of each row that its label points at."""
    return rows[np.arange(len(rows)), t]


def _mean_loss(y, t):
    return sum(-np.log(p) for p in _of_labels(y, t)) / np.size(t)


_NOT_PAIRED = (
    "A slice such as y[:, t] reads every row at every label. Each row should be read at its own label only. How do you pair "
    "the rows with the labels?"
)
cross_entropy = Exercise(
    "cross_entropy",
    _probabilities,
    _mean_loss,
    [
        Mistake(
            "no minus",
            "The logarithm of a probability is never positive, and a loss is never negative.",
            lambda y, t: np.mean(np.log(_of_labels(y, t))),
        ),
        Mistake(
            "sum instead of mean",
            "The losses of the batch are added up. Divide by the number of examples, or a larger batch has a larger loss.",
            lambda y, t: -np.sum(np.log(_of_labels(y, t))),
        ),
        Mistake(
            "one loss for each example",
            "The losses of the single examples are right. The result should be their mean, one number.",
            lambda y, t: -np.log(_of_labels(y, t)),
        ),
        Mistake(
            "divided by all entries",
            "The sum is divided by the number of all entries of y. Only one entry of each row counts, so divide by the "
            "rows.",
            lambda y, t: -np.sum(np.log(_of_labels(y, t))) / np.size(y),
        ),
        Mistake(
            "all classes count",
            "The logarithms of all probabilities are added up or averaged. Only the probability of the label counts.",
            lambda y, t: -np.mean(np.log(y)),
            lambda y, t: -np.sum(np.log(y)) / np.size(t),
        ),
        Mistake(
            "the label is not used",
            "This is the loss for the class that the network itself finds most likely. It grades its own answer, and t "
            "has no effect.",
            lambda y, t: -np.mean(np.log(np.max(y, axis=-1))),
        ),
        Mistake(
            "no logarithm",
            "This comes from a mean of probabilities. The loss of an example is minus the logarithm of its label's "
            "probability.",
            lambda y, t: -np.mean(_of_labels(y, t)),
            lambda y, t: 1 - np.mean(_of_labels(y, t)),
        ),
        Mistake(
            "another base",
            "The logarithm has the base 2 or 10. The course uses the natural logarithm, np.log.",
            lambda y, t: -np.mean(np.log2(_of_labels(y, t))),
            lambda y, t: -np.mean(np.log10(_of_labels(y, t))),
        ),
        Mistake(
            "logarithm of the mean",
            "The mean is taken first and the logarithm second. Take the logarithm of each probability, and then the mean.",
            lambda y, t: -np.log(np.mean(_of_labels(y, t))),
        ),
        Mistake(
            "rows and labels not paired",
            _NOT_PAIRED,
            lambda y, t: -np.mean(np.log(y[..., t])),
            lambda y, t: -np.mean(np.log(y[:, t])),
            lambda y, t: -np.sum(np.log(y[..., t])) / np.size(t),
        ),
        Mistake(
            "one-hot labels expected",
            "The labels are multiplied with the probabilities as if they were one-hot rows. Here t holds class indices.",
            lambda y, t: -np.sum(t * np.log(y)) / np.size(t),
            lambda y, t: -np.sum(t * np.log(y)),
        ),
        Mistake(
            "a constant caps the loss",
            "A small constant such as 1e-7 keeps the logarithm finite, and many programs have one. It also caps the loss: "
            "no loss exceeds 16.1 then, and this one should. Leave the constant out here; the page comes back to it.",
            lambda y, t: -np.mean(np.log(_of_labels(y, t) + 1e-7)),
            lambda y, t: -np.mean(np.log(np.maximum(_of_labels(y, t), 1e-7))),
        ),
    ],
    forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy],
)


def _examples(rng):
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2))
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3))
    yield Case(z=tenths(rng, (1, 4)), t=rng.integers(0, 4, 1))
    yield Case(z=np.array([[0.0, 1000.0], [30.0, 0.0]]) + tenths(rng, (2, 1)), t=np.array([0, 1]))
    yield Case("100 rows of 5 logits", z=3 * rng.standard_normal((100, 5)), t=rng.integers(0, 5, 100))


_log_softmax, _softmax = helpers.log_softmax, helpers.softmax
example_losses = Exercise(
    "example_losses",
    _examples,
    lambda z, t: np.array([helpers.softmax_cross_entropy(row, label) for row, label in zip(z, t, strict=True)]),
    [
        Mistake(
            "the mean",
            "This is the mean of the batch. The task asks for one loss for each example.",
            lambda z, t: -_of_labels(_log_softmax(z), t).mean(),
        ),
        Mistake("rows and labels not paired", _NOT_PAIRED, lambda z, t: -_log_softmax(z)[:, t]),
        Mistake(
            "no minus",
            "The logarithm of a probability is never positive, and a loss is never negative.",
            lambda z, t: _of_labels(_log_softmax(z), t),
        ),
        Mistake(
            "logarithm taken too late",
            "A probability had already been rounded to 0, or an exponential had overflowed, when the logarithm was taken.",
            lambda z, t: -np.log(_of_labels(_softmax(z), t)),
        ),
        Mistake(
            "a constant caps the loss",
            "A constant inside the logarithm keeps it finite, and it also caps the loss. There is a way that needs none.",
            lambda z, t: -np.log(_of_labels(_softmax(z), t) + 1e-7),
        ),
        Mistake(
            "the label is not used",
            "This is the loss for the class that the network itself finds most likely. t has no effect.",
            lambda z, t: -_log_softmax(z).max(axis=-1),
        ),
        Mistake(
            "no softmax",
            "This is minus the logit of the label. What turns logits into probabilities?",
            lambda z, t: -_of_labels(z, t),
        ),
    ],
    forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy],
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
    helpers.softmax_cross_entropy,
    [
        Mistake(
            "mean of all entries",
            "np.mean divides by the number of all entries. The loss of one example is a sum over its classes.",
            lambda z, t: -np.mean(t * _log_softmax(z)),
        ),
        Mistake(
            "sum over the batch",
            "The losses of the examples are added up. The loss of a batch is their mean.",
            lambda z, t: -np.sum(t * _log_softmax(z)),
        ),
        Mistake(
            "divided by the classes",
            "The sum is divided by the number of classes. The mean is taken over the examples.",
            lambda z, t: -np.sum(t * _log_softmax(z)) / z.shape[-1],
        ),
        Mistake(
            "hard labels",
            "Each soft label was reduced to its most likely class. Its other classes count as well.",
            lambda z, t: -np.mean(_of_labels(_log_softmax(z), t.argmax(axis=-1))),
        ),
        Mistake(
            "entropy subtracted",
            "This is 0 for a perfect prediction: it is the Kullback-Leibler divergence. The cross-entropy also contains the "
            "entropy of the label.",
            lambda z, t: -np.sum(t * _log_softmax(z)) / len(z) - _entropy(t),
        ),
        Mistake("no minus", "A loss is never negative.", lambda z, t: np.mean(np.sum(t * _log_softmax(z), axis=-1))),
        Mistake(
            "no logarithm",
            "This is minus the probability that the label was given. The loss is minus the logarithm of the probabilities.",
            lambda z, t: -np.mean(np.sum(t * _softmax(z), axis=-1)),
        ),
    ],
    forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy],
)


def _smoothings(rng):
    yield Case(z=tenths(rng, (1, 3)), t=rng.integers(0, 3, 1), e=0.3)
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2), e=0.3)
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3), e=0.6)
    yield Case("20 rows of 5 logits, e = 0.1", z=2 * rng.standard_normal((20, 5)), t=rng.integers(0, 5, 20), e=0.1)


def _slope(label, mean=True):
    """Return an answer that takes label(rows of one-hot labels, e, C) for the smoothed label."""

    def slope(z, t, e):
        classes = z.shape[1]
        return (_softmax(z) - label(helpers.one_hot(t, classes), e, classes)) / (len(z) if mean else 1)

    return slope


def _smoothed(rows, e, classes):
    return (1 - e) * rows + e / classes


def _measured(z, t, e):
    label = _smoothed(helpers.one_hot(t, z.shape[1]), e, z.shape[1])
    return helpers.numerical_gradient(lambda z: helpers.softmax_cross_entropy(z, label), z.copy())


smoothed_slope = Exercise(
    "smoothed_slope",
    _smoothings,
    _measured,
    [
        Mistake(
            "no mean",
            "The loss is a mean over N examples, so each row has an N-th of its influence. A factor is missing.",
            _slope(_smoothed, mean=False),
        ),
        Mistake(
            "wrong sign",
            "The slope is the prediction minus the label, in this order.",
            lambda z, t, e: -_slope(_smoothed)(z, t, e),
        ),
        Mistake(
            "not smoothed",
            "This is the slope for the label as it was: e has no effect.",
            _slope(lambda rows, e, classes: rows),
        ),
        Mistake(
            "spread over the other classes",
            "Here e goes to the C - 1 other classes. The task spreads it over all C, and the right class gets a share, too.",
            _slope(lambda rows, e, classes: (1 - e) * rows + e / (classes - 1) * (1 - rows)),
        ),
        Mistake(
            "label sums to more than 1",
            "What is spread over the classes has to be taken from the label first.",
            _slope(lambda rows, e, classes: rows + e / classes),
        ),
        Mistake(
            "label sums to less than 1",
            "The share e was taken from the label, but it was not given to the classes.",
            _slope(lambda rows, e, classes: (1 - e) * rows),
        ),
        Mistake(
            "right class without its share",
            "The right class keeps 1 - e, and in addition it gets its share of what is spread.",
            _slope(lambda rows, e, classes: (1 - e) * rows + e / classes * (1 - rows)),
        ),
        Mistake(
            "all of e for each class",
            "Each class got the whole of e. It should be spread over them.",
            _slope(lambda rows, e, classes: (1 - e) * rows + e),
        ),
        Mistake(
            "integer labels",
            "An array of integers cannot store fractions, so the label became 0. Make the rows an array of floats.",
            _slope(lambda rows, e, classes: 0),
        ),
    ],
    tolerance=1e-6,
)


def _honest(z, t):
    """Return the cross-entropy, with exactly the same loss for equal logits."""
    return -np.mean(_of_labels(_log_softmax(z), t))


def _grades_itself(z, t):
    return _honest(z, z.argmax(axis=-1))


def _last_example(z, t):
    return -_log_softmax(z[-1])[t[-1]]


def _with_constant(z, t):
    return -np.mean(np.log(_of_labels(_softmax(z), t) + 1e-7))


def _class_0(z, t):
    return -np.mean(_log_softmax(z)[:, 0])


def _losses(rng):
    z, batch = rng.permutation(5)[:3] / 2, np.sort(tenths(rng, (3, 4)), axis=-1) + np.array([0.0, 0.5, 1.0, 1.5])
    one, t, labels = z[np.newaxis], rng.integers(0, 3, 1), rng.permutation(4)[:3]
    tied, where = np.array([[1.0, 1.0, 1.0, 1.0 + rng.integers(1, 5)]]), rng.integers(0, 4)
    mirrored, zeros = np.eye(2) * rng.integers(1, 9), np.zeros(2, int)
    cases = [
        Case("the cross-entropy, one example", loss=_honest, z=one, t=t),
        Case("a loss that grades itself, one example", loss=_grades_itself, z=one, t=t),
        Case("the cross-entropy, three examples", loss=_honest, z=batch, t=labels),
        Case("a loss that grades itself, three examples", loss=_grades_itself, z=batch, t=labels),
        Case("the cross-entropy, three of four logits equal", loss=_honest, z=np.roll(tied, where), t=np.array([where])),
        Case("the cross-entropy, two examples that mirror each other", loss=_honest, z=mirrored, t=zeros),
        Case("a loss that always uses class 0 as the label", loss=_class_0, z=batch, t=labels),
        Case("a loss that uses only the last example", loss=_last_example, z=batch, t=labels),
        Case("the cross-entropy with 1e-7 inside the logarithm", loss=_with_constant, z=batch, t=labels),
    ]
    yield from (cases[k] for k in rng.permutation(len(cases)))


def _by_all_labels(loss, z, t):
    return any(loss(z, np.array(other)) != loss(z, t) for other in itertools.product(range(z.shape[1]), repeat=len(t)))


def _first_changed(loss, z, t):
    other = t.copy()
    other[0] = (t[0] + 1) % z.shape[1]
    return bool(loss(z, other) != loss(z, t))


def _changes(loss, z, t, others):
    return any(bool(loss(z, other) != loss(z, t)) for other in others)


def _in_place(loss, z, t):
    before = loss(z, t)
    t += 1
    t %= z.shape[1]
    return bool(loss(z, t) != before)


reads_label = Exercise(
    "reads_label",
    _losses,
    _by_all_labels,
    [
        Mistake("always True", "Some of these losses never use the label.", lambda loss, z, t: True),
        Mistake("always False", "Some of these losses do use the label.", lambda loss, z, t: False),
        Mistake(
            "True and False exchanged",
            "True should mean that the loss uses the label.",
            lambda loss, z, t: not _by_all_labels(loss, z, t),
        ),
        Mistake(
            "only one other label tried",
            "Two classes can have the same probability, and then the loss is the same although it uses the label. Try all "
            "other labels.",
            lambda loss, z, t: bool(loss(z, (t + 1) % z.shape[1]) != loss(z, t)),
        ),
        Mistake(
            "only one example tried",
            "Only the label of the first example was changed. A loss may use the others.",
            _first_changed,
        ),
        Mistake(
            "all labels changed together",
            "If all labels change together, one example can lose what another one gains, and the mean stays the same. "
            "Change the label of one example at a time.",
            lambda loss, z, t: _changes(loss, z, t, [(t + k) % z.shape[1] for k in range(1, z.shape[1])]),
            lambda loss, z, t: _changes(loss, z, t, [np.full_like(t, k) for k in range(z.shape[1])]),
        ),
        Mistake(
            "same labels in another order",
            "A single example has only one order. Give it another class instead.",
            lambda loss, z, t: _changes(loss, z, t, [t[::-1]]),
        ),
        Mistake(
            "changed labels",
            "t belongs to the caller, and after the call it holds other labels. Put the other labels into a new array.",
            _in_place,
        ),
    ],
)
