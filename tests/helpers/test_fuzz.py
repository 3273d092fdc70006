"""Every public function is called with hostile arguments. The result is right, or an error names the argument, or there is a
warning; nothing that the caller passed is changed.

`pytest --thorough` looks fifty times longer, and at other calls each time."""

import contextlib
import inspect
import io
import unittest.mock
import warnings
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import hostile
import hypothesis
import numpy as np
import oracles
import pytest
from hostile import (
    FLOATS,
    CallersError,
    Interrupted,
    Odd,
    anything,
    arrays,
    functions,
    judge,
    mostly,
    raises,
    scalars,
    shapes,
)
from hypothesis import strategies as st
from matplotlib.figure import Figure
from oracles import SEED, TRUTHS, Truth

import helpers

LONGER = 50  # times as many calls with --thorough

# -- what each function is called with ------------------------------------------------------------------------------------

ordinary = hostile.FILLINGS["ordinary"]
sizes = mostly(st.sampled_from([1, 2, 3, np.int8(2), np.uint8(200)]), scalars, 10)
generators = mostly(st.builds(np.random.default_rng, st.just(SEED)), one_in=10)
indices = arrays(shapes, ["q", "b", "B", ">i8", "Q"], lambda rng, shape: rng.integers(0, 3, shape))
axes = {"axis": mostly(st.integers(-2, 2), scalars, 4)}


def arguments(optional=None, **needed):
    return st.fixed_dictionaries(needed, optional=optional)


@st.composite
def scores_and_labels(draw, name):
    """Draw probabilities y or logits z, of one example or a batch, and labels that may go with them."""
    n, classes = draw(st.sampled_from([(None, 3), (1, 3), (2, 2), (4, 5), (3, 1), (2, 40), (0, 3)]))
    shape = (classes,) if n is None else (n, classes)
    scores = arrays(shape, FLOATS, hostile.probabilities) if name == "y" else arrays(shape, FLOATS * 3 + ["q", "?"])
    return {name: draw(mostly(scores, anything | arrays(), 12)), "t": draw(hostile.labels(n, classes))}


NETS = [
    lambda: helpers.SoftmaxRegression(3, 2, np.random.default_rng(SEED)),
    lambda: helpers.TwoLayerNet(3, 4, 2, np.random.default_rng(SEED)),
    lambda: helpers.TwoLayerNet(3, 2, 2, np.random.default_rng(SEED), activation="tanh"),
]


@st.composite
def net_and_batch(draw, makers, labelled):
    """Draw a network, inputs and, if it is `labelled`, labels that may go with them."""
    x = draw(mostly(arrays(st.sampled_from([(3,), (1, 3), (2, 3), *[(4, 3)] * 5, (0, 3), (2, 2), (2, 1, 3)]))))
    n = {2: len(x), 1: None}.get(x.ndim, 1) if isinstance(x, np.ndarray) and x.ndim else draw(st.sampled_from([None, 4]))
    batch = {"net": draw(st.sampled_from(makers))(), "x": x}
    return batch | {"t": draw(hostile.labels(n, 2))} if labelled else batch


# -- of the functions that call the caller's functions ---

# fmt: off
GRADIENTS = [
    lambda g: g, lambda g: g, lambda g: g.astype("f"), lambda g: g.astype("g"), lambda g: g.tolist(), np.asfortranarray,
]
ODD_GRADIENTS = [
    lambda g: None, lambda g: g[..., np.newaxis], lambda g: g * np.nan, lambda g: g / 0.0, lambda g: 1j * g,
    lambda g: np.ma.array(g, mask=True), lambda g: g.astype(str), lambda g: raises(CallersError("no gradient today")),
    lambda g: [g, [g]], lambda g: raises(Interrupted()), lambda g: 0 * g, lambda g: g.astype(bool), lambda g: g * 1e300,
    lambda g: np.full(g.shape, -128, np.int8), lambda g: g.astype(object), lambda g: 10**400, lambda g: {"W": g},
    lambda g: float(g.sum()),
]
# fmt: on
points = mostly(mostly(arrays(shapes, FLOATS[:2], ordinary), arrays(shapes, FLOATS), 3), anything | arrays())
truths = functions(st.builds(Truth, st.sampled_from(sorted(TRUTHS))))
steps = mostly(st.sampled_from([1e-4, 1e-2, 1, np.float32(1e-3), 1e-9, 8e307]), scalars, 3)
start = arrays(shapes, FLOATS, ordinary)


def each(change):
    """Return what doubles every array of the parameters, and answers with something else than that."""
    quiet = np.errstate(all="ignore")
    return quiet(lambda p: {k: change(2 * v) for k, v in p.items()} if isinstance(p, dict) else change(2 * p))


def bowl(p):
    with np.errstate(all="ignore"):
        return np.float64(sum(np.sum(np.square(array)) for array in (p.values() if isinstance(p, dict) else [p])))


descents = arguments(
    loss=functions(st.just(bowl)),
    gradient=functions(st.just(lambda p: p), [each(g) for g in GRADIENTS], [each(g) for g in ODD_GRADIENTS]),
    start=mostly(
        start | st.dictionaries(st.sampled_from(["W", "b", "start", 3, None, (1, 2), "", "a b"]), start, max_size=3)
    ),
    optional={
        "lr": mostly(st.sampled_from([0.1, 0.25, np.float32(0.3), 1, np.int8(2), np.longdouble(0.2), 1e300]), scalars),
        "steps": mostly(
            st.sampled_from([0, 1, 2, 5, np.uint8(255)]), scalars.filter(lambda n: not isinstance(n, int) or n < 9)
        ),
        "momentum": mostly(st.sampled_from([0, 0.5, np.float32(0.9)]), scalars),
        "tolerance": mostly(st.sampled_from([0, 1e-3, np.float16(1)]), scalars),
        "progress": mostly(st.just(lambda step, loss: None), anything),
    },
)


def keys_of_start(given):
    return given["start"] if isinstance(given["start"], dict) else ()


@st.composite
def function_and_gradient(draw):
    """Draw a function, its gradient or what is taken for it, as an array or as a function, and the point."""
    f, x = draw(truths), draw(points)
    true = TRUTHS[f.f.name][1] if isinstance(f, Odd) else np.ones_like
    wrong = [lambda g: 2 * g, lambda g: -g]
    gradient = draw(functions(st.just(lambda x: true(np.asarray(x, float))), GRADIENTS * 2 + wrong, ODD_GRADIENTS))
    if isinstance(gradient, Odd) and isinstance(x, np.ndarray) and x.dtype.kind == "f" and draw(st.booleans()):
        with np.errstate(all="ignore"):
            gradient = gradient.f(x)
    seeds = mostly(st.sampled_from([0, 7, np.int8(3)]), scalars, 4)
    return {"f": f, "gradient": gradient, "x": x} | draw(arguments({"h": steps, "seed": seeds}))


# -- of the functions that display something ---

VIEWS = [*hostile.LAYOUTS, lambda a: a.T, lambda a: a.copy(), lambda a: a[..., :0] if a.ndim else a]


@st.composite
def positional_and_named(draw):
    """Draw arrays some of which are views of others, and the names of some."""
    base = draw(mostly(arrays(), anything, 12))
    found = [base] + [
        draw(st.sampled_from(VIEWS))(base) for _ in range(draw(st.integers(0, 3 * isinstance(base, np.ndarray))))
    ]
    cut = draw(st.integers(0, len(found)))
    names = draw(st.permutations(["W", "a b", "$W_1$", r"$\frac{", "<b>&", "é", "two\nlines", "n" * 80]))
    return {"positional": found[:cut], "named": dict(zip(names, found[cut:], strict=False))}


def spelled(given):
    return [*(f"array {k + 1}" for k in range(len(given["positional"]))), *given["named"]] or ["pass one array or more"]


def describe(positional, named):
    return helpers.describe(*positional, **named)


class OwnError(CallersError, ValueError):
    pass


class OwnWarning(CallersError, UserWarning):
    pass


class Block:
    """The contents of a with block: it issues warnings, and may raise."""

    def __init__(self, warned, raised):
        self.warned, self.raised = warned, raised

    def __call__(self):
        for message in self.warned:
            warnings.warn(message, stacklevel=1)
        if self.raised is not None:
            raise self.raised


def run_expected(kind, block):
    """Return what is printed, or None if nothing was raised or issued, and the warnings that are issued as usual."""
    with warnings.catch_warnings(record=True) as issued, contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("always")
        try:
            with helpers.expected(kind):
                block()
        except AssertionError:
            return None, [w.message for w in issued]
    return printed.getvalue(), [w.message for w in issued]


kinds = st.sampled_from([Exception, ValueError, CallersError, OwnError, Warning, OwnWarning, KeyError, AssertionError])
errors = st.sampled_from(
    [CallersError("one"), OwnError("two\n  lines"), OwnWarning("$1"), CallersError(), Interrupted(), None]
)
blocks = st.builds(Block, st.lists(st.sampled_from([OwnWarning("a b"), OwnWarning("c\nd")]), max_size=3), errors)
figures = st.sampled_from([Figure, lambda: Figure((2, 2)).subplots().figure, lambda: Figure((1, 1)).suptitle("a<b&").figure])
long_texts = st.text(min_size=40, max_size=200) | st.text("ab <&\"'\n\t\x00\x0b\x85\ud800é", min_size=40, max_size=80)


# -- the fuzz -------------------------------------------------------------------------------------------------------------


class Fuzz(NamedTuple):
    function: Callable
    arguments: st.SearchStrategy
    oracle: Callable
    calls: int = 200
    names: Callable = lambda given: ()  # by which an argument may be called, beside its own name
    refusals: tuple = (TypeError, ValueError)
    traps: bool = False  # call it where NumPy raises floating-point errors: none may be raised


def fuzz(name, calls, given, **how):
    return {name: Fuzz(getattr(helpers, name), given, getattr(oracles, name), calls, **how)}


def fuzz_methods(kind, names, makers):
    return {
        f"{kind}.{name}": Fuzz(
            lambda net, name=name, **batch: getattr(net, name)(**batch),
            net_and_batch(makers, name in ("loss", "gradients")),
            getattr(oracles, name),
        )
        for name in names
    }


def displayed_by(function):
    """Return a function that returns what a call of `function` displays."""

    def call(positional=(), named=None, **given):
        pictures = []
        with unittest.mock.patch("IPython.display.display", lambda data, raw: pictures.append(data)):
            function(*positional, **(named or {}), **given)
        return pictures

    return call


def two_steps(positional, named):
    """Return what draw shows after a snapshot, and Steps after two records, with nothing changed in between."""
    pictures, steps, before = [], helpers.Steps(), helpers.snapshot(*positional, **named)
    steps.record(*positional, **named)
    steps.record(*positional, after="nothing", **named)
    with unittest.mock.patch("IPython.display.display", lambda data, raw: pictures.append(data)):
        helpers.draw(*positional, since=before, **named)
        steps.draw()
    return pictures


batches = [arguments(x=mostly(arrays()), t=mostly(arrays()), size=sizes, rng=generators)]
batches += [arguments(x=arrays(shape), t=arrays(shape), size=sizes, rng=generators) for shape in [(300, 1), (300, 2)]]
two_sizes = arguments(inputs=sizes, classes=sizes, rng=generators)
activation = {"activation": mostly(st.sampled_from(["relu", "tanh"]))}
three_sizes = arguments(activation, inputs=sizes, hidden=sizes, classes=sizes, rng=generators)
to_show = arguments(fig=mostly(figures.map(lambda make: make())), alt=mostly(mostly(long_texts, st.text(), 4)))
FUZZ = {
    **fuzz("softmax", 300, arguments(axes, z=mostly(arrays())), traps=True),
    **fuzz("log_softmax", 300, arguments(axes, z=mostly(arrays())), traps=True),
    **fuzz("cross_entropy", 400, scores_and_labels("y"), traps=True),
    **fuzz("softmax_cross_entropy", 400, scores_and_labels("z"), traps=True),
    **fuzz("one_hot", 200, arguments(t=mostly(indices), classes=sizes), traps=True),
    **fuzz("numerical_gradient", 300, arguments({"h": steps}, f=truths, x=points)),
    **fuzz("check_gradient", 200, function_and_gradient()),
    **fuzz("gradient_descent", 250, descents, names=keys_of_start, refusals=(TypeError, ValueError, FloatingPointError)),
    **fuzz("load_digits", 3, st.just({})),
    **fuzz("load_penguins", 20, arguments(target=st.sampled_from(["species", "sex", "", 0, None]))),
    "minibatches": Fuzz(lambda **given: list(helpers.minibatches(**given)), st.one_of(batches), oracles.minibatches),
    "SoftmaxRegression": Fuzz(helpers.SoftmaxRegression, two_sizes, oracles.regression, 100),
    "TwoLayerNet": Fuzz(helpers.TwoLayerNet, three_sizes, oracles.two_layers),
    **fuzz_methods("SoftmaxRegression", ["logits", "predict", "loss", "gradients"], NETS[:1]),
    **fuzz_methods("TwoLayerNet", ["hidden", "logits", "predict", "loss", "gradients"], NETS[1:]),
    "describe": Fuzz(describe, positional_and_named(), oracles.describe, names=spelled),
    "draw": Fuzz(displayed_by(helpers.draw), positional_and_named(), oracles.draw, 20, names=spelled),
    "show": Fuzz(displayed_by(helpers.show), to_show, oracles.show, 20),
    "expected": Fuzz(run_expected, arguments(kind=mostly(kinds), block=blocks), oracles.expected),
    **dict.fromkeys(
        ["snapshot", "Steps", "Steps.record", "Steps.draw"],
        Fuzz(two_steps, positional_and_named(), oracles.two_steps, 5, names=spelled),
    ),
}


@pytest.mark.parametrize("times", [1, pytest.param(LONGER, marks=pytest.mark.thorough, id="long")])
@pytest.mark.parametrize("name", FUZZ)
def test_every_call_is_right_or_refused_by_name_or_warned(name, times, record_property):
    case, verdicts = FUZZ[name], Counter()

    @hypothesis.settings(
        hypothesis.settings.get_profile("course" if times == 1 else "long"),
        max_examples=case.calls * times,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(case.arguments)
    def call(given):
        verdict = "silent and wrong"
        try:
            verdict = judge(case.function, given, case.oracle, case.names(given), case.refusals, case.traps)
        finally:
            verdicts[verdict] += 1

    try:
        call()
    finally:
        record_property("fuzzed", [name, dict(verdicts)])


def test_every_public_function_and_method_is_fuzzed():
    public = set(helpers.__all__)
    for name in helpers.__all__:
        if inspect.isclass(getattr(helpers, name)):
            public |= {f"{name}.{method}" for method in vars(getattr(helpers, name)) if not method.startswith("_")}
    assert set(FUZZ) == public


# -- the judge can fail ---------------------------------------------------------------------------------------------------


def right(z, before=lambda z: None, off=0):
    """Return 2 z, and `off` by so much, after `before`."""
    result = np.asarray(z) * 2.0 + off
    before(z)
    return result


def warns(message, kind=RuntimeWarning):
    return lambda z: warnings.warn(message, kind, stacklevel=1)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda z: right(z, lambda z: np.multiply(z, 2, out=z)), "changes the caller's array"),
        (lambda z: right(z, off=1e-9), "are not equal"),
        (lambda z: right(z, warns("overflow encountered in multiply"), off=1e-9), "are not equal"),
        (lambda z: right(z, lambda z: np.seterr(under="raise")), "in another state"),
        (lambda z: right(z, lambda z: warnings.simplefilter("ignore")), "in another state"),
        (lambda z: right(z, lambda z: np.random.rand()), "in another state"),
        (lambda z: right(z, warns("z is old", DeprecationWarning)), "not meant for the caller"),
        (lambda z: z[7], "no refusal, but a bare IndexError"),
        (lambda z: raises(np.exceptions.AxisError("z")), "no refusal, but a bare AxisError"),
        (lambda z: np.zeros(2) + np.zeros(3), "names no argument"),
        (lambda z: raises(ValueError("can't do that, wrong size")), "names no argument"),
    ],
)
def test_the_judge_notices_what_is_silent_and_wrong(function, says):
    def oracle(result, z):
        np.testing.assert_array_equal(result, [2.0, 4.0])

    assert judge(right, {"z": np.array([1.0, 2.0])}, oracle) == "right"
    with pytest.raises(AssertionError, match=says), np.errstate():
        judge(function, {"z": np.array([1.0, 2.0])}, oracle)


@pytest.mark.parametrize(
    ("change", "z"),
    [
        (lambda z: z.base.put(5, 7), np.arange(6.0)[:2]),  # beside the view, in the same memory
        (lambda z: z[0].put(0, -0.0), [np.zeros(2)]),
        (lambda z: z["W"].put(0, 1), {"W": np.zeros(2)}),
        (lambda z: z.append(0), [1.0]),
        (lambda z: z.mask.put(0, 1), np.ma.array([1.0, 2.0], mask=[0, 1])),
        (lambda z: setattr(z, "shape", (1, 2)), np.zeros(2)),
        (lambda z: z.setflags(write=False), np.zeros(2)),
    ],
)
def test_the_judge_notices_a_change_wherever_it_is_made(change, z):
    with pytest.raises(AssertionError, match="changes the caller's array"):
        judge(change, {"z": z}, lambda result, z: None)
