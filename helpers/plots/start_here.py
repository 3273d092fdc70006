"""Pictures of notebook 00."""

import numpy as np

from helpers.figures import CLASSES, COLOURS, LOOKS, MARKERS, picture, subplots


@picture
def plot_birds(x, t, names, circled=None):
    """Show birds as load_penguins returns them, bill length against bill depth, with one marker for each class.

    Parameters
    ----------
    x : ndarray (N, 2)
    t : ndarray of int (N,)
    names : list of str
        The names of three classes, or of two.
    circled : int, optional
        The row of `x` whose bird is circled.
    """
    bills = 10 * np.add(x, (4, 1))  # in mm
    fig, ax = subplots(height=4.2)
    for k, name in enumerate(names):
        ax.plot(*bills[t == k].T, MARKERS[k], color=CLASSES[k], ms=5.5, mec="white", mew=0.5, label=name)
    ax.set(xlabel="bill length (mm)", ylabel="bill depth (mm)")
    means = np.array([bills[t == k].mean(axis=0) for k in range(len(names))])
    nearest = np.linalg.norm(bills[:, None] - means, axis=2).argmin(axis=1)
    said = [f"{name}, {np.sum(t == k)} {LOOKS[k]}, on average {_bill(means[k])}" for k, name in enumerate(names)]
    alt = (
        f"The bills of {len(bills)} birds, depth plotted against length. {'; '.join(said)}. In all, "
        f"{np.sum(nearest != t)} birds have a bill that is nearer to the average of another species than to the average "
        f"of their own."
    )
    if circled is not None:
        k, bird = t[circled], f"{names[t[circled]]}, {_bill(bills[circled])}"
        ax.plot(*bills[circled], MARKERS[k], color=CLASSES[k], ms=7, mec="white", mew=0.5)
        ax.plot(*bills[circled], "o", ms=15, mfc="none", mec=COLOURS["ink"], mew=1.8, label=bird)
        alt += f" One bird is circled: {bird}."
    fig.legend(loc="outside upper left", ncols=4, columnspacing=1.2, handletextpad=0.2)
    return fig, alt


def _bill(bill):
    return f"{bill[0]:.1f} mm long and {bill[1]:.1f} mm deep"


@picture
def plot_two_runs(stuck, moving):
    """Show two loss curves, one flat and one falling: lists of floats that begin with the loss before the first step."""
    fig, ax = subplots(height=2.8)
    ax.plot(stuck, "s--", color=COLOURS["broken"])
    ax.plot(moving, "o-", color=COLOURS["loss"])
    ax.annotate("numerical_gradient_nd", (len(stuck) - 1, stuck[-1]), (0, -16), textcoords="offset points", ha="right")
    ax.annotate("numerical_gradient_2d", (len(moving) - 1, moving[-1]), (0, 10), textcoords="offset points", ha="right")
    ax.set(xlabel="steps taken", ylabel="loss", ylim=(0, 1.12 * max(*stuck, *moving)))
    flat = "is a flat line at" if min(stuck) == max(stuck) else "moves, and ends at"
    return fig, (
        f"Two loss curves over {len(stuck) - 1} steps from the same start. With numerical_gradient_nd the loss {flat} "
        f"{stuck[-1]:.4f}. With numerical_gradient_2d it goes from {moving[0]:.4f} to {moving[-1]:.4f}."
    )


@picture
def plot_map():
    """Show what the course builds: from the inputs forward to the loss, and from the loss back to the weights."""
    fig, ax = subplots(height=2.4)
    ax.set(xlim=(0, 7.2), ylim=(0.2, 2.6))
    ax.axis("off")
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": COLOURS["ink"]}
    boxes = {0.6: "x\ninputs", 2.3: "z = x W + b\nlogits", 4.4: "y\nprobabilities", 6.5: "L\nloss"}
    for x, y, text in [*((x, 2.1, text) for x, text in boxes.items()), (2.3, 0.75, "W, b\nweights")]:
        ax.text(x, y, text, ha="center", va="center", bbox=box)
    forth = {"arrowstyle": "-|>", "color": COLOURS["ink"], "lw": 1.5}
    for start, end in ((1.0, 1.7), (2.9, 3.75), (5.0, 6.1)):
        ax.annotate("", (end, 2.1), (start, 2.1), arrowprops=forth)
    ax.annotate("", (2.3, 1.75), (2.3, 1.1), arrowprops=forth)
    ax.plot([6.5, 6.5, 3.0], [1.75, 0.75, 0.75], "--", color=COLOURS["loss"])
    ax.annotate("", (2.72, 0.75), (3.1, 0.75), arrowprops={**forth, "color": COLOURS["loss"]})
    ax.text(3.32, 2.42, "01 softmax", ha="center")
    ax.text(5.55, 2.42, "02 cross-entropy", ha="center")
    ax.text(4.75, 0.87, "dW: 03 numerical gradient,\n06 backpropagation", ha="center", color=COLOURS["loss"])
    ax.text(4.75, 0.48, "04 views and copies", ha="center")
    ax.text(0.9, 0.75, "05 gradient descent\nW −= lr · dW", ha="center", va="center")
    ax.text(0.6, 1.5, "08 real digits", ha="center")
    ax.text(6.5, 0.48, "07 gradient checking\n09 autodiff", ha="center", va="center")
    return fig, (
        "A map of the course. The inputs x (real digits on page 08) and the weights W, b give the logits z = x W + b. "
        "Softmax (page 01) turns the logits into probabilities y, and cross-entropy (page 02) turns the probabilities "
        "into the loss L. A dashed arrow leads from the loss back to the weights. It stands for the gradient dW, which "
        "is computed numerically on page 03 and by backpropagation on page 06, checked on page 07 and "
        "automated on page 09. Page 04 is about views and copies. Page 05 is about gradient descent, which repeats the "
        "step W −= lr · dW."
    )
