"""Pictures of notebook 09."""

from helpers.figures import COLOURS, picture, subplots


@picture
def plot_values(order):
    """Show the graph of values, a list in which each comes after its parents: name, data and, below it, the slope.

    A value has the attributes `data`, `grad`, `parents` and `name`, as in notebook 09."""
    column = {}
    for value in order:
        column[value] = 1 + max((column[parent] for parent in value.parents), default=-1)
    for value in order:  # an input stands just before what is computed from it
        if not value.parents:
            column[value] = min((column[v] for v in order if value in v.parents), default=1) - 1
    place, rows = {}, [0] * (max(column.values()) + 1)
    for value in order:
        place[value] = (column[value], -rows[column[value]])
        rows[column[value]] += 1
    width, depth = len(rows), max(rows)
    fig, ax = subplots(height=0.9 * depth + 0.3)
    ax.set(xlim=(-0.6, width - 0.4), ylim=(-depth + 0.4, 0.6))
    ax.axis("off")
    box, boxes = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": COLOURS["ink"]}, {}
    for value in order:
        x, y = place[value]
        lines = value.name, _numbers(value.data), _numbers(value.grad)
        widest = max(lines, key=len)
        text = ax.text(x, y, f"\n{widest}\n", ha="center", va="center", size=7, color="white", bbox=box)
        boxes[value] = text.get_bbox_patch()
        colours = COLOURS["ink"], COLOURS["ink"], COLOURS["loss"]
        for line, colour, up in zip(lines, colours, (0.14, 0, -0.14), strict=True):
            ax.text(x, y + up, line, ha="center", va="center", size=7, color=colour)
    said = []
    for k, value in enumerate(order, 1):
        for parent in value.parents:  # from the edge of one box to the edge of the other
            arrow = {"arrowstyle": "-|>", "color": COLOURS["guide"], "patchA": boxes[parent], "patchB": boxes[value]}
            ax.annotate("", place[value], place[parent], arrowprops=arrow | {"shrinkA": 1, "shrinkB": 1})
        parents = " and ".join(str(order.index(parent) + 1) for parent in value.parents)
        name = f"{value.name} of {parents}" if parents else value.name
        said.append(f"{k}, {name}: {_numbers(value.data)}, slope {_numbers(value.grad)}")
    return fig, (
        f"A graph of {len(order)} values, numbered in the order of the forward pass, each with its numbers and the "
        f"slopes of the loss with respect to them. {'; '.join(said)}."
    )


def _numbers(array):
    return ", ".join(f"{v:z.3f}".rstrip("0").rstrip(".") for v in array.ravel()[:4]) + (", ..." if array.size > 4 else "")
