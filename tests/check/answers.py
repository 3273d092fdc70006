"""Answers to the exercises as readers write them: wrong ones, with the slip that is to be named, and other right ones."""

import itertools
import math

import numpy as np

from helpers import log_softmax, one_hot, softmax, softmax_cross_entropy

WRONG, RIGHT = [], []


def wrong(exercise, slip):
    return lambda answer: WRONG.append((exercise, slip, answer)) or answer


def right(exercise):
    return lambda answer: RIGHT.append((exercise, answer)) or answer


@wrong("log_sum_exp", "no shift")
def _(z):
    return np.log(np.sum(np.exp(z), -1))


@wrong("log_sum_exp", "shift not put back")
def _(z):
    z = z - np.max(z, -1, keepdims=True)
    return np.log(np.sum(np.exp(z), -1))


@wrong("log_sum_exp", "no keepdims")
def _(z):
    m = np.amax(z, axis=-1)
    return np.log(np.exp(z - m).sum(-1)) + m


@wrong("log_sum_exp", "shape")
def _(z):
    m = z.max(-1, keepdims=True)
    return m + np.log(np.exp(z - m).sum(-1, keepdims=True))


@wrong("log_sum_exp", "one maximum for everyone")
def _(z):
    m = np.max(z)
    return m + np.log(np.exp(z - m).sum(axis=-1))


@wrong("log_sum_exp", "changed argument")
def _(z):
    m = z.max(axis=-1, keepdims=True)
    z -= m
    return m[..., 0] + np.log(np.exp(z).sum(axis=-1))


@wrong("log_sum_exp", "calls helpers.log_softmax")
def _(z):
    return (z - log_softmax(z))[..., 0]


@right("log_sum_exp")
def _(z):
    rows = np.atleast_2d(z)
    sums = [max(row) + math.log(sum(math.exp(score - max(row)) for score in row)) for row in rows]
    return np.array(sums) if z.ndim == 2 else sums[0]


@wrong("softmax_at", "upside down")
def _(z, T):
    e = np.exp(T * (z - z.max(axis=-1, keepdims=True)))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax_at", "the probabilities divided")
def _(z, T):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) / T


@wrong("softmax_at", "no shift")
def _(z, T):
    e = np.exp(z / T)
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax_at", "the temperature cancels")
def _(z, T):
    e = np.exp(z - z.max(axis=-1, keepdims=True)) / T
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax_at", "calls helpers.softmax")
def _(z, T):
    return softmax(z / T)


@right("softmax_at")
def _(z, T):
    scaled = np.array(z, dtype=float) / T
    scaled -= scaled.max(axis=-1)[..., None]
    return np.exp(scaled) / np.exp(scaled).sum(axis=-1)[..., None]


@wrong("softmax_backward", "the diagonal alone")
def _(y, dy):
    return y * (1 - y) * dy


@wrong("softmax_backward", "no keepdims")
def _(y, dy):
    return y * dy - y * np.sum(y * dy, axis=-1)


@wrong("softmax_backward", "wrong axis")
def _(y, dy):
    return y * (dy - np.sum(y * dy, axis=0))


@wrong("softmax_backward", "one sum for everyone")
def _(y, dy):
    return y * (dy - np.sum(y * dy))


@wrong("softmax_backward", "sign")
def _(y, dy):
    return y * (np.sum(y * dy, axis=-1, keepdims=True) - dy)


@right("softmax_backward")
def _(y, dy):
    rows = [(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(np.atleast_2d(y), np.atleast_2d(dy), strict=True)]
    return np.array(rows).reshape(y.shape)


@wrong("prices", "not paired")
def _(z, t):
    return -log_softmax(z)[:, t]


@wrong("prices", "logarithm too late")
def _(z, t):
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if z.max() < 100 else softmax(z)
    return -np.log(y[range(len(t)), t])


@wrong("prices", "a pinch")
def _(z, t):
    return -np.log(softmax(z)[np.arange(len(t)), t] + 1e-7)


@wrong("prices", "the mean")
def _(z, t):
    return -(log_softmax(z) * one_hot(t, z.shape[1])).sum() / len(t)


@wrong("prices", "calls helpers.softmax_cross_entropy")
def _(z, t):
    return np.array([softmax_cross_entropy(a, b) for a, b in zip(z, t, strict=True)])


@right("prices")
def _(z, t):
    return -(log_softmax(z) * one_hot(t, z.shape[1])).sum(axis=1)


@wrong("soft_cross_entropy", "the sum over the batch")
def _(z, t):
    return -(t * log_softmax(z)).sum()


@wrong("soft_cross_entropy", "divided by the classes")
def _(z, t):
    return -(t * log_softmax(z)).sum(axis=0).mean()


@wrong("soft_cross_entropy", "hard labels")
def _(z, t):
    return -log_softmax(z)[np.arange(len(z)), np.argmax(t, axis=1)].mean()


@wrong("soft_cross_entropy", "sign")
def _(z, t):
    return (t * log_softmax(z)).sum() / len(z)


@right("soft_cross_entropy")
def _(z, t):
    return -np.einsum("nc,nc->", t, log_softmax(z)) / z.shape[0]


@wrong("smoothed_slope", "no mean")
def _(z, t, e):
    labels = np.full(z.shape, e / z.shape[1])
    labels[np.arange(len(z)), t] += 1 - e
    return softmax(z) - labels


@wrong("smoothed_slope", "spread over the others")
def _(z, t, e):
    labels = np.full(z.shape, e / (z.shape[1] - 1))
    labels[np.arange(len(z)), t] = 1 - e
    return (softmax(z) - labels) / len(z)


@wrong("smoothed_slope", "integer labels")
def _(z, t, e):
    labels = np.zeros(z.shape, dtype=int)
    labels[:] = e / z.shape[1]
    labels[np.arange(len(z)), t] = 1 - e + e / z.shape[1]
    return (softmax(z) - labels) / len(z)


@wrong("smoothed_slope", "more than 1")
def _(z, t, e):
    return (softmax(z) - one_hot(t, z.shape[1]) - e / z.shape[1]) / len(z)


@right("smoothed_slope")
def _(z, t, e):
    y = softmax(z) - e / z.shape[1]
    y[np.arange(len(z)), t] -= 1 - e
    return y / len(z)


@wrong("reads_label", "one other label tried")
def _(loss, z, t):
    return bool(loss(z, (t + 1) % z.shape[1]) != loss(z, t))


@wrong("reads_label", "always True")
def _(loss, z, t):
    return bool(loss(z, t) > 0)


@wrong("reads_label", "changed labels")
def _(loss, z, t):
    before = loss(z, t)
    t[:] = (t + 1) % z.shape[1]
    return bool(loss(z, t) != before)


@wrong("reads_label", "upside down")
def _(loss, z, t):
    return all(loss(z, np.array(other)) == loss(z, t) for other in itertools.product(range(z.shape[1]), repeat=len(t)))


@right("reads_label")
def _(loss, z, t):
    losses = set()
    for n in range(len(t)):
        for c in range(z.shape[1]):
            other = t.copy()
            other[n] = c
            losses.add(float(loss(z, other)))
    return len(losses) > 1


@wrong("forward_gradient", "never put back")
def _(f, x, h):
    gradient, before = np.zeros_like(x), f(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        gradient[k] = (f(x) - before) / h
    return gradient


@wrong("forward_gradient", "f called too often")
def _(f, x, h):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        kept, before = x[k], f(x)
        x[k] = kept + h
        gradient[k] = (f(x) - before) / h
        x[k] = kept
    return gradient


@wrong("forward_gradient", "central difference")
def _(f, x, h):
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        kept = x[k]
        x[k] = kept + h
        above = f(x)
        x[k] = kept - h
        gradient[k] = (above - f(x)) / (2 * h)
        x[k] = kept
    return gradient


@wrong("forward_gradient", "put back by subtracting")
def _(f, x, h):
    gradient, before = np.zeros_like(x), f(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        gradient[k] = (f(x) - before) / h
        x[k] -= h
    return gradient


@wrong("forward_gradient", "integer array")
def _(f, x, h):
    gradient, before = np.zeros(x.shape, dtype=int), f(x)
    for k in np.ndindex(x.shape):
        kept, x[k] = x[k], x[k] + h
        gradient[k] = (f(x) - before) / h
        x[k] = kept
    return gradient


@right("forward_gradient")
def _(f, x, h):
    gradient, before = np.zeros_like(x), f(x)
    for k in np.ndindex(x.shape):
        kept, x[k] = x[k], x[k] + h
        gradient[k] = (f(x) - before) / h
        x[k] = kept
    return gradient


def by_steps(step):
    def gradient(f, x):
        slopes = np.zeros_like(x)
        for k in np.ndindex(x.shape):
            kept, h = x[k], step(x[k])
            x[k] = kept + h
            above = f(x)
            x[k] = kept - h
            slopes[k] = (above - f(x)) / (2 * h)
            x[k] = kept
        return slopes

    return gradient


wrong("scaled_gradient", "no step at zero")(by_steps(lambda value: abs(value) * 6e-6))
wrong("scaled_gradient", "a tiny step at zero")(by_steps(lambda value: 6e-6 * abs(value) + 1e-12))
wrong("scaled_gradient", "one step for all")(by_steps(lambda value: 6e-6))
wrong("scaled_gradient", "sign of the entry")(by_steps(lambda value: max(6e-6, 6e-6 * value)))
right("scaled_gradient")(by_steps(lambda value: 1e-5 * (1 + abs(value))))


@wrong("scaled_gradient", "NaN made 0")
def _(f, x):
    slopes = by_steps(lambda value: 6e-6 * abs(value))(f, x)
    slopes[np.isnan(slopes)] = 0
    return slopes


def second(h, middle=2, over=1):
    def curvature(f, x):
        result = np.zeros_like(x)
        for k in np.ndindex(x.shape):
            kept, base = x[k], f(x)
            x[k] = kept + h
            above = f(x)
            x[k] = kept - h
            result[k] = (above - middle * base + f(x)) / (over * h * h)
            x[k] = kept
        return result

    return curvature


wrong("curvatures", "step too small")(second(6e-6))
wrong("curvatures", "step too small")(second(1e-7))
wrong("curvatures", "step too large")(second(0.1))
wrong("curvatures", "middle once")(second(1e-4, middle=1))
wrong("curvatures", "divided by 4 h squared")(second(1e-4, over=4))
right("curvatures")(second(3e-4))


@wrong("kinship", "by having a base")
def _(a, b):
    return "same" if a is b else "apart" if b.base is None else "shares"


@wrong("kinship", "one buffer, no common cell")
def _(a, b):
    return "same" if a is b else "shares" if np.may_share_memory(a, b) else "apart"


@wrong("kinship", "by equal numbers")
def _(a, b):
    return "same" if a is b else "shares" if a.shape == b.shape and (a == b).all() else "apart"


@wrong("kinship", "never same")
def _(a, b):
    return "shares" if np.shares_memory(a, b) else "apart"


@right("kinship")
def _(a, b):
    return ("apart", "shares", "same")[np.shares_memory(a, b) + (a is b)]


def rows(keep, restore=True, over=2):
    def slopes(f, x, h=1e-5):
        result = []
        for i in range(x.shape[0]):
            kept = keep(x, i)
            x[i] = kept + h
            above = f(x)
            x[i] = kept - h
            result.append((above - f(x)) / (over * h))
            if restore:
                x[i] = kept
        return np.array(result)

    return slopes


wrong("row_slopes", "what was kept has moved")(rows(lambda x, i: x[i, :]))
wrong("row_slopes", "what was kept has moved")(rows(lambda x, i: np.asarray(x[i])))
wrong("row_slopes", "divided by h")(rows(lambda x, i: x[i].copy(), over=1))
wrong("row_slopes", "not put back")(rows(lambda x, i: x[i].copy(), restore=False))
right("row_slopes")(rows(lambda x, i: np.array(x[i])))


@wrong("row_slopes", "put back by adding")
def _(f, x, h=1e-5):
    result = []
    for i in range(x.shape[0]):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        result.append((above - f(x)) / (2 * h))
        x[i] += h
    return np.array(result)


def flat(view):
    def slopes(f, X):
        cells, result = view(X), []
        for i in range(X.size):
            kept = cells[i]
            cells[i] = kept + 1e-5
            above = f(X)
            cells[i] = kept - 1e-5
            result.append((above - f(X)) / 2e-5)
            cells[i] = kept
        return np.array(result).reshape(X.shape)

    return slopes


wrong("any_layout", "flatten copies")(flat(lambda X: X.flatten()))
wrong("any_layout", "ravel copies where it must")(flat(lambda X: X.reshape(-1)))
wrong("any_layout", "flatten copies")(flat(lambda X: X.copy().reshape(-1)))
right("any_layout")(flat(lambda X: X.flat))


@wrong("any_layout", "two loops")
def _(f, X):
    result = np.zeros(X.shape)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            kept = X[i, j]
            X[i, j] = kept + 1e-5
            above = f(X)
            X[i, j] = kept - 1e-5
            result[i, j] = (above - f(X)) / 2e-5
            X[i, j] = kept
    return result


wrong("largest_rate", "half of it")(lambda curvatures: 1 / max(curvatures))
wrong("largest_rate", "the flattest direction")(lambda curvatures: 2 / min(curvatures))
wrong("largest_rate", "the sum")(lambda curvatures: 2 / sum(curvatures))
wrong("largest_rate", "all directions")(lambda curvatures: 2 / curvatures)
right("largest_rate")(lambda curvatures: float(min(2 / c for c in curvatures)))


@wrong("descend", "the caller's start")
def _(gradient, start, lr, steps):
    w = start
    path = [w.copy()]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w.copy())
    return np.array(path)


@wrong("descend", "one place, many times")
def _(gradient, start, lr, steps):
    w = start.astype(float)
    path = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w)
    return np.array(path)


@wrong("descend", "whole numbers")
def _(gradient, start, lr, steps):
    w = start.copy()
    path = [w.copy()]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w.copy())
    return np.array(path)


@wrong("descend", "no start")
def _(gradient, start, lr, steps):
    w, path = start.astype(float), []
    for _ in range(steps):
        w = w - lr * gradient(w)
        path.append(w)
    return np.array(path)


@right("descend")
def _(gradient, start, lr, steps):
    path = [start]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1]))
    return np.array(path, dtype=float)


def ball(look, keep=1.0):
    def nesterov(gradient, start, lr, steps, momentum):
        w, v = start.astype(float), np.zeros(len(start))
        path = [w]
        for _ in range(steps):
            v = (momentum if keep else 1) * v - lr * gradient(look(w, v, momentum))
            w = w + v
            path.append(w)
        return np.stack(path)

    return nesterov


wrong("nesterov", "not ahead")(ball(lambda w, v, m: w))
wrong("nesterov", "a whole step ahead")(ball(lambda w, v, m: w + v))
wrong("nesterov", "no friction")(ball(lambda w, v, m: w + m * v, keep=0))
wrong("nesterov", "behind")(ball(lambda w, v, m: w - m * v))
right("nesterov")(ball(lambda w, v, m: w + m * v))

wrong("tanh_backward", "tanh taken twice")(lambda dh, h: dh * (1 - np.tanh(h) ** 2))
wrong("tanh_backward", "the mask of a ReLU")(lambda dh, h: np.where(h > 0, dh, 0))
wrong("tanh_backward", "dh forgotten")(lambda dh, h: 1 - h * h)
wrong("tanh_backward", "the sigmoid's slope")(lambda dh, h: h * (1 - h) * dh)
right("tanh_backward")(lambda dh, h: dh * (1 - h) * (1 + h))


def block(dh):
    def backward(dout, h, W):
        dz = np.where(h @ W > 0, dout, 0)
        return dh(dout, dz, W), h.T @ dz

    return backward


wrong("residual_backward", "one way forgotten")(block(lambda dout, dz, W: dz @ W.T))
wrong("residual_backward", "the way around is masked")(block(lambda dout, dz, W: dz + dz @ W.T))
wrong("residual_backward", "transpose forgotten")(block(lambda dout, dz, W: dout + dz @ W))
wrong("residual_backward", "the identity for dout")(block(lambda dout, dz, W: 1 + dz @ W.T))
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
wrong("deep_gradients", "mean for sum in the bias")(deep(bias=np.mean))
right("deep_gradients")(deep())


@wrong("right_per_digit", "of those called so")
def _(t, predicted):
    return np.array([(t[predicted == k] == k).sum() / max(1, (predicted == k).sum()) for k in range(10)])


@wrong("right_per_digit", "counts")
def _(t, predicted):
    return np.bincount(t[t == predicted], minlength=10)


@wrong("right_per_digit", "of all digits")
def _(t, predicted):
    return np.array([((t == k) & (predicted == k)).mean() for k in range(10)])


@wrong("right_per_digit", "counted once")
def _(t, predicted):
    confusion = np.zeros((10, 10))
    confusion[t, predicted] += 1
    return confusion.diagonal() / confusion.sum(axis=1)


@right("right_per_digit")
def _(t, predicted):
    return np.bincount(t, weights=t == predicted, minlength=10) / np.bincount(t, minlength=10)


def standard(known, blank=True):
    def scaled(x, learn, asked):
        parts = []
        for part in (learn, asked):
            mean, deviation = known(x, learn, part).mean(axis=0), known(x, learn, part).std(axis=0)
            deviation[(deviation == 0) & blank] = 1
            parts.append((x[part] - mean) / deviation)
        return tuple(parts)

    return scaled


wrong("scaled", "the test set has told")(standard(lambda x, learn, part: x))
wrong("scaled", "blank pixels")(standard(lambda x, learn, part: x[learn], blank=False))
wrong("scaled", "each by its own")(standard(lambda x, learn, part: x[part]))
wrong("scaled", "each by its own")(standard(lambda x, learn, part: x[part], blank=False))
right("scaled")(standard(lambda x, learn, part: x[learn]))


@wrong("shifted", "round the corner")
def _(x, right, down):
    images = np.roll(np.roll(x.reshape(len(x), 8, 8), down, 1), right, 2)
    return images.reshape(len(x), 64)


@wrong("shifted", "as one long row")
def _(x, right, down):
    return np.roll(x, 8 * down + right, axis=-1)


def window(x, right, down):
    paper = np.zeros((len(x), 24, 24))
    paper[:, 8 + down : 16 + down, 8 + right : 16 + right] = x.reshape(-1, 8, 8)
    return paper[:, 8:16, 8:16]


wrong("shifted", "rows for columns")(lambda x, right, down: window(x, down, right).reshape(x.shape))
wrong("shifted", "another shape")(window)
wrong("shifted", "up for down")(lambda x, right, down: window(x, right, -down).reshape(x.shape))
right("shifted")(lambda x, right, down: window(x, right, down).reshape(x.shape))


# What readers of the first version wrote.


@right("softmax_backward")
def _(y, dy):
    return y * (y[..., None, :] * (dy[..., :, None] - dy[..., None, :])).sum(axis=-1)


wrong("scaled_gradient", "no step near zero")(by_steps(lambda value: 6e-6 * abs(value) or 6e-6))
wrong("row_slopes", "doubled, not cured")(rows(lambda x, i: x[i], over=1))
wrong("nesterov", "m applied twice")(ball(lambda w, v, m: w + m * (m * v)))


@wrong("reads_label", "all labels moved together")
def _(loss, z, t):
    return any(bool(loss(z, np.full_like(t, k)) != loss(z, t)) for k in range(z.shape[1]))


@wrong("any_layout", "written while iterating")
def _(f, X):
    flat, slopes = X.flat, []
    for i, kept in enumerate(flat):
        flat[i] = kept + 1e-5
        above = f(X)
        flat[i] = kept - 1e-5
        slopes.append((above - f(X)) / 2e-5)
        flat[i] = kept
    return np.array(slopes).reshape(X.shape)


@wrong("descend", "one place, many times")
def _(gradient, start, lr, steps):
    w = start.copy()
    path = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w)
    return np.array(path)


@wrong("smoothed_slope", "the label without its share")
def _(z, t, e):
    labels = np.full(z.shape, e / z.shape[1])
    labels[np.arange(len(t)), t] = 1 - e
    return (softmax(z) - labels) / len(z)


@wrong("right_per_digit", "shape")
def _(t, predicted):
    return np.bincount(t[t == predicted])


@wrong("right_per_digit", "returns a tuple or list of 10")
def _(t, predicted):
    return [float(np.mean(predicted[t == k] == k)) for k in range(10)]


@wrong("residual_backward", "another order")
def _(dout, h, W):
    dz = dout * (h @ W > 0)
    return h.T @ dz, dout + dz @ W.T


@wrong("scaled", "divided by almost nothing")
def _(x, learn, asked):
    mean, deviation = x[learn].mean(axis=0), x[learn].std(axis=0) + 1e-8
    return (x[learn] - mean) / deviation, (x[asked] - mean) / deviation


@wrong("forward_gradient", "shape")
def _(f, x, h):
    before, slopes = f(x), []
    for k in range(len(x)):
        kept = x[k]
        x[k] = kept + h
        slopes.append((f(x) - before) / h)
        x[k] = kept
    return np.array(slopes)


@wrong("kinship", "equal is not the same")
def _(a, b):
    return "same" if np.array_equal(a, b) else "shares" if np.shares_memory(a, b) else "apart"


@wrong("kinship", "another word")
def _(a, b):
    return "identical" if a is b else "shared" if np.shares_memory(a, b) else "apart"
