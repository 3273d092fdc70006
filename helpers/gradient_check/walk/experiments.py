"""Experiments beside the repairs: hold a forward value constant, insert a measured slope, or edit f.

If the gradient fits an f in which `x.var(0)` is held constant, then the path through `x.var(0)` was left out. If it becomes
right when the measured ∂L/∂V is inserted in place of an expression, then this expression should have been ∂L/∂V. If it fits
an edited f, the two contradict each other there, and which of them is wrong cannot be known.
"""

import numpy as np

from helpers.gradient_check.walk.values import identity, is_float

LARGE = 150  # entries of a slope that is measured one by one


def left_out(matches):
    """Return the site of the forward value that must be held constant for the gradient to be right, or None."""
    sites = (site for site in matches.sites_of_f if site.kind != "Constant")
    found = (site for site in sites if all(_fits_held(point, site.number) for point in matches.points))
    depth = {site.source: k for k, site in reversed([*enumerate(matches.sites_of_f)])}  # f before what it calls
    return min(found, key=lambda site: (depth[site.source], len(matches.name(site))), default=None)


def _fits_held(point, number):
    hold = {number: lambda value, visit: point.forward.get((number, visit), value)}
    return is_float(point.forward.get((number, 0))) and _fits(point, point.given, hold)


def fits_measured(point, edits=None, code=None):
    """Return what an edited gradient gives if it agrees with the measured slopes, also when asked once more; else None."""
    given = point.attempt(point.run_gradient, edits, code=code)
    if given is None or not point.agrees(given):
        return None
    again = point.attempt(point.run_gradient, edits, code=code, afresh=False)
    return given if again is not None and point.agrees(again) else None


def fits_edited(point, edits=None, code=None):
    """Return the gradient if it is that of an edited f, else None. It is run again: it may use what f computes."""
    if point.attempt(point.run_f, edits, code=code) is None:
        return None
    given = point.attempt(point.run_gradient, edits, code=code, afresh=False)
    return given if given is not None and _fits(point, given, edits, code) else None


def fits_alone(point, edits=None, code=None):
    """Return the gradient if it is that of an edited f, and is itself not changed by the edit, else None."""
    given = fits_edited(point, edits, code)
    return given if given is not None and np.array_equal(given, point.given) else None


def _fits(point, given, edits=None, code=None):
    """Tell whether an edited f has a gradient, as it is given, for its slopes."""
    if np.shape(given) != point.x.shape or not np.all(np.isfinite(given)) or not np.any(given):
        return False
    claims = point.directions @ given.ravel()
    for i in np.argsort(-np.abs(claims - point.slopes)):
        change = point.attempt(point.change, point.directions[i], edits, code)
        if change is None or not abs(change - claims[i]) <= point.tolerance * point.scale:
            return False
    return True


def inserted(matches):
    """Return the first site of the gradient where a measured slope, inserted in its place, makes all right, or None.

    All means all but a constant factor, such as the number of examples, by which a later line may divide.
    """
    main = matches.main
    for site, _, value in matches.in_gradient():
        known = identity(value)
        if (site.number, 1) in main.backward or np.size(value) > LARGE:
            continue
        if known in matches.kept or known not in matches.used or (np.ndim(value) == 0 and main.x.size > 1):
            continue
        if known == identity(main.given):
            continue  # that the gradient is right if the right one is inserted tells nothing
        if (site.kind == "Name" or site.name) and (site.kind == "Name") != (known in matches.slopes):
            continue  # a slope that was assigned to a variable is right: it may be used wrongly
        for key in matches.keys:
            if np.shape(main.forward[key]) == np.shape(value) and _is_right_with(matches.points, site.number, key):
                return site
    return None


def _is_right_with(points, number, key):
    """Tell whether the gradient is right, up to a constant factor, with a measured slope in place of a value."""
    factors = []
    for point in points:
        value = point.backward.get((number, 0))
        if np.shape(point.forward.get(key)) != np.shape(value) or not np.any(slopes := point.slopes_of(key)):
            return False
        given = point.attempt(point.run_gradient, {number: lambda value, visit: slopes.copy()})
        if given is None or given.shape != point.x.shape or np.allclose(slopes, value, rtol=1e-6, atol=0):
            return False
        claims = point.directions @ given.ravel()
        factors.append(claims @ point.slopes / max(claims @ claims, 1e-300))
        if not point.agrees(factors[-1] * given) or not np.isclose(factors[-1], factors[0], rtol=1e-5, atol=0):
            return False
    return True
