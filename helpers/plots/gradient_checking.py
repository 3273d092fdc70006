"""Pictures of notebook 07."""

import numpy as np

from helpers.figures import COLOURS, picture, subplots


@picture
def plot_directions(differences, floor=1e-12):
    """Show how far gradients are off along random directions, {name: relative differences (K,)}, sorted, on a log axis.

    Differences below `floor` are drawn at it."""
    fig, ax = subplots(height=2.9)
    said = []
    for (name, values), marker, colour in zip(differences.items(), "os^", ("class 0", "broken", "class 2"), strict=False):
        drawn = 10 ** np.round(np.log10(np.sort(np.maximum(np.abs(values), floor))), 2)  # without what machines differ in
        ax.plot(np.arange(1, len(drawn) + 1), drawn, marker, color=COLOURS[colour], ms=3, label=name)
        low, high = (10.0 ** rounded(np.log10(end)) for rounded, end in ((np.floor, drawn[0]), (np.ceil, drawn[-1])))
        said.append(f"{name}: at most {floor:.0e}" if high <= floor else f"{name}: between {low:.0e} and {high:.0e}")
    ax.set(yscale="log", xlabel="random directions, sorted", ylabel="relative difference")
    ax.legend(loc="center right")
    return fig, (
        f"How far {len(said)} gradients are from slopes measured along random directions: the relative differences, "
        "sorted by size, on a logarithmic axis. "
        f"{'; '.join(said)}."
    )
