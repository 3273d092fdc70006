"""softmax, log_softmax and the cross-entropies against exact arithmetic, SciPy, scikit-learn and closed forms."""

import hypothesis.extra.numpy as arrays
import mpmath
import numpy as np
import pytest
import scipy.special
import sklearn.metrics
from hypothesis import given, strategies as st

from helpers import cross_entropy, functions, log_softmax, one_hot, softmax, softmax_cross_entropy

# What the docstring of softmax promises. In a run over 28,000 short random rows, of spreads from 1 to 1000 and in both
# types, the largest seen were 3.9 (softmax), 2.8 (log_softmax) and 2.5 (softmax_cross_entropy); on rows of a hundred equal
# scores and one above, the worst case for NumPy's summation, 7.1 (softmax).
ULPS = 10
FLOATS = (np.float64, np.float32)

ordinary = st.floats(-30, 30)
far = st.floats(-1500, 1500)
extreme = st.floats(allow_nan=False, allow_infinity=False)


def rows(elements=ordinary, min_size=1, max_size=8):
    return st.lists(elements, min_size=min_size, max_size=max_size).map(np.array)


def batches(elements=ordinary, max_side=6):
    return arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=max_side), elements=elements)


def exact(z):
    """Return the softmax and the log-softmax of a row, from 60 digits; the winner's 1 stays out of the sum."""
    with mpmath.workdps(60):
        largest = mpmath.mpf(float(max(z)))
        d = [mpmath.mpf(float(v)) - largest for v in z]
        winner = d.index(0)
        others = mpmath.fsum(mpmath.exp(v) for k, v in enumerate(d) if k != winner)
        return [mpmath.exp(v) / (1 + others) for v in d], [v - mpmath.log1p(others) for v in d]


def ulps(actual, expected, dtype):
    """Return how many units in the last place of `dtype` lie between two numbers, at the expected one."""
    largest, tiny = float(np.finfo(dtype).max), np.finfo(dtype).tiny
    if abs(expected) > largest:
        return 0 if np.isinf(actual) and (actual > 0) == (expected > 0) else np.inf
    unit = np.spacing(np.clip(np.abs(dtype(float(expected))), tiny, np.finfo(dtype).max / 2))
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(float(actual)) - expected) / mpmath.mpf(float(unit)))


@pytest.mark.filterwarnings("ignore:z look like probabilities")
@pytest.mark.parametrize("dtype", FLOATS)
@given(
    z=st.one_of(rows(ordinary), rows(far), rows(extreme), rows(st.sampled_from([0.0, 1e-300, 1e308, -1e308, 745.2, -708.4])))
)
def test_exact_to_a_few_ulp_for_any_finite_input(dtype, z):
    with np.errstate(over="ignore", under="ignore"):
        z = z.astype(dtype)
    z = z[np.isfinite(z)] if np.any(np.isfinite(z)) else np.zeros(1, dtype)
    y, log_y = exact(z)
    assert max(ulps(a, b, dtype) for a, b in zip(softmax(z), y, strict=True)) <= ULPS
    assert max(ulps(a, b, dtype) for a, b in zip(log_softmax(z), log_y, strict=True)) <= ULPS
    for t in range(len(z)):
        assert ulps(softmax_cross_entropy(z, t), -log_y[t], dtype) <= ULPS


def test_the_tails_keep_their_digits():
    z = np.array([-700.3, -500.7, 0.1])
    assert max(ulps(a, b, np.float64) for a, b in zip(softmax(z), exact(z)[0], strict=True)) <= ULPS
    plain = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    assert ulps(plain[0], exact(z)[0][0], np.float64) > 20  # without the correction


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("below", [-0.35131581134779866, -1.0731184482574463])
def test_rows_of_a_hundred_are_the_worst_and_still_exact(dtype, below):
    z = np.full(101, below, dtype)
    z[0] = 0
    assert max(ulps(a, b, dtype) for a, b in zip(softmax(z), exact(z)[0], strict=True)) <= ULPS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_that_exp_can_bear_are_never_shifted_up_to_the_very_bound(dtype, monkeypatch):
    """The shift is not wrong there, but costs a maximum and some digits."""
    bound = functions.BEARABLE[dtype]
    assert 0.35 < bound / np.log(float(np.finfo(dtype).max)) < 0.5  # so that exp(2 * bound) is a number, too
    far = np.array([[bound, -bound, 0], [bound, bound, bound], [-bound, -bound, -bound], [1, 2, 1e4]], dtype=dtype)
    shifted, given = functions._shifted, []
    monkeypatch.setattr(functions, "_shifted", lambda z: given.append(z) or shifted(z))
    for function in (softmax, log_softmax, lambda z: softmax_cross_entropy(z, np.zeros(len(z), int))):
        function(far[:3])
        function(far[1:2])
        assert given == []
        function(far)
        assert [z.tolist() for z in given] == [far[3:].tolist()]  # the others of the batch are not
        given.clear()


def test_equal_scores_of_many_classes_are_as_exact_as_of_few():
    z = np.full((2, 10_000), 0.1)
    np.testing.assert_allclose(softmax(z), 1e-4, rtol=ULPS * np.finfo(float).eps)
    np.testing.assert_allclose(softmax_cross_entropy(z, [0, 9_999]), np.log(10_000), rtol=ULPS * np.finfo(float).eps)


def test_long_rows_are_summed_without_drift():
    z = np.random.default_rng(0).normal(size=20_000)
    first = exact(z)[0][0]
    for axis, shaped in ((0, z), (0, z[:, np.newaxis]), (1, z[np.newaxis])):
        assert ulps(softmax(shaped, axis=axis).ravel()[0], first, np.float64) <= ULPS


@given(z=batches(far))
def test_agrees_with_scipy(z):
    np.testing.assert_allclose(softmax(z), scipy.special.softmax(z, axis=-1), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(log_softmax(z), scipy.special.log_softmax(z, axis=-1), rtol=1e-12, atol=1e-15)


@given(
    z=arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=4, max_side=5), elements=ordinary),
    data=st.data(),
)
def test_any_shape_axis_and_stride(z, data):
    axis = data.draw(st.integers(-z.ndim, z.ndim - 1))
    order = data.draw(st.permutations(range(z.ndim)))
    view = z.transpose(order)[..., ::-1]
    for function, oracle in ((softmax, scipy.special.softmax), (log_softmax, scipy.special.log_softmax)):
        result = function(view, axis=axis)
        assert result.shape == view.shape
        np.testing.assert_allclose(result, oracle(view, axis=axis), rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(result, function(np.asfortranarray(view), axis=axis))


@given(z=rows(far), shift=st.integers(-1000, 1000))
def test_a_shift_that_rounds_nothing_changes_nothing_that_counts(z, shift):
    z = np.round(z)
    np.testing.assert_allclose(softmax(z), softmax(z + shift), rtol=ULPS * np.finfo(float).eps, atol=1e-300)
    np.testing.assert_allclose(log_softmax(z), log_softmax(z + shift), rtol=ULPS * np.finfo(float).eps)


@given(z=batches())
def test_rows_sum_to_one_and_keep_their_order(z):
    y = softmax(z)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    assert np.all(np.diff(np.take_along_axis(y, np.argsort(z, axis=-1), axis=-1), axis=-1) >= 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_float_types_stay_what_they_are(dtype):
    z = np.array([[1, 2, 3], [0, 0, 0]], dtype)
    y = softmax(z)
    assert y.dtype == log_softmax(z).dtype == dtype
    assert softmax_cross_entropy(z, [0, 1]).dtype == cross_entropy(y, [0, 1]).dtype == dtype
    np.testing.assert_allclose(
        y.astype(float), scipy.special.softmax(z.astype(float), axis=-1), rtol=4 * max(np.finfo(dtype).eps, 1e-16)
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, bool])
def test_integers_and_booleans_become_float64(dtype):
    z = np.array([[0, 1, 1]], dtype)
    assert softmax(z).dtype == np.float64
    np.testing.assert_array_equal(softmax(z), softmax(z.astype(float)))


def test_lists_read_only_and_broadcast_views_are_welcome_and_unchanged():
    z = np.arange(6.0).reshape(2, 3)
    z.flags.writeable = False
    np.testing.assert_array_equal(softmax(z), softmax(z.tolist()))
    wide = np.broadcast_to(z[0], (4, 3))
    np.testing.assert_array_equal(softmax(wide), np.tile(softmax(z[0]), (4, 1)))
    np.testing.assert_array_equal(z, np.arange(6.0).reshape(2, 3))
    assert softmax(z).flags.writeable
    assert not np.shares_memory(softmax(z), z)


@pytest.mark.filterwarnings("ignore:the loss is 0", "ignore:z look like", "ignore:z is one-hot")
@given(z=batches(far), data=st.data())
def test_the_callers_arrays_are_never_changed(z, data):
    t = np.array(data.draw(st.lists(st.integers(0, z.shape[1] - 1), min_size=len(z), max_size=len(z))))
    y, rows_of_t = softmax(z), one_hot(t, z.shape[1])
    before = [a.copy() for a in (z, t, y, rows_of_t)]
    softmax_cross_entropy(z, t), softmax_cross_entropy(z, rows_of_t), cross_entropy(y, t), log_softmax(z, axis=0)
    for a, b in zip((z, t, y, rows_of_t), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_minus_infinity_is_probability_zero():
    np.testing.assert_array_equal(softmax([0, -np.inf, 0]), [0.5, 0, 0.5])
    np.testing.assert_array_equal(log_softmax([0, -np.inf]), [0, -np.inf])
    assert softmax_cross_entropy([0.0, -np.inf], 1) == np.inf
    assert softmax_cross_entropy([0.0, -np.inf], [1, 0]) == 0
    z = np.array([-np.inf, -700.3, -500.7, 0.1])
    np.testing.assert_array_equal(softmax(z)[1:], softmax(z[1:]))


def test_nan_spoils_its_own_row_and_no_other():
    y = softmax([[np.nan, 1, 2], [1, 2, 3], [-800.3, 0.1, -20]])
    assert np.all(np.isnan(y[0]))
    np.testing.assert_array_equal(y[1], softmax([1, 2, 3]))
    np.testing.assert_array_equal(y[2], softmax([-800.3, 0.1, -20]))
    assert np.isnan(softmax([np.nan])).all()
    assert np.isnan(softmax_cross_entropy([[np.nan, 1.0]], [1]))
    assert np.isnan(cross_entropy([[np.nan, 0.5]], [0]))


@pytest.mark.parametrize("z", [[np.inf, 0.0], [np.inf, np.inf], [np.inf], [-np.inf, -np.inf], [-np.inf]])
@pytest.mark.parametrize("function", [softmax, log_softmax, lambda z: softmax_cross_entropy(z, 0)])
def test_a_row_without_a_softmax_is_nan_and_warned_about(function, z):
    with pytest.warns(RuntimeWarning, match="no softmax") as caught:
        assert np.all(np.isnan(function(z)))
    assert caught[0].filename == __file__


def test_nan_in_probabilities_reaches_the_loss_from_wherever_it_stands():
    for row in ([np.nan, 0.5, 0.5], [0.5, 0.5, np.nan], [np.nan, 7.0, -0.0]):
        assert np.isnan(cross_entropy(row, 1))
        assert np.isnan(cross_entropy(row, [0, 0.5, 0.5]))
        assert np.isnan(cross_entropy([[0.2, 0.3, 0.5], row], [0, 1]))


@given(z=batches(far), seed=st.integers(0, 100))
def test_a_row_does_not_depend_on_the_others(z, seed):
    y, order = softmax(z), np.random.default_rng(seed).permutation(len(z))
    np.testing.assert_array_equal(softmax(z[order]), y[order])
    for k in range(len(z)):
        np.testing.assert_array_equal(softmax(z[k]), y[k])
        np.testing.assert_array_equal(log_softmax(z[k]), log_softmax(z)[k])


def test_float16_is_checked_and_computed_in_float32():
    z = np.random.default_rng(0).normal(size=(8, 300)).astype(np.float16)
    y, t = softmax(z), np.zeros(8, int)
    assert cross_entropy(np.asfortranarray(y), t) == cross_entropy(y, t) == pytest.approx(6.2, abs=0.3)
    np.testing.assert_array_equal(softmax(z.astype(">f2")), y)
    for classes in (40_000, 100_000):
        cross_entropy(softmax(np.zeros(classes, np.float16)), 0)


def test_a_one_hot_label_does_not_look_at_the_impossible():
    with np.errstate(all="raise"):
        assert cross_entropy([[1.0, 0.0]], [[1.0, 0.0]]) == 0
        assert softmax_cross_entropy([[0, -np.inf]], [[1.0, 0.0]]) == 0


def test_an_empty_batch_stays_empty():
    assert softmax(np.zeros((0, 3))).shape == (0, 3)
    assert log_softmax(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert one_hot([], 3).shape == (0, 3)


def test_floating_point_traps_of_the_caller_do_not_fire():
    with np.errstate(all="raise"):
        softmax([1e308, -1e308, 0.0, -800.0])
        softmax_cross_entropy([[0.0, 800.0]], [0])
        cross_entropy([0.0, 1.0], 0)
        cross_entropy([0.5, 0.5], [1.0, 5e-324])
        softmax([0.0, -740.0, -744.0])
        half = np.array([0, -30, -60000, 60000], np.float16)
        softmax(half), log_softmax(half - np.float16(1000)), softmax_cross_entropy(half, 0)
        softmax_cross_entropy(np.array([1e-40, 6e-8, 0], np.float32), 2)


def test_a_mean_of_huge_losses_does_not_overflow_where_the_losses_do_not():
    assert softmax_cross_entropy([[0.0, 1.7e308]] * 2, [0, 0]) == 1.7e308
    assert softmax_cross_entropy(np.array([[0, 6e4]] * 2, np.float16), [0, 0]) == np.float16(6e4)
    assert softmax_cross_entropy([[-1.7e308, 1.7e308]] * 2, [0, 1]) == np.inf


@pytest.mark.filterwarnings("ignore:(z look like probabilities|the loss is 0)")
@given(z=batches(st.floats(-8, 8)), data=st.data())
def test_cross_entropy_agrees_with_scikit_learn(z, data):
    if z.shape[1] == 1:
        z = np.hstack([z, z])
    y, classes = softmax(z), z.shape[1]
    t = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=len(z), max_size=len(z))))
    expected = sklearn.metrics.log_loss(t, y, labels=range(classes))
    for loss in (cross_entropy(y, t), cross_entropy(y, one_hot(t, classes)), softmax_cross_entropy(z, t)):
        assert loss == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.filterwarnings("ignore:z look like probabilities", "ignore:the loss is 0")
@given(z=batches(st.floats(-17, 17)), weights=st.integers(0, 2**32))
def test_soft_labels_cost_their_entropy_and_what_the_prediction_is_off(z, weights):
    t = np.random.default_rng(weights).dirichlet(np.ones(z.shape[1]), size=len(z))
    y = softmax(z)
    expected = (scipy.special.entr(t) + scipy.special.rel_entr(t, y)).sum(axis=-1).mean()
    assert cross_entropy(y, t) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert softmax_cross_entropy(z, t) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_closed_forms():
    np.testing.assert_allclose(softmax(np.log([1, 2, 5])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
    assert cross_entropy([1.0, 0.0], 0) == 0
    assert cross_entropy([1.0, 0.0], 1) == np.inf
    assert str(cross_entropy([1.0, 0.0], 0)) == "0.0"  # and not -0.0
    assert softmax_cross_entropy(np.zeros((4, 10)), [0, 3, 5, 9]) == pytest.approx(np.log(10), rel=1e-15)
    assert softmax_cross_entropy([0.0, -1000.0], 1) == 1000
    assert softmax_cross_entropy([0.0, 40.0], 1) == pytest.approx(np.exp(-40), rel=1e-15)
    assert cross_entropy([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]) == pytest.approx(np.log(2))


def test_the_first_learners_numbers():
    x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])
    W = np.array([[0.47355232, 0.9977393, 0.84668094], [0.855557411, 0.03563661, 0.69422093]])
    assert str(softmax(x @ W)) == "[0.36540923 0.23927209 0.39531868]"
    assert cross_entropy(softmax(x @ W), t) == pytest.approx(0.9280627939898086, abs=3e-7)  # their 1e-7 is in the 7th digit
    with pytest.raises(ValueError, match="not a row of labels"):
        cross_entropy(softmax(x @ W), x @ W)


def test_one_hot_is_the_row_of_the_identity():
    t = np.array([[2, 0], [1, 1]])
    np.testing.assert_array_equal(one_hot(t, 3), np.eye(3)[t])
    assert one_hot(2, 3).tolist() == [0, 0, 1]
    assert one_hot(np.uint8(1), np.int64(2)).dtype == np.float64


Y = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
Z = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0]])
T = np.array([2, 0])


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not today")


REFUSED = {
    "a single number": (lambda: softmax(5.0), ValueError, "z is a single number"),
    "no classes": (lambda: softmax(np.zeros((3, 0))), ValueError, "no classes along axis -1"),
    "an axis that is not there": (lambda: softmax(Z, axis=2), ValueError, "axis 2 does not exist"),
    "two axes": (lambda: softmax(Z, axis=(0, 1)), TypeError, "axis must be one integer"),
    "a boolean axis": (lambda: softmax(Z, axis=True), TypeError, "axis must be one integer"),
    "strings": (lambda: softmax(["1", "2"]), TypeError, "z must hold real numbers"),
    "complex numbers": (lambda: softmax([1j, 2]), TypeError, "z must hold real numbers.*complex"),
    "objects": (lambda: log_softmax([None, 1]), TypeError, "z must hold real numbers.*object"),
    "ragged rows": (lambda: softmax([[1, 2], [3]]), TypeError, "z .*differ in length"),
    "a masked array": (lambda: softmax(np.ma.masked_greater(Z, 2)), TypeError, "z is a masked array"),
    "logits as probabilities": (
        lambda: cross_entropy(Z, T),
        ValueError,
        r"y\[0\] has a negative entry, -2.*softmax_cross_entropy",
    ),
    "positive logits as probabilities": (
        lambda: cross_entropy(Z + 3, T),
        ValueError,
        r"y\[0\] sums to 8.5\d*, and probabilities sum to 1: logits go",
    ),
    "percentages": (lambda: cross_entropy(100 * Y, T), ValueError, r"y\[0\] sums to 100"),
    "softmax along the wrong axis": (
        lambda: cross_entropy(softmax(Z, axis=0), T),
        ValueError,
        "every column of y sums to 1.*axis 0",
    ),
    "logits as labels": (lambda: cross_entropy(Y, Z), ValueError, r"t\[0\] is not a row of labels.*logits"),
    "logits as labels, fused": (lambda: softmax_cross_entropy(Z, Z), ValueError, r"t\[0\] is not a row of labels.*logits"),
    "several labels a row": (lambda: cross_entropy(Y, [[1, 1, 0], [0, 0, 1]]), ValueError, r"t\[0\].*sums to 2"),
    "a column of labels": (lambda: cross_entropy(Y, T[:, np.newaxis]), ValueError, r"t has shape \(2, 1\).*column"),
    "too many labels": (lambda: softmax_cross_entropy(Z, [0, 1, 2]), ValueError, r"t has shape \(3,\).*shape \(2,\)"),
    "one row of labels for a batch of one": (lambda: cross_entropy(Y[:1], [0, 0, 1]), ValueError, "batch of one label"),
    "a label too large": (lambda: cross_entropy(Y, [0, 3]), ValueError, r"t\[1\] is 3.*0 \.\.\. 2"),
    "label -1": (lambda: softmax_cross_entropy(Z, [0, -1]), ValueError, r"t\[1\] is -1.*count from the end"),
    "booleans as indices": (lambda: cross_entropy(Y, [True, False]), TypeError, "t holds booleans"),
    "floats as indices": (
        lambda: softmax_cross_entropy(Z, [2.0, 0.0]),
        TypeError,
        "t must hold integer class indices.*astype",
    ),
    "NaN in the labels": (lambda: cross_entropy(Y[0], [np.nan, 0, 1]), ValueError, "t is not a row of labels"),
    "indices first": (lambda: cross_entropy(T, Y), ValueError, r"order is \(y, t\)"),
    "indices first, that sum to 1": (lambda: cross_entropy([0, 1], Y), ValueError, "swapped"),
    "indices first, fused": (lambda: softmax_cross_entropy(T, Z), ValueError, "swapped"),
    "one-hot labels first": (lambda: cross_entropy(one_hot(T, 3), Y), ValueError, "swapped"),
    "one-hot labels of two classes first": (lambda: cross_entropy([[1, 0]], [[0.25, 0.75]]), ValueError, "swapped"),
    "one label in a row": (
        lambda: softmax_cross_entropy(Z[0], [2]),
        ValueError,
        r"labels in a column: use np.asarray\(t\)\[\.\.\., 0\]",
    ),
    "two labels for one example": (
        lambda: softmax_cross_entropy(Z[0], [0, 1]),
        ValueError,
        r"indices of shape \(\), or rows of shape \(3,\)",
    ),
    "a batch of labels for one example": (
        lambda: softmax_cross_entropy(Z[0], Y),
        ValueError,
        r"indices of shape \(\), or rows",
    ),
    "the smallest of a negative row is named": (
        lambda: cross_entropy([[0.5, 0.5, 0], [0.875, 0.625, -0.5]], T),
        ValueError,
        r"y\[1\] has a negative entry, -0\.5,",
    ),
    "one-hot labels first, fused": (lambda: softmax_cross_entropy(one_hot(T, 3), Z), ValueError, "swapped"),
    "no examples": (lambda: cross_entropy(np.zeros((0, 3)), np.zeros(0, int)), ValueError, "mean loss of no examples"),
    "three axes": (lambda: softmax_cross_entropy(np.zeros((2, 2, 2)), [0, 0]), ValueError, r"shape \(C,\) or \(N, C\)"),
    "infinite probability": (lambda: cross_entropy([np.inf, 0.5], 0), ValueError, "y sums to inf"),
    "infinities as labels": (lambda: cross_entropy(Y[0], [np.inf, -np.inf, 1]), ValueError, "t is not a row of labels"),
    "text as labels": (lambda: cross_entropy(Y, ["cat", "dog"]), TypeError, "t must hold integer class indices"),
    "masked labels": (lambda: cross_entropy(Y, np.ma.array(T, mask=[0, 1])), TypeError, "t is a masked array"),
    "yes-or-no labels for one class": (lambda: softmax_cross_entropy([[1.0], [2.0]], [[0], [1]]), ValueError, "two columns"),
    "yes-or-no indices for one class": (lambda: softmax_cross_entropy([[1.0], [2.0]], [0, 1]), ValueError, "two columns"),
    "yes-or-no probabilities": (lambda: cross_entropy([[0.2], [0.8]], [0, 1]), ValueError, "two columns"),
    "masked arrays in a list": (lambda: softmax([np.ma.masked_greater(Z[0], 0), Z[1]]), TypeError, "z is a masked array"),
    "masked arrays deep in a list": (
        lambda: softmax([[np.ma.masked_greater(Z[0], 0)], [Z[1]]]),
        TypeError,
        "z is a masked array",
    ),
    "one masked number": (lambda: softmax([[1.0, np.ma.masked]]), TypeError, "z is a masked array"),
    "a span of time as axis": (lambda: softmax(Z, axis=np.timedelta64(1, "s")), TypeError, "axis must be one integer"),
    "a span of time as classes": (lambda: one_hot(T, np.timedelta64(3, "s")), TypeError, "classes must be one integer"),
    "more classes than can be addressed": (
        lambda: one_hot(T, 2**70),
        ValueError,
        "there are 1180591620717411303424 classes",
    ),
    "more classes than there is room for": (lambda: one_hot(T, 2**55), ValueError, "t has shape .* classes: .* too large"),
    "what cannot be read": (lambda: softmax(Unreadable()), TypeError, "z is not an array of numbers.*not today"),
    "NaN beside a negative probability": (lambda: cross_entropy([-0.5, np.nan, 1.5], 0), ValueError, "negative entry, -0.5"),
    "NaN in a soft label": (lambda: cross_entropy(Y[0], [0.5, np.nan, 0.5]), ValueError, "NaN is no label"),
    "the wrong row is not blamed": (
        lambda: cross_entropy(Y, [[0.5, 0.6, 0], [-9, 3, 0]]),
        ValueError,
        r"t\[0\].* with 0 the smallest",
    ),
    "strings to one-hot": (lambda: one_hot(np.array([], "U1"), 3), TypeError, "t must hold integer class indices"),
    "a negative class": (lambda: one_hot([-1], 3), ValueError, r"t\[0\] is -1"),
    "no classes at all": (lambda: one_hot([0], 0), ValueError, "classes must be at least 1"),
    "a float number of classes": (lambda: one_hot([0], 3.0), TypeError, "classes must be one integer"),
    "booleans to one-hot": (lambda: one_hot([True], 2), TypeError, "t holds booleans"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_right_answer_is_refused_by_name(case):
    call, error, says = REFUSED[case]
    with pytest.raises(error, match=says):
        call()


@given(z=batches(ordinary), c=st.integers(2, 6))
def test_logits_never_pass_for_probabilities(z, c):
    off = np.abs(z.sum(axis=-1) - 1) > 0.002
    if np.any(off) or np.any(z < 0):
        with pytest.raises(ValueError, match="y"):
            cross_entropy(z, np.zeros(len(z), int))


def test_a_softmax_taken_twice_is_warned_about_and_logits_are_not():
    y = softmax(Z)
    sure = softmax([[1000.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    for twice in (
        y,
        y.astype(np.float32),
        y.astype(np.float32).astype(float),
        y.astype(np.float16),
        y.round(4),
        sure,
        sure[::-1],
    ):
        with pytest.warns(RuntimeWarning, match="z look like probabilities") as caught:
            softmax_cross_entropy(twice, T)
        assert caught[0].filename == __file__
    for z in (
        Z,
        np.zeros((2, 3)),
        np.eye(3),
        np.full(3, 0.334),
        [1.0],
        [[0.9995]],
        np.vstack([Y, Z]),
    ):  # warnings are errors here
        softmax_cross_entropy(z, np.zeros(np.shape(z)[:-1], int))
    softmax_cross_entropy(np.random.default_rng(0).uniform(0, 0.008, (8, 1000)).astype(np.float16), np.zeros(8, int))


def test_one_column_of_scores_is_warned_about():
    with pytest.warns(RuntimeWarning, match="two columns") as caught:
        assert softmax_cross_entropy([[-5.2], [3.8]], [[1], [1]]) == 0
    assert caught[0].filename == __file__
    assert softmax_cross_entropy([[-5.2], [3.8]], [0, 0]) == 0


def test_a_softmax_taken_twice_is_warned_about_in_a_single_example():
    for z, t in (([0.2, 0.3, 0.5], 1), ([[0.2, 0.3, 0.5]], [1])):
        with pytest.warns(RuntimeWarning, match="z look like probabilities"):
            softmax_cross_entropy(z, t)


def test_labels_in_place_of_logits_are_warned_about():
    with pytest.warns(RuntimeWarning, match="swapped"):
        softmax_cross_entropy(one_hot(T, 3), Y)


def test_probabilities_may_be_rounded_or_nudged_a_little():
    cross_entropy([0.3654, 0.2393, 0.3953], 2)
    cross_entropy(np.round(Y, 4) - [[1e-4, 2e-4, 0]], T)
    cross_entropy(Y + [[1e-4, 0, 0]], T)
