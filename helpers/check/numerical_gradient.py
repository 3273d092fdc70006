"""The exercises of page 03: numerical gradient."""

import contextlib
import itertools

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Mistake, RecordingFunction, tenths

__all__ = ["curvatures", "forward_gradient", "numerical_gradient", "scaled_gradient"]


def _squares(x):
    return np.sum(x**2)


def _cubes(x):
    return np.sum(x**3)


def _written(x):
    return np.array2string(x, separator=", ").replace("\n", "")


def _moved(x, k, by):
    other = x.copy()
    other[k] += by
    return other


def _quotients(f, x, up, down, over):
    """Return (f(x + up) - f(x - down)) / over for each entry. Where `down` is 0, f(x) is computed only once."""
    base = None if down else f(x)
    slopes = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        slopes[k] = (f(_moved(x, k, up)) - (f(_moved(x, k, -down)) if down else base)) / over
    return slopes


UNCHANGED = Mistake(
    "f never saw a change",
    "All slopes are 0: whenever f was called, x had its old values. Does your code change a copy of x, such as x.flatten()? "
    "Or is the step so small that adding it makes no difference?",
    lambda f, x, *_: np.zeros(x.shape),
)


def _central_cases(rng):
    def case(name, function, x):
        f = RecordingFunction(function, x)

        def both_sides():
            if f.steps and (min(f.steps) > 0 or max(f.steps) < 0):
                return (
                    "one-sided",
                    "f was called with x moved in one direction only. A central difference also needs the other "
                    "direction. If your code has both: is the old value that you kept a number, or a view that has moved "
                    "along?",
                )
            return None

        def size_of_the_step():
            steps = np.abs(f.steps or 1e-5)
            if np.max(steps) < 1e-7:
                return (
                    "step too small",
                    "The values of f are rounded, and dividing by a tiny step magnifies the rounding error.",
                )
            if np.min(steps) > 2e-3:
                return "step too large", "A curve bends between two points this far apart, so the quotient is not the slope."
            return None

        return Case(f"f = {name}, x = {_written(x)}", both_sides, size_of_the_step, f=f, x=x)

    yield case("the sum of x ** 3", _cubes, tenths(rng, 3) + 0.05)
    yield case("the sum of x ** 2", _squares, tenths(rng, (2, 3)) + 0.05)
    yield case("the sum of x ** 2", _squares, tenths(rng, (2, 2, 2)) + 0.05)
    calls = itertools.count(1)

    def fails_once(x):
        if next(calls) == 3:
            raise ArithmeticError("f cannot be computed here")
        return _squares(x)

    tried = "f raises an error when it is called for the third time. Is x then what it was before?"
    yield Case(tried, call=_is_restored, f=fails_once, x=rng.standard_normal(2))


def _is_restored(gradient, f, x):
    before = x.copy()
    with contextlib.suppress(ArithmeticError):
        gradient(f, x)
    return np.array_equal(x, before)


def _in_place(f, x, h=1e-5, restore=True, indices=np.ndindex):
    slopes = np.zeros(x.shape)
    for k in indices(*x.shape):
        kept = np.copy(x[k])
        x[k] = kept + h
        above = f(x)
        x[k] = kept - h
        slopes[k] = (above - f(x)) / (2 * h)
        if restore:
            x[k] = kept
    return slopes


def _row_moves_with_its_view(f, x, h=1e-5):
    slopes = np.zeros(x.shape)
    for k in range(len(x)):
        kept = x[k]
        x[k] = kept + h
        above = f(x)
        x[k] = kept - h
        slopes[k] = (above - f(x)) / (2 * h)
        x[k] = kept
    return slopes


def _all_at_once(f, x, h=1e-5):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


numerical_gradient = Exercise(
    "numerical_gradient",
    _central_cases,
    lambda f, x: _quotients(f, x, 1e-5, 1e-5, 2e-5),
    [
        UNCHANGED,
        Mistake(
            "divided by h",
            "The slopes are twice as large as they should be. How far apart are the two points at which f is computed?",
            lambda f, x: _quotients(f, x, 1e-5, 1e-5, 1e-5),
        ),
        Mistake(
            "divided by too much",
            "The slopes are half as large as they should be. How far apart are the two points at which f is computed?",
            lambda f, x: _quotients(f, x, 1e-5, 1e-5, 4e-5),
        ),
        Mistake(
            "not restored",
            "The entries of x are still changed after the call. Put each old value back before the next entry's turn.",
            lambda f, x: _in_place(f, x, restore=False),
        ),
        Mistake(
            "not restored after an error",
            "f raised an error while an entry of x was changed, and the line that restores it was never reached. Which "
            "statement of Python runs its block whether or not there was an error?",
            _in_place,
        ),
        Mistake(
            "only one axis",
            "x has more than one axis, and then x[k] is a whole row. Which loop visits every entry, whatever the shape?",
            lambda f, x: _in_place(f, x, indices=lambda n, *_: range(n)),
            _row_moves_with_its_view,
        ),
        Mistake(
            "all entries at once",
            "All entries of x were changed together, so every slope is the sum of all slopes. Change one entry at a time.",
            _all_at_once,
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
)


def _forward_cases(rng):
    def case(name, function, x, h, description=""):
        f = RecordingFunction(function, x)

        def few_calls():
            if f.calls > x.size + 1:
                return "f is called too often", "f(x) is the same number for all entries. Compute it once, before the loop."
            return None

        return Case(description or f"f = {name}, x = {_written(x)}, h = {h}", few_calls, f=f, x=x, h=h)

    yield case("the sum of x ** 2", _squares, tenths(rng, 2), 0.1)
    yield case("the sum of x ** 2", _squares, tenths(rng, (2, 2)), 0.01)
    yield case("the sum of x ** 3", _cubes, tenths(rng, 3) + 0.1, 0.001)
    yield case("the sum of x ** 3", _cubes, rng.standard_normal((2, 3)).round(3), 0.01)
    small = "f = the sum of x ** 2, x of shape (2, 5) with entries of about 0.001, h = 0.1"
    yield case("", _squares, rng.standard_normal((2, 5)) / 1000, 0.1, small)


def _forward_in_place(restore):
    def gradient(f, x, h):
        base, slopes = f(x), np.zeros(x.shape)
        for k in np.ndindex(x.shape):
            x[k] += h
            slopes[k] = (f(x) - base) / h
            x[k] -= h if restore else 0
        return slopes

    return gradient


forward_gradient = Exercise(
    "forward_gradient",
    _forward_cases,
    lambda f, x, h: _quotients(f, x, h, 0, h),
    [
        UNCHANGED,
        Mistake(
            "not restored",
            "Each entry stays changed, so the slope of the next entry is measured at another point.",
            _forward_in_place(False),
        ),
        Mistake(
            "restored by arithmetic",
            "x + h - h is not always x, because each step is rounded. Keep the old value and write that back.",
            _forward_in_place(True),
        ),
        Mistake("divided by 2h", "The two points are h apart, not 2h.", lambda f, x, h: _quotients(f, x, h, 0, 2 * h)),
        Mistake(
            "central difference",
            "This is the more accurate formula, and it needs two evaluations for each entry. The task allows only one.",
            lambda f, x, h: _quotients(f, x, h, h, 2 * h),
        ),
        Mistake("backward difference", "x was moved down instead of up.", lambda f, x, h: -_quotients(f, x, -h, 0, h)),
        Mistake(
            "not divided by h",
            "This is the change of f. The slope is the change divided by the step.",
            lambda f, x, h: _quotients(f, x, h, 0, 1),
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
)


def _squares_around_1(x):
    return np.sum((x - 1) ** 2)


def _scaled_cases(rng):
    def case(x):
        return Case(f"f = the sum of (x - 1) ** 2, x = {x.tolist()}", f=_squares_around_1, x=x)

    yield case(rng.integers(3, 10, 2) / 2)
    yield case(np.array([0.0, float(rng.integers(2, 9))]))
    yield case(np.array([[1.0, 0.0], [float(rng.integers(2, 9)), -3.0]]))
    yield case(np.array([1e-12, 1e-9]) * rng.integers(2, 9, 2))
    yield case(np.array([1e9, 2e9]) * rng.integers(2, 9, 2))
    yield case(np.array([-3e9]) * rng.integers(2, 9, 1))


def _with_steps(step):
    def gradient(f, x):
        slopes = np.zeros(x.shape)
        for k in np.ndindex(x.shape):
            h = step(x[k])
            slopes[k] = (f(_moved(x, k, h)) - f(_moved(x, k, -h))) / (2 * h)
        return slopes

    return gradient


scaled_gradient = Exercise(
    "scaled_gradient",
    _scaled_cases,
    lambda f, x: 2 * (x - 1),
    [
        Mistake(
            "no step at zero",
            "For an entry that is 0 the step is 0 as well, and 0 / 0 is NaN. How does the page keep a step from vanishing?",
            _with_steps(lambda value: 6e-6 * abs(value)),
        ),
        Mistake(
            "no step near zero",
            "An entry that is exactly 0 has a step now. For an entry of 1e-12 the step is still so small that its slope is "
            "nothing but rounding error.",
            _with_steps(lambda value: 6e-6 * abs(value) if value else 6e-6),
        ),
        Mistake(
            "NaN replaced by 0",
            "Where the step vanished, the slope is unknown, which is not the same as 0. Choose another step there.",
            lambda f, x: np.nan_to_num(_with_steps(lambda value: 6e-6 * abs(value))(f, x)),
        ),
        Mistake(
            "same step for all entries",
            "Here f is huge, and the change that so small a step makes is lost in the rounding of f. A large entry needs a "
            "larger step.",
            _with_steps(lambda value: 6e-6),
        ),
        Mistake(
            "tiny step at zero",
            "The step is no longer 0, but it is so small that the slope is nothing but rounding error. Which step is "
            "right for entries of about 1?",
            _with_steps(lambda value: 6e-6 * abs(value) + 1e-12),
        ),
        Mistake(
            "sign of the entry",
            "A large negative entry needs a large step, too.",
            _with_steps(lambda value: 6e-6 * max(1, value)),
        ),
        UNCHANGED,
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
)


def _cosines(x):
    return 10 + np.sum(np.cos(x))


def _curved_cases(rng):
    def case(x):
        f = RecordingFunction(_cosines, x)

        def size_of_the_step():
            steps = np.abs(f.steps or 1e-4)
            if np.min(steps) < 5e-5:
                return (
                    "step too small",
                    "The rounding error of f is divided by h squared here, so the best step is larger than for a slope.",
                )
            if np.max(steps) > 5e-3:
                return (
                    "step too large",
                    "The truncation error grows with h squared, and here it is larger than the task allows.",
                )
            return None

        return Case(f"f = 10 + the sum of cos(x), x = {x.tolist()}", explanation=size_of_the_step, f=f, x=x)

    yield case(tenths(rng, 2))
    yield case(tenths(rng, (2, 2)))
    yield case(tenths(rng, 8))


def _second(f, x, h=1e-4, middle=2.0, over=1.0):
    base = f(x)
    result = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        result[k] = (f(_moved(x, k, h)) - middle * base + f(_moved(x, k, -h))) / (over * h**2)
    return result


curvatures = Exercise(
    "curvatures",
    _curved_cases,
    lambda f, x: -np.cos(x),
    [
        Mistake(
            "f(x) counted once",
            "f(x) is the end of one slope and the start of the next, so it counts twice.",
            lambda f, x: _second(f, x, middle=1.0),
        ),
        Mistake(
            "divided by 4 h squared",
            "The two slopes are measured half a step to the left and half a step to the right, so they are h apart, not 2h.",
            lambda f, x: _second(f, x, over=4.0),
        ),
        Mistake(
            "divided by 2 h squared",
            "The second difference is divided by h squared, without a factor 2.",
            lambda f, x: _second(f, x, over=2.0),
        ),
        Mistake(
            "divided by h",
            "A second derivative is the slope of a slope, so you divide by h twice.",
            lambda f, x: _second(f, x, over=1e4),
        ),
        Mistake("wrong sign", "Where a curve bends upward, its second derivative is positive.", lambda f, x: -_second(f, x)),
        Mistake("the slope", "This is the first derivative.", lambda f, x: _quotients(f, x, 1e-4, 1e-4, 2e-4)),
        UNCHANGED,
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-5,
    smallest_scale=0.5,
)
