"""The exercises of notebook 03: numerical gradient."""

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip
from helpers.check.softmax import tenths
from helpers.gradient_check import check_gradient
from helpers.gradients import numerical_gradient

__all__ = ["curvatures", "forward_gradient", "scaled_gradient"]


class _Asked:
    """A function of an array that counts its calls and keeps how far from `x` it was asked."""

    def __init__(self, value, x):
        self.value, self.x, self.calls, self.steps = value, x.copy(), 0, []

    def __call__(self, x):
        self.calls += 1
        if np.shape(x) == self.x.shape and (step := float(np.max(np.abs(x - self.x)))) > 0:
            self.steps.append(step)
        return self.value(x)

    def __repr__(self):
        return "f"


def _sum_of_squares(x):
    return np.sum(x**2)


def _sum_of_cubes(x):
    return np.sum(x**3)


def _forward_cases(rng):
    def case(name, value, x, h):
        f = _Asked(value, x)

        def too_often():
            if f.calls > x.size + 1:
                return "f called too often", "f(x) without a nudge is the same for all entries: once is enough."
            return None

        return Case(
            f"f = {name}, x = {np.array2string(x, separator=', ').replace(chr(10), '')}, h = {h}", too_often, f=f, x=x, h=h
        )

    yield case("the sum of x ** 2", _sum_of_squares, tenths(rng, 2), 0.1)
    yield case("the sum of x ** 2", _sum_of_squares, tenths(rng, (2, 2)), 0.01)
    yield case("the sum of x ** 3", _sum_of_cubes, tenths(rng, 3) + 0.1, 0.001)
    yield case("the sum of x ** 3", _sum_of_cubes, rng.standard_normal((2, 3)).round(3), 0.01)
    f = _Asked(_sum_of_squares, x := rng.standard_normal((2, 5)) / 1000)
    yield Case("f = the sum of x ** 2, x of shape (2, 5), entries of about 0.001, h = 0.1", f=f, x=x, h=0.1)


def _nudged(x, k, by):
    moved = x.copy()
    moved[k] += by
    return moved


def _differences(f, x, up, down, over):
    """Return (f(x + up) - f(x - down)) / over, entry by entry; where down is 0, f(x) is asked once."""
    base = None if down else f(x)
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        slopes[k] = (f(_nudged(x, k, up)) - (f(_nudged(x, k, -down)) if down else base)) / over
    return slopes


def _nudged_in_place(put_back):
    def gradient(f, x, h):
        base, slopes = f(x), np.zeros(x.shape)
        for k in np.ndindex(x.shape):
            x[k] += h
            slopes[k] = (f(x) - base) / h
            x[k] -= h if put_back else 0
        return slopes

    return gradient


def _asked_again(f, x, h):
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        slopes[k] = (f(_nudged(x, k, h)) - f(x)) / h
    return slopes


forward_gradient = Exercise(
    "forward_gradient",
    _forward_cases,
    lambda f, x, h: _differences(f, x, h, 0, h),
    [
        Slip(
            "never put back",
            "Each entry stays nudged, so the next slope is measured at another place.",
            _nudged_in_place(False),
        ),
        Slip(
            "put back by subtracting",
            "x + h - h is not always x: rounding. Keep the value and put that back.",
            _nudged_in_place(True),
        ),
        Slip("f called too often", "f(x) without a nudge is the same for all entries: once is enough.", _asked_again),
        Slip(
            "divided by 2h",
            "The two places are h apart, not 2h.",
            lambda f, x, h: _differences(f, x, h, 0, 2 * h),
        ),
        Slip(
            "central difference",
            "That is the better formula, and it needs two evaluations an entry. Here one has to do.",
            lambda f, x, h: _differences(f, x, h, h, 2 * h),
        ),
        Slip(
            "backward difference",
            "The step went down in place of up.",
            lambda f, x, h: -_differences(f, x, -h, 0, h),
        ),
        Slip(
            "not divided",
            "This is by how much f changes; the slope is that per step.",
            lambda f, x, h: _differences(f, x, h, 0, 1),
        ),
        Slip(
            "integer array",
            "The slopes were put into an array of integers, which has no room for fractions.",
            lambda f, x, h: np.trunc(_differences(f, x, h, 0, h)),
        ),
    ],
    instead_of=[numerical_gradient, check_gradient],
)


def _squares_from_1(x):
    return np.sum((x - 1) ** 2)


def _scaled_cases(rng):
    def case(x):
        return Case(f"f = the sum of (x - 1) ** 2, x = {x.tolist()}", f=_squares_from_1, x=x)

    yield case(rng.integers(3, 10, 2) / 2)
    yield case(np.array([0.0, float(rng.integers(2, 9))]))
    yield case(np.array([[1.0, 0.0], [float(rng.integers(2, 9)), -3.0]]))
    yield case(np.array([1e-12, 1e-9]) * rng.integers(2, 9, 2))
    yield case(np.array([1e9, 2e9]) * rng.integers(2, 9, 2))
    yield case(np.array([-3e9]) * rng.integers(2, 9, 1))


def _by_steps(step):
    def gradient(f, x):
        slopes = np.zeros(x.shape)
        for k in np.ndindex(x.shape):
            h = step(x[k])
            slopes[k] = (f(_nudged(x, k, h)) - f(_nudged(x, k, -h))) / (2 * h)
        return slopes

    return gradient


scaled_gradient = Exercise(
    "scaled_gradient",
    _scaled_cases,
    lambda f, x: 2 * (x - 1),
    [
        Slip(
            "no step at zero",
            "An entry that is 0 gets a step of 0, and 0 / 0 is no slope. How does the page keep the step from vanishing?",
            _by_steps(lambda value: 6e-6 * abs(value)),
        ),
        Slip(
            "no step near zero",
            "The entry 0 has a step now. An entry of 1e-12 still has next to none: its slope drowns in rounding.",
            _by_steps(lambda value: 6e-6 * abs(value) if value else 6e-6),
        ),
        Slip(
            "NaN made 0",
            "Where the step vanished the slope is unknown, not 0. Cure the step, not the result.",
            lambda f, x: np.nan_to_num(_by_steps(lambda value: 6e-6 * abs(value))(f, x)),
        ),
        Slip(
            "one step for all",
            "Entries of a billion have neighbours further apart than this step: it must grow with them.",
            _by_steps(lambda value: 6e-6),
        ),
        Slip(
            "a tiny step at zero",
            "The step no longer vanishes, and it drowns in rounding. Which step is right for an entry of order 1?",
            _by_steps(lambda value: 6e-6 * abs(value) + 1e-12),
        ),
        Slip(
            "sign of the entry",
            "A large negative entry needs a large step, too.",
            _by_steps(lambda value: 6e-6 * max(1, value)),
        ),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-6,
)


def _cosines(x):
    return 10 + np.sum(np.cos(x))


def _curved_cases(rng):
    def case(x):
        f = _Asked(_cosines, x)

        def look_at_the_step():
            if f.steps and min(f.steps) < 5e-5:
                return (
                    "step too small",
                    "Rounding is divided by h squared here: the lowest point of the U-shaped curve moves to the right.",
                )
            if f.steps and min(f.steps) > 5e-3:
                return "step too large", "The curve bends otherwise at that distance: truncation."
            return None

        return Case(f"f = 10 + the sum of cos(x), x = {x.tolist()}", look_at_the_step, f=f, x=x)

    yield case(tenths(rng, 2))
    yield case(tenths(rng, (2, 2)))
    yield case(tenths(rng, 8))


def _second(f, x, h=1e-4, middle=2.0, over=1.0):
    base = f(x)
    result = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        result[k] = (f(_nudged(x, k, h)) - middle * base + f(_nudged(x, k, -h))) / (over * h**2)
    return result


curvatures = Exercise(
    "curvatures",
    _curved_cases,
    lambda f, x: -np.cos(x),
    [
        Slip(
            "middle once",
            "f(x) in the middle counts twice: once for each of the two slopes.",
            lambda f, x: _second(f, x, middle=1.0),
        ),
        Slip(
            "divided by 4 h squared",
            "The two slopes are measured half a step to the left and half a step to the right: h apart.",
            lambda f, x: _second(f, x, over=4.0),
        ),
        Slip(
            "divided by 2 h squared",
            "The second difference is divided by h squared, without a 2.",
            lambda f, x: _second(f, x, over=2.0),
        ),
        Slip("divided by h", "It is a slope of slopes: divide by h twice.", lambda f, x: _second(f, x, over=1e4)),
        Slip("sign", "Where the curve bends upward the second derivative is positive.", lambda f, x: -_second(f, x)),
        Slip("the slope", "This is the first derivative.", lambda f, x: _differences(f, x, 1e-4, 1e-4, 2e-4)),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-5,
    least=0.5,
)
