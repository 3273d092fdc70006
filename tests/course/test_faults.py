"""What goes wrong on other people's machines: each fault is made here, and the course survives it or says what to do.

The quick ones are tried each time, with one page; with --thorough all pages go through each, and the whole suite through
set-ups from nothing. tests/FAULTS.md holds what came of the last thorough run.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import environment
import nbformat
import pytest
from test_machines import comparable

ROOT = environment.ROOT
ODD = "früh stück ß 数/c o p y"  # a folder with spaces, and letters of three alphabets
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "node_modules", "__pycache__", ".*cache", ".hypothesis", ".setup.lock"
)
QUICK = ["00_start_here"]
PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces, by which this fault is made, are Linux's")
posix = pytest.mark.skipif(os.name != "posix", reason="signals, by which this fault is made, are POSIX's")


def run(*command, **options):
    """Run a command; return its exit code and all that it said."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3000, **options
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the course, without an environment, in an odd folder."""
    folder = tmp_path_factory.mktemp("faults") / ODD
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return folder


def inside(copy, **more):
    """Return the environment variables in which this environment's Python runs the helpers of a copy."""
    return environment.variables() | {"PYTHONPATH": str(copy)} | more


def runs_and_gives_what_is_stored(copy, pages, before=(), variables=None):
    """Run pages of a copy as `make run` does, and compare."""
    shutil.rmtree(copy / "build", ignore_errors=True)
    variables = inside(copy) if variables is None else variables
    code, said = run(*before, sys.executable, copy / "tools" / "notebooks.py", "run", *pages, cwd=copy, env=variables)
    assert code == 0, said
    for page in pages:
        ran, stored = (
            nbformat.read(folder / f"{page}.ipynb", 4) for folder in (copy / "build/notebooks", copy / "notebooks")
        )
        assert comparable(ran) == comparable(stored), page


# -- other surroundings --------------------------------------------------------------------------


@functools.cache
def turkish(folder):
    """Return a Turkish locale that is compiled into `folder`: its i has no dot, and its letters are not those of UTF-8."""
    if not shutil.which("localedef"):
        return None
    name = "tr_TR.ISO-8859-9"
    return name if run("localedef", "-i", "tr_TR", "-f", "ISO-8859-9", folder / name)[0] == 0 else None


def in_turkish(folder):
    name = turkish(folder)
    if name is None:
        pytest.skip("no Turkish locale can be made here: install Debian's package locales")
    return {"LOCPATH": str(folder), "LC_ALL": name, "LANG": name}


SURROUNDINGS = {
    "no HOME": lambda _: {"HOME": None, "USERPROFILE": None},
    "a HOME that is not there": lambda _: {"HOME": "/nonexistent"},
    "the C locale, without Python's UTF-8 mode": lambda _: {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a Turkish locale": in_turkish,
    "another time zone": lambda _: {"TZ": "Pacific/Kiritimati"},
    "another hash seed": lambda _: {"PYTHONHASHSEED": "4242"},
    "one thread": lambda _: {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    "more threads than cores": lambda _: {"OMP_NUM_THREADS": "16", "OPENBLAS_NUM_THREADS": "16"},
}


@pytest.mark.parametrize(
    "pages", [pytest.param(QUICK, id="one page"), pytest.param(PAGES, id="all pages", marks=pytest.mark.thorough)]
)
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_pages_give_the_same_in_other_surroundings(name, pages, copy, tmp_path):
    variables = inside(copy, **SURROUNDINGS[name](tmp_path))
    variables = {name: value for name, value in variables.items() if value is not None}
    runs_and_gives_what_is_stored(copy, pages, variables=variables)


def shell(script):
    """Return what to put before a command so that a script of the shell comes first."""
    return ["sh", "-c", f'{script} && exec "$@"', "sh"]


MEMORY = shell(f"ulimit -v {1500 * 1024}")
OFFLINE = ["unshare", "--map-root-user", "--net", *shell("ip link set lo up")]


def read_only(folder):
    return [
        "unshare",
        "--map-root-user",
        "--mount",
        *shell(f"mount --bind '{folder}' '{folder}' && mount -o remount,bind,ro '{folder}'"),
    ]


def small_disk(folder, kilobytes):
    return ["unshare", "--map-root-user", "--mount", *shell(f"mount -t tmpfs -o size={kilobytes}k none '{folder}'")]


def possible(before):
    """Skip a test if what comes before its command cannot be had here."""
    code, said = run(*before, "true")
    if code:
        pytest.skip(f"this machine does not let us make the fault: {said.strip()}")
    return before


@linux
@pytest.mark.parametrize(
    "pages", [pytest.param(QUICK, id="one page"), pytest.param(PAGES, id="all pages", marks=pytest.mark.thorough)]
)
@pytest.mark.parametrize("before", [MEMORY, OFFLINE], ids=["1.5 GB of address space", "no network"])
def test_pages_give_the_same_with_less(before, pages, copy):
    runs_and_gives_what_is_stored(copy, pages, possible(before))


@linux
def test_without_a_network_there_really_is_none():
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert "Network is unreachable" in run(*possible(OFFLINE), sys.executable, "-c", code)[1]


# -- a disk that does not take what is written -------------------------------------------------------


@linux
def test_on_a_full_disk_a_refresh_says_so_and_leaves_the_notebook_whole(tmp_path):
    disk, tool = tmp_path / "disk", ROOT / "tools" / "notebooks.py"
    disk.mkdir()
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('x' * 50000)")])
    nbformat.write(page, tmp_path / "page.ipynb")
    refresh = f"cp ../page.ipynb . && '{sys.executable}' '{tool}' refresh page.ipynb; echo code $?"
    steps = f"{refresh}; ls -A; cmp page.ipynb ../page.ipynb && echo the same"
    _, said = run(*possible(small_disk(disk, 32)), "sh", "-c", f"cd '{disk}' && {steps}", env=environment.variables())
    assert "page.ipynb cannot be written: No space left on device" in said
    assert "Traceback" not in said
    assert said.splitlines()[-3:] == ["code 1", "page.ipynb", "the same"]


@linux
def test_on_a_full_disk_the_set_up_says_so(copy, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    steps = f"cp -r . '{disk}' && cd '{disk}' && '{sys.executable}' tools/course.py lab --version"
    code, said = run(*possible(small_disk(disk, 16 * 1024)), "sh", "-c", steps, cwd=copy)
    assert code == 1
    assert re.fullmatch(
        r"The set-up could not make the environment; the lines above say why\. The disk has \d MB left, and the "
        r"environment takes up to \d+\. Mend that and give the same command again\.",
        said.splitlines()[-1],
    )


@linux
def test_a_checkout_that_cannot_be_written_to_is_named_by_the_set_up(copy):
    code, said = run(*possible(read_only(copy)), sys.executable, copy / "tools" / "course.py", "lab")
    assert code == 1
    assert said.strip() == f"{copy} cannot be written to (Read-only file system): copy the course to a folder of your own."


@linux
def test_what_is_said_can_be_said_in_a_locale_that_has_no_letters_for_it(copy, tmp_path):
    turkish = {"PYTHONUTF8": "0"} | in_turkish(tmp_path)
    lab = [sys.executable, copy / "tools" / "course.py", "lab"]
    code, said = run(*possible(read_only(copy)), *lab, env=os.environ | turkish)
    assert code == 1
    assert said.strip().endswith("(Read-only file system): copy the course to a folder of your own.")
    assert "Traceback" not in said


# -- what is stopped in the middle ---------------------------------------------------------------------


def kernels(folder):
    """Return the processes that run in a folder."""
    import psutil

    found = []
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(folder):
            found.append(process)
    return found


def soon(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    return condition()


SLOW = "import time\nprint('new')\nif {number} == 3:\n    time.sleep(60)"


@pytest.fixture
def slow_pages(tmp_path):
    """Return a folder of four notebooks that print "new" and hold "old"; the fourth is slow."""
    for number in range(4):
        cell = nbformat.v4.new_code_cell(SLOW.format(number=number), execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", text="old\n")]
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{number}.ipynb")
    return tmp_path


def states(folder):
    """Return what each notebook of a folder holds; one that is not whole is an error."""
    return [nbformat.read(path, 4).cells[0].outputs[0].text.strip() for path in sorted(folder.glob("*.ipynb"))]


@posix
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_refresh_that_is_stopped_leaves_whole_notebooks_and_no_kernel(stop, slow_pages):
    tool = [sys.executable, str(ROOT / "tools" / "notebooks.py"), "refresh", *map(str, sorted(slow_pages.glob("*.ipynb")))]
    refresh = subprocess.Popen(tool, env=environment.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert soon(lambda: states(slow_pages)[:3] == ["new"] * 3)
    refresh.send_signal(getattr(signal, stop))
    assert refresh.wait(30) != 0
    assert states(slow_pages) == ["new"] * 3 + ["old"]
    assert soon(lambda: not kernels(slow_pages)), "a kernel was left behind"
    assert sorted(path.name for path in slow_pages.iterdir()) == [f"{number}.ipynb" for number in range(4)]


@posix
def test_a_kernel_that_is_killed_from_outside_is_named_and_its_notebook_left_alone(slow_pages):
    page = slow_pages / "3.ipynb"
    tool = [sys.executable, str(ROOT / "tools" / "notebooks.py"), "refresh", str(page)]
    refresh = subprocess.Popen(
        tool, env=environment.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    [kernel] = soon(lambda: kernels(slow_pages))
    time.sleep(2)  # so that it is in the middle of its cell
    kernel.kill()
    assert "3.ipynb, code cell 1" in (said := refresh.communicate(timeout=30)[1])
    assert "the kernel died" in said
    assert refresh.returncode == 1
    assert states(slow_pages)[3] == "old"


@posix
def test_a_kernel_that_dies_under_nbval_is_named_within_the_time_out(tmp_path):
    cells = ["print('alive')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"]
    made = [nbformat.v4.new_code_cell(source, execution_count=k) for k, source in enumerate(cells, start=1)]
    made[0].outputs = [nbformat.v4.new_output("stream", text="alive\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / "dies.ipynb")
    how = ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "--nbval-cell-timeout=4", "-p", "no:cacheprovider", "-q"]
    start = time.monotonic()
    code, said = run(sys.executable, "-m", "pytest", "--nbval", tmp_path, *how, cwd=ROOT, env=environment.variables())
    assert code == 1
    assert re.search(r"FAILED .*dies\.ipynb::Cell 1\b", said)
    assert not re.search(r"FAILED .*dies\.ipynb::Cell 0\b", said)
    assert time.monotonic() - start < 30


# -- line ends ---------------------------------------------------------------------------------------------


TEXTS = {".py", ".ipynb", ".md", ".txt", ".toml", ".lock", ".cfg", ".j2", ".json", ".svg", ".yml"}


def test_a_checkout_with_windows_line_ends_has_none(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git's")
    code, said = run("git", "clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", ROOT, tmp_path / "clone")
    assert code == 0, said
    texts = [path for path in (tmp_path / "clone").rglob("*") if path.suffix in TEXTS]
    assert len(texts) > 50
    assert not [path for path in texts if b"\r" in path.read_bytes()]


def test_pages_give_the_same_where_all_line_ends_are_windows_own(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    for path in copy.rglob("*"):
        if path.suffix in TEXTS or path.name == "Makefile":
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    runs_and_gives_what_is_stored(copy, QUICK)


# -- another package called helpers ---------------------------------------------------------------------------


FOREIGN = {
    "a package": ("helpers/__init__.py", '"""Top-level package of helpers."""\n\n__version__ = "0.2.0"\n'),
    "a package without a word": ("helpers/__init__.py", ""),
    "a file beside the notebook": ("helpers.py", "def softmax(z):\n    return z\n"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_package_called_helpers_is_named_by_the_first_cell(kind, notebook, tmp_path):
    name, text = FOREIGN[kind]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    variables = environment.variables() | {"PYTHONPATH": str(tmp_path)}
    code, said = run(sys.executable, "-c", notebook.code[0].source, env=variables, cwd=tmp_path)
    assert code == 1
    found = f"found <module 'helpers' from '{path}'>, which is not this course's package helpers"
    assert said.splitlines()[-1] == f"AssertionError: {found}: rename or uninstall it"


def test_no_document_says_to_install_a_package_called_helpers(root):
    documents = [path for path in root.rglob("*.md") if not {".venv", "build", "node_modules"} & set(path.parts)]
    documents += [*(root / "notebooks").glob("*.ipynb"), *(root / "helpers").rglob("*.py")]
    assert not [path for path in documents if re.search(r"install helpers\b", path.read_text("utf-8"))]
