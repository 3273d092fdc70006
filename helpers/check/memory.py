"""The exercises of notebook 04: views and copies."""

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip
from helpers.check.softmax import tenths
from helpers.gradient_check import check_gradient
from helpers.gradients import numerical_gradient
from helpers.memory import addresses

__all__ = ["any_layout", "kinship", "row_slopes"]


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


def _by_address(a, b):
    cells, others = (set(addresses(array).ravel().tolist()) for array in (a, b))
    return "same" if a is b else "shares" if cells & others else "apart"


def _judging(shares):
    return lambda a, b: "same" if a is b else "shares" if shares(a, b) else "apart"


kinship = Exercise(
    "kinship",
    _pairs,
    _by_address,
    [
        Slip(
            "by .base is a",
            "A view of a view has the owner of the buffer as its base, not the view.",
            _judging(lambda a, b: b.base is a),
        ),
        Slip(
            "by having a base",
            "A base says that there is another array, not which one.",
            _judging(lambda a, b: b.base is not None),
        ),
        Slip(
            "by the same base",
            "Two arrays may have one base and no cell in common; and an owner has no base at all.",
            _judging(lambda a, b: a.base is not None and a.base is b.base),
        ),
        Slip(
            "one buffer, no common cell",
            "Two combs whose teeth lie in turns share nothing. (np.may_share_memory looks at their ends only.)",
            _judging(np.may_share_memory),
        ),
        Slip(
            "by .base, and no word for one array",
            "A base is the owner of the buffer, which need not be a. And one array under two names is the same.",
            lambda a, b: "shares" if b.base is a else "apart",
        ),
        Slip(
            "equal is not the same",
            "A copy has equal numbers, and is another array.",
            lambda a, b: "same" if np.array_equal(a, b) else "shares" if np.shares_memory(a, b) else "apart",
        ),
        Slip("by equal numbers", "A copy has equal numbers, and is apart.", _judging(np.array_equal)),
        Slip(
            "never shares",
            "`is` knows one array from another. Two arrays can look at one buffer.",
            _judging(lambda a, b: False),
        ),
        Slip(
            "never same",
            "An array shares memory with itself, but here that has its own word.",
            lambda a, b: "shares" if np.shares_memory(a, b) else "apart",
        ),
    ],
)


def _row_cases(rng):
    def case(x, say):
        return Case(
            f"f = the sum of x ** 2, x = {say or np.array2string(x, separator=', ').replace(chr(10), '')}", f=_squares, x=x
        )

    yield case(tenths(rng, (2, 2)) + 0.1, "")
    yield case(tenths(rng, (3, 2)) + 0.1, "")
    yield case(np.asfortranarray(rng.standard_normal((4, 3))), "4 rows of 3, in F order")


def _squares(x):
    return float(np.sum(x**2))


def _row_differences(f, x, h=1e-5, over=2e-5, whole=False):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[slice(None) if whole else i] += h
        down[slice(None) if whole else i] -= h
        slopes[i] = (f(up) - f(down)) / over
    return slopes


def _kept_as_a_view(f, x):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        kept = x[i]
        x[i] = kept + 1e-5
        above = f(x)
        x[i] = kept - 1e-5
        below = f(x)
        x[i] = kept
        slopes[i] = (above - below) / 2e-5
    return slopes


def _not_put_back(f, x):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        kept = x[i].copy()
        x[i] = kept + 1e-5
        above = f(x)
        x[i] = kept - 1e-5
        slopes[i] = (above - f(x)) / 2e-5
    return slopes


def _put_back_by_adding(f, x):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += 1e-5
        above = f(x)
        x[i] -= 2e-5
        below = f(x)
        x[i] += 1e-5
        slopes[i] = (above - below) / 2e-5
    return slopes


row_slopes = Exercise(
    "row_slopes",
    _row_cases,
    lambda f, x: 2 * x.sum(axis=1),
    [
        Slip(
            "what was kept has moved",
            "All slopes are half of what they should be: f(x) was compared with f(x + h). Draw x and what you keep: "
            "does x[i] keep the numbers, or does it look at them?",
            _kept_as_a_view,
        ),
        Slip(
            "not put back",
            "After the loop a row must be what it was, and each slope needs it while the next is measured.",
            _not_put_back,
        ),
        Slip(
            "put back by adding",
            "x + h - 2h + h is not always x. Keep the numbers, and write those back.",
            _put_back_by_adding,
        ),
        Slip(
            "doubled, not cured",
            "Twice the half is nearly right, and it is f(x + h) against f(x) now. What is kept still moves.",
            lambda f, x: 2 * _kept_as_a_view(f, x),
        ),
        Slip("divided by h", "The two places are 2h apart.", lambda f, x: _row_differences(f, x, over=1e-5)),
        Slip(
            "all rows at once",
            "One row is to be nudged at a time, all of its entries together.",
            lambda f, x: _row_differences(f, x, whole=True),
        ),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-6,
    least=0.1,
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


def _flat_slopes(flat, restore=True):
    def gradient(f, X):
        entries, slopes = flat(X), []
        for i in range(X.size):
            kept = float(entries[i])
            entries[i] = kept + 1e-5
            above = f(X)
            entries[i] = kept - 1e-5
            below = f(X)
            if restore:
                entries[i] = kept
            slopes.append((above - below) / 2e-5)
        return np.array(slopes).reshape(X.shape)

    return gradient


def _while_iterating(f, X):
    flat, slopes = X.flat, []
    for i, kept in enumerate(flat):
        flat[i] = kept + 1e-5
        above = f(X)
        flat[i] = kept - 1e-5
        slopes.append((above - f(X)) / 2e-5)
        flat[i] = kept
    return np.array(slopes).reshape(X.shape)


def _as_they_lie(f, X):
    slopes = []
    with np.nditer(X, op_flags=["readwrite"]) as cells:
        for cell in cells:
            kept = float(cell)
            cell[...] = kept + 1e-5
            above = f(X)
            cell[...] = kept - 1e-5
            slopes.append((above - f(X)) / 2e-5)
            cell[...] = kept
    return np.array(slopes).reshape(X.shape)


def _two_loops(f, X):
    slopes = np.zeros(X.shape)
    for i, row in enumerate(X):
        for j, kept in enumerate(row):
            X[i, j] = kept + 1e-5
            above = f(X)
            X[i, j] = kept - 1e-5
            below = f(X)
            X[i, j] = kept
            slopes[i, j] = (above - below) / 2e-5
    return slopes


any_layout = Exercise(
    "any_layout",
    _layouts,
    lambda f, X: 3 * X**2,
    [
        Slip(
            "flatten copies",
            "All slopes are 0: the nudges went into a copy, and f reads X. Use np.shares_memory.",
            _flat_slopes(np.ndarray.flatten),
        ),
        Slip(
            "ravel copies where it must",
            "In C order ravel gives a view. Elsewhere it copies without a word, and so does reshape(-1).",
            _flat_slopes(np.ravel),
        ),
        Slip(
            "another order",
            "With order='K' or 'A' the entries come as they lie in memory; the slopes were put back row by row.",
            _flat_slopes(lambda X: X.ravel(order="K")),
        ),
        Slip(
            "another order",
            "np.nditer goes by the order in memory; the slopes were put back row by row.",
            _as_they_lie,
        ),
        Slip(
            "written while iterating",
            "X.flat loses its place when it is written to in a loop over it: loop over range(X.size).",
            _while_iterating,
        ),
        Slip("two loops", "Two loops are for two axes. X may have one, or three.", _two_loops),
        Slip("not put back", "X must be what it was, bit for bit.", _flat_slopes(lambda X: X.flat, restore=False)),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-6,
    least=0.1,
)
