"""The student edition is the course without its solutions; and marking tells who has solved what."""

import ast
import asyncio
import filecmp
import re
import shutil
import subprocess
import sys

import marking
import nbformat
import pytest
import student
from test_machines import OLD, comparable, settings

from notebooks import execute, wait_for


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    student.write(folder)
    return folder


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def solutions(root):
    """Yield (page, cell) of all solution cells with code."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.metadata.get("tags") == ["solution"] and cell.cell_type == "code":
                yield path.name, cell


def bare(line):
    return re.sub(r"\s+", "", line.partition("#")[0])


def test_twice_the_same_byte_for_byte(edition, tmp_path):
    student.write(tmp_path)
    assert files(tmp_path) == files(edition)
    match, mismatch, errors = filecmp.cmpfiles(edition, tmp_path, map(str, files(edition)), shallow=False)
    assert (len(match), mismatch, errors) == (len(files(edition)), [], [])


def test_it_holds_no_solution(edition, root):
    text = "".join(path.read_text("utf-8") for path in edition.rglob("*.ipynb"))
    assert "our_" not in text
    assert "solved:" not in text
    assert "not yet:" not in text
    assert '"solution"' not in text
    for page, cell in solutions(root):
        name = re.search(r"def our_(\w+)", cell.source)[1]
        notebook = nbformat.read(edition / "notebooks" / page, 4)
        assert f"def my_{name}(" in "".join(cell.source for cell in notebook.cells)


def test_no_line_that_only_a_solution_has_is_in_it(edition, root):
    everything = "\n".join(
        path.read_text("utf-8") for path in edition.rglob("*") if path.suffix in (".py", ".md", ".txt", ".toml")
    )
    cells = [cell for path in edition.rglob("*.ipynb") for cell in nbformat.read(path, 4).cells]
    said = [output.get("text", "") for cell in cells for output in cell.get("outputs", [])]
    everything = re.sub(r"\s+", "", "\n".join([everything, *(cell.source for cell in cells), *said]))
    originals = {
        bare(line)
        for path in (root / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, 4).cells
        if "solution" not in cell.metadata.get("tags", [])
        for line in cell.source.splitlines()
    }
    looked_for = 0
    for _page, cell in solutions(root):
        names = {node.name for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.FunctionDef)}
        for line in set(map(bare, cell.source.splitlines())) - originals:
            if len(line) >= 20 and not line.startswith("for") and not any(name in line for name in names):
                looked_for += 1
                assert line not in everything, line
    assert looked_for > 20


def test_a_leak_would_be_found(edition, root, tmp_path):
    shutil.copytree(edition, tmp_path / "leaky")
    _page, cell = next(solutions(root))
    (tmp_path / "leaky" / "helpers" / "leak.py").write_text(cell.source)
    with pytest.raises(AssertionError):
        test_no_line_that_only_a_solution_has_is_in_it(tmp_path / "leaky", root)


def test_the_helpers_are_the_same(edition, root):
    ours = [path for path in files(root / "helpers") if "__pycache__" not in path.parts]
    assert files(edition / "helpers") == ours
    assert filecmp.cmpfiles(edition / "helpers", root / "helpers", map(str, ours), shallow=False)[1:] == ([], [])


def test_all_else_of_a_page_is_as_it_was(edition, root):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = {cell.id: cell for cell in nbformat.read(edition / "notebooks" / path.name, 4).cells}
        for cell in nbformat.read(path, 4).cells:
            tags = cell.metadata.get("tags", [])
            assert ("solution" in tags) == (cell.id not in cells)
            if not {"solution", "check"} & set(tags):
                assert cells[cell.id] == cell


def test_it_runs_from_top_to_bottom_on_an_old_machine_and_gives_what_is_stored(edition):
    """Two questions in one run, which is what takes the time: see test_machines."""
    paths = sorted((edition / "notebooks").glob("*.ipynb"))
    another = settings(OLD) | {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Pacific/Auckland"}

    async def all_pages():
        return await asyncio.gather(*(execute(path, environment=another) for path in paths))

    for path, notebook in zip(paths, wait_for(all_pages()), strict=True):
        stored = nbformat.read(path, as_version=4)
        for cell, before in zip(notebook.cells, stored.cells, strict=True):
            if "check" in cell.metadata.get("tags", []):
                assert cell.outputs[0].data["text/plain"].startswith("not yet: ")
                cell.outputs = []
            if cell.cell_type == "code":
                cell.execution_count = before.execution_count
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output.execution_count = before.execution_count
        assert comparable(notebook) == comparable(stored), path.name


def test_its_commands_are_those_that_it_can_do(edition):
    shown = subprocess.run(
        [sys.executable, "tools/course.py"], cwd=edition, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line.split()[0] for line in shown[1:]] == ["lab", "clean", "help"]
    shutil.rmtree(edition / "tools" / "__pycache__", ignore_errors=True)


@pytest.fixture
def handed_in(edition, tmp_path):
    """Return a notebook 01 with one exercise solved, one wrong, and one whose cell fails."""
    path = tmp_path / "anna" / "01_softmax.ipynb"
    path.parent.mkdir()
    notebook = nbformat.read(edition / "notebooks" / "01_softmax.ipynb", 4)
    for cell in notebook.cells:
        if cell.source.startswith("def my_log_sum_exp"):
            cell.source = "def my_log_sum_exp(z):\n    return np.logaddexp.reduce(z, axis=-1)"
        if cell.source.startswith("def my_softmax_backward"):
            cell.source = "def my_softmax_backward(y, dy):\n    return nowhere"
        if cell.source.startswith("check.softmax_at"):
            cell.source = "print('solved: softmax_at, in all 6 cases')"  # a check cell that was tampered with
    nbformat.write(notebook, path)
    return path


def test_marking_tells_what_is_solved(handed_in, capsys):
    before = handed_in.read_bytes()
    assert marking.main(str(handed_in.parent)) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{handed_in}: 1 of 3 solved",
        "  solved       log_sum_exp",
        "  not yet      softmax_at",
        "  not yet      softmax_backward",
    ]
    assert handed_in.read_bytes() == before


def test_marking_tells_what_it_cannot_mark(tmp_path, capsys):
    (tmp_path / "broken.ipynb").write_text("{")
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "empty.ipynb")
    assert marking.main(str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "broken.ipynb: 0 of 1 solved\n  not readable the notebook" in out
    assert "empty.ipynb: 0 of 1 solved\n  no check     the notebook" in out
    assert marking.main(str(tmp_path / "nowhere")) == 2
    assert marking.main() == 2


def test_marking_names_checks_that_are_gone(handed_in, capsys):
    notebook = nbformat.read(handed_in, 4)
    notebook.cells = [cell for cell in notebook.cells if "log_sum_exp" not in cell.source]
    nbformat.write(notebook, handed_in)
    marking.main(str(handed_in))
    assert "  no check     log_sum_exp" in capsys.readouterr().out
