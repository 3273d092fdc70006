"""What a report says of the code of a wrong gradient: what is right so far, which expression is wrong, what repairs it."""

import html
import inspect
import re

import numpy as np
from bugs import batch, cross_entropy, rng, softmax, square

from helpers import check_gradient

x, t, W1 = batch(n=6, c=5)
V = rng(7).standard_normal((5, 4))


def loss(W1):
    z1 = x @ W1
    a = np.maximum(z1, 0)
    z2 = a @ V
    return cross_entropy(softmax(z2), t)


def without_mask(W1):
    z1 = x @ W1
    a = np.maximum(z1, 0)
    dz2 = (softmax(a @ V) - np.eye(4)[t]) / 6
    da = dz2 @ V.T
    dz1 = da
    return x.T @ dz1


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    (number,) = [first + k for k, line in enumerate(lines) if text in line]
    return number


def test_the_report_tells_what_is_right_so_far_and_repairs_the_line():
    report = check_gradient(loss, without_mask, W1)
    assert {("da", "a")} <= set(report.right_so_far)
    assert report.where.filename == __file__
    assert line_of(without_mask, "dz1 = da") <= report.where.lineno <= line_of(without_mask, "return")
    repaired = inspect.getsource(without_mask).replace("dz1 = da", f"dz1 = {report.repair}").replace("dz1 = dz1", "dz1 = da")
    scope = dict(globals())
    exec(repaired, scope)
    assert check_gradient(loss, scope["without_mask"], W1)
    verdict, right, wrong, repair, *_ = str(report).splitlines()
    assert verdict.startswith("THE GRADIENT DISAGREES: dW1 at [")
    assert re.match(r"  right so far   dz2 is the slope of .*, da is the slope of a$", right)
    assert wrong.startswith(f"  first wrong    line {report.where.lineno}: ")
    assert re.match(r"  repair         line .*checked at \d points$", repair)
    page = report._repr_html_()
    assert f"<b>{html.escape(report.where.text)}</b>" in page
    assert "&gt; 0)" in page


def test_a_method_and_a_dict_of_parameters_are_read_as_well():
    class Net:
        def __init__(self):
            self.params = {"W": W1[:, :4].copy(), "b": np.full(4, 0.1)}

        def loss(self, p):
            return cross_entropy(softmax(x @ p["W"] + p["b"]), t)

        def gradients(self, p):
            dz = (np.eye(4)[t] - softmax(x @ p["W"] + p["b"])) / 6
            return {"W": x.T @ dz, "b": dz.sum(axis=0)}

    net = Net()
    reports = check_gradient(net.loss, net.gradients, net.params)
    for name in ("W", "b"):
        assert reports[name].repair
        assert reports[name].where.lineno == line_of(Net.gradients, "dz = (np.eye")
        assert f"THE GRADIENT DISAGREES: d{name} at [" in str(reports)


def slopes_of_positive_numbers(v):
    return 2 * v


def test_a_mistake_that_does_not_show_at_x_is_searched_where_it_shows():
    positive = np.abs(rng().standard_normal(4))
    report = check_gradient(lambda v: square(np.maximum(v, 0)), slopes_of_positive_numbers, positive)
    assert "at a random point, though not at x" in str(report)
    assert report.where.lineno == line_of(slopes_of_positive_numbers, "return")
    assert any(right in report.repair for right in ("(v > 0)", "np.maximum(v, 0)"))


def test_where_there_is_no_code_to_read_nothing_is_said_of_it():
    given = check_gradient(loss, without_mask(W1), W1)
    scope = dict(globals())
    exec("def typed(W1): return 2 * without_mask(W1)", scope)
    typed = check_gradient(loss, scope["typed"], W1, seconds=0)
    for report in (given, typed):
        assert not report
        assert (report.where, report.repair, report.right_so_far) == (None, None, ())
        assert report.findings


def loss_and_gradient(W1, labels=t):
    probabilities = softmax(x @ W1)
    loss = -np.log(probabilities[np.arange(6), labels]).sum()
    dscores = probabilities.copy()
    dscores[np.arange(6), labels] -= 1
    return loss / 6, x.T @ dscores


def test_in_a_function_of_both_the_loss_and_its_gradient_the_line_is_found():
    report = check_gradient(lambda W1: loss_and_gradient(W1)[0], lambda W1: loss_and_gradient(W1)[1], W1)
    assert report.where.lineno == line_of(loss_and_gradient, "return")
    assert report.repair == "x.T @ dscores / len(x)"
    place = f"line {report.where.lineno} of loss_and_gradient"
    assert f"in f, {place}: return loss, x.T @ dscores" in str(report)  # which is wrong cannot be known


def test_what_is_wrong_for_several_arrays_of_a_dict_is_told_once():
    def forward(p):
        a = np.maximum(x @ p["W1"] + p["b1"], 0)
        return a, softmax(a @ p["W2"])

    def gradients(p):
        a, y = forward(p)
        dz = (y - np.eye(3)[t]) / 6
        dz1 = dz @ p["W2"].T
        return {"W1": x.T @ dz1, "W2": a.T @ dz, "b1": dz1.sum(axis=0)}

    p = {"W1": W1, "W2": np.linspace(-1, 1, 3 * W1.shape[1]).reshape(-1, 3), "b1": np.zeros(W1.shape[1])}

    def loss_of(p):
        return -np.log(forward(p)[1][np.arange(6), t]).mean()

    reports = check_gradient(loss_of, gradients, p)
    assert [report.ok for report in reports.values()] == [False, True, False]
    assert "(a > 0)" in reports["W1"].repair
    assert "for the same reason as W1" in str(reports)
    two = check_gradient(loss_of, lambda p: gradients(p) | {"W2": 2 * gradients(p)["W2"]}, p)  # two mistakes, two causes
    assert two["W2"].repair
    assert "for the same reason" not in str(two["W2"])
