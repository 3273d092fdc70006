"""On other people's machines the pages give what is stored, and what cannot be written leaves the notebooks whole.

One page goes through each fault every time, and all pages with --thorough. Windows and macOS are the workflow's part.
"""

import re
import shutil
import signal
import subprocess
import sys

import launch
import nbformat
import psutil
import pytest
from faults import LEFT_OUT, LITTLE_MEMORY, ODD, OFFLINE, ROOT, linux, posix, possible, run, small_disk, soon
from test_machines import comparable

ALL = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
on_pages = pytest.mark.parametrize(
    "pages", [pytest.param(ALL[:1], id="one page"), pytest.param(ALL, id="all pages", marks=pytest.mark.thorough)]
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the course, without an environment, in an odd folder."""
    folder = tmp_path_factory.mktemp("faults") / ODD
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return folder


def assert_as_stored(copy, pages, before=(), settings=None):
    """Run pages of a copy as `make run` does, and compare them with what is stored."""
    shutil.rmtree(copy / "build", ignore_errors=True)
    variables = launch.variables() | {"PYTHONPATH": str(copy)} | (settings or {})
    variables = {name: value for name, value in variables.items() if value is not None}
    code, printed = run(*before, sys.executable, copy / "tools" / "notebooks.py", "run", *pages, cwd=copy, env=variables)
    assert code == 0, printed
    for page in pages:
        ran, stored = (
            nbformat.read(folder / f"{page}.ipynb", 4) for folder in (copy / "build/notebooks", copy / "notebooks")
        )
        assert comparable(ran) == comparable(stored), page


BARE = {"HOME": None, "USERPROFILE": None, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "4242"}
FOREIGN = {"HOME": "/nonexistent", "TZ": "Pacific/Kiritimati", "OMP_NUM_THREADS": "16", "OPENBLAS_NUM_THREADS": "16"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@on_pages
@pytest.mark.parametrize("settings", [BARE | C_LOCALE, FOREIGN], ids=["bare", "foreign"])
def test_pages_give_the_same_in_other_surroundings(settings, pages, copy):
    assert_as_stored(copy, pages, settings=settings)


@on_pages
@linux
def test_pages_give_the_same_without_a_network_and_with_little_memory(pages, copy):
    connect = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert "Network is unreachable" in run(*possible(OFFLINE), sys.executable, "-c", connect)[1]
    assert_as_stored(copy, pages, [*OFFLINE, *LITTLE_MEMORY])


@linux
def test_on_a_full_disk_a_refresh_says_so_and_leaves_the_notebook_whole(tmp_path):
    disk, tool = tmp_path / "disk", ROOT / "tools" / "notebooks.py"
    disk.mkdir()
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('x' * 50000)")])
    nbformat.write(page, tmp_path / "page.ipynb")
    refresh = f"cp ../page.ipynb . && '{sys.executable}' '{tool}' refresh page.ipynb; echo code $?"
    steps = f"{refresh}; ls -A; cmp page.ipynb ../page.ipynb && echo the same"
    _, printed = run(*possible(small_disk(disk, 32)), "sh", "-c", f"cd '{disk}' && {steps}", env=launch.variables())
    assert "page.ipynb cannot be written: No space left on device" in printed
    assert "Traceback" not in printed
    assert printed.splitlines()[-3:] == ["code 1", "page.ipynb", "the same"]


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

    command = [sys.executable, ROOT / "tools" / "notebooks.py", "refresh", *paths]
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


def test_a_foreign_package_called_helpers_fails_in_the_first_cell(notebook, tmp_path):
    foreign = tmp_path / "helpers" / "__init__.py"
    foreign.parent.mkdir()
    foreign.write_text('"""Top-level package of helpers."""\n', "utf-8")
    variables = launch.variables() | {"PYTHONPATH": str(tmp_path)}
    code, printed = run(sys.executable, "-c", notebook.code[0].source, env=variables, cwd=tmp_path)
    assert code == 1
    assert f"from 'helpers' ({foreign})" in printed or "No module named 'helpers." in printed


def test_no_document_says_to_install_a_package_called_helpers(root):
    documents = [path for path in root.rglob("*.md") if not {".venv", "build", "node_modules"} & set(path.parts)]
    documents += [*(root / "notebooks").glob("*.ipynb"), *(root / "helpers").rglob("*.py")]
    assert not [path for path in documents if re.search(r"install helpers\b", path.read_text("utf-8"))]
