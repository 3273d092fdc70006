"""What a picture of memory shows, as plain values: buffers with their cells, objects with their names."""

from dataclasses import dataclass

import numpy as np

from helpers.memory.buffers import buffers
from helpers.memory.snapshots import shown


@dataclass
class Cell:
    """A cell of a buffer, or an entry of an array, which may read several cells."""

    number: int  # of the first cell
    label: str  # the letter of the buffer and the numbers
    text: str  # the value; "" in a strip where no element begins
    old: str | None  # if it has changed, the value before; "" if that is not known


@dataclass
class Box:
    """An object: an array, with all of its names."""

    number: int  # its place among the objects of the picture
    names: list
    moved: list  # those of the names that were names of another array before
    exists: bool  # not before the first snapshot that has it
    shape: str
    dtype: str
    strides: tuple = ()  # in cells
    offset: int | None = None  # the number of its first cell; None if it has none
    grid: tuple = (0, 0, 0)  # how many sheets, rows and columns of entries are shown
    cells: tuple = ()  # these entries
    whole: bool = True  # whether they are all


@dataclass
class Strip:
    """A buffer, and the boxes that read it. Empty arrays have a strip without a letter and without cells."""

    letter: str
    size: str  # "6 cells of 8 bytes"
    part: str  # "0 to 23 shown", or "" if all cells are
    cells: list
    boxes: list


def scene(now, before=None, arrays=None):
    """Return the strips of a picture.

    Parameters
    ----------
    now : Snapshot
    before : Snapshot, optional
        Cells whose bytes were others then are marked as changed.
    arrays : list of ndarray, optional
        The arrays that get a box, in their order: more than those of `now` if the pictures of several snapshots are to
        have the same boxes.
    """
    arrays = now.arrays if arrays is None else arrays
    objects = {id(array): _box(k, array, now, before) for k, array in enumerate(arrays)}
    strips = []
    for k, buffer in enumerate(buffers(arrays)):
        reader = _Reader(chr(65 + k % 26) * (1 + k // 26), buffer, now, before)
        cells = [reader.cell(number) for number in buffer.shown]
        boxes = [reader.entries(array, objects[id(array)]) for array in buffer.arrays]
        strips.append(Strip(reader.letter, *_extent(buffer), cells, boxes))
    empty = [objects[id(array)] for array in arrays if not array.nbytes]
    return strips + [Strip("", "", "", [], empty)] * bool(empty)


class _Reader:
    """Reads the cells of one buffer from a snapshot, and compares them with an earlier one."""

    def __init__(self, letter, buffer, now, before):
        self.letter, self.buffer, self.now, self.before = letter, buffer, now, before

    def cell(self, number, span=1, text=None):
        address = self.buffer.start + number * self.buffer.cell
        if text is None:
            text = self.now.elements.get(address, "")
        label = f"{self.letter}{number}" if span == 1 else f"{self.letter}{number}–{number + span - 1}"
        return Cell(number, label, text, self.old(address, span * self.buffer.cell))

    def old(self, address, size):
        """Return the value before at an address, "" if it had other elements; None if none of its bytes has changed."""
        if self.before is None:
            return None
        was, now = self.before.memory, self.now.memory
        changed = any(was[k] != now[k] for k in range(address, address + size) if k in was and k in now)
        return self.before.elements.get(address, "") if changed else None

    def entries(self, array, box):
        """Return `box` with the strides, the offset and the entries of `array`."""
        part, span = shown(array), array.itemsize // self.buffer.cell
        numbers = self.buffer.numbers(part)
        texts = self.now.entries.get(id(array), [""] * part.size)
        cells = [self.cell(number, span, text) for number, text in zip(numbers.ravel().tolist(), texts, strict=True)]
        box.strides = tuple(stride // self.buffer.cell for stride in array.strides)
        box.offset, box.whole = cells[0].number, part.size == array.size
        rows, columns = np.atleast_2d(numbers).shape[-2:]
        box.grid, box.cells = (len(cells) // (rows * columns), rows, columns), cells
        return box


def _box(number, array, now, before):
    names = list(dict.fromkeys(name for name, one in now.names if one is array))
    then = before.names if before else []
    moved = [name for name in names if {one is array for other, one in then if other == name} == {False}]
    exists = any(one is array for one in now.arrays)
    return Box(number, names, moved, exists, str(array.shape), str(array.dtype))


def _extent(buffer):
    """Return in words how large a buffer is, and what of it is shown."""
    size = f"{buffer.cells} cell{'s' * (buffer.cells > 1)} of {buffer.cell} byte{'s' * (buffer.cell > 1)}"
    return size, "" if len(buffer.shown) == buffer.cells else f"{buffer.shown[0]} to {buffer.shown[-1]} shown"
