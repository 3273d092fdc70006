"""The exercises of page 09: autodiff. What is expected is measured, or computed path by path."""

import numpy as np

import helpers
from helpers.autodiff import Value, topological_order
from helpers.check.engine import Case, Exercise, Rejection, measured, tenths
from helpers.check.engine.hints import NOTHING


def _operations(rng):
    yield Case(operation="matmul", a=tenths(rng, (2, 3)), b=tenths(rng, (3, 2)), g=tenths(rng, (2, 2)))
    yield Case(operation="relu", a=rng.permutation([-1.5, 2.0, 0.5, -0.3]), b=None, g=tenths(rng, 4))
    yield Case("a is 4×3, b is 3×5", operation="matmul", a=tenths(rng, (4, 3)), b=tenths(rng, (3, 5)), g=tenths(rng, (4, 5)))
    yield Case("a has 20 rows of 6", operation="relu", a=rng.standard_normal((20, 6)), b=None, g=tenths(rng, (20, 6)))


def _measured_rules(operation, a, b, g):
    if operation == "relu":
        return measured(lambda a: np.sum(g * np.maximum(a, 0)), a)[0]
    return measured(lambda a, b: np.sum(g * (a @ b)), a, b)


def _rules(relu):
    return lambda operation, a, b, g: (g @ b.T, a.T @ g) if operation == "matmul" else relu(a, g)


rules = Exercise("rules", _operations, _measured_rules, [
    ("g is missing", _rules(lambda a, g: (a > 0).astype(float)),
     "This is the slope of the operation itself. By the chain rule it is combined with the slope g that comes back."),
    ("mask of the wrong array", _rules(lambda a, g: g * (g > 0)),
     "A ReLU passes a slope on where its input a is positive. You asked whether g is."),
    ("no mask", _rules(lambda a, g: g), "Where the input of a ReLU is negative, no slope passes through it."),
    ("the ReLU once more", _rules(lambda a, g: g * np.maximum(a, 0)),
     "This multiplies the slope by the ReLU itself. The backward rule multiplies the slope by 1 or by 0."),
], forbidden=[helpers.numerical_gradient], tolerance=1e-6)  # fmt: skip


def _values(rng):
    for shape, say in ((3, ""), ((2, 3), ""), ((20, 6), "20 rows of 6")):
        x = tenths(rng, shape)
        yield Case(say or f"value.data = {x.tolist()}", call=_slopes_of_squares, returns="a Value", x=x)


def _value(result):
    """Return a result, which must be a Value with a graph that the backward pass can go through."""
    if result is None:
        raise Rejection(*NOTHING, result)
    waiting = [result]
    while waiting:
        value = waiting.pop()
        if type(value) is np.ndarray and value is not result:
            raise Rejection("an array among the parents", "Wrap the array in the type of a Value: type(z)(array).", result)
        if type(value) is not Value:
            hint = "Return a Value, made with type(value)(data, parents, rules). Nothing else remembers its parents."
            raise Rejection("does not return a Value", hint, result)
        kinds, lists = {type(value.parents), type(value.rules)}, {tuple, list}
        if not kinds <= lists or len(value.parents) != len(value.rules):
            hint = "The parents and the rules must be two tuples of the same length. A tuple with one element needs a comma."
            raise Rejection("parents and rules are not tuples", hint, result)
        waiting.extend(value.parents)
    return result


def _slopes_of_squares(answer, x):
    """Return the data of answer(value), and the slopes of the sum of its squares, added to a second use of the value."""
    value = Value(x.copy())
    result = _value(answer(value))
    (result * result + value).sum().backward()
    return result.data, value.grad


def _tanh_with(rule):
    def answer(value):
        result = np.tanh(value.data)
        return type(value)(result, (value,), (lambda g: rule(g, result, value.data),), "tanh")

    return answer


tanh = Exercise("tanh", _values, _tanh_with(lambda g, result, z: g / np.cosh(z) ** 2), [
    ("tanh taken twice", _tanh_with(lambda g, out, z: g * (1 - np.tanh(out) ** 2)),
     "The output is already the tanh of the input: the slope is 1 minus its square."),
    ("the square of the input", _tanh_with(lambda g, out, z: g * (1 - z**2)),
     "The slope is 1 minus the square of the output, and not of the input."),
    ("g is missing", _tanh_with(lambda g, out, z: 1 - out**2),
     "This is the slope of tanh itself. By the chain rule it is multiplied by g."),
    ("no parents", lambda value: type(value)(np.tanh(value.data)),
     "The data are right, but the new value does not remember its parent, so no slope goes back."),
    ("the slope of the sigmoid", _tanh_with(lambda g, out, z: g * out * (1 - out)),
     "y (1 - y) is the slope of the sigmoid."),
], parts=("the data", "the slopes of (result**2 + value).sum()"))  # fmt: skip


def _graphs(rng):
    a, b = rng.integers(1, 9, 2) / 2
    for say, graph, calls in (
        ("c = a * b + a with {}", lambda a, b: a * b + a, 1),
        ("s = a + b, then t = s + a, then s * t, with {}", lambda a, b: (s := a + b) * (s + a), 1),
        ("exp(a) * exp(a) + b, with {}", lambda a, b: a.exp() * a.exp() + b, 1),
        ("a chain of 20 sums, with {}", _chain, 1),
        ("s = a + b, then (s + a) * s, with {}", lambda a, b: ((s := a + b) + a) * s, 1),
        ("c = a * b + a with {}, and the function is called twice", lambda a, b: a * b + a, 2),
    ):
        yield Case(say.format(f"a = {a}, b = {b}"), call=_slopes_in(graph, calls), a=a, b=b)


def _chain(a, b):
    for _ in range(20):
        a = a + b
    return a * a


def _slopes_in(graph, calls):
    def call(answer, a, b):
        a, b = Value(a), Value(b)
        result = graph(a, b)
        for _ in range(calls):
            answer(result)
        return float(a.grad), float(b.grad)

    return call


def _zero(values):
    for value in values:
        value.grad = np.zeros_like(value.data)


def _pass_on(value, add=True):
    for parent, rule in zip(value.parents, value.rules, strict=True):
        parent.grad = rule(value.grad) + (parent.grad if add else 0)


def _along_all_paths(result):
    """Add up what each path from the result brings. This is slow, and plainly right."""

    def follow(value, g):
        value.grad = value.grad + g
        for parent, rule in zip(value.parents, value.rules, strict=True):
            follow(parent, rule(g))

    _zero(topological_order(result))
    follow(result, 1.0)


def _in_order(zero=_zero, step=-1, **how):
    """Return an answer that is right except for its arguments."""

    def answer(result):
        order = topological_order(result)
        zero(order)
        result.grad = np.ones_like(result.data)
        for value in order[::step]:
            _pass_on(value, **how)

    return answer


def _with_waiting(next_at=0, once=True, ever=False):
    """Return an answer that visits the values as they come, each once if `once`, and none a second time if `ever`."""

    def answer(result):
        _zero(topological_order(result))
        result.grad, waiting, seen = np.ones_like(result.data), [result], [result]
        while waiting:
            value = waiting.pop(next_at)
            _pass_on(value)
            for parent in value.parents:
                if not once or parent not in (seen if ever else waiting):
                    waiting.append(parent)
                    seen.append(parent)

    return answer


backward = Exercise("backward", _graphs, _along_all_paths, [
    ("passes slopes on too early", [_with_waiting(), _with_waiting(ever=True), _with_waiting(-1, ever=True)],
     "A value passes its slope on before all values that were computed from it have passed theirs. Which order makes sure "
     "that a slope is complete?"),
    ("passes slopes on too early", _with_waiting(-1),
     "The result depends on the order of the factors: s * t is right, and t * s is not. Which order makes sure that a slope "
     "is complete before it is passed on?"),
    ("passes slopes on twice", [_with_waiting(once=False), _with_waiting(-1, once=False)],
     "A value that was reached along two paths passes on again what it has already passed on."),
    ("= where += belongs", _in_order(add=False),
     "A value that is used twice keeps only one of its slopes. Slopes of several paths add up."),
    ("from the inputs to the result", _in_order(step=1),
     "You go from the inputs to the result. Slopes go the other way."),
    ("not set to zero", _in_order(zero=lambda values: None),
     "A second call on the same graph adds to the slopes of the first. Set all slopes to zero at the start."),
    ("nothing happens", lambda result: None, "No slope is set. Is the stub still empty?"),
], forbidden=[Value.backward])  # fmt: skip


def _logits(rng):
    for n, c, about, say in ((1, 3, 0, ""), (2, 3, 0, ""), (4, 4, 0, "4 rows of 4 logits"), (3, 2, 1000, "logits of 1000")):
        z, t = about + tenths(rng, (n, c)), rng.integers(0, c, n)
        yield Case(say or f"z.data = {z.tolist()}, t = {t.tolist()}", call=_loss_and_slopes, returns="a Value", z=z, t=t)
    z = tenths(rng, (2, 3)) + np.array([[1000], [0]])
    yield Case("a row of logits near 1000 and one near 0", call=_loss_and_slopes, returns="a Value", z=z, t=np.array([0, 2]))


def _loss_and_slopes(answer, z, t):
    value = Value(z.copy())
    loss = _value(answer(value, t))
    loss.backward()
    return float(loss.data), value.grad


def _loss_with(shift=True, mean=True, log=True, rows=1):
    def answer(z, t):
        constant = type(z)
        top = z.data.max(axis=rows, keepdims=True)
        shifted = z + constant(-top) if shift else z
        log_p = shifted + -shifted.exp().sum(axis=1).log() if log else shifted
        picked = -helpers.one_hot(t, z.data.shape[1]) / (len(t) if mean else 1)
        return (constant(picked) * log_p).sum()

    return answer


value_loss = Exercise("value_loss", _logits, _loss_with(), [
    ("no shift", _loss_with(shift=False), "exp(1000) overflows. Subtract the maximum of each row first, as a constant."),
    ("one maximum for all rows", _loss_with(rows=None),
     "The maximum of all logits is subtracted. In a row far below it all exponentials underflow to 0. Take the maximum of "
     "each row."),
    ("no mean", _loss_with(mean=False), "The loss is a mean over the examples."),
    ("no logarithm of the sum", _loss_with(log=False),
     "The log-probability is the shifted logit minus the logarithm of the sum of the exponentials."),
    ("no way back", lambda z, t: type(z)(_loss_with()(z, t).data),
     "The loss is right and all slopes are 0. An array, such as z.data, does not remember how it was computed."),
], forbidden=[helpers.softmax_cross_entropy, helpers.cross_entropy], parts=("the loss", "the slopes"))  # fmt: skip
