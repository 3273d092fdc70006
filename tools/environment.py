"""The environment of the course: a folder .venv that is set up once, and again when Python, the folder or uv.lock change."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import sys

import packages
from packages import DISK, GROUPS, PACKAGES, PYTHON, ROOT, VENV, SetupError
from setup_lock import only_one

PROMPT = "Gradients by Hand"  # is in pyvenv.cfg, and tells our environment from others
OUR_NAMES = r"\.lock|bin|etc|[Ii]nclude|[Ll]ib(64)?|locked.*|ready-.*|Scripts|share"
DOWNLOAD = {"reader": 120, "site": 145, "test": 270, "weekly": 315}  # MB


def ready(level):
    """Return the environment's Python once it holds the packages of `level`, one of GROUPS, and of those before it."""
    if not _is_ready(level):
        with _alone():
            if not _is_ready("reader"):
                _make(level)
            if not _is_ready(level):
                _fill(list(GROUPS)[: list(GROUPS).index(level) + 1])
    return PYTHON


def remove():
    """Remove the environment, if this course made it: whole, or not at all."""
    with _alone():
        _remove()


def _remove():
    for old in ROOT.glob(".venv-old-*"):
        shutil.rmtree(old, ignore_errors=True)
    if not VENV.exists():
        return
    if not _made_here():
        raise SetupError(f"{VENV} exists, and this course did not make it: rename or delete it, and try again.")
    aside = VENV.with_name(f".venv-old-{os.getpid()}")
    try:
        VENV.rename(aside)  # a removal that is interrupted leaves no half of an environment in place
    except OSError as error:
        reason = f"{VENV} cannot be replaced ({error.strerror})"
        raise SetupError(f"{reason}: close what uses it, JupyterLab too, and try again.") from None
    shutil.rmtree(aside, ignore_errors=True)


def _made_here():
    """Tell our environment from others. If it is half made or half deleted, all that is left has one of our names."""
    settings = VENV / "pyvenv.cfg"
    if settings.exists():
        return f"prompt = {PROMPT!r}" in settings.read_text("utf-8", "replace").splitlines()
    return all(re.fullmatch(OUR_NAMES, path.name) for path in VENV.iterdir())


def _make(level):
    """Make an environment that holds uv and finds the course's own folder."""
    if os.pathsep in str(ROOT):
        raise SetupError(f"Python allows no {os.pathsep!r} in the path of an environment: rename the folder {ROOT}.")
    _remove()
    print(f"Setting up the folder .venv, once. It takes about a minute, {DOWNLOAD[level]} MB of downloads", end=" ")
    print(f"and {DISK[level]} MB on disk.\nMaking the environment ...", flush=True)
    base = getattr(sys, "_base_executable", sys.executable)  # sys.executable may have been in what was removed
    packages.run("make the environment", [base, "-m", "venv", "--prompt", PROMPT, VENV])
    print("Installing uv, which installs the packages ...", flush=True)
    packages.install_uv()
    # Python reads .pth files in the language of the system. An absolute path with a letter like ü could stop every start
    # of the interpreter, and a relative one has none.
    (PACKAGES / "gradients-by-hand.pth").write_text(os.path.relpath(ROOT, PACKAGES) + "\n", "ascii")
    settings = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True)
    quiet = {"checkForUpdates": False, "fetchNews": "false"}  # JupyterLab would ask a server for both
    settings.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}), "utf-8")


def _fill(groups):
    """Install the packages of these groups, and note that they are there."""
    print(f"Installing the packages of uv.lock ({', '.join(groups)}) ...", flush=True)
    packages.install(groups)
    names = "\n".join(path.name for path in PACKAGES.iterdir() if path.suffix != ".dist-info")
    for group in groups:
        (VENV / f"ready-{group}").write_text(f"{_fingerprint()}\n{names}", "utf-8")


def _alone():
    if not os.access(ROOT, os.W_OK):
        raise SetupError(f"{ROOT} cannot be written to: copy the course to a folder of your own.")
    return only_one(ROOT / ".setup.lock")


def _is_ready(level):
    """Return whether the environment was set up for this Python, folder and lock, and no package was removed since."""
    try:
        fingerprint, *names = (VENV / f"ready-{level}").read_text("utf-8").splitlines()
        present = {path.name for path in PACKAGES.iterdir()}
    except (OSError, ValueError):
        return False
    whole = PYTHON.exists() and (VENV / "pyvenv.cfg").exists() and present.issuperset(names)
    return whole and fingerprint == _fingerprint()


def _fingerprint():
    inputs = [pathlib.Path(path).read_bytes() for path in (packages.LOCK, packages.__file__, __file__)]
    return hashlib.sha256(b"\n".join([sys.version.encode(), os.fsencode(ROOT), *inputs])).hexdigest()
