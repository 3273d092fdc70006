"""The search through the code behind f and its gradient: in time, and for a dict of arrays through all of them together.

One mistake may make the gradients of several arrays wrong. What repairs one of them may break another. So f and the gradient
are searched as functions of all entries of all arrays first.
"""

import contextlib
import sys
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.walk import explain
from helpers.perturbation import restored


class OfDict(NamedTuple):
    """A function of a dict of arrays, called when one of them has moved; of a dict that it returns, one value."""

    function: object
    arrays: dict
    name: object = None

    def __call__(self, _):
        result = self.function(self.arrays)
        return result if self.name is None else result[self.name]


class OfAll(NamedTuple):
    """A function of a dict of arrays as a function of all their entries; of a dict that it returns, all entries, too."""

    function: object
    arrays: dict

    def __call__(self, entries):
        for array, part in zip(self.arrays.values(), self.parts(entries), strict=True):
            array[...] = part
        result = self.function(self.arrays)
        return np.concatenate([np.ravel(result[name]) for name in self.arrays]) if isinstance(result, dict) else result

    def parts(self, entries):
        """Return all entries as arrays of the shapes of the dict's arrays."""
        ends = np.cumsum([array.size for array in self.arrays.values()])
        return [
            part.reshape(array.shape) for array, part in zip(self.arrays.values(), np.split(entries, ends[:-1]), strict=True)
        ]


def search_together(f, gradient, arrays, seconds):
    """Return an Explanation of all that is wrong in the gradients of a dict of arrays; None if it is no single cause."""
    with contextlib.ExitStack() as stack, contextlib.suppress(Exception):
        for array in arrays.values():
            stack.enter_context(restored(array))
        arrays = {name: array if array.dtype == np.float64 else array.astype(np.float64) for name, array in arrays.items()}
        entries = np.concatenate([array.ravel() for array in arrays.values()])
        found = search(OfAll(f, arrays), OfAll(gradient, arrays), entries, seconds)
        return found if found and (found.repair or found.left_out) else None


def search(f, gradient, x, seconds):
    """Search at x, where the gradient is wrong, in double precision; from two seconds on, say so on one line."""
    said = []

    def say(text):
        said.append(text)
        print(f"\r{text}", end="", file=sys.stderr, flush=True)

    try:
        x = x if x.dtype == np.float64 else x.astype(np.float64)
        return explain(f, gradient, x, seconds=seconds, progress=say if _watched() else None) if seconds > 0 else None
    except Exception:  # whatever an experiment on strange code comes to, the verdict stands
        return None
    finally:
        if said:
            print("\r" + " " * max(map(len, said)), end="\r", file=sys.stderr, flush=True)


def _watched():
    """Return whether somebody may be waiting: not where a program runs a notebook, or stores what is printed."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(getattr(shell, "kernel", None), "_allow_stdin", sys.stderr.isatty())
