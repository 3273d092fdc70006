"""Gradients by measuring, and a gradient check that says why, as notebook 03 builds and uses them."""

import dataclasses
import html
import math
import statistics
import warnings

import numpy as np

from helpers.arguments import is_integer
from helpers.diagnosis import REMARKS, Finding, diagnose
from helpers.hypotheses import Evidence
from helpers.nudging import PLAIN, loss_value, nudged_array, restored, steps, trouble

__all__ = ["Finding", "Report", "check_gradient", "numerical_gradient"]

WHOLE = int | np.integer | np.bool_


def numerical_gradient(f, x, h=None):
    """Return the slopes of `f` along each entry of `x`, measured by central differences.

    Each entry is nudged in place, up and down, and `f` called: two evaluations an entry. Afterwards `x` is
    what it was, bit for bit, whatever happened in `f`.

    Parameters
    ----------
    f : function of `x` that returns one number
        It may read its argument, or read `x` itself from around it.
    x : ndarray of floats, any shape
        Where to measure. A number or a list of floats is taken as an array, which `f` then must read.
    h : positive number, optional
        The step. By default the cube root of the precision of `x`, times max(1, abs(entry)): 6e-6 for float64,
        5e-3 for float32. What is divided by is the step that was taken, after rounding.

    Returns
    -------
    ndarray of the shape and dtype of `x`
        Where `f` is smooth, of order one and computed in the precision of `x`, about 10 digits in float64 and
        4 in float32 are right.

    Raises
    ------
    TypeError
        If `x` does not hold floats, or `f` is not a function or returns anything but one number.
    ValueError
        If entries of `x` share memory, `x` is read-only or not finite, `h` is not positive or is lost to
        rounding, or `f` changes `x`.

    Warns
    -----
    RuntimeWarning
        If `f` does not react to any nudge (with the reason), returns integers, NaN or infinity, if a slope is too large for
        the dtype of `x`, or if `x` is float16.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    """
    x = nudged_array(f, x)
    if problem := trouble(x):
        raise (TypeError if problem[0] == "integer x" else ValueError)(problem[1])
    with restored(x) as kept:
        above, below = steps(kept, h)
        values = _evaluate(f, x, kept, above, below)
        _require(np.array_equal(x, kept))
    wide = np.result_type(kept, np.float64)
    pairs = np.array(values, dtype=wide).reshape(*kept.shape, 2)
    with np.errstate(over="ignore", invalid="ignore"):  # the warnings below say it better
        slopes = ((pairs[..., 0] - pairs[..., 1]) / (above.astype(wide) - below)).astype(kept.dtype)
    if x.size:
        _warn(f, x, values, pairs, slopes)
    return slopes


def _evaluate(f, x, kept, above, below):
    """Return the values of `f` with each entry of `x` in turn at `above` and at `below`, two by two."""
    cells = np.asarray(x)[...]
    entries = cells.reshape(-1) if cells.flags.c_contiguous else cells.flat  # a view, or an iterator: never a copy
    values, call = [], f
    note = values.append
    for k, (up, down, value) in enumerate(zip(*(array.ravel().tolist() for array in (above, below, kept)), strict=True)):
        _require(entries[k] == value)  # by an earlier call
        entries[k] = up
        note(call(x))
        _require(entries[k] == up)
        if k == 0:
            _require(np.array_equal(cells.flat[1:], kept.flat[1:]))
            if type(values[0]) not in PLAIN:  # 0-d arrays, which f may use again, integers, or no numbers at all
                call, values[0] = (lambda x: loss_value(f(x))), loss_value(values[0])
        entries[k] = down
        note(call(x))
        _require(entries[k] == down)
        entries[k] = value
    return values if PLAIN.issuperset(map(type, values)) else [loss_value(value) for value in values]


def _require(unchanged):
    if not unchanged:
        raise ValueError("f changes its argument x: let it work on a copy, or drop the in-place operation")


def _warn(f, x, values, pairs, slopes):
    """Say what makes the slopes doubtful, though they can be computed."""

    def say(text):
        warnings.warn(text, RuntimeWarning, stacklevel=4)

    if x.dtype.itemsize < 4:
        say(f"x is {x.dtype}, which keeps three digits: the slopes are rough; use x.astype(float)")
    if any(issubclass(kind, WHOLE) for kind in set(map(type, values))):
        whole = next(value for value in values if isinstance(value, WHOLE))
        say(f"f returns whole numbers, as {whole}: a count is a staircase, and has no slopes; use the loss")
    finite = np.isfinite(pairs)
    if not finite.all():
        *index, _ = np.argwhere(~finite)[0].tolist()
        say(f"f is {pairs[~finite][0]} with x{index or ''} nudged, so there is no slope there")
    elif not np.all(np.isfinite(slopes)):
        say(f"a slope of f is too large for {x.dtype}")
    elif (pairs == pairs.flat[0]).all():
        say(f"all slopes are 0, for f did not react to any nudge: {_why_flat(f, x)}")


def _why_flat(f, x):
    evidence = Evidence(f, np.zeros(x.shape), x, None, 0)
    with restored(x):
        evidence.call_repeatedly()
        _require(not evidence.changed)
        found = diagnose(evidence, "calls")
        if not found:
            evidence.measure()
            found = diagnose(evidence, "slopes")
    return found[0].sentence if found else "f reads x, and is flat here; measure elsewhere"


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """What check_gradient found: true if the gradient can be believed. Print it, or read its parts.

    ok : bool
    findings : tuple of Finding (name, sentence), why not
    relative_error : float, the largest difference of gradient and slope over the largest of both; NaN if nothing
        could be compared
    bound : float, the relative error up to which the two count as equal here
    worst : tuple, the index of the entry where they differ most; None if nothing could be compared
    given, measured : float, the gradient and the slope there
    size, entries, directions : int, how many entries x has, how many were looked at, and how many random directions
    detectable : float, if not every entry was looked at: how long an error vector, relative to the gradient, all
        the directions together would miss with a probability of 1 in 10,000 only; else NaN
    evaluations : int, how often f was called
    """

    ok: bool
    findings: tuple
    relative_error: float
    bound: float
    worst: tuple | None
    given: float
    measured: float
    size: int
    entries: int
    directions: int
    detectable: float
    evaluations: int

    def __bool__(self):
        return self.ok

    def __repr__(self):
        return "\n".join([self._verdict() + ".", *(f"- {finding}{_stop(finding)}" for finding in self.findings)])

    def _repr_html_(self):
        items = "".join(
            f"<li><b>{html.escape(finding.name)}</b>: {html.escape(finding.sentence)}{_stop(finding)}</li>"
            for finding in self.findings
        )
        return f"<p><b>{html.escape(self._verdict())}.</b></p>" + (f"<ul>{items}</ul>" if items else "")

    def _verdict(self):
        seen = f"all {self.size} entries" if self.entries == self.size else f"{self.entries} of {self.size} entries"
        seen += f" and {self.directions} random directions" if self.directions else ""
        seen += f", {self.evaluations} evaluations of f"
        if self.worst is None:
            return f"NOT CHECKED ({self.evaluations} evaluations of f)"
        if self.relative_error > self.bound and not self.ok:
            return (
                f"THE GRADIENT DISAGREES: at {list(self.worst)} it is {self.given:.4g}, measured {self.measured:.4g}; "
                f"relative error {self.relative_error:.2g} ({seen})"
            )
        if not self.ok:
            return f"THE GRADIENT IS NOT PROVED ({seen})"
        return f"{self._agreement()} ({seen})"

    def _agreement(self):
        if math.isnan(self.bound):  # of nothing but zeros
            return "The gradient agrees: it is 0, and f is flat here, so little was put to the test"
        if self.bound > 1:
            return "The gradient is not contradicted, but rounding would hide an error as large as the gradient"
        close = f"The gradient agrees, to a relative error below {_rounded_up(self.bound)}"
        if math.isnan(self.detectable):
            return close
        return f"{close}; one of {_rounded_up(self.detectable)} of its length would show with 99.99 % confidence"


def _stop(finding):
    return "" if finding.sentence.endswith("?") else "."


def _rounded_up(number):
    """Return a number as text, with one digit, rounded up."""
    power = math.floor(math.log10(number))
    return f"{math.ceil(number / 10.0**power - 1e-9) * 10.0**power:.0e}"


def _report(e, findings):
    entries = e.entries
    results = {"size": e.x.size, "entries": len(entries), "directions": len(e.lines) - len(entries)}
    results |= {"ok": all(finding.name in REMARKS for finding in findings), "findings": tuple(findings)}
    results |= dict.fromkeys(["relative_error", "bound", "given", "measured", "detectable"], math.nan) | {"worst": None}
    if entries and e.a is not None and all(line.finite for line in e.lines):
        length = max(float(np.linalg.norm(e.a)), 1e-300)
        usual = max(1e-300, *np.abs(e.slopes()), *np.abs(e.claims()))
        off = np.array([e.off(line) for line in entries])
        worst = entries[int(np.argmax(off >= (1 - 1e-6) * off.max()))]  # of equals the first, on every machine
        sideways = [line for line in e.lines if line not in entries]
        stretch = math.sqrt(e.x.size) / length  # what a random direction sees of a vector, to the vector
        results |= {"worst": worst.where, "given": worst.of(e.a), "measured": float(worst.slope)}
        length_of_error = math.sqrt(np.mean([e.off(line) ** 2 for line in sideways] or [0.0])) * stretch
        results["relative_error"] = float(max(off.max() / usual, length_of_error))
        if usual == 1e-300:  # all is 0
            return Report(**results, evaluations=e.evaluations)
        results["bound"] = float(max(e.bar(line, e.a) for line in entries) / usual)
        if sideways:
            missed = (1 + 1e-4 ** (1 / len(sideways))) / 2
            blur = max(e.bar(line, e.a) for line in sideways) * stretch
            results["detectable"] = blur / statistics.NormalDist().inv_cdf(missed)
            results["bound"] = max(results["bound"], blur)
    return Report(**results, evaluations=e.evaluations)


def check_gradient(f, gradient, x, h=None, seed=0):
    """Compare a gradient with measured slopes; return a report that says whether they agree and, if not, why.

    Parameters
    ----------
    f : function of `x` that returns one number
        It may read its argument, or read `x` itself from around it.
    gradient : ndarray of the shape of `x`, or a function of `x` that returns one
        What is believed to be the gradient of `f`. A function lets the check look at other points, too.
    x : ndarray of floats, any shape
        Where to check; a random point proves most. It is nudged in place and put back bit for bit.
    h : positive number, optional
        The step, as in numerical_gradient. A second step, 2h, tells how far the slopes can be trusted.
    seed : int
        Of the random directions, and of the entries that are looked at when there are more than 256.

    Returns
    -------
    Report
        True if the gradient agrees and nothing speaks against believing it. `.findings` say why not.

    Raises
    ------
    TypeError, ValueError
        If `f` is no function, `x` is not an array of finite numbers or is read-only, or `h` or `seed` is not as described.
        What `f` and `gradient` raise passes through.

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> report = check_gradient(lambda x: (x**2).sum(), lambda x: x, x)
    >>> report.ok, report.findings[0].name
    (False, 'constant factor')

    Notes
    -----
    Up to 256 entries each is looked at, with 4 evaluations an entry and about ten more. Beyond, about a hundred
    evaluations serve for any size: 8 random directions and 14 entries. Kinks within a step, and a cause that is not
    obvious, can take some forty more, and so does the hunt for one wrong entry among many.

    The gradient passes if along every line it lies within ten times the square root of the precision (1.5e-7 for
    float64, 3.5e-3 for float32) of the slope, relatively; rounding noise, as measured, and truncation are allowed for,
    and if they are allowed more than 0.1 % of the largest slope, the report says so.

    The verdict is a comparison; the cause is the best explanation of the evidence, and worth a look before it is believed.
    To find it, the check also reads the code of `f` and `gradient` for the variables that it names.
    """
    x = nudged_array(f, x)
    if not is_integer(seed):
        raise TypeError(f"seed must be an integer, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")
    e = Evidence(f, gradient, x, h, seed)
    findings = diagnose(e, "x")
    if not findings:
        with restored(x):
            findings = _examine(e)
    return _report(e, findings)


def _examine(e):
    """Go through the stages of the diagnosis until one has a finding."""
    e.call_repeatedly()
    if found := diagnose(e, "calls"):
        return found
    e.measure()
    if found := diagnose(e, "slopes"):
        return found
    labels = diagnose(e, "labels")
    if e.a is None or e.wrong:
        if e.wrong and not any(isinstance(line.where, tuple) for _, line in e.wrong):
            e.find_a_wrong_entry()
        return labels + diagnose(e, "gradient")
    return labels or diagnose(e, "proof") or diagnose(e, "remark")
