"""Other grading tools give the points that the course's own checks give."""

import csv
import json
import os
import pathlib
import shutil
import sys

import assignments
import nbformat
import pytest
from faults import run
from test_student import PAGE, cells, solutions, tags, write_answers

HOSTILE = """class check:
    def __getattr__(self, name):
        return lambda answer: "solved"
check = check()
import helpers, numpy as np
helpers.check_gradient = np.allclose = np.array_equal = lambda *arguments, **options: True
print("solved\\n" * 100_000)"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assignments")
    assignments.write(folder)
    return folder


def read(path):
    return nbformat.read(path, as_version=4)


def pages(root):
    return [path for path in sorted((root / "notebooks").glob("*.ipynb")) if assignments.exercises(read(path))]


def test_each_exercise_is_one_locked_test_that_is_worth_a_point(written, root):
    for path in pages(root):
        page = read(written / "nbgrader" / "source" / path.stem / path.name)
        tests = {cell.metadata.nbgrader.grade_id: cell for cell in page.cells if "nbgrader" in cell.metadata}
        assert list(tests) == [name for name, _ in assignments.exercises(read(path)).values()]
        assert all((test.metadata.nbgrader.locked, test.metadata.nbgrader.points) == (True, 1) for test in tests.values())
        otter = (written / "otter" / path.name).read_text("utf-8")
        assert all(otter.count(f"name: {name}\\n") == 1 for name in tests)


def test_all_other_cells_are_those_of_the_course(written, root):
    for path in pages(root):
        kept = [cell for cell in read(path).cells if "solution" not in tags(cell)]
        nbgrader = read(written / "nbgrader" / "source" / path.stem / path.name).cells
        otter = {cell.id: cell.source for cell in read(written / "otter" / path.name).cells}
        assert [otter[cell.id] for cell in kept] == [cell.source for cell in kept]
        assert all(new.source == old.source or "check" in tags(old) for new, old in zip(nbgrader, kept, strict=True))


def test_no_solution_is_in_them(written, root):
    text = "".join(path.read_text("utf-8") for path in written.rglob("*.ipynb"))
    assert "our_" not in text
    assert '"solution"' not in text.replace('"solution": false', "")


def test_a_test_passes_with_a_solution_and_fails_with_a_stub(written, root):
    page = read(written / "nbgrader" / "source" / PAGE / f"{PAGE}.ipynb")
    namespace = {}
    exec(next(cell.source for cell in page.cells if cell.cell_type == "code"), namespace)
    for cell in page.cells:
        if "nbgrader" in cell.metadata:
            with pytest.raises(AssertionError, match="not yet"):
                exec(cell.source, namespace)
            exec(solutions(root, PAGE)[cell.metadata.nbgrader.grade_id].replace("our_", "my_"), namespace)
            exec(cell.source, namespace)
        elif "exercise" in tags(cell) and cell.cell_type == "code":
            exec(cell.source, namespace)


def hand_in(release, root, path_of):
    """Write four submissions of a page that was released; return the points that they should get."""
    answers = {name: source.replace("our_", "my_") for name, source in solutions(root, PAGE).items()}
    first = next(iter(answers))
    solved = {"solved": answers, "half": {first: answers[first]}, "unsolved": {}, "hostile": {first: HOSTILE}}
    for student, written in solved.items():
        page = read(release)
        write_answers(page, written)
        path_of(student).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(page, path_of(student))
    return {"solved": len(answers), "half": 1, "unsolved": 0, "hostile": 0}


def tool(name, folder, *arguments):
    """Run a command of the environment in a folder, with a home of its own."""
    scripts = pathlib.Path(sys.executable).parent
    more = {"HOME": str(folder), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONSTARTUP": ""}
    code, printed = run(scripts / name, *arguments, cwd=folder, env=os.environ | more)
    assert code == 0, printed
    return printed


@pytest.mark.thorough
def test_nbgrader_gives_these_points_and_shows_the_hints(written, root, tmp_path):
    shutil.copytree(written / "nbgrader", tmp_path, dirs_exist_ok=True)
    tool("nbgrader", tmp_path, "generate_assignment", PAGE)
    release = tmp_path / "release" / PAGE / f"{PAGE}.ipynb"
    stubs = [cell.source for cell in cells(root, PAGE) if tags(cell) == {"exercise"}]
    assert [cell.source for cell in read(release).cells if tags(cell) == {"exercise"}] == stubs
    expected = hand_in(release, root, lambda student: tmp_path / "submitted" / student / PAGE / release.name)
    tool("nbgrader", tmp_path, "autograde", PAGE)
    tool("nbgrader", tmp_path, "generate_feedback", PAGE)
    tool("nbgrader", tmp_path, "export")
    with (tmp_path / "grades.csv").open() as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == expected
    assert "hint" in (tmp_path / "feedback" / "unsolved" / PAGE / f"{PAGE}.html").read_text("utf-8")


@pytest.mark.thorough
def test_otter_gives_these_points_and_shows_the_hints(written, root, tmp_path):
    shutil.copytree(written / "otter", tmp_path, dirs_exist_ok=True)
    tool("otter", tmp_path, "assign", f"{PAGE}.ipynb", "dist")
    [autograder] = (tmp_path / "dist" / "autograder").glob("*.zip")
    expected = hand_in(tmp_path / "dist" / "student" / f"{PAGE}.ipynb", root, lambda name: tmp_path / f"{name}.ipynb")
    for student, points in expected.items():
        (tmp_path / student).mkdir()
        tool("otter", tmp_path, "run", "-a", autograder, "-o", student, f"{student}.ipynb")
        tests = json.loads((tmp_path / student / "results.json").read_text("utf-8"))["tests"]
        assert sum(test.get("score") or 0 for test in tests) == points, student
        assert ("hint" in str(tests)) == (points < expected["solved"])
