"""Run what is installed in the environment, kept from settings of this machine that could show in an output."""

import atexit
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from packages import PYTHON, ROOT


def call(*command, own_settings=False, answers_interrupts=False):
    """Run a command in the project's folder and return its exit code.

    Ctrl-C ends it. JupyterLab and what `answers_interrupts` are told of it, and come to an end by themselves."""
    answers_interrupts |= own_settings
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if answers_interrupts else None
    try:
        return subprocess.call(
            [str(part) for part in command],
            cwd=ROOT,
            env=variables(own_settings),
            preexec_fn=_hear_interrupts if answers_interrupts and os.name == "posix" else None,
        )
    except KeyboardInterrupt:
        return 130
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _hear_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
        cache = _temporary_folder()
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
def _temporary_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gradients-by-hand-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
