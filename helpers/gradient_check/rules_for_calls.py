"""What is wrong before anything is measured: with x, or with what f and the gradient answer when called twice at x.

A rule is a function of the examination that returns a Finding, which says what was seen and what to do about it, or None. Of
a list of rules the first one that returns a Finding ends the check.
"""

import math

import numpy as np

from helpers.arguments import plain_array
from helpers.gradient_check.measurement import magnitude
from helpers.gradient_check.report import Finding
from helpers.perturbation import loss_value, steps, unsuitable
from helpers.variables import reachable

GENERATORS = {"default_rng", "RandomState", "SystemRandom", "urandom", "token_bytes"}


def unusable_x(check):
    if problem := unsuitable(check.x):
        return Finding(*problem)
    if check.x.dtype.itemsize < 4:
        return Finding("low precision", f"x is {check.x.dtype}, which keeps three digits: check with x.astype(float)")
    try:
        steps(np.asarray(check.x), check.h)
    except ValueError as error:
        return Finding("lost to rounding", str(error))
    return None if check.x.size else Finding("proves nothing", f"x is empty, of shape {check.x.shape}")


def argument_is_changed(check):
    for who, asked in (("f", check.asked_f), ("gradient", check.asked_gradient)):
        if asked.changed_x:
            kept, now = check.f.kept, np.asarray(check.x)
            changed = np.argwhere(now != kept).tolist() if now.shape == kept.shape else [[]]
            place = f", first at {changed[0]}" * bool(changed[0]) if changed else " at a random point"
            cure = "work on a copy there, y = x.copy(), or without in-place operations"
            return Finding("changes its argument", f"calling {who} changed x{place}: {cure}")


def no_scalar(check):
    try:
        for value in check.asked_f.answers:
            loss_value(value)
    except TypeError as error:
        return Finding("not a scalar", str(error))


def random_or_remembering(check):
    first, second = map(float, check.asked_f.answers)
    differ = first != second and not (math.isnan(first) and math.isnan(second))
    both = f", and gives {first:.6g} and then {second:.6g} at the same x" * differ
    codes = [getattr(thing, "__code__", None) for _, thing in reachable(check.f.f)] if differ else ()
    own = any(GENERATORS & {*code.co_names} for code in codes if code)
    if check.asked_f.drew or own:
        how = "from a generator of its own" if own else f"({', '.join(check.asked_f.drew)} moved on)"
        cure = "draw once outside f, or seed the generator inside it (dropout, noise, a fresh mini-batch)"
        return Finding("random", f"f draws random numbers {how}{both}: {cure}")
    if differ:
        cure = "it remembers something (a counter, a running mean, += on its own data); compute everything from x"
        return Finding("remembers", f"f is not the same function at each call{both}: {cure}")


def argument_is_kept(check):
    if all(more > 0 for more in check.asked_f.references):
        cure = "x is moved in place, so that a list of them holds one array many times; keep x.copy()"
        return Finding("keeps its argument", f"each call of f keeps one more reference to x: {cure}")


def no_array(check):
    for answer in check.asked_gradient.answers:
        if isinstance(answer, tuple | list) and any(isinstance(part, np.ndarray) for part in answer):
            parts = f"the gradient is a {type(answer).__name__} of {len(answer)}"
            return Finding("not an array", f"{parts}, not one array: pick out the one for x, of shape {check.x.shape}")
        try:
            kind = plain_array("the gradient", answer).dtype.kind
        except TypeError as error:
            return Finding("not an array", str(error))
        if kind not in "biuf":
            hint = "is its `return` missing?" if answer is None else f"pick out the one for x, of shape {check.x.shape}"
            return Finding("not an array", f"the gradient is a {type(answer).__name__}, not an array of numbers: {hint}")


def not_finite(check):
    value, answer = float(check.asked_f.answers[0]), np.asarray(check.given)
    if not math.isfinite(value):
        cause = "a log(0), 0/0 or inf - inf inside" if math.isnan(value) else "a log(0) or an exp that overflows inside"
        return Finding("not finite", f"f(x) is {value}, {cause}? Check where f is finite, or cure that first")
    for place in np.argwhere(~np.isfinite(answer.astype(float))).tolist():
        text = f"the gradient is {answer[tuple(place)]} at {place}, though f(x) is finite: look for 0/0 or inf - inf there"
        return Finding("not finite", text)


def two_gradients(check):
    first, second = (np.asarray(answer, dtype=float) for answer in check.asked_gradient.answers)
    how = "start from zeros, and keep nothing, at each call"
    if first.shape != second.shape:
        how = f"their shapes are {first.shape} and {second.shape}"
    elif np.allclose(first, second, rtol=1e-6, atol=1e-12 * magnitude(first)):
        return None
    elif check.asked_gradient.drew:
        how = "it draws random numbers; draw once outside of it"
    elif np.allclose(second, 2 * first, rtol=1e-6):
        how = "the second is twice as large, so it adds to an array that it keeps; start from zeros at each call"
    return Finding("changes when asked twice", f"called twice at the same x, the gradient gave two answers: {how}")


CALLS = [argument_is_changed, no_scalar, random_or_remembering, argument_is_kept, no_array, not_finite]
