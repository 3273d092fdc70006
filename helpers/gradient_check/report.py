"""What a gradient check found: the report that page 07 prints, the same as HTML, and its parts."""

import dataclasses
import html
import math
from typing import NamedTuple

LINE, PATH = "wrong expression", "path left out"  # found by the walk through the code, and shown at length
REMARK = "near a kink"  # the one finding that does not speak against the gradient


class Finding(NamedTuple):
    """A cause that was recognised: its name, and a sentence that says what was seen and what to do."""

    name: str
    sentence: str

    def __str__(self):
        return f"{self.name}: {self.sentence}{'' if self.sentence.endswith('?') else '.'}"


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """What `check_gradient` found: true if the gradient can be believed. Print it, or read its parts.

    Attributes
    ----------
    ok : bool
        Whether the gradient agrees and nothing speaks against believing it; the report itself is true or false like it.
    findings : tuple of Finding
        What speaks against it, and remarks. Each has a `name` and a `sentence`, which says what was seen and what to do.
    relative_error : float
        The largest difference of gradient and slope over the largest of both; NaN if nothing could be compared.
    bound : float
        The relative error up to which the two count as equal here. Rounding and the steps of the measurement set it.
    worst : tuple or None
        The index of the entry where they differ most; None if nothing could be compared.
    given, measured : float
        The gradient and the measured slope at that entry.
    elsewhere : float
        The relative error at a random point: 0 if the two agree there, NaN if they were not compared there.
    size, entries, directions : int
        How many entries `x` has, how many of them were looked at, and along how many random directions.
    detectable : float
        If not every entry was looked at: how long an error vector, relative to the gradient, all the directions together
        would miss with a probability of 1 in 10,000 only; else NaN.
    evaluations : int
        How often `f` was called, without the search for the wrong expression.
    name : str
        What the gradient is called: dW1 for an `x` that the caller calls W1.
    explanation : Explanation or None
        What the search for the wrong expression found.
    """

    ok: bool
    findings: tuple
    relative_error: float = math.nan
    bound: float = math.nan
    worst: tuple | None = None
    given: float = math.nan
    measured: float = math.nan
    elsewhere: float = math.nan
    size: int = 0
    entries: int = 0
    directions: int = 0
    detectable: float = math.nan
    evaluations: int = 0
    name: str = "the gradient"
    explanation: object = None

    @property
    def where(self):
        """(filename, lineno, text) of the first wrong expression, or of the value of f whose path is left out; or None."""
        return self.explanation and self.explanation.where

    @property
    def repair(self):
        """The text that makes the gradient right in place of the wrong one, verified at several points, or None."""
        return self.explanation and self.explanation.repair

    @property
    def right_so_far(self):
        """Pairs of an expression of the gradient and the value that `f` computes whose slope it is."""
        return self.explanation.right_so_far if self.explanation else ()

    def __bool__(self):
        return self.ok

    def __repr__(self):
        verdict, rows, findings = self._parts()
        lines = [f"  {label:<15}{before}{marked}{after}" for label, before, marked, after in rows]
        return "\n".join([verdict, *lines, *(f"- {finding}" for finding in findings)])

    def _repr_html_(self):
        verdict, rows, findings = self._parts()
        row = '<tr><th>{}</th><td style="text-align: left"><code>{}<b>{}</b>{}</code></td></tr>'
        lines = "".join(row.format(*map(html.escape, texts)) for texts in rows)
        texts = ((html.escape(finding.name), html.escape(str(finding)[len(finding.name) :])) for finding in findings)
        items = "".join(f"<li><b>{name}</b>{sentence}</li>" for name, sentence in texts)
        table = f"<table><tbody>{lines}</tbody></table>" * bool(rows)
        return f"<p><b>{html.escape(verdict)}</b></p>{table}" + f"<ul>{items}</ul>" * bool(findings)

    def _parts(self):
        """Return the verdict, the rows below it, and the findings that the rows do not say already."""
        rows = self.explanation.rows if self.explanation else ()
        findings = [finding for finding in self.findings if finding.name not in (LINE, PATH)]
        return self._verdict() + "." * (not rows), rows, findings

    def _verdict(self):
        if self.worst is None and self.explanation:
            return f"THE GRADIENT DISAGREES: {self.name} does not have the shape of x"
        if self.worst is None:
            return f"NOT CHECKED ({self.evaluations} evaluations of f)"
        if not self.ok and self.relative_error > self.bound:
            given, measured = _distinct(self.given, self.measured)
            place, error = f" at {list(self.worst)}" * bool(self.worst), f"(relative error {self.relative_error:.2g})"
            return f"THE GRADIENT DISAGREES: {self.name}{place} is {given}, measured {measured} {error}"
        if not self.ok and self.elsewhere > 0:
            return f"THE GRADIENT DISAGREES at a random point, though not at x (relative error {self.elsewhere:.2g})"
        seen = f"all {self.size} entries" if self.entries == self.size else f"{self.entries} of {self.size} entries"
        seen += f" and {self.directions} random directions" * bool(self.directions)
        seen += ", and a second point" * (not math.isnan(self.elsewhere))
        return (
            f"{self._agreement() if self.ok else 'THE GRADIENT IS NOT PROVED'} ({seen}; {self.evaluations} evaluations of f)"
        )

    def _agreement(self):
        if math.isnan(self.bound):  # of nothing but zeros
            return "The gradient agrees: it is 0, and so is every measured slope, so little was put to the test"
        if self.bound > 1:
            return "The gradient is not contradicted: at x it is too small to tell from rounding"
        agrees = f"The gradient agrees, to a relative error below {_rounded_up(self.bound)}"
        if math.isnan(self.detectable):
            return agrees
        return f"{agrees}; an error of {_rounded_up(self.detectable)} of its length would show with a probability of 99.99 %"


class Reports(dict):
    """The reports on a dict of parameters, by name; true if all gradients can be believed."""

    ok = property(lambda self: all(report.ok for report in self.values()))

    def __bool__(self):
        return self.ok

    def __repr__(self):
        return "\n".join(
            f"{name}: {shown if same is None else self._as(shown, same)}" for name, shown, same in self._shown()
        )

    def _repr_html_(self):
        parts = ((html.escape(str(name)), report, same) for name, report, same in self._shown())
        return "".join(
            f"<p>{name}:</p>{report._repr_html_() if same is None else f'<p>{html.escape(self._as(report, same))}</p>'}"
            for name, report, same in parts
        )

    def _shown(self):
        """Yield the name of each array, its report, and the name of the array whose report tells the same cause, or None."""
        first = {}
        for name, report in self.items():
            before = first.setdefault(id(report.explanation), name) if report.explanation else name
            yield name, report, None if before == name else before

    @staticmethod
    def _as(report, same):
        return f"{report._verdict()}, for the same reason as {same}."


def _distinct(*numbers):
    """Return two numbers as text, with four digits, or with as many as it takes for them to differ."""
    texts = ([f"{number:{'#' * (digits > 4)}.{digits}g}" for number in numbers] for digits in range(4, 18))
    return next((pair for pair in texts if pair[0] != pair[1]), map(repr, numbers))


def _rounded_up(number):
    """Return a number as text, with one digit, rounded up."""
    power = math.floor(math.log10(number))
    return f"{math.ceil(number / 10.0**power - 1e-9) * 10.0**power:.0e}"
