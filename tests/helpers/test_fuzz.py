"""Every public function with hostile arguments: either right, or refused with an error that names the argument, or warned;
never silent and wrong, never the caller's array changed.

`pytest --thorough` looks fifty times longer, and at other calls each time."""

import contextlib
import inspect
import io
import unittest.mock
import warnings
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import hypothesis
import numpy as np
import oracles
import pytest
from hostile import (
    FILLINGS,
    FLOATS,
    LAYOUTS,
    CallersError,
    Interrupted,
    Odd,
    anything,
    arrays,
    functions,
    judge,
    labels,
    mostly,
    probabilities,
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

ordinary = FILLINGS["ordinary"]
batches = mostly(arrays(st.sampled_from([(3,), (1, 3), (2, 3), *[(4, 3)] * 5, (0, 3), (2, 2), (2, 1, 3)])))
points = mostly(mostly(arrays(shapes, FLOATS[:2], ordinary), arrays(shapes, FLOATS), 3), anything | arrays())
sizes = mostly(st.sampled_from([1, 2, 3, np.int8(2), np.uint8(200)]), scalars, 10)
generators = mostly(st.builds(np.random.default_rng, st.just(SEED)), one_in=10)
truths = functions(st.builds(Truth, st.sampled_from(sorted(TRUTHS))))
steps = mostly(st.sampled_from([1e-4, 1e-2, 1, np.float32(1e-3), 1e-9, 8e307]), scalars, 3)
indices = arrays(shapes, ["q", "b", "B", ">i8", "Q"], lambda rng, shape: rng.integers(0, 3, shape))


def arguments(optional=None, **needed):
    return st.fixed_dictionaries(needed, optional=optional)


@st.composite
def scores_and_labels(draw, name):
    """Draw probabilities y or logits z, of one example or a batch, and labels that may go with them."""
    n, classes = draw(st.sampled_from([(None, 3), (1, 3), (2, 2), (4, 5), (3, 1), (2, 40), (0, 3)]))
    shape = (classes,) if n is None else (n, classes)
    scores = arrays(shape, FLOATS, probabilities) if name == "y" else arrays(shape, FLOATS * 3 + ["q", "?"])
    return {name: draw(mostly(scores, anything | arrays(), 12)), "t": draw(labels(n, classes))}


NETS = [
    lambda: helpers.SoftmaxRegression(3, 2, np.random.default_rng(SEED)),
    lambda: helpers.TwoLayerNet(3, 4, 2, np.random.default_rng(SEED)),
    lambda: helpers.TwoLayerNet(3, 2, 2, np.random.default_rng(SEED), activation="tanh"),
]


@st.composite
def net_and_batch(draw, makers, labelled):
    """Draw a network, inputs and, if it is `labelled`, labels that may go with them."""
    x = draw(batches)
    n = {2: len(x), 1: None}.get(x.ndim, 1) if isinstance(x, np.ndarray) and x.ndim else draw(st.sampled_from([None, 4]))
    batch = {"net": draw(st.sampled_from(makers))(), "x": x}
    return batch | {"t": draw(labels(n, 2))} if labelled else batch


SLOPES = [
    lambda s: s,
    lambda s: s,
    lambda s: s.astype("f"),
    lambda s: s.astype("g"),
    lambda s: s.tolist(),
    np.asfortranarray,
]
ODD_SLOPES = [
    *(
        lambda s: None,
        lambda s: (s, s),
        lambda s: s[..., np.newaxis],
        lambda s: s * np.nan,
        lambda s: s / 0.0,
        lambda s: 1j * s,
    ),
    *(
        lambda s: np.ma.array(s, mask=True),
        lambda s: s.astype(str),
        lambda s: raises(CallersError("no slopes today")),
        lambda s: [s, [s]],
    ),
    *(lambda s: raises(Interrupted()), lambda s: 0 * s, lambda s: s.astype(bool), lambda s: np.full(s.shape, -128, np.int8)),
    *(lambda s: s.astype(object), lambda s: 10**400, lambda s: s * 1e300, lambda s: {"W": s}, lambda s: float(s.sum())),
]


def each(change):
    """Return what doubles every array of the parameters, and answers with something else than that."""
    quiet = np.errstate(all="ignore")
    return quiet(lambda p: {k: change(2 * v) for k, v in p.items()} if isinstance(p, dict) else change(2 * p))


def bowl(p):
    with np.errstate(all="ignore"):
        return np.float64(sum(np.sum(np.square(array)) for array in (p.values() if isinstance(p, dict) else [p])))


plain = arrays(shapes, FLOATS, ordinary)
descents = arguments(
    loss=functions(st.just(bowl)),
    gradient=functions(st.just(lambda p: p), [each(change) for change in SLOPES], [each(change) for change in ODD_SLOPES]),
    start=mostly(
        plain | st.dictionaries(st.sampled_from(["W", "b", "start", 3, None, (1, 2), "", "a b"]), plain, max_size=3)
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


@st.composite
def function_and_gradient(draw):
    """Draw a function, its gradient or what is taken for it, as an array or as a function, and the point."""
    f, x = draw(truths), draw(points)
    own = TRUTHS[f.f.name][1] if isinstance(f, Odd) else np.ones_like
    slopes = draw(
        functions(st.just(lambda x: own(np.asarray(x, float))), SLOPES * 2 + [lambda s: 2 * s, lambda s: -s], ODD_SLOPES)
    )
    if isinstance(slopes, Odd) and isinstance(x, np.ndarray) and x.dtype.kind == "f" and draw(st.booleans()):
        with np.errstate(all="ignore"):
            slopes = slopes.f(x)
    return {"f": f, "gradient": slopes, "x": x} | draw(
        arguments({"h": steps, "seed": mostly(st.sampled_from([0, 7, np.int8(3)]), scalars, 4)})
    )


@st.composite
def positional_and_named(draw):
    """Draw arrays some of which are views of others, and the names of some."""
    base = draw(mostly(arrays(), anything, 12))
    views = [view for view in LAYOUTS if isinstance(base, np.ndarray)]
    found = [base] + [draw(st.sampled_from(views))(base) for _ in range(draw(st.integers(0, 3)) if views else 0)]
    cut = draw(st.integers(0, len(found)))
    names = draw(st.permutations(["W", "a b", "$W_1$", r"$\frac{", "<b>&", "é", "two\nlines", "n" * 80]))
    return {"positional": found[:cut], "named": dict(zip(names, found[cut:], strict=False))}


def spelled(given):
    return [*(f"array {k + 1}" for k in range(len(given["positional"]))), *given["named"]] or ["pass one array or more"]


def displayed(function, *args, **kwargs):
    """Return what a call displays."""
    pictures = []
    with unittest.mock.patch("IPython.display.display", lambda data, raw: pictures.append(data)):
        function(*args, **kwargs)
    return pictures


class OwnError(CallersError, ValueError):
    pass


class OwnWarning(CallersError, UserWarning):
    pass


class Block:
    """What stands in a with block: it issues warnings, and may raise."""

    def __init__(self, warned, raised):
        self.warned, self.raised = warned, raised

    def __call__(self):
        for message in self.warned:
            warnings.warn(message, stacklevel=1)
        if self.raised is not None:
            raise self.raised


def run_expected(kind, block):
    """Return what is printed, or None if it is said that nothing came, and the warnings that are issued."""
    with warnings.catch_warnings(record=True) as issued, contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("always")
        try:
            with helpers.expected(kind):
                block()
        except AssertionError:
            return None, [w.message for w in issued]
    return printed.getvalue(), [w.message for w in issued]


KINDS = [
    Exception,
    ValueError,
    CallersError,
    OwnError,
    Warning,
    UserWarning,
    OwnWarning,
    KeyError,
    AssertionError,
    StopIteration,
]
errors = st.sampled_from(
    [CallersError("one"), OwnError("two\n  lines"), OwnWarning("$1"), CallersError(), Interrupted(), None, None]
)
blocks = st.builds(Block, st.lists(st.sampled_from([OwnWarning("a b"), OwnWarning("c\nd")]), max_size=3), errors)
figures = st.sampled_from([Figure, lambda: Figure((2, 2)).subplots().figure, lambda: Figure((1, 1)).suptitle("a<b&").figure])
alts = mostly(st.text(min_size=40, max_size=200), st.text(), 4) | st.text(
    "ab <&\"'\n\t\x00\x0b\x85\ud800é", min_size=40, max_size=80
)


class Fuzz(NamedTuple):
    function: Callable
    arguments: st.SearchStrategy
    oracle: Callable
    calls: int = 200
    names: Callable = lambda given: ()  # by which an argument may be called, beside its own name
    refusals: tuple = (TypeError, ValueError)
    traps: bool = False  # called where each floating-point trap of NumPy raises: none may be sprung


def method(name, oracle, makers=NETS, labelled=False):
    return Fuzz(lambda net, **batch: getattr(net, name)(**batch), net_and_batch(makers, labelled), oracle)


def methods(makers):
    return {
        "logits": method("logits", oracles.logits, makers),
        "predict": method("predict", oracles.predict, makers),
        "loss": method("loss", oracles.loss, makers, labelled=True),
        "gradients": method("gradients", oracles.gradients, makers, labelled=True),
    }


axes = {"axis": mostly(st.integers(-2, 2), scalars, 4)}
wide = {"x": mostly(arrays()), "t": mostly(arrays())}
FUZZ = {
    "softmax": Fuzz(helpers.softmax, arguments(axes, z=mostly(arrays())), oracles.softmax, 300, traps=True),
    "log_softmax": Fuzz(helpers.log_softmax, arguments(axes, z=mostly(arrays())), oracles.log_softmax, 300, traps=True),
    "cross_entropy": Fuzz(helpers.cross_entropy, scores_and_labels("y"), oracles.cross_entropy, 400, traps=True),
    "softmax_cross_entropy": Fuzz(
        helpers.softmax_cross_entropy, scores_and_labels("z"), oracles.softmax_cross_entropy, 400, traps=True
    ),
    "one_hot": Fuzz(helpers.one_hot, arguments(t=mostly(indices), classes=sizes), oracles.one_hot),
    "numerical_gradient": Fuzz(
        helpers.numerical_gradient, arguments({"h": steps}, f=truths, x=points), oracles.numerical_gradient, 300
    ),
    "check_gradient": Fuzz(helpers.check_gradient, function_and_gradient(), oracles.check_gradient),
    "gradient_descent": Fuzz(
        helpers.gradient_descent,
        descents,
        oracles.gradient_descent,
        250,
        names=lambda given: given["start"] if isinstance(given["start"], dict) else (),
        refusals=(TypeError, ValueError, FloatingPointError),
    ),
    "minibatches": Fuzz(
        lambda **given: list(helpers.minibatches(**given)),
        arguments(**wide, size=sizes, rng=generators)
        | st.sampled_from([(300, 1), (300, 2)]).flatmap(
            lambda shape: arguments(x=arrays(shape), t=arrays(shape), size=sizes, rng=generators)
        ),
        oracles.minibatches,
    ),
    "SoftmaxRegression": Fuzz(
        helpers.SoftmaxRegression, arguments(inputs=sizes, classes=sizes, rng=generators), oracles.regression, 100
    ),
    "TwoLayerNet": Fuzz(
        helpers.TwoLayerNet,
        arguments(
            {"activation": mostly(st.sampled_from(["relu", "tanh"]))},
            inputs=sizes,
            hidden=sizes,
            classes=sizes,
            rng=generators,
        ),
        oracles.two_layers,
    ),
    **{f"SoftmaxRegression.{name}": fuzz for name, fuzz in methods(NETS[:1]).items()},
    **{f"TwoLayerNet.{name}": fuzz for name, fuzz in methods(NETS[1:]).items()},
    "TwoLayerNet.hidden": method("hidden", oracles.hidden, NETS[1:]),
    "describe": Fuzz(
        lambda positional, named: helpers.describe(*positional, **named),
        positional_and_named(),
        oracles.describe,
        names=spelled,
    ),
    "draw": Fuzz(
        lambda positional, named: displayed(helpers.draw, *positional, **named),
        positional_and_named(),
        oracles.draw,
        20,
        names=spelled,
    ),
    "expected": Fuzz(run_expected, arguments(kind=mostly(st.sampled_from(KINDS)), block=blocks), oracles.expected),
    "show": Fuzz(
        lambda **given: displayed(helpers.show, **given),
        arguments(fig=mostly(figures.map(lambda make: make())), alt=mostly(alts)),
        oracles.show,
        20,
    ),
    "load_digits": Fuzz(helpers.load_digits, st.just({}), oracles.load_digits, 3),
}


# -- the fuzz -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, pytest.param(LONGER, marks=pytest.mark.thorough, id="long")])
@pytest.mark.parametrize("name", FUZZ)
def test_every_call_is_right_or_refused_by_name_or_warned(name, times, record_property):
    fuzz, verdicts = FUZZ[name], Counter()
    profile = hypothesis.settings.get_profile("course" if times == 1 else "long")

    @hypothesis.settings(
        profile,
        max_examples=fuzz.calls * times,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(fuzz.arguments)
    def call(given):
        verdict = "silent and wrong"
        try:
            verdict = judge(fuzz.function, given, fuzz.oracle, fuzz.names(given), fuzz.refusals, fuzz.traps)
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


# -- the judge can fail -----------------------------------------------------------------------------------------------------


def right(z):
    return np.asarray(z) * 2.0


def changes_its_argument(z):
    z *= 2
    return z


def changes_it_and_fails(z):
    z.flags.writeable = False
    raise KeyboardInterrupt


def is_silently_wrong(z):
    return np.asarray(z) * 2.0 + 1e-9


def is_right_and_leaves_a_trap(z):
    np.seterr(under="raise")
    return right(z)


def silences_warnings(z):
    warnings.simplefilter("ignore")
    return right(z)


def draws_from_the_global_generator(z):
    np.random.rand()
    return right(z)


def passes_on_a_warning_of_numpys(z):
    warnings.warn("overflow encountered in multiply", RuntimeWarning, stacklevel=1)
    return is_silently_wrong(z)


def lets_a_deprecation_slip(z):
    warnings.warn("z is old", DeprecationWarning, stacklevel=1)
    return right(z)


def names_nothing(z):
    raise ValueError("can't do that, wrong size")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (changes_its_argument, "changes the caller's array"),
        (changes_it_and_fails, "changes the caller's array"),
        (is_silently_wrong, "are not equal"),
        (is_right_and_leaves_a_trap, "in another state"),
        (silences_warnings, "in another state"),
        (draws_from_the_global_generator, "in another state"),
        (passes_on_a_warning_of_numpys, "are not equal"),
        (lets_a_deprecation_slip, "not meant for the caller"),
        (lambda z: z[7], "no refusal, but a bare IndexError"),
        (lambda z: np.zeros(2) + np.zeros(3), "names no argument"),
        (lambda z: np.zeros(-1), "names no argument"),
        (names_nothing, "names no argument"),
        (lambda z: raises(KeyError("z")), "no refusal, but a bare KeyError"),
        (lambda z: raises(np.exceptions.AxisError("z")), "no refusal, but a bare AxisError"),
    ],
)
def test_the_judge_notices_what_is_silent_and_wrong(function, says):
    def oracle(result, z):
        np.testing.assert_array_equal(result, [2.0, 4.0])

    assert judge(right, {"z": np.array([1.0, 2.0])}, oracle) == "right"
    with pytest.raises(AssertionError, match=says), np.errstate():
        judge(function, {"z": np.array([1.0, 2.0])}, oracle)


def test_the_judge_sees_a_change_wherever_it_is_made():
    whole, masked = np.arange(6.0), np.ma.array([1.0, 2.0], mask=[0, 1])
    for change, z in [
        (lambda z: whole.put(5, 7), whole[:2]),  # beside the view, in the same memory
        (lambda z: z.base.put(0, np.nan), whole[::-1]),
        (lambda z: z[0].put(0, -0.0), [np.zeros(2)]),
        (lambda z: z["W"].put(0, 1), {"W": np.zeros(2)}),
        (lambda z: z.append(0), [1.0]),
        (lambda z: z.mask.put(0, 1), masked),
        (lambda z: setattr(z, "shape", (1, 2)), np.zeros(2)),
    ]:
        with pytest.raises(AssertionError, match="changes the caller's array"):
            judge(change, {"z": z}, lambda result, z: None)
