"""Public functions are called with hostile arguments. The result is right, or an error names the argument, or there is a
warning; nothing that the caller passed is changed.

`pytest --thorough` looks fifty times longer, and at other calls each time."""

import inspect
import warnings
from collections.abc import Callable
from typing import NamedTuple

import hostile
import hypothesis
import numpy as np
import oracles
import pytest
from hostile import FLOATS, anything, arrays, judge, mostly, scalars, shapes
from hypothesis import strategies as st
from oracles import SEED

import helpers

LONGER = 50  # times as many calls with --thorough
# These take no arrays, or display them: see their own tests.
OTHERS = set("describe draw expected load_digits load_penguins show snapshot Steps Steps.draw Steps.record".split())

# -- what each function is called with ------------------------------------------------------------------------------------

ordinary, large = hostile.FILLINGS["ordinary"], st.just((8, 9, 8))  # larger arrays are computed in another way
sizes = mostly(st.sampled_from([1, 2, 3, np.int8(2), np.uint8(200)]), scalars, 10)
generators = mostly(st.builds(np.random.default_rng, st.just(SEED)), one_in=10)
activations = mostly(st.sampled_from(["relu", "tanh"]))
layer = {"inputs": sizes, "classes": sizes, "rng": generators}
indices = arrays(shapes, ["q", "b", "B", ">i8", "Q"], lambda rng, shape: rng.integers(0, 3, shape))
axes = {"axis": mostly(st.integers(-2, 2), scalars, 4)}


def arguments(optional=None, **needed):
    return st.fixed_dictionaries(needed, optional=optional)


examples = arguments(x=mostly(arrays()), t=mostly(arrays()), size=sizes, rng=generators)


@st.composite
def scores_and_labels(draw, name):
    """Draw probabilities y or logits z, of one example or a batch, and labels that may go with them."""
    n, classes = draw(st.sampled_from([(None, 3), (1, 3), (2, 2), (4, 5), (3, 1), (2, 40), (0, 3)]))
    shape = (classes,) if n is None else (n, classes)
    scores = arrays(shape, FLOATS, hostile.probabilities) if name == "y" else arrays(shape, FLOATS * 3 + ["q", "?"])
    return {name: draw(mostly(scores, anything | arrays(), 12)), "t": draw(hostile.labels(n, classes))}


NETS = {
    "SoftmaxRegression": lambda: helpers.SoftmaxRegression(3, 2, np.random.default_rng(SEED)),
    "TwoLayerNet": lambda: helpers.TwoLayerNet(3, 4, 2, np.random.default_rng(SEED)),
}


@st.composite
def net_and_batch(draw, make, labelled):
    """Draw a network, inputs and, if it is `labelled`, labels that may go with them."""
    x = draw(mostly(arrays(st.sampled_from([(3,), (1, 3), (2, 3), *[(4, 3)] * 5, (0, 3), (2, 2), (2, 1, 3)]))))
    n = {2: len(x), 1: None}.get(x.ndim, 1) if isinstance(x, np.ndarray) and x.ndim else draw(st.sampled_from([None, 4]))
    batch = {"net": make(), "x": x}
    return batch | {"t": draw(hostile.labels(n, 2))} if labelled else batch


points = mostly(mostly(arrays(shapes, FLOATS[:2], ordinary), arrays(shapes, FLOATS), 3), anything | arrays())
losses = mostly(st.just(oracles.sines), one_in=12)
steps = mostly(st.sampled_from([1e-4, 1e-2, 1, np.float32(1e-3), 1e-9, 8e307]), scalars, 3)
seeds = mostly(st.sampled_from([0, 7, np.int8(3)]), scalars, 4)
descents = arguments(
    loss=st.just(np.errstate(all="ignore")(lambda p: np.sum(np.square(p)))) | scalars,
    gradient=st.sampled_from([lambda p: p, lambda p: p.tolist(), lambda p: p * np.nan, lambda p: None]) | scalars,
    start=mostly(arrays(shapes, FLOATS, ordinary)),
    optional={
        "lr": mostly(st.sampled_from([0.1, np.float32(0.3), 1, np.int8(2), 1e300]), scalars),
        "steps": mostly(st.sampled_from([0, 1, 5]), scalars.filter(lambda n: not isinstance(n, int) or n < 9)),
        "tolerance": mostly(st.sampled_from([0, 1e-3, np.float16(1)]), scalars),
    },
)


@st.composite
def function_and_gradient(draw):
    """Draw a function, its gradient or what is taken for it, and the point."""
    f, x, gradient = draw(losses), draw(points), draw(anything)
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        change = draw(st.sampled_from([lambda g: g, lambda g: 2 * g, np.asfortranarray, lambda g: g.astype("f")]))
        with np.errstate(all="ignore"):
            gradient = draw(mostly(st.just(change(np.cos(np.asarray(x, float))))))
    return {"f": f, "gradient": gradient, "x": x} | draw(arguments({"h": steps, "seed": seeds}))


# -- the fuzz -------------------------------------------------------------------------------------------------------------


class Fuzz(NamedTuple):
    function: Callable
    arguments: st.SearchStrategy
    calls: int
    refusals: tuple = (TypeError, ValueError)
    traps: bool = False  # call it where NumPy raises floating-point errors: none may be raised


FUZZ = {
    "softmax": Fuzz(helpers.softmax, arguments(axes, z=mostly(arrays(mostly(shapes, large, 12)))), 50, traps=True),
    "log_softmax": Fuzz(helpers.log_softmax, arguments(axes, z=mostly(arrays(mostly(shapes, large, 12)))), 50, traps=True),
    "cross_entropy": Fuzz(helpers.cross_entropy, scores_and_labels("y"), 60, traps=True),
    "softmax_cross_entropy": Fuzz(helpers.softmax_cross_entropy, scores_and_labels("z"), 60, traps=True),
    "one_hot": Fuzz(helpers.one_hot, arguments(t=mostly(indices), classes=sizes), 30, traps=True),
    "numerical_gradient": Fuzz(helpers.numerical_gradient, arguments({"h": steps}, f=losses, x=points), 60),
    "check_gradient": Fuzz(helpers.check_gradient, function_and_gradient(), 40),
    "gradient_descent": Fuzz(helpers.gradient_descent, descents, 30, refusals=(TypeError, ValueError, FloatingPointError)),
    "minibatches": Fuzz(lambda **given: list(helpers.minibatches(**given)), examples, 30),
    "SoftmaxRegression": Fuzz(helpers.SoftmaxRegression, arguments(**layer), 20),
    "TwoLayerNet": Fuzz(helpers.TwoLayerNet, arguments({"activation": activations}, hidden=sizes, **layer), 20),
}
for kind, make in NETS.items():
    for name in sorted({"hidden", "logits", "predict", "loss", "gradients"} & set(dir(getattr(helpers, kind)))):
        batch = net_and_batch(make, name in ("loss", "gradients"))
        FUZZ[f"{kind}.{name}"] = Fuzz(lambda net, name=name, **batch: getattr(net, name)(**batch), batch, 20)


@pytest.mark.parametrize("name", FUZZ)
def test_every_call_is_right_or_refused_by_name_or_warned(name, pytestconfig):
    case, oracle = FUZZ[name], getattr(oracles, name.partition(".")[2] or name, oracles.nothing)

    @hypothesis.settings(
        max_examples=case.calls * (LONGER if pytestconfig.getoption("--thorough") else 1),
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(case.arguments)
    def call(given):
        judge(case.function, given, oracle, case.refusals, case.traps)

    call()


def test_every_public_function_and_method_is_fuzzed():
    public = set(helpers.__all__)
    for name in helpers.__all__:
        if inspect.isclass(getattr(helpers, name)):
            public |= {f"{name}.{method}" for method in dir(getattr(helpers, name)) if not method.startswith("_")}
    assert set(FUZZ) == public - OTHERS


# -- the judge can fail ---------------------------------------------------------------------------------------------------


def right(z, before=lambda z: None, off=0):
    """Return 2 z, and `off` by so much, after `before`."""
    result = np.asarray(z) * 2.0 + off
    before(z)
    return result


def warns(message, kind=RuntimeWarning):
    return lambda z: warnings.warn(message, kind, stacklevel=1)


WRONG = [
    ({"before": lambda z: np.multiply(z, 2, out=z)}, "changes the caller's array"),
    ({"before": lambda z: z.base.put(5, 7)}, "changes the caller's array"),  # beside the view, in its memory
    ({"before": lambda z: z.setflags(write=False)}, "changes the caller's array"),
    ({"off": 1e-9}, "are not equal"),
    ({"before": warns("overflow encountered in multiply"), "off": 1e-9}, "are not equal"),
    ({"before": lambda z: np.seterr(under="raise")}, "in another state"),
    ({"before": lambda z: np.random.rand()}, "in another state"),
    ({"before": warns("z is old", DeprecationWarning)}, "not meant for the caller"),
    ({"before": lambda z: z[7]}, "no refusal, but a bare IndexError"),
    ({"before": lambda z: z.reshape(7)}, "names no argument"),
]


@pytest.mark.parametrize(("how", "says"), WRONG)
def test_the_judge_notices_what_is_silent_and_wrong(how, says):
    def oracle(result, z):
        np.testing.assert_array_equal(result, [2.0, 4.0])

    z = np.arange(1.0, 7.0)[:2]
    assert judge(right, {"z": z}, oracle) == "right"
    with pytest.raises(AssertionError, match=says), np.errstate():
        judge(lambda z: right(z, **how), {"z": z}, oracle)
