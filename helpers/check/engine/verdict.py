"""What a check says."""

import dataclasses
import html
import re

LONGEST_LINE = 400


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of a check, which is true if the exercise is solved.

    Attributes
    ----------
    exercise : str
    solved : bool
    mistake : str
        The name of the mistake; empty if the exercise is solved.
    lines : tuple of (str, str)
        What is printed below the headline: a label and what it says.
    cases : int
        In how many cases the answer was right; 0 unless the exercise is solved.
    """

    exercise: str
    solved: bool
    mistake: str = ""
    lines: tuple = ()
    cases: int = 0

    def __post_init__(self):
        object.__setattr__(self, "lines", tuple((label, _readable(text)) for label, text in self.lines))

    def __bool__(self):
        return self.solved

    def __repr__(self):
        width = max((len(label) for label, _ in self.lines), default=0)
        return "\n".join([self._headline(), *(f"  {label:{width}}  {text}" for label, text in self.lines)])

    def _repr_html_(self):
        items = "".join(f"<li><b>{label}</b> {html.escape(text)}</li>" for label, text in self.lines)
        return f"<p><b>{self._headline()}</b></p>" + (f"<ul>{items}</ul>" if items else "")

    def _headline(self):
        return f"solved: {self.exercise}, in all {self.cases} cases" if self.solved else f"not yet: {self.exercise}"


def _readable(text):
    """Return a text, which may come from the answer, in a form that fits on a page: short, printable, without addresses."""
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", text.encode("utf-8", "replace").decode())
    return text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + " ..."
