"""The exercises of notebook 06: backpropagation. What is expected is measured, by numerical_gradient."""

import itertools

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip
from helpers.check.softmax import tenths
from helpers.functions import one_hot, softmax, softmax_cross_entropy
from helpers.gradient_check import check_gradient
from helpers.gradients import numerical_gradient

__all__ = ["deep_gradients", "residual_backward", "tanh_backward"]

CLEAR = 1e-2  # how far a ReLU is kept from its kink


def _activations(rng):
    yield Case(dh=tenths(rng, 3), h=tenths(rng, 3, 0.9))
    yield Case(dh=tenths(rng, (2, 3)), h=tenths(rng, (2, 3), 0.9))
    yield Case("20 rows of 6", dh=rng.standard_normal((20, 6)), h=np.tanh(2 * rng.standard_normal((20, 6))))


tanh_backward = Exercise(
    "tanh_backward",
    _activations,
    lambda dh, h: dh / np.cosh(np.arctanh(h)) ** 2,
    [
        Slip("tanh taken twice", "h is the tanh of z already.", lambda dh, h: dh * (1 - np.tanh(h) ** 2)),
        Slip(
            "the mask of a ReLU", "A ReLU passes all or nothing. A tanh has a slope everywhere.", lambda dh, h: dh * (h > 0)
        ),
        Slip("the sigmoid's slope", "h (1 - h) belongs to the sigmoid.", lambda dh, h: dh * h * (1 - h)),
        Slip(
            "dh forgotten",
            "This is the slope of the step itself. The chain rule multiplies it by what came from behind.",
            lambda dh, h: 1 - h**2,
        ),
        Slip("no square", "Try h = 0.9: the slope of tanh is less than 0.2 there.", lambda dh, h: dh * (1 - np.abs(h))),
        Slip(
            "the sign of h",
            "Where h is negative the slope of tanh is as large as where it is positive.",
            lambda dh, h: dh * (1 - h),
        ),
        Slip("divided", "The chain rule multiplies by the slope of the step.", lambda dh, h: dh / (1 - h**2)),
    ],
)


def _blocks(rng):
    def case(n, d, say=""):
        while True:
            h, W = rng.standard_normal((n, d)).round(1), rng.standard_normal((d, d)).round(1)
            if np.min(np.abs(h @ W)) > CLEAR:
                return Case(say, dout=rng.standard_normal((n, d)).round(1), h=h, W=W)

    yield case(1, 2)
    yield case(3, 3, "3 rows of 3")
    yield case(5, 4, "5 rows of 4")


def _measured_block(dout, h, W):
    h, W = h.copy(), W.copy()

    def weighted():
        return np.sum(dout * (h + np.maximum(h @ W, 0)))

    return numerical_gradient(lambda _: weighted(), h), numerical_gradient(lambda _: weighted(), W)


def _block(way_around=lambda dout, dz: dout, mask=lambda z, dout: z > 0, weights=np.transpose):
    def backward(dout, h, W):
        dz = dout * mask(h @ W, dout)
        return way_around(dout, dz) + dz @ weights(W), h.T @ dz

    return backward


def _relu(z):
    return np.maximum(z, 0)


residual_backward = Exercise(
    "residual_backward",
    _blocks,
    _measured_block,
    [
        Slip(
            "one way forgotten",
            "h reaches the output in two ways, through the layer and around it. Where several ways lead on, add them up.",
            _block(lambda dout, dz: 0),
        ),
        Slip(
            "the way around is masked",
            "The ReLU lies on one of the two ways only: around it, everything passes.",
            _block(lambda dout, dz: dz),
        ),
        Slip(
            "transpose forgotten",
            "W is square, so no shape complains. Which index of W belongs to h?",
            _block(weights=lambda W: W),
        ),
        Slip(
            "mask of the wrong array",
            "The ReLU lets pass where its input was positive.",
            _block(mask=lambda z, dout: dout > 0),
        ),
        Slip("no mask", "Through a ReLU that is off nothing passes.", _block(mask=lambda z, dout: 1)),
        Slip(
            "the identity for dout",
            "Around the layer the slope is 1, and 1 times what came from behind is dout.",
            _block(lambda dout, dz: 1),
        ),
        Slip(
            "dW of both ways",
            "W lies on one of the two ways only: dW has no part from the other.",
            lambda dout, h, W: (dout + dout * (h @ W > 0) @ W.T, h.T @ (dout + dout * (h @ W > 0))),
        ),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-6,
    least=0.1,
)


def _nets(rng):
    def case(n, *widths):
        while True:
            layers = [(rng.standard_normal((a, b)), 0.5 * rng.standard_normal(b)) for a, b in itertools.pairwise(widths)]
            x = rng.standard_normal((n, widths[0]))
            h, nearest = x, [1.0]
            for W, b in layers[:-1]:
                z = h @ W + b
                nearest.append(np.min(np.abs(z)))
                h = _relu(z)
            if min(nearest) > CLEAR and np.all(h.any(axis=0)):
                say = f"{n} examples, layers {'-'.join(map(str, widths))}"
                return Case(say, x=x, t=rng.integers(0, widths[-1], n), layers=layers)

    yield case(3, 2, 3)
    yield case(4, 3, 4, 3)
    yield case(5, 3, 3, 3, 3)
    yield case(3, 4, 5, 3, 4, 2)


def _forward(x, layers):
    inputs = [x]
    for W, b in layers[:-1]:
        inputs.append(_relu(inputs[-1] @ W + b))
    W, b = layers[-1]
    return inputs, inputs[-1] @ W + b


def _measured_net(x, t, layers):
    layers = [(W.copy(), b.copy()) for W, b in layers]

    def loss(_):
        return softmax_cross_entropy(_forward(x, layers)[1], t)

    return [(numerical_gradient(loss, W), numerical_gradient(loss, b)) for W, b in layers]


def _deep(n=len, mask=lambda h: h > 0, weights=np.transpose, bias=np.sum, order=-1, dy=lambda y, T: y - T):  # noqa: PLR0913, PLR0917
    def gradients(x, t, layers):
        inputs, z = _forward(x, layers)
        dz = dy(softmax(z), one_hot(t, z.shape[1])) / n(x)
        slopes = []
        for k in reversed(range(len(layers))):
            slopes.append((inputs[k].T @ dz, bias(dz, axis=0)))
            if k:
                dz = dz @ weights(layers[k][0]) * mask(inputs[k])
        return slopes[::order]

    return gradients


def _without_relu(x, t, layers):
    inputs = [x]
    for W, b in layers:
        inputs.append(inputs[-1] @ W + b)
    dz, slopes = (softmax(inputs[-1]) - one_hot(t, inputs[-1].shape[1])) / len(x), []
    for k in reversed(range(len(layers))):
        slopes.append((inputs[k].T @ dz, dz.sum(axis=0)))
        dz = dz @ layers[k][0].T
    return slopes[::-1]


def _relu_at_the_end(x, t, layers):
    inputs, z = _forward(x, layers)
    dz, slopes = (softmax(_relu(z)) - one_hot(t, z.shape[1])) / len(x) * (z > 0), []
    for k in reversed(range(len(layers))):
        slopes.append((inputs[k].T @ dz, dz.sum(axis=0)))
        dz = dz @ layers[k][0].T * (inputs[k] > 0)
    return slopes[::-1]


deep_gradients = Exercise(
    "deep_gradients",
    _nets,
    _measured_net,
    [
        Slip(
            "the last layer first",
            "On the way back the last layer comes first; the result is to be in the order of `layers`.",
            _deep(order=1),
        ),
        Slip("no mean", "The loss is a mean over the examples: one factor is missing at the start.", _deep(n=lambda x: 1)),
        Slip("sign", "What the network said minus what is true.", _deep(dy=lambda y, T: T - y)),
        Slip("no mask", "Between the layers is a ReLU, on the way back, too.", _deep(mask=lambda h: 1)),
        Slip(
            "mean for sum in the bias",
            "The bias is added to every row: its slope is the sum of the rows' slopes.",
            _deep(bias=np.mean),
        ),
        Slip("no ReLU", "Between the layers is a ReLU: without it all layers are one.", _without_relu),
        Slip("a ReLU after the last layer", "The last layer gives the logits as they are.", _relu_at_the_end),
        Slip("no label", "From the loss to the logits it is y - t: where is t?", _deep(dy=lambda y, T: y)),
    ],
    instead_of=[numerical_gradient, check_gradient],
    tolerance=1e-6,
    least=0.1,
)
