"""Gradient descent against its formula, and mini-batches."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from helpers import gradient_descent, minibatches


def bowl(w):
    return (w**2).sum()


def test_each_step_follows_the_formula_and_the_start_is_unchanged():
    start = np.array([4.0, -2.0])
    found = gradient_descent(bowl, lambda w: 2 * w, start, lr=0.25, steps=3)
    np.testing.assert_allclose(found.path, [start / 2**k for k in range(4)])
    assert found.losses == [20.0, 5.0, 1.25, 0.3125]
    assert start.tolist() == [4.0, -2.0]


def test_it_stops_where_the_gradient_is_small():
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, tolerance=0.1)
    assert found.stopped
    assert np.abs(2 * found.params).max() <= 0.1
    assert not gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, steps=2).stopped


def test_a_loss_that_is_not_finite_is_reported_with_its_step():
    says = r"the loss is inf at step \d+, after .*: the learning rate, 10, may be too large"
    with pytest.raises(FloatingPointError, match=says):
        gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=10.0, steps=1000)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 0"):
        gradient_descent(lambda w: np.nan, lambda w: w, np.ones(2))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"loss": 1}, TypeError, "loss must be a function"),
        ({"gradient": np.ones(2)}, TypeError, "gradient must be a function"),
        ({"start": {"W": np.ones(2)}}, TypeError, "start must hold real numbers"),
        ({"start": np.array([np.nan])}, FloatingPointError, "the loss is nan at step 0, at the start"),
        ({"lr": 0}, ValueError, "lr must be a positive number"),
        ({"steps": 2.5}, ValueError, "steps must be an integer"),
        ({"tolerance": -1}, ValueError, "tolerance must be"),
        ({"gradient": lambda w: np.ones(3)}, ValueError, r"the gradient has shape \(3,\)"),
        ({"gradient": lambda w: np.array([0, np.nan])}, FloatingPointError, "the gradient is not finite at step 1"),
        ({"loss": lambda w: w}, TypeError, "loss returns an array"),
    ],
)
def test_a_descent_that_cannot_work_is_refused(change, error, says):
    with pytest.raises(error, match=says):
        gradient_descent(**{"loss": bowl, "gradient": lambda w: 2 * w, "start": np.ones(2)} | change)


@hypothesis.given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 9))
def test_every_example_appears_exactly_once_in_an_epoch_with_its_label(n, size, seed):
    x = np.arange(n, dtype=float)[:, np.newaxis]
    batches = list(minibatches(x, np.arange(n), size, np.random.default_rng(seed)))
    labels = np.concatenate([t for _, t in batches])
    assert sorted(labels) == list(range(n))
    assert np.array_equal(np.concatenate([x for x, _ in batches])[:, 0], labels)
    assert [len(t) for _, t in batches] == [size] * (n // size) + [n % size] * (n % size > 0)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"t": np.ones(2)}, ValueError, "x has 3 examples and t has 2"),
        ({"size": 0}, ValueError, "size must be"),
        ({"rng": 0}, TypeError, "rng must be a generator"),
        ({"x": 3.0}, TypeError, "x is not an array of examples"),
    ],
)
def test_batches_that_cannot_be_made_are_refused_before_the_first_is_drawn(change, error, says):
    with pytest.raises(error, match=says):
        minibatches(**{"x": np.ones(3), "t": np.ones(3), "size": 1, "rng": np.random.default_rng(0)} | change)
