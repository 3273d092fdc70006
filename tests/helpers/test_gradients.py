"""numerical_gradient against closed forms, SciPy and the complex step, and what it does with what it cannot measure."""

import contextlib
import fractions
import warnings

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.optimize
from scipy.differentiate import derivative

from helpers import nudging, numerical_gradient


def square(x):
    return (x**2).sum()


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


# -- right ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 3, 4), (0,), (3, 0)])
def test_it_has_the_shape_and_the_values_of_the_closed_form(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    gradient = numerical_gradient(lambda x: np.sin(x).sum(), x)
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, np.cos(x), atol=1e-9)


def test_it_agrees_with_scipys_forward_differences():
    x = np.array([1.2, -0.5, 0.8, 0.1])
    np.testing.assert_allclose(numerical_gradient(rosenbrock, x), scipy.optimize.approx_fprime(x, rosenbrock), rtol=1e-4)
    np.testing.assert_allclose(numerical_gradient(rosenbrock, x), scipy.optimize.rosen_der(x), rtol=1e-8)


def test_it_agrees_with_scipys_adaptive_derivative():
    for x in (0.3, 2.0, 11.0):
        found = numerical_gradient(lambda x: np.exp(-x) * np.sin(3 * x), x)
        assert abs(found - derivative(lambda x: np.exp(-x) * np.sin(3 * x), x).df) < 1e-9


def test_it_agrees_with_the_complex_step():
    A = np.random.default_rng(1).standard_normal((4, 4))
    x = np.random.default_rng(2).standard_normal(4)

    def f(x):
        return np.log(1 + (A @ x) @ (A @ x)) + np.exp(x[0])

    steps = [f(x + 1e-30j * row).imag / 1e-30 for row in np.eye(4)]
    np.testing.assert_allclose(numerical_gradient(f, x), steps, rtol=1e-8)


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-9), (np.float32, 2e-3), (np.longdouble, 1e-9)])
def test_it_keeps_the_dtype_and_takes_the_step_that_the_precision_needs(dtype, error):
    x = np.linspace(-3, 3, 7).astype(dtype)
    gradient = numerical_gradient(lambda x: np.tanh(x).sum(), x)
    assert gradient.dtype == dtype
    assert np.abs(gradient - (1 - np.tanh(x.astype(float)) ** 2)).max() < error


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e3, 1e8])
def test_the_step_grows_with_the_entry_and_does_not_shrink_with_it(size):
    x = np.array([1.7, -2.3]) * size
    np.testing.assert_allclose(numerical_gradient(square, x), 2 * x, rtol=1e-9, atol=1e-10)


def test_what_is_divided_by_is_the_step_that_was_taken():
    x = np.array([1000.0], dtype=np.float32)
    np.testing.assert_allclose(numerical_gradient(lambda x: 3 * float(x[0]), x, h=1e-4), 3, rtol=1e-6)


@pytest.mark.parametrize(
    "view",
    [
        np.asfortranarray,
        lambda x: x.T,
        lambda x: x[::2, 1:],
        lambda x: x[::-1, ::-1],
        lambda x: x[:, 1],
        lambda x: x.view(np.matrix),
    ],
)
def test_any_layout_is_nudged_in_place(view):
    base = np.random.default_rng(3).standard_normal((4, 5))
    x = view(base)
    expected = 2 * np.asarray(x)
    np.testing.assert_allclose(numerical_gradient(lambda _: float((np.asarray(x) ** 2).sum()), x), expected, atol=1e-9)


def test_f_may_read_its_argument_or_what_lies_around_it():
    W = np.random.default_rng(4).standard_normal((2, 3))
    np.testing.assert_allclose(numerical_gradient(square, W), 2 * W, atol=1e-9)
    np.testing.assert_allclose(numerical_gradient(lambda _: square(W), W), 2 * W, atol=1e-9)


@pytest.mark.parametrize("result", [float, np.float64, np.float32, np.array, lambda v: np.float64(v) * np.ones(())])
def test_f_may_return_any_kind_of_number(result):
    x = np.array([3.0, 4.0])
    np.testing.assert_allclose(numerical_gradient(lambda x: result(square(x)), x), [6, 8], rtol=0.1)


def test_a_number_that_f_uses_again_is_read_at_once():
    result = np.zeros(())

    def f(x):
        return np.sum(x**2, out=result)

    np.testing.assert_allclose(numerical_gradient(f, np.array([3.0, 4.0])), [6, 8], rtol=1e-9)


def test_it_calls_f_twice_an_entry():
    calls = []
    numerical_gradient(lambda x: calls.append(1) or square(x), np.ones((3, 4)))
    assert len(calls) == 24


# -- x is what it was ---------------------------------------------------------------------------------


@hypothesis.given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32]),
        hnp.array_shapes(max_dims=3, max_side=4),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    st.integers(0, 40),
)
def test_x_is_what_it_was_bit_for_bit_wherever_f_fails(x, fails_at):
    before, calls = x.tobytes(), []

    def f(x):
        calls.append(1)
        if len(calls) > fails_at:
            raise KeyboardInterrupt
        return float(np.sum(x, dtype=float)) + len(calls)

    with contextlib.suppress(KeyboardInterrupt):
        numerical_gradient(f, x)
    assert x.tobytes() == before


def test_minus_zero_and_tiny_numbers_come_back():
    x = np.array([-0.0, 5e-324, 1e300])
    before = x.tobytes()
    numerical_gradient(lambda x: float(x[0] + x[1]), x)
    assert x.tobytes() == before


@pytest.mark.parametrize("change", ["x -= x.mean()", "np.clip(x, 0, 1, out=x)", "x[2] = 7", "x.sort()"])
def test_an_f_that_changes_x_is_an_error_and_x_is_put_back(change):
    x = np.array([3.0, -1.0, 2.0])

    def f(x):
        exec(change, {"x": x, "np": np})
        return square(x) + 1.0

    with pytest.raises(ValueError, match="f changes its argument x"):
        numerical_gradient(f, x)
    assert x.tolist() == [3.0, -1.0, 2.0]


@pytest.mark.parametrize(
    ("x", "change"),
    [
        ([1.0, 2.0, 2.0 + 1e-9], lambda x: x.sort()),
        ([0.1, 0.5, 1.0], lambda x: np.clip(x, 0, 1, out=x)),
        ([0.1, 0.5, 1.0], lambda x: x.put(2, 7.0)),
    ],
)
def test_an_f_that_changes_x_at_some_nudges_only_is_an_error_too(x, change):
    x, calls = np.array(x), []

    def f(x):
        calls.append(1)
        if len(calls) > 3:
            change(x)
        return x @ [1.0, 2.0, 3.0]

    before = x.tobytes()
    with pytest.raises(ValueError, match="f changes its argument x"):
        numerical_gradient(f, x)
    assert x.tobytes() == before


def test_an_f_that_changes_x_after_the_last_nudge_is_an_error_too():
    calls = []
    with pytest.raises(ValueError, match="f changes its argument x"):
        numerical_gradient(lambda x: calls.append(1) or (x.fill(3) if len(calls) > 2 else None) or 2.5, np.ones(1))


def test_a_slip_of_f_passes_through():
    x = np.array([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        numerical_gradient(lambda x: 1 / 0, x)
    assert x.tolist() == [1.0, 2.0]


# -- what cannot be measured -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (np.array([3, 4]), TypeError, r"x holds int64.*x\.astype\(float\)"),
        ([3, 4], TypeError, "x holds int"),
        (np.array([True]), TypeError, "x holds bool"),
        (np.array([1j]), TypeError, "x must hold real numbers, but its dtype is complex128"),
        (np.array(["a"]), TypeError, "x must hold real numbers"),
        (np.array([1.0, None]), TypeError, "x must hold real numbers, but its dtype is object"),
        ([[1.0], [2.0, 3.0]], TypeError, "rows differ in length"),
        ({"W": 1.0}, TypeError, "x must hold real numbers"),
        (np.ma.array([1.0, 2.0]), TypeError, "masked"),
        ([[np.ma.array([1.0, 2.0], mask=[0, 1])]], TypeError, "x is a masked array"),
        (np.array([1.0, np.nan]), ValueError, r"x\[1\] is nan"),
        (np.array([[1.0, np.inf]]), ValueError, r"x\[0, 1\] is inf"),
        (np.broadcast_to(1.0, 3), ValueError, r"share memory.*x\.copy\(\)"),
        (np.lib.stride_tricks.as_strided(np.ones(4), (3, 2), (8, 8)), ValueError, "share memory"),
        (np.frombuffer(np.ones(3).tobytes()), ValueError, "x is read-only"),
    ],
)
def test_an_x_that_cannot_be_nudged_is_refused(x, error, says):
    with pytest.raises(error, match=says):
        numerical_gradient(square, x)


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: x**2, r"array of shape \(2,\), not a scalar"),
        (lambda x: (x**2).sum(keepdims=True), r"array of shape \(1,\), not a scalar"),
        (lambda x: (square(x), 0), "returns a tuple of 2"),
        (lambda x: [square(x)], "returns a list of 1"),
        (lambda x: None, "returns None: is its `return` missing"),
        (lambda x: "1", "returns a str"),
        (lambda x: 1j, "returns a complex"),
        (lambda x: 10**400, "returns a number that is too large for a float"),
        (lambda x: np.timedelta64(1, "s"), "returns a timedelta64"),
        (lambda x: np.ma.masked, "returns a masked array"),
    ],
)
def test_an_f_that_returns_no_number_is_refused_and_told_what_to_do(f, says):
    x = np.array([3.0, 4.0])
    with pytest.raises(TypeError, match=says):
        numerical_gradient(f, x)
    assert x.tolist() == [3.0, 4.0]


def test_an_f_that_returns_no_number_later_is_refused_too():
    calls = []
    with pytest.raises(TypeError, match="returns None"):
        numerical_gradient(lambda x: calls.append(1) or (square(x) if len(calls) < 3 else None), np.ones(4))


@pytest.mark.parametrize(
    ("h", "error"),
    [
        *((0, ValueError), (-1e-4, ValueError), (np.nan, ValueError), (np.inf, ValueError), (10**400, ValueError)),
        *(("1", TypeError), (True, TypeError), (np.timedelta64(1, "s"), TypeError)),
    ],
)
def test_a_step_that_is_none_is_refused(h, error):
    with pytest.raises(error, match="h must be"):
        numerical_gradient(square, np.ones(2), h=h)


def test_a_step_that_is_lost_to_rounding_is_refused_and_the_entry_named():
    with pytest.raises(ValueError, match=r"lost to rounding: x\[1\] = 1e\+06.*float32"):
        numerical_gradient(square, np.array([1.0, 1e6], dtype=np.float32), h=1e-3)
    with pytest.raises(ValueError, match=r"h = 0.3333 is lost to rounding: x\[0\] = 1e\+300"):
        numerical_gradient(square, np.array([1e300]), h=fractions.Fraction(1, 3))


def test_arguments_the_wrong_way_round_are_told_apart():
    with pytest.raises(TypeError, match="swapped"):
        numerical_gradient(np.ones(2), square)
    with pytest.raises(TypeError, match="f must be a function of x, not float"):
        numerical_gradient(1.0, np.ones(2))


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: float("nan"), "f is nan with x.* nudged"),
        (lambda x: -np.inf if x[1] > 1 else 0.0, r"f is -inf with x\[1\] nudged"),
        (lambda x: int(x[0] > 0), "f returns whole numbers"),
        (lambda x: x[0] if x[1] == 1 else int(x[1]), "f returns whole numbers, as 1"),
        (lambda x: 1.7e308 if x[1] > 1 else -1.7e308, "a slope of f is too large for float64"),
        (lambda x: 2.5, "did not react to any nudge: f never changed in its last bit"),
        (lambda x: np.mean(np.round(x)), "did not react to any nudge: .*staircase"),
        (lambda x: np.clip(x, -0.5, 0.5).sum(), "did not react to any nudge: f reads x, and is flat here"),
    ],
)
def test_slopes_that_mean_nothing_come_with_a_warning(f, says):
    with pytest.warns(RuntimeWarning, match=says):
        numerical_gradient(f, np.array([1.1, 1.0]))


def test_a_copy_that_f_reads_is_named():
    W = np.random.default_rng(0).standard_normal((2, 3))
    with pytest.warns(RuntimeWarning, match="it reads W, which holds the numbers of x in another memory"):
        assert not numerical_gradient(lambda _: square(W), W.flatten()).any()


def test_float16_is_measured_with_a_warning():
    with pytest.warns(RuntimeWarning, match="float16"):
        numerical_gradient(lambda x: float(square(x)), np.array([1.0, 2.0], dtype=np.float16))


def test_a_sound_measurement_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numerical_gradient(lambda x: np.maximum(x, 0).sum(), np.array([1.0, -1.0]))


def test_the_default_step_grows_with_the_entry_and_never_falls_short():
    for dtype in (np.float32, np.float64):
        x = np.array([0.0, -0.5, 1.5, -300.0], dtype)
        np.testing.assert_allclose(
            nudging.default_step(x), np.cbrt(np.finfo(dtype).eps) * np.array([1, 1, 1.5, 300]), rtol=1e-6
        )


@pytest.mark.parametrize("x", [1.0, -1.0])
def test_a_step_that_is_lost_on_one_side_only_is_lost(x):
    """Next to 1 the floats lie twice as close on the side of 0."""
    with pytest.raises(ValueError, match="is lost to rounding"):
        numerical_gradient(float, np.array(x), h=np.finfo(float).eps / 3)


def test_an_entry_near_the_largest_float_may_be_nudged_and_one_nearer_may_not():
    assert numerical_gradient(lambda x: float(x) / 1e300, np.array(1e308)) == pytest.approx(1e-300)
    with pytest.raises(ValueError, match="is lost to rounding"):
        numerical_gradient(lambda x: float(x) / 1e300, np.array(np.finfo(float).max))


def test_two_entries_that_are_one_are_refused():
    twice = np.lib.stride_tricks.as_strided(np.ones(1), (2,), (0,))
    with pytest.raises(ValueError, match="entries of x share memory"):
        numerical_gradient(np.sum, twice)


def test_a_warning_points_at_the_line_that_asked():
    with pytest.warns(RuntimeWarning) as caught:
        numerical_gradient(lambda x: 1.0, np.ones(2))
    assert [warning.filename for warning in caught] == [__file__]
