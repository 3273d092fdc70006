"""Whose memory is it? `describe` says it in a table, `draw` in a picture, both from the live arrays themselves: from their
addresses, strides, shapes and types, never from where they are said to come from."""

import html
import math
import sys

import numpy as np
from numpy.lib.array_utils import byte_bounds

from helpers.calls import argument_names

__all__ = ["Buffer", "Table", "addresses", "buffers", "describe", "draw", "owner", "relation"]

COLUMNS = ["name", "shape", "dtype", "strides", "order", "memory", "writeable", "shares memory with"]
MOST = 200_000  # bytes of an array that are compared one by one


def describe(*arrays, **named):
    """Return a table that says of each array how it lies in memory and which of the others it shares memory with.

    Parameters
    ----------
    *arrays, **named : ndarray
        An array goes by the expression that the call has for it, or by its keyword.

    Returns
    -------
    Table
        It reads as text and, in a notebook, as HTML; `.rows` is a list of dicts, one an array. Strides are in bytes. The
        order is C (row by row), F (column by column), both or neither. "memory" is whose memory the array uses:
        its own, that of another array in the table, or of something else. The last column says with which of the others
        some bytes are shared, by address, and how: as the same window, transposed, reversed, reshaped, every k-th, part.

    Raises
    ------
    TypeError
        If something is not an array. A list, for one, has no buffer of numbers.

    Examples
    --------
    >>> W = np.zeros((2, 3))
    >>> describe(W, W.T, copy=W.copy()).rows[1]["shares memory with"]
    'W (transposed)'
    """
    members = _members(arrays, named, sys._getframe(1))
    return Table([_row(name, array, members) for name, array in members])


def draw(*arrays, **named):
    """Show the memory of some arrays: each buffer as a strip of numbered cells, each array as a grid, and in every cell of
    a grid the value, the number and the colour of the buffer cell that it reads.

    Parameters
    ----------
    *arrays, **named : ndarray
        As for `describe`. Arrays that lie in one piece of memory share a strip; a copy has one of its own. Strips of more
        than 24 cells, and grids of more than 5 rows or 7 columns, are shown in part, and the picture says so.

    Raises
    ------
    TypeError
        If something is not an array.
    """
    from helpers.plots.memory import plot_memory

    members = _members(arrays, named, sys._getframe(1))
    plot_memory(members, buffers([array for _, array in members]))


class Table:
    """Rows of texts, which read as text and as HTML."""

    def __init__(self, rows):
        self.rows = rows

    def __repr__(self):
        lines = [COLUMNS, *([row[column] for column in COLUMNS] for row in self.rows)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(COLUMNS))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def _repr_html_(self):
        head = "".join(f"<th>{column}</th>" for column in COLUMNS)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(row[column])}</td>' for column in COLUMNS)}</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Buffer:
    """A piece of memory that some arrays share, as cells of equal size.

    start : int, the address of its first byte
    cell : int, the bytes of a cell: the largest piece that no element of an array begins or ends in the middle of
    cells : int, how many there are
    arrays : list of int, which of the arrays lie in it
    """

    def __init__(self, arrays, members):
        self.arrays = members
        owners = [owner(arrays[k]) for k in members]
        inside = [*(arrays[k] for k in members), *(a for a in owners if a is not None and a.nbytes)]
        bounds = [byte_bounds(array) for array in inside]
        self.start, end = min(low for low, _ in bounds), max(high for _, high in bounds)
        pieces = [abs(stride) for a in inside for stride, n in zip(a.strides, a.shape, strict=True) if n > 1]
        pieces += [array.itemsize for array in inside] + [low - self.start for low, _ in bounds]
        pieces += [_address(array) - self.start for array in inside]
        self.cell = math.gcd(*pieces)
        self.cells = (end - self.start) // self.cell

    def numbers(self, array):
        """Return the number of the first cell of each element of `array`, in the shape of `array`."""
        return (addresses(array) - self.start) // self.cell

    def span(self, array):
        """Return how many cells an element of `array` takes."""
        return array.itemsize // self.cell

    def steps(self, array):
        """Return the strides of `array` in cells."""
        return tuple(stride // self.cell for stride in array.strides)


def buffers(arrays):
    """Return a Buffer for each group of arrays that share memory or an owner, in their order; empty ones have none."""
    groups = []
    for k, array in enumerate(arrays):
        if not array.nbytes:
            continue
        linked = [group for group in groups if any(_linked(array, arrays[other]) for other in group)]
        merged = sorted([k, *(other for group in linked for other in group)])
        groups = [group for group in groups if group not in linked] + [merged]
    return [Buffer(arrays, group) for group in sorted(groups)]


def addresses(array):
    """Return the address of the first byte of each element of `array`, in its shape."""
    offsets = np.zeros((), dtype=np.int64)
    for length, stride in zip(array.shape, array.strides, strict=True):
        offsets = np.add.outer(offsets, np.arange(length) * stride)
    return _address(array) + offsets


def owner(array):
    """Return the array that owns the memory of `array`, at the end of its chain of bases; None if that is no array."""
    root = _root(array)
    return np.asarray(root) if isinstance(root, np.ndarray) else None


def _root(array):
    """Return what the chain of bases ends in: an array that owns its memory, bytes, a memory map, ..."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def relation(a, b):
    """Return how the cells of `a` lie among those of `b`, in a few words; None if they share no memory.

    Small arrays are compared address by address. For large ones it is "shares memory", or "may share memory" if NumPy
    finds the question too hard."""
    if not (a.nbytes and b.nbytes) or not np.may_share_memory(a, b):
        return None
    if max(a.nbytes, b.nbytes) > MOST:
        return _hard(a, b)
    cells, others = addresses(a), addresses(b)
    how = None
    if a.itemsize == b.itemsize:
        how = _same_cells(cells, others) or _steps(cells, others) or _part(cells, others)
    if how is None:
        cells, others = (np.unique(np.add.outer(x, np.arange(y.itemsize))) for x, y in ((cells, a), (others, b)))
        how = "the same bytes" if np.array_equal(cells, others) else _part(cells, others)
    return f"{how}, as {a.dtype}" if how and a.dtype != b.dtype else how


def _same_cells(cells, others):
    """Say how two arrays of the same cells differ; None if the cells are not the same."""
    if cells.shape == others.shape and np.array_equal(cells, others):
        return "the same window"
    if cells.ndim > 1 and cells.shape == others.shape[::-1] and np.array_equal(cells, others.T):
        return "transposed"
    if cells.size == others.size and np.array_equal(cells.ravel(), others.ravel()):
        return "reshaped"
    return "reversed" if cells.shape == others.shape and np.array_equal(np.flip(cells), others) else None


def _steps(cells, others):
    """Say by which steps one array goes through the cells of another with as many axes; None if that does not tell."""
    first = np.argwhere(others == cells.flat[0])
    if cells.ndim != others.ndim or len(first) != 1:
        return None
    words, taken = [], []
    for axis, (n, most) in enumerate(zip(cells.shape, others.shape, strict=True)):
        start, along = first[0][axis], f" along axis {axis}" if cells.ndim > 1 else ""
        second = np.argwhere(others == cells[(0,) * axis + (1,) + (0,) * (cells.ndim - axis - 1)]) if n > 1 else first
        step = int(second[0][axis] - start) if len(second) == 1 else 0
        if n > 1 and step == 0:
            words.append(f"repeated{along}")
        elif n > 1 and step != 1:
            words.append(
                f"every {_ordinal(abs(step))}{along}" * (abs(step) > 1) + ", " * (step < -1) + "reversed" * (step < 0)
            )
            words[-1] += along * (step == -1)
        taken.append(start + step * np.arange(n))
        if taken[-1].min() < 0 or taken[-1].max() >= most:
            return None
    if not words or not np.array_equal(others[np.ix_(*taken)], cells):
        return None
    pairs = zip(taken, others.shape, strict=True)
    whole = all(
        step == 0 or len(indices) == len(range(0, most, step)) for indices, most in pairs if (step := _stride(indices)) >= 0
    )
    return ", ".join(words) + ("" if whole else ", in part")


def _stride(indices):
    return abs(int(indices[1] - indices[0])) if len(indices) > 1 else 1


def _members(arrays, named, frame):
    members = [*zip(argument_names(frame, len(arrays)), arrays, strict=True), *named.items()]
    if not members:
        raise TypeError("there is nothing to look at: pass one array or more")
    for name, array in members:
        if not isinstance(array, np.ndarray):
            hint = ": its numbers lie in no buffer" if isinstance(array, list | tuple | int | float) else ""
            raise TypeError(f"{name} is a {type(array).__name__}, not an array{hint}; np.asarray({name}) would be one")
    return members


def _row(name, array, members):
    same = "the same array"
    others = [(other, same if b is array else relation(array, b)) for other, b in members if b is not array or other != name]
    shared = [f"{other} ({how})" for other, how in others if how]
    values = [
        name,
        str(array.shape),
        str(array.dtype),
        str(array.strides),
        _order(array),
        _whose(array, members),
        "no" if array.__array_interface__["data"][1] else "yes",  # flags.writeable may warn
        ", ".join(shared) or "none",
    ]
    return dict(zip(COLUMNS, values, strict=True))


def _order(array):
    c, f = array.flags.c_contiguous, array.flags.f_contiguous
    return {(True, True): "C and F", (True, False): "C", (False, True): "F"}.get((c, f), "neither")


def _whose(array, members):
    if array.flags.owndata:
        return "its own"
    for name, other in members:
        if _root(array) is other:
            return f"of {name}"
    return "of another array" if owner(array) is not None else "of no array"


def _linked(a, b):
    return _root(a) is _root(b) or relation(a, b) is not None


def _hard(a, b):
    try:
        return "shares memory" if np.shares_memory(a, b, max_work=10**6) else None
    except np.exceptions.TooHardError:
        return "may share memory"


def _part(cells, others):
    """Say how a set of addresses lies to another."""
    inside, around = np.isin(cells, others), np.isin(others, cells)
    if not np.any(inside):
        return None
    if np.all(inside):
        kind = "repeated" if len(np.unique(cells)) < cells.size else "in another order"
        return f"the same cells {kind}" if np.all(around) else "part of it"
    return "contains it" if np.all(around) else "overlaps"


def _ordinal(k):
    return {2: "2nd", 3: "3rd"}.get(k, f"{k}th")


def _address(array):
    return array.__array_interface__["data"][0]
