"""The networks, the descent and the digits against check_gradient, PyTorch where it is installed, and scikit-learn."""

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
    h = torch.relu(torch.tensor(x) @ params["W1"] + params["b1"])
    torch.nn.functional.cross_entropy(h @ params["W2"] + params["b2"], torch.tensor(t)).backward()
    for name, slope in net.gradients(x, t).items():
        np.testing.assert_allclose(slope, params[name].grad.numpy(), atol=1e-12)


def test_the_loss_is_the_mean_price_of_the_label(net):
    x, t = data()
    z = net.logits(x)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert abs(net.loss(x, t) + np.log(y[np.arange(9), t]).mean()) < 1e-12
    assert np.array_equal(net.predict(x), y.argmax(axis=1))


def test_permuting_a_batch_changes_nothing(net):
    x, t = data()
    order = np.random.default_rng(5).permutation(9)
    assert abs(net.loss(x, t) - net.loss(x[order], t[order])) < 1e-14
    for name, slope in net.gradients(x[order], t[order]).items():
        np.testing.assert_allclose(slope, net.gradients(x, t)[name], atol=1e-14)


def test_nothing_is_written_to(net):
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


def test_two_nets_trained_side_by_side_do_not_touch_each_other():
    x, t = data()
    alone, one, two = (NETS["relu"](np.random.default_rng(0)) for _ in range(3))

    def step(net, labels):
        for name, slope in net.gradients(x, labels).items():
            net.params[name] -= 0.1 * slope

    for _ in range(5):
        step(alone, t)
    for _ in range(5):
        step(one, t)
        step(two, (t + 1) % 3)
    assert not any(np.shares_memory(one.params[name], two.params[name]) for name in one.params)
    assert all(np.array_equal(one.params[name], alone.params[name]) for name in one.params)
    assert not np.array_equal(one.params["W1"], two.params["W1"])


def test_the_same_seed_trains_to_the_same_bits():
    results = []
    for _ in range(2):
        rng = np.random.default_rng(7)
        net, (x, t) = TwoLayerNet(5, 7, 3, rng), data(n=30)
        for _epoch in range(3):
            for inputs, labels in minibatches(x, t, 8, rng):
                for name, slope in net.gradients(inputs, labels).items():
                    net.params[name] -= 0.2 * slope
        results.append(b"".join(array.tobytes() for array in net.params.values()))
    assert results[0] == results[1]


def test_ten_examples_are_learned_by_heart():
    x, t = load_digits()
    net = TwoLayerNet(64, 32, 10, np.random.default_rng(0))
    found = gradient_descent(
        lambda p: _with(net, p).loss(x[:10], t[:10]),
        lambda p: _with(net, p).gradients(x[:10], t[:10]),
        net.params,
        lr=0.5,
        steps=1000,
    )
    assert found.losses[-1] < 1e-3
    assert np.array_equal(_with(net, found.params).predict(x[:10]), t[:10])


def _with(net, params):
    net.params = params
    return net


def test_the_weights_start_as_large_as_their_sources_say():
    net = TwoLayerNet(500, 400, 300, np.random.default_rng(0))
    assert abs(net.params["W1"].std() / np.sqrt(2 / 500) - 1) < 0.01
    assert abs(np.abs(net.params["W2"]).max() / np.sqrt(6 / 700) - 1) < 0.01
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


@pytest.mark.parametrize("x", [np.zeros((2, 4)), np.zeros(4), np.zeros((2, 2, 5))])
def test_inputs_of_another_shape_are_refused(net, x):
    with pytest.raises(ValueError, match=r"x has shape .*takes \(N, 5\)"):
        net.logits(x)


@pytest.mark.parametrize(
    ("t", "error", "says"),
    [
        (np.array([0, 1, 3]), ValueError, r"t\[2\] is 3: with 3 classes"),
        (np.array([0, 1, -1]), ValueError, r"t\[2\] is -1"),
        (np.array([0.0, 1.0, 2.0]), TypeError, "t must hold integer class indices"),
        (np.array([0, 1]), ValueError, "t has shape"),
        (np.eye(3, dtype=int), ValueError, "t has shape"),
    ],
)
def test_labels_that_are_none_are_refused_by_the_gradient(net, t, error, says):
    with pytest.raises(error, match=says):
        net.gradients(np.ones((3, 5)), t)


def test_an_empty_batch_is_refused(net):
    for method in (net.gradients, net.loss):
        with pytest.raises(ValueError, match="x has no examples"):
            method(np.ones((0, 5)), np.ones(0, dtype=int))


def test_a_matrix_is_taken_for_its_numbers(net):
    x, t = data(n=7)  # as many as hidden units: matrices of both would have a product
    for name, slope in net.gradients(x.view(np.matrix), t).items():
        assert type(slope) is np.ndarray
        np.testing.assert_array_equal(slope, net.gradients(x, t)[name])
    assert type(net.logits(x.view(np.matrix))) is np.ndarray


@pytest.mark.parametrize("method", ["logits", "predict"])
def test_a_mask_is_never_ignored(net, method):
    with pytest.raises(TypeError, match="x is a masked array"):
        getattr(net, method)(np.ma.masked_less(np.ones((2, 5)), 0))
    with pytest.raises(TypeError, match="t is a masked array"):
        net.gradients(np.ones((2, 5)), np.ma.array([0, 1], mask=[0, 1]))


def test_rows_of_different_lengths_are_refused_by_name(net):
    with pytest.raises(TypeError, match="x is not an array of numbers"):
        net.gradients([[1.0], [1.0, 2.0]], [0, 1])
    with pytest.raises(TypeError, match="t is not an array of numbers"):
        net.gradients(np.ones((2, 5)), [[0], [0, 1]])


@pytest.mark.filterwarnings("ignore:invalid value encountered in matmul")  # BLAS may multiply padding: 0 times inf
@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_a_prediction_from_logits_that_are_none_is_warned_about(net, nothing):
    x, _ = data(n=2)
    net.params = {name: np.full_like(array, nothing) for name, array in net.params.items()}
    with pytest.warns(RuntimeWarning, match="x has an example without a most probable class") as caught:
        net.predict(np.abs(x))
    assert caught[-1].filename == __file__


def test_the_order_of_the_parameters_does_not_matter(net):
    x, t = data()
    before = net.loss(x, t)
    net.params = dict(sorted(net.params.items(), reverse=True))
    assert net.loss(x, t) == before
    assert net.gradients(x, t).keys() == net.params.keys()


def test_another_activation_is_refused():
    with pytest.raises(ValueError, match="activation must be 'relu' or 'tanh', not 'sigmoid'"):
        TwoLayerNet(2, 3, 4, np.random.default_rng(0), activation="sigmoid")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (0, ValueError),
        (-3, ValueError),
        (2.0, TypeError),
        (True, TypeError),
        ("2", TypeError),
        (np.timedelta64(2, "s"), TypeError),
    ],
)
def test_sizes_that_are_none_are_refused_by_name(wrong, error):
    rng = np.random.default_rng(0)
    for name in ("inputs", "hidden", "classes"):
        with pytest.raises(error, match=f"{name} must be"):
            TwoLayerNet(**{"inputs": 2, "hidden": 3, "classes": 4, "rng": rng} | {name: wrong})
    with pytest.raises(error, match="inputs must be"):
        SoftmaxRegression(wrong, 3, rng)
    with pytest.raises(ValueError, match=r"inputs .* too large for an array"):
        SoftmaxRegression(2**70, 3, rng)
    with pytest.raises(ValueError, match="activation must be"):
        TwoLayerNet(2, 3, 4, rng, activation=np.array(["relu", "tanh"]))


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match="rng must be a generator"):
        SoftmaxRegression(2, 3, 0)


# -- descent ----------------------------------------------------------------------------------------------


def bowl(w):
    return (w**2).sum()


def test_it_walks_as_the_formula_says_and_leaves_the_start_alone():
    start = np.array([4.0, -2.0])
    found = gradient_descent(bowl, lambda w: 2 * w, start, lr=0.25, steps=3)
    np.testing.assert_allclose(found.path, [start / 2**k for k in range(4)])
    assert found.losses == [20.0, 5.0, 1.25, 0.3125]
    assert start.tolist() == [4.0, -2.0]
    assert not any(np.shares_memory(a, b) for a in found.path for b in (start, found.params))
    assert len({array.__array_interface__["data"][0] for array in found.path}) == 4


def test_left_to_itself_it_takes_a_hundred_steps_of_a_tenth_of_the_gradient():
    found = gradient_descent(lambda x: float(x**2), lambda x: 2 * x, np.array(1.0))
    assert len(found.losses) == 101
    assert found.params == pytest.approx(0.8**100)


def test_a_dict_of_parameters_is_walked_alike():
    start = {"W": np.ones((2, 2)), "b": np.ones(2)}
    found = gradient_descent(
        lambda p: bowl(p["W"]) + bowl(p["b"]), lambda p: {"b": 2 * p["b"], "W": 2 * p["W"]}, start, lr=0.25, steps=2
    )
    assert found.losses == [6.0, 1.5, 0.375]
    assert start["W"].min() == 1
    assert found.path[0]["b"].tolist() == [1.0, 1.0]


def test_a_gradient_that_writes_into_its_argument_changes_nothing():
    def slopes(w):
        w *= 2
        return w

    start = np.array([4.0, -2.0])
    assert gradient_descent(bowl, slopes, start, lr=0.25, steps=3).losses == [20.0, 5.0, 1.25, 0.3125]
    assert start.tolist() == [4.0, -2.0]


def test_momentum_is_polyaks():
    w, v, path = np.array([3.0]), 0.0, []
    for _ in range(5):
        v = 0.5 * v - 0.1 * 2 * w
        w = w + v
        path.append(w)
    found = gradient_descent(bowl, lambda w: 2 * w, np.array([3.0]), lr=0.1, steps=5, momentum=0.5)
    np.testing.assert_allclose(found.path[1:], path)


def test_it_stops_where_the_slopes_are_small_and_tells_its_progress():
    seen = []
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, tolerance=0.1, progress=lambda *a: seen.append(a))
    assert found.stopped
    assert np.abs(2 * found.params).max() <= 0.1
    assert seen == list(enumerate(found.losses))[1:]
    assert not gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=0.25, steps=2).stopped


def test_a_loss_that_is_no_number_names_the_step():
    with pytest.raises(
        FloatingPointError, match=r"the loss is inf at step \d+, after .*: the learning rate, 10, may be too large"
    ):
        gradient_descent(bowl, lambda w: 2 * w, np.ones(2), lr=10.0, steps=1000)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 0"):
        gradient_descent(lambda w: np.nan, lambda w: w, np.ones(2))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"loss": 1}, TypeError, "loss must be a function"),
        ({"gradient": np.ones(2)}, TypeError, "gradient must be a function"),
        ({"start": np.array([1, 2])}, TypeError, "start holds int64"),
        ({"start": {"W": np.array([1])}}, TypeError, "W holds int64"),
        ({"lr": 0}, ValueError, "lr must be a positive number"),
        ({"lr": "0.1"}, ValueError, "lr must be a positive number"),
        ({"steps": 2.5}, ValueError, "steps must be an integer"),
        ({"momentum": 1.0}, ValueError, "momentum must be"),
        ({"gradient": lambda w: np.ones(3)}, ValueError, r"the gradient of start has shape \(3,\)"),
        ({"gradient": lambda w: None}, ValueError, "the gradient of start"),
        ({"gradient": lambda w: np.array([0, np.nan])}, FloatingPointError, "the gradient of start is not finite at step 1"),
        ({"gradient": lambda w: np.ones(2) * 1j}, ValueError, "dtype complex128"),
        ({"start": {}}, ValueError, "start is an empty dict"),
        ({"start": np.array([np.nan])}, ValueError, "start holds NaN"),
        ({"loss": lambda w: w}, TypeError, "loss returns an array"),
        ({"tolerance": -1}, ValueError, "tolerance must be"),
        ({"lr": True}, ValueError, "lr must be"),
        ({"lr": np.inf}, ValueError, "lr must be"),
        ({"steps": -1}, ValueError, "steps must be"),
        ({"lr": 10**400}, ValueError, "lr must be"),
        ({"lr": np.timedelta64(1, "s")}, ValueError, "lr must be"),
        ({"tolerance": 10**400}, ValueError, "tolerance must be"),
        ({"steps": np.timedelta64(1, "s")}, ValueError, "steps must be"),
        ({"progress": 1}, TypeError, "progress must be a function"),
        ({"start": np.ma.array([1.0, 2.0], mask=[0, 1])}, TypeError, "start is a masked array"),
        ({"start": [[1.0], [1.0, 2.0]]}, TypeError, "start is not an array"),
        ({"start": {3: np.array([1])}}, TypeError, r"start\[3\] holds int64"),
        ({"gradient": lambda w: np.ma.array(w, mask=True)}, TypeError, "the gradient of start is a masked array"),
        ({"gradient": lambda w: [[1.0], w]}, TypeError, "the gradient of start is not an array"),
        ({"loss": lambda w: 10**400}, TypeError, "loss returns a number that is too large"),
        ({"loss": lambda w: None}, TypeError, "loss returns None"),
        (
            {"start": {"W": np.ones(2)}, "loss": lambda p: 1.0, "gradient": lambda p: p["W"]},
            ValueError,
            r"with the keys \['W'\], not ndarray",
        ),
        (
            {"start": {"W": np.ones(2)}, "loss": lambda p: 1.0, "gradient": lambda p: {"V": p["W"]}},
            ValueError,
            r"with the keys \['W'\], not \['V'\]",
        ),
    ],
)
def test_what_is_no_descent_is_refused(change, error, says):
    arguments = {"loss": bowl, "gradient": lambda w: 2 * w, "start": np.ones(2)} | change
    with pytest.raises(error, match=says):
        gradient_descent(**arguments)


def test_no_step_at_all_leaves_the_start_and_its_loss():
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(2), steps=0)
    assert (found.losses, found.params.tolist(), found.stopped) == ([2.0], [1.0, 1.0], False)


def test_small_integer_types_count_as_far_as_others():
    found = gradient_descent(bowl, lambda w: 2 * w, np.ones(1), lr=1e-3, steps=np.uint8(255))
    assert len(found.losses) == 256
    batches = minibatches(np.zeros(300), np.zeros(300), np.uint8(100), np.random.default_rng(0))
    assert [len(t) for _, t in batches] == [100, 100, 100]


def test_a_steep_gradient_of_bytes_is_not_taken_for_a_flat_one():
    found = gradient_descent(np.sum, lambda w: np.array([-128], np.int8), np.ones(1), lr=1.0, steps=1)
    assert (found.stopped, found.params) == (False, 129)


@hypothesis.given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 9))
def test_every_example_comes_exactly_once_an_epoch_with_its_label(n, size, seed):
    x = np.arange(n, dtype=float)[:, np.newaxis]
    batches = list(minibatches(x, np.arange(n), size, np.random.default_rng(seed)))
    labels = np.concatenate([t for _, t in batches])
    assert sorted(labels) == list(range(n))
    assert np.array_equal(np.concatenate([x for x, _ in batches])[:, 0], labels)
    assert [len(t) for _, t in batches] == [size] * (n // size) + [n % size] * (n % size > 0)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((np.ones(3), np.ones(2), 1, np.random.default_rng(0)), ValueError, "x has 3 examples and t has 2"),
        ((np.ones(3), np.ones(3), 0, np.random.default_rng(0)), ValueError, "size must be"),
        ((np.ones(3), np.ones(3), 1, 0), TypeError, "rng must be a generator"),
        ((3.0, np.ones(3), 1, np.random.default_rng(0)), TypeError, "x is no array of examples"),
        ((np.ones(3), {1, 2, 3}, 1, np.random.default_rng(0)), TypeError, "t is no array of examples"),
        ((np.ma.array([1, 2]), [1, 2], 1, np.random.default_rng(0)), TypeError, "x is a masked array"),
        (([1, 2], [[1], [2, 3]], 1, np.random.default_rng(0)), TypeError, "t is not an array"),
        (([1, 2], [1, 2], np.timedelta64(1, "s"), np.random.default_rng(0)), ValueError, "size must be"),
    ],
)
def test_batches_that_are_none_are_refused_at_once(arguments, error, says):
    with pytest.raises(error, match=says):
        minibatches(*arguments)


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
