"""The environment of the course: a folder .venv with the packages that the lock files name."""

import atexit
import contextlib
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MARK = VENV / "made-by-gradients-by-hand"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {  # each level has the packages of those before it, too
    "reader": ROOT / "requirements.lock",
    "test": ROOT / "tests" / "requirements.lock",
    "weekly": ROOT / "tests" / "weekly.lock",
}
MEGABYTES = 800  # 780 with all that the tests need
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


class SetupError(Exception):
    """Says in one sentence what is in the way, and what to do."""


def ready(level):
    """Return the environment's Python once it holds the packages of `level`: "reader", "test" or "weekly"."""
    levels = list(LOCKS)[: list(LOCKS).index(level) + 1]
    if any(_stamp(name) != _fingerprint(name) for name in levels):
        with _alone():
            for name in levels:
                if _stamp(name) != _fingerprint(name):
                    _install(name)
                    (VENV / f"ready-{name}").write_text(_fingerprint(name), "utf-8")
    return PYTHON


def remove():
    """Remove the environment, if it is ours: whole, or not at all."""
    if not VENV.exists():
        return
    if not MARK.exists():
        raise SetupError(f"{VENV} exists, and this course did not make it: rename it, or work in a copy of this folder.")
    aside = VENV.with_name(f".venv-old-{os.getpid()}")
    try:
        VENV.rename(aside)  # a removal that is cut short leaves no half of an environment in place
    except OSError as error:
        raise SetupError(
            f"{VENV} cannot be replaced ({error.strerror}): close what uses it, JupyterLab too, and try again."
        ) from None
    shutil.rmtree(aside, ignore_errors=True)


def variables(own_settings=False):
    """Return the environment variables for what runs inside: nothing of this machine that could show in an output.

    With `own_settings`, for JupyterLab, the reader's own Jupyter settings stay in force."""
    leaks = ["PYTHON", "PYTEST_", "MATPLOTLIBRC", "MPLBACKEND", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU", "VIRTUAL_ENV"]
    ours = {"MPLCONFIGDIR": "matplotlib"}
    if not own_settings:
        leaks += ["JUPYTER_", "IPYTHON"]
        ours |= {"IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "data"}
        ours |= {"JUPYTER_RUNTIME_DIR": "runtime"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(tuple(leaks))}
    cache = _cache(ours.values())
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    return kept | {name: str(cache / folder) for name, folder in ours.items()} | {"PATH": path, "PYTHONUTF8": "1"}


def _cache(folders):
    """Return build/cache with these folders in it; where the checkout is read-only, a folder that lives as long as we do."""
    cache = ROOT / "build" / "cache"
    try:
        _make(cache, folders)
    except OSError:
        cache = _passing_folder()
        _make(cache, folders)
    return cache


def _make(cache, folders):
    for folder in folders:
        (cache / folder).mkdir(parents=True, exist_ok=True)
    if not os.access(cache, os.W_OK):  # they may have been there before
        raise PermissionError(f"{cache} cannot be written to")
    kernels = cache / "ipython" / "profile_default" / "ipython_kernel_config.py"
    if not kernels.exists():
        kernels.parent.mkdir(parents=True, exist_ok=True)
        kernels.write_text("get_config().IPKernelApp.log_level = 'ERROR'  # kernels warn that they do not encrypt\n")


@functools.cache
def _passing_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gradients-by-hand-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _install(level):
    if level == "reader":
        _make_venv()
        with tempfile.TemporaryDirectory() as folder:
            uv = pathlib.Path(folder, "uv.txt")
            uv.write_text(_entry("uv", LOCKS["reader"].read_text("utf-8")), "utf-8")
            _step(*PIP, "--require-hashes", "--no-deps", "-r", uv)
    print(f"Setting up (once): the packages of {LOCKS[level].relative_to(ROOT).as_posix()} ...", flush=True)
    locked = ["--require-hashes", "--no-deps", "-r", LOCKS[level]]
    if _call([PYTHON, "-m", "uv", "pip", "install", "--quiet", *locked]):
        print("uv did not manage; pip, which knows its own mirrors and proxies, tries the same ...", flush=True)
        _step(*PIP, *locked)
    if level == "reader":
        _step(*PIP, "--no-deps", "--no-build-isolation", "--editable", ROOT)
        _point_home_in_ascii()
        _keep_lab_quiet()


def _make_venv():
    remove()  # what an interrupted set-up left cannot be told from what is whole
    try:
        VENV.mkdir()
        MARK.touch()
    except OSError as error:
        raise SetupError(
            f"{ROOT} cannot be written to ({error.strerror}): copy the course to a folder of your own."
        ) from None
    base = getattr(sys, "_base_executable", sys.executable)  # sys.executable may have been in what was removed
    _run([base, "-m", "venv", VENV], "make the environment")


def _point_home_in_ascii():
    """Let the environment find the course by a relative path.

    Python reads its .pth files in the language of the system: in plain C, before 3.13, an absolute path with a letter
    like ü in it stops every start of the interpreter."""
    [pointer] = VENV.rglob("helpers.pth")
    pointer.write_text(os.path.relpath(ROOT, pointer.parent) + "\n", "ascii")


def _keep_lab_quiet():
    """JupyterLab asks a server for news and updates by default: the course asks nobody for anything."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        '{"@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"}}\n'
    )


def _step(*args):
    _run([PYTHON, *args], "install the packages")


def _run(command, purpose):
    if _call(command):
        free = shutil.disk_usage(ROOT).free >> 20
        full = f" The disk has {free} MB left, and the environment takes up to {MEGABYTES}." if free < MEGABYTES else ""
        raise SetupError(
            f"The set-up could not {purpose}; the lines above say why.{full} Mend that and give the same command again."
        )


def _call(command):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    home = pathlib.Path(os.path.expanduser("~"))
    if not (home.is_dir() and os.access(home, os.W_OK)):  # the caches of uv and pip would be there
        kept |= {"UV_CACHE_DIR": str(VENV / "uv-cache"), "PIP_NO_CACHE_DIR": "1"}
    return subprocess.call([str(c) for c in command], cwd=ROOT, env=kept)


def _entry(package, lock):
    """Return the lines of one package of a lock file: its version and its hashes."""
    return re.search(rf"^{package}==.*?(?=^\S|\Z)", lock, flags=re.MULTILINE | re.DOTALL)[0]


def _fingerprint(level):
    parts = [sys.version, str(ROOT), LOCKS["reader"].read_text("utf-8"), LOCKS[level].read_text("utf-8")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _stamp(level):
    try:
        return (VENV / f"ready-{level}").read_text("utf-8")
    except OSError:
        return None


@contextlib.contextmanager
def _alone():
    """Hold a lock while setting up: of two commands at once, the second waits for the first."""
    try:
        handle = (ROOT / ".setup.lock").open("w")
    except OSError as error:
        raise SetupError(
            f"{ROOT} cannot be written to ({error.strerror}): copy the course to a folder of your own."
        ) from None
    with handle:
        while not _locked(handle):
            time.sleep(0.2)
        yield


def _locked(handle):
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
