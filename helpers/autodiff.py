"""Automatic differentiation, as notebook 09 builds it: the chain rule as a program."""

import numpy as np


class Value:
    """An array that remembers how it was computed, and finds the slopes of a result along it.

    Parameters
    ----------
    data : array_like
        The numbers; they are kept as float64.
    parents : tuple of Value
        What it was computed from.
    rules : tuple of functions, one for each parent
        Each turns the slope of the result along this value into the slope along that parent, before broadcasting is undone.
    name : str
        The operation, or a name for the picture.

    Examples
    --------
    >>> a, b = Value(2.0), Value(3.0)
    >>> (a * b + a).backward()
    >>> float(a.grad), float(b.grad)
    (4.0, 2.0)

    Notes
    -----
    Reverse mode: A. G. Baydin et al. (2018), "Automatic Differentiation in Machine Learning: a Survey", JMLR 18.
    """

    def __init__(self, data, parents=(), rules=(), name=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.rules, self.name = parents, rules, name

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (lambda g: g, lambda g: g), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (lambda g: g * other.data, lambda g: g * self.data), "*")

    def __matmul__(self, other):
        return Value(self.data @ other.data, (self, other), (lambda g: g @ other.data.T, lambda g: self.data.T @ g), "@")

    def __neg__(self):
        return Value(-self.data, (self,), (lambda g: -g,), "-")

    def exp(self):
        out = np.exp(self.data)
        return Value(out, (self,), (lambda g: g * out,), "exp")

    def log(self):
        return Value(np.log(self.data), (self,), (lambda g: g / self.data,), "log")

    def relu(self):
        return Value(np.maximum(self.data, 0), (self,), (lambda g: g * (self.data > 0),), "relu")

    def sum(self, axis=None):
        out = self.data.sum(axis=axis, keepdims=axis is not None)
        return Value(out, (self,), (lambda g: np.broadcast_to(g, self.data.shape),), "sum")

    def backward(self):
        """Set the `grad` of every value from which this one was computed to the slope of this one's sum along it."""
        order = topological_order(self)
        for value in order:
            value.grad = np.zeros_like(value.data)
        self.grad = np.ones_like(self.data)
        for value in reversed(order):
            for parent, rule in zip(value.parents, value.rules, strict=True):
                parent.grad += unbroadcast(rule(value.grad), parent.data.shape)


def topological_order(value):
    """Return all values from which `value` was computed, and `value` itself last: each comes after its parents."""
    order, visited = [], set()

    def visit(v):
        if v not in visited:
            visited.add(v)
            for parent in v.parents:
                visit(parent)
            order.append(v)

    visit(value)
    return order


def unbroadcast(grad, shape):
    """Sum slopes over all axes along which an array of this shape was broadcast."""
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
