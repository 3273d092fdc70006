"""The set-up ends in an environment, or in one sentence that says what is in the way.

With --thorough the course is set up from nothing, as a stranger has it: that takes minutes, and asks the package index.
"""

import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile

import pinned
import pytest
from faults import LEFT_OUT, ODD, OFFLINE, ROOT, linux, posix, possible, read_only, run, small_disk, soon
from setup_lock import only_one


def copied(folder):
    """Copy the course, without an environment, to an empty folder."""
    return shutil.copytree(ROOT, folder, ignore=LEFT_OUT)


def tools_in(folder):
    """Copy what the set-up begins with to an empty folder: enough where it is to stop at once."""
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=LEFT_OUT)
    return folder


def course(folder, *command, before=(), python=sys.executable, **settings):
    """Run a command of a copy of the course, from another folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "VIRTUAL"))}
    return run(*before, python, folder / "tools" / "course.py", *command, env=kept | settings, cwd=folder.anchor)


def set_up(folder, command="lab", **options):
    code, printed = course(folder, command, "--version", **options)
    assert code == 0, printed
    return printed


def test_the_lock_and_requirements_txt_are_those_of_the_project(tmp_path):
    no_settings = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    no_settings["XDG_CONFIG_HOME"] = str(tmp_path)
    check = ["lock", "--check", "--offline", "--no-cache", "--python", sys.executable]
    code, printed = run(sys.executable, "-m", "uv", *check, cwd=ROOT, env=no_settings)
    assert code == 0, printed
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines())
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    assert [line for line in lines if line] == [*groups["reader"], "-e ."]


# -- one sentence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("sys.version_info = (3, 10, 4)", "needs Python 3.11 or newer, and this is Python 3.10"),
        ("sys.modules['ensurepip'] = None", "without venv"),
    ],
)
def test_a_python_that_will_not_do_is_refused(change, sentence):
    code = f"import sys; {change}; sys.argv = ['course.py']; exec(open('tools/course.py').read())"
    code, printed = run(sys.executable, "-c", code, cwd=ROOT)
    assert (code, printed.count("\n")) == (1, 1)
    assert sentence in printed


def test_a_foreign_environment_is_left_alone(tmp_path):
    copy = tools_in(tmp_path / "course")
    run(sys.executable, "-m", "venv", "--without-pip", copy / ".venv")
    printed = f"{copy / '.venv'} exists, and this course did not make it: rename or delete it, and try again.\n"
    assert course(copy, "lab") == course(copy, "clean") == (1, printed)
    assert (copy / ".venv" / "pyvenv.cfg").exists()


@linux
def test_a_folder_that_takes_no_environment_is_named(tmp_path):
    printed = f"Python allows no ':' in the path of an environment: rename the folder {tmp_path / 'a:b'}.\n"
    assert course(tools_in(tmp_path / "a:b"), "lab") == (1, printed)
    copy = tools_in(tmp_path / ODD)
    printed = f"{copy} cannot be written to: copy the course to a folder of your own.\n"
    assert course(copy, "lab", before=possible(read_only(copy))) == (1, printed)


def test_of_two_set_ups_at_once_the_second_waits(tmp_path):
    code = "import pathlib; from setup_lock import only_one\nwith only_one(pathlib.Path('lock')): print('ready')"
    variables = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    with only_one(tmp_path / "lock"):
        second = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True
        )
        assert "Waiting until it has finished" in second.stdout.readline()
    assert second.communicate()[0] == "ready\n"


SMALL_PROJECT = '[project]\nname = "small"\nversion = "1"\n[dependency-groups]\nreader = ["jupyterlab"]\n'
SMALL_LOCK = """version = 1
requires-python = ">=3.11"
package = [
  { name = "jupyterlab", version = "9.9", source = { registry = "https://example.invalid" }, wheels = [
    { url = "https://example.invalid/jupyterlab-9.9-py3-none-any.whl", hash = "sha256:DIGEST" } ] },
  { name = "small", version = "1", source = { virtual = "." }, dev-dependencies = { reader = [{ name = "jupyterlab" }] },
    metadata = { requires-dev = { reader = [{ name = "jupyterlab" }] } } },
]
"""


@pytest.mark.parametrize("forged", [False, True])
def test_only_a_package_with_the_hash_of_the_lock_is_installed(forged, tmp_path):
    """Here from a folder, without a network, into an environment that borrows uv and pip from ours."""
    copy, wheel = tools_in(tmp_path / "course"), tmp_path / "jupyterlab-9.9-py3-none-any.whl"
    files = {"METADATA": "Metadata-Version: 2.1\nName: jupyterlab\nVersion: 9.9\n", "RECORD": ""}
    files["WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("jupyterlab/__init__.py", "")
        for name, text in files.items():
            file.writestr(f"jupyterlab-9.9.dist-info/{name}", text)
    digest = hashlib.sha256(b"another file" if forged else wheel.read_bytes()).hexdigest()
    (copy / "pyproject.toml").write_text(SMALL_PROJECT)
    (copy / "uv.lock").write_text(SMALL_LOCK.replace("DIGEST", digest))
    run(sys.executable, "-m", "venv", "--without-pip", copy / ".venv")
    [site_packages] = [path for path in (copy / ".venv").rglob("site-packages") if "lib64" not in path.parts]
    (site_packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    for tool in ("UV", "PIP"):
        kept |= {f"{tool}_FIND_LINKS": str(tmp_path), f"{tool}_NO_INDEX": "1", f"{tool}_CACHE_DIR": str(tmp_path / "cache")}
    install = "import packages\ntry: packages.install(['reader'])\nexcept packages.SetupError as error: print(error)"
    _, printed = run(sys.executable, "-c", install, env=kept | {"PYTHONPATH": str(copy / "tools")})
    assert (site_packages / "jupyterlab").exists() == (not forged), printed
    assert ("The set-up could not install the packages" in printed) == forged


# -- from nothing --------------------------------------------------------------------------------------------------


@pytest.mark.thorough
@linux
def test_a_full_disk_is_named(tmp_path):
    copy, disk = copied(tmp_path / "course"), tmp_path / "disk"
    disk.mkdir()
    steps = f"cp -r . '{disk}' && cd '{disk}' && '{sys.executable}' tools/course.py lab --version"
    code, printed = run(*possible(small_disk(disk, 16 * 1024)), "sh", "-c", steps, cwd=copy)
    assert code == 1
    assert re.search(r"could not make the environment; .* The disk has \d MB left, and .* up to \d+\.", printed)


@pytest.mark.thorough
def test_settings_that_redirect_an_installation_do_not(tmp_path):
    away = str(tmp_path / "away")
    redirect = ["UV_TARGET", "UV_PREFIX", "UV_PROJECT_ENVIRONMENT", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"]
    redirect = dict.fromkeys(redirect, away) | {"UV_SYSTEM_PYTHON": "1", "PIP_USER": "1", "PIP_NO_BINARY": ":all:"}
    set_up(copied(tmp_path / ODD), **redirect)
    assert not os.path.exists(away)


@pytest.mark.thorough
def test_a_reader_s_own_mirror_is_asked_and_pip_helps_where_uv_cannot(tmp_path):
    printed = set_up(copied(tmp_path / "course"), UV_DEFAULT_INDEX="http://127.0.0.1:9/simple", UV_HTTP_RETRIES="0")
    assert "http://127.0.0.1:9/simple" in printed
    assert "pip, which has mirrors and proxies of its own, tries the same" in printed


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["uv", "jupyterlab"])
def test_a_forged_hash_is_refused(name, tmp_path):
    copy = copied(tmp_path / "course")
    before, package = re.split(rf'(?=name = "{name}"\nversion)', (copy / "uv.lock").read_text("utf-8"))
    (copy / "uv.lock").write_text(before + re.sub(r"sha256:\w{8}", "sha256:00000000", package), "utf-8")
    code, printed = course(copy, "lab", "--version")
    assert code == 1
    assert "DO NOT MATCH THE HASHES" in printed
    assert printed.splitlines()[-1].startswith("The set-up could not install")


@pytest.mark.thorough
@posix
@pytest.mark.parametrize("stage", ["pyvenv.cfg", "locked.txt"])
def test_an_environment_that_is_half_made_or_half_deleted_is_made_again(stage, tmp_path):
    copy = copied(tmp_path / "course")
    first = subprocess.Popen([sys.executable, copy / "tools" / "course.py", "lab", "--version"])
    assert soon((copy / ".venv" / stage).exists)
    first.kill()  # what it has started goes on
    first.wait()
    assert "Setting up the folder .venv" in set_up(copy)
    assert "Setting up" not in set_up(copy)
    (copy / ".venv" / "pyvenv.cfg").unlink()
    shutil.rmtree(next((copy / ".venv").rglob("site-packages")) / "numpy")
    assert "Setting up the folder .venv" in set_up(copy)


@pytest.mark.thorough
def test_damaged_files_in_the_cache_of_uv_are_replaced(tmp_path):
    copy, cache = copied(tmp_path / "course"), tmp_path / "cache"
    set_up(copy, UV_CACHE_DIR=str(cache))
    assert course(copy, "clean") == (0, "")
    for path in cache.rglob("numpy/__init__.py"):
        path.write_text("broken")
    assert "Some files are damaged" in set_up(copy, UV_CACHE_DIR=str(cache))


def passes(folder, *options, **surroundings):
    """Run the suite of a copy, which must pass; return what it prints."""
    left_out = [f"--ignore=tests/{name}" for name in ("course/test_setup.py", "course/test_faults.py", "site")]
    code, printed = course(folder, "test", "-p", "no:cacheprovider", *left_out, *options, **surroundings)
    assert code == 0, printed[-6000:]
    return printed


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Return a copy in an odd folder that two commands have set up at once."""
    copy = copied(tmp_path_factory.mktemp("strangers") / ODD)
    with concurrent.futures.ThreadPoolExecutor() as two:
        printed = "".join(two.map(lambda _: set_up(copy, "test"), range(2)))
    assert printed.count("Setting up the folder .venv") == 1
    return copy


@pytest.mark.thorough
@linux
def test_the_suite_passes_without_a_network(odd):
    assert "Re-executed" in passes(odd, before=possible(OFFLINE))


@pytest.mark.thorough
@linux
def test_a_read_only_checkout_is_compared_and_read(odd):
    before = possible(read_only(odd))
    assert "Re-executed" in passes(odd, "-k", "ipynb", before=before)
    set_up(odd, before=before)


@pytest.mark.thorough
@posix
def test_the_student_edition_opens_by_its_own_make_lab(odd, tmp_path):
    assert course(odd, "student")[0] == 0
    edition = shutil.copytree(odd / "build" / "student", tmp_path / "course")
    code, printed = run("make", "lab", f"PYTHON={sys.executable}", "ARGS=--version", cwd=edition)
    assert code == 0, printed
    assert re.search(r"^\d+\.\d+\.\d+$", printed, re.M)


@pytest.mark.thorough
def test_the_suite_passes_with_the_oldest_numpy_and_matplotlib_and_says_that_it_compares_no_pictures(tmp_path):
    copy = copied(tmp_path / "course")
    set_up(copy, "test")
    [inside] = [path for path in (copy / ".venv").glob("*/python*") if path.stem == "python"]
    oldest = ["numpy==2.1.1", "matplotlib==3.10.7"]
    code, printed = run(inside, "-m", "uv", "pip", "install", "--quiet", "--python", inside, *oldest)
    assert code == 0, printed
    assert f"pictures are compared with matplotlib {pinned.WANTED}" in passes(copy)
