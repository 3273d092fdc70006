"""Experiments on f: hold one of its values constant, or edit it, and see whether the gradient is right for that f.

If the gradient fits an f in which `x.var(0)` is a constant, then the path through `x.var(0)` was left out of the
gradient. If it fits an f with one small edit, the two contradict each other at that place, and which of them is wrong
cannot be known.
"""

import itertools

import numpy as np

from helpers.gradient_check.walk.match import is_float
from helpers.gradient_check.walk.runs import Endless, Forbidden

ASIDE = {"Constant", "Callee", "After"}


def fits(point, given, edits=None, replaced=None):
    """Tell whether an edited f has a gradient, as it is given, for its slopes."""
    claims, tolerance = point.directions @ given.ravel(), point.tolerance * point.scale
    for i in np.argsort(-np.abs(claims - point.slopes)):
        step = point.directions[i]
        try:
            slope = (
                point.run_f(edits, step=step, replaced=replaced) - point.run_f(edits, step=-step, replaced=replaced)
            ) / 2
        except (Exception, Endless, Forbidden):
            return False
        if not abs(slope - claims[i]) <= tolerance:
            return False
    return True


def fits_edited(point, edits=None, replaced=None):
    """Tell whether an edited f has the gradient for its slopes, which is run again, because it may use what f computes."""
    try:
        point.run_f(edits, replaced=replaced)
        given = point.run_gradient(edits, replaced=replaced, afresh=False)
    except (Exception, Endless, Forbidden):
        return False
    good = given.shape == point.x.shape and np.all(np.isfinite(given)) and np.any(given)
    return bool(good) and fits(point, given, edits, replaced)


def left_out(bench, points):
    """Return the text of the forward expression whose path the gradient leaves out, or None."""
    main = points[0]
    if main.given.shape != main.x.shape or not np.all(np.isfinite(main.given)) or not np.any(main.given):
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
        if not (len(frozen) == 2 and found) and all(fits(point, point.given, _held(point, frozen)) for point in points):
            found.append(frozen)
    texts = [" and ".join(map(_described, sites)) for sites in found]
    return min(texts, key=len, default=None)


def _held(point, sites):
    """Return the edits that give some values of f what they were before x moved."""
    return {
        site.number: lambda value, visit, number=site.number: point.forward.get((number, visit), value) for site in sites
    }


def _described(site):
    if site.kind == "Name" and site.parent is not None:
        return f"{site.text} in {site.parent.text}"
    return site.name or site.text
