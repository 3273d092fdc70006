"""Experiments on f: hold one of its values constant, or edit it, and see whether the gradient is right for that f.

If the gradient fits an f in which `x.var(0)` is a constant, then the path through `x.var(0)` was left out of the gradient.
"""

import itertools

import numpy as np

from helpers.gradient_check.walk.match import is_float
from helpers.gradient_check.walk.runs import Endless, Forbidden

ASIDE = {"Constant", "Callee", "After"}


def fits(point, edits, given=None):
    """Tell whether an edited f has the gradient, as it is given, for its slopes."""
    claims = point.directions @ (point.given if given is None else given).ravel()
    for i in np.argsort(-np.abs(claims - point.slopes)):
        step = point.directions[i]
        try:
            slope = (point.run_f(edits, step=step) - point.run_f(edits, step=-step)) / 2
        except (Exception, Endless, Forbidden):
            return False
        if not abs(slope - claims[i]) <= point.tolerance * point.scale:
            return False
    return True


def left_out(bench, points):
    """Return the text of the forward expression whose path the gradient leaves out, or None."""
    main = points[0]
    if main.given.shape != main.x.shape or not np.all(np.isfinite(main.given)):
        return None
    sites = {number: bench.sites[number] for (number, _), value in main.forward.items() if is_float(value)}
    sites = [site for site in sites.values() if site.kind not in ASIDE]
    uses = {}
    for site in sites:
        if site.kind == "Name":
            uses.setdefault((site.scope, site.text), []).append(site)
    pairs = [pair for group in uses.values() if len(group) > 2 for pair in itertools.combinations(group, 2)]
    found = []
    for frozen in itertools.chain(zip(sites), pairs):
        if not (len(frozen) == 2 and found) and all(fits(point, _held(point, frozen)) for point in points):
            found.append(frozen)
    if not found:
        return None
    return " and ".join(
        _described(site) for site in min(found, key=lambda sites: sum(len(_described(site)) for site in sites))
    )


def _held(point, sites):
    return {
        site.number: lambda value, visit, number=site.number: point.forward.get((number, visit), value) for site in sites
    }


def _described(site):
    if site.kind == "Name" and site.parent is not None:
        return f"{site.text} in {site.parent.text}"
    return site.name or site.text
