"""What can be said about a wrong answer whatever the exercise is: the name of the mistake and a hint."""

import numpy as np

from helpers.check.engine.values import close, innermost, number, restored, same

NOTHING = ("returns nothing", "The function returned None. Is the stub still empty, or is a return missing?")
UNKNOWN = (
    "wrong result",
    "This check does not recognise the mistake. Print the intermediate results of your code for the case above.",
)
OUT_OF_MEMORY = ("too much memory", "The function ran out of memory. Does a list keep growing? Print its length.")
ENDS = {  # how an answer ended, and what to say about it; ENDS_PYTHON of anything else
    "cpu": ("does not end", "The function ran out of computing time and was stopped. Does a loop run for ever?"),
    "wall": ("does not end", "The function did not return and was stopped. Does it wait for something?"),
    "memory": OUT_OF_MEMORY,
}
ENDS_PYTHON = ("ends Python", "The function ended its Python process, by a call such as os._exit or by a crash.")
AXES = ("tuple index", "too many indices", "not iterable", "out of bounds for array of dimension")
METHODS = {"backward": "Value.backward", "gradients": "helpers.TwoLayerNet.gradients"}
ERRORS = [  # the name of a mistake, when an error is due to it, and the hint
    ("wrong parameters", lambda e: not e["inside"] and not e.get("returned"),
     "The function cannot be called with the arguments of the task. Compare its first line with the stub."),
    ("calls sys.exit", lambda e: e["type"] == "SystemExit", "A function hands its result back with return."),
    ("endless recursion", lambda e: e["type"] == "RecursionError",
     "The function calls itself again and again. Which call should be the last one?"),
    (OUT_OF_MEMORY[0], lambda e: e["type"] == "MemoryError", OUT_OF_MEMORY[1]),
    ("prints too much", lambda e: "lines were printed" in e["text"],
     "The function printed more lines than a check allows. Does a loop run for ever?"),
    ("shapes do not match", lambda e: any(words in e["text"] for words in ("broadcast", "mismatch", "not aligned")),
     "Two arrays in this line do not fit together. Print both shapes: is keepdims or a transpose missing, or does your code "
     "contain a number that fits only one example, such as 3 classes?"),
    ("a Value is no array", lambda e: "'Value'" in e["text"] and e["type"] == "TypeError",
     "A Value has no index and no subtraction, and both sides of an operation must be Values. Wrap constants, add a negated "
     "Value, and instead of picking entries multiply by a constant that is 0 elsewhere."),
    ("integer array", lambda e: "Cannot cast ufunc" in e["text"],
     "An array of integers cannot store fractions. Make it an array of floats first."),
    ("unusable result", lambda e: e.get("returned") and not e["line"],
     "The function returned something that the check cannot use. Does it return what the task asks for?"),
    ("number of axes", lambda e: any(words in e["text"] for words in AXES),
     "An array has fewer axes than this line expects. The function should work for any number of axes."),
    ("index out of bounds", lambda e: "is out of bounds for axis" in e["text"],
     "An index in this line is too large for its axis. Does it belong to another axis, or does your code contain a number "
     "that fits only one example, such as 3 classes or 4 rows?"),
    ("error in your code", lambda e: True, "Your function raised this error."),
]  # fmt: skip


def of_call(name):
    """Return what to say of an answer that called the function of this name."""
    if name.startswith(("_", "<")):
        return "calls the check", "Your function calls a function of the check itself. Write the computation yourself."
    name = METHODS.get(name, f"helpers.{name}")
    return f"calls {name}", f"{name} does the work of this exercise. Write the computation yourself."


def of_change(name, how):
    """Return what to say of an answer that changed an argument, by "rounding" or by having "written" to it."""
    if how == "rounding":
        why = "because x + h - h is not always x. Keep the old value and write that back."
        return "restored by arithmetic", f"After the call the last digits of {name} are different, {why}"
    why = "It belongs to the caller: work on a copy, or restore it."
    return "changed argument", f"After the call {name} is not what it was before. {why}"


def of_error(error):
    """Return what to say of an error."""
    return next((name, hint) for name, applies, hint in ERRORS if applies(error))


def of_result(got, wanted, tolerance, names=()):
    """Return what can be said of a wrong result by comparing it with the expected one."""
    if got["kind"] == wanted["kind"] == "list" and same(got | {"items": got["items"][::-1]}, wanted, tolerance):
        return "wrong order", "The parts of the result are right, but their order is reversed."
    parts = list(innermost(got, wanted, names))
    wrong = [part for part in parts if not same(*part[1:], tolerance)]
    where, *first = wrong[0]
    name, hint = _of_part(*first, tolerance)
    if not where:
        return name, hint
    if name == NOTHING[0]:
        return name, f"The result holds None for {where}. Is a method still empty, or is a return missing?"
    if name == UNKNOWN[0]:
        right = [where for where, *pair in parts if same(*pair, tolerance)]
        which = f"These parts are wrong: {', '.join(where for where, *_ in wrong)}. These are right: {', '.join(right)}. "
        return name, f"{which if right else ''}{hint}"
    return name, f"In {where}: {hint}"


def _of_part(got, wanted, tolerance):
    if got["kind"] == "nothing":
        return NOTHING
    if got["kind"] != wanted["kind"] or got["kind"] == "list":
        return f"returns {_a(got)}", f"The function should return {_a(wanted)}."
    if got["kind"] == "dict":
        return "wrong keys", f"The dictionary has the keys {[*got['items']]}, and the task asks for {[*wanted['items']]}."
    if got["kind"] == "array":
        return _of_array(got, wanted, tolerance)
    if got["kind"] == "text":
        return "wrong word", "Is the word spelled as in the task? If so, print what your code compares for the case above."
    return UNKNOWN


def of_factor(observations, expected, case, tolerance, names=()):
    """Return what to say if all numbers are the expected ones times one factor; else None.

    They may be those of this case, of all cases, or of one part in this case. Three entries must agree on the factor: a
    single number is always some multiple of another."""
    parts = [list(innermost(seen.get("result", {"kind": "nothing"}), wanted, names))
             for seen, wanted in zip(observations, expected, strict=False)]  # fmt: skip
    wrong = [[part] for part in parts[case] if not same(*part[1:], tolerance)]
    for some in (parts[case], [part for these in parts for part in these], *wrong[:1]):
        if (factor := _factor(some)) and number(factor) != "1":
            where = f"In {some[0][0]}: " if some in wrong and some[0][0] else ""
            how = f"Every number is {number(factor)} times the expected one."
            return "constant factor", f"{where}{how} Is a mean taken for a sum, or a factor missing?"
    return None


def _factor(parts):
    """Return the factor by which all numbers in these parts differ from the expected ones, or None."""
    if not all(a["kind"] == b["kind"] == "array" and a["shape"] == b["shape"] for _, a, b in parts):
        return None
    a, b = (np.array([number for part in parts for number in part[k]["values"]]) for k in (1, 2))
    if np.sum(b != 0) < 3 or not np.all(np.isfinite([a, b])):
        return None
    largest = np.argmax(np.abs(b))
    factor = float(a[largest] / b[largest])
    return factor if np.allclose(a, factor * b, rtol=1e-6, atol=1e-9 * abs(factor * b[largest])) else None


def _of_array(got, wanted, tolerance):
    a, b = restored(got), restored(wanted)
    if wanted["dtype"] == "bool" != got["dtype"]:
        return f"returns {_a(got)}", "The function should return True or False."
    if a.shape != b.shape:
        return "wrong shape", f"The result has the shape {a.shape}, not {b.shape}. {_why_this_shape(a, b)}"
    transposed = a.ndim > 1 and a.T.shape == b.shape and close(a.T, b, tolerance).all()
    integers = a.ndim and "int" in got["dtype"] and "int" not in wanted["dtype"]
    mistakes = [
        (np.isnan(a).any() and not np.isnan(b).any(), "NaN",
         "The result has a NaN, which comes from 0 / 0, inf / inf or inf - inf. In which line does it appear first?"),
        (np.isinf(a).any() and not np.isinf(b).any(), "infinity",
         "A number overflows or is divided by 0. In which line does infinity appear first?"),
        (close(-a, b, tolerance).all(), "wrong sign", "Every number is right except for its sign."),
        (b.any() and close(a, b, 1e-3).all(), "nearly right",
         "Every number is within a thousandth of the expected one. Is a step too large or too small, a difference "
         "one-sided, or a small constant added?"),
        (transposed, "transposed", "Rows and columns are exchanged."),
        (integers, "integer array", "The result is an array of integers, which cannot store fractions."),
    ]  # fmt: skip
    return next((problem for found, *problem in mistakes if found), UNKNOWN)


def _why_this_shape(a, b):
    if a.ndim == 0:
        return "You returned a single number."
    if a.squeeze().shape == b.squeeze().shape:
        return "The numbers may be right: does keepdims=True leave an axis of length 1 behind, or is it missing?"
    if b.ndim == 0:
        return "There is one result for each entry or each row, and the task asks for one in all."
    if a.T.shape == b.shape:
        return "Did a sum run along the wrong axis, or is the result transposed?"
    return "Along which axis does the last step work?"


def _a(value):
    if value["kind"] == "array" and not value["shape"]:
        return "a truth value" if value["dtype"] == "bool" else "a single number"
    if value["kind"] == "list":
        return f"a tuple or list of {len(value['items'])}"
    names = {"nothing": "None", "text": "a string", "array": "an array", "object": value.get("says")}
    return names.get(value["kind"], f"a {value['kind']}")
