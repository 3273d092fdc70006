"""The exercises of page 07: gradient checking."""

import numpy as np

import helpers
from helpers.check.engine import MEASURED, Case, Exercise, Rejection, measured, tenths
from helpers.check.engine.slopes import squares


def _networks(rng):
    for n, d, hidden, c in ((3, 2, 2, 2), (5, 2, 4, 3), (6, 3, 5, 2)):
        x, W1, W2 = (rng.standard_normal(shape).round(1) for shape in ((n, d), (d, hidden), (hidden, c)))
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
    off = 3e-6 * np.abs(a).max()
    say = "off by 3e-6 of the largest"
    yield Case(f"one of six slopes is {say}", a=a, b=a + off * (np.arange(6).reshape(2, 3) == np.abs(a).argmax()))
    yield Case(f"slopes around 0.001, and all are {say}", a=small, b=small + 1e-3 * off)


def _relative(a, b, tolerance=1e-6, difference=np.max):
    largest = max(np.abs(a).max(), np.abs(b).max())
    return bool(difference(np.abs(a - b)) <= tolerance * largest)


gradients_agree = Exercise("gradients_agree", _pairs, _relative, [
    ("an absolute tolerance", lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6)),
     "The difference is compared with a fixed number. It is too strict for slopes near 1000, too loose for slopes around "
     "0.001."),
    ("each entry by itself",
     [lambda a, b: bool(np.all(np.abs(a - b) <= 1e-6 * np.maximum(np.abs(a), np.abs(b)))),
      lambda a, b: bool(np.all(np.abs(a - b) / np.maximum(np.abs(a), np.abs(b)) < 1e-6))],
     "Each difference is divided by its own entry. A slope that is exactly 0 in one array never agrees with 1e-12 in the "
     "other. Divide by the largest slope of either array."),
    ("both arrays are zero", lambda a, b: bool(a.any() or b.any()) and _relative(a, b),
     "If both arrays are zero, the relative error is 0 / 0, which is NaN, and 0 < 0 is False, too. Zero slopes agree with "
     "zero slopes. Should your comparison include equality?"),
    ("too loose",
     [lambda a, b: _relative(a, b, 1e-3), lambda a, b: _relative(a, b, 0.01), lambda a, b: np.allclose(a, b, rtol=0.01)],
     "Slopes that differ by 3e-6 of the largest should not agree: the task allows 1e-6. (np.allclose has the tolerances "
     "rtol=1e-5 and atol=1e-8, unless you say otherwise.)"),
    ("an absolute tolerance, too", lambda a, b: np.allclose(a, b, rtol=1e-6),
     "np.allclose adds an absolute tolerance to rtol, atol=1e-8, and that is too loose for slopes around 0.001."),
    ("the mean difference", lambda a, b: _relative(a, b, difference=np.mean),
     "A single wrong slope among many disappears in a mean. The largest difference decides."),
])  # fmt: skip


def _candidates(rng):
    x = np.sort(tenths(rng, 6)).reshape(2, 3) + 0.05
    last = np.arange(6).reshape(2, 3) == 5
    for say, f, gradient in [
        ("the sum of x ** 2, with the right gradient", squares, lambda x: 2 * x),
        ("the sum of x ** 2, with the gradient x", squares, lambda x: x),
        ("the sum of sin(x), with the gradient -cos(x)", lambda x: np.sin(x).sum(), lambda x: -np.cos(x)),
        ("1000 times the sum of x ** 2, with the right gradient", lambda x: 1000 * (x**2).sum(), lambda x: 2000 * x),
        ("the sum of exp(x), with one of six slopes off by 0.01 % of the largest", lambda x: np.exp(x).sum(),
         lambda x: np.exp(x) + 1e-4 * np.exp(x).max() * last),
        ("1e-9 times the sum of x ** 2, with half of the gradient", lambda x: 1e-9 * (x**2).sum(), lambda x: 1e-9 * x),
    ]:  # fmt: skip
        yield Case(f"f = {say}", f=f, gradient=gradient, x=x)
    say = "f = the sum of x ** 2, with a gradient that is wrong at x and right elsewhere"
    yield Case(say, f=squares, gradient=lambda x: 2 * np.minimum(x, 10), x=x + 20)
    x = np.abs(x) + 0.5
    say = "f = the sum of relu(x), with a gradient without the mask, where all x are positive"
    yield _with_points(say, lambda x: np.maximum(x, 0).sum(), np.ones_like, x)
    yield _with_points("f = the sum of x ** 2, with the gradient 2 |x|, where all x are positive", squares,
                       lambda x: 2 * np.abs(x), x)  # fmt: skip


def _with_points(say, f, gradient, x):
    """Return a case that says at which other points the answer compared, if that is why it accepts a wrong gradient."""
    points = []

    def noting(x):
        points.append(np.array(x))
        return gradient(x)

    def call(answer, f, gradient, x):
        result = answer(f, gradient, x)
        others = [point for point in points if point.shape == x.shape and np.any(point != x)]
        if not others:
            why = "one point only", "A wrong gradient happens to be right at this x. Compare at a second, random point."
        elif not np.any(others):
            why = "zero as second point", "At zero many wrong gradients agree. Take a random point."
        elif np.min(others) >= 0:
            why = ("second point like the first", "All entries of your second point are positive, as they are in x. Take a "
                   "point with both signs, such as standard_normal(x.shape).")  # fmt: skip
        else:
            return result
        raise Rejection(*why, result, even_if_right=False)

    return Case(say, call=call, f=f, gradient=noting, x=x)


def _both(f, gradient, x):
    return helpers.numerical_gradient(f, x.copy()), gradient(x.copy())


def _compared(at_x=True, agree=_relative):
    """Return an answer that compares at a random point, and at x, by agree(measured slopes, given slopes)."""

    def answer(f, gradient, x):
        points = [np.random.default_rng(0).standard_normal(x.shape), *[x] * at_x]
        return all(bool(agree(*_both(f, gradient, point))) for point in points)

    return answer


check_of_gradients = Exercise("check_of_gradients", _candidates, _compared(), [
    ("always right", lambda f, gradient, x: True, "This accepts every gradient."),
    ("always wrong", lambda f, gradient, x: False,
     "This refuses every gradient, also the right ones. If you measure slopes with a difference to one side, they are too "
     "rough for 1e-6: use numerical_gradient, or a difference to both sides."),
    ("one entry only", lambda f, gradient, x: _relative(*(slopes[0, 0] for slopes in _both(f, gradient, x))),
     "Only the first entry is compared. Another one may be wrong."),
    ("x is not looked at", _compared(at_x=False), "The gradient is compared at another point, and never at x itself."),
    ("too loose",
     [_compared(agree=lambda a, b: _relative(a, b, 1e-3)), _compared(agree=lambda a, b: np.allclose(a, b, rtol=5e-3))],
     "One slope was off by 0.01 % of the largest, and the task allows a relative error of 1e-6."),
    ("an absolute tolerance",
     [_compared(agree=np.allclose), _compared(agree=lambda a, b: bool(np.all(np.abs(a - b) < 1e-6)))],
     "The difference is compared with a fixed number, and that is too loose for slopes around 1e-9. (np.allclose has such a "
     "tolerance, too: atol=1e-8.)"),
], forbidden=[helpers.check_gradient])  # fmt: skip
