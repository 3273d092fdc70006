"""The exercises: a stub fails its check, a solution passes, a wrong answer is told its slip, a hostile one does no harm."""

import concurrent.futures
import contextlib
import functools
import io
import itertools
import os
import re
import sys
import threading
import time
import warnings

import nbformat
import numpy as np
import pytest
from answers import RIGHT, WRONG

import helpers
from helpers import check, log_softmax
from helpers.check import apart, numerical_gradient as numerical_gradient_check
from helpers.check.exercises import Exercise
from helpers.check.values import plain, same, shown

NAMES = check.__all__


def cells(root, tag):
    """Return {exercise: (imports of its page, source)} of the code cells with one tag."""
    found = {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        code = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        for cell in code:
            if cell.metadata.get("tags") == [tag] and (name := re.search(r"^def (?:my|our)_(\w+)", cell.source, re.M)):
                found[name[1]] = (code[0].source, cell.source)
    return found


def function(imports, source, name):
    """Run a cell of a page as the page would, up to the first line after its function."""
    space = {}
    exec(imports, space)
    exec(source.split("\n\n\n")[0], space)
    return space[name]


def test_every_check_has_an_exercise(root):
    assert set(cells(root, "exercise")) == set(cells(root, "solution")) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_fails_and_the_solution_passes(name, root):
    stub = function(*cells(root, "exercise")[name], f"my_{name}")
    solution = function(*cells(root, "solution")[name], f"our_{name}")
    assert not getattr(check, name)(stub)
    assert getattr(check, name)(solution).solved


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes_whatever_is_drawn(name, root, monkeypatch, pytestconfig):
    solution = function(*cells(root, "solution")[name], f"our_{name}")
    for seed in range(300 if pytestconfig.getoption("--thorough") else 6):
        monkeypatch.setattr("helpers.check.exercises._seed", lambda answer, seed=seed: seed)
        assert getattr(check, name)(solution), seed


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[name for name, _ in RIGHT])
def test_another_right_answer_passes(name, answer):
    verdict = getattr(check, name)(answer)
    assert verdict.solved, verdict


def test_every_exercise_has_another_right_answer_and_three_wrong_ones():
    assert {name for name, _ in RIGHT} == set(NAMES)
    for name in NAMES:
        assert len({slip for exercise, slip, _ in WRONG if exercise == name}) >= 3, name


@pytest.mark.parametrize(("name", "slip", "answer"), WRONG, ids=[f"{name}, {slip}" for name, slip, _ in WRONG])
def test_a_wrong_answer_is_told_its_slip(name, slip, answer):
    verdict = getattr(check, name)(answer)
    assert (verdict.solved, verdict.slip) == (False, slip), verdict
    hint = dict(verdict.lines)["hint"]
    assert hint.startswith(f"{slip}: ")
    assert len(hint) > len(slip) + 20


@pytest.mark.parametrize("name", NAMES)
def test_every_slip_is_told_from_the_others_whatever_is_drawn(name, monkeypatch, pytestconfig):
    exercise = getattr(check, name)
    for slip, seed in itertools.product(exercise.slips, range(30 if pytestconfig.getoption("--thorough") else 1)):
        monkeypatch.setattr("helpers.check.exercises._seed", lambda answer, seed=seed: seed)
        monkeypatch.setattr(exercise, "not_to_call", [])
        assert exercise(slip.answer).slip == slip.name


@pytest.mark.parametrize("name", NAMES)
def test_no_hint_gives_the_solution_away(name, root):
    _, solution = cells(root, "solution")[name]
    lines = [re.sub(r"\s+", "", line.partition("#")[0]) for line in solution.splitlines()[1:]]
    for slip in getattr(check, name).slips:
        hint = re.sub(r"\s+", "", slip.hint)
        assert not [line for line in lines if len(line) > 14 and line.removeprefix("return") in hint]


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_drawn_anew_for_another_text(name):
    exercise = getattr(check, name)
    draws = [repr([case.tried() for case in exercise.cases(np.random.default_rng(seed))]) for seed in range(8)]
    arrays = [
        repr([list(case.arguments.values()) for case in exercise.cases(np.random.default_rng(seed))]) for seed in (1, 2)
    ]
    assert len(set(draws)) > 1 or arrays[0] != arrays[1]


def test_what_was_shown_cannot_be_used():
    """Whoever writes the shown example and its result into the answer is asked other ones."""

    def lookup(z):
        return KNOWN.get(z.tobytes(), 0.0)

    KNOWN = {}
    assert not check.log_sum_exp(lookup)
    source = "def lookup(z):\n    return KNOWN.get(z.tobytes(), 0.0)\n"
    for version in range(3):
        space = {"KNOWN": KNOWN}
        exec(source + f"# {version}\n", space)
        space["lookup"].__code__ = space["lookup"].__code__.replace(co_consts=(*space["lookup"].__code__.co_consts, version))
        for case in check.log_sum_exp._cases(version):
            KNOWN[case.arguments["z"].tobytes()] = check.log_sum_exp.truth(case.arguments["z"])
        assert not check.log_sum_exp(space["lookup"])


def test_the_same_text_is_asked_the_same():
    verdicts = {repr(check.log_sum_exp(_nearly)) for _ in range(3)}
    assert len(verdicts) == 1


def _nearly(z):
    return z.max(axis=-1) + 0.1


def test_a_helper_in_a_thread_is_seen_through():
    def in_a_thread(z, T):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(helpers.softmax, z / T).result()

    assert check.softmax_at(in_a_thread).slip == "calls helpers.softmax"
    assert check.softmax_at(lambda z, T: np.exp(log_softmax(z / T))).slip == "calls helpers.log_softmax"
    assert (
        check.forward_gradient(lambda f, x, h: numerical_gradient_check._differences(f, x, h, 0, h)).slip
        == "borrowed answer"
    )


def test_an_answer_may_start_processes_of_its_own():
    def forks(z):
        if os.fork() == 0:
            time.sleep(100)
        return np.logaddexp.reduce(z, axis=-1)

    start = time.monotonic()
    assert sys.platform != "linux" or check.log_sum_exp(forks)
    assert time.monotonic() - start < 5


def test_answers_that_are_no_plain_functions():
    class Callable:
        def __call__(self, z):
            return np.logaddexp.reduce(z, axis=-1)

        def method(self, z):
            return self(z)

    wrapped = functools.wraps(Callable)(lambda z: np.logaddexp.reduce(z, axis=-1))
    wrapped.__wrapped__ = wrapped
    for answer in (Callable(), Callable().method, functools.partial(np.logaddexp.reduce, axis=-1), wrapped):
        assert check.log_sum_exp(answer)


def test_a_helper_under_another_name_is_seen_through():
    borrowed = helpers.softmax
    verdict = check.softmax_at(lambda z, T: borrowed(z / T))
    assert verdict.slip == "calls helpers.softmax"
    assert check.log_sum_exp(lambda z: 1 * check.log_sum_exp.truth(z)).slip == "borrowed answer"
    assert check.log_sum_exp(lambda z: 1 * check.log_sum_exp.slips[0].answer(z)).slip == "borrowed answer"


# An answer that means harm, or is merely unlucky.


class Liar:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __repr__(self):
        raise RuntimeError("no")

    __class__ = np.ndarray
    __hash__ = None
    __array_priority__ = 1e9

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")


class Sub(np.ndarray):
    def __eq__(self, other):
        return True

    __hash__ = None


def loops(z):
    while True:
        pass


ENOUGH = threading.Event()


def loops_and_catches(z):
    while not ENOUGH.is_set():
        try:
            while not ENOUGH.is_set():
                pass
        except:  # noqa: E722
            continue


def loops_in_c(z):
    return sum(itertools.repeat(0))


def sleeps(z):
    ENOUGH.wait(100)


def prints(z):
    for k in range(1_000_000):
        print(k)


def eats_memory(z):
    hoard = []
    while True:
        hoard.append(np.ones(10_000_000))


def recurses(z):
    return recurses(z)


def message_that_cannot_be_read(z):
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError("no")

    raise Bad


def breaks_numpy(z):
    np.log = np.exp = np.array = None
    helpers.check.exercises.same = lambda *_: True
    return 0.0


HOSTILE = {
    "nothing": (lambda z: None, "returns nothing"),
    "Liar": (lambda z: Liar(), "returns an object of type Liar"),
    "Sub": (lambda z: z.sum(axis=-1).view(Sub) if z.ndim > 1 else z.sum().view(Sub), None),
    "text": (lambda z: "3.0", "returns a text"),
    "huge int": (lambda z: 10**5000, "returns an array of dtype object and shape ()"),
    "complex": (lambda z: 1j, None),
    "generator": (lambda z: (k for k in z), "returns an object of type generator"),
    "sys.exit": (lambda z: sys.exit(0), "calls sys.exit"),
    "interrupt": (lambda z: (_ for _ in ()).throw(KeyboardInterrupt()), "an error in your code"),
    "two arguments": (lambda z, more: z, "cannot be called so"),
    "no message": (message_that_cannot_be_read, "an error in your code"),
    "recursion": (recurses, "calls itself without end"),
    "prints": (prints, "prints without end"),
    "writes": (lambda z: np.logaddexp.reduce(z, axis=-1) + 0 * bool(z.fill(0)), "changed argument"),
    "reshapes": (lambda z: [np.logaddexp.reduce(z, axis=-1), setattr(z, "shape", (1, *z.shape))][0], "changed argument"),
    "another dtype": (lambda z: [np.logaddexp.reduce(z, axis=-1), setattr(z, "dtype", np.int64)][0], "changed argument"),
    "half a letter": (lambda z: "\ud800", "returns a text"),
    "error with half a letter": (lambda z: [][ord("\ud800")], "an error in your code"),
    "stderr": (lambda z: [print("x", file=sys.stderr) for _ in range(20_000)], "prints without end"),
    "lists in lists": (lambda z: [[np.zeros(100)] * 20] * 20, "returns a tuple or list of 20"),
}


@pytest.fixture(params=["process", "thread"])
def way(request, monkeypatch):
    if request.param == "process" and sys.platform != "linux":
        pytest.skip("answers run in a thread here")
    if request.param == "thread":
        monkeypatch.setattr(apart.sys, "platform", "another")
    return request.param


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_gets_a_verdict(name, way):
    answer, slip = HOSTILE[name]
    verdict = check.log_sum_exp(answer)
    assert not verdict
    assert slip is None or verdict.slip == slip
    assert repr(verdict).startswith("not yet: log_sum_exp\n  tried")
    assert "0x" not in repr(verdict)
    assert check.log_sum_exp(lambda z: np.logaddexp.reduce(z, axis=-1))


@pytest.mark.parametrize("answer", [loops, loops_and_catches, sleeps])
def test_an_answer_that_does_not_end_is_given_up(answer, way, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 0.5)
    start = time.monotonic()
    verdict = check.log_sum_exp(answer)
    assert time.monotonic() - start < 8
    assert verdict.slip == "no answer"
    assert "did not end within 0.5 s" in dict(verdict.lines)["came"]
    assert dict(verdict.lines)["tried"].startswith("z = ")
    ENOUGH.set()  # a thread that is left behind would be in the way of other tests
    for thread in threading.enumerate():
        if thread.name.endswith("(work)"):
            thread.join(10)
            assert not thread.is_alive()
    ENOUGH.clear()


@pytest.mark.skipif(sys.platform != "linux", reason="answers run in a thread here, which only Python code can be stopped in")
@pytest.mark.parametrize(
    "answer", [loops_in_c, eats_memory, lambda z: os._exit(0), lambda z: os.kill(os.getpid(), 9), breaks_numpy]
)
def test_in_a_process_of_its_own_nothing_is_lost(answer, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 1.5)
    monkeypatch.setattr(apart, "MEMORY", 300 << 20)
    assert not check.log_sum_exp(answer)
    assert np.log(1) == 0
    assert check.log_sum_exp(lambda z: np.logaddexp.reduce(z, axis=-1))


def test_what_an_answer_prints_is_shown_and_nothing_else(way, capfd):
    def talks(z):
        print("shape", z.shape)
        print("two\nthree\nfour")

    verdict = check.log_sum_exp(talks)
    assert dict(verdict.lines)["printed"] == "shape (3,) / two / three"
    assert capfd.readouterr() == ("", "")


def test_an_error_comes_with_the_readers_line(tmp_path):
    source = "import numpy as np\ndef mine(z):\n    part = z - z.max()\n    return np.log(part.nosuch)\n"
    file = tmp_path / "cell.py"
    file.write_text(source)
    space = {}
    exec(compile(source, str(file), "exec"), space)
    verdict = check.log_sum_exp(space["mine"])
    assert dict(verdict.lines)["came"] == (
        "AttributeError: 'numpy.ndarray' object has no attribute 'nosuch', in your line 4: return np.log(part.nosuch)"
    )


@pytest.mark.parametrize("wrong", [None, 3.0, np.zeros(3), "softmax"])
def test_what_is_no_function_is_refused(wrong):
    with pytest.raises(TypeError, match="takes your function itself"):
        check.log_sum_exp(wrong)


def test_a_verdict_says_the_same_as_text_and_as_html():
    for verdict in (check.log_sum_exp(_nearly), check.log_sum_exp(lambda z: np.logaddexp.reduce(z, axis=-1))):
        words = [re.sub(r"[\W_]+", "", re.sub(r"<[^>]*>", "", text)) for text in (repr(verdict), verdict._repr_html_())]
        assert words[0] == words[1].replace("39", "").replace("quot", "")


@pytest.mark.parametrize(
    ("came", "wanted", "equal"),
    [
        (1.0, 1, True),
        (np.float32(0.5), 0.5, True),
        (True, True, True),
        (np.array([np.nan]), np.array([np.nan]), True),
        (np.array([np.inf]), np.array([-np.inf]), False),
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-6]), False),
        (np.array([1.0, 2.0]), np.array([[1.0, 2.0]]), False),
        ([np.zeros(2)], (np.zeros(2),), True),
        ({"a": 1}, {"b": 1}, False),
        (None, 0.0, False),
        ("x", "x", True),
    ],
)
def test_plain_values_are_compared_by_shape_and_size(came, wanted, equal):
    assert same(plain(came), plain(wanted), 1e-7) is equal


def test_values_are_shown_short():
    assert shown(plain(np.array([[1.0, 2.5], [-0.1, np.nan]]))) == "[[1, 2.5], [-0.1, nan]]"
    assert shown(plain(np.zeros((30, 40)))) == "array of shape (30, 40)"
    assert shown(plain([np.zeros((9, 9)), (1, "a")])) == "[array of shape (9, 9), [1, 'a']]"
    assert shown(plain({"W": 1.5})) == "{'W': 1.5}"
    assert shown(plain(np.array([True, False]))) == "[True, False]"


def test_an_exercise_describes_itself():
    assert repr(check.softmax_at) == "check.softmax_at: call it with your function"
    assert all(isinstance(getattr(check, name), Exercise) and name in getattr(check, name).__doc__ for name in NAMES)


def test_a_lost_thread_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(apart.sys, "platform", "another")
    monkeypatch.setattr(apart, "SECONDS", 0.2)
    streams, filters = (sys.stdout, sys.stderr), list(warnings.filters)
    assert not check.log_sum_exp(sleeps)
    left = (sys.stdout, sys.stderr), list(warnings.filters), threading.getprofile()
    ENOUGH.set()
    for thread in threading.enumerate():
        if thread.name.endswith("(work)"):
            thread.join(10)
    ENOUGH.clear()
    assert left == (streams, filters, None)


def test_what_came_back_in_part_is_no_solution(monkeypatch):
    whole = apart.collected

    def in_part(items):
        came, cut = whole(items)
        return came[:-1], cut

    monkeypatch.setattr("helpers.check.exercises.collected", in_part)
    verdict = check.log_sum_exp(lambda z: np.logaddexp.reduce(z, axis=-1))
    assert (verdict.solved, verdict.slip) == (False, "no answer")


def test_a_stopped_thread_says_so_if_it_cannot_be_stopped(monkeypatch):
    monkeypatch.setattr(apart.sys, "platform", "another")
    _, cut = apart.collected((time.sleep(3) for _ in range(1)), seconds=0.1)
    assert cut.endswith("It cannot be stopped: restart the kernel.")


def test_the_page_goes_on_after_an_interrupt(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("answers run in a thread here")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(apart, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt), contextlib.redirect_stdout(io.StringIO()):
        check.log_sum_exp(loops)
    with pytest.raises(ChildProcessError):  # no child is left behind
        os.waitpid(-1, os.WNOHANG)
