"""The exercises of page 07: gradient checking."""

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Mistake, tenths

__all__ = ["check_of_gradients", "gradients_agree", "two_mistakes"]


def _networks(rng):
    for n, d, hidden, c in ((3, 2, 2, 2), (5, 2, 4, 3), (6, 3, 5, 2)):
        while True:
            x, W1, W2 = (rng.standard_normal(shape).round(1) for shape in ((n, d), (d, hidden), (hidden, c)))
            if np.min(np.abs(x @ W1)) > 1e-2:
                break
        yield Case(f"{n} examples, layers {d}-{hidden}-{c}", x=x, t=rng.integers(0, c, n), W1=W1, W2=W2)


def _measured(x, t, W1, W2):
    W1, W2 = W1.copy(), W2.copy()

    def loss(_):
        return helpers.softmax_cross_entropy(np.tanh(x @ W1) @ W2, t)

    return helpers.numerical_gradient(loss, W1), helpers.numerical_gradient(loss, W2)


def _backward(slope=lambda a, z1: 1 - a**2, left=lambda a, z1: a):
    def backward(x, t, W1, W2):
        z1 = x @ W1
        a = np.tanh(z1)
        dz2 = (helpers.softmax(a @ W2) - helpers.one_hot(t, W2.shape[1])) / len(x)
        return x.T @ (dz2 @ W2.T * slope(a, z1)), left(a, z1).T @ dz2

    return backward


two_mistakes = Exercise(
    "two_mistakes",
    _networks,
    _measured,
    [
        Mistake(
            "both are still there",
            "Both gradients disagree with measured slopes. Start with dW2, which depends on fewer lines.",
            _backward(lambda a, z1: 1 - z1**2, lambda a, z1: z1),
        ),
        Mistake(
            "dW1 is still wrong",
            "dW2 is right now. In dW1, one line takes the slope of tanh. Of which array?",
            _backward(lambda a, z1: 1 - z1**2),
            _backward(lambda a, z1: 1 - np.tanh(a) ** 2),
        ),
        Mistake(
            "dW2 is still wrong",
            "dW1 is right now. What does W2 multiply in the forward pass?",
            _backward(left=lambda a, z1: z1),
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
    smallest_scale=0.1,
)


def _pairs(rng):
    a = tenths(rng, (2, 3)) + 0.05
    large, small = 1000.0 * a, 1e-3 * a
    yield Case("slopes around 1, equal to 9 digits", a=a, b=a * (1 + 1e-9))
    yield Case("slopes around 1000, equal to 9 digits", a=large, b=large * (1 + 1e-9))
    yield Case("slopes around 0.001, one of which is half of the other", a=small, b=small / 2)
    mixed = a.copy()
    mixed[0, 0] = 0.0
    yield Case("one slope is exactly 0, and 1e-12 in the other array", a=mixed, b=mixed + 1e-12 * (mixed == 0))
    wrong = a.copy()
    wrong[1, 2] += 0.1
    yield Case("one of six slopes is off by 0.1", a=a, b=wrong)
    yield Case("all slopes are 0 in both arrays", a=0 * a, b=0 * a)
    yield Case("all slopes are 0 in one array only", a=0 * a, b=a)


def _relative(a, b):
    largest = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= 1e-6 * largest)


gradients_agree = Exercise(
    "gradients_agree",
    _pairs,
    _relative,
    [
        Mistake(
            "an absolute tolerance",
            "The difference is compared with a fixed number. It is too strict for slopes near 1000, too loose for slopes "
            "around 0.001.",
            lambda a, b: bool(np.all(np.abs(a - b) < 1e-6)),
            lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6)),
        ),
        Mistake(
            "each entry by itself",
            "Each difference is divided by its own entry. A slope that is exactly 0 in one array never agrees with 1e-12 "
            "in the other. Divide by the largest slope of either array.",
            lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6 * np.maximum(np.abs(a), np.abs(b)))),
        ),
        Mistake(
            "0 / 0",
            "If both arrays are zero, the relative error is 0 / 0. Zero slopes agree with zero slopes.",
            lambda a, b: bool(np.abs(a - b).max() / (max(np.abs(a).max(), np.abs(b).max()) or np.nan) < 1e-6),
        ),
        Mistake(
            "the mean difference",
            "A single wrong slope among many disappears in a mean. The largest difference decides.",
            lambda a, b: bool(np.abs(a - b).mean() <= 1e-2 * max(np.abs(a).max(), np.abs(b).max())),
        ),
    ],
)


def _candidates(rng):
    x = tenths(rng, (2, 3)) + 0.05

    def squares(x):
        return np.sum(x**2)

    yield Case("f = the sum of x ** 2, with the right gradient", f=squares, gradient=lambda x: 2 * x, x=x)
    yield Case("f = the sum of x ** 2, with the gradient x", f=squares, gradient=lambda x: x, x=x)
    yield Case(
        "f = the sum of sin(x), with the gradient -cos(x)", f=lambda x: np.sin(x).sum(), gradient=lambda x: -np.cos(x), x=x
    )
    yield Case(
        "f = 1000 times the sum of x ** 2, with the right gradient",
        f=lambda x: 1000 * squares(x),
        gradient=lambda x: 2000 * x,
        x=x,
    )
    yield Case(
        "f = the sum of exp(x), with one of six slopes off by 1 %",
        f=lambda x: np.exp(x).sum(),
        gradient=lambda x: np.exp(x) * (1 + 0.01 * (np.arange(6).reshape(2, 3) == 4)),
        x=x,
    )
    yield Case(
        "f = the sum of relu(x), with a gradient without the mask, where all x are positive",
        f=lambda x: np.maximum(x, 0).sum(),
        gradient=np.ones_like,
        x=np.abs(x) + 0.5,
    )


def _sees(f, gradient, x):
    rng = np.random.default_rng(0)
    return all(
        _relative(helpers.numerical_gradient(f, p.copy()), gradient(p.copy())) for p in (x, rng.standard_normal(x.shape))
    )


def _one_point(f, gradient, x):
    return _relative(helpers.numerical_gradient(f, x.copy()), gradient(x.copy()))


check_of_gradients = Exercise(
    "check_of_gradients",
    _candidates,
    _sees,
    [
        Mistake(
            "one point only",
            "At these x all units are on, and a forgotten mask changes nothing there. Compare at a second, random point.",
            _one_point,
        ),
        Mistake("always right", "This accepts every gradient.", lambda f, gradient, x: True),
        Mistake("always wrong", "This refuses every gradient, also the right ones.", lambda f, gradient, x: False),
        Mistake(
            "one entry only",
            "Only the first entry is compared. Another one may be wrong.",
            lambda f, gradient, x: bool(
                np.isclose(helpers.numerical_gradient(f, x.copy()).flat[0], gradient(x.copy()).flat[0], rtol=1e-5)
            ),
        ),
    ],
    forbidden=[helpers.check_gradient],
)
