"""What an answer returned, as plain values.

A plain value is a dict that JSON can write. No object of the answer's own making is asked to compare or describe itself,
so an answer cannot lie about what it returned.
"""

import numpy as np

__all__ = ["close", "number", "plain", "restored", "same", "shown"]

NUMBERS = {bool, int, float, *np.sctypeDict.values()}
LARGEST_ARRAY = 10_000  # entries
MOST_ENTRIES = 50_000  # in all
LONGEST_LIST = 20  # items
DIGITS = 6
SMALLEST_SCALE = 0.1  # so that numbers that should cancel may leave a rounding error


def plain(value):
    """Return `value` as a plain value, {"kind": ...}. Lists and tuples count as equal.

    Only the type itself is looked at, not what the object says about its type."""
    return _plain(value, 4, [MOST_ENTRIES])


def _plain(value, depth, room):
    """Return a plain value of at most so many levels; `room` holds the number of entries that may still come."""
    kind = type(value)
    text, number = kind in (str, np.str_), kind in NUMBERS or kind is np.ndarray
    size = np.size(value) if number else 100 * text
    room[0] -= 2 + size * (size <= LARGEST_ARRAY)
    if room[0] < 0:
        return {"kind": "object", "says": "more than a check can compare"}
    if text:
        return {"kind": "text", "text": str(value[:200])}
    if number:
        return _plain_array(np.asarray(value))
    if kind in (list, tuple) and len(value) <= LONGEST_LIST and depth:
        return {"kind": "list", "items": [_plain(item, depth - 1, room) for item in value]}
    if kind is dict and len(value) <= LONGEST_LIST and depth and all(type(key) is str for key in value):
        return {"kind": "dict", "items": {key[:200]: _plain(item, depth - 1, room) for key, item in value.items()}}
    name = type.__dict__["__name__"].__get__(kind)[:40]
    return {"kind": "nothing"} if value is None else {"kind": "object", "says": f"an object of type {name}"}


def _plain_array(array):
    if array.dtype.kind not in "biuf" or array.size > LARGEST_ARRAY:
        return {"kind": "object", "says": f"an array of dtype {array.dtype} and shape {array.shape}"}
    values = array.astype(float).ravel().tolist()
    return {"kind": "array", "dtype": array.dtype.name, "shape": list(array.shape), "values": values}


def restored(value):
    """Return the array that a plain value of the kind "array" stands for."""
    return np.array(value["values"], dtype=float).reshape(value["shape"])


def same(got, expected, tolerance):
    """Return whether two plain values are equal: their structure exactly, and their numbers as `close` says."""
    if got["kind"] != expected["kind"]:
        return False
    if got["kind"] == "array":
        return got["shape"] == expected["shape"] and bool(np.all(close(restored(got), restored(expected), tolerance)))
    if got["kind"] in ("list", "dict"):
        a, b = (dict(value["items"] if value["kind"] == "dict" else enumerate(value["items"])) for value in (got, expected))
        return a.keys() == b.keys() and all(same(a[key], b[key], tolerance) for key in a)
    return got == expected


def close(got, expected, tolerance):
    """Return entry by entry whether `got` differs from `expected` by at most `tolerance` times the largest expected entry.

    Where that entry is below SMALLEST_SCALE, the latter takes its place. NaN is close to NaN, and inf to inf."""
    scale = np.max(np.abs(expected), where=np.isfinite(expected), initial=SMALLEST_SCALE)
    with np.errstate(invalid="ignore"):
        near = np.abs(got - expected) <= tolerance * scale
    return near | (got == expected) | (np.isnan(got) & np.isnan(expected))


def shown(value, width=72):
    """Return a plain value as one short line of text."""
    kind = value["kind"]
    if kind == "nothing":
        return "None"
    if kind == "array":
        text = _entries(value)
        return text if len(text) <= width else _outline(value)
    if kind == "list":
        text = "[" + ", ".join(shown(item, width) for item in value["items"]) + "]"
        return text if len(text) <= width else _outline(value)
    if kind == "dict":
        text = ", ".join(f"{key!r}: {shown(item, width)}" for key, item in value["items"].items())
        return "{" + text + "}" if len(text) <= width else f"a dict with the keys {list(value['items'])}"
    return repr(value["text"]) if kind == "text" else value["says"]


def _outline(value):
    if value["kind"] == "list":
        return "[" + ", ".join(map(_outline, value["items"])) + "]"
    if value["kind"] == "array" and value["shape"]:
        return f"array of shape {tuple(value['shape'])}"
    return shown(value)


def _entries(value):
    array = restored(value)
    return str(array.astype(bool).tolist()) if value["dtype"] == "bool" else _nested(array)


def _nested(array):
    if array.ndim == 0:
        return number(float(array))
    return "[" + ", ".join(_nested(row) for row in array) + "]"


def number(value):
    """Return a number as text with six digits, and whole numbers without a decimal point."""
    if np.isfinite(value) and abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return f"{value:.{DIGITS}g}"
