"""Stored outputs are changed at random, from a seed, in hundreds of ways: every change is caught.

What nbval compares is given to its own comparison, with the stored outputs in the place of those that a kernel gives (that
the two are equal is what `make test` sees each time); what it passes is given to the promises; and what they pass, to the
comparison of whole pages that test_machines makes after its run. With --thorough the whole suite judges some.
"""

import copy
import itertools
import os
import random
import re
import shutil
import sys
import xml.etree.ElementTree

import nbformat
import pinned
import promises
import pytest
from faults import run
from nbval.plugin import IPyNbCell, IPyNbFile, coalesce_streams
from test_machines import comparable

from notebooks import normal_form

pytestmark = pinned.needs_pinned
ROUNDS = 16  # with --thorough; else one, in which every cell of every page that has outputs is tampered with once
MIMES = ["image/png", "text/latex", "application/json"]


def changed(value, chance):
    """Return a text, a count or a dictionary of forms with something changed in it."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return changed_text(value, chance)
    key = chance.choice(sorted(value) or MIMES)
    others = {name: form for name, form in value.items() if name != key}
    changed_form = {key: changed(value[key], chance)} if key in value else {}
    return chance.choice([others | changed_form] * 4 + [others, {**value, chance.choice(MIMES): "iVBORw0KGgo="}])


def changed_text(text, chance):
    k, lines = chance.randrange(len(text)), text.splitlines(keepends=True)
    i, sign = chance.randrange(len(lines)), chance.choice("0123456789abcxyz.-+ \t\n\u200b\u00a0")
    digit = chance.choice([match.start() for match in re.finditer(r"\d", text)] or [k])
    texts = [text[:digit] + str((ord(text[digit]) + 1) % 10) + text[digit + 1 :], text[:k] + text[k + 1 :], text[:k], "None"]
    texts += [text[:k] + sign + text[k + 1 :], text[:k] + sign + text[k:], text + chance.choice(" \n")]
    return chance.choice(
        [*texts, "".join(lines[:i] + lines[i + 1 :]), "".join(lines[: i + 1] + lines[i:]), "".join(lines[::-1])]
    )


def tampered(outputs, chance):
    """Return outputs with a random change: in one of them, in its kind, or in their list."""
    while True:
        output, k = copy.deepcopy(chance.choice(outputs)), chance.randrange(len(outputs))
        key = chance.choice(sorted({*output} - {"output_type", "name"}))
        other = [{**output, key: changed(output[key], chance)}] * 6
        other += [{**output, "name": "stderr"} if "name" in output else another_kind(output)]
        other += [another_kind(output)]
        lists = [outputs[:k] + outputs[k + 1 :], [*outputs, output], outputs[::-1]]
        lists += [[*outputs[:k], nbformat.from_dict(chance.choice(other)), *outputs[k + 1 :]]] * 8
        if (found := chance.choice(lists)) != outputs:
            return copy.deepcopy(found)


def another_kind(output):
    data = output.get("data", {"text/plain": output.get("text")})
    if output.output_type == "display_data":
        return nbformat.v4.new_output("execute_result", data=data, execution_count=1)
    return nbformat.v4.new_output("display_data", data=data)


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
    likely_first = sorted(promises.PROMISES, key=lambda kept: not kept.__module__.endswith("outputs"))

    def judge(cell, outputs):
        ran, stored = (coalesce_streams(copy.deepcopy(these)) for these in (cell.outputs, outputs))
        if not compare[cell.id](ran, stored):
            return "nbval"
        changed = copy.deepcopy(page)
        next(other for other in changed.cells if other.id == cell.id).outputs = outputs
        found = promises.Notebook(notebook.path, nbformat.writes(changed) + "\n")
        if any(where is None or where.id == cell.id for kept in likely_first for where, _ in kept(found)):
            return "promise"
        return "page" if comparable(changed) != comparable(copy.deepcopy(page)) else None

    return judge


def with_outputs(notebook):
    return [cell for cell in notebook.code if cell.outputs and "nbval-ignore-output" not in cell.metadata.get("tags", [])]


def test_every_tampering_is_caught(notebook, judge, pytestconfig):
    caught, rounds = set(), range(ROUNDS if pytestconfig.getoption("--thorough") else 1)
    for number, cell in itertools.product(rounds, with_outputs(notebook)):
        outputs = tampered(cell.outputs, random.Random(f"{number} {notebook.path.name} {cell.id}"))
        by = judge(cell, outputs)
        assert by, f"{notebook.name(cell)}: nobody notices {outputs}"
        caught.add(by)
    assert "nbval" in caught
    first = with_outputs(notebook)[0]
    assert judge(first, first.outputs) is None, "the page breaks a promise as it is: see test_course.py"


@pytest.mark.thorough
def test_the_whole_suite_kernels_and_all_names_the_cells_and_no_others(tmp_path, root):
    """One page is changed in four cells; the others are there because it links to them."""
    shutil.copytree(root / "notebooks", tmp_path, dirs_exist_ok=True)
    page, report = tmp_path / "01_softmax.ipynb", tmp_path / "report.xml"
    notebook = nbformat.read(page, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printing = [cell for cell in code if cell.outputs and "text" in cell.outputs[0] and not cell.metadata.get("tags")][:3]
    [drawing, *_] = [
        cell for cell in code if any("<img " in output.get("data", {}).get("text/html", "") for output in cell.outputs)
    ]
    printing[0].outputs[0].text += "1"
    printing[1].source = 'print("more")\n' + printing[1].source
    printing[2].source += '\nnp.lib.format.open_memmap("x", "w+", shape=(1,))'  # writes a file
    drawing.outputs = []
    page.write_text(normal_form(notebook), "utf-8")
    what = ["--nbval", page, root / "tests" / "course" / "test_course.py", "-k", page.stem, "--course", tmp_path]
    how = ["-c", root / "pyproject.toml", "--rootdir", tmp_path, "-p", "no:cacheprovider", "--junit-xml", report]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    exit_code, printed = run(sys.executable, "-m", "pytest", *what, *how, cwd=root, env=outside)
    assert exit_code == 1, printed[-2000:]  # tests ran, and some failed
    failures = xml.etree.ElementTree.parse(report).getroot().findall(".//testcase[failure]")
    said = "".join(case.get("name") + "".join(case.find("failure").itertext()) for case in failures)
    assert {int(number) for number in re.findall(r"Cell (\d+)\b", said)} == {
        code.index(cell) for cell in [*printing, drawing]
    }
