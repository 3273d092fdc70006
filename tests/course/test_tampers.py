"""Stored outputs are changed at random, from a seed, in hundreds of ways: every change is caught.

What nbval compares is given to its own comparison, with the stored outputs in the place of those that a kernel gives (that
the two are equal is what `make test` sees each time); what it passes is given to the promises; and what they pass, to the
comparison of whole pages that test_machines makes after its run. test_net lets the whole suite judge some, kernels and all.
"""

import collections
import copy
import itertools
import random
import re

import nbformat
import pinned
import promises
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams
from test_machines import comparable

pytestmark = pinned.needs_pinned
ROUNDS = 4  # in each, every cell of every page that has outputs is tampered with once
MIMES = ["image/png", "text/latex", "application/json"]


def a_text(text, chance):
    """Return a text with something changed in it."""
    k, lines = chance.randrange(len(text)), text.splitlines(keepends=True)
    i, sign = chance.randrange(len(lines)), chance.choice("0123456789abcxyz.-+ \t\n\u200b\u00a0")
    digits = [match.start() for match in re.finditer(r"\d", text)] or [k]
    digit = chance.choice(digits)
    return chance.choice(
        [
            text[:digit] + str((ord(text[digit]) + 1) % 10) + text[digit + 1 :],
            text[:k] + sign + text[k + 1 :],
            text[:k] + sign + text[k:],
            text[:k] + text[k + 1 :],
            text[:k],
            text + chance.choice(" \n"),
            "".join(lines[:i] + lines[i + 1 :]),
            "".join(lines[: i + 1] + lines[i:]),
            "".join(lines[::-1]),
            "None",
        ]
    )


def a_form(output, chance):
    """Change one form of an output."""
    place = output if "text" in output else output.data
    name = "text" if "text" in output else chance.choice(sorted(place))
    place[name] = a_text(place[name], chance)


def a_kind(output):
    """Turn an output into one of another kind."""
    if output.output_type == "stream":
        return nbformat.v4.new_output("display_data", data={"text/plain": output.text})
    if output.output_type == "execute_result":
        return nbformat.v4.new_output("display_data", data=output.data)
    return nbformat.v4.new_output("execute_result", data=output.data, execution_count=1)


def a_list(outputs, output, chance):
    """Return a list of outputs with something changed in it."""
    k = outputs.index(output)
    rich = {**output, "data": {**output.get("data", {}), chance.choice(MIMES): "iVBORw0KGgo="}} if "data" in output else {}
    less = {**output, "data": dict(list(output.get("data", {}).items())[1:])} if "data" in output else {}
    changed = [
        {**output, "name": chance.choice(["stderr", "stdlog"])} if "name" in output else {},
        {**output, "execution_count": 99} if "execution_count" in output else {},
        {**output, "metadata": {"needs_background": "light"}} if "metadata" in output else {},
        rich,
        less,
        a_kind(output),
    ]
    lists = [outputs[:k] + [nbformat.from_dict(other)] + outputs[k + 1 :] for other in changed if other]
    return chance.choice([*lists, outputs[:k] + outputs[k + 1 :], [*outputs, output], outputs[::-1]])


def tampered(outputs, chance):
    """Return outputs with a random change, in a form of one or in their list."""
    while True:
        changed = copy.deepcopy(outputs)
        output = chance.choice(changed)
        if chance.random() < 0.6:
            a_form(output, chance)
        else:
            changed = a_list(changed, output, chance)
        if changed != outputs:
            return changed


@pytest.fixture
def judge(notebook, request, monkeypatch):
    """Return a function of a cell and other outputs for it, which returns who catches them: "nbval", a "promise",
    the comparison of the whole "page", or nobody (None)."""
    monkeypatch.setattr(
        IPyNbCell, "format_output_compare", lambda *_: None
    )  # to print a difference of pictures takes seconds
    file = IPyNbFile.from_parent(request.session, path=notebook.path)
    file.setup_sanitize_files()
    compare = {item.cell.id: item.compare_outputs for item in file.collect()}
    page = nbformat.reads(notebook.text, as_version=4)

    def judge(cell, outputs):
        ran, stored = (coalesce_streams(copy.deepcopy(these)) for these in (cell.outputs, outputs))
        if not compare[cell.id](ran, stored):
            return "nbval"
        changed = copy.deepcopy(page)
        next(other for other in changed.cells if other.id == cell.id).outputs = outputs
        found = promises.Notebook(notebook.path, nbformat.writes(changed) + "\n")
        if any(where is None or where.id == cell.id for kept in promises.PROMISES for where, _ in kept(found)):
            return "promise"
        return "page" if comparable(changed) != comparable(copy.deepcopy(page)) else None

    return judge


def with_outputs(notebook):
    return [cell for cell in notebook.code if cell.outputs and "nbval-ignore-output" not in cell.metadata.get("tags", [])]


def test_every_tampering_is_caught(notebook, judge, record_property):
    caught = collections.Counter()
    for round_, cell in itertools.product(range(ROUNDS), with_outputs(notebook)):
        outputs = tampered(cell.outputs, random.Random(f"{round_} {notebook.path.name} {cell.id}"))
        by = judge(cell, outputs)
        assert by, f"{notebook.name(cell)}: nobody notices {outputs}"
        caught[by] += 1
    record_property("tampered", caught.total())
    assert caught["nbval"] > 0


def test_what_is_not_changed_is_not_caught(notebook, judge):
    for cell in with_outputs(notebook)[:3]:
        assert judge(cell, cell.outputs) is None
