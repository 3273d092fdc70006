"""check_gradient names the causes of bugs.py and cases.py, passes what is right without a word, and refuses bad input."""

import contextlib
import dataclasses
import html
import inspect
import itertools
import re

import bugs
import cases
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from bugs import batch, cross_entropy, regression, rng, softmax, square, twice

from helpers import SoftmaxRegression, TwoLayerNet, check_gradient

FLOATS = (np.float64, np.float32)


def checked(make):
    np.random.seed(0)
    f, gradient, x, *step = make()
    before = x.tobytes()
    report = check_gradient(f, gradient, x, *step)
    assert x.tobytes() == before
    assert report.ok == bool(report) == ({finding.name for finding in report.findings} <= {"near a kink"})
    return report


@pytest.mark.parametrize("bug", bugs.BUGS, ids=[bug[0] for bug in bugs.BUGS])
def test_each_bug_is_caught_and_named_or_repaired(bug):
    _, names, make = bug
    report = checked(make)
    assert report.findings, "passed in silence"
    lines, first = inspect.getsourcelines(make)
    planted = {first + k for k, line in enumerate(lines) if "# planted" in line}
    pointed_at = report.where is not None and report.where.lineno in planted
    assert report.findings[0].name in names or report.repair or pointed_at, str(report)


@pytest.mark.parametrize("case", cases.CASES, ids=[case.name for case in cases.CASES])
def test_each_case_is_judged_by_its_cause(case):
    report = checked(case.make)
    found = report.findings[0].name if report.findings else cases.RIGHT
    assert found in case.causes or report.repair, str(report)


@pytest.mark.parametrize("factor", [1 / 6, 3.0, 0.37])
def test_a_factor_that_fits_is_reported_as_a_fact_and_explained_as_a_question(factor):
    x = rng().standard_normal((3, 2))
    (finding,) = check_gradient(square, 2 * x / factor, x).findings
    fact, question = finding.sentence.split(": ")
    assert fact == f"every slope is the gradient times {'1/6' if factor < 0.2 else f'{factor:g}'}"
    assert question.endswith("?")


def network(activation, seed, dtype):
    """Return (x, loss, gradient) of a network of the course: sizes, scale, batch and penalty vary with the seed."""
    r = np.random.default_rng(seed)
    n, inputs, hidden, classes = (int(k) for k in r.integers([1, 2, 2, 2], [40, 12, 12, 12]))
    net = TwoLayerNet(inputs, hidden, classes, r, activation) if activation else SoftmaxRegression(inputs, classes, r)
    scale, penalty, p = r.choice([0.1, 1, 3]), dtype(r.choice([0, 0.01])), net.params
    p.update({name: (scale * (W + 0.1 * r.standard_normal(W.shape))).astype(dtype) for name, W in p.items()})
    x, t, name = r.standard_normal((n, inputs)).astype(dtype), r.integers(0, classes, n), str(r.choice([*p]))

    def loss(_):
        return net.loss(x, t) + penalty * sum((W**2).sum() for W in p.values())

    return loss, (lambda _: net.gradients(x, t)[name] + 2 * penalty * p[name]), p[name]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation", [None, "tanh", "relu"])
def test_right_gradients_of_random_networks_pass(dtype, activation, pytestconfig):
    loud = {}
    for seed in range(70 if pytestconfig.getoption("--thorough") else 25):
        loss, gradient, x = network(activation, seed, dtype)
        report = check_gradient(loss, gradient if seed % 2 else gradient(x), x)
        if report.findings:
            loud[seed] = str(report)
    assert not loud


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [300, 5000])
def test_right_gradients_of_many_entries_pass(dtype, size):
    for seed in range(20):
        r = np.random.default_rng(seed)
        c, x = r.standard_normal(size).astype(dtype), r.standard_normal(size).astype(dtype)
        assert check_gradient(lambda x: (c * np.sin(x)).sum(), lambda x: c * np.cos(x), x).findings == ()  # noqa: B023


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (square, twice),
        (lambda x: x.sum(), np.ones_like),
        (np.linalg.norm, lambda x: x / np.linalg.norm(x)),
        (lambda x: np.log(np.exp(x).sum()), lambda x: np.exp(x) / np.exp(x).sum()),
        (lambda x: np.abs(x).sum(), np.sign),
        (lambda x: x.max(), lambda x: (x == x.max()).astype(float)),
        (lambda x: (x**3).mean(), lambda x: 3 * x**2 / x.size),
        (lambda x: float(np.float32(square(x))), twice),
        (lambda x: np.prod(np.tanh(x)), lambda x: np.prod(np.tanh(x)) / np.tanh(x) * (1 - np.tanh(x) ** 2)),
        (lambda x: 1e6 + square(x), twice),
        (lambda x: 1e-12 * square(x), lambda x: 2e-12 * x),
    ],
)
@pytest.mark.parametrize("shape", [(1,), (6,), (3, 4), (2, 3, 2)])
def test_right_gradients_of_plain_functions_pass(f, gradient, shape):
    x = np.random.default_rng(5).standard_normal(shape)
    report = check_gradient(f, gradient, x)
    assert (report.ok, report.findings) == (True, ())


def test_a_right_gradient_passes_in_any_layout_and_beside_labels_of_any_kind():
    inputs, t, W = batch()
    rows = np.eye(4)[t]
    for labels, x in itertools.product(
        (t, rows, rows.astype(int)),
        (W.copy(), np.asfortranarray(W), np.stack([W, W])[0], np.repeat(W, 2, axis=1)[:, ::2]),
    ):
        kept = labels.copy()

        def f(W, labels=labels):
            y = softmax(inputs @ W)
            return cross_entropy(y, labels) if labels.ndim == 1 else -np.mean(np.sum(labels * np.log(y), axis=1))

        assert check_gradient(f, lambda W: inputs.T @ (softmax(inputs @ W) - rows) / 5, x).findings == ()
        assert np.array_equal(labels, kept)


def test_a_gradient_that_is_right_at_x_only_is_refused_unless_it_is_given_as_an_array():
    def gradient(x):
        return np.array([2.0, 4.0]) + (x - [1.0, 2.0]) ** 2

    x = np.array([1.0, 2.0])
    report = check_gradient(square, gradient, x)
    assert (report.ok, report.relative_error < report.bound, report.elsewhere > 0.01) == (False, True, True)
    assert "at a random point, though not at x" in str(report)
    assert check_gradient(square, gradient(x), x)
    stored = gradient(x)
    assert check_gradient(square, lambda x: stored, x)


def test_a_point_where_f_makes_no_sense_proves_nothing_against_the_gradient():
    def f(x):
        if np.any(np.abs(x - 2) > 0.1):
            raise ValueError("only near 2")
        return square(x)

    report = check_gradient(f, twice, np.array([2.0, 2.01]))
    assert report.ok
    assert np.isnan(report.elsewhere)


@pytest.mark.parametrize("seed", range(4))
def test_the_random_point_is_not_the_one_that_was_drawn_with_the_same_seed(seed):
    x = np.random.default_rng(seed).standard_normal((2, 3))
    mask = x > 0
    report = check_gradient(lambda W: (np.maximum(W, 0) ** 2).sum(), lambda W: 2 * W * mask, x, seed=seed)
    assert not report.ok


# -- costs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "most"), [(1, 24), (12, 68), (256, 1044), (257, 60), (1000, 60), (100_000, 60)])
def test_a_check_takes_four_evaluations_an_entry_and_a_few_more_or_60_for_any_size(size, most):
    report = check_gradient(lambda x: np.sin(x).sum(), np.cos, rng().standard_normal(size))
    assert report.ok
    assert report.evaluations <= most
    assert size <= 256 or (report.detectable < 1e-4 and "a probability of 99.99 %" in str(report))


def test_one_wrong_entry_among_many_is_found_and_pointed_at():
    def gradient(x):
        g = np.cos(x)
        g[37, 123] += 0.5
        return g

    x = rng().standard_normal((100, 200))
    report = check_gradient(lambda x: np.sin(x).sum(), gradient(x), x)
    assert not report
    assert report.worst == (37, 123)
    assert abs(report.given - report.measured - 0.5) < 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_an_error_that_should_show_with_such_confidence_shows(seed):
    x = rng(seed).standard_normal(2000)
    report = check_gradient(lambda x: np.sin(x).sum(), np.cos(x), x)
    error = rng(100 + seed).standard_normal(2000)
    error *= report.detectable * np.linalg.norm(np.cos(x)) / np.linalg.norm(error)
    assert not check_gradient(lambda x: np.sin(x).sum(), np.cos(x) + error, x)


def test_the_report_says_where_and_how_much():
    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    report = check_gradient(square, np.array([[2.0, 4.0], [6.0, 9.0]]), W)
    assert (report.ok, report.worst, report.given, round(report.measured, 6)) == (False, (1, 1), 9.0, 8.0)
    assert abs(report.relative_error - 1 / 9) < 1e-6
    assert "THE GRADIENT DISAGREES: dW at [1, 1] is 9, measured 8 (relative error 0.11)" in str(report)
    report = check_gradient(square, np.array([[2.0, 4.0], [6.0, 8.000002]]), W)
    assert "is 8.000002, measured 8.000000 " in str(report)


def test_the_gradient_is_called_after_what_the_caller_calls_x():
    class Net:
        W = np.ones(2)

    net, wrong = Net(), np.zeros(2)
    params = {"W1": net.W}
    assert check_gradient(square, wrong, net.W).name == "dW"
    assert check_gradient(square, wrong, params["W1"]).name == "dW1"
    others = check_gradient(square, wrong, net.W.copy()), check_gradient(square, wrong, net.W.T)
    assert {report.name for report in (*others, check_gradient(square, wrong, x=net.W))} == {"the gradient"}


def test_the_evaluations_that_it_reports_are_those_that_were_made():
    calls = []
    f = lambda W: calls.append(1) or square(W)  # noqa: E731
    for gradient in (2 * np.ones(3), twice):
        calls.clear()
        assert check_gradient(f, gradient, np.ones(3)).evaluations == len(calls)


def words(text):
    return re.sub(r"[\s-]", "", text)


def test_the_html_says_what_the_text_says_in_plain_elements_and_both_are_the_same_every_time():
    makes = {name: make for name, _, make in bugs.BUGS}
    for name in ("dropout_of_one_unit", "sum_for_mean", "accuracy"):
        report, again = (check_gradient(*makes[name]()) for _ in range(2))
        page = report._repr_html_()
        assert set(re.findall(r"</?(\w+)", page)) <= set("b code li p table tbody td th tr ul".split())
        assert words(html.unescape(re.sub("<[^>]*>", "", page))) == words(repr(report))
        assert page == again._repr_html_()


def test_nothing_in_a_finding_is_markup():
    report = check_gradient(square, np.ones(3), np.arange(3.0))
    finding = type(report.findings[0])("<script>alert(1)</script>", "a < b: c")
    assert "<script>" not in dataclasses.replace(report, findings=(finding,))._repr_html_()


def loss_of_two(p):
    return square(np.tanh(p["W"]) @ p["b"])


def slopes_of_two(p):
    a = np.tanh(p["W"])
    return {"W": np.outer(2 * a @ p["b"], p["b"]) * (1 - a**2), "b": 2 * a.T @ (a @ p["b"])}


def two_parameters():
    return {"W": rng().standard_normal((4, 3)), "b": rng(2).standard_normal(3)}


def test_a_scale_that_is_forgotten_is_noticed_in_a_dict_although_it_is_one():
    p = {"scale": np.ones(3), "W": rng(5).standard_normal((4, 3))}
    inputs, targets = rng(6).standard_normal((5, 4)), rng(7).standard_normal((5, 3))

    def gradient(p):
        off = 2 * (inputs @ p["W"] * p["scale"] - targets)
        return {"scale": np.sum(off * (inputs @ p["W"]), axis=0), "W": inputs.T @ off}

    reports = check_gradient(lambda p: square(inputs @ p["W"] * p["scale"] - targets), gradient, p)
    assert (reports["scale"].ok, reports["W"].ok, reports["W"].where is not None) == (True, False, True)
    assert np.all(p["scale"] == 1)


def test_a_search_that_runs_out_of_time_says_so():
    report = check_gradient(square, lambda x: 3 * x, rng(8).standard_normal(3), seconds=1e-9)
    assert "not finished" in str(report)


def test_each_array_of_a_dict_is_checked_and_named():
    p, before = two_parameters(), two_parameters()
    for right in (slopes_of_two, slopes_of_two(p)):
        reports = check_gradient(loss_of_two, right, p)
        assert reports
        assert list(reports) == ["W", "b"]
    reports = check_gradient(loss_of_two, slopes_of_two(p) | {"b": np.ones(3)}, p)
    assert [bool(reports), *(report.ok for report in reports.values())] == [False, True, False]
    assert "b: THE GRADIENT DISAGREES: db at [" in str(reports)
    assert words(html.unescape(re.sub("<[^>]*>", "", reports._repr_html_()))) == words(repr(reports))
    assert all(np.array_equal(p[name], before[name]) for name in p)


def test_a_check_issues_no_warning_however_far_it_looks():
    f, gradient, W = regression()  # warnings are errors in these tests
    assert check_gradient(f, gradient, W)
    assert not check_gradient(lambda W: -np.log(np.exp(W).sum()) + 0.01 * np.exp(W).sum(), gradient, W, seconds=0.3)


DataFrame = type("DataFrame", (), {"to_numpy": lambda self, copy=False: np.ones((2, 2))})
ONES, TWO = np.ones(2), {"W": np.ones((4, 3)), "b": np.ones(3)}
REFUSED = [
    (1, ONES, ONES, TypeError, "f must be a function of x, not int"),
    (ONES, ONES, square, TypeError, "swapped"),
    (square, ONES, np.array(["a"]), TypeError, "x must hold real numbers"),
    (square, ONES, np.array([np.nan]), ValueError, r"x\[0\] is nan"),
    (square, ONES, np.frombuffer(np.ones(3).tobytes()), ValueError, "read-only"),
    (square, ONES, DataFrame(), TypeError, r"x is a DataFrame.*x\.to_numpy\(copy=True\)"),
    (square, ONES, [*TWO.values()], TypeError, "a list of 2 arrays: take one array at a time.*a dict of arrays"),
    (square, {"W": ONES}, {"W": [1.0]}, TypeError, r"x\['W'\] must be an array that can be moved in place, not list"),
    (square, {}, {}, ValueError, "x is an empty dict"),
    *((loss_of_two, g, TWO, TypeError, r"dict with the keys \['W', 'b'\]") for g in (ONES, {"W": ONES}, lambda p: None)),
]


@pytest.mark.parametrize(("f", "gradient", "x", "error", "says"), REFUSED)
def test_what_cannot_be_checked_at_all_is_refused(f, gradient, x, error, says):
    with pytest.raises(error, match=says):
        check_gradient(f, gradient, x)


def test_a_seed_that_is_none_is_refused_by_name():
    for seed, error in (("a", TypeError), (1.0, TypeError), (True, TypeError), (None, TypeError), (-1, ValueError)):
        with pytest.raises(error, match="seed must be"):
            check_gradient(square, twice, ONES, seed=seed)


@hypothesis.given(st.sampled_from(bugs.BUGS), st.integers(0, 60))
def test_x_is_restored_wherever_f_is_interrupted(bug, fails_at):
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


@pytest.mark.parametrize("later", [None, "1", 1j * np.ones(2), [[1.0], [1.0, 2.0]], np.ma.array([2.0, 2.0], mask=[0, 1])])
def test_a_gradient_that_is_an_array_only_the_first_time_is_found_out(later):
    answers = iter([2 * np.ones(2), later])
    (finding,) = check_gradient(square, lambda x: next(answers), np.ones(2)).findings
    assert finding.name == "not an array"


def test_f_may_not_return_what_is_no_float():
    for answer, says in ((10**400, "too large"), (np.ma.masked, "masked"), (np.timedelta64(1, "s"), "timedelta64")):
        (finding,) = check_gradient(lambda x: answer, twice, np.array([3.0])).findings  # noqa: B023
        assert finding.name == "not a scalar"
        assert says in finding.sentence
