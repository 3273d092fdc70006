"""The pictures of helpers.memory: names as labels, objects as boxes, buffers as strips of cells."""

from matplotlib.figure import Figure

from helpers.figures import WIDTH, picture, slider
from helpers.plots.memory_parts import ARROW, FULL, HIGH, MIDDLE, SMALL, TAG, Parts, tag_width, text_width

EDGE, GAP, BETWEEN = 0.05, 0.15, 0.25  # inches at the edge of the page, between boxes, between states
POINTER = 0.35  # from a box to its strip


@picture
def plot_memory(strips, alt):
    """Show the strips of one moment, as `helpers.memory.scenes.scene` returns them."""
    return _figure([strips], [""], FULL, 1), alt


def plot_steps(states, titles, alts):
    """Show the strips of several states: side by side on a stored page, with a slider in a running notebook."""
    said = [f"{title}: {alt}" for title, alt in zip(titles, alts, strict=True)]
    longest = max((len(cell.text) for state in states for strip in state for cell in strip.cells), default=0)
    look, columns = (SMALL, 3) if longest <= 4 and len(states) not in {1, 2, 4} else (MIDDLE, 2)

    def draw(number=None):
        if number is None:
            return _figure(states, titles, look, columns), " ".join(said)
        return _figure([states[number - 1]], [titles[number - 1]], FULL, 1, states), said[number - 1]

    slider(draw, range(1, len(states) + 1), name="state", start=1, still=())


def _figure(shown, titles, look, columns, states=None):
    """Return a figure of some states in rows of `columns`, with the places that suit all of `states`."""
    fig = Figure(layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    width, top, end = (WIDTH - 2 * EDGE + BETWEEN) / columns - BETWEEN, 0, 0
    page = _Page(ax, look, width, states or shown)
    for k, (strips, title) in enumerate(zip(shown, titles, strict=True)):
        top = top if k % columns else end
        end = max(end, page.state(strips, title, EDGE + k % columns * (width + BETWEEN), top))
    fig.set_size_inches(WIDTH, end)
    ax.set(xlim=(0, WIDTH), ylim=(end, 0))
    ax.axis("off")
    return fig


class _Page(Parts):
    """Puts the parts of each state in their places, which are the same in all `states`."""

    def __init__(self, ax, look, width, states):
        super().__init__(ax, look, width)
        strips = [strip for state in states for strip in state]
        self.high = HIGH + 0.13 * any(cell.old is not None for strip in strips for cell in strip.cells)
        self.rooms = {}  # the width of the labels of a box, the most in any state
        for box in (box for strip in strips for box in strip.boxes):
            room = sum(tag_width(name) + 0.08 for name in self.labels(box)) - 0.08
            self.rooms[box.number] = max(room, self.rooms.get(box.number, 0.7))

    def state(self, strips, title, x, y):
        """Paint a state from its upper left corner on; return where it ends."""
        self.text(x, y + 0.18, title, size=min(9.5, self.width / text_width(title or " ", 1.15)), weight="bold")
        y += 0.3 if title else EDGE
        for row in _rows(strips, self.group_width, self.width, 2 * GAP):
            base, left, ends = y + max(self.height(self.box_rows(strip)[0]) for strip in row), x, []
            for strip in row:
                ends.append(self.group(strip, left, base))
                left += self.group_width(strip) + 2 * GAP
            y = max(ends) + GAP
        return y

    def group(self, strip, x, base):
        """Paint a strip with a row of boxes above it, which end at `base`, and the others below; return where they end."""
        first, *others = self.box_rows(strip)
        left, top = x + max(0, self.row_width(first) - self.strip_width(strip)) / 2, base + POINTER
        corners = {}
        for k, cell in enumerate(strip.cells):
            row, column = divmod(k, self.look.row)
            corners[cell.number] = left + column * self.look.cell, top + row * self.high
        self.boxes(first, x, base, {number: corner for number, corner in corners.items() if corner[1] == top}, away=1)
        if not strip.cells or not any(box.exists for box in strip.boxes):
            return base
        end = self.strip(strip, corners, bool(others))
        corners = {number: (cx, end) for number, (cx, cy) in corners.items() if cy + self.high == end}
        end += 0.2
        for row in others:
            self.boxes(row, x, end + POINTER - 0.1, corners, away=-1)
            end, corners = end + POINTER - 0.1 + self.height(row), {}
        return end

    def strip(self, strip, corners, arrows_below):
        """Paint the cells of a strip and its title; return where the cells end."""
        for cell in strip.cells:
            self.cell(cell, *corners[cell.number], self.high, f"buffer.{cell.label}")
        (left, _), (_, bottom) = corners[strip.cells[0].number], corners[strip.cells[-1].number]
        x, side = (left + self.strip_width(strip), "right") if arrows_below else (left, "left")
        style = {"size": self.look.size + 0.5, "weight": "bold", "bbox": {"color": "white", "pad": 1}}
        self.text(x, bottom + self.high + 0.16, self.title(strip), ha=side, **style)
        return bottom + self.high

    def boxes(self, row, x, y, corners, away):
        """Paint boxes from x on, with the edge that faces the strip at y. Their arrows can reach the cells at `corners`."""
        offsets = [box.offset for box in row]
        for k, box in enumerate(row):
            other = y - away * self.size(box)[1]
            if box.exists:
                self.box(box, x, min(y, other))
                self.names(box, x, other, -away)
            if box.exists and box.offset is not None:
                share = (offsets[:k].count(box.offset) + 1) / (offsets.count(box.offset) + 1) * self.look.cell
                corner = corners.get(box.offset)
                self.pointer(box, (x, y), corner and (corner[0] + share, corner[1]), away)
            x += self.column(box) + GAP

    def title(self, strip):
        return ", ".join(filter(None, [f"Buffer {strip.letter}", strip.size if self.look.entries else "", strip.part]))

    def strip_width(self, strip):
        return min(len(strip.cells), self.look.row) * self.look.cell

    def group_width(self, strip):
        title = text_width(self.title(strip), self.look.size * 1.15)
        return max(title, self.strip_width(strip), *map(self.row_width, self.box_rows(strip)))

    def box_rows(self, strip):
        return _rows(strip.boxes, self.column, self.width, GAP)

    def row_width(self, row):
        return sum(self.column(box) + GAP for box in row) - GAP

    def column(self, box):
        return max(self.size(box)[0], self.rooms[box.number])

    def height(self, row):
        return max(self.size(box)[1] for box in row) + ARROW + TAG + 0.02


def _rows(things, width, limit, gap):
    """Return the things in rows, each as long as the limit allows."""
    rows, used = [], limit
    for thing in things:
        used += gap + width(thing)
        if used > limit + 1e-9:
            rows.append([])
            used = width(thing)
        rows[-1].append(thing)
    return rows
