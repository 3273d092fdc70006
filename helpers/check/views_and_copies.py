"""The exercises of page 04: views and copies."""

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Mistake, tenths
from helpers.check.numerical_gradient import UNCHANGED

__all__ = ["any_layout", "relation_of", "row_slopes"]


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


relation_of = Exercise(
    "relation_of",
    _pairs,
    _judging(lambda a, b: bool(_addresses(a) & _addresses(b))),
    [
        Mistake(
            "compares .base with a",
            "The base of a view is the array that owns the memory. If a is a view itself, the base of b is not a.",
            _judging(lambda a, b: b.base is a),
        ),
        Mistake(
            "asks only for a base",
            "A base says that b is a view, but not of which array.",
            _judging(lambda a, b: b.base is not None),
        ),
        Mistake(
            "compares the bases",
            "Two views with the same base need not have an entry in common. And an array that owns its memory has no base.",
            _judging(lambda a, b: a.base is not None and a.base is b.base),
        ),
        Mistake(
            "compares the memory ranges",
            "The memory of two arrays can interleave without a common entry, like the odd and the even columns. "
            "np.may_share_memory compares only where each array begins and ends.",
            _judging(np.may_share_memory),
        ),
        Mistake(
            "compares .base with a, and never says same",
            "The base of a view is the array that owns the memory, which need not be a. And if a and b are two names of one "
            "array, the answer is a word of its own.",
            lambda a, b: "shares" if b.base is a else "separate",
        ),
        Mistake(
            "equal arrays called the same",
            "A copy has equal numbers, but it is another array.",
            lambda a, b: "same" if np.array_equal(a, b) else "shares" if np.shares_memory(a, b) else "separate",
        ),
        Mistake(
            "compares the numbers",
            "A copy has equal numbers, but a change of one array does not show in the other.",
            _judging(np.array_equal),
        ),
        Mistake(
            "never says shares",
            "`is` tells whether two names belong to one array. Two arrays can still use the same memory.",
            _judging(lambda a, b: False),
        ),
        Mistake(
            "never says same",
            "An array shares memory with itself, but the task has a word of its own for that.",
            lambda a, b: "shares" if np.shares_memory(a, b) else "separate",
        ),
    ],
)


def _row_cases(rng):
    def case(x, say=""):
        say = say or np.array2string(x, separator=", ").replace("\n", "")
        return Case(f"f = the sum of x ** 2, x = {say}", f=_squares, x=x)

    yield case(tenths(rng, (2, 2)) + 0.1)
    yield case(tenths(rng, (3, 2)) + 0.1)
    yield case(np.asfortranarray(rng.standard_normal((4, 3))), "4 rows of 3, in F order")


def _squares(x):
    return float(np.sum(x**2))


def _row_differences(f, x, h=1e-5, over=2e-5, rows=lambda i: i):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[rows(i)] += h
        down[rows(i)] -= h
        slopes[i] = (f(up) - f(down)) / over
    return slopes


def _keeping(keep, restore=True):
    def slopes(f, x, h=1e-5):
        result = np.zeros(len(x))
        for i in range(len(x)):
            kept = keep(x[i])
            x[i] = kept + h
            above = f(x)
            x[i] = kept - h
            result[i] = (above - f(x)) / (2 * h)
            if restore:
                x[i] = kept
        return result

    return slopes


def _restored_by_adding(f, x, h=1e-5):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        slopes[i] = (above - f(x)) / (2 * h)
        x[i] += h
    return slopes


row_slopes = Exercise(
    "row_slopes",
    _row_cases,
    lambda f, x: 2 * x.sum(axis=1),
    [
        Mistake(
            "the kept row is a view",
            "All slopes are half of what they should be, because f(x + h) was compared with f(x). Draw x and the row that "
            "you keep: does x[i] hold numbers of its own?",
            _keeping(lambda row: row),
        ),
        Mistake(
            "not restored",
            "After the loop each row should be what it was. The slopes of the other rows need that, too.",
            _keeping(np.copy, restore=False),
        ),
        Mistake(
            "restored by arithmetic",
            "x + h - 2h + h is not always x, because each step is rounded. Keep the numbers and write those back.",
            _restored_by_adding,
        ),
        Mistake(
            "doubled instead of repaired",
            "Twice the half is nearly right, but now f(x + h) is compared with f(x). The row that you keep still changes.",
            lambda f, x: 2 * _keeping(lambda row: row)(f, x),
        ),
        Mistake("divided by h", "The two points are 2h apart.", lambda f, x: _row_differences(f, x, over=1e-5)),
        Mistake(
            "all rows at once",
            "All rows were changed together. Change one row at a time, with all of its entries.",
            lambda f, x: _row_differences(f, x, rows=lambda i: slice(None)),
        ),
        Mistake(UNCHANGED.name, UNCHANGED.hint, lambda f, x: np.zeros(len(x))),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
    smallest_scale=0.1,
)


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


def _entry_by_entry(f, X, set_entry, entries, restore=True):
    """Return the slopes for each (index, old value) of `entries`, in the order in which these come."""
    slopes = []
    for k, kept in entries:
        set_entry(k, kept + 1e-5)
        above = f(X)
        set_entry(k, kept - 1e-5)
        slopes.append((above - f(X)) / 2e-5)
        if restore:
            set_entry(k, kept)
    return np.array(slopes).reshape(X.shape)


def _through(flat, restore=True):
    def gradient(f, X):
        entries = flat(X)
        return _entry_by_entry(f, X, entries.__setitem__, [(i, float(entries[i])) for i in range(X.size)], restore)

    return gradient


def _while_iterating(f, X):
    flat = X.flat
    return _entry_by_entry(f, X, flat.__setitem__, enumerate(flat))


def _in_memory_order(f, X):
    with np.nditer(X, op_flags=["readwrite"], flags=["multi_index"]) as entries:
        return _entry_by_entry(f, X, X.__setitem__, ((entries.multi_index, float(entry)) for entry in entries))


any_layout = Exercise(
    "any_layout",
    _layouts,
    lambda f, X: 3 * X**2,
    [
        Mistake(
            "flatten makes a copy",
            "All slopes are 0: your changes went into a copy, and f reads X. np.shares_memory tells you which arrays share.",
            _through(np.ndarray.flatten),
        ),
        Mistake(
            "ravel sometimes makes a copy",
            "In C order ravel gives a view. Elsewhere it makes a copy, without a warning, and so does reshape(-1).",
            _through(np.ravel),
        ),
        Mistake(
            "order of the entries",
            "np.nditer, and ravel with order='K' or 'A', visit the entries as they are in memory. Your slopes are stored "
            "row by row.",
            _through(lambda X: X.ravel(order="K")),
            _in_memory_order,
        ),
        Mistake(
            "changed while iterating",
            "X.flat loses its position when you write to it inside a loop over it. Loop over range(X.size) instead.",
            _while_iterating,
        ),
        Mistake("not restored", "After the call X should be what it was, bit for bit.", _through(lambda X: X.flat, False)),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
    smallest_scale=0.1,
)
