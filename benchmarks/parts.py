"""What is compared with what. Every peer is optional but NumPy."""

import contextlib
import pathlib
import statistics
import subprocess
import sys

import numpy as np
from race import race, row

import helpers
from helpers import TwoLayerNet, load_digits, minibatches

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build" / "bench"
SIZES = [(1, 3), (32, 10), (100, 10), (1000, 10), (10_000, 10), (100_000, 10), (10_000, 1000)]
OURS = "helpers"
COLOURS = ["#000000", "#E69F00", "#009E73", "#D55E00", "#0072B2", "#999999", "#CC79A7"]  # Okabe and Ito's, and a grey


def scores(rows, classes, dtype=np.float64):
    return np.random.default_rng(0).standard_normal((rows, classes)).astype(dtype)


def table(title, ways, ours=OURS, **how):
    times = race(ways, **how)
    print(f"\n{title}")
    for name in ways:
        print(row(name, times, ours))
    return {name: statistics.median(taken) for name, taken in times.items()}


def textbook(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax():
    """softmax and log_softmax at every size, and the floors: exp alone, and copying alone."""
    costs = {}
    for name in ("softmax", "log_softmax"):
        for rows, classes in SIZES:
            for dtype in (np.float64, np.float32):
                z = scores(rows, classes, dtype)
                title = f"{name}, {rows:,} x {classes}, {np.dtype(dtype).name}"
                taken = table(title, softmax_ways(name, z), rounds=5 if z.size > 1e6 else 15)
                if name == "softmax" and dtype is np.float64 and classes == 10:
                    costs[rows] = taken
    plot(costs)


def softmax_ways(name, z):
    ours, out = getattr(helpers, name), np.empty_like(z)
    ways = {OURS: lambda: ours(z)}
    if name == "softmax":
        ways["NumPy, as in textbooks"] = lambda: textbook(z)
    with contextlib.suppress(ImportError):
        from scipy import special

        ways["SciPy"] = lambda: getattr(special, name)(z, axis=-1)
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
        tensor, theirs = torch.tensor(z), getattr(torch, name)
        ways["PyTorch"] = lambda: theirs(tensor, dim=-1)
    with contextlib.suppress(ImportError):
        import jax

        array, jitted = jax.numpy.asarray(z), jax.jit(getattr(jax.nn, name))
        ways["JAX, jitted"] = lambda: jitted(array).block_until_ready()
    return ways | {"np.exp(out=)": lambda: np.exp(z, out=out), "np.copyto": lambda: np.copyto(out, z)}


def layout():
    """The maxima of 10,000 rows of ten, as notebook 04 tells it."""
    rows = scores(10_000, 10)
    columns = np.asfortranarray(rows)
    table(
        "max(axis=-1), 10,000 x 10",
        {"in F order": lambda: columns.max(axis=-1), "in C order": lambda: rows.max(axis=-1)},
        "in F order",
    )


def loss():
    """The cross-entropy of class indices, from logits."""
    for rows in (32, 10_000, 100_000):
        z, t = scores(rows, 10), np.random.default_rng(1).integers(0, 10, rows)
        table(f"softmax_cross_entropy, {rows:,} x 10", loss_ways(z, t, np.arange(rows)))


def loss_ways(z, t, each):
    ways = {OURS: lambda: helpers.softmax_cross_entropy(z, t)}
    with contextlib.suppress(ImportError):
        from scipy import special

        ways["SciPy's log_softmax, indexed"] = lambda: -special.log_softmax(z, axis=-1)[each, t].mean()
    with contextlib.suppress(ImportError):
        from sklearn.metrics import log_loss

        y, classes = textbook(z), list(range(z.shape[1]))
        ways["scikit-learn's log_loss, of probabilities"] = lambda: log_loss(t, y, labels=classes)
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
        tensor, labels = torch.tensor(z), torch.tensor(t)
        ways["PyTorch"] = lambda: torch.nn.functional.cross_entropy(tensor, labels)
    return ways


def gradients():
    """Measured gradients beside the bare calls they need; gradient checks of 1,000 to 100,000 parameters."""
    x, t = scores(50, 20), np.random.default_rng(1).integers(0, 10, 50)
    W = scores(20, 10) / 5

    def loss_of(W):
        return helpers.softmax_cross_entropy(x @ W, t)

    def bare():
        for _ in range(2 * W.size):
            loss_of(W)

    ways = {OURS: lambda: helpers.numerical_gradient(loss_of, W), "2 P bare calls of f": bare}
    with contextlib.suppress(ImportError):
        from scipy.optimize import approx_fprime

        ways["SciPy's approx_fprime, P + 1 calls"] = lambda: approx_fprime(W.ravel(), lambda w: loss_of(w.reshape(W.shape)))
    table("numerical_gradient, P = 200, a softmax regression", ways)
    for parameters in (1000, 10_000, 100_000):
        table(f"check_gradient, {parameters:,} parameters", check_ways(parameters // 10), rounds=7)


def check_ways(inputs):
    x, t = scores(20, inputs), np.random.default_rng(1).integers(0, 10, 20)
    W = scores(inputs, 10) / inputs

    def gradient(W):
        return x.T @ (helpers.softmax(x @ W) - helpers.one_hot(t, 10)) / len(x)

    report = helpers.check_gradient(lambda W: helpers.softmax_cross_entropy(x @ W, t), gradient, W)
    print(f"\n{report.evaluations} evaluations", end="")
    ways = {OURS: lambda: helpers.check_gradient(lambda W: helpers.softmax_cross_entropy(x @ W, t), gradient, W)}
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
        inputs, labels, weights = torch.tensor(x), torch.tensor(t), torch.tensor(W, requires_grad=True)

        def price(W):
            return torch.nn.functional.cross_entropy(inputs @ W, labels)

        ways["PyTorch's gradcheck, fast"] = lambda: torch.autograd.gradcheck(price, weights, fast_mode=True)
        if W.size <= 1000:
            ways["PyTorch's gradcheck"] = lambda: torch.autograd.gradcheck(price, weights)
    with contextlib.suppress(ImportError):
        import jax
        from jax.test_util import check_grads

        def price_of(W):
            return -jax.nn.log_softmax(x @ W)[np.arange(len(t)), t].mean()

        ways["JAX's check_grads, reverse"] = lambda: check_grads(price_of, (W,), order=1, modes=["rev"], rtol=1e-3)
    return ways


def training():
    """An epoch of 64-32-10 with batches of 32 on the digits, plain SGD."""
    x, t = load_digits()
    rng = np.random.default_rng(0)
    net = TwoLayerNet(64, 32, 10, rng)

    def epoch():
        for inputs, labels in minibatches(x, t, 32, rng):
            for name, slope in net.gradients(inputs, labels).items():
                net.params[name] -= 0.1 * slope

    ways = {OURS: epoch}
    with contextlib.suppress(ImportError):
        from sklearn.neural_network import MLPClassifier

        options = {
            "solver": "sgd",
            "batch_size": 32,
            "learning_rate_init": 0.1,
            "momentum": 0.0,
            "alpha": 0.0,
            "max_iter": 1,
        }
        theirs = MLPClassifier((32,), random_state=0, **options)
        theirs.partial_fit(x, t, classes=np.arange(10))
        ways["scikit-learn's MLPClassifier"] = lambda: theirs.partial_fit(x, t)
    with contextlib.suppress(ImportError):
        ways["PyTorch"] = torch_epoch(x, t)
    table("an epoch of 64-32-10", ways, rounds=9)


def torch_epoch(x, t):
    import torch

    torch.set_num_threads(1)
    inputs, labels = torch.tensor(x), torch.tensor(t)
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    descent, price = torch.optim.SGD(net.parameters(), lr=0.1), torch.nn.CrossEntropyLoss()

    def epoch():
        order = torch.randperm(len(inputs))
        for k in range(0, len(inputs), 32):
            batch = order[k : k + 32]
            descent.zero_grad()
            price(net(inputs[batch]), labels[batch]).backward()
            descent.step()

    return epoch


def start():
    """A Python that imports helpers, and one that imports NumPy."""

    def python(line):
        return lambda: subprocess.run([sys.executable, "-c", line], check=True)

    taken = table("start of Python", {OURS: python("import helpers"), "numpy": python("import numpy")}, rounds=15, seconds=0)
    print(f"import helpers costs {1000 * (taken[OURS] - taken['numpy']):.0f} ms more than import numpy")


def course():
    """All notebooks, and as many that only import NumPy and pyplot, each lot side by side in one process."""
    import asyncio

    sys.path.insert(0, str(BUILD.parent.parent / "tools"))
    import nbformat

    import notebooks

    paths = sorted(notebooks.NOTEBOOKS.glob("*.ipynb"))
    empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import numpy\nimport matplotlib.pyplot")])
    BUILD.mkdir(parents=True, exist_ok=True)
    empties = [BUILD / f"empty_{k}.ipynb" for k in range(len(paths))]
    for path in empties:
        nbformat.write(empty, path)

    def execute(paths):
        async def side_by_side():
            room = asyncio.Semaphore(3)

            async def one(path):
                async with room:
                    await notebooks.execute(path)

            await asyncio.gather(*map(one, paths))

        return lambda: notebooks.wait_for(side_by_side())

    table(f"{len(paths)} notebooks", {OURS: execute(paths), "as many empty ones": execute(empties)}, rounds=3, seconds=0)


def plot(costs):
    """Draw the cost of an entry against the number of rows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, marker, colour in zip(costs[SIZES[1][0]], "os^vDx+", COLOURS, strict=False):
        rows = [count for count in costs if name in costs[count]]
        axes.loglog(
            rows, [1e9 * costs[count][name] / (10 * count) for count in rows], marker=marker, color=colour, label=name
        )
    axes.set(xlabel="rows of 10 classes", ylabel="time an entry, ns", title="softmax, float64, one core")
    figure.legend(loc="outside right upper", frameon=False)
    BUILD.mkdir(parents=True, exist_ok=True)
    figure.savefig(BUILD / "softmax.svg", metadata={"Date": None})
    print(f"\nThe cost against the size: {BUILD / 'softmax.svg'}")


PARTS = {part.__name__: part for part in (softmax, layout, loss, gradients, training, start, course)}
