"""The pictures: `draw` for one moment, `Steps` for several states of a program."""

import sys

from helpers.memory.scenes import scene
from helpers.memory.snapshots import Snapshot, members
from helpers.memory.words import sentences


def draw(*arrays, since=None, **named):
    """Show the memory of some arrays: names, objects and buffers.

    A name is a label with an arrow to an object: two names of one object are two labels on one box. An object is a box
    with its shape, type, strides and offset, and a grid in which each entry has its value and the number of the buffer
    cell that it reads. Its arrow points at the first cell that it reads. A buffer is a strip of numbered cells.

    Parameters
    ----------
    *arrays, **named : ndarray
        An array is called by the expression in the call, or by its keyword. Anything else is a TypeError. Buffers of more
        than 24 cells, and arrays of more than 6 rows, 7 columns or, with one axis, 12 entries are shown in part, and the
        picture says so.
    since : Snapshot, optional
        What `snapshot` returned before a change. Cells that have changed since then are marked, and show the old value.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers import draw, snapshot
    >>> W = np.zeros((2, 3))
    >>> before = snapshot(W)
    >>> W[0, 0] = 9
    >>> draw(W, W.T, since=before)  # doctest: +SKIP
    """
    from helpers.plots.memory import plot_memory  # matplotlib is loaded for the first picture

    if since is not None and not isinstance(since, Snapshot):
        raise TypeError(f"since must be what snapshot(...) returned, not {type(since).__name__}")
    strips = scene(Snapshot(members(arrays, named, sys._getframe(1))), since)
    plot_memory(strips, sentences(strips, compared=since is not None))


class Steps:
    """Recorder of the states of a short program, to be drawn side by side.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers import draw, snapshot
    >>> W, a = np.zeros((2, 3)), np.ones((2, 3))
    >>> steps = Steps()
    >>> steps.record(W, a)
    >>> W[...] = a
    >>> steps.record(W, a, after="W[...] = a")
    >>> steps.draw()  # doctest: +SKIP
    """

    def __init__(self):
        self._snapshots, self._titles = [], []

    def record(self, *arrays, after="", **named):
        """Take down which array each name stands for now, and the numbers in memory.

        Parameters
        ----------
        *arrays, **named : ndarray
            As for `draw`. An array of an earlier state that has no name now is drawn without one. Give a view a name
            before you pass it to several records: each evaluation of W.T makes another object, with a box of its own.
        after : str
            The line of the program that has led to this state.
        """
        earlier = self._snapshots[-1].arrays if self._snapshots else []
        self._snapshots.append(Snapshot(members(arrays, named, sys._getframe(1)), earlier))
        self._titles.append(f"after {after}" if after else "at the start" if not earlier else "then")

    def draw(self):
        """Show the states and their changes: side by side on a stored page, with a slider in a running notebook."""
        from helpers.plots.memory import plot_steps

        if not self._snapshots:
            raise ValueError("there are no steps to draw: call record(...) at least once before draw()")
        arrays, befores = self._snapshots[-1].arrays, [None, *self._snapshots[:-1]]
        states = [scene(now, before, arrays) for now, before in zip(self._snapshots, befores, strict=True)]
        titles = [f"{k}. {title}" for k, title in enumerate(self._titles, 1)]
        plot_steps(states, titles, [sentences(state, compared=k > 0, brief=True) for k, state in enumerate(states)])
