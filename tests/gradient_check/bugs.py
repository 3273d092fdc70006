"""Gradients and losses as learners get them wrong: each function returns (f, gradient, x) with one bug in it.

The names of the cause that check_gradient may give are in the decorator. Where the walk through the code can only point at
the bug, its line is marked as planted. Each family has two or more members, written differently, which share no code beyond
the pieces at the top.
"""

import numpy as np

BUGS = []


def bug(*names):
    """Enter a bug; the first finding must have one of these names."""

    def enter(function):
        BUGS.append((function.__name__.strip("_"), names, function))
        return function

    return enter


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


def regression(seed=0, **sizes):
    """Return f, gradient and W of a softmax regression, both right."""
    x, t, W = batch(seed, **sizes)
    return (
        lambda W: cross_entropy(softmax(x @ W), t),
        lambda W: x.T @ (softmax(x @ W) - np.eye(W.shape[1])[t]) / len(x),
        W,
    )


def square(x):
    return float((x**2).sum())


# -- the argument ------------------------------------------------------------------------------


@bug("integer x")
def integers():
    return square, lambda x: 2 * x, np.array([3, 4])


@bug("integer x")
def integer_weights():
    x, t, _ = batch()
    return (lambda W: cross_entropy(softmax(x @ W), t)), np.zeros((3, 4)), np.array([[1, 0, 2, 0]] * 3, dtype=np.int8)


@bug("integer x")
def booleans():
    return (lambda x: float(x.sum())), np.ones(3), np.array([True, False, True])


@bug("low precision")
def float16():
    return (lambda x: (x.astype(float) ** 2).sum()), lambda x: 2 * x, np.array([1.5, 2.5], dtype=np.float16)


@bug("low precision")
def float16_weights():
    f, g, W = regression()
    return f, g, W.astype(np.float16)


@bug("lost to rounding")
def huge_constant():
    return (lambda x: 1e13 + (x**2).sum()), lambda x: 2 * x, rng().standard_normal(4)


@bug("lost to rounding")
def single_precision_with_an_offset():
    x, t, W = batch()
    return (
        (lambda W: np.float32(3e6) + np.float32(cross_entropy(softmax(x @ W), t))),
        lambda W: (x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5).astype(np.float32),
        W.astype(np.float32),
    )


@bug("overlapping memory")
def windows():
    x = np.lib.stride_tricks.sliding_window_view(np.arange(6.0), 3, writeable=True)
    return square, lambda x: 2 * x, x


@bug("overlapping memory")
def broadcast():
    return square, lambda x: 2 * x, np.broadcast_to(np.array([1.0, 2.0, 3.0]), (2, 3))


@bug("ignores its argument")
def reads_the_original():
    x, t, W = batch()
    dW = x.T @ (softmax(x @ W) - np.eye(4)[t]) / len(x)
    return (lambda w: cross_entropy(softmax(x @ W), t)), dW, W.flatten().reshape(W.shape)


@bug("ignores its argument")
def network_with_its_own_copy():
    class Net:
        def __init__(self, W):
            self.W = W.astype(float)

        def loss(self, x, t):
            return cross_entropy(softmax(x @ self.W), t)

    x, t, W = batch(3)
    net = Net(W)
    return (lambda _: net.loss(x, t)), (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / len(x)), W


@bug("ignores its argument")
def another_array_altogether():
    other, x = rng(5).standard_normal(6), rng(6).standard_normal(6)
    return (lambda _: np.sin(other).sum()), np.cos, x


@bug("ignores its argument")
def zero_gradient_of_a_copy():
    W = rng().standard_normal((2, 3))
    f = lambda _: np.tanh(W).sum()  # noqa: E731
    return f, np.zeros(6), W.flatten()


@bug("ignores its argument")
def global_state_in_a_method():
    class Net:
        def __init__(self):
            self.params = {"W": rng().standard_normal((2, 3))}

        def f(self, W):
            W = W.copy()  # the argument is dropped, the copy in the dict is read
            return float((self.params["W"] ** 3).sum())

    net = Net()
    return net.f, lambda W: 3 * W**2, net.params["W"][[0, 1]]


@bug("entries never read")
def last_entry_forgotten():
    def f(x):
        total = 0.0
        for i in range(len(x) - 1):
            total += np.sin(x[i])
        return total

    return f, np.cos, rng().standard_normal(6)


@bug("entries never read")
def first_row_skipped():
    _, _, W = batch()
    return (lambda W: float((W[1:] ** 3).sum())), lambda W: 3 * W**2, W


@bug("changes its argument")
def centred_in_place():
    def f(z):
        z -= z.max()
        return float(np.log(np.exp(z).sum()))

    return f, softmax, rng().standard_normal(5)


@bug("changes its argument")
def gradient_scales_in_place():
    def g(x):
        x *= 2
        return x

    return square, g, rng().standard_normal(5)


@bug("changes its argument")
def clipped_in_place():
    return (lambda x: float(np.clip(x, -0.5, 0.5, out=x).sum())), np.ones(5), rng().standard_normal(5)


@bug("keeps its argument")
def history_of_one_array():
    history = []

    def f(x):
        history.append(x)
        return square(x)

    return f, lambda x: 2 * x, rng().standard_normal(4)


@bug("keeps its argument")
def cached_by_identity():
    class Loss:
        seen, value = None, 0.0

        def __call__(self, x):
            if x is not self.seen:
                self.seen, self.value = x, square(x)
            return self.value

    return Loss(), lambda x: 2 * x, rng().standard_normal(4)


@bug("keeps its argument")
def cached_by_id():
    cache = {}

    def f(x):
        if id(x) not in cache:
            cache[id(x)] = square(x)
        return cache[id(x)]

    return f, lambda x: 2 * x, rng().standard_normal(4)


@bug("keeps its argument")
def trail_of_views():
    trail = []

    def f(x):
        trail.append(x.reshape(-1))
        return float(np.cos(x).sum())

    return f, lambda x: -np.sin(x), rng().standard_normal((2, 2))


@bug("proves nothing")
def all_zero():
    return square, lambda x: x, np.zeros(4)


@bug("proves nothing")
def all_zero_hides_weight_decay():
    f, g, W = regression()
    return (lambda W: f(W) + 0.1 * (W**2).sum()), g, np.zeros_like(W)


@bug("proves nothing")
def own_transpose():
    A = rng().standard_normal((3, 3))
    return (lambda x: float(np.sum(np.sin(x) * (A + A.T)))), (lambda x: np.cos(x.T) * (A + A.T)), A + A.T


@bug("proves nothing")
def equal_entries():
    def g(x):
        return np.full(4, np.exp(x).mean())

    return (lambda x: float(np.exp(x).sum())), g, np.ones(4)


@bug("proves nothing")
def at_the_minimum():
    return (lambda x: square(x - 1)), lambda x: x - 1, np.array([1.0, 1.0, 1.0])


@bug("proves nothing")
def given_zeros_at_the_minimum():
    a = rng().standard_normal(5)
    return (lambda x: square(x - a)), np.zeros(5), a.copy()


# -- the function ------------------------------------------------------------------------------


@bug("not a scalar")
def one_loss_an_example():
    x, t, W = batch()
    return (lambda W: -np.log(softmax(x @ W)[np.arange(5), t])), regression()[1], W


@bug("not a scalar")
def an_array_of_one():
    return (lambda x: (x**2).sum(keepdims=True)), lambda x: 2 * x, np.array([3.0, 4.0])


@bug("not a scalar")
def loss_and_accuracy():
    f, g, W = regression()
    return (lambda W: (f(W), 0.5)), g, W


@bug("not a scalar")
def forgotten_return():
    def f(x):
        (x**2).sum()

    return f, lambda x: 2 * x, np.array([3.0, 4.0])


@bug("not a scalar")
def a_dict():
    return (lambda x: {"loss": square(x)}), lambda x: 2 * x, np.array([3.0, 4.0])


@bug("staircase")
def accuracy():
    _, g, W = regression(n=50)
    x, t, _ = batch(n=50)
    return (lambda W: np.mean((x @ W).argmax(axis=1) == t)), g, W


@bug("staircase")
def count_of_errors():
    x, t, W = batch(2)
    return (lambda W: int(np.sum((x @ W).argmax(axis=1) != t))), np.zeros((3, 4)), W


@bug("staircase")
def rounded_loss():
    f, g, W = regression()
    return (lambda W: round(float(f(W)), 6)), g, W


@bug("staircase")
def coarsely_rounded_loss():
    f, g, W = regression()
    return (lambda W: round(float(f(W)), 2)), g, W


@bug("staircase")
def rounded_to_eight():
    f, g, W = regression(4)
    return (lambda W: np.round(f(W), 8)), g, W


@bug("random")
def dropout():
    f, g, W = regression()
    return (lambda W: f(W * (np.random.rand(*W.shape) > 0.5))), g, W


@bug("random")
def dropout_of_one_unit():
    x, t, W = batch()
    r = np.random.default_rng(0)

    def f(W):
        keep = r.random(1) > 0.01
        return cross_entropy(softmax(x @ W * keep), t)

    return f, regression()[1], W


@bug("random")
def fresh_batch():
    x, t, W = batch(n=50)

    def f(W):
        rows = np.random.default_rng().permutation(50)[:10]
        return cross_entropy(softmax(x[rows] @ W), t[rows])

    return f, (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 50), W


@bug("random")
def pythons_random():
    import random

    return (lambda x: square(x) + random.gauss(0, 1e-3)), lambda x: 2 * x, np.array([3.0, 4.0])


@bug("remembers")
def next_batch():
    x, t, W = batch(n=50)
    start = [0]

    def f(W):
        start[0] = (start[0] + 10) % 50
        rows = slice(start[0], start[0] + 10)
        return cross_entropy(softmax(x[rows] @ W), t[rows])

    return f, (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 50), W


@bug("remembers")
def running_mean():
    class Norm:
        mean = None

        def __call__(self, x):
            self.mean = x.mean() if self.mean is None else 0.9 * self.mean + 0.1 * x.mean()
            return square(x - self.mean)

    x = np.full(4, 0.5) + np.array([0.5, -0.5, 0.25, -0.25])
    return Norm(), (lambda x: 2 * (x - x.mean())), x


@bug("remembers")
def penalty_that_grows():
    class Loss:
        penalty = 0.0

        def __call__(self, x):
            self.penalty += square(x)
            return self.penalty

    return Loss(), lambda x: 2 * x, rng().standard_normal(3)


@bug("kink")
def at_the_corner_of_abs():
    x = np.array([1.0, 0.0, -2.0])
    return (lambda x: np.abs(x).sum()), lambda x: np.where(x >= 0, 1.0, -1.0), x


@bug("kink")
def relu_at_zero():
    return (lambda x: np.maximum(x, 0).sum()), lambda x: (x > 0).astype(float), np.array([0.0, 1.0, -1.0])


@bug("kink")
def maximum_of_two_equals():
    return (lambda x: x.max()), lambda x: np.array([1.0, 0.0, 0.0]), np.array([2.0, 2.0, 1.0])


@bug("kink", "near a kink")
def just_beside_a_corner():
    return (lambda x: np.abs(x).sum()), np.sign, np.array([1.0, 1e-7, -2.0])


@bug("flat: a clamp")
def clipped_probabilities():
    z = np.array([[0.0, 40.0, 1.0]])
    t = np.array([0])
    return (lambda z: cross_entropy(np.clip(softmax(z), 1e-12, 1), t)), (lambda z: softmax(z) - np.eye(3)[t]), z


@bug("flat: a clamp")
def constant_in_the_logarithm():
    z = np.array([-30.0, 1.0, 2.0])
    return (lambda z: -np.log(softmax(z)[0] + 1e-7)), (lambda z: softmax(z) - np.eye(3)[0]), z


@bug("flat: a clamp")
def clipped_inputs():
    return (
        (lambda x: float((np.clip(x, -1, 1) ** 2).sum())),
        lambda x: 2 * np.clip(x, -1, 1),
        np.array([0.5, -2.0, 3.0, -0.2]),
    )


@bug("flat: a clamp")
def saturated_relu6():
    x = np.array([7.0, 8.0, 9.0])
    return (lambda x: float(np.minimum(np.maximum(x, 0), 6).sum())), lambda x: (x > 0).astype(float), x


@bug("flat: a clamp")
def constant_in_the_logarithm_of_a_batch():
    x, t, W = batch(n=6)
    W = 20 * W
    return (
        (lambda W: -np.mean(np.log(softmax(x @ W)[np.arange(6), t] + 1e-7))),
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 6),
        W,
    )


@bug("not finite")
def log_of_zero():
    with np.errstate(all="ignore"):
        return (
            (lambda x: -np.log(np.maximum(x, 0)).sum() if np.all(x > 0) else np.inf),
            lambda x: -1 / x,
            np.array([1.0, -1.0]),
        )


@bug("not finite")
def exp_overflows():
    def f(z):
        with np.errstate(all="ignore"):
            return -np.log(np.exp(z) / np.exp(z).sum())[0]

    return f, softmax, np.array([0.0, 1000.0])


@bug("not finite")
def gradient_of_a_norm_at_zero():
    def g(x):
        with np.errstate(all="ignore"):
            return x / np.linalg.norm(x, axis=1, keepdims=True)

    return (lambda x: np.linalg.norm(x, axis=1).sum()), g, np.array([[1.0, 2.0], [0.0, 0.0]])


@bug("not finite")
def at_the_edge_of_the_logarithm():
    return (lambda x: -np.log(x).sum() if np.all(x > 0) else np.inf), lambda x: -1 / x, np.array([1.0, 1e-6])


# -- the gradient -------------------------------------------------------------------------------


@bug("sign")
def t_minus_y():
    x, t, W = batch()
    return regression()[0], (lambda W: x.T @ (np.eye(4)[t] - softmax(x @ W)) / 5), W


@bug("sign")
def likelihood_for_loss():
    z = rng().standard_normal(4)
    return (lambda z: np.log(softmax(z)[1])), (lambda z: softmax(z) - np.eye(4)[1]), z


@bug("constant factor")
def sum_for_mean():
    x, t, W = batch()
    return regression()[0], (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t])), W


@bug("constant factor")
def mean_for_sum():
    x, t, W = batch()
    return (lambda W: 5 * cross_entropy(softmax(x @ W), t)), (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / len(x)), W


@bug("constant factor")
def two_of_a_square():
    X, y, w = rng().standard_normal((7, 3)), rng(2).standard_normal(7), rng(3).standard_normal(3)
    return (lambda w: np.sum((X @ w - y) ** 2)), (lambda w: X.T @ (X @ w - y)), w


@bug("constant factor")
def half_of_a_square():
    return (lambda x: 0.5 * square(x)), lambda x: 2 * x, rng().standard_normal((3, 2))


@bug("constant factor")
def temperature():
    z = rng().standard_normal(5)
    return (lambda z: -np.log(softmax(z / 1.7)[1])), (lambda z: softmax(z / 1.7) - np.eye(5)[1]), z


@bug("constant factor")
def log2_for_log():
    z = rng().standard_normal((2, 5))
    return (lambda z: -np.log2(softmax(z)[:, 1]).mean()), (lambda z: (softmax(z) - np.eye(5)[1]) / 2), z


@bug("L2 term")
def weight_decay_missing():
    f, g, W = regression()
    return (lambda W: f(W) + 0.01 * (W**2).sum()), g, W


@bug("L2 term")
def weight_decay_doubled():
    f, g, W = regression(2)
    return (lambda W: f(W) + 0.5 * 1e-3 * (W**2).sum()), (lambda W: g(W) + 2e-3 * W), W


@bug("L2 term")
def weight_decay_only_in_the_gradient():
    f, g, W = regression(3)
    return f, (lambda W: g(W) + 1e-4 * W), W


@bug("L2 term")
def absolute_weights_missing():
    f, g, W = regression(3)
    return (lambda W: f(W) + 0.03 * np.abs(W).sum()), g, W


@bug("transposed")
def product_in_the_other_order():
    x, t, W = batch()
    return regression()[0], (lambda W: (softmax(x @ W) - np.eye(4)[t]).T @ x / 5), W


@bug("transposed")
def square_and_transposed():
    f, g, W = regression(d=4, c=4)
    return f, (lambda W: g(W).T), W


@bug("transposed")
def forced_into_shape():
    f, g, W = regression()
    return f, (lambda W: g(W).T.reshape(W.shape)), W


@bug("transposed")
def square_product_without_the_transpose():
    A, x = rng(1).standard_normal((3, 3)), rng(2).standard_normal((3, 3))
    return (lambda x: float(np.sum(A * x))), lambda x: A.T, x


@bug("constant offset")
def one_added_everywhere():
    x = rng().standard_normal(5)
    return (lambda x: np.sin(x).sum()), (lambda x: np.cos(x) + 0.25), x


@bug("reversed or permuted")
def backwards():
    c = rng(3).standard_normal(6)
    return (lambda x: float(c @ np.tanh(x))), (lambda x: (c * (1 - np.tanh(x) ** 2))[::-1]), rng().standard_normal(6)


@bug("constant offset")
def a_learning_rate_too_many():
    f, g, W = regression(4)
    return f, g(W) - 0.01, W


@bug("reversed or permuted")
def columns_backwards():
    f, g, W = regression(5)
    return f, (lambda W: g(W)[:, ::-1]), W


@bug("step too long")
def all_within_the_step():
    return (lambda x: ((x / 1e-6) ** 3).sum()), (lambda x: 3 * x**2 / 1e-18), 1e-6 * np.array([0.7, 1.3, 2.1])


@bug("step too long")
def a_step_function_of_tiny_things():
    x = 1e-7 * np.array([1.0, 2.0, 4.0, 3.0])
    return (lambda x: float((x**2).sum() * 1e14 + (x**3).sum() * 1e21)), (lambda x: 2e14 * x + 3e21 * x**2), x


@bug("lost to rounding")
def a_hundred_million_added():
    f, g, W = regression()
    return (lambda W: f(W) + 1e8), (lambda W: 1.01 * g(W)), W


@bug("keeps its argument")
def compares_with_its_own_past():
    class Loss:
        previous = None

        def __call__(self, x):
            jump = 0.0 if self.previous is None else 10 * ((x - self.previous) ** 2).sum()
            self.previous = x
            return float(np.sin(x).sum() + jump)

    return Loss(), np.cos, rng().standard_normal(4)


@bug("sign")
def sign_of_the_bias_only():
    X, y, w = rng(1).standard_normal((9, 4)), rng(2).standard_normal(9), rng(3).standard_normal(5)

    def g(w):
        residual = X @ w[:4] + w[4] - y
        return np.append(X.T @ residual, -residual.sum()) / 9

    return (lambda w: 0.5 * np.mean((X @ w[:4] + w[4] - y) ** 2)), g, w


@bug("L2 term", "path left out")
def weight_decay_of_a_part():
    X, y, w = rng(1).standard_normal((9, 4)), rng(2).standard_normal(9), rng(3).standard_normal(5)
    f = lambda w: np.mean((X @ w[:4] + w[4] - y) ** 2) / 2 + 0.05 * (w[:4] ** 2).sum()  # noqa: E731
    return f, (lambda w: np.append(X, np.ones((9, 1)), axis=1).T @ (X @ w[:4] + w[4] - y) / 9), w


@bug("transposed")
def flat_and_transposed():
    f, g, W = regression()
    return (lambda w: f(w.reshape(3, 4))), (lambda w: g(w.reshape(3, 4)).T.ravel()), W.ravel()


@bug("logits for labels")
def logits_for_a_sigmoid():
    X, t, w = rng(1).standard_normal((9, 4)), rng(2).integers(0, 2, 9), rng(3).standard_normal(4)
    f = lambda w: np.mean(np.log1p(np.exp(X @ w)) - t * (X @ w))  # noqa: E731
    return f, (lambda w: X.T @ (X @ w - t) / 9), w


@bug("logits for labels")
def softmax_forgotten_in_the_loss():
    x, W, t = batch(3)[0], batch(3)[2], np.array([0, 1, 2, 3, 0])
    return (
        (lambda W: cross_entropy(np.exp(np.tanh(x @ W)), t)),  # planted: the gradient is of another f
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),  # planted
        W,
    )


@bug("integer gradient")
def truncated_on_the_way():
    return (lambda x: float((x**3).sum())), (lambda x: (3 * x**2).astype(int).astype(float)), 2 * rng(4).standard_normal(6)


@bug("ReLU mask")
def mask_forgotten_given_as_an_array():
    f, g, W = hidden_layer_without_its_mask()
    return f, g(W), W


@bug("shifted by one")
def index_off_by_one():
    c = rng().standard_normal(6)
    return (lambda x: float(c @ np.sin(x))), (lambda x: np.roll(c * np.cos(x), 1)), rng(2).standard_normal(6)


@bug("shifted by one")
def loop_that_starts_at_one():
    def g(x):
        dx = np.zeros_like(x)
        for i in range(1, len(x)):  # planted
            dx[i] = 2 * x[i - 1]  # planted
        return dx

    return square, g, rng().standard_normal(5)


@bug("shifted by one")
def column_off_by_one():
    f, g, W = regression()
    return f, (lambda W: np.roll(g(W), -1, axis=1)), W


@bug("not summed over the batch")
def one_outer_product_an_example():
    x, t, W = batch()
    return (
        (lambda W: 5 * cross_entropy(softmax(x @ W), t)),
        (lambda W: np.einsum("nd,nc->ndc", x, softmax(x @ W) - np.eye(4)[t])),
        W,
    )


@bug("not summed over the batch")
def bias_of_every_example():
    x, t, W = batch()
    return (
        (lambda b: cross_entropy(softmax(x @ W + b), t)),
        (lambda b: (softmax(x @ W + b) - np.eye(4)[t]) / 5),
        np.ones(4) / 8 * np.arange(4),
    )


@bug("not summed over the batch")
def bias_of_every_example_unscaled():
    x, t, W = batch()
    return (
        (lambda b: cross_entropy(softmax(x @ W + b), t)),
        (lambda b: softmax(x @ W + b) - np.eye(4)[t]),
        np.ones(4) / 8 * np.arange(4),
    )


@bug("shape")
def keepdims_too_many():
    x, t, W = batch()
    return (
        (lambda b: cross_entropy(softmax(x @ W + b), t)),
        (lambda b: (softmax(x @ W + b) - np.eye(4)[t]).mean(axis=0, keepdims=True)),
        rng().standard_normal(4),
    )


@bug("integer gradient")
def zeros_like_integers():
    def g(x):
        dx = np.zeros(len(x), dtype=int)
        for i in range(len(x)):
            dx[i] = 2 * x[i]
        return dx

    return square, g, rng().standard_normal(5) * 3


@bug("integer gradient")
def integer_list():
    return (lambda x: float(np.exp(x).sum())), [1, 2, 7], np.array([0.5, 1.0, 2.0])


@bug("repeated indices")
def embedding_added_once():
    ids = np.array([0, 2, 2, 3, 0])
    c, E = rng().standard_normal((5, 3)), rng(2).standard_normal((5, 3))

    def g(E):
        dE = np.zeros_like(E)
        dE[ids] += c * np.cos(E[ids])
        return dE

    return (lambda E: float((c * np.sin(E[ids])).sum())), g, E


@bug("repeated indices")
def histogram_weights():
    bins = [1, 1, 1, 4, 0]

    def g(w):
        dw = np.zeros_like(w)
        dw[bins] += 2 * w[bins]
        return dw

    return (lambda w: float((w[bins] ** 2).sum())), g, rng().standard_normal(6)


@bug("ReLU mask")
def relu_without_its_mask():
    w = rng().standard_normal(6)
    return (lambda x: float(w @ np.maximum(x, 0))), lambda x: w, rng(2).standard_normal(6)


@bug("ReLU mask")
def hidden_layer_without_its_mask():
    x, t, W = batch(n=6, c=5)
    V = rng(7).standard_normal((5, 3))
    t = t % 3

    def g(W):
        h = np.maximum(x @ W, 0)
        dz = (softmax(h @ V) - np.eye(3)[t]) / 6
        return x.T @ (dz @ V.T)

    return (lambda W: cross_entropy(softmax(np.maximum(x @ W, 0) @ V), t)), g, W


@bug("ReLU mask")
def one_example_without_the_mask():
    x, _, W = batch(1, n=1, c=6)
    v = rng(8).standard_normal(6)
    return (
        (lambda W: float(np.tanh(np.maximum(x @ W, 0) @ v)[0])),
        (lambda W: x.T @ ((1 - np.tanh(np.maximum(x @ W, 0) @ v) ** 2)[:, None] * v)),
        W,
    )


@bug("ReLU mask")
def bias_without_the_mask():
    x, t, W = batch(2, n=8, c=5)
    V, b = rng(7).standard_normal((5, 3)), 0.1 * rng(9).standard_normal(5)
    t = t % 3

    def g(b):
        h = np.maximum(x @ W + b, 0)
        return ((softmax(h @ V) - np.eye(3)[t]) / 8 @ V.T).sum(axis=0)

    return (lambda b: cross_entropy(softmax(np.maximum(x @ W + b, 0) @ V), t)), g, b


@bug("changes when asked twice")
def adds_up():
    class Layer:
        def __init__(self):
            self.dx = 0

        def gradient(self, x):
            self.dx = self.dx + 2 * x
            return self.dx

    return square, Layer().gradient, rng().standard_normal(4)


@bug("changes when asked twice")
def stochastic_gradient():
    x, t, W = batch(n=40)

    def g(W):
        rows = np.random.choice(40, 10)
        return x[rows].T @ (softmax(x[rows] @ W) - np.eye(4)[t[rows]]) / 10

    return (lambda W: cross_entropy(softmax(x @ W), t)), g, W


@bug("rounded gradient")
def copied_from_a_print_out():
    f, g, W = regression()
    return f, g(W).round(4), W


@bug("rounded gradient")
def two_decimals():
    f, g, W = regression(5)
    return f, (lambda W: np.round(g(W), 2)), W


@bug("staircase", "low precision")
def loss_to_four_decimals():
    f, g, W = regression(7)
    return (lambda W: round(float(f(W)), 4)), g, W


@bug("staircase", "low precision")
def loss_to_three_decimals():
    f, g, W = regression(8)
    return (lambda W: round(float(f(W)), 3)), g, W


@bug("low precision")
def float32_in_the_middle():
    x, t, W = batch()
    f = lambda W: float(cross_entropy(softmax((x @ W).astype(np.float32)), t)) + 1e-3 * (W**2).sum()  # noqa: E731
    return f, (lambda W: regression()[1](W) + 2e-3 * W), W


@bug("flat: a clamp")
def constant_that_costs_the_seventh_digit():
    x, t, W = batch()
    return (lambda W: -np.mean(np.log(softmax(x @ W)[np.arange(5), t] + 1e-7))), regression()[1], W


@bug("logits for labels", "label never used")
def loss_that_grades_itself():
    x, t, W = batch()
    return (
        (lambda W: cross_entropy(softmax(x @ W), (x @ W).argmax(axis=1))),
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),
        W,
    )


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
    x, _, W = batch(6)
    return regression(6)[0], (lambda W: x.T @ (softmax(x @ W) - x @ W) / 5), W  # planted


@bug("logits for labels")
def gradient_with_logits_for_probabilities():
    x, t, W = batch(6)
    return regression(6)[0], (lambda W: x.T @ (x @ W - np.eye(4)[t]) / 5), W


@bug("double softmax", "cause not recognised")  # of f: nothing in the gradient is wrong
def loss_of_a_softmax_of_a_softmax():
    x, t, W = batch()
    return (
        (lambda W: cross_entropy(softmax(softmax(x @ W)), t)),  # planted: the gradient is of another f
        (lambda W: x.T @ (softmax(x @ W) - np.eye(4)[t]) / 5),  # planted
        W,
    )


@bug("double softmax")
def gradient_of_a_softmax_of_a_softmax():
    x, t, W = batch(2)
    return regression(2)[0], (lambda W: x.T @ (softmax(softmax(x @ W)) - np.eye(4)[t]) / 5), W


@bug("double softmax")
def logits_twice_softened():
    z = rng().standard_normal(3)
    return (lambda z: -np.log(softmax(softmax(z))[2])), (lambda z: softmax(z) - np.eye(3)[2]), z  # planted


@bug("zero gradient")
def measured_on_a_flat_copy():
    f, _, W = regression()

    def nd(f, X, h=1e-4):
        grad, Xf = [], X.flatten()
        for i, val in enumerate(Xf):
            Xf[i] = val - h
            low = f(Xf)
            Xf[i] = val + h
            grad.append((f(Xf) - low) / (2 * h))
            Xf[i] = val
        return np.array(grad).reshape(X.shape)

    return (lambda _: f(W)), nd(lambda _: f(W), W), W


@bug("not an array")
def gradient_without_return():
    return square, lambda x: None, np.array([1.0, 2.0])


@bug("not an array")
def gradients_of_all_parameters():
    return square, lambda x: {"W": 2 * x}, np.array([1.0, 2.0])


@bug("cause not recognised")
def one_entry_wrong():
    f, g, W = regression()

    def wrong(W):
        dW = g(W)
        dW[1, 2] += 0.01
        return dW

    return f, wrong, W
