"""The environment of the course: a folder .venv that holds exactly what the lock files say."""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MARK = VENV / "made-by-gradients-by-hand"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {"reader": ROOT / "requirements.lock", "test": ROOT / "tests" / "requirements.lock"}


class SetupError(Exception):
    """Says in one sentence what is in the way, and what to do."""


def ready(level):
    """Return the environment's Python once it holds the packages of `level`: "reader", or "test" for all."""
    levels = ["reader"] if level == "reader" else ["reader", "test"]
    wanted = {name: _fingerprint(name) for name in levels}
    if all(_stamp(name) == wanted[name] for name in levels):
        return PYTHON
    with _alone():
        for name in levels:
            if _stamp(name) != wanted[name]:
                _install(name)
                _write_stamp(name, wanted[name])
    return PYTHON


def variables(own_settings=False):
    """Return the environment variables for what runs inside: nothing of this machine that could show in an output.

    With `own_settings`, for JupyterLab, the reader's own Jupyter settings stay in force."""
    leaks = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    leaks += ("MATPLOTLIBRC", "MPLBACKEND", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")
    kept = {name: value for name, value in os.environ.items() if name not in leaks}
    cache = ROOT / "build" / "cache"
    ours = {"MPLCONFIGDIR": "matplotlib"}
    if not own_settings:
        ours |= {
            "IPYTHONDIR": "ipython",
            "JUPYTER_CONFIG_DIR": "jupyter",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
        }
    for folder in ours.values():
        (cache / folder).mkdir(parents=True, exist_ok=True)
    kernels = cache / "ipython" / "profile_default" / "ipython_kernel_config.py"
    kernels.parent.mkdir(parents=True, exist_ok=True)
    kernels.write_text(
        "get_config().IPKernelApp.log_level = 'ERROR'  # a kernel on this machine alone needs no encryption\n"
    )
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    return kept | {name: str(cache / folder) for name, folder in ours.items()} | {"PATH": path, "PYTHONUTF8": "1"}


def _install(level):
    if level == "reader":
        _make_venv()
        print("Setting up (once): the packages of requirements.lock ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            uv = pathlib.Path(folder, "uv.txt")
            uv.write_text(_entry("uv", LOCKS["reader"].read_text("utf-8")), "utf-8")
            _step(
                "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", uv
            )
    else:
        print("Setting up (once): the packages of tests/requirements.lock ...", flush=True)
    locked = ["--quiet", "--require-hashes", "--no-deps", "-r", LOCKS[level]]
    if _call([PYTHON, "-m", "uv", "pip", "install", *locked]):
        print("uv did not manage; pip tries the same (it knows pip's own mirrors and proxies), more slowly ...", flush=True)
        _step("-m", "pip", "install", "--disable-pip-version-check", *locked)
    if level == "reader":
        _step(
            "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", ROOT
        )
        _point_home_in_ascii()
        _keep_lab_quiet()


def _make_venv():
    if VENV.exists() and not MARK.exists():
        raise SetupError(f"{VENV} exists, and this course did not make it: rename it, or work in a copy of this folder.")
    try:
        shutil.rmtree(VENV, ignore_errors=True)  # what an interrupted set-up left cannot be told from what is whole
        VENV.mkdir()
        MARK.touch()
    except OSError as error:
        raise SetupError(
            f"{ROOT} cannot be written to ({error.strerror}): copy the course to a folder of your own."
        ) from None
    _run([sys.executable, "-m", "venv", VENV], "make the environment")


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
        raise SetupError(
            f"The set-up could not {purpose}; the lines above say why. Mend that and give the same command again."
        )


def _call(command):
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")}
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


def _write_stamp(level, fingerprint):
    (VENV / f"ready-{level}").write_text(fingerprint, "utf-8")


@contextlib.contextmanager
def _alone():
    """Hold a lock while setting up: of two commands at once, the second waits for the first."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]
    with pathlib.Path(tempfile.gettempdir(), f"gradients-by-hand-{name}.lock").open("w") as handle:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
