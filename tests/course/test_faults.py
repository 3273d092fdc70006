"""What goes wrong outside of the pages leaves the notebooks whole, or is named where it is met."""

import re
import signal
import subprocess
import sys

import launch
import nbformat
import psutil
import pytest
from faults import ROOT, linux, posix, possible, run, small_disk, soon

NOTEBOOKS_TOOL = ROOT / "tools" / "notebooks.py"


@pytest.mark.thorough
@linux
def test_on_a_full_disk_a_refresh_says_so_and_leaves_the_notebook_whole(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('x' * 50000)")])
    nbformat.write(page, tmp_path / "page.ipynb")
    refresh = f"cp ../page.ipynb . && '{sys.executable}' '{NOTEBOOKS_TOOL}' refresh page.ipynb; echo code $?"
    steps = f"{refresh}; ls -A; cmp page.ipynb ../page.ipynb && echo the same"
    _, printed = run(*possible(small_disk(disk, 32)), "sh", "-c", f"cd '{disk}' && {steps}", env=launch.variables())
    assert "page.ipynb cannot be written: No space left on device" in printed
    assert "Traceback" not in printed
    assert printed.splitlines()[-3:] == ["code 1", "page.ipynb", "the same"]


@pytest.mark.thorough
@posix
@pytest.mark.parametrize("stop", ["SIGINT", "SIGKILL"])
def test_a_refresh_that_is_stopped_leaves_whole_notebooks_and_no_kernel(stop, tmp_path):
    paths = [tmp_path / f"{number}.ipynb" for number in range(3)]
    for path in paths:
        code = "print('new')" + ("\nimport time\ntime.sleep(600)" if path == paths[-1] else "")
        cell = nbformat.v4.new_code_cell(code, execution_count=1, outputs=[nbformat.v4.new_output("stream", text="old\n")])
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)

    def states():
        return [nbformat.read(path, 4).cells[0].outputs[0].text.strip() for path in paths]

    command = [sys.executable, NOTEBOOKS_TOOL, "refresh", *paths]
    refresh = subprocess.Popen(command, env=launch.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert soon(lambda: states()[:2] == ["new"] * 2)
    refresh.send_signal(getattr(signal, stop))
    assert refresh.wait(120) != 0
    assert states() == ["new", "new", "old"]
    assert soon(lambda: not [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]), "a kernel is left"
    assert sorted(tmp_path.iterdir()) == paths


def test_a_checkout_with_windows_settings_has_no_windows_line_ends(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git's")
    code, printed = run("git", "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", ROOT, tmp_path / "clone")
    assert code == 0, printed
    texts = [path for path in (tmp_path / "clone").rglob("*") if path.suffix in {".py", ".ipynb", ".toml", ".md", ".lock"}]
    assert len(texts) > 50
    assert not [path for path in texts if b"\r" in path.read_bytes()]


def test_a_foreign_package_called_helpers_fails_in_the_first_cell(root, tmp_path):
    """There is another package of this name; a reader who has installed it is told which file was imported."""
    foreign = tmp_path / "helpers" / "__init__.py"
    foreign.parent.mkdir()
    foreign.write_text('"""Top-level package of helpers."""\n', "utf-8")
    pages = [nbformat.read(path, 4) for path in sorted((root / "notebooks").glob("*.ipynb"))]
    firsts = [next(cell.source for cell in page.cells if cell.cell_type == "code") for page in pages]
    each = "import sys\nfor cell in sys.argv[1:]:\n    try: exec(cell)\n    except ImportError as error: print(error)"
    variables = launch.variables() | {"PYTHONPATH": str(tmp_path)}
    code, printed = run(sys.executable, "-c", each, *firsts, cwd=tmp_path, env=variables)
    assert code == 0, printed
    assert len(printed.splitlines()) == len(pages)
    assert all(f"from 'helpers' ({foreign})" in line or "No module named 'helpers." in line for line in printed.splitlines())


def test_no_document_says_to_install_a_package_called_helpers(root):
    documents = [*root.glob("*.md"), *(root / "docs").glob("*.md"), *(root / "notebooks").glob("*.ipynb")]
    documents += [*(root / "helpers").rglob("*.py"), *(root / "tools").rglob("*.md")]
    assert not [path for path in documents if re.search(r"install helpers\b", path.read_text("utf-8"))]
