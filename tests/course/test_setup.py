"""The course as strangers have it: set up from nothing, other Pythons and packages, offline, read-only, twice at once.

All of it takes minutes and wants the package index: with --thorough only. tests/FAULTS.md holds what came of the last run.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import environment
import pinned
import pytest
from test_faults import LEFT_OUT, ODD, OFFLINE, linux, possible, read_only, run

ROOT = environment.ROOT
pytestmark = pytest.mark.thorough


def pythons():
    """Return {version: path} of the Pythons on this machine that the course is for."""
    places = [pathlib.Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    places += [*pathlib.Path.home().glob(".pyenv/versions/3.*/bin")]
    found = {}
    for path in sorted(
        {path for place in places for path in place.glob("python3.*") if re.fullmatch(r"python3\.\d+", path.name)}
    ):
        _, said = run(
            path, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.prefix == sys.base_prefix)"
        )
        if (version := said.partition(" ")[0]) and said.strip().endswith("True") and int(version.partition(".")[2]) >= 11:
            found.setdefault(version, path)
    return found


PYTHONS = pythons()
NEWEST = max(PYTHONS, key=lambda version: int(version.partition(".")[2]), default=None)


def set_up(folder, python=sys.executable):
    """Copy the course into an empty folder and set it up there; return a function that runs its commands."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "VIRTUAL"))}

    def course(*command, before=()):
        return run(*before, python, folder / "tools" / "course.py", *command, env=clean, cwd=folder.anchor)

    code, said = course("lint")
    assert code == 0, said
    return course


def passes(course, *options, before=()):
    """Return what the suite says of itself at its end; it must pass."""
    quick = ["-p", "no:cacheprovider", "--ignore=tests/test_jupyterlab.py", "--ignore=tests/test_faults.py"]
    code, said = course("test", *quick, *options, before=before)
    assert code == 0, said[-6000:]
    return said


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return set_up(tmp_path_factory.mktemp("strangers") / ODD)


def test_the_suite_passes_twice_at_once_in_an_odd_folder(course):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor() as two:
        for said in two.map(lambda _: passes(course), range(2)):
            assert re.search(r"Re-executed 8 notebooks, \d+ code cells; compared \d+ stored outputs", said)


@linux
def test_the_suite_passes_without_a_network(course):
    passes(course, before=possible(OFFLINE))


@linux
def test_a_read_only_checkout_is_compared_and_read(course, tmp_path_factory):
    folder = next(tmp_path_factory.getbasetemp().glob(f"strangers*/{ODD}"))
    before = possible(read_only(folder))
    assert "Re-executed 8 notebooks" in passes(course, "-k", "Cell", before=before)
    code, said = course("lab", "--version", before=before)
    assert (code, bool(re.fullmatch(r"\d+\.\d+\.\d+\s*", said))) == (0, True), said
    code, said = course("refresh", "00_start_here", before=before)
    assert code == 1
    assert "00_start_here.ipynb cannot be written: Read-only file system" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("version", PYTHONS)
def test_the_suite_passes_on_every_python_at_hand(version, tmp_path):
    passes(set_up(tmp_path / "course", PYTHONS[version]))


RANGES = {
    "oldest": (min(PYTHONS, default=None), ["numpy==2.1.1", "matplotlib==3.10.7"]),
    "newest": (NEWEST, ["--upgrade", "numpy", "matplotlib"]),
}


@pytest.mark.parametrize("end", RANGES)
def test_the_suite_passes_at_both_ends_of_the_ranges_and_says_which_pictures_it_cannot_compare(end, tmp_path):
    python, packages = RANGES[end]
    course = set_up(tmp_path / "course", PYTHONS[python])
    inside = tmp_path / "course" / environment.PYTHON.relative_to(ROOT)
    code, said = run(inside, "-m", "uv", "pip", "install", "--quiet", *packages)
    assert code == 0, said
    said = passes(course)
    here = subprocess.check_output([inside, "-c", "import matplotlib; print(matplotlib.__version__)"], text=True).strip()
    assert (f"which make test installs; this is {here}" in said) == (here != pinned.WANTED)
