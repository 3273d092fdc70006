"""Stored outputs are changed at random, in hundreds of ways, from a seed: every change is caught.

What nbval compares is given to its own comparison, with the stored outputs in the place of those that a kernel gives (that
the two are equal is what `make test` sees each time); what it passes is given to the promises; and what they pass, to the
comparison of whole pages that test_student makes after its run. test_net lets the whole suite judge some, kernels and all.
"""

import collections
import copy
import itertools
import random
import re
import shutil

import nbformat
import pinned
import promises
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams
from test_machines import comparable

pytestmark = pinned.needs_pinned
ROUNDS = 4  # in each, every cell of every page is tampered with once, if it has an output
IGNORED = ("nbval-ignore-output", "raises-exception")
WIDGET = "application/vnd.jupyter.widget-view+json"


# -- how an output may be changed: functions of the outputs of a cell, which change them; or not, if they cannot ------------

TAMPERINGS = {}


def tampering(function):
    TAMPERINGS[function.__name__.replace("_", " ")] = function
    return function


def in_a_text(change):
    """Make a tampering with all outputs of one that changes a text: (text, random) -> text."""

    def tamper(outputs, chance):
        output = chance.choice(outputs)
        place, key = (
            (output, "text") if "text" in output else (output.data, chance.choice(sorted(output.get("data", {"": 0}))))
        )
        if place.get(key):
            place[key] = change(place[key], chance)

    tamper.__name__ = change.__name__
    return tampering(tamper)


def one_of(pattern, text, chance):
    found = list(re.finditer(pattern, text))
    return chance.choice(found) if found else None


def replaced(text, match, new):
    return text[: match.start()] + new + text[match.end() :] if match else text


@in_a_text
def a_digit(text, chance):
    match = one_of(r"\d", text, chance)
    return replaced(text, match, chance.choice([d for d in "0123456789" if not match or d != match[0]]))


@in_a_text
def a_letter(text, chance):
    return replaced(text, one_of(r"[a-z]", text, chance), chance.choice("ABCDEFXYZé"))


@in_a_text
def a_character_left_out(text, chance):
    return replaced(text, one_of(r"(?s).", text, chance), "")


@in_a_text
def a_character_too_many(text, chance):
    k = chance.randrange(len(text) + 1)
    return text[:k] + chance.choice(" \t\n.-0x\u200b\u00a0") + text[k:]


@in_a_text
def a_sign(text, chance):
    match = one_of(r"-|(?<=[ \[])(?=\d)", text, chance)
    return replaced(text, match, "" if match and match[0] else "-")


@in_a_text
def the_last_decimal(text, chance):
    match = one_of(r"(?<=\.)\d+", text, chance)
    return replaced(text, match, match and match[0][:-1] + str((int(match[0][-1]) + 1) % 10))


@in_a_text
def a_line_left_out(text, chance):
    lines = text.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


@in_a_text
def a_line_twice(text, chance):
    lines = text.splitlines(keepends=True)
    k = chance.randrange(len(lines))
    return "".join([*lines[:k], lines[k], *lines[k:]])


@in_a_text
def two_lines_swapped(text, chance):
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        k = chance.randrange(len(lines) - 1)
        lines[k : k + 2] = lines[k + 1], lines[k]
    return "".join(lines)


@in_a_text
def a_blank_at_the_end(text, _):
    return text + " "


@in_a_text
def a_line_end_more_or_less(text, _):
    return text[:-1] if text.endswith("\n") else text + "\n"


@in_a_text
def cut_off(text, chance):
    return text[: chance.randrange(len(text))]


@in_a_text
def all_of_it(_, chance):
    return chance.choice(["", "None", "[0. 0. 0.]\n"])


@tampering
def an_output_left_out(outputs, chance):
    del outputs[chance.randrange(len(outputs))]


@tampering
def an_output_twice(outputs, chance):
    outputs.insert(0, copy.deepcopy(chance.choice(outputs)))


@tampering
def outputs_in_another_order(outputs, _):
    outputs.reverse()


@tampering
def an_output_of_another_kind(outputs, chance):
    output = chance.choice(outputs)
    if output.output_type == "stream":
        outputs[outputs.index(output)] = nbformat.v4.new_output("display_data", data={"text/plain": output.text})
    elif output.output_type == "execute_result":
        output.output_type = "display_data"
        del output["execution_count"]
    else:
        output.output_type, output.execution_count = "execute_result", 1


@tampering
def a_stream_of_another_name(outputs, chance):
    streams = [output for output in outputs if output.output_type == "stream"]
    if streams:
        chance.choice(streams).name = chance.choice(["stderr", "stdlog"])


@tampering
def a_count(outputs, _):
    for output in outputs:
        if "execution_count" in output:
            output.execution_count += 1


@tampering
def a_form_more(outputs, chance):
    for output in outputs:
        if "data" in output:
            output.data[chance.choice(["image/png", "text/latex", "application/json", WIDGET])] = "iVBORw0KGgo="


@tampering
def a_form_less(outputs, chance):
    rich = [output for output in outputs if len(output.get("data", {})) > 1]
    if rich:
        output = chance.choice(rich)
        del output.data[chance.choice(sorted(output.data))]


@tampering
def something_in_the_metadata(outputs, _):
    for output in outputs:
        if "metadata" in output:
            output.metadata["needs_background"] = "light"


# -- who catches it -------------------------------------------------------------------------------------------------


@pytest.fixture
def nbval(notebook, request, monkeypatch):
    """Return {id of a cell: nbval's comparison of what it gives with what is stored}."""
    monkeypatch.setattr(
        IPyNbCell, "format_output_compare", lambda *_: None
    )  # a difference of pictures takes seconds to print
    file = IPyNbFile.from_parent(request.session, path=notebook.path)
    file.setup_sanitize_files()
    return {item.cell.id: item.compare_outputs for item in file.collect()}


def tampered(cell, chance):
    """Return the outputs of a cell after a random tampering that changed them, and its name."""
    while True:
        name = chance.choice(sorted(TAMPERINGS))
        outputs = copy.deepcopy(cell.outputs)
        TAMPERINGS[name](outputs, chance)
        if outputs != cell.outputs:
            return outputs, name


@pytest.fixture
def judge(notebook, nbval, tmp_path):
    """Return a function of outputs in the place of those of a cell, which returns who catches them: "nbval", a "promise",
    the comparison of the whole "page", or nobody (None)."""
    page, path = nbformat.reads(notebook.text, as_version=4), tmp_path / notebook.path.name
    for other in notebook.path.parent.glob("*.ipynb"):  # links lead there
        shutil.copy(other, tmp_path)

    def judged(cell, outputs):
        ran, stored = (coalesce_streams(copy.deepcopy(these)) for these in (cell.outputs, outputs))
        if not nbval[cell.id](ran, stored):
            return "nbval"
        changed = copy.deepcopy(page)
        next(other for other in changed.cells if other.id == cell.id).outputs = outputs
        path.write_text(nbformat.writes(changed) + "\n", "utf-8")
        found = promises.Notebook(path)
        if any(where is None or where.id == cell.id for kept in promises.PROMISES for where, _ in kept(found)):
            return "promise"
        apart = {"check", "solution"} & set(cell.metadata.get("tags", []))  # which the student edition is without
        return "page" if not apart and comparable(changed) != comparable(copy.deepcopy(page)) else None

    return judged


def with_outputs(notebook):
    return [cell for cell in notebook.code if cell.outputs and "nbval-ignore-output" not in cell.metadata.get("tags", [])]


def test_every_tampering_is_caught(notebook, judge, record_property):
    caught = collections.Counter()
    for round_, cell in itertools.product(range(ROUNDS), with_outputs(notebook)):
        outputs, how = tampered(cell, random.Random(f"{round_} {notebook.path.name} {cell.id}"))
        by = judge(cell, outputs)
        assert by, f"{notebook.name(cell)}: nobody notices {how}: {outputs}"
        caught[by] += 1
    record_property("tampered", caught.total())
    assert caught["nbval"] > 0


def test_what_is_not_changed_is_not_caught(notebook, judge):
    for cell in with_outputs(notebook)[:3]:
        assert judge(cell, cell.outputs) is None
