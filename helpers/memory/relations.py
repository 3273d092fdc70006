"""How the cells that one array reads are related to those that another reads."""

import numpy as np

from helpers.memory.elements import addresses

__all__ = ["relation"]

MOST_BYTES = 200_000  # arrays up to this size are compared address by address
MOST_WORK = 10**6  # candidates that NumPy may try: a fraction of a second


def relation(a, b):
    """Return in a few words how the cells of `a` are related to those of `b`; None if they share no memory.

    Small arrays are compared address by address. Whether two large ones share memory is a question that can take
    np.shares_memory exponential time if their strides are unusual, so it gets a limit, max_work. The answer for large
    arrays is "shares memory", or "may share memory" if NumPy reaches the limit.
    """
    if not (a.nbytes and b.nbytes) or not np.may_share_memory(a, b):
        return None
    if max(a.nbytes, b.nbytes) > MOST_BYTES:
        return _large(a, b)
    cells, others = addresses(a), addresses(b)
    how = _rearranged(cells, others) or _contained(cells, others) if a.itemsize == b.itemsize else None
    how = how or _contained(_bytes(cells, a), _bytes(others, b), what="bytes")
    return f"{how}, as {a.dtype}" if how and a.dtype != b.dtype else how


def _large(a, b):
    try:
        return "shares memory" if np.shares_memory(a, b, max_work=MOST_WORK) else None
    except np.exceptions.TooHardError:
        return "may share memory"


def _bytes(cells, array):
    """Return the address of every byte of an array whose elements begin at `cells`."""
    return np.unique(np.add.outer(cells, np.arange(array.itemsize)))


def _rearranged(cells, others):
    """Name a simple rearrangement that turns the addresses `others` into `cells`; None if there is none."""
    if np.array_equal(cells, others):
        return "the same cells"
    if np.array_equal(cells, others.T):
        return "transposed"
    if cells.size == others.size and np.array_equal(cells.ravel(), others.ravel()):
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
