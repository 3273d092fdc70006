"""Each promise is broken by the smallest page that does, and names the cell: one that yields nothing would pass for ever."""

import copy

import nbformat
import promises
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from helpers.figures import image, svg
from notebooks import normal_form

ALT = "A line that rises from 0 to 1, drawn for a test of the promises."
OPENING = "# 00 · A page\n\n**You'll do:** a.\n\n**You'll learn:** b.\n\n**You'll need:** c."
CLOSING = (
    "## Recap\n\n- One.\n\n**Where it goes wrong in the wild.** x.\n\n"
    "**Further reading.** y.\n\n**Next:** [a heading](#A-heading)."
)


def drawing():
    fig = Figure()
    fig.subplots().plot([0, 1])
    return image(svg(fig), ALT)


def good():
    """Return a page that keeps every promise."""
    shown = new_output("display_data", data={"text/html": drawing(), "text/plain": ALT})
    notebook = new_notebook(
        cells=[
            new_markdown_cell(OPENING),
            new_code_cell("import numpy as np\n\nfrom helpers import check", execution_count=1),
            new_markdown_cell("## A heading\n\nIt prints 0.33."),
            new_code_cell("print(1 / 3)", execution_count=2, outputs=[new_output("stream", text="0.3333\n")]),
            new_code_cell("draw()", execution_count=3, outputs=[shown]),
            new_markdown_cell(CLOSING),
        ]
    )
    return notebook


def page(notebook, folder, form=normal_form):
    path = folder / "00_page.ipynb"
    path.write_text(form(notebook), "utf-8")
    return promises.Notebook(path)


def source(text, cell=3):
    return lambda notebook: notebook.cells[cell].update(source=text)


def prose(text):
    return source("## A heading\n\n" + text, cell=2)


def prints(text):
    return lambda notebook: notebook.cells[3].outputs[0].update(text=text)


def shows(**data):
    return lambda notebook: notebook.cells[4].outputs[0].update(data={k.replace("_", "/"): v for k, v in data.items()})


def adds(output):
    return lambda notebook: notebook.cells[3].outputs.append(output)


def with_exercise(change=lambda cells: None, times=3, title="### 2 · Find the bug: x"):
    """Add exercises to a page, the first of them changed."""

    def cell(source, says, tags, hidden=False):
        made = new_code_cell(source, execution_count=1, metadata={"tags": tags})
        made.metadata.update({"jupyter": {"source_hidden": True}} if hidden else {})
        made.outputs = [new_output("execute_result", data={"text/plain": says}, execution_count=1)] if says else []
        return made

    def exercise(name):
        return [
            new_markdown_cell(title, metadata={"tags": ["exercise"]}),
            cell(f"def my_{name}(x): ...", "", ["exercise"]),
            cell(f"check.{name}(my_{name})", f"not yet: {name}", ["check"]),
            cell(f"def our_{name}(x): return x", "", ["solution"], hidden=True),
            cell(f"check.{name}(our_{name})", f"solved: {name}", ["check", "solution"]),
        ]

    def add(notebook):
        cells = [cell for k in range(times) for cell in exercise(f"name_{k}")]
        change(cells)
        notebook.cells[-1:-1] = cells
        for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
            cell.execution_count = count

    return add


BROKEN = {
    "only_text_and_code": [
        lambda n: n.cells.insert(1, new_raw_cell("x")),
        prose("<details>\n<summary>A fold</summary>"),
    ],
    "every_cell_was_run_in_order": [
        lambda n: n.cells[3].update(execution_count=None),
        lambda n: n.cells[3].update(execution_count=7),
        source(" "),
    ],
    "nothing_on_stderr": [adds(new_output("stream", name="stderr", text="Warning"))],
    "no_errors_but_tagged_ones": [adds(new_output("error", ename="ValueError", evalue="x", traceback=[]))],
    "outputs_are_of_the_kind_that_their_code_gives": [
        adds(new_output("display_data", data={"text/plain": "1"})),
        adds(new_output("execute_result", data={"text/plain": "1"}, execution_count=7)),
        adds(new_output("execute_result", data={"text/html": drawing(), "text/plain": ALT}, execution_count=2)),
    ],
    "nothing_that_nbval_stumbles_over": [
        source("print(1);"),
        source("Out[1]"),
        source("print(_)"),
        source("# NBVAL_SKIP\n1"),
    ],
    "nothing_that_varies_from_run_to_run": [
        prints("<object at 0x7f3a2b1c>"),
        prints("took 3.2 ms"),
        prints("CPU times: user"),
        prints("2026-01-01"),
        prints("/home/me/x.py"),
        shows(text_html=drawing().replace("</svg>", "<text>0x7f3a2b1c</text></svg>"), text_plain=ALT),
    ],
    "numbers_end_at_the_thirteenth_decimal_unless_a_learner_printed_them": [
        prints("0.92806279398981"),
        prints("1.00000000000001"),
    ],
    "known_tags_and_few_ignored_outputs": [
        lambda n: n.cells[3].metadata.update(tags=["nbval-skip"]),
        lambda n: n.cells[3].metadata.update(tags=["nbval-ignore-output"]),
    ],
    "stored_in_normal_form": [lambda n: n.metadata.update(signature="mine")],
    "every_picture_is_svg_with_an_alternative_text": [
        shows(image_png="iVBORw0KGgo=", text_plain=ALT),
        shows(text_html=drawing().replace(ALT, "short"), text_plain="short"),
        shows(text_html=drawing(), text_plain="another text, of more than forty characters in all"),
        shows(text_html=drawing().replace("</g>", "<g>", 1), text_plain=ALT),
        shows(text_html=f'<img alt="{ALT}" src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=">', text_plain=ALT),
        shows(text_html=f'<img alt="{ALT}" src="picture.svg">', text_plain=ALT),
        shows(text_html="<p>a table</p>", text_plain="another table"),
        shows(text_html="<p></p>", text_plain=""),
        shows(text_html='<p style="color: red">a report</p>', text_plain="a report"),
        shows(text_html="<h1>a report</h1>", text_plain="a report"),
    ],
    "nothing_that_runs_in_a_browser": [
        prose("<script>alert(1)</script>"),
        prose('<b onclick="x()">x</b>'),
        prose("<iframe></iframe>"),
        prose("[x](javascript:alert(1))"),
        prose("![A picture from a server that counts who reads it](https://example.com/x.png)"),
        prose("[x](http://example.com)"),
        shows(text_html=drawing().replace("</svg>", "<script>x</script></svg>"), text_plain=ALT),
    ],
    "links_and_anchors_lead_somewhere": [
        prose("[x](nowhere.ipynb)"),
        prose("[x](#no-heading)"),
        prose("[x][gone]"),
        prose('<a href="nowhere.ipynb">x</a>'),
        prose("[x](../../../../../../etc/passwd)"),
        prose("![](00_page.ipynb)"),
    ],
    "opens_and_closes_as_every_page_does": [
        source(OPENING.replace("00", "01"), cell=0),
        source(OPENING.replace("You'll learn", "Learn"), cell=0),
        source(CLOSING.replace("Recap", "End"), cell=5),
        source(CLOSING.replace("- One.", "- One.\n" * 6), cell=5),
    ],
    "imports_stand_in_the_first_code_cell": [
        source("import numpy"),
        source("import os", cell=1),
        source("from numpy import *", cell=1),
        source("from matplotlib import subprocess", cell=1),
    ],
    "exercises_ask_check_and_solve": [
        with_exercise(),  # 00 has none
    ],
    "no_network_shell_install_or_eval": [
        source("!ls"),
        source("%pip install x"),
        source("eval('1')"),
        source("open('x')"),
        source("np.genfromtxt('http://example.com')"),
        source("sys.modules"),
        source("matplotlib.subprocess.run(['ls'])"),
    ],
    "cells_and_outputs_are_short": [
        source("x = 1\n" * 21),
        prints("x\n" * 16),
        lambda n: n.cells[2].update(source="## A heading\n\n" + "x" * 1_000_001),
    ],
    "numbers_in_the_prose_are_shown_by_the_page": [
        prose("It prints 0.34."),
        prose("It prints 0.333333."),
        prose("0.3 and 12.345"),
    ],
}


def test_a_good_page_keeps_every_promise(tmp_path):
    notebook = page(good(), tmp_path)
    assert [(kept.__name__, how) for kept in promises.PROMISES for _, how in kept(notebook)] == []


def test_every_promise_can_be_broken():
    assert set(BROKEN) == {kept.__name__ for kept in promises.PROMISES}


def exercises_are_as_promised(number, folder, **how):
    notebook = good()
    with_exercise(**how)(notebook)
    path = folder / f"{number}_page.ipynb"
    path.write_text(normal_form(notebook), "utf-8")
    return not list(promises.exercises_ask_check_and_solve(promises.Notebook(path)))


def test_a_page_has_three_to_five_exercises_and_a_planted_bug(tmp_path):
    assert all(exercises_are_as_promised("01", tmp_path, times=times) for times in (3, 4, 5))
    assert not any(exercises_are_as_promised("01", tmp_path, times=times) for times in (0, 1, 2, 6))
    assert not exercises_are_as_promised("01", tmp_path, title="### 2 · Another")
    assert not exercises_are_as_promised("00", tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells[2].outputs[0].data.update({"text/plain": "solved: name_0"}),
        lambda cells: cells[4].outputs[0].data.update({"text/plain": "not yet: name_0"}),
        lambda cells: cells[3].metadata.pop("jupyter"),
        lambda cells: cells.pop(2),
        lambda cells: cells[2].update(source="check.name_0(our_name_0)"),
        lambda cells: cells[4].update(source="check.name_0(my_name_0)"),
        lambda cells: cells[1].update(source="def my_other(x): ..."),
        lambda cells: cells[3].update(source="def our_other(x): ..."),
    ],
)
def test_an_exercise_that_is_not_whole_is_found(change, tmp_path):
    assert not exercises_are_as_promised("01", tmp_path, change=change)


@pytest.mark.parametrize(("name", "number"), [(name, k) for name, ways in BROKEN.items() for k in range(len(ways))])
def test_a_page_that_breaks_a_promise_is_found_and_its_cell_named(name, number, tmp_path):
    notebook = copy.deepcopy(good())
    BROKEN[name][number](notebook)
    bad = page(notebook, tmp_path, nbformat.writes if name == "stored_in_normal_form" else normal_form)
    found = [bad.name(cell) + " " + how for cell, how in getattr(promises, name)(bad)]
    assert found
    assert all("00_page.ipynb" in line for line in found)


def test_a_number_may_be_rounded_as_one_rounds(tmp_path):
    notebook = good()
    notebook.cells[2].source = "## A heading\n\nIt prints 0.3333, or 0.333, or 0.33."
    assert not list(promises.numbers_in_the_prose_are_shown_by_the_page(page(notebook, tmp_path)))


def test_a_report_may_be_plain_html(tmp_path):
    notebook = good()
    shows(text_html="<p><b>It agrees.</b></p><ul><li><b>a</b>: b &lt; c.</li></ul>", text_plain="It agrees.\n- a: b < c.")(
        notebook
    )
    assert not list(promises.every_picture_is_svg_with_an_alternative_text(page(notebook, tmp_path)))


def test_a_learners_own_number_may_be_long(tmp_path):
    notebook = good()
    prints("loss=3.6674507891066104\n")(notebook)
    kept = promises.numbers_end_at_the_thirteenth_decimal_unless_a_learner_printed_them
    assert not list(kept(page(notebook, tmp_path)))
    assert nbformat.validate(notebook) is None
