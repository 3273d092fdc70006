"""The networks against check_gradient, formulas and what they have to learn."""

import numpy as np
import pytest

from helpers import SoftmaxRegression, TwoLayerNet, check_gradient, load_digits, minibatches

NETS = {
    "softmax regression": lambda rng: SoftmaxRegression(5, 3, rng),
    "relu": lambda rng: TwoLayerNet(5, 7, 3, rng),
    "tanh": lambda rng: TwoLayerNet(5, 7, 3, rng, activation="tanh"),
}


def data(seed=0, n=9):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 5)), rng.integers(0, 3, n)


@pytest.fixture(params=NETS)
def net(request):
    net = NETS[request.param](np.random.default_rng(1))
    for name, array in net.params.items():
        net.params[name] = array + 0.1 * np.random.default_rng(2).standard_normal(array.shape)
    return net


@pytest.mark.parametrize("n", [1, 9, 40])
def test_every_gradient_passes_the_check(net, n):
    x, t = data(n=n)
    for name, parameter in net.params.items():
        report = check_gradient(lambda _: net.loss(x, t), lambda _: net.gradients(x, t)[name], parameter)  # noqa: B023
        assert report.ok, str(report)


def test_the_loss_is_the_mean_negative_log_likelihood_and_the_prediction_the_most_probable_class(net):
    x, t = data()
    z = net.logits(x)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert abs(net.loss(x, t) + np.log(y[np.arange(9), t]).mean()) < 1e-12
    assert np.array_equal(net.predict(x), y.argmax(axis=1))


def test_one_example_is_a_batch_of_one(net):
    x, t = data()
    assert net.logits(x[0]).shape == (3,)
    assert net.predict(x[0]) == net.predict(x)[0]
    assert abs(net.loss(x[0], t[0]) - net.loss(x[:1], t[:1])) < 1e-14
    for name, slope in net.gradients(x[:1], t[:1]).items():
        assert slope.shape == net.params[name].shape
        np.testing.assert_allclose(net.gradients(x[0], t[0])[name], slope, atol=1e-15)


def trained():
    rng = np.random.default_rng(7)
    net, (x, t) = TwoLayerNet(64, 32, 10, rng), (array[:10] for array in load_digits())
    for _epoch in range(300):
        for inputs, labels in minibatches(x, t, 4, rng):
            for name, slope in net.gradients(inputs, labels).items():
                net.params[name] -= 0.2 * slope
    return net, x, t


def test_ten_digits_are_learned_by_heart_and_the_same_seed_gives_the_same_network():
    (net, x, t), (twin, *_) = trained(), trained()
    assert net.loss(x, t) < 0.01
    assert np.array_equal(net.predict(x), t)
    assert all(array.tobytes() == twin.params[name].tobytes() for name, array in net.params.items())


def test_the_weights_have_the_spread_that_glorot_and_he_recommend():
    net = TwoLayerNet(500, 400, 300, np.random.default_rng(0))
    assert abs(net.params["W1"].std() / np.sqrt(2 / 500) - 1) < 0.01
    assert abs(np.abs(net.params["W2"]).max() / np.sqrt(6 / 700) - 1) < 0.01
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


@pytest.mark.parametrize(
    ("x", "t", "error", "says"),
    [
        (np.zeros((3, 4)), [0, 1, 2], ValueError, r"x has shape .*takes \(N, 5\)"),
        (np.ones((0, 5)), np.ones(0, int), ValueError, "x has no examples"),
        (np.ones((3, 5)), [0, 1, 3], ValueError, r"t\[2\] is 3: with 3 classes"),
        (np.ones((3, 5)), [0.0, 1.0, 2.0], TypeError, "t must hold integer class indices"),
        (np.ones((3, 5)), [0, 1], ValueError, "t has shape"),
        (np.ma.ones((3, 5)), [0, 1, 2], TypeError, "x is a masked array"),
    ],
)
def test_a_batch_that_does_not_fit_the_network_is_refused(net, x, t, error, says):
    for method in (net.gradients, net.loss):
        with pytest.raises(error, match=says):
            method(x, t)


@pytest.mark.filterwarnings("ignore:invalid value encountered in matmul")  # BLAS may multiply padding: 0 times inf
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_prediction_without_a_most_probable_class_is_warned_about(net, value):
    x, _ = data(n=2)
    net.params = {name: np.full_like(array, value) for name, array in net.params.items()}
    with pytest.warns(RuntimeWarning, match="x has an example without a most probable class") as caught:
        net.predict(np.abs(x))
    assert caught[-1].filename == __file__


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"activation": "sigmoid"}, ValueError, "activation must be 'relu' or 'tanh', not 'sigmoid'"),
        ({"inputs": 0}, ValueError, "inputs must be at least 1"),
        ({"hidden": 2.0}, TypeError, "hidden must be one integer"),
        ({"classes": True}, TypeError, "classes must be one integer"),
        ({"rng": 0}, TypeError, "rng must be a generator"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(change, error, says):
    with pytest.raises(error, match=says):
        TwoLayerNet(**{"inputs": 2, "hidden": 3, "classes": 4, "rng": np.random.default_rng(0)} | change)
