"""The search for the wrong expression runs a learner's code thousands of times, and leaves no trace of it."""

import ctypes
import linecache
import random
import re
import sys
import time
import tracemalloc

import numpy as np
import pytest

from helpers import check_gradient

A = np.random.default_rng(1).standard_normal((5, 3))
b = np.random.default_rng(2).standard_normal(5)
w = np.random.default_rng(3).standard_normal(3)
C = A + 1j * b[:, None]
GLOBAL = np.ones(3)


def loss(w):
    return np.sum((A @ w - b) ** 2)


def without_factor(w):
    return A.T @ (A @ w - b)


class Net:
    def __init__(self):
        self.weight, self.log, self.cache = np.ones(3), [], {"calls": 0}
        self.generators = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)


def state_after_checking(seconds):
    """Check a gradient that reads and writes whatever a function can reach; return whether it was repaired, and all that."""
    random.seed(0)
    np.random.seed(0)
    net, closure, default = Net(), np.ones(3), np.ones(3)
    generator, old, standard = net.generators

    def gradient(w, default=default):
        for array in (closure, default, GLOBAL, net.weight):
            mine = array.copy()  # without the copy the next line writes into what is not its own
            mine *= 2.0
        net.log.append("called")
        net.cache["calls"] += 1
        noise = generator.random() + old.rand() + standard.random() + random.random() + np.random.rand()
        return A.T @ (A @ w - b) * mine / 2.0 + 0.0 * noise

    report = check_gradient(loss, gradient, w, seconds=seconds)
    states = [generator.bit_generator.state, old.get_state(), standard.getstate(), random.getstate(), np.random.get_state()]
    return bool(report.repair), repr([closure, default, GLOBAL, net.weight, net.log, net.cache, states])


def test_a_search_changes_nothing_that_the_learners_functions_reach():
    (unsearched, expected), (searched, state) = state_after_checking(0), state_after_checking(10)
    assert (unsearched, searched) == (False, True)
    assert state == expected


def test_a_search_prints_nothing_and_opens_no_file(capsys, tmp_path):
    file = tmp_path / "written"

    def gradient(w):
        print("called")
        print("called", file=sys.stderr)
        if np.sum(w**2) > 1000:
            file.write_text("an edit of the condition came here")
        return A.T @ (A @ w - b)

    check_gradient(loss, gradient, w, seconds=0)
    unsearched = capsys.readouterr()
    assert check_gradient(loss, gradient, w).repair
    assert capsys.readouterr() == unsearched
    assert not file.exists()


def test_an_edit_that_never_ends_is_cut_off():
    start = time.monotonic()

    def gradient(w):
        d, n = np.zeros(3), 2
        while n > 0:
            d += A.T @ (A @ w - b) / 3
            n -= 1
            if time.monotonic() > start + 60:  # so that the test ends even so
                raise TimeoutError
        return d

    assert check_gradient(loss, gradient, w).repair
    assert time.monotonic() < start + 8


def test_the_search_keeps_to_its_time_and_says_on_one_line_that_it_takes_long(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    def slow(w):
        time.sleep(0.1)
        return A.T @ (A @ w - b)

    start = time.monotonic()
    assert not check_gradient(loss, slow, w, seconds=2.5)
    assert time.monotonic() < start + 5
    out, err = capsys.readouterr()
    assert (out, "looking for the line" in err, "\n" in err) == ("", True, False)


def test_a_loop_that_ends_by_a_tiny_constant_may_need_it():
    start = time.monotonic()

    def root(a):
        u, step = a.copy(), np.ones(3)
        while np.abs(step).max() > 1e-12:
            step = (u**3 + u - a) / (3 * u**2 + 1)
            u = u - step
            if time.monotonic() > start + 60:  # so that the test ends even so
                raise TimeoutError
        return u

    report = check_gradient(lambda a: np.sum(root(a) ** 2), lambda a: 2 * root(a) / (3 * root(a) ** 2), w)
    assert "3 * root(a) ** 2 + 1" in str(report)


def test_an_edit_that_makes_ever_larger_arrays_is_cut_off():
    def gradient(a):
        u = np.zeros(3)
        for _ in range(16):
            u = u + (a - u) / 2
        return u

    tracemalloc.start()
    assert not check_gradient(lambda a: np.sum(np.exp(np.sin(a))), gradient, w, seconds=3)
    assert tracemalloc.get_traced_memory()[1] < 1e8  # bytes at most
    tracemalloc.stop()


@pytest.mark.parametrize("call", [20, 150, 400])
def test_ctrl_c_during_a_search_leaves_everything_as_it_was(call):
    calls, state = ctypes.c_int(0), {"row": np.zeros(3), "log": []}  # only the count is not put back by the search

    def gradient(x):
        state["row"] = state["row"] + 1
        state["log"].append(calls.value)
        calls.value += 1
        if calls.value == call:
            raise KeyboardInterrupt
        state["row"] = state["row"] - 1
        state["log"].pop()
        return A.T @ (A @ x - b)

    x = w.copy()
    with pytest.raises(KeyboardInterrupt):
        check_gradient(loss, gradient, x)
    assert (x.tobytes(), state["row"].tobytes(), state["log"]) == (w.tobytes(), np.zeros(3).tobytes(), [])


def gelu(x):
    return np.sum(0.5 * x * (1 + np.tanh(0.8 * (x + 0.04 * x**3))))


def gelu_slopes(x):
    t = np.tanh(0.8 * (x + 0.04 * x**3))
    du = 0.8 * (1 + 0.04 * x**2)  # 3 * 0.04
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * du


def test_an_expression_is_not_called_wrong_for_what_an_earlier_line_made_wrong():
    report = check_gradient(gelu, gelu_slopes, b)
    assert not report
    assert report.where is None or report.where.text in "0.8 * (1 + 0.04 * x**2)"


def depends_on_its_code(w):
    return loss(w) + len(sys._getframe().f_code.co_consts)  # probes have constants


def test_code_is_not_searched_if_it_does_not_give_the_same_bit_by_bit_with_probes():
    assert check_gradient(loss, without_factor, w).repair
    report = check_gradient(depends_on_its_code, without_factor, w)
    assert (bool(report), report.where, report.repair, report.right_so_far) == (False, None, None, ())


@pytest.mark.parametrize(("source", "is_searched"), [("A.T @ (A @ w - b)", True), ("A.T @ (A @ w + b)", False)])
def test_code_is_not_searched_if_its_source_has_been_changed(source, is_searched):
    scope = {"A": A, "b": b}
    exec(compile("def gradient(w):\n    return A.T @ (A @ w - b)\n", "<a cell>", "exec"), scope)
    linecache.cache["<a cell>"] = 1, None, ["def gradient(w):\n", f"    return {source}\n"], "<a cell>"
    report = check_gradient(loss, scope["gradient"], w)
    assert [bool(report), bool(report.where), bool(report.repair)] == [False, is_searched, is_searched]


def one_index_too_small(x):
    d = np.zeros(3)
    for k in range(3):
        d[k] += 2 * x[k - 1]
    return d


def powers(h, n):
    return powers(A[:3] @ h, n - 1) if n else np.sum(h**2)


def powers_back(h, n):
    return A[:3] @ powers_back(A[:3] @ h, n - 1) if n else 2 * h


FUNCTIONS = [
    (lambda x: np.sum(x**3), lambda x: 3 * x),
    (lambda x: np.sum((x - b[:3]) ** 2) / 2, lambda x: -(x - b[:3])),
    (lambda x: np.sum(np.abs(A @ x)), lambda x: A.T @ (A @ x)),
    (lambda x: np.sum(x**2), one_index_too_small),
    (lambda x: powers(x, 2), lambda x: powers_back(x, 2)),
    (lambda x: np.sort(x) @ b[:3], lambda x: b[:3][np.argsort(x)]),
    (lambda x: np.sum(abs(C @ x) ** 2), lambda x: 2 * (C.T @ (C @ x)).real),
    (lambda x: np.cumsum(x) @ b[:3], lambda x: np.cumsum(b[:3])),
]
REPAIRS = ["lambda x: 3 * x**2)", "lambda x: x - b[:3])", "lambda x: A.T @ np.sign(A @ x))", "d[k] += 2 * x[k] "]
REPAIRS += ["@ A[:3] if n", "b[:3][np.argsort(x).argsort()]", "(C.T.conj() @ (C @ x))", "np.cumsum(b[:3][::-1])[::-1]"]


@pytest.mark.parametrize(("functions", "repair"), [*zip(FUNCTIONS, REPAIRS, strict=True)])
def test_a_repair_reads_as_if_a_person_had_typed_it(functions, repair):
    report = str(check_gradient(*functions, w)).partition("  repair")[2]
    assert repair in report.splitlines()[0]
    assert not re.search(r"\*\*? 1\b|[-+] 0\b|- ?-", report)
