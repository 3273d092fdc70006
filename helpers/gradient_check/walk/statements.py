"""Edits that no probe can make: a statement is dropped, moved or adds up, parts are exchanged, a slice takes the other end.

Such an edit is a change of the syntax tree, and the function is compiled again to try it.
"""

import ast
import copy
import itertools

from helpers.gradient_check.walk.source import replaced

SIGNS = {"+=": ast.Add, "-=": ast.Sub, "*=": ast.Mult, "/=": ast.Div}
INSTEAD_OF = {None: ("+=", "-="), ast.Add: ("=", "-="), ast.Sub: ("=", "+="), ast.Mult: ("/=", "="), ast.Div: ("*=",)}
LOOPS = (ast.For, ast.While)


class TreeEdit:
    """A change of a syntax tree: {node: new node}, shown as a new text for one of the nodes."""

    def __init__(self, price, shown, text, trees, source):
        self.price, self.shown, self.text, self.trees, self.source = price, shown, text, trees, source

    def actions(self):
        return None

    def variants(self):
        yield self.trees, self.text


def tree_edits(source):
    """Return the edits of one function, each with the line that it changes."""
    makers = {ast.Assign: _assignments, ast.AugAssign: _assignments, ast.Call: _call, ast.Slice: _slice, ast.For: _loop, ast.While: _loop,
              ast.If: _condition, ast.IfExp: _condition, ast.BinOp: _bracketed}  # fmt: skip
    found = []
    for node in ast.walk(source.node):
        if isinstance(getattr(node, "body", None), list):
            found += _block(source, node.body)
        if isinstance(node, ast.Tuple | ast.List | ast.Call):
            found += _exchanged(source, node)
        found += makers.get(type(node), lambda source, node: ())(source, node)
    return [TreeEdit(price, shown, text, trees, source) for price, shown, text, trees in found]


def _block(source, statements):
    for statement, following in itertools.zip_longest(statements, statements[1:]):
        text = source.text(statement)
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Continue | ast.Break):
            yield 0.98, statement, f"# {text}", {statement: ast.Pass()}
        if following is None:
            continue
        simple = not hasattr(statement, "body"), not hasattr(following, "body")
        if all(simple):
            yield 1.2, statement, f"{text}  # below: {source.text(following)}", {statement: following, following: statement}
        elif isinstance(statement, LOOPS) and simple[1]:
            trees = {statement: _with_body(statement, [*statement.body, following]), following: ast.Pass()}
            yield 1.2, following, f"{source.text(following)}  # inside the loop", trees
        elif isinstance(following, LOOPS) and simple[0]:
            trees = {statement: ast.Pass(), following: _with_body(following, [statement, *following.body])}
            yield 1.2, statement, f"{text}  # inside the loop", trees


def _with_body(loop, body):
    loop = copy.copy(loop)
    loop.body = body
    return loop


def _loop(source, loop):
    """Yield the loop with a statement moved out of it: a return, its last or its first one."""
    for inner in ast.walk(loop):
        if isinstance(inner, ast.Return) or (inner is loop.body[-1] and not hasattr(inner, "body")):
            after = ast.If(ast.Constant(True), [replaced(loop, {inner: ast.Pass()}), inner], [])
            yield 1.2, inner, f"{source.text(inner)}  # after the loop", {loop: after}
    if isinstance(loop, ast.For):
        text = source.text(loop.iter)
        for new in (f"reversed({text})", f"({text})[::-1]", f"({text})[1:]", f"({text})[:-1]"):
            yield 1.2, loop.iter, new, {loop.iter: ast.parse(new, mode="eval").body}
        if getattr(getattr(loop.iter, "func", None), "id", "") == "reversed":
            yield 1.1, loop.iter, source.text(loop.iter.args[0]), {loop.iter: loop.iter.args[0]}
    first = loop.body[0]
    if isinstance(first, ast.Assign):
        before = ast.If(ast.Constant(True), [first, replaced(loop, {first: ast.Pass()})], [])
        yield 1.2, first, f"{source.text(first)}  # before the loop", {loop: before}


def _assignments(source, statement):
    """Yield `+=` for `=` and the like, and np.add.at where an index may come twice."""
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    left, right = source.text(target), source.text(statement.value)
    for sign in INSTEAD_OF.get(type(getattr(statement, "op", None)) if hasattr(statement, "op") else None, ()):
        tree = (
            ast.Assign([target], statement.value) if sign == "=" else ast.AugAssign(target, SIGNS[sign](), statement.value)
        )
        if sign == "=" or isinstance(target, ast.Name | ast.Subscript | ast.Attribute):
            yield 1.0, statement, f"{left} {sign} {right}", {statement: tree}
    if isinstance(target, ast.Subscript) and not any(isinstance(part, ast.Slice) for part in ast.walk(target.slice)):
        index = f"({source.text(target.slice)})" if isinstance(target.slice, ast.Tuple) else source.text(target.slice)
        text = f"np.add.at({source.text(target.value)}, {index}, {right})"
        yield 1.1, statement, text, {statement: ast.parse(text).body[0]}


def _exchanged(source, node):
    field = "args" if isinstance(node, ast.Call) else "elts"
    parts = getattr(node, field)
    for one, other in itertools.combinations(parts if len(parts) <= 6 else [], 2):
        if source.text(one) != source.text(other) and not isinstance(one, ast.Slice) and not isinstance(other, ast.Slice):
            new = copy.copy(node)
            setattr(new, field, [{one: other, other: one}.get(part, part) for part in parts])
            yield 1.35, node, source.spliced(node, {one: source.text(other), other: source.text(one)}), {node: new}


def _call(source, call):
    """Yield a call without its dtype, and an einsum with letters in another order."""
    for keyword in call.keywords:
        if keyword.arg == "dtype":
            new = copy.copy(call)
            new.keywords = [other for other in call.keywords if other is not keyword]
            yield 1.0, call, ast.unparse(new), {call: new}
    if getattr(call.func, "attr", "") == "einsum" and isinstance(getattr(call.args[0], "value", None), str):
        letters = call.args[0]
        for term in set(letters.value.replace("->", ",").split(",")):
            for one, other in itertools.combinations(term, 2):
                new = letters.value.replace(term, term.translate({ord(one): other, ord(other): one}), 1)
                yield 1.1, letters, repr(new), {letters: ast.Constant(new)}


def _slice(source, node):
    """Yield x[:n], x[n:], x[-n:] and x[:-n] for each other."""
    bound = node.lower or node.upper
    if node.step is None and bound is not None and (node.lower is None) != (node.upper is None):
        negative = isinstance(bound, ast.UnaryOp)
        size = bound.operand if negative else bound
        text = source.text(size)
        for form, lower, upper in (
            (f"{text}:", size, None),
            (f":{text}", None, size),
            (f"-{text}:", -1, None),
            (f":-{text}", None, -1),
        ):
            new = ast.Slice(*(ast.UnaryOp(ast.USub(), size) if end == -1 else end for end in (lower, upper)), None)
            yield 1.2, node, form, {node: new}


def _bracketed(source, node):
    """Yield a * (b + c) for a * b + c, and the other way round."""
    signs = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"}
    if type(node.op) not in signs:
        return
    left, right, sign = node.left, node.right, signs[type(node.op)]
    if isinstance(left, ast.BinOp) and type(left.op) in signs:
        text = f"{source.text(left.left)} {signs[type(left.op)]} ({source.text(left.right)} {sign} {source.text(right)})"
        yield 1.1, node, text, {node: ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right))}
    if isinstance(right, ast.BinOp) and type(right.op) in signs:
        text = f"({source.text(left)} {sign} {source.text(right.left)}) {signs[type(right.op)]} {source.text(right.right)}"
        yield 1.0, node, text, {node: ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right)}


def _condition(source, node):
    text = source.text(node.test)
    yield 1.2, node.test, f"not ({text})", {node.test: ast.UnaryOp(ast.Not(), node.test)}
