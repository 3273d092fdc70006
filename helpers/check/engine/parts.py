"""Which parts of a result differ from the expected ones."""

from helpers.check.engine.values import close, plain, restored, same, shown

__all__ = ["difference", "innermost"]


def innermost(got, wanted, names=(), where=""):
    """Yield (where, got, wanted) for the parts of two plain values, as deep as their structures agree.

    `names` are the names of the parts of the result, if they have names."""
    same_kind = got["kind"] == wanted["kind"]
    if same_kind and got["kind"] == "list" and len(got["items"]) == len(wanted["items"]):
        for k, pair in enumerate(zip(got["items"], wanted["items"], strict=True)):
            yield from innermost(*pair, where=names[k] if names else f"{where or 'part '}[{k}]")
    elif same_kind and got["kind"] == "dict" and got["items"].keys() == wanted["items"].keys():
        for key, item in wanted["items"].items():
            yield from innermost(got["items"][key], item, where=f"{where or 'part '}[{key!r}]")
    else:
        yield where, got, wanted


def difference(got, wanted, tolerance, names=()):
    """Return (where, got, wanted) for the first part in which two plain values differ; for all of them if they are short."""
    if not names and _is_short(got) and _is_short(wanted):
        return "", got, wanted
    parts = innermost(got, wanted, names)
    where, got, wanted = next((part for part in parts if not same(*part[1:], tolerance)), ("", got, wanted))
    where = where and f" in {where}"
    if (_is_short(got) and _is_short(wanted)) or got.get("shape") != wanted.get("shape") or got["kind"] != "array":
        return where, got, wanted
    a, b = restored(got), restored(wanted)
    index = next(iter(zip(*(~close(a, b, tolerance)).nonzero(), strict=True)))
    return f" at {[int(k) for k in index]}{where}", plain(a[index]), plain(b[index])


def _is_short(value):
    return not any(words in shown(value) for words in ("array of shape", "a dict with the keys"))
