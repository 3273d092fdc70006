"""What the checks of the exercises say and do, word for word and number for number: approved/exercises.txt, verdicts.txt.

The first has what is tried and expected, and what each slip makes of it, for one seed; the second what a reader is told of
each wrong answer in tests/answers.py.
"""

import dataclasses
import functools
import linecache
import os
import pathlib
import sys
import time

import answers
import numpy as np
import pytest

from helpers import check
from helpers.check import apart
from helpers.check.answers import _arrays, _change, _described, tried_by_us
from helpers.check.exercises import Exercise, _seed
from helpers.check.hints import of_result
from helpers.check.values import close, plain, same, shown
from helpers.check.verdicts import Verdict

SEED = 1


def written(value):
    """Return a plain value as text: its numbers, to four digits of its largest, or of an array that is long, two sums."""
    if value["kind"] == "list":
        return "[" + ", ".join(map(written, value["items"])) + "]"
    if value["kind"] == "dict":
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value["items"].items()) + "}"
    if value["kind"] != "array":
        return shown(value)
    a = np.array(value["values"])
    shape = "x".join(map(str, value["shape"]))
    if a.size > 24:
        weights = np.cos(np.arange(a.size))  # an order of its own, which no shuffle leaves alone
        a = np.array([a @ weights, np.abs(a) @ weights**2])
        shape += " summed up"
    finite = np.abs(a[np.isfinite(a)])
    unit = 10.0 ** (np.floor(np.log10(finite.max())) - 4) if np.any(finite) else 1.0
    with np.errstate(over="ignore"):
        a = np.where(np.abs(a) < np.inf, np.clip(np.rint(a / unit) * unit, -1.79e308, 1.79e308), a) + 0.0
    numbers = " ".join(f"{number:.6g}" for number in a)
    return f"{value['dtype']} {shape}: {numbers}" if value["shape"] else numbers


def outcome(seen):
    """Return what came of one call, as text."""
    came = written(seen["result"]) if "result" in seen else seen["error"]["type"]
    changed = "".join(f", {name} {how}" for name, how in seen["changed"])
    return came + changed + (f", {seen['complaint'][0]}" if seen["complaint"] else "")


def called(function, arguments):
    """Return what a function that is handed over gives for the arguments beside it, or for the first of them."""
    for count in (3, 2, 1):
        try:
            return f"gives {written(plain(function(*arguments[:count])))}"
        except (LookupError, TypeError, ValueError):
            continue
    return "is a function"


def tried(case):
    """Return what a case tries, as text: all of its numbers."""
    arrays = [value for value in case.arguments.values() if not callable(value)]
    given = {
        key: called(value, arrays) if callable(value) else written(plain(value)) for key, value in case.arguments.items()
    }
    return f"tried {case.tried()} ({', '.join(f'{key} = {value}' for key, value in given.items())})"


def described(name):
    """Return what an exercise tries and expects, and what its slips do, as text."""
    exercise = getattr(check, name)
    lines = [tried(case) for seed in (SEED, 2, 3) for case in exercise._cases(seed)]
    lines += [f"expected {outcome(seen)}" for seen in tried_by_us(exercise.truth, exercise._cases(SEED))]
    for slip in exercise.slips:
        lines += [f"{slip.name}: {outcome(seen)}" for seen in tried_by_us(slip.answer, exercise._cases(SEED))]
    return "\n".join(lines)


@pytest.mark.parametrize("name", check.__all__)
def test_the_exercise_and_its_slips_do_what_they_did(name, is_approved):
    is_approved("exercises", name, described(name), tolerance=2e-4)


WRONG = {f"{k}. {name}, {slip}": (name, answer) for k, (name, slip, answer) in enumerate(answers.WRONG, start=1)}


@pytest.mark.parametrize("heading", WRONG)
def test_the_wrong_answer_is_told_what_it_was(heading, is_approved, monkeypatch):
    monkeypatch.setattr("helpers.check.exercises._seed", lambda answer: SEED)
    name, answer = WRONG[heading]
    is_approved("verdicts", heading, str(getattr(check, name)(answer)))


def test_each_text_is_of_an_exercise_or_an_answer(approved_headings):
    assert approved_headings("exercises") == check.__all__
    assert approved_headings("verdicts") == list(WRONG)
    assert approved_headings("odd") == list(ODD)
    assert approved_headings("values") == list(PLAIN)
    assert len(approved_headings("results")) == len(RESULTS)


# -- answers that print, raise or write --------------------------------------------------------------

# Each is compiled from a file of its own, so that the line that is shown of it is the same when this one changes.
ODD = dict(
    part.split("\n", 1) for part in pathlib.Path(__file__).with_name("odd_answers.txt").read_text("utf-8")[3:].split("\n== ")
)


def compiled(name):
    """Return the function `mine` of an odd answer."""
    file = f"<{name}>"
    linecache.cache[file] = len(ODD[name]), None, ODD[name].splitlines(keepends=True), file
    space = {"__name__": "a_page"}
    exec(compile(ODD[name], file, "exec"), space)
    return space["mine"]


@pytest.mark.skipif(sys.platform != "linux", reason="answers run in a thread here")
@pytest.mark.parametrize("name", ODD)
def test_the_odd_answer_is_told_what_it_was(name, is_approved, monkeypatch):
    monkeypatch.setattr("helpers.check.exercises._seed", lambda answer: SEED)
    is_approved("odd", name, str(check.log_sum_exp(compiled(name))))


SPAN = np.arange(100, 140)
PLAIN = {
    "nothing": None,
    "numbers": [
        1,
        1.5,
        True,
        np.float32(0.1),
        np.int8(3),
        -0.0,
        1e15,
        1e-5,
        123456.7,
        1234567.8,
        np.nan,
        np.inf,
        12345678901234567890,
    ],
    "arrays": [
        np.arange(3),
        np.eye(2),
        np.zeros((2, 1, 2)),
        np.array(2.5),
        np.array([True, False]),
        np.zeros((0, 2)),
        np.zeros(40),
    ],
    "other_arrays": [
        np.array(["a"]),
        np.array([1j]),
        np.array([None]),
        np.ma.array([1.0]),
        np.arange(2.0).view(np.recarray),
    ],
    "texts": ["", "short", "x" * 80, "y" * 300, np.str_("n"), b"bytes"],
    "lists": [[], (), [1, (2, [3, [4, [5]]])], [[[[[1]]]]], [0.123456789] * 7, [0.123456789] * 8, [np.zeros((9, 9)), 1]],
    "dicts": [
        {},
        {"a": 1},
        {1: 1},
        {"a": {"b": [1]}},
        {f"key {k}": 0.123456789 for k in range(9)},
        {f"k{k}": k for k in range(21)},
    ],
    "width": [
        list(range(100, 116)),
        list(range(100, 117)),
        np.arange(100, 114),
        np.arange(100, 115),
        [list(range(100, 116))] * 2,
    ],
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_value_is_shown_as_it_was(name, is_approved):
    values = PLAIN[name] if isinstance(PLAIN[name], list) else [PLAIN[name]]
    is_approved(
        "values", name, "\n".join(f"{shown(plain(value))} | {shown(plain(value), 20)}" for value in values), tolerance=0
    )


RESULTS = [
    None,
    1.0,
    -1.0,
    True,
    2,
    "a",
    "b",
    np.arange(3.0),
    np.arange(3),
    np.arange(1, 4),
    -np.arange(3.0),
    2.5 * np.arange(3.0),
    np.arange(3.0) * 1.0005,
    np.arange(3.0) * 1.0011,
    np.arange(3.0)[:, np.newaxis],
    np.zeros(3),
    np.array([0, 1, np.nan]),
    np.array([0, 1, np.inf]),
    np.array([True, False, True]),
    np.arange(6.0).reshape(2, 3),
    np.arange(6.0).reshape(3, 2),
    np.arange(9.0).reshape(3, 3),
    np.arange(9.0).reshape(3, 3).T,
    [np.arange(3.0), 1.0],
    [1.0, np.arange(3.0)],
    [np.arange(3.0), 2.0],
    [np.arange(3.0), [np.zeros(3), 1.0]],
    [np.arange(3.0), [np.arange(3.0), 1.0]],
    [np.arange(3.0), [np.arange(3.0), None]],
    {"a": 1.0},
    {"a": 2.0},
    {"b": 1.0},
    object(),
]


def test_what_is_said_of_each_result_where_each_other_was_expected(is_approved):
    values = [plain(value) for value in RESULTS]
    for k, wanted in enumerate(values):
        lines = [
            f"{j} {shown(came)}: {' | '.join(of_result(came, wanted, 1e-7))}"
            for j, came in enumerate(values)
            if not same(came, wanted, 1e-7)
        ]
        is_approved("results", f"{k} {shown(wanted)}", "\n".join(lines), tolerance=0)


@pytest.mark.parametrize(
    ("came", "wanted", "least", "near"),
    [
        (1 + 0.9e-3, 1.0, 0.0, True),
        (1 + 1.1e-3, 1.0, 0.0, False),
        (0.9e-3, 0.0, 0.0, False),
        (0.9e-3, 0.0, 1.0, True),
        (2.9e-3, 0.0, 3.0, True),
        (3.1e-3, 0.0, 3.0, False),
        (0.0, 0.0, 0.0, True),
        (np.inf, np.inf, 0.0, True),
        (-np.inf, np.inf, 0.0, False),
        (np.nan, np.nan, 0.0, True),
        (1.0, np.nan, 0.0, False),
        (np.nan, 1.0, 0.0, False),
        (9e-4, np.inf, 0.0, False),
    ],
)
def test_a_number_is_near_another_by_the_largest_wanted_or_the_least(came, wanted, least, near):
    assert close(np.array([came]), np.array([wanted]), 1e-3, least).tolist() == [near]
    assert same(plain([came]), plain([wanted]), 1e-3, least) is near
    assert same(plain({"a": came}), plain({"a": wanted}), 1e-3, least) is near


def test_of_what_did_not_stay_the_same_it_is_told_how():
    x = np.array([1.0, np.nan])
    assert _change([x], [x.copy()]) == ""
    assert _change([x], [x + 1e-13]) == "rounding"
    assert _change([x], [x + 3e-12]) == "written"
    assert _change([np.array([1e6])], [np.array([1e6 + 1e-7])]) == "rounding"
    assert _change([x], [x[:1]]) == _change([x], [x.astype(np.float32)]) == _change([x], []) == "written"
    assert _change([x, x], [x, x + 1]) == "written"
    assert [a.tolist() for a in _arrays({"a": [np.ones(1), (np.zeros(1), 3)], "b": 1})] == [[1.0], [0.0]]


@pytest.mark.skipif(sys.platform != "linux", reason="answers run in a thread here")
def test_an_answer_finds_no_stream_of_the_page():
    def streams():
        yield [os.fstat(k).st_rdev == os.stat(os.devnull).st_rdev for k in (0, 1, 2)]

    ours, kept = os.pipe(), [os.dup(k) for k in (0, 1, 2)]
    try:
        for k, end in enumerate((ours[0], ours[1], ours[1])):
            os.dup2(end, k)
        came, cut = apart.collected({"null": found} for found in streams())
    finally:
        for k, stream in enumerate(kept):
            os.dup2(stream, k)
            os.close(stream)
        os.close(ours[0])
        os.close(ours[1])
    assert (came, cut) == ([{"null": [True, True, True]}], "")


@pytest.mark.parametrize("size", [0, 1, 1000, (1 << 16) - 20, 1 << 16, 300_000])
def test_what_comes_is_whole_however_long(size):
    items = [{"a": "x" * size}, {"b": 1}]
    assert apart.collected(iter(items)) == (items, "")


def test_a_child_of_an_answer_does_not_keep_the_check_waiting():
    def items():
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        yield {"a": 1}

    start = time.monotonic()
    assert sys.platform != "linux" or apart.collected(items(), 20) == ([{"a": 1}], "")
    assert time.monotonic() - start < 15


def test_lines_that_were_spoilt_are_left_out():
    text = b'{"a": 1}\nnot json\n[1]\n3\n\n{"b": 2}\n{"c": 3}'
    assert list(apart._items(text)) == [{"a": 1}, {"b": 2}]


def test_what_is_shown_is_cut_at_its_width():
    assert len(shown(plain(np.full(12, 1000)))) == len(shown(plain([np.full(10, 10_001)]))) == 72
    assert shown(plain(np.append(np.full(11, 1000), 10_000))) == "array of shape (12,)"
    assert shown(plain([np.full(9, 100_001)])) == "[array of shape (9,)]"
    assert shown(plain({"a" * 67: 1})) == repr({"a" * 67: 1})
    assert shown(plain({"a" * 68: 1})) == f"a dict with the keys {['a' * 68]}"


def test_a_dict_of_twenty_is_looked_into_and_four_deep():
    assert plain(dict.fromkeys("abcdefghijklmnopqrst", 1))["kind"] == "dict"
    assert plain(dict.fromkeys("abcdefghijklmnopqrstu", 1))["kind"] == "object"
    assert [plain([0] * n)["kind"] for n in (20, 21)] == ["list", "object"]
    deep, kinds = {"k": {"k": {"k": {"k": {"k": 1}}}}}, []
    value = plain(deep)
    while value["kind"] == "dict":
        kinds.append(value["kind"])
        value = value["items"]["k"]
    assert (len(kinds), value["says"]) == (4, "an object of type dict")
    assert plain(type("T" * 45, (), {})())["says"] == "an object of type " + "T" * 40


def test_without_a_least_a_small_number_is_compared_with_itself():
    small = np.array([1e-9])
    assert not close(small * 2, small, 1e-7).any()
    assert not same(plain(2e-9), plain(1e-9), 1e-7)
    assert close(np.array([1.5]), np.array([1.0]), 0.5).all()  # at the limit itself
    assert not Exercise("x", lambda rng: [], lambda: 0, [])._trouble(
        {"called": [], "changed": [], "complaint": None, "result": plain(1e-9)}, plain(1e-9)
    )
    assert Exercise("x", lambda rng: [], lambda: 0, [])._trouble(
        {"called": [], "changed": [], "complaint": None, "result": plain(2e-9)}, plain(1e-9)
    )


def test_a_verdict_cannot_be_changed_and_its_lines_have_a_length():
    verdict = Verdict("x", False, "slip", (("came", "y" * 400), ("hint", "z" * 401)))
    assert verdict.cases == 0
    assert verdict.lines == (("came", "y" * 400), ("hint", "z" * 400 + " ..."))
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.solved = True


def test_what_was_cut_off_after_the_last_case_is_no_solution(monkeypatch):
    whole = apart.collected
    monkeypatch.setattr("helpers.check.exercises.collected", lambda items: (whole(items)[0], "It did not end."))
    verdict = check.log_sum_exp(compiled("right"))
    assert str(verdict) == "not yet: log_sum_exp\n  came  It did not end."


def test_a_partial_function_is_asked_what_its_function_is():
    def answer(z, axis=-1):
        return np.logaddexp.reduce(z, axis=axis)

    class Answer:
        func = staticmethod(answer)

        def __call__(self, z):
            return answer(z)

    assert _seed(functools.partial(answer, axis=-1)) == _seed(answer)
    assert _seed(Answer()) != _seed(answer)
    assert _seed(answer) == _seed(answer) != _seed(compiled("right"))


def test_errors_are_described_by_the_last_line_that_is_the_answers():
    def error_of(function):
        try:
            function(np.ones(2))
        except Exception as error:
            return _described(error, function)

    own = error_of(compiled("raises_in_a_function_of_its_own"))
    assert (own["line"], own["code"], own["theirs"]) == (2, "return z.nosuch", True)
    called = error_of(compiled("takes_nothing"))
    assert (called["line"], called["code"], called["theirs"]) == (0, "", False)
    deep = error_of(compiled("raises_in_numpy"))
    assert (deep["line"], deep["code"]) == (3, "return np.linalg.inv(z[0])")
    at_home = {"__name__": "__main__"}
    exec(compile("def part(z):\n    return z.nosuch\n", "<another cell>", "exec"), at_home)
    linecache.cache["<another cell>"] = 1, None, ["def part(z):\n", "    return z.nosuch\n"], "<another cell>"
    outside = dict(at_home, __name__="a_library")
    exec(compile("def part(z):\n    return z.nosuch\n", "<a library>", "exec"), outside)
    assert error_of(lambda z: at_home["part"](1 * z))["code"] == "return z.nosuch"
    assert "outside" in error_of(lambda z: outside["part"](1 * z))["code"]


@pytest.mark.skipif(sys.platform != "linux", reason="answers run in a thread here")
def test_an_answer_has_the_memory_of_the_page_and_some_more():
    def limits():
        yield {
            "soft": resource.getrlimit(resource.RLIMIT_AS)[0],
            "has": int(pathlib.Path("/proc/self/statm").read_text().split()[0]),
        }

    resource = pytest.importorskip("resource")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ((came,), cut) = apart.collected(limits())
    wanted = came["has"] * resource.getpagesize() + apart.MEMORY
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    assert cut == ""
    assert abs(came["soft"] - most) < 64 << 20
