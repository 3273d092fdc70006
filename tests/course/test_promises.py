"""Each promise is broken by the smallest page that does, and names the cell: one that yields nothing would pass for ever."""

import copy
import functools
import json
import re

import nbformat
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from promises import PROMISES, Notebook
from promises.formulas import mistake

from helpers.figures import image, svg
from notebooks import METADATA, normal_form

ALT = "A line that rises from 0 to 1, drawn for a test of the promises."
OPENING = "# 02 · A page\n\n**You'll do:** a.\n\n**You'll learn:** b.\n\n**You'll need:** c."
SECTION = """## A heading

It prints 0.33, and costs \\$5. See [above](#A-heading), or [the docs](https://numpy.org).

| `a` | *b* |
|---|---:|
| **c** | $y_i$ |

<details>
<summary>A fold</summary>

$$\\frac{\\partial L}{\\partial z} = y - t$$

</details>"""
CLOSING = """## Recap

- One.

**Where it goes wrong in practice.** x.

**Further reading.** y.

**Previous:** [01 · Another page](01_another.ipynb)"""
FIRST, IMPORTS, TEXT, PRINT, PICTURE, QUESTION, ANSWER, BESIDE, VERSIONS, TASK, STUB, CHECK, SOLUTION, SOLVED = range(14)
LAST = -1
HIDDEN = {"outputs_hidden": True}


def result(text, **more):
    return new_output("execute_result", data={"text/plain": text, **more})


@functools.cache
def line():
    fig = Figure()
    fig.subplots().plot([0, 1])
    return svg(fig)


def drawn(old="", new=""):
    """Return the HTML of a picture, with something in its SVG replaced."""
    assert old in line()
    return image(line().replace(old, new, 1), ALT)


def good():
    """Return a page that keeps every promise."""
    cells = [
        new_markdown_cell(OPENING),
        new_code_cell("import numpy as np\n\nfrom helpers import check"),
        new_markdown_cell(SECTION),
        new_code_cell("# 값 복원\nprint(1 / 3, 12)", outputs=[new_output("stream", text="0.3333 12\n")]),
        new_code_cell("draw()", outputs=[new_output("display_data", data={"text/html": drawn(), "text/plain": ALT})]),
        new_markdown_cell("**Predict.** What is it?"),
        new_code_cell("report()", outputs=[result("It is a < b.", **{"text/html": "<p>It is <b>a</b> &lt; b.</p>"})]),
        new_markdown_cell("All 12 of them; a third, or 33 %, and `0.3`.\n\nThere were 99 others."),
        new_code_cell('print("NumPy", np.__version__)', outputs=[new_output("stream", text="NumPy 2.4.6\n")]),
        *(cell for name in "abc" for cell in exercise(name)),
        new_markdown_cell(CLOSING),
    ]
    for cell, tag in ((PRINT, "measured"), (ANSWER, "predict"), (VERSIONS, "nbval-ignore-output")):
        cells[cell].metadata.tags = [tag]
    cells[ANSWER].metadata.jupyter = HIDDEN
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
        for output in cell.outputs:
            output.update({"execution_count": count} if output.output_type == "execute_result" else {})
    return new_notebook(cells=cells, metadata=METADATA)


def exercise(name):
    return [
        new_markdown_cell(f"### 2 · Find the bug: {name}", metadata={"tags": ["exercise"]}),
        new_code_cell(f"def my_{name}(x): ...", metadata={"tags": ["exercise"]}),
        new_code_cell(
            f"check.{name}(my_{name})", metadata={"tags": ["check"], "jupyter": HIDDEN}, outputs=[result("not yet: x")]
        ),
        new_code_cell(f"def our_{name}(x): return x", metadata={"tags": ["solution"], "jupyter": {"source_hidden": True}}),
        new_code_cell(f"check.{name}(our_{name})", metadata={"tags": ["check", "solution"]}, outputs=[result("solved: x")]),
    ]


GOOD = good()


def as_it_is(notebook):
    """Return the text of a notebook as a hand might store it: nbformat's own way leaves some of its metadata out."""
    lines = nbformat.v4.rwbase.split_lines(copy.deepcopy(notebook))
    return json.dumps(lines, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return a function of a notebook that gives it a place beside another page."""
    folder = tmp_path_factory.mktemp("course")
    another = new_notebook(cells=[new_markdown_cell("# 01 · Another page: and more")])
    (folder / "01_another.ipynb").write_text(normal_form(another), "utf-8")

    def page(notebook, form=normal_form):
        return Notebook(folder / "02_page.ipynb", form(notebook))

    return page


def source(text, cell=PRINT):
    return lambda notebook: notebook.cells[cell].update(source=text)


def prose(text):
    return source("## A heading\n\n" + text, cell=TEXT)


def replaces(cell, old, new):
    def change(notebook):
        assert old in notebook.cells[cell].source
        notebook.cells[cell].source = notebook.cells[cell].source.replace(old, new)

    return change


def prints(text, cell=PRINT):
    return lambda notebook: notebook.cells[cell].outputs[0].update(text=text)


def shows(markup, plain=ALT, cell=PICTURE, mime="text/html"):
    return lambda notebook: notebook.cells[cell].outputs[0].update(data={mime: markup, "text/plain": plain})


def reports(markup, plain="a report"):
    return shows(markup, plain, ANSWER)


def adds(*output, **more):
    return lambda notebook: notebook.cells[PRINT].outputs.append(new_output(*output, **more))


def meta(cell=PRINT, **changes):
    return lambda notebook: notebook.cells[cell].metadata.update(changes)


def says(text, cell):
    return lambda notebook: notebook.cells[cell].outputs[0].data.update({"text/plain": text})


# fmt: off
BROKEN = {
    "only_text_and_code": [lambda n: n.cells.insert(1, new_raw_cell("x"))],
    "every_cell_was_run_in_order": [source(" "), lambda n: n.cells[PRINT].update(execution_count=7)],
    "nothing_on_stderr": [adds("stream", name="stderr", text="Warning")],
    "no_errors_but_tagged_ones": [adds("error", ename="ValueError", evalue="x", traceback=[])],
    "outputs_are_of_the_kind_that_their_code_gives": [
        adds("display_data", data={"text/plain": "1"}),
        adds("execute_result", data={"text/plain": "1"}, execution_count=7),
        adds("execute_result", data={"text/html": drawn(), "text/plain": ALT}, execution_count=2),
        lambda n: n.cells[ANSWER].outputs.append(new_output("stream", text="1")),
    ],
    "plain_python": [*map(source, ["!ls", "%pip install x", "sоftmax(z)", "ａ = 1"])],
    "nothing_that_nbval_stumbles_over": [*map(source, ["print(1);", "# NBVAL_SKIP\n1"])],
    "nothing_that_varies_from_run_to_run": [
        *map(prints, ["<object at 0x7f3a2b1c>", "took 3.2 ms", "CPU times: user", "2026-01-01", "/home/me/x.py"]),
        shows(drawn("</svg>", "<text>0x7f3a2b1c</text></svg>")),
    ],
    "numbers_end_at_the_thirteenth_decimal_unless_a_learner_printed_them": [
        *map(prints, ["0.92806279398981", "1.00000000000001"]),
    ],
    "only_versions_are_ignored_and_their_form_is_held": [
        meta(tags=["nbval-ignore-output"]),
        source("print(dW)", VERSIONS),
        prints("NumPy 2.4.6\nmatplotlib 3.11.2\n", VERSIONS),
        prints("NumPy broken\n", VERSIONS),
    ],
    "stored_in_normal_form": [
        lambda n: n.metadata.update(signature="mine"),
        lambda n: n.cells[TEXT].update(attachments={"x.png": {"image/png": "iVBORw0KGgo="}}),
        meta(TEXT, trusted=True),
        meta(ANSWER, jupyter={"outputs_hidden": True, "trusted": True}),
        meta(tags=["nbval-skip"]),
    ],
    "every_picture_is_svg_with_an_alternative_text": [
        shows("iVBORw0KGgo=", mime="image/png"),
        shows(drawn().replace(ALT, "short"), "short"),
        shows(drawn(), "another text, of more than forty characters in all"),
        shows(drawn("</g>", "<g>")),
        shows(f'<img alt="{ALT}" src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=">'),
        shows(f'<img alt="{ALT}" src="picture.svg">'),
        shows(drawn() + drawn()),
    ],
    "outputs_are_made_of_plain_elements": [
        reports("<p>another report</p>"),
        reports("<p></p>", ""),
        *map(reports, ['<p style="color: red">a report</p>', "<h1>a report</h1>", "<p>a report", "a report<!-- x -->"]),
        *(shows(drawn("</svg>", f"{more}</svg>")) for more in (
            "<script>x</script>", '<image href="https://example.com/x.png"/>', '<g style="fill: url(https://example.com)"/>',
            '<g onload="x()"/>',
        )),
    ],
    "text_is_made_of_plain_elements": [*map(prose, [
        "<script>alert(1)</script>", '<b onclick="x()">x</b>', "[x](javascript:alert(1))", "[x](http://example.com)",
        "![A picture from a server that counts who reads it](https://example.com/x.png)", "<p hidden>x</p>", "<!-- x -->",
        '<img srcset="https://example.com/x.png 2x">', '<video poster="https://example.com/x.png"></video>',
        '<p style="background: url(https://example.com)">x</p>', "<details>\n<summary>A fold</summary>", "</details>",
    ])],
    "text_renders": [*map(prose, [
        "**bold that ends nowhere", "`code that ends nowhere", "$x that ends nowhere", "$$x\n\ny$$",
        "```\ncode", "|a|b|\n|---|---|\n|1|2|\n|3|", "|a|b|\n|---|---|\n|`x|y`|2|", "##A heading", "[x][gone]",
        "[x] (https://example.com)", "<img src=x onerror=alert(1) ", r"\(x\)", r"$\href{javascript:alert(1)}{x}$",
        r"$\require{html}$", r"$$\frac{1}{2$$",
    ])],
    "characters_are_what_they_look_like": [
        *map(prose, ["a zero\u200b width", "a soft\u00adhyphen"]),
        *map(source, ["print(1)  # \u202eturned", "print('е')"]),
        prints("0\u20603333"),
        shows(drawn("</svg>", "<text>\u2066</text></svg>")),
    ],
    "links_and_anchors_lead_somewhere": [*map(prose, [
        "[x](nowhere.ipynb)", "[x](#no-heading)", "[x](01_another.ipynb#no-heading)", '<a href="nowhere.ipynb">x</a>',
        "[x](../../../../../../etc/passwd)",
    ])],
    "opens_and_closes_as_every_page_does": [
        replaces(FIRST, "02", "01"),
        replaces(FIRST, "You'll learn", "Learn"),
        replaces(LAST, "Recap", "End"),
        replaces(LAST, "in practice", "at all"),
        replaces(LAST, "- One.", "- One.\n" * 6),
    ],
    "previous_and_next_lead_to_the_neighbours": [
        replaces(LAST, "01_another", "02_page"),
        replaces(LAST, "Another page", "Another"),
        replaces(LAST, ".ipynb)", ".ipynb)\n\nThe end."),
    ],
    "imports_are_in_the_first_code_cell": [
        source("import numpy"),
        *(source(text, IMPORTS) for text in (
            "import os", "from numpy import *", "from matplotlib import subprocess", "import numpy as np\n\nnp.seterr()",
        )),
    ],
    "exercises_ask_check_and_solve": [
        lambda n: n.cells.__delitem__(slice(TASK, TASK + 5)),  # two are left
        meta(CHECK, tags=[]),
        says("solved: x", CHECK),
        says("not yet: x", SOLVED),
        replaces(CHECK, "my_", "our_"),
        replaces(SOLVED, "our_", "my_"),
        replaces(STUB, "my_a", "my_other"),
        replaces(SOLUTION, "our_a", "our_other"),
        lambda n: [replaces(task, "Find the bug", "Another")(n) for task in (TASK, TASK + 5, TASK + 10)],
    ],
    "the_answer_to_a_prediction_is_hidden": [
        meta(ANSWER, tags=[]),
        meta(ANSWER, jupyter={}),
        meta(CHECK, jupyter={}),
        source("What is it?", QUESTION),
        meta(QUESTION, tags=["predict"]),
    ],
    "a_displayed_derivative_is_measured": [
        meta(tags=[]),
        replaces(TEXT, "</details>", "</details>\n\n## Another heading"),
        replaces(TEXT, "</details>", "</details>\n\n$$\\nabla L = 0$$"),
    ],
    "no_history_network_shell_install_or_eval": [*map(source, [
        "Out[1]", "print(_)", "eval('1')", "open('x')", "np.genfromtxt('https://example.com')", "sys.modules",
        "matplotlib.subprocess.run(['ls'])",
    ])],
    "cells_and_outputs_are_short": [
        source("x = 1\n" * 21), source("x = 1  # " + "x" * 110), prints("x\n" * 16), prints("x" * 2000),
        prose("x" * 1_000_001),
    ],
    "numbers_in_the_prose_are_shown_by_the_page": [*map(prose, ["0.34", "0.333333", "0.3 and 12.345"])],
    "numbers_beside_an_output_are_shown_by_the_page": [
        replaces(BESIDE, old, new) for old, new in {"12": "13", "33 %": "34 %", "33": "7", "`0.3`": "`0.4`"}.items()
    ],
}
# fmt: on


def broken(notebook, name=None):
    """Return [(promise, cell, how)] of what is broken, or of one promise."""
    return [(kept, *found) for kept in PROMISES if name in (None, kept.__name__) for found in kept(notebook)]


def test_a_good_page_keeps_every_promise(page):
    assert broken(page(GOOD, form=as_it_is)) == []
    nbformat.validate(GOOD)


def test_every_promise_can_be_broken():
    assert set(BROKEN) == {kept.__name__ for kept in PROMISES}


@pytest.mark.parametrize(("name", "number"), [(name, k) for name, ways in BROKEN.items() for k in range(len(ways))])
def test_a_page_that_breaks_a_promise_is_found_and_its_cell_named(name, number, page):
    notebook = copy.deepcopy(GOOD)
    BROKEN[name][number](notebook)
    by_hand = name in ("stored_in_normal_form", "the_answer_to_a_prediction_is_hidden")
    bad = page(notebook, form=as_it_is if by_hand else normal_form)
    before, near = {cell.id: cell for cell in GOOD.cells}, {None}  # a fault may come to light in a cell beside it
    for k, cell in enumerate(notebook.cells):
        near |= {beside.id for beside in notebook.cells[max(k - 2, 0) : k + 3]} if before.get(cell.id) != cell else set()
    named = [cell for _, cell, _ in broken(bad, name)]
    assert named
    assert {cell and cell.id for cell in named} <= near
    assert all("02_page.ipynb" in bad.name(cell) for cell in named)


RIGHT = [prints("loss=3.6674507891066104, 0.3333 12\n"), prose("0.3333, or 0.333, or 0.33"), prints("0.3333 12 " * 30)]


@pytest.mark.parametrize("change", RIGHT)
def test_what_is_right_is_not_found(change, page):
    notebook = copy.deepcopy(GOOD)
    change(notebook)
    assert broken(page(notebook)) == []


def test_the_normal_form_hides_the_answers_to_predictions_and_folds_solutions():
    notebook = copy.deepcopy(GOOD)
    for number in (ANSWER, SOLUTION):
        notebook.cells[number].metadata.jupyter = {}  # as JupyterLab does when the cell is run or opened
    notebook.cells[PRINT].metadata.jupyter = {"outputs_hidden": True}
    assert normal_form(notebook) == normal_form(GOOD)


COMPILE = r"""
y_i = e^{z_i} / \sum_j e^{z_j}
\frac{\partial L}{\partial W_{ij}} = \tfrac1N \left( y_i^{(n)} - t_i \right)
f'(x)^2 \pm \sqrt[3]{h} \approx 6 \cdot 10^{-6}\,\text{or less}, \quad \Bigl\{ a \Bigr\}
\left\{ \begin{pmatrix} a \leftarrow b & \left( b \right) \\ c & d \end{pmatrix}^{\top} \right\}
"""
DO_NOT = r"""
{a | a} | a^ | a_ | x^a^b | x_a_b | \frac{1} | \sqrt | \undefined | a & b | a % b | ^^a | a \\ b | {\left( a} | \left( a
a \right) | \left x \right) | \begin{pmatrix} a | \begin{pmatrix} a \end{bmatrix}
\begin{document} a \end{document} | \class{hidden}{x} | \style{color: red}{x} | \unicode{x202e} | \def\x{y}
"""


def test_formulas_compile_or_do_not():
    assert [formula for formula in COMPILE.split("\n") if mistake(formula) is not None] == []
    assert [formula for formula in re.split(r" \| |\n", DO_NOT.strip()) if mistake(formula) is None] == []
