"""softmax, log_softmax and the cross-entropies against exact arithmetic, SciPy, scikit-learn, PyTorch and closed forms."""

import hypothesis.extra.numpy as arrays
import numpy as np
import oracles
import pytest
import scipy.special
from hypothesis import given, strategies as st

from helpers import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy

UNUSUAL_LOGITS = pytest.mark.filterwarnings(
    "ignore:z looks like probabilities", "ignore:z is one-hot", "ignore:the loss is 0"
)

ordinary = st.floats(-30, 30)
far = st.floats(-1500, 1500)
extreme = st.floats(allow_nan=False, allow_infinity=False)


def batches(elements=ordinary, max_side=6):
    return arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=max_side), elements=elements)


def many_rows(spread, dtype=np.float64):
    """Return so many rows of ten that softmax avoids the shift if the spread allows it."""
    return np.random.default_rng(0).uniform(-spread, spread, (200, 10)).astype(dtype)


# -- accuracy -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(z=st.one_of(batches(ordinary), batches(far), batches(extreme, 3)))
def test_log_probabilities_are_exact_to_a_few_units_in_the_last_place_of_the_scores(dtype, z):
    z = z.clip(-3e38, 3e38).astype(dtype) if dtype is np.float32 else z
    oracles.softmax(softmax(z), z)
    oracles.log_softmax(log_softmax(z), z)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("spread", [1, 31, 301, 1e4])
def test_a_large_array_is_as_accurate_whether_its_scores_need_a_shift_or_not(dtype, spread):
    z = many_rows(spread, dtype)[::8]
    oracles.softmax(softmax(z), z)
    oracles.log_softmax(log_softmax(z), z)


def test_rounding_makes_no_probability_larger_than_one_and_no_loss_negative():
    z = np.full((200, 10), -250.0)
    z[:, 0] = many_rows(2)[:, 0]
    assert softmax(z).max() == 1
    assert softmax_cross_entropy(z, np.zeros(200, int)) >= 0


def test_long_rows_are_summed_without_drift():
    np.testing.assert_allclose(softmax(np.full((2, 100_000), 0.1)), 1e-5, rtol=1e-14)
    z = np.random.default_rng(0).normal(size=20_000)
    np.testing.assert_allclose(softmax(z[:, np.newaxis], axis=0)[:, 0], scipy.special.softmax(z), rtol=1e-14)


@pytest.mark.parametrize("z", [np.array([1.7, 2.0, 2.4]), np.array([[0.0, 40.0], [1000.0, -3.2]]), many_rows(5)[:32]])
def test_a_page_that_prints_all_digits_gets_those_of_its_own_formula(z):
    d = z - z.max(axis=-1, keepdims=True)
    np.testing.assert_array_equal(softmax(z), np.exp(d) / np.exp(d).sum(axis=-1, keepdims=True))
    np.testing.assert_array_equal(log_softmax(z), d - np.log(np.exp(d).sum(axis=-1, keepdims=True)))


@given(
    z=arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=4, max_side=5), elements=far),
    copies=st.sampled_from([1, 300]),
    data=st.data(),
)
def test_any_shape_axis_and_memory_layout_agrees_with_scipy(z, copies, data):
    axis = data.draw(st.integers(-z.ndim, z.ndim - 1))
    z = np.repeat(z, copies, axis=0).transpose(data.draw(st.permutations(range(z.ndim))))[..., ::-1]
    for ours, theirs in ((softmax, scipy.special.softmax), (log_softmax, scipy.special.log_softmax)):
        np.testing.assert_allclose(ours(z, axis=axis), theirs(z, axis=axis), rtol=1e-12, atol=1e-12)


@given(z=batches(far))
def test_a_row_does_not_depend_on_the_others(z):
    np.testing.assert_array_equal(softmax(z[::-1]), softmax(z)[::-1])
    np.testing.assert_array_equal(log_softmax(z[0]), log_softmax(z)[0])
    many = np.vstack([many_rows(5), z @ np.ones((z.shape[1], 10)) / z.shape[1]])  # there, to a few units in the last place
    np.testing.assert_allclose(softmax(many)[:200], softmax(many_rows(5)), rtol=1e-13)


@given(z=batches())
def test_rows_sum_to_one_and_keep_their_order(z):
    y = softmax(z)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-14)
    assert np.all(np.diff(np.take_along_axis(y, np.argsort(z, axis=-1), axis=-1), axis=-1) >= 0)


@UNUSUAL_LOGITS
@given(z=batches(st.floats(-8, 8)), data=st.data())
def test_cross_entropy_agrees_with_scikit_learn(z, data):
    import sklearn.metrics  # takes a second

    z = np.hstack([z, z]) if z.shape[1] == 1 else z
    y, classes = softmax(z), z.shape[1]
    t = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=len(z), max_size=len(z))))
    expected = pytest.approx(sklearn.metrics.log_loss(t, y, labels=range(classes)), rel=1e-9, abs=1e-12)
    assert cross_entropy(y, t) == cross_entropy(y, one_hot(t, classes)) == expected
    assert softmax_cross_entropy(z, t) == softmax_cross_entropy(z, one_hot(t, classes)) == expected


@UNUSUAL_LOGITS
@given(z=batches(st.floats(-17, 17)), seed=st.integers(0, 2**32))
def test_soft_labels_cost_their_entropy_and_the_divergence_from_it(z, seed):
    t = np.random.default_rng(seed).dirichlet(np.ones(z.shape[1]), size=len(z))
    y = softmax(z)
    expected = (scipy.special.entr(t) + scipy.special.rel_entr(t, y)).sum(axis=-1).mean()
    assert cross_entropy(y, t) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert softmax_cross_entropy(z, t) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_closed_forms():
    np.testing.assert_allclose(softmax(np.log([1, 2, 5])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
    assert [str(cross_entropy([1.0, 0.0], t)) for t in (0, 1)] == ["0.0", "inf"]  # "-0.0" would look like a mistake
    assert softmax_cross_entropy(np.zeros((4, 10)), [0, 3, 5, 9]) == pytest.approx(np.log(10), rel=1e-15)
    assert softmax_cross_entropy([0.0, -1000.0], 1) == 1000
    assert cross_entropy([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(one_hot([[2, 0], [1, 1]], 3), np.eye(3)[[[2, 0], [1, 1]]])
    assert one_hot(np.uint8(2), np.int64(3)).tolist() == [0, 0, 1]


def test_the_first_learners_numbers():
    x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])
    W = np.array([[0.47355232, 0.9977393, 0.84668094], [0.855557411, 0.03563661, 0.69422093]])
    assert str(softmax(x @ W)) == "[0.36540923 0.23927209 0.39531868]"
    assert cross_entropy(softmax(x @ W), t) == pytest.approx(0.9280627939898086, abs=3e-7)  # theirs adds 1e-7


# -- types, special values, and the caller's own arrays -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f", "d", "g", ">f4", "e", "b", "Q", "?"])
def test_the_float_type_is_kept_and_other_numbers_become_floats(dtype):
    z = np.array([[1, 0, 0], [0, 0, 1]], dtype)
    expected = {"e": np.float32}.get(dtype, z.dtype.type if z.dtype.kind == "f" else np.float64)
    y = softmax(z)
    assert {a.dtype.type for a in (y, log_softmax(z), cross_entropy(y, [0, 1]))} == {expected}
    with pytest.warns(RuntimeWarning, match="swapped"):  # whatever else is odd about z
        assert softmax_cross_entropy(z, [[0.5, 0.5, 0], [0.5, 0.5, 0]]).dtype == expected
    np.testing.assert_allclose(y.astype(float), scipy.special.softmax(z.astype(float), axis=-1), rtol=1e-6)


@UNUSUAL_LOGITS
@given(z=batches(far))
def test_the_callers_arrays_are_never_changed(z):
    t = np.zeros(len(z), int)
    arrays = [z, t, softmax(z), one_hot(t, z.shape[1])]
    before = [array.tobytes() for array in arrays]
    for labels in (arrays[1], arrays[3]):
        softmax_cross_entropy(z, labels), cross_entropy(arrays[2], labels)
    assert [array.tobytes() for array in arrays] == before
    assert not np.shares_memory(softmax(z), z)


def test_minus_infinity_is_probability_zero():
    np.testing.assert_array_equal(softmax([0, -np.inf, 0]), [0.5, 0, 0.5])
    np.testing.assert_array_equal(log_softmax([0, -np.inf]), [0, -np.inf])
    assert softmax_cross_entropy([0.0, -np.inf], 1) == np.inf
    assert softmax_cross_entropy([0.0, -np.inf], [1, 0]) == cross_entropy([1.0, 0.0], [1, 0]) == 0


def test_nan_reaches_the_result_of_its_own_row_and_no_other():
    for z in (np.array([[np.nan, 1, 2], [1, 2, 3]]), np.vstack([[np.nan, 1, 2], np.tile([1, 2, 3], (300, 1))])):
        assert np.isnan(softmax(z)[0]).all()
        np.testing.assert_allclose(softmax(z)[1:], np.tile(softmax([1, 2, 3]), (len(z) - 1, 1)), rtol=1e-15)
        assert np.isnan(softmax_cross_entropy(z, np.ones(len(z), int)))
    assert np.isnan(cross_entropy([0.5, 0.5, np.nan], 1))


@pytest.mark.parametrize("z", [[np.inf, 0.0], [np.inf], [-np.inf, -np.inf]])
@pytest.mark.parametrize("function", [softmax, log_softmax, lambda z: softmax_cross_entropy(z, 0)])
def test_a_row_without_a_softmax_is_nan_and_warned_about(function, z):
    with pytest.warns(RuntimeWarning, match="no softmax") as caught:
        assert np.all(np.isnan(function(z)))
    assert caught[0].filename == __file__


def test_an_empty_batch_stays_empty():
    assert softmax(np.zeros((0, 3))).shape == (0, 3)
    assert one_hot([], 3).shape == (0, 3)


def test_a_caller_who_makes_numpy_raise_floating_point_errors_gets_none_from_here():
    with np.errstate(all="raise"):
        softmax([1e308, -1e308, 0.0, -800.0]), softmax(np.full((300, 3), 5e-324)), log_softmax([0.0, -np.inf])
        softmax_cross_entropy([[1e308, 1e308]], [0]), softmax_cross_entropy([[0, -np.inf]], [[1.0, 0.0]])
        cross_entropy([0.0, 1.0], 0), cross_entropy([0.5, 0.5], [1.0, 5e-324]), cross_entropy([[1.0, 0.0]], [[1.0, 0.0]])


# -- what is refused, and what is warned about ----------------------------------------------------------------------------

Y = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
Z = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0]])
T = np.array([2, 0])
MASKED = np.ma.masked_greater(Z, 2)


REFUSED = {
    "a single number": (softmax, (5.0,), ValueError, "z is a single number"),
    "no classes": (softmax, (np.zeros((3, 0)),), ValueError, "no classes along axis -1"),
    "an axis that does not exist": (softmax, (Z, 2), ValueError, "axis 2 does not exist"),
    "text": (softmax, (["1", "2"],), TypeError, "z must hold real numbers"),
    "objects": (log_softmax, ([None, 1],), TypeError, "z must hold real numbers.*object"),
    "rows of different lengths": (softmax, ([[1, 2], [3]],), TypeError, "z .*differ in length"),
    "a masked array": (softmax, (MASKED,), TypeError, "z is a masked array"),
    "logits as probabilities": (cross_entropy, (Z, T), ValueError, r"y\[0\] has a negative entry, -2,.*softmax_cross_ent"),
    "a sum that rounding does not explain": (cross_entropy, ([0.5, 0.504], 0), ValueError, "y sums to 1.004"),
    "softmax along axis 0": (cross_entropy, (softmax(Z, axis=0), T), ValueError, "every column of y sums to 1.*axis 0"),
    "logits as labels": (cross_entropy, (Y, Z), ValueError, r"t\[0\] has a negative entry, -2.*are these logits"),
    "the second row is wrong": (cross_entropy, (Y, [[0, 1, 0], [0.5, 0.6, 0]]), ValueError, r"t\[1\] sums to 1.1"),
    "one example or three": (softmax_cross_entropy, (Z[0], [0, 1, 2]), ValueError, r"is z one example or 3\?.*\(3, C\)"),
    "text sequences": (softmax_cross_entropy, (np.zeros((2, 4, 5)), T), ValueError, r"z\.reshape\(-1, z\.shape\[-1\]\)"),
    "a column of labels": (cross_entropy, (Y, T[:, np.newaxis]), ValueError, r"t has shape \(2, 1\).*\[\.\.\., 0\]"),
    "too many labels": (softmax_cross_entropy, (Z, [0, 1, 2]), ValueError, r"t has shape \(3,\).*shape \(2,\)"),
    "a label too large": (cross_entropy, (Y, [0, 3]), ValueError, r"t\[1\] is 3: .* in 0 \.\.\. 2"),
    "a label of -1": (softmax_cross_entropy, (Z, [0, -1]), ValueError, r"t\[1\] is -1.*count from the end"),
    "booleans as labels": (cross_entropy, (Y, [True, False]), TypeError, "t holds booleans.*astype"),
    "floats as labels": (softmax_cross_entropy, (Z, [2.0, 0.0]), TypeError, "t must hold integer class indices.*astype"),
    "names as labels": (cross_entropy, (Y, ["cat", "dog"]), TypeError, "t must hold integer class indices.*np.unique"),
    "a missing label": (softmax_cross_entropy, (Z, [2.0, np.nan]), ValueError, r"^t\[1\] is NaN(?!.*astype)"),
    "indices first": (cross_entropy, (T, Y), ValueError, r"order is \(y, t\)"),
    "one-hot rows first": (cross_entropy, (one_hot(T, 3), Y), ValueError, "swapped"),
    "no examples": (cross_entropy, (np.zeros((0, 3)), []), ValueError, "y has shape .* no mean loss"),
    "yes-or-no labels for one column": (softmax_cross_entropy, ([[1.0], [2.0]], [0, 1]), ValueError, "two columns"),
    "a negative class": (one_hot, ([-1], 3), ValueError, r"t\[0\] is -1"),
    "a number of classes that is no integer": (one_hot, ([0], 3.0), TypeError, "classes must be one integer"),
    "more classes than the memory has room for": (one_hot, (T, 2**55), ValueError, "t has shape .* too large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_argument_that_makes_no_sense_is_refused_with_its_name_and_advice(case):
    function, arguments, error, says = REFUSED[case]
    with pytest.raises(error, match=says):
        function(*arguments)


def test_probabilities_may_be_rounded_a_little():
    cross_entropy([0.3654, 0.2393, 0.3953], 2)
    cross_entropy(Y.astype(np.float16), T)
    cross_entropy(Y + [[1e-4, 0, 0]], T)


@pytest.mark.parametrize("z", [Y, Y.astype("e"), Y.round(4), Y[:1]])
def test_a_softmax_taken_twice_is_warned_about(z):
    with pytest.warns(RuntimeWarning, match="z looks like probabilities") as caught:
        softmax_cross_entropy(z, T[: len(z)])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("z", [Z, np.zeros((2, 3)), np.eye(3), [1.0], [[0.9995]], np.vstack([Y, Z])])
def test_logits_are_not_warned_about(z):
    softmax_cross_entropy(z, np.zeros(np.shape(z)[:-1], int))


def test_one_column_of_scores_is_warned_about():
    with pytest.warns(RuntimeWarning, match="two columns") as caught:
        assert softmax_cross_entropy([[-5.2], [3.8]], [[1], [1]]) == 0
    assert caught[0].filename == __file__
