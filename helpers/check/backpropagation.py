"""The exercises of page 06: backpropagation. What is expected is measured by numerical_gradient."""

import itertools

import numpy as np

import helpers
from helpers.check.engine import MEASURED, Case, Exercise, measured, off_kinks, tenths


def _activations(rng):
    yield Case(da=tenths(rng, 3), a=tenths(rng, 3, 0.9))
    yield Case(da=tenths(rng, (2, 3)), a=tenths(rng, (2, 3), 0.9))
    yield Case("20 rows of 6", da=rng.standard_normal((20, 6)), a=np.tanh(2 * rng.standard_normal((20, 6))))


tanh_backward = Exercise("tanh_backward", _activations, lambda da, a: da / np.cosh(np.arctanh(a)) ** 2, [
    ("tanh taken twice", lambda da, a: da * (1 - np.tanh(a) ** 2), "a is already the tanh of z."),
    ("the mask of a ReLU", lambda da, a: da * (a > 0),
     "A ReLU passes a slope on completely or not at all. The slope of tanh lies in between."),
    ("the slope of the sigmoid", lambda da, a: da * a * (1 - a), "a (1 - a) is the slope of the sigmoid."),
    ("da is missing", lambda da, a: 1 - a**2,
     "This is the slope of tanh itself. By the chain rule it is multiplied by the slope that arrives from behind, da."),
    ("no square", lambda da, a: da * (1 - np.abs(a)),
     "Try a = 0.9: the slope of tanh is about 0.19 there. Compare the formula of the task with your code."),
    ("depends on the sign of a", lambda da, a: da * (1 - a), "The slope of tanh is the same for a and for -a."),
    ("divided", lambda da, a: da / (1 - a**2), "The chain rule multiplies by the slope of a step."),
    ("parentheses missing", lambda da, a: da * 1 - a**2,
     "Python computes the product before the difference, so da is multiplied by 1 only. Put the difference in parentheses."),
])  # fmt: skip


def _relu(z):
    return np.maximum(z, 0)


def _blocks(rng):
    def case(n, d, say=""):
        a = W = np.zeros((d, d))
        while not off_kinks(a @ W):
            a, W = rng.standard_normal((n, d)).round(1), rng.standard_normal((d, d)).round(1)
        return Case(say, dout=rng.standard_normal((n, d)).round(1), a=a, W=W)

    yield case(1, 2)
    yield case(3, 3, "3 rows of 3")
    yield case(5, 4, "5 rows of 4")


def _measured_block(dout, a, W):
    return measured(lambda a, W: np.sum(dout * (a + _relu(a @ W))), a, W)


def _block(around=lambda dout, dz: dout, mask=lambda z, dout: z > 0, weights=np.transpose):
    def backward(dout, a, W):
        dz = dout * mask(a @ W, dout)
        return around(dout, dz) + dz @ weights(W), a.T @ dz

    return backward


residual_backward = Exercise("residual_backward", _blocks, _measured_block, [
    ("one path is missing", _block(lambda dout, dz: 0),
     "a reaches the output along two paths, through the layer and around it. The slopes of both paths add up."),
    ("the path around is masked", _block(lambda dout, dz: dz),
     "The ReLU is on one of the two paths only. On the path around the layer everything passes."),
    ("no transpose", _block(weights=lambda W: W),
     "W is square, so the shapes fit without a transpose as well. Which index of W belongs to a?"),
    ("mask of the wrong array", _block(mask=lambda z, dout: dout > 0),
     "A ReLU passes a slope on where its input is positive. You asked whether dout is."),
    ("no mask", _block(mask=lambda z, dout: 1), "Where the input of a ReLU is negative, no slope passes through it."),
    ("1 instead of dout", _block(lambda dout, dz: 1),
     "The path around the layer has the slope 1. By the chain rule it is multiplied by the slope from behind, dout."),
    ("dW of both paths", lambda dout, a, W: (dout + dout * (a @ W > 0) @ W.T, a.T @ (dout + dout * (a @ W > 0))),
     "W is on one of the two paths only, so the other path adds nothing to dW."),
    ("the path around passes through W",
     [lambda dout, a, W: ((dout + dout * (a @ W > 0)) @ W.T, a.T @ (dout * (a @ W > 0))),
      lambda dout, a, W: ((dout + dout * (a @ W > 0)) @ W.T, a.T @ (dout + dout * (a @ W > 0)))],
     "The path around the layer does not pass through W, so its slope is not multiplied by W."),
], **MEASURED)  # fmt: skip


def _nets(rng):
    def case(n, *widths):
        good = False
        while not good:
            layers = [(rng.standard_normal((a, b)), 0.5 * rng.standard_normal(b)) for a, b in itertools.pairwise(widths)]
            x = rng.standard_normal((n, widths[0]))
            inputs, sums = _forward(x, layers)
            never_off = all(np.all(a.any(axis=0)) for a in inputs)  # no hidden unit is off in all examples
            good = never_off and off_kinks(*sums[:-1])
        say = f"{n} examples, layers {'-'.join(map(str, widths))}"
        return Case(say, x=x, t=rng.integers(0, widths[-1], n), layers=layers)

    yield case(3, 2, 3)
    yield case(4, 3, 4, 3)
    yield case(5, 3, 3, 3, 3)
    yield case(3, 4, 5, 3, 4, 2)


def _forward(x, layers, relu=_relu):
    """Return two lists: the input of each layer, and its sums before the ReLU, of which the last are the logits."""
    inputs, sums = [x], []
    for W, b in layers:
        sums.append(inputs[-1] @ W + b)
        inputs.append(relu(sums[-1]))
    return inputs[:-1], sums


def _pairs(arrays):
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def _loss(x, t):
    return lambda *arrays: helpers.softmax_cross_entropy(_forward(x, _pairs(arrays))[1][-1], t)


def _output_slope(z, t):
    return helpers.softmax(z) - helpers.one_hot(t, z.shape[1])


def _deep(  # noqa: PLR0913, PLR0917
    n=len,
    mask=lambda a, da: a > 0,
    bias=np.sum,
    order=-1,
    dz_of=_output_slope,
    relu=_relu,
    left=lambda inputs, sums: inputs,
    own=lambda z: 1,
):
    """Return an answer that is right except for its arguments."""

    def gradients(x, t, layers):
        inputs, sums = _forward(x, layers, relu)
        dz, slopes = dz_of(sums[-1], t) / n(x), []
        for k in reversed(range(len(layers))):
            slopes.append((left(inputs, sums)[k].T @ dz, bias(dz, axis=0)))
            da = (dz * own(sums[k])) @ layers[k][0].T
            dz = da * mask(inputs[k], da)
        return slopes[::order]

    return gradients


def _measured_net(x, t, layers):
    return _pairs(measured(_loss(x, t), *itertools.chain(*layers)))


def _two_layers_only(x, t, layers):
    (_, _), (_, _) = layers
    return _deep()(x, t, layers)


deep_gradients = Exercise("deep_gradients", _nets, _measured_net, [
    ("the last layer first", _deep(order=1),
     "The backward pass starts at the last layer. The result should be in the order of `layers`."),
    ("no mean", _deep(n=lambda x: 1),
     "The loss is a mean over the examples, so a factor is missing at the start of the backward pass."),
    ("wrong sign", _deep(dz_of=lambda z, t: -_output_slope(z, t)),
     "The slope of the loss along the logits is the prediction minus the label."),
    ("no mask", _deep(mask=lambda a, da: 1),
     "Between the layers is a ReLU, and the backward pass has to go through it as well."),
    ("mean instead of sum for the bias", _deep(bias=np.mean),
     "The bias is added to every row, so its slope is the sum of the slopes of all rows."),
    ("no ReLU", _deep(mask=lambda a, da: 1, relu=lambda z: z),
     "Between the layers is a ReLU. Without it all layers together are a single linear one."),
    ("a ReLU after the last layer", _deep(dz_of=lambda z, t: _output_slope(_relu(z), t) * (z > 0)),
     "The last layer returns the logits as they are, without a ReLU."),
    ("the label is not used", _deep(dz_of=lambda z, t: helpers.softmax(z)),
     "The slope of the loss along the logits is the prediction minus the label. Your code never subtracts the label."),
    ("mask of the wrong array", _deep(mask=lambda a, da: da > 0),
     "A ReLU passes a slope on where its input is positive. You asked whether the slope is."),
    ("mask of another layer", _deep(mask=lambda a, da: 1, own=lambda z: z > 0),
     "Your mask belongs to the output of this layer. The slope that leaves the layer belongs to its input, which came from "
     "the ReLU before it and has another mask."),
    ("two layers only", _two_layers_only,
     "`layers` may hold any number of pairs, and your code expects two. Which loop goes through the layers from the last "
     "one to the first?"),
], **MEASURED)  # fmt: skip


def _two_layers(rng):
    for n, d, hidden, c in ((5, 2, 4, 3), (3, 2, 2, 3), (8, 4, 6, 2)):
        shapes = {"W1": (d, hidden), "b1": hidden, "W2": (hidden, c), "b2": c}
        z1 = 0.0
        while not off_kinks(z1):
            params = {name: rng.standard_normal(shape).round(2) for name, shape in shapes.items()}
            x = rng.standard_normal((n, d)).round(2)
            z1 = x @ params["W1"] + params["b1"]
        say = f"{n} examples, layers {d}-{hidden}-{c}"
        yield Case(say, params=params, x=x, t=rng.integers(0, c, n))


def _with_slopes(slopes_of):
    """Return an answer with the logits, the loss and slopes_of(x, t, layers)."""

    def answer(params, x, t):
        arrays = list(params.values())
        slopes = itertools.chain(*slopes_of(x, t, _pairs(arrays)))
        logits = _forward(x, _pairs(arrays))[1][-1]
        return logits, _loss(x, t)(*arrays), dict(zip(params, slopes, strict=True))

    return answer


def _two_layer(change=lambda g: {}, logits=lambda z: z, **how):
    """Return an answer whose dictionary of slopes g is changed by change(g)."""

    def answer(params, x, t):
        z, loss, slopes = _with_slopes(_deep(**how))(params, x, t)
        return logits(z), loss, slopes | change(slopes)

    return answer


two_layer_net = Exercise("two_layer_net", _two_layers, _with_slopes(_measured_net), [
    ("no mean", _two_layer(n=lambda x: 1),
     "The loss is a mean over the examples, so dz2 has to be divided by their number."),
    ("no mask", _two_layer(mask=lambda a, da: 1), "Where the input of a ReLU is negative, no slope passes through it."),
    ("mask of the wrong array", _two_layer(mask=lambda a, da: da > 0),
     "A ReLU passes a slope on where its input is positive. You asked whether the slope is."),
    ("mean instead of sum for the bias", _two_layer(bias=np.mean),
     "The bias is added to every row, so its slope is the sum of the slopes of all rows."),
    ("z1 instead of a", _two_layer(left=lambda inputs, sums: [inputs[0], *sums]),
     "W2 multiplies the activations, after the ReLU. Your dW2 uses the sums before it."),
    ("wrong sign", _two_layer(dz_of=lambda z, t: -_output_slope(z, t)),
     "dz2 is the prediction minus the label, in this order. All four slopes have the wrong sign because of it."),
    ("the ReLU once more", _two_layer(mask=lambda a, da: a),
     "This multiplies the slope by the ReLU itself. The backward pass multiplies the slope by 1 or by 0."),
    ("keys exchanged",
     [_two_layer(lambda g, a=a, b=b: {a: g[b], b: g[a]}) for a, b in (("W1", "W2"), ("b1", "b2"))],
     "Two slopes are stored under each other's keys. Each key of the dictionary belongs to the parameter of this name."),
    ("probabilities instead of logits", _two_layer(logits=helpers.softmax),
     "The method logits returns the scores before the softmax."),
    ("three classes assumed", _two_layer(dz_of=lambda z, t: helpers.softmax(z) - helpers.one_hot(t, 3)),
     "This network has 2 classes, and your code makes 3. The number of classes is the number of columns of the logits."),
], **MEASURED | {"forbidden": [*MEASURED["forbidden"], helpers.TwoLayerNet.gradients],
    "parts": ("logits", "loss", "gradients"),
    "suspect": "Does a method use the page's p? If only W1 and b1 are wrong, look at the lines of da and dz1."})  # fmt: skip
