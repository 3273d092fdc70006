"""What was said in many cases, in tests/approved/: what the code says now is compared with it.

Words must be the same, and numbers but for the last of their digits. The verdicts there were looked through when they were
written; here and there a better cause could be named. `pytest FILE --approve` writes them anew, to be read again: git shows
what changed.
"""

import functools
import math
import pathlib
import re

FOLDER = pathlib.Path(__file__).with_name("approved")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
TOLERANCE = 0.02  # relative: numbers are printed with few digits, and differ a little from machine to machine


def same(now, then, tolerance=TOLERANCE):
    """Return whether two texts have the same words and, up to the tolerance, the same numbers.

    Without a tolerance (None) the words of the lines that are not indented are compared, and no numbers."""
    if tolerance is None:
        now, then = ("\n".join(line for line in text.split("\n") if not line.startswith(" ")) for text in (now, then))
    if NUMBER.sub("#", now) != NUMBER.sub("#", then):
        return False
    if tolerance is None:
        return True
    pairs = zip(NUMBER.findall(now), NUMBER.findall(then), strict=True)
    return all(a == b or _close(float(a), float(b), tolerance) for a, b in pairs)


def _close(a, b, tolerance):
    return a != b and math.isclose(a, b, rel_tol=tolerance)  # equal, and written in another way: 3 and 3.0


@functools.cache
def stored(name):
    """Return {heading: text} of tests/approved/NAME.txt."""
    parts = ("\n" + (FOLDER / f"{name}.txt").read_text("utf-8")).rstrip("\n").split("\n== ")[1:]
    return dict(part.partition("\n")[::2] for part in parts)


def write(name, texts):
    FOLDER.joinpath(f"{name}.txt").write_text("".join(f"== {head}\n{text}\n" for head, text in texts.items()), "utf-8")
