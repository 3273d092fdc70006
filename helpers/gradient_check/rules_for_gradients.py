"""Why a gradient disagrees, where the search through its code found no repair: as far as its numbers alone can tell.

Two experiments change one thing in f: a tiny constant, or the mask of a ReLU. The other rules change the gradient until it
equals the measured slopes. That it then does is a fact; why it does is a question.
"""

import contextlib
import functools
import itertools
import math
import time

import numpy as np

from helpers.gradient_check.measurement import Comparison
from helpers.gradient_check.report import Finding
from helpers.gradient_check.rules_for_f import at, listed, why_any_gradient_agrees
from helpers.perturbation import Function
from helpers.time_limit import OutOfTime, time_limit
from helpers.variables import Variable, constants, reachable, replaced

CLAMPS = {"maximum": "ReLU mask", "clip": "flat: a clamp", "minimum": "flat: a clamp"}
USUAL = (1, 2, 0.5, -1, -2, -0.5)
QUOTIENTS = ["(f(x + h) - f(x)) / h", "(f(x) - f(x - h)) / h", "(f(x + h) - f(x - h)) / (2 * h)"]


def tiny_constant(check):
    """With a tiny constant of f set to 0 the gradient is right."""
    for constant in (constant for _, thing in reachable(check.f.f) for constant in constants(thing)):
        if 0 < constant.value <= 1e-4:
            right, a_second = False, time_limit(time.process_time() + 1)
            with contextlib.suppress(AttributeError, OutOfTime), replaced(constant, 0.0), a_second:
                right = _is_right_for(check.f, check)  # unless an object cannot be changed, or a loop does not end now
            if right and _multiple(check, check.wrong.point.astype(float), check.wrong.gradient) is None:  # no small penalty
                text = f"with {constant.value:g} in f replaced by 0 the gradient is right: it does not know of that constant"
                cure = "if it keeps a logarithm or a quotient from 0, compute the loss from the logits"
                return Finding("flat: a clamp", f"{text}; {cure}")


def mask_left_out(check):
    """With np.maximum in f replaced by a function of the same value and of slope 1 the gradient is right."""
    for name in CLAMPS if check.wrong.gradient is not None else ():
        if _is_right_for(Function(_letting_through(check.f.f, name), check.x), check):
            mask = "the mask is left out, which is 1 where the input passes, as (z > 0) for a ReLU, and 0 elsewhere"
            return Finding(CLAMPS[name], f"the gradient is right for an f whose np.{name} lets all slopes through: {mask}")


def _letting_through(f, name):
    """Return f with a function of NumPy replaced by one of slope 1, which has the same values where f is evaluated first."""
    shifts, real = [], getattr(np, name)

    def changed(x):
        visits, first = itertools.count(), not shifts

        def passing(*values, **options):
            value, k = max(values[:2], key=np.size), next(visits)
            if first:
                shifts.append(real(*values, **options) - value)
            return value + shifts[k]

        with replaced(Variable(name, real, functools.partial(setattr, np, name)), passing):
            value = f(x)
        return value if shifts else math.nan  # f does not call that function

    return changed


def constant_factor(check):
    a = check.wrong.gradient
    c = None if a is None else _multiple(check, a)
    if c == -1:
        return Finding("sign", "the slopes are the gradient with the opposite sign (of a cross-entropy it is y - t)")
    if c:
        hint = "is a mean taken for a sum, a square without its 2, or another scale forgotten?"
        sign = "the sign is wrong, and " if c < 0 else ""
        return Finding("constant factor", f"{sign}every slope is the gradient times {_number(c)}: {hint}")


def in_another_order(check):
    """The numbers of the gradient fit once they are summed over the batch, transposed, reversed or shifted."""
    raw = np.asarray(check.given, dtype=float) if check.wrong.gradient is None else check.wrong.gradient
    for name, array, text in _orders(raw, check.x.shape, check.wrong):
        if c := _multiple(check, array):
            return Finding(name, text.format("" if _number(c) == "1" else f" times {_number(c)}"))


def _orders(raw, shape, wrong):
    """Yield the name of a mistake, the gradient without it, and a sentence."""
    for axis in range(raw.ndim):
        if raw.shape[axis] > 1 and raw.shape[:axis] + raw.shape[axis + 1 :] == shape:
            text = f"the gradient has shape {raw.shape}, x has {shape}: its sum over axis {axis}, the batch, fits{{}}"
            yield "not summed over the batch", raw.sum(axis=axis), text
    if raw.size == math.prod(shape) and sum(n > 1 for n in shape) > 1:
        text = "the numbers of the gradient fit in the transposed order{}: check the order of the product, as in x.T @ dz"
        for array in [raw.T.reshape(shape)] * (raw.ndim > 1) + [raw.ravel().reshape(shape, order="F")]:
            yield "transposed", array, text
    for axis in range(raw.ndim) if raw.shape == shape else ():
        text = f"the gradient is reversed along axis {axis}: look for a [::-1]"
        yield "reversed or permuted", np.flip(raw, axis), text
        for by, edge in ((1, 0), (-1, -1)) if raw.shape[axis] > 2 and len(wrong.entries) == raw.size else ():
            shifted, place = np.roll(raw, by, axis), (slice(None),) * axis + (edge,)
            shifted[place] = wrong.slopes.reshape(shape)[place]  # what was pushed over the edge is not known
            text = f"the gradient is shifted by one along axis {axis}: entry k belongs at k{by:+d}; an index is off by one"
            yield "shifted by one", shifted, text


def another_shape(check):
    raw, shape = np.asarray(check.given, dtype=float), check.x.shape
    if raw.shape != shape:
        hint = "each entry of x needs one slope; is a sum over an axis missing, or one too many, or an argument swapped?"
        if raw.size == check.x.size and check.here.fits(raw.reshape(shape)):
            hint = f"its numbers are right; give it the shape of x, .reshape({shape})"
        return Finding("shape", f"the gradient has shape {raw.shape}, and x has {shape}: {hint}")


def all_zero(check):
    if not np.any(check.wrong.gradient):
        line, cause = check.wrong.wrong[0], "was it measured on a copy of x (flatten, reshape), or never filled in?"
        text = f"the gradient is 0 everywhere, and the slope of f {at(line)} {line.slope:.4g}"
        return Finding("zero gradient", f"{text}: {cause}")


def rounded(check):
    """The gradient holds whole numbers, or numbers of a few decimals that are right to the last of them."""
    here, a, kind = check.here, check.here.gradient, np.asarray(check.given).dtype
    if kind.kind in "biu":
        cause = "an array of integers cuts off what follows the decimal point; make it of floats"
        return Finding("integer gradient", f"the gradient holds {kind}: {cause}, np.zeros_like(x, dtype=float)")
    for decimals in range(1, 9) if here.wrong and len(here.lines) > 2 else ():
        if np.allclose(a, np.round(a, decimals), rtol=0, atol=1e-6 * 10.0**-decimals):
            right = all(here.off(line) <= 0.51 * 10.0**-decimals + here.bar(line, a) for line in here.lines)
            text = f"the gradient is right to its {decimals} decimals, and has no more: compute it, do not copy a print-out"
            return Finding("rounded gradient", text) if right else None


def added_term(check):
    x = check.wrong.point.astype(float)
    sign = np.sign(x) * (np.ptp(np.sign(x)) == 2)  # all of one sign: just a number
    for array, what in ((x, "x"), (sign, "sign(x)"), (np.ones(x.shape), "1")):
        if c := _multiple(check, array, check.wrong.gradient):
            text = f"the slopes are the gradient {'plus' if c > 0 else 'minus'} {abs(c):.4g} times {what}"
            if what == "1":
                return Finding("constant offset", f"{text}: a term is added once too often, or left out")
            return Finding("L2 term", f"{text}: is a weight decay missing or superfluous, or its factor another?")


def measured_badly(check):
    """The gradient holds the very numbers that another difference quotient gives."""
    here = check.here
    lines = sorted(here.entries, key=lambda line: -here.off(line))[:3] if here.wrong and here.double else []
    claims, off = np.array([[line.of(here.gradient), here.off(line)] for line in lines]).reshape(-1, 2, 1).swapaxes(0, 1)
    for h in (10.0**-k for k in range(1, 11)):
        rounding = 100 * here.eps * abs(here.value) / h
        if lines and np.all(rounding < 0.01 * off):
            values = [here.line(line.where, (-1, 1), shorter=line.step / h).values for line in lines]
            quotients = np.array([[up - middle, middle - down, (up - down) / 2] for down, middle, up in values]) / h
            fits = np.all(np.abs(quotients - claims) <= rounding + 1e-4 * off, axis=0)
            if fits.any():
                text = f"the gradient is measured, and badly: {QUOTIENTS[fits.argmax()]} with h = {h:g} gives its numbers"
                return Finding("measured badly", f"{text}; measure (f(x + h) - f(x - h)) / (2 * h) with h = 1e-5")


def not_recognised(check):
    wrong, entries = [line for line in check.here.wrong if line.is_entry], check.here.entries
    if not check.here.wrong:
        reasons = why_any_gradient_agrees(check) or "what does not matter at x, such as a mask, is wrong in it"
        error = f"the gradient agrees at x, and not at a random point (relative error {check.there.relative_error:.2g})"
        return Finding("proves nothing", f"{error}: {reasons}; check at a random x")
    advice = "check the parts of f one by one" if callable(check.gradient) else "pass a function, to have its code searched"
    text = f"{len(wrong)} of the {len(entries)} entries looked at disagree, {listed(wrong)}: {advice}"
    return Finding("cause not recognised", text)


FITS = [mask_left_out, constant_factor, in_another_order, another_shape, all_zero, rounded, added_term, measured_badly]
FITS += [not_recognised]


def _is_right_for(f, check):
    """Return whether the gradient agrees with the f of an experiment, where it is most wrong and along some other lines."""
    at, value = check.wrong, f.or_nan(check.wrong.point)
    with contextlib.suppress(Exception):
        other, places = Comparison(f, at.point, value, at.gradient, at.eps, at.h), dict.fromkeys(at.wrong[:6] + at.lines[:6])
        return math.isfinite(value) and not other.measure([line.where for line in places]).wrong and other.fits(at.gradient)


def _multiple(check, array, start=None):
    """Return c if `start` (by default 0) plus c times `array` is the gradient where the given one is wrong, else None."""
    at, start = check.wrong, np.zeros(array.shape) if start is None else start
    claims, missing, off = at.claims(array), at.slopes - at.claims(start), at.slopes - at.claims()
    c = float(claims @ missing / (claims @ claims)) if np.any(claims) else 0.0
    usual = [u for u in USUAL if not np.any(start) and abs(c / u - 1) < 20 * np.cbrt(at.eps)]
    for candidate in [*usual, c] if len(missing) > 2 else usual:  # any number is a factor of one
        explained = np.linalg.norm(missing - candidate * claims) < 0.2 * np.linalg.norm(off) or check.here.gradient is None
        if candidate and explained and at.fits(start + candidate * array):
            return candidate


def _number(c):
    """Return a factor as text: as 1/n where it is one."""
    n = round(1 / abs(c))
    return f"{'-' * (c < 0)}1/{n}" if n > 1 and math.isclose(1 / abs(c), n, rel_tol=1e-4) else f"{c:.4g}"
