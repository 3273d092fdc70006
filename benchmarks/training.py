"""How long an epoch of 64-32-10 takes, batch 32, on the digits, beside scikit-learn and PyTorch: ratios, side by side.

    python benchmarks/training.py [--rounds 7]

All train the same network with plain SGD on one core. A round times one epoch of each, one after the other, so that what
else the machine does falls on all. Printed are the median of the ratios of the rounds, and their range: above 1 the
course's is the faster. A peer that is not installed is named and left out.
"""

import argparse
import os
import statistics
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from helpers import TwoLayerNet, load_digits, minibatches  # noqa: E402

x, t = load_digits()


def ours():
    rng = np.random.default_rng(0)
    net = TwoLayerNet(64, 32, 10, rng)

    def epoch():
        for inputs, labels in minibatches(x, t, 32, rng):
            for name, slope in net.gradients(inputs, labels).items():
                net.params[name] -= 0.1 * slope

    return epoch


def scikit_learn():
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(
        (32,), solver="sgd", batch_size=32, learning_rate_init=0.1, momentum=0.0, alpha=0.0, max_iter=1, random_state=0
    )
    net.partial_fit(x, t, classes=np.arange(10))
    return lambda: net.partial_fit(x, t)


def pytorch():
    import torch

    torch.set_num_threads(1)
    inputs, labels = torch.tensor(x), torch.tensor(t)
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    descent = torch.optim.SGD(net.parameters(), lr=0.1)
    price = torch.nn.CrossEntropyLoss()

    def epoch():
        order = torch.randperm(len(inputs))
        for k in range(0, len(inputs), 32):
            batch = order[k : k + 32]
            descent.zero_grad()
            price(net(inputs[batch]), labels[batch]).backward()
            descent.step()

    return epoch


def seconds(epoch):
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    epochs = {"ours": ours()}
    for peer in (scikit_learn, pytorch):
        try:
            epochs[peer.__name__] = peer()
        except ImportError as error:
            print(f"{peer.__name__}: left out, {error}")
    for epoch in epochs.values():
        epoch()  # warm
    times = [{name: seconds(epoch) for name, epoch in epochs.items()} for _ in range(rounds)]
    print(f"{'':14}{'ms an epoch':>12}{'ratio':>8}{'from':>8}{'to':>8}")
    for name in epochs:
        ratios = sorted(row[name] / row["ours"] for row in times)
        milliseconds = 1000 * statistics.median(row[name] for row in times)
        print(f"{name:14}{milliseconds:12.1f}{statistics.median(ratios):8.2f}{ratios[0]:8.2f}{ratios[-1]:8.2f}")


if __name__ == "__main__":
    main()
