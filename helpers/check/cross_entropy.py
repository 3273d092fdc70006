"""The exercises of page 02: cross-entropy."""

import itertools

import numpy as np

import helpers
from helpers import log_softmax, softmax
from helpers.check.engine import Case, Exercise, measured, tenths


def _probabilities(rng):
    def rows(n, classes):
        return (1 + rng.multinomial(20 - classes, np.ones(classes) / classes, n)) / 20

    yield Case(y=rows(1, 3), t=rng.integers(0, 3, 1))
    yield Case(y=rows(2, 3), t=rng.integers(0, 3, 2))
    yield Case(y=rows(3, 3), t=rng.permutation(3))
    yield Case(y=rows(1, 4), t=rng.integers(0, 4, 1))
    tiny = 10.0 ** -rng.integers(8, 12)
    yield Case(f"y = [[{tiny}, {1 - tiny}]], t = [0]", y=np.array([[tiny, 1 - tiny]]), t=np.array([0]))
    yield Case("50 rows of 6 classes", y=softmax(rng.standard_normal((50, 6))), t=rng.integers(0, 6, 50))


def _of_labels(rows, t):
    """Return the entry of each row that its label points at."""
    return rows[np.arange(len(rows)), t]


def _mean_loss(y, t):
    return sum(-np.log(p) for p in _of_labels(y, t)) / np.size(t)


_NOT_PAIRED = (
    "A slice such as y[:, t] reads every row at every label. Each row should be read at its own label only. How do you pair "
    "the rows with the labels?"
)
cross_entropy = Exercise("cross_entropy", _probabilities, _mean_loss, [
    ("no minus", lambda y, t: np.mean(np.log(_of_labels(y, t))),
     "The logarithm of a probability is never positive, and a loss is never negative."),
    ("sum instead of mean", lambda y, t: -np.sum(np.log(_of_labels(y, t))),
     "The losses of the batch are added up. Divide by the number of examples, or a larger batch has a larger loss."),
    ("one loss for each example", lambda y, t: -np.log(_of_labels(y, t)),
     "The losses of the single examples are right. The result should be their mean, one number."),
    ("divided by all entries", lambda y, t: -np.sum(np.log(_of_labels(y, t))) / np.size(y),
     "The sum is divided by the number of all entries of y. Only one entry of each row counts, so divide by the rows."),
    ("all classes count", [lambda y, t: -np.mean(np.log(y)), lambda y, t: -np.sum(np.log(y)) / np.size(t)],
     "The logarithms of all probabilities are added up or averaged. Only the probability of the label counts."),
    ("the label is not used", lambda y, t: -np.mean(np.log(np.max(y, axis=-1))),
     "This is the loss for the class that the network itself finds most likely. It grades its own answer, and t has no "
     "effect."),
    ("no logarithm", [lambda y, t: -np.mean(_of_labels(y, t)), lambda y, t: 1 - np.mean(_of_labels(y, t))],
     "This comes from a mean of probabilities. The loss of an example is minus the logarithm of its label's probability."),
    ("another base", [lambda y, t: -np.mean(np.log2(_of_labels(y, t))), lambda y, t: -np.mean(np.log10(_of_labels(y, t)))],
     "The logarithm has the base 2 or 10. The course uses the natural logarithm, np.log."),
    ("logarithm of the mean", lambda y, t: -np.log(np.mean(_of_labels(y, t))),
     "The mean is taken first and the logarithm second. Take the logarithm of each probability, and then the mean."),
    ("rows and labels not paired",
     [lambda y, t: -np.mean(np.log(y[:, t])), lambda y, t: -np.sum(np.log(y[:, t])) / np.size(t)], _NOT_PAIRED),
    ("the label picks a row", lambda y, t: -np.mean(np.log(y[t])),
     "y[t] picks whole rows, because the first index of y counts the examples. A label counts classes."),
    ("one-hot labels expected",
     [lambda y, t: -np.sum(t * np.log(y)) / np.size(t), lambda y, t: -np.sum(t * np.log(y)),
      lambda y, t: -np.mean(t * np.log(y))],
     "The labels are multiplied with the probabilities as if they were one-hot rows. Here t holds class indices."),
    ("a constant caps the loss",
     [lambda y, t: -np.mean(np.log(_of_labels(y, t) + 1e-7)),
      lambda y, t: -np.mean(np.log(np.maximum(_of_labels(y, t), 1e-7)))],
     "A small constant such as 1e-7 keeps the logarithm finite, and many programs have one. It also caps the loss: no loss "
     "exceeds 16.1 then, and this one should. Leave the constant out here; the page comes back to it."),
], forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy])  # fmt: skip


def _examples(rng):
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2))
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3))
    yield Case(z=tenths(rng, (1, 4)), t=rng.integers(0, 4, 1))
    yield Case(z=np.array([[0.0, 1000.0], [30.0, 0.0]]) + tenths(rng, (2, 1)), t=np.array([0, 1]))
    yield Case("100 rows of 5 logits", z=3 * rng.standard_normal((100, 5)), t=rng.integers(0, 5, 100))


example_losses = Exercise("example_losses", _examples,
    lambda z, t: np.array([helpers.softmax_cross_entropy(row, label) for row, label in zip(z, t, strict=True)]), [
    ("the mean", lambda z, t: -_of_labels(log_softmax(z), t).mean(),
     "This is the mean of the batch. The task asks for one loss for each example."),
    ("rows and labels not paired", lambda z, t: -log_softmax(z)[:, t], _NOT_PAIRED),
    ("no minus", lambda z, t: _of_labels(log_softmax(z), t),
     "The logarithm of a probability is never positive, and a loss is never negative."),
    ("logarithm taken too late", lambda z, t: -np.log(_of_labels(softmax(z), t)),
     "A probability had already been rounded to 0, or an exponential had overflowed, when the logarithm was taken."),
    ("a constant caps the loss",
     [lambda z, t: -np.log(_of_labels(softmax(z), t) + 1e-7),
      lambda z, t: -np.log(np.maximum(_of_labels(softmax(z), t), 1e-300))],
     "A constant inside the logarithm keeps it finite, and it also caps the loss. There is a way that needs none."),
    ("the label is not used", lambda z, t: -log_softmax(z).max(axis=-1),
     "This is the loss for the class that the network itself finds most likely. t has no effect."),
    ("no softmax", lambda z, t: -_of_labels(z, t),
     "This is minus the logit of the label. What turns logits into probabilities?"),
], forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy])  # fmt: skip


def _soft_labels(rng):
    def labels(n, classes):
        return rng.multinomial(10, np.ones(classes) / classes, n) / 10

    yield Case(z=tenths(rng, (2, 3)), t=labels(2, 3))
    yield Case(z=tenths(rng, (3, 3)), t=labels(3, 3))
    yield Case(z=tenths(rng, (1, 4)), t=labels(1, 4))
    yield Case("50 rows of 6 logits", z=3 * rng.standard_normal((50, 6)), t=labels(50, 6))


def _entropy(t):
    return -np.sum(t * np.log(np.where(t > 0, t, 1))) / len(t)


soft_cross_entropy = Exercise("soft_cross_entropy", _soft_labels, helpers.softmax_cross_entropy, [
    ("mean of all entries", lambda z, t: -np.mean(t * log_softmax(z)),
     "np.mean divides by the number of all entries. The loss of one example is a sum over its classes."),
    ("sum over the batch", lambda z, t: -np.sum(t * log_softmax(z)),
     "The losses of the examples are added up. The loss of a batch is their mean."),
    ("divided by the classes", lambda z, t: -np.sum(t * log_softmax(z)) / z.shape[-1],
     "The sum is divided by the number of classes. The mean is taken over the examples."),
    ("hard labels", lambda z, t: -np.mean(_of_labels(log_softmax(z), t.argmax(axis=-1))),
     "Each soft label was reduced to its most likely class. Its other classes count as well."),
    ("entropy subtracted", lambda z, t: -np.sum(t * log_softmax(z)) / len(z) - _entropy(t),
     "This is 0 for a perfect prediction: it is the Kullback-Leibler divergence. The cross-entropy also contains the "
     "entropy of the label."),
    ("no minus", lambda z, t: np.mean(np.sum(t * log_softmax(z), axis=-1)), "A loss is never negative."),
    ("no logarithm", lambda z, t: -np.mean(np.sum(t * softmax(z), axis=-1)),
     "This is minus the probability that the label was given. The loss is minus the logarithm of the probabilities."),
], forbidden=[helpers.cross_entropy, helpers.softmax_cross_entropy])  # fmt: skip


def _smoothings(rng):
    yield Case(z=tenths(rng, (1, 3)), t=rng.integers(0, 3, 1), e=0.3)
    yield Case(z=tenths(rng, (2, 3)), t=rng.integers(0, 3, 2), e=0.3)
    yield Case(z=tenths(rng, (3, 3)), t=rng.permutation(3), e=0.6)
    yield Case("20 rows of 5 logits, e = 0.1", z=2 * rng.standard_normal((20, 5)), t=rng.integers(0, 5, 20), e=0.1)


def _smoothed(rows, e, classes):
    return (1 - e) * rows + e / classes


def _measured(z, t, e):
    label = _smoothed(helpers.one_hot(t, z.shape[1]), e, z.shape[1])
    return measured(lambda z: helpers.softmax_cross_entropy(z, label), z)[0]


def _slope(label=_smoothed):
    """Return an answer that takes label(rows of one-hot labels, e, C) for the smoothed label."""

    def slope(z, t, e):
        classes = z.shape[1]
        return (softmax(z) - label(helpers.one_hot(t, classes), e, classes)) / len(z)

    return slope


smoothed_slope = Exercise("smoothed_slope", _smoothings, _measured, [
    ("no mean", lambda z, t, e: len(z) * _slope()(z, t, e),
     "The loss is a mean over N examples, so each row has an N-th of its influence. A factor is missing."),
    ("wrong sign", lambda z, t, e: -_slope()(z, t, e),
     "The slope is the prediction minus the label, in this order."),
    ("not smoothed",
     [_slope(lambda rows, e, classes: rows), lambda z, t, e: len(z) * _slope(lambda rows, e, classes: rows)(z, t, e)],
     "This is the slope for the label as it was: e has no effect."),
    ("spread over the other classes", _slope(lambda rows, e, classes: (1 - e) * rows + e / (classes - 1) * (1 - rows)),
     "Here e goes to the C - 1 other classes. The task spreads it over all C, and the right class gets a share, too."),
    ("label sums to more than 1", _slope(lambda rows, e, classes: rows + e / classes),
     "What is spread over the classes has to be taken from the label first."),
    ("label sums to less than 1", _slope(lambda rows, e, classes: (1 - e) * rows),
     "The share e was taken from the label, but it was not given to the classes."),
    ("right class without its share", _slope(lambda rows, e, classes: (1 - e) * rows + e / classes * (1 - rows)),
     "The right class keeps 1 - e, and in addition it gets its share of what is spread."),
    ("all of e for each class", _slope(lambda rows, e, classes: (1 - e) * rows + e),
     "Each class got the whole of e. It should be spread over them."),
    ("integer labels", _slope(lambda rows, e, classes: 0),
     "An array of integers cannot store fractions, so the label became 0. Make the rows an array of floats."),
], tolerance=1e-6)  # fmt: skip


def _honest(z, t):
    """Return the cross-entropy, with exactly the same loss for equal logits."""
    return -np.mean(_of_labels(log_softmax(z), t))


def _losses(rng):
    z, batch = rng.permutation(5)[:3] / 2, np.sort(tenths(rng, (3, 4)), axis=-1) + np.array([0.0, 0.5, 1.0, 1.5])
    one, t, labels = z[np.newaxis], rng.integers(0, 3, 1), rng.permutation(4)[:3]
    labels = labels if labels[0] else labels[::-1]  # so that label 0 in place of the first one is another label
    tied, where = np.array([[1.0, 1.0, 1.0, 1.0 + rng.integers(1, 5)]]), rng.integers(0, 4)
    mirrored, zeros = np.eye(2) * rng.integers(1, 9), np.zeros(2, int)

    def grades_itself(z, t):
        if np.shape(t) != (len(z),) or np.asarray(t).dtype.kind not in "iu":
            raise ValueError("t must hold one class index for each example")
        return _honest(z, z.argmax(axis=-1))

    def with_constant(z, t):
        return -np.mean(np.log(_of_labels(softmax(z), t) + 1e-7))

    cases = [
        Case("the cross-entropy, one example", loss=_honest, z=one, t=t),
        Case("a loss that grades itself, one example", loss=grades_itself, z=one, t=t),
        Case("the cross-entropy, three examples", loss=_honest, z=batch, t=labels),
        Case("a loss that grades itself, three examples", loss=grades_itself, z=batch, t=labels),
        Case("the cross-entropy, three of four logits equal", loss=_honest, z=np.roll(tied, where), t=np.array([where])),
        Case("the cross-entropy, two examples that mirror each other", loss=_honest, z=mirrored, t=zeros),
        Case("a loss that always uses class 0 as the label", loss=lambda z, t: _honest(z, 0 * t), z=batch, t=labels),
        Case("a loss that uses only the last example", loss=lambda z, t: _honest(z[-1:], t[-1:]), z=batch, t=labels),
        Case("the cross-entropy with 1e-7 inside the logarithm", loss=with_constant, z=batch, t=labels),
    ]
    yield from (cases[k] for k in rng.permutation(len(cases)))


def _trying(others):
    """Return an answer that compares the loss for t with the loss for each of others(t, C)."""
    return lambda loss, z, t: any(bool(loss(z, np.array(other)) != loss(z, t)) for other in others(t, z.shape[1]))


_by_all_labels = _trying(lambda t, C: itertools.product(range(C), repeat=len(t)))


def _in_place(loss, z, t):
    before = loss(z, t)
    t += 1
    t %= z.shape[1]
    return bool(loss(z, t) != before)


reads_label = Exercise("reads_label", _losses, _by_all_labels, [
    ("always True", lambda loss, z, t: True, "Some of these losses never use the label, though they raise an error "
     "if t is a word. Give them other class indices, and compare the results."),
    ("always False", lambda loss, z, t: False, "Some of these losses do use the label."),
    ("True and False exchanged", lambda loss, z, t: not _by_all_labels(loss, z, t),
     "True should mean that the loss uses the label."),
    ("only one other label tried",
     [_trying(lambda t, C: [(t + 1) % C]),
      _trying(lambda t, C: [np.where(np.arange(len(t)) == n, (t + 1) % C, t) for n in range(len(t))])],
     "Two classes can have the same probability, and then the loss is the same although it uses the label. Try all other "
     "labels."),
    ("returns too soon", _trying(lambda t, C: [[0, *t[1:]]]),
     "Your function returns after the first label that it tries. `return False` belongs after both loops."),
    ("only one example tried", _trying(lambda t, C: [[(t[0] + 1) % C, *t[1:]]]),
     "Only the label of the first example was changed. A loss may use the others."),
    ("all labels changed together", _trying(lambda t, C: [(t + k) % C for k in range(C)]),
     "If all labels change together, one example can lose what another one gains, and the mean stays the same. Change the "
     "label of one example at a time."),
    ("same labels in another order", _trying(lambda t, C: [t[::-1]]),
     "A single example has only one order. Give it another class instead."),
    ("changed labels", _in_place,
     "t belongs to the caller, and after the call it holds other labels. Put the other labels into a new array."),
])  # fmt: skip
