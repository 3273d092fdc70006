"""Install the packages of uv.lock, with their hashes checked, from wherever the reader's own settings say.

uv.lock also names the address of each file, and `uv sync` downloads from these addresses only: readers behind a mirror of
the package index could not use it. So the versions and hashes, which are the same everywhere, are exported from the lock,
and `uv pip install`, or else pip, finds the files.
"""

import base64
import hashlib
import importlib.metadata
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = pathlib.Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))
LOCK = ROOT / "uv.lock"
# The groups of pyproject.toml, with a package of each.
GROUPS = {"reader": "jupyterlab", "site": "sphinx", "test": "hypothesis", "weekly": "pip_audit"}
DISK = {"reader": 410, "site": 500, "test": 960, "weekly": 1100}  # MB
# Settings of uv and pip that say where packages are found. The others, which may redirect an installation, are dropped.
KEPT = "(UV|PIP)_.*(INDEX|FIND_LINKS|HOST|PROXY|HTTP|CERT|TLS|KEYRING|CACHE|TIMEOUT|RETRIES|OFFLINE|CONCURRENT|CONFIG_FILE)"
DROPPED = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV")


class SetupError(Exception):
    """Says in one sentence what is in the way, and what to do."""


def install_uv():
    """Install the uv of uv.lock, which pip cannot read."""
    [uv] = [package for package in tomllib.loads(LOCK.read_text("utf-8"))["package"] if package["name"] == "uv"]
    locked = VENV / "locked-uv.txt"
    locked.write_text(f"uv=={uv['version']} " + " ".join(f"--hash={wheel['hash']}" for wheel in uv["wheels"]), "utf-8")
    run("install uv", [PYTHON, "-m", "pip", "install", *_options(locked)])
    _expect("uv")


def install(groups):
    """Install the packages of some groups of uv.lock."""
    locked = VENV / "locked.txt"
    run("read uv.lock", export(groups, locked))
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, *_options(locked)]
    if _call(uv):
        print("uv did not succeed. pip, which has mirrors and proxies of its own, tries the same ...", flush=True)
        run("install the packages", [PYTHON, "-m", "pip", "install", *_options(locked)])
    if _damaged():
        print("Some files are damaged. Installing the packages again, without uv's cache ...", flush=True)
        run("install the packages", [*uv, "--no-cache", "--reinstall"])
    for group in groups:
        _expect(GROUPS[group])


def export(groups, path):
    """Return the command that writes the versions and hashes of some groups to a file that uv pip and pip read."""
    options = "--frozen --quiet --no-cache --no-default-groups --no-emit-project --no-header --no-annotate".split()
    return [PYTHON, "-m", "uv", "export", *options, *(f"--group={group}" for group in groups), "--output-file", path]


def run(purpose, command):
    """Run one step of the set-up, which must succeed."""
    if _call(command):
        free, most = shutil.disk_usage(ROOT).free >> 20, max(DISK.values())
        full = f" The disk has {free} MB left, and the environment takes up to {most}." if free < most else ""
        raise SetupError(
            f"The set-up could not {purpose}; the lines above say why.{full} Mend that and give the same command again."
        )


def _options(requirements):
    """Return what uv and pip are told alike. They show their progress to a person, and not to a log."""
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    return [*quiet, "--require-hashes", "--no-deps", "-r", requirements]


def _call(command):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED) or re.match(KEPT, name)}
    kept |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # whatever pip's own file of settings says
    # A child that outlives a killed set-up holds its lock until it ends: it inherits the lock's file.
    return subprocess.call([str(part) for part in command], cwd=ROOT, env=kept, close_fds=False)


def _expect(package):
    if not (PACKAGES / package).is_dir():
        raise SetupError(f"{package} was not installed into {PACKAGES}: does a setting of pip or uv name another target?")


def _damaged():
    """Return whether an installed file differs from its package's own list: uv does not check what its cache holds."""
    files = [file for package in importlib.metadata.distributions(path=[str(PACKAGES)]) for file in package.files or ()]
    return any(file.hash and not _is_whole(file) for file in files)


def _is_whole(file):
    path = file.locate()
    digest = hashlib.new(file.hash.mode, path.read_bytes()).digest() if path.is_file() else b""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value
