"""Stop what computes for too long, such as a loop that never ends, where it cannot run in a process of its own."""

import contextlib
import itertools
import sys
import time


class OutOfTime(BaseException):
    """The time is used up. No `except Exception` in a learner's code may catch this."""


@contextlib.contextmanager
def time_limit(deadline):
    """Raise OutOfTime in the block once the process has computed until the deadline. C code is not interrupted."""
    usual, steps = sys.gettrace(), itertools.count()

    def look_at_the_clock(frame, *_):
        if str(frame.f_globals.get("__name__")).startswith(("contextlib", "helpers.", "numpy")):
            return None
        if next(steps) % 100 == 0 and time.process_time() > deadline:
            raise OutOfTime
        frame.f_trace_opcodes = True  # a loop within one line would not be noticed otherwise
        return look_at_the_clock

    sys.settrace(look_at_the_clock)
    try:
        yield
    finally:
        sys.settrace(usual)
