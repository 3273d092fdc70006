"""The networks against check_gradient and PyTorch, gradient descent against its formula, the digits against scikit-learn."""

import hashlib
import importlib.resources
import io
import pathlib

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.datasets

from helpers import SoftmaxRegression, TwoLayerNet, check_gradient, digits, gradient_descent, load_digits, minibatches

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


# -- networks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 9, 40])
def test_every_gradient_passes_the_check(net, n):
    x, t = data(n=n)
    for name, parameter in net.params.items():
        report = check_gradient(lambda _: net.loss(x, t), lambda _: net.gradients(x, t)[name], parameter)  # noqa: B023
        assert report.ok, str(report)


def test_the_gradients_are_those_of_torch():
    torch = pytest.importorskip("torch")
    x, t = data()
    net = NETS["relu"](np.random.default_rng(3))
    params = {name: torch.tensor(array, requires_grad=True) for name, array in net.params.items()}
    a = torch.relu(torch.tensor(x) @ params["W1"] + params["b1"])
    torch.nn.functional.cross_entropy(a @ params["W2"] + params["b2"], torch.tensor(t)).backward()
    for name, slope in net.gradients(x, t).items():
        np.testing.assert_allclose(slope, params[name].grad.numpy(), atol=1e-12)


def test_the_loss_is_the_mean_negative_log_likelihood_and_the_prediction_the_most_probable_class(net):
    x, t = data()
    z = net.logits(x)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert abs(net.loss(x, t) + np.log(y[np.arange(9), t]).mean()) < 1e-12
    assert np.array_equal(net.predict(x), y.argmax(axis=1))


def test_the_callers_arrays_and_the_parameters_are_never_changed(net):
    x, t = data()
    kept = [array.tobytes() for array in (x, t, *net.params.values())]
    net.loss(x, t), net.gradients(x, t), net.predict(x)
    assert [array.tobytes() for array in (x, t, *net.params.values())] == kept


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
        (np.zeros(4), 0, ValueError, r"x has shape .* or \(5,\) for one example"),
        (np.zeros((2, 2, 5)), [0, 1], ValueError, "x has shape"),
        (np.ones((0, 5)), np.ones(0, int), ValueError, "x has no examples"),
        (np.ones((3, 5)), [0, 1, 3], ValueError, r"t\[2\] is 3: with 3 classes"),
        (np.ones((3, 5)), [0, 1, -1], ValueError, r"t\[2\] is -1"),
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
        ({"inputs": 2**70}, ValueError, "inputs, .* too large for an array"),
        ({"rng": 0}, TypeError, "rng must be a generator"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(change, error, says):
    with pytest.raises(error, match=says):
        TwoLayerNet(**{"inputs": 2, "hidden": 3, "classes": 4, "rng": np.random.default_rng(0)} | change)


# -- gradient descent -----------------------------------------------------------------------------------------------------


def bowl(w):
    return (w**2).sum()


def test_each_step_follows_the_formula_and_the_start_is_unchanged():
    start = np.array([4.0, -2.0])
    found = gradient_descent(bowl, lambda w: 2 * w, start, lr=0.25, steps=3)
    np.testing.assert_allclose(found.path, [start / 2**k for k in range(4)])
    assert found.losses == [20.0, 5.0, 1.25, 0.3125]
    assert start.tolist() == [4.0, -2.0]


def test_the_default_is_a_hundred_steps_with_a_learning_rate_of_a_tenth():
    found = gradient_descent(lambda x: float(x**2), lambda x: 2 * x, np.array(1.0))
    assert len(found.losses) == 101
    assert found.params == pytest.approx(0.8**100)


def test_the_parameters_may_be_a_dict():
    start = {"W": np.ones((2, 2)), "b": np.ones(2)}
    found = gradient_descent(
        lambda p: bowl(p["W"]) + bowl(p["b"]), lambda p: {"b": 2 * p["b"], "W": 2 * p["W"]}, start, lr=0.25, steps=2
    )
    assert found.losses == [6.0, 1.5, 0.375]
    assert start["W"].min() == 1
    assert found.path[0]["b"].tolist() == [1.0, 1.0]


def test_a_gradient_that_changes_its_argument_does_not_change_the_descent():
    def gradient(w):
        w *= 2
        return w

    assert gradient_descent(bowl, gradient, np.array([4.0, -2.0]), lr=0.25, steps=3).losses == [20.0, 5.0, 1.25, 0.3125]


def test_momentum_is_polyaks():
    w, v, path = np.array([3.0]), 0.0, []
    for _ in range(5):
        v = 0.5 * v - 0.1 * 2 * w
        w = w + v
        path.append(w)
    found = gradient_descent(bowl, lambda w: 2 * w, np.array([3.0]), lr=0.1, steps=5, momentum=0.5)
    np.testing.assert_allclose(found.path[1:], path)


def test_it_stops_where_the_gradient_is_small_and_reports_its_progress():
    seen = []
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, tolerance=0.1, progress=lambda *a: seen.append(a))
    assert found.stopped
    assert np.abs(2 * found.params).max() <= 0.1
    assert seen == list(enumerate(found.losses))[1:]
    assert not gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, steps=2).stopped


def test_a_loss_that_is_not_finite_is_reported_with_its_step():
    says = r"the loss is inf at step \d+, after .*: the learning rate, 10, may be too large"
    with pytest.raises(FloatingPointError, match=says):
        gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=10.0, steps=1000)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 0"):
        gradient_descent(lambda w: np.nan, lambda w: w, np.ones(2))


W = {"start": {"W": np.ones(2)}, "loss": lambda p: 1.0}


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"loss": 1}, TypeError, "loss must be a function"),
        ({"gradient": np.ones(2)}, TypeError, "gradient must be a function"),
        ({"progress": 1}, TypeError, "progress must be a function"),
        ({"start": np.array([1, 2])}, TypeError, "start holds int64.*dtype=float"),
        ({"start": {"W": np.array([1])}}, TypeError, "W holds int64"),
        ({"start": {3: np.array([1])}}, TypeError, r"start\[3\] holds int64"),
        ({"start": {}}, ValueError, "start is an empty dict"),
        ({"start": np.array([np.nan])}, ValueError, "start holds NaN"),
        ({"start": [[1.0], [1.0, 2.0]]}, TypeError, "start is not an array"),
        ({"lr": 0}, ValueError, "lr must be a positive number"),
        ({"lr": "0.1"}, ValueError, "lr must be a positive number"),
        ({"lr": 10**400}, ValueError, "lr must be"),
        ({"steps": 2.5}, ValueError, "steps must be an integer"),
        ({"steps": np.timedelta64(1, "s")}, ValueError, "steps must be"),
        ({"momentum": 1.0}, ValueError, "momentum must be"),
        ({"tolerance": -1}, ValueError, "tolerance must be"),
        ({"gradient": lambda w: np.ones(3)}, ValueError, r"the gradient of start has shape \(3,\)"),
        ({"gradient": lambda w: None}, ValueError, "the gradient of start"),
        ({"gradient": lambda w: np.array([0, np.nan])}, FloatingPointError, "the gradient of start is not finite at step 1"),
        ({"gradient": lambda w: np.ones(2) * 1j}, ValueError, "dtype complex128"),
        ({"gradient": lambda w: np.ma.array(w, mask=True)}, TypeError, "the gradient of start is a masked array"),
        ({"loss": lambda w: w}, TypeError, "loss returns an array"),
        ({"loss": lambda w: None}, TypeError, "loss returns None"),
        (W | {"gradient": lambda p: p["W"]}, ValueError, r"with the keys \['W'\], not ndarray"),
        (W | {"gradient": lambda p: {"V": p["W"]}}, ValueError, r"with the keys \['W'\], not \['V'\]"),
    ],
)
def test_a_descent_that_cannot_work_is_refused(change, error, says):
    with pytest.raises(error, match=says):
        gradient_descent(**{"loss": bowl, "gradient": lambda w: 2 * w, "start": np.ones(2)} | change)


def test_small_integer_types_are_not_cut_off():
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(1), lr=1e-3, steps=np.uint8(255))
    assert len(found.losses) == 256
    found = gradient_descent(np.sum, lambda w: np.array([-128], np.int8), np.ones(1), lr=1.0, steps=1)
    assert (found.stopped, found.params) == (False, 129)
    batches = minibatches(np.zeros(300), np.zeros(300), np.uint8(100), np.random.default_rng(0))
    assert [len(t) for _, t in batches] == [100, 100, 100]


@hypothesis.given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 9))
def test_every_example_appears_exactly_once_in_an_epoch_with_its_label(n, size, seed):
    x = np.arange(n, dtype=float)[:, np.newaxis]
    batches = list(minibatches(x, np.arange(n), size, np.random.default_rng(seed)))
    labels = np.concatenate([t for _, t in batches])
    assert sorted(labels) == list(range(n))
    assert np.array_equal(np.concatenate([x for x, _ in batches])[:, 0], labels)
    assert [len(t) for _, t in batches] == [size] * (n // size) + [n % size] * (n % size > 0)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"t": np.ones(2)}, ValueError, "x has 3 examples and t has 2"),
        ({"size": 0}, ValueError, "size must be"),
        ({"rng": 0}, TypeError, "rng must be a generator"),
        ({"x": 3.0}, TypeError, "x is not an array of examples"),
        ({"t": {1, 2, 3}}, TypeError, "t is not an array of examples"),
        ({"x": np.ma.array([1, 2, 3])}, TypeError, "x is a masked array"),
    ],
)
def test_batches_that_cannot_be_made_are_refused_before_the_first_is_drawn(change, error, says):
    with pytest.raises(error, match=says):
        minibatches(**{"x": np.ones(3), "t": np.ones(3), "size": 1, "rng": np.random.default_rng(0)} | change)


# -- digits ------------------------------------------------------------------------------------------------


def test_the_digits_are_those_of_scikit_learn():
    x, t = load_digits()
    theirs = sklearn.datasets.load_digits()
    assert np.array_equal(x * 16, theirs.data)
    assert np.array_equal(t, theirs.target)
    assert (x.dtype, t.dtype, x.min(), x.max()) == (np.float64, np.intp, 0.0, 1.0)


def test_each_call_gives_arrays_of_its_own():
    x, t = load_digits()
    x[:], t[:] = 0, 0
    assert load_digits()[0].any()


@pytest.mark.parametrize("harm", ["missing", "damaged", "cut", "another"])
def test_a_file_that_is_not_the_one_is_refused_before_it_is_parsed(root, tmp_path, monkeypatch, harm):
    content, file = (root / "helpers" / "data" / "digits.npz").read_bytes(), tmp_path / "data" / "digits.npz"
    file.parent.mkdir()
    if harm != "missing":
        file.write_bytes({"damaged": content[:900] + b"x" + content[901:], "cut": content[:-1], "another": b"PK"}[harm])
    monkeypatch.setattr(importlib.resources, "files", lambda _: tmp_path)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(OSError, match=r"git checkout -- :/helpers/data") as refused:
        load_digits()
    if harm == "missing":
        assert f"the digits are missing, {file} cannot be read (No such file or directory): put" in str(refused.value)
    else:
        found = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        assert f"the digits are damaged: {file} has the SHA-256 {found}…, not af104d81e7cd…: put" in str(refused.value)


def test_no_digit_is_unpickled(monkeypatch):
    """Whatever the file holds, and even if its digest fits."""
    harmful = io.BytesIO()
    np.savez(harmful, images=np.array([None]), labels=np.array([0]))
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda path: harmful.getvalue())
    monkeypatch.setattr(digits, "SHA_256", hashlib.sha256(harmful.getvalue()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_digits()
