"""What the fuzz passes to the public functions, and the judge of what they do with it."""

import contextlib
import decimal
import fractions
import math
import random
import re
import sys
import warnings

import matplotlib
import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

import helpers


class CallersError(Exception):
    """An error of the caller's own code: it must pass through."""


class OwnArithmetic(np.ndarray):
    """A subclass whose arithmetic is not NumPy's."""

    __repr__ = object.__repr__

    def __array_ufunc__(self, *args, **kwargs):
        raise CallersError("a subclass's arithmetic was used")


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not today")


# -- values ---------------------------------------------------------------------------------------------------------------

# fmt: off
SCALARS = [
    None, True, np.True_, 0, 1, 2, -1, 7, 2**70, -(2**70), 10**400, 0.5, 1.5, -0.5, -0.0, 5e-324, 1e308, 1e-3,
    math.nan, math.inf, -math.inf, np.int8(1), np.uint8(200), np.int8(-3), np.float16(0.5), np.float32(1e-2),
    np.longdouble("0.1"), np.float64("nan"), 1j, np.complex64(1), fractions.Fraction(1, 3), fractions.Fraction(10**400),
    decimal.Decimal("0.1"), "1", "", "left", b"1", np.str_("2"), (), (0,), (0, 1), [1], [], {}, frozenset(), object(),
    np.datetime64("2020-01-01"), np.timedelta64(3, "s"), Ellipsis, slice(1), NotImplemented, math,
]
ARRAYS = [  # a new one for each call
    lambda: np.array(1), lambda: np.array([1]), lambda: np.array(0.25), lambda: np.zeros(0), lambda: np.zeros((2, 0)),
    lambda: np.zeros((0, 3)), lambda: np.zeros((1, 1, 2)), lambda: np.array("a"), lambda: np.array([b"a", b"b"]),
    lambda: np.array([1, None]), lambda: np.array([fractions.Fraction(1, 2), decimal.Decimal(1)], dtype=object),
    lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), lambda: np.zeros(2, "M8[s]"), lambda: np.zeros(2, "m8"),
    lambda: np.zeros(2, "V3"), lambda: np.zeros(2, "S0"), lambda: np.zeros((2, 2), complex), lambda: [[1.0, 2.0], [3.0]],
    lambda: [[np.ma.array([1.0, 2.0], mask=[1, 0])]], lambda: [[1.0, np.ma.masked]], lambda: np.ma.masked, Unreadable,
    lambda: [Unreadable(), 1], lambda: [1.0, 10**400], lambda: [10**30, 1], lambda: (k for k in range(3)), lambda: range(3),
    lambda: {1, 2}, lambda: {"W": 1.0}, lambda: memoryview(b"abc"), lambda: bytearray(b"ab"), lambda: [[[]], [[]]],
    lambda: np.random, lambda: np.random.RandomState(0), lambda: random.Random(0), lambda: Figure().add_subplot(),
]
SPECIAL = [
    math.nan, math.inf, -math.inf, -0.0, 0.0, 5e-324, 1e-310, 1e-8, 1.0, 2.0, 88.8, 710.0, 6e4, 1e20, 1.7e308, -1.7e308,
]
# fmt: on
scalars = st.sampled_from(SCALARS)
anything = st.one_of(scalars, st.sampled_from(ARRAYS).map(lambda make: make()))


def mostly(usual, odd=anything, one_in=6):
    """Draw from `usual`, and one time in six what makes no sense here."""
    return st.integers(1, one_in).flatmap(lambda k: odd if k == one_in else usual)


FILLINGS = {
    "ordinary": lambda rng, shape: 3 * rng.standard_normal(shape),
    "whole": lambda rng, shape: rng.integers(-3, 4, shape),
    "equal": lambda rng, shape: np.full(shape, rng.choice([0.0, -0.0, 1.0, 0.5, -7.25])),
    "far": lambda rng, shape: rng.uniform(-1500, 1500, shape),
    "huge": lambda rng, shape: rng.choice([1.7e308, -1.7e308, 1e300, 3.0, 65504.0, -3e38], shape),
    "tiny": lambda rng, shape: rng.choice([5e-324, -1e-310, 1e-40, 6e-8, 0.0, -0.0], shape),
    "special": lambda rng, shape: rng.choice(SPECIAL, shape),
    "one special": lambda rng, shape: np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL), rng.standard_normal(shape)),
}
FLOATS = ["d", "f", "e", "g", ">f8", ">f4", ">f2"]
INTEGERS = ["q", "b", "B", "h", "H", "i", "I", "Q", ">i8", ">u2"]


def probabilities(rng, shape):
    rows = rng.dirichlet(np.full(shape[-1], rng.choice([1, 0.02, 10])), size=shape[:-1])
    return np.where(rng.random(shape) < rng.choice([0, 0, 0, 0.05]), math.nan, rows)


def not_aligned(a):
    return np.frombuffer(b"\0" + np.asarray(a).tobytes(), a.dtype, offset=1).reshape(a.shape)


def overlapping(a):
    return np.lib.stride_tricks.as_strided(a.copy(), a.shape, (a.itemsize,) * a.ndim) if a.size else a


def locked(a):
    a.flags.writeable = False
    return a


# fmt: off
LAYOUTS = [
    lambda a: a, lambda a: a, locked, np.asfortranarray, overlapping, lambda a: a.T.copy().T, lambda a: a.tolist(),
    lambda a: a[..., ::-1].copy()[..., ::-1] if a.ndim else a, lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a,
    lambda a: np.broadcast_to(a[:1], a.shape) if a.size and a.ndim else a, lambda a: tuple(a) if a.ndim else a,
    lambda a: not_aligned(a) if a.size and not a.dtype.hasobject else a, lambda a: a.view(np.matrix) if a.ndim == 2 else a,
    lambda a: a.view(OwnArithmetic),
]
ODD_LAYOUTS = [
    lambda a: np.ma.array(a, mask=np.arange(a.size).reshape(a.shape) % 2), lambda a: [[np.ma.array(a)]],
    lambda a: a.astype(object), lambda a: a.astype(complex), lambda a: a.astype(str), lambda a: a.ravel()[: a.size // 2],
    lambda a: a[..., np.newaxis], lambda a: a[np.newaxis],
]
# fmt: on
layouts = mostly(st.sampled_from(LAYOUTS), st.sampled_from(ODD_LAYOUTS), one_in=10)
shapes = st.sampled_from([(3,), (2, 3), (1,), (4, 2), (), (0,), (0, 3), (3, 0), (2, 1), (1, 5), (2, 2, 3), (40,)])


@st.composite
def arrays(draw, shape=shapes, dtypes=FLOATS + INTEGERS + ["?"], filling=None):
    """Draw an array of any numbers, or of what `filling` makes of a generator and a shape, of any type and layout."""
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    fill = filling or FILLINGS[draw(st.sampled_from(sorted(FILLINGS)))]
    values = np.asarray(fill(np.random.default_rng(draw(st.integers(0, 2**32))), shape))
    with np.errstate(all="ignore"):
        return draw(layouts)(values.astype(draw(st.sampled_from(dtypes))))


@st.composite
def labels(draw, n, classes):
    """Draw labels for n examples, or for one if n is None: indices, rows, and what is neither."""
    shape = () if n is None else (n,)
    kind = draw(st.sampled_from(["index"] * 8 + ["one-hot", "soft"] * 2 + ["off", "column", "float", "bool", "anything"]))
    if kind == "anything":
        return draw(anything)
    if kind == "soft":
        return draw(arrays((*shape, classes), FLOATS, lambda rng, s: np.abs(rng.dirichlet(np.ones(s[-1]), s[:-1]))))
    if kind == "one-hot":
        return draw(
            arrays((*shape, classes), FLOATS + INTEGERS, lambda rng, _: np.eye(classes)[rng.integers(classes, size=shape)])
        )
    low, high = (-2, classes + 2) if kind == "off" else (0, classes)
    shape = (*shape, 1) if kind == "column" else shape
    dtypes = {"float": FLOATS, "bool": ["?"]}.get(kind, INTEGERS)
    return draw(arrays(shape, dtypes, lambda rng, shape: rng.integers(low, high, shape)))


# -- the judge ------------------------------------------------------------------------------------------------------------


def judge(function, arguments, oracle, refusals=(TypeError, ValueError), traps=False):
    """Return how the call ended: right, refused, warned, or passed on (an error of the caller's own); raise AssertionError
    if the result is wrong, an error names no argument, or anything was changed."""
    before = memory(arguments)
    result, error = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        world = surroundings()
        try:
            with np.errstate(all="raise") if traps else contextlib.nullcontext():
                result = function(**arguments)
        except BaseException as raised:
            error = raised
        assert surroundings() == world, "the call leaves NumPy, matplotlib or the warnings in another state"
    assert memory(arguments) == before, "the call changes the caller's array"
    if isinstance(error, CallersError):
        return "passed on"
    if error is not None:
        assert type(error) in refusals, f"no refusal, but a bare {error!r}"
        known = "|".join(re.escape(str(name)) for name in arguments)
        assert re.search(rf"(?<![\w'’])({known})(?!\w)", str(error)), f"names no argument: {error!r}"
        return "refused"
    stray = [str(w.message) for w in caught if w.category is not RuntimeWarning]
    assert not stray, f"a warning that is not meant for the caller: {stray}"
    if any("encountered in" not in str(w.message) for w in caught):  # NumPy's own say too little to count
        return "warned"
    with np.errstate(all="ignore"):
        oracle(result, **arguments)
    return "right"


def memory(thing):
    """Return all that can be observed of the arrays in `thing`, and of those whose memory they use."""
    if isinstance(thing, np.ndarray):
        mask = np.ma.getmaskarray(thing).tobytes() if isinstance(thing, np.ma.MaskedArray) else None
        seen = (type(thing), thing.__array_interface__["data"], thing.shape, thing.strides, thing.dtype, mask)
        return *seen, np.asarray(thing).tobytes(), memory(thing.base)
    if isinstance(thing, dict):
        return [(key, id(value), memory(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [(id(value), memory(value)) for value in thing]
    return memory(thing.params) if isinstance(thing, helpers.SoftmaxRegression | helpers.TwoLayerNet) else None


def surroundings():
    """Return the state that all code in a process shares."""
    drawn = [part if np.ndim(part) == 0 else part.tobytes() for part in np.random.get_state()]
    settings = (np.geterr(), np.get_printoptions(), list(dict.items(matplotlib.rcParams)))
    return *settings, drawn, random.getstate(), list(warnings.filters), warnings.showwarning, sys.stdout
