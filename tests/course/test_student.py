"""The student edition is the course without its solutions."""

import ast
import re
import sys

import nbformat
import pytest
import student
from faults import run

PAGE = "01_softmax"  # where one page will do


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    student.write(folder)
    return folder


def files(folder):
    """Return {path: content} of the files in a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def cells(folder, page="*"):
    """Return the cells of the notebooks of the course or of an edition."""
    return [cell for path in sorted((folder / "notebooks").glob(f"{page}.ipynb")) for cell in nbformat.read(path, 4).cells]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def solutions(root, page="*"):
    """Return {name of an exercise: source of its solution}, which is in the cells after the check."""
    found, name = {}, None
    for cell in cells(root, page):
        name = re.match(r"check\.(\w+)", cell.source)[1] if tags(cell) == {"check"} else name
        if tags(cell) == {"solution"} and cell.cell_type == "code" and name:
            found[name] = "\n\n\n".join([*filter(None, [found.get(name)]), cell.source])
    return found


def write_answers(page, answers):
    """Write answers, {name of an exercise: source}, into the cells of a notebook where a student would."""
    for cell in page.cells:
        for name, answer in answers.items():
            if cell.cell_type == "code" and f"def my_{name}(" in cell.source:
                cell.source += "\n\n\n" + answer


def test_twice_the_same_byte_for_byte(edition, tmp_path):
    student.write(tmp_path)
    assert files(tmp_path) == files(edition)


def test_the_helpers_are_the_same(edition, root):
    assert files(edition / "helpers") == files(root / "helpers")


def test_it_holds_the_tasks_and_no_solution(edition, root):
    text = "".join(path.read_text("utf-8") for path in edition.rglob("*.ipynb"))
    assert not [word for word in ("our_", "solved:", "not yet:", '"solution"') if word in text]
    assert not [name for name in solutions(root) if f"def my_{name}(" not in text]


def bare(line):
    return re.sub(r"\s+", "", line.partition("#")[0])


def test_no_line_that_only_a_solution_has_is_in_it(edition, root):
    texts = [path.read_text("utf-8") for path in edition.rglob("*") if path.suffix in (".py", ".md", ".txt", ".toml")]
    texts += [cell.source + "".join(output.get("text", "") for output in cell.get("outputs", [])) for cell in cells(edition)]
    everything = re.sub(r"\s+", "", "\n".join(texts))
    others = {bare(line) for cell in cells(root) if "solution" not in tags(cell) for line in cell.source.splitlines()}
    looked_for = 0
    for source in solutions(root).values():
        names = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
        for line in set(map(bare, source.splitlines())) - others:
            if len(line) >= 20 and not line.startswith("for") and not any(name in line for name in names):
                looked_for += 1
                assert line not in everything, line
    assert looked_for > 20


def test_all_else_of_a_page_is_as_it_was_and_what_answers_a_question_is_missing(edition, root):
    names = [sorted(path.name for path in (folder / "notebooks").glob("*.ipynb")) for folder in (edition, root)]
    assert names[0] == names[1]
    kept = [cell for cell in cells(root) if "solution" not in tags(cell)]
    for cell, ours in zip(cells(edition), kept, strict=True):
        assert (cell.id, cell.source) == (ours.id, ours.source)
        if {"check", "predict"} & tags(cell):
            assert (cell.outputs, cell.execution_count) == ([], None)
            assert not cell.metadata.get("jupyter", {}).get("outputs_hidden")  # there is nothing to open
        else:
            assert cell == ours


def test_no_cell_needs_what_only_a_solution_defines(root):
    """So a page of the edition runs from top to bottom, as it does in the course."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        solved = set()
        for cell in cells(root, path.stem):
            code = ast.parse(cell.source if cell.cell_type == "code" else "")
            if "solution" in tags(cell):
                solved |= {node.name for node in code.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            elif used := solved & {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}:
                pytest.fail(f"{path.name}, cell {cell.id} needs {used}, which the student edition does not have")


def test_its_commands_are_those_that_it_can_do(edition):
    _, shown = run(sys.executable, "tools/course.py", cwd=edition)
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["lab", "clean", "help"]
