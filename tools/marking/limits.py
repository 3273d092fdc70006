"""How much a submission may use, and how much it does use."""

import contextlib
import os
import sys
import time
from typing import NamedTuple

import psutil

__all__ = ["LIMITS", "REASONS", "Limits", "Meter", "processes_of_this_user"]


class Limits(NamedTuple):
    """What a cell may use, and an answer in all its cases together."""

    cell_seconds: float = 30  # of computing time; on a busy machine a process waits, and that is not held against it
    answer_seconds: float = 10
    wall_seconds: float = 120
    memory: int = 2 << 30  # bytes, in addition to what Python itself needs
    processes: int = 30


LIMITS = Limits()
REASONS = {
    "cpu": "it takes too long",
    "wall": "it waits too long",
    "memory": "it takes too much memory or too many processes",
    "output": "it writes too much",
    "exit": "it ended Python",
}


class Meter:
    """Measures what a process and its children use in a step."""

    def __init__(self, pid, limits):
        self.process, self.limits, self.looked = psutil.Process(pid), limits, time.monotonic()
        self.restart("cell")

    def restart(self, kind):
        """Begin to measure a step, "cell" or "answer"."""
        self.seconds = self.limits.cell_seconds if kind == "cell" else self.limits.answer_seconds
        self.wall, self.cpu = time.monotonic(), self._use()[0]

    def exceeded(self):
        """Return the name of a limit that is exceeded, "" if none is."""
        now = time.monotonic()
        if now - self.wall > self.limits.wall_seconds:
            return "wall"
        if now - self.looked < 0.5:
            return ""
        self.looked = now
        cpu, memory, processes = self._use()
        if processes > self.limits.processes or memory > self.limits.memory:
            return "memory"
        return "cpu" if cpu - self.cpu > self.seconds else ""

    def _use(self):
        cpu = memory = processes = 0
        with contextlib.suppress(psutil.Error):
            for process in [self.process, *self.process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    cpu += sum(process.cpu_times()[:2])
                    memory += process.memory_info().rss
                    processes += 1
        return cpu, memory, processes


def processes_of_this_user():
    """Return how many threads this user runs: Linux counts them together when it limits processes."""
    if sys.platform != "linux":
        return 0
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            count += process.num_threads() if process.uids().real == os.getuid() else 0
    return count
