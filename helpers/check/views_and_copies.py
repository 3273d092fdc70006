"""The exercises of page 04: views and copies."""

import numpy as np

from helpers.check.engine import MEASURED, Case, Exercise, tenths
from helpers.check.engine.slopes import UNCHANGED, by_steps, itself, squares, written


def _pairs(rng):
    W = tenths(rng, (3, 4))
    column = int(rng.integers(1, 4))
    pairs = [
        Case("a = W, b = W[1]", a=W, b=W[1]),
        Case("a = W, b = W", a=W, b=W),
        Case("a = W, b = W.copy()", a=W, b=W.copy()),
        Case("a = W[:, :3], b = W[:, 1:]", a=W[:, :3], b=W[:, 1:]),
        Case("a = W, b = W[:, [0, 1]]", a=W, b=W[:, [0, 1]]),
        Case("a = W.T, b = W[0]", a=W.T, b=W[0]),
        Case("a = W[::2], b = W[1::2]", a=W[::2], b=W[1::2]),
        Case("a = W[:, ::2], b = W[:, 1::2]", a=W[:, ::2], b=W[:, 1::2]),
        Case("a = W, b = W.T.reshape(-1)", a=W, b=W.T.reshape(-1)),
        Case("a = W, b = a column of W", a=W, b=W[:, column]),
        Case("a = W.reshape(-1), b = W.ravel()", a=W.reshape(-1), b=W.ravel()),
    ]
    yield from (pairs[k] for k in rng.permutation(len(pairs)))


def _addresses(array):
    """Return the addresses of all entries of an array."""
    offsets = np.tensordot(array.strides, np.indices(array.shape), axes=1)
    return set((array.__array_interface__["data"][0] + offsets).ravel().tolist())


def _judging(shares):
    return lambda a, b: "same" if a is b else "shares" if shares(a, b) else "separate"


relation_of = Exercise("relation_of", _pairs, _judging(lambda a, b: bool(_addresses(a) & _addresses(b))), [
    ("compares .base with a", _judging(lambda a, b: b.base is a),
     "The base of a view is the array that owns the memory. If a is a view itself, the base of b is not a."),
    ("asks only for a base", _judging(lambda a, b: b.base is not None),
     "A base says that b is a view, but not of which array."),
    ("compares the bases", _judging(lambda a, b: a.base is not None and a.base is b.base),
     "Two views with the same base need not have an entry in common. And an array that owns its memory has no base."),
    ("compares the memory ranges", _judging(np.may_share_memory),
     "Two views of one array, such as its odd and its even columns, may have no entry in common. Neither a common base nor "
     "np.may_share_memory, which compares where each array begins and ends, tells whether they have."),
    ("compares .base with a", lambda a, b: "shares" if b.base is a else "separate",
     "The base of a view is the array that owns the memory, which need not be a. And if a and b are two names of one "
     "array, the answer is \"same\"."),
    ("equal arrays called the same",
     [lambda a, b: "same" if np.array_equal(a, b) else "shares" if np.shares_memory(a, b) else "separate",
      lambda a, b: "same" if np.all(a == b) else "shares" if np.shares_memory(a, b) else "separate"],
     "A copy has equal numbers, but it is another array."),
    ("compares the numbers", [_judging(np.array_equal), _judging(lambda a, b: np.all(a == b))],
     "A copy has equal numbers, but a change of one array does not show in the other."),
    ("never says shares", _judging(lambda a, b: False),
     "`is` tells whether two names belong to one array. Two arrays can still use the same memory."),
    ("never says same", lambda a, b: "shares" if np.shares_memory(a, b) else "separate",
     "An array shares memory with itself, but if a and b are one array, the answer is \"same\"."),
])  # fmt: skip


def _row_cases(rng):
    for x in (tenths(rng, (2, 2)) + 0.1, tenths(rng, (3, 2)) + 0.1):
        yield Case(f"f = the sum of x ** 2, x = {written(x)}", f=squares, x=x)
    x = np.asfortranarray(rng.standard_normal((4, 3)))
    yield Case("f = the sum of x ** 2, x = 4 rows of 3, in F order", f=squares, x=x)


def _by_rows(**how):
    return lambda f, x: by_steps(entries=itself, **how)(f, x)[:, 0]


row_slopes = Exercise("row_slopes", _row_cases, lambda f, x: 2 * x.sum(axis=1), [
    ("the kept row is a view", _by_rows(keep=itself),
     "All slopes are half of what they should be, because f(x + h) was compared with f(x). Draw x and the row that you "
     "keep: does x[i] hold numbers of its own?"),
    ("not restored", _by_rows(left=lambda kept, h: kept - h),
     "After the loop each row should be what it was. The slopes of the other rows need that, too. If your code writes the "
     "kept row back: does it hold numbers of its own? A view would be written into itself."),
    ("restored by arithmetic", _by_rows(left=lambda kept, h: kept + h - 2 * h + h),
     "x + h - 2h + h is not always x, because each step is rounded. Keep the numbers and write those back."),
    ("one-sided", lambda f, x: 2 * _by_rows(keep=itself)(f, x),
     "f(x + h) is compared with f(x), and the task asks for f(x - h) too. If your code has both, does the row that you keep "
     "still change with x?"),
    ("divided by h", lambda f, x: 2 * _by_rows()(f, x), "The two points are 2h apart."),
    ("all rows at once", lambda f, x: np.full(len(x), (f(x + 1e-5) - f(x - 1e-5)) / 2e-5),
     "All rows were changed together. Change one row at a time, with all of its entries."),
    (UNCHANGED[0], lambda f, x: np.zeros(len(x)), UNCHANGED[2]),
], **MEASURED)  # fmt: skip


def _layouts(rng):
    def case(say, X):
        def f(_):
            return float(np.sum(X**3))

        return Case(f"{say}; f reads X itself", f=f, X=X)

    yield case("X of shape (2, 3) in C order", tenths(rng, (2, 3)))
    yield case("X of shape (4,)", tenths(rng, 4))
    yield case("X in F order", np.asfortranarray(tenths(rng, (2, 3))))
    yield case("X = W.T", tenths(rng, (3, 2)).T)
    yield case("X = W[:, 1:3]", tenths(rng, (3, 4))[:, 1:3])
    yield case("X = W[::-1]", tenths(rng, (3, 2))[::-1])
    yield case("X of shape (2, 2, 2), its axes exchanged", tenths(rng, (2, 2, 2)).transpose(2, 0, 1))


def _in_memory_order(X):
    with np.nditer(X, flags=["multi_index"]) as entries:
        for entry in entries:
            yield entries.multi_index, float(entry)


any_layout = Exercise("any_layout", _layouts, lambda f, X: 3 * X**2, [
    ("flatten makes a copy", by_steps(entries=np.ndarray.flatten),
     "All slopes are 0: your changes went into a copy, and f reads X. np.shares_memory tells you which arrays share."),
    ("ravel sometimes makes a copy", by_steps(entries=np.ravel),
     "In C order ravel gives a view. For any other layout it makes a copy, without a warning, and so may reshape(-1)."),
    ("order of the entries",
     [by_steps(entries=lambda X: X.ravel(order="K")), by_steps(entries=itself, visit=_in_memory_order)],
     "np.nditer, and ravel with order='K' or 'A', visit the entries as they are in memory. Your slopes are stored row by "
     "row."),
    ("changed while iterating", by_steps(visit=enumerate),
     "X.flat loses its position when you write to it inside a loop over it. Loop over range(X.size) instead."),
    ("not restored", by_steps(left=lambda kept, h: kept - h), "After the call X should be what it was, bit for bit."),
], **MEASURED)  # fmt: skip
