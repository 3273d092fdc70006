"""The exercises of page 06: backpropagation. What is expected is measured by numerical_gradient."""

import itertools

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Mistake, tenths

__all__ = ["deep_gradients", "residual_backward", "tanh_backward", "two_layer_net"]

FROM_KINK = 1e-2  # how far the input of a ReLU is kept from 0, so that slopes can be measured


def _activations(rng):
    yield Case(da=tenths(rng, 3), a=tenths(rng, 3, 0.9))
    yield Case(da=tenths(rng, (2, 3)), a=tenths(rng, (2, 3), 0.9))
    yield Case("20 rows of 6", da=rng.standard_normal((20, 6)), a=np.tanh(2 * rng.standard_normal((20, 6))))


tanh_backward = Exercise(
    "tanh_backward",
    _activations,
    lambda da, a: da / np.cosh(np.arctanh(a)) ** 2,
    [
        Mistake("tanh taken twice", "a is already the tanh of z.", lambda da, a: da * (1 - np.tanh(a) ** 2)),
        Mistake(
            "the mask of a ReLU",
            "A ReLU passes a slope on completely or not at all. The slope of tanh lies in between.",
            lambda da, a: da * (a > 0),
        ),
        Mistake("the slope of the sigmoid", "a (1 - a) is the slope of the sigmoid.", lambda da, a: da * a * (1 - a)),
        Mistake(
            "da is missing",
            "This is the slope of tanh itself. By the chain rule it is multiplied by the slope that arrives from behind, "
            "da.",
            lambda da, a: 1 - a**2,
        ),
        Mistake(
            "no square",
            "Try a = 0.9: the slope of tanh is about 0.19 there. Compare the formula of the task with your code.",
            lambda da, a: da * (1 - np.abs(a)),
        ),
        Mistake("depends on the sign of a", "The slope of tanh is the same for a and for -a.", lambda da, a: da * (1 - a)),
        Mistake("divided", "The chain rule multiplies by the slope of a step.", lambda da, a: da / (1 - a**2)),
    ],
)


def _blocks(rng):
    def case(n, d, say=""):
        while True:
            a, W = rng.standard_normal((n, d)).round(1), rng.standard_normal((d, d)).round(1)
            if np.min(np.abs(a @ W)) > FROM_KINK:
                return Case(say, dout=rng.standard_normal((n, d)).round(1), a=a, W=W)

    yield case(1, 2)
    yield case(3, 3, "3 rows of 3")
    yield case(5, 4, "5 rows of 4")


def _measured_block(dout, a, W):
    a, W = a.copy(), W.copy()

    def weighted(_):
        return np.sum(dout * (a + np.maximum(a @ W, 0)))

    return helpers.numerical_gradient(weighted, a), helpers.numerical_gradient(weighted, W)


def _block(around=lambda dout, dz: dout, mask=lambda z, dout: z > 0, weights=np.transpose):
    def backward(dout, a, W):
        dz = dout * mask(a @ W, dout)
        return around(dout, dz) + dz @ weights(W), a.T @ dz

    return backward


def _relu(z):
    return np.maximum(z, 0)


residual_backward = Exercise(
    "residual_backward",
    _blocks,
    _measured_block,
    [
        Mistake(
            "one path is missing",
            "a reaches the output along two paths, through the layer and around it. The slopes of both paths add up.",
            _block(lambda dout, dz: 0),
        ),
        Mistake(
            "the path around is masked",
            "The ReLU is on one of the two paths only. On the path around the layer everything passes.",
            _block(lambda dout, dz: dz),
        ),
        Mistake(
            "no transpose",
            "W is square, so the shapes fit without a transpose as well. Which index of W belongs to a?",
            _block(weights=lambda W: W),
        ),
        Mistake(
            "mask of the wrong array",
            "A ReLU passes a slope on where its input is positive. You asked whether dout is.",
            _block(mask=lambda z, dout: dout > 0),
        ),
        Mistake(
            "no mask", "Where the input of a ReLU is negative, no slope passes through it.", _block(mask=lambda z, dout: 1)
        ),
        Mistake(
            "1 instead of dout",
            "The path around the layer has the slope 1. By the chain rule it is multiplied by the slope from behind, dout.",
            _block(lambda dout, dz: 1),
        ),
        Mistake(
            "dW of both paths",
            "W is on one of the two paths only, so the other path adds nothing to dW.",
            lambda dout, a, W: (dout + dout * (a @ W > 0) @ W.T, a.T @ (dout + dout * (a @ W > 0))),
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
    smallest_scale=0.1,
)


def _nets(rng):
    def case(n, *widths):
        while True:
            layers = [(rng.standard_normal((a, b)), 0.5 * rng.standard_normal(b)) for a, b in itertools.pairwise(widths)]
            x = rng.standard_normal((n, widths[0]))
            inputs, _ = _forward(x, layers)
            far = all(np.min(np.abs(h @ W + b)) > FROM_KINK for h, (W, b) in zip(inputs[:-1], layers[:-1], strict=True))
            if far and all(np.all(h.any(axis=0)) for h in inputs):
                say = f"{n} examples, layers {'-'.join(map(str, widths))}"
                return Case(say, x=x, t=rng.integers(0, widths[-1], n), layers=layers)

    yield case(3, 2, 3)
    yield case(4, 3, 4, 3)
    yield case(5, 3, 3, 3, 3)
    yield case(3, 4, 5, 3, 4, 2)


def _forward(x, layers, relu=_relu):
    """Return the inputs of all layers, and the logits."""
    inputs = [x]
    for W, b in layers[:-1]:
        inputs.append(relu(inputs[-1] @ W + b))
    W, b = layers[-1]
    return inputs, inputs[-1] @ W + b


def _measured_net(x, t, layers):
    layers = [(W.copy(), b.copy()) for W, b in layers]

    def loss(_):
        return helpers.softmax_cross_entropy(_forward(x, layers)[1], t)

    return [(helpers.numerical_gradient(loss, W), helpers.numerical_gradient(loss, b)) for W, b in layers]


def _output_slope(z, t):
    return helpers.softmax(z) - helpers.one_hot(t, z.shape[1])


def _deep(n=len, mask=lambda h: h > 0, bias=np.sum, order=-1, dz_of=_output_slope, relu=_relu):  # noqa: PLR0913, PLR0917
    """Return an answer that is right but for what it is told."""

    def gradients(x, t, layers):
        inputs, z = _forward(x, layers, relu)
        dz, slopes = dz_of(z, t) / n(x), []
        for k in reversed(range(len(layers))):
            slopes.append((inputs[k].T @ dz, bias(dz, axis=0)))
            dz = dz @ layers[k][0].T * mask(inputs[k])
        return slopes[::order]

    return gradients


deep_gradients = Exercise(
    "deep_gradients",
    _nets,
    _measured_net,
    [
        Mistake(
            "the last layer first",
            "The backward pass starts at the last layer. The result should be in the order of `layers`.",
            _deep(order=1),
        ),
        Mistake(
            "no mean",
            "The loss is a mean over the examples, so a factor is missing at the start of the backward pass.",
            _deep(n=lambda x: 1),
        ),
        Mistake(
            "wrong sign",
            "The slope of the loss along the logits is the prediction minus the label.",
            _deep(dz_of=lambda z, t: -_output_slope(z, t)),
        ),
        Mistake(
            "no mask",
            "Between the layers is a ReLU, and the backward pass has to go through it as well.",
            _deep(mask=lambda h: 1),
        ),
        Mistake(
            "mean instead of sum for the bias",
            "The bias is added to every row, so its slope is the sum of the slopes of all rows.",
            _deep(bias=np.mean),
        ),
        Mistake(
            "no ReLU",
            "Between the layers is a ReLU. Without it all layers together are a single linear one.",
            _deep(mask=lambda h: 1, relu=lambda z: z),
        ),
        Mistake(
            "a ReLU after the last layer",
            "The last layer returns the logits as they are, without a ReLU.",
            _deep(dz_of=lambda z, t: _output_slope(_relu(z), t) * (z > 0)),
        ),
        Mistake(
            "the label is not used",
            "The slope of the loss along the logits is the prediction minus the label. Your code never subtracts the label.",
            _deep(dz_of=lambda z, t: helpers.softmax(z)),
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient],
    tolerance=1e-6,
    smallest_scale=0.1,
)


def _two_layers(rng):
    for n, d, hidden, c in ((3, 2, 2, 3), (5, 2, 4, 3), (8, 4, 6, 2)):
        while True:
            shapes = {"W1": (d, hidden), "b1": hidden, "W2": (hidden, c), "b2": c}
            params = {name: rng.standard_normal(shape).round(2) for name, shape in shapes.items()}
            x = rng.standard_normal((n, d)).round(2)
            if np.min(np.abs(x @ params["W1"] + params["b1"])) > FROM_KINK:
                break
        say = f"{n} examples, layers {d}-{hidden}-{c}"
        yield Case(say, call=_loss_and_slopes, params=params, x=x, t=rng.integers(0, c, n))


def _loss_and_slopes(answer, params, x, t):
    loss, gradients = answer(params, x, t)
    return loss, {name: gradients[name] for name in params}


def _measured_two_layers(params, x, t):
    params = {name: array.copy() for name, array in params.items()}

    def loss(_=None):
        a = _relu(x @ params["W1"] + params["b1"])
        return helpers.softmax_cross_entropy(a @ params["W2"] + params["b2"], t)

    return loss(), {name: helpers.numerical_gradient(loss, array) for name, array in params.items()}


def _two_layer(n=len, mask=lambda z1, da: z1 > 0, bias=np.sum, left=lambda a, z1: a):
    def answer(params, x, t):
        z1 = x @ params["W1"] + params["b1"]
        a = _relu(z1)
        z2 = a @ params["W2"] + params["b2"]
        dz2 = _output_slope(z2, t) / n(x)
        da = dz2 @ params["W2"].T
        dz1 = da * mask(z1, da)
        slopes = {"W1": x.T @ dz1, "b1": bias(dz1, axis=0), "W2": left(a, z1).T @ dz2, "b2": bias(dz2, axis=0)}
        return helpers.softmax_cross_entropy(z2, t), slopes

    return answer


two_layer_net = Exercise(
    "two_layer_net",
    _two_layers,
    _measured_two_layers,
    [
        Mistake(
            "no mean",
            "The loss is a mean over the examples, so dz2 has to be divided by their number.",
            _two_layer(n=lambda x: 1),
        ),
        Mistake(
            "no mask",
            "Where the input of a ReLU is negative, no slope passes through it.",
            _two_layer(mask=lambda z1, da: 1),
        ),
        Mistake(
            "mask of the wrong array",
            "A ReLU passes a slope on where its input is positive. You asked whether the slope is.",
            _two_layer(mask=lambda z1, da: da > 0),
        ),
        Mistake(
            "mean instead of sum for the bias",
            "The bias is added to every row, so its slope is the sum of the slopes of all rows.",
            _two_layer(bias=np.mean),
        ),
        Mistake(
            "z1 instead of a",
            "W2 multiplies the activations, after the ReLU. Your dW2 uses the sums before it.",
            _two_layer(left=lambda a, z1: z1),
        ),
    ],
    forbidden=[helpers.numerical_gradient, helpers.check_gradient, helpers.TwoLayerNet.gradients],
    tolerance=1e-6,
    smallest_scale=0.1,
)
