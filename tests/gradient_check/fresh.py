"""Fifty wrong gradients and twelve right ones on which a gradient check that points at a line can be judged.

The cases were written and frozen before any such check was tried on them. Do not tune a check to them, and do not change
them to suit one: write new cases instead. They are mistakes that people make, many of them known from public bug reports
and forum questions, in the many styles in which people write NumPy, which is why the file is not formatted.

Each function returns (f, gradient, x) and holds one mistake. Its decorator says what is wrong, independently of any tool:

- `line` is the wrong line of its source, stripped. Where several lines are fair answers it is a tuple, the true one first:
  for a path that was left out, the line of the forward pass whose path it is; for two lines in the wrong order, both.
- `right` is what must stand in place of the (first) line. It may be several lines, joined by a newline. If it is a tuple,
  its items replace the items of `line` one by one.
- `in_f` says that the mistake is in f and not in the gradient.

Call f before the gradient at every new x, for some gradients use what the last forward pass has left, and write new values
into x in place, for some functions read the array and not their argument. `test_fresh.py` proves the answer key.
"""
# fmt: off
# ruff: noqa: B007, B905, E731, E741, PLW0108, RUF007, RUF059, SIM, UP

from typing import NamedTuple

import numpy as np

WRONG, RIGHT = [], []

class Case(NamedTuple):
    name: str
    make: object
    cause: str  # of the mistake; in a right case, what makes it tempting to refuse
    lines: tuple = ()
    right: object = ""
    in_f: bool = False

def wrong(line, right, cause, in_f=False):
    def enter(make):
        WRONG.append(Case(make.__name__, make, cause, (line,) if isinstance(line, str) else line, right, in_f))
        return make
    return enter

def right(temptation):
    def enter(make):
        RIGHT.append(Case(make.__name__, make, temptation))
        return make
    return enter

def arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

@wrong(line="dxhat = dout", right="dxhat = dout * self.gamma",
       cause="The gradient is not multiplied by gamma before it goes through the normalisation.")
def layer_norm_without_gamma(seed=0):
    x, target, scale, shift = arrays(seed, (3, 4), (3, 4), 4, 4)
    class LayerNorm:
        gamma, beta, eps = 1 + 0.5 * scale, shift, 1e-5
        def forward(self, x):
            self.std = np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
            self.xhat = (x - x.mean(axis=-1, keepdims=True)) / self.std
            return self.gamma * self.xhat + self.beta
        def backward(self, dout):
            dxhat = dout
            a = dxhat.mean(axis=-1, keepdims=True)
            b = (dxhat * self.xhat).mean(axis=-1, keepdims=True)
            return (dxhat - a - self.xhat * b) / self.std
    layer = LayerNorm()
    loss = lambda x: 0.5 * np.sum((layer.forward(x) - target) ** 2)
    return loss, (lambda x: layer.backward(layer.forward(x) - target)), x

@wrong(line="dx = (dxhat - xhat * np.sum(dxhat * xhat, axis=1, keepdims=True)) / rms",
       right="dx = (dxhat - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)) / rms",
       cause="The projection takes a sum over the features where the root mean square calls for a mean.")
def rms_norm_sum_for_mean(seed=0):
    x, w, dout = arrays(seed, (4, 5), 5, (4, 5))
    def rmsnorm_forward(x, w, eps=1e-6):
        rms = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + eps)
        xhat = x / rms
        return w * xhat, (xhat, rms, w)
    def rmsnorm_backward(dout, cache):
        xhat, rms, w = cache
        dw = np.sum(dout * xhat, axis=0)
        dxhat = dout * w
        dx = (dxhat - xhat * np.sum(dxhat * xhat, axis=1, keepdims=True)) / rms
        return dx, dw
    f = lambda x: np.sum(rmsnorm_forward(x, w)[0] * dout)
    df = lambda x: rmsnorm_backward(dout, rmsnorm_forward(x, w)[1])[0]
    return f, df, x

@wrong(line=("return delta * self.scale", "self.scale = 1 / np.sqrt((x * x).sum(axis=1, keepdims=True))"),
       right="return (delta - self.output * (delta * self.output).sum(axis=1, keepdims=True)) * self.scale",
       cause="The length of each row is treated as a constant.")
def length_of_rows_is_a_constant(seed=0):
    x, target = arrays(seed, (5, 3), (5, 3))
    class L2Norm:
        def forward(self, x):
            self.scale = 1 / np.sqrt((x * x).sum(axis=1, keepdims=True))
            self.output = x * self.scale
            return self.output
        def backward(self, delta):
            return delta * self.scale
    layer = L2Norm()
    return lambda x: np.sum((layer.forward(x) - target) ** 2), lambda x: layer.backward(2 * (layer.output - target)), x

@wrong(line="dv = g / n * dw - g * (dw @ v) / n**2 * v", right="dv = g / n * dw - g * (dw @ v) / n**3 * v",
       cause="The second term of the gradient of v / |v| is divided by the square and not by the cube of the length.")
def weight_normalisation_exponent(seed=0):
    X, y, v, g = *arrays(seed, (8, 4), 8, 4), 1.7
    f = lambda v: 0.5 * np.mean((np.tanh(X @ (g * v / np.linalg.norm(v))) - y) ** 2)
    def gradient(v):
        n = np.linalg.norm(v)
        a = np.tanh(X @ (g * v / n))
        dw = X.T @ ((a - y) * (1 - a**2)) / len(y)
        dv = g / n * dw - g * (dw @ v) / n**2 * v
        return dv
    return f, gradient, v

@wrong(line="dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * (var + eps)**-0.5",
       right="dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * (var + eps)**-1.5", cause="The exponent must be -1.5.")
def batch_norm_step_by_step(seed=0):
    x, gamma, dout, eps, N = *arrays(seed, (7, 3), 3, (7, 3)), 1e-5, 7
    def forward(x): return np.sum(dout * gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps))
    def backward(x):
        mu, var = x.mean(axis=0), x.var(axis=0)
        xmu = x - mu
        dxhat = dout * gamma
        dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * (var + eps)**-0.5
        dmu = np.sum(-dxhat / np.sqrt(var + eps), axis=0) + dvar * np.mean(-2 * xmu, axis=0)
        return dxhat / np.sqrt(var + eps) + dvar * 2 * xmu / N + dmu / N
    return forward, backward, x

@wrong(line=("dt = dy * h", "return t * h + (1 - t) * x, t, h"), right="dt = dy * (h - x)",
       cause="The gate also multiplies the input that is carried through, by 1 - t.")
def highway_gate_counts_once(seed=0):
    x, Wt, Wh, target = arrays(seed, (5, 3), (3, 3), (3, 3), (5, 3))
    def highway(Wt):
        t, h = sigmoid(x @ Wt - 1), np.tanh(x @ Wh)
        return t * h + (1 - t) * x, t, h
    def loss(Wt): return 0.5 * np.sum((highway(Wt)[0] - target) ** 2)
    def dWt(Wt):
        y, t, h = highway(Wt)
        dy = y - target
        dt = dy * h
        return x.T @ (dt * t * (1 - t))
    return loss, dWt, Wt

@wrong(line="dh = dh * (1 - z) + Uz.T @ dz + Ur.T @ dr + Uc.T @ dc",
       right="dh = dh * (1 - z) + Uz.T @ dz + Ur.T @ dr + r * (Uc.T @ dc)", cause="The reset gate r is left out.")
def gru_without_the_reset_gate(seed=0):
    xs, y, Wz, Wr, Wc, Uz, Ur, Uc = arrays(seed, (4, 2), 3, (3, 2), (3, 2), (3, 2), (3, 3), (3, 3), (3, 3))
    def forward(Uz):
        h, cache = np.zeros(3), []
        for x in xs:
            z, r = sigmoid(Wz @ x + Uz @ h), sigmoid(Wr @ x + Ur @ h)
            c = np.tanh(Wc @ x + Uc @ (r * h))
            cache.append((h, z, r, c))
            h = (1 - z) * h + z * c
        return h, cache
    def bptt(Uz):
        h, cache = forward(Uz)
        dh, dUz = h - y, np.zeros_like(Uz)
        for hp, z, r, c in reversed(cache):
            dz = dh * (c - hp) * z * (1 - z)
            dc = dh * z * (1 - c * c)
            dr = (Uc.T @ dc) * hp * r * (1 - r)
            dUz += np.outer(dz, hp)
            dh = dh * (1 - z) + Uz.T @ dz + Ur.T @ dr + Uc.T @ dc
        return dUz
    return lambda Uz: 0.5 * np.sum((forward(Uz)[0] - y) ** 2), bptt, Uz

@wrong(line="dhnext = Whh.T @ dh", right="dhnext = Whh.T @ dhraw",
       cause="The gradient is handed to the previous step without having gone through the tanh.")
def char_rnn_hands_on_the_wrong_one(seed=0):
    Wxh, Whh, Why, bh, by = arrays(seed, (3, 4), (3, 3), (4, 3), (3, 1), (4, 1))
    inputs, targets = [0, 2, 1, 3, 2], [2, 1, 3, 2, 0]
    def lossFun(Whh):
        xs, hs, ps, loss = {}, {-1: np.zeros((3, 1))}, {}, 0
        for t in range(len(inputs)):
            xs[t] = np.zeros((4, 1))
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
            ys = np.dot(Why, hs[t]) + by
            ps[t] = np.exp(ys) / np.sum(np.exp(ys))
            loss += -np.log(ps[t][targets[t], 0])
        dWhh, dhnext = np.zeros_like(Whh), np.zeros_like(hs[0])
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dh = np.dot(Why.T, dy) + dhnext
            dhraw = (1 - hs[t] * hs[t]) * dh
            dWhh += np.dot(dhraw, hs[t-1].T)
            dhnext = Whh.T @ dh
        return loss, dWhh
    return lambda Whh: lossFun(Whh)[0], lambda Whh: lossFun(Whh)[1], Whh

@wrong(line="dh1 = np.dot(dh2, W2.T) * masks['h2'] * (h1 > 0)", right="dh1 = np.dot(dh2, W2.T) * masks['h1'] * (h1 > 0)",
       cause="The first layer's gradient is multiplied by the second layer's dropout mask.")
def dropout_mask_of_the_other_layer(seed=0):
    x, W1, W2, W3, y = arrays(seed, (6, 3), (3, 5), (5, 5), (5, 2), (6, 2))
    masks = {'h1': np.array([2, 2, 0, 2, 0.]), 'h2': np.array([2, 0, 2, 0, 2.])}
    def forward(W1):
        h1 = np.maximum(0, np.dot(x, W1)) * masks['h1']
        h2 = np.maximum(0, np.dot(h1, W2)) * masks['h2']
        return h1, h2, np.dot(h2, W3)
    def loss(W1): return np.mean((forward(W1)[-1] - y) ** 2)
    def backward(W1):
        h1, h2, out = forward(W1)
        dout = 2 * (out - y) / y.size
        dh2 = np.dot(dout, W3.T) * masks['h2'] * (h2 > 0)
        dh1 = np.dot(dh2, W2.T) * masks['h2'] * (h1 > 0)
        return np.dot(x.T, dh1)
    return loss, backward, W1

@wrong(line="self.dW += self.x.T @ d", right="self.dW = self.x.T @ d",
       cause="The gradients of earlier calls are never cleared: every call adds to them.")
def gradients_are_never_cleared(seed=0):
    x, y, W1, W2 = arrays(seed, (6, 3), (6, 2), (3, 4), (4, 2))
    class Linear:
        def __init__(self, W):
            self.W, self.dW = W, np.zeros(W.shape)
        def forward(self, x):
            self.x = x
            return x @ self.W
        def backward(self, d):
            self.dW += self.x.T @ d
            return d @ self.W.T
    class Tanh:
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y
        def backward(self, d): return d * (1 - self.y ** 2)
    layers = [Linear(W1), Tanh(), Linear(W2)]
    def predict():
        out = x
        for layer in layers:
            out = layer.forward(out)
        return out
    def grads(W1):
        d = (predict() - y) / len(x)
        for layer in layers[::-1]:
            d = layer.backward(d)
        return layers[0].dW
    return lambda W1: 0.5 * np.sum((predict() - y) ** 2) / len(x), grads, W1

@wrong(line=("self.z = z", "return np.tanh(z, out=z)"), right="self.z = z.copy()",
       cause="The activation overwrites the array that was kept for the backward pass.")
def cached_array_is_overwritten(seed=0):
    x, W1, W2, y = arrays(seed, (5, 3), (3, 4), (4, 2), (5, 2))
    class Tanh:
        def __call__(self, z):
            self.z = z
            return np.tanh(z, out=z)
        def backward(self, d): return d * (1 - np.tanh(self.z)**2)
    act = Tanh()
    def loss(W1): return 0.5 * np.sum((act(x @ W1) @ W2 - y)**2)
    def grad(W1): return x.T @ act.backward((act(x @ W1) @ W2 - y) @ W2.T)
    return loss, grad, W1

@wrong(line="nabla_w[-l] = np.dot(delta, activations[-l].transpose())",
       right="nabla_w[-l] = np.dot(delta, activations[-l-1].transpose())", cause="It takes a layer's output for its input.")
def activations_of_the_wrong_layer(seed=0):
    class Network:
        def __init__(self, sizes):
            self.num_layers = len(sizes)
            self.biases = arrays(seed, *[(y, 1) for y in sizes[1:]])
            self.weights = arrays(seed + 1, *[(y, x) for x, y in zip(sizes[:-1], sizes[1:])])
        def feedforward(self, a):
            for b, w in zip(self.biases, self.weights):
                a = sigmoid(np.dot(w, a) + b)
            return a
        def backprop(self, x, y):
            nabla_w = [np.zeros(w.shape) for w in self.weights]
            activation, activations = x, [x]
            for b, w in zip(self.biases, self.weights):
                activation = sigmoid(np.dot(w, activation) + b)
                activations.append(activation)
            delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
            nabla_w[-1] = np.dot(delta, activations[-2].transpose())
            for l in range(2, self.num_layers):
                sp = activations[-l] * (1 - activations[-l])
                delta = np.dot(self.weights[-l+1].transpose(), delta) * sp
                nabla_w[-l] = np.dot(delta, activations[-l].transpose())
            return nabla_w
    net, x, y = Network([3, 3, 2]), np.array([[0.8], [-1.2], [0.5]]), np.array([[1.0], [0.0]])
    return lambda w: 0.5 * np.linalg.norm(net.feedforward(x) - y)**2, lambda w: net.backprop(x, y)[0], net.weights[0]

@wrong(line='dA = np.dot(parameters["W" + str(l-1)].T, dZ)', right='dA = np.dot(parameters["W" + str(l)].T, dZ)',
       cause="The gradient is sent back through the weights of the layer before, which have the same shape.")
def weights_of_the_wrong_layer(seed=0):
    np.random.seed(seed)
    X, Y, m = np.random.randn(3, 6), np.eye(3)[:, np.random.randint(0, 3, 6)], 6
    parameters = {"W" + str(l): np.random.randn(3, 3) for l in (1, 2, 3)}
    def L_model_forward():
        caches = {"A0": X}
        for l in (1, 2):
            caches["A" + str(l)] = np.maximum(0, np.dot(parameters["W" + str(l)], caches["A" + str(l-1)]))
        caches["A3"] = softmax(np.dot(parameters["W3"], caches["A2"]).T).T
        return caches
    def compute_cost(W1): return -np.sum(Y * np.log(L_model_forward()["A3"])) / m
    def L_model_backward(W1):
        caches, grads = L_model_forward(), {}
        dZ = caches["A3"] - Y
        for l in (3, 2, 1):
            grads["dW" + str(l)] = np.dot(dZ, caches["A" + str(l-1)].T) / m
            if l > 1:
                dA = np.dot(parameters["W" + str(l-1)].T, dZ)
                dZ = dA * (caches["A" + str(l-1)] > 0)
        return grads["dW1"]
    return compute_cost, L_model_backward, parameters["W1"]

@wrong(line="dh[np.arange(5), k] = v", right="dh[k, np.arange(5)] = v",
       cause="Rows and columns are swapped where the gradient is put at the maxima.")
def max_over_time_swaps_rows_and_columns(seed=0):
    X, W, v = arrays(seed, (5, 4), (4, 5), 5)  # five words, five filters
    f = lambda W: np.maximum(X @ W, 0).max(axis=0) @ v
    def df(W):
        h = np.maximum(X @ W, 0)
        k = h.argmax(axis=0)
        dh = np.zeros_like(h)
        dh[np.arange(5), k] = v
        return X.T @ (dh * (h > 0))
    return f, df, W

@wrong(line="dx[i:i+k, j:j+k] += dout[i, j] * w", right="dx[s*i:s*i+k, s*j:s*j+k] += dout[i, j] * w",
       cause="The stride is forgotten on the way back.")
def stride_forgotten(seed=0):
    x, w, target, k, s = *arrays(seed, (7, 7), (3, 3), (3, 3)), 3, 2
    def conv(x):
        return np.array([[np.sum(x[s*i:s*i+k, s*j:s*j+k] * w) for j in range(3)] for i in range(3)])
    def conv_backward(x):
        dout, dx = conv(x) - target, np.zeros_like(x)
        for i in range(3):
            for j in range(3):
                dx[i:i+k, j:j+k] += dout[i, j] * w
        return dx
    return lambda x: 0.5 * np.sum((conv(x) - target) ** 2), conv_backward, x

@wrong(line="dout = dout.reshape(-1, F)", right="dout = dout.transpose(0, 2, 3, 1).reshape(-1, F)",
       cause="The channels must be moved to the end before the array is reshaped.")
def im2col_reshaped_without_transpose(seed=0):
    images, W, target, N, F = *arrays(seed, (2, 2, 4, 4), (2, 2, 2, 2), (2, 2, 3, 3)), 2, 2
    patches = [images[:, :, i:i+2, j:j+2].reshape(N, -1) for i in range(3) for j in range(3)]
    col = np.stack(patches, axis=1).reshape(N * 9, -1)
    def forward(W):
        out = col @ W.reshape(F, -1).T
        return out.reshape(N, 3, 3, F).transpose(0, 3, 1, 2)
    def loss(W): return 0.5 * np.sum((forward(W) - target) ** 2)
    def backward(W):
        dout = forward(W) - target
        dout = dout.reshape(-1, F)
        return (dout.T @ col).reshape(W.shape)
    return loss, backward, W

@wrong(line="dE[context] += (dh / context.shape[1])[:, None]",
       right="np.add.at(dE, context, (dh / context.shape[1])[:, None])", cause="+= adds only once to a repeated word.")
def embedding_of_repeated_words(seed=0):
    E, U = arrays(seed, (6, 3), (6, 3))
    context, word = np.array([[0, 1, 3], [1, 1, 4], [5, 0, 2], [2, 3, 1]]), np.array([2, 0, 1, 4])
    def cbow(E):
        h = E[context].mean(axis=1)
        return h, softmax(h @ U.T)
    def loss(E): return -np.mean(np.log(cbow(E)[1][range(4), word]))
    def grad(E):
        h, p = cbow(E)
        p[range(4), word] -= 1
        dh = p @ U / 4
        dE = np.zeros_like(E)
        dE[context] += (dh / context.shape[1])[:, None]
        return dE
    return loss, grad, E

@wrong(line=("return dS @ K @ self.Wq.T + dS.T @ Q @ self.Wk.T", "Q, K, V = X @ self.Wq, X @ self.Wk, X @ self.Wv"),
       right="return dS @ K @ self.Wq.T + dS.T @ Q @ self.Wk.T + dV @ self.Wv.T", cause="The values' path is left out.")
def attention_without_the_values(seed=0):
    X, target, *weights = arrays(seed, (4, 3), (4, 3), (3, 3), (3, 3), (3, 3))
    class SelfAttention:
        def __init__(self, weights):
            self.Wq, self.Wk, self.Wv = weights
        def forward(self, X):
            Q, K, V = X @ self.Wq, X @ self.Wk, X @ self.Wv
            A = softmax(Q @ K.T / np.sqrt(K.shape[1]))
            self.cache = X, Q, K, V, A
            return A @ V
        def backward(self, dO):
            X, Q, K, V, A = self.cache
            dV, dA = A.T @ dO, dO @ V.T
            dS = A * (dA - (dA * A).sum(axis=1, keepdims=True)) / np.sqrt(K.shape[1])
            self.dWv = X.T @ dV
            return dS @ K @ self.Wq.T + dS.T @ Q @ self.Wk.T
    layer = SelfAttention(weights)
    def loss(X): return 0.5 * ((layer.forward(X) - target) ** 2).sum()
    def grad(X): return layer.backward(layer.forward(X) - target)
    return loss, grad, X

@wrong(line="dV = np.einsum('bhkq,bhqd->bhkd', A, dO)", right="dV = np.einsum('bhqk,bhqd->bhkd', A, dO)",
       cause="The subscripts of the attention weights are transposed.")
def einsum_subscripts_swapped(seed=0):
    Q, K, V, T = arrays(seed, *[(2, 2, 3, 2)] * 4)
    A = softmax(np.einsum('bhqd,bhkd->bhqk', Q, K) / np.sqrt(2))
    def loss(V): return np.sum((np.einsum('bhqk,bhkd->bhqd', A, V) - T) ** 2)
    def dloss(V):
        dO = 2 * (np.einsum('bhqk,bhkd->bhqd', A, V) - T)
        dV = np.einsum('bhkq,bhqd->bhkd', A, dO)
        return dV
    return loss, dloss, V

@wrong(line=("d1, d2 = d[:, :2], d[:, 2:]", "d[:, :2] = d1 * cos + d2 * sin", "d[:, 2:] = d2 * cos - d1 * sin"),
       right="d1, d2 = d[:, :2].copy(), d[:, 2:].copy()", cause="d1 is a view, which changes before its second use.")
def rotation_through_a_view(seed=0):
    x, key = arrays(seed, (4, 4), (4, 4))
    cos, sin = np.cos(np.outer(range(4), [1, 0.1])), np.sin(np.outer(range(4), [1, 0.1]))
    def rope(x):
        x1, x2 = x[:, :2], x[:, 2:]
        return np.concatenate([x1 * cos - x2 * sin, x1 * sin + x2 * cos], axis=1)
    def score(x): return np.sum(np.tanh(rope(x)) * key)
    def score_backward(x):
        d = (1 - np.tanh(rope(x)) ** 2) * key
        d1, d2 = d[:, :2], d[:, 2:]
        d[:, :2] = d1 * cos + d2 * sin
        d[:, 2:] = d2 * cos - d1 * sin
        return d
    return score, score_backward, x

@wrong(line="dlogits = (softmax(L) - np.eye(n) + softmax(L.T) - np.eye(n)) / (2 * n)",
       right="dlogits = (softmax(L) - np.eye(n) + softmax(L.T).T - np.eye(n)) / (2 * n)",
       cause="The gradient of the second loss, which is taken along the columns, is not transposed back.")
def columns_not_transposed_back(seed=0):
    images, texts, W, n, tau = *arrays(seed, (4, 5), (4, 3), (5, 3)), 4, 0.7
    def clip_loss(W):
        L = images @ W @ texts.T / tau
        return -np.mean(np.log(np.diag(softmax(L))) + np.log(np.diag(softmax(L.T)))) / 2
    def clip_grad(W):
        L = images @ W @ texts.T / tau
        dlogits = (softmax(L) - np.eye(n) + softmax(L.T) - np.eye(n)) / (2 * n)
        return images.T @ dlogits @ texts / tau
    return clip_loss, clip_grad, W

@wrong(line="return X.T @ (T**2 * (p - q)) / len(X)", right="return X.T @ (T * (p - q)) / len(X)",
       cause="The logits are divided by the temperature, which takes one of the two factors T away.")
def distillation_temperature(seed=0):
    X, W, teacher, T = *arrays(seed, (6, 3), (3, 4), (6, 4)), 2.5
    q = softmax(3 * teacher / T)
    def kd_loss(W): return -T**2 * np.mean(np.sum(q * np.log(softmax(X @ W / T)), axis=1))
    def kd_grad(W):
        p = softmax(X @ W / T)
        return X.T @ (T**2 * (p - q)) / len(X)
    return kd_loss, kd_grad, W

@wrong(line="hit = y_svm * (X_svm @ w) < 0", right="hit = y_svm * (X_svm @ w) < 1",
       cause="Examples inside the margin count, too, and not only those on the wrong side.")
def hinge_of_the_wrong_threshold(seed=0):
    global X_svm, y_svm, lam
    np.random.seed(seed)
    X_svm, y_svm, lam = np.random.randn(20, 4), np.sign(np.random.randn(20)), 0.1
    def cost(w): return lam / 2 * w @ w + np.mean(np.maximum(0, 1 - y_svm * (X_svm @ w)))
    def cost_gradient(w):
        hit = y_svm * (X_svm @ w) < 0
        return lam * w - X_svm.T @ (y_svm * hit) / len(y_svm)
    return cost, cost_gradient, np.random.randn(4)

@wrong(line=("d = s * (1 - p) ** gamma * (p - 1)", "return np.mean(-(1 - p) ** gamma * np.log(p))"),
       right="d = s * (1 - p) ** gamma * (gamma * p * np.log(p) + p - 1)", cause="(1 - p) ** gamma is no constant.")
def focal_factor_is_a_constant(seed=0):
    X, w, s, gamma = *arrays(seed, (10, 4), 4), np.array([1, -1, -1, 1, -1, 1, 1, 1, -1, -1]), 2
    def focal(w):
        p = sigmoid(s * (X @ w))
        return np.mean(-(1 - p) ** gamma * np.log(p))
    def focal_grad(w):
        p = sigmoid(s * (X @ w))
        d = s * (1 - p) ** gamma * (p - 1)
        return X.T @ d / len(s)
    return focal, focal_grad, w

@wrong(line="df = lambda w: X.T @ (X @ w - y) / len(y)", right="df = lambda w: X.T @ (np.exp(X @ w) - y) / len(y)",
       cause="The linear predictor stands where the expected count, its exponential, belongs.")
def poisson_without_exp(seed=0):
    rng = np.random.default_rng(seed)
    X, y = 0.5 * rng.normal(size=(12, 3)), rng.poisson(2.0, 12)
    f = lambda w: np.mean(np.exp(X @ w) - y * (X @ w))
    df = lambda w: X.T @ (X @ w - y) / len(y)
    return f, df, rng.normal(size=3)

@wrong(line="d_diff = same * diff - (1 - same) * np.maximum(0, m - d) * diff",
       right="d_diff = same * diff - (1 - same) * np.maximum(0, m - d) * diff / d", cause="The slope of d is diff / d.")
def contrastive_without_the_distance(seed=0):
    A, B, W, m = *arrays(seed, (8, 4), (8, 4), (4, 2)), 6.0
    same = np.array([1, 0, 0, 1, 0, 1, 0, 0])[:, None]
    def loss(W):
        d = np.linalg.norm(A @ W - B @ W, axis=1, keepdims=True)
        return 0.5 * np.mean(same * d**2 + (1 - same) * np.maximum(0, m - d) ** 2)
    def grad(W):
        diff = A @ W - B @ W
        d = np.linalg.norm(diff, axis=1, keepdims=True)
        d_diff = same * diff - (1 - same) * np.maximum(0, m - d) * diff
        return (A - B).T @ d_diff / len(A)
    return loss, grad, W

@wrong(line="dU[i] = cos * U[i] / nu - V[i] / (nu * nv)", right="dU[i] = cos * U[i] / nu**2 - V[i] / (nu * nv)",
       cause="The first term lacks a square: the length of u is differentiated, too.")
def cosine_lacks_a_square(seed=0):
    U, V = arrays(seed, (4, 3), (4, 3))
    def loss(U): return sum(1 - u @ v / (np.linalg.norm(u) * np.linalg.norm(v)) for u, v in zip(U, V))
    def grad(U):
        dU = np.zeros_like(U)
        for i in range(len(U)):
            nu, nv = np.linalg.norm(U[i]), np.linalg.norm(V[i])
            cos = U[i] @ V[i] / (nu * nv)
            dU[i] = cos * U[i] / nu - V[i] / (nu * nv)
        return dU
    return loss, grad, U

@wrong(line="p = np.exp(z - z.max()) / np.exp(z).sum()", right="p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()",
       cause="The maximum is subtracted above the fraction line only.")
def maximum_subtracted_once(seed=0):
    X, w, chosen = *arrays(seed, (6, 4), 4), 2
    def logsumexp(z): return z.max() + np.log(np.sum(np.exp(z - z.max())))
    def nll(w): return logsumexp(X @ w) - X[chosen] @ w
    def nll_grad(w):
        z = X @ w
        p = np.exp(z - z.max()) / np.exp(z).sum()
        return X.T @ p - X[chosen]
    return nll, nll_grad, w

@wrong(line="t = y[:, None] < np.arange(3)", right="t = y[:, None] <= np.arange(3)",
       cause="The cumulative label is y <= k, and the gradient takes y < k.")
def ordinal_off_by_one(seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(12, 3)), rng.integers(0, 4, 12)
    def f(params):
        z = params[3:] - (X @ params[:3])[:, None]
        t = y[:, None] <= np.arange(3)
        return np.sum(np.logaddexp(0, z) - t * z) / 12
    def grad(params):
        t = y[:, None] < np.arange(3)
        d = sigmoid(params[3:] - (X @ params[:3])[:, None]) - t
        return np.concatenate([-X.T @ d.sum(axis=1), d.sum(axis=0)]) / 12
    return f, grad, rng.normal(size=6)

@wrong(line="d = sigmoid(Z) - pos * Y", right="d = sigmoid(Z) * (1 + (pos - 1) * Y) - pos * Y",
       cause="The weight of the positive labels multiplies the label only, and not the probability beside it.")
def weight_of_positive_labels(seed=0):
    rng = np.random.default_rng(seed)
    X, pos = np.hstack([np.ones((9, 1)), rng.normal(size=(9, 3))]), np.array([3.0, 1.0, 5.0])
    Y = (rng.random((9, 3)) < 0.3).astype(float)
    f = lambda W: np.sum(pos * Y * np.log(1 + np.exp(-X @ W)) + (1 - Y) * np.log(1 + np.exp(X @ W))) / 9
    def gradient(W):
        Z = X @ W
        d = sigmoid(Z) - pos * Y
        return X.T @ d / 9
    return f, gradient, rng.normal(size=(4, 3))

@wrong(line="d = p", right="d = p.copy()",
       cause="d is another name for p, so that subtracting the labels also changes the probabilities used later.")
def second_name_for_the_probabilities(seed=0):
    rng = np.random.default_rng(seed)
    X, y, beta, N = rng.normal(size=(6, 3)), rng.integers(0, 4, 6), 0.8, 6
    def loss(W): return (-np.log(softmax(X.dot(W))[range(N), y]).sum() + 0.5 * beta * np.sum(softmax(X.dot(W)) ** 2)) / N
    def grad(W):
        p = softmax(X.dot(W))
        d = p
        d[range(N), y] -= 1
        d = d + beta * p * (p - np.sum(p ** 2, axis=1, keepdims=True))
        return X.T.dot(d) / N
    return loss, grad, rng.normal(size=(3, 4))

@wrong(line="dK = [R * D2 / ell**3, 2 * R, 2 * noise**2 * np.eye(5)]",
       right="dK = [R * D2 / ell**2, 2 * R, 2 * noise**2 * np.eye(5)]", cause="The parameter is the logarithm of ell.")
def length_scale_for_its_logarithm(seed=0):
    X, y, start = arrays(seed, (5, 2), 5, 3)
    D2 = ((X[:, None] - X[None]) ** 2).sum(axis=-1)
    def kernel(theta):
        ell, s, noise = np.exp(theta)
        R = s**2 * np.exp(-0.5 * D2 / ell**2)
        return R, R + noise**2 * np.eye(5)
    def nlml(theta):
        R, K = kernel(theta)
        return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * np.linalg.slogdet(K)[1]
    def nlml_grad(theta):
        ell, s, noise = np.exp(theta)
        R, K = kernel(theta)
        Kinv, alpha = np.linalg.inv(K), np.linalg.solve(K, y)
        dK = [R * D2 / ell**3, 2 * R, 2 * noise**2 * np.eye(5)]
        return np.array([0.5 * np.trace((Kinv - np.outer(alpha, alpha)) @ d) for d in dK])
    return nlml, nlml_grad, np.array([0.3, 0.1, -0.7]) + 0.1 * start

@wrong(line="dC[k] = (err * w[k] * phi) @ (X - C[k])",
       right="phi = np.exp(-np.sum((X - C[k])**2, axis=1) / 2)\ndC[k] = (err * w[k] * phi) @ (X - C[k])",
       cause="phi still belongs to the last centre of the loop before.")
def variable_left_over_from_a_loop(seed=0):
    X, C, y, w = arrays(seed, (9, 2), (3, 2), 9, 3)
    def loss(C):
        out = sum(w[k] * np.exp(-np.sum((X - C[k])**2, axis=1) / 2) for k in range(3))
        return 0.5 * np.sum((out - y)**2)
    def grad(C):
        err, dC = -y, np.zeros_like(C)
        for k in range(3):
            phi = np.exp(-np.sum((X - C[k])**2, axis=1) / 2)
            err = err + w[k] * phi
        for k in range(3):
            dC[k] = (err * w[k] * phi) @ (X - C[k])
        return dC
    return loss, grad, C

@wrong(line=("G = r", "r = softmax(-D2 / T)"), right="G = r * (1 - (D2 - (r * D2).sum(axis=1, keepdims=True)) / T)",
       cause="The soft assignments are treated as constants, but they depend on the centres.")
def assignments_are_constants(seed=0):
    X, C, T = *arrays(seed, (10, 2), (3, 2)), 1.5
    def assign(C):
        D2 = np.sum((X[:, None] - C) ** 2, axis=2)
        r = softmax(-D2 / T)
        return D2, r
    def distortion(C):
        D2, r = assign(C)
        return np.sum(r * D2)
    def distortion_grad(C):
        D2, r = assign(C)
        G = r
        return -2 * np.einsum("nk,nkd->kd", G, X[:, None] - C)
    return distortion, distortion_grad, C

@wrong(line="E = R * (X @ Theta.T) - Y", right="E = R * (X @ Theta.T - Y)",
       cause="The mask of known ratings is applied to the predictions and not to the ratings.")
def ratings_masked_halfway(seed=0):
    np.random.seed(seed)
    Y, R, lmbda = np.random.randint(1, 6, (4, 5)), np.random.rand(4, 5) < 0.6, 0.3
    def unroll(params): return params[:8].reshape(4, 2), params[8:].reshape(5, 2)
    def cofi_cost(params):
        X, Theta = unroll(params)
        return 0.5 * np.sum(R * (X @ Theta.T - Y) ** 2) + lmbda / 2 * np.sum(params ** 2)
    def cofi_grad(params):
        X, Theta = unroll(params)
        E = R * (X @ Theta.T) - Y
        return np.concatenate([(E @ Theta).ravel(), (E.T @ X).ravel()]) + lmbda * params
    return cofi_cost, cofi_grad, np.random.randn(18)

@wrong(line=("return -2 * X.T @ E @ W", "return X - X @ W @ W.T"), right="return -2 * (X.T @ E + E.T @ X) @ W",
       cause="W occurs twice, as encoder and as decoder, and only one of the two is differentiated.")
def tied_weights_count_once(seed=0):
    X, W = arrays(seed, (8, 4), (4, 2))
    def error(W):
        return X - X @ W @ W.T
    def pca_loss(W): return np.sum(error(W)**2)
    def pca_grad(W):
        E = error(W)
        return -2 * X.T @ E @ W
    return pca_loss, pca_grad, W

@wrong(line="W = P - Q", right="W = (P - Q) * num",
       cause="The factor 1 / (1 + distance²) of the Student distribution is missing.")
def tsne_with_the_gradient_of_sne(seed=0):
    rng = np.random.default_rng(seed)
    n, off = 6, ~np.eye(6, dtype=bool)
    P = rng.random((n, n)) * off
    P = (P + P.T) / (2 * P.sum())
    def affinities(Y):
        num = off / (1 + np.sum((Y[:, None] - Y) ** 2, axis=2))
        return num, num / num.sum()
    def kl(Y): return np.sum(P[off] * np.log(P[off] / affinities(Y)[1][off]))
    def kl_grad(Y):
        num, Q = affinities(Y)
        W = P - Q
        return 4 * (np.diag(W.sum(axis=1)) - W) @ Y
    return kl, kl_grad, rng.normal(size=(n, 2))

@wrong(line="return W - M + tau * U @ V.T", right="return W - M + tau * U @ V",
       cause="np.linalg.svd returns V already transposed.")
def svd_transposed_once_too_often(seed=0):
    W, M, tau = *arrays(seed, (4, 4), (4, 4)), 0.7
    def objective(W): return 0.5 * np.sum((W - M)**2) + tau * np.linalg.svd(W)[1].sum()
    def objective_grad(W):
        U, s, V = np.linalg.svd(W)
        return W - M + tau * U @ V.T
    return objective, objective_grad, W

@wrong(line="adj = np.linalg.solve(5 * np.eye(4) + A, u - target)",
       right="adj = np.linalg.solve((5 * np.eye(4) + A).T, u - target)", cause="The adjoint needs the transposed matrix.")
def adjoint_equation_not_transposed(seed=0):
    A, b, target = arrays(seed, (4, 4), 4, 4)
    misfit = lambda A: 0.5 * np.sum((np.linalg.solve(5 * np.eye(4) + A, b) - target) ** 2)
    def misfit_grad(A):
        u = np.linalg.solve(5 * np.eye(4) + A, b)
        adj = np.linalg.solve(5 * np.eye(4) + A, u - target)
        return -np.outer(adj, u)
    return misfit, misfit_grad, A

@wrong(line="penalty = W / np.sqrt(np.sum(W**2, axis=0, keepdims=True) + 1e-8)",
       right="penalty = W / np.sqrt(np.sum(W**2, axis=1, keepdims=True) + 1e-8)", cause="The groups are rows, not columns.")
def groups_along_the_wrong_axis(seed=0):
    X, Y, W, alpha = *arrays(seed, (9, 4), (9, 4), (4, 4)), 2.0
    f = lambda W: 0.5 * np.sum((X @ W - Y)**2) + alpha * np.sum(np.sqrt(np.sum(W**2, axis=1) + 1e-8))
    def g(W):
        penalty = W / np.sqrt(np.sum(W**2, axis=0, keepdims=True) + 1e-8)
        return X.T @ (X @ W - Y) + alpha * penalty
    return f, g, W

@wrong(line="p, q = p - dt * np.cos(th[t+1]) * q, q + dt * p", right="p, q = p - dt * np.cos(th[t]) * q, q + dt * p",
       cause="The adjoint step is taken at the state after the step and not before it.")
def pendulum_one_step_late(seed=0):
    [u], T, dt = arrays(seed, 8), 8, 0.3
    def simulate(u):
        th, om = [0.5], [0.0]
        for t in range(T):
            th.append(th[t] + dt * om[t])
            om.append(om[t] + dt * (u[t] - np.sin(th[t])))
        return th, om
    def cost(u): return (simulate(u)[0][-1] - 3)**2 + simulate(u)[1][-1]**2 + 0.01 * np.sum(u**2)
    def adjoint(u):
        th, om = simulate(u)
        p, q, du = 2 * (th[-1] - 3), 2 * om[-1], 0.02 * u
        for t in reversed(range(T)):
            du[t] += dt * q
            p, q = p - dt * np.cos(th[t+1]) * q, q + dt * p
        return du
    return cost, adjoint, u

@wrong(line=("p = p * x + a", "d = d * x + p"), right=("d = d * x + p", "p = p * x + a"),
       cause="The derivative must be updated before the value that it uses.")
def horner_in_the_wrong_order(seed=0):
    x, y, coefficients = arrays(seed, 6, 6, 4)
    def f(x): return np.sum((np.polyval(coefficients, x) - y) ** 2)
    def df(x):
        p, d = np.zeros_like(x), np.zeros_like(x)
        for a in coefficients:
            p = p * x + a
            d = d * x + p
        return 2 * (p - y) * d
    return f, df, x

@wrong(line="return -2 * np.array([e.sum(), e @ y[2:], e @ y[1:-1]])",
       right="return -2 * np.array([e.sum(), e @ y[1:-1], e @ y[:-2]])", cause="Both lags are one step too late.")
def autoregression_one_step_late(seed=0):
    y = np.cumsum(arrays(seed, 15))
    residuals = lambda a: y[2:] - a[0] - a[1] * y[1:-1] - a[2] * y[:-2]
    def sse(a): return np.sum(residuals(a)**2)
    def sse_grad(a):
        e = residuals(a)
        return -2 * np.array([e.sum(), e @ y[2:], e @ y[1:-1]])
    return sse, sse_grad, np.array([0.1, 0.6, 0.3])

@wrong(line=("dlevel = np.array([a * (1 - a) * error, 0.0])", "level = a * obs + (1 - a) * level"),
       right="dlevel = np.array([a * (1 - a) * error, 0.0]) + (1 - a) * dlevel", cause="It forgets the level before.")
def smoothing_forgets_the_level_before(seed=0):
    series = np.cumsum(arrays(seed, 8))
    def sse(params):
        a, level, total = sigmoid(params[0]), params[1], 0.0
        for obs in series:
            total += (obs - level) ** 2
            level = a * obs + (1 - a) * level
        return total
    def sse_grad(params):
        a, level, grad, dlevel = sigmoid(params[0]), params[1], np.zeros(2), np.array([0.0, 1.0])
        for obs in series:
            error = obs - level
            grad -= 2 * error * dlevel
            dlevel = np.array([a * (1 - a) * error, 0.0])
            level += a * error
        return grad
    return sse, sse_grad, np.array([0.4, 1.2])

@wrong(line=("return self.v", "self.v = 0.9 * self.v + g"), right="return g",
       cause="The velocity of the momentum method is returned in place of the gradient.")
def momentum_for_the_gradient(seed=0):
    w, X, y = arrays(seed, 3, (10, 3), 10)
    class LinearRegression:
        def __init__(self, X, y): self.X, self.y, self.v = X, y, 0.0
        def loss(self, w): return 0.5 * np.mean((self.X @ w - self.y) ** 2)
        def grad(self, w):
            g = self.X.T @ (self.X @ w - self.y) / len(self.y)
            self.v = 0.9 * self.v + g
            return self.v
    model = LinearRegression(X, y)
    return model.loss, model.grad, w

@wrong(line=("dw /= m", "return dw"), right=("pass", "return dw / m"),
       cause="The division by the number of examples is indented into the loop.")
def division_inside_the_loop(seed=0):
    np.random.seed(seed)
    X, y, m = np.random.randn(6, 3), np.random.randint(0, 2, 6), 6
    def J(w):
        h = sigmoid(np.dot(X, w))
        return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))
    def dJ(w):
        dw = np.zeros(3)
        for i in range(m):
            h = sigmoid(np.dot(w, X[i]))
            for j in range(3):
                dw[j] += (h - y[i]) * X[i][j]
            dw /= m
        return dw
    return J, dJ, np.random.randn(3)

@wrong(line="return np.mean((X @ w - Y) ** 2)", right="return np.mean((X @ w - Y[:, 0]) ** 2)", in_f=True,
       cause="A row of predictions minus a column of targets is a square of all differences.")
def targets_are_a_column(seed=0):
    X, Y, w = arrays(seed, (7, 3), (7, 1), 3)
    def mse(w):
        return np.mean((X @ w - Y) ** 2)
    def mse_grad(w): return 2 * X.T @ (X @ w - Y.ravel()) / len(Y)
    return mse, mse_grad, w

@wrong(line="return np.where(a <= delta, 0.5 * r**2, a - 0.5 * delta**2).sum()",
       right="return np.where(a <= delta, 0.5 * r**2, delta * a - 0.5 * delta**2).sum()", in_f=True,
       cause="The straight part of the Huber loss lacks its factor delta.")
def huber_without_delta(seed=0):
    w, X, y, delta = *arrays(seed, 3, (10, 3), 10), 0.7
    def huber(w):
        r, a = X @ w - y, np.abs(X @ w - y)
        return np.where(a <= delta, 0.5 * r**2, a - 0.5 * delta**2).sum()
    def huber_grad(w): return X.T @ np.clip(X @ w - y, -delta, delta)
    return huber, huber_grad, w

@wrong(line="J = 1 / 2 * m * np.sum((h - y) ** 2)", right="J = 1 / (2 * m) * np.sum((h - y) ** 2)", in_f=True,
       cause="1 / 2 * m is m / 2, and 1 / (2 * m) is meant.")
def one_over_two_m(seed=0):
    np.random.seed(seed)
    X, y, m = np.c_[np.ones(8), np.random.randn(8, 2)], np.random.randn(8), 8
    def computeCost(theta):
        h = X.dot(theta)
        J = 1 / 2 * m * np.sum((h - y) ** 2)
        return J
    def computeGrad(theta): return X.T.dot(X.dot(theta) - y) / m
    return computeCost, computeGrad, np.random.randn(3)

@wrong(line="for j in range(1, C):", right="for j in range(C):", in_f=True,
       cause="The loop over the classes begins at 1, as if they were counted from 1.")
def first_class_left_out(seed=0):
    rng = np.random.default_rng(seed)
    N, C = 8, 3
    X, y = rng.normal(size=(N, 4)), rng.integers(0, C, N)
    def svm_loss_naive(W):
        loss = 0.0
        for i in range(N):
            scores = X[i].dot(W)
            for j in range(1, C):
                if j != y[i]:
                    loss += max(0, scores[j] - scores[y[i]] + 1)
        return loss / N
    def svm_grad_vectorized(W):
        scores = X.dot(W)
        mask = (scores - scores[np.arange(N), y][:, None] + 1 > 0) * 1.0
        mask[np.arange(N), y] = 0
        mask[np.arange(N), y] = -mask.sum(axis=1)
        return X.T.dot(mask) / N
    return svm_loss_naive, svm_grad_vectorized, rng.normal(size=(4, 3))

@right("The soft assignments are treated as constants, which is right for a log-sum-exp.")
def soft_minimum_of_distances(seed=0):
    X, C, T = *arrays(seed, (10, 2), (3, 2)), 1.5
    D2 = lambda C: np.sum((X[:, None] - C) ** 2, axis=2)
    f = lambda C: -T * np.sum(np.log(np.sum(np.exp(-D2(C) / T), axis=1)))
    df = lambda C: -2 * np.einsum("nk,nkd->kd", softmax(-D2(C) / T), X[:, None] - C)
    return f, df, C

@right("The mean is subtracted in f, and the gradient has no term for it, because that term is 0.")
def correlation(seed=0):
    p, t = arrays(seed, 8, 8)
    def loss(p): return 1 - np.corrcoef(p, t)[0, 1]
    def grad(p):
        a, b = p - p.mean(), t - t.mean()
        na, nb = np.linalg.norm(a), np.linalg.norm(b)
        return (a @ b / (na * nb) * a / na - b / nb) / na
    return loss, grad, p

@right("Words are repeated, and the gradient uses a product with one-hot rows in place of np.add.at.")
def repeated_words_by_one_hot_rows(seed=0):
    E, w, ids = *arrays(seed, (5, 4), 4), [3, 0, 3, 1, 3, 0]
    def grad(E):
        d = (1 - np.tanh(E[ids]) ** 2) * w
        return np.eye(5)[ids].T @ d
    return lambda E: np.sum(np.tanh(E[ids]) @ w), grad, E

@right("f iterates a hundred times, and the gradient does not go back through the iterations but solves one equation.")
def fixed_point(seed=0):
    x, W, U, g = arrays(seed, 3, (4, 4), (4, 3), 4)
    W /= 5
    def equilibrium(x):
        z = np.zeros(4)
        for k in range(100):
            z = np.tanh(W @ z + U @ x)
        return z
    def grad(x):
        s = 1 - equilibrium(x) ** 2
        return U.T @ (s * np.linalg.solve((np.eye(4) - s[:, None] * W).T, g))
    return lambda x: g @ equilibrium(x), grad, x

@right("The gradient of an eigenvalue ignores that the eigenvector depends on the matrix, too.")
def largest_eigenvalue(seed=0):
    def grad(A):
        v = np.linalg.eigh((A + A.T) / 2)[1][:, -1]
        return np.outer(v, v)
    return lambda A: np.linalg.eigvalsh((A + A.T) / 2)[-1], grad, *arrays(seed, (4, 4))

@right("The derivative of s² is 2 s² and not 2 s, because the parameter is the logarithm of s.")
def gaussian_process_in_logarithms(seed=0):
    X, y, theta = arrays(seed, (5, 2), 5, 2)
    kernel = lambda s, noise: X @ X.T + s**2 + noise**2 * np.eye(5)
    def f(theta):
        K = kernel(*np.exp(theta))
        return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * np.linalg.slogdet(K)[1]
    def grad(theta):
        Kinv = np.linalg.inv(kernel(*np.exp(theta)))
        A = Kinv - np.outer(Kinv @ y, Kinv @ y)
        return np.exp(theta)**2 * np.array([A.sum(), np.trace(A)])
    return f, grad, 0.3 * theta

@right("The order of the entries is treated as a constant.")
def sorted_entries(seed=0):
    weights = np.linspace(-1, 2, 7)
    def grad(x):
        g = np.empty_like(x)
        g[np.argsort(x)] = weights
        return g
    return lambda x: np.sum(weights * np.sort(x)), grad, *arrays(seed, 7)

@right("The gradient is 0 everywhere: a bias of the keys adds the same number to all scores of a query.")
def bias_of_the_keys(seed=0):
    Q, K, V, G, b = arrays(seed, (4, 3), (4, 3), (4, 2), (4, 2), 3)
    return lambda b: np.sum(G * (softmax(Q @ (K + b).T) @ V)), lambda b: np.zeros_like(b), b

@right("The gradient is a numerical one, but of a kind without rounding errors: a complex step.")
def complex_step(seed=0):
    A, x = arrays(seed, (4, 4), 4)
    f = lambda x: np.sum(np.sin(A @ x) * np.exp(x / 2))
    return f, lambda x: np.array([f(x + 1e-30j * e).imag / 1e-30 for e in np.eye(4)]), x

@right("One entry is exactly 0, where the slope is 0 and its own slope infinite.")
def power_of_three_halves(seed=0):
    x = arrays(seed, 6)[0] * [1, 1, 0, 1, 1, 1]
    return lambda x: np.sum(np.abs(x) ** 1.5), lambda x: 1.5 * np.sign(x) * np.sqrt(np.abs(x)), x

@right("The gradient does not know of the 1e-12 in the logarithm, which is too small to matter.")
def tiny_constant_in_the_logarithm(seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(6, 3)), np.eye(4)[rng.integers(0, 4, 6)]
    loss = lambda W: -np.sum(y * np.log(softmax(X @ W) + 1e-12)) / 6
    return loss, lambda W: X.T @ (softmax(X @ W) - y) / 6, rng.normal(size=(3, 4))

@right("The forward pass is looked up in a dictionary if the same values were seen before.")
def remembered_forward_passes(seed=0):
    x, W, V, y, memory = *arrays(seed, (5, 3), (3, 4), (4, 2), (5, 2)), {}
    def forward(W):
        key = W.tobytes()
        if key not in memory:
            h = np.tanh(x @ W)
            memory[key] = h, h @ V - y
        return memory[key]
    def backward(W):
        h, e = forward(W)
        return x.T @ (e @ V.T * (1 - h**2))
    return lambda W: 0.5 * np.sum(forward(W)[1] ** 2), backward, W
