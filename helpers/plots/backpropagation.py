"""Pictures of notebook 06."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots

BOX = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": COLOURS["ink"]}
ARROW = {"arrowstyle": "-|>", "color": COLOURS["ink"]}


@picture
def plot_chain(forward, slopes=None):
    """Show a chain of steps with the number of each: {name: number}, and below it, if given, {name: slope of the loss}.

    Numbers may be arrays of one axis."""
    fig, ax = subplots(height=1.9 if slopes else 1.3)
    ax.set(xlim=(-0.6, len(forward) - 0.4), ylim=(-1.0 if slopes else -0.1, 1.25))
    ax.axis("off")
    said = []
    for k, (name, value) in enumerate(forward.items()):
        ax.text(k, 0.9, name, ha="center", va="center", bbox=BOX, size=11)
        ax.text(k, 0.3, _numbers(value), ha="center", va="center", size=9)
        if k:
            ax.annotate("", (k - 0.3, 0.9), (k - 0.7, 0.9), arrowprops=ARROW)
        said.append(f"{name} = {_numbers(value)}")
    back = ARROW | {"color": COLOURS["loss"], "ls": "--"}
    for k, name in enumerate(forward):
        if slopes and name in slopes:
            ax.text(k, -0.35, _numbers(slopes[name]), ha="center", va="center", size=9, color=COLOURS["loss"])
            if k:
                ax.annotate("", (k - 0.75, -0.8), (k - 0.05, -0.8), arrowprops=back)
            said.append(f"slope with respect to {name}: {_numbers(slopes[name])}")
    return fig, f"A chain of steps, with the values at each step. {'; '.join(said)}."


def _numbers(value):
    values = np.atleast_1d(value)
    return ", ".join(f"{v:.4f}".rstrip("0").rstrip(".") if v == round(v, 2) else f"{v:.4f}" for v in values)


@picture
def plot_network(arrays):
    """Show the arrays of a network, {name: array}, in the order of the forward pass, with their shapes."""
    steps = {"x": "", "z1": "x @ W1 + b1", "a": "max(z1, 0)", "z2": "a @ W2 + b2", "L": "loss"}
    fig, ax = subplots(height=2.2)
    ax.set(xlim=(-0.5, 4.5), ylim=(-0.1, 2.1))
    ax.axis("off")
    for k, (name, step) in enumerate(steps.items()):
        ax.text(k, 1.4, f"{name}\n{_shape(arrays[name])}", ha="center", va="center", bbox=BOX, size=10)
        if k:
            ax.annotate("", (k - 0.36, 1.4), (k - 0.7, 1.4), arrowprops=ARROW)
            ax.text(k - 0.5, 1.85, step, ha="center", size=9)
    for k, names in ((0.5, ("W1", "b1")), (2.5, ("W2", "b2"))):
        for shift, name in zip((-0.28, 0.28), names, strict=True):
            ax.text(k + shift, 0.35, f"{name}\n{_shape(arrays[name])}", ha="center", va="center", bbox=BOX, size=9)
            ax.annotate("", (k, 1.3), (k + shift, 0.72), arrowprops=ARROW)
    said = ", ".join(f"{name} {_shape(array)}" for name, array in arrays.items())
    return fig, (
        "The forward pass of a network with one hidden layer: from x to z1 = x @ W1 + b1, to a = max(z1, 0), to "
        f"z2 = a @ W2 + b2, to the loss L. The shapes are: {said}."
    )


def _shape(array):
    return str(np.shape(array)) if np.shape(array) else "one number"


@picture
def plot_kink(weights, losses, here, measured):
    """Show a loss over one weight, both (K,), with the secants at the weight `here` for {h: measured slope}."""
    fig, ax = subplots(height=2.9)
    losses = np.asarray(losses)
    ax.plot(weights, losses, color=COLOURS["loss"], lw=2, label="loss")
    height = np.interp(here, weights, losses)
    for (h, slope), dash in zip(measured.items(), ("--", ":", "-."), strict=False):
        line, label = height + slope * (weights - here), f"h = {h:g}: slope {slope:.4f}"
        ax.plot(weights, line, dash, color=COLOURS["ink"], lw=1, label=label)
    ax.plot(here, height, "o", color=COLOURS["ink"])
    margin = 0.1 * np.ptp(losses)
    ax.set(xlabel="weight", ylabel="loss", ylim=(losses.min() - margin, losses.max() + margin))
    ax.legend(loc="best")
    said = "; ".join(f"h = {h:g}: slope {slope:.4f}" for h, slope in measured.items())
    return fig, (
        "The loss as a function of one weight has a kink: the curve is flat on one side of it and falls on the other. "
        f"A point marks the weight {here:g}. "
        f"Lines show the slopes that were measured there: {said}."
    )


@picture
def plot_initialisations(curves, top):
    """Show loss curves, {name: losses}, over the steps, cut off at `top`."""
    fig, ax = subplots(height=2.9)
    styles = ["-", (0, (1, 3)), "--", "-.", (0, (5, 1, 1, 1, 1, 1))]
    colours = ["class 0", "ink", "class 1", "class 2", "broken"]
    for (name, losses), style, colour in zip(curves.items(), styles, colours, strict=False):
        ax.plot(np.minimum(losses, 2 * top), linestyle=style, color=COLOURS[colour], label=name)
    ax.set(xlabel="steps", ylabel="loss", ylim=(0, top))
    ax.legend(loc="upper right")
    said = "; ".join(f"{name}: from {losses[0]:.2f} to {losses[-1]:.2f}" for name, losses in curves.items())
    return fig, f"Loss curves for several initialisations. {said}."
