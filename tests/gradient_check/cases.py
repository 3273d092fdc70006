"""More for check_gradient to judge, right and wrong, whose reports are in approved/reports.txt: (f, gradient, x, h, seed).

Right gradients where a rule could speak up and must not, the limits between two rules, and what a sentence says in the
singular, of a scalar, of an array of two axes, of float32.
"""

import math
from fractions import Fraction

import numpy as np
from bugs import batch, price, rng, softmax, square

CASES = []


def case(function):
    CASES.append(function)
    return function


def plain(name, f, gradient, x, *rest):
    """Enter a case that remembers nothing from one call to the next."""

    def make():
        return f, gradient, np.array(x), *rest

    make.__name__ = name
    CASES.append(make)


def single(array):
    return np.asarray(array, dtype=np.float32)


def cubes(x):
    total = 0.0
    for value in x.ravel().tolist():  # not sum(), which rounds otherwise from Python 3.12 on
        total += value * value * value
    return total


def cubes_slopes(x):
    return 3 * x**2


# -- right ---------------------------------------------------------------------------------------

plain("squares", square, lambda x: 2 * x, [3.0, 4.0])
plain("squares_given_their_gradient", square, np.array([6.0, 8.0]), [3.0, 4.0])
plain("a_scalar", lambda x: float(x) ** 2, lambda x: 2 * x, 3.0)
plain("cubes_of_both_signs", cubes, cubes_slopes, [[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
plain("cubes_with_a_longer_step", cubes, cubes_slopes, [1.0, -2.0, 0.5], 1e-3)
plain("cubes_far_apart", cubes, cubes_slopes, [1e-3, 1.0, 1e3])
plain("float32_squares", square, lambda x: 2 * x, single([3, 4]))
plain("float32_cubes", lambda x: np.float32(cubes(x)), cubes_slopes, single([1, -2, 0.5]))
plain("float32_only_in_f", lambda x: np.float32(square(x)), lambda x: 2 * x, [1.0, -2.0, 0.5, 3.0, 0.75])
plain("one_slope_of_two_is_0", lambda x: 2 * float(x[1]), lambda x: np.array([0.0, 2.0]), [0.5, 1.0])
plain("a_fraction", lambda x: Fraction(float(x[0])) ** 2, lambda x: 2 * x, [3.0])
plain("a_line", lambda x: 3.0 * float(x.sum()), lambda x: np.full(x.shape, 3.0), [1.0, 2.0, 4.0])
plain("no_slope_and_none_claimed", lambda x: 1.0 + 0 * float(x.sum()), lambda x: 0 * x, [1.0, 2.0])
plain("a_small_loss", lambda x: 1e-9 * cubes(x), lambda x: 3e-9 * x**2, [1.0, -2.0, 0.5])
plain("a_large_loss", lambda x: 1e9 * cubes(x), lambda x: 3e9 * x**2, [1.0, -2.0, 0.5])
plain("fast_waves", lambda x: float(np.sin(300 * x).sum()), lambda x: 300 * np.cos(300 * x), [0.3, -0.2])
plain("corners_far_away", lambda x: float(np.abs(x).sum()), np.sign, [1.0, -2.0, 0.01])
plain("corner_within_the_longer_step", lambda x: float(np.abs(x).sum()), np.sign, [1.0, 9e-6, -2.0])
plain("corner_just_beyond", lambda x: float(np.abs(x).sum()), np.sign, [1.0, 1.3e-5, -2.0])
plain("float32_near_a_corner", lambda x: np.abs(x).sum(), np.sign, single([1, 1e-3, -2, 0.5, 3]))
plain("a_corner_that_the_gradient_takes", lambda x: float(np.abs(x).sum()), np.sign, [1.0, 0.0, -2.0])
plain("a_corner_among_many", lambda x: float(np.abs(x).sum()), np.sign, [*np.linspace(1, 2, 20), 1e-7, 2e-6, -3e-6])
plain("small_corner_beside_large_slopes", lambda x: 100 * float(x[0]) + abs(float(x[1])), [100.0, 1.0], [1.0, 1e-7])
plain("many_entries", lambda x: float(np.sin(x).sum()), np.cos, np.linspace(-2, 3, 300))
plain("just_256_entries", lambda x: float((x**2).sum()), lambda x: 2 * x, np.linspace(-2, 3, 256))
plain("just_257_entries", lambda x: float((x**2).sum()), lambda x: 2 * x, np.linspace(-2, 3, 257))
plain("many_entries_another_seed", lambda x: float(np.sin(x).sum()), np.cos, np.linspace(-2, 3, 300), None, 7)
plain("many_entries_longer_step", lambda x: float((x**4).sum()), lambda x: 4 * x**3, np.linspace(-2, 3, 300), 1e-3)
plain("many_entries_in_a_table", lambda x: float((x**3).sum()), cubes_slopes, np.linspace(-2, 3, 400).reshape(20, 20))
plain("many_given_as_an_array", lambda x: float((x**2).sum()), 2 * np.linspace(-2, 3, 300), np.linspace(-2, 3, 300))
plain("many_in_float32", lambda x: (x**2).sum(), lambda x: 2 * x, single(np.linspace(-2, 3, 300)))
plain("many_with_a_large_f", lambda x: 1e7 + float((x**2).sum()), lambda x: 2 * x, np.linspace(-2, 3, 300))
plain("many_small_slopes", lambda x: 1e-3 * float(np.sin(x).sum()), lambda x: 1e-3 * np.cos(x), np.linspace(-2, 3, 300))
plain("many_flat", lambda x: 0 * float(x.sum()), lambda x: 0 * x, np.linspace(-2, 3, 300))
plain(
    "many_and_few_count",
    lambda x: float((x[:5] ** 2).sum()),
    lambda x: np.where(x < -1.93, 2 * x, 0),
    np.linspace(-2, 3, 300),
)


@case
def keeps_only_the_last():
    kept = {}

    def f(x):
        kept["x"] = x
        return square(x)

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


@case
def draws_from_a_seed():
    def f(x):
        return float(x @ np.random.default_rng(3).random(3))

    return f, np.random.default_rng(3).random(3), np.array([1.0, 2.0, 4.0])


# -- x, and calls ------------------------------------------------------------------------------------

plain("empty", square, lambda x: 2 * x, np.zeros(0))
plain("empty_table", square, lambda x: 2 * x, np.zeros((2, 0)))
plain("lost_step", square, lambda x: 2 * x, [1.0, 1e9], 1e-9)
plain("just_float32", lambda x: np.float32((x**2).sum()), lambda x: 2 * x, single([1, 2, 4]))


@case
def changes_a_table():
    def f(x):
        x[1, 2] = 0
        return 1.0

    return f, lambda x: 2 * x, np.ones((2, 3))


@case
def changes_a_scalar():
    def f(x):
        x += 1
        return 1.0

    return f, lambda x: 2 * x, np.array(2.0)


@case
def reshapes_its_argument():
    def f(x):
        x.shape = (3, 1)
        return 1.0

    return f, lambda x: 2 * x, np.ones(3)


def _by_turns(*values):
    """Return an f that gives these values at the first calls, and the last of them from then on."""
    left = list(values)
    return lambda x: left.pop(0) if len(left) > 1 else left[0]


@case
def not_a_number_at_first():
    return _by_turns(math.nan, 1.0), lambda x: 2 * x, np.ones(2)


@case
def never_a_number():
    return (lambda x: math.nan), lambda x: 2 * x, np.ones(2)


@case
def minus_infinite():
    return (lambda x: -math.inf), lambda x: 2 * x, np.ones(2)


@case
def an_array_at_the_third_call():
    return _by_turns(1.0, 1.0, np.ones(2)), lambda x: 2 * x, np.ones(2)


@case
def another_value_at_the_third_call():
    return _by_turns(1.0, 1.0, 2.0), lambda x: 2 * x, np.ones(2)


@case
def makes_a_generator_and_does_not_use_it():
    calls = []

    def f(x):
        calls.append(1)
        np.random.default_rng(0)
        return float(len(calls))

    return f, lambda x: 2 * x, np.ones(2)


@case
def two_values_by_turns_from_a_fresh_generator():
    values = [1.0, 2.0, 1.0]

    def f(x):
        return values.pop(0) if len(values) > 1 else np.random.default_rng and values[0]

    return f, lambda x: 2 * x, np.ones(2)


@case
def draws_and_does_not_use_it():
    def f(x):
        np.random.random()
        return square(x)

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


@case
def keeps_two_of_three():
    calls, kept = [], []

    def f(x):
        calls.append(1)
        if len(calls) != 2:
            kept.append(x)
        return square(x)

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


@case
def gradient_infinite_in_a_table():
    return square, lambda x: np.array([[1.0, 2.0], [-np.inf, np.nan]]), np.ones((2, 2))


def _gradients(*answers):
    left = list(answers)
    return lambda x: np.array(left.pop(0) if len(left) > 1 else left[0])


@case
def gradient_of_another_shape_the_second_time():
    return square, _gradients([2.0, 2.0], [[2.0, 2.0]]), np.ones(2)


@case
def gradient_twice_as_large_in_one_entry():
    return square, _gradients([2.0, 2.0], [2.0, 4.0]), np.ones(2)


@case
def gradient_a_little_different():
    return square, _gradients([2.0, 4.0], [2.0, 4.0 + 2e-6]), np.array([1.0, 2.0])


@case
def gradient_almost_twice():
    return square, _gradients([2.0, 4.0], [4.0, 8.0001]), np.array([1.0, 2.0])


@case
def gradient_different_in_its_last_digits():
    return square, _gradients([2.0, 4.0], [2.0, 4.0 + 2e-7]), np.array([1.0, 2.0])


@case
def gradient_noise_about_zero():
    return (lambda x: float(x[1]) ** 2), _gradients([0.0, 4.0], [1e-12, 4.0]), np.array([1.0, 2.0])


@case
def gradient_of_text():
    return square, lambda x: np.array(["2", "4"]), np.array([1.0, 2.0])


@case
def gradient_of_truth_values():
    return (lambda x: float(x.sum())), lambda x: np.array([True, True]), np.array([1.0, 2.0])


@case
def gradient_without_return_the_second_time():
    answers = [np.array([2.0, 4.0]), None]
    return square, lambda x: answers.pop(0), np.array([1.0, 2.0])


# -- slopes ---------------------------------------------------------------------------------------------


def _logarithms(x):
    with np.errstate(all="ignore"):
        return -float(np.log(x).sum())


plain("infinite_at_one_nudge", _logarithms, lambda x: -1 / x, [1.0, np.cbrt(np.finfo(float).eps)])
plain("nan_at_two_nudges", _logarithms, lambda x: -1 / x, [[1.0, 2.0], [1e-7, 3.0]])
plain("infinite_and_then_nan", _logarithms, lambda x: -1 / x, [2 * np.cbrt(np.finfo(float).eps), 1e-7])
plain("infinite_in_a_direction", lambda x: _logarithms(x + 1e-12), lambda x: -1 / x, np.zeros(300) + 1e-9)
plain("overflows_to_one_side", lambda x: math.inf if x[1] > 2 else 1.0, lambda x: 0 * x, [1.0, 2.0])
plain("a_scalar_at_the_edge", lambda x: _logarithms(x + 1e-7), lambda x: -1 / x, 0.0)


@case
def remembers_the_largest():
    largest = [0.0]

    def f(x):
        largest[0] = max(largest[0], square(x))
        return largest[0]

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


@case
def cached_by_its_first_entry():
    cache = {}

    def f(x):
        return cache.setdefault(float(x[0]), square(x))

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


for _, _name in enumerate(("float64", "float32")):
    _kind = getattr(np, _name)
    _x = np.array([3.0, 4.0], dtype=_kind)
    for _f0 in (2e4, 9e3, 1e6, 1e9, 1e12, 1e14):
        plain(f"{_name}_about_{_f0:g}", lambda x, k=_kind, c=_f0: k(c + square(x)), lambda x: 2 * x, _x)
        plain(f"{_name}_about_{_f0:g}_wrong", lambda x, k=_kind, c=_f0: k(c + square(x)), lambda x: 3 * x + 1, _x)
plain("about_minus_1e14", lambda x: square(x) - 1e14, lambda x: 2 * x, [3.0, 4.0])
plain("about_1e14_and_the_wrong_shape", lambda x: 1e14 + square(x), lambda x: np.ones(3), [3.0, 4.0])
plain("about_1e14_and_a_large_gradient", lambda x: 1e14 + square(x), lambda x: 1e6 * x, [3.0, 4.0])

plain("whole_numbers", lambda x: 3, lambda x: 2 * x, [3.0, 4.0])
plain("whole_numbers_of_numpy", lambda x: np.int32(np.sign(x).sum()), lambda x: 2 * x, [3.0, 4.0])
plain("a_truth_value", lambda x: bool(x.sum() > 0), lambda x: 2 * x, [3.0, 4.0])
plain("a_truth_value_of_numpy", lambda x: x.sum() > 0, lambda x: 2 * x, [3.0, 4.0])


@case
def a_whole_number_first():
    return _by_turns(3, 3.0), lambda x: 2 * x, np.array([3.0, 4.0])


for _d in (1, 2, 3, 5, 7, 9, 10, 11, 12):
    plain(f"rounded_to_{_d}", lambda x, d=_d: round(square(x), d), lambda x: 2 * x, [3.0, 4.0, 0.3, -2.0, 1.1])
    plain(f"rounded_to_{_d}_of_few", lambda x, d=_d: round(square(x), d), lambda x: 2 * x, [3.0, 4.0])
    plain(f"rounded_to_{_d}_wrong", lambda x, d=_d: round(square(x), d), lambda x: 3 * x, [3.0, 4.0, 0.3, -2.0, 1.1])
    plain(f"rounded_to_{_d}_in_float32", lambda x, d=_d: round(square(x), d), lambda x: 2 * x, single([3, 4, 0.3, -2, 1.1]))
for _part in (0.001, 0.03, 0.7, 20.0):
    plain(f"counted_in_{_part:g}", lambda x, p=_part: float(p * np.floor(square(x) / p)), lambda x: 2 * x, [3.0, 4.0, 0.3])
    plain(f"one_step_of_{_part:g}", lambda x, p=_part: p * float(x[0] > 3.5), lambda x: np.array([1.0, 0.0]), [3.0, 4.0])
for _noise in (1e-15, 1e-13, 1e-11, 1e-9, 1e-7, 1e-5):
    plain(
        f"scattered_by_{_noise:g}",
        lambda x, s=_noise: cubes(x) + s * math.sin(1e9 * float(x.sum())),
        cubes_slopes,
        [1.0, -2.0, 0.5, 0.25, 3.0, -1.5],
    )
    plain(
        f"scattered_by_{_noise:g}_few",
        lambda x, s=_noise: cubes(x) + s * math.sin(1e9 * float(x.sum())),
        cubes_slopes,
        [1.0, -2.0],
    )


def _other_than(x):
    """Return an f that reads another array with the numbers of x."""
    other = np.array(x)
    return lambda x: float((other**2).sum())


plain("reads_a_twin", _other_than([3.0, 4.0]), lambda x: 2 * x, [3.0, 4.0])
plain("reads_a_twin_of_one", _other_than([3.0]), lambda x: 2 * x, [3.0])
plain("reads_a_twin_all_alike", _other_than([3.0, 3.0]), lambda x: 2 * x, [3.0, 3.0])
plain("reads_a_twin_laid_out_flat", _other_than([3.0, 4.0, 5.0, 6.0]), lambda x: 2 * x, [[3.0, 4.0], [5.0, 6.0]])
plain("reads_a_longer_array", _other_than([3.0, 4.0, 5.0]), lambda x: 2 * x, [3.0, 4.0])
plain("reads_another_array", _other_than([3.0, 5.0]), lambda x: 2 * x, [3.0, 4.0])
plain("reads_nothing", lambda x: 7.0, lambda x: 2 * x, [3.0, 4.0])
plain("reads_nothing_many", lambda x: 7.0, lambda x: 2 * x, np.linspace(1, 2, 300))
plain("reads_nothing_and_none_claimed", lambda x: 7.0, lambda x: 0 * x, [3.0, 4.0])

for _low, _high in ((-1.0, 1.0), (-10.0, 10.0), (-0.5, 40.0)):
    plain(
        f"clipped_to_{_low:g}_{_high:g}",
        lambda x, a=_low, b=_high: float((np.clip(x, a, b) ** 2).sum()),
        lambda x: 2 * x,
        [20.0, -30.0, 0.25],
    )
    plain(
        f"all_clipped_to_{_low:g}_{_high:g}",
        lambda x, a=_low, b=_high: float(np.clip(x, a, b).sum()),
        np.ones(2),
        [60, -70.0],
    )
    plain(
        f"clipped_to_{_low:g}_{_high:g}_known",
        lambda x, a=_low, b=_high: float(np.clip(x, a, b).sum()),
        np.zeros(2),
        [60, -70.0],
    )


def _relu(x):
    return float((np.maximum(x, 0) * np.arange(1, 1 + x.shape[-1])).sum())


def _unmasked(x):
    return np.zeros(x.shape) + np.arange(1, 1 + x.shape[-1])


def _weighted(x):
    return _unmasked(x) * (x > 0)


plain("relu_right", _relu, _weighted, [[3.0, -4.0], [-1.0, 2.0]])
plain("relu_unmasked", _relu, _unmasked, [[3.0, -4.0], [-1.0, 2.0]])
plain("relu_unmasked_all_off", _relu, _unmasked, [[-3.0, -4.0], [-1.0, -2.0]])
plain("relu_unmasked_one_off", _relu, _unmasked, [3.0, -4.0])
plain("relu_unmasked_four_off", _relu, _unmasked, [3.0, -4.0, -2.0, -1.0, -0.5, 2.0])
plain("relu_unmasked_and_a_factor", _relu, lambda x: 2 * _unmasked(x), [3.0, -4.0, -2.0])
plain("relu_masked_with_half", _relu, lambda x: _unmasked(x) * np.where(x > 0, 1, 0.5), [3.0, -4.0, -2.0])
plain("leaky_relu_unmasked", lambda x: float(np.where(x > 0, x, 0.1 * x).sum()), np.ones(3), [3.0, -4.0, -2.0])
plain("relu_of_the_negative", lambda x: float(np.maximum(-x, 0).sum()), lambda x: -np.ones(3), [3.0, -4.0, -2.0])
plain("relu_with_a_threshold", lambda x: float(np.maximum(x - 1, 0).sum()), np.ones(3), [3.0, 0.5, -2.0])
plain("relu_with_a_low_threshold", lambda x: float(np.maximum(x + 1, 0).sum()), np.ones(3), [3.0, -0.5, -2.0])
plain(
    "relu_of_a_sum",
    lambda x: float(np.maximum(x.sum(axis=0), 0).sum()),
    lambda x: np.ones((2, 3)),
    [[1.0, -3, 2], [2.0, 1, -3]],
)
plain("relu_of_sums_of_rows", lambda x: float(np.maximum(x.sum(axis=1), 0).sum()), np.ones((2, 2)), [[1.0, -3], [2.0, 1]])
plain("relu_of_one_column", lambda x: float(np.maximum(x.sum(), 0)), np.ones((2, 1)), [[1.0], [-3.0]])
plain("one_column_and_more_off", lambda x: float(np.maximum(x, 0).sum()), np.ones((2, 2)), [[1.0, -3], [2.0, 1]])
plain("abs_with_a_forgotten_sign", lambda x: float(np.abs(x).sum()), np.ones(3), [3.0, -4.0, -2.0])

plain("first_of_five_unread", lambda x: float((x[1:] ** 2).sum()), lambda x: 2 * x, [1.0, 2.0, 3.0, 4.0, 5.0])
plain("four_of_five_unread", lambda x: float((x[4:] ** 2).sum()), lambda x: 2 * x, [1.0, 2.0, 3.0, 4.0, 5.0])
plain("a_row_unread", lambda x: float((x[:1] ** 2).sum()), lambda x: 2 * x, [[1.0, 2.0], [3.0, 4.0]])
plain("unread_and_a_factor", lambda x: float((x[1:] ** 2).sum()), lambda x: 3 * x, [1.0, 2.0, 3.0])
plain("unread_among_many", lambda x: float((x[:-1] ** 2).sum()), lambda x: 2 * x, np.linspace(1, 2, 300))
plain("unread_and_known", lambda x: float((x[1:] ** 2).sum()), lambda x: 2 * x * (np.arange(3) > 0), [1.0, 2.0, 3.0])

for _at in (0.0, 1e-9, 1e-7, 3e-6, 7e-6, 1e-5, 2e-5):
    for _claim in (1.0, -1.0, 0.0, 0.3):
        plain(
            f"corner_at_{_at:g}_claimed_{_claim:g}",
            lambda x: abs(float(x[0])) + 2 * float(x[1]),
            np.array([_claim, 2.0]),
            [_at, 1.0],
        )
    plain(f"corner_of_a_scalar_{_at:g}", lambda x: abs(float(x)), lambda x: np.asarray(0.3), _at)
    plain(f"shallow_corner_at_{_at:g}", lambda x: 0.2 * abs(float(x[0])) + 2 * float(x[1]), np.array([0.2, 2.0]), [_at, 1.0])
plain("corner_in_float32", lambda x: np.abs(x).sum(), np.ones(3), single([0, 1, 2]))
plain("seven_corners", lambda x: float(np.abs(x).sum()), np.ones(9), [0.0] * 7 + [1.0, 2.0])
plain(
    "seven_near_corners", lambda x: float(np.abs(x).sum()), np.ones(9), [1e-7, 2e-7, 3e-7, 4e-7, 5e-7, 6e-7, 7e-7, 1.0, 2.0]
)


# -- labels -----------------------------------------------------------------------------------------------


@case
def labels_not_used_by_a_function():
    x, t, W = batch()
    return (
        (lambda W: price(softmax(x @ W), np.zeros(5, int)) + 0 * t.sum()),
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),
        W,
    )


@case
def labels_not_used_and_a_gradient_as_array():
    x, t, W = batch()
    return (
        (lambda W: price(softmax(x @ W), np.zeros(5, int)) + 0 * t.sum()),
        x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5,
        W,
    )


@case
def labels_used_in_a_branch_only():
    x, t, W = batch()
    return (
        (lambda W: price(softmax(x @ W), t if len(t) > 9 else np.zeros(5, int))),
        x.T @ (softmax(x @ W) - np.eye(4)[np.zeros(5, int)]) / 5,
        W,
    )


@case
def labels_that_nobody_uses():
    x, t, W = batch()
    zeros = np.zeros(5, int)
    return (
        (lambda W: price(softmax(x @ W), zeros) + 0 * t.sum()),
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[zeros]) / 5),
        W,
    )


@case
def rows_of_labels_not_used():
    x, t, W = batch()
    rows = np.eye(4)[t]
    return (
        (lambda W: price(softmax(x @ W), np.zeros(5, int)) + 0 * rows.sum()),
        (lambda W: x.T @ (softmax(x @ W) - rows) / 5),
        W,
    )


@case
def labels_all_alike_not_used():
    x, t, W = batch()
    t = np.full(5, 2)
    return (
        (lambda W: price(softmax(x @ W), np.zeros(5, int)) + 0 * t.sum()),
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),
        W,
    )


@case
def one_row_of_labels_not_used():
    x, _, W = batch(n=1)
    t = np.array([0, 0, 1, 0])
    return (lambda W: price(softmax(x @ W), np.zeros(1, int)) + 0 * t.sum()), (lambda W: x.T @ (softmax(x @ W) - t)), W


# -- gradient ------------------------------------------------------------------------------------------------

_TABLE = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
_SQUARE = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5], [0.7, 1.9, -0.3]])
_SIX = _TABLE.ravel()


def wrong(name, change, x=_TABLE, f=cubes, gradient=cubes_slopes):
    """Enter a right gradient that is changed, as a function and as an array."""
    plain(name, f, lambda x: change(gradient(x)), x)
    plain(f"{name}_as_an_array", f, change(gradient(np.array(x))), x)


wrong("table_transposed", lambda a: a.T)
wrong("table_transposed_and_doubled", lambda a: 2 * a.T)
wrong("table_transposed_and_flat", lambda a: a.T.ravel())
wrong("table_transposed_and_a_factor", lambda a: 1.37 * a.T)
wrong("table_in_fortran_order", lambda a: a.ravel().reshape(a.shape, order="F"))
wrong("table_read_transposed", lambda a: a.T.ravel().reshape(a.shape))
wrong("square_transposed", lambda a: a.T, _SQUARE)
wrong("square_transposed_halved", lambda a: a.T / 2, _SQUARE)
wrong("six_laid_out_by_columns", lambda a: a.reshape(2, 3).T.ravel(), _SIX)
wrong("six_laid_out_by_rows", lambda a: a.reshape(3, 2).T.ravel(), _SIX)
wrong("row_for_a_column", lambda a: a.T, [[1.0], [-2.0], [0.5]])
wrong("three_axes_exchanged", lambda a: a.T, np.arange(1.0, 9.0).reshape(2, 2, 2))
wrong("three_axes_another_order", lambda a: a.reshape(3, 2, 2).T, np.arange(1.0, 13.0).reshape(2, 2, 3))
wrong("one_for_each_example", lambda a: np.stack([a, 2 * a, 3 * a]))
wrong("one_for_each_example_mean", lambda a: np.stack([2 * a, 4 * a, 3 * a - 6 * a + 6 * a]) / 3)
wrong("one_for_each_example_mean_of_three", lambda a: np.stack([0 * a, 2 * a, a]))
wrong("one_for_each_example_last_axis", lambda a: np.stack([a, 2 * a, 3 * a], axis=-1))
wrong("one_for_each_example_half", lambda a: np.stack([a, a]) / 4)
wrong("one_for_each_example_other", lambda a: np.stack([a, a**2]))
wrong("one_example_only", lambda a: a[np.newaxis])
wrong("flat_for_a_table", lambda a: a.ravel())
wrong("flat_and_wrong", lambda a: a.ravel() + 1)
wrong("one_number", lambda a: np.float64(3.0))
wrong("a_sum_too_many", lambda a: a.sum(axis=0))
wrong("truncated", lambda a: a.astype(int))
wrong("truncated_to_floats", np.trunc)
wrong("rounded_up", np.ceil)
wrong("whole_and_off", lambda a: np.trunc(a) + 5)
wrong("whole_and_zero", lambda a: np.zeros(a.shape, int))
wrong("whole_of_two", np.trunc, [1.3, -2.2])
wrong("zero", lambda a: 0 * a)
wrong("zero_of_one", lambda a: 0 * a, [3.0])
for _d in range(10):
    wrong(f"gradient_rounded_to_{_d}", lambda a, d=_d: np.round(a, d), np.array([0.3123456789, 1.23456789012, -0.77777777]))
wrong("rounded_to_2_and_off", lambda a: np.round(a, 2) + 0.01, np.array([0.3123456789, 1.23456789012, -0.77777777]))
wrong(
    "rounded_to_2_and_one_off",
    lambda a: np.round(a, 2) + 0.007 * (a > 4),
    np.array([0.3123456789, 1.23456789012, -0.77777777]),
)
wrong("opposite", lambda a: -a)
wrong("opposite_with_a_zero", lambda a: -a, [1.0, 0.0, -2.0])
wrong("opposite_with_a_corner", lambda a: -a, [1.0, 0.0, -2.0, 3.0], lambda x: float(np.abs(x).sum()), np.sign)
wrong("opposite_with_two_corners", lambda a: -a, [1.0, 0.0, 0.0], lambda x: float(np.abs(x).sum()), np.sign)
wrong("opposite_of_one", lambda a: -a, [3.0])
wrong("opposite_in_one_row", lambda a: a * [[1], [-1]])
wrong("opposite_in_five", lambda a: a * np.where(np.arange(6) < 5, -1, 1), _SIX)
for _c in (
    2.0,
    0.5,
    3.0,
    1 / 3,
    6.0,
    1 / 6,
    5.0,
    1.37,
    -2.0,
    -1.0 / 3,
    1e-3,
    1e3,
    0.00137,
    137.0,
    math.log(10),
    1 / math.log(10),
    math.log(2),
    1 / math.log(2),
):
    wrong(f"times_{_c:.4g}", lambda a, c=_c: a / c)
    wrong(f"times_{_c:.4g}_of_two", lambda a, c=_c: a / c, [1.0, -2.0])
    wrong(f"times_{_c:.4g}_of_one", lambda a, c=_c: a / c, [3.0])
    wrong(f"times_{_c:.4g}_in_one_row", lambda a, c=_c: a * [[1], [1 / c]])
    wrong(f"times_{_c:.4g}_in_one_entry", lambda a, c=_c: a * np.where(np.arange(6) == 2, 1 / c, 1), _SIX)
for _off in (1e-9, 1e-7, 3e-7, 1e-6, 1e-4, 1e-2):
    wrong(f"off_by_{_off:g}", lambda a, off=_off: a * (1 + off))
    wrong(f"off_by_{_off:g}_in_float32", lambda a, off=_off: a * (1 + off), single(_TABLE))
    wrong(f"off_by_{_off:g}_in_one_entry", lambda a, off=_off: a + off * (np.arange(6) == 2), _SIX)
    wrong(
        f"off_by_{_off:g}_of_many", lambda a, off=_off: a * (1 + off), np.linspace(-2, 3, 300), lambda x: float((x**3).sum())
    )
for _c in (0.25, -3.0, 1e-5):
    wrong(f"plus_{_c:g}", lambda a, c=_c: a + c)
    wrong(f"plus_{_c:g}_of_two", lambda a, c=_c: a + c, [1.0, -2.0])
    wrong(f"plus_{_c:g}_in_one_row", lambda a, c=_c: a + [[0], [c]])
    plain(f"penalty_of_{_c:g}", cubes, lambda x, c=_c: 3 * x**2 + c * x, _TABLE)
    plain(f"penalty_of_{_c:g}_of_two", cubes, lambda x, c=_c: 3 * x**2 + c * x, [1.0, -2.0])
    plain(f"penalty_of_{_c:g}_on_one_row", cubes, lambda x, c=_c: 3 * x**2 + c * x * [[0], [1]], _TABLE)
    plain(
        f"penalty_of_{_c:g}_on_a_row_of_four",
        cubes,
        lambda x, c=_c: 3 * x**2 + c * x * [[0], [1]],
        [[1.0, 2, 3, 4], [5, 6, 7, 8]],
    )
    plain(f"absolute_penalty_of_{_c:g}", cubes, lambda x, c=_c: 3 * x**2 + c * np.sign(x), _TABLE)
    for _below in (-0.5, 0.0):  # the least entry; and the largest of the opposite
        for _sign in (1, -1):
            _entries = _sign * np.array([0.5, 0.25, _below, 0.75])
            plain(f"penalty_of_{_c:g}_{_sign}_{_below:g}", cubes, lambda x, c=_c: 3 * x**2 + c * x, _entries)
            plain(f"absolute_{_c:g}_{_sign}_{_below:g}", cubes, lambda x, c=_c: 3 * x**2 + c * np.sign(x), _entries)
    plain(f"penalty_of_{_c:g}_of_three", cubes, lambda x, c=_c: 3 * x**2 + c * x, [1.0, -2.0, 0.5])
    wrong(f"plus_{_c:g}_of_three", lambda a, c=_c: a + c, [1.0, -2.0, 0.5])
    plain(f"absolute_penalty_of_{_c:g}_positive", cubes, lambda x, c=_c: 3 * x**2 + c * np.sign(x), np.abs(_TABLE))
for _by in (1, -1, 2):
    for _axis in (0, 1):
        wrong(f"rolled_by_{_by}_along_{_axis}", lambda a, by=_by, axis=_axis: np.roll(a, by, axis), _SQUARE)
    wrong(f"rolled_by_{_by}", lambda a, by=_by: np.roll(a, by), _SQUARE)
    wrong(f"pushed_by_{_by}", lambda a, by=_by: np.roll(a, by) * (np.roll(np.arange(6), by) == np.arange(6) - by), _SIX)
for _axis in (0, 1):
    wrong(f"flipped_along_{_axis}", lambda a, axis=_axis: np.flip(a, axis), _SQUARE)
wrong("flipped_both_ways", lambda a: a[::-1, ::-1], _SQUARE)
wrong("rolled_in_a_box", lambda a: np.roll(a, 1), np.arange(1.0, 9.0).reshape(2, 2, 2))
wrong("rolled_back_in_a_narrow_table", lambda a: np.roll(a, -1), [[1.0, -2.0], [0.5, 3.0], [0.25, -1.5]])
wrong("shuffled", lambda a: a[[2, 0, 1, 4, 5, 3]], _SIX)
wrong("one_column_wrong", lambda a: a + [0, 0.3, 0], _SQUARE, cubes)
wrong("one_row_wrong", lambda a: a + [[0.1], [0], [0]] * np.array([1, 2, 5]), _SQUARE)
wrong("all_wrong", lambda a: a + np.sin(np.arange(9)).reshape(3, 3), _SQUARE)
wrong(
    "six_rows_wrong",
    lambda a: a + np.where(np.arange(14) % 2, 0.1 * np.arange(14) ** 2, 0)[:, np.newaxis],
    np.outer(np.arange(1, 15), [1.0, 2]),
)
wrong(
    "a_few_of_many_wrong",
    lambda a: a + 5.0 * (np.arange(300) == 123),
    np.linspace(-2, 3, 300),
    lambda x: float((x**3).sum()),
)
wrong(
    "half_of_many_wrong",
    lambda a: a * np.where(np.arange(300) < 150, 1, 1.5),
    np.linspace(-2, 3, 300),
    lambda x: float((x**3).sum()),
)
for _k in (0, 77, 150, 299):
    for _off in (0.01, 0.3):
        wrong(
            f"entry_{_k}_of_many_wrong_by_{_off:g}",
            lambda a, k=_k, off=_off: a + off * (np.arange(300) == k),
            np.linspace(1, 3, 300),
            lambda x: float((x**3).sum()),
        )
for _corners in (1, 2, 3, 12):
    for _dtype in (np.float32, np.float64):
        _kinky = np.linspace(1, 2, 12).astype(_dtype)
        _kinky[:_corners] = (1e-3 if _dtype is np.float32 else 1e-6) * np.arange(1, 1 + _corners)
        for _slope in (1.0, 0.9, 3.0, -1.0):
            plain(
                f"{_corners}_near_corners_claimed_{_slope:g}_{np.dtype(_dtype)}",
                lambda x, k=_dtype: k(np.abs(x).sum()),
                lambda x, s=_slope, c=_corners: np.where(np.arange(12) < c, s, 1),
                _kinky,
            )
wrong("many_opposite", lambda a: -a, np.linspace(-2, 3, 300), lambda x: float((x**3).sum()))
wrong("many_doubled", lambda a: 2 * a, np.linspace(-2, 3, 300), lambda x: float((x**3).sum()))
wrong("many_zero", lambda a: 0 * a, np.linspace(-2, 3, 300), lambda x: float((x**3).sum()))
wrong(
    "many_in_a_table_wrong",
    lambda a: a + 9.0 * (np.arange(400).reshape(20, 20) == 123),
    np.linspace(-2, 3, 400).reshape(20, 20),
)
wrong(
    "many_in_float32_wrong",
    lambda a: a + 9 * (np.arange(300) == 123),
    single(np.linspace(-2, 3, 300)),
    lambda x: (x**3).sum(),
)
wrong("a_scalar_doubled", lambda a: 2 * a, np.array(3.0))
wrong("a_scalar_off", lambda a: a + 1.234, np.array(3.0))


def _clamps():
    for exponent in (4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20):
        yield f"1e-{exponent}", 10.0**-exponent
    for kind in "df":
        yield f"eps_of_{kind}", float(np.finfo(kind).eps)
    yield "3e-7", 3e-7


for _name, _pinch in _clamps():

    def _pinched(pinch=_pinch):
        z = np.array([-6.0, 1.0, 2.0])
        return (lambda z: -math.log(float(softmax(z)[0]) + pinch)), (lambda z: softmax(z) - np.eye(3)[0]), z

    def _clipped_batch(pinch=_pinch, sum_of_prices=False):
        x, t, W = batch(n=6)
        return (
            (lambda W: (6 if sum_of_prices else 1) * price(np.maximum(softmax(x @ W), pinch), t)),
            (lambda W: (6 if sum_of_prices else 1) * 1.01 * x.T @ (softmax(x @ W) - np.eye(4)[t]) / 6),
            W,
        )

    _pinched.__name__ = f"pinch_of_{_name}"
    _clipped_batch.__name__ = f"clip_at_{_name}"
    CASES += [_pinched, _clipped_batch]


@case
def summed_prices_with_a_clip():
    x, t, W = batch(n=6)
    f = lambda W: 6 * price(np.maximum(softmax(x @ W), 1e-7), t)  # noqa: E731
    return f, (lambda W: 1.01 * x.T @ (softmax(x @ W) - np.eye(4)[t])), W


for _classes in (3, 5):  # of few numbers it is chance whether they look like stairs
    for _n in (1, 3):

        def _twice(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (
                (lambda W: price(softmax(softmax(x @ W)), t)),
                (lambda W: x.T @ (softmax(x @ W) - np.eye(classes)[t]) / n),
                W,
            )

        def _gradient_of_twice(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (
                (lambda W: price(softmax(x @ W), t)),
                (lambda W: x.T @ (softmax(softmax(x @ W)) - np.eye(classes)[t]) / n),
                W,
            )

        def _logits_in_the_gradient(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (lambda W: price(softmax(x @ W), t)), (lambda W: x.T @ (softmax(x @ W) - x @ W) / n), W

        def _logits_for_probabilities(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (lambda W: price(softmax(x @ W), t)), (lambda W: x.T @ (x @ W - np.eye(classes)[t]) / n), W

        def _favourites(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (
                (lambda W: price(softmax(x @ W), (x @ W).argmax(axis=-1))),
                (lambda W: x.T @ (softmax(x @ W) - np.eye(classes)[t]) / n),
                W,
            )

        def _bias_of_twice(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            b = rng(5).standard_normal(classes)
            return (
                (lambda b: price(softmax(x @ W + b), t)),
                (lambda b: (softmax(softmax(x @ W + b)) - np.eye(classes)[t]).sum(axis=0) / n),
                b,
            )

        def _weights_beside_a_bias(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            b = rng(5).standard_normal(classes)
            return (
                (lambda W: price(softmax(x @ W + b), t)),
                (lambda W: x.T @ (softmax(softmax(x @ W + b)) - np.eye(classes)[t]) / n),
                W,
            )

        def _logs_of_no_softmax(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (
                (lambda W: price(np.exp(np.tanh(x @ W)), t)),
                (lambda W: x.T @ (softmax(x @ W) - np.eye(classes)[t]) / n),
                W,
            )

        def _labels_that_do_not_sum_to_1(n=_n, classes=_classes):
            x, t, W = batch(n=n, c=classes)
            return (lambda W: price(softmax(x @ W), t)), (lambda W: x.T @ (softmax(x @ W) - 0.7 * np.eye(classes)[t]) / n), W

        for _make in (
            _twice,
            _gradient_of_twice,
            _logits_in_the_gradient,
            _logits_for_probabilities,
            _favourites,
            _bias_of_twice,
            _weights_beside_a_bias,
            _logs_of_no_softmax,
            _labels_that_do_not_sum_to_1,
        ):
            _make.__name__ = f"{_make.__name__[1:]}_{_n}_of_{_classes}"
            CASES.append(_make)


@case
def logits_alone_for_probabilities():
    z = np.array([0.3, -1.2, 2.0])
    return (lambda z: -math.log(float(softmax(z)[1]))), (lambda z: z - np.eye(3)[1]), z


@case
def one_logit_for_a_sigmoid():
    X, t, w = rng(1).standard_normal((9, 4)), rng(2).integers(0, 2, 9), rng(3).standard_normal(4)
    f = lambda w: np.sum(np.log1p(np.exp(X @ w)) - t * (X @ w))  # noqa: E731
    return f, (lambda w: X.T @ (X @ w - t)), w


for _scale in (1e-4, 1.0, 1e4):
    for _columns in (1, 2, 4):
        _labels = np.arange(3) % _columns

        def _no_softmax_scaled(scale=_scale, columns=_columns, labels=_labels):
            z = rng(3).standard_normal((3, columns))
            return (
                (lambda z: scale * price(np.exp(np.tanh(z)), labels)),
                (lambda z: scale * (softmax(z) - np.eye(columns)[labels]) / 3),
                z,
            )

        def _soft_labels_scaled(scale=_scale, columns=_columns, labels=_labels):
            z = rng(3).standard_normal((3, columns))
            return (
                (lambda z: scale * price(softmax(z), labels)),
                (lambda z: scale * (softmax(z) - 0.7 * np.eye(columns)[labels]) / 3),
                z,
            )

        def _half_right_scaled(scale=_scale, columns=_columns, labels=_labels):
            z = rng(3).standard_normal((4, columns))
            t = np.arange(4) % columns
            return (
                (lambda z: scale * price(softmax(z), t)),
                (lambda z: scale * (softmax(z) - np.array([1, 1, 0.7, 0.7])[:, np.newaxis] * np.eye(columns)[t]) / 4),
                z,
            )

        for _make in (_no_softmax_scaled, _soft_labels_scaled, *([_half_right_scaled] if _columns < 4 else [])):
            _make.__name__ = f"{_make.__name__[1:]}_{_scale:g}_{_columns}"
            CASES.append(_make)


@case
def a_clip_in_some_of_many_prices():
    x, t, W = batch(n=6)
    x[:4] = 0  # four examples that no weight moves
    f = lambda W: price(np.maximum(softmax(x @ W), 1e-7), t)  # noqa: E731
    return f, (lambda W: 1.01 * x.T @ (softmax(x @ W) - np.eye(4)[t]) / 6), W


@case
def a_clip_in_two_prices_added():
    z, t = np.array([[1.0, -2.0], [0.5, 0.25]]), np.array([1, 0])
    f = lambda z: 2 * price(np.maximum(softmax(z), 1e-7), t)  # noqa: E731
    return f, (lambda z: 1.01 * (softmax(z) - np.eye(2)[t])), z


@case
def a_price_that_stops_below_2():
    z = np.array([1.0, -2.0])
    return (lambda z: -math.log(max(float(softmax(z)[0]), 0.2))), (lambda z: 1.01 * (softmax(z) - np.eye(2)[0])), z


for _more in (-1.5, -1.0, -0.5, 0.5, 1.0):
    for _classes in (3,):

        def _twice_and_more(more=_more, classes=_classes):
            x, t, W = batch(n=3, c=classes)
            return (
                (lambda W: price(softmax(softmax(x @ W)), t) + more),
                (lambda W: x.T @ (softmax(x @ W) - np.eye(classes)[t]) / 3),
                W,
            )

        _twice_and_more.__name__ = f"twice_and_{_more:g}_more_of_{_classes}"
        CASES.append(_twice_and_more)


for _n, _c in ((2, 5), (5, 2), (3, 4)):

    def _two_axes_twice(n=_n, c=_c):
        z = rng(4).standard_normal((n, c))
        t = np.arange(n) % c
        return (lambda z: price(softmax(softmax(z)), t)), (lambda z: (softmax(z) - np.eye(c)[t]) / n), z

    _two_axes_twice.__name__ = f"logits_twice_softened_{_n}_of_{_c}"
    CASES.append(_two_axes_twice)


def _looked_up(ids, length=5, added_once=False, first_row=1.0):
    """Return squares of rows of a table, and their gradient: with a repeated row added once, or the first one scaled."""
    E, rows = rng(2).standard_normal((length, 3)), np.array(ids)

    def g(E):
        dE = np.zeros_like(E)
        if added_once:
            dE[rows] += 2 * E[rows]
        else:
            np.add.at(dE, rows, 2 * E[rows])
        dE[0] *= first_row
        return dE

    return (lambda E: float((E[rows] ** 2).sum())), g, E


for _ids in ([0, 2, 2, 3, 0], [-1, 1, 4], [1, 1, 1], [0, 1, 2], [[0, 0], [1, 2]], (3, 3)):

    def _rows_added_once(ids=_ids):
        E = rng(2).standard_normal((5, 3))

        def g(E):
            dE = np.zeros_like(E)
            dE[list(ids) if isinstance(ids, tuple) else ids] += 2 * E[list(ids) if isinstance(ids, tuple) else ids]
            return dE

        rows = list(ids) if isinstance(ids, tuple) else ids
        return (lambda E: float((E[rows] ** 2).sum())), g, E

    def _rows_added_once_and_hidden(ids=_ids):
        f, g, E = _rows_added_once(ids)
        return (lambda E: 1.0 * f(E)), g(E), E

    def _rows_right(ids=_ids):
        E = rng(2).standard_normal((5, 3))
        rows = np.array(ids)

        def g(E):
            dE = np.zeros_like(E)
            np.add.at(dE, rows, 2 * E[rows])
            return dE

        return (lambda E: float((E[rows] ** 2).sum())), g, E

    def _counts_by_hand(ids=_ids):
        E = rng(2).standard_normal((5, 3))
        counts = np.bincount(np.ravel(ids) % 5, minlength=5)[:, np.newaxis] * 1.0
        return (lambda E: float((counts * E**2).sum())), (lambda E: 2 * E * (counts > 0)), E

    def _rows_of_an_array(ids=_ids):
        return _looked_up(ids, added_once=True)

    def _rows_partly_right(ids=_ids):
        f, g, E = _looked_up(ids, first_row=0.5)
        E[2] = 0  # no slope there, and nothing to notice
        return f, g, E

    def _one_of_two_rows(ids=_ids):
        return _looked_up(ids, first_row=1.3)

    def _many_rows(ids=_ids):
        return _looked_up(ids, length=90, added_once=True)

    def _one_ratio(ids=_ids):
        E, factors = rng(2).standard_normal(5), np.array([1.0, 1.5, 1.0, 1.0, 1.0])
        factors[np.ravel(ids)[:1]] = 2.0 + 0.5 * (len(ids) > 3)
        return (lambda E: float((factors * E**2).sum())), (lambda E: 2 * E), E

    for _make in (
        _rows_added_once,
        _rows_added_once_and_hidden,
        _rows_right,
        _counts_by_hand,
        _rows_of_an_array,
        _rows_partly_right,
        _one_of_two_rows,
        _many_rows,
        _one_ratio,
    ):
        _make.__name__ = f"{_make.__name__[1:]}_{str(_ids).replace(' ', '')}"
        CASES.append(_make)


for _hidden in (3, 5):
    for _activation, _slope in (("relu", lambda h: h > 0), ("tanh", lambda h: 1 - h**2)):
        for _mistake in ("none", "mask", "half", "square"):

            def _network(hidden=_hidden, activation=_activation, slope=_slope, mistake=_mistake):
                x, t, W = batch(3, n=6, c=hidden)
                V = rng(7).standard_normal((hidden, 3))
                act = np.tanh if activation == "tanh" else lambda z: np.maximum(z, 0)
                t = t % 3

                def g(W):
                    h = act(x @ W)
                    dh = (softmax(h @ V) - np.eye(3)[t]) @ V.T / 6
                    return x.T @ (dh * {"none": slope(h), "mask": 1, "half": 0.5, "square": slope(h) ** 2}[mistake])

                return (lambda W: price(softmax(act(x @ W) @ V), t)), g, W

            _network.__name__ = f"{_activation}_network_{_hidden}_{_mistake}"
            CASES.append(_network)


# -- proof -----------------------------------------------------------------------------------------------------


@case
def compares_with_its_past_once():
    past = []

    def f(x):
        past.append(x)
        if len(past) > 3:
            past.pop()
        return square(x) + float((x - past[0]).sum())

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


for _name, _x in (
    ("zeros", np.zeros(3)),
    ("one_zero", np.zeros(1)),
    ("zero_table", np.zeros((2, 3))),
    ("ones", np.ones(3)),
    ("one", np.ones(1)),
    ("ones_table", np.ones((2, 3))),
    ("equal_rows", np.array([[1.0, 2.0], [1.0, 2.0]])),
    ("equal_columns", np.array([[1.0, 1.0], [2.0, 2.0]])),
    ("symmetric", np.array([[1.0, 2.0], [2.0, 3.0]])),
    ("one_row", np.array([[1.0, 2.0, 3.0]])),
    ("scalar_zero", np.array(0.0)),
):
    plain(f"at_{_name}_right", cubes, cubes_slopes, _x)
    plain(f"at_{_name}_right_array", cubes, cubes_slopes(_x), _x)
    plain(f"at_{_name}_coupled", lambda x: float(x.sum()) ** 2, lambda x: np.full(x.shape, 2 * x.sum()), _x)
    plain(f"at_{_name}_squared_wrong", square, lambda x: 3 * x**2 - x, _x)
    plain(f"at_{_name}_mean_for_each", cubes, lambda x: np.full(x.shape, 3 * (x**2).mean()), _x)
    plain(f"at_{_name}_other_shape_elsewhere", cubes, lambda x: 3 * x**2 if np.all(x == np.round(x)) else np.ones(7), _x)
    plain(f"at_{_name}_zero_nearby", lambda x: 1.0 + 0.0 * float(x.sum()), lambda x: 0 * x, _x)
plain("at_a_minimum_right", lambda x: square(x - np.array([1.0, 2.0])), lambda x: 2 * (x - np.array([1.0, 2.0])), [1.0, 2.0])
plain("at_a_minimum_given_zeros", lambda x: square(x - np.array([1.0, 2.0])), np.zeros(2), [1.0, 2.0])
plain(
    "at_a_minimum_doubled", lambda x: square(x - np.array([1.0, 2.0])), lambda x: 4 * (x - np.array([1.0, 2.0])), [1.0, 2.0]
)
plain(
    "at_a_minimum_opposite",
    lambda x: square(x - np.array([1.0, 2.0])),
    lambda x: -2 * (x - np.array([1.0, 2.0])),
    [1.0, 2.0],
)
for _c in (1e3, 1e5, 1e7, 1e8, 1e9, 1e10, 1e11):
    plain(f"about_{_c:g}", lambda x, c=_c: c + cubes(x), cubes_slopes, _TABLE)
    plain(f"about_{_c:g}_of_two", lambda x, c=_c: c + cubes(x), cubes_slopes, [1.0, -2.0])
    plain(f"about_{_c:g}_with_a_corner", lambda x, c=_c: c + float(np.abs(x).sum()), np.sign, [1.0, 1e-7, -2.0])
    plain(f"float32_about_{_c:g}_of_six", lambda x, c=_c: np.float32(c + cubes(x)), cubes_slopes, single(_TABLE))
for _scale in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
    plain(
        f"cubes_of_size_{_scale:g}",
        lambda x, s=_scale: cubes(x / s),
        lambda x, s=_scale: 3 * (x / s) ** 2 / s,
        _scale * _SIX,
    )
    plain(
        f"cubes_of_size_{_scale:g}_float32",
        lambda x, s=_scale: cubes(x / s),
        lambda x, s=_scale: 3 * (x / s) ** 2 / s,
        single(_scale * _SIX),
    )
    plain(
        f"waves_of_size_{_scale:g}",
        lambda x, s=_scale: float(np.sin(x / s).sum()),
        lambda x, s=_scale: np.cos(x / s) / s,
        _SIX,
    )


# -- the limits of an explanation ----------------------------------------------------------------------------

_LIKE = single([1, 1.01, 0.99, 1.02, 0.98, 1])
for _off in (4e-3, 4.5e-3, 8e-3):
    for _where in (0, 3):
        wrong(
            f"one_of_six_alike_off_by_{_off:g}_at_{_where}",
            lambda a, off=_off, k=_where: a + off * (np.arange(6) == k),
            _LIKE,
            lambda x: np.float32(x.sum()),
            np.ones_like,
        )
wrong("row_means_taken_off", lambda a: a - a.mean(axis=-1, keepdims=True))
plain("the_largest_by_a_builtin", max, lambda x: np.array([0.0, 1.0, 0.0]), [1.0, 2.0, 3.0])
plain("the_largest_by_a_builtin_right", max, lambda x: np.array([0.0, 0.0, 1.0]), [1.0, 2.0, 3.0])


@case
def one_weight_and_a_factor():
    X, t = rng(1).standard_normal((9, 1)), rng(2).integers(0, 2, 9)
    f = lambda w: np.mean(np.log1p(np.exp(X @ w)) - t * (X @ w))  # noqa: E731
    return f, (lambda w: 1.7 * X.T @ (1 / (1 + np.exp(-X @ w)) - t) / 9), np.array([0.7])


@case
def two_logits_graded_by_themselves():
    return (lambda z: -np.log(softmax(z)[z.argmax()])), (lambda z: softmax(z) - np.array([1.0, 0.0])), np.array([0.3, 1.2])


for _penalty in (1e-3, 1e-2, 0.1):

    def _favourites_with_a_penalty(penalty=_penalty):
        x, t, W = batch(n=4, c=3)
        return (
            (lambda W: price(softmax(x @ W), (x @ W).argmax(axis=-1)) + penalty * (W**2).sum()),
            (lambda W: x.T @ (softmax(x @ W) - np.eye(3)[t]) / 4),
            W,
        )

    def _logits_in_the_gradient_with_a_penalty(penalty=_penalty):
        x, t, W = batch(n=4, c=3)
        return (
            (lambda W: price(softmax(x @ W), t)),
            (lambda W: x.T @ (softmax(x @ W) - x @ W) / 4 + 2 * penalty * W),
            W,
        )

    for _make in (_favourites_with_a_penalty, _logits_in_the_gradient_with_a_penalty):
        _make.__name__ = f"{_make.__name__[1:]}_{_penalty:g}"
        CASES.append(_make)


for _ids in ([1, 1], [5, 5, 0, 0], [-5, -5, 0], [-6, -6, 0], [0]):

    def _beside_indices(ids=_ids):
        E, rows = rng(2).standard_normal((5, 3)), np.array(ids)
        wrong_row = ids[-1] % 5
        return (
            (lambda E: float((E**2).sum()) + 0.0 * rows.sum()),
            (lambda E: 2 * E * np.where(np.arange(5) == wrong_row, 1.3, 1)[:, np.newaxis]),
            E,
        )

    _beside_indices.__name__ = f"beside_indices_{str(_ids).replace(' ', '')}"
    CASES.append(_beside_indices)


@case
def beside_rows_of_differing_length():
    ragged = [[1, 1], [1, 2, 3]]
    return (lambda x: square(x) + 0 * len(ragged)), (lambda x: 2 * x + np.array([0.3, 0, 0])), np.array([1.0, 2.0, 3.0])


plain("about_3e9_flat_and_the_wrong_shape", lambda x: 3e9 + 1e-3 * square(x), lambda x: np.ones(3), [0.3, 0.4])
for _far in (0.5, 2.0, 7.0, 20.0):
    plain(f"a_step_at_{_far:g}", lambda x, s=_far: float(x[0] > s), lambda x: np.array([1.0, 0.0]), [0.1, 0.2])
    plain(f"a_step_at_minus_{_far:g}", lambda x, s=_far: float(x[0] < -s), lambda x: np.array([1.0, 0.0]), [0.1, 0.2])
    plain(f"a_ramp_from_{_far:g}", lambda x, s=_far: max(float(x[0]) - s, 0.0), lambda x: np.array([1.0, 0.0]), [0.1, 0.2])
    plain(
        f"a_ramp_to_minus_{_far:g}", lambda x, s=_far: min(float(x[0]) + s, 0.0), lambda x: np.array([1.0, 0.0]), [0.1, 0.2]
    )
for _part in (1e-3, 1e-6):
    plain(
        f"counted_in_{_part:g}_from_an_offset",
        lambda x, p=_part: 0.1234567 + p * float(np.floor(square(x) / p)),
        lambda x: 2 * x,
        [3.0, 4.0, 0.3],
    )
plain("relu_with_a_threshold_at_zero", lambda x: float(np.maximum(x - 0.5, 0).sum()), np.ones(3), [3.0, 0.0, 2.0])
plain("unread_and_negative", lambda x: float(x[0]), np.ones(2), [3.0, -4.0])
plain("relu_with_a_jump", lambda x: float(np.where(x < 0, 0, 1 + x).sum()), np.ones(3), [3.0, -4.0, -2.0])
plain("relu_that_ends", lambda x: float(np.maximum(x, 0).sum() + (x < -15).sum()), np.ones(3), [3.0, -4.0, -2.0])
plain("relu_that_ends_halfway", lambda x: float(np.maximum(x, 0).sum() + (x > -2.5).sum()), np.ones(3), [3.0, -4.0, -3.0])


@case
def a_gradient_that_bears_no_other_labels():
    x, t, W = batch()
    zeros, own = np.zeros(5, int), t.copy()

    def g(W):
        if not np.array_equal(t, own):
            raise LookupError("other labels")
        return x.T @ (softmax(x @ W) - np.eye(4)[zeros]) / 5

    return (lambda W: price(softmax(x @ W), zeros) + 0 * t.sum()), g, W


@case
def bears_no_copy_of_its_argument():
    first = []

    def f(x):
        if not first:
            first.append(x)
        if x is not first[0]:
            raise LookupError("a copy")
        return square(x)

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


for _size in (1e-3, 1e4):
    for _name, _x in (
        ("two_alike", np.full(2, _size)),
        ("four_alike", np.full((2, 2), _size)),
        ("rows", np.full((2, 3), _size)),
    ):
        plain(f"at_{_name}_of_{_size:g}", square, lambda x: 2 * x, _x)
        plain(f"at_{_name}_of_{_size:g}_averaged", square, lambda x: np.full(x.shape, 2 * x.mean()), _x)
        plain(f"at_{_name}_of_{_size:g}_averaged_a_little", square, lambda x: 2 * x + 1e-3 * (x.mean() - x), _x)
for _c in (1e4, 1e6, 1e8, 1e9):
    plain(f"at_ones_about_{_c:g}", lambda x, c=_c: c + square(x), lambda x: 2 * x, np.ones(3))
    plain(f"at_ones_about_{_c:g}_averaged", lambda x, c=_c: c + square(x), lambda x: np.full(3, 2 * x.mean()), np.ones(3))


@case
def one_of_two_labels_not_used():
    x, t, W = batch()
    u = np.array([1, 0, 2, 3, 1])
    return (lambda W: price(softmax(x @ W), t) + 0 * u.sum()), (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[u]) / 5), W


@case
def a_clip_in_one_of_two_prices():
    x, t, W = batch(n=2)
    x[0] = 0
    f = lambda W: price(np.maximum(softmax(x @ W), 1e-7), t)  # noqa: E731
    return f, (lambda W: 1.01 * x.T @ (softmax(x @ W) - np.eye(4)[t]) / 2), W


plain("two_entries_of_five_doubled", lambda x: float((np.array([2.0, 1, 2, 1, 1]) * x**2).sum()), lambda x: 2 * x, _SIX[:5])
plain(
    "two_entries_of_five_trebled_and_one_right",
    lambda x: float((np.array([[3.0, 3], [1, 1]]) * x**2).sum()),
    lambda x: 2 * x * [[1, 3], [1, 1]],
    _TABLE[:, :2],
)
plain("relu_of_two_sums", lambda x: float(np.maximum(x.sum(axis=0), 0).sum()), np.ones((2, 2)), [[1.0, -3], [2.0, 1]])
for _steep in (1e-2, 1e2):
    for _noise in (1e-12, 1e-10, 1e-8):
        plain(
            f"steep_by_{_steep:g}_and_scattered_by_{_noise:g}",
            lambda x, c=_steep, s=_noise: c * cubes(x) + s * math.sin(1e9 * float(x.sum())),
            lambda x, c=_steep: 3 * c * x**2,
            [1.0, -2.0, 0.5, 0.25, 3.0, -1.5],
        )
