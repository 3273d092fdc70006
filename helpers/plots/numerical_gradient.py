"""Pictures of notebook 03."""

import numpy as np

from helpers.figures import COLOURS, picture, slider, subplots

STYLES = {  # of the four methods: marker and colour
    "forward": ("o", COLOURS["class 1"]),
    "central": ("s", COLOURS["class 0"]),
    "richardson": ("^", COLOURS["class 2"]),
    "complex_step": ("D", COLOURS["broken"]),
}


@picture
def plot_secants(f, x, steps, slope):
    """Show `f` with its secants from `x` to `x` + h, for each h of three `steps`, and its tangent of the given `slope`."""
    fig, ax = subplots(height=3.1)
    ends = np.array([x - 1.3, x + 2.4])
    grid = np.linspace(*ends, 100)
    ax.plot(grid, f(grid), color=COLOURS["loss"], lw=2)
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
        f"A curve that bends upwards, its tangent at x = {x:g} with slope {slope:.4f}, and straight lines, each through "
        f"the point of the curve at x = {x:g} and a second point at a horizontal distance h to the right. The lines are "
        f"steeper than the tangent, but they come closer to it as h gets smaller. Their slopes: {slopes}."
    )


@picture
def plot_error_curve(steps, errors, truncation, rounding):
    """Show the error of a measured slope over the step, and the two kinds of error as lines; all are (K,)."""
    fig, ax = subplots(height=3.3)
    ax.plot(steps, np.maximum(errors, 1e-17), "s", color=STYLES["central"][1], ms=4, label="error of the central difference")
    ax.plot(steps, truncation, "-", color=COLOURS["guide"], lw=1, label="truncation, h² |f'''| / 6")
    ax.plot(steps, rounding, "--", color=COLOURS["guide"], lw=1, label="rounding, ε |f| / h")
    ax.set(xscale="log", yscale="log", xlabel="step h", ylabel="error of the slope", ylim=(1e-14, 10))
    ax.legend(loc="lower left", fontsize=8)
    return fig, (
        "The error of the central difference plotted against the step, on logarithmic axes. Coming from the right, the "
        "points fall along the line of the truncation error. On the left they scatter below the line of the rounding error, "
        "which rises towards small steps. The points are lowest in between."
    )


def step_slider(f, x, slope):
    """Show the secant of the central difference of `f` at `x`, beside its error, for one step, or for three if stored.

    slope : float, the exact slope of f at x"""

    def draw(*steps):
        fig, axes = subplots(1, len(steps), height=2.9, squeeze=False)
        said = []
        for ax, h in zip(axes[0], steps, strict=True):
            measured = (f(x + h) - f(x - h)) / (2 * h)
            ends, grid = x + np.array([-1, 1]) * h, np.linspace(x - 2 * h, x + 2 * h, 200)
            low, high = f(ends) - f(x)  # without f(x), which hides the smallest steps
            ax.plot((grid - x) / h, f(grid) - f(x), color=COLOURS["loss"], lw=2)
            ax.plot([-2, 2], (low + high) / 2 + measured * h * np.array([-2, 2]), "--", color=COLOURS["class 0"])
            ax.plot([-1, 1], [low, high], "o", color=COLOURS["class 0"])
            parts = f"h = {h:.0e}", f"slope {measured:.7f}", f"error {abs(measured - slope):.0e}"
            ax.set(title="\n".join(parts), xlabel="(distance from x) / h", xticks=[-2, -1, 0, 1, 2], yticks=[])
            said.append(f"{parts[0]}: {parts[1]}, {parts[2]}")
        return fig, (
            f"The curve near x = {x:g} and the secant between x − h and x + h, in a window that is four steps wide. "
            f"{'; '.join(said)}. With a large step the secant is visibly off the curve; with a tiny one the curve looks "
            "like a staircase."
        )

    slider(draw, 10.0 ** np.arange(0, -15.5, -0.5), name="h", start=1e-5, still=(1, 1e-5, 1e-15))


@picture
def plot_case(steps, with_epsilon, without):
    """Show the relative error between two gradients over the step, (K,), for the loss with an epsilon and without."""
    fig, ax = subplots(height=3.1)
    with_epsilon, without = (10 ** np.round(np.log10(errors), 2) for errors in (with_epsilon, without))
    ax.plot(steps, with_epsilon, "s--", color=COLOURS["broken"])
    ax.plot(steps, without, "o-", color=COLOURS["loss"])
    ax.set(xscale="log", yscale="log", xlabel="step h of the measurement", ylabel="relative error")
    ax.annotate("−log(y + 1e-7)", (steps[-1], with_epsilon[-1]), (0, 8), textcoords="offset points")
    ax.annotate("−log(y)", (steps[-1], without[-1]), (12, -2), textcoords="offset points")
    return fig, (
        "The relative error between the measured gradient and the formula on logarithmic axes, as the step shrinks from "
        f"{steps[0]:.0e} to {steps[-1]:.0e}. For −log(y) it falls along a straight line to {without[-1]:.0e}. For "
        f"−log(y + 1e-7) it falls at first and then stays at {with_epsilon[-1]:.1e}."
    )


@picture
def plot_methods(steps, methods):
    """Show the errors of several methods over the step: {name: errors}, all (K,). Errors below 1e-16 are drawn there."""
    fig, ax = subplots(height=3.6)
    said = []
    for name, errors in methods.items():
        marker, colour = STYLES[name]
        drawn = np.maximum(errors, 2.2e-16)
        inside, label = "none" if name == "central" else colour, name.replace("_", " ")
        ax.plot(steps, drawn, marker, color=colour, ms=4, mfc=inside, label=label)
        said.append(f"{label} {drawn.min():.0e}")
    ax.set(xscale="log", yscale="log", xlabel="step h", ylabel="error of the slope", ylim=(1e-16, 1e3))
    ax.legend(loc="upper center", ncols=4, fontsize=8)
    return fig, (
        "The errors of four methods plotted against the step, on logarithmic axes. As the step shrinks, the errors of the "
        "forward difference, the central difference and Richardson extrapolation fall to a minimum and then rise again. The "
        "error of the complex step keeps falling until it reaches the machine precision. The smallest errors are: "
        f"{', '.join(said)}."
    )
