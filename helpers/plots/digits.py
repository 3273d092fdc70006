"""Pictures of the notebook on digits."""

import numpy as np

from helpers.figures import COLOURS, picture, slider, subplots
from helpers.functions import softmax


@picture
def plot_digits(images, titles, columns=10):
    """Show images (N, 64), values 0 to 1, as 8×8 pictures with a title each."""
    fig, axes = _panels(titles, columns, 0.95)
    for ax, image in zip(axes.flat, images, strict=False):
        _digit(ax, image)
    said = "; ".join(str(title).replace("\n", ", ") for title in titles)
    lead = f"{len(images)} images of handwritten digits, 8 by 8 pixels each, with dark ink on white."
    return fig, f"{lead} Their titles, in order: {said}."


def _panels(titles, columns, height):
    """Return a figure with empty panels, `height` inches each, and their axes; the first of them have the titles."""
    rows = -(-len(titles) // columns)
    fig, axes = subplots(rows, columns, height=height * rows + 0.1, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, title in zip(axes.flat, titles, strict=False):
        ax.set_title(str(title), fontsize=8, loc="center", pad=2)
    return fig, axes


@picture
def plot_curves(curves):
    """Show losses after each epoch: {name: (training losses, validation losses)}."""
    fig, axes = subplots(1, len(curves), height=2.8, sharey=True, squeeze=False)
    said = []
    for ax, (name, (training, test)) in zip(axes.flat, curves.items(), strict=True):
        epochs = np.arange(len(training))
        ax.plot(epochs, training, "-", color=COLOURS["loss"], label="training")
        ax.plot(epochs, test, "--", color=COLOURS["class 0"], label="validation")
        ax.set(title=name, xlabel="epochs", yscale="log")
        part = f"{name}: training loss from {training[0]:.2f} to {training[-1]:.3f}"
        said.append(f"{part}, validation loss from {test[0]:.2f} to {test[-1]:.3f}")
    axes[0, 0].set_ylabel("loss (logarithmic)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    lead = "Training loss and validation loss plotted against the epochs, on a logarithmic axis."
    return fig, f"{lead} {'; '.join(said)}."


@picture
def plot_confusion(matrix):
    """Show how often digits (rows) were taken for digits (columns): counts (10, 10)."""
    fig, ax = subplots(height=3.9)
    off = matrix * (1 - np.eye(len(matrix), dtype=int))
    ax.imshow(off, cmap="OrRd", vmin=0, vmax=max(4, off.max()))
    for i, j in np.ndindex(matrix.shape):
        if matrix[i, j]:
            ax.text(j, i, str(matrix[i, j]), ha="center", va="center", size=9, weight="bold" if i != j else "normal")
    ax.set(xlabel="taken for", ylabel="is", xticks=range(len(matrix)), yticks=range(len(matrix)))
    wrong = [f"{i} taken for {j}: {matrix[i, j]}" for i, j in np.argwhere(off)]
    return fig, f"A confusion matrix. Its diagonal counts the correct answers, {np.trace(matrix)} of {matrix.sum()}. " + (
        f"The other entries count the mistakes. {'; '.join(wrong)}." if wrong else "All other entries are 0."
    )


@picture
def plot_weights(W, titles):
    """Show the columns of W (64, K) as 8×8 pictures on one scale: positive weights are blue, negative ones are red."""
    fig, axes = _panels(titles, 8, 1.05)
    limit = np.abs(W).max()
    for ax, column in zip(axes.flat, W.T, strict=False):
        drawn = ax.imshow(column.reshape(8, 8), cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
    fig.colorbar(drawn, ax=axes, label="weight", shrink=0.8, ticks=[-int(limit), 0, int(limit)] if limit >= 1 else None)
    return fig, (
        f"{W.shape[1]} pictures of 8 by 8 weights on a common colour scale, blue where a weight is positive, red where it "
        f"is negative. Their titles, in order: {', '.join(map(str, titles))}."
    )


def digit_slider(net, images, labels, chosen):
    """Show digits on their way through a network with one hidden layer: image, activations, probabilities.

    images (N, 64), labels (N,); the slider goes through the indices `chosen`, and a stored page shows the first two."""

    def draw(*indices):
        fig, axes = subplots(len(indices), 3, height=2.2 * len(indices), width_ratios=[1, 1.6, 1.6], squeeze=False)
        return fig, " ".join(_draw_way(row, net, images[k], labels[k]) for row, k in zip(axes, indices, strict=True))

    slider(draw, chosen, name="digit", start=chosen[0], still=chosen[:2])


def _draw_way(axes, net, image, label):
    a, y = net.hidden(image), softmax(net.logits(image))
    _digit(axes[0], image)
    axes[0].set(title=f"the digit {label}")
    axes[1].bar(range(len(a)), a, color=COLOURS["guide"])
    axes[1].set(title="activations", xlabel="hidden unit")
    axes[2].bar(range(len(y)), y, color=[COLOURS["class 0"] if k == label else COLOURS["broken"] for k in range(len(y))])
    axes[2].set(title="probabilities", xlabel="digit", ylim=(0, 1), xticks=range(10))
    best = np.argsort(-y, kind="stable")
    return (
        f"A handwritten {label} on its way through the network: its pixels, the activations of the {len(a)} hidden units, "
        f"of which {int(np.sum(a > 0))} are on, and the two largest probabilities, {y[best[0]]:.0%} for {best[0]} and "
        f"{y[best[1]]:.0%} for {best[1]}."
    )


def _digit(ax, image):
    ax.imshow(np.asarray(image).reshape(8, 8), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    ax.axis("on")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=COLOURS["guide"], linewidth=0.5)  # the edge of the paper
