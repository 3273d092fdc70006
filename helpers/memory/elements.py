"""Where the elements of an array are, and how they are related to those of another array."""

import numpy as np

MOST_BYTES = 200_000  # arrays up to this size are compared address by address
MOST_WORK = 10**6  # candidates that NumPy may try: a fraction of a second


def addresses(array):
    """Return the address of the first byte of each element of `array`, in its shape."""
    offsets = np.zeros((), dtype=np.int64)
    for length, stride in zip(array.shape, array.strides, strict=True):
        offsets = np.add.outer(offsets, np.arange(length) * stride)
    return array.__array_interface__["data"][0] + offsets


def byte_addresses(array):
    """Return the address of each byte of each element of `array`, in its shape + (itemsize,)."""
    return np.add.outer(addresses(array), np.arange(array.itemsize))


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


def relation(a, b):
    """Return in a few words how the cells of `a` are related to those of `b`; None if they share no memory.

    Small arrays are compared address by address. Whether two large ones share memory is a question that can take
    np.shares_memory exponential time if their strides are unusual, so it gets a limit, max_work. The answer for large
    arrays is "shares memory", or "may share memory" if NumPy reaches the limit.
    """
    if not (a.nbytes and b.nbytes) or not np.may_share_memory(a, b):
        return None
    if max(a.nbytes, b.nbytes) > MOST_BYTES:
        try:
            return "shares memory" if np.shares_memory(a, b, max_work=MOST_WORK) else None
        except np.exceptions.TooHardError:
            return "may share memory"
    cells, others = addresses(a), addresses(b)
    how = _rearranged(cells, others) or _contained(cells, others) if a.itemsize == b.itemsize else None
    how = how or _contained(np.unique(byte_addresses(a)), np.unique(byte_addresses(b)), what="bytes")
    return f"{how}, as {a.dtype}" if how and a.dtype != b.dtype else how


def _rearranged(cells, others):
    """Name a simple rearrangement that turns the addresses `others` into `cells`; None if there is none."""
    if np.array_equal(cells, others):
        return "the same cells"
    if np.array_equal(cells, others.T):
        return "transposed"
    if np.array_equal(cells.ravel(), others.ravel()):
        return "reshaped"
    flips = [None, *range(others.ndim)]  # all axes, or one of them
    return "reversed" if any(np.array_equal(cells, np.flip(others, axis)) for axis in flips) else None


def _contained(cells, others, what="cells"):
    """Say which of two sets of addresses contains the other; None if they have no address in common."""
    inside, around = np.isin(cells, others), np.isin(others, cells)
    if not np.any(inside):
        return None
    if np.all(inside) and np.all(around):
        if cells.size == others.size:
            return f"the same {what}{' in another order' if what == 'cells' else ''}"
        return f"the same {what}, repeated" if cells.size > others.size else f"the {what} that it repeats"
    return "part of it" if np.all(inside) else "contains it" if np.all(around) else "overlaps"
