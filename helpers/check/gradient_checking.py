"""The exercises of page 07: gradient checking."""

import numpy as np

import helpers
from helpers.check.engine import MEASURED, Case, Exercise, drawn, measured, off_kinks, tenths

__all__ = ["check_of_gradients", "gradients_agree", "two_mistakes"]


def _networks(rng):
    for n, d, hidden, c in ((3, 2, 2, 2), (5, 2, 4, 3), (6, 3, 5, 2)):
        shapes = ((n, d), (d, hidden), (hidden, c))
        x, W1, W2 = drawn(
            lambda shapes=shapes: [rng.standard_normal(shape).round(1) for shape in shapes],
            lambda x, W1, W2: off_kinks(x @ W1),
        )
        yield Case(f"{n} examples, layers {d}-{hidden}-{c}", x=x, t=rng.integers(0, c, n), W1=W1, W2=W2)


def _measured(x, t, W1, W2):
    return measured(lambda W1, W2: helpers.softmax_cross_entropy(np.tanh(x @ W1) @ W2, t), W1, W2)


def _backward(slope=lambda a, z1: 1 - a**2, left=lambda a, z1: a):
    def backward(x, t, W1, W2):
        z1 = x @ W1
        a = np.tanh(z1)
        dz2 = (helpers.softmax(a @ W2) - helpers.one_hot(t, W2.shape[1])) / len(x)
        return x.T @ (dz2 @ W2.T * slope(a, z1)), left(a, z1).T @ dz2

    return backward


two_mistakes = Exercise("two_mistakes", _networks, _measured, [
    ("both are still there", _backward(lambda a, z1: 1 - z1**2, lambda a, z1: z1),
     "Both gradients disagree with measured slopes. Start with dW2, which depends on fewer lines."),
    ("dW1 is still wrong", [_backward(lambda a, z1: 1 - z1**2), _backward(lambda a, z1: 1 - np.tanh(a) ** 2)],
     "dW2 is right now. In dW1, one line takes the slope of tanh. Of which array?"),
    ("dW2 is still wrong", _backward(left=lambda a, z1: z1), "dW1 is right now. What does W2 multiply in the forward pass?"),
], **MEASURED)  # fmt: skip


def _pairs(rng):
    a = tenths(rng, (2, 3)) + 0.05
    large, small = 1000.0 * a, 1e-3 * a
    yield Case("slopes around 1, equal to 9 digits", a=a, b=a * (1 + 1e-9))
    yield Case("slopes around 1000, equal to 9 digits", a=large, b=large * (1 + 1e-9))
    yield Case("slopes around 0.001, and half of each in the other array", a=small, b=small / 2)
    mixed = a.copy()
    mixed[0, 0] = 0.0
    yield Case("one slope is exactly 0, and 1e-12 in the other array", a=mixed, b=mixed + 1e-12 * (mixed == 0))
    wrong = a.copy()
    wrong[1, 2] += 0.01 * np.abs(a).max()
    yield Case("one of six slopes is off by 1 % of the largest", a=a, b=wrong)
    yield Case("all slopes are 0 in both arrays", a=0 * a, b=0 * a)
    yield Case("all slopes are 0 in one array only", a=0 * a, b=a)


def _relative(a, b):
    largest = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= 1e-6 * largest)


gradients_agree = Exercise("gradients_agree", _pairs, _relative, [
    ("an absolute tolerance",
     [lambda a, b: bool(np.all(np.abs(a - b) < 1e-6)), lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6))],
     "The difference is compared with a fixed number. It is too strict for slopes near 1000, too loose for slopes around "
     "0.001."),
    ("each entry by itself", lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6 * np.maximum(np.abs(a), np.abs(b)))),
     "Each difference is divided by its own entry. A slope that is exactly 0 in one array never agrees with 1e-12 in the "
     "other. Divide by the largest slope of either array."),
    ("0 / 0", lambda a, b: bool(np.abs(a - b).max() / (max(np.abs(a).max(), np.abs(b).max()) or np.nan) < 1e-6),
     "If both arrays are zero, the relative error is 0 / 0. Zero slopes agree with zero slopes."),
    ("the mean difference", lambda a, b: bool(np.abs(a - b).mean() <= 1e-2 * max(np.abs(a).max(), np.abs(b).max())),
     "A single wrong slope among many disappears in a mean. The largest difference decides."),
])  # fmt: skip


def _candidates(rng):
    x = tenths(rng, (2, 3)) + 0.05
    fifth = np.arange(6).reshape(2, 3) == 4
    for say, f, gradient in [
        ("the sum of x ** 2, with the right gradient", lambda x: (x**2).sum(), lambda x: 2 * x),
        ("the sum of x ** 2, with the gradient x", lambda x: (x**2).sum(), lambda x: x),
        ("the sum of sin(x), with the gradient -cos(x)", lambda x: np.sin(x).sum(), lambda x: -np.cos(x)),
        ("1000 times the sum of x ** 2, with the right gradient", lambda x: 1000 * (x**2).sum(), lambda x: 2000 * x),
        ("the sum of exp(x), with one of six slopes off by 1 %", lambda x: np.exp(x).sum(),
         lambda x: np.exp(x) * (1 + 0.01 * fifth)),
    ]:  # fmt: skip
        yield Case(f"f = {say}", f=f, gradient=gradient, x=x)
    say = "f = the sum of relu(x), with a gradient without the mask, where all x are positive"
    yield Case(say, f=lambda x: np.maximum(x, 0).sum(), gradient=np.ones_like, x=np.abs(x) + 0.5)


def _both(f, gradient, x):
    return helpers.numerical_gradient(f, x.copy()), gradient(x.copy())


def _one_point(f, gradient, x):
    return _relative(*_both(f, gradient, x))


def _two_points(f, gradient, x):
    return _one_point(f, gradient, x) and _one_point(f, gradient, np.random.default_rng(0).standard_normal(x.shape))


check_of_gradients = Exercise("check_of_gradients", _candidates, _two_points, [
    ("one point only", _one_point,
     "At these x all units are on, and a forgotten mask changes nothing there. Compare at a second, random point."),
    ("always right", lambda f, gradient, x: True, "This accepts every gradient."),
    ("always wrong", lambda f, gradient, x: False, "This refuses every gradient, also the right ones."),
    ("one entry only", lambda f, gradient, x: _relative(*(slopes[0, 0] for slopes in _both(f, gradient, x))),
     "Only the first entry is compared. Another one may be wrong."),
], forbidden=[helpers.check_gradient])  # fmt: skip
