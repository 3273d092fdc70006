"""Why the gradient disagrees, as far as an experiment or an exact fit can tell without reading its code.

EXPERIMENTS change one thing in f: a tiny constant, or the mask of a ReLU. The rules of FITS are asked only where the walk through
the code has verified nothing: they change the gradient until it fits. That it fits is a fact. Why it fits is a question, for
4 may be the length of the batch and of something else as well.
"""

import contextlib
import functools
import math

import numpy as np

from helpers.gradient_check.measurement import Comparison
from helpers.gradient_check.report import Finding
from helpers.gradient_check.rules_for_f import at, listed, why_any_gradient_agrees
from helpers.perturbation import Function
from helpers.variables import constants, reachable, replaced

__all__ = ["EXPERIMENTS", "FITS"]

LET_THROUGH = {"maximum": "ReLU mask", "clip": "flat: a clamp", "minimum": "flat: a clamp"}


def tiny_constant(check):
    """With a tiny constant of f set to 0 the gradient is right."""
    for constant in (constant for _, thing in reachable(check.f.f) for constant in constants(thing)):
        if 0 < constant.value <= 1e-4:
            with contextlib.suppress(AttributeError), replaced(constant, 0.0):
                right = _agrees_with(check, check.f)
            if right and check.share(check.wrong.point.astype(float)) is None:  # else it is a small penalty
                text = f"with the {constant.value:g} in f replaced by 0 the gradient is right: it does not know of that constant; if it"
                text += " keeps a logarithm or a quotient from 0, it cuts slopes off: compute the loss from the logits"
                return Finding("flat: a clamp", text)


def mask_left_out(check):
    """With np.maximum in f replaced by a function of the same value and of slope 1 the gradient is right."""
    for name in LET_THROUGH.keys() & check.words if check.wrong.gradient is not None else ():
        with contextlib.suppress(Exception):
            if _agrees_with(check, Function(_letting_through(check.f, check.wrong.point, name), check.x)):
                text = f"the gradient is right for an f whose np.{name} lets all slopes through: the mask is left out, which is 1 where"
                return Finding(
                    LET_THROUGH[name], f"{text} its input passes, as (z > 0) for a ReLU, and 0 where it is cut off"
                )


EXPERIMENTS = [tiny_constant, mask_left_out]


def only_elsewhere(check):
    if not check.here.wrong and check.here.gradient is not None:
        reasons = why_any_gradient_agrees(check) or "what does not matter at x, such as a mask, is wrong in it"
        text = f"the gradient agrees at x, and not at a random point (relative error {check.there.relative_error:.2g}): {reasons}"
        return Finding("proves nothing", f"{text}; check at a random x, and look for the cause there")


def not_summed(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    for axis in range(raw.ndim):
        if (
            raw.shape[axis] > 1
            and raw.shape[:axis] + raw.shape[axis + 1 :] == shape
            and (c := check.factor(raw.sum(axis=axis)))
        ):
            text = f"the gradient has shape {raw.shape}, x has {shape}: it is not summed over the batch, axis {axis}; its sum over that"
            return Finding("not summed over the batch", f"{text} axis fits{_times(c)}")


def transposed(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    if raw.size == check.x.size and sum(n > 1 for n in shape) > 1:
        flat = raw.ravel()
        for numbers in (
            *([raw.T.ravel()] if raw.ndim > 1 else []),
            flat.reshape(shape[::-1]).T.ravel(),
            flat.reshape(shape, order="F").ravel(),
        ):
            if c := check.factor(numbers.reshape(shape)):
                text = f"the numbers of the gradient fit in the transposed order{_times(c)}: check the order of the product, as in"
                return Finding("transposed", f"{text} x.T @ dz")


def another_shape(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    if raw.shape != shape:
        hint = "each entry of x needs one slope; is a sum over an axis missing, or one too many, or an argument swapped?"
        if raw.size == check.x.size and check.here.fits(raw.reshape(shape)):
            hint = f"its numbers are right; give it the shape of x, .reshape({shape})"
        return Finding("shape", f"the gradient has shape {raw.shape}, and x has {shape}: {hint}")


def all_zero(check):
    if not np.any(check.wrong.gradient):
        line = check.wrong.wrong[0]
        text = (
            f"the gradient is zero everywhere, and f has slopes, {line.slope:.4g} {at(line)}: was it measured on a copy of x"
        )
        return Finding(
            "zero gradient", f"{text} (flatten, reshape), by a function that ignores its argument, or never filled in?"
        )


def rounded(check):
    """The gradient holds whole numbers, or numbers of a few decimals that are right to the last of them."""
    here, a, kind = check.here, check.here.gradient, np.asarray(check.answers.gradient).dtype
    if kind.kind in "biu":
        text = f"the gradient holds {kind}, whole numbers: an array of integers cuts off what follows the decimal point"
        return Finding("integer gradient", f"{text}; make it of floats, np.zeros_like(x, dtype=float)")
    decimals = next(
        (d for d in range(1, 9) if here.wrong and np.allclose(a, np.round(a, d), rtol=0, atol=1e-6 * 10.0**-d)), None
    )
    if (
        decimals
        and len(here.lines) > 2
        and all(here.off(line) <= 0.51 * 10.0**-decimals + here.bar(line, a) for line in here.lines)
    ):
        text = (
            f"the gradient is right to its {decimals} decimals, and has no more: compute it in place of copying a print-out"
        )
        return Finding("rounded gradient", text)


def constant_factor(check):
    if c := check.factor(check.wrong.gradient):
        if c == -1:
            return Finding(
                "sign", "the slopes are the gradient with the opposite sign (for a cross-entropy it is y - t, not t - y)"
            )
        hint = "is a mean taken for a sum, a square without its 2, or another scale forgotten?"
        sign = "the sign is wrong, and " if c < 0 else ""
        return Finding("constant factor", f"{sign}every slope is the gradient times {_number(c)}: {hint}")


def added_term(check):
    x = check.wrong.point.astype(float)
    sign = np.sign(x) * (np.ptp(np.sign(x)) == 2)  # all of one sign: just a number
    for array, name, what in ((x, "L2", "x"), (sign, "L1", "sign(x)"), (np.ones(x.shape), "", "1")):
        if c := check.share(array):
            text = f"the slopes are the gradient {'plus' if c > 0 else 'minus'} {abs(c):.4g} times {what}: "
            if name:
                return Finding(
                    "L2 term", f"{text}is an {name} term (weight decay) missing or superfluous, or its factor another?"
                )
            return Finding("constant offset", f"{text}a term is added once too often, or left out")


def measured_badly(check):
    """The gradient holds the very numbers that another difference quotient gives."""
    here = check.here
    lines = sorted(here.entries, key=lambda line: -here.off(line))[:3]
    for h in (10.0**-k for k in range(1, 11)) if here.wrong and here.double else ():
        quotients, rounding = (
            [_quotients(check.f, here, line.where, h) for line in lines],
            100 * here.eps * abs(here.value) / h,
        )
        for formula in quotients[0]:
            pairs = [(values[formula], line) for values, line in zip(quotients, lines, strict=True)]
            fits = all(
                abs(value - line.of(here.gradient)) <= rounding + 1e-4 * here.off(line) and rounding < 0.01 * here.off(line)
                for value, line in pairs
            )
            factor = any(_close(value, k * line.slope) for value, line in pairs for k in (1, 2, 0.5))
            if fits and not factor:
                text = f"the gradient is measured, and badly: {formula} with h = {h:g} gives its numbers; measure"
                return Finding("measured badly", f"{text} (f(x + h) - f(x - h)) / (2 * h) with h = 1e-5")


def not_recognised(check):
    wrong, entries = [line for line in check.here.wrong if line.is_entry], check.here.entries
    text = f"{len(wrong)} of the {len(entries)} entries looked at disagree, {listed(wrong)}: check the parts of f one by one"
    return Finding("cause not recognised", text)


FITS = [only_elsewhere, not_summed, transposed, another_shape, all_zero, rounded, constant_factor, added_term]
FITS += [measured_badly, not_recognised]


def _agrees_with(check, f):
    """Return whether the gradient agrees with another f along the lines where it is most wrong, and along some others."""
    at, lines = check.wrong, check.wrong.wrong[:6] + check.wrong.lines[:6]
    value = f.or_nan(at.point)
    if math.isfinite(value):
        with contextlib.suppress(Exception):
            other = Comparison(f, at.point, value, at.gradient, at.eps, at.h)
            other.measure([line.where for k, line in enumerate(lines) if line not in lines[:k]])
            return other.finite and not other.wrong and other.fits(at.gradient)
    return False


def _letting_through(f, point, name):
    """Return f with a function of NumPy replaced by one that has the same values at the point, and the slope 1."""
    offsets, visits, real = [], [], getattr(np, name)

    def letting_through(*values, **options):
        result, through = real(*values, **options), max(values[:2], key=np.size)
        if np.shape(result) != np.shape(through):
            return result
        visits.append(real)
        if len(visits) > len(offsets):  # the first time, at the point
            offsets.append(result - through)
        return through + offsets[len(visits) - 1]

    @functools.wraps(f.f)
    def changed(x):
        visits.clear()
        setattr(np, name, letting_through)
        try:
            return f.f(x)
        finally:
            setattr(np, name, real)

    Function(changed, f.x)(point)
    return changed


def _quotients(f, here, where, h):
    up, down = here.point.copy(), here.point.copy()
    up[where] += h
    down[where] -= h
    up, down, middle = f.or_nan(up), f.or_nan(down), here.value
    return {
        "(f(x + h) - f(x)) / h": (up - middle) / h,
        "(f(x) - f(x - h)) / h": (middle - down) / h,
        "(f(x + h) - f(x - h)) / (2 * h)": (up - down) / (2 * h),
    }


def _close(a, b):
    return math.isclose(a, b, rel_tol=1e-4)


def _number(c):
    """Return a factor as text: as 1/n where it is one."""
    if abs(c) < 0.99 and _close(abs(1 / c), round(abs(1 / c))):
        return f"{'-' if c < 0 else ''}1/{round(abs(1 / c))}"
    return f"{round(c)}" if round(c) and _close(c, round(c)) else f"{c:.4g}"


def _times(c):
    return "" if _close(c, 1) else f" times {_number(c)}"
