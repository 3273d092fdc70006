"""Pictures of notebook 02."""

import numpy as np

from helpers.figures import COLOURS, picture, slider, subplots
from helpers.functions import log_softmax
from helpers.plots.softmax import CORNERS, simplex


@picture
def plot_negative_log(p):
    """Show the curve -log p, and mark the probabilities `p`, (K,), on it."""
    fig, ax = subplots(height=2.9)
    grid = np.linspace(0.01, 1, 200)
    ax.plot(grid, -np.log(grid), color=COLOURS["loss"])
    ax.plot(p, -np.log(p), "o", color=COLOURS["ink"])
    for x in p:
        ax.annotate(f"p = {x:g}, loss {0 - np.log(x):.3f}", (x, -np.log(x)), (8, 5), textcoords="offset points")
    ax.set(xlabel="probability p of the true class", ylabel="loss −log p", xlim=(0, 1.25), ylim=(-0.15, 4.7))
    ax.set(xticks=np.arange(6) / 5)
    marks = ", ".join(f"{0 - np.log(x):.3f} at p = {x:g}" for x in p)
    return fig, f"The loss −log p is very large near p = 0 and falls to 0 at p = 1. It is {marks}."


@picture
def plot_epsilon(p, epsilon):
    """Show -log p and -log(p + epsilon) over the probabilities `p`, (K,), on a logarithmic axis."""
    fig, ax = subplots(height=2.9)
    top = -np.log(epsilon)
    ax.plot(p, -np.log(p), color=COLOURS["loss"], label="−log p")
    ax.plot(p, -np.log(p + epsilon), "--", color=COLOURS["broken"], label=f"−log(p + {epsilon:.0e})")
    ax.set(xscale="log", xlabel="probability p of the true class (logarithmic axis)", ylabel="loss")
    ax.annotate(f"the loss stops at {top:.3f}", (p[0], top), (0, -15), textcoords="offset points")
    ax.legend(loc="upper right")
    return fig, (
        f"Two curves of the loss against the probability of the true class, from {p[0]:.0e} to {p[-1]:.0e}. Towards small "
        f"probabilities, −log p rises along a straight line to {-np.log(p[0]):.1f}. The curve with + {epsilon:.0e} "
        f"follows the same line until the probability is about {epsilon:.0e}, and then stays flat at {top:.3f}."
    )


@picture
def plot_loss_over_triangle(label):
    """Show the loss for the true class `label` over all answers that are possible with three classes."""
    fig, ax = subplots(height=3.7)
    n = 60
    y = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
    levels = [0, 0.105, 0.357, 0.693, 1.204, 2.303, 4.605]
    losses = -np.log(np.maximum(y[:, label], 0.004))
    drawn = ax.tricontourf(*(y @ CORNERS).T, losses, levels=levels, cmap="OrRd", extend="max")
    simplex(ax)
    bar = fig.colorbar(drawn, ax=ax, label="loss", ticks=levels)
    bar.ax.set_yticklabels([f"{v:.2f}   (p = {np.exp(-v):.2g})" for v in levels])
    return fig, (
        f"The triangle of all answers for three classes, shaded by the loss if class {label} is the true class. The loss "
        f"is 0 at the corner of class {label} and grows without bound towards the opposite side, in bands parallel to "
        f"that side."
    )


def logit_slider(logits):
    """Show two losses and their slopes over the logit of the true class, (K,), when the other class has the logit 0.

    A running notebook has a slider that marks one logit; a stored page marks none."""
    log_p = log_softmax(np.column_stack([np.zeros_like(logits), logits]))[:, 1]
    losses = -log_p, -np.log(np.exp(log_p) + 1e-7)
    slopes = [np.gradient(values, logits) for values in losses]

    def draw(chosen=None):
        marked = ""
        fig, (top, bottom) = subplots(2, height=4.2, sharex=True)
        for ax, lines in ((top, losses), (bottom, slopes)):
            ax.plot(logits, lines[0], color=COLOURS["loss"], label="from the logits")
            ax.plot(logits, lines[1], "--", color=COLOURS["broken"], label="with + 1e-7")
            if chosen is not None:
                values = [np.interp(chosen, logits, line) for line in lines]
                ax.plot([chosen, chosen], values, "o", color=COLOURS["ink"])
                marked += f" At {chosen:g} the {'slope' if marked else 'loss'} is {values[0]:.3f} and {values[1]:.3f}."
                ax.set_title(f"{ax.get_title()}{values[0]:.3f} from the logits, {values[1]:.3f} with + 1e-7")
        top.set(ylabel="loss")
        top.legend(loc="upper right")
        bottom.set(xlabel="logit of the true class; the other class has 0", ylabel="slope ∂L/∂z", ylim=(-1.12, 0.12))
        return fig, (
            f"The loss and its slope against the logit of the true class, from {logits[0]:g} to {logits[-1]:g}. Computed "
            f"from the logits, the loss rises to {losses[0][0]:.1f} on the left and its slope approaches "
            f"{slopes[0][0]:.0f}. With + 1e-7 the loss levels off at {losses[1][0]:.3f} and its slope approaches 0.{marked}"
        )

    slider(draw, logits, name="logit", start=0, still=())


@picture
def plot_case(returned, correct):
    """Show for each of three labels the loss that a program returns and the correct loss, both (3,)."""
    fig, ax = subplots(height=2.7)
    place = np.arange(3)
    left = {"color": COLOURS["broken"], "hatch": "//", "label": "the program returns"}
    right = {"color": COLOURS["loss"], "hatch": "", "label": "correct"}
    for shift, values, look in ((-0.2, returned, left), (0.2, correct, right)):
        bars = ax.bar(place + shift, values, 0.36, edgecolor=COLOURS["ink"], **look)
        ax.bar_label(bars, fmt="%.4f", padding=2)
    ax.set(xticks=place, xticklabels=[f"label {k}" for k in range(3)], ylabel="loss", ylim=(0, 1.35 * max(correct)))
    ax.legend(loc="upper right", ncols=2)
    pairs = "; ".join(f"{a:.4f} and {b:.4f} for label {k}" for k, (a, b) in enumerate(zip(returned, correct, strict=True)))
    heights = "all the same height" if np.ptp(returned) == 0 else "of different heights"
    lead = "Pairs of bars show the loss that the program returns and the correct loss."
    return fig, f"{lead} They are {pairs}. The program's bars are {heights}."


@picture
def plot_self_graded(seen, true):
    """Show over the steps of training the loss that a program sees, and the true loss."""
    fig, ax = subplots(height=2.7)
    ax.plot(seen, "--", color=COLOURS["broken"])
    ax.plot(true, "-", color=COLOURS["loss"])
    for values, name, place in ((seen, "the loss that the program sees", (0, 9)), (true, "the true loss", (0, -24))):
        ax.annotate(name, (len(values) - 1, values[-1]), place, textcoords="offset points", ha="right")
    ax.set(xlabel="steps", ylabel="loss", ylim=(0, 1.1 * max(true)))
    return fig, f"Two curves over {len(seen) - 1} steps. The program's loss {_course(seen)}. The true loss {_course(true)}."


def _course(values):
    verb = "falls" if values[-1] < values[0] else "rises"
    return f"{verb} from {values[0]:.2f} to {values[-1]:.2f}"
