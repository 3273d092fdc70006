"""Why the gradient disagrees, as far as an experiment or an exact fit can tell without reading its code.

Two experiments change one thing in f: a tiny constant, or the mask of a ReLU. The other rules change the gradient until it
fits. That it fits is a fact; why it fits is a question. FITS are asked only where the walk through the code has no repair.
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

__all__ = ["FITS", "tiny_constant"]

LET_THROUGH = {"maximum": "ReLU mask", "clip": "flat: a clamp", "minimum": "flat: a clamp"}


def tiny_constant(check):
    """With a tiny constant of f set to 0 the gradient is right."""
    for constant in (constant for _, thing in reachable(check.f.f) for constant in constants(thing)):
        if 0 < constant.value <= 1e-4:
            with contextlib.suppress(AttributeError), replaced(constant, 0.0):
                right = _agrees_with(check, check.f)
            if right and check.share(check.wrong.point.astype(float)) is None:  # else it is a small penalty
                text = f"with {constant.value:g} in f replaced by 0 the gradient is right: it does not know of that constant"
                cure = "if it keeps a logarithm or a quotient from 0, compute the loss from the logits"
                return Finding("flat: a clamp", f"{text}; {cure}")


def mask_left_out(check):
    """With np.maximum in f replaced by a function of the same value and of slope 1 the gradient is right."""
    for name in LET_THROUGH.keys() & check.words if check.wrong.gradient is not None else ():
        with contextlib.suppress(Exception):
            if _agrees_with(check, Function(_letting_through(check.f, check.wrong.point, name), check.x)):
                mask = "the mask is left out, which is 1 where the input passes, as (z > 0) for a ReLU, and 0 elsewhere"
                text = f"the gradient is right for an f whose np.{name} lets all slopes through"
                return Finding(LET_THROUGH[name], f"{text}: {mask}")


def only_elsewhere(check):
    if not check.here.wrong and check.here.gradient is not None:
        reasons = why_any_gradient_agrees(check) or "what does not matter at x, such as a mask, is wrong in it"
        error = f"the gradient agrees at x, and not at a random point (relative error {check.there.relative_error:.2g})"
        return Finding("proves nothing", f"{error}: {reasons}; check at a random x")


def not_summed(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    for axis in range(raw.ndim):
        if (
            raw.shape[axis] > 1
            and raw.shape[:axis] + raw.shape[axis + 1 :] == shape
            and (c := check.factor(raw.sum(axis=axis)))
        ):
            text = f"the gradient has shape {raw.shape}, x has {shape}: its sum over axis {axis}, the batch, fits{_times(c)}"
            return Finding("not summed over the batch", text)


def transposed(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    if raw.size == check.x.size and sum(n > 1 for n in shape) > 1:
        numbers = [raw.T] * (raw.ndim > 1) + [raw.reshape(shape[::-1]).T, raw.ravel().reshape(shape, order="F")]
        for array in numbers:
            if c := check.factor(array.reshape(shape)):
                text = f"the numbers of the gradient fit in the transposed order{_times(c)}: check the order of the product"
                return Finding("transposed", f"{text}, as in x.T @ dz")


def in_another_order(check):
    here, a = check.here, check.here.gradient
    for axis in range(a.ndim) if here.wrong and len(here.entries) == a.size else ():
        if a.size > 2 and here.fits(np.flip(a, axis)):
            return Finding("reversed or permuted", f"the gradient is reversed along axis {axis}: look for a [::-1]")
        for by, edge in ((1, 0), (-1, -1)) if a.shape[axis] > 2 else ():
            shifted, place = np.roll(a, by, axis), (slice(None),) * axis + (edge,)
            pushed = shifted.copy()
            pushed[place] = here.slopes.reshape(a.shape)[place]  # what was pushed over the edge is not known
            if here.fits(shifted) or here.fits(pushed):
                text = f"the gradient is shifted by one along axis {axis}: entry k belongs at k{by:+d}"
                return Finding("shifted by one", f"{text}; an index is off by one")


def another_shape(check):
    raw, shape = np.asarray(check.answers.gradient, dtype=float), check.x.shape
    if raw.shape != shape:
        hint = "each entry of x needs one slope; is a sum over an axis missing, or one too many, or an argument swapped?"
        if raw.size == check.x.size and check.here.fits(raw.reshape(shape)):
            hint = f"its numbers are right; give it the shape of x, .reshape({shape})"
        return Finding("shape", f"the gradient has shape {raw.shape}, and x has {shape}: {hint}")


def all_zero(check):
    if not np.any(check.wrong.gradient):
        line, cause = check.wrong.wrong[0], "was it measured on a copy of x (flatten, reshape), or never filled in?"
        return Finding(
            "zero gradient", f"the gradient is 0 everywhere, and the slope of f {at(line)} {line.slope:.4g}: {cause}"
        )


def rounded(check):
    """The gradient holds whole numbers, or numbers of a few decimals that are right to the last of them."""
    here, a, kind = check.here, check.here.gradient, np.asarray(check.answers.gradient).dtype
    if kind.kind in "biu":
        cause = "an array of integers cuts off what follows the decimal point; make it of floats"
        return Finding("integer gradient", f"the gradient holds {kind}: {cause}, np.zeros_like(x, dtype=float)")
    for decimals in range(1, 9) if here.wrong and len(here.lines) > 2 else ():
        if np.allclose(a, np.round(a, decimals), rtol=0, atol=1e-6 * 10.0**-decimals):
            right = all(here.off(line) <= 0.51 * 10.0**-decimals + here.bar(line, a) for line in here.lines)
            text = f"the gradient is right to its {decimals} decimals, and has no more: compute it, do not copy a print-out"
            return Finding("rounded gradient", text) if right else None


def constant_factor(check):
    if c := check.factor(check.wrong.gradient):
        if c == -1:
            return Finding("sign", "the slopes are the gradient with the opposite sign (of a cross-entropy it is y - t)")
        hint = "is a mean taken for a sum, a square without its 2, or another scale forgotten?"
        sign = "the sign is wrong, and " if c < 0 else ""
        return Finding("constant factor", f"{sign}every slope is the gradient times {_number(c)}: {hint}")


def added_term(check):
    x = check.wrong.point.astype(float)
    sign = np.sign(x) * (np.ptp(np.sign(x)) == 2)  # all of one sign: just a number
    for array, what in ((x, "x"), (sign, "sign(x)"), (np.ones(x.shape), "1")):
        if c := check.share(array):
            text = f"the slopes are the gradient {'plus' if c > 0 else 'minus'} {abs(c):.4g} times {what}"
            if what == "1":
                return Finding("constant offset", f"{text}: a term is added once too often, or left out")
            return Finding("L2 term", f"{text}: is a weight decay missing or superfluous, or its factor another?")


def measured_badly(check):
    """The gradient holds the very numbers that another difference quotient gives."""
    here = check.here
    lines = sorted(here.entries, key=lambda line: -here.off(line))[:3] if here.wrong and here.double else []
    for h in (10.0**-k for k in range(1, 11)):
        rounding = 100 * here.eps * abs(here.value) / h
        fits = [_quotients(check.f, here, line, h, rounding) for line in lines if rounding < 0.01 * here.off(line)]
        if fits and len(fits) == len(lines) and (formulas := set.intersection(*fits)):
            text = f"the gradient is measured, and badly: {formulas.pop()} with h = {h:g} gives its numbers"
            return Finding("measured badly", f"{text}; measure (f(x + h) - f(x - h)) / (2 * h) with h = 1e-5")


def not_recognised(check):
    wrong, entries = [line for line in check.here.wrong if line.is_entry], check.here.entries
    text = f"{len(wrong)} of the {len(entries)} entries looked at disagree, {listed(wrong)}: check the parts of f one by one"
    return Finding("cause not recognised", text)


FITS = [
    mask_left_out,
    only_elsewhere,
    not_summed,
    transposed,
    another_shape,
    all_zero,
    in_another_order,
    rounded,
    constant_factor,
    added_term,
]
FITS += [measured_badly, not_recognised]


def _agrees_with(check, f):
    """Return whether the gradient agrees with another f along the lines where it is most wrong, and along some others."""
    at, lines = check.wrong, check.wrong.wrong[:6] + check.wrong.lines[:6]
    value = f.or_nan(at.point)
    with contextlib.suppress(Exception):
        other = Comparison(f, at.point, value, at.gradient, at.eps, at.h)
        other.measure([line.where for k, line in enumerate(lines) if line not in lines[:k]])
        return math.isfinite(value) and other.finite and not other.wrong and other.fits(at.gradient)


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


def _quotients(f, here, line, h, rounding):
    """Return the difference quotients that give what the gradient says along a line, if no constant factor explains it."""
    claim = line.of(here.gradient)
    down, middle, up = here.line(line.where, (-1, 1), shorter=line.step / h).values
    quotients = {
        "(f(x + h) - f(x)) / h": (up - middle) / h,
        "(f(x) - f(x - h)) / h": (middle - down) / h,
        "(f(x + h) - f(x - h)) / (2 * h)": (up - down) / (2 * h),
    }
    close = {text: value for text, value in quotients.items() if abs(value - claim) <= rounding + 1e-4 * here.off(line)}
    return {text for text, value in close.items() if not any(_close(value, k * line.slope) for k in (1, 2, 0.5))}


def _close(a, b):
    return math.isclose(a, b, rel_tol=1e-4)


def _number(c):
    """Return a factor as text: as 1/n where it is one."""
    if abs(c) < 0.99 and _close(abs(1 / c), round(abs(1 / c))):
        return f"{'-' if c < 0 else ''}1/{round(abs(1 / c))}"
    return f"{round(c)}" if round(c) and _close(c, round(c)) else f"{c:.4g}"


def _times(c):
    return "" if _close(c, 1) else f" times {_number(c)}"
