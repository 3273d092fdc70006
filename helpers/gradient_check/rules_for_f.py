"""What is wrong with f, or with the point: steps in place of slopes, kinks, entries that f never reads, unused labels.

SLOPES are asked where the gradient does not agree with f at once; LABELS, too; AGREEMENT where it agrees and a wrong gradient
might agree as well. The last of AGREEMENT is a remark, which does not speak against the gradient.
"""

import contextlib
import math

import numpy as np

from helpers.arguments import one_hot_rows
from helpers.gradient_check.measurement import BEND, TRUST, magnitude
from helpers.gradient_check.report import REMARK, Finding
from helpers.variables import replaced, variables

__all__ = ["AGREEMENT", "LABELS", "SLOPES"]


def not_finite_beside_x(check):
    for line in check.here.lines:
        if not line.finite:
            text = f"f(x) is finite, but {line.values[~np.isfinite(line.values)][0]} one step from it, {at(line)}: "
            return Finding("not finite", f"{text}x is at the edge of f's domain; check further inside")


def another_value_afterwards(check):
    if check.last != check.here.value:
        text = f"f(x) was {check.here.value:.6g} before x was moved and is {check.last:.6g} afterwards, at the same x: it remembers "
        return Finding("remembers", f"{text}earlier arguments, in a cache, a running mean or += on its own data")


def object_and_numbers(check):
    """f gives another value for a copy of x than for x moved in place: it compares objects, or keeps one for its numbers."""
    if check.here.all_flat or check.answers.references[0] > 0:
        near = check.near(1e-3)
        moved, copied = check.f.or_nan(near), check.f.of_a_copy(near)
        if moved != copied and not math.isnan(copied) and copied != check.here.value:
            text = (
                "f gives another value for a copy of x than for x moved in place: it keeps a reference to its argument, and "
            )
            return Finding(
                "keeps its argument", f"{text}takes the same object for the same numbers; keep x.copy(), or no cache"
            )


def rounding_hides_the_rest(check):
    here, largest = check.here, magnitude(check.here.claims())
    if here.wrong and not here.all_flat:
        return None  # the difference stands out from rounding
    coarse = 1e-3 if here.double else 2.0
    if largest and (here.double or abs(here.value) > 1e3) and TRUST * here.rounding / here.lines[0].step > coarse * largest:
        text = f"f is about {here.value:.3g}, and its rounding moves the slopes by more than {coarse:.0e} of the largest, so that little"
        return Finding(
            "lost to rounding", f"{text} can be told: take constant parts out of f, or compute it in a higher precision"
        )


def staircase(check):
    here, value, text = check.here, check.answers.values[0], ""
    if isinstance(value, int | np.integer | np.bool_):
        text = f"f returns whole numbers, as {value}"
    elif _flat_on_both_sides(here):
        text = "f is exactly flat on both sides of x, and jumps over a longer step"
    elif (here.all_flat or check.unread) and check.far_away == "steps":
        text = "f is flat at x, jumps, and is flat again"
    if text:
        return Finding(
            "staircase", f"{text}: an accuracy or a rounded loss is a staircase, which has no slopes; use the loss itself"
        )


def rounded_inside(check):
    """f scatters more than its type does, by as much over a longer step; the bend of a kink would grow with it."""
    here, lines = check.here, sorted(check.here.first, key=lambda line: line.bend)
    usual = 0.5 * here.eps * max(1.0, magnitude(here.point), *(magnitude(line.values) for line in lines))
    some = lines[len(lines) // 2 :][:5]
    scatter = some[0].bend / 0.674 / BEND  # half of normal deviates are below 0.674
    largest = 5e-4 * some[0].step * max(abs(line.slope) for line in lines)
    if not here.double or len(lines) < 5 or scatter < max(1000 * usual, largest):
        return None
    longer = [here.line(line.where, (-2, -1, 1, 2), shorter=0.1).bend / line.bend for line in some]
    if np.median(longer) < 3:
        text = f"f scatters by {scatter:.1g} from point to point, where its type rounds by {usual:.0g}: something in it is rounded, "
        return Finding("low precision", f"{text}computed in float32, or solved roughly; compute all of it in float64")


def argument_is_ignored(check):
    if check.here.all_flat and check.far_away == "nothing":
        twin = check.twin()
        reads = (
            f"it reads {twin}, which holds the numbers of x in another memory"
            if twin
            else "it reads a copy, or another array"
        )
        text = (
            f"f never changed in its last bit, however x was moved: {reads}; flatten, astype and a list as index make copies"
        )
        return Finding("ignores its argument", f"{text}; hand over the array that f reads, or let f use its argument")


def entries_are_never_read(check):
    if (unread := check.unread) and check.far_away == "nothing":
        text = f"f does not read {len(unread)} of the {len(check.here.entries)} entries looked at, {listed(unread)}: it does not change"
        text += (
            " in its last bit, however far they are moved, and the gradient is not 0 there; does a loop or a slice in f stop"
        )
        return Finding("entries never read", f"{text} too early?")


def kink_at_x(check):
    here = check.here
    for line, near in here.kinks:
        if here.kink(near) and here.double and np.ptp(near.sides) > 0.25 * magnitude(here.slopes):
            text = f"f has a kink {at(line, here)}: its slope is {near.sides[0]:.4g} on one side and {near.sides[-1]:.4g} on the other"
            return Finding("kink", f"{text}, so there is no gradient to check (ReLU, abs, max); move x off it")


SLOPES = [not_finite_beside_x, another_value_afterwards, object_and_numbers, rounding_hides_the_rest]
SLOPES += [staircase, rounded_inside]
SLOPES += [argument_is_ignored, entries_are_never_read, kink_at_x]


def labels_are_never_used(check):
    """With all labels changed f is the same and the gradient is not, or f does not even look at their shape."""
    point = check.near(0.3)
    value = check.f.or_nan(point)
    for variable in [] if check.here.all_flat else variables(check.f.f):
        others = _other_labels(variable.value)
        if others is None or np.shares_memory(variable.value, check.x) or value != _with(variable, others, check, point):
            continue
        if callable(check.gradient):
            unused = any(
                _moves_the_gradient(own, others, check, point)
                for own in variables(check.gradient)
                if own.name == variable.name
            )
        else:
            unused = value == _with(variable, object(), check, point)
        if unused and check.f.or_nan(further := check.near(1.0)) == _with(variable, others, check, further):
            text = f"f is handed {variable.name} and does not use it: with all labels in it changed, f is the same to the last bit"
            return Finding("label never used", f"{text}; are the logits handed to the loss where the labels belong?")


LABELS = [labels_are_never_used]


def agrees_at_any_factor(check):
    x = check.f.kept
    blind = check.blind and not check.here.all_flat
    if check.there is None and (
        blind or (x.ndim > 1 and not np.any(x)) or (check.blind and x.ndim > 1 and np.array_equal(x, x.T))
    ):
        return Finding(
            "proves nothing", f"{why_any_gradient_agrees(check)}, where a wrong gradient can agree: check at a random x"
        )


def step_is_too_long(check):
    here, again = check.here, [near for _, near in check.here.kinks]
    rough = [line for line in here.lines if not here.kink(line) and line not in again and here.double]
    line = max(rough, key=lambda line: line.truncation, default=None)
    if line and np.any(here.gradient) and line.truncation > 1e-3 * magnitude(here.slopes):
        text = f"the slope of f changes within a step of {line.step:.1g} {at(line, here)}, by {line.truncation:.2g} over twice the step"
        return Finding("step too long", f"{text}, so that little can be told: pass a smaller h, or rescale x")


def kink_near_x(check):
    here = check.here
    for line, near in here.kinks:
        if here.double and not here.kink(near) and abs(line.slope - near.slope) > 0.25 * magnitude(here.slopes):
            text = f"f has a kink within a step of {line.step:.1g} {at(line, here)}, and over it the slope would be {line.slope:.4g}; the"
            return Finding(
                REMARK, f"{text} gradient was compared with {near.slope:.4g}, measured with a step of {near.step:.1g}"
            )


AGREEMENT = [object_and_numbers, agrees_at_any_factor, rounding_hides_the_rest, step_is_too_long, kink_near_x]


def at(line, comparison=None):
    """Say where a line is: at x[1, 2] = 0.3."""
    if not line.is_entry or not line.where:
        return "at x"
    return f"at x{list(line.where)}" + (f" = {comparison.point[line.where]:.4g}" if comparison else "")


def listed(lines):
    return ", ".join(f"x{list(line.where)}" for line in lines[:3]) + (", ..." if len(lines) > 3 else "")


def why_any_gradient_agrees(check):
    x = check.f.kept
    alike = "x is its own transpose" if x.ndim > 1 and np.array_equal(x, x.T) else ""
    alike = "all entries of x are equal" if x.size > 1 and np.all(x == x.flat[0]) else alike
    return " and ".join(
        filter(None, [alike if np.any(x) else "x is all zeros", "every slope at x is 0" if check.blind else ""])
    )


def _flat_on_both_sides(here):
    """Return whether f does not change in its last bit close to x, along a line on which it changes over a step."""
    line = max(here.first or here.lines, key=lambda line: abs(line.slope))
    shorter = (
        line.step * abs(line.slope) / (1000 * here.rounding)
    )  # a smooth f would change by as much as 1000 times rounding
    return shorter > 100 and np.array_equal(
        *np.split(here.line(line.where, (-2, -1, 1, 2), shorter).values[[0, 3, 1, 4]], 2)
    )


def _other_labels(labels):
    """Return labels of the same kind of which each is another, or None if `labels` does not look like labels."""
    if isinstance(labels, np.ndarray) and labels.ndim in (1, 2) and 0 < labels.size <= 10**6:
        if labels.shape[-1] > 1 and labels.dtype.kind in "iuf" and one_hot_rows(labels):
            return np.roll(labels, 1, axis=-1)
        if labels.dtype.kind in "iu" and labels.ndim == 1 and labels.max() > 0:
            return (labels + 1) % (labels.max() + 1)


def _with(variable, value, check, point):
    with replaced(variable, value):
        return check.f.or_nan(point)


def _moves_the_gradient(variable, others, check, point):
    with contextlib.suppress(Exception):
        now = check.f.slopes_of(check.gradient, point)
        with replaced(variable, others):
            return not np.array_equal(now, check.f.slopes_of(check.gradient, point))
