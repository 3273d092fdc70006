"""Pictures of notebook 05, and of the birds' regions in 06."""

import numpy as np

from helpers.figures import CLASSES, COLOURS, MARKERS, picture, slider, subplots

STYLES = [("class 0", "o-"), ("class 1", "s--"), ("class 2", "^-."), ("broken", "D:")]
PALE = np.array([[0.80, 0.89, 0.96], [0.99, 0.92, 0.77], [0.80, 0.94, 0.88]])  # of the classes' colours


@picture
def plot_regions(x, t, names, predictors, height=3.2):
    """Show the birds `x` (N, 2) of the classes `t` (N,), and which class each of {title: predict} gives to any bill.

    names : the names of the classes; predict : function of x (M, 2) that returns class indices (M,)"""
    return _regions(x, t, names, predictors, height, "inputs 0, 0")


def regions_slider(x, t, names, moments):
    """Show the regions at several moments of a training, {step: predict}: a slider, and four moments on a stored page."""

    def draw(*steps):
        return _regions(x, t, names, {f"step {k}": moments[k] for k in steps}, 3.6 if len(steps) == 1 else 2.7)

    steps = list(moments)
    four = [steps[k] for k in np.linspace(0, len(steps) - 1, 4).round().astype(int)]
    slider(draw, steps, name="step", start=steps[0], still=four)


def _regions(x, t, names, predictors, height, cross=None):  # noqa: PLR0913, PLR0917
    fig, axes = subplots(1, len(predictors), height=height, sharey=True, squeeze=False)
    low, high = x.min(axis=0) - 0.1, x.max(axis=0) + 0.1
    low[1] = min(low[1], -0.1)  # so that the bill of 40 mm by 10 mm, where x is zero, is in the picture
    a, b = np.meshgrid(np.linspace(low[0], high[0], 150), np.linspace(low[1], high[1], 120))
    extent = [10 * (low[0] + 4), 10 * (high[0] + 4), 10 * (low[1] + 1), 10 * (high[1] + 1)]
    said, between = [], ": " if len(predictors) < 4 else "\n"
    for ax, (title, predict) in zip(axes[0], predictors.items(), strict=True):
        ground = predict(np.stack([a.ravel(), b.ravel()], axis=1)).reshape(a.shape)
        ax.imshow(PALE[ground], extent=extent, origin="lower", interpolation="nearest", aspect="auto")
        for k, name in enumerate(names):
            length, depth = 10 * (x[t == k] + (4, 1)).T
            ax.plot(length, depth, MARKERS[k], color=CLASSES[k], ms=3, mec="white", mew=0.3, label=name)
        ax.plot(40, 10, "+", color=COLOURS["ink"], ms=8, label=cross)
        right = np.mean(predict(x) == t)
        ax.set(title=f"{title}{between}{right:.0%} right", xlabel="bill length (mm)")
        said.append(f"{title}: {right:.0%} of the birds are classified correctly")
    axes[0, 0].set_ylabel("bill depth (mm)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=4, markerscale=2)
    return fig, (
        f"The bills of {len(x)} birds, depth plotted against length, on a background coloured by the class that the network "
        f"predicts for each bill. {'; '.join(said)}. A cross marks the bill where both inputs are zero, 40 mm by 10 mm."
    )


@picture
def plot_paths(loss, paths):
    """Show a loss over two parameters as contour lines, and on it paths: {title: (K, 2)}, a panel each."""
    columns = min(2, len(paths))
    rows = -(-len(paths) // columns)
    fig, axes = subplots(rows, columns, height=2.4 * rows, sharex=True, sharey=True, squeeze=False)
    a, b = np.meshgrid(np.linspace(-4.6, 4.6, 80), np.linspace(-2.2, 2.2, 60))
    heights = np.array([[loss(np.array(p)) for p in zip(*row, strict=True)] for row in zip(a, b, strict=True)])
    said = []
    for ax, title in zip(axes.flat, paths, strict=True):
        path = np.asarray(paths[title])
        ax.contour(a, b, heights, levels=[0.2, 1, 3, 6, 12, 20], colors=COLOURS["guide"], linewidths=0.7)
        ax.plot(*path.T, "o-", color=COLOURS["loss"], ms=3, lw=1)
        ax.plot(*path[0], "s", color=COLOURS["ink"], ms=5)
        ax.plot(0, 0, "+", color=COLOURS["ink"], ms=9)
        ax.set(title=title, xlim=(-4.6, 4.6), ylim=(-2.2, 2.2), xlabel="w0", ylabel="w1")
        ax.label_outer()
        inside = np.all(np.abs(path) < (4.6, 2.2), axis=1)
        steps = len(path) - 1 if inside.all() else int(np.argmin(inside)) - 1  # those before the path leaves the picture
        ends = [f"({point[0] + 0:.2f}, {point[1] + 0:.2f})" for point in (path[0], path[steps])]
        left = "" if inside.all() else ", after which the path leaves the picture"
        said.append(f"{title}: from {ends[0]} to {ends[1]} in {steps} steps{left}")
    lead = "Contour lines of a long valley, with its lowest point in the middle, and the path of each descent. "
    return fig, lead + ". ".join(said) + "."


@picture
def plot_losses(curves, log=False, top=None):
    """Show loss curves, {name: losses}, over the steps; on a logarithmic axis if `log`, cut off at `top` if given."""
    fig, ax = subplots(height=2.9)
    for (name, losses), (colour, style) in zip(curves.items(), STYLES, strict=False):
        ax.plot(losses, style, color=COLOURS[colour], ms=3, lw=1, markevery=max(1, len(losses) // 20), label=name)
    ax.set(xlabel="steps", ylabel="loss" + " (logarithmic axis)" * log, yscale="log" if log else "linear")
    if top:
        ax.set_ylim(0, top)
    ax.legend(loc="best")
    said = [f"{name}: from {v[0]:.3g} to {v[-1]:.2g}, with a peak of {max(v):.3g}" for name, v in curves.items()]
    return fig, f"The loss plotted against the steps. {'; '.join(said)}."


@picture
def plot_clinic(healthy, patients, names=None):
    """Show six loss curves, {letter: losses}, each beside the `healthy` one, with their `names`, {letter: name}."""
    fig, axes = subplots(2, 3, height=4.2, sharex=True, sharey=True)
    top = 2 * healthy[0]
    said = []
    for ax, (letter, losses) in zip(axes.flat, patients.items(), strict=True):
        ax.plot(healthy, "--", color=COLOURS["guide"], lw=1)
        ax.plot(np.minimum(losses, 2 * top), "-", color=COLOURS["broken"], lw=2)
        ax.set(title=f"{letter}: {names[letter]}" if names else letter, xlabel="steps", ylabel="loss", ylim=(0, top))
        ax.label_outer()
        quarters = ", ".join(f"{v:.2f}" for v in [*(losses[len(losses) * k // 4] for k in range(4)), losses[-1]])
        rises = int(np.sum(np.diff(losses) > 0.001))  # more than rounding
        lowest = f"lowest at step {np.argmin(np.round(losses, 4))} with {min(losses):.2f}"
        text = f"{quarters}, {lowest}; it rises by more than 0.001 in {rises} of {len(losses) - 1} steps"
        said.append(f"{letter} ({names[letter]}): {text}" if names else f"{letter}: {text}")
    return fig, (
        f"Six loss curves of broken loops, each drawn with the dashed curve of the correct loop, which falls from "
        f"{healthy[0]:.2f} to {healthy[-1]:.2f}. The losses at the start, after a quarter, half and three quarters of the "
        f"steps, and at the end: {'; '.join(said)}."
    )
