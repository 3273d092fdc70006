"""Pictures of notebook 06."""

import numpy as np

from helpers.figures import CLASSES, COLOURS, MARKERS, picture, subplots

__all__ = ["plot_graph", "plot_regions"]


@picture
def plot_graph():
    """Show the way forth through a network of two layers, and the way back."""
    fig, ax = subplots(height=2.2)
    ax.set(xlim=(0, 7.2), ylim=(0, 2.2))
    ax.axis("off")
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": COLOURS["ink"]}
    steps = [(0.35, "x"), (1.6, "z1"), (2.9, "h"), (4.2, "z2"), (5.5, "y"), (6.75, "L")]
    for x, name in steps:
        ax.text(x, 1.35, name, ha="center", va="center", bbox=box, size=11)
    arrow = {"arrowstyle": "-|>", "color": COLOURS["ink"]}
    forth = ["x W1 + b1", "max(z1, 0)", "h W2 + b2", "softmax", "−log y[t]"]
    back = ["", "dz1 = dh · (z1 > 0)", "dh = dz2 W2ᵀ", "dz2 = (y − t)/N", ""]
    for (a, _), (b, _), word in zip(steps[:-1], steps[1:], forth, strict=True):
        ax.annotate("", (b - 0.28, 1.35), (a + 0.28, 1.35), arrowprops=arrow)
        ax.text((a + b) / 2, 1.72, word, ha="center", size=8.5)
    for k, word in enumerate(back):
        if word:
            a, b = steps[k + 1][0], steps[k][0]
            a = steps[5][0] if k == 3 else a
            ax.annotate("", (b, 0.98), (a, 0.98), arrowprops=arrow | {"color": COLOURS["loss"], "ls": "--"})
            ax.text((a + b) / 2, 0.68, word, ha="center", size=8.5, color=COLOURS["loss"])
    ax.text(1.6, 0.22, "dW1 = xᵀ dz1, db1 = Σ dz1", ha="center", size=8.5, color=COLOURS["loss"])
    ax.text(4.2, 0.22, "dW2 = hᵀ dz2, db2 = Σ dz2", ha="center", size=8.5, color=COLOURS["loss"])
    return fig, (
        "The way forth: x, then z1 = x W1 + b1, h = max(z1, 0), z2 = h W2 + b2, y = softmax(z2), and the loss L. Dashed, "
        "the way back: from L to dz2 = (y − t)/N, then dh = dz2 W2ᵀ, and dz1 = dh times the mask z1 > 0. The slopes of "
        "the weights hang on these: dW2 = hᵀ dz2 and dW1 = xᵀ dz1, and those of the biases are sums."
    )


@picture
def plot_regions(x, t, predictors):
    """Show points x (N, 2) of classes t (N,), and over which ground each of {title: predict} says which class."""
    fig, axes = subplots(1, len(predictors), height=3.2, sharey=True)
    a, b = np.meshgrid(np.linspace(-1.3, 1.3, 90), np.linspace(-1.3, 1.3, 90))
    said = []
    for ax, (title, predict) in zip(axes, predictors.items(), strict=True):
        ground = predict(np.stack([a.ravel(), b.ravel()], axis=1)).reshape(a.shape)
        ax.imshow(
            np.array([[0.75, 0.85, 0.95], [0.98, 0.9, 0.72], [0.75, 0.92, 0.85]])[ground],
            extent=(-1.3, 1.3, -1.3, 1.3),
            origin="lower",
            interpolation="nearest",
        )
        for k in range(3):
            ax.plot(*x[t == k].T, MARKERS[k], color=CLASSES[k], ms=4, mec="white", mew=0.4)
        right = np.mean(predict(x) == t)
        ax.set(title=f"{title}: {right:.0%} right", xlabel="x0", aspect="equal")
        said.append(f"{title} has {right:.0%} of the points right")
    axes[0].set_ylabel("x1")
    return fig, (
        "Three arms of a spiral, a class each, and the ground coloured by the class that a network gives to it. "
        + "; ".join(said)
        + ". Where the borders are straight lines they cut across the arms."
    )
