"""Pictures of notebook 07."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots

__all__ = ["plot_confusion", "plot_curves", "plot_digits", "plot_steps", "plot_weights"]


@picture
def plot_digits(images, titles, columns=10):
    """Show images (N, 64) with values from 0 to 1 as pictures of 8×8 pixels, each with a title."""
    rows = max(1, -(-len(images) // columns))
    fig, axes = subplots(rows, columns, height=0.95 * rows + 0.1, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        _digit(ax, image)
        ax.set_title(str(title), fontsize=8, loc="center", pad=2)
    return fig, f"{len(images)} handwritten digits of 8 by 8 pixels, dark where the ink is, with what is said of each: " + (
        ", ".join(str(title).replace("\n", " ") for title in titles) + "."
    )


@picture
def plot_curves(curves, every=5):
    """Show losses, {name: (training losses, validation losses)}, that were measured every `every` epochs."""
    fig, axes = subplots(1, len(curves), height=2.8, sharey=True, squeeze=False)
    said = []
    for ax, (name, (training, test)) in zip(axes.flat, curves.items(), strict=True):
        epochs = every * np.arange(len(training))
        ax.plot(epochs, training, "-", color=COLOURS["loss"], label="training")
        ax.plot(epochs, test, "--", color=COLOURS["class 0"], label="validation")
        ax.set(title=name, xlabel="epochs", yscale="log")
        said.append(
            f"{name}: training loss from {training[0]:.2f} to {training[-1]:.3f}, validation loss from {test[0]:.2f} to "
            f"{test[-1]:.3f}"
        )
    axes[0, 0].set_ylabel("loss (logarithmic)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig, "Loss over the epochs, on a logarithmic axis, training and validation. " + "; ".join(said) + "."


@picture
def plot_confusion(matrix):
    """Show a confusion matrix, counts (10, 10): the true digits are the rows, the predicted ones the columns."""
    fig, ax = subplots(height=3.9)
    off = matrix * (1 - np.eye(len(matrix), dtype=int))
    ax.imshow(off, cmap="OrRd", vmin=0, vmax=max(4, off.max()))
    for i, j in np.ndindex(matrix.shape):
        if matrix[i, j]:
            ax.text(j, i, str(matrix[i, j]), ha="center", va="center", size=9, weight="bold" if i != j else "normal")
    ax.set(xlabel="taken for", ylabel="is", xticks=range(len(matrix)), yticks=range(len(matrix)))
    wrong = [f"{i} taken for {j}, {matrix[i, j]} times" for i, j in np.argwhere(off)]
    return fig, f"A table of counts. The diagonal, right answers, holds {np.trace(matrix)} of {matrix.sum()}; " + (
        "off it: " + "; ".join(wrong) + "." if wrong else "nothing lies off it."
    )


@picture
def plot_weights(W, titles):
    """Show the columns of W (64, K) as pictures of 8×8 pixels: positive weights are blue, negative ones red."""
    columns = min(10, W.shape[1])
    rows = -(-W.shape[1] // columns)
    fig, axes = subplots(rows, columns, height=0.95 * rows + 0.1, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, column, title in zip(axes.flat, W.T, titles, strict=False):
        ax.imshow(column.reshape(8, 8), cmap="RdBu", vmin=-np.abs(W).max(), vmax=np.abs(W).max(), interpolation="nearest")
        ax.set_title(str(title), fontsize=8, loc="center", pad=2)
    return fig, (
        f"{W.shape[1]} pictures of 8 by 8 weights, blue where ink speaks for it, red where against: "
        + ", ".join(str(title) for title in titles)
        + "."
    )


@picture
def plot_steps(image, hidden, y, label):
    """Show one digit in a network: the image (64,), the activations `hidden` (H,) and the probabilities y (10,)."""
    fig, axes = subplots(1, 3, height=2.3, width_ratios=[1, 1.6, 1.6])
    _digit(axes[0], image)
    axes[0].set(title=f"a {label}", xticks=[], yticks=[])
    axes[1].bar(range(len(hidden)), hidden, color=COLOURS["guide"])
    axes[1].set(title="hidden units", xlabel="unit")
    colours = [COLOURS["class 0"] if k == label else COLOURS["broken"] for k in range(len(y))]
    axes[2].bar(range(len(y)), y, color=colours)
    axes[2].set(title="probabilities", xlabel="digit", ylim=(0, 1), xticks=range(10))
    best = np.argsort(-y, kind="stable")
    return fig, (
        f"A handwritten {label} on its way through the network: its pixels, its hidden units, of which "
        f"{int(np.sum(hidden > 0))} of {len(hidden)} are on, and the probabilities, {y[best[0]]:.0%} for {best[0]} and "
        f"{y[best[1]]:.0%} for {best[1]}."
    )


def _digit(ax, image):
    ax.imshow(np.asarray(image).reshape(8, 8), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
