"""The limits of single rules of the diagnosis, asked with evidence made by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.diagnosis import RULES
from helpers.evidence import KINK, Measured
from helpers.hypotheses import Evidence

PRICE = -math.log(1e-7)


def rule(stage, name, which=0):
    return [function for found, function in RULES[stage] if found == name][which]


def lines(count, step=1.0, claim=0.0):
    return [SimpleNamespace(step=step, of=lambda a: claim) for _ in range(count)]


@pytest.mark.parametrize(
    ("far", "lengths", "says"),
    [
        (PRICE, [], "stops at 16.12, 16.118 = -log(1e-07)"),
        (PRICE / 2, [2], "stops at 8.059, 1/2 of 16.118"),
        (PRICE / 10, [10], "stops at 1.612, 1/10 of 16.118"),
        (PRICE / 20, [20], None),
        (3 * PRICE / 4, [4], "3/4 of 16.118"),
        (PRICE * (1 + 1.5e-5), [], None),
        (PRICE / 5 * (1 + 3e-5), [5], None),
        (PRICE / 300 * (30 + 2e-5), [300], "30/300 of 16.118"),
        (math.inf, [3], None),
        (-1e-7, [], "falls to -1e-07"),
        (-2e-7, [], None),
    ],
)
def test_a_price_that_stops_is_a_share_of_that_of_a_pinch(far, lengths, says):
    found = rule("gradient", "flat: a clamp")(SimpleNamespace(saturated=[far], lengths=dict.fromkeys(lengths, "n")))
    assert says in found if says else found is None


def top(classes):
    return math.log(math.e + classes - 1)


@pytest.mark.parametrize(
    ("shape", "saturated", "f0", "classes"),
    [
        ((2, 3), (top(3), top(3) - 1), top(3) - 0.5, 3),
        ((3,), (top(3), top(3) - 1), top(3) - 0.5, 3),
        ((3, 5), (top(3), top(3) - 1), top(3) - 0.9, None),
        ((3,), (top(3) - 0.5, top(3) - 0.5), top(3) - 0.5, None),
        ((3,), (top(3), top(3)), top(3) + 0.1, None),
        ((3,), (top(3), top(3)), top(3) - 1.1, None),
        ((1,), (1.0, 1.0), 0.5, None),
    ],
)
def test_the_range_of_a_softmax_of_a_softmax_tells_its_classes(shape, saturated, f0, classes):
    evidence = SimpleNamespace(x=np.zeros(shape), lengths={}, saturated=saturated, f0=f0, takes_a_softmax=True)
    evidence.logits = lambda: iter(())
    found = rule("gradient", "double softmax")(evidence)
    assert f"over {classes} classes" in found if classes else found is None


ZERO, NOT_ZERO = np.array([[1.0, -1.0], [-2.0, 2.0]]), np.array([[1.0, 0.5], [-2.0, 1.0]])
NEARLY = ZERO + [[1e-5, 0], [0, 0]]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize(
    ("slopes", "gradient", "wrong", "says"),
    [
        (NOT_ZERO, ZERO, 3, "the gradient adds up to 0"),
        (ZERO, NOT_ZERO, 3, "the slopes add up to 0"),
        (NOT_ZERO, ZERO, 2, None),
        (NOT_ZERO, NEARLY, 3, None),
        (NEARLY, NOT_ZERO, 3, None),
        (ZERO, ZERO, 3, None),
        (NOT_ZERO[:, :1], 0 * ZERO[:, :1], 2, None),
    ],
)
def test_what_adds_up_to_0_is_told_whatever_its_size(scale, slopes, gradient, wrong, says):
    evidence = SimpleNamespace(complete=True, x=slopes, a=scale * gradient, takes_a_softmax=True)
    evidence.wrong, evidence.lines = [None] * wrong, [None] * slopes.size
    evidence.slopes, evidence.as_array = (lambda: scale * slopes), (lambda array: array)
    found = rule("gradient", "logits for labels", 1)(evidence)
    assert says in found if says else found is None


@pytest.mark.parametrize(
    ("f0", "claim", "flags", "says"),
    [
        (1e5, 799, {"all_flat": True}, True),
        (1e5, 799, {"wrong": [1]}, True),
        (1e5, 799, {"blind": True}, True),
        (1e5, 799, {}, False),
        (1e5, 801, {"blind": True}, False),
        (-1e5, 799, {"blind": True}, True),
        (1e4, 79, {"blind": True}, False),
        (1e4 + 0.5, 79, {"blind": True}, True),
    ],
)
def test_from_which_size_on_slopes_are_lost_to_rounding(f0, claim, flags, says):
    evidence = SimpleNamespace(f0=f0, eps=1e-3, a=np.zeros(1), lines=lines(2, claim=claim), double=True)
    evidence.all_flat, evidence.wrong, evidence.blind = (flags.get(name) for name in ("all_flat", "wrong", "blind"))
    assert bool(rule("slopes", "lost to rounding")(evidence)) is says


@pytest.mark.parametrize(
    ("count", "scatter", "steepest", "says"),
    [(5, 6e-3, 10, True), (4, 6e-3, 10, False), (5, 4e-3, 10, False), (5, 4e-5, 0.1, False), (5, 6e-5, 0.1, True)],
)
def test_how_much_scatter_is_too_much(count, scatter, steepest, says):
    bends = np.full(count, scatter * 0.674 * math.sqrt(70))
    evidence = SimpleNamespace(double=True, kinks_at_x=False, lines=lines(count), bends=bends, steepest=steepest)
    evidence.rounding, evidence.eps, evidence.near_value = 1e-16, 2e-16, 1.0
    assert bool(rule("slopes", "low precision")(evidence)) is says


@pytest.mark.parametrize(
    ("x", "all_flat", "blind", "says"),
    [
        (np.ones(3), True, True, False),
        (np.ones(3), False, True, True),
        (np.ones((2, 2)), True, True, True),
        (np.ones((2, 2)), True, False, False),
        (np.zeros(3), True, True, False),
        (np.zeros((2, 2)), False, False, True),
    ],
)
def test_at_which_points_a_gradient_that_is_given_proves_nothing(x, all_flat, blind, says):
    evidence = SimpleNamespace(symmetric=True, blind=blind, all_flat=all_flat, x=x, kept=x, gradient=x)
    evidence.describe_point = lambda: "all is alike"
    assert bool(rule("proof", "proves nothing")(evidence)) is says


@pytest.mark.parametrize(
    ("f0", "noise", "double", "says"),
    [
        (1000.0, 9.0, False, True),
        (999.0, 9.0, False, False),
        (1.0, 9.0, True, True),
        (1.0, 4.2, True, True),
        (1.0, 3.9, True, False),
    ],
)
def test_from_which_noise_on_little_is_proved(f0, noise, double, says):
    evidence = SimpleNamespace(f0=f0, double=double, kinks_at_x=False, rounding=0.0, lines=lines(1), coarse=1.0)
    evidence.slopes, evidence.claims, evidence.noise_on = (lambda: [8.2]), (lambda: [8.0]), (lambda line: noise)
    assert bool(rule("proof", "lost to rounding")(evidence)) is says


@pytest.mark.parametrize(
    ("slope", "claim", "blind"), [(3.5e-3, 0, True), (5e-3, 0, False), (0, 5e-3, False), (0, -3.5e-3, True)]
)
def test_slopes_below_a_thousandth_of_the_curvature_are_not_seen(slope, claim, blind):
    line = SimpleNamespace(values=np.array([9.0, 2, 1, 4, 16]), slope=slope, step=1.0, of=lambda a: claim)
    assert Evidence.blind.fget(SimpleNamespace(lines=[line], a=np.zeros(1), noise=0.0)) is blind


def test_without_a_comparable_gradient_the_slopes_alone_are_looked_at():
    line = SimpleNamespace(values=np.zeros(5), slope=0.0, step=1.0)
    assert Evidence.blind.fget(SimpleNamespace(lines=[line], a=None, noise=1e-9))


@pytest.mark.parametrize(
    ("slopes", "factor"),
    [([1.0, 1.0, 1.3], None), ([2.0, 2.0, 2.0], 2.0), ([1.7, 1.7, 1.7], 1.7), ([-0.5, -0.5, -0.5], -0.5)],
)
def test_a_factor_must_explain_the_difference_and_not_only_fit(slopes, factor):
    ones = np.ones(3)
    evidence = SimpleNamespace(a=ones, lines=[None] * 3, lengths={}, eps=2e-16, fits=lambda array: True)
    evidence.claims, evidence.slopes = (lambda array=None: ones), (lambda: np.array(slopes))
    found = Evidence.factor(evidence, ones)
    assert (found if found is None else round(found, 9)) == factor


def evidence_of(x, **reached):
    """Return Evidence of an f that can reach these arrays by their names."""
    space = dict(reached)
    exec(f"def f(x): return ({''.join(f'{name}, ' for name in reached)}0.0,)[-1]", space)
    return Evidence(space["f"], None, x, None, 0)


def test_the_lengths_that_a_factor_can_come_from_have_names():
    x = np.zeros((3, 8))
    evidence = evidence_of(
        x, a=np.zeros((4, 6)), b=np.zeros((2, 5, 7)), c=np.zeros(9), d=np.zeros(1), s=np.array("t"), v=x[0]
    )
    assert [name for name, _ in evidence.arrays] == ["a", "b", "c", "d"]
    assert evidence.lengths == {
        4: "the length of a",
        2: "the length of b",
        9: "the length of c",
        3: "the length of axis 0 of x",
        8: "the length of axis 1 of x",
        24: "the number of entries of x",
        6: "the length of the last axis of a",
        7: "the length of the last axis of b",
        70: "the number of entries of b",
    }


@pytest.mark.parametrize(
    ("shape", "direct"), [((3,), True), ((2, 3), True), ((3, 1), False), ((1,), False), ((2, 2, 2), False), ((), False)]
)
def test_which_x_can_be_logits_itself(shape, direct):
    found = list(evidence_of(np.ones(shape)).logits())
    assert len(found) == direct
    assert all(np.array_equal(z, np.ones(shape)) and pull("z") == "z" for z, pull in found)


@pytest.mark.parametrize(
    ("claims", "slopes", "eps", "proportional"),
    [
        ([1.0, 2.0], [2.0, 4.0], 1.2e-7, True),
        ([1.0, 2.0], [2.0, 4.0], 2e-16, True),
        ([1.0], [2.0], 2e-16, False),
        ([1.0, 2.0], [-2.0, -4.0], 2e-16, False),
        ([0.0, 0.0], [2.0, 4.0], 2e-16, False),
        ([1.0, 0.0], [1.0, math.sqrt(2 * 2.3e-4)], 1.2e-7, True),
        ([1.0, 0.0], [1.0, math.sqrt(2 * 2.5e-4)], 1.2e-7, False),
        ([1.0, 0.0], [1.0, math.sqrt(2 * 2e-9)], 2e-16, False),
    ],
)
def test_what_is_proportional(claims, slopes, eps, proportional):
    evidence = SimpleNamespace(eps=eps, claims=np.array)
    assert bool(Evidence.proportional(evidence, claims, np.array(slopes))) is proportional


@pytest.mark.parametrize(
    ("factor", "named"), [(-0.5, True), (2.0, True), (-7.0, True), (1 / 7, True), (1.7, False), (0.25, False)]
)
def test_a_factor_that_has_a_name(factor, named):
    ones = np.ones(3)
    evidence = SimpleNamespace(a=ones, lines=[None] * 3, lengths={7: "n"}, eps=2e-16, fits=lambda array: True)
    evidence.claims, evidence.slopes = (lambda array=None: ones), (lambda: factor * ones)
    assert (Evidence.factor(evidence, ones, named_only=True) is not None) is named


@pytest.mark.parametrize(
    ("noise", "rounding", "bend", "kink"),
    [(1, 10, 25.2, True), (1, 10, 25.0, False), (9, 0.25, 25.2, True), (9, 0.25, 25.0, False), (1, 10, KINK, False)],
)
def test_how_large_a_fourth_difference_is_a_kink(noise, rounding, bend, kink):
    assert Measured.kink(SimpleNamespace(noise=noise, rounding=rounding), SimpleNamespace(bend=bend)) is kink


def test_the_noise_on_a_line_is_that_of_its_own_bend():
    evidence = SimpleNamespace(noise=100.0, rounding=1.0)
    found = [Measured.noise_on(evidence, SimpleNamespace(bend=math.sqrt(70) * bend)) for bend in (0.1, 2, 50)]
    assert found == pytest.approx([4, 6, 100], rel=1e-6)


@pytest.mark.parametrize(
    ("double", "claim", "off"), [(False, 3.5, 0.5), (False, -2.5, 0.5), (False, 2.5, 0), (True, 2.5, 0.5)]
)
def test_beside_a_kink_a_slope_may_lie_beyond_its_pieces(double, claim, off):
    line = SimpleNamespace(of=lambda a: claim, slope=0.5, sides=np.array([0.0, 1.0]))
    evidence = SimpleNamespace(a=None, kink=lambda line: True, double=double)
    assert Measured.off(evidence, line, np.zeros(1)) == off


def test_what_counts_as_double():
    assert [Measured.double.fget(SimpleNamespace(eps=eps)) for eps in (2e-16, 9.9e-11, 1e-10, 1e-7)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("coarse", "fits"), [(0.2, True), (0.3, True), (0.5, False)])
def test_too_coarse_a_slope_tells_no_candidate_from_another(coarse, fits):
    line = SimpleNamespace(slope=1.0, of=lambda a: 1.0)
    evidence = SimpleNamespace(lines=[line], kept=np.ones(2), kink=lambda line: False, agrees=lambda line, array: True)
    evidence.bar = lambda line, array: coarse + np.abs(array).sum()
    assert Measured.fits(evidence, np.ones(2)) is fits


@pytest.mark.parametrize(("wrong", "count", "left"), [(1, 12, 0), (2, 12, 2), (2, 20, 0), (2, 25, 0), (3, 25, 3), (1, 5, 0)])
def test_a_few_kinks_in_float32_are_not_held_against_a_gradient(wrong, count, left):
    lines = [SimpleNamespace(number=k) for k in range(count)]
    evidence = SimpleNamespace(lines=lines, a=np.ones(1), double=False, kink=lambda line: True, off=lambda line: line.number)
    evidence.agrees = lambda line: line.number >= wrong
    assert len(Measured.wrong.func(evidence)) == left
    evidence.kink = lambda line: False
    assert [off for off, _ in Measured.wrong.func(evidence)] == list(range(wrong))[::-1]
