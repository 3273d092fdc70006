"""What is wrong with f, or with the point: steps in place of slopes, kinks, entries that f never reads, unused labels.

SLOPES are asked where the gradient does not agree with f at once, AGREEMENT where it agrees and a wrong one might as well.
"""

import contextlib
import math

import numpy as np

from helpers.arguments import one_hot_rows
from helpers.gradient_check.measurement import TRUST, magnitude
from helpers.gradient_check.report import REMARK, Finding
from helpers.variables import replaced, variables


def not_finite_beside_x(check):
    for line in check.here.lines:
        if not line.finite:
            value = line.values[~np.isfinite(line.values)][0]
            return Finding("not finite", f"f(x) is finite, but {value} one step away, {at(line)}; check further inside")


def another_value_afterwards(check):
    if check.last != check.here.value:
        cause = "it remembers earlier arguments, in a cache, a running mean or += on its own data"
        values = f"f(x) was {check.here.value:.6g} before x was moved, and is {check.last:.6g} afterwards"
        return Finding("remembers", f"{values}: {cause}")


def object_and_numbers(check):
    """f gives another value for a copy of x than for x moved in place: it compares objects, or keeps one for its numbers."""
    if check.here.all_flat or check.asked_f.references[0] > 0:
        near = check.near(1e-3)
        moved, copied = check.f.or_nan(near), check.f.or_nan(near, copied=True)
        if moved != copied and not math.isnan(copied) and copied != check.here.value:
            cause = "it keeps a reference to its argument, and takes the same object for the same numbers; keep x.copy()"
            return Finding("keeps its argument", f"f gives another value for a copy of x than for x moved in place: {cause}")


def rounding_hides_the_rest(check):
    here, largest, coarse = check.here, magnitude(check.here.claims()), 1e-3 if check.here.double else 2.0
    hidden = here.all_flat or not here.wrong  # else the difference stands out from rounding
    rounding = TRUST * here.rounding / here.lines[0].step
    nothing = largest <= 1e-12 * here.double  # the gradient is 0, but for the rounding of its own terms
    if hidden and not nothing and (here.double or abs(here.value) > 1e3) and rounding > coarse * largest:
        cause = f"its rounding moves the slopes by more than {coarse:.0e} of the largest, so that little is proved"
        return Finding("lost to rounding", f"f is about {here.value:.3g}, and {cause}: take constant parts out of f")


def staircase(check):
    here, value, text = check.here, check.asked_f.answers[0], ""
    far = _far_away(check) if here.all_flat or check.unread else ""
    if isinstance(value, int | np.integer | np.bool_):
        text = f"f returns whole numbers, as {value}"
    elif far == "steps" or _flat_on_both_sides(here):
        text = "f is exactly flat around x, and jumps further away"
    if text:
        return Finding("staircase", f"{text}: an accuracy or a rounded loss has no slopes; use the loss itself")
    if far == "nothing" and here.all_flat:
        cause = "it reads another array, or a copy (flatten, astype and a list as index make one); let f use its argument"
        return Finding("ignores its argument", f"f never changed in its last bit, however x was moved: {cause}")
    if far == "nothing":
        text = f"f does not read {len(check.unread)} of the {len(here.entries)} entries looked at, {listed(check.unread)}"
        cause = "does a loop or a slice of f stop too early, or must the gradient be 0 there?"
        return Finding("entries never read", f"{text}, where the gradient is not 0: {cause}")


def _far_away(check):
    """Return how f reacts when the entries to which it did not react are moved far: with "slopes", "steps" or "nothing"."""
    here, moving = check.here, np.zeros(check.x.shape)
    for line in check.unread:
        moving[line.where] = 1
    away = check.scale * (1 if here.all_flat else moving) * check.rng.standard_normal(moving.shape)

    def f(distance):
        return check.f.or_nan((check.f.kept + distance * away).astype(check.x.dtype))

    for far in (0.3, -0.3, 1, -1, 3, -3, 10, -10, 30, -30):
        end = f(far)
        if abs(end - here.value) > 1000 * here.rounding:
            return "steps" if f(far + 0.1 * np.sqrt(here.eps)) == end and _jumps(f, here.value, far, end) else "slopes"
    return "nothing" if f(np.where(away, np.nan, 0)) == here.value else "slopes"


def _jumps(f, start, far, end):
    """Return whether f jumps: however often the way is halved on which f changes more, the change remains."""
    near, changes = 0.0, []
    for _ in range(28):
        middle = (near + far) / 2
        value = f(middle)
        if abs(value - start) > abs(end - value):
            far, end = middle, value
        else:
            near, start = middle, value
        changes.append(abs(end - start))
    return changes[-1] > 0.5 * changes[17]


def _flat_on_both_sides(here):
    """Return whether f does not change in its last bit close to x, along a line on which it changes over a step."""
    line = max(here.first or here.lines, key=lambda line: abs(line.slope))
    shorter = line.step * abs(line.slope) / (1000 * here.rounding)  # a smooth f would change by 1000 times its rounding
    return shorter > 100 and np.array_equal(*here.line(line.where, shorter=shorter).values[[[0, 3], [1, 4]]])


def kink(check):
    here, largest = check.here, magnitude(check.here.slopes)
    for line, near in here.kinks if here.double else ():
        steep = here.kink(near) and np.ptp(near.sides) > 0.25 * largest
        if steep and np.ptp(near.sides) > 30 * np.ptp(line.sides):  # a kink has the same two sides over a shorter step
            text = (
                f"f scatters by {np.ptp(near.values):.1g} from point to point, where its type rounds by {here.rounding:.0g}"
            )
            return Finding("low precision", f"{text}: something in it is rounded, computed in float32, or solved roughly")
        if steep:
            sides = f"its slope is {near.sides[0]:.4g} on one side and {near.sides[-1]:.4g} on the other"
            return Finding("kink", f"f has a kink {at(line, here)}: {sides}, so there is no gradient; move x off it")
        if not here.kink(near) and not here.wrong and abs(line.slope - near.slope) > 0.25 * largest:
            text = f"f has a kink within {line.step:.1g} of {at(line)[3:]}: across it the slope is {line.slope:.4g}"
            return Finding(REMARK, f"{text}, and with a step of {near.step:.1g} it is {near.slope:.4g}, which was compared")


def mean_of_two_sides(check):
    """The gradient agrees with the mean of two slopes: f has a kink exactly at x, and the central difference averages."""
    here = check.here
    steepest = max(magnitude(line.sides) for line in here.lines)
    for line in here.lines if here.double else ():
        low, high = line.sides[len(line.sides) // 2 - 1 :][:2]
        if abs(high - low) > 0.25 * steepest and abs(high - low) > 30 * here.rounding / line.step:
            near = here.line(line.where, (-1, 1), shorter=100)  # where f is smooth, the two sides come closer
            noise = 30 * here.rounding / near.step
            if abs(near.sides[1] - near.sides[0]) > max(0.5 * abs(high - low), noise):
                sides = f"its slope is {near.sides[0]:.4g} on one side and {near.sides[1]:.4g} on the other"
                return Finding(REMARK, f"f has a kink {at(line, here)}: {sides}, and the gradient takes the mean of the two")


def labels_are_never_used(check):
    """With all labels changed f is the same and the gradient is not, or f does not even look at their shape."""
    point, given = check.near(1.0), not callable(check.gradient)
    for variable in [] if check.here.all_flat else variables(check.f.f):
        others = _other_labels(variable.value)
        if others is not None and not np.shares_memory(variable.value, check.x):
            alike = [variable, *(own for own in variables(check.gradient) if own.name == variable.name)]
            loss, slopes = _answers(check, point)
            loss_now, slopes_now = _answers(check, point, alike, object() if given else others)
            if loss == loss_now and (given or not np.array_equal(slopes, slopes_now, equal_nan=True)):
                text = f"f is handed {variable.name} and does not use it: with all labels changed, f is the same to the last"
                return Finding("label never used", f"{text} bit; are the logits handed to the loss where the labels belong?")


def _answers(check, point, changed=(), value=None):
    """Return what f and the gradient answer at a point, with another value in place of some variables."""
    with contextlib.ExitStack() as stack:
        for variable in changed:
            stack.enter_context(replaced(variable, value))
        return check.f.or_nan(point), check.f.gradient_or_nan(check.gradient)


def _other_labels(labels):
    """Return labels of the same kind of which each is another, or None if `labels` does not look like labels."""
    if isinstance(labels, np.ndarray) and labels.ndim in (1, 2) and 0 < labels.size <= 10**6:
        if labels.shape[-1] > 1 and labels.dtype.kind in "iuf" and one_hot_rows(labels):
            return np.roll(labels, 1, axis=-1)
        if labels.dtype.kind in "iu" and labels.ndim == 1 and labels.max() > 0:
            return (labels + 1) % (labels.max() + 1)


def agrees_at_any_factor(check):
    x, table = check.f.kept, check.f.kept.ndim > 1
    blind = check.blind and (not check.here.all_flat or (table and np.array_equal(x, x.T)))
    if check.there is None and (blind or (table and not np.any(x))):
        reason = why_any_gradient_agrees(check)
        return Finding("proves nothing", f"{reason}, so that a wrong gradient agrees: check at a random x")


def step_is_too_long(check):
    here, again = check.here, [near for _, near in check.here.kinks]
    rough = [line for line in here.lines if not here.kink(line) and line not in again and here.double]
    line = max(rough, key=lambda line: line.truncation, default=None)
    if (
        line
        and np.any(here.gradient)
        and line.truncation > max(1e-3 * magnitude(here.slopes), TRUST * here.rounding / line.step)
    ):
        text = f"the slope of f changes within a step of {line.step:.1g} {at(line, here)}, by {line.truncation:.2g} over two"
        return Finding("step too long", f"{text}, so that little is proved: pass a smaller h, or rescale x")


SLOPES = [not_finite_beside_x, another_value_afterwards, object_and_numbers, rounding_hides_the_rest, staircase, kink]
AGREEMENT = [object_and_numbers, agrees_at_any_factor, rounding_hides_the_rest, step_is_too_long, mean_of_two_sides]


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
    return " and ".join(filter(None, [alike if np.any(x) else "x is all zeros", "every slope at x is 0" * check.blind]))
