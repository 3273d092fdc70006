"""More for check_gradient to judge: each case is a function, a gradient and a point, and states its cause.

They are chosen where one verdict ends and the next begins: right gradients that a rule could accuse, noise beside kinks,
large losses, symmetric points, labels that are used or not. As a table, the file is not formatted.
"""

# fmt: off
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from bugs import W, batch, cross_entropy, g as slopes, normal, rng, softmax, square, t, twice, x as inputs

RIGHT = "right"
CASES = []

class Case(NamedTuple):
    name: str
    causes: tuple  # names of findings that are true of the case, or RIGHT
    make: object  # returns (f, gradient, x) or (f, gradient, x, h)

def case(*causes):
    def enter(make):
        CASES.append(Case(make.__name__, causes, make))
        return make

    return enter

def plain(name, causes, f, gradient, x, *step):
    """Enter a case that remembers nothing from one call to the next."""
    causes = causes if isinstance(causes, tuple) else (causes,)
    CASES.append(Case(name, causes, lambda: (f, gradient, np.array(x), *step)))

def single(array):
    return np.asarray(array, dtype=np.float32)

def cubes(x):
    return float((x.astype(float) ** 3).sum())

def cubes_slopes(x):
    return 3 * x**2

TABLE = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
SQUARE = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5], [0.7, 1.9, -0.3]])
SIX = TABLE.ravel()
MANY = np.linspace(-2, 3, 300)

def magnitudes(x):
    return float(np.abs(x).sum())

# -- right ---------------------------------------------------------------------------------------

plain("squares_given_an_array", RIGHT, square, np.array([6.0, 8.0]), [3.0, 4.0])
plain("a_scalar", RIGHT, lambda x: float(x) ** 2, twice, 3.0)
plain("cubes_of_both_signs", RIGHT, cubes, cubes_slopes, TABLE)
plain("cubes_with_a_longer_step", RIGHT, cubes, cubes_slopes, [1.0, -2.0, 0.5], 1e-3)
plain("float32_squares", RIGHT, square, twice, single([3, 4]))
plain("one_slope_of_two_is_0", RIGHT, lambda x: 2 * float(x[1]), lambda x: np.array([0.0, 2.0]), [0.5, 1.0])
plain("a_fraction", RIGHT, lambda x: Fraction(float(x[0])) ** 2, twice, [3.0])
plain("no_slope_and_none_claimed", RIGHT, lambda x: 1.0 + 0 * float(x.sum()), lambda x: 0 * x, [1.0, 2.0])
for _s in (1e-9, 1e9):
    plain(f"a_loss_of_size_{_s:g}", RIGHT, lambda x, s=_s: s * cubes(x), lambda x, s=_s: 3 * s * x**2, SIX)
plain("fast_waves", RIGHT, lambda x: float(np.sin(300 * x).sum()), lambda x: 300 * np.cos(300 * x), [0.3, -0.2])
plain("waves_far_out", RIGHT, lambda x: float(np.sin(x).sum()), np.cos, [1e3, -2e4, 1e5])
plain("corners_far_away", RIGHT, magnitudes, np.sign, [1.0, -2.0, 0.01])
plain("corner_just_beyond_the_steps", RIGHT, magnitudes, np.sign, [1.0, 1.3e-5, -2.0])
plain("float32_near_a_corner", RIGHT, lambda x: np.abs(x).sum(), np.sign, single([1, 1e-3, -2, 0.5, 3]))
plain("a_corner_of_which_the_gradient_takes_the_middle", "near a kink", magnitudes, np.sign, [1.0, 0.0, -2.0])
plain("a_small_corner_beside_large_slopes", RIGHT, lambda x: 100 * x[0] + abs(x[1]), np.array([100.0, 1.0]), [1.0, 1e-7])
plain("just_256_entries", RIGHT, square, twice, np.linspace(-2, 3, 256))
plain("just_257_entries", RIGHT, square, twice, np.linspace(-2, 3, 257))
plain("many_with_a_longer_step", RIGHT, lambda x: float((x**4).sum()), lambda x: 4 * x**3, MANY, 1e-3)
plain("many_in_a_table", RIGHT, cubes, cubes_slopes, np.linspace(-2, 3, 400).reshape(20, 20))
plain("many_in_float32", RIGHT, lambda x: (x**2).sum(), twice, single(MANY))
plain("many_with_a_large_f", RIGHT, lambda x: 1e7 + square(x), twice, MANY)
plain("many_flat", RIGHT, lambda x: 0 * float(x.sum()), lambda x: 0 * x, MANY)
plain("logarithms_of_positive_numbers", RIGHT, lambda x: float(np.log(x).sum()), lambda x: 1 / x, [0.5, 2.0, 3.0])
plain("a_known_clip", RIGHT, lambda x: float(np.clip(x, -1, 1).sum()), np.zeros(2), [60, -70.0])
plain("scatter_below_what_shows", RIGHT, lambda x: cubes(x) + 1e-13 * math.sin(1e9 * x.sum()), cubes_slopes, SIX)
plain("a_sum_that_cancels", RIGHT, lambda x: float((x - x.mean()).sum()), lambda x: 0 * x, SIX)
plain("the_largest_by_a_builtin", RIGHT, max, lambda x: np.eye(3)[np.argmax(x)], np.array([1.0, 2.0, 3.0]))
for _c in (1e3, 1e5):
    plain(f"about_{_c:g}", RIGHT, lambda x, c=_c: c + cubes(x), cubes_slopes, TABLE)
    plain(f"about_{_c:g}_with_a_corner", (RIGHT, "near a kink"), lambda x, c=_c: c + magnitudes(x), np.sign,
        [1.0, 1e-7, -2.0])
for _s in (1e-4, 1e-2):
    plain(f"cubes_of_size_{_s:g}", RIGHT, lambda x, s=_s: cubes(x / s), lambda x, s=_s: 3 * (x / s) ** 2 / s, _s * SIX)

plain("draws_from_a_seed", RIGHT, lambda x: x @ np.random.default_rng(3).random(3), rng(3).random(3), [1.0, 2.0, 4.0])

@case(RIGHT)
def keeps_only_the_last():
    kept = {}
    return (lambda x: kept.update(x=x) or square(x)), twice, np.array([3.0, 4.0])

@case(RIGHT)
def layers_that_keep_their_forward_pass():
    """The biases are 0, and the gradient reads what the last forward pass left."""
    kept = {}

    def f(b):
        kept["y"] = softmax(inputs @ W + b)
        return cross_entropy(kept["y"], t)

    return f, (lambda b: (kept["y"] - np.eye(4)[t]).mean(axis=0)), np.zeros(4)

def normalised(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

def slopes_of_normalised(x):
    y, g = normalised(x), np.ones_like(x)
    return (g - g.mean(0) - y * (g * y).mean(0)) / np.sqrt(x.var(0) + 1e-5)

def logistic_loss(w):
    y = 1 / (1 + np.exp(-X @ w))
    return -np.mean(classes * np.log(y) + (1 - classes) * np.log(1 - y))

def blind_to(labels):
    """Return a loss that is handed labels and does not use them."""
    return lambda W: cross_entropy(softmax(inputs @ W), zeros) + 0 * labels.sum()

def slopes_for(labels):
    return lambda W: inputs.T @ (softmax(inputs @ W) - (np.eye(4)[labels] if labels.ndim == 1 else labels)) / 5

X, classes, a = 100 * normal(20, 5, seed=3), rng(4).integers(0, 2, 20), normal(6, seed=3)
x6 = np.array([0.4, -1.1, 0.7, 0.2, -0.3, 0.5])
shift, zeros = 1e-7 - a @ x6, np.zeros(5, int)
x20, t20, W20 = batch(n=20)
dead = inputs * [[0], [1], [1], [1], [1]]  # the first label moves nothing
plain("one_corner_that_many_entries_share", "near a kink", lambda x: max(a @ x + shift, 0.0) + square(x),
    lambda x: a * (a @ x + shift > 0) + 2 * x, x6)
plain("sum_of_normalised_outputs", RIGHT, lambda x: np.sum(normalised(x)), slopes_of_normalised, normal(6, 3, seed=0))
plain("a_clip_that_matters_far_out_only", RIGHT, lambda W: cross_entropy(np.clip(softmax(30 * x20 @ W), 1e-12, 1), t20),
    lambda W: 30 * x20.T @ (softmax(30 * x20 @ W) - np.eye(4)[t20]) / 20, 1e-3 * W20)
plain("a_logarithm_that_is_rounded_far_out", RIGHT, logistic_loss, lambda w: X.T @ (1 / (1 + np.exp(-X @ w)) - classes) / 20,
    0.01 * normal(5, seed=5))
plain("labels_of_a_dead_example", RIGHT, lambda W: cross_entropy(softmax(dead @ W), t),
    lambda W: dead.T @ (softmax(dead @ W) - np.eye(4)[t]) / 5, W)
plain("labels_that_neither_uses", RIGHT, blind_to(t), slopes_for(zeros), W)
plain("labels_not_used", "label never used", blind_to(t), slopes_for(t), W)
plain("rows_of_labels_not_used", "label never used", blind_to(np.eye(4)[t]), slopes_for(np.eye(4)[t]), W)

# -- x, and calls ------------------------------------------------------------------------------------

plain("empty", "proves nothing", square, twice, np.zeros(0))
plain("lost_step", "lost to rounding", square, twice, [1.0, 1e9], 1e-9)
plain("never_a_number", "not finite", lambda x: math.nan, twice, [1.0, 1.0])
plain("gradient_infinite", "not finite", square, lambda x: np.array([[1.0, 2.0], [-np.inf, np.nan]]), np.ones((2, 2)))
plain("gradient_of_text", "not an array", square, lambda x: np.array(["2", "4"]), [1.0, 2.0])

@case("changes its argument")
def reshapes_its_argument():
    def f(x):
        x.resize((3, 1), refcheck=False)
        return 1.0

    return f, twice, np.ones(3)

plain("draws_and_does_not_use_it", "random", lambda x: square(x) + 0 * np.random.random(), twice, [3.0, 4.0])

def answers(*values):
    """Return a gradient that gives these answers in turn, and the last of them from then on."""
    left = list(values)
    return lambda x: np.array(left.pop(0) if len(left) > 1 else left[0])

again = "changes when asked twice"
CASES.append(Case("another_shape", (again,), lambda: (square, answers([2.0, 2.0], [[2.0, 2.0]]), np.ones(2))))
CASES.append(Case("a_little_more", (again,), lambda: (square, answers([2.0, 4.0], [2.0, 4.1]), np.array([1.0, 2.0]))))

# -- f ---------------------------------------------------------------------------------------------

plain("overflows_to_one_side", "not finite", lambda x: math.inf if x[1] > 2 else square(x), twice, [1.0, 2.0])
plain("whole_numbers", "staircase", lambda x: 3, twice, [3.0, 4.0])
plain("a_truth_value", "staircase", lambda x: x.sum() > 0, twice, [3.0, 4.0])
for _d in (1, 2, 3, 5, 7, 9):
    plain(f"rounded_to_{_d}", ("staircase", "low precision"), lambda x, d=_d: round(square(x), d), twice, SIX)
for _p in (0.001, 0.03, 0.7, 20.0):
    plain(f"counted_in_{_p:g}", "staircase", lambda x, p=_p: float(p * np.floor(square(x) / p)), twice, [3.0, 4.0])
    plain(f"one_step_of_{_p:g}", "staircase", lambda x, p=_p: p * float(x[0] > 3.5), np.array([1.0, 0.0]), [3.0, 4.0])
plain("about_1e10", "lost to rounding", lambda x: square(x) + 1e10, twice, [3.0, 4.0])
plain("float32_about_1e9", "lost to rounding", lambda x: np.float32(square(x) + 1e9), twice, single([3, 4]))
plain("reads_nothing_many", "ignores its argument", lambda x: 7.0, twice, MANY)
plain("unread_and_known", RIGHT, lambda x: square(x[1:]), lambda x: 2 * x * (np.arange(3) > 0), [1.0, 2.0, 3.0])
for _at, _cause in ((0.0, "kink"), (1e-9, "kink"), (1e-7, "near a kink"), (3e-6, "near a kink"), (2e-5, RIGHT)):
    plain(f"corner_at_{_at:g}", _cause, lambda x: abs(float(x[0])) + 2 * float(x[1]), np.array([1.0, 2.0]), [_at, 1.0])

# -- the gradient, as an array: there is no code to read -------------------------------------------------------

def wrong(name, causes, change, x=TABLE, f=cubes, gradient=cubes_slopes):  # noqa: PLR0917
    """Enter a right gradient that is changed, given as an array."""
    plain(name, causes, f, change(gradient(np.array(x))), x)

wrong("transposed", "transposed", lambda a: a.T)
wrong("transposed_and_doubled", "transposed", lambda a: 2 * a.T)
wrong("square_transposed", "transposed", lambda a: a.T, SQUARE)
wrong("one_for_each_example", "not summed over the batch", lambda a: np.stack([a, 2 * a, 3 * a]) / 6)
wrong("one_example_only", "shape", lambda a: a[np.newaxis])
wrong("flat_for_a_table", "shape", lambda a: a.ravel())
wrong("a_sum_too_many", "shape", lambda a: a.sum(axis=0))
wrong("truncated", "integer gradient", lambda a: a.astype(int))
for _d in (1, 2, 4, 6):
    wrong(f"rounded_to_{_d}_decimals", "rounded gradient", lambda a, d=_d: np.round(a, d),
        [0.3123456789, 1.23456789, -0.77777])
wrong("a_factor_where_all_are_equal", "constant factor", lambda a: a / 3, np.ones((2, 3)))  # as it is when transposed
wrong("opposite", "sign", lambda a: -a)
wrong("opposite_beside_a_corner", "sign", lambda a: -a, [1.0, 0.0, -2.0, 3.0], magnitudes, np.sign)
for _c in (2.0, 0.5, 6.0, 1 / 6, 1.37, -2.0, 1e-3):
    wrong(f"times_{_c:.4g}", "constant factor", lambda a, c=_c: a / c)
    wrong(f"times_{_c:.4g}_among_many", "constant factor", lambda a, c=_c: a / c, MANY)
for _c in (0.25, -3.0, 1e-5):
    wrong(f"plus_{_c:g}", "constant offset", lambda a, c=_c: a + c)
    plain(f"penalty_of_{_c:g}", "L2 term", cubes, cubes_slopes(TABLE) + _c * TABLE, TABLE)
for _off, _cause in ((1e-9, RIGHT), (3e-7, "constant factor"), (1e-2, "constant factor")):
    wrong(f"off_by_{_off:g}", _cause, lambda a, off=_off: a * (1 + off))
wrong("backwards", "reversed or permuted", lambda a: a[::-1], SIX)
for _by in (1, -1):
    wrong(f"rolled_by_{_by}", "shifted by one", lambda a, by=_by: np.roll(a, by), SIX)
    wrong(f"columns_rolled_by_{_by}", "shifted by one", lambda a, by=_by: np.roll(a, by, 1), SQUARE)
wrong("pushed_by_one", "shifted by one", lambda a: np.append(0, a[:-1]), SIX)
wrong("shuffled", "cause not recognised", lambda a: a[[2, 0, 1, 4, 5, 3]], SIX)
wrong("two_thresholds", "cause not recognised", np.round)  # whole numbers in floats are no truncation
wrong("one_column_wrong", "cause not recognised", lambda a: a + [0, 0.3, 0], SQUARE)
wrong("one_of_many_wrong", "cause not recognised", lambda a: a + 5.0 * (np.arange(300) == 123), MANY)
wrong("a_scalar_off", "cause not recognised", lambda a: a + 1.234, 3.0)
wrong("one_sided", "measured badly", lambda a: a + 3 * SIX * 1e-2 + 1e-4, SIX)  # ((x + h)³ - x³) / h
plain("mask_left_out", "ReLU mask", lambda x: float(np.maximum(x, 0) @ SIX), SIX, [3.0, -4.0, -2.0, 1.0, 0.5, -1.0])
plain("mask_of_a_clip_left_out", "flat: a clamp", lambda x: float(np.clip(x, -1, 1).sum()), np.ones(3), [20.0, -30.0, 0.25])

z = np.array([[-6.0, 1.0, 2.0], [0.3, 0.1, -1.0]])
for _k in (4, 6, 7):
    plain(f"logarithm_plus_1e-{_k}", "flat: a clamp",
        lambda z, constant=10.0**-_k: cross_entropy(softmax(z) + constant, np.array([0, 1])),
        (softmax(z) - np.eye(3)[:2]) / 2, z)

plain("a_clip_that_is_not_to_blame", "constant factor", lambda W: cross_entropy(np.maximum(softmax(inputs @ W), 1e-7), t),
    1.01 * slopes(W), W)

x7, t7, W7 = batch(n=6, c=5)
V = normal(5, 4, seed=7)
a6 = np.maximum(x7 @ W7, 0)
x30, t30, W30 = batch(n=30, d=6, c=6)
plain("a_mask_that_is_not_to_blame", "cause not recognised", lambda W: cross_entropy(softmax(np.maximum(x7 @ W, 0) @ V), t7),
    x7.T @ ((softmax(a6 @ V) - np.eye(4)[t7]) / 6 @ V.T * (a6 > 0)) * [[1.3], [1], [1]], W7)
plain("rows_that_the_labels_could_index", "cause not recognised", lambda W: square(np.tanh(x30 @ W.T) - np.eye(6)[t30]) / 30,
    (np.tanh(x30 @ W30.T) - np.eye(6)[t30]).T @ x30 / 30, W30)

# -- symmetric points -------------------------------------------------------------------------------

SYMMETRIC = {"zeros": np.zeros((2, 3)), "ones": np.ones(3)}
SYMMETRIC |= {"equal_rows": np.ones((2, 1)) * [1, 2], "its_transpose": np.add.outer([0, 1], [1.0, 2])}
for _name, _x in SYMMETRIC.items():
    plain(f"at_{_name}", RIGHT, cubes, cubes_slopes, _x)
    plain(f"at_{_name}_wrong_elsewhere", "proves nothing", square, lambda x, x0=_x: 2 * x + (x - x0) ** 2, _x)
plain("at_zeros_given_an_array", "proves nothing", square, np.zeros((2, 3)), np.zeros((2, 3)))
plain("at_a_minimum_given_zeros", "proves nothing", lambda x: square(x - SIX), np.zeros(6), SIX)
plain("at_a_minimum_right", RIGHT, lambda x: square(x - SIX), lambda x: 2 * (x - SIX), SIX)
plain("reversed_at_no_place", "proves nothing", lambda x: x.sum(), np.positive, np.ones(3))  # right at x, and there only
plain("a_bias_that_changes_nothing", RIGHT, lambda b: square(SIX + b - np.mean(SIX + b)),
    lambda b: 2 * np.sum(SIX + b - np.mean(SIX + b), keepdims=True), np.zeros(1))
plain("a_graph_whose_nodes_refer_to_themselves", RIGHT, lambda x: square((node := [x], node.append(node))[0][0]), twice, SIX)
plain("all_units_on_at_x", ("proves nothing", "ReLU mask"), lambda x: square(np.maximum(x, 0)), twice, [1.0, 2.0])
