"""The network of page 08 as it is written in PyTorch there: trained, it gets the parameters of ours. Runs where torch is."""

import re

import nbformat
import numpy as np
import pytest

from helpers import TwoLayerNet, load_digits, minibatches
from notebooks import NOTEBOOKS


def test_the_listing_trains_to_the_parameters_of_the_helper():
    torch = pytest.importorskip("torch")
    page = nbformat.read(NOTEBOOKS / "08_digits.ipynb", as_version=4)
    listing = next(re.search(r"```\n(net = torch.*?)```", c.source, re.S) for c in page.cells if "torch.nn.Seq" in c.source)[
        1
    ]
    made, trained = re.split(r"(?=^for epoch)", listing, flags=re.M)
    ours = TwoLayerNet(64, 32, 10, np.random.default_rng(0))
    parts = list(minibatches(*(array[:320] for array in load_digits()), 32, np.random.default_rng(1)))
    names = {"torch": torch, "batches": [(torch.tensor(inputs), torch.tensor(labels)) for inputs, labels in parts]}
    torch.set_default_dtype(torch.float64)
    try:
        exec(made, names)
        layers = [names["net"][0].weight, names["net"][0].bias, names["net"][2].weight, names["net"][2].bias]
        for theirs, name in zip(layers, ("W1", "b1", "W2", "b2"), strict=True):
            theirs.data = torch.tensor(ours.params[name].T)
        exec(trained.replace("range(30)", "range(2)"), names)
    finally:
        torch.set_default_dtype(torch.float32)
    for inputs, labels in 2 * parts:
        for name, slopes in ours.gradients(inputs, labels).items():
            ours.params[name] -= 0.3 * slopes
    for theirs, name in zip(layers, ("W1", "b1", "W2", "b2"), strict=True):
        np.testing.assert_allclose(theirs.detach().numpy().T, ours.params[name], rtol=1e-9, atol=1e-12)
