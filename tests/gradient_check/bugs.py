"""Gradients and losses as learners get them wrong: 124 bugs, each as (name, names of the cause, make).

`make` returns (f, gradient, x) with one bug in it. check_gradient has to give one of the names or a repair, or to point
at a line that is marked as planted. Each family has two or more members, which are written differently. As a table, the file
is not formatted.
"""

# fmt: off
import itertools
import random
from functools import partial

import numpy as np

BUGS = []

def bug(*names):
    """Enter a function that returns (f, gradient, x)."""

    def enter(make):
        BUGS.append((make.__name__.strip("_"), names, make))
        return make

    return enter

def entry(cause, name, f, gradient, x):
    """Enter functions that remember nothing from one call to the next."""
    BUGS.append((name, cause if isinstance(cause, tuple) else (cause,), lambda: (f, gradient, np.array(x))))

lost, clamp, not_finite = partial(entry, "lost to rounding"), partial(entry, "flat: a clamp"), partial(entry, "not finite")
too_long, proves_nothing = partial(entry, "step too long"), partial(entry, "proves nothing")
stairs, factor, decay = partial(entry, "staircase"), partial(entry, "constant factor"), partial(entry, "L2 term")
transposed, backward = partial(entry, "transposed"), partial(entry, "reversed or permuted")
shifted, other_shape, whole = partial(entry, "shifted by one"), partial(entry, "shape"), partial(entry, "integer gradient")
not_summed, logits = partial(entry, "not summed over the batch"), partial(entry, "logits for labels")
no_scalar = partial(entry, "not a scalar")

def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def cross_entropy(y, t):
    return -np.mean(np.log(y[np.arange(len(y)), t]))

def batch(seed=0, n=5, d=3, c=4):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.integers(0, c, n), rng.standard_normal((d, c))

def rng(seed=1):
    return np.random.default_rng(seed)

def normal(*shape, seed=1):
    return rng(seed).standard_normal(shape)

def regression(seed=0, **sizes):
    """Return f, gradient and W of a softmax regression, both right."""
    x, t, W = batch(seed, **sizes)
    return (lambda W: cross_entropy(softmax(x @ W), t), lambda W: x.T @ (softmax(x @ W) - np.eye(W.shape[1])[t]) / len(x), W)

def square(x):
    return float((x**2).sum())

def twice(x):
    return 2 * x

x, t, W = batch()
f, g, _ = regression()

# -- the argument ------------------------------------------------------------------------------

entry("integer x", "integers", square, twice, [3, 4])
entry("integer x", "integer_weights", f, np.zeros((3, 4)), np.array([[1, 0, 2, 0]] * 3, dtype=np.int8))
entry("integer x", "booleans", lambda x: float(x.sum()), np.ones(3), [True, False, True])
entry("low precision", "float16", lambda x: (x.astype(float) ** 2).sum(), twice, np.array([1.5, 2.5], dtype=np.float16))
entry("low precision", "float16_weights", f, g, W.astype(np.float16))
lost("huge_constant", lambda x: 1e13 + (x**2).sum(), twice, normal(4))
lost("a_hundred_million_added", lambda W: f(W) + 1e8, lambda W: 1.01 * g(W), W)
lost("single_precision_with_an_offset", lambda W: np.float32(3e6) + np.float32(f(W)), lambda W: g(W).astype(np.float32),
    W.astype(np.float32))

@bug("overlapping memory")
def windows():
    return square, twice, np.lib.stride_tricks.sliding_window_view(np.arange(6.0), 3, writeable=True)

@bug("overlapping memory")
def broadcast():
    return square, twice, np.broadcast_to(np.array([1.0, 2.0, 3.0]), (2, 3))

entry("ignores its argument", "reads_the_original", lambda w: f(W), g(W), W)

@bug("ignores its argument")
def network_with_its_own_copy():
    class Net:
        def __init__(self, W):
            self.W = W.astype(float)

        def loss(self, x, t):
            return cross_entropy(softmax(x @ self.W), t)

    net = Net(W)
    return (lambda _: net.loss(x, t)), g, W.copy()

entry("ignores its argument", "another_array_altogether", lambda _: np.sin(W[0]).sum(), np.cos, normal(4))
entry("ignores its argument", "zero_gradient_of_a_copy", lambda _: np.tanh(W).sum(), np.zeros(12), W.ravel())

@bug("ignores its argument")
def global_state_in_a_method():
    class Net:
        params = {"W": normal(2, 3)}  # noqa: RUF012

        def f(self, W):
            W = W.copy()  # the argument is dropped, the copy in the dict is read
            return float((self.params["W"] ** 3).sum())

    net = Net()
    return net.f, lambda W: 3 * W**2, net.params["W"][[0, 1]]

entry("entries never read", "last_entry_forgotten", lambda x: sum(np.sin(x[i]) for i in range(5)), np.cos, normal(6))
entry("entries never read", "first_row_skipped", lambda W: float((W[1:] ** 3).sum()), lambda W: 3 * W**2, W)

@bug("changes its argument")
def centred_in_place():
    def f(z):
        z -= z.max()
        return float(np.log(np.exp(z).sum()))

    return f, softmax, normal(5)

entry("changes its argument", "gradient_scales_in_place", square, lambda x: np.multiply(x, 2, out=x), normal(5))
entry("changes its argument", "clipped_in_place", lambda x: float(np.clip(x, -0.5, 0.5, out=x).sum()), np.ones(5), normal(5))

@bug("keeps its argument")
def history_of_one_array():
    history = []
    return (lambda x: history.append(x) or square(x)), twice, normal(4)

@bug("keeps its argument")
def trail_of_views():
    trail = []
    return (lambda x: trail.append(x.reshape(-1)) or np.cos(x).sum()), lambda x: -np.sin(x), normal(2, 2)

@bug("keeps its argument")
def cached_by_identity():
    class Loss:
        seen, value = None, 0.0

        def __call__(self, x):
            if x is not self.seen:
                self.seen, self.value = x, square(x)
            return self.value

    return Loss(), twice, normal(4)

@bug("keeps its argument")
def cached_by_id():
    cache = {}
    return (lambda x: cache.setdefault(id(x), square(x))), twice, normal(4)

@bug("keeps its argument")
def compares_with_its_own_past():
    class Loss:
        previous = None

        def __call__(self, x):
            jump = 0.0 if self.previous is None else 10 * ((x - self.previous) ** 2).sum()
            self.previous = x
            return float(np.sin(x).sum() + jump)

    return Loss(), np.cos, normal(4)

A = normal(3, 3) + normal(3, 3).T
proves_nothing("all_zero", square, lambda x: x, np.zeros(4))
proves_nothing("all_zero_hides_weight_decay", lambda W: f(W) + 0.1 * (W**2).sum(), g, np.zeros((3, 4)))
proves_nothing("own_transpose", lambda x: float(np.sum(np.sin(x) * A)), lambda x: np.cos(x.T) * A, A)
proves_nothing("equal_entries", lambda x: np.exp(x).sum(), lambda x: np.full(4, np.exp(x).mean()), np.ones(4))
proves_nothing("at_the_minimum", lambda x: square(x - 1), lambda x: x - 1, np.ones(3))
proves_nothing("given_zeros_at_the_minimum", lambda x: square(x - A[0]), np.zeros(3), A[0])

# -- the function ------------------------------------------------------------------------------

no_scalar("one_loss_an_example", lambda W: -np.log(softmax(x @ W)[np.arange(5), t]), g, W)
no_scalar("an_array_of_one", lambda x: (x**2).sum(keepdims=True), twice, [3.0, 4.0])
no_scalar("loss_and_accuracy", lambda W: (f(W), 0.5), g, W)
no_scalar("forgotten_return", lambda x: None, twice, [3.0, 4.0])
no_scalar("a_dict", lambda x: {"loss": square(x)}, twice, [3.0, 4.0])

stairs("accuracy", lambda W: np.mean((x @ W).argmax(axis=1) == t), g, W)
stairs("count_of_errors", lambda W: int(np.sum((x @ W).argmax(axis=1) != t)), np.zeros((3, 4)), W)
stairs("coarsely_rounded_loss", lambda W: round(float(f(W)), 2), g, W)
stairs("loss_to_three_decimals", lambda W: round(float(f(W)), 3), g, 2 * W)
stairs("loss_to_four_decimals", lambda W: round(float(f(W)), 4), g, -W)
stairs("rounded_loss", lambda W: round(float(f(W)), 6), g, W)
stairs("rounded_to_eight", lambda W: np.round(f(W), 8), g, W / 2)

entry("low precision", "float32_in_the_middle",
    lambda W: float(cross_entropy(softmax((x @ W).astype("f")), t)) + 1e-3 * square(W), lambda W: g(W) + 2e-3 * W, W)
entry("random", "dropout", lambda W: f(W * (np.random.rand(*W.shape) > 0.5)), g, W)
entry("random", "pythons_random", lambda x: square(x) + random.gauss(0, 1e-3), twice, [3.0, 4.0])

@bug("random")
def dropout_of_one_unit():
    r = np.random.default_rng(0)
    return (lambda W: f(W * (r.random(1) > 0.01))), g, W.copy()

@bug("random")
def fresh_batch():
    x, t, W = batch(n=50)

    def f(W):
        rows = np.random.default_rng().permutation(50)[:10]
        return cross_entropy(softmax(x[rows] @ W), t[rows])

    return f, g, W

@bug("remembers")
def next_batch():
    rows = itertools.cycle([slice(3), slice(3, 5)])

    def f(W):
        now = next(rows)
        return cross_entropy(softmax(x[now] @ W), t[now])

    return f, g, W.copy()

@bug("remembers")
def running_mean():
    class Norm:
        mean = None

        def __call__(self, x):
            self.mean = x.mean() if self.mean is None else 0.9 * self.mean + 0.1 * x.mean()
            return square(x - self.mean)

    return Norm(), (lambda x: 2 * (x - x.mean())), np.array([1, 0, 0.75, 0.25])

@bug("remembers")
def penalty_that_grows():
    seen = []
    return (lambda x: seen.append(square(x)) or sum(seen)), twice, normal(3)

entry("kink", "at_the_corner_of_abs", lambda x: np.abs(x).sum(), lambda x: np.where(x >= 0, 1.0, -1.0), [1.0, 0.0, -2.0])
entry("kink", "relu_at_zero", lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0).astype(float), [0.0, 1.0, -1.0])
entry("kink", "maximum_of_two_equals", lambda x: x.max(), lambda x: np.array([1.0, 0.0, 0.0]), [2.0, 2.0, 1.0])
entry("near a kink", "just_beside_a_corner", lambda x: np.abs(x).sum(), np.sign, [1.0, 1e-7, -2.0])

def with_constant(W):
    return -np.mean(np.log(softmax(x @ W)[np.arange(5), t] + 1e-7))

clamp("clipped_probabilities", lambda z: cross_entropy(np.clip(softmax(z), 1e-12, 1), np.array([0])),
    lambda z: softmax(z) - np.eye(3)[[0]], [[0.0, 40.0, 1.0]])
clamp("constant_in_the_logarithm", lambda z: -np.log(softmax(z)[0] + 1e-7), lambda z: softmax(z) - np.eye(3)[0],
    [-30.0, 1.0, 2.0])
clamp("constant_in_the_logarithm_of_a_batch", with_constant, g, 20 * W)
clamp("constant_that_costs_the_seventh_digit", with_constant, g, W)
clamp("clipped_inputs", lambda x: square(np.clip(x, -1, 1)), lambda x: 2 * np.clip(x, -1, 1), [0.5, -2.0, 3.0, -0.2])
clamp("saturated_relu6", lambda x: np.minimum(np.maximum(x, 0), 6).sum(), lambda x: (x > 0).astype(float), [7.0, 8.0, 9.0])

def minus_logarithms(x):
    return -np.log(x).sum() if np.all(x > 0) else np.inf

@np.errstate(all="ignore")
def unstable(z):
    return -np.log(np.exp(z) / np.exp(z).sum())[0]

@np.errstate(all="ignore")
def directions(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)

not_finite("log_of_zero", minus_logarithms, lambda x: -1 / x, [1.0, -1.0])
not_finite("at_the_edge_of_the_logarithm", minus_logarithms, lambda x: -1 / x, [1.0, 1e-6])
not_finite("exp_overflows", unstable, softmax, [0.0, 1000.0])
not_finite("gradient_of_a_norm_at_zero", lambda x: np.linalg.norm(x, axis=1).sum(), directions, [[1.0, 2.0], [0.0, 0.0]])

tiny = 1e-6 * np.array([0.7, 1.3, 2.1])
too_long("all_within_the_step", lambda x: ((x / 1e-6) ** 3).sum(), lambda x: 3 * x**2 / 1e-18, tiny)
too_long("a_step_function_of_tiny_things", lambda x: (x**2).sum() * 1e14 + (x**3).sum() * 1e21,
    lambda x: 2e14 * x + 3e21 * x**2, tiny / 7)

# -- the gradient -------------------------------------------------------------------------------

c, v = normal(6, seed=3), normal(4)
X, y, w, w5 = normal(9, 4), normal(9, seed=2), normal(4, seed=3), normal(5, seed=3)
cubes = normal(6, seed=4)

entry("sign", "t_minus_y", f, lambda W: x.T @ (np.eye(4)[t] - softmax(x @ W)) / 5, W)
entry("sign", "likelihood_for_loss", lambda z: np.log(softmax(z)[1]), lambda z: softmax(z) - np.eye(4)[1], v)

@bug("sign")
def sign_of_the_bias_only():
    def g(w):
        residual = X @ w[:4] + w[4] - y
        return np.append(X.T @ residual, -residual.sum()) / 9

    return (lambda w: 0.5 * np.mean((X @ w[:4] + w[4] - y) ** 2)), g, w5.copy()

factor("sum_for_mean", f, lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]), W)
factor("mean_for_sum", lambda W: 5 * f(W), lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / len(x), W)
factor("two_of_a_square", lambda w: np.sum((X @ w - y) ** 2), lambda w: X.T @ (X @ w - y), w)
factor("half_of_a_square", lambda x: 0.5 * square(x), lambda x: 2 * x, normal(3, 2))
factor("temperature", lambda z: -np.log(softmax(z / 1.7)[1]), lambda z: softmax(z / 1.7) - np.eye(5)[1], normal(5))
factor("log2_for_log", lambda z: -np.log2(softmax(z)[:, 1]).mean(), lambda z: (softmax(z) - np.eye(5)[1]) / 2, normal(2, 5))

decay("weight_decay_missing", lambda W: f(W) + 0.01 * (W**2).sum(), g, W)
decay("weight_decay_doubled", lambda W: f(W) + 0.5 * 1e-3 * (W**2).sum(), lambda W: g(W) + 2e-3 * W, W)
decay("weight_decay_only_in_the_gradient", f, lambda W: g(W) + 1e-4 * W, W)
decay("absolute_weights_missing", lambda W: f(W) + 0.03 * np.abs(W).sum(), g, W)

entry(("L2 term", "path left out"), "weight_decay_of_a_part",
    lambda w: np.mean((X @ w[:4] + w[4] - y) ** 2) / 2 + 0.05 * (w[:4] ** 2).sum(),
    lambda w: np.append(X, np.ones((9, 1)), axis=1).T @ (X @ w[:4] + w[4] - y) / 9, w5)
f4, g4, W4 = regression(d=4, c=4)
B = normal(3, 3)
transposed("product_in_the_other_order", f, lambda W: (softmax(x @ W) - np.eye(4)[t]).T @ x / 5, W)
transposed("square_and_transposed", f4, lambda W: g4(W).T, W4)
transposed("forced_into_shape", f, lambda W: g(W).T.reshape(W.shape), W)
transposed("flat_and_transposed", lambda w: f(w.reshape(3, 4)), lambda w: g(w.reshape(3, 4)).T.ravel(), W.ravel())
transposed("square_product_without_the_transpose", lambda x: np.sum(B * x), lambda x: B.T, normal(3, 3, seed=2))

entry("constant offset", "one_added_everywhere", lambda x: np.sin(x).sum(), lambda x: np.cos(x) + 0.25, normal(5))
entry("constant offset", "a_learning_rate_too_many", f, g(W) - 0.01, W)
backward("backwards", lambda x: c @ np.tanh(x), lambda x: (c * (1 - np.tanh(x) ** 2))[::-1], normal(6))
backward("columns_backwards", f, lambda W: g(W)[:, ::-1], W)
shifted("index_off_by_one", lambda x: float(c @ np.sin(x)), lambda x: np.roll(c * np.cos(x), 1), normal(6))
shifted("column_off_by_one", f, lambda W: np.roll(g(W), -1, axis=1), W)

@bug("shifted by one")
def loop_that_starts_at_one():
    def g(x):
        dx = np.zeros_like(x)
        for i in range(1, len(x)):  # planted
            dx[i] = 2 * x[i - 1]  # planted
        return dx

    return square, g, normal(5)

bias = np.ones(4) / 8 * np.arange(4)

def bias_loss(b):
    return cross_entropy(softmax(x @ W + b), t)

not_summed("one_outer_product_an_example", lambda W: 5 * cross_entropy(softmax(x @ W), t),
    lambda W: np.einsum("nd,nc->ndc", x, softmax(x @ W) - np.eye(4)[t]), W)
not_summed("bias_of_every_example", bias_loss, lambda b: (softmax(x @ W + b) - np.eye(4)[t]) / 5, bias)
not_summed("bias_of_every_example_unscaled", bias_loss, lambda b: softmax(x @ W + b) - np.eye(4)[t], bias)
other_shape("keepdims_too_many", bias_loss, lambda b: (softmax(x @ W + b) - np.eye(4)[t]).mean(axis=0, keepdims=True), bias)

@bug("integer gradient")
def zeros_like_integers():
    def g(x):
        dx = np.zeros(len(x), dtype=int)
        for i in range(len(x)):
            dx[i] = 2 * x[i]
        return dx

    return square, g, normal(5) * 3

whole("integer_list", lambda x: float(np.exp(x).sum()), [1, 2, 7], [0.5, 1.0, 2.0])
whole("truncated_on_the_way", lambda x: (x**3).sum(), lambda x: (3 * x**2).astype(int).astype(float), 2 * cubes)
entry("rounded gradient", "copied_from_a_print_out", f, g(W).round(4), W)
entry("rounded gradient", "two_decimals", f, lambda W: np.round(g(W), 2), W)

@bug("repeated indices")
def embedding_added_once():
    ids = np.array([0, 2, 2, 3, 0])
    c = normal(5, 3)

    def g(E):
        dE = np.zeros_like(E)
        dE[ids] += c * np.cos(E[ids])
        return dE

    return (lambda E: float((c * np.sin(E[ids])).sum())), g, normal(5, 3, seed=2)

@bug("repeated indices")
def histogram_weights():
    bins = [1, 1, 1, 4, 0]

    def g(w):
        dw = np.zeros_like(w)
        dw[bins] += 2 * w[bins]
        return dw

    return (lambda w: float((w[bins] ** 2).sum())), g, normal(6)

x6, t6, W6 = batch(n=6, c=5)
V, v6 = normal(5, 4, seed=7), normal(6, seed=8)

def hidden_loss(W, b=0.0):
    return cross_entropy(softmax(np.maximum(x6 @ W + b, 0) @ V), t6)

def without_mask(W):
    h = np.maximum(x6 @ W, 0)
    dz = (softmax(h @ V) - np.eye(4)[t6]) / 6
    return x6.T @ (dz @ V.T)

def bias_without_mask(b):
    h = np.maximum(x6 @ W6 + b, 0)
    return ((softmax(h @ V) - np.eye(4)[t6]) / 6 @ V.T).sum(axis=0)

mask = partial(entry, "ReLU mask")
mask("relu_without_its_mask", lambda x: float(c @ np.maximum(x, 0)), lambda x: c, normal(6, seed=2))
mask("hidden_layer_without_its_mask", hidden_loss, without_mask, W6)
mask("mask_forgotten_given_as_an_array", hidden_loss, without_mask(W6), W6)
mask("bias_without_the_mask", lambda b: hidden_loss(W6, b), bias_without_mask, 0.1 * normal(5, seed=9))
mask("one_example_without_the_mask", lambda W: float(np.tanh(np.maximum(x[:1] @ W, 0) @ v6)[0]),
    lambda W: x[:1].T @ ((1 - np.tanh(np.maximum(x[:1] @ W, 0) @ v6) ** 2)[:, None] * v6), normal(3, 6, seed=1))

@bug()
def adds_up():
    class Layer:
        dx = 0

        def gradient(self, x):
            self.dx = self.dx + 2 * x  # planted
            return self.dx

    return square, Layer().gradient, normal(4)

@bug("changes when asked twice")
def stochastic_gradient():
    x, t, W = batch(n=40)

    def g(W):
        rows = np.random.choice(40, 10)
        return x[rows].T @ (softmax(x[rows] @ W) - np.eye(4)[t[rows]]) / 10

    return (lambda W: cross_entropy(softmax(x @ W), t)), g, W

logits("logits_for_a_sigmoid", lambda w: np.mean(np.log1p(np.exp(X @ w)) - (y > 0) * (X @ w)),
    lambda w: X.T @ (X @ w - (y > 0)) / 9, w)
logits("gradient_with_logits_for_probabilities", f, lambda W: x.T @ (x @ W - np.eye(4)[t]) / 5, W)

@bug("logits for labels")
def softmax_forgotten_in_the_loss():
    t = np.array([0, 1, 2, 3, 0])
    return (
        (lambda W: cross_entropy(np.exp(np.tanh(x @ W)), t)),  # planted: the gradient is of another f
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),  # planted
        W.copy(),
    )

entry(("logits for labels", "label never used"), "loss_that_grades_itself",
    lambda W: cross_entropy(softmax(x @ W), (x @ W).argmax(axis=1)), lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5, W)

@bug("logits for labels", "label never used")
def the_first_learners_loss():
    W = np.array([[0.47355232, 0.9977393, 0.84668094], [0.855557411, 0.03563661, 0.69422093]])
    x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])

    def cross_entropy_error(y, t):
        if t.size == y.size:
            t = t.argmax()
        return -np.log(y[t] + 1e-7)

    def loss(x, t):
        z = x @ W
        return cross_entropy_error(softmax(z), z)

    return (lambda _: loss(x, t)), np.outer(x, softmax(x @ W) - t), W

@bug("logits for labels", "cause not recognised")  # the labels are nowhere in its code
def gradient_with_logits_for_labels():
    return f, (lambda W: x.T @ (softmax(x @ W) - x @ W) / 5), W.copy()  # planted

@bug("double softmax", "cause not recognised")  # of f: nothing in the gradient is wrong
def loss_of_a_softmax_of_a_softmax():
    return (
        (lambda W: cross_entropy(softmax(softmax(x @ W)), t)),  # planted: the gradient is of another f
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),  # planted
        W.copy(),
    )

entry("double softmax", "gradient_of_a_softmax_of_a_softmax", f,
    lambda W: x.T @ (softmax(softmax(x @ W)) - np.eye(4)[t]) / 5, W)

@bug("double softmax")
def logits_twice_softened():
    return (lambda z: -np.log(softmax(softmax(z))[2])), (lambda z: softmax(z) - np.eye(3)[2]), normal(3)  # planted

entry("zero gradient", "measured_on_a_flat_copy", f, np.zeros((3, 4)), W)
entry("not an array", "gradient_without_return", square, lambda x: None, [1.0, 2.0])
entry("not an array", "gradients_of_all_parameters", square, lambda x: {"W": 2 * x}, [1.0, 2.0])

@bug("cause not recognised")
def one_entry_wrong():
    def wrong(W):
        dW = g(W)
        dW[1, 2] += 0.01
        return dW

    return f, wrong, W.copy()
