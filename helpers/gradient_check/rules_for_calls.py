"""What is wrong before anything is measured: with x, and with what f and the gradient answer when called twice at x.

A rule is a function of the examination that returns a Finding, what was seen and what to do about it, or None. In each list of
rules the first that answers is heard.
"""

import math

import numpy as np

from helpers.arguments import plain_array
from helpers.gradient_check.measurement import magnitude
from helpers.gradient_check.report import Finding
from helpers.perturbation import loss_value, no_loss, steps, unsuitable

__all__ = ["CALLS", "X"]

GENERATORS = {"default_rng", "RandomState", "SystemRandom", "urandom", "token_bytes"}


def integers_or_shared_memory(check):
    return (problem := unsuitable(check.x)) and Finding(*problem)


def half_precision(check):
    if check.x.dtype.itemsize < 4:
        text = f"x is {check.x.dtype}, which keeps three digits: too few to tell a slope by; check with x.astype(float)"
        return Finding("low precision", text)


def step_is_lost(check):
    try:
        steps(np.asarray(check.x), check.h)
    except ValueError as error:
        return Finding("lost to rounding", str(error))


def nothing_to_check(check):
    return None if check.x.size else Finding("proves nothing", f"x is empty, of shape {check.x.shape}")


X = [integers_or_shared_memory, half_precision, step_is_lost, nothing_to_check]


def argument_is_changed(check):
    if who := check.answers.changed:
        kept = check.f.kept
        place = tuple(int(k) for k in np.argwhere(np.asarray(check.x) != kept)[0]) if check.x.shape == kept.shape else ()
        text = f"calling {who} changed x{f', first at {list(place)}' if place else ''}: work on a copy there, y = x.copy()"
        return Finding("changes its argument", f"{text}, or without in-place operations")


def no_scalar(check):
    for value in check.answers.values:
        try:
            loss_value(value)
        except TypeError as error:
            return Finding("not a scalar", str(error))


def random_or_remembering(check):
    values = [float(value) for value in check.answers.values]
    differ = values[0] != values[1] and not all(map(math.isnan, values))
    both = f" and gives {values[0]:.6g}, then {values[1]:.6g} at the same x" if differ else ""
    if drew := check.answers.drew:
        text = f"f draws random numbers ({', '.join(sorted(drew))} moved on){both}: dropout, noise or a fresh mini-batch; "
        return Finding("random", f"{text}draw once outside f, or seed the generator inside it")
    if differ and check.words & GENERATORS:
        text = f"f makes a random generator of its own at each call{both}: draw once outside f, or give it a seed"
        return Finding("random", text)
    if differ:
        text = (
            f"f is not the same function at each call{both}: it remembers something (a counter, a running mean, += on its "
        )
        return Finding("remembers", f"{text}own data) or is random in a way of its own; compute everything from x")


def argument_is_kept(check):
    if all(more > 0 for more in check.answers.references):
        text = "each call of f keeps one more reference to x, and x is moved in place: a list of them holds one array many times"
        return Finding("keeps its argument", f"{text}; keep x.copy()")


def loss_is_not_finite(check):
    value = float(check.answers.values[0])
    if not math.isfinite(value):
        cause = "a log(0), 0/0 or inf - inf inside" if math.isnan(value) else "a log(0) or an exp that overflows inside"
        return Finding("not finite", f"f(x) is {value}, {cause}? Check where f is finite, or cure that first")


def no_array(check):
    for answer in (check.answers.gradient, check.answers.again):
        try:
            kind = plain_array("the gradient", answer).dtype.kind
        except TypeError as error:
            return Finding("not an array", str(error))
        if kind not in "biuf":
            hint = "is its `return` missing?" if answer is None else f"pick out the one for x, of shape {check.x.shape}"
            return Finding(
                "not an array", f"the gradient is a {type(answer).__name__}, not an array of real numbers: {hint}"
            )


def gradient_is_not_finite(check):
    answer = np.asarray(check.answers.gradient)
    bad = np.argwhere(~np.isfinite(answer.astype(float))).tolist()
    if bad:
        text = f"the gradient is {answer[tuple(bad[0])]} at {bad[0]}, though f(x) is finite: look for 0/0 or inf - inf there"
        return Finding("not finite", text)


def two_gradients(check):
    first, second = (np.asarray(answer, dtype=float) for answer in (check.answers.gradient, check.answers.again))
    if first.shape == second.shape and np.allclose(first, second, rtol=1e-6, atol=1e-12 * magnitude(first)):
        return None
    how = "the two differ"
    if first.shape != second.shape:
        how = f"of shape {first.shape}, then {second.shape}"
    elif check.answers.gradient_drew:
        how = "it draws random numbers"
    elif np.allclose(second, 2 * first, rtol=1e-6):
        how = "the second time it was twice as large, so it adds to an array that it keeps"
    text = (
        f"called twice at the same x, the gradient gave two answers: {how}; start from zeros, and keep nothing, at each call"
    )
    return Finding("changes when asked twice", text)


CALLS = [argument_is_changed, no_scalar, random_or_remembering, argument_is_kept, loss_is_not_finite]
CALLS += [no_array, gradient_is_not_finite, two_gradients]
