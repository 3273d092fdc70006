"""The commands do what the README says: run, refresh, and a set-up that leaves nothing to chance."""

import re
import sys

import commands
import launch
import nbformat
import pytest
from faults import run

import notebooks


def notebook(path, *cells):
    """Write a notebook with these code cells."""
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells]), path)
    return path


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("source", "seconds", "says"),
    [("import os\nos._exit(1)", 60, "the kernel died"), ("import time\ntime.sleep(600)", 1, "no answer within 1 s")],
)
def test_a_kernel_that_dies_and_a_cell_that_never_ends_are_named(source, seconds, says, tmp_path):
    with pytest.raises(notebooks.Failed, match=rf"page\.ipynb, code cell 1 \(id .*\): {says}"):
        notebooks.wait_for(notebooks.execute(notebook(tmp_path / "page.ipynb", source), seconds))


def test_a_kernel_that_does_not_start_is_tried_once_more_and_then_named(tmp_path, monkeypatch):
    path, starts = notebook(tmp_path / "late.ipynb", "print(1)"), []

    class Client:
        async def async_execute(self, env):
            starts.append(1)
            raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(notebooks, "client", lambda *args: Client())
    with pytest.raises(notebooks.Failed, match=r"late\.ipynb: the kernel did not start"):
        notebooks.wait_for(notebooks.execute(path))
    assert len(starts) == 2


def test_refresh_stores_what_runs_and_names_the_cell_that_fails(tmp_path, capsys):
    good = notebook(tmp_path / "good.ipynb", "print(0.1 + 0.2)", "1 + 1")
    bad = notebook(tmp_path / "bad.ipynb", "x = 1", "x / 0")
    before = bad.read_bytes()
    assert notebooks.main("refresh", str(good), str(bad)) == 1
    out, err = capsys.readouterr()
    assert "1 of 2 notebooks" in out
    for part in ("bad.ipynb, code cell 2", "ZeroDivisionError: division by zero", "    x / 0"):
        assert part in err
    assert bad.read_bytes() == before
    stored = nbformat.read(good, 4)
    assert [cell.execution_count for cell in stored.cells] == [1, 2]
    assert notebooks.normal_form(stored) == good.read_text("utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.ipynb", "good.ipynb"]


def test_the_normal_form_forgets_the_machine_and_keeps_the_page(root):
    path = root / "notebooks" / "01_softmax.ipynb"
    page = nbformat.read(path, as_version=4)
    page.metadata["signature"] = "mine"
    page.cells[1].metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    page.cells[1].metadata["collapsed"] = False
    output = next(output for cell in page.cells for output in cell.get("outputs", []) if "data" in output)
    output.data[notebooks.WIDGET] = {"model_id": "17"}
    assert notebooks.normal_form(page) == path.read_text("utf-8")


def test_a_notebook_is_found_by_name_and_a_wrong_one_is_named(capsys):
    assert notebooks.find("01_softmax") == notebooks.find("01_softmax.ipynb") == notebooks.NOTEBOOKS / "01_softmax.ipynb"
    assert notebooks.main("run", "nope") == 2
    assert "no notebook nope" in capsys.readouterr().err
    assert notebooks.main("bogus") == 2


def test_nothing_of_the_machine_reaches_the_kernels(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONOPTIMIZE", "PYTEST_ADDOPTS", "MATPLOTLIBRC", "OPENBLAS_CORETYPE", "JUPYTER_PATH"):
        monkeypatch.setenv(name, "leak")
    inside = launch.variables()
    assert "leak" not in inside.values()
    assert [name for name, value in launch.variables(own_settings=True).items() if value == "leak"] == ["JUPYTER_PATH"]
    assert str(launch.ROOT) in inside["MPLCONFIGDIR"]


def test_what_a_disk_does_not_take_is_told_in_one_sentence(monkeypatch, capsys):
    full = OSError(28, "No space left on device", "build")
    monkeypatch.setitem(commands.COMMANDS, "run", lambda _: (_ for _ in ()).throw(full))
    assert commands.main(["run"]) == 1
    assert capsys.readouterr().err == "run stopped: [Errno 28] No space left on device: 'build'\n"


@pytest.mark.parametrize("name", ["with a blank", 'it\'s "quoted"', "back\\slash", "{brace}", "a=b"])
def test_jupyterlab_reads_the_folder_of_the_stylesheet_whatever_its_name(name, tmp_path):
    from jupyter_server.serverapp import ServerApp

    app = ServerApp()
    app.parse_command_line(commands.stylesheet(tmp_path / name))
    assert app.tornado_settings == {"static_custom_path": str(tmp_path / name)}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("part", "code", "says"), [("loss", 0, "| 10,000 × 10 | "), ("speed", 2, "no part 'speed': softmax")]
)
def test_a_part_of_the_benchmarks_runs_and_an_unknown_one_is_named(part, code, says, root):
    done, printed = run(sys.executable, root / "benchmarks", part)
    assert done == code, printed
    assert says in printed


def test_every_command_has_a_line_of_help_and_a_target(root):
    makefile = (root / "Makefile").read_text("utf-8")
    targets = re.search(r"^TARGETS = (.*)$", makefile, flags=re.MULTILINE)[1].split()
    assert targets == list(commands.COMMANDS)
    assert all(command.__doc__ and "\n" not in command.__doc__ for command in commands.COMMANDS.values())


def test_the_workflow_pins_its_actions_and_runs_weekly(root):
    text = (root / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in uses)
    assert re.search(r"schedule:\s+- cron: ", text)
    for part in ("ubuntu", "macos", "windows", "3.11", "course.py audit", "--thorough"):
        assert part in text


def test_the_readme_shows_what_the_pages_show(root):
    text = (root / "README.md").read_text("utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (root / path).exists(), path
    for command in re.findall(r"make (\w+)", text):
        assert command in commands.COMMANDS
    picture = root / re.search(r'src="([^"]+)"', text)[1]
    assert picture.read_text("utf-8") == notebooks.readme_picture()
