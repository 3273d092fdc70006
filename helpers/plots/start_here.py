"""Pictures of notebook 00."""

from helpers.figures import COLOURS, picture, subplots

__all__ = ["plot_two_runs", "plot_map"]


@picture
def plot_two_runs(stuck, moving):
    """Show two loss curves over the steps of training, one flat and one falling: lists of floats."""
    fig, ax = subplots(height=2.8)
    ax.plot(range(1, len(stuck) + 1), stuck, "s--", color=COLOURS["broken"])
    ax.plot(range(1, len(moving) + 1), moving, "o-", color=COLOURS["loss"])
    ax.annotate("numerical_gradient_nd", (len(stuck), stuck[-1]), (0, -16), textcoords="offset points", ha="right")
    ax.annotate("numerical_gradient_2d", (len(moving), moving[-1]), (0, 10), textcoords="offset points", ha="right")
    ax.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 1.12 * max(stuck + moving)))
    return fig, (
        f"Two loss curves over {len(stuck)} steps. With numerical_gradient_nd the loss is a flat line at "
        f"{stuck[0]:.4f}. With numerical_gradient_2d it falls from {moving[0]:.4f} to {moving[-1]:.4f}."
    )


@picture
def plot_map():
    """Show what the course builds: the way from the inputs to the loss, and the way back to the weights."""
    fig, ax = subplots(height=2.9)
    boxes = {"x": (0.0, "x", "inputs"), "z": (1.5, "z = x W + b", "logits"), "y": (3.0, "y", "probabilities"), "L": (4.5, "L", "loss")}
    for left, formula, name in boxes.values():
        ax.text(left, 0, f"{formula}\n{name}", ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "fc": "white"})
    arrow = {"arrowstyle": "-|>", "color": COLOURS["ink"], "lw": 1.5}
    for start, end, label in ((0.38, 0.88, ""), (2.1, 2.48, "01 softmax"), (3.54, 4.18, "02 cross-entropy")):
        ax.annotate("", (end, 0), (start, 0), arrowprops=arrow)
        ax.text((start + end) / 2, 0.45, label, ha="center")
    back = {**arrow, "color": COLOURS["loss"], "linestyle": "--", "connectionstyle": "angle,angleA=0,angleB=90,rad=8"}
    ax.annotate("", (1.5, -0.42), (4.5, -0.42), arrowprops={**back, "connectionstyle": "bar,fraction=-0.16"})
    ax.text(3.0, -1.2, "dW, the way back:  03 numerical gradient · 06 backpropagation", ha="center", color=COLOURS["loss"])
    ax.text(3.0, -1.65, "04 views and copies: does the way back reach the W that is used?", ha="center")
    ax.text(3.0, -2.1, "05 gradient descent: W −= lr · dW, and again · 07 digits: on real data", ha="center")
    ax.set(xlim=(-0.6, 5.1), ylim=(-2.4, 0.8))
    ax.axis("off")
    return fig, (
        "A map of the course. Inputs x become logits z = x W + b, then by softmax (01) probabilities y, then by "
        "cross-entropy (02) the loss L. An arrow leads back from the loss to the weights: the gradient dW, by "
        "numerical gradient (03) and backpropagation (06). 04 asks whether it reaches the W in use, 05 repeats the "
        "step, 07 does it on real digits."
    )
