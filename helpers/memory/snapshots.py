"""Snapshots: what some names stand for at one moment, and a copy of the numbers in memory."""

import sys

import numpy as np
from numpy.lib.array_utils import byte_bounds

from helpers.calls import argument_names
from helpers.memory.buffers import SHOWN
from helpers.memory.elements import addresses, byte_addresses, in_memory_order, owner

LIMITS = {0: (), 1: (12,), 2: (6, 7)}  # entries that a picture shows along each axis of an array with up to two axes
SHEETS = (3, 5, 4)  # and along the last three of more axes


def snapshot(*arrays, **named):
    """Return a Snapshot of what the arrays hold now, so that `draw(..., since=)` can mark what has changed.

    The arguments, and the error if something is not an array, are those of `draw`, whose example takes a snapshot."""
    return Snapshot(members(arrays, named, sys._getframe(1)))


class Snapshot:
    """What some names stand for at one moment, and a copy of the elements that a picture shows.

    names : list of (str, ndarray)
    arrays : list of ndarray, each object once. That they are kept here keeps their memory from being used again.
    entries : dict of id(array) to list of str, the entries that a picture of the array shows
    elements : dict of address to str, the value of the element that begins there; of several views, of the smallest elements
    memory : dict of address to int, the value of each byte
    """

    def __init__(self, names, earlier=()):
        self.names = names
        self.arrays = list({id(array): array for array in [*earlier, *(array for _, array in names)]}.values())
        self.entries = {id(array): [short(value) for value in shown(array).flat] for array in self.arrays}
        self.elements, self.memory = {}, {}
        pieces = [np.asarray(piece) for array in self.arrays if array.nbytes for piece in (shown(array), *_around(array))]
        for piece in sorted(pieces, key=lambda piece: piece.itemsize)[::-1]:  # the smallest replace the others
            self.elements.update(zip(addresses(piece).ravel().tolist(), map(short, piece.flat), strict=True))
            self.memory.update(zip(byte_addresses(piece).ravel().tolist(), piece.tobytes(), strict=True))

    def __repr__(self):
        return f"<snapshot of {', '.join(name for name, _ in self.names)}>"


def _around(array):
    """Yield what a picture shows of the buffer that `array` reads."""
    first, _ = byte_bounds(array)
    for whole in (array, owner(array)):
        flat = None if whole is None else in_memory_order(whole)
        if flat is not None:
            start = (first - byte_bounds(flat)[0]) // flat.itemsize if flat.size > SHOWN else 0
            yield flat[start : start + SHOWN]


def members(arrays, named, frame):
    """Return the pairs of name and array of a call that is being made in `frame`, or raise a TypeError."""
    pairs = [*zip(argument_names(frame, len(arrays)), arrays, strict=True), *named.items()]
    if not pairs:
        raise TypeError("there is nothing to look at: pass one array or more")
    for name, array in pairs:
        if not isinstance(array, np.ndarray):
            hint = ": it has no buffer of numbers" if isinstance(array, list | tuple | int | float) else ""
            raise TypeError(f"{name} is a {type(array).__name__}, not an array{hint}; pass np.asarray({name}) instead")
    return pairs


def shown(array):
    """Return the part of `array` that a picture shows: a view."""
    limits = LIMITS.get(array.ndim, (1,) * (array.ndim - 3) + SHEETS)
    return array[(*map(slice, limits), ...)]


def short(value):
    """Return a number as a text of ten characters at most."""
    text = str(value)
    if isinstance(value, float | np.floating):
        text = f"{value:.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(value) < 10 else f"{value:.5g}"
    return text if len(text) <= 10 else text[:9] + "…"
