"""Answers to check.log_sum_exp that mean harm or are merely unlucky."""

import concurrent.futures
import itertools
import os
import signal
import sys
import time

import numpy as np

import helpers


def right(z):
    return np.logaddexp.reduce(z, axis=-1)


def refuses(*_, **__):
    raise RuntimeError("no")


class Liar:
    """Claims to be an array, and to be equal to everything."""

    __class__ = np.ndarray
    __hash__ = None
    __repr__ = __array__ = refuses

    def __eq__(self, other):
        return True


class EqualToAll(np.ndarray):
    __hash__ = None
    __eq__ = Liar.__eq__


class Unreadable(Exception):
    __str__ = refuses


def raises(error):
    def answer(z):
        raise error

    return answer


def recurses(z):
    return recurses(z)


def breaks_numpy_and_the_check(z):
    np.log = np.exp = np.array = None
    helpers.check.engine.exercise.same = lambda *_: True
    return 0.0


def damages(change):
    """Return an answer that is right, and changes z."""

    def answer(z):
        result = right(z)
        change(z)
        return result

    return answer


def prints(stream):
    return lambda z: [print("\n" * 1000, file=getattr(sys, stream)) for _ in range(1000)]


ODD = {  # answer: the mistake that should be named, or None if it does not matter
    "nothing": (lambda z: None, "returns nothing"),
    "an object that lies": (lambda z: Liar(), "returns an object of type Liar"),
    "an array that lies": (lambda z: np.asarray(right(z)).view(EqualToAll), None),
    "a string": (lambda z: "3.0", "returns a string"),
    "half a letter": (lambda z: "\ud800", "returns a string"),
    "a huge integer": (lambda z: 10**5000, None),
    "a complex number": (lambda z: 1j, None),
    "a generator": (lambda z: (k for k in z), "returns an object of type generator"),
    "lists in lists": (lambda z: [[np.zeros(100)] * 20] * 20, "returns a tuple or list of 20"),
    "very much": (lambda z: [[np.zeros(9_000)] * 20] * 9, None),
    "sys.exit": (raises(SystemExit(0)), "calls sys.exit"),
    "no message": (raises(Unreadable()), "error in your code"),
    "half a letter in an error": (lambda z: [][ord("\ud800")], "error in your code"),
    "two parameters": (lambda z, more: z, "wrong parameters"),
    "recursion": (recurses, "endless recursion"),
    "prints": (prints("stdout"), "prints too much"),
    "prints to stderr": (prints("stderr"), "prints too much"),
    "writes": (damages(lambda z: z.fill(0)), "changed argument"),
    "another shape": (damages(lambda z: setattr(z, "shape", (1, *z.shape))), "changed argument"),
    "another dtype": (damages(lambda z: setattr(z, "dtype", np.int64)), "changed argument"),
    "rounds": (damages(lambda z: z.__imul__(1 + 1e-15)), "restored by arithmetic"),
}


def loops(z):
    while True:
        pass


def loops_and_catches(z):
    while True:
        try:
            while True:
                pass
        except:  # noqa: E722
            continue


def loops_in_c(z):
    return sum(itertools.repeat(0))


def eats_memory(z):
    hoard = []
    while True:
        hoard.append(np.ones(10_000_000))


def floods_all_pipes(z):
    for stream in range(3, 30):
        try:
            while True:
                os.write(stream, b"x" * 100_000)
        except OSError:
            continue


def starts_a_process(z):
    if os.fork() == 0:
        time.sleep(100)
    return right(z)


def returns_twice(z):
    os.fork()
    return right(z)


def waits_for_a_moment(z):
    time.sleep(0.1)
    return right(z)


def uses_a_thread(z, T):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(helpers.softmax, z / T).result()


DEADLY = {  # answer: the mistakes of which one should be named, and whether the answer hardly computes
    "loops": (loops, {"does not end"}, False),
    "loops and catches": (loops_and_catches, {"does not end"}, False),
    "loops in C": (loops_in_c, {"does not end"}, False),
    "sleeps": (lambda z: time.sleep(100), {"does not end"}, True),
    "eats memory": (eats_memory, {"too much memory"}, False),
    "os._exit": (lambda z: os._exit(0), {"ends Python"}, False),
    "kills itself": (lambda z: os.kill(os.getpid(), signal.SIGTERM), {"ends Python"}, False),
    "closes all files": (lambda z: os.closerange(0, 100), {"ends Python", "does not end"}, True),
    "floods all pipes": (floods_all_pipes, {"ends Python", "does not end"}, True),
}
