"""What is compared with what. Every peer is optional but NumPy."""

import importlib
import pathlib
import subprocess
import sys

import numpy as np
from race import table

import helpers

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build" / "bench"
SIZES = [(1, 3), (32, 10), (100, 10), (1000, 10), (10_000, 10), (100_000, 10), (1000, 1000)]


def optional(name):
    """Return the module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


special, metrics, optimize, neural = map(
    optional, ("scipy.special", "sklearn.metrics", "scipy.optimize", "sklearn.neural_network")
)
torch, jax = optional("torch"), optional("jax")
if torch:
    torch.set_num_threads(1)


def scores(rows, classes, dtype=np.float64):
    return np.random.default_rng(0).standard_normal((rows, classes)).astype(dtype)


def labels(n):
    return np.random.default_rng(1).integers(0, 10, n)


# -- softmax and the loss -------------------------------------------------------------------------------------------------


def textbook_softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def textbook_log_softmax(z):
    d = z - z.max(axis=-1, keepdims=True)
    return d - np.log(np.exp(d).sum(axis=-1, keepdims=True))


def softmax():
    """softmax and log_softmax at every size, beside the three lines of a textbook and the other libraries."""
    for name, textbook in (("softmax", textbook_softmax), ("log_softmax", textbook_log_softmax)):
        cases = [(*shape, dtype) for shape in SIZES for dtype in (np.float64, np.float32)]
        rows = {f"{n:,} × {c}, {dtype.__name__}": softmax_ways(name, textbook, scores(n, c, dtype)) for n, c, dtype in cases}
        table(name, rows)


def softmax_ways(name, textbook, z):
    ours = getattr(helpers, name)
    ways = {"helpers": lambda: ours(z), "textbook": lambda: textbook(z)}
    if special:
        ways["SciPy"] = lambda: getattr(special, name)(z, axis=-1)
    if torch:
        tensor = torch.tensor(z)
        ways["PyTorch"] = lambda: getattr(torch, name)(tensor, dim=-1)
    if jax:
        array, jitted = jax.numpy.asarray(z), jax.jit(getattr(jax.nn, name))
        ways["JAX, jitted"] = lambda: jitted(array).block_until_ready()
    return ways


def loss():
    """The cross-entropy of class indices, from logits."""
    table("softmax_cross_entropy", {f"{n:,} × 10": loss_ways(scores(n, 10), labels(n), np.arange(n)) for n in (32, 10_000)})


def loss_ways(z, t, each):
    y, classes = textbook_softmax(z), list(range(z.shape[1]))
    ways = {"helpers": lambda: helpers.softmax_cross_entropy(z, t)}
    if special:
        ways["SciPy's log_softmax, indexed"] = lambda: -special.log_softmax(z, axis=-1)[each, t].mean()
    if metrics:
        ways["scikit-learn's log_loss, of probabilities"] = lambda: metrics.log_loss(t, y, labels=classes)
    if torch:
        tensor, indices = torch.tensor(z), torch.tensor(t)
        ways["PyTorch"] = lambda: torch.nn.functional.cross_entropy(tensor, indices)
    return ways


# -- gradients and training -----------------------------------------------------------------------------------------------


def gradients():
    """Measured gradients beside the calls of f alone; gradient checks of 1,000 and 100,000 parameters."""
    x, t, W = scores(50, 4), labels(50), scores(4, 10) / 5

    def f(W):
        return helpers.softmax_cross_entropy(x @ W, t)

    ways = {
        "helpers": lambda: helpers.numerical_gradient(f, W),
        "as many calls of f": lambda: [f(W) for _ in range(2 * W.size)],
    }
    if optimize:
        ways["SciPy's approx_fprime, half as many"] = lambda: optimize.approx_fprime(
            W.ravel(), lambda w: f(w.reshape(W.shape))
        )
    table("numerical_gradient", {"40 parameters": ways})
    table("check_gradient", {f"{p:,} parameters": check_ways(p // 10) for p in (1000, 100_000)}, rounds=7)


def check_ways(inputs):
    x, t, W = scores(20, inputs), labels(20), scores(inputs, 10) / inputs

    def f(W):
        return helpers.softmax_cross_entropy(x @ W, t)

    def gradient(W):
        return x.T @ (helpers.softmax(x @ W) - helpers.one_hot(t, 10)) / len(x)

    print(
        f"\ncheck_gradient evaluates f {helpers.check_gradient(f, gradient, W).evaluations} times for {W.size:,} parameters"
    )
    ways = {"helpers": lambda: helpers.check_gradient(f, gradient, W)}
    if torch:
        inputs, indices, weights = torch.tensor(x), torch.tensor(t), torch.tensor(W, requires_grad=True)

        def torch_loss(W):
            return torch.nn.functional.cross_entropy(inputs @ W, indices)

        ways["PyTorch's gradcheck, fast"] = lambda: torch.autograd.gradcheck(torch_loss, weights, fast_mode=True)
        if W.size <= 1000:
            ways["PyTorch's gradcheck"] = lambda: torch.autograd.gradcheck(torch_loss, weights)
    if jax:
        check_grads = importlib.import_module("jax.test_util").check_grads

        def jax_loss(W):
            return -jax.nn.log_softmax(x @ W)[np.arange(len(t)), t].mean()

        ways["JAX's check_grads, reverse"] = lambda: check_grads(jax_loss, (W,), order=1, modes=["rev"], rtol=1e-3)
    return ways


def training():
    """An epoch of 64-32-10 on the digits, with batches of 32 and plain SGD."""
    x, t = helpers.load_digits()
    rng = np.random.default_rng(0)
    net = helpers.TwoLayerNet(64, 32, 10, rng)

    def epoch():
        for inputs, indices in helpers.minibatches(x, t, 32, rng):
            for name, slope in net.gradients(inputs, indices).items():
                net.params[name] -= 0.1 * slope

    ways = {"helpers": epoch}
    if neural:
        plain = {"solver": "sgd", "batch_size": 32, "learning_rate_init": 0.1, "momentum": 0.0, "alpha": 0.0, "max_iter": 1}
        theirs = neural.MLPClassifier((32,), random_state=0, **plain)
        theirs.partial_fit(x, t, classes=np.arange(10))
        ways["scikit-learn's MLPClassifier"] = lambda: theirs.partial_fit(x, t)
    if torch:
        ways["PyTorch"] = torch_epoch(torch.tensor(x), torch.tensor(t))
    table("training", {"an epoch of 64-32-10": ways}, rounds=9)


def torch_epoch(x, t):
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    descent = torch.optim.SGD(net.parameters(), lr=0.1)

    def epoch():
        for batch in torch.randperm(len(x)).split(32):
            descent.zero_grad()
            torch.nn.functional.cross_entropy(net(x[batch]), t[batch]).backward()
            descent.step()

    return epoch


# -- whole programs -------------------------------------------------------------------------------------------------------


def start():
    """A Python that imports helpers, and one that imports NumPy."""

    def python(line):
        return lambda: subprocess.run([sys.executable, "-c", line], check=True)

    ways = {"helpers": python("import helpers"), "NumPy": python("import numpy")}
    table("start of Python", {"one import": ways}, rounds=15, seconds=0)


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

    async def execute(paths):
        room = asyncio.Semaphore(3)

        async def one(path):
            async with room:
                await notebooks.execute(path)

        await asyncio.gather(*map(one, paths))

    ways = {name: lambda lot=lot: notebooks.wait_for(execute(lot)) for name, lot in (("helpers", paths), ("empty", empties))}
    table("the course", {f"{len(paths)} notebooks": ways}, rounds=3, seconds=0)


PARTS = {part.__name__: part for part in (softmax, loss, gradients, training, start, course)}
