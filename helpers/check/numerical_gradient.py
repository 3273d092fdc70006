"""The exercises of page 03: numerical gradient."""

import contextlib

import numpy as np

from helpers.check.engine import MEASURED, Case, Exercise, RecordingFunction, Rejection, tenths
from helpers.check.engine.slopes import UNCHANGED, by_steps, central, itself, on_a_copy, squares, written


def _sum_of(power):
    return lambda x: np.sum(x**power)


def _forward(at, h):
    return (at(h) - at(0)) / h


def _reject_step(result, f, too_small, too_large):
    """Say why a result is wrong if that is because of the step: each limit has a hint."""
    size = np.median(np.abs(f.steps or too_small[0]))
    if size < too_small[0]:
        raise Rejection("step too small", too_small[1], result, even_if_right=False)
    if size > too_large[0]:
        raise Rejection("step too large", too_large[1], result, even_if_right=False)


def _to_both_sides(answer, f, x):
    result = answer(f, x)
    if f.steps and (min(f.steps) > 0 or max(f.steps) < 0):
        hint = (
            "f was called with x moved in one direction only. A central difference also needs the other direction. If your "
            "code has both: after x[k] += h, does x[k] -= h go below the old value, or only back to it? And is the value "
            "that you kept a number, or a view that has moved along?"
        )
        raise Rejection("one-sided", hint, result)
    too_small = "The values of f are rounded, and dividing by a tiny step magnifies the rounding error."
    too_large = "A curve bends between two points this far apart, so the quotient is not the slope."
    _reject_step(result, f, (1e-7, too_small), (2e-3, too_large))
    return result


def _central_cases(rng):
    for power, shape in ((3, 3), (2, (2, 3)), (2, (2, 2, 2))):
        x = tenths(rng, shape) + 0.05
        f = RecordingFunction(_sum_of(power), x)
        yield Case(f"f = the sum of x ** {power}, x = {written(x)}", call=_to_both_sides, f=f, x=x)
    own, x = np.array([1.5, -2.5]), rng.standard_normal(2)
    tried = "f ignores its argument and reads the array x itself, as the learners' losses do; x = [1.5, -2.5]"
    yield Case(tried, f=lambda _: squares(own), x=own)

    def fails_once(x):
        if f.calls == 3:
            raise ArithmeticError("f cannot be computed here")
        return squares(x)

    f = RecordingFunction(fails_once, x)
    tried = "f raises an error when it is called for the third time. Is x then what it was before?"
    yield Case(tried, call=_is_restored, f=f, x=x)


def _is_restored(gradient, f, x):
    with contextlib.suppress(ArithmeticError):
        result = gradient(f, x)
        if f.calls >= 3:
            hint = "f raised an error, and your function returned as if nothing had happened. The error must reach the "
            raise Rejection(
                "error hidden", f"{hint}caller. Use finally without except, and do not return inside it.", result
            )
    return np.array_equal(x, f.x)


def _restored_in_any_case(f, x):
    before = x.copy()
    try:
        return by_steps()(f, x)
    finally:
        x[...] = before


numerical_gradient = Exercise("numerical_gradient", _central_cases, _restored_in_any_case, [
    UNCHANGED,
    ("works on a copy", on_a_copy(by_steps()),
     "Your code changes a copy of x. This f reads the array itself, as the losses of both learners do, and sees no change: "
     "the bug of page 00. Change the entry of x, and put the old value back."),
    ("divided by h", [on_a_copy(by_steps(lambda at, h: 2 * central(at, h))), lambda f, x: 2 * _restored_in_any_case(f, x)],
     "The slopes are twice as large as they should be. How far apart are the two points at which f is computed?"),
    ("divided by too much",
     [on_a_copy(by_steps(lambda at, h: central(at, h) / 2)), lambda f, x: _restored_in_any_case(f, x) / 2],
     "The slopes are half as large as they should be. How far apart are the two points at which f is computed?"),
    ("not restored", by_steps(left=lambda kept, h: kept - h),
     "The entries of x are still changed after the call. Put each old value back before the next entry's turn. If you wrote "
     "`kept = x`: that copies nothing, it is one more name of the same array."),
    ("not restored after an error", by_steps(),
     "f raised an error while an entry of x was changed, and the line that restores it was never reached. Which statement "
     "of Python runs its block whether or not there was an error?"),
    ("only one axis", [by_steps(entries=itself), by_steps(entries=itself, keep=itself)],
     "x has more than one axis, and then x[k] is a whole row. Which loop visits every entry, whatever the shape?"),
    ("all entries at once",
     [lambda f, x: np.full(x.shape, (f(x + 1e-5) - f(x - 1e-5)) / 2e-5), lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5],
     "All entries of x were changed together, so every slope is the sum of all slopes. Change one entry at a time."),
], **MEASURED)  # fmt: skip


def _few_calls(answer, f, x, h):
    result = answer(f, x, h)
    if f.calls > x.size + 1:
        hint = "f(x) is the same number for all entries. Compute it once, before the loop."
        raise Rejection("f is called too often", hint, result)
    return result


def _forward_cases(rng):
    def case(power, x, h, about=""):
        about = about or f"x = {written(x)}"
        f = RecordingFunction(_sum_of(power), x)
        return Case(f"f = the sum of x ** {power}, {about}, h = {h}", call=_few_calls, f=f, x=x, h=h)

    yield case(2, tenths(rng, 2), 0.1)
    yield case(2, tenths(rng, (2, 2)), 0.01)
    yield case(3, tenths(rng, 3) + 0.1, 0.001)
    yield case(3, rng.standard_normal((2, 3)).round(3), 0.01)
    yield case(2, rng.standard_normal((2, 5)) / 1000, 0.1, "x of shape (2, 5) with entries of about 0.001")


_not_restored = by_steps(_forward, left=lambda kept, h: kept + h)
forward_gradient = Exercise("forward_gradient", _forward_cases, by_steps(_forward), [
    UNCHANGED,
    ("not restored", [_not_restored, on_a_copy(_not_restored)],
     "Each entry stays changed, so the slope of the next entry is measured at another point."),
    ("restored by arithmetic", by_steps(_forward, left=lambda kept, h: kept + h - h),
     "x + h - h is not always x, because each step is rounded. Keep the old value and write that back."),
    ("divided by 2h", by_steps(lambda at, h: _forward(at, h) / 2), "The two points are h apart, not 2h."),
    ("central difference", by_steps(central),
     "This is the more accurate formula, and it needs two evaluations for each entry. The task allows only one."),
    ("backward difference", by_steps(lambda at, h: (at(0) - at(-h)) / h), "x was moved down instead of up."),
    ("not divided by h", by_steps(lambda at, h: at(h) - at(0)),
     "This is the change of f. The slope is the change divided by the step."),
], **MEASURED)  # fmt: skip


def _scaled_cases(rng):
    for x in (
        rng.integers(3, 10, 2) / 2,
        np.array([0.0, rng.integers(2, 9)]),
        np.array([[1.0, 0.0], [rng.integers(2, 9), -3.0]]),
        np.array([1e-12, 1e-9]) * rng.integers(2, 9, 2),
        np.array([1e9, 2e9]) * rng.integers(2, 9, 2),
        np.array([-3e9]) * rng.integers(2, 9, 1),
    ):
        yield Case(f"f = the sum of (x - 1) ** 2, x = {x.tolist()}", f=lambda x: squares(x - 1), x=x)


scaled_gradient = Exercise("scaled_gradient", _scaled_cases, lambda f, x: 2 * (x - 1), [
    ("no step at zero", by_steps(central, lambda value: 6e-6 * abs(value)),
     "For an entry that is 0 the step is 0 as well, and 0 / 0 is NaN. Let the step grow with |x| where |x| is large, and "
     "keep it at a fixed size where |x| is small."),
    ("no step near zero", by_steps(central, lambda value: 6e-6 * abs(value) if value else 6e-6),
     "An entry that is exactly 0 has a step now. For an entry of 1e-12 the step is still so small that its slope is nothing "
     "but rounding error."),
    ("NaN replaced by 0", lambda f, x: np.nan_to_num(by_steps(central, lambda value: 6e-6 * abs(value))(f, x)),
     "Where the step vanished, the slope is unknown, which is not the same as 0. Choose another step there."),
    ("same step for all entries", by_steps(central, 6e-6),
     "Here f is huge, and the change that so small a step makes is lost in the rounding of f. A large entry needs a larger "
     "step."),
    ("tiny step at zero",
     [by_steps(central, lambda value: 6e-6 * abs(value) + 1e-12),
      by_steps(central, lambda value: 6e-6 * (abs(value) + 1e-12)),
      by_steps(central, lambda value: 6e-6 * (abs(value) + 1e-8)),
      by_steps(central, lambda value: 6e-6 * max(abs(value), 1e-8))],
     "The step is no longer 0, but it is so small that the slope is nothing but rounding error. Which step is right for "
     "entries of about 1?"),
    ("sign of the entry", by_steps(central, lambda value: 6e-6 * max(1, value)),
     "A large negative entry needs a large step, too."),
    UNCHANGED,
], **MEASURED)  # fmt: skip


def _with_larger_step(answer, f, x):
    result = answer(f, x)
    too_small = "The rounding error of f is divided by h squared here, so the best step is larger than for a slope."
    too_large = "The truncation error grows with h squared, and here it is larger than the task allows."
    _reject_step(result, f, (5e-5, too_small), (5e-3, too_large))
    return result


def _curved_cases(rng):
    for shape in (2, (2, 2), 8):
        x = tenths(rng, shape)
        f = RecordingFunction(lambda x: 10 + np.sum(np.cos(x)), x)
        yield Case(f"f = 10 + the sum of cos(x), x = {x.tolist()}", call=_with_larger_step, f=f, x=x)


def _second(at, h, middle=2.0):
    return (at(h) - middle * at(0) + at(-h)) / h**2


curvatures = Exercise("curvatures", _curved_cases, lambda f, x: -np.cos(x), [
    ("f(x) counted once", by_steps(lambda at, h: _second(at, h, middle=1.0), 1e-4),
     "f(x) is the end of one slope and the start of the next, so it counts twice."),
    ("divided by 4 h squared", by_steps(lambda at, h: _second(at, h) / 4, 1e-4),
     "The two slopes are measured half a step to the left and half a step to the right, so they are h apart, not 2h."),
    ("divided by 2 h squared", by_steps(lambda at, h: _second(at, h) / 2, 1e-4),
     "The second difference is divided by h squared, without a factor 2."),
    ("divided by h", by_steps(lambda at, h: _second(at, h) * h, 1e-4),
     "A second derivative is the slope of a slope, so you divide by h twice."),
    ("wrong sign", by_steps(lambda at, h: -_second(at, h), 1e-4),
     "Where a curve bends upward, its second derivative is positive."),
    ("the slope", by_steps(central, 1e-4), "This is the first derivative."),
    UNCHANGED,
], **MEASURED | {"tolerance": 1e-5})  # fmt: skip
