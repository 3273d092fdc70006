"""Experiments on f: hold one of its values constant, or edit it, and see whether the gradient is right for that f.

If the gradient fits an f in which `x.var(0)` is held constant, then the path through `x.var(0)` was left out of the
gradient. If it fits an f with one small edit, the two contradict each other at that place, and which of them is wrong
cannot be known.
"""

import numpy as np

from helpers.gradient_check.walk.runs import Endless, Forbidden
from helpers.gradient_check.walk.values import is_float


def left_out(matches):
    """Return the text of the forward expression whose path the gradient leaves out, or None."""
    main, texts = matches.main, []
    if not np.isfinite(main.error) or not np.any(main.given):
        return None
    for number in dict.fromkeys(number for (number, _), value in main.forward.items() if is_float(value)):
        site = matches.bench.sites[number]
        if site.kind != "Constant" and all(_fits(point, point.given, _held(point, number)) for point in matches.points):
            texts.append(matches.name(site))
    return min(texts, key=len, default=None)


def _held(point, number):
    """Return the edit that gives a value of f what it was before x moved."""
    return {number: lambda value, visit: point.forward.get((number, visit), value)}


def fits_edited(point, edits=None, code=None):
    """Return the gradient if it is that of an edited f, else None. It is run again: it may use what f computes."""
    try:
        point.run_f(edits, code=code)
        given = point.run_gradient(edits, code=code, afresh=False)
    except (Exception, Endless, Forbidden):
        return None
    good = given.shape == point.x.shape and np.all(np.isfinite(given)) and np.any(given)
    return given if good and _fits(point, given, edits, code) else None


def _fits(point, given, edits=None, code=None):
    """Tell whether an edited f has a gradient, as it is given, for its slopes."""
    claims = point.directions @ given.ravel()
    for i in np.argsort(-np.abs(claims - point.slopes)):
        try:
            up, down = (point.run_f(edits, step=sign * point.directions[i], code=code) for sign in (1, -1))
        except (Exception, Endless, Forbidden):
            return False
        if not abs((up - down) / 2 - claims[i]) <= point.tolerance * point.scale:
            return False
    return True
