"""What each command of the course does, once the environment stands."""

import os
import shutil
import signal
import subprocess
import sys

import environment
from environment import ROOT

TOOLS = ROOT / "tools"


def lab(args):
    """open JupyterLab on the first notebook"""
    python = environment.ready("reader")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    start = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=localhost",  # whatever a reader's own settings say
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--KernelManager.transport_encryption=auto",  # on a shared machine nobody listens in
        *stylesheet(TOOLS / "templates" / "lab"),
    ]
    given = {arg.partition("=")[0] for arg in args}
    ours = [option for option in root + start if option.partition("=")[0] not in given]  # JupyterLab takes none twice
    return call(python, "-m", "jupyterlab", *ours, *args, own_settings=True)


def stylesheet(folder):
    """Return the options by which JupyterLab loads custom.css from `folder`."""
    return ["--LabApp.custom_css=True", f"--ServerApp.tornado_settings=static_custom_path={folder}"]


def test(args):
    """run every notebook, compare every stored output, run all tests"""
    python = environment.ready("test")
    everything = ["--nbval", "notebooks", "tests", "helpers", "--doctest-modules"]
    workers = ["-n", "auto", "--maxprocesses=8", "--dist", "loadscope"]
    return call(python, "-m", "pytest", *workers, *everything, *args)


def run(args):
    """run every notebook into build/notebooks/"""
    return call(environment.ready("test"), TOOLS / "notebooks.py", "run", *args)


def site(args):
    """build the web site of the stored notebooks into build/site/"""
    return call(environment.ready("test"), TOOLS / "website.py", *args)


def refresh(args):
    """run every notebook in place and store what comes out"""
    return call(environment.ready("test"), TOOLS / "notebooks.py", "refresh", *args)


def student(args):
    """write the student edition, without solutions, into build/student/"""
    return call(environment.ready("test"), TOOLS / "student.py", *args)


def mark(args):
    """say which exercises are solved in notebooks handed in: make mark ARGS=folder"""
    return call(environment.ready("test"), TOOLS / "marking.py", *(os.path.abspath(name) for name in args))


def bench(args):
    """time the helpers beside their peers; ARGS names parts, as in ARGS=softmax"""
    return call(environment.ready("test"), ROOT / "benchmarks", *args)


def audit(args):
    """ask the package index which of the locked versions have known security holes"""
    python = environment.ready("weekly")
    options = ["--strict", "--disable-pip", "--require-hashes", *args]
    return max(call(python, "-m", "pip_audit", *options, "-r", lock) for lock in environment.LOCKS.values())


def lint(args):
    """check the code, in modules and notebooks"""
    python = environment.ready("test")
    return call(python, "-m", "ruff", "check", *args) or call(python, "-m", "ruff", "format", "--check")


def lock(args):
    """choose and write down the exact versions of all packages"""
    python = environment.ready("reader")
    options = ["--universal", "--fork-strategy=fewest", "--python-version=3.11", "--generate-hashes", "--no-header"]
    options += ["--no-annotate", "--quiet", "--no-emit-package=gradients-by-hand", *args]
    reader = ["requirements.txt", "--group=setup", "-o", "requirements.lock"]
    tests = ["--group=test", "-c", "requirements.lock", "-o", "tests/requirements.lock"]
    weekly = ["--group=weekly", "-c", "requirements.lock", "-c", "tests/requirements.lock", "-o", "tests/weekly.lock"]
    compile_lock = [python, "-m", "uv", "pip", "compile", *options]
    return call(*compile_lock, *reader) or call(*compile_lock, *tests) or call(*compile_lock, *weekly)


def clean(_):
    """remove what the other commands made: the environment, build/ and caches"""
    environment.remove()
    for old in ROOT.glob(".venv-old-*"):
        shutil.rmtree(old, ignore_errors=True)
    for name in ("build", ".pytest_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("helpers", "tests", "tools", "notebooks"):
        for cache in [*(ROOT / folder).rglob("__pycache__"), *(ROOT / folder).rglob(".ipynb_checkpoints")]:
            shutil.rmtree(cache, ignore_errors=True)


def help(_):
    """show these lines"""
    print("make COMMAND, or python tools/course.py COMMAND:")
    for name, command in COMMANDS.items():
        print(f"  {name:8} {command.__doc__}")


COMMANDS = {
    command.__name__: command
    for command in (lab, test, run, refresh, site, student, mark, bench, audit, lint, lock, clean, help)
}
if not (ROOT / "tests").is_dir():  # the student edition
    COMMANDS = {name: COMMANDS[name] for name in ("lab", "clean", "help")}


def call(*command, own_settings=False):
    """Run a command in the project's folder and return its exit code. Ctrl-C is for the command to answer."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if own_settings else None
    try:
        return subprocess.call(
            [str(c) for c in command],
            cwd=ROOT,
            env=environment.variables(own_settings),
            preexec_fn=_hear_interrupts if own_settings and os.name == "posix" else None,
        )
    except KeyboardInterrupt:
        return 130
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _hear_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main(args):
    name = args[0] if args else "help"
    if name not in COMMANDS:
        print(f"There is no command {name!r}.", file=sys.stderr)
        help(None)
        return 2
    try:
        return COMMANDS[name](args[1:])
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{name} stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
