"""Pictures of notebook 01."""

import numpy as np

from helpers.figures import CLASSES, COLOURS, HATCHES, MARKERS, picture, slider, subplots
from helpers.functions import softmax

CORNERS = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])  # where the probability of class 0, 1, 2 is 1
CLASS_NAMES = ["class 0", "class 1", "class 2"]


@picture
def plot_scores(z, y):
    """Show three scores `z`, their exponentials, and the probabilities `y`, as bars side by side."""
    fig, axes = subplots(1, 3, height=2.6)
    for ax, values, title in zip(axes, (z, np.exp(z), y), ("scores z", "exp(z)", "y = exp(z) / sum"), strict=True):
        _bars(ax, values)
        ax.set(title=title)
    axes[2].set_ylim(0, 1)
    return fig, (
        f"Three bar charts for class 0, class 1, class 2: the scores {_list(z)}, their exponentials {_list(np.exp(z))}, "
        f"which are all positive, and the probabilities {_list(y)}. The order of the classes is the same in all three."
    )


@picture
def plot_shift(z, shift):
    """Show that z and z + shift, for three scores z, have different exponentials and the same softmax."""
    fig, axes = subplots(1, 2, height=2.6)
    for k, (scores, label) in enumerate(((z, "z"), (np.add(z, shift), f"z + {shift}"))):
        for ax, values, digits in ((axes[0], np.exp(scores), 1), (axes[1], softmax(scores), 2)):
            look = {"hatch": ["", "xx"][k], "color": ["#bbbbbb", "white"][k], "edgecolor": COLOURS["ink"]}
            bars = ax.bar(np.arange(len(z)) + 0.4 * k - 0.2, values, 0.36, label=label, **look)
            ax.bar_label(bars, fmt=f"%.{digits}f", padding=2, fontsize=9)
            ax.set(xlabel="class", xticks=range(len(z)))
            ax.margins(y=0.15)
    axes[0].set_title("exp: not the same")
    axes[1].set(title="softmax: the same", ylim=(0, 1.5 * softmax(z).max()))
    axes[1].legend(loc="upper right", ncols=2)
    return fig, (
        f"Two bar charts compare z with z + {shift}. The exponentials of z + {shift} are larger than "
        f"those of z, each by a factor of {np.exp(shift):.1f}. "
        f"The probabilities are the same: {_list(softmax(z))}."
    )


@picture
def plot_row_sums(tables):
    """Show matrices, {title: (N, C) array}, as grids of numbers with the sum of each row beside them."""
    fig, axes = subplots(1, len(tables), height=2.1, squeeze=False)
    for ax, (title, y) in zip(axes[0], tables.items(), strict=True):
        rows, columns = y.shape
        ax.pcolormesh(y, vmin=0, vmax=1.6, cmap="Blues", edgecolors="white", linewidth=2)
        for i, j in np.ndindex(y.shape):
            ax.text(j + 0.5, i + 0.5, f"{y[i, j]:.3f}", ha="center", va="center")  # so that the sums look right
        for i, total in enumerate(y.sum(axis=1)):
            ok = np.isclose(total, 1)
            text, weight = (f"= {total:.2f}", "normal") if ok else (f"= {total:.2f} ✗", "bold")
            ax.text(columns + 0.15, i + 0.5, text, va="center", fontweight=weight)
        ax.set(title=title, xlim=(0, columns + 1.3), ylim=(rows, 0), aspect="equal")
        ax.axis("off")
    said = "; ".join(f"{title}: rows sum to {_list(y.sum(axis=1))}" for title, y in tables.items())
    lead = "Grids of numbers with the sum of each row written beside it."
    return fig, f"{lead} {said}. A row that does not sum to 1 is wrong."


@picture
def plot_broadcast(a, *others):
    """Show how NumPy subtracts smaller arrays from a matrix `a` (N, C), one row of the picture for each of `others`.

    The copies that broadcasting stands for are pale."""
    fig, axes = subplots(len(others), 3, height=0.5 * (len(a) + 1) * len(others), squeeze=False)
    said = []
    for row, other in zip(axes, others, strict=True):
        result, aligned = a - other, (1,) * (2 - other.ndim) + other.shape
        copies = np.indices(a.shape) >= np.reshape(aligned, (2, 1, 1))
        _grid(row[0], a, f"{a.shape}")
        _grid(row[1], np.broadcast_to(other, a.shape), f"−  {other.shape}", pale=copies.any(axis=0))
        _grid(row[2], result, f"=  {result.shape}")
        said.append(
            f"{a.shape} − {other.shape}: {_list(other.ravel())} is repeated {_direction(aligned)}, and the result has the "
            f"rows {', '.join(map(_list, result))}"
        )
    return fig, f"Broadcasting, drawn as grids of numbers. {'. '.join(said)}."


def _direction(shape):
    return {(True, False): "downwards", (False, True): "to the right"}.get(tuple(n == 1 for n in shape), "both ways")


def _grid(ax, values, title, pale=None):
    rows, columns = values.shape
    for i, j in np.ndindex(values.shape):
        copy = pale is not None and pale[i, j]
        ink, ground, line = ("#767676", "white", ":") if copy else (COLOURS["ink"], "#d6e6f2", "-")
        ax.fill([j, j + 1, j + 1, j], [i, i, i + 1, i + 1], facecolor=ground, edgecolor=ink, linestyle=line, lw=0.8)
        ax.text(j + 0.5, i + 0.5, f"{values[i, j]:.2f}", ha="center", va="center", color=ink)
    ax.set_title(title, loc="center")
    ax.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -0.1))
    ax.axis("off")


@picture
def plot_temperature_paths(scores, temperatures):
    """Show on the three-class simplex where softmax(z / T) goes as T falls; `scores` is a list of z (3,)."""
    fig, ax = subplots(height=3.8)
    simplex(ax)
    said = []
    for k, z in enumerate(scores):
        path, at_one = (np.array([softmax(np.asarray(z) / t) for t in ts]) @ CORNERS for ts in (temperatures, [1]))
        ax.plot(*path.T, MARKERS[k] + "-", color=COLOURS["guide"], markerfacecolor="white", markersize=4, lw=1)
        ax.plot(*at_one.T, MARKERS[k], color=COLOURS["ink"], markersize=8)
        beside = (-10, 0, "right") if path[-1, 0] < 0.5 else (10, 0, "left")
        ax.annotate(f"z = {_list(z)}", path[-1], beside[:2], textcoords="offset points", ha=beside[2], va="center")
        one, end = (_list(softmax(np.asarray(z) / t)) for t in (1, temperatures[-1]))
        said.append(f"z = {_list(z)} passes {one} at T = 1 and ends at {end}")
    ax.annotate(f"T = {temperatures[0]:g}", CORNERS.mean(axis=0), (8, -12), textcoords="offset points")
    ax.text(1.05, 0.8, f"large marks: T = 1\nends: T = {temperatures[-1]:g}", va="center")
    return fig, (
        f"A triangle. At each corner, one of the three classes has probability 1. Paths start near the centre at "
        f"temperature {temperatures[0]:g} and move outwards as it falls to {temperatures[-1]:g}: {'; '.join(said)}."
    )


def temperature_slider(z):
    """Show softmax(z / T) for three scores `z`: a slider in a running notebook, three values of T on a stored page."""

    def draw(*temperatures):
        fig, axes = subplots(1, len(temperatures), height=2.4, sharey=True, squeeze=False)
        said = []
        for ax, t in zip(axes[0], temperatures, strict=True):
            y = softmax(np.asarray(z) / t)
            _bars(ax, y)
            ax.set(title=f"T = {t:.3g}", ylim=(0, 1.1))
            said.append(f"T = {t:.3g}: {_list(y)}")
        axes[0, 0].set_ylabel("probability")
        return fig, (
            f"Bars of softmax(z / T) for class 0, class 1, class 2, with z = {_list(z)}. {'; '.join(said)}. The lower T is, "
            "the larger the probability of the class with the largest score."
        )

    slider(draw, np.geomspace(0.1, 10, 101), name="T", start=1, still=(10, 1, 0.2))


def _bars(ax, values):
    for k, value in enumerate(values):
        bar = ax.bar(k, value, color=CLASSES[k], hatch=HATCHES[k], edgecolor=COLOURS["ink"])
        ax.bar_label(bar, fmt="%.2f", padding=2)
    ax.set_xticks(range(len(values)), CLASS_NAMES, fontsize=9)
    ax.margins(y=0.2)


def simplex(ax):
    """Draw on `ax` the triangle of all probabilities for three classes, and name its corners."""
    ax.fill(*CORNERS.T, facecolor="none", edgecolor=COLOURS["guide"], lw=1)
    for k, corner in enumerate(CORNERS):
        up, side = (5, "bottom") if k == 2 else (-5, "top")
        ax.annotate(CLASS_NAMES[k], corner, (0, up), textcoords="offset points", ha="center", va=side)
    ax.set(aspect="equal", xlim=(-0.5, 1.5), ylim=(-0.1, 0.95))
    ax.axis("off")


def _list(values, digits=2):
    return "[" + ", ".join(f"{v:.{digits}f}" for v in values) + "]"
