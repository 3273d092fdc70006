"""Pictures of notebook 02."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots
from helpers.plots.softmax import CORNERS, simplex

__all__ = [
    "plot_capped_price",
    "plot_case",
    "plot_loss_against_logit",
    "plot_loss_over_simplex",
    "plot_price",
    "plot_self_graded",
]


@picture
def plot_price(p, prices):
    """Show the curve -log p and mark on it the probabilities `p` with their `prices`, both (K,)."""
    fig, ax = subplots(height=2.9)
    grid = np.linspace(0.005, 1, 200)
    ax.plot(grid, -np.log(grid), color=COLOURS["loss"])
    ax.plot(p, prices, "o", color=COLOURS["ink"])
    for x, y in zip(p, prices, strict=True):
        ax.annotate(f"p = {x:g}: {y:.3f}", (x, y), (8, 5), textcoords="offset points")
    ax.set(xlabel="probability p given to the label", ylabel="−log p (nats)", xlim=(0, 1.15), ylim=(-0.15, 5.5))
    marks = ", ".join(f"{y:.3f} at p = {x:g}" for x, y in zip(p, prices, strict=True))
    return (
        fig,
        f"The price −log p falls from very large near p = 0 to nothing at p = 1: {marks}. Halving p always adds 0.693.",
    )


@picture
def plot_capped_price(p):
    """Show -log p and -log(p + 1e-7) over `p` (K,), on a logarithmic axis."""
    offset = 1e-7
    fig, ax = subplots(height=2.9)
    ax.plot(p, -np.log(p), color=COLOURS["loss"], label="−log p")
    ax.plot(p, -np.log(p + offset), "--", color=COLOURS["broken"], label="−log(p + 1e-7)")
    ax.set(xscale="log", xlabel="probability p given to the label (logarithmic)", ylabel="price (nats)")
    ax.annotate(f"the price stops at {-np.log(offset):.3f}", (p[0], -np.log(offset)), (0, -15), textcoords="offset points")
    ax.legend(loc="upper right")
    return fig, (
        f"Two curves over the probability of the label, from {p[0]:.0e} to {p[-1]:.0e}. −log p rises to "
        f"{-np.log(p[0]):.1f}. "
        f"−log(p + 1e-7) follows it down to p of about 1e-7, then stays flat at {-np.log(offset):.3f}."
    )


@picture
def plot_loss_over_simplex(label):
    """Show the cross-entropy for one label over all the probabilities that three classes can have."""
    fig, ax = subplots(height=3.7)
    n = 60
    y = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
    levels = [0, 0.105, 0.357, 0.693, 1.204, 2.303, 4.605]
    drawn = ax.tricontourf(
        *(y @ CORNERS).T, -np.log(np.maximum(y[:, label], 0.004)), levels=levels, cmap="OrRd", extend="max"
    )
    simplex(ax)
    bar = fig.colorbar(drawn, ax=ax, label="loss (nats)", ticks=levels)
    bar.ax.set_yticklabels([f"{v:.2f}   (p = {np.exp(-v):.2g})" for v in levels])
    return fig, (
        f"The triangle of all probabilities for three classes, shaded by the loss for label {label}. The loss "
        f"is 0 in the corner of class {label}, grows in bands parallel to the opposite side, and without bound "
        f"towards that side. Along a band nothing changes: how the rest is shared between the other two does not matter."
    )


@picture
def plot_loss_against_logit(logit, fused, offset, slopes):
    """Show two losses over the label's logit, and below them their slopes: arrays (K,), slopes (2, K)."""
    fig, (top, bottom) = subplots(2, height=4.2, sharex=True)
    for ax, lines in ((top, (fused, offset)), (bottom, slopes)):
        ax.plot(logit, lines[0], color=COLOURS["loss"], label="from the logits")
        ax.plot(logit, lines[1], "--", color=COLOURS["broken"], label="with the + 1e-7")
    top.set(ylabel="loss (nats)")
    top.legend(loc="upper right")
    bottom.set(xlabel="logit of the label; the other class has 0", ylabel="slope ∂L/∂z", ylim=(-1.12, 0.12))
    return fig, (
        f"Loss and slope against the label's logit, from {logit[0]:g} to {logit[-1]:g}, the other class at 0. "
        f"Computed from the logits the loss grows to {fused[0]:.1f} on the left and the slope to {slopes[0][0]:.0f}. "
        f"With + 1e-7 the loss stops at "
        f"{offset[0]:.3f} and the slope goes to 0: where the answer is most wrong, nothing pulls it back."
    )


@picture
def plot_case(says, should):
    """Show for each of three labels the loss that the program says and the loss it should say, both (3,)."""
    fig, ax = subplots(height=2.7)
    place = np.arange(3)
    for shift, values, colour, hatch, name in (
        (-0.2, says, "broken", "//", "the program says"),
        (0.2, should, "loss", "", "it should say"),
    ):
        bars = ax.bar(place + shift, values, 0.36, color=COLOURS[colour], hatch=hatch, edgecolor=COLOURS["ink"], label=name)
        ax.bar_label(bars, fmt="%.4f", padding=2)
    ax.set(xticks=place, xticklabels=[f"label {k}" for k in range(3)], ylabel="loss (nats)", ylim=(0, 1.35 * max(should)))
    ax.legend(loc="upper right", ncols=2)
    pairs = "; ".join(
        f"label {k}: says {a:.4f}, should say {b:.4f}" for k, (a, b) in enumerate(zip(says, should, strict=True))
    )
    heights = "all of one height" if np.ptp(says) == 0 else "of different heights"
    return fig, (
        f"Pairs of bars, the loss the program says and the loss it should say. {pairs}. The program's bars are {heights}."
    )


@picture
def plot_self_graded(seen, true):
    """Show over the steps of training the loss that a self-grading program sees, and the true loss."""
    fig, ax = subplots(height=2.7)
    ax.plot(seen, "s--", color=COLOURS["broken"])
    ax.plot(true, "o-", color=COLOURS["loss"])
    for values, name, place in ((seen, "the loss that the program sees", (0, 9)), (true, "the true loss", (0, -24))):
        ax.annotate(name, (len(values) - 1, values[-1]), place, textcoords="offset points", ha="right")
    ax.set(xlabel="steps taken", ylabel="loss (nats)", ylim=(0, 1.1 * max(true)))
    return fig, (
        f"Two curves over {len(seen) - 1} steps. The loss that the program sees {_course(seen)}. "
        f"The true loss {_course(true)}."
    )


def _course(values):
    verb = "falls" if values[-1] < values[0] else "rises"
    return f"{verb} from {values[0]:.2f} to {values[-1]:.2f}"
