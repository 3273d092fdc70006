"""Pictures of notebook 05."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots

__all__ = ["plot_clinic", "plot_losses", "plot_paths"]

STYLES = [("class 0", "o-"), ("class 1", "s--"), ("class 2", "^-."), ("broken", "D:")]


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
        ax.set(title=title, xlim=(-4.6, 4.6), ylim=(-2.2, 2.2))
        inside = path[np.all(np.abs(path) < (4.6, 2.2), axis=1)]
        left = "" if len(inside) == len(path) else ", then it leaves the picture"
        said.append(
            f"{title}: {len(path) - 1} steps, from ({path[0][0]:.2f}, {path[0][1]:.2f}) to "
            f"({inside[-1][0]:.2f}, {inside[-1][1]:.2f}){left}"
        )
    for ax in axes[-1]:
        ax.set_xlabel("w0")
    for ax in axes[:, 0]:
        ax.set_ylabel("w1")
    return fig, "A long valley in contour lines, its lowest point in the middle, and paths of descents on it. " + ". ".join(
        said
    ) + "."


@picture
def plot_losses(curves, log=True):
    """Show loss curves, {name: losses}, over the steps; on a logarithmic axis if `log`."""
    fig, ax = subplots(height=2.9)
    for (name, losses), (colour, style) in zip(curves.items(), STYLES, strict=False):
        ax.plot(losses, style, color=COLOURS[colour], ms=3, markevery=max(1, len(losses) // 20), label=name)
    ax.set(xlabel="steps taken", ylabel="loss" + " (logarithmic)" * log, yscale="log" if log else "linear")
    ax.legend(loc="best")
    said = "; ".join(f"{name}: from {losses[0]:.3g} to {losses[-1]:.2g}" for name, losses in curves.items())
    return fig, f"Loss curves over the steps taken. {said}."


@picture
def plot_clinic(healthy, patients, names=None):
    """Show six loss curves, {letter: losses}, each beside the `healthy` one; with their `names`, if those are told."""
    fig, axes = subplots(2, 3, height=3.8, sharex=True, sharey=True)
    top = 1.6 * healthy[0]
    said = []
    for ax, (letter, losses) in zip(axes.flat, patients.items(), strict=True):
        ax.plot(healthy, "--", color=COLOURS["guide"], lw=1)
        ax.plot(np.minimum(losses, 2 * top), "-", color=COLOURS["broken"], lw=2)
        title = letter if names is None else f"{letter}: {names[letter]}"
        ax.set(ylim=(0, top), title=title)
        said.append(
            f"{letter}{'' if names is None else f' ({names[letter]})'} goes from {losses[0]:.2f} over "
            f"{losses[len(losses) // 4]:.2f} and {losses[len(losses) // 2]:.2f} to {losses[-1]:.2f}"
        )
    for ax in axes[-1]:
        ax.set_xlabel("steps")
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    return fig, (
        f"Six loss curves of broken loops, each beside a healthy one, dashed, that falls from {healthy[0]:.2f} to "
        f"{healthy[-1]:.2f}. " + "; ".join(said) + "."
    )
