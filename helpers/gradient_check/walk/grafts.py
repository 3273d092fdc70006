"""Put a measured slope in place of an expression of the gradient, and build an expression that equals it.

If the gradient becomes right when ∂L/∂V stands in place of an expression, then the expression should have been ∂L/∂V,
and all that follows it is right. What it should have been is then known in numbers, and the values at hand can be tried
for a formula.
"""

import itertools

import numpy as np

from helpers.gradient_check.walk.edits import Edit
from helpers.gradient_check.walk.match import identity, is_float

LARGE = 150
SHAPES = (  # how a value may enter a product: price, text, function
    (0.0, "*{}", lambda v: v), (0.1, "*({} > 0)", lambda v: v > 0), (0.1, "*(1 - {})", lambda v: 1 - v), (0.1, "/{}", lambda v: 1 / v),
    (0.2, "*{}**2", lambda v: v**2), (0.2, "*(1 - {}**2)", lambda v: 1 - v**2), (0.2, "/{}**2", lambda v: 1 / v**2),
)  # fmt: skip
NAMES = ("other", "left", "right", "first", "second", "third", "owner")
PRODUCTS = ("{} @ {}", "{}.T @ {}", "{} @ {}.T", "np.outer({}, {})")


def grafts(search):
    """Yield pairs (site, slopes it should be at each point), in the order in which the gradient passes the sites."""
    matches, main = search.matches, search.main
    visits = {number: visit + 1 for number, visit in main.backward}
    for site in matches.sites:
        value = main.backward.get((site.number, 0))
        if site.kind in ("Constant", "Callee", "After") or not is_float(value) or np.size(value) > LARGE:
            continue
        if (site.kind == "Name" or site.name) and (site.kind == "Name") != matches.is_complete(identity(value)):
            continue  # a slope that was put in a variable is right: it may be used wrongly
        if visits[site.number] > 1 or identity(value) in matches.kept or identity(value) not in matches.used:
            continue
        if np.ndim(value) == 0 and main.x.size > 1:
            continue
        for key in matches.keys:
            if np.shape(main.forward[key]) == np.shape(value) and _fits(search, site, key):
                yield site, [point.slopes_of(key) for point in search.points]
                break


def _fits(search, site, key):
    for point in search.points:
        if key not in point.forward or np.shape(point.forward[key]) != np.shape(search.main.forward[key]):
            return False
        slopes = point.slopes_of(key)
        if point is search.main and np.allclose(slopes, point.backward[site.number, 0], rtol=1e-6, atol=0):
            return False
        if not np.any(slopes) or not point.agrees(search.outcome(point, {site.number: lambda value, visit: slopes.copy()})):
            return False
    return True


def formulas(search, values, site, slopes):
    """Return edits that write the slopes as what stands there times, or plus, a product of values at hand."""
    points = search.points
    given = [point.backward.get((site.number, 0)) for point in points]
    if any(np.shape(one) != np.shape(slope) for one, slope in zip(given, slopes, strict=True)):
        return []
    atoms = list(_atoms(values, site, points, slopes))
    target, it = _joined(slopes, slopes), _joined(given, slopes)
    ones = np.ones(len(target))
    edits = []
    for price, form, base, wanted in (
        (2.0, "factor", it, target),
        (2.2, "term", ones, target - it),
        (2.4, "whole", ones, target),
    ):
        for extra, factor, chosen in _products(atoms, base, wanted, search.bench):
            constant = _constant(abs(factor), values.numbers)
            if constant is not None:
                edits.append(_edit(site, price + extra + constant[0], form, factor, [constant, *chosen]))
    return sorted(edits, key=lambda edit: edit.price)[:25]


def _atoms(values, site, points, slopes):
    """Yield (price, text, parts, vector over all points) for each value at hand that fits, and for products of matrices."""
    yield 0.0, "", [], np.ones(sum(np.size(slope) for slope in slopes))
    parts = [part for part in values.before(site) if part.key]
    for part in parts:
        found = [part.at(point) for point in points]
        for price, text, shaped in SHAPES:
            vector = _joined([1.0 * shaped(np.asarray(value, float)) for value in found if value is not None], slopes)
            if vector is not None and np.all(np.isfinite(vector)) and np.ptp(vector):
                yield price + part.price, text, [part], vector
    if np.ndim(slopes[0]) == 2:
        small = [part for part in parts if 1 <= np.ndim(part.value) <= 2 and np.size(part.value) <= 400]
        for one, other in itertools.product(small[:25], repeat=2):
            for text in PRODUCTS:
                made = [_product(text, one.at(point), other.at(point)) for point in points]
                if all(np.shape(value) == np.shape(slope) for value, slope in zip(made, slopes, strict=True)):
                    yield 0.2 + one.price + other.price, f"*({text})", [one, other], _joined(made, slopes)


def _product(text, one, other):
    try:
        if "outer" in text:
            return np.outer(one, other) if np.ndim(one) == np.ndim(other) == 1 else None
        return (one.T if text.startswith("{}.T") else one) @ (other.T if text.endswith(".T") else other)
    except (ValueError, AttributeError):
        return None


def _joined(arrays, like):
    """Return the values of all points as one vector, or None if they do not fit."""
    try:
        return np.concatenate(
            [np.broadcast_to(array, np.shape(other)).ravel() for array, other in zip(arrays, like, strict=True)]
        )
    except ValueError:
        return None


def _products(atoms, base, wanted, bench):
    """Yield (price, factor, atoms) for the products base * a * b, and base * a * b * c, that are a multiple of what is wanted."""
    if not np.all(np.isfinite(base)) or not np.any(wanted):
        return
    rng = np.random.default_rng(11)
    one, other = rng.uniform(0.5, 1.5, (2, len(wanted)))
    matrix, seen = np.array([vector for *_, vector in atoms]), set()
    for third in [atom for atom in atoms if atom[1] in ("", "*{}")][:40]:
        left, right = ((matrix * (base * third[3] * weights)) @ matrix.T for weights in (one, other))
        near = np.abs(left * (wanted @ other) - right * (wanted @ one)) <= 1e-6 * np.abs(left * (wanted @ other))
        for i, j in zip(*np.nonzero(np.triu(near)), strict=True):
            bench.in_time()
            chosen = [atoms[i], atoms[j], third]
            key = frozenset((atom[1], *map(id, atom[2])) for atom in chosen)
            parts = [part for _, text, values, _ in chosen for part in values if "{}" in text]
            if key in seen or (
                len({text[:1] for _, text, *_ in chosen if text}) > 1 and len(set(map(id, parts))) < len(parts)
            ):
                continue
            seen.add(key)
            product = base * third[3] * matrix[i] * matrix[j]
            factor = product @ wanted / max(product @ product, 1e-300)
            if np.max(np.abs(factor * product - wanted)) <= 3e-6 * np.max(np.abs(wanted)):
                yield sum(atom[0] for atom in chosen) + 0.1 * sum(bool(atom[1]) for atom in chosen), factor, chosen


def _constant(factor, numbers):
    """Return (price, text, parts) for a constant factor that a learner would write; None for any other."""
    for plain in (1, 2, 3, 4, 0.5):
        if abs(factor / plain - 1) < 1e-6:
            return 0.15 * (plain != 1), f"*{plain}" if plain != 1 else "", []
    for number in numbers:
        for text, value in (("*{}", number.value), ("/{}", 1 / number.value)):
            if abs(factor / value - 1) < 1e-6:
                return 0.2 + number.price, text, [number]
    return None


def _edit(site, price, form, sign, factors):
    """Return the edit that writes a product of some factors, or multiplies or adds it to what stands there."""
    names, parts, above, below = iter(NAMES), {}, [], []
    for _, text, values, *_ in factors:
        chosen = {name: value for value, name in zip(values, names, strict=False)}
        parts |= chosen
        if text:
            (below if text[0] == "/" else above).append(text[1:].format(*chosen))
    above = ["it", *above] if form == "factor" else above or ["1"]
    product = " * ".join(above) + "".join(f" / {factor}" for factor in below)
    if form == "term":
        return Edit(price, [site], f"it {'+' if sign > 0 else '-'} {product}", parts)
    return Edit(price, [site], product if sign > 0 else f"-{product}", parts)
