"""Run a submission in a process of its own, and write down what that process says."""

import contextlib
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading

from tools.marking import children
from tools.marking.limits import LIMITS, REASONS, Meter, processes_of_this_user

__all__ = ["Stopped", "perform"]

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST_LINE, MOST_BYTES = 1 << 21, 1 << 26
MOST_STARTS = 5
COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from tools.marking.child import main; main()"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}


class Stopped(Exception):
    """The teacher has pressed Ctrl-C."""


class Outcome:
    """What was heard from the processes of one submission.

    observations : dict, for each step that tries an answer what the answer did, and how it ended, "" if all is well
    errors : dict, for each cell that raised an error or was stopped what happened
    protected : bool, whether the process could not write to the files of others
    """

    def __init__(self):
        self.observations, self.errors, self.protected = {}, {}, True


def perform(steps, names, seed, stop, limits=LIMITS):
    """Run cells and try answers in a process of their own.

    A step that ends the process, or has to be ended, is left out when the others are done once more in another process.

    Parameters
    ----------
    steps : list of pairs
        ("cell", source) or ("answer", name of an exercise).
    names : dict
        For each exercise the names that the answer may have.
    seed : int
        From which the cases are drawn.
    stop : threading.Event
        Ends the process when it is set.
    limits : Limits

    Returns
    -------
    Outcome

    Raises
    ------
    Stopped
        If `stop` was set.
    RuntimeError
        If the process does not come as far as the first step.
    """
    outcome, left_out = Outcome(), set()
    for _ in range(MOST_STARTS):
        request = {"steps": steps, "names": names, "seed": seed, "memory": limits.memory}
        request |= {"left_out": sorted(left_out | outcome.observations.keys())}
        step, how = _one_process(request, outcome, stop, limits)
        if step is None:
            raise RuntimeError(f"the process of the submission did not start ({how})")
        if not how or step in left_out:
            break
        left_out.add(step)
        if steps[step][0] == "cell":
            outcome.errors[step] = f"stopped: {REASONS[how]}"
        else:
            outcome.observations[step] = (outcome.observations.get(step, ([], ""))[0], how)
    return outcome


def _one_process(request, outcome, stop, limits):
    """Do the steps in one process; return the step that was the last, and why it ended there, "" if it did not."""
    with tempfile.TemporaryDirectory(prefix="marking-", ignore_cleanup_errors=True) as folder:
        process = _start(folder, request | {"processes": processes_of_this_user() + limits.processes})
        try:
            return _listen(process, request["steps"], outcome, stop, limits)
        finally:
            children.end(process)


def _start(folder, request):
    passed = ("COMSPEC", "LANG", "LC_ALL", "MPLCONFIGDIR", "PATH", "PATHEXT", "SYSTEMROOT", "WINDIR")  # and no secrets
    variables = {name: os.environ[name] for name in passed if name in os.environ}
    variables |= dict.fromkeys(("HOME", "IPYTHONDIR", "TEMP", "TMP", "TMPDIR"), folder)
    variables |= ONE_THREAD | {"GRADIENTS_BY_HAND_WORKER": "1"}  # helpers.check starts no worker of its own
    modules = [str(path) for path in (ROOT / "helpers").iterdir() if path.name != "check"]  # which has been imported by then
    request |= {"readable": [*modules, os.environ.get("MPLCONFIGDIR", folder)], "listable": [str(ROOT / "helpers")]}
    command = [sys.executable, "-I", "-X", "utf8", "-c", COMMAND, str(ROOT)]
    process = children.start(command, cwd=folder, env=variables)
    with contextlib.suppress(OSError), process.stdin:
        process.stdin.write(json.dumps(request).encode())
    return process


def _lines(process):
    """Return a queue of what the process writes: lines, and None when it has come to its end or has written too much."""
    lines = queue.SimpleQueue()

    def read():
        total = 0
        with contextlib.suppress(OSError, ValueError):
            while total < MOST_BYTES and (line := process.stdout.readline(LONGEST_LINE)):
                total += len(line)
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _listen(process, steps, outcome, stop, limits):
    lines, step, meter = _lines(process), None, Meter(process.pid, limits)
    while True:
        line = _next(lines, process)
        if line is None:
            return step, "exit" if _has_ended(process) else "output"
        message = _message(line)
        if message.get("finished"):
            return step or 0, ""
        if message.get("step") in range(len(steps)) and message["step"] != step:
            step = message["step"]
            meter.restart(steps[step][0])
        _note(message, step, outcome)
        if stop.is_set():
            raise Stopped
        if how := meter.exceeded():
            return step, how


def _next(lines, process):
    """Return the next line; b"" if there is none yet, and None if there will be no more."""
    with contextlib.suppress(queue.Empty):
        return lines.get(timeout=0.2)
    if process.poll() is None:
        return b""
    with contextlib.suppress(queue.Empty):
        return lines.get(timeout=2)  # what it wrote last may still be on its way
    return None  # what it has started holds the pipe open


def _has_ended(process):
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return False
    return True


def _message(line):
    try:
        message = json.loads(line) if line else {}
    except (ValueError, RecursionError):
        message = {}
    return message if isinstance(message, dict) else {}


def _note(message, step, outcome):
    if "protected" in message and step is None:
        outcome.protected = message["protected"] is True
    elif message.get("error") and isinstance(message["error"], str):
        outcome.errors[step] = message["error"][:200]
    elif "tried" in message:
        outcome.observations.setdefault(step, ([], ""))
    elif "case" in message:
        observations, _ = outcome.observations.setdefault(step, ([], ""))
        if message["case"] == len(observations) < 1000:
            observations.append(message)
