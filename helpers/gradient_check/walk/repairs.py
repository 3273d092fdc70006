"""The table of repairs: what one expression of a gradient should perhaps have been.

Each row is a cost and an expression; cheap rows are likely. `it` is what the learner wrote; `left` and `right` are the
operands of an operation, `function` and `first` the parts of a call, and `owner` is W in W.T and W.sum. `other` is another
value or number at hand. One row gives both the new value, while the gradient runs, and the text that the learner reads.
"""

import ast
import functools
import re

import numpy as np

from helpers.gradient_check.walk.source import replaced

TABLES = {
    "BinOp": """
        1.0 left + right | 1.0 left - right | 1.0 left * right | 1.0 left / right | 1.0 left @ right | 1.2 left ** right
        0.85 right - left | 1.1 right / left | 1.1 right @ left | 1.1 right ** left | 1.2 np.outer(left, right)
        1.3 right.T @ left | 1.2 right @ left.T""",
    "Compare": """
        1.0 left >= right | 1.0 left > right | 1.0 left <= right | 1.0 left < right | 1.0 left == right
        1.0 left != right""",
    "reduction": """
        1.1 function(first, axis=0) | 1.1 function(first, axis=1) | 1.2 function(first, axis=-1, keepdims=True)
        1.4 function(first, axis=0, keepdims=True)""",
    "method": """
        1.1 function(axis=0) | 1.1 function(axis=1) | 1.2 function(axis=-1, keepdims=True)
        1.4 function(axis=0, keepdims=True)""",
    "array": """
        1.05 -it | 1.1 it.T | 1.0 ~it | 1.2 it.copy() | 1.5 2 * it | 1.5 0.5 * it | 1.3 1 - it | 1.7 it + 1 | 1.7 it - 1
        2.0 np.r_[0, it[1:]] | 1.9 it.swapaxes(0, 1) | 1.9 it.swapaxes(-1, -2)
        1.7 it.sum(axis=0) | 1.7 it.sum(axis=1) | 1.8 it.sum(axis=-1, keepdims=True) | 1.8 it.sum(axis=0, keepdims=True)
        1.9 it.sum() | 1.9 it.mean(axis=0) | 1.9 it.mean(axis=1) | 1.7 it[:, None] | 1.9 np.diag(it)
        2.0 it - it.mean(axis=0) | 2.0 it - it.mean(axis=-1, keepdims=True)
        1.6 it[::-1] | 1.9 it[::-1, ::-1] | 2.2 it[..., ::-1]
        1.6 it > 0 | 1.8 it != 0 | 1.9 it * (1 - it) | 1.9 1 - it**2 | 1.7 it**2 | 1.9 it**3 | 1.8 1 / it
        1.8 np.sqrt(it) | 1.8 np.exp(it) | 1.8 np.log(it) | 1.8 np.tanh(it) | 1.8 np.sign(it) | 1.8 np.abs(it)
        1.8 np.sin(it) | 1.8 np.cos(it) | 1.9 np.maximum(it, 0) | 1.9 1 / (1 + np.exp(-it)) | 1.9 np.linalg.norm(it)""",
    "integer": "1.4 it + 1 | 1.4 it - 1 | 2.0 2 * it | 1.5 -it | 1.4 it.argsort()",
    "complex": "1.2 it.conj()",
    "cumsum": "1.2 function(first[::-1])[::-1]",
    "constant": """
        1.3 -it | 1.3 1 - it | 1.4 0 | 1.4 1 | 1.4 2 | 1.4 0.5 | 1.4 it + 1 | 1.4 it - 1
        1.5 2 * it | 1.5 it / 2 | 1.6 3 | 1.7 3 * it""",
    "axis": "0.9 0 | 0.9 1 | 1.0 -1 | 1.0 2 | 1.2 None",
    "number": "1.6 it / other | 1.6 it * other | 1.8 it + other | 1.8 it - other",
    "sum": "2.2 other.sum(axis=1) | 2.2 -other.sum(axis=1)",
    "other": """
        2.0 it * other | 2.0 it / other | 2.2 it + other | 2.3 it - other | 2.1 it * (other > 0) | 2.1 it * ~other
        2.1 it * (1 - other) | 2.1 it * other * (1 - other) | 2.1 it * (1 - other**2) | 2.2 it * other**2 | 2.2 it / other**2
        2.2 2 * it * other
        2.2 other @ it | 2.2 it @ other | 2.3 other.T @ it | 2.3 it @ other.T
        2.2 it - other * it.sum(axis=-1, keepdims=True) | 2.2 left - other * left.sum(axis=-1, keepdims=True)
        2.2 other * (right - (other * right).sum(axis=-1, keepdims=True))
        2.2 it * other[:, None] | 2.2 it / other[:, None] | 2.3 it * (other > 0)[:, None]""",
}
CALLED = """
    triu: tril | tril: triu
    sum: mean trace cumsum | mean: sum | max: min sum | min: max | sin: cos | cos: sin | exp: log expm1 | log: exp log1p
    log1p: log | sqrt: square | square: sqrt abs | abs: sign square | sign: abs | tanh: cosh | sinh: cosh | zeros: ones
    ones: zeros | zeros_like: ones_like | ones_like: zeros_like | empty_like: zeros_like | var: std | std: var
    maximum: minimum | minimum: maximum | argmax: argmin | argmin: argmax | cumsum: sum | dot: multiply outer
    multiply: dot outer | outer: multiply dot"""
PLACES = re.compile(r"\b(it|left|right|function|first|owner|other)\b")


def _cells(text):
    return [cell.strip() for line in text.strip().splitlines() for cell in line.split("|")]


@functools.cache
def rows(table):
    """Return the rows of a table as triples (cost, expression, the names of its parts)."""
    cells = (cell.split(None, 1) for cell in _cells(TABLES[table]))
    return [(float(cost), row, {*PLACES.findall(row)} - {"it"}) for cost, row in cells]


@functools.cache
def compiled(row):
    """Return an expression of the table as a function of its parts, by name."""
    return eval(f"lambda {', '.join({*PLACES.findall(row), 'it'})}: {row}", {"np": np})


def as_tree(row, parts):
    """Return an expression of the table as a syntax tree with other trees for its parts."""
    tree = ast.parse(row, mode="eval").body
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return replaced(tree, {name: parts[name.id] for name in names if name.id in parts})


FUNCTIONS = {name: others.split() for name, others in (cell.split(":") for cell in _cells(CALLED))}
