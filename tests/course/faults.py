"""How the tests make the faults of other people's machines: no network, a read-only or full disk, little memory."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODD = "früh stück ß 数/c o p y"  # a folder with spaces, and letters of three alphabets
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "node_modules", "__pycache__", ".*cache", ".hypothesis", ".setup.lock"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs the namespaces of Linux")
posix = pytest.mark.skipif(os.name != "posix", reason="needs the signals of POSIX")


def run(*command, **options):
    """Run a command; return its exit code and all that it printed."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3000, **options
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def soon(condition, seconds=120):
    """Return the first true answer of `condition`, or its last answer when time is up."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def shell(script):
    """Return what to put before a command so that a script of the shell runs first."""
    return ["sh", "-c", f'{script} && exec "$@"', "sh"]


OFFLINE = ["unshare", "--map-root-user", "--net", *shell("ip link set lo up")]
LITTLE_MEMORY = shell(f"ulimit -v {1500 * 1024}")


def mounted(mount):
    return ["unshare", "--map-root-user", "--mount", *shell(mount)]


def read_only(folder):
    return mounted(f"mount --bind '{folder}' '{folder}' && mount -o remount,bind,ro '{folder}'")


def small_disk(folder, kilobytes):
    return mounted(f"mount -t tmpfs -o size={kilobytes}k none '{folder}'")


def possible(before):
    """Return `before`; skip the test where this machine does not allow it."""
    code, printed = run(*before, "true")
    if code:
        pytest.skip(f"this machine does not allow the fault: {printed.strip()}")
    return before
