"""Promises about what a reader is asked: exercises, predictions; and about derivatives, which are measured."""

import re

from .notebook import plain, promise, tags
from .text import blank_out_code

FEWEST = 3  # exercises on each page but the first
DERIVATIVE = r"\$\$(?![^$]*\\leftarrow)[^$]*(?:\\[td]?frac\{\\partial|\\nabla)[^$]*\$\$"


@promise
def exercises_ask_check_and_solve(notebook):
    """An exercise is a task, a stub, its check ("not yet"), a folded solution and the same check again ("solved")."""
    tagged = [cell for cell in notebook.cells if {"exercise", "check", "solution"} & tags(cell)]
    code = [cell for cell in tagged if cell.cell_type == "code"]
    wanted = [{"exercise"}, {"check"}, {"solution"}, {"check", "solution"}]
    for k, cell in enumerate(code):
        if tags(cell) != wanted[k % 4]:
            yield cell, f"is tagged {sorted(tags(cell))} where {sorted(wanted[k % 4])} comes next"
            return
    for exercise in zip(*[iter(code)] * 4, strict=False):
        yield from _mistakes(*exercise)
    count, titles = len(code) / 4, [cell.source for cell in tagged if cell.cell_type == "markdown"]
    if count < FEWEST and notebook.number != "00":
        yield None, f"has {count:g} exercises, and a page has {FEWEST} or more"
    if count and not any(re.match(r"### \d · Find the bug: ", title) for title in titles):
        yield None, "has no planted bug among its exercises"


def _mistakes(stub, first, solution, second):
    name = (re.findall(r"^check\.(\w+)\(my_\1\)$", first.source) or [""])[0]
    if not name or second.source != f"check.{name}(our_{name})":
        yield first, "is no check.NAME(my_NAME), followed by check.NAME(our_NAME)"
    elif f"def my_{name}(" not in stub.source or f"def our_{name}(" not in solution.source:
        yield stub, f"defines no my_{name}, or its solution no our_{name}"
    for cell, verdict in ((first, "not yet"), (second, "solved")):
        says = "".join(map(plain, cell.outputs))
        if not says.startswith(f"{verdict}: "):
            yield cell, f"does not say {verdict!r}, but {says!r}"


@promise
def the_answer_to_a_prediction_is_hidden(notebook):
    """So is what a check says of an unsolved exercise, and no other output. A text before asks for the prediction."""
    asked = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            asked = cell.source
        hidden, answers = cell.metadata.get("jupyter", {}).get("outputs_hidden", False), "predict" in tags(cell)
        if hidden != (answers or tags(cell) == {"check"}):
            yield cell, "hides its output, and is no answer" if hidden else "is an answer, and its output is not hidden"
        if answers and not (cell.cell_type == "code" and "**Predict.**" in asked):
            yield cell, "is tagged predict, and is no code cell after a text that says **Predict.**"


@promise
def a_displayed_derivative_is_measured(notebook):
    """It is followed by a cell tagged measured, before the next one, and before the next section."""
    unmeasured = None
    for cell in notebook.cells:
        if "measured" in tags(cell) and cell.cell_type == "code":
            unmeasured = None
        for found in re.findall(rf"^## |{DERIVATIVE}", blank_out_code(cell), flags=re.MULTILINE):
            if unmeasured:
                yield unmeasured, "displays a derivative, and no cell tagged measured follows"
            unmeasured = None if found == "## " else cell
    if unmeasured:
        yield unmeasured, "displays a derivative, and no cell tagged measured follows"
