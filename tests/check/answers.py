"""Answers to the exercises as readers write them: wrong ones, with the mistake that the check should name, and right ones.

wrong(EXERCISE, MISTAKE)(answer) and right(EXERCISE)(answer) add one; both can be used as decorators.
"""

import itertools
import math

import numpy as np

from helpers import log_softmax, one_hot, softmax, softmax_cross_entropy

WRONG, RIGHT = [], []


def wrong(exercise, mistake):
    return lambda answer: WRONG.append((exercise, mistake, answer)) or answer


def right(exercise):
    return lambda answer: RIGHT.append((exercise, answer)) or answer


# 01: softmax. The first argument says how the maximum, the sum and the exponential are taken.


def own_softmax(z, top=lambda z: np.max(z, -1, keepdims=True), total=lambda e: e.sum(-1, keepdims=True), exp=np.exp):
    e = exp(z - top(z))
    return e / total(e)


def variant(**parts):
    return lambda z: own_softmax(z, **parts)


def flat(numbers):
    return np.sum(numbers, axis=-1)


wrong("softmax", "no shift")(variant(top=lambda z: 0))
wrong("softmax", "one sum for the whole batch")(variant(total=np.sum))
wrong("softmax", "one sum for the whole batch")(variant(top=np.max, total=np.sum))
wrong("softmax", "wrong axis")(variant(total=lambda e: np.sum(e, 0)))
wrong("softmax", "no keepdims")(variant(total=flat))
wrong("softmax", "no keepdims")(variant(top=lambda z: z.max(-1), total=flat))
wrong("softmax", "one maximum for the whole batch")(variant(top=np.max))
wrong("softmax", "log instead of exp")(lambda z: np.log(z) / np.sum(np.log(z), -1, keepdims=True))
wrong("softmax", "not normalised")(variant(total=lambda e: 1))
wrong("softmax", "log-softmax")(lambda z: np.log(own_softmax(z)) if np.ptp(z) < 20 else log_softmax(z) * 1.0)
wrong("softmax", "calls helpers.softmax")(softmax)
wrong("softmax", "nearly right")(variant(total=lambda e: e.sum(-1, keepdims=True) + 1e-6))


@wrong("softmax", "changed argument")
def shifts_in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@right("softmax")
def row_by_row(z):
    if z.ndim == 2:
        return np.array([row_by_row(row) for row in z])
    e = [math.exp(score - max(z)) for score in z]
    return np.array(e) / sum(e)


def log_sum(z, top, add=None):
    return np.log(flat(np.exp(z - top))) + (top if add is None else add)


wrong("log_sum_exp", "no shift")(lambda z: log_sum(z, 0))
wrong("log_sum_exp", "shift not undone")(lambda z: log_sum(z, np.max(z, -1, keepdims=True), 0))
wrong("log_sum_exp", "no keepdims")(lambda z: log_sum(z, np.amax(z, axis=-1)))
wrong("log_sum_exp", "one maximum for the whole batch")(lambda z: log_sum(z, np.max(z)))
wrong("log_sum_exp", "wrong shape")(lambda z: log_sum(z, z.max(-1, keepdims=True), 0)[..., None] + z.max(-1, keepdims=True))
wrong("log_sum_exp", "calls helpers.log_softmax")(lambda z: (z - log_softmax(z))[..., 0])


@right("log_sum_exp")
def with_python_floats(z):
    rows = np.atleast_2d(z)
    sums = [max(row) + math.log(sum(math.exp(score - max(row)) for score in row)) for row in rows]
    return np.array(sums) if z.ndim == 2 else sums[0]


wrong("softmax_at", "T multiplies")(lambda z, T: own_softmax(z, exp=lambda s: np.exp(T * s)))
wrong("softmax_at", "the probabilities are divided")(lambda z, T: own_softmax(z) / T)
wrong("softmax_at", "no shift")(lambda z, T: own_softmax(z / T, top=lambda z: 0))
wrong("softmax_at", "the temperature cancels")(lambda z, T: own_softmax(z, exp=lambda s: np.exp(s) / T))
wrong("softmax_at", "calls helpers.softmax")(lambda z, T: softmax(z / T))
right("softmax_at")(lambda z, T: own_softmax(np.array(z, dtype=float) / T))

wrong("softmax_backward", "only the diagonal")(lambda y, dy: y * (1 - y) * dy)
wrong("softmax_backward", "no keepdims")(lambda y, dy: y * dy - y * flat(y * dy))
wrong("softmax_backward", "wrong axis")(lambda y, dy: y * (dy - np.sum(y * dy, axis=0)))
wrong("softmax_backward", "one sum for the whole batch")(lambda y, dy: y * (dy - np.sum(y * dy)))
wrong("softmax_backward", "wrong sign")(lambda y, dy: y * (np.sum(y * dy, axis=-1, keepdims=True) - dy))
right("softmax_backward")(lambda y, dy: y * (y[..., None, :] * (dy[..., :, None] - dy[..., None, :])).sum(axis=-1))

# 02: cross-entropy.


def paired(rows, t):
    return rows[np.arange(len(t)), t] if np.ndim(t) else rows[t]


wrong("cross_entropy", "no minus")(lambda y, t: np.mean(np.log(paired(y, t))))
wrong("cross_entropy", "sum instead of mean")(lambda y, t: -np.log(paired(y, t)).sum())
wrong("cross_entropy", "one loss for each example")(lambda y, t: -np.log(np.atleast_1d(paired(y, t))))
wrong("cross_entropy", "one loss for each example")(lambda y, t: -np.log(paired(y, t)))
wrong("cross_entropy", "all classes count")(lambda y, t: -np.mean(np.log(y)))
wrong("cross_entropy", "the label is not used")(lambda y, t: -np.mean(np.log(paired(y, np.argmax(y, axis=-1)))))
wrong("cross_entropy", "a constant caps the loss")(lambda y, t: -np.mean(np.log(paired(y, t) + 1e-7)))
wrong("cross_entropy", "a constant caps the loss")(lambda y, t: -np.mean(np.log(np.clip(paired(y, t), 1e-7, 1))))
wrong("cross_entropy", "rows and labels not paired")(lambda y, t: -np.mean(np.log(y[:, t])))
wrong("cross_entropy", "one-hot labels expected")(lambda y, t: -np.sum(t * np.log(y)) / np.size(t))
wrong("cross_entropy", "no logarithm")(lambda y, t: np.mean(1 - paired(y, t)))
wrong("cross_entropy", "another base")(lambda y, t: np.mean(-np.log2(paired(y, t))))
right("cross_entropy")(lambda y, t: -np.sum(one_hot(t, y.shape[-1]) * np.log(y)) / (len(y) if y.ndim == 2 else 1))
right("cross_entropy")(lambda y, t: -np.log(paired(y, t)).mean())

wrong("example_losses", "rows and labels not paired")(lambda z, t: -log_softmax(z)[:, t])
wrong("example_losses", "logarithm taken too late")(lambda z, t: -np.log(own_softmax(z)[range(len(t)), t]))
wrong("example_losses", "a constant caps the loss")(lambda z, t: -np.log(softmax(z)[np.arange(len(t)), t] + 1e-7))
wrong("example_losses", "the mean")(lambda z, t: -(log_softmax(z) * one_hot(t, z.shape[1])).sum() / len(t))
wrong("example_losses", "calls helpers.softmax_cross_entropy")(
    lambda z, t: np.array([softmax_cross_entropy(a, b) for a, b in zip(z, t, strict=True)])
)
right("example_losses")(lambda z, t: -(log_softmax(z) * one_hot(t, z.shape[1])).sum(axis=1))

wrong("soft_cross_entropy", "sum over the batch")(lambda z, t: -(t * log_softmax(z)).sum())
wrong("soft_cross_entropy", "divided by the classes")(lambda z, t: -(t * log_softmax(z)).sum(axis=0).mean())
wrong("soft_cross_entropy", "hard labels")(lambda z, t: -paired(log_softmax(z), np.argmax(t, axis=1)).mean())
wrong("soft_cross_entropy", "no minus")(lambda z, t: (t * log_softmax(z)).sum() / len(z))
right("soft_cross_entropy")(lambda z, t: -np.einsum("nc,nc->", t, log_softmax(z)) / z.shape[0])


def smoothing(others, own, dtype=float):
    """Return an answer that gives the other classes others(e, C) and the right class own(e, C)."""

    def slope(z, t, e):
        labels = np.full(z.shape, others(e, z.shape[1]), dtype=dtype)
        labels[np.arange(len(t)), t] = own(e, z.shape[1])
        return (softmax(z) - labels) / len(z)

    return slope


smooth = smoothing(lambda e, C: e / C, lambda e, C: 1 - e + e / C)
wrong("smoothed_slope", "no mean")(lambda z, t, e: smooth(z, t, e) * len(z))
wrong("smoothed_slope", "spread over the other classes")(smoothing(lambda e, C: e / (C - 1), lambda e, C: 1 - e))
wrong("smoothed_slope", "right class without its share")(smoothing(lambda e, C: e / C, lambda e, C: 1 - e))
wrong("smoothed_slope", "integer labels")(smoothing(lambda e, C: e / C, lambda e, C: 1 - e + e / C, int))
wrong("smoothed_slope", "label sums to more than 1")(smoothing(lambda e, C: e / C, lambda e, C: 1 + e / C))
right("smoothed_slope")(smooth)


def other_labels(loss, z, t):
    return (np.array(other) for other in itertools.product(range(z.shape[1]), repeat=len(t)))


wrong("reads_label", "only one other label tried")(lambda loss, z, t: bool(loss(z, (t + 1) % z.shape[1]) != loss(z, t)))
wrong("reads_label", "always True")(lambda loss, z, t: bool(loss(z, t) > 0))
wrong("reads_label", "True and False exchanged")(
    lambda loss, z, t: all(loss(z, other) == loss(z, t) for other in other_labels(loss, z, t))
)
wrong("reads_label", "all labels changed together")(
    lambda loss, z, t: any(bool(loss(z, np.full_like(t, k)) != loss(z, t)) for k in range(z.shape[1]))
)
right("reads_label")(lambda loss, z, t: len({float(loss(z, other)) for other in other_labels(loss, z, t)}) > 1)


@wrong("reads_label", "changed labels")
def writes_into_the_labels(loss, z, t):
    before = loss(z, t)
    t[:] = (t + 1) % z.shape[1]
    return bool(loss(z, t) != before)


# 03: numerical gradient. `formula` gets a function of how many steps the entry is moved, and the step.


def central(f, h):
    return (f(1) - f(-1)) / (2 * h)


def one_sided(f, h):
    return (f(1) - f(0)) / h


def itself(array):
    return array


def slopes(f, x, h=1e-5, formula=central, *, view=itself, keep=np.copy, restore=True, dtype=float, axes=None):
    entries = view(x)
    result = np.zeros(entries.shape[:axes], dtype)
    for k in np.ndindex(result.shape):
        kept = keep(entries[k])
        step = h(kept) if callable(h) else h

        def moved(steps, k=k, kept=kept, step=step):
            entries[k] = kept + steps * step
            return f(x)

        result[k] = formula(moved, step)
        if restore:
            entries[k] = kept
    return result.reshape(x.shape) if result.size == x.size else result


def measured(*args, **how):
    return lambda f, x: slopes(f, x, *args, **how)


def two_loops(f, x):
    def slope(i, j):
        return slopes(f, x, view=lambda x: x[i : i + 1, j : j + 1]).item()

    return np.array([[slope(i, j) for j in range(x.shape[1])] for i in range(x.shape[0])])


def safely(*args, **how):
    def gradient(f, x):
        before = x.copy()
        try:
            return slopes(f, x, *args, **how)
        finally:
            x[...] = before

    return gradient


wrong("numerical_gradient", "f never saw a change")(measured(view=np.ndarray.flatten))
wrong("numerical_gradient", "f never saw a change")(lambda f, x: slopes(lambda _: f(x), x.copy()))
wrong("numerical_gradient", "one-sided")(safely(1e-5, one_sided))
wrong("numerical_gradient", "one-sided")(safely(1e-8, one_sided))
wrong("numerical_gradient", "one-sided")(safely(view=lambda x: x.reshape(-1, 1), axes=1, keep=itself))
wrong("numerical_gradient", "divided by h")(safely(1e-4, lambda f, h: (f(1) - f(-1)) / h))
wrong("numerical_gradient", "not restored")(measured(restore=False))
wrong("numerical_gradient", "not restored after an error")(measured(1e-4))
wrong("numerical_gradient", "step too small")(safely(1e-12))
wrong("numerical_gradient", "step too large")(safely(0.05))
wrong("numerical_gradient", "integer array")(safely(dtype=int))
wrong("numerical_gradient", "number of axes")(two_loops)
wrong("numerical_gradient", "only one axis")(
    lambda f, x: np.zeros_like(x) + slopes(f, x, axes=1).reshape(-1, *[1] * (x.ndim - 1))
)
right("numerical_gradient")(safely())
right("numerical_gradient")(safely(1e-4))


def forward(**how):
    def gradient(f, x, h):
        before = f(x)
        return slopes(f, x, h, lambda f, h: (f(1) - before) / h, **how)

    return gradient


wrong("forward_gradient", "not restored")(forward(restore=False))
wrong("forward_gradient", "f is called too often")(lambda f, x, h: slopes(f, x, h, one_sided))
wrong("forward_gradient", "integer array")(forward(dtype=int))
wrong("forward_gradient", "central difference")(slopes)
wrong("forward_gradient", "f never saw a change")(forward(view=np.ndarray.flatten))
wrong("forward_gradient", "wrong shape")(forward(axes=1))
right("forward_gradient")(forward())


@wrong("forward_gradient", "restored by arithmetic")
def adds_and_subtracts(f, x, h):
    gradient, before = np.zeros_like(x), f(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        gradient[k] = (f(x) - before) / h
        x[k] -= h
    return gradient


wrong("scaled_gradient", "no step at zero")(measured(lambda value: abs(value) * 6e-6))
wrong("scaled_gradient", "no step near zero")(measured(lambda value: 6e-6 * abs(value) or 6e-6))
wrong("scaled_gradient", "tiny step at zero")(measured(lambda value: 6e-6 * abs(value) + 1e-12))
wrong("scaled_gradient", "same step for all entries")(measured(6e-6))
wrong("scaled_gradient", "sign of the entry")(measured(lambda value: max(6e-6, 6e-6 * value)))
wrong("scaled_gradient", "NaN replaced by 0")(lambda f, x: np.nan_to_num(slopes(f, x, lambda value: 6e-6 * abs(value))))
wrong("scaled_gradient", "f never saw a change")(measured(lambda value: 6e-6 * max(1, abs(value)), view=np.ndarray.flatten))
right("scaled_gradient")(measured(lambda value: 1e-5 * (1 + abs(value))))


def second(h, middle=2, over=1, **how):
    return measured(h, lambda f, h: (f(1) - middle * f(0) + f(-1)) / (over * h * h), **how)


wrong("curvatures", "step too small")(second(6e-6))
wrong("curvatures", "step too small")(second(1e-7))
wrong("curvatures", "step too large")(second(0.1))
wrong("curvatures", "f(x) counted once")(second(1e-4, middle=1))
wrong("curvatures", "divided by 4 h squared")(second(1e-4, over=4))
wrong("curvatures", "f never saw a change")(second(1e-4, view=np.ndarray.flatten))
right("curvatures")(second(3e-4))
right("curvatures")(second(2e-3))  # the result has five right digits, and nothing else counts

# 04: views and copies.


def related(same, shares):
    return lambda a, b: "same" if same(a, b) else "shares" if shares(a, b) else "separate"


def identical(a, b):
    return a is b


wrong("relation_of", "asks only for a base")(related(identical, lambda a, b: b.base is not None))
wrong("relation_of", "compares the memory ranges")(related(identical, np.may_share_memory))
wrong("relation_of", "compares the numbers")(related(identical, lambda a, b: a.shape == b.shape and (a == b).all()))
wrong("relation_of", "equal arrays called the same")(related(np.array_equal, np.shares_memory))
wrong("relation_of", "never says same")(related(lambda a, b: False, np.shares_memory))
wrong("relation_of", "wrong word")(
    lambda a, b: "identical" if a is b else "shared" if np.shares_memory(a, b) else "separate"
)
right("relation_of")(lambda a, b: ("separate", "shares", "same")[np.shares_memory(a, b) + (a is b)])


def row_slopes(formula=central, **how):
    return lambda f, x: slopes(f, x, 1e-5, formula, axes=1, **how)


wrong("row_slopes", "the kept row is a view")(row_slopes(keep=itself))
wrong("row_slopes", "the kept row is a view")(row_slopes(keep=np.asarray))
wrong("row_slopes", "doubled instead of repaired")(row_slopes(lambda f, h: (f(1) - f(-1)) / h, keep=itself))
wrong("row_slopes", "divided by h")(row_slopes(lambda f, h: (f(1) - f(-1)) / h))
wrong("row_slopes", "not restored")(row_slopes(restore=False))
wrong("row_slopes", "f never saw a change")(row_slopes(view=np.copy))
right("row_slopes")(row_slopes())


def loop_over_flat(f, X):
    entries, found = X.flat, []
    for i, kept in enumerate(entries):
        entries[i] = kept + 1e-5
        above = f(X)
        entries[i] = kept - 1e-5
        found.append((above - f(X)) / 2e-5)
        entries[i] = kept
    return np.array(found).reshape(X.shape)


wrong("any_layout", "flatten makes a copy")(measured(view=np.ndarray.flatten))
wrong("any_layout", "flatten makes a copy")(measured(view=lambda X: X.copy().reshape(-1)))
wrong("any_layout", "ravel sometimes makes a copy")(measured(view=lambda X: X.reshape(-1)))
wrong("any_layout", "changed while iterating")(loop_over_flat)
wrong("any_layout", "number of axes")(two_loops)
right("any_layout")(measured())

# 05: gradient descent.

wrong("largest_rate", "half of the limit")(lambda curvatures: 1 / max(curvatures))
wrong("largest_rate", "the flattest direction")(lambda curvatures: 2 / min(curvatures))
wrong("largest_rate", "the sum")(lambda curvatures: 2 / sum(curvatures))
wrong("largest_rate", "the fastest rate")(lambda curvatures: 2 / (curvatures.max() + curvatures.min()))
wrong("largest_rate", "one rate for each direction")(lambda curvatures: 2 / curvatures)
wrong("largest_rate", "constant factor")(lambda curvatures: 3 / curvatures.max())
wrong("largest_rate", "wrong result")(lambda curvatures: 2 / np.sqrt(np.sum(curvatures**2)))
right("largest_rate")(lambda curvatures: float(min(2 / c for c in curvatures)))


def path_of(start_of, point, with_start=True):
    def descend(gradient, start, lr, steps):
        w = start_of(start)
        path = [point(w)] if with_start else []
        for _ in range(steps):
            w -= lr * gradient(w)
            path.append(point(w))
        return np.array(path)

    return descend


wrong("descend", "the caller's start has changed")(path_of(lambda start: start, np.copy))
wrong("descend", "every row is the last point")(path_of(lambda start: start.astype(float), lambda w: w))
wrong("descend", "every row is the last point")(path_of(np.copy, lambda w: w))
wrong("descend", "two copies missing")(path_of(lambda start: start, lambda w: w))
wrong("descend", "whole numbers")(path_of(np.copy, np.copy))
wrong("descend", "no start")(path_of(lambda start: start.astype(float), np.copy, with_start=False))
right("descend")(path_of(lambda start: 1.0 * start, np.copy))


def ball(look, keep=True):
    def nesterov(gradient, start, lr, steps, momentum):
        w, v = start.astype(float), np.zeros(len(start))
        path = [w]
        for _ in range(steps):
            v = (momentum if keep else 1) * v - lr * gradient(look(w, v, momentum))
            w = w + v
            path.append(w)
        return np.stack(path)

    return nesterov


wrong("nesterov", "gradient at w")(ball(lambda w, v, m: w))
wrong("nesterov", "a whole step ahead")(ball(lambda w, v, m: w + v))
wrong("nesterov", "no friction")(ball(lambda w, v, m: w + m * v, keep=False))
wrong("nesterov", "looks behind")(ball(lambda w, v, m: w - m * v))
wrong("nesterov", "m applied twice")(ball(lambda w, v, m: w + m * (m * v)))
right("nesterov")(ball(lambda w, v, m: w + m * v))

# 06: backpropagation.

wrong("tanh_backward", "tanh taken twice")(lambda dh, h: dh * (1 - np.tanh(h) ** 2))
wrong("tanh_backward", "the mask of a ReLU")(lambda dh, h: np.where(h > 0, dh, 0))
wrong("tanh_backward", "da is missing")(lambda dh, h: 1 - h * h)
wrong("tanh_backward", "the slope of the sigmoid")(lambda dh, h: h * (1 - h) * dh)
right("tanh_backward")(lambda dh, h: dh * (1 - h) * (1 + h))


def block(dh, order=1):
    def backward(dout, h, W):
        dz = np.where(h @ W > 0, dout, 0)
        return (dh(dout, dz, W), h.T @ dz)[::order]

    return backward


wrong("residual_backward", "one path is missing")(block(lambda dout, dz, W: dz @ W.T))
wrong("residual_backward", "the path around is masked")(block(lambda dout, dz, W: dz + dz @ W.T))
wrong("residual_backward", "no transpose")(block(lambda dout, dz, W: dout + dz @ W))
wrong("residual_backward", "1 instead of dout")(block(lambda dout, dz, W: 1 + dz @ W.T))
wrong("residual_backward", "wrong order")(block(lambda dout, dz, W: dout + dz @ W.T, order=-1))
right("residual_backward")(block(lambda dout, dz, W: (W @ dz.T).T + dout))


def deep(order=-1, mask=True, mean=True, bias=np.sum):
    def gradients(x, t, layers):
        hs, zs = [x], []
        for k, (W, b) in enumerate(layers):
            zs.append(hs[-1] @ W + b)
            hs.append(np.maximum(zs[-1], 0) if k < len(layers) - 1 else zs[-1])
        dz = softmax(zs[-1])
        dz[np.arange(len(t)), t] -= 1
        dz /= len(t) if mean else 1
        found = []
        for k in range(len(layers) - 1, -1, -1):
            found.append((hs[k].T @ dz, bias(dz, axis=0)))
            if k > 0:
                dz = dz @ layers[k][0].T * ((zs[k - 1] > 0) if mask else 1)
        return found[::order]

    return gradients


wrong("deep_gradients", "the last layer first")(deep(order=1))
wrong("deep_gradients", "no mask")(deep(mask=False))
wrong("deep_gradients", "no mean")(deep(mean=False))
wrong("deep_gradients", "mean instead of sum for the bias")(deep(bias=np.mean))
right("deep_gradients")(deep())

# Digits.


def table(t, predicted):
    counts = np.zeros((10, 10))
    counts[t, predicted] += 1
    return counts


wrong("right_per_digit", "counts")(lambda t, predicted: np.bincount(t[t == predicted], minlength=10))
wrong("right_per_digit", "share of all digits")(lambda t, predicted: np.bincount(t, t == predicted, 10) / len(t))
wrong("right_per_digit", "repeated pairs counted once")(lambda t, p: table(t, p).diagonal() / table(t, p).sum(axis=1))
wrong("right_per_digit", "precision")(
    lambda t, predicted: np.bincount(t, t == predicted, 10) / np.maximum(1, np.bincount(predicted, minlength=10))
)
wrong("right_per_digit", "wrong shape")(lambda t, predicted: np.bincount(t[t == predicted]))
wrong("right_per_digit", "returns a tuple or list of 10")(lambda t, p: [float(np.mean(p[t == k] == k)) for k in range(10)])
right("right_per_digit")(lambda t, predicted: np.bincount(t, t == predicted, 10) / np.bincount(t, minlength=10))


def standard(known, repair=lambda deviation: np.where(deviation == 0, 1, deviation)):
    def scaled(x, learn, asked):
        return tuple(
            (x[p] - known(x, learn, p).mean(axis=0)) / repair(known(x, learn, p).std(axis=0)) for p in (learn, asked)
        )

    return scaled


wrong("scaled", "statistics of the test set")(standard(lambda x, learn, part: x))
wrong("scaled", "blank pixels")(standard(lambda x, learn, part: x[learn], lambda deviation: deviation))
wrong("scaled", "divided by almost nothing")(standard(lambda x, learn, part: x[learn], lambda deviation: deviation + 1e-8))
wrong("scaled", "each part by its own statistics")(standard(lambda x, learn, part: x[part]))
wrong("scaled", "each part by its own statistics")(standard(lambda x, learn, part: x[part], lambda deviation: deviation))
right("scaled")(standard(lambda x, learn, part: x[learn]))


def window(x, right, down):
    paper = np.zeros((len(x), 24, 24))
    paper[:, 8 + down : 16 + down, 8 + right : 16 + right] = x.reshape(-1, 8, 8)
    return paper[:, 8:16, 8:16]


wrong("shifted", "pixels come back on the other side")(
    lambda x, right, down: np.roll(np.roll(x.reshape(len(x), 8, 8), down, 1), right, 2).reshape(len(x), 64)
)
wrong("shifted", "an image is one long row")(lambda x, right, down: np.roll(x, 8 * down + right, axis=-1))
wrong("shifted", "rows and columns exchanged")(lambda x, right, down: window(x, down, right).reshape(x.shape))
wrong("shifted", "shape of the images")(window)
wrong("shifted", "up instead of down")(lambda x, right, down: window(x, right, -down).reshape(x.shape))
right("shifted")(lambda x, right, down: window(x, right, down).reshape(x.shape))


# 05 and 06: the functions that a reader writes on the page.


def descent(points=lambda w: w.copy(), own=True, sign=-1.0, every=True):
    def answer(gradient, start, lr, steps):
        w = start.copy() if own else start
        path = [points(w)]
        for _ in range(steps):
            w += sign * lr * gradient(w)
            path.append(points(w))
        return path if every else path[-1]

    return answer


wrong("gradient_descent", "the caller's start has changed")(descent(own=False))
wrong("gradient_descent", "every entry is the last point")(descent(points=lambda w: w))
wrong("gradient_descent", "uphill")(descent(sign=1.0))
wrong("gradient_descent", "only the last point")(descent(every=False))


@right("gradient_descent")
def out_of_place(gradient, start, lr, steps):
    path = [start.copy()]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1]))
    return path


# 07: gradient checking.


def two_layers(slope=lambda a, z1: 1 - a * a, left=lambda a, z1: a):
    def answer(x, t, W1, W2):
        z1 = x.dot(W1)
        a = np.tanh(z1)
        dz2 = softmax(a.dot(W2)) / len(x)
        dz2[np.arange(len(x)), t] -= 1 / len(x)
        return x.T.dot(dz2.dot(W2.T) * slope(a, z1)), left(a, z1).T.dot(dz2)

    return answer


right("two_mistakes")(two_layers())
wrong("two_mistakes", "both are still there")(two_layers(lambda a, z1: 1 - z1**2, lambda a, z1: z1))
wrong("two_mistakes", "dW1 is still wrong")(two_layers(lambda a, z1: 1 - z1**2))
wrong("two_mistakes", "dW2 is still wrong")(two_layers(left=lambda a, z1: z1))

wrong("gradients_agree", "an absolute tolerance")(lambda a, b: bool((abs(a - b) < 1e-6).all()))
wrong("gradients_agree", "each entry by itself")(lambda a, b: bool((abs(a - b) <= 1e-6 * np.maximum(abs(a), abs(b))).all()))
wrong("gradients_agree", "the mean difference")(
    lambda a, b: bool(np.mean(abs(a - b)) <= 1e-2 * max(abs(a).max(), abs(b).max()))
)
right("gradients_agree")(lambda a, b: bool(abs(a - b).max() <= 1e-6 * np.max([abs(a), abs(b)])))


def central(f, x, h=1e-5):
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slopes[index] = (f(x + step) - f(x - step)) / (2 * h)
    return slopes


def agrees(f, gradient, x, entries=slice(None)):
    given, slopes = gradient(x).ravel()[entries], central(f, x).ravel()[entries]
    return bool(np.max(abs(given - slopes)) <= 1e-5 * np.max(abs(slopes)))


wrong("check_of_gradients", "one point only")(agrees)
wrong("check_of_gradients", "always right")(lambda f, gradient, x: bool(np.isfinite(f(x))))
wrong("check_of_gradients", "one entry only")(lambda f, gradient, x: agrees(f, gradient, x, slice(1)))
right("check_of_gradients")(
    lambda f, gradient, x: agrees(f, gradient, x) and agrees(f, gradient, np.random.default_rng(1).standard_normal(x.shape))
)

# 09: autodiff.


def rules(matmul=lambda a, b, g: (g.dot(b.T), a.T.dot(g)), relu=lambda a, g: np.where(a > 0, g, 0.0)):
    return lambda operation, a, b, g: matmul(a, b, g) if operation == "matmul" else relu(a, g)


right("rules")(rules())
wrong("rules", "the slopes in the other order")(rules(matmul=lambda a, b, g: (a.T.dot(g), g.dot(b.T))))
wrong("rules", "no mask")(rules(relu=lambda a, g: g))
wrong("rules", "mask of the wrong array")(rules(relu=lambda a, g: np.where(g > 0, g, 0.0)))


def tanh_of(value, slope):
    y = np.tanh(value.data)
    return type(value)(y, (value,), (lambda g: slope(g, y, value.data),), "tanh")


right("tanh")(lambda value: tanh_of(value, lambda g, y, z: g - g * y * y))
wrong("tanh", "the square of the input")(lambda value: tanh_of(value, lambda g, y, z: g * (1 - z * z)))
wrong("tanh", "g is missing")(lambda value: tanh_of(value, lambda g, y, z: 1 - y * y))
wrong("tanh", "the slope of the sigmoid")(lambda value: tanh_of(value, lambda g, y, z: g * y * (1 - y)))


def in_order(result, add=True):
    order = []

    def visit(value):
        if value not in order:
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(result)
    for value in order:
        value.grad = np.zeros_like(value.data)
    result.grad = np.ones_like(result.data)
    for value in order[::-1]:
        for parent, rule in zip(value.parents, value.rules, strict=True):
            parent.grad = rule(value.grad) + (parent.grad if add else 0)


@wrong("backward", "passes slopes on too early")
def breadth_first(result):
    seen, waiting = [], [result]
    while waiting:
        value = waiting.pop(0)
        value.grad = np.zeros_like(value.data)
        waiting += value.parents
    result.grad, waiting = np.ones_like(result.data), [result]
    while waiting:
        value = waiting.pop(0)
        seen.append(value)
        for parent, rule in zip(value.parents, value.rules, strict=True):
            parent.grad = parent.grad + rule(value.grad)
            if parent not in waiting:
                waiting.append(parent)


right("backward")(in_order)
wrong("backward", "= where += belongs")(lambda result: in_order(result, add=False))
wrong("backward", "nothing happens")(lambda result: result.data)


def loss_of_values(z, t, shift=True, mean=True):
    constant = type(z)
    if shift:
        z = z + constant(-np.max(z.data, axis=1, keepdims=True))
    picked = np.eye(z.data.shape[1])[t] * (-1 / len(t) if mean else -1.0)
    return ((z + -(z.exp().sum(axis=1).log())) * constant(picked)).sum()


right("value_loss")(loss_of_values)
wrong("value_loss", "no shift")(lambda z, t: loss_of_values(z, t, shift=False))
wrong("value_loss", "no mean")(lambda z, t: loss_of_values(z, t, mean=False))


def network(examples=len, mask=lambda z1, da: np.sign(np.maximum(z1, 0)), bias=np.sum):
    def answer(params, x, t):
        W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
        z1 = x.dot(W1) + b1
        z2 = np.maximum(z1, 0).dot(W2) + b2
        dz2 = (softmax(z2) - np.eye(len(b2))[t]) / examples(x)
        da = dz2.dot(W2.T)
        dz1 = da * mask(z1, da)
        dW2 = np.maximum(z1, 0).T.dot(dz2)
        return softmax_cross_entropy(z2, t), {
            "W1": x.T.dot(dz1),
            "b1": bias(dz1, axis=0),
            "W2": dW2,
            "b2": bias(dz2, axis=0),
        }

    return answer


right("two_layer_net")(network())
wrong("two_layer_net", "no mean")(network(examples=lambda x: 1))
wrong("two_layer_net", "no mask")(network(mask=lambda z1, da: 1))
wrong("two_layer_net", "mask of the wrong array")(network(mask=lambda z1, da: da > 0))


@wrong("value_loss", "no logarithm of the sum")
def picks_shifted_logits(z, t):
    shifted = z + type(z)(-np.max(z.data, axis=1, keepdims=True))
    return (shifted * type(z)(-np.eye(z.data.shape[1])[t] / len(t))).sum()
