"""What an answer returned, in plain form: nothing of the answer's own making is asked to compare or describe itself."""

import numpy as np

__all__ = ["close", "number", "plain", "restored", "same", "shown"]

NUMBERS = {bool, int, float, *np.sctypeDict.values()}
LARGEST = 10_000  # entries of an array
MOST = 20  # items of a list
DIGITS = 6


def plain(value, depth=4):
    """Return `value` as what JSON can say, {"kind": ...}, lists and tuples alike.

    Only the types themselves count, not what an object says of itself."""
    kind = type(value)
    if kind in (str, np.str_):
        return {"kind": "text", "text": str(value[:200])}
    if kind in NUMBERS or kind is np.ndarray:
        return _plain_array(np.asarray(value))
    if kind in (list, tuple) and len(value) <= MOST and depth:
        return {"kind": "list", "items": [plain(item, depth - 1) for item in value]}
    if kind is dict and len(value) <= MOST and depth and all(type(key) is str for key in value):
        return {"kind": "dict", "items": {key: plain(item, depth - 1) for key, item in value.items()}}
    name = type.__dict__["__name__"].__get__(kind)[:40]
    return {"kind": "nothing"} if value is None else {"kind": "object", "says": f"an object of type {name}"}


def _plain_array(array):
    if array.dtype.kind not in "biuf" or array.size > LARGEST:
        return {"kind": "object", "says": f"an array of dtype {array.dtype} and shape {array.shape}"}
    values = array.astype(float).ravel().tolist()
    return {"kind": "array", "dtype": array.dtype.name, "shape": list(array.shape), "values": values}


def restored(value):
    """Return the array that an {"kind": "array"} stands for."""
    return np.array(value["values"], dtype=float).reshape(value["shape"])


def same(came, wanted, tolerance, least=0.0):
    """Return whether two plain values are equal: shapes exactly, numbers to `tolerance` of the largest wanted one, or of
    `least`, if that is more."""
    if came["kind"] != wanted["kind"]:
        return False
    if came["kind"] == "array":
        return came["shape"] == wanted["shape"] and bool(np.all(close(restored(came), restored(wanted), tolerance, least)))
    if came["kind"] in ("list", "dict"):
        a, b = came["items"], wanted["items"]
        if len(a) != len(b) or (came["kind"] == "dict" and a.keys() != b.keys()):
            return False
        return all(same(a[k], b[k], tolerance, least) for k in (a if came["kind"] == "dict" else range(len(a))))
    return came == wanted


def close(came, wanted, tolerance, least=0.0):
    """Return entry by entry whether `came` is near enough to `wanted`; NaN is near NaN, inf equals inf."""
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = max(finite.max() if finite.size else 1.0, least)
    with np.errstate(invalid="ignore"):
        return (
            (np.abs(came - wanted) <= tolerance * max(scale, 1e-300))
            | (came == wanted)
            | (np.isnan(came) & np.isnan(wanted))
        )


def shown(value, width=72):
    """Return a plain value as a short line of text."""
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
    if value["dtype"] == "bool":
        return str(array.astype(bool).tolist())
    return _nested(array) if array.ndim else number(float(array))


def _nested(array):
    if array.ndim == 0:
        return number(float(array))
    return "[" + ", ".join(_nested(row) for row in array) + "]"


def number(value):
    """Return a number with six digits, without an exponent where there is a choice."""
    if value == int(value) if np.isfinite(value) and abs(value) < 1e15 else False:
        return f"{value:.0f}" if value else "0"
    return f"{value:.{DIGITS}g}"
