"""The picture that helpers.memory.draw shows: buffers as strips of cells, arrays as grids of the cells that they read."""

import numpy as np

from helpers.figures import COLOURS, WIDTH, picture

__all__ = ["plot_memory"]

CELL, HIGH = 0.5, 0.42  # inches: width and height of a cell
A_ROW = 12  # cells of a strip
SHOWN = 24  # cells of a strip in all
ROWS, COLUMNS, SHEETS = 5, 7, 3  # of an array
PLAIN = {"parse_math": False}
MAPS = ["YlGnBu", "OrRd", "Greens", "Purples"]  # of the first buffers; a buffer has a letter, too


@picture
def plot_memory(members, buffers):
    """Show the memory of `members`, pairs of name and array, which lies in `buffers`."""
    from matplotlib.figure import Figure

    drawing = _Drawing()
    said = []
    for letter, buffer in zip(_letters(), buffers, strict=False):
        said.append(drawing.buffer(letter, buffer, members))
    for name, array in members:
        if not array.nbytes:
            said.append(drawing.empty(name, array))
    height = drawing.top + 0.05
    fig = Figure(figsize=(WIDTH, height), layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(height, 0))
    ax.axis("off")
    for paint in drawing.paints:
        paint(ax)
    return fig, " ".join(said)


class _Drawing:
    """What is to be painted, in inches from the upper left corner, and how far down it goes."""

    def __init__(self):
        self.paints, self.top = [], 0.05

    def buffer(self, letter, buffer, members):
        """Lay out a strip and the arrays that read it; return what the picture says in words."""
        self.letter, self.map = letter, MAPS[(ord(letter[-1]) - 65) % len(MAPS)]
        self.many = min(buffer.cells, SHOWN)
        rest = "" if buffer.cells <= SHOWN else f", the first {SHOWN} shown"
        cells = "1 cell" if buffer.cells == 1 else f"{buffer.cells} cells"
        self.text(
            0.05,
            self.top + 0.14,
            f"buffer {letter}: {cells} of {buffer.cell} byte{'s' * (buffer.cell > 1)}{rest}",
            weight="bold",
        )
        self.top += 0.26
        values = _values(buffer, [members[k][1] for k in buffer.arrays])
        for number in range(self.many):
            x, y = 0.05 + CELL * (number % A_ROW), self.top + HIGH * (number // A_ROW)
            self.cell(x, y, values.get(number, ""), number, f"buffer.{letter}.{number}")
        self.top += HIGH * (1 + (self.many - 1) // A_ROW) + 0.12
        said = [f"Buffer {letter} has {cells}."]
        self.left, self.bottom = 0.05, self.top
        for k in buffer.arrays:
            said.append(self.array(k, members, buffer))
        self.top = self.bottom + 0.1
        return " ".join(said)

    def array(self, k, members, buffer):
        """Lay out one array as a grid, or as a row of grids; return what it says in words."""
        name, array = members[k]
        limits = [SHEETS] * (array.ndim - 2) + [ROWS, COLUMNS if array.ndim < 3 else COLUMNS - 3][-array.ndim :]
        part = array[tuple(slice(limit) for limit in limits)] if array.ndim else array
        numbers, span = buffer.numbers(part), buffer.span(array)
        sheets = _sheets(part, numbers)
        sheet = part[(0,) * max(0, part.ndim - 2) + (...,)]
        abridged = part.size < array.size or len(sheets) < part.size // sheet.size
        twin = next((other for other, earlier in members[:k] if earlier is array), None)
        title = (name if len(name) <= 60 else name[:59] + "…") + (
            f", the same array as {twin}" if twin else f": {array.shape}"
        )
        steps = _steps(buffer.steps(array), array.ndim) + ("; shown in part" if abridged else "")
        wide = CELL * sum(cells.shape[1] for cells, _ in sheets) + 0.15 * (len(sheets) - 1)
        wide = max(wide, 0.075 * len(title) + 0.1, 0.068 * len(steps) + 0.1)
        if self.left > 0.05 and self.left + wide > WIDTH:
            self.left, self.top = 0.05, self.bottom
        self.text(self.left, self.top + 0.15, title)
        x, y = self.left, self.top + 0.24
        for sheet, (cells, values) in enumerate(sheets):
            for i, j in np.ndindex(cells.shape):
                self.cell(x + CELL * j, y + HIGH * i, values[i][j], int(cells[i, j]), f"array.{k}.{sheet}.{i}.{j}", span)
            x += CELL * cells.shape[1] + 0.15
        low = y + HIGH * max(cells.shape[0] for cells, _ in sheets)
        self.text(self.left, low + 0.15, steps, size=8, color=COLOURS["guide"])
        self.left, self.bottom = self.left + wide + 0.25, max(self.bottom, low + 0.27)
        first = numbers.reshape(-1)[:8].tolist()
        tail = ", ..." if array.size > 8 else ""
        return f"{name} of shape {array.shape} reads {', '.join(f'{self.letter}{n}' for n in first)}{tail}: {steps}."

    def empty(self, name, array):
        self.text(0.05, self.top + 0.15, f"{name}: {array.shape}, empty, reads no cell")
        self.top += 0.3
        return f"{name} of shape {array.shape} is empty and reads no cell."

    def cell(self, x, y, value, number, gid, span=1):  # noqa: PLR0913, PLR0917
        """Lay out one cell: its value, and below it the number of the buffer cell that it is, or reads."""
        from matplotlib import colormaps
        from matplotlib.patches import Rectangle

        colour = colormaps[self.map](0.08 + 0.45 * min(number, SHOWN) / max(self.many, 6))
        label = f"{self.letter}{number}" if span == 1 else f"{self.letter}{number}–{number + span - 1}"

        def paint(ax):
            ax.add_patch(Rectangle((x, y), CELL, HIGH, facecolor=colour, edgecolor=COLOURS["ink"], lw=0.8))
            ax.text(
                x + CELL / 2,
                y + 0.17,
                value,
                ha="center",
                va="center",
                size=9 if len(value) < 6 else 7.5 if len(value) < 8 else 5.5,
                **PLAIN,
            )
            ax.text(x + CELL / 2, y + 0.33, label, ha="center", va="center", size=7, color="#333333", gid=gid, **PLAIN)

        self.paints.append(paint)

    def text(self, x, y, text, **style):
        self.paints.append(lambda ax: ax.text(x, y, text, **{"size": 9, **PLAIN, **style}))


def _letters():
    return (f"{'A' * (k // 26)}{chr(65 + k % 26)}" for k in range(10_000))


def _values(buffer, arrays):
    """Return the value of each cell at which an element begins: of the arrays themselves, and of the owner."""
    from helpers.memory import owner

    found = {}
    owners = [array for array in map(owner, arrays) if array is not None and array.nbytes]
    for array in sorted([*arrays, *owners], key=lambda array: array.itemsize):  # of two views, that of the smaller pieces
        part = _beginning(np.asarray(array))
        for number, value in zip(buffer.numbers(part).flat, part.flat, strict=True):
            found.setdefault(int(number), _short(value))
    return found


def _beginning(array):
    """Return a view of the elements that lie first in memory: as many as a strip shows, and not many more."""
    array = array[(*(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides), ...)]  # ...: an array always
    array = array.transpose(np.argsort([-stride for stride in array.strides], kind="stable"))
    for axis in range(array.ndim):
        inside = int(np.prod(array.shape[axis + 1 :]))
        array = array[(slice(None),) * axis + (slice(-(-SHOWN // max(1, inside))),)]
    return array


def _sheets(array, numbers):
    """Return the grids of an array, pairs of (cell numbers, values)."""
    array, numbers = (x if x.ndim > 1 else np.atleast_2d(x) for x in (array, numbers))
    pairs = [(numbers[k], array[k]) for k in np.ndindex(numbers.shape[:-2])][:SHEETS]
    return [(cells, _texts(values)) for cells, values in pairs]


def _texts(values):
    return [[_short(values[i, j]) for j in range(values.shape[1])] for i in range(values.shape[0])]


def _short(value):
    text = f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)
    return text if len(text) <= 10 else text[:9] + "…"


def _steps(steps, ndim):
    """Return the strides in words: how many cells further the next entry, row, ... lies."""
    if ndim == 0:
        return "a single cell"
    names = {1: ["→"], 2: ["↓", "→"]}.get(ndim, [f"axis {k}" for k in range(ndim - 2)] + ["↓", "→"])
    words = [f"{name} {step:+d}".replace("-", "−") if step else f"{name} 0" for name, step in zip(names, steps, strict=True)]
    return ", ".join(words) + (" cell" if steps in ((1,), (-1,)) else " cells")
