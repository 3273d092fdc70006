"""The worker process, as seen from the kernel."""

import contextlib
import itertools
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time

from helpers.check.engine.worker import reason

FORKS = sys.platform == "linux"  # whether a worker forks a child for each answer
NO_WORKER = "no worker"
SECONDS_TO_START = 60
LONGEST_LINE = 1 << 21  # bytes
MOST_LINES = 100  # that may wait to be read; an answer sends one for each case
COMMAND = (
    "import os, sys; hasattr(os, 'setsid') and os.setsid(); "  # an interrupt of the kernel is not meant for the worker
    "sys.path[:] = sys.argv[2:]; from helpers.check.engine.worker import main; main()"
)
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}


class WorkerProcess:
    """A worker, which starts in the background."""

    MARK = "GRADIENTS_BY_HAND_WORKER"  # in the environment of a worker

    def __init__(self):
        self.numbers, self.ready, self.child = itertools.count(1), False, None
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "fork" if FORKS else "serve", *map(str, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD | {self.MARK: "1"},
            close_fds=False,  # so that Python does not fork this process, in which other threads may hold locks
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self.process.stdout as replies, contextlib.suppress(OSError):
            while (line := replies.readline(LONGEST_LINE)) and self.lines.qsize() < MOST_LINES:
                self.lines.put(line)
        self.lines.put(None)

    def alive(self):
        """Return whether the process is running."""
        return self.process.poll() is None

    def run(self, request):
        """Run an answer. Return what it did, a list, and how it ended, which is "" if all is well."""
        number = next(self.numbers)
        try:
            if self._is_ready() and self._send(request | {"number": number}):
                return self._replies(number, time.monotonic() + request["wall_seconds"])
            self.close()
            return [], NO_WORKER
        except BaseException:  # the reader interrupts
            self.close()
            raise
        finally:
            self.child = None

    def _is_ready(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.ready and (message := self._next(deadline)):
            self.ready = "ready" in message
        return self.ready

    def _send(self, request):
        data = pickle.dumps(request)
        with contextlib.suppress(OSError):
            self.process.stdin.write(len(data).to_bytes(8) + data)
            self.process.stdin.flush()
            return True
        return False

    def _replies(self, number, deadline):
        observations = []
        while message := self._next(deadline):
            if message.get("request") != number:
                continue  # it is about an earlier answer
            self.child = message.get("child", self.child)
            if message.get("case") == len(observations):
                observations.append(message)
            if "ended" in message:
                return observations, message["ended"]
        late = time.monotonic() > deadline
        self.close()
        return observations, "wall" if late else reason(self.process.returncode)

    def _next(self, deadline):
        """Return the next message; None if the deadline is over or the process has ended."""
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty, ValueError):
                line = self.lines.get(timeout=0.2)  # on Windows a longer wait could not be interrupted
                if line is None:
                    return None
                message = json.loads(line)
                if isinstance(message, dict):
                    return message
        return None

    def close(self):
        """End the process, and the child in which an answer runs."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        for group in {self.child, self.process.pid} - {None} if hasattr(os, "killpg") else ():
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
