"""softmax, log_softmax and the cross-entropies against exact arithmetic, SciPy, scikit-learn and closed forms.

test_fuzz.py compares all of them with exact arithmetic as well, for every type, layout and kind of labels.
"""

import sys

import hypothesis.extra.numpy as arrays
import numpy as np
import oracles
import pytest
import scipy.special
from hypothesis import given, strategies as st

from helpers import cross_entropy, log_softmax, one_hot, softmax, softmax_cross_entropy

far = st.floats(-1500, 1500)


def many_rows(spread, dtype=np.float64):
    """Return so many rows of ten that softmax avoids the shift if the spread allows it."""
    return np.random.default_rng(0).uniform(-spread, spread, (200, 10)).astype(dtype)


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


@given(z=arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2), elements=far))
def test_a_row_does_not_depend_on_the_others(z):
    np.testing.assert_array_equal(softmax(z[::-1]), softmax(z)[::-1])
    np.testing.assert_array_equal(log_softmax(z[0]), log_softmax(z)[0])
    many = np.vstack([many_rows(5), z @ np.ones((z.shape[1], 10)) / z.shape[1]])  # there, to a few units in the last place
    np.testing.assert_allclose(softmax(many)[:200], softmax(many_rows(5)), rtol=1e-13)


def test_cross_entropy_agrees_with_scikit_learn(monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pandas", None)  # scikit-learn would load it, which takes a second
        import sklearn.metrics

    for seed in range(30):
        rng = np.random.default_rng(seed)
        n, classes = rng.integers([1, 2], 9)
        z, t = rng.uniform(-8, 8, (n, classes)), rng.integers(0, classes, n)
        y, labels = softmax(z), one_hot(t, classes)
        expected = pytest.approx(sklearn.metrics.log_loss(t, y, labels=range(classes)), rel=1e-9)
        assert cross_entropy(y, t) == cross_entropy(y, labels) == expected
        assert softmax_cross_entropy(z, t) == softmax_cross_entropy(z, labels) == expected


def test_closed_forms():
    np.testing.assert_allclose(softmax(np.log([1, 2, 5])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
    assert [str(cross_entropy([1.0, 0.0], t)) for t in (0, 1)] == ["0.0", "inf"]  # "-0.0" would look like a mistake
    assert softmax_cross_entropy(np.zeros((4, 10)), [0, 3, 5, 9]) == pytest.approx(np.log(10), rel=1e-15)
    assert softmax_cross_entropy([0.0, -1000.0], 1) == 1000
    assert cross_entropy([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(softmax([0, -np.inf, 0]), [0.5, 0, 0.5])
    assert softmax_cross_entropy([0.0, -np.inf], [1, 0]) == cross_entropy([1.0, 0.0], [1, 0]) == 0
    np.testing.assert_array_equal(one_hot([[2, 0], [1, 1]], 3), np.eye(3)[[[2, 0], [1, 1]]])
    assert one_hot(np.uint8(2), np.int64(3)).tolist() == [0, 0, 1]


def test_the_first_learners_numbers():
    x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])
    W = np.array([[0.47355232, 0.9977393, 0.84668094], [0.855557411, 0.03563661, 0.69422093]])
    assert str(softmax(x @ W)) == "[0.36540923 0.23927209 0.39531868]"
    assert cross_entropy(softmax(x @ W), t) == pytest.approx(0.9280627939898086, abs=3e-7)  # theirs adds 1e-7


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


WARNED = [
    *((z, T[: len(z)], "z looks like probabilities") for z in (Y, Y.astype("e"), Y.round(4), Y[:1])),
    (np.eye(3)[:2], [[0.5, 0.5, 0], [0.5, 0.5, 0]], "swapped"),
    ([[-5.2], [3.8]], [[1], [1]], "two columns"),
]


@pytest.mark.parametrize(("z", "t", "says"), WARNED)
def test_logits_that_are_none_and_a_single_column_are_warned_about(z, t, says):
    with pytest.warns(RuntimeWarning, match=says) as caught:
        softmax_cross_entropy(z, t)
    assert caught[0].filename == __file__


def test_logits_and_rounded_probabilities_are_neither_refused_nor_warned_about():
    for z in (Z, np.zeros((2, 3)), np.eye(3), [1.0], [[0.9995]], np.vstack([Y, Z])):
        softmax_cross_entropy(z, np.zeros(np.shape(z)[:-1], int))
    for y in (Y.round(1), Y.astype(np.float16), Y + [[1e-4, 0, 0]]):
        cross_entropy(y, T)
