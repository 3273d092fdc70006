"""Repairs that no probe can make: a statement is dropped, moved or adds up, parts are exchanged, a loop runs another way.

Such an edit is a change of the syntax tree, and the function is compiled again to try it.
"""

import ast
import copy
import itertools
from typing import NamedTuple

from helpers.gradient_check.walk.source import replaced

SIGNS = {"+=": ast.Add, "-=": ast.Sub, "*=": ast.Mult, "/=": ast.Div}
INSTEAD_OF = {None: ("+=", "-="), ast.Add: ("=", "-="), ast.Sub: ("=", "+="), ast.Mult: ("/=", "="), ast.Div: ("*=",)}
SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.Continue | ast.Break


class TreeEdit(NamedTuple):
    """Other syntax trees for some, {old: new}, and the one that is shown; its new text, if the new tree does not tell."""

    price: float
    shown: ast.AST
    trees: dict
    text: str | None = None

    def actions(self):
        return None

    def variants(self):
        yield self.trees


def tree_edits(source):
    """Yield the edits of one function."""
    for node in ast.walk(source.node):
        for maker in (_order, _loop, _assignment, _exchanged, _einsum, _brackets):
            for edit in maker(source, node):
                yield TreeEdit(*edit)


def _order(source, node):
    """Yield a statement dropped, exchanged with the next one, or moved into the loop before or after it."""
    body = node.body if isinstance(getattr(node, "body", None), list) else []
    for statement in body:
        if isinstance(statement, SIMPLE):
            yield 0.98, statement, {statement: ast.Pass()}, f"# {source.text(statement)}"
    for one, other in itertools.pairwise(body):
        loops = [isinstance(statement, ast.For | ast.While) for statement in (one, other)]
        if loops == [True, False]:
            trees = {one: _with(one, body=[*one.body, other]), other: ast.Pass()}
            yield 1.2, other, trees, f"{source.text(other)}  # inside the loop"
        elif loops == [False, True]:
            trees = {one: ast.Pass(), other: _with(other, body=[one, *other.body])}
            yield 1.2, one, trees, f"{source.text(one)}  # inside the loop"
        elif not hasattr(one, "body") and not hasattr(other, "body"):
            yield 1.2, one, {one: other, other: one}, f"{source.text(one)}  # below: {source.text(other)}"


def _loop(source, loop):
    """Yield a loop with a statement moved out of it: a return, its last or its first one; or with other rounds."""
    if not isinstance(loop, ast.For | ast.While):
        return
    for inner in ast.walk(loop):
        if isinstance(inner, ast.Return) or (inner is loop.body[-1] and not hasattr(inner, "body")):
            after = ast.If(ast.Constant(True), [replaced(loop, {inner: ast.Pass()}), inner], [])
            yield 1.2, inner, {loop: after}, f"{source.text(inner)}  # after the loop"
    first = loop.body[0]
    if isinstance(first, ast.Assign):
        before = ast.If(ast.Constant(True), [first, replaced(loop, {first: ast.Pass()})], [])
        yield 1.2, first, {loop: before}, f"{source.text(first)}  # before the loop"
    for form in ("reversed({})", "{}[1:]", "{}[:-1]") if isinstance(loop, ast.For) else ():
        yield 1.2, loop.iter, {loop.iter: ast.parse(form.format(f"({source.text(loop.iter)})"), mode="eval").body}
    if getattr(getattr(getattr(loop, "iter", None), "func", None), "id", "") == "reversed":
        yield 1.1, loop.iter, {loop.iter: loop.iter.args[0]}


def _assignment(source, statement):
    """Yield `+=` for `=` and the like, and np.add.at where an index may come twice."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    for sign in INSTEAD_OF.get(type(getattr(statement, "op", None)) if hasattr(statement, "op") else None, ()):
        if sign == "=":
            yield 1.0, statement, {statement: ast.Assign([target], statement.value)}
        elif not isinstance(target, ast.Tuple):
            yield 1.0, statement, {statement: ast.AugAssign(target, SIGNS[sign](), statement.value)}
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
            yield 1.35, node, {node: _with(node, **{field: new})}


def _einsum(source, call):
    """Yield an einsum with two letters of a term in the other order."""
    letters = call.args[0] if getattr(getattr(call, "func", None), "attr", "") == "einsum" else None
    if isinstance(getattr(letters, "value", None), str):
        for term in set(letters.value.replace("->", ",").split(",")):
            for one, other in itertools.combinations(term, 2):
                new = letters.value.replace(term, term.translate({ord(one): other, ord(other): one}), 1)
                yield 1.1, letters, {letters: ast.Constant(new)}


def _brackets(source, node):
    """Yield a * (b + c) for a * b + c, and the other way round."""
    if not isinstance(node, ast.BinOp):
        return
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp):
        yield 1.1, node, {node: ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right))}
    if isinstance(right, ast.BinOp):
        yield 1.0, node, {node: ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right)}


def _with(node, **fields):
    node = copy.copy(node)
    vars(node).update(fields)
    return node
