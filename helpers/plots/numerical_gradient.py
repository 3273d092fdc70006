"""Pictures of notebook 03."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots

__all__ = ["plot_errors", "plot_hunt", "plot_kink", "plot_secants"]

STYLES = {  # of the four methods: marker and colour
    "forward": ("o", COLOURS["class 1"]),
    "central": ("s", COLOURS["class 0"]),
    "richardson": ("^", COLOURS["class 2"]),
    "complex_step": ("D", COLOURS["broken"]),
}


@picture
def plot_secants(f, x, steps, slope):
    """Show `f` with its secants from `x` to `x` + h, for each h in `steps`, and its tangent of the given `slope`."""
    fig, ax = subplots(height=3.1)
    grid = np.linspace(-0.6, 3.1, 100)
    ax.plot(grid, f(grid), color=COLOURS["loss"], lw=2)
    ends = np.array([-0.6, 3.1])
    ax.plot(ends, f(x) + slope * (ends - x), color=COLOURS["ink"], label=f"tangent, slope {slope:.4f}")
    for h, dash in zip(steps, ("--", "-.", ":"), strict=True):
        secant = (f(x + h) - f(x)) / h
        ax.plot(ends, f(x) + secant * (ends - x), dash, color=COLOURS["class 0"], label=f"h = {h:g}, slope {secant:.4f}")
        ax.plot(x + h, f(x + h), "o", color=COLOURS["class 0"])
    ax.plot(x, f(x), "o", color=COLOURS["ink"])
    ax.set(xlabel="x", ylabel="f(x)", ylim=(0.3, 3.4))
    ax.legend(loc="upper left")
    slopes = ", ".join(f"{(f(x + h) - f(x)) / h:.4f} for h = {h:g}" for h in steps)
    return fig, (
        f"The curve of f bends upward. Straight lines through its point at x = {x:g} and a second point h further right are "
        f"steeper than the tangent there, whose slope is {slope:.4f}: {slopes}. The nearer the second point, the nearer the "
        "line."
    )


@picture
def plot_errors(panels, truncation, rounding):
    """Show how far slopes are off, over the step h, on logarithmic axes.

    panels : {title: (h, {method: errors}, precision)}; truncation : function of h; rounding : function of (h, precision),
    the two errors of the central difference, drawn as lines. Below the precision all errors are drawn at the precision."""
    fig, axes = subplots(1, len(panels), height=3.9, sharey=True)
    said = []
    for ax, (title, (h, methods, precision)) in zip(axes, panels.items(), strict=True):
        for method, errors in methods.items():
            marker, colour = STYLES[method]
            drawn = np.maximum(errors, precision)
            size, fill = (6.5, "none") if method == "central" else (3.5, colour)
            ax.plot(h, drawn, marker, color=colour, mfc=fill, ms=size, label=method.replace("_", " "))
            best = f"{drawn.min():.0e}" if drawn.min() > precision else f"{precision:.0e} or less"
            said.append(f"{method.replace('_', ' ')} {best} in {title}")
        ax.plot(h, truncation(h), "-", color=COLOURS["guide"], lw=1)
        ax.plot(h, rounding(h, precision), "--", color=COLOURS["guide"], lw=1)
        ax.set(xscale="log", yscale="log", xlabel="step h", title=title, ylim=(1e-17, 10))
    axes[0].set_ylabel("error of the slope")
    axes[0].text(3e-4, 1e-10, "truncation", color=COLOURS["guide"], rotation=62)
    axes[0].text(1e-12, 2e-4, "rounding", color=COLOURS["guide"], rotation=-43)
    axes[-1].legend(loc="lower right")
    return fig, (
        "Errors of four methods over the step, on logarithmic axes. From large steps leftwards the errors of forward, "
        "central and Richardson differences fall along straight lines, reach a valley, and rise again below the rounding "
        "line; the complex step falls on the points of the central difference and stays at the precision. At best: "
        + ", ".join(said)
        + "."
    )


@picture
def plot_kink(offsets, losses, measured):
    """Show the loss around a kink: (K,) `offsets` of one weight, 0 in their middle, their `losses`, and {h: slope}."""
    fig, ax = subplots(height=2.9)
    losses = np.asarray(losses)
    middle = losses[len(losses) // 2]
    ax.plot(1e4 * offsets, 1e6 * (losses - middle), color=COLOURS["loss"], lw=2, label="loss")
    for (h, slope), dash in zip(measured.items(), ("--", ":"), strict=True):
        ax.plot(
            1e4 * offsets,
            1e6 * slope * offsets,
            dash,
            color=COLOURS["ink"],
            label=f"slope measured with h = {h:.0e}: {slope:.4f}",
        )
    ax.plot(0, 0, "o", color=COLOURS["ink"])
    ax.set(xlabel="change of one weight (in 1e-4)", ylabel="change of the loss (in 1e-6)")
    ax.legend(loc="best")
    said = ", ".join(f"{slope:.4f} with h = {h:.0e}" for h, slope in measured.items())
    return fig, (
        f"The loss along one weight is two straight pieces that meet in a kink near the weight. The slope at the weight, "
        f"measured: {said}. The line of the larger step cuts across the kink and fits neither piece; that of the smaller "
        f"step lies on the piece where the weight is."
    )


@picture
def plot_hunt(h, with_pinch, without):
    """Show the relative difference of two gradients over the step `h`, (K,), for the loss with and without its pinch."""
    fig, ax = subplots(height=3.1)
    with_pinch, without = (10 ** np.round(np.log10(errors), 2) for errors in (with_pinch, without))
    ax.plot(h, with_pinch, "s--", color=COLOURS["broken"])
    ax.plot(h, without, "o-", color=COLOURS["loss"])
    ax.set(xscale="log", yscale="log", xlabel="step h of the measurement", ylabel="relative difference")
    ax.annotate("−log(y + 1e-7)", (h[-1], with_pinch[-1]), (0, 8), textcoords="offset points")
    ax.annotate("−log(y)", (h[-1], without[-1]), (12, -2), textcoords="offset points")
    return fig, (
        "The largest relative difference between the measured gradient and the formula, as the step shrinks from "
        f"{h[0]:.0e} to {h[-1]:.0e}. With the plain logarithm it falls along a straight line to {without[-1]:.0e}. With "
        f"+ 1e-7 inside it falls at first, too, and then stays at {with_pinch[-1]:.1e}."
    )
