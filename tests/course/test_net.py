"""The whole suite, kernels and all, judges a page that was tampered with: it fails, and names each cell and no other."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import nbformat
import pinned
import pytest
from promises.notebook import drawing, images

from helpers.figures import image
from notebooks import normal_form

pytestmark = pinned.needs_pinned
PAGE = "01_softmax"  # many cells, and quickly run
TAMPERINGS = []


def tampering(function):
    TAMPERINGS.append(function)
    return function


def edit(cell, pattern, change):
    """Change the last match of a pattern in what a cell prints."""
    output = cell.outputs[0]
    match = list(re.finditer(pattern, output.text))[-1]
    output.text = output.text[: match.start()] + change(match[0]) + output.text[match.end() :]


def replace_picture(cell, alt=lambda text: text, svg=lambda text: text):
    [output] = cell.outputs
    [old] = images(output)
    output.data = {"text/html": image(svg(drawing(old)), alt(old["alt"])), "text/plain": alt(old["alt"])}


@tampering
def a_digit(cell):
    edit(cell, r"\d", lambda digit: str((int(digit) + 1) % 10))


@tampering
def a_point_of_a_curve(cell):
    replace_picture(cell, svg=lambda text: re.sub(r"(L \d+\.\d)\d", r"\g<1>", text, count=1))


@tampering
def an_alternative_text(cell):
    replace_picture(cell, alt=lambda text: text + " It falls.")


@tampering
def an_output_that_is_no_longer_compared(cell):
    cell.metadata.tags = ["nbval-ignore-output"]
    edit(cell, r"\d", lambda digit: str((int(digit) + 1) % 10))


@tampering
def a_source_line_under_an_unchanged_output(cell):
    cell.source = 'print("more")\n' + cell.source


@tampering
def a_file_that_is_written(cell):
    cell.source = 'np.lib.format.open_memmap("x", "w+", shape=(1,))\n' + cell.source


@tampering
def a_cell_that_was_not_run(cell):
    cell.outputs, cell.execution_count = [], None


def tamper_with(notebook):
    """Tamper with a page in each way, each in a cell of its own; return {way: number of the cell as nbval counts}."""
    places, code = {}, [cell for cell in notebook.cells if cell.cell_type == "code"]
    for tamper in TAMPERINGS:
        for number, cell in enumerate(code):
            if cell.outputs and not cell.metadata.get("tags") and number not in places.values():
                with contextlib.suppress(AttributeError, IndexError, ValueError):  # a cell without what is to be changed
                    tamper(cell)
                    places[tamper.__name__] = number
                    break
    return places


@pytest.fixture(scope="module")
def judged(tmp_path_factory, request):
    """Let the suite judge a page that was tampered with; return where, and the failures."""
    root, folder = request.config.rootpath, tmp_path_factory.mktemp("course")
    notebook = nbformat.read(root / "notebooks" / f"{PAGE}.ipynb", as_version=4)
    places = tamper_with(notebook)
    shutil.copytree(root / "notebooks", folder, dirs_exist_ok=True)  # the page links to the others
    page, report = folder / f"{PAGE}.ipynb", folder / "report.xml"
    page.write_text(normal_form(notebook), "utf-8")
    what = [
        "--nbval",
        page,
        root / "tests" / "course" / "test_course.py",
        "-k",
        PAGE,
        "--course",
        folder,
        "--junit-xml",
        report,
    ]
    how = ["-c", root / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider", "--color=no"]
    command = [str(part) for part in (sys.executable, "-m", "pytest", *what, *how)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(command, cwd=root, env=outside, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout[-2000:]  # tests ran, and some failed
    cases = [
        case for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase") if case.find("failure") is not None
    ]
    return places, [f"{case.get('name')} {''.join(case.find('failure').itertext())}" for case in cases]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_the_suite_fails_and_names_the_cell(tamper, judged):
    places, failed = judged
    assert any(re.search(rf"Cell {places[tamper.__name__]}\b", failure) for failure in failed)


def test_the_suite_names_no_other_cell(judged):
    places, failed = judged
    assert {int(number) for failure in failed for number in re.findall(r"Cell (\d+)\b", failure)} == set(places.values())
