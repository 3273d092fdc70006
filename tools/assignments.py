"""Write the exercises for other grading tools into build/assignments/: sources for nbgrader, and for otter assign.

python tools/assignments.py

Both are made from the notebooks and their tags. Each test asks the course's own check, and fails unless it says "solved".
"""

import re
import shutil
import sys

import nbformat
from student import without_solutions

from notebooks import BUILD, NOTEBOOKS, ROOT, normal_form, replace

FOLDER = BUILD / "assignments"
TEST = """from helpers import check

verdict = check.{name}({answer})
assert verdict.solved is True, verdict"""
NBGRADER_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "gradients-by-hand"
c.Execute.timeout = 120  # seconds for a cell
"""
OTTER_CONFIG = """# ASSIGNMENT CONFIG
name: {page}
init_cell: false
check_all_cell: false
export_cell: false
run_tests: false
files:
  - helpers
requirements: requirements.txt
"""


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    write(FOLDER)
    print(f"For nbgrader: {FOLDER / 'nbgrader'}\nFor otter:    {FOLDER / 'otter'}")
    return 0


def write(folder):
    """Write the assignments into `folder`, one for each page that has exercises."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        course = nbformat.read(path, as_version=4)
        if exercises(course):
            source = folder / "nbgrader" / "source" / path.stem / path.name
            replace(source, normal_form(for_nbgrader(course)))
            replace(folder / "otter" / path.name, normal_form(for_otter(course, path.stem)))
    replace(folder / "nbgrader" / "nbgrader_config.py", NBGRADER_CONFIG)
    shutil.copytree(ROOT / "helpers", folder / "otter" / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "requirements.txt", folder / "otter" / "requirements.txt")


def exercises(notebook):
    """Return the check cells of a page: id of the cell -> the names of the exercise and of the function that answers it."""
    checks = [cell for cell in notebook.cells if cell.metadata.get("tags") == ["check"]]
    return {cell.id: re.search(r"check\.(\w+)\((\w+)\)", cell.source).groups() for cell in checks}


def for_nbgrader(course):
    """Return a page as nbgrader takes it: each check is a locked test, and the stubs are left as they are."""
    found = exercises(course)
    notebook = without_solutions(nbformat.from_dict(course))
    for cell in notebook.cells:
        if cell.id in found:
            name, answer = found[cell.id]
            cell.source = TEST.format(name=name, answer=answer)
            test = {"grade": True, "locked": True, "solution": False, "task": False, "points": 1, "grade_id": name}
            cell.metadata["nbgrader"] = test | {"cell_type": "code", "schema_version": 3}
    return notebook


def for_otter(course, page):
    """Return a page as `otter assign` takes it: each check is a question with a test, and the stubs are left as they are."""
    found = exercises(course)
    notebook = without_solutions(nbformat.from_dict(course))
    cells = [_raw(f"{page}-config", OTTER_CONFIG.format(page=page))]
    for cell in notebook.cells:
        cells.append(cell)
        if cell.id in found:
            cells += _question(*found[cell.id])
    notebook.cells = cells
    return notebook


def _question(name, answer):
    begin = f"# BEGIN QUESTION\nname: {name}\npoints: 1\ncheck_cell: false"
    test = nbformat.v4.new_code_cell(TEST.format(name=name, answer=answer), id=f"{name}-test"[:64])
    around = [begin, "# BEGIN TESTS", "# END TESTS", "# END QUESTION"]
    raw = [_raw(f"{name}-{k}", source) for k, source in enumerate(around)]
    return [*raw[:2], test, *raw[2:]]


def _raw(name, source):
    return nbformat.v4.new_raw_cell(source, id=name[-64:])


if __name__ == "__main__":
    sys.exit(main())
