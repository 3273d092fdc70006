"""Where the numbers of arrays are: `describe` says it in a table, `draw` and `Steps` in pictures.

Everything is read from the live arrays themselves, from their addresses, strides, shapes and types."""

from helpers.memory.buffers import addresses
from helpers.memory.pictures import Steps, draw
from helpers.memory.relations import relation
from helpers.memory.snapshots import snapshot
from helpers.memory.table import describe

__all__ = ["Steps", "addresses", "describe", "draw", "relation", "snapshot"]
