"""The parts of a picture of memory: labels, boxes, cells and arrows. Lengths are in inches, y grows downwards."""

import itertools
from collections import namedtuple

from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from helpers.figures import COLOURS

Look = namedtuple("Look", "cell row entries size")  # width of a cell, cells in a row, whether boxes have entries, points
FULL, MIDDLE, SMALL = Look(0.52, 12, True, 7.5), Look(0.52, 6, False, 7.5), Look(0.355, 6, False, 6.5)

INK, CHANGED = COLOURS["ink"], "#F0E442"  # Okabe and Ito's yellow: what has changed has a thick edge and bold type, too
TINTS = ["class 0", "class 2", "broken", "class 1"]  # of the first buffers, which have a letter, too
HIGH, LINE, TAG, ARROW = 0.4, 0.14, 0.18, 0.22  # heights of a cell, a line in a box, a label, an arrow from it to a box


class Parts:
    """Paints the parts on `ax`; no row of labels is longer than `width`."""

    def __init__(self, ax, look, width):
        self.ax, self.look, self.width = ax, look, width

    def box(self, box, x, y):
        style = {"facecolor": "#f4f4f4", "edgecolor": INK, "ls": "-" if box.names else "--"}
        self.rounded(x, y, *self.size(box), **style)
        for text in _caption(box):
            y += LINE
            self.text(x + 0.06, y, text, size=self.look.size)
        for (sheet, i, j), cell in zip(itertools.product(*map(range, box.grid)), box.cells, strict=True):
            if self.look.entries:
                left = x + 0.05 + j * self.look.cell + sheet * (box.grid[2] * self.look.cell + 0.1)
                self.cell(cell, left, y + 0.08 + i * HIGH, HIGH, f"array.{box.number}.{sheet}.{i}.{j}")

    def names(self, box, x, y, away):
        """Paint the labels of a box from x on, and an arrow from each to the edge of the box at y."""
        middle, last = y + away * (ARROW + TAG / 2), x + self.size(box)[0] - 0.1
        if not box.names:
            self.text(x + 0.06, middle, "no name", size=8, style="italic", va="center", color=COLOURS["guide"])
        for k, (name, label) in enumerate(zip(box.names, self.labels(box), strict=True)):
            wide, moved = tag_width(label), name in box.moved
            self.arrow((x + wide / 2, middle), (min(x + wide / 2, last), y), f"name.{box.number}.{k}")
            fill, ink = (CHANGED, INK) if moved else (INK, "white")
            self.rounded(x, middle - TAG / 2, wide, TAG, facecolor=fill, edgecolor=INK, lw=1 + moved, zorder=3)
            style = {"size": 8.5, "family": "monospace", "color": ink, "weight": "bold", "va": "center"}
            self.text(x + wide / 2, middle, label, ha="center", **style)
            x += wide + 0.08

    def pointer(self, box, start, tip, away):
        """Paint the arrow from a box at `start` to its first cell at `tip`; without one, a short arrow and a number."""
        (x, y), end = start, tip or (start[0] + 0.2, start[1] + 0.2 * away)
        self.arrow((min(max(end[0], x + 0.1), x + self.size(box)[0] - 0.1), y), end, f"pointer.{box.number}")
        if not tip:
            self.text(end[0] + 0.08, end[1], box.cells[0].label, size=8, va="center")

    def cell(self, cell, x, y, high, gid):
        """Paint a cell. One that has changed shows its old value above the new one, if it is high enough."""
        style = {"facecolor": _tint(cell), "lw": 0.8} if cell.old is None else {"facecolor": CHANGED, "lw": 2, "zorder": 2.5}
        self.ax.add_artist(Rectangle((x, y), self.look.cell, high, edgecolor=INK, **style))
        x, y, style = x + self.look.cell / 2, y + high, {"ha": "center", "va": "center"}
        weight = "normal" if cell.old is None else "bold"
        self.text(x, y - 0.26, cell.text, size=self.fitting(cell.text, 8.5), weight=weight, **style)
        self.text(x, y - 0.09, cell.label, size=self.fitting(cell.label, 7), gid=gid, **style)
        if cell.old and high > HIGH:
            size = self.fitting(cell.old, 7.5)
            half = text_width(cell.old, size) / 2 + 0.03
            self.text(x, y - 0.43, cell.old, size=size, **style)
            self.ax.plot([x - half, x + half], [y - 0.43] * 2, color=INK, lw=1, zorder=4)

    def rounded(self, x, y, width, height, **style):
        self.ax.add_artist(FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", **style))

    def arrow(self, tail, tip, gid):
        style = {"arrowstyle": "-|>", "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0, "color": INK, "lw": 1.2}
        self.ax.add_artist(FancyArrowPatch(tail, tip, zorder=2.8, gid=gid, **style))

    def text(self, x, y, text, **style):
        self.ax.text(x, y, text, parse_math=False, **{"zorder": 4, **style})

    def size(self, box):
        """Return the width and height of a box."""
        caption, (sheets, rows, columns) = _caption(box), box.grid
        wide, high = max(text_width(line, self.look.size) for line in caption) + 0.12, 0.1 + LINE * len(caption)
        if self.look.entries and box.cells:
            wide, high = max(wide, sheets * (columns * self.look.cell + 0.1)), high + rows * HIGH + 0.04
        return wide, high

    def labels(self, box):
        """Return the names of a box, each on one line and cut to what the page has room for."""
        most = max(3, int((self.width / max(1, len(box.names)) - 0.2) / 0.072))
        names = [" ".join(name.split()) for name in box.names]
        return [name if len(name) <= most else name[: most - 1] + "…" for name in names]

    def fitting(self, text, size):
        """Return the size in points, `size` at most, at which `text` fits a cell."""
        return min(size, round(self.look.cell * 212 / max(1, len(text))) / 2)


def tag_width(name):
    return 0.072 * len(name) + 0.12


def text_width(text, size):
    return 0.0075 * size * len(text)


def _caption(box):
    """Return the lines in a box above its entries."""
    lines = [f"{box.shape} {box.dtype}", "empty: reads no cell"]
    if box.offset is not None:
        lines[1:] = [f"strides {box.strides}, offset {box.offset}".replace("-", "−")] + ["shown in part"] * (not box.whole)
    return [line if len(line) <= 60 else line[:59] + "…" for line in lines]


def _tint(cell):
    """Return the colour of a cell: that of its buffer, the darker the further the cell is from the start."""
    share = 0.12 + 0.4 * min(cell.number / 12, 1)
    colour = COLOURS[TINTS[(ord(cell.label[0]) - ord("A")) % len(TINTS)]]
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))
