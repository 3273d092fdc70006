"""The table that `describe` returns."""

import html
import sys

from helpers.memory.elements import owner, relation, root
from helpers.memory.snapshots import members

COLUMNS = ["name", "shape", "dtype", "strides", "order", "memory", "writeable", "shares memory with"]


def describe(*arrays, **named):
    """Return a table of how each array is laid out in memory, and of which other arrays in the table share its memory.

    Parameters
    ----------
    *arrays, **named : ndarray
        An array is called by the expression in the call, or by its keyword. Anything else is a TypeError: a list, for
        example, has no buffer of numbers.

    Returns
    -------
    Table
        It is shown as text and, in a notebook, as HTML; `.rows` is a list of dicts, one for each array.

        - strides: how many bytes apart two neighbours along each axis are.
        - order: C (row by row), F (column by column), both or neither.
        - memory: whose memory the array reads. It is its own, or that of the array from which the view was cut. That
          array need not be in the table, or have a name at all: W[:, [0, 1]] is a view of a hidden copy. This is why
          `.base` does not answer whether two arrays share memory.
        - shares memory with: the other arrays that read some of the same bytes, compared by address, and how.

    Examples
    --------
    >>> import numpy as np
    >>> W = np.zeros((2, 3))
    >>> describe(W, W.T, copy=W.copy()).rows[1]["shares memory with"]
    'W (transposed)'
    """
    pairs = members(arrays, named, sys._getframe(1))
    return Table([_row(name, array, pairs) for name, array in pairs])


class Table:
    """Rows of texts, shown as text or as HTML."""

    def __init__(self, rows):
        self.rows = rows

    def __repr__(self):
        lines = [COLUMNS, *(row.values() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _repr_html_(self):
        head = "".join(f"<th>{column}</th>" for column in COLUMNS)
        cells = ["".join(f"<td>{html.escape(text)}</td>" for text in row.values()) for row in self.rows]
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(name, array, pairs):
    layout = [name, *map(str, (array.shape, array.dtype, array.strides)), _order(array)]
    writeable = "no" if array.__array_interface__["data"][1] else "yes"  # flags.writeable may warn
    return dict(zip(COLUMNS, [*layout, _whose(array, pairs), writeable, _sharers(name, array, pairs)], strict=True))


def _order(array):
    return " and ".join(order for order in "CF" if array.flags[f"{order}_CONTIGUOUS"]) or "neither"


def _whose(array, pairs):
    if array.flags.owndata:
        return "its own"
    for name, other in pairs:
        if root(array) is other:
            return f"that of {name}"
    return "that of an array not listed here" if owner(array) is not None else "not that of an array"


def _sharers(name, array, pairs):
    others = [(other, b) for other, b in pairs if b is not array or other != name]
    found = [(other, "the same array" if b is array else relation(array, b)) for other, b in others]
    return ", ".join(f"{other} ({how})" for other, how in found if how) or "none"
