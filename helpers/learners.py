"""The two learners' programs, as notebooks 00 and 02 print them, mistakes included. Comments and prints are left out."""

import numpy as np

# fmt: off
# -- the learner of 00 ----------------------------------------------------------------------------


def softmax(x):
    x = x - np.max(x, axis=-1, keepdims=True)
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)


def cross_entropy_error(y, t):
    if y.ndim == 1:
        t = t.reshape(1, t.size)
        y = y.reshape(1, y.size)

    if t.size == y.size:
        t = t.argmax(axis=1)

    batch_size = y.shape[0]
    return -np.sum(np.log(y[np.arange(batch_size), t] + 1e-7)) / batch_size


def numerical_gradient_2d(f, X):
    h = 1e-4
    grad = np.zeros_like(X)
    for i, row in enumerate(X):
        for j, val in enumerate(row):
            X[i,j] -= h
            y1 = f(X)
            X[i,j] += 2*h
            y2 = f(X)
            grad[i,j] = (y2-y1)/(2*h)
            X[i,j] = val
    return grad


def numerical_gradient_nd(f, X):
    h = 1e-4
    grad = []
    Xf = X.flatten()
    for i, val in enumerate(Xf):
        Xf[i] -= h
        y1 = f(Xf.reshape(X.shape))

        Xf[i] += 2*h
        y2 = f(Xf.reshape(X.shape))

        Xf[i] = val
        grad.append((y2-y1) / (2*h))

    return np.array(grad).reshape(X.shape)


# -- the learner of 02 and 03 ---------------------------------------------------------------------


class simpleNet:
    def __init__(self, W):
        self.W = W

    def predict(self, x):
        return np.dot(x, self.W)

    def softmax(self, z):
        z = z - np.max(z)
        return np.exp(z) / np.sum(np.exp(z))

    def cross_entropy_error(self, y, t):
        return cross_entropy_error(y, t)

    def loss(self, x, t):
        z = self.predict(x)
        y = self.softmax(z)
        return self.cross_entropy_error(y, z)
# fmt: on
