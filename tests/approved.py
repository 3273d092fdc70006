"""Texts that were read and found right, in tests/approved/: what the code says now is compared with them.

Words must be the same, and numbers but for the last of their digits. `pytest FILE --approve` writes them anew, to be read
again: git shows what changed.
"""

import math
import pathlib
import re

FOLDER = pathlib.Path(__file__).with_name("approved")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
TOLERANCE = 0.02  # relative: numbers are printed with few digits, and differ a little from machine to machine


def same(now, then, tolerance=TOLERANCE):
    """Return whether two texts have the same words and, up to the tolerance, the same numbers."""
    if NUMBER.sub("#", now) != NUMBER.sub("#", then):
        return False
    pairs = zip(NUMBER.findall(now), NUMBER.findall(then), strict=True)
    return all(a == b or math.isclose(float(a), float(b), rel_tol=tolerance) for a, b in pairs)


def compare(name, now, approve=False, tolerance=TOLERANCE):
    """Require that {heading: text} is what tests/approved/NAME.txt has, or write it there."""
    path = FOLDER / f"{name}.txt"
    now = {heading: text.strip("\n") for heading, text in now.items()}
    if approve:
        path.write_text("".join(f"== {heading}\n{text}\n" for heading, text in now.items()), "utf-8")
    parts = ("\n" + path.read_text("utf-8")).split("\n== ")[1:]
    then = {heading: text.strip("\n") for heading, _, text in (part.partition("\n") for part in parts)}
    for heading, text in now.items():
        assert same(text, then.get(heading, ""), tolerance), f"{heading}: is\n{text}\nand was\n{then.get(heading)}"
    assert list(now) == list(then)
