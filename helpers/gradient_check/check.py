"""check_gradient: it looks at x and at the calls, compares at x and at a random point, and then searches for the cause."""

import contextlib
import functools
import numbers
import re
import sys
import time

import numpy as np

from helpers.arguments import is_integer
from helpers.calls import argument_names
from helpers.gradient_check.examination import Examination
from helpers.gradient_check.report import LINE, PATH, REMARK, Finding, Report, Reports
from helpers.gradient_check.rules_for_calls import CALLS, argument_is_changed, two_gradients, unusable_x
from helpers.gradient_check.rules_for_f import AGREEMENT, SLOPES, labels_are_never_used
from helpers.gradient_check.rules_for_gradients import FITS, tiny_constant
from helpers.gradient_check.searching import OfDict, search, search_together
from helpers.perturbation import checked_array, restored


def check_gradient(f, gradient, x, h=None, seed=0, seconds=10.0):  # noqa: PLR0913, PLR0917
    """Compare a gradient with measured slopes; return a report that says whether they agree and, if not, where and why.

    Parameters
    ----------
    f : function of `x` that returns one number
        It may read its argument, or read `x` itself from around it.
    gradient : ndarray of the shape of `x`, or a function of `x` that returns one
        What is believed to be the gradient of `f`. A function lets the check look at other points, and read its code.
    x : ndarray of floats, any shape, or a dict of them
        Where to check; a random point proves most. It is moved in place and restored bit for bit. With a dict, `gradient`
        is a dict with the same keys, or a function that returns one, and each array is checked in turn.
    h : positive number, optional
        The step, as in numerical_gradient. A second step, 2h, tells how far the slopes can be trusted.
    seed : int
        Of the random point and directions, and of the entries that are looked at when there are more than 256.
    seconds : number
        How long the search for the wrong expression may take, after a disagreement. With a dict, it looks for one cause of
        all that is wrong first, and all searches together may take twice as long.

    Returns
    -------
    Report
        True if the gradient agrees and nothing speaks against believing it. With a dict, a dict of reports.

    Raises
    ------
    TypeError, ValueError
        If `f` is no function, `x` is not an array of finite numbers or is read-only, or another argument is not as
        described. What `f` and `gradient` raise passes through.

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> report = check_gradient(lambda x: (x**2).sum(), lambda x: x, x)
    >>> report.ok, report.worst, report.given, round(report.measured, 6)
    (False, (1,), 4.0, 8.0)

    Notes
    -----
    The gradient passes if along every line it is within ten times the square root of the precision (1.5e-7 for float64,
    3.5e-3 for float32) of the slope, relatively. Rounding noise, as measured, and truncation are allowed for; if they are
    allowed more than 0.1 % of the largest slope, the report says so.

    Up to 256 entries each is looked at, with two evaluations of `f`, or four where the gradient does not agree at once.
    Beyond, about thirty evaluations serve for any size. If `gradient` is a function, both are compared at a random point
    of order one as well, where all arrays of a dict are random: where all units of a ReLU are on, a forgotten mask does not
    show, and where a scale is 1, a forgotten scale does not. After a disagreement the code of `f` and `gradient` is read
    and experimented with, which calls both many more times.
    """
    if not is_integer(seed):
        raise TypeError(f"seed must be an integer, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")
    if isinstance(seconds, bool) or not isinstance(seconds, numbers.Real):
        raise TypeError(f"seconds must be a number, not {seconds!r}")
    if not seconds >= 0:
        raise ValueError(f"seconds must be 0 or more, not {seconds}")
    if isinstance(x, dict):
        return _check_each(f, gradient, x, h, seed, seconds)
    written = argument_names(sys._getframe(1), 3)[2]  # W, net.W, params["W"], W.copy(), ...
    name = re.fullmatch(r"""(?:.*\.|.*\[["'])?((?!T\b)[^\W\d]\w*)(?:["']\])?""", written)
    called = f"d{name[1]}" if name else "the gradient"
    return _check_one(f, gradient, x, h, seed, lambda check: search(check.f.f, gradient, check.x, seconds), called)


def _check_each(f, gradient, arrays, *options):
    """Check the gradient of each array of a dict, while the others stay as they are; at the random point all are random."""
    if not arrays:
        raise ValueError("x is an empty dict: it must hold at least one array, by name")
    slopes = gradient(arrays) if callable(gradient) else gradient
    if not isinstance(slopes, dict) or slopes.keys() != arrays.keys():
        answer = f"is a {type(slopes).__name__}"
        if isinstance(slopes, dict):
            missing, others = (
                [key for key in one if key not in other] for one, other in ((arrays, slopes), (slopes, arrays))
            )
            answer = f"lacks {missing}" if missing else f"has {others}, too"
        raise TypeError(f"x is a dict with the keys {[*arrays]}, and so must be what gradient is or returns: it {answer}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"x[{name!r}] must be an array that can be moved in place, not {type(array).__name__}")
    h, seed, seconds = options
    end, reports = time.perf_counter() + 2 * seconds, Reports()
    together = functools.cache(lambda: search_together(f, gradient, arrays, seconds))

    def search_all(check):  # for one cause of all that is wrong; then for a cause of what is wrong in this array
        return together() or search(check.f.f, check.gradient, check.x, min(seconds, (end - time.perf_counter()) / 2))

    with contextlib.ExitStack() as stack:
        for array in arrays.values():
            if array.flags.writeable:
                stack.enter_context(restored(array))  # whatever f and gradient do to it
        for name, array in arrays.items():
            one = OfDict(gradient, arrays, name) if callable(gradient) else slopes[name]
            reports[name] = _check_one(OfDict(f, arrays), one, array, h, seed, search_all, f"d{name}")
    return reports


def _check_one(f, gradient, x, h, seed, searched, name):  # noqa: PLR0913, PLR0917
    check = Examination(f, gradient, checked_array(f, x), h, seed)
    if isinstance(f, OfDict):
        check.let_others_move(f.arrays.values())
    findings, explanation = _first([unusable_x], check), None
    if not findings:
        with restored(check.x):
            findings, explanation = _examine(check, searched)
    about = {"size": check.x.size, "evaluations": check.f.evaluations, "name": name, "explanation": explanation}
    return Report(all(finding.name == REMARK for finding in findings), tuple(findings), **check.errors(), **about)


def _examine(check, searched):
    """Return the findings of the first stage that has some, and what the search through the code found."""
    check.ask()
    if found := _first(CALLS, check):
        return found, None
    check.compare()
    if found := _first([argument_is_changed], check):
        return found, None
    if found := _first([two_gradients], check):
        check.wrong = check.here
        return found, None if check.asked_gradient.drew else _searched(check, searched)
    remarks = [] if check.here.at_once and not check.here.all_flat else _first(SLOPES, check)
    if any(finding.name != REMARK for finding in remarks):
        return remarks, None
    labels = _first([labels_are_never_used], check) if check.wrong or not check.there else []
    with check.where_it_is_wrong():
        found, explanation = _causes(check, searched) if check.wrong else ([], None)
    return (labels + found if found else labels or _first(AGREEMENT, check) or remarks), explanation


def _causes(check, searched):
    """Return the finding that says why the gradient is wrong, in a list, and what the search through the code found."""
    if found := _first([tiny_constant], check):
        if check.wrong is check.there:  # what keeps a logarithm from 0 matters there only, where the loss saturates
            found, check.there = [], None
        return found, None
    explanation = _searched(check, searched)
    line = explanation and explanation.where and f"line {explanation.where.lineno}: `{explanation.where.text}`"
    if explanation and explanation.repair:
        return [Finding(LINE, f"{line} should be `{explanation.repair}`")], explanation
    found = _first(FITS, check)
    if found[0].name == "cause not recognised" and explanation and explanation.left_out:
        line = f"line {explanation.where.lineno}"
        found = [Finding(PATH, f"the gradient leaves out the path through `{explanation.left_out}` in {line} of f")]
    elif found[0].name == "cause not recognised" and line:
        found = [Finding(LINE, f"{line} is no slope of f")]
    return found, explanation


def _searched(check, search):
    """Return what a search through the code finds, if there is code to search."""
    if not callable(check.gradient):
        return None
    check.f(check.wrong.point)  # x is there now, and what f keeps of its forward pass is of this point
    return search(check)


def _first(rules, check):
    """Return the finding of the first rule that has one, in a list, or an empty list."""
    with np.errstate(all="ignore"):  # BLAS raises flags of its own
        finding = next(filter(None, (rule(check) for rule in rules)), None)
    return [finding] if finding else []
