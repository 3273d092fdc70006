"""Why a gradient check fails, or proves nothing: the table of rules that check_gradient goes through.

A rule is a function of the evidence (helpers.evidence) that returns a sentence with what was seen and what to
do about it, or None. Its decorator gives its name and its stage. In a stage the first rule that speaks is
heard, so the surer ones stand first. To recognise one more bug, write one more rule.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from helpers.arguments import one_hot_rows, plain_array
from helpers.evidence import TRUST, floats, magnitude
from helpers.functions import softmax
from helpers.nudging import loss_value, no_loss, steps, trouble
from helpers.reaching import named, runs_straight, with_variable

__all__ = ["REMARKS", "RULES", "Finding", "diagnose"]

CLAMPS = [10.0**-k for k in (7, 8, 12, 15, 10, 9, 6, 5, 16, 20, 4)] + [float(np.finfo(kind).eps) for kind in "df"]


class Finding(NamedTuple):
    """A cause that was recognised: its name, and a sentence that says what was seen and what to do."""

    name: str
    sentence: str

    def __str__(self):
        return f"{self.name}: {self.sentence}"


RULES = {"x": [], "calls": [], "slopes": [], "labels": [], "gradient": [], "proof": [], "remark": []}


def rule(stage, name):
    def enter(function):
        RULES[stage].append((name, np.errstate(all="ignore")(function)))  # BLAS raises flags of its own
        return function

    return enter


def diagnose(evidence, stage):
    """Return the finding of the first rule of a stage that speaks, in a list, or an empty list."""
    for name, function in RULES[stage]:
        if sentence := function(evidence):
            return [Finding(name, sentence)]
    return []


# -- x: before anything is called -------------------------------------------------------------


@rule("x", "integer x")
def _(e):
    return trouble(e.x)[1] if e.x.dtype.kind != "f" else None


@rule("x", "overlapping memory")
def _(e):
    return trouble(e.x)[1] if trouble(e.x) else None


@rule("x", "low precision")
def _(e):
    if e.x.dtype.itemsize < 4:
        return f"x is {e.x.dtype}, which keeps three digits: too few to tell a slope by; check with x.astype(float)"


@rule("x", "lost to rounding")
def _(e):
    try:
        steps(e.kept, e.h)
    except ValueError as error:
        return str(error)


@rule("x", "proves nothing")
def _(e):
    return f"x is empty, of shape {e.x.shape}: there is nothing to check" if e.x.size == 0 else None


# -- calls: f three times at x, the gradient twice --------------------------------------------------


@rule("calls", "changes its argument")
def _(e):
    if e.changed:
        place = tuple(int(k) for k in np.argwhere(np.asarray(e.x) != e.kept)[0]) if e.x.shape == e.kept.shape else ()
        where = f", first at {list(place)}" if place else ""
        return f"calling {e.changed} changed x{where}: work on a copy there, y = x.copy(), or without in-place operations"


@rule("calls", "not a scalar")
def _(e):
    for value in e.values:
        try:
            loss_value(value)
        except TypeError:
            return no_loss(value)


@rule("calls", "random")
def _(e):
    values = [float(value) for value in e.values]
    if e.drew:
        return (
            f"f draws random numbers ({', '.join(sorted(e.drew))} moved on){_spread(values)}: dropout, noise or a fresh "
            "mini-batch; draw once outside f, or seed anew inside it"
        )
    if len(set(values)) > 1 and e.words & {"default_rng", "RandomState", "SystemRandom", "urandom", "token_bytes"}:
        return f"f makes a random generator of its own at each call{_spread(values)}: draw once outside f, or give it a seed"


@rule("calls", "remembers")
def _(e):
    values = [float(value) for value in e.values]
    if len(set(values)) > 1 and not all(math.isnan(value) for value in values):
        return (
            f"f is not the same function at each call{_spread(values)}: it remembers something (a counter, a running mean, "
            "+= on its own data) or is random by means of its own; compute everything afresh from x"
        )


@rule("calls", "keeps its argument")
def _(e):
    if all(more > 0 for more in e.references):
        return (
            "each call of f keeps one more reference to x, and x is nudged in place: a list of them holds one array many "
            "times over; keep x.copy()"
        )


@rule("calls", "not finite")
def _(e):
    value = float(e.values[0])
    if not math.isfinite(value):
        cause = "a log(0), 0/0 or inf - inf inside" if math.isnan(value) else "a log(0) or an exp that overflows inside"
        return f"f(x) is {value}, {cause}? A slope needs finite values: check where f is finite, or cure that first"


@rule("calls", "not an array")
def _(e):
    for answer in (e.raw, e.again):
        try:
            kind = plain_array("the gradient", answer).dtype.kind
        except TypeError as error:
            return str(error)
        if kind not in "biuf":
            hint = ": is its `return` missing?" if answer is None else f": pick out the one for x, of shape {e.x.shape}"
            return f"the gradient is a {type(answer).__name__}, not an array of real numbers{hint}"


@rule("calls", "not finite")
def _(e):
    bad = ~np.isfinite(np.asarray(e.raw, dtype=float))
    if np.any(bad):
        place = [int(k) for k in np.argwhere(bad)[0]]
        value = np.asarray(e.raw)[tuple(place)]
        return f"the gradient is {value} at {place}, though f(x) is finite: look for 0/0 or inf - inf there"


@rule("calls", "changes when asked twice")
def _(e):
    first, second = np.asarray(e.raw, dtype=float), np.asarray(e.again, dtype=float)
    if first.shape != second.shape or np.allclose(first, second, rtol=1e-6, atol=1e-12 * magnitude(first), equal_nan=True):
        return None if first.shape == second.shape else f"the gradient had shape {first.shape}, then {second.shape}"
    if e.gradient_drew:
        return "the gradient draws random numbers, and is another one at each call: draw once outside of it"
    twice = np.allclose(second, 2 * first, rtol=1e-6)
    how = "the second time it was twice as large: it adds to an array that it keeps" if twice else "the two differ"
    return (
        f"asked twice at the same x, the gradient gave two answers; {how}. Start from zeros, and keep nothing, at each call"
    )


# -- slopes: after measuring, whether or not they agree ----------------------------------------------


@rule("slopes", "not finite")
def _(e):
    for line in e.lines:
        if not line.finite:
            value = line.values[~np.isfinite(line.values)][0]
            return (
                f"f(x) is finite, but {value} after a nudge {_along(line)}: x lies at the edge of f's domain; check further "
                "inside"
            )


@rule("slopes", "remembers")
def _(e):
    if e.last != e.f0:
        return (
            f"f(x) was {e.f0:.6g} before the nudges and is {e.last:.6g} after them, at the same x: f remembers its earlier "
            "arguments, in a cache, a running mean or += on its own data; compute everything afresh from x"
        )


@rule("slopes", "keeps its argument")
def _(e):
    if e.all_flat and callable(e.f) and e.moved_copy_reacts():
        return (
            "f reacts to a nudged copy of x, but not to x nudged in place: it keeps a reference to its argument and takes "
            "the same object for the same numbers; keep x.copy(), or no cache"
        )


@rule("slopes", "lost to rounding")
def _(e):
    small = 2 * e.eps * abs(e.f0) / min(line.step for line in e.lines)
    largest = max([abs(line.of(e.a)) for line in e.lines] if e.a is not None else [0])
    if (e.all_flat or e.wrong or e.blind) and abs(e.f0) > 1e4 and largest < 4 * small:
        return (
            f"f is about {e.f0:.3g}, where two neighbouring {'float32' if not e.double else 'float64'} numbers lie "
            f"{abs(e.f0) * e.eps:.1g} apart, and a nudge changes it by less: take the constant part out of f"
            + (", or compute it in float64" if not e.double else "")
        )


@rule("slopes", "staircase")
def _(e):
    if isinstance(e.values[0], int | np.integer | np.bool_):
        return f"f returns whole numbers ({e.values[0]}): a count is a staircase, which has no slopes; use the loss"
    if (quantum := e.quantum()) is not None:
        return (
            f"the values of f are multiples of {quantum:.3g} apart: f is a staircase, as an accuracy or a rounded loss, and "
            "has no slopes; use the loss, unrounded"
        )
    if (e.unread or e.all_flat) and e.far_steps == "staircase":
        return (
            "f is flat at x, jumps, and is flat again: it is a staircase, as an accuracy or a rounded loss, and has no "
            "slopes; use the loss, unrounded"
        )


@rule("slopes", "low precision")
def _(e):
    usual = max(e.rounding, 0.5 * e.eps * abs(e.near_value))
    scatter = float(np.median(e.bends)) / 0.674 / math.sqrt(70)  # half of normal deviates lie below 0.674
    if not e.double or e.kinks_at_x or len(e.lines) < 5 or np.quantile(e.bends, 0.3) < 1000 * usual:
        return None
    if scatter > 5e-4 * e.steepest * max(line.step for line in e.lines):
        return (
            f"f scatters by {scatter:.1g} from point to point, where its type rounds by {usual:.0g}: something in it is "
            "rounded, computed in float32, or solved roughly; compute all of it in float64, unrounded"
        )


@rule("slopes", "ignores its argument")
def _(e):
    if not e.all_flat or e.far_steps != "unread":
        return None
    many = "f never changed in its last bit, however x was moved"
    if twin := e.twin():
        return (
            f"{many}: it reads {twin}, which holds the numbers of x in another memory, so one is a copy of the other (copy, "
            "flatten, astype, a list as index); hand over the array that f reads, or let f use its argument"
        )
    return (
        f"{many}: it reads a copy (flatten, astype, a reshape that had to copy) or another array, and not its argument; let "
        "f compute from its argument"
    )


@rule("slopes", "flat: a clamp")
def _(e):
    zero = np.zeros(e.x.shape)
    if e.all_flat and any(abs(line.of(e.a)) > e.bar(line, zero) for line in e.lines if e.a is not None):
        return (
            "f is exactly flat at x, not further away, and the gradient is not 0: a clamp (clip, maximum, minimum) cuts "
            "the slopes off; compute the loss from the logits, or check where the clamp does not hold"
        )


@rule("slopes", "ReLU mask")
def _(e):
    flat = e.unread
    if not flat or e.others_wrong:
        return None
    alive = [line for line in e.entries if line not in flat and line.of(e.a) != 0]
    if (
        len(flat) < len(e.entries)
        and all(e.kept[line.where] <= 0 for line in flat)
        and all(e.kept[line.where] > 0 for line in alive)
        and e.flat_on_the_negative_side(flat[0])
        and all(e.flat_on_the_negative_side(line, alive=True) for line in alive[:1])
    ):
        return (
            f"f is flat along {_list(flat)}, just where x is not positive, and the gradient is not 0 there: the mask of the "
            "ReLU, (x > 0), is forgotten"
        )
    if e.far_steps != "unread" and e.x.ndim == 2 and e.x.shape[1] > 1:
        columns = {line.where[1] for line in flat}
        if all((line.where[1] in columns) == (line in flat) for line in e.entries if line.of(e.a) != 0):
            return (
                f"f is flat along all of column {_words_of(columns)} of x, as when a ReLU is off for every example, and the "
                "gradient is not 0 there: the mask of the ReLU, (z > 0), is forgotten"
            )


@rule("slopes", "flat: a clamp")
def _(e):
    if e.unread and not e.others_wrong and e.far_steps == "slopes":
        return (
            f"f is exactly flat along {_list(e.unread)}, not further away, and the gradient is not 0 there: it forgets a "
            "clamp (clip, maximum, minimum) or a ReLU in f; multiply by its mask"
        )


@rule("slopes", "entries never read")
def _(e):
    if e.unread and e.far_steps == "unread":
        return (
            f"f does not read {len(e.unread)} of the {len(e.entries)} entries looked at, {_list(e.unread)}: not in its last "
            "bit, however far they are moved, and yet the gradient is not 0 there; does a loop or a slice in f stop short?"
        )


@rule("slopes", "kink")
def _(e):
    for line, near in e.kinked:
        if e.kink(near) and e.double and np.ptp(near.sides) > 0.25 * magnitude(e.slopes()):
            return (
                f"f has a kink {_at(line, e)}: its slope is {near.sides[0]:.4g} on one side and {near.sides[-1]:.4g} on the "
                "other, so there is no gradient to check (ReLU, abs, max); move x off it"
            )


# -- labels: whatever the slopes say -------------------------------------------------------------------


@rule("labels", "label never used")
def _(e):
    for name, labels in named(e.f).items():
        other = _other_labels(labels)
        if other is None or e.all_flat or np.shares_memory(labels, e.x):
            continue
        point = e.near(0.3)
        value = e.try_at(point)
        if value != e.try_at(point, with_variable(e.f, name, other)):
            continue
        if callable(e.gradient):
            missed = name in named(e.gradient) and e.gradient_changes(point, name, other)
        else:
            missed = runs_straight(e.f) and value == e.try_at(
                point, with_variable(e.f, name, object())
            )  # not even its shape
        if missed:
            return (
                f"f is handed {name} and does not use it, for with other labels in it f is the same to the last bit; are "
                "the logits handed to the loss where the labels belong?"
            )


# -- gradient: the slopes are sound, and the gradient disagrees -------------------------------------


@rule("gradient", "transposed")
def _(e):
    for rows in range(2, e.x.size // 2 + 1 if e.x.ndim == 1 and e.a is not None else 0):
        if e.x.size % rows == 0 and e.fits(e.a.reshape(rows, -1).T.ravel()):
            return (
                f"the gradient is transposed, as if it were laid out as ({rows}, {e.x.size // rows}) and x the other way "
                "round"
            )
    if sum(n > 1 for n in e.x.shape) < 2 or e.raw.ndim < 2:
        return None
    ways = {"its transpose fits": e.raw.T, "laid out as its transpose, it fits": e.raw.T.reshape(-1)}
    if e.raw.size == e.x.size:
        if e.x.ndim > 1:
            ways["its numbers fit, read in the transposed order"] = e.raw.reshape(e.x.shape[::-1]).T
            ways["its numbers fit in the other (Fortran) order"] = e.raw.reshape(-1).reshape(e.x.shape, order="F")
        for how, array in ways.items():
            if array.size == e.x.size and (c := e.factor(array.reshape(e.x.shape), named_only=True)):
                return f"the gradient is transposed: {how}{_times(c)}; check the order of the product, as in x.T @ dz"


@rule("gradient", "not summed over the batch")
def _(e):
    shape = e.raw.shape
    if e.a is None:
        for axis in range(e.raw.ndim):
            if shape[axis] > 1 and shape[:axis] + shape[axis + 1 :] == e.x.shape and (c := e.factor(e.raw.sum(axis=axis))):
                mean = np.isclose(c, 1 / shape[axis])
                return (
                    f"the gradient has shape {shape}, x has {e.x.shape}: it is not summed over the batch, axis {axis}; its "
                    f"{'mean' if mean else 'sum'} over that axis fits{'' if mean else _times(c)}"
                )


@rule("gradient", "shape")
def _(e):
    if e.a is None:
        fits = e.raw.size == e.x.size and e.fits(e.raw.reshape(e.x.shape))
        return f"the gradient has shape {e.raw.shape}, and x has {e.x.shape}: " + (
            f"its numbers are right; give it the shape of x, .reshape({e.x.shape})"
            if fits
            else "each entry of x needs one slope; is a sum over an axis missing, or one too many, or an argument swapped?"
        )


@rule("gradient", "integer gradient")
def _(e):
    whole = np.all(e.a == np.round(e.a)) and all(e.off(line) < 1 + e.bar(line, e.a) for line in e.entries)
    if e.raw.dtype.kind in "biu" or (whole and np.any(e.a) and len(e.lines) > 2 and e.factor(e.a) is None):
        return (
            f"the gradient holds whole numbers only, {e.raw.dtype}, within 1 of the slopes: an array of integers cuts off "
            "what follows the decimal point: make it of floats, np.zeros_like(x, dtype=float)"
        )


@rule("gradient", "zero gradient")
def _(e):
    if not np.any(e.a):
        return (
            f"the gradient is zero everywhere, and f has slopes, {_along(e.wrong[0][1])} {e.wrong[0][1].slope:.4g}: was it "
            "measured on a copy of x (flatten, reshape), by a function that ignores its argument, or never filled in?"
        )


@rule("gradient", "rounded gradient")
def _(e):
    for decimals in range(1, 9):
        unit = 10.0**-decimals
        if np.any(e.a) and np.allclose(e.a, np.round(e.a, decimals), rtol=0, atol=1e-6 * unit):
            if all(e.off(line) <= 0.51 * unit + e.bar(line, e.a) for line in e.entries) and e.wrong[0][0] < unit:
                return (
                    f"the gradient is right to its {decimals} decimals, and has no more: compute it in place of copying a "
                    "print-out"
                )
            return None


@rule("gradient", "sign")
def _(e):
    if e.fits(-e.a):
        return "the slopes are the gradient with the opposite sign (for a cross-entropy it is y - t, not t - y)"


@rule("gradient", "constant factor")
def _(e):
    if c := e.factor(e.a, named_only=True):
        return f"the measured slopes are the gradient times {_number(c)}: {_why_factor(e, c)}"


@rule("gradient", "flat: a clamp")
def _(e):
    for far, pinch in itertools.product(e.saturated, CLAMPS):
        if math.isclose(far, -pinch, rel_tol=1e-3, abs_tol=0):
            return (
                f"with x moved far out f falls to {far:.1g}, and no price is below 0: a + {pinch:.0e} in its logarithm, "
                "which the gradient does not have; compute the loss from the logits"
            )
    lengths = [1, *e.lengths]
    for far, pinch, n in itertools.product(e.saturated, CLAMPS, lengths):
        highest = -math.log(pinch)
        share, most = far * n / highest, n if n > 1 else max(lengths)
        if 1 < far < math.inf and 0.5 < share < most + 0.5 and abs(share - round(share)) < 1e-5 * max(1, n * 0.01):
            part = f"{round(share)}/{n} of " if n > 1 and round(share) != n else ""
            return (
                f"with x moved far out f stops at {far:.4g}, {part}{highest:.3f} = -log({pinch:.0e}): a + {pinch:.0e}, a "
                "clip or a maximum in its logarithm cuts off slopes that the gradient has; compute the loss from the logits"
            )


@rule("gradient", "double softmax")
def _(e):
    for classes in {*e.x.shape[-1:], *e.lengths}:
        top = math.log(math.e + classes - 1)
        inside = [top - 1 - 1e-6 < far < top + 1e-6 for far in (*e.saturated, e.f0)]
        right = [(top - far) * n for far in e.saturated for n in (1, *e.lengths)]  # how many of n are right, far out
        whole = any(abs(number - round(number)) < 1e-5 for number in right if math.isfinite(number))
        if classes > 1 and all(inside) and whole and e.takes_a_softmax:
            return (
                f"f stays in {top - 1:.4f} ... {top:.4f}, however far x is moved: the range of a loss of the softmax of a "
                f"softmax over {classes} classes; hand the logits to it"
            )
    for z, pull in e.logits() if e.takes_a_softmax else ():
        y = softmax(z)
        if e.explains(pull(softmax(y) - y)):
            return "the gradient takes the softmax of a softmax: it is off by just softmax(y) - y, for y = softmax(z); use y"


@rule("gradient", "logits for labels")
def _(e):
    for z, pull in e.logits() if e.takes_a_softmax else ():
        y = softmax(z)
        own = np.eye(z.shape[-1])[z.argmax(axis=-1)]
        if e.proportional(pull(y - own), e.slopes()):
            return (
                "f takes its own favourite, the argmax of its logits, for the label: logits are handed to the loss where "
                "labels belong; the gradient is that of other labels"
            )
        if e.proportional(pull(y - z), e.claims()):
            return "the gradient is that of softmax(z) - z: the logits stand where the labels belong; it is softmax(z) - t"
        if e.explains(pull(z - y)):
            return "the gradient takes the logits z for the probabilities: it is off by z - softmax(z); it is softmax(z) - t"
    for inputs, z in e.sums() if e.takes_a_softmax else ():
        if e.explains(inputs.T @ (z - 1 / (1 + np.exp(-z)))):
            return "the gradient takes the logits z for the probabilities: it is off by z - sigmoid(z); it is sigmoid(z) - t"


@rule("gradient", "L2 term")
def _(e):
    x, both = e.kept.astype(float), np.any(e.kept > 0) and np.any(e.kept < 0)
    for array, what, cure in (
        (x, "x: an L2 term (weight decay)", "λ·sum(x²)/2 has the gradient λ·x, λ·sum(x²) has 2·λ·x"),
        (np.sign(x) if both else 0 * x, "sign(x): an L1 term", "λ·sum(|x|) has the gradient λ·sign(x)"),
    ):
        if len(e.lines) > 2 and (c := e.share(array)) and not e.factor(e.a):
            return (
                f"the measured slopes are the gradient {'plus' if c > 0 else 'minus'} {abs(c):.4g} times {what} is missing, "
                f"superfluous or has another factor; {cure}"
            )


@rule("gradient", "constant offset")
def _(e):
    if len(e.lines) > 2 and (c := e.share(np.ones(e.x.shape))):
        return (
            f"the gradient is off by the same number, {-c:.4g}, everywhere: a term that is added once too often, or left out"
        )


@rule("gradient", "logits for labels")
def _(e):
    if e.complete and e.x.ndim and e.x.shape[-1] > 1 and 2 * len(e.wrong) > len(e.lines) and e.takes_a_softmax:
        measured = np.abs(e.as_array(e.slopes()).sum(axis=-1)).max()
        claimed = np.abs(e.a.sum(axis=-1)).max()
        if claimed < 1e-6 * magnitude(e.a) and measured > 1e-3 * magnitude(e.slopes()):
            return (
                "the gradient adds up to 0 along the classes, as that of a softmax does, and the slopes do not: f hands "
                "logits to the logarithm where probabilities belong, or its labels are not one-hot"
            )
        if measured < 1e-6 * magnitude(e.slopes()) and claimed > 1e-3 * magnitude(e.a):
            return (
                "the slopes add up to 0 along the classes, as those of a softmax do, and the gradient does not: logits "
                "stand where labels or probabilities belong, or labels are not one-hot; it is softmax(z) - t"
            )


@rule("gradient", "shifted by one")
def _(e):
    for by in (1, -1) if e.a.ndim > 1 else ():
        if e.fits(np.roll(e.a.ravel(), by).reshape(e.a.shape)):
            return f"the gradient is shifted by one in reading order: entry k belongs at k{by:+d}; an index is off by one"
    for axis in range(e.a.ndim):
        for by in (1, -1):
            if e.fits(np.roll(e.a, by, axis)) or e.fits(_pushed(e.a, by, axis)):
                return (
                    f"the gradient is shifted by one along axis {axis}: entry k belongs at k{by:+d}; an index is off by one"
                )


@rule("gradient", "reversed or permuted")
def _(e):
    for axis in range(e.a.ndim):
        if e.fits(np.flip(e.a, axis)):
            return f"the gradient is reversed along axis {axis}: look for a [::-1] too many, or too few"


@rule("gradient", "repeated indices")
def _(e):
    if not e.entries or e.x.ndim == 0:
        return None
    wrong = {line.where[0] for _, line in e.wrong if isinstance(line.where, tuple)}
    right = {line.where[0] for line in e.entries if e.agrees(line)} - wrong
    for name, indices in e.index_arrays():
        numbers, counts = np.unique(np.where(indices < 0, indices + len(e.x), indices), return_counts=True)
        again = {int(k) for k in numbers[counts > 1]}
        if wrong and wrong <= again and not (right & again and e.complete and _varied(e, right & again)):
            return (
                f"the gradient is wrong just where an index is repeated in {name or 'an index array'} ({_words_of(wrong)}): "
                "dx[indices] += ... adds a repeated index once; use np.add.at(dx, indices, ...)"
            )
    rows = {k: [line for line in e.entries if line.where[0] == k] for k in wrong}
    ratios = [line.slope / line.of(e.a) for row in rows.values() for line in row if line.of(e.a)]
    whole = all(ratio > 1.5 and abs(ratio - round(ratio)) < 1e-4 for ratio in ratios)
    if (
        e.complete
        and right
        and len(ratios) > 1
        and whole
        and not any(e.agrees(line) for row in rows.values() for line in row)
    ):
        return (
            f"the slopes are 2, 3, ... times the gradient at index {_words_of(wrong)} of axis 0, and agree elsewhere: as "
            "when dx[indices] += ... adds a repeated index once; use np.add.at(dx, indices, ...)"
        )


@rule("gradient", "constant factor")
def _(e):
    if len(e.lines) > 2 and (c := e.factor(e.a)):
        return f"the measured slopes are the gradient times {_number(c)}: {_why_factor(e, c)}"


@rule("gradient", "L2 term")
def _(e):
    mask = e.wrong_mask
    if e.complete and len(e.wrong) > 2 and (c := e.share(e.kept * mask)):
        return (
            f"on a part of x, {_list(e.wrong_lines)}, the slopes are the gradient {'plus' if c > 0 else 'minus'} "
            f"{abs(c):.4g} times x: an L2 term (weight decay) is missing there, superfluous or has another factor"
        )


@rule("gradient", "sign")
def _(e):
    if e.complete and len(e.wrong) < len(e.lines) and e.fits(np.where(e.wrong_mask, -e.a, e.a)):
        return f"the sign is wrong on a part of x only, {_list(e.wrong_lines)}"


@rule("gradient", "constant factor")
def _(e):
    c = e.factor(e.a * e.wrong_mask, only=e.wrong_lines) if e.complete and 1 < len(e.wrong) < len(e.lines) else None
    if c:
        return f"on a part of x, {_list(e.wrong_lines)}, the slopes are the gradient times {_number(c)}: {_why_factor(e, c)}"


@rule("gradient", "ReLU mask")
def _(e):
    if e.may_have_kinks and (found := e.jump()):
        position, before, after, claimed = found
        bend = f"further along x{list(position)} the slope of f jumps from {before:.4g} to {after:.4g}, as at a ReLU"
        if claimed is None:
            return f"{bend}, and nothing simpler explains the difference: is the mask of the ReLU, (z > 0), forgotten?"
        return (
            f"{bend}, and the gradient does not jump with it (by {claimed:.2g}): the mask of the ReLU, (z > 0), is "
            "forgotten, or is another's"
        )


@rule("gradient", "cause not recognised")
def _(e):
    wrong = [line for _, line in e.wrong if isinstance(line.where, tuple)]
    if not wrong:
        return "random directions disagree, but no entry that was looked at: only some of the many entries are wrong"
    axes = []
    for axis in range(e.x.ndim):
        bad = {line.where[axis] for line in wrong}
        good = {line.where[axis] for line in e.entries} - bad
        if good and e.complete and len(wrong) > 1:
            axes.append(f"index {_words_of(bad)} of axis {axis}")
    place = f", only at {' and '.join(axes)}" if axes else ""
    return (
        f"{len(wrong)} of the {len(e.entries)} entries looked at disagree{place}: derive those again on paper, and check "
        "the parts of f one by one"
    )


# -- proof: the slopes agree, but would they if the gradient were wrong? -------------------------------


@rule("proof", "keeps its argument")
def _(e):
    if e.references[0] > 0 and e.remembers_the_object():
        return (
            "f keeps a reference to its argument, and is another function for a copy of x than for x nudged in place: it "
            "compares x with its own past, which is the same object; keep x.copy()"
        )


@rule("proof", "proves nothing")
def _(e):
    if not (e.symmetric or e.blind):
        return None
    point = e.describe_point()
    if not callable(e.gradient):
        weights_at_zero = e.x.ndim > 1 and not np.any(e.kept)
        if (e.blind and not e.all_flat) or weights_at_zero or (e.x.ndim > 1 and e.symmetric and e.blind):
            return f"{point}, where a wrong gradient can agree with a right one: check at a random x"
        return None
    elsewhere = e.near(0.1)
    there = np.asarray(e.moved(elsewhere, lambda x: floats(e.gradient(x))), dtype=float)
    off = e.off_elsewhere(elsewhere, there)
    if e.x.ndim > 1 and e.symmetric and e.blind and not np.any(there):
        return f"{point}, and the gradient is 0 nearby, too, where any factor agrees with any other: check at a random x"
    if off:
        return (
            f"{point}, where a wrong gradient can agree with a right one, and nearby it disagrees (relative error "
            f"{off:.2g}); check at a random x, and look for the cause there"
        )


@rule("proof", "lost to rounding")
def _(e):
    largest, blur = max(magnitude(e.slopes()), magnitude(e.claims())), TRUST * max(e.rounding, e.noise_on(e.lines[0]) / 4)
    if e.kinks_at_x or not largest or (not e.double and abs(e.f0) < 1e3):
        return None
    if blur / e.lines[0].step > e.coarse * largest:
        return (
            f"f is about {e.f0:.3g}, and its rounding moves the slopes by more than {e.coarse:.0e} of the largest, so that "
            "little can be told: take constant parts out of f, or compute it in a higher precision"
        )


@rule("proof", "step too long")
def _(e):
    rough = [line for line in e.lines if line not in e.bent and line.truncation > e.coarse * magnitude(e.slopes())]
    if rough and e.double:
        line = max(rough, key=lambda line: line.truncation)
        return (
            f"the slope of f changes within a step of {line.step:.1g} {_at(line, e)}, by {line.truncation:.2g} over twice "
            "the step, so that little can be told: pass a smaller h, or rescale x"
        )


# -- remark: the gradient agrees, and yet ---------------------------------------------------------------


@rule("remark", "near a kink")
def _(e):
    for line, near in e.kinked:
        if e.double and not e.kink(near) and abs(line.slope - near.slope) > 0.25 * magnitude(e.slopes()):
            return (
                f"f has a kink within a step of {line.step:.1g} {_at(line, e)}, and over it the slope would be "
                f"{line.slope:.4g}; the gradient was compared with {near.slope:.4g}, measured with a step of {near.step:.1g}"
            )


REMARKS = [name for name, _ in RULES["remark"]]


# -- what the sentences need -------------------------------------------------------------------------


def _spread(values):
    return f" and gives {', '.join(f'{value:.6g}' for value in values)} at the same x" if len(set(values)) > 1 else ""


def _along(line):
    return f"of x{list(line.where)}" if isinstance(line.where, tuple) and line.where else "of x"


def _at(line, e):
    return f"at x{list(line.where)} = {e.kept[line.where]:.4g}" if isinstance(line.where, tuple) and line.where else "at x"


def _list(lines):
    shown = ", ".join(f"x{list(line.where)}" for line in lines[:3])
    return shown + (", ..." if len(lines) > 3 else "")


def _words_of(numbers):
    numbers = sorted(numbers)
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")


def _number(c):
    """Return a factor as text: as 1/n where it is one."""
    if abs(c) < 0.99 and abs(1 / c - round(1 / c)) < 1e-4 * abs(1 / c):
        return f"{'-' if c < 0 else ''}1/{abs(round(1 / c))}"
    return f"{round(c)}" if abs(c - round(c)) < 1e-4 * abs(c) and round(c) else f"{c:.4g}"


def _times(c):
    return "" if abs(c - 1) < 1e-4 else f" times {_number(c)}"


def _why_factor(e, c):
    sign = "the sign is wrong, and " if c < 0 else ""
    c = abs(c)
    why = []
    if math.isclose(c, 2, rel_tol=1e-4):
        why.append("the 2 of a square is missing, for x² has the slope 2x")
    if math.isclose(c, 0.5, rel_tol=1e-4):
        why.append("½·x² has the slope x, not 2x, or the gradient was added up twice")
    for n, name in e.lengths.items():
        if math.isclose(c, 1 / n, rel_tol=1e-4):
            why.append(f"{n} is {name}, so f takes a mean over it and the gradient a sum; divide by {n}")
        elif math.isclose(c, n, rel_tol=1e-4):
            why.append(f"{n} is {name}, so f takes a sum over it and the gradient a mean; multiply by {n}")
    logarithms = {10: "log10", 2: "log2"}
    for base, name in logarithms.items():
        if math.isclose(c, 1 / math.log(base), rel_tol=1e-4):
            why.append(f"f takes {name}, the gradient the natural logarithm")
        elif math.isclose(c, math.log(base), rel_tol=1e-4):
            why.append(f"the gradient takes {name}, f the natural logarithm")
    return sign + ("; or ".join(why) or "one of the two has a factor too many: a mean for a sum, a scale, a temperature")


def _pushed(a, by, axis):
    moved = np.roll(a, by, axis)
    edge = [slice(None)] * a.ndim
    edge[axis] = slice(0, 1) if by > 0 else slice(-1, None)
    moved[tuple(edge)] = np.nan  # not known
    return moved


def _varied(e, rows):
    """Return whether in the rows that agree a repeated index could have been noticed: they have slopes."""
    return any(abs(line.slope) > e.bar(line, e.a) for line in e.entries if line.where[0] in rows)


def _other_labels(labels):
    """Return other labels of the same kind, or None if `labels` does not look like an array of labels."""
    if not isinstance(labels, np.ndarray) or labels.ndim not in (1, 2) or not 0 < labels.size <= 10**6:
        return None
    other = labels.copy()
    if labels.shape[-1] > 1 and labels.dtype.kind in "iuf" and one_hot_rows(labels):
        other.reshape(-1, labels.shape[-1])[0] = np.roll(np.atleast_2d(labels)[0], 1)  # of one example: no permutation
        return other
    if labels.dtype.kind in "iu" and labels.ndim == 1:
        other[0] = labels.min() if labels[0] != labels.min() else labels.max()
        return other if np.any(other != labels) else np.zeros_like(labels) if labels[0] > 0 else None
    return None
