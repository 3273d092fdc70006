"""Answers to the exercises as readers write them: right ones, and wrong ones with the mistake that the check should name."""

# fmt: off
import functools
import itertools
import math

import numpy as np

from helpers import log_softmax, one_hot, softmax, softmax_cross_entropy

WRONG, RIGHT = [], []

def answers(exercise, right, *wrong):
    """Add a right answer or a list of them, and wrong ones: pairs of a mistake and an answer that makes it."""
    RIGHT.extend((exercise, answer) for answer in (right if isinstance(right, list) else [right]))
    WRONG.extend((exercise, mistake, answer) for mistake, answer in wrong)

def itself(array):
    return array

# 01: softmax. The arguments say how the maximum, the sum and the exponential are taken.

def variant(top=lambda z: np.max(z, -1, keepdims=True), total=lambda e: e.sum(-1, keepdims=True), exp=np.exp):
    return lambda z: exp(z - top(z)) / total(exp(z - top(z)))

def flat(numbers):
    return np.sum(numbers, axis=-1)

def row_by_row(z):
    return np.apply_along_axis(lambda row: [1 / sum(math.exp(other - score) for other in row) for score in row], -1, z)

def in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)

def log_sum(z, top, add=None):
    return np.log(flat(np.exp(z - top))) + (top if add is None else add)

def tempered(**parts):
    return lambda z, T: variant(**parts)(z / T)

answers("softmax", row_by_row,
    ("no shift", variant(top=lambda z: 0)), ("one sum for the whole batch", variant(total=np.sum)),
    ("one sum for the whole batch", variant(top=np.max, total=np.sum)),
    ("wrong axis", variant(total=lambda e: np.sum(e, 0))), ("no keepdims", variant(total=flat)),
    ("no keepdims", variant(top=lambda z: z.max(-1), total=flat)), ("one maximum for the whole batch", variant(top=np.max)),
    ("log instead of exp", lambda z: np.log(z) / np.sum(np.log(z), -1, keepdims=True)),
    ("not normalised", variant(total=lambda e: 1)),
    ("log-softmax", lambda z: np.log(variant()(z)) if np.ptp(z) < 20 else log_softmax(z) * 1.0),
    ("calls helpers.softmax", softmax), ("nearly right", variant(total=lambda e: e.sum(-1, keepdims=True) + 1e-6)),
    ("one sum for the whole batch", lambda z: np.exp(z) / np.sum(np.exp(z))),
    ("one bird is not a batch", lambda z: np.array([np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in z])),
    ("maximum of each column", variant(top=lambda z: z.max(axis=0, keepdims=True))),
    ("number of axes", variant(top=lambda z: z.max(axis=1, keepdims=True))), ("changed argument", in_place))
answers("log_sum_exp", lambda z: np.apply_along_axis(lambda row: max(row) + math.log(sum(np.exp(row - max(row)))), -1, z),
    ("no shift", lambda z: log_sum(z, 0)), ("shift not undone", lambda z: log_sum(z, np.max(z, -1, keepdims=True), 0)),
    ("no keepdims", lambda z: log_sum(z, np.amax(z, axis=-1))),
    ("one maximum for the whole batch", lambda z: log_sum(z, np.max(z))),
    ("one sum for the whole batch", lambda z: np.log(np.sum(np.exp(z)))),
    ("maximum subtracted", lambda z: log_sum(z, np.max(z, -1, keepdims=True), -np.max(z, -1))),
    ("wrong shape", lambda z: log_sum(z, z.max(-1, keepdims=True), 0)[..., None] + z.max(-1, keepdims=True)),
    ("calls helpers.log_softmax", lambda z: (z - log_softmax(z))[..., 0]))
answers("softmax_at", tempered(),
    ("T multiplies", lambda z, T: variant(exp=lambda s: np.exp(T * s))(z)),
    ("the probabilities are divided", lambda z, T: variant()(z) / T), ("no shift", tempered(top=lambda z: 0)),
    ("the temperature cancels", lambda z, T: variant(exp=lambda s: np.exp(s) / T)(z)),
    ("calls helpers.softmax", lambda z, T: softmax(z / T)))
answers("softmax_backward", lambda y, dy: y * (y[..., None, :] * (dy[..., :, None] - dy[..., None, :])).sum(axis=-1),
    ("only the diagonal", lambda y, dy: y * (1 - y) * dy), ("no keepdims", lambda y, dy: y * dy - y * flat(y * dy)),
    ("wrong axis", lambda y, dy: y * (dy - np.sum(y * dy, axis=0))),
    ("one sum for the whole batch", lambda y, dy: y * (dy - np.sum(y * dy))),
    ("one example only", lambda y, dy: (np.diag(y) - np.outer(y, y)) @ dy),
    ("wrong sign", lambda y, dy: y * (np.sum(y * dy, axis=-1, keepdims=True) - dy)))

# 02: cross-entropy.

def paired(rows, t):
    return rows[np.arange(len(t)), t]

def smoothing(others, own, dtype=float):
    """Return an answer that gives the other classes others(e, C) and the right class own(e, C)."""

    def slope(z, t, e):
        labels = np.full(z.shape, others(e, z.shape[1]), dtype=dtype)
        labels[np.arange(len(t)), t] = own(e, z.shape[1])
        return (softmax(z) - labels) / len(z)

    return slope

smooth = smoothing(lambda e, C: e / C, lambda e, C: 1 - e + e / C)

def losses(loss, z):
    return (loss(z, np.array(other)) for other in itertools.product(range(z.shape[1]), repeat=len(z)))

def writes_into_the_labels(loss, z, t):
    before = loss(z, t)
    t[:] = (t + 1) % z.shape[1]
    return bool(loss(z, t) != before)

def refuses_a_word(loss, z, t):
    try:
        loss(z, "cat")
    except Exception:
        return True
    return False

def next_class_of_each(loss, z, t):
    others = [np.where(np.arange(len(t)) == n, (t + 1) % z.shape[1], t) for n in range(len(t))]
    return any(bool(loss(z, other) != loss(z, t)) for other in others)

answers("cross_entropy",
    [lambda y, t: -np.sum(one_hot(t, y.shape[-1]) * np.log(y)) / len(y), lambda y, t: -np.log(paired(y, t)).mean()],
    ("no minus", lambda y, t: np.mean(np.log(paired(y, t)))),
    ("sum instead of mean", lambda y, t: -np.log(paired(y, t)).sum()),
    ("one loss for each example", lambda y, t: -np.log(paired(y, t))),
    ("all classes count", lambda y, t: -np.mean(np.log(y))),
    ("the label is not used", lambda y, t: -np.mean(np.log(paired(y, np.argmax(y, axis=-1))))),
    ("a constant caps the loss", lambda y, t: -np.mean(np.log(paired(y, t) + 1e-7))),
    ("a constant caps the loss", lambda y, t: -np.mean(np.log(np.clip(paired(y, t), 1e-7, 1)))),
    ("rows and labels not paired", lambda y, t: -np.mean(np.log(y[:, t]))),
    ("one-hot labels expected", lambda y, t: -np.sum(t * np.log(y)) / np.size(t)),
    ("one-hot labels expected", lambda y, t: -np.mean(t * np.log(y))),
    ("the label picks a row", lambda y, t: -np.log(y[t]).mean()),
    ("index out of bounds", lambda y, t: -np.log(y[np.arange(9), t]).mean()),
    ("no logarithm", lambda y, t: np.mean(1 - paired(y, t))), ("another base", lambda y, t: np.mean(-np.log2(paired(y, t)))),
)
answers("example_losses", lambda z, t: -(log_softmax(z) * one_hot(t, z.shape[1])).sum(axis=1),
    ("rows and labels not paired", lambda z, t: -log_softmax(z)[:, t]),
    ("logarithm taken too late", lambda z, t: -np.log(variant()(z)[range(len(t)), t])),
    ("a constant caps the loss", lambda z, t: -np.log(softmax(z)[np.arange(len(t)), t] + 1e-7)),
    ("the mean", lambda z, t: -(log_softmax(z) * one_hot(t, z.shape[1])).sum() / len(t)),
    ("calls helpers.softmax_cross_entropy", lambda z, t: np.array(list(map(softmax_cross_entropy, z, t)))))
answers("soft_cross_entropy", lambda z, t: -np.einsum("nc,nc->", t, log_softmax(z)) / z.shape[0],
    ("sum over the batch", lambda z, t: -(t * log_softmax(z)).sum()),
    ("divided by the classes", lambda z, t: -(t * log_softmax(z)).sum(axis=0).mean()),
    ("hard labels", lambda z, t: -paired(log_softmax(z), np.argmax(t, axis=1)).mean()),
    ("no minus", lambda z, t: (t * log_softmax(z)).sum() / len(z)))
answers("smoothed_slope", smooth,
    ("not smoothed", lambda z, t, e: softmax(z) - one_hot(t, z.shape[1])),
    ("no mean", lambda z, t, e: smooth(z, t, e) * len(z)),
    ("spread over the other classes", smoothing(lambda e, C: e / (C - 1), lambda e, C: 1 - e)),
    ("right class without its share", smoothing(lambda e, C: e / C, lambda e, C: 1 - e)),
    ("integer labels", smoothing(lambda e, C: e / C, lambda e, C: 1 - e + e / C, int)),
    ("label sums to more than 1", smoothing(lambda e, C: e / C, lambda e, C: 1 + e / C)))
answers("reads_label", lambda loss, z, t: len(set(map(float, losses(loss, z)))) > 1,
    ("only one other label tried", lambda loss, z, t: bool(loss(z, (t + 1) % z.shape[1]) != loss(z, t))),
    ("always True", lambda loss, z, t: bool(loss(z, t) > 0)), ("always True", refuses_a_word),
    ("only one other label tried", next_class_of_each),
    ("True and False exchanged", lambda loss, z, t: all(other == loss(z, t) for other in losses(loss, z))),
    ("all labels changed together",
     lambda loss, z, t: any(bool(loss(z, np.full_like(t, k)) != loss(z, t)) for k in range(z.shape[1]))),
    ("changed labels", writes_into_the_labels))

# 03: numerical gradient. `formula` gets a function of how many steps the entry is moved, and the step.

def central(f, h):
    return (f(1) - f(-1)) / (2 * h)

def one_sided(f, h):
    return (f(1) - f(0)) / h

def doubled(f, h):
    return (f(1) - f(-1)) / h

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

def forward(**how):
    def gradient(f, x, h):
        before = f(x)
        return slopes(f, x, h, lambda f, h: (f(1) - before) / h, **how)

    return gradient

def adds_and_subtracts(f, x, h):
    gradient, before = np.zeros_like(x), f(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        gradient[k] = (f(x) - before) / h
        x[k] -= h
    return gradient

def second(h, middle=2, over=1, **how):
    return measured(h, lambda f, h: (f(1) - middle * f(0) + f(-1)) / (over * h * h), **how)

def moves_copies(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.reshape([(f(x + step) - f(x - step)) / (2 * h) for step in steps], x.shape)

def swallows(f, x):
    try:
        return safely()(f, x)
    except ArithmeticError:
        return np.zeros(x.shape)

answers("numerical_gradient", [safely(), safely(1e-4)],
    ("f never saw a change", measured(view=np.ndarray.flatten)),
    ("f never saw a change", lambda f, x: slopes(lambda _: f(x), x.copy())), ("one-sided", safely(1e-5, one_sided)),
    ("one-sided", safely(1e-8, one_sided)), ("one-sided", safely(view=lambda x: x.reshape(-1, 1), axes=1, keep=itself)),
    ("works on a copy", moves_copies), ("all entries at once", lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5),
    ("divided by h", safely(1e-4, doubled)), ("not restored", measured(restore=False)), ("error hidden", swallows),
    ("not restored after an error", measured(1e-4)), ("step too small", safely(1e-12)), ("step too large", safely(0.05)),
    ("integer array", safely(dtype=int)), ("number of axes", two_loops),
    ("only one axis", lambda f, x: np.zeros_like(x) + slopes(f, x, axes=1).reshape(-1, *[1] * (x.ndim - 1))))
answers("forward_gradient", forward(),
    ("not restored", forward(restore=False)), ("not restored", lambda f, x, h: forward(restore=False)(f, x.copy(), h)),
    ("f is called too often", lambda f, x, h: slopes(f, x, h, one_sided)),
    ("integer array", forward(dtype=int)), ("central difference", slopes),
    ("f never saw a change", forward(view=np.ndarray.flatten)), ("wrong shape", forward(axes=1)),
    ("restored by arithmetic", adds_and_subtracts))
answers("scaled_gradient", measured(lambda value: 1e-5 * (1 + abs(value))),
    ("no step at zero", measured(lambda value: abs(value) * 6e-6)),
    ("no step near zero", measured(lambda value: 6e-6 * abs(value) or 6e-6)),
    ("tiny step at zero", measured(lambda value: 6e-6 * max(abs(value), 1e-8))),
    ("same step for all entries", measured(6e-6)), ("sign of the entry", measured(lambda value: max(6e-6, 6e-6 * value))),
    ("NaN replaced by 0", lambda f, x: np.nan_to_num(slopes(f, x, lambda value: 6e-6 * abs(value)))),
    ("f never saw a change", measured(lambda value: 6e-6 * max(1, abs(value)), view=np.ndarray.flatten)))
answers("curvatures", [second(3e-4), second(2e-3)],  # the result has five right digits, and nothing else counts
    ("step too small", second(6e-6)), ("step too small", second(1e-7)), ("step too large", second(0.1)),
    ("f(x) counted once", second(1e-4, middle=1)), ("divided by 4 h squared", second(1e-4, over=4)),
    ("f never saw a change", second(1e-4, view=np.ndarray.flatten)))

# 04: views and copies.

def related(same, shares):
    return lambda a, b: "same" if same(a, b) else "shares" if shares(a, b) else "separate"

def identical(a, b):
    return a is b

def rows(formula=central, **how):
    return measured(1e-5, formula, axes=1, **how)

def loop_over_flat(f, X):
    entries, found = X.flat, []
    for i, kept in enumerate(entries):
        entries[i] = kept + 1e-5
        above = f(X)
        entries[i] = kept - 1e-5
        found.append((above - f(X)) / 2e-5)
        entries[i] = kept
    return np.array(found).reshape(X.shape)

answers("relation_of", lambda a, b: ("separate", "shares", "same")[np.shares_memory(a, b) + (a is b)],
    ("asks only for a base", related(identical, lambda a, b: b.base is not None)),
    ("compares the memory ranges", related(identical, np.may_share_memory)),
    ("compares the numbers", related(identical, lambda a, b: a.shape == b.shape and (a == b).all())),
    ("equal arrays called the same", related(np.array_equal, np.shares_memory)),
    ("equal arrays called the same", related(lambda a, b: (a == b).all(), np.shares_memory)),
    ("compares .base with a", lambda a, b: "shares" if b.base is a else "separate"),
    ("never says same", related(lambda a, b: False, np.shares_memory)),
    ("wrong word", lambda a, b: "identical" if a is b else "shared" if np.shares_memory(a, b) else "separate"),
)
answers("row_slopes", rows(),
    ("the kept row is a view", rows(keep=itself)), ("the kept row is a view", rows(keep=np.asarray)),
    ("one-sided", rows(doubled, keep=itself)), ("divided by h", rows(doubled)),
    ("one-sided", lambda f, x: slopes(f, x, 1e-5, one_sided, axes=1)),
    ("not restored", rows(restore=False)), ("f never saw a change", rows(view=np.copy)))
answers("any_layout", measured(),
    ("flatten makes a copy", measured(view=np.ndarray.flatten)),
    ("flatten makes a copy", measured(view=lambda X: X.copy().reshape(-1))),
    ("ravel sometimes makes a copy", measured(view=lambda X: X.reshape(-1))), ("changed while iterating", loop_over_flat),
    ("error in your code", lambda f, X: kept + f(X)),  # noqa: F821
    ("error in your code", lambda f, X: [X[k] for k in np.ndindex(X)]),
    ("number of axes", two_loops))

# 05: gradient descent.

def floats(start):
    return start.astype(float)

def path_of(start_of=floats, point=np.copy, sign=-1.0, part=slice(None), made=np.array):
    def descend(gradient, start, lr, steps):
        w = start_of(start)
        path = [point(w)]
        for _ in range(steps):
            w += sign * lr * gradient(w)
            path.append(point(w))
        return made(path[part])

    return descend

def path_by(gradient, start, lr, count, first):
    path = [first(start)]
    for _ in range(count):
        path.append(path[-1] - lr * gradient(path[-1]))
    return path

def path_list(*args, **how):
    return path_of(*args, **how, made=itself)

def row_0(gradient, start, lr, steps):
    w = start.astype(float)
    path = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w.copy())
    return path

def ball(look, keep=True, made=np.stack):
    def nesterov(gradient, start, lr, steps, momentum):
        w, v = start.astype(float), np.zeros(len(start))
        path = [w]
        for _ in range(steps):
            v = (momentum if keep else 1) * v - lr * gradient(look(w, v, momentum))
            w = w + v
            path.append(w)
        return made(path)

    return nesterov

def look_ahead_in_place(gradient, start, lr, steps, momentum):
    w, v = start.copy(), np.zeros(len(start))
    path = [w.copy()]
    for _ in range(steps):
        ahead = w
        ahead += momentum * v
        v = momentum * v - lr * gradient(ahead)
        w += v
        path.append(w.copy())
    return path

answers("largest_rate", lambda curvatures: float(min(2 / c for c in curvatures)),
    ("half of the limit", lambda curvatures: 1 / max(curvatures)),
    ("the flattest direction", lambda curvatures: 2 / min(curvatures)), ("the sum", lambda curvatures: 2 / sum(curvatures)),
    ("the fastest rate", lambda curvatures: 2 / (curvatures.max() + curvatures.min())),
    ("one rate for each direction", lambda curvatures: 2 / curvatures),
    ("constant factor", lambda curvatures: 3 / curvatures.max()),
    ("wrong result", lambda curvatures: 2 / np.sqrt(np.sum(curvatures**2))))
answers("gradient_descent", [path_list(), path_of(np.copy)],
    ("row 0 is the last point", row_0),
    ("start is not copied", lambda gradient, start, lr, steps: path_by(gradient, start, lr, steps, itself)),
    ("wrong number of points", lambda gradient, start, lr, steps: path_by(gradient, start, lr, steps + 1, np.copy)),
    ("wrong entries", lambda gradient, start, lr, steps: [*start, *path_by(gradient, start, lr, steps, np.copy)[1:]]),
    ("the caller's start has changed", path_list(itself)), ("every entry is the last point", path_list(point=itself)),
    ("uphill", path_list(sign=1.0)), ("only the last point", path_list(part=-1)))
answers("descend", [path_of(lambda start: 1.0 * start), path_list()],
    ("row 0 is the last point", lambda *arguments: np.array(row_0(*arguments))),
    ("the caller's start has changed", path_of(itself)), ("every row is the last point", path_of(point=itself)),
    ("every row is the last point", path_of(np.copy, itself)), ("copies missing", path_of(itself, itself)),
    ("whole numbers", path_of(np.copy)), ("no start", path_of(part=slice(1, None))))
answers("nesterov", [ball(lambda w, v, m: w + m * v), ball(lambda w, v, m: w + m * v, made=list)],
    ("the look ahead moves w", look_ahead_in_place),
    ("gradient at w", ball(lambda w, v, m: w)), ("a whole step ahead", ball(lambda w, v, m: w + v)),
    ("no friction", ball(lambda w, v, m: w + m * v, keep=False)), ("looks behind", ball(lambda w, v, m: w - m * v)),
    ("m applied twice", ball(lambda w, v, m: w + m * (m * v))))

# 06: backpropagation.

def block(dh, order=1):
    def backward(dout, h, W):
        dz = np.where(h @ W > 0, dout, 0)
        return (dh(dout, dz, W), h.T @ dz)[::order]

    return backward

def deep(order=-1, mask=lambda z, da: z > 0, mean=True, bias=np.sum):
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
                da = dz @ layers[k][0].T
                dz = da * mask(zs[k - 1], da)
        return found[::order]

    return gradients

def network(change=lambda found: {}, logits=itself, **how):
    def answer(params, x, t):
        W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
        (dW1, db1), (dW2, db2) = deep(**how)(x, t, [(W1, b1), (W2, b2)])
        z2 = np.maximum(x.dot(W1) + b1, 0).dot(W2) + b2
        found = {"b2": db2, "W2": dW2, "b1": db1, "W1": dW1}
        return logits(z2), softmax_cross_entropy(z2, t), found | change(found)

    return answer

def expecting_two(x, t, layers):
    (W1, b1), (W2, b2) = layers
    return deep()(x, t, [(W1, b1), (W2, b2)])

def masked_by_its_own_output(x, t, layers):
    inputs = [x]
    for W, b in layers[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W + b, 0))
    W, b = layers[-1]
    dz, found = (softmax(inputs[-1] @ W + b) - one_hot(t, len(b))) / len(x), []
    for (W, b), a in zip(layers[::-1], inputs[::-1], strict=True):
        found.append((a.T @ dz, dz.sum(axis=0)))
        dz = (dz * (a @ W + b > 0)) @ W.T
    return found[::-1]

def three_classes(params, x, t):
    logits, loss, found = network()(params, x, t)
    return logits, loss, found | {"b2": ((softmax(logits) - one_hot(t, 3)) / len(x)).sum(axis=0)}

def part(change):
    return lambda params, x, t: change(*network()(params, x, t))

answers("tanh_backward", lambda dh, h: dh * (1 - h) * (1 + h),
    ("parentheses missing", lambda dh, h: dh * 1 - h**2),
    ("tanh taken twice", lambda dh, h: dh * (1 - np.tanh(h) ** 2)),
    ("the mask of a ReLU", lambda dh, h: np.where(h > 0, dh, 0)), ("da is missing", lambda dh, h: 1 - h * h),
    ("the slope of the sigmoid", lambda dh, h: h * (1 - h) * dh))
answers("residual_backward", block(lambda dout, dz, W: (W @ dz.T).T + dout),
    ("one path is missing", block(lambda dout, dz, W: dz @ W.T)),
    ("the path around is masked", block(lambda dout, dz, W: dz + dz @ W.T)),
    ("no transpose", block(lambda dout, dz, W: dout + dz @ W)),
    ("the path around passes through W", block(lambda dout, dz, W: (dout + dz) @ W.T)),
    ("1 instead of dout", block(lambda dout, dz, W: 1 + dz @ W.T)),
    ("wrong order", block(lambda dout, dz, W: dout + dz @ W.T, order=-1)))
answers("deep_gradients", deep(),
    ("the last layer first", deep(order=1)), ("no mask", deep(mask=lambda z, da: 1)), ("no mean", deep(mean=False)),
    ("mean instead of sum for the bias", deep(bias=np.mean)), ("mask of the wrong array", deep(mask=lambda z, da: da > 0)),
    ("mask of another layer", masked_by_its_own_output), ("two layers only", expecting_two))
answers("two_layer_net", network(),
    ("no mean", network(mean=False)), ("no mask", network(mask=lambda z, da: 1)),
    ("mask of the wrong array", network(mask=lambda z, da: da > 0)),
    ("the ReLU once more", network(mask=lambda z, da: np.maximum(z, 0))),
    ("wrong sign", network(lambda found: {name: -slope for name, slope in found.items()})),
    ("constant factor", lambda params, x, t: network(lambda g: {"b1": g["b1"] / len(x)})(params, x, t)),
    ("keys exchanged", network(lambda found: {"W1": found["W2"], "W2": found["W1"]})),
    ("wrong shape", network(lambda found: {"b2": found["b2"][None]})),
    ("wrong shape", network(lambda found: {"W2": found["W2"].T})),
    ("constant factor", network(lambda g: {"b1": 2 * g["b1"]})),
    ("wrong result", network(lambda found: {"W2": found["W2"] ** 2})),
    ("wrong keys", part(lambda logits, loss, g: (logits, loss, {f"d{name}": slope for name, slope in g.items()}))),
    ("returns a tuple or list of 4", part(lambda logits, loss, g: (logits, loss, tuple(g.values())))),
    ("returns nothing", part(lambda logits, loss, g: (logits, loss, None))),
    ("returns nothing", part(lambda logits, loss, g: (None, None, None))),
    ("probabilities instead of logits", network(logits=softmax)), ("wrong result", network(logits=lambda z: z + z**2)),
    ("three classes assumed", three_classes))

# 07: gradient checking.

def two_layers(slope=lambda a, z1: 1 - a * a, left=lambda a, z1: a):
    def answer(x, t, W1, W2):
        z1 = x.dot(W1)
        a = np.tanh(z1)
        dz2 = (softmax(a.dot(W2)) - np.eye(W2.shape[1])[t]) / len(x)
        return x.T.dot(dz2.dot(W2.T) * slope(a, z1)), left(a, z1).T.dot(dz2)

    return answer

def agrees(f, gradient, x, entries=slice(None)):
    given, measured = gradient(x).ravel()[entries], slopes(f, x.copy()).ravel()[entries]
    return bool(np.max(abs(given - measured)) <= 1e-5 * np.max(abs(measured)))

def somewhere(x):
    return np.random.default_rng(1).standard_normal(x.shape)

def agrees_twice(f, gradient, x, second=somewhere):
    return agrees(f, gradient, x) and agrees(f, gradient, second(x))

def at_second(second):
    return lambda f, gradient, x: agrees_twice(f, gradient, x, second)

def at_both(close, formula=central):
    points = (np.copy, somewhere)
    return lambda f, gradient, x: all(bool(close(slopes(f, at(x), 1e-5, formula), gradient(at(x)))) for at in points)

answers("two_mistakes", two_layers(),
    ("both are still there", two_layers(lambda a, z1: 1 - z1**2, lambda a, z1: z1)),
    ("dW1 is still wrong", two_layers(lambda a, z1: 1 - z1**2)), ("dW2 is still wrong", two_layers(left=lambda a, z1: z1)),
)
answers("gradients_agree", lambda a, b: bool(abs(a - b).max() <= 1e-6 * np.max([abs(a), abs(b)])),
    ("an absolute tolerance", lambda a, b: bool((abs(a - b) < 1e-6).all())),
    ("each entry by itself", lambda a, b: bool((abs(a - b) <= 1e-6 * np.maximum(abs(a), abs(b))).all())),
    ("each entry by itself", lambda a, b: np.all(abs(a - b) / np.maximum(abs(a), abs(b)) < 1e-6)),
    ("both arrays are zero", lambda a, b: bool(abs(a - b).max() < 1e-6 * np.max([abs(a), abs(b)]))),
    ("too loose", lambda a, b: bool(np.allclose(a, b))), ("too loose", lambda a, b: bool(np.allclose(a, b, rtol=1e-2))),
    ("too loose", lambda a, b: bool(abs(a - b).max() <= 1e-3 * np.max([abs(a), abs(b)]))),
    ("an absolute tolerance, too", lambda a, b: bool(np.allclose(a, b, rtol=1e-6))),
    ("wrong shape", lambda a, b: abs(a - b) <= 1e-6 * np.max([abs(a), abs(b)])),
    ("the mean difference", lambda a, b: bool(np.mean(abs(a - b)) <= 1e-6 * max(abs(a).max(), abs(b).max()))))
answers("check_of_gradients", agrees_twice,
    ("one point only", agrees), ("always right", lambda f, gradient, x: bool(np.isfinite(f(x)))),
    ("one entry only", lambda f, gradient, x: agrees(f, gradient, x, slice(1))),
    ("second point like the first", at_second(lambda x: np.random.default_rng(0).random(x.shape))),
    ("second point like the first", at_second(lambda x: 2 * x)), ("zero as second point", at_second(np.zeros_like)),
    ("x is not looked at", lambda f, gradient, x: agrees(f, gradient, somewhere(x))),
    ("too loose", at_both(lambda a, b: np.allclose(a, b, rtol=5e-3))), ("an absolute tolerance", at_both(np.allclose)),
    ("an absolute tolerance", at_both(lambda a, b: (abs(a - b) < 1e-6).all())),
    ("always wrong", at_both(lambda a, b: abs(a - b).max() <= 1e-6 * abs(b).max(), one_sided)),
)

# 08: digits.

def table(t, predicted):
    counts = np.zeros((10, 10))
    counts[t, predicted] += 1
    return counts

def counted(divide, length=10):
    return lambda t, predicted: np.bincount(t, t == predicted, length) / divide(t, predicted)

def standard(known, repair=lambda deviation: np.where(deviation == 0, 1, deviation)):
    def scaled(x, learn, asked):
        parts = [(x[part], known(x, learn, part)) for part in (learn, asked)]
        return tuple((part - rows.mean(axis=0)) / repair(rows.std(axis=0)) for part, rows in parts)

    return scaled

def of_known(x, learn, part):
    return x[learn]

def window(x, right, down):
    paper = np.zeros((len(x), 24, 24))
    paper[:, 8 + down : 16 + down, 8 + right : 16 + right] = x.reshape(-1, 8, 8)
    return paper[:, 8:16, 8:16]

def rolled(x, right, down):
    return np.roll(np.roll(x.reshape(len(x), 8, 8), down, 1), right, 2).reshape(len(x), 64)

def blanked(rows, columns, axis=(1, 2)):
    """Return an answer that uses np.roll and then blanks what these slices, of down and of right, select."""

    def answer(x, right, down):
        images = np.roll(x.reshape(-1, 8, 8), (down, right), axis=axis)
        images[:, rows(down)] = images[:, :, columns(right)] = 0
        return images.reshape(x.shape)

    return answer

def loop(x, right, down):
    moved = np.zeros((len(x), 8, 8))
    for i, j in np.ndindex(8, 8):
        if i + down < 8 and j + right < 8:
            moved[:, i + down, j + right] = x[:, 8 * i + j]
    return moved.reshape(x.shape)

def sliced(x, right, down):
    moved = np.zeros((len(x), 8, 8))
    moved[:, down:, right:] = x.reshape(-1, 8, 8)[:, : 8 - down, : 8 - right]
    return moved.reshape(x.shape)

answers("right_per_digit", counted(lambda t, predicted: np.bincount(t, minlength=10)),
    ("counts", lambda t, predicted: np.bincount(t[t == predicted], minlength=10)),
    ("share of all digits", counted(lambda t, predicted: len(t))),
    ("repeated pairs counted once", lambda t, p: table(t, p).diagonal() / table(t, p).sum(axis=1)),
    ("precision", counted(lambda t, predicted: np.maximum(1, np.bincount(predicted, minlength=10)))),
    ("wrong shape", lambda t, predicted: np.bincount(t[t == predicted])),
    ("returns a tuple or list of 10", lambda t, p: [float(np.mean(p[t == k] == k)) for k in range(10)]))
answers("scaled", standard(of_known),
    ("statistics of the test set", standard(lambda x, learn, part: x)), ("blank pixels", standard(of_known, itself)),
    ("divided by almost nothing", standard(of_known, lambda deviation: deviation + 1e-8)),
    ("each part by its own statistics", standard(lambda x, learn, part: x[part])),
    ("each part by its own statistics", standard(lambda x, learn, part: x[part], itself)))
answers("shifted",
    [lambda x, right, down: window(x, right, down).reshape(x.shape),
     blanked(*[lambda k: slice(0, k) if k >= 0 else slice(k, None)] * 2)],
    ("pixels come back on the other side", blanked(*[lambda k: slice(0, max(k, 0))] * 2)),
    ("pixels come back on the other side", loop), ("slices for positive moves only", sliced),
    ("rows and columns exchanged", blanked(*[lambda k: slice(0)] * 2, axis=(2, 1))),
    ("pixels come back on the other side", rolled),
    ("an image is one long row", lambda x, right, down: np.roll(x, 8 * down + right, axis=-1)),
    ("rows and columns exchanged", lambda x, right, down: window(x, down, right).reshape(x.shape)),
    ("shape of the images", window), ("up instead of down", lambda x, right, down: window(x, right, -down).reshape(x.shape)),
)

# 09: autodiff.

def rules(matmul=lambda a, b, g: (g.dot(b.T), a.T.dot(g)), relu=lambda a, g: np.where(a > 0, g, 0.0)):
    return lambda operation, a, b, g: matmul(a, b, g) if operation == "matmul" else relu(a, g)

def tanh(slope):
    def answer(value):
        y = np.tanh(value.data)
        return type(value)(y, (value,), (lambda g: slope(g, y, value.data),), "tanh")

    return answer

def as_value(make):
    """Return an answer whose result is make(type of the value, its tanh, the value)."""
    return lambda value: make(type(value), np.tanh(value.data), value)

def in_order(result, add=True, reset=True, step=-1):
    order = []

    def visit(value):
        if value not in order:
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(result)
    if reset:
        zero(result)
    result.grad = np.ones_like(result.data)
    for value in order[::step]:
        for parent, rule in zip(value.parents, value.rules, strict=True):
            parent.grad = rule(value.grad) + (parent.grad if add else 0)

def zero(value):
    value.grad = np.zeros_like(value.data)
    for parent in value.parents:
        zero(parent)

def as_they_come(result, first=0, once=False, again=False):
    zero(result)
    result.grad, waiting, seen = np.ones_like(result.data), [result], [result]
    while waiting:
        value = waiting.pop(first)
        for parent, rule in zip(value.parents, value.rules, strict=True):
            parent.grad = parent.grad + rule(value.grad)
            if again or parent not in (seen if once else waiting):
                waiting.append(parent)
                seen.append(parent)

def loss_of_values(shift=True, mean=True, log=True, rows=1):
    def answer(z, t):
        constant = type(z)
        if shift:
            z = z + constant(-np.max(z.data, axis=rows, keepdims=True))
        picked = np.eye(z.data.shape[1])[t] * (-1 / len(t) if mean else -1.0)
        return ((z + -(z.exp().sum(axis=1).log()) if log else z) * constant(picked)).sum()

    return answer

answers("rules", rules(),
    ("wrong order", rules(matmul=lambda a, b, g: (a.T.dot(g), g.dot(b.T)))),
    ("no mask", rules(relu=lambda a, g: g)), ("mask of the wrong array", rules(relu=lambda a, g: np.where(g > 0, g, 0.0))),
)
answers("tanh", tanh(lambda g, y, z: g - g * y * y),
    ("the square of the input", tanh(lambda g, y, z: g * (1 - z * z))), ("g is missing", tanh(lambda g, y, z: 1 - y * y)),
    ("the slope of the sigmoid", tanh(lambda g, y, z: g * y * (1 - y))), ("returns nothing", lambda value: None),
    ("does not return a Value", as_value(lambda Value, y, value: y)), ("wrong parameters", lambda: None),
    ("parents and rules are not tuples", as_value(lambda Value, y, value: Value(y, (value), (lambda g: g)))),
    ("error in your code", tanh(lambda g, y, z: g * nosuch)), ("wrong result", tanh(lambda g, y, z: g)))  # noqa: F821
answers("backward", in_order,
    ("passes slopes on too early", as_they_come), ("passes slopes on too early", functools.partial(as_they_come, first=-1)),
    ("passes slopes on too early", functools.partial(as_they_come, once=True)),
    ("passes slopes on twice", functools.partial(as_they_come, again=True)),
    ("from the inputs to the result", functools.partial(in_order, step=1)),
    ("not set to zero", functools.partial(in_order, reset=False)),
    ("= where += belongs", lambda result: in_order(result, add=False)),
    ("nothing happens", lambda result: result.data), ("calls Value.backward", lambda result: result.backward()),
)
answers("value_loss", loss_of_values(),
    ("no shift", loss_of_values(shift=False)), ("no mean", loss_of_values(mean=False)),
    ("one maximum for all rows", loss_of_values(rows=None)),
    ("no logarithm of the sum", loss_of_values(log=False)), ("returns nothing", lambda z, t: None),
    ("no way back", lambda z, t: type(z)(loss_of_values()(z, t).data)),
    ("an array among the parents", lambda z, t: (z + -np.max(z.data, axis=1, keepdims=True)).sum()))
