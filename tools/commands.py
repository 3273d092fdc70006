"""What each command of the course does, once the environment is ready."""

import os
import shutil
import sys

import environment
import packages
from launch import call

ROOT = packages.ROOT
TOOLS = ROOT / "tools"


def lab(args):
    """open JupyterLab on the first notebook"""
    python = environment.ready("reader")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    start = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=localhost",  # whatever a reader's own settings say
        "--ServerApp.identity_provider_class=tools.identity.TokenRequired",  # a token, too
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
    python = environment.ready("weekly" if "--thorough" in args else "test")
    everything = ["--nbval", "notebooks", "tests", "helpers", "--doctest-modules"]
    workers = ["-n", "auto", "--maxprocesses=8", "--dist", "loadscope"]
    return call(python, "-m", "pytest", *workers, *everything, *args)


def run(args):
    """run every notebook into build/notebooks/"""
    return call(environment.ready("test"), TOOLS / "notebooks.py", "run", *args)


def site(args):
    """build the web site of the stored notebooks into build/site/"""
    return call(environment.ready("site"), TOOLS / "website.py", *args)


def address(args):
    """write the site's address into the README, the citation and the notebooks: ARGS=https://..."""
    return call(environment.ready("test"), TOOLS / "address.py", *args)


def refresh(args):
    """run every notebook in place and store what comes out"""
    return call(environment.ready("test"), TOOLS / "notebooks.py", "refresh", *args)


def student(args):
    """write the student edition, without solutions, into build/student/"""
    return call(environment.ready("test"), TOOLS / "student.py", *args)


def assignments(args):
    """write the exercises for nbgrader and otter into build/assignments/"""
    return call(environment.ready("test"), TOOLS / "assignments.py", *args)


def mark(args):
    """say which exercises are solved in notebooks handed in: make mark ARGS=folder"""
    paths = [arg if arg.startswith("-") else os.path.abspath(arg) for arg in args]
    return call(environment.ready("test"), "-m", "tools.marking", *paths, answers_interrupts=True)


def bench(args):
    """time the helpers beside their peers; ARGS names parts, as in ARGS=softmax"""
    return call(environment.ready("test"), ROOT / "benchmarks", *args)


def audit(args):
    """ask the package index which of the locked versions have known security holes"""
    python = environment.ready("weekly")
    locked = environment.VENV / "locked.txt"
    options = ["--strict", "--disable-pip", "--require-hashes", *args]
    return call(*packages.export(["setup", *packages.GROUPS], locked)) or call(
        python, "-m", "pip_audit", *options, "-r", locked
    )


def lint(args):
    """check the code, in modules and notebooks"""
    python = environment.ready("test")
    return call(python, "-m", "ruff", "check", *args) or call(python, "-m", "ruff", "format", "--check")


def lock(args):
    """choose the newest versions of all packages, and store them in uv.lock with their hashes"""
    return call(environment.ready("reader"), "-m", "uv", "lock", "--upgrade", *args)


def clean(_):
    """remove what the other commands made: the environment, build/ and caches"""
    environment.remove()
    for name in ("build", ".pytest_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("helpers", "tests", "tools", "notebooks"):
        for cache in [*(ROOT / folder).rglob("__pycache__"), *(ROOT / folder).rglob(".ipynb_checkpoints")]:
            shutil.rmtree(cache, ignore_errors=True)


def help(_):
    """show these lines"""
    print("make COMMAND, or python tools/course.py COMMAND:")
    for name, command in COMMANDS.items():
        print(f"  {name:11} {command.__doc__}")


EVERY = (lab, test, run, refresh, site, address, student, assignments, mark, bench, audit, lint, lock, clean, help)
COMMANDS = {command.__name__: command for command in EVERY}
if not (ROOT / "tests").is_dir():  # the student edition
    COMMANDS = {name: COMMANDS[name] for name in ("lab", "clean", "help")}


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
