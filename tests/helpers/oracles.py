"""What is right, from other sources than the helpers themselves: exact arithmetic, SciPy, formulas."""

import mpmath
import numpy as np

SEED = 5  # of the generators that are handed over


def floats(values):
    """Return `values` in the float type in which the helpers compute."""
    array = np.asarray(values)
    return array.astype({"e": "f"}.get(array.dtype.char, array.dtype.char) if array.dtype.kind == "f" else "d")


def exact(number):
    """Return a NumPy float of any width as an mpmath number."""
    mantissa, exponent = np.frexp(np.longdouble(number))
    high = float(mantissa)
    return mpmath.ldexp(mpmath.mpf(high) + mpmath.mpf(float(mantissa - np.longdouble(high))), int(exponent))


@mpmath.workdps(60)
def exact_log_softmax(row):
    """Return the log-softmax of a row of finite numbers or -inf."""
    d = [exact(v) - exact(max(row)) if np.isfinite(v) else -mpmath.inf for v in row]
    log_sum = mpmath.log(mpmath.fsum(mpmath.exp(v) for v in d if v > -20_000))
    return [v - log_sum for v in d]


def largest(scores):
    return max(1, *(abs(exact(v)) for v in scores.ravel() if np.isfinite(v)))


@mpmath.workdps(60)
def log_softmax(log_y, z, axis=-1, *, exponential=False):
    """Compare with exact arithmetic, to a few units in the last place of the larger of 1 and the largest score."""
    assert not np.may_share_memory(log_y, z)
    z = floats(z)
    assert (log_y.dtype, log_y.shape) == (z.dtype, z.shape)
    info = np.finfo(z.dtype)
    for row, found in zip(*(np.moveaxis(a, axis, -1).reshape(-1, z.shape[axis]) for a in (z, log_y) if z.size), strict=True):
        if np.any(np.isnan(row)):
            assert np.all(np.isnan(found))
            continue
        error = 5 * exact(info.eps) * largest(row)
        for number, log_p in zip(found, exact_log_softmax(row), strict=True):
            if exponential:
                p = mpmath.exp(max(log_p, -20_000))
                assert abs(exact(number) - p) <= p * mpmath.expm1(min(error, 1000)) + 2 * exact(info.tiny)
            elif np.isinf(number):
                assert number < 0
                assert log_p < -exact(info.max) * (1 - 1e-6)
            else:
                assert abs(exact(number) - log_p) <= error


def softmax(y, z, axis=-1):
    log_softmax(y, z, axis, exponential=True)


@mpmath.workdps(60)
def assert_loss(loss, costs, t, scores):
    """Compare with the mean of the exact costs at the labels."""
    t, costs = np.asarray(t), np.array(costs, dtype=object).reshape(-1, scores.shape[-1])
    info = np.finfo(scores.dtype)
    rows = np.eye(costs.shape[1])[t.ravel()] if t.ndim < scores.ndim else t.reshape(costs.shape)
    terms = [(exact(w), c) for w, c in zip(rows.ravel(), costs.ravel(), strict=True) if w]
    total = mpmath.fsum(w * c for w, c in terms)
    assert type(loss) is scores.dtype.type
    if np.isinf(loss):
        assert max(total, *(c for _, c in terms)) > exact(info.max) * (1 - 1e-6)  # or one logarithm is no float
    else:
        assert abs(exact(loss) - total / len(costs)) <= 10 * exact(info.eps) * max(largest(scores), total)


@mpmath.workdps(60)
def cross_entropy(loss, y, t):
    y = floats(y)
    if np.any(np.isnan(y)):
        assert np.isnan(loss)
    else:
        assert_loss(loss, [-mpmath.log(exact(v)) if v else mpmath.inf for v in y.ravel()], t, y)


@mpmath.workdps(60)
def softmax_cross_entropy(loss, z, t):
    z = floats(z)
    if np.any(np.isnan(z)):
        assert np.isnan(loss)
    else:
        assert_loss(loss, [[-v for v in exact_log_softmax(row)] for row in np.atleast_2d(z)], t, z)


def one_hot(rows, t, classes):
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows, np.eye(classes)[np.asarray(t).astype(np.intp)])


def minibatches(batches, x, t, size, rng):
    assert sum(len(labels) for _, labels in batches) == len(np.asarray(t))
    assert not any(np.shares_memory(part, whole) for pair in batches for part in pair for whole in (x, t))


def sines(x):
    with np.errstate(all="ignore"):
        return np.sin(np.asarray(x)).sum()


def numerical_gradient(slopes, f, x, h=None):
    x = np.asarray(x)
    assert slopes.shape == x.shape
    assert slopes.dtype.char == x.dtype.char
    if x.dtype.char == "d" and h is None and np.all(np.abs(x) < 100):
        np.testing.assert_allclose(slopes, np.cos(x), atol=1e-8)


def check_gradient(report, f, gradient, x, **options):
    """A gradient that passes must be right. That a right one passes is shown in tests/gradient_check."""
    assert report.ok or report.findings
    if report.ok:
        given, expected = np.asarray(gradient, dtype=float), np.cos(np.asarray(x, float))
        scale = max(np.max(np.abs(given)), np.max(np.abs(expected)))
        assert np.max(np.abs(given - expected)) <= 3 * np.nanmax([report.bound, report.relative_error]) * scale + 1e-300


def predict(classes, net, x):
    assert np.shape(classes) == np.shape(x)[:-1]
    assert np.all((np.asarray(classes) >= 0) & (np.asarray(classes) < 2))


def gradients(slopes, net, x, t):
    assert {name: slope.shape for name, slope in slopes.items()} == {name: p.shape for name, p in net.params.items()}


def nothing(result, **arguments):
    """Tests of its own say what the function gives; here it must refuse or warn, and leave the caller's arrays alone."""
