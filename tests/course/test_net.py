"""The whole suite, kernels and all, judges a page that was tampered with: it fails, and names each cell and no other.

In each run of the tests, test_tampers shows many more changes to nbval's own comparison and to the promises, without a
kernel."""

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

pytestmark = [pinned.needs_pinned, pytest.mark.thorough]
PAGE = "01_softmax"  # many cells, and quickly run


def a_digit(cell):
    if not re.search(r"\d", cell.outputs[0].text):
        raise ValueError
    cell.outputs[0].text = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), cell.outputs[0].text, count=1)


def a_point_of_a_curve(cell):
    [old] = images(cell.outputs[0])
    moved = re.sub(r"(L \d+\.\d)\d", r"\g<1>", drawing(old), count=1)
    cell.outputs[0].data["text/html"] = image(moved, old["alt"])


def an_alternative_text(cell):
    [old] = images(cell.outputs[0])
    text = old["alt"] + " It falls."
    cell.outputs[0].data = {"text/html": image(drawing(old), text), "text/plain": text}


def an_output_that_is_no_longer_compared(cell):
    a_digit(cell)
    cell.metadata.tags = ["nbval-ignore-output"]


def a_source_line_under_an_unchanged_output(cell):
    cell.source = 'print("more")\n' + cell.source


def a_file_that_is_written(cell):
    cell.source += '\nnp.lib.format.open_memmap("x", "w+", shape=(1,))'


def a_cell_that_was_not_run(cell):
    cell.outputs, cell.execution_count = [], None


TAMPERINGS = [a_digit, a_point_of_a_curve, an_alternative_text, an_output_that_is_no_longer_compared]
TAMPERINGS += [a_source_line_under_an_unchanged_output, a_file_that_is_written, a_cell_that_was_not_run]


def tamper_with(notebook):
    """Tamper with a page in each way, each in a cell of its own; return {way: number of the cell as nbval counts}."""
    places, code = {}, [cell for cell in notebook.cells if cell.cell_type == "code"]
    for tamper in TAMPERINGS:
        for number, cell in enumerate(code):
            plain = set(cell.metadata.get("tags", [])) <= {"measured", "predict"}
            if cell.outputs and plain and number not in places.values():
                with contextlib.suppress(AttributeError, ValueError):  # a cell without what is to be changed
                    tamper(cell)
                    places[tamper] = number
                    break
    return places


@pytest.fixture
def judged(tmp_path, request):
    """Let the suite judge a page that was tampered with; return where, and the failures."""
    root, folder = request.config.rootpath, tmp_path
    shutil.copytree(root / "notebooks", folder, dirs_exist_ok=True)  # the page links to the others
    page, report = folder / f"{PAGE}.ipynb", folder / "report.xml"
    notebook = nbformat.read(page, as_version=4)
    places = tamper_with(notebook)
    page.write_text(normal_form(notebook), "utf-8")
    what = ["--nbval", page, root / "tests" / "course" / "test_course.py", "-k", PAGE, "--course", folder]
    how = ["-c", root / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider", "--junit-xml", report]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", *map(str, what + how)]
    result = subprocess.run(command, cwd=root, env=outside, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout[-2000:]  # tests ran, and some failed
    failures = xml.etree.ElementTree.parse(report).getroot().findall(".//testcase[failure]")
    return places, [f"{case.get('name')} {''.join(case.find('failure').itertext())}" for case in failures]


def test_the_suite_fails_and_names_these_cells_and_no_other(judged):
    places, failures = judged
    for tamper in TAMPERINGS:
        assert any(re.search(rf"Cell {places[tamper]}\b", failure) for failure in failures), tamper.__name__
    assert {int(number) for failure in failures for number in re.findall(r"Cell (\d+)\b", failure)} == set(places.values())
