"""The answer key of fresh.py: a wrong gradient disagrees with measured slopes until its line is replaced."""

import inspect

import fresh
import numpy as np
import pytest


def measured_slopes(f, x, h=1e-4):
    """Return the slopes of f by differences of the fourth order, moving the entries of x in place."""
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        for steps, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            x[i] = old + steps * h
            slopes[i] += weight * f(x) / (12 * h)
        x[i] = old
    return slopes


def largest_error(make, seed):
    """Return the largest error of the gradient, relative to the largest slope, at the given x and at three random points."""
    f, gradient, x = make(seed)
    errors = []
    for point in [x.copy(), *np.random.default_rng(100 + seed).standard_normal((3, *x.shape))]:
        x[...] = point
        slopes, _ = measured_slopes(f, x), f(x)  # f last, at x: a gradient may use what f has left
        answer = np.array(gradient(x))
        assert answer.shape == x.shape
        errors.append(np.max(np.abs(answer - slopes)) / max(1, np.max(np.abs(slopes))))
    return np.max(errors)


def mended(case):
    """Return the function that makes the case, with the wrong line replaced by the right one."""
    source = inspect.getsource(case.make).splitlines()
    where = [[k for k, text in enumerate(source) if text.strip() == line] for line in case.lines]
    assert all(where)
    for [k], right in zip(where, [case.right] if isinstance(case.right, str) else case.right, strict=False):
        indent = source[k][: -len(source[k].lstrip())]
        source[k] = indent + right.replace("\n", "\n" + indent)
    names = vars(fresh) | {"wrong": lambda **_: lambda make: make}
    exec("\n".join(source), names)
    return names[case.name]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", fresh.WRONG, ids=lambda case: case.name)
def test_a_wrong_gradient_is_wrong_until_its_line_is_replaced(case, seed):
    assert largest_error(case.make, seed) > 1e-3
    assert largest_error(mended(case), seed) < 1e-6


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", fresh.RIGHT, ids=lambda case: case.name)
def test_a_right_gradient_is_right(case, seed):
    assert largest_error(case.make, seed) < 1e-6
