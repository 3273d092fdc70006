"""What is right, from other sources than the helpers themselves: exact arithmetic, SciPy, formulas, NumPy's own account."""

import base64
import html
import math
import re
import xml.etree.ElementTree

import mpmath
import numpy as np
import palmerpenguins
import scipy.special
import sklearn.datasets
from hostile import Odd, nothing
from test_memory import compare

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
    total = mpmath.fsum(exact(w) * c for w, c in zip(rows.ravel(), costs.ravel(), strict=True) if w)
    assert type(loss) is scores.dtype.type
    if np.isinf(loss):
        assert total > exact(info.max) * (1 - 1e-6)
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
    x, t = np.asarray(x), np.asarray(t)
    n, size = len(x), int(size)
    assert [len(a) for a, _ in batches] == [len(b) for _, b in batches] == [size] * (n // size) + [n % size] * (n % size > 0)
    assert all((a.dtype, b.dtype) == (x.dtype, t.dtype) for a, b in batches)
    examples = [repr(example) for a, b in batches for example in zip(a.tolist(), b.tolist(), strict=True)]
    assert sorted(examples) == sorted(repr(example) for example in zip(x.tolist(), t.tolist(), strict=True))
    assert not any(np.shares_memory(part, x) or np.shares_memory(part, t) for part, _ in batches)


# -- numerical_gradient and check_gradient --------------------------------------------------------------------------------


def weights(x):
    return np.arange(1.0, 1 + x.size).reshape(x.shape).astype(x.dtype)


TRUTHS = {  # a function, its gradient, how large its terms are at most h away, and its third derivative
    "sines": (lambda x: np.sin(x).sum(), np.cos, lambda x, h: np.ones_like(x), 1),
    "weighted": (lambda x: (weights(x) * x).sum(), weights, lambda x, h: weights(x) * (np.abs(x) + h), 0),
    "squares": (lambda x: (0.5 * x * x).sum(), lambda x: x, lambda x, h: (np.abs(x) + h) ** 2, 0),
    "constant": (lambda x: np.float64(2.5), np.zeros_like, lambda x, h: 2.5 + 0 * x, 0),
}


class Truth:
    """A function that is known, and may be asked for any array."""

    def __init__(self, name):
        self.name = name

    def __call__(self, x):
        with np.errstate(all="ignore"):
            return TRUTHS[self.name][0](np.asarray(x))


def numerical_gradient(slopes, f, x, h=None):
    x = np.asarray(x)
    _, gradient, terms, third = TRUTHS[f.f.name]
    assert slopes.shape == x.shape
    assert slopes.dtype in (x.dtype, x.dtype.newbyteorder("=") if x.ndim == 0 else x.dtype)  # a number has no byte order
    if x.size == 0:
        return
    answer = np.asarray(f.answer(x.dtype.type(1))).dtype if f.since < 2 * x.size else x.dtype  # f may round more than x
    eps = float(max(np.finfo(kind if kind.kind == "f" else float).eps for kind in (x.dtype, answer)))
    with np.errstate(all="ignore"):
        wide, tiny = x.astype(np.longdouble), np.finfo(x.dtype).tiny
        own = np.finfo(x.dtype).eps
        steps = np.longdouble(h) if h is not None else np.maximum(np.cbrt(own), own ** (2 / 3) * np.abs(wide))
        rounding = 4 * x.size * eps * np.sum(terms(wide, steps)) / steps
        expected = gradient(wide)
        bound = rounding + third * steps**2 / 3 + 4 * eps * (np.abs(wide) + np.abs(expected)) + tiny
        assert np.all((np.abs(slopes - expected) <= bound) | (bound == np.inf))


def check_gradient(report, f, gradient, x, seed=0, **step):
    """A gradient that passes must be right, and a right one must pass where nothing is odd."""
    assert report.ok or report.findings
    x = np.asarray(x)
    if not report.ok:
        assert not usual(f, gradient, x, **step)
        return
    given = np.asarray(gradient.fresh()(x) if callable(gradient) else gradient, dtype=float)
    expected = TRUTHS[f.f.name][1](x.astype(float))
    largest = max(np.max(np.abs(given)), np.max(np.abs(expected)))
    assert np.max(np.abs(given - expected)) <= 3 * np.nanmax([report.bound, report.relative_error]) * largest + 1e-300


def usual(f, gradient, x, h=None):
    """Return whether the right gradient is passed by a caller without odd habits, at a point of ordinary numbers."""
    ordinary = x.dtype == np.float64 and x.size and x.flags.c_contiguous and np.all((np.abs(x) > 0.01) & (np.abs(x) < 100))
    well_behaved = f.habit is nothing and f.answer in (float, np.float64, np.array) and f.f.name != "constant"
    if not (ordinary and well_behaved and h is None):
        return False
    if isinstance(gradient, Odd):
        gradient = gradient.fresh()(x) if gradient.habit is nothing and gradient.since == 0 else None
    true = TRUTHS[f.f.name][1](x)
    return type(gradient) is np.ndarray and gradient.dtype == np.float64 and np.array_equal(gradient, true)


# -- descents and networks ------------------------------------------------------------------------------------------------


def gradient_descent(found, loss, gradient, start, lr=0.1, steps=100, momentum=0.0, tolerance=0.0, progress=None):  # noqa: PLR0917
    """The plain loop, with the caller's functions as they were before the first call."""
    single, loss, gradient = not isinstance(start, dict), loss.fresh(), gradient.fresh()
    p = {name: np.array(array) for name, array in ({"start": start} if single else start).items()}
    v = {name: np.zeros_like(array) for name, array in p.items()}

    def copied():
        return {name: array.copy() for name, array in p.items()}

    def ask(function):
        return function(copied()["start"] if single else copied())

    path, losses, stopped = [copied()], [float(ask(loss))], False
    with np.errstate(all="ignore"):
        for _ in range(int(steps)):
            slopes = ask(gradient)
            slopes = {name: np.asarray(slope) for name, slope in ({"start": slopes} if single else slopes).items()}
            if stopped := all(np.all(np.abs(slope.astype(np.longdouble)) <= tolerance) for slope in slopes.values()):
                break
            v = {name: momentum * v[name] - lr * slopes[name] for name in p}
            p = {name: np.array(p[name] + v[name], dtype=p[name].dtype) for name in p}
            path.append(copied())
            losses.append(float(ask(loss)))
    assert (found.stopped, found.losses) == (stopped, losses)
    places = [{"start": place} if single else place for place in [*found.path, found.params, start]]
    for have, want in zip(places[:-1], [*path, path[-1]], strict=True):
        assert [*have] == [*want]
        for name, array in want.items():
            assert (type(have[name]), have[name].dtype) == (np.ndarray, array.dtype)
            np.testing.assert_array_equal(have[name], array)
    parts = [part for place in places for part in place.values() if isinstance(part, np.ndarray)]
    assert not any(np.may_share_memory(one, two) for k, one in enumerate(parts) for two in parts[:k])


def forward(net, x):
    """Return x as a batch, the activations of the hidden layer (of a network that has one) and the logits."""
    x, p = np.atleast_2d(np.asarray(x) if np.asarray(x).dtype.kind == "f" else np.asarray(x, float)), net.params
    if "W" in p:
        return x, None, x @ p["W"] + p["b"]
    z1 = x @ p["W1"] + p["b1"]
    a = np.maximum(z1, 0) if net.activation == "relu" else np.tanh(z1)
    return x, a, a @ p["W2"] + p["b2"]


def assert_like(found, expected, x):
    expected = expected if np.ndim(x) == 2 else expected[0]
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(np.asarray(found, float), expected.astype(float), rtol=1e-7, atol=1e-12)


def hidden(a, net, x):
    assert_like(a, forward(net, x)[1], x)


def logits(z, net, x):
    assert_like(z, forward(net, x)[2], x)


def predict(classes, net, x):
    z = forward(net, x)[2]
    assert np.shape(classes) == np.shape(x)[:-1]
    chosen = np.take_along_axis(z, np.atleast_1d(classes)[:, np.newaxis], 1)[:, 0]
    assert np.all(chosen >= z.max(axis=1, initial=-np.inf) - 1e-9)


def loss(loss, net, x, t):
    z = forward(net, x)[2]
    costs = -scipy.special.log_softmax(z, axis=-1)
    rows = labels_as_rows(t, *z.shape)
    expected = np.sum(np.multiply(rows, costs, where=rows > 0, out=np.zeros_like(costs)) / len(z))
    np.testing.assert_allclose(np.longdouble(loss), np.nan if np.any(np.isnan(z)) else expected, rtol=1e-7, atol=1e-12)


def gradients(slopes, net, x, t):
    x, a, z = forward(net, x)
    dz = (scipy.special.softmax(z, axis=-1) - labels_as_rows(t, *z.shape)) / len(z)
    if a is None:
        expected = {"W": x.T @ dz, "b": dz.sum(axis=0)}
    else:
        dz1 = dz @ net.params["W2"].T * (a > 0 if net.activation == "relu" else 1 - a**2)
        expected = {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a.T @ dz, "b2": dz.sum(axis=0)}
    assert slopes.keys() == expected.keys()
    for name, slope in slopes.items():
        assert (type(slope), slope.shape) == (np.ndarray, net.params[name].shape)
        np.testing.assert_allclose(slope.astype(float), expected[name].astype(float), rtol=1e-6, atol=1e-12)


def labels_as_rows(t, n, classes):
    t = np.asarray(t)
    return np.eye(classes)[np.atleast_1d(t)] if t.ndim < 2 and t.size == n and t.dtype.kind in "iu" else np.atleast_2d(t)


def regression(net, inputs, classes, rng):
    assert_params(net, W=glorot(np.random.default_rng(SEED), inputs, classes), b=np.zeros(classes))


def two_layers(net, inputs, hidden, classes, rng, activation="relu"):  # noqa: PLR0917
    twin = np.random.default_rng(SEED)
    he = activation == "relu"
    W1 = twin.normal(0, math.sqrt(2 / inputs), (inputs, hidden)) if he else glorot(twin, inputs, hidden)
    assert_params(net, W1=W1, b1=np.zeros(hidden), W2=glorot(twin, hidden, classes), b2=np.zeros(classes))


def glorot(rng, inputs, outputs):
    edge = math.sqrt(6 / (int(inputs) + int(outputs)))
    return rng.uniform(-edge, edge, (inputs, outputs))


def assert_params(net, **expected):
    assert net.params.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(net.params[name], array)


# -- what is displayed and printed, and data ------------------------------------------------------------------------------


def describe(table, positional, named):
    members = [*((f"array {k + 1}", array) for k, array in enumerate(positional)), *named.items()]
    assert [row["name"] for row in table.rows] == [name for name, _ in members]
    for row, (name, a) in zip(table.rows, members, strict=True):
        assert [row[key] for key in ("shape", "dtype", "strides")] == [str(a.shape), str(a.dtype), str(a.strides)]
        order = {(True, True): "C and F", (True, False): "C", (False, True): "F", (False, False): "neither"}
        assert row["order"] == order[a.flags.c_contiguous, a.flags.f_contiguous]
        assert row["writeable"] == ("no" if a.__array_interface__["data"][1] else "yes")
        assert (row["memory"] == "its own") == a.flags.owndata
        for other, b in members:
            said = f"{other} (" in row["shares memory with"]
            assert said == (other != name and (a is b or np.shares_memory(a, b)))
    text = html.unescape(re.sub("<[^>]*>", " ", table._repr_html_()))
    assert text.split() == repr(table).split()


def draw(pictures, positional, named):
    compare(pictures[0], [*positional, *named.values()])


def two_steps(pictures, positional, named):
    compare(pictures[0], [*positional, *named.values()])
    assert " 2. after nothing: " in pictures[1]["text/plain"]
    assert all(picture["text/plain"].endswith("No cell that is shown has changed.") for picture in pictures)


def show(pictures, fig, alt):
    (picture,) = pictures
    assert picture["text/plain"] == " ".join(alt.split())
    (image,) = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">', picture["text/html"])
    assert html.unescape(image[0]) == picture["text/plain"]
    assert xml.etree.ElementTree.fromstring(base64.b64decode(image[1])).tag == "{http://www.w3.org/2000/svg}svg"


def expected(outcome, kind, block):
    printed, issued = outcome
    caught = [message for message in block.warned if issubclass(kind, Warning) and isinstance(message, kind)]
    shown = caught + [block.raised] * isinstance(block.raised, kind)
    lines = dict.fromkeys(f"{type(message).__name__}: {' '.join(str(message).split())}\n" for message in shown)
    assert printed == ("".join(lines) if shown else None)
    assert issued == [message for message in block.warned if message not in caught]


def load_digits(digits):
    theirs = sklearn.datasets.load_digits()
    np.testing.assert_array_equal(digits[0] * 16, theirs.data)
    np.testing.assert_array_equal(digits[1], theirs.target)


def load_penguins(penguins, target="species"):
    bills = ["bill_length_mm", "bill_depth_mm"]
    theirs = palmerpenguins.load_penguins().dropna(subset=[*bills, target])
    np.testing.assert_allclose(10 * np.add(penguins[0], (4, 1)), theirs[bills].to_numpy())
    assert [penguins[2][k].replace("é", "e") for k in penguins[1]] == list(theirs[target])
