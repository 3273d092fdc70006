"""Insert a measured slope in place of an expression of the gradient, and build an expression that equals it.

If the gradient becomes right when ∂L/∂V is inserted in place of an expression, then the expression should have been ∂L/∂V,
and all that follows it is right. What it should have been is then known in numbers, and the values at hand are tried as
its factors or as the term that is missing.
"""

import numpy as np

from helpers.gradient_check.walk.edits import Edit
from helpers.gradient_check.walk.values import identity

LARGE, MOST_TRIED = 150, 25
FACTORS = (  # how a value may enter a product: price, text, function
    (0.0, " * {}", lambda v: v),
    (0.1, " * ({} > 0)", lambda v: v > 0),
    (0.1, " * (1 - {})", lambda v: 1 - v),
    (0.1, " / {}", lambda v: 1 / v),
    (0.2, " * {}**2", lambda v: v**2),
    (0.2, " * (1 - {}**2)", lambda v: 1 - v**2),
)
FORMS = (2.0, "it"), (2.2, "it +"), (2.4, "")  # price, what is before the product


def graft(search):
    """Return (site, slopes that it should be at each point) of the first site where these make all right, or None."""
    matches, main = search.matches, search.main
    visits = {number: visit + 1 for number, visit in main.backward}
    for site in matches.sites:
        value = main.backward.get((site.number, 0))
        if site.kind in ("Constant", "Callee") or visits[site.number] > 1 or np.size(value) > LARGE:
            continue
        known = identity(value)
        if known in matches.kept or known not in matches.used or (np.ndim(value) == 0 and main.x.size > 1):
            continue
        if (site.kind == "Name" or site.name) and (site.kind == "Name") != matches.is_complete(known):
            continue  # a slope that was assigned to a variable is right: it may be used wrongly
        for key in matches.keys:
            if np.shape(main.forward[key]) == np.shape(value) and all(
                _fits(search, point, site, key) for point in matches.points
            ):
                return site, [point.slopes_of(key) for point in matches.points]
    return None


def _fits(search, point, site, key):
    if np.shape(point.forward.get(key)) != np.shape(search.main.forward[key]):
        return False
    slopes = point.slopes_of(key)
    if not np.any(slopes) or np.allclose(slopes, point.backward[site.number, 0], rtol=1e-6, atol=0):
        return False
    given = search.outcome(point, {site.number: lambda value, visit: slopes.copy()})
    return given is not None and point.agrees(given)


def formulas(matches, values, site, slopes):
    """Return edits that write the slopes as what is there times, or plus, a product of two values at hand."""
    given = _joined([point.backward.get((site.number, 0)) for point in matches.points], slopes)
    atoms, target = list(_atoms(matches, values, site, slopes)), _joined(slopes, slopes)
    if given is None:
        return []
    edits, ones = [], np.ones(len(target))
    for (price, before), base, wanted in zip(FORMS, (given, ones, ones), (target, target - given, target), strict=True):
        for extra, factor, chosen in _products(atoms, base, wanted):
            constant = _constant(abs(factor), values.numbers)
            if constant is not None:
                edits.append(_edit(site, price + extra, before, factor, [*chosen, constant]))
    return sorted(edits, key=lambda edit: edit.price)[:MOST_TRIED]


def _atoms(matches, values, site, slopes):
    """Yield (price, text, part, vector over all points) for each value at hand that can be a factor of the slopes."""
    yield 0.0, "", None, np.ones(sum(np.size(slope) for slope in slopes))
    for part in values.before(site):
        found = [part.at(point) for point in matches.points]
        for price, text, function in FACTORS if all(value is not None for value in found) else ():
            vector = _joined([1.0 * function(np.asarray(value, float)) for value in found], slopes)
            if vector is not None and np.all(np.isfinite(vector)) and np.ptp(vector):
                yield price + part.price + 0.1, text, part, vector


def _joined(arrays, like):
    """Return the values at all points as one vector, or None if they do not fit."""
    try:
        return np.concatenate(
            [np.broadcast_to(one, np.shape(other)).ravel() for one, other in zip(arrays, like, strict=True)]
        )
    except (ValueError, TypeError):
        return None


def _products(atoms, base, wanted):
    """Yield (price, factor, atoms) for the products base * a * b that are a multiple of what is wanted."""
    if not np.all(np.isfinite(base)) or not np.any(wanted):
        return
    weights = np.random.default_rng(11).uniform(0.5, 1.5, (2, len(wanted)))
    matrix = np.array([vector for *_, vector in atoms])
    left, right = ((matrix * (base * one)) @ matrix.T for one in weights)  # quick: two weighted sums have the same ratio
    sums = weights @ wanted
    near = np.abs(left * sums[1] - right * sums[0]) <= 1e-6 * np.abs(left * sums[1])
    for i, j in zip(*np.nonzero(np.triu(near)), strict=True):
        product = base * matrix[i] * matrix[j]
        factor = product @ wanted / max(product @ product, 1e-300)
        if np.max(np.abs(factor * product - wanted)) <= 3e-6 * np.max(np.abs(wanted)):
            yield atoms[i][0] + atoms[j][0], factor, [atoms[i], atoms[j]]


def _constant(factor, numbers):
    """Return (price, text, part) for a constant factor that a learner would write; None for any other."""
    for plain in (1, 2, 3, 4, 0.5):
        if abs(factor / plain - 1) < 1e-6:
            return 0.15 * (plain != 1), f" * {plain}" if plain != 1 else "", None
    for number in numbers:
        for text, value in ((" * {}", number.value), (" / {}", 1 / number.value)):
            if abs(factor / value - 1) < 1e-6:
                return 0.2 + number.price, text, number
    return None


def _edit(site, price, before, sign, factors):
    """Return the edit that writes a product of some factors, or multiplies or adds it to what is there."""
    parts = {name: part for name, (_, _, part, *_) in zip(("other", "left", "number"), factors, strict=True) if part}
    product = "".join(text.format(name) for name, (_, text, *_) in zip(("other", "left", "number"), factors, strict=True))
    row = (
        before + product
        if before == "it"
        else before + product.removeprefix(" *")
        if product[:2] == " *"
        else f"{before} 1{product}"
    )
    if sign < 0:
        row = row.replace("it +", "it -") if before == "it +" else f"-{row}"
    return Edit(price + factors[-1][0], [site], row.strip(), parts)
