"""The net has no holes: whatever a mistake could do to a stored page, the suite fails, and names the cell."""

import copy
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import nbformat
import pinned
import pytest

from notebooks import normal_form

pytestmark = pinned.needs_pinned
PAGE = "00_start_here"
TAMPERINGS = {}


def tampering(function):
    TAMPERINGS[function.__name__] = function
    return function


def cell_that(notebook, matches):
    """Return the only code cell for which `matches` is true, and its number as nbval counts."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [(cell, number) for number, cell in enumerate(code) if matches(cell)]
    assert len(found) == 1, f"{len(found)} cells of {PAGE} answer to {matches.__name__}: tell it what they look like now"
    return found[0]


def edit(cell, old, new, mime=None):
    """Replace `old`, which must be there, in the text of the cell's first output."""
    [output] = cell.outputs
    text = output.data[mime] if mime else output.text
    assert old in text
    if mime:
        output.data[mime] = text.replace(old, new, 1)
    else:
        output.text = text.replace(old, new, 1)


def curve(cell):
    return "plot_two_runs(stuck" in cell.source


def the_map(cell):
    return cell.source == "plot_map()"


def zeros(cell):
    return cell.source == "print(dW)"


def nudge(cell):
    return 'print(f"down' in cell.source


@tampering
def a_digit_of_an_output(notebook):
    cell, number = cell_that(notebook, nudge)
    edit(cell, "3.667006", "3.667007")
    return number


@tampering
def the_last_digit_of_a_learners_number(notebook):
    cell, number = cell_that(notebook, lambda cell: "stuck.append" in cell.source)
    edit(cell, "3.6674507891066104", "3.6674507891066105")
    return number


@tampering
def a_point_of_a_curve(notebook):
    cell, number = cell_that(notebook, curve)
    points = re.findall(r"L \d+\.\d\d? \d+\.\d\d?", cell.outputs[0].data["text/html"])
    x, y = points[len(points) // 2].split()[1:]
    edit(cell, f"L {x} {y}", f"L {x} {float(y) + 0.01:.2f}", "text/html")
    return number


@tampering
def a_cleared_output(notebook):
    cell, number = cell_that(notebook, zeros)
    cell.outputs = []
    return number


@tampering
def a_cell_that_was_not_run(notebook):
    cell, number = cell_that(notebook, zeros)
    cell.outputs, cell.execution_count = [], None
    return number


@tampering
def a_source_line_under_an_unchanged_output(notebook):
    cell, number = cell_that(notebook, nudge)
    cell.source = cell.source.replace("kept + 0.001", "kept + 0.002")
    return number


@tampering
def an_alternative_text(notebook):
    cell, number = cell_that(notebook, curve)
    edit(cell, "flat line", "steep line", "text/plain")
    edit(cell, "flat line", "steep line", "text/html")
    return number


@tampering
def an_alternative_text_in_one_place_only(notebook):
    cell, number = cell_that(notebook, the_map)
    edit(cell, "A map", "The map", "text/html")
    return number


@tampering
def a_corrupted_picture(notebook):
    cell, number = cell_that(notebook, curve)
    edit(cell, "</g>", "<g>", "text/html")
    return number


@tampering
def a_picture_replaced_by_png(notebook):
    cell, number = cell_that(notebook, the_map)
    cell.outputs[0].data = {"image/png": "iVBORw0KGgo=", "text/plain": cell.outputs[0].data["text/plain"]}
    return number


@tampering
def a_picture_lost(notebook):
    cell, number = cell_that(notebook, curve)
    del cell.outputs[0].data["text/html"]
    return number


@tampering
def an_output_too_many(notebook):
    cell, number = cell_that(notebook, zeros)
    cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="RuntimeWarning: overflow\n"))
    return number


@tampering
def an_output_that_is_no_longer_compared(notebook):
    cell, number = cell_that(notebook, zeros)
    cell.metadata.tags = ["nbval-ignore-output"]
    cell.outputs[0].text = "[[1. 2. 3.]]\n"
    return number


@tampering
def a_cell_run_out_of_order(notebook):
    cell, number = cell_that(notebook, zeros)
    cell.execution_count = 17
    return number


def pack(page):
    """Spread the tamperings over as few copies as can be, no cell twice in one; return copies, and where each went."""
    copies, used, places = [], [], {}
    for name, tamper in TAMPERINGS.items():
        number = tamper(copy.deepcopy(page))
        k = next((k for k, numbers in enumerate(used) if number not in numbers), len(copies))
        if k == len(copies):
            copies.append(copy.deepcopy(page))
            used.append(set())
        before = normal_form(copies[k])
        tamper(copies[k])
        assert normal_form(copies[k]) != before
        used[k].add(number)
        places[name] = (k, number)
    return copies, places


@pytest.fixture(scope="module")
def judged(tmp_path_factory, request):
    """Let the suite judge tampered copies; return where each tampering went, and the failures of each copy."""
    root, folder = request.config.rootpath, tmp_path_factory.mktemp("course")
    for path in (root / "notebooks").glob("*.ipynb"):  # the copies link to them
        shutil.copy(path, folder)
    copies, places = pack(nbformat.read(folder / f"{PAGE}.ipynb", as_version=4))
    for k, notebook in enumerate(copies):
        (folder / f"00_copy_{k}.ipynb").write_text(normal_form(notebook), "utf-8")
    pages, report = sorted(folder.glob("00_copy_*.ipynb")), folder / "report.xml"
    what = ["--nbval", *pages, root / "tests" / "course" / "test_course.py", "--course", folder, "--junit-xml", report]
    how = [
        "-c",
        root / "pyproject.toml",
        "--rootdir",
        folder,
        "-n",
        "2",
        "--dist",
        "loadscope",
        "-p",
        "no:cacheprovider",
        "--color=no",
    ]
    command = [str(part) for part in (sys.executable, "-m", "pytest", *what, *how)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(command, cwd=root, env=outside, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout[-2000:]  # tests ran, and some failed
    failed = [[] for _ in copies]
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        test = f"{case.get('classname')} {case.get('name')}"
        if case.find("failure") is not None and (copy_of := re.search(r"00_copy_(\d+)", test)):
            failed[int(copy_of[1])].append(test + " " + "".join(case.find("failure").itertext()))
    return places, failed


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_suite_fails_and_names_the_cell(name, judged):
    places, failed = judged
    k, number = places[name]
    named = [test for test in failed[k] if re.search(rf"Cell {number}\b", test)]
    assert named, f"{len(failed[k])} failures, and none names cell {number}: {failed[k]}"


def test_the_suite_names_no_other_cell(judged):
    places, failed = judged
    for k, tests in enumerate(failed):
        tampered = {number for copy_, number in places.values() if copy_ == k}
        named = {int(number) for test in tests for number in re.findall(r"Cell (\d+)\b", test)}
        assert named <= tampered
