"""Where the elements of one array are: their addresses, and the array that owns the memory."""

import numpy as np

__all__ = ["addresses", "in_memory_order", "owner", "root"]


def addresses(array):
    """Return the address of the first byte of each element of `array`, in its shape."""
    offsets = np.zeros((), dtype=np.int64)
    for length, stride in zip(array.shape, array.strides, strict=True):
        offsets = np.add.outer(offsets, np.arange(length) * stride)
    return array.__array_interface__["data"][0] + offsets


def owner(array):
    """Return the array that owns the memory of `array`: the last in its chain of bases. None if that is not an array."""
    last = root(array)
    return np.asarray(last) if isinstance(last, np.ndarray) else None


def root(array):
    """Return the last object in the chain of bases: an array that owns its memory, bytes, a memory map, ..."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def in_memory_order(array):
    """Return a flat view of `array` by increasing addresses; None if its elements are not side by side in memory."""
    forward = np.asarray(array)[(*(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides), ...)]
    return forward.ravel(order="K") if forward.flags.forc else None
