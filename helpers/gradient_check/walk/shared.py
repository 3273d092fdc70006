"""Tell what, in code that f and its gradient share, matters to one of them only.

Many write one function that returns both the loss and the gradient, so that f passes every expression of the gradient, too.
Which are whose is found out by an experiment: if f stays the same whatever the value of an expression is, it is none of f's.
"""

import numpy as np

from helpers.gradient_check.walk.runs import NotAllowed
from helpers.gradient_check.walk.values import is_float


def idle(bench, notes, others, run, result):
    """Return the numbers of those sites in both notes that do not matter to the result of a run with the first ones."""
    shared, statements, found = {number for number, _ in others}, {}, set()
    for (number, visit), value in notes.items():
        site = bench.sites[number]
        if number in shared and visit == 0 and site.statement is not None:
            statements.setdefault(site.statement, {})[site] = value
    for sites in statements.values():
        largest = [site for site in sites if site.parent not in sites]
        for site in largest:
            if callable(sites[site]):
                largest += [kid for kid in site.kids if kid in sites]
        tried = {site: _is_idle(site, run, result) for site in largest if _can_be_changed(site, sites[site])}
        if tried and all(tried.values()):
            tried = dict.fromkeys(largest, True)  # indices are of the same statement
        found |= {site.number for site in sites if any(tried.get(one) for one in site.around())}
    return found


def _can_be_changed(site, value):
    return is_float(value) or site.kind == "Constant" or getattr(value, "dtype", None) == np.dtype(bool)


def _is_idle(site, run, result):
    def change(value, visit):
        return ~value if getattr(value, "dtype", None) == np.dtype(bool) else 1.37 * value + 0.5

    try:
        return np.array_equal(run({site.number: change}), result)
    except (Exception, NotAllowed):
        return False
