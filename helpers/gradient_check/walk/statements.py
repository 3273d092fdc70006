"""Repairs that no probe can make: a statement is dropped, moved or adds up, parts are exchanged, an index is another one.

Such an edit is a change of the syntax tree, and the function is compiled again to try it.
"""

import ast
import copy
import itertools
from typing import NamedTuple

from helpers.gradient_check.walk.source import replaced

USUAL_SLICES = ["1:", ":-1", ":"]
SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.Continue | ast.Break


class TreeEdit(NamedTuple):
    """Other syntax trees for some, {old: new}, and the one that is shown; its new text, if the new tree does not tell."""

    cost: float
    shown: ast.AST
    trees: dict
    text: str | None = None
    row, parts = "", {}  # it is no row of the table

    def actions(self):
        return None

    def variants(self):
        yield self.trees


def tree_edits(source, sources):
    """Yield the edits of one function. Indices may come from any of the sources."""
    indices = {ast.unparse(node.slice): node.slice for one in sources for node in _all(ast.Subscript, one)}
    indices |= {ast.unparse(key): key for one in sources for node in _all(ast.Dict, one) for key in node.keys if key}
    for node in ast.walk(source.node):
        edits = [_index(source, node, indices)] if isinstance(node, ast.Subscript) else []
        for edit in itertools.chain(*edits, *(maker(source, node) for maker in MAKERS)):
            yield TreeEdit(*edit)


def _all(kind, source):
    return [node for node in ast.walk(source.node) if isinstance(node, kind)]


def _order(source, node):
    """Yield a statement dropped, exchanged with the next one, moved into a loop, or out of it, a return or the last one."""
    body = node.body if isinstance(getattr(node, "body", None), list) else []
    for statement in body:
        if isinstance(statement, SIMPLE):
            yield 0.98, statement, {statement: ast.Pass()}, f"# {source.text(statement)}"
    for one, other in itertools.pairwise(body):
        if isinstance(one, ast.For | ast.While):
            trees = {one: _with(one, body=[*one.body, other]), other: ast.Pass()}
            yield 1.2, other, trees, f"{source.text(other)}  # move it into the loop"
        elif not hasattr(one, "body") and not hasattr(other, "body"):
            yield 1.2, one, {one: other, other: one}, f"{source.text(one)}  # move it below {source.text(other)}"
    for inner in ast.walk(node) if isinstance(node, ast.For | ast.While) else ():
        if isinstance(inner, ast.Return) or inner is body[-1]:
            after = ast.If(ast.Constant(True), [replaced(node, {inner: ast.Pass()}), inner], [])
            yield 1.2, inner, {node: after}, f"{source.text(inner)}  # move it behind the loop"


def _assignment(source, statement):
    """Yield `+=` for `=` and the like, and np.add.at where an index may come twice."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    now, signs = type(getattr(statement, "op", None)), (type(None), ast.Add, ast.Sub, ast.Mult)
    for sign in signs if now in signs and not isinstance(target, ast.Tuple | ast.List) else ():
        if sign is not now:
            plain = sign is signs[0]
            new = ast.Assign([target], statement.value) if plain else ast.AugAssign(target, sign(), statement.value)
            yield 1.0, statement, {statement: new}
    if isinstance(target, ast.Subscript) and not any(isinstance(part, ast.Slice) for part in ast.walk(target.slice)):
        added = ast.parse("np.add.at(array, index, value)").body[0]
        added.value.args = [_with(target.value, ctx=ast.Load()), target.slice, statement.value]
        yield 1.1, statement, {statement: added}


def _exchanged(source, node):
    """Yield two arguments of a call, or two parts of a list, in each other's place."""
    field = {ast.Call: "args", ast.Tuple: "elts", ast.List: "elts"}.get(type(node))
    parts = getattr(node, field) if field else []
    for one, other in itertools.combinations(parts if len(parts) <= 6 else [], 2):
        if source.text(one) != source.text(other):
            new = [{one: other, other: one}.get(part, part) for part in parts]
            unpacked = isinstance(getattr(node, "ctx", None), ast.Store)
            yield 2.3 if unpacked else 1.35, node, {node: _with(node, **{field: new})}


def _index(source, node, indices):
    """Yield another index, as it is written elsewhere, or the same index of something else."""
    usual = {text: ast.parse(f"x[{text}]", mode="eval").body.slice for text in USUAL_SLICES}
    others = [*indices.values()]
    if isinstance(node.slice, ast.Slice):
        others += [*usual.values(), _with(node.slice, lower=node.slice.upper, upper=node.slice.lower)]
    owners = {ast.unparse(other.value): other.value for other in _all(ast.Subscript, source)}.values()
    for new in [_with(node, slice=other) for other in others] + [_with(node, value=owner) for owner in owners]:
        if ast.unparse(new) != ast.unparse(node):
            yield 1.3, node, {node: new}


def _owner(source, node):
    """Yield the same attribute of another object, as other.data for self.data."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
        owners = [other.value for other in _all(ast.Attribute, source) if isinstance(other.value, ast.Name)]
        for name, owner in {owner.id: owner for owner in owners}.items():
            if name not in ("np", node.value.id):
                yield 1.3, node, {node: _with(node, value=owner)}


def _loop(source, loop):
    """Yield a loop, or functools.reduce, with its rounds in the other order."""
    reduce = isinstance(loop, ast.Call) and len(loop.args) > 1 and source.text(loop.func).endswith("reduce")
    if reduce or isinstance(loop, ast.For | ast.comprehension):
        rounds = loop.args[1] if reduce else loop.iter
        backwards = getattr(getattr(rounds, "func", None), "id", "") == "reversed"
        other = rounds.args[0] if backwards else ast.Call(ast.Name("reversed", ast.Load()), [rounds], [])
        yield 1.2, rounds, {rounds: other}


def _einsum(source, call):
    """Yield an einsum with two letters of a term in the other order."""
    letters = call.args[0] if getattr(getattr(call, "func", None), "attr", "") == "einsum" else None
    if isinstance(getattr(letters, "value", None), str):
        for term in set(letters.value.replace("->", ",").split(",")):
            for one, other in itertools.combinations(term, 2):
                new = letters.value.replace(term, term.translate({ord(one): other, ord(other): one}), 1)
                yield 1.1, letters, {letters: ast.Constant(new)}


def _with(node, **fields):
    node = copy.copy(node)
    vars(node).update(fields)
    return node


MAKERS = _order, _assignment, _exchanged, _owner, _loop, _einsum
