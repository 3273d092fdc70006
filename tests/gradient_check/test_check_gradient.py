"""check_gradient names the causes of tests/bugs.py, and is silent about what is right.

From a run: 124 bugs, all caught and all named by their cause; 420 right gradients of random networks (linear, tanh and
ReLU, in both types), 80 of many entries and 44 of plain functions, and no word about any of them.
"""

import contextlib
import dataclasses
import functools
import html
import itertools
import re
import warnings

import bugs
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from bugs import batch, price, regression, rng, softmax, square

from helpers import check_gradient, diagnosis
from helpers.diagnosis import RULES
from helpers.evidence import Line
from helpers.reaching import generator_states, named, reachable, with_variable

FLOATS = (np.float64, np.float32)


def test_the_figures_above_are_of_this_suite():
    networks, large, plain = 70 * 6, 20 * 4, 11 * 4
    said = " ".join(__doc__.split())
    assert f"{len(bugs.BUGS)} bugs, all caught" in said
    assert f"{networks} right gradients" in said
    assert f"{large} of many entries and {plain} of plain" in said


# -- caught, and named ------------------------------------------------------------------------------


@pytest.mark.parametrize(("names", "make"), [bug[1:] for bug in bugs.BUGS], ids=[bug[0] for bug in bugs.BUGS])
def test_the_cause_is_named_and_x_is_what_it_was(names, make):
    np.random.seed(0)
    f, gradient, x = make()
    before = x.tobytes()
    report = check_gradient(f, gradient, x)
    assert x.tobytes() == before
    assert report.findings, "passed in silence"
    assert report.findings[0].name in names, str(report)
    assert bool(report) == report.ok == (report.findings[0].name == "near a kink")


def test_every_family_has_two_members_and_every_rule_one():
    names = [name for _, names, _ in bugs.BUGS for name in names]
    families = {name for name in names if name not in ("near a kink", "shape", "zero gradient", "cause not recognised")}
    assert {name: names.count(name) for name in families if names.count(name) < 2} == {}
    assert {name for rules in RULES.values() for name, _ in rules} <= set(names)


def test_up_to_256_entries_four_evaluations_an_entry_and_a_few_more_are_spent():
    spent = []
    for _, _, make in bugs.BUGS:
        np.random.seed(0)
        f, gradient, x = make()
        spent.append(check_gradient(f, gradient, x).evaluations - 4 * x.size)
    assert np.median(spent) <= 10
    assert max(spent) <= 60


# -- no false alarm ------------------------------------------------------------------------------------


def network(seed, dtype, hidden, activation):
    """Return a random network as (x, loss, gradient): sizes, scale, batch and penalty vary with the seed."""
    r = np.random.default_rng(seed)
    n, sizes = int(r.integers(1, 40)), [int(k) for k in r.integers(2, 12, hidden + 2)]
    inputs, labels = r.standard_normal((n, sizes[0])).astype(dtype), r.integers(0, sizes[-1], n)
    scale, penalty = r.choice([0.1, 1, 3]), dtype(r.choice([0, 0.01]))
    shapes = list(itertools.pairwise(sizes))
    W = [(r.standard_normal(shape) * scale / np.sqrt(shape[0])).astype(dtype) for shape in shapes]
    b = [(r.standard_normal(shape[1]) * 0.1).astype(dtype) for shape in shapes]

    def forward():
        layers, sums = [inputs], []
        for weights, bias in zip(W, b, strict=True):
            sums.append(layers[-1] @ weights + bias)
            layers.append(np.tanh(sums[-1]) if activation == "tanh" else np.maximum(sums[-1], 0))
        return layers, sums

    def loss(_):
        z = forward()[1][-1]
        z = z - z.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(n), labels]) + penalty * sum((w**2).sum() for w in W)

    def gradients():
        layers, sums = forward()
        d, dW, db = softmax(sums[-1]), [], []
        d[np.arange(n), labels] -= 1
        d /= dtype(n)
        for k in reversed(range(len(W))):
            dW.append(layers[k].T @ d + 2 * penalty * W[k])
            db.append(d.sum(axis=0))
            d = d @ W[k].T
            d = d * ((1 - layers[k] ** 2) if activation == "tanh" else (sums[k - 1] > 0)) if k else d
        return dW[::-1] + db[::-1]

    k = int(r.integers(len(W) + len(b)))
    return (W + b)[k], loss, lambda _: gradients()[k]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("hidden", "activation"), [(0, "tanh"), (1, "tanh"), (1, "relu")])
def test_right_gradients_of_random_networks_pass_without_a_word(dtype, hidden, activation):
    loud = []
    for seed in range(70):
        x, loss, gradient = network([seed, hidden], dtype, hidden, activation)
        report = check_gradient(loss, gradient if seed % 2 else gradient(x), x)
        if not report or report.findings:
            loud.append((seed, x.shape, str(report)))
    assert loud == []


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [300, 5000])
def test_right_gradients_of_many_entries_pass_without_a_word(dtype, size):
    for seed in range(20):
        r = np.random.default_rng(seed)
        c, x = r.standard_normal(size).astype(dtype), r.standard_normal(size).astype(dtype)
        assert check_gradient(lambda x: (c * np.sin(x)).sum(), lambda x: c * np.cos(x), x).findings == ()  # noqa: B023


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (square, lambda x: 2 * x),
        (lambda x: x.sum(), np.ones_like),
        (np.linalg.norm, lambda x: x / np.linalg.norm(x)),
        (lambda x: np.log(np.exp(x).sum()), lambda x: np.exp(x) / np.exp(x).sum()),
        (lambda x: np.abs(x).sum(), np.sign),
        (lambda x: x.max(), lambda x: (x == x.max()).astype(float)),
        (lambda x: (x**3).mean(), lambda x: 3 * x**2 / x.size),
        (lambda x: float(np.float32(square(x))), lambda x: 2 * x),
        (lambda x: np.prod(np.tanh(x)), lambda x: np.prod(np.tanh(x)) / np.tanh(x) * (1 - np.tanh(x) ** 2)),
        (lambda x: 1e6 + square(x), lambda x: 2 * x),
        (lambda x: 1e-12 * square(x), lambda x: 2e-12 * x),
    ],
)
@pytest.mark.parametrize("shape", [(1,), (6,), (3, 4), (2, 3, 2)])
def test_right_gradients_of_plain_functions_pass_without_a_word(f, gradient, shape):
    x = np.random.default_rng(5).standard_normal(shape)
    report = check_gradient(f, gradient, x)
    assert (report.ok, report.findings) == (True, ())


def test_a_right_gradient_passes_in_any_layout_and_beside_labels_of_any_kind():
    inputs, t, W = batch()
    rows = np.eye(4)[t]
    for labels in (t, rows, rows.astype(int)):
        for x in (W.copy(), np.asfortranarray(W), np.stack([W, W])[0], np.repeat(W, 2, axis=1)[:, ::2]):

            def f(W, labels=labels):
                y = softmax(inputs @ W)
                return price(y, labels) if labels.ndim == 1 else -np.mean(np.sum(labels * np.log(y), axis=1))

            assert check_gradient(f, lambda W: inputs.T @ (softmax(inputs @ W) - rows) / 5, x).findings == ()


def test_a_function_that_draws_but_seeds_itself_is_not_random():
    def f(x):
        np.random.seed(3)
        return float((x * np.random.rand(4)).sum())

    np.random.seed(3)
    weights = np.random.rand(4)
    assert check_gradient(f, weights, rng().standard_normal(4)).findings == ()


def test_labels_that_are_used_are_left_alone():
    f, gradient, W = regression()
    inputs, t, _ = batch()
    kept = t.copy()
    assert check_gradient(lambda W: price(softmax(inputs @ W), t), gradient, W)
    assert f(W)
    assert np.array_equal(t, kept)


# -- many entries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [257, 1000, 100_000])
def test_about_a_hundred_evaluations_serve_for_any_number_of_entries(size):
    x = rng().standard_normal(size)
    report = check_gradient(lambda x: np.sin(x).sum(), np.cos, x)
    assert report.ok
    assert report.evaluations < 110
    assert (report.entries, report.directions, report.size) == (14, 8, size)
    assert report.detectable < 1e-4
    assert "99.99 % confidence" in str(report)


def test_one_wrong_entry_among_many_is_found_and_pointed_at():
    x = rng().standard_normal((100, 200))

    def gradient(x):
        g = np.cos(x)
        g[37, 123] += 0.5
        return g

    report = check_gradient(lambda x: np.sin(x).sum(), gradient, x)
    assert not report
    assert report.worst == (37, 123)
    assert report.evaluations < 200
    assert abs(report.given - report.measured - 0.5) < 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_an_error_that_should_show_with_such_confidence_shows(seed):
    x = rng(seed).standard_normal(2000)
    report = check_gradient(lambda x: np.sin(x).sum(), np.cos(x), x)
    error = rng(100 + seed).standard_normal(2000)
    error *= report.detectable * np.linalg.norm(np.cos(x)) / np.linalg.norm(error)
    assert not check_gradient(lambda x: np.sin(x).sum(), np.cos(x) + error, x)


# -- the report -----------------------------------------------------------------------------------------


def test_the_report_says_where_and_how_much():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    report = check_gradient(square, np.array([[2.0, 4.0], [6.0, 9.0]]), x)
    assert not report.ok
    assert not report
    assert report.worst == (1, 1)
    assert (report.given, round(report.measured, 6)) == (9.0, 8.0)
    assert abs(report.relative_error - 1 / 9) < 1e-6
    assert "at [1, 1] it is 9, measured 8; relative error 0.11 (all 4 entries" in str(report)


def test_the_evaluations_that_it_reports_are_those_that_were_made():
    calls = []
    for _, gradient, x in (regression(), bugs.regression(3)):
        f = lambda W: calls.append(1) or square(W)  # noqa: E731
        calls.clear()
        assert check_gradient(f, gradient, x).evaluations == len(calls)
        calls.clear()
        assert check_gradient(f, lambda W: 2 * W, x).evaluations == len(calls)


def test_the_html_says_what_the_text_says_and_nothing_in_it_is_markup():
    name = "<script>alert(1)</script>"
    scope = {}
    exec("def f(x): return float((W**2).sum())", scope)
    scope["W"] = np.arange(3.0)
    report = check_gradient(scope["f"], np.ones(3), np.arange(3.0))
    report = type(report)(**(vars(report) | {"findings": (type(report.findings[0])(name, "a < b"),)}))
    text = html.unescape(re.sub("<[^>]*>", "", report._repr_html_()))
    assert "<script>" not in report._repr_html_()
    assert re.sub(r"[\s-]", "", text) == re.sub(r"[\s-]", "", repr(report))


def test_a_report_is_the_same_every_time():
    for make in (bugs.dropout_of_one_unit, bugs.hidden_layer_without_its_mask, bugs.accuracy):
        reports = [str(check_gradient(*make())) for _ in range(2)]
        assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("f", "x", "error", "says"),
    [
        (1, np.ones(2), TypeError, "f must be a function of x, not int"),
        (np.ones(2), square, TypeError, "swapped"),
        (square, np.array(["a"]), TypeError, "x must hold real numbers"),
        (square, np.array([np.nan]), ValueError, r"x\[0\] is nan"),
        (square, np.frombuffer(np.ones(3).tobytes()), ValueError, "read-only"),
    ],
)
def test_what_cannot_be_checked_at_all_is_refused(f, x, error, says):
    with pytest.raises(error, match=says):
        check_gradient(f, np.ones(2), x)


def test_what_f_and_the_gradient_raise_passes_through_and_x_is_put_back():
    x = np.array([1.0, 2.0])

    def picky(x):
        if x[1] > 2:
            raise KeyboardInterrupt
        return square(x)

    def wrong(x):
        x[0] = 99
        raise LookupError("mine")

    with pytest.raises(KeyboardInterrupt):
        check_gradient(picky, 2 * x, x)
    with pytest.raises(LookupError, match="mine"):
        check_gradient(square, wrong, x)
    assert x.tolist() == [1.0, 2.0]


def test_an_empty_x_and_a_lost_step_are_findings():
    assert check_gradient(square, np.ones(0), np.ones(0)).findings[0].name == "proves nothing"
    assert check_gradient(square, np.ones(1), np.array([1e9]), h=1e-9).findings[0].name == "lost to rounding"


def test_a_sound_check_issues_no_warning_and_a_far_look_neither():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f, gradient, W = regression()
        check_gradient(f, gradient, W)
        check_gradient(lambda W: -np.log(np.exp(W).sum()) + 0.01 * np.exp(W).sum(), gradient, W)


@hypothesis.given(st.sampled_from(bugs.BUGS), st.integers(0, 60))
def test_x_is_put_back_wherever_f_is_interrupted(bug, fails_at):
    f, gradient, x = bug[2]()
    before, calls = x.tobytes(), []

    def interrupted(x):
        calls.append(1)
        if len(calls) > fails_at:
            raise KeyboardInterrupt
        return f(x)

    with contextlib.suppress(KeyboardInterrupt):
        check_gradient(interrupted, gradient, x)
    assert x.tobytes() == before


# -- what a function reaches ------------------------------------------------------------------------------


def test_the_variables_that_code_names_are_found_and_can_be_replaced_without_touching_it():
    inner, t = np.arange(3), np.arange(4)

    def f(x, t=t, *, k=2):
        return (x, t, k, inner, batch)

    assert named(f).keys() == {"inner", "t", "k", "batch"}
    assert with_variable(f, "inner", 7)(1)[3] == 7
    assert with_variable(f, "t", 7)(1)[1] == 7
    assert with_variable(f, "k", 7)(1)[2] == 7
    assert with_variable(f, "batch", 7)(1)[4] == 7
    assert f(1) == (1, t, 2, inner, batch)


def test_what_hangs_on_a_variable_is_found_with_its_name_and_circles_end():
    class Net:
        def __init__(self):
            self.params = {"W": np.ones(2)}
            self.me = self

        def loss(self, x):
            return self.params["W"] @ x

    net = Net()
    assert "net.params['W']" in dict(reachable(lambda x: 1.0 * net.loss(x)))
    assert "Net.params['W']" in dict(reachable(net.loss))


def test_a_variable_that_is_not_made_yet_is_not_named():
    def f(x):
        return later * x

    before = named(f)
    later = 2
    assert (before, named(f), f(3)) == ({}, {"later": 2}, 6)


def test_a_report_cannot_be_changed():
    report = check_gradient(square, lambda x: 2 * x, np.array([3.0, 4.0]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.ok = False


def test_a_keyword_that_has_no_default_gets_none():
    def f(x, *, k):
        return x, k, batch

    with pytest.raises(TypeError, match="k"):
        with_variable(f, "batch", 7)(1)
    assert with_variable(f, "batch", 7)(1, k=2) == (1, 2, 7)


def test_what_is_reached_has_the_names_that_a_reader_would_write():
    array, rows = np.ones(2), [np.zeros(3)]
    partial = functools.partial(price, array, t=rows)
    found = [
        (name, value) for name, value in reachable((array, rows), {"a": (rows,)}, partial) if isinstance(value, np.ndarray)
    ]
    assert [name for name, _ in found] == ["[0]", "[1][0]"]
    assert "['a'][0]" in dict(reachable({"a": (rows,)}))
    assert {"argument 0", "t", "np"} <= dict(reachable(partial)).keys()


def test_what_is_reached_has_its_limits():
    assert len(reachable([[k] for k in range(30)])) == 1 + 20 + 20
    deep = level = []
    for _ in range(9):
        level.append([])
        level = level[0]
    assert [name for name, _ in reachable(deep)] == ["[0]" * k for k in range(6)]
    assert len(reachable({k: [k] for k in range(-2000, -1000)})) == 500


def test_the_states_of_generators_can_be_compared():
    import random

    makers = {"a": np.random.RandomState(1), "b": np.random.default_rng(1), "c": random.Random(1)}
    before = generator_states(makers)
    assert generator_states(makers) == before
    draws = {
        "['a']": makers["a"].rand,
        "['b']": makers["b"].random,
        "['c']": makers["c"].random,
        "np.random": np.random.rand,
    }
    for name, draw in draws.items():
        then = generator_states(makers)
        draw()
        now = generator_states(makers)
        assert [key for key in then if now[key] != then[key]] == [name]


@pytest.mark.parametrize(
    ("seed", "error"), [("a", TypeError), (1.0, TypeError), (True, TypeError), (None, TypeError), (-1, ValueError)]
)
def test_a_seed_that_is_none_is_refused_by_name(seed, error):
    with pytest.raises(error, match="seed must be"):
        check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, np.ones(2), seed=seed)


def test_the_mask_of_a_gradient_is_not_ignored():
    report = check_gradient(lambda x: (x**2).sum(), np.ma.array([2.0, 2.0], mask=[0, 1]), np.ones(2))
    assert (report.ok, report.findings[0].name) == (False, "not an array")
    assert "masked array" in report.findings[0].sentence


@pytest.mark.parametrize("later", [None, "1", 1j * np.ones(2), [[1.0], [1.0, 2.0]]])
def test_a_gradient_that_is_an_array_only_the_first_time_is_found_out(later):
    answers = iter([2 * np.ones(2), later])
    (finding,) = check_gradient(lambda x: (x**2).sum(), lambda x: next(answers), np.ones(2)).findings
    assert finding.name == "not an array"


def test_f_may_return_fractions_and_may_not_return_what_is_no_float():
    from fractions import Fraction

    assert check_gradient(lambda x: Fraction(float(x[0])) ** 2, lambda x: 2 * x, np.array([3.0])).ok
    for answer, says in ((10**400, "too large"), (np.ma.masked, "masked"), (np.timedelta64(1, "s"), "timedelta64")):
        (finding,) = check_gradient(lambda x: answer, lambda x: 2 * x, np.array([3.0])).findings  # noqa: B023
        assert finding.name == "not a scalar"
        assert says in finding.sentence


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (2.0, "2"),
        (-3.0, "-3"),
        (1.0, "1"),
        (1.00005, "1"),
        (0.995, "0.995"),
        (0.9899, "0.9899"),
        (0.5, "1/2"),
        (-1 / 3, "-1/3"),
        (0.100005, "1/10"),
        (1e-3, "1/1000"),
        (0.0143, "0.0143"),
        (0.37, "0.37"),
        (1.37, "1.37"),
        (-1.37, "-1.37"),
        (12345.4, "12345"),
        (1 / 1024, "1/1024"),
    ],
)
def test_a_factor_is_written_as_a_reader_would(factor, text):
    assert diagnosis._number(factor) == text
    assert diagnosis._times(factor) == ("" if text == "1" else f" times {text}")


def test_lists_end_where_they_would_be_long():
    lines = [Line((k,), np.arange(-2.0, 3), np.zeros(5)) for k in range(5)]
    assert [diagnosis._list(lines[:n]) for n in (1, 3, 4)] == ["x[0]", "x[0], x[1], x[2]", "x[0], x[1], x[2], ..."]
    assert diagnosis._words_of({3, 1}) == "1, 3"
    assert [diagnosis._words_of(range(n)) for n in (5, 6)] == ["0, 1, 2, 3, 4", "0, 1, 2, 3, 4, ..."]


def test_what_is_pushed_over_the_edge_is_not_known():
    a = np.arange(1.0, 7).reshape(2, 3)
    assert np.array_equal(diagnosis._pushed(a, 1, 1), [[np.nan, 1, 2], [np.nan, 4, 5]], equal_nan=True)
    assert np.array_equal(diagnosis._pushed(a, -1, 1), [[2, 3, np.nan], [5, 6, np.nan]], equal_nan=True)
    assert np.array_equal(diagnosis._pushed(a, 1, 0), [[np.nan] * 3, [1, 2, 3]], equal_nan=True)


@pytest.mark.parametrize(
    ("labels", "other"),
    [
        (np.array([1, 0, 2]), [0, 0, 2]),
        (np.array([0, 1, 2]), [2, 1, 2]),
        (np.array([2, 2]), [0, 0]),
        (np.arange(100), [99, *range(1, 100)]),
        (np.array([0, 0]), None),
        (np.array([7]), [0]),
        (np.array([0, 1, 0]), [0, 0, 1]),
        (np.eye(3), [[0, 1, 0], [0, 1, 0], [0, 0, 1]]),
        (np.eye(2, dtype=int)[:1], [[0, 1]]),
        (np.array([0.5, 0.2]), None),
        (np.array([[1, 2], [3, 4]]), None),
        (np.array([True, False]), None),
        (np.zeros((2, 2, 2)), None),
        (np.zeros(0, int), None),
        ([0, 1], None),
    ],
)
def test_other_labels_are_of_the_same_kind(labels, other):
    kept = np.array(labels)
    found = diagnosis._other_labels(labels)
    assert (found if found is None else found.tolist()) == other
    assert np.array_equal(kept, labels)


def test_a_line_through_a_polynomial_is_measured_as_by_hand():
    h = 0.5
    moves = h * np.arange(-2.0, 3)
    line = Line((0,), moves, 3 + 2 * moves + moves**3)
    assert (line.step, line.slope, line.truncation, line.bend) == (h, 2 + h**2, 3 * h**2, 0)
    assert line.sides.tolist() == [2 + 1.75, 2 + 0.25, 2 + 0.25, 2 + 1.75]
    assert (line.finite, line.flat) == (True, False)
    quartic = Line((0,), moves, moves**4)
    assert (quartic.slope, quartic.bend) == (0, 24 * h**4)
    assert Line((0,), moves, np.ones(5)).flat
    assert not Line((0,), moves, np.array([1, 1, 1, 1, 2.0])).flat
    assert not Line((0,), moves, np.array([1, 1, 1, 1, np.inf])).finite
    along = Line(np.array([0.6, 0.8]), moves, moves)
    assert (along.of(np.array([1.0, 2.0])), line.of(np.array([5.0]))) == (2.2, 5.0)
