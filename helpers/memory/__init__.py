"""Where the numbers of arrays are: `describe` says it in a table, `draw` and `Steps` in pictures.

Everything is read from the live arrays themselves, from their addresses, strides, shapes and types."""

from helpers.memory.elements import addresses, relation
from helpers.memory.pictures import Steps, draw
from helpers.memory.snapshots import snapshot
from helpers.memory.table import describe

__all__ = ["Steps", "addresses", "describe", "draw", "relation", "snapshot"]
