"""What can be said about a wrong answer whatever the exercise is: the name of the mistake and a hint."""

import numpy as np

from helpers.check.engine.values import close, number, restored, same

__all__ = ["UNKNOWN", "of_call", "of_change", "of_end", "of_error", "of_factor", "of_result"]

UNKNOWN = (
    "wrong result",
    "This check does not recognise the mistake. Print the intermediate results of your code for the case above.",
)


OUT_OF_MEMORY = ("too much memory", "The function ran out of memory. Does a list keep growing? Print its length.")
ENDS = {
    "cpu": ("does not end", "The function ran out of computing time and was stopped. Does a loop run for ever?"),
    "wall": ("does not end", "The function did not return and was stopped. Does it wait for something?"),
    "memory": OUT_OF_MEMORY,
}
ENDS_PYTHON = ("ends Python", "The function ended its Python process, by a call such as os._exit or by a crash.")
ERRORS = [  # the name of a mistake, when an error is due to it, and the hint
    ("wrong parameters", lambda e: not e["inside"],
     "The function cannot be called with the arguments of the task. Compare its first line with the stub."),
    ("calls sys.exit", lambda e: e["type"] == "SystemExit", "A function hands its result back with return."),
    ("endless recursion", lambda e: e["type"] == "RecursionError",
     "The function calls itself again and again. Which call should be the last one?"),
    (OUT_OF_MEMORY[0], lambda e: e["type"] == "MemoryError", OUT_OF_MEMORY[1]),
    ("prints too much", lambda e: "lines were printed" in e["text"],
     "The function printed more lines than a check allows. Does a loop run for ever?"),
    ("shapes do not match", lambda e: any(words in e["text"] for words in ("broadcast", "mismatch", "not aligned")),
     "Two arrays in this line have shapes that do not fit together. Print both shapes: is keepdims or a transpose missing?"),
    ("integer array", lambda e: "Cannot cast ufunc" in e["text"],
     "An array of integers cannot store fractions. Make it an array of floats first."),
    ("number of axes", lambda e: any(words in e["text"] for words in ("tuple index", "too many indices", "not iterable")),
     "An array has fewer axes than this line expects. The function should work for any number of axes."),
    ("error in your code", lambda e: True, "Your function raised this error."),
]  # fmt: skip


def of_call(name):
    """Return what to say of an answer that called the function of this name."""
    if name.startswith(("_", "<")):
        return "calls the check", "Your function calls a function of the check itself. Write the computation yourself."
    return f"calls helpers.{name}", f"helpers.{name} does the work of this exercise. Write the computation yourself."


def of_change(name, how):
    """Return what to say of an answer that changed an argument, by "rounding" or by having "written" to it."""
    if how == "rounding":
        why = "because x + h - h is not always x. Keep the old value and write that back."
        return "restored by arithmetic", f"After the call the last digits of {name} are different, {why}"
    why = "It belongs to the caller: work on a copy, or restore it."
    return "changed argument", f"After the call {name} is not what it was before. {why}"


def of_end(how):
    """Return what to say of an answer that did not come to its end: "cpu", "wall", "memory" or anything else."""
    return ENDS.get(how, ENDS_PYTHON)


def of_error(error):
    """Return what to say of an error."""
    return next((name, hint) for name, applies, hint in ERRORS if applies(error))


def of_result(got, wanted, tolerance):
    """Return what can be said of a wrong result by comparing it with the expected one."""
    if got["kind"] == "nothing":
        return "returns nothing", "The function returned None. Is the stub still empty, or is a return missing?"
    if got["kind"] != wanted["kind"]:
        return f"returns {_a(got)}", f"The function should return {_a(wanted)}."
    if got["kind"] == "list" and len(got["items"]) == len(wanted["items"]):
        return _of_list(got, wanted, tolerance)
    if got["kind"] == "array":
        return _of_array(got, wanted, tolerance)
    if got["kind"] == "text":
        return "wrong word", "Is the word spelled as in the task? If so, print what your code compares for the case above."
    return UNKNOWN


def of_factor(observations, expected, case):
    """Return what to say if all results are the expected ones times one number, in this case or in all cases; else None.

    Three entries must agree on that number: a single number is always some multiple of another."""
    results = [seen.get("result") for seen in observations]
    for part in (slice(case, case + 1), slice(len(results))):
        a, b = ([entry for value in values[part] for entry in _all_entries(value)] for values in (results, expected))
        if len(a) != len(b):
            continue
        a, b = np.array(a)[np.array(b) != 0], np.array(b)[np.array(b) != 0]
        if len(a) >= 3 and np.all(np.isfinite(a / b)) and np.ptp(a / b) < 1e-6 * abs(a[0] / b[0]):
            factor = number(float(a[0] / b[0]))
            return (
                "constant factor",
                f"Every number is {factor} times the expected one. Is a mean taken for a sum, or a factor missing?",
            )
    return None


def _all_entries(value):
    """Return all numbers in a plain value, in order."""
    if not value or value["kind"] not in ("array", "list"):
        return []
    return value["values"] if value["kind"] == "array" else [x for item in value["items"] for x in _all_entries(item)]


def _of_list(got, wanted, tolerance):
    if same(got | {"items": got["items"][::-1]}, wanted, tolerance):
        return "wrong order", "The parts of the result are right, but their order is reversed."
    pairs = list(zip(got["items"], wanted["items"], strict=True))
    k = next((k for k, pair in enumerate(pairs) if not same(*pair, tolerance)), 0)
    name, hint = of_result(*pairs[k], tolerance)
    inner = hint.removeprefix("In part ")
    return name, f"In part [{k}]{inner}" if inner != hint else f"In part [{k}]: {hint}"


def _of_array(got, wanted, tolerance):
    a, b = restored(got), restored(wanted)
    if wanted["dtype"] == "bool" != got["dtype"]:
        return f"returns {_a(got)}", "The function should return True or False."
    if a.shape != b.shape:
        return "wrong shape", f"The result has the shape {a.shape}, not {b.shape}. {_why_this_shape(a, b)}"
    if np.isnan(a).any() and not np.isnan(b).any():
        return (
            "NaN",
            "The result has a NaN, which comes from 0 / 0, inf / inf or inf - inf. In which line does it appear first?",
        )
    if np.isinf(a).any() and not np.isinf(b).any():
        return "infinity", "A number overflows or is divided by 0. In which line does infinity appear first?"
    return _of_numbers(got, wanted, a, b, tolerance)


def _why_this_shape(a, b):
    if a.ndim == 0:
        return "You returned a single number."
    if a.squeeze().shape == b.squeeze().shape:
        return "The numbers may be right: does keepdims=True leave an axis of length 1 behind, or is it missing?"
    if a.T.shape == b.shape:
        return "Did a sum run along the wrong axis, or is the result transposed?"
    return "Along which axis does the last step work?"


def _of_numbers(got, wanted, a, b, tolerance):
    if np.all(close(-a, b, tolerance)):
        return "wrong sign", "Every number is right except for its sign."
    if np.any(b) and np.all(close(a, b, 1e-3)):
        return (
            "nearly right",
            "Every number is within a thousandth of the expected one. Is a step too large or too small, a difference "
            "one-sided, or a small constant added?",
        )
    if a.ndim > 1 and a.T.shape == b.shape and np.all(close(a.T, b, tolerance)):
        return "transposed", "Rows and columns are exchanged."
    if a.ndim and "int" in got["dtype"] and "int" not in wanted["dtype"]:
        return "integer array", "The result is an array of integers, which cannot store fractions."
    return UNKNOWN


def _a(value):
    if value["kind"] == "array" and not value["shape"]:
        return "a truth value" if value["dtype"] == "bool" else "a single number"
    if value["kind"] == "list":
        return f"a tuple or list of {len(value['items'])}"
    names = {"nothing": "None", "text": "a string", "array": "an array", "object": value.get("says")}
    return names.get(value["kind"], f"a {value['kind']}")
