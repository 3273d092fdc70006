"""numerical_gradient against closed forms, SciPy and the complex step, and what it does with what it cannot measure.

test_fuzz.py measures closed forms as well, at points of every shape, type and layout.
"""

import contextlib
import fractions

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.optimize
from scipy.differentiate import derivative

from helpers import numerical_gradient


def square(x):
    return (x**2).sum()


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def test_it_agrees_with_scipy_and_with_the_complex_step():
    x = np.array([1.2, -0.5, 0.8, 0.1])
    np.testing.assert_allclose(numerical_gradient(rosenbrock, x), scipy.optimize.approx_fprime(x, rosenbrock), rtol=1e-4)
    np.testing.assert_allclose(numerical_gradient(rosenbrock, x), scipy.optimize.rosen_der(x), rtol=1e-8)
    A = np.random.default_rng(1).standard_normal((4, 4))

    def f(x):
        return np.log(1 + (A @ x) @ (A @ x)) + np.exp(x[0])

    steps = [f(x + 1e-30j * row).imag / 1e-30 for row in np.eye(4)]
    np.testing.assert_allclose(numerical_gradient(f, x), steps, rtol=1e-8)
    for x in (0.3, 2.0, 11.0):
        found = numerical_gradient(lambda x: np.exp(-x) * np.sin(3 * x), x)
        assert abs(found - derivative(lambda x: np.exp(-x) * np.sin(3 * x), x).df) < 1e-9


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-9), (np.float32, 2e-3), (np.longdouble, 1e-9)])
def test_it_keeps_the_dtype_and_takes_the_step_that_the_precision_needs(dtype, error):
    x = np.linspace(-3, 3, 7).astype(dtype)
    gradient = numerical_gradient(lambda x: np.tanh(x).sum(), x)
    assert gradient.dtype == dtype
    assert np.abs(gradient - (1 - np.tanh(x.astype(float)) ** 2)).max() < error


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e5])
def test_the_step_does_not_depend_on_the_size_of_an_entry(size):
    x = np.array([1.7, -2.3]) * size
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), atol=1e-9)


def test_only_the_step_of_an_entry_in_whose_rounding_it_would_be_lost_is_longer():
    x = np.array([1e9, -1e12, 1e300])
    np.testing.assert_allclose(numerical_gradient(lambda x: (x / [1e9, 1e12, 1e300]).sum(), x), 1 / np.abs(x), rtol=1e-4)


def test_what_is_divided_by_is_the_step_that_was_taken():
    x = np.array([1000.0], dtype=np.float32)
    np.testing.assert_allclose(numerical_gradient(lambda x: 3 * float(x[0]), x, h=1e-4), 3, rtol=1e-6)


@pytest.mark.parametrize(
    "view",
    [np.asfortranarray, np.transpose, lambda x: x[::2, 1:], lambda x: x[::-1, ::-1], lambda x: x.view(np.matrix)],
)
def test_any_layout_is_measured_in_place(view):
    x = view(np.random.default_rng(3).standard_normal((4, 5)))
    expected = 2 * np.asarray(x)
    np.testing.assert_allclose(numerical_gradient(lambda _: float((np.asarray(x) ** 2).sum()), x), expected, atol=1e-9)


@pytest.mark.parametrize("result", [float, np.float64, np.float32, np.array, lambda v: np.float64(v) * np.ones(())])
def test_f_may_return_any_kind_of_number(result):
    x = np.array([3.0, 4.0])
    np.testing.assert_allclose(numerical_gradient(lambda x: result(square(x)), x), [6, 8], rtol=0.1)


def test_it_calls_f_twice_an_entry_and_once_more():
    calls = []
    numerical_gradient(lambda x: calls.append(1) or square(x), np.ones((3, 4)))
    assert len(calls) == 25


@hypothesis.given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32]),
        hnp.array_shapes(max_dims=3, max_side=4),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    st.integers(0, 40),
)
@hypothesis.example(np.array([-0.0, 5e-324, 1e300]), 4)
def test_x_is_restored_bit_for_bit_wherever_f_is_interrupted(x, fails_at):
    before, calls = x.tobytes(), []

    def f(x):
        calls.append(1)
        if len(calls) > fails_at:
            raise KeyboardInterrupt
        return float(np.sum(x, dtype=float))

    with contextlib.suppress(KeyboardInterrupt):
        numerical_gradient(f, x)
    assert x.tobytes() == before


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("change", ["x -= x.mean()", "x[2] = 7"])
def test_an_f_that_changes_x_at_some_call_is_an_error_and_x_is_restored(change, after):
    x, calls = np.array([3.0, -1.0, 2.0]), []

    def f(x):
        calls.append(1)
        if len(calls) > after:
            exec(change, {"x": x, "np": np})
        return float(x @ [1.0, 2.0, 3.0])

    with pytest.raises(ValueError, match="f changes its argument x"):
        numerical_gradient(f, x)
    assert x.tolist() == [3.0, -1.0, 2.0]


REFUSED = [  # x, and perhaps h
    ([np.array([3, 4])], TypeError, r"x holds int64.*x\.astype\(float\)"),
    ([np.array([1j])], TypeError, "x must hold real numbers, but its dtype is complex128"),
    ([np.array([1.0, None])], TypeError, "x must hold real numbers, but its dtype is object"),
    ([[[1.0], [2.0, 3.0]]], TypeError, "rows differ in length"),
    ([{"W": 1.0}], TypeError, "x must hold real numbers"),
    ([np.array([[1.0, np.inf]])], ValueError, r"x\[0, 1\] is inf"),
    ([np.broadcast_to(1.0, 3)], ValueError, r"share memory.*x\.copy\(\)"),
    ([np.frombuffer(np.ones(3).tobytes())], ValueError, "x is read-only"),
    *(([np.ones(2), h], ValueError, "h must be") for h in (0, -1e-4, np.nan)),
    *(([np.ones(2), h], TypeError, "h must be") for h in ("1", True)),
    ([np.array([1.0, 1e6], dtype=np.float32), 1e-3], ValueError, r"lost to rounding: x\[1\] = 1e\+06.*float32"),
    ([np.array([1e300]), fractions.Fraction(1, 3)], ValueError, r"h = 0.3333 is lost to rounding: x\[0\] = 1e\+300"),
    ([np.array(1.0), np.finfo(float).eps / 3], ValueError, "x = 1, "),  # floats below 1 are twice as close as those above
    ([np.array(np.finfo(float).max)], ValueError, "is lost to rounding"),
]


@pytest.mark.parametrize(("arguments", "error", "says"), REFUSED)
def test_an_x_that_cannot_be_moved_and_a_step_that_cannot_be_taken_are_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        numerical_gradient(square, *arguments)


@pytest.mark.parametrize("calls_before", [0, 3])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.ones(2), r"array of shape \(2,\), not a scalar"),
        ((1.0, 0), "returns a tuple of 2"),
        (None, "returns None: is its `return` missing"),
        ("1", "returns a str"),
        (1j, "returns a complex"),
        (10**400, "returns a number that is too large for a float"),
    ],
)
def test_an_f_that_returns_no_number_sooner_or_later_is_refused(value, says, calls_before):
    calls = []
    with pytest.raises(TypeError, match=says):
        numerical_gradient(lambda x: calls.append(1) or (value if len(calls) > calls_before else square(x)), np.ones(2))


def test_arguments_the_wrong_way_round_are_recognised():
    with pytest.raises(TypeError, match="swapped"):
        numerical_gradient(np.ones(2), square)
    with pytest.raises(TypeError, match="f must be a function of x, not float"):
        numerical_gradient(1.0, np.ones(2))


def remembers(x, seen=[0.0]):  # noqa: B006
    seen[0] += square(x)
    return seen[0]


MEANINGLESS = [
    (lambda x: float("nan"), "f is nan with x.* moved"),
    (lambda x: -np.inf if x[1] > 1 else 0.0, r"f is -inf with x\[1\] moved"),
    (lambda x: int(x[0] > 0), "f returns whole numbers"),
    (lambda x: 1.7e308 if x[1] > 1 else -1.7e308, "a slope of f is too large for float64"),
    (lambda x: 2.5, "all slopes are 0, for f did not react to any step"),
    (lambda x: square(x) + np.random.rand(), "f gives two values at the same point.*it draws random numbers"),
    (remembers, "remembers earlier calls"),
]


@pytest.mark.parametrize(("f", "says"), MEANINGLESS)
def test_slopes_that_mean_nothing_come_with_a_warning_that_points_at_the_caller(f, says):
    with pytest.warns(RuntimeWarning, match=says) as caught:
        numerical_gradient(f, np.array([1.1, 1.0]))
    assert {warning.filename for warning in caught} == {__file__}


def test_float16_is_measured_with_a_warning_and_a_sound_measurement_without():
    with pytest.warns(RuntimeWarning, match="float16"):
        numerical_gradient(lambda x: float(square(x)), np.array([1.0, 2.0], dtype=np.float16))
    numerical_gradient(lambda x: np.maximum(x, 0).sum(), np.array([1.0, -1.0]))  # warnings are errors in these tests
