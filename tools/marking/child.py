"""What the process of one submission does: it runs the student's cells, tries the answers, and says what they did.

Our helpers are imported before any of the student's code, so that another folder of that name has no effect. The truths
are removed from memory. Still, whoever reads what this process says must not believe it: see `judge`.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import types

__all__ = ["main"]

FILE_BYTES = 50 << 20
TOTAL_CPU_SECONDS = 900
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main():
    """Do the steps that standard input asks for, and write to standard output a line of JSON for whatever happens."""
    request = json.load(sys.stdin)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # nobody waits for what a submission prints
        os.dup2(nowhere, stream)

    def say(**message):
        rest = memoryview(json.dumps(message).encode() + b"\n")
        while rest:
            rest = rest[replies.write(rest) :]

    try_answer = _our_checks()
    shell, run_cell = _shell()
    _set_limits(request)
    say(protected=_confine(request))
    for k, (kind, what) in enumerate(request["steps"]):
        if k in request["left_out"]:
            continue
        say(step=k)
        if kind == "cell":
            say(step=k, error=run_cell(what, f"<cell {k}>"))
            continue
        answer = next((shell.user_ns[name] for name in request["names"][what] if name in shell.user_ns), None)
        for case, seen in enumerate(try_answer(what, answer, request["seed"]) if callable(answer) else ()):
            say(step=k, case=case, **seen)
        say(step=k, tried=callable(answer))
    say(finished=True)


def _our_checks():
    """Return what tries an answer. No other reference to the truths is kept, and calling a check has no effect."""
    from helpers.check import EXERCISES
    from helpers.check.engine import Exercise
    from helpers.check.engine.watching import observe

    cases = {name: exercise.cases for name, exercise in EXERCISES.items()}
    forbidden = {name: [_name_and_code(function) for function in ex.forbidden] for name, ex in EXERCISES.items()}
    for exercise in EXERCISES.values():
        exercise.truth, exercise.mistakes, exercise.forbidden = None, [], []
    Exercise.__call__ = lambda self, answer, seed=None: None

    def try_answer(name, answer, seed):
        return observe(answer, cases[name](seed), forbidden[name], passing=())

    return try_answer


def _name_and_code(function):
    return types.SimpleNamespace(__name__=function.__name__, __code__=function.__code__)


def _shell():
    """Return IPython, which knows the notebooks' extra syntax, and what runs a cell and returns the error, "" if none."""
    import matplotlib

    matplotlib.use("agg")
    import ipywidgets  # noqa: F401
    import matplotlib.pyplot
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"xmode": "Minimal", "colors": "nocolor"}})
    shell = InteractiveShell.instance(config=config)
    run, compiler = shell.run_cell, shell.compile

    def run_cell(source, name):
        compiler.get_code_name = lambda *_: name
        try:
            done = run(source, silent=True)
            error = done.error_before_exec or done.error_in_exec
            return f"{type(error).__name__}: {error}"[:200] if error else ""
        except BaseException as error:
            return type(error).__name__[:200]

    return shell, run_cell


def _set_limits(request):
    """Let the system refuse what is beyond a submission's share, where it can."""
    if sys.platform == "win32":
        return
    import resource

    def limit(kind, amount):
        _, hard = resource.getrlimit(kind)
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (amount, amount))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, TOTAL_CPU_SECONDS)
    limit(resource.RLIMIT_FSIZE, FILE_BYTES)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing raises OSError
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
        limit(resource.RLIMIT_NPROC, request["processes"])
        with open("/proc/self/statm", encoding="ascii") as file:
            limit(resource.RLIMIT_AS, int(file.read().split()[0]) * resource.getpagesize() + request["memory"])


def _confine(request):
    from tools.marking.landlock import EVERYTHING, LIST, READ, USE, confine

    system = ["/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys", "/dev"]
    readable = [*system, sys.prefix, sys.base_prefix, *request["readable"]]
    return confine({READ: readable, LIST: request["listable"], USE: ["/dev/null"], EVERYTHING: [os.getcwd()]})


if __name__ == "__main__":
    main()
