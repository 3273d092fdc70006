"""What an answer returned, as plain values.

A plain value is a dict that JSON can write. No object of the answer's own making is asked to compare or describe itself,
so an answer cannot lie about what it returned.
"""

import numpy as np

NUMBERS = {bool, int, float, *np.sctypeDict.values()}
LARGEST_ARRAY = 10_000  # entries
MOST_ENTRIES = 50_000  # in all
LONGEST_LIST = 20  # items
DIGITS = 6
WIDTH = 72  # of what is shown whole
SMALLEST_SCALE = 0.1  # so that numbers that should cancel may leave a rounding error


def plain(value, depth=4, room=None):
    """Return `value` as a plain value, {"kind": ...}, of at most so many levels. Lists and tuples count as equal.

    Only the type itself is looked at, not what the object says about its type. `room` holds the number of entries that may
    still come."""
    kind, room = type(value), [MOST_ENTRIES] if room is None else room
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
        return {"kind": "list", "items": [plain(item, depth - 1, room) for item in value]}
    if kind is dict and len(value) <= LONGEST_LIST and depth and all(type(key) is str for key in value):
        return {"kind": "dict", "items": {key[:200]: plain(item, depth - 1, room) for key, item in value.items()}}
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


def innermost(got, wanted, names=(), where=""):
    """Yield (where, got, wanted) for the parts of two plain values, as deep as their structures agree.

    `names` are the names of the parts of the result, if they have names."""
    a, b = _items(got), _items(wanted)
    if a is None or got["kind"] != wanted["kind"] or a.keys() != b.keys():
        yield where, got, wanted
        return
    for key, item in b.items():
        yield from innermost(a[key], item, where=names[key] if names else f"{where or 'part '}[{key!r}]")


def _items(value):
    return dict(enumerate(value["items"])) if value["kind"] == "list" else value.get("items")


def same(got, expected, tolerance):
    """Return whether two plain values are equal: their structure exactly, and their numbers as `close` says."""
    return all(_same_part(*pair, tolerance) for _, *pair in innermost(got, expected))


def _same_part(got, expected, tolerance):
    if got["kind"] == expected["kind"] == "array":
        return got["shape"] == expected["shape"] and bool(np.all(close(restored(got), restored(expected), tolerance)))
    return got == expected


def close(got, expected, tolerance):
    """Return entry by entry whether `got` differs from `expected` by at most `tolerance` times the largest expected entry.

    Where that entry is below SMALLEST_SCALE, the latter takes its place. NaN is close to NaN, and inf to inf."""
    scale = np.max(np.abs(expected), where=np.isfinite(expected), initial=SMALLEST_SCALE)
    with np.errstate(invalid="ignore"):
        near = np.abs(got - expected) <= tolerance * scale
    return near | (got == expected) | (np.isnan(got) & np.isnan(expected))


def difference(got, wanted, tolerance, names=()):
    """Return (where, got, wanted) for the first part in which two plain values differ; for all of them if they are short."""
    if not names and _are_short(got, wanted):
        return "", got, wanted
    where, got, wanted = next(part for part in innermost(got, wanted, names) if not same(*part[1:], tolerance))
    where = where and f" in {where}"
    if _are_short(got, wanted) or got["kind"] != "array" or got["shape"] != wanted.get("shape"):
        return where, got, wanted
    a, b = restored(got), restored(wanted)
    index = tuple(np.argwhere(~close(a, b, tolerance))[0].tolist())
    return f" at {[*index]}{where}", plain(a[index]), plain(b[index])


def _are_short(*values):
    return not any(words in shown(value) for value in values for words in ("array of shape", "a dict with the keys"))


def shown(value):
    """Return a plain value as one short line of text."""
    text = _whole(value)
    if len(text) <= WIDTH or value["kind"] not in ("array", "list", "dict"):
        return text
    return _outline(value) if value["kind"] != "dict" else f"a dict with the keys {list(value['items'])}"


def _whole(value):
    kind = value["kind"]
    if kind == "array":
        array = restored(value)
        return str(array.astype(bool).tolist()) if value["dtype"] == "bool" else _nested(array)
    if kind == "list":
        return "[" + ", ".join(map(shown, value["items"])) + "]"
    if kind == "dict":
        return "{" + ", ".join(f"{key!r}: {shown(item)}" for key, item in value["items"].items()) + "}"
    return repr(value["text"]) if kind == "text" else value.get("says", "None")


def _nested(array):
    return "[" + ", ".join(map(_nested, array)) + "]" if array.ndim else number(float(array))


def _outline(value):
    if value["kind"] == "list":
        return "[" + ", ".join(map(_outline, value["items"])) + "]"
    return f"array of shape {tuple(value['shape'])}" if value.get("shape") else shown(value)


def number(value):
    """Return a number as text with six digits, and whole numbers without a decimal point."""
    if np.isfinite(value) and abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return f"{value:.{DIGITS}g}"
