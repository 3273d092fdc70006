"""What every page of the course promises. A promise is a function that yields what breaks it: (cell, how).

Each closes a hole that nbval leaves open, or holds the pages to the course's own rules.
"""

from . import code, exercises, links, outputs, text  # noqa: F401  (each adds its promises)
from .notebook import PROMISES, Notebook
from .outputs import LEARNERS_NUMBERS

__all__ = ["LEARNERS_NUMBERS", "PROMISES", "Notebook"]
