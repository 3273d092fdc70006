"""Judge in the teacher's own process what an answer did in another one."""

import linecache
import math

import helpers.check
from helpers.check.engine.values import LARGEST_ARRAY
from helpers.check.engine.verdict import Verdict

__all__ = ["judge"]


def judge(name, observations, ended, seed, cells):
    """Return the Verdict on an answer.

    What its process says is not believed: only plain values count, and they are compared here, by code that no student
    has touched.

    Parameters
    ----------
    name : str
        The name of the exercise.
    observations, ended : list of dict and str
        What the answer did in each case, and how it ended.
    seed : int
        From which the cases are drawn.
    cells : dict of int to str
        The sources of the cells, which hints may quote.
    """
    exercise = helpers.check.EXERCISES[name]
    for k, source in cells.items():
        linecache.cache[f"<cell {k}>"] = (len(source), None, source.splitlines(keepends=True), f"<cell {k}>")
    try:
        if all(map(_is_observation, observations)):
            return exercise.judge([_trimmed(seen, cells) for seen in observations], ended, seed)
    except Exception as error:  # whatever a hostile process may have sent
        return _unreadable(name, type(error).__name__)
    return _unreadable(name, "its form")


def _unreadable(name, why):
    return Verdict(name, False, "unreadable", (("got", f"a result that cannot be read ({why})"),))


def _trimmed(seen, cells):
    """Return an observation whose error names no file: this process would open it to quote a line."""
    if "error" in seen and seen["error"].get("file") not in {f"<cell {k}>" for k in cells}:
        return seen | {"error": seen["error"] | {"file": "", "line": 0}}
    return seen


def _is_observation(seen):
    return _is_plain(seen["result"]) if "result" in seen else isinstance(seen.get("error"), dict)


def _is_plain(value):
    """Return whether a value has the form that `helpers.check.engine.values` gives it, with arrays of a usual size."""
    kind = value.get("kind")
    if kind == "array":
        shape, values = value["shape"], value["values"]
        sizes = all(type(n) is int and n >= 0 for n in shape) and math.prod(max(n, 1) for n in shape) <= LARGEST_ARRAY
        return sizes and len(values) == math.prod(shape) and all(type(x) is float for x in values)
    if kind == "list":
        return all(map(_is_plain, value["items"]))
    return all(map(_is_plain, value["items"].values())) if kind == "dict" else True
