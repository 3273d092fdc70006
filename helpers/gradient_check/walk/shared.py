"""Tell what in code that f and its gradient share matters to one of them only.

Many write one function that returns the loss and the gradient. Both are then computed by the same expressions, and only
experiments tell which are whose: an expression whose value can be changed at will while f stays the same is none of f's.
"""

import numpy as np

from helpers.gradient_check.walk.runs import NotAllowed
from helpers.gradient_check.walk.values import is_float


def idle(bench, notes, others, result, run):
    """Return the numbers of the sites in both notes that do not matter to a run with the first ones, which gave a result."""
    shared, found, statements = {number for number, _ in others}, set(), {}
    for (number, visit), value in notes.items():
        site = bench.sites[number]
        if number in shared and visit == 0 and site.statement is not None:
            statements.setdefault(site.statement, {})[site] = value
    for sites in statements.values():
        free, unknown = _free(sites, result, run)
        found |= {site.number for site in sites for root in free if site.is_inside(root)}
        if free and unknown is not None:
            found |= {site.number for site in sites for root in unknown if site.is_inside(root)}
    return found


def _free(sites, result, run):
    """Return the largest expressions of a statement that do not matter, and those that cannot be tried; None if some matter."""
    free, unknown, todo = [], [], [site for site in sites if site.parent not in sites]
    for site in todo:
        value = sites[site]
        if is_float(value) or (site.kind == "Constant") or getattr(value, "dtype", None) == bool:
            same = _same(lambda value, visit: 1.37 * value + 0.5, site, result, run)
            if same:
                free.append(site)
            elif unknown is not None:
                unknown = None
        elif callable(value) or value is None:
            todo += [kid for kid in site.kids if kid in sites]
        elif unknown is not None:
            unknown.append(site)
    return free, unknown


def _same(change, site, result, run):
    try:
        return np.array_equal(run({site.number: change}), result)
    except (Exception, NotAllowed):
        return False
