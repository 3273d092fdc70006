"""Buffers: the pieces of memory that arrays read, divided into numbered cells."""

import math

from numpy.lib.array_utils import byte_bounds

from helpers.memory.elements import addresses, owner, relation, root

SHOWN = 24  # cells of a buffer that a picture shows


class Buffer:
    """A piece of memory that one array or more read, as cells of equal size.

    arrays : list of ndarray, those that read it
    start : int, the address of its first byte
    cell : int, the bytes of a cell: the largest size that lets each element of each array begin and end with a cell
    cells : int, how many there are
    shown : range, the numbers of the cells that a picture shows: all, or SHOWN from the first that the arrays read
    """

    def __init__(self, arrays):
        self.arrays = arrays
        owners = [array for array in map(owner, arrays) if array is not None and array.nbytes]
        inside = [*arrays, *owners]
        bounds = [byte_bounds(array) for array in inside]
        self.start, end = min(low for low, _ in bounds), max(high for _, high in bounds)
        sizes = [abs(stride) for array in inside for stride, n in zip(array.strides, array.shape, strict=True) if n > 1]
        self.cell = math.gcd(*sizes, *(array.itemsize for array in inside), *(low - self.start for low, _ in bounds))
        self.cells = (end - self.start) // self.cell
        read = (min(low for low, _ in bounds[: len(arrays)]) - self.start) // self.cell
        self.shown = range(self.cells) if self.cells <= SHOWN else range(read, min(read + SHOWN, self.cells))

    def numbers(self, array):
        """Return the number of the first cell of each element of `array`, in the shape of `array`."""
        return (addresses(array) - self.start) // self.cell


def buffers(arrays):
    """Return a Buffer for each group of `arrays` that share memory or an owner, in their order; empty arrays have none."""
    groups = []
    for k, array in enumerate(arrays):
        if not array.nbytes:
            continue
        linked = [group for group in groups if any(_linked(array, arrays[other]) for other in group)]
        merged = sorted([k, *(other for group in linked for other in group)])
        groups = [group for group in groups if group not in linked] + [merged]
    return [Buffer([arrays[k] for k in group]) for group in sorted(groups)]


def _linked(a, b):
    return root(a) is root(b) or relation(a, b) is not None
