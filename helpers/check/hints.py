"""What can be said of any answer that is not right, whatever the exercise: (name of the slip, hint)."""

import numpy as np

from helpers.check.values import close, number, restored, same

__all__ = ["of_call", "of_change", "of_error", "of_result"]


def of_call(name):
    """Say that the answer called a function that it must not call."""
    if name.startswith(("_", "<")):
        return "borrowed answer", "It calls a function of the check itself: that would prove nothing."
    return f"calls helpers.{name}", "It does the work of this exercise: write that out."


def of_change(name, how):
    """Say how an argument was changed, "rounding" or "written"."""
    if how == "rounding":
        return (
            "put back by rounding",
            f"{name} has other last digits than before: x + h - h is not always x. Keep what it was.",
        )
    return "changed argument", f"{name} is the caller's array, and it is not what it was: put it back, or work on a copy."


ERRORS = [
    (lambda e: not e["theirs"], "cannot be called so", "The function must take the arguments of the task, in that order."),
    (lambda e: e["type"] == "SystemExit", "calls sys.exit", "A function answers with return."),
    (lambda e: e["type"] == "RecursionError", "calls itself without end", "Which call is to be the last?"),
    (lambda e: e["type"] == "MemoryError", "too much memory", "Does a list grow for ever? Print its length."),
    (lambda e: "lines were printed" in e["text"], "prints without end", "Does a loop run for ever?"),
    (
        lambda e: any(words in e["text"] for words in ("broadcast", "mismatch", "not aligned")),
        "shapes that do not fit",
        "Print the shapes on that line. Is a keepdims missing, or a transpose?",
    ),
    (
        lambda e: "Cannot cast ufunc" in e["text"],
        "integer array",
        "An array of integers has no room for fractions: make it an array of floats first.",
    ),
    (lambda e: True, "an error in your code", "It comes from your function, at the line that is named."),
]


def of_error(error):
    """Say what an error means."""
    return next((name, hint) for applies, name, hint in ERRORS if applies(error))


def of_result(came, wanted, tolerance):
    """Say what is wrong with a result, from it and what was expected alone."""
    if came["kind"] == "nothing":
        return "returns nothing", "Is the stub still empty, or a return missing?"
    if came["kind"] != wanted["kind"]:
        return f"returns {_a(came)}", f"Expected is {_a(wanted)}."
    if came["kind"] == "list" and len(came["items"]) == len(wanted["items"]):
        return _of_list(came, wanted, tolerance)
    if came["kind"] == "array":
        return _of_array(came, wanted, tolerance)
    if came["kind"] == "text":
        return "another word", "Expected is one of the words of the task."
    return "another result", "Compare the two, part by part."


def _of_list(came, wanted, tolerance):
    if same(came | {"items": came["items"][::-1]}, wanted, tolerance):
        return "another order", "The parts are right, and the other way round."
    pairs = list(zip(came["items"], wanted["items"], strict=True))
    k = next(k for k, pair in enumerate(pairs) if not same(*pair, tolerance))
    name, hint = of_result(*pairs[k], tolerance)
    inner = hint.removeprefix("In part ")
    return name, f"In part [{k}]{inner}" if inner != hint else f"In part [{k}]: {hint}"


def _of_array(came, wanted, tolerance):
    a, b = restored(came), restored(wanted)
    if wanted["dtype"] == "bool" != came["dtype"]:
        return f"returns {_a(came)}", "Expected is True or False."
    if a.shape != b.shape:
        return "shape", f"The shape is {a.shape}, not {b.shape}: {_why_this_shape(a, b)}"
    if np.isnan(a).any() and not np.isnan(b).any():
        return "NaN", "Somewhere stands 0 / 0, inf / inf or inf - inf: which line makes it?"
    if np.isinf(a).any() and not np.isinf(b).any():
        return "infinity", "Somewhere a number overflows, or is divided by 0: which line makes it?"
    return _of_numbers(came, wanted, a, b, tolerance)


def _why_this_shape(a, b):
    if a.ndim == 0:
        return "this is a single number."
    if a.squeeze().shape == b.squeeze().shape:
        return "the numbers may be right. Is a keepdims too many, or missing?"
    if a.T.shape == b.shape:
        return "was a sum taken along the other axis, or is it transposed?"
    return "along which axis does the last step work?"


def _of_numbers(came, wanted, a, b, tolerance):
    with np.errstate(invalid="ignore"):  # of infinities
        factor = np.vdot(b, a) / (np.vdot(b, b) or 1)
    if np.all(close(-a, b, tolerance)):
        return "sign", "It is exactly the opposite of what is expected."
    if np.any(b) and np.all(close(a, b, 1e-3)):
        return (
            "almost",
            "It is off by less than a thousandth: a step that is too large or too small, or a one-sided difference?",
        )
    if factor and np.all(close(a / factor, b, 1e-6)):
        return "constant factor", f"All is {number(factor)} times what it should be: a mean for a sum, a 2 forgotten?"
    if a.T.shape == b.shape and np.all(close(a.T, b, tolerance)):
        return "transposed", "Rows and columns are exchanged."
    if "int" in came["dtype"] and "int" not in wanted["dtype"]:
        return "integer array", "The result is an array of integers, and those have no room for fractions."
    return "another result", "It is no slip that this check knows by name. Print the pieces, line by line, for this case."


def _a(value):
    if value["kind"] == "array" and not value["shape"]:
        return "a truth value" if value["dtype"] == "bool" else "a single number"
    if value["kind"] == "list":
        return f"a tuple or list of {len(value['items'])}"
    names = {"nothing": "None", "text": "a text", "array": "an array", "object": value.get("says")}
    return names.get(value["kind"], f"a {value['kind']}")
