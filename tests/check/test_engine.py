"""The machinery of the checks: where answers run, what they are told, and that none of them does harm."""

import re
import signal
import sys
import threading
import time

import harmful
import numpy as np
import pytest
from harmful import right

import helpers
from helpers import check
from helpers.check.engine import process, runner
from helpers.check.engine.values import plain, same, shown

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these calls")


@pytest.fixture(params=["in a process", "in a browser"])
def way(request, monkeypatch):
    """Run answers in a process of their own, and as in a browser, which has no processes."""
    if request.param == "in a browser":
        monkeypatch.setattr(sys, "platform", "emscripten")


@pytest.fixture
def limits(monkeypatch):
    """Return a function that sets low limits, but for those that it is given."""
    low = runner.Limits(cpu_seconds=0.3, wall_seconds=60, memory=100 << 20)
    return lambda **changes: monkeypatch.setattr(runner, "LIMITS", low._replace(**changes))


@pytest.mark.parametrize("name", harmful.ODD)
def test_an_odd_answer_gets_a_verdict(name, way):
    answer, mistake = harmful.ODD[name]
    verdict = check.log_sum_exp(answer)
    assert not verdict
    assert mistake in (None, verdict.mistake)
    assert repr(verdict).startswith("not yet: log_sum_exp\n  tried")
    assert "0x" not in repr(verdict)
    assert check.log_sum_exp(right)


@ON_LINUX
@pytest.mark.parametrize("name", harmful.DEADLY)
def test_a_deadly_answer_ends_alone(name, limits):
    answer, mistakes, idle = harmful.DEADLY[name]
    limits(wall_seconds=0.5 if idle else 60)
    verdict = check.log_sum_exp(answer)
    assert verdict.mistake in mistakes, verdict
    assert dict(verdict.lines)["tried"].startswith("z = ")
    limits(cpu_seconds=10)
    assert check.log_sum_exp(right)


@pytest.mark.thorough
def test_a_worker_that_cannot_fork_is_replaced(limits, monkeypatch):
    runner.stop()
    monkeypatch.setattr(process, "FORKS", False)
    for answer, wall_seconds in ((harmful.loops, 60), (harmful.loops_in_c, 0.5), (harmful.eats_memory, 60)):
        limits(wall_seconds=wall_seconds)
        assert check.log_sum_exp(answer).mistake in ("does not end", "too much memory")
    limits(cpu_seconds=10)
    assert check.log_sum_exp(right)
    runner.stop()


def test_a_loop_is_stopped_where_there_are_no_processes(limits, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    limits()
    assert check.log_sum_exp(harmful.loops).mistake == "does not end"
    assert sys.gettrace() is None


def test_what_an_answer_breaks_is_whole_for_the_page_and_for_the_next_answer():
    assert not check.log_sum_exp(harmful.breaks_numpy_and_the_check)
    assert np.log(1) == 0
    assert check.log_sum_exp(lambda z: z.max(axis=-1) + np.log(np.exp(z - z.max(axis=-1)[..., None]).sum(axis=-1)))


@ON_LINUX
def test_an_answer_may_start_processes_and_the_page_does_not_wait_for_them():
    start = time.monotonic()
    assert check.log_sum_exp(harmful.starts_a_process)
    assert check.log_sum_exp(harmful.returns_twice)
    assert time.monotonic() - start < 60  # one of them would sleep for 100 s


def test_waiting_is_not_counted_as_computing(limits):
    """On a busy machine an answer waits most of the time; here it sleeps instead, 6 times 0.1 s."""
    limits()
    assert check.log_sum_exp(harmful.waits_for_a_moment)


def test_a_check_works_while_another_thread_multiplies_matrices():
    done = threading.Event()

    def work():
        a = np.ones((600, 600))
        while not done.is_set():
            a @ a

    thread = threading.Thread(target=work)
    thread.start()
    runner.stop()  # so that a worker is started beside that thread, too
    verdicts = [check.log_sum_exp(right) for _ in range(3)]
    done.set()
    thread.join()
    assert all(verdicts)


@ON_LINUX
def test_the_page_goes_on_after_an_interrupt():
    threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        check.log_sum_exp(harmful.loops)
    assert check.log_sum_exp(right)


NOTEBOOK = """
import functools, threading
import numpy as np
table, lock = {"shift": np.zeros(3)}, threading.Lock()
class Net:
    scale = 1.0
    def __init__(self): self.calls = 0
    def __call__(self, z): return self.answer(z)
    def answer(self, z):
        self.calls += 1
        return self.scale * helper(z) + table["shift"][0]
    @functools.cached_property
    def property(self): return 1
class Deep(Net):
    def answer(self, z): return super().answer(z)
def helper(z):
    return np.logaddexp.reduce(z, axis=-1)
def recursive(z, depth=2):
    return recursive(z, depth - 1) if depth else helper(z)
def make():
    def inner(z, again=True):
        return inner(z, False) if again else helper(z)
    return inner
def with_lock(z):
    with lock: return helper(z)
@functools.lru_cache
def cached(size): return 0.0
answers = [
    helper, recursive, make(), Net(), Deep(), Net().answer, Deep().answer, functools.partial(recursive, depth=1), with_lock,
    lambda z: helper(z), lambda z: helper(z) + cached(3), functools.wraps(Net)(lambda z: helper(z)), np.vectorize(helper,
    signature="(n)->()"), functools.partial(np.logaddexp.reduce, axis=-1),
]
"""


def test_answers_of_all_kinds_reach_the_worker_with_what_they_use_of_the_notebook():
    space = {"__name__": "__main__"}
    exec(NOTEBOOK, space)
    for answer in space["answers"]:
        verdict = check.log_sum_exp(answer)
        assert verdict, (answer, verdict)


def test_helpers_that_would_do_the_work_are_noticed_however_they_are_called():
    borrowed, log_sum_exp = helpers.softmax, check.log_sum_exp
    assert check.softmax_at(harmful.uses_a_thread).mistake == "calls helpers.softmax"
    assert check.softmax_at(lambda z, T: borrowed(z / T)).mistake == "calls helpers.softmax"
    assert check.softmax_at(lambda z, T: np.exp(helpers.log_softmax(z / T))).mistake == "calls helpers.log_softmax"
    assert log_sum_exp(lambda z: 1 * check.log_sum_exp.truth(z)).mistake == "calls the check"
    assert log_sum_exp(lambda z: 1 * check.log_sum_exp.mistakes[0].answers[0](z)).mistake == "calls the check"
    assert check.softmax(check.softmax.truth).mistake == "calls the check"


def test_what_an_answer_prints_is_shown_and_nothing_else(way, capfd):
    def talks(z):
        print("shape", z.shape)
        print(np.array([1 / 3]))
        print("three\nfour")

    with np.printoptions(precision=2):
        verdict = check.log_sum_exp(talks)
    assert dict(verdict.lines)["printed"] == "shape (3,) / [0.33] / three"
    assert capfd.readouterr() == ("", "")


def test_an_error_is_shown_with_the_readers_line(way, tmp_path):
    source = "import numpy as np\ndef mine(z):\n    part = z - z.max()\n    return np.log(part.nosuch)\n"
    file, space = tmp_path / "cell.py", {}
    file.write_text(source)
    exec(compile(source, str(file), "exec"), space)
    assert dict(check.log_sum_exp(space["mine"]).lines)["got"] == (
        "AttributeError: 'numpy.ndarray' object has no attribute 'nosuch', in your line 4: return np.log(part.nosuch)"
    )


def test_what_is_no_function_is_refused():
    for wrong in (None, 3.0, np.zeros(3), "softmax"):
        with pytest.raises(TypeError, match="takes your function itself"):
            check.log_sum_exp(wrong)


def test_a_verdict_says_the_same_as_text_and_as_html():
    for verdict in (check.log_sum_exp(lambda z: z.max(axis=-1)), check.log_sum_exp(right)):
        words = [re.sub(r"[\W_]+", "", re.sub(r"<[^>]*>", "", text)) for text in (repr(verdict), verdict._repr_html_())]
        assert words[0] == words[1].replace("x27", "").replace("39", "").replace("quot", "")


def test_a_single_number_is_not_called_a_multiple_of_the_right_one():
    """2 / (max + min) is a right idea for another question, and any number is some multiple of any other."""
    for answer in (lambda c: 2 / np.sqrt(np.sum(c**2)), lambda c: 1.9 / np.max(c[:2])):
        assert check.largest_rate(answer).mistake == "wrong result"
    assert "0.5 times" in repr(check.right_per_digit(lambda t, p: 0.5 * np.bincount(t, t == p, 10) / np.bincount(t)))


EQUAL = [
    (1.0, 1), (np.float32(0.5), 0.5), (True, True), ("x", "x"), ([np.zeros(2)], (np.zeros(2),)),
    (np.array([np.nan]), np.array([np.nan])),
]  # fmt: skip
UNEQUAL = [
    (np.array([np.inf]), np.array([-np.inf])), (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-6])),
    (np.array([1.0, 2.0]), np.array([[1.0, 2.0]])), ({"a": 1}, {"b": 1}), (None, 0.0),
]  # fmt: skip


def test_values_are_compared_by_shape_and_size():
    assert all(same(plain(got), plain(expected), 1e-7) for got, expected in EQUAL)
    assert not any(same(plain(got), plain(expected), 1e-7) for got, expected in UNEQUAL)


def test_values_are_shown_short():
    assert shown(plain(np.array([[1.0, 2.5], [-0.1, np.nan]]))) == "[[1, 2.5], [-0.1, nan]]"
    assert shown(plain(np.zeros((30, 40)))) == "array of shape (30, 40)"
    assert shown(plain([np.zeros((9, 9)), (1, "a")])) == "[array of shape (9, 9), [1, 'a']]"
    assert shown(plain({"W": 1.5})) == "{'W': 1.5}"
    assert shown(plain(np.array([True, False]))) == "[True, False]"


def test_an_exercise_describes_itself():
    assert repr(check.softmax_at) == "check.softmax_at: call it with your function"
    assert all(f"check.{name}(" in exercise.__doc__ for name, exercise in check.EXERCISES.items())
