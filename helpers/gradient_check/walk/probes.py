"""Put a probe around every expression of a learner's function, so that its value can be seen and changed.

`dz = da * (z > 0)` becomes `dz = probe(5, probe(1, da) * probe(4, probe(2, z) > probe(3, 0)))`. A probe returns the value
that it is given. While the gradient check experiments, it may also note the value down, or return another one.
"""

import ast
import copy
import types

from helpers.gradient_check.walk.source import NoSource

PROBE, CALLEE = "probe_", "callee_"
OPAQUE = (ast.JoinedStr, ast.ClassDef, ast.Match, ast.arguments, ast.Delete)
UNSEEN = (
    ast.Tuple,
    ast.List,
    ast.Slice,
    ast.Starred,
    ast.Dict,
    ast.Set,
    ast.Yield,
    ast.YieldFrom,
    ast.GeneratorExp,
    ast.Lambda,
)
READ_THEIR_FRAME = {"locals", "globals", "vars", "eval", "exec", "dir"}


class Site:
    """One expression of a learner's code, where a probe is.

    number : int, which the probe reports
    source, node : the function it is in, and its syntax tree as it was before any probes
    kind : the name of the tree's class. "Callee" is what is called; "After" is a variable after `d[i] -= 1` has changed it
    statement, scope : the innermost statement and function that it is in
    kids, parent : the sites of its operands, and the one whose operand it is
    name : the variable to which the value is assigned, or None
    """

    def __init__(self, number, source, node, kind, statement, scope):
        self.number, self.source, self.node, self.kind = number, source, node, kind
        self.statement, self.scope = statement, scope
        self.kids, self.parent, self.name = [], None, None

    @property
    def text(self):
        return self.name if self.kind == "After" else self.source.text(self.node)

    def is_inside(self, other):
        site = self
        while site is not None and site is not other:
            site = site.parent
        return site is not None


class Rewriter(ast.NodeTransformer):
    """Wrap the expressions of one function, and append their sites to a list."""

    def __init__(self, source, sites, made, names):
        copies = {}
        self.source, self.sites, self.made, self.names = source, sites, made, names
        self.tree = copy.deepcopy(source.node, copies)
        self.original = {id(copies[id(node)]): node for node in ast.walk(source.node)}
        self.statement, self.scope = None, source.node

    def rewritten(self):
        self.generic_visit(self.tree)
        return self.tree

    def visit(self, node):
        if isinstance(node, OPAQUE):
            return node
        if isinstance(node, ast.expr):
            return self._expression(node)
        if not isinstance(node, ast.stmt):
            return self.generic_visit(node)
        outer, self.statement = self.statement, self.original[id(node)]
        new = super().visit(node)
        self.statement = outer
        return new

    def visit_FunctionDef(self, node):
        outer, self.scope = self.scope, self.original[id(node)]
        self.generic_visit(node)
        self.scope = outer
        return node

    def visit_AnnAssign(self, node):
        node.value = node.value and self.visit(node.value)
        return node

    def visit_Assign(self, node):
        original = self.original[id(node)]
        self.generic_visit(node)
        target, value = original.targets[0], original.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for variable, expression in pairs:
            if id(expression) in self.made and _is_variable(variable):
                self.made[id(expression)].name = self.source.text(variable)
        return self._watched(node, original, target) if isinstance(target, ast.Subscript) else node

    def visit_AugAssign(self, node):
        original = self.original[id(node)]
        self.generic_visit(node)
        return self._watched(node, original, original.target)

    def visit_Expr(self, node):
        """Show what a call such as np.add.at(d, i, v) has made of its first argument."""
        original, call = self.original[id(node)], self.original[id(node)].value
        self.generic_visit(node)
        changes = isinstance(call, ast.Call) and len(call.args) > 1 and isinstance(call.args[0], ast.Name)
        return self._watched(node, original, call.args[0]) if changes else node

    def _watched(self, node, original, target):
        """Add a statement that shows the probe what `d[i] = v` or `d += v` has made of d."""
        while isinstance(target, ast.Subscript) and not _is_variable(target):
            target = target.value
        if not _is_variable(target):
            return node
        site = self._site(original, "After", len(self.sites))
        site.name = self.source.text(target)
        seen = self._call(PROBE, site, _as_load(target))
        return [node, ast.copy_location(ast.Expr(seen), node)]

    def _expression(self, node):
        """Visit the operands of an expression, and wrap it if it has a value worth seeing."""
        original, first = self.original[id(node)], len(self.sites)
        if isinstance(node, ast.Call):
            if not self._visit_call(node):
                return node
        elif isinstance(node, ast.Lambda):
            outer, self.scope = self.scope, original
            node.body = self.visit(node.body)
            self.scope = outer
        elif not _is_number(node) and not (isinstance(node, ast.Attribute) and self._is_module(node.value)):
            self.generic_visit(node)
        if not self._has_a_value(original):
            return node
        kind = "Constant" if _is_number(original) else type(original).__name__
        return self._call(PROBE, self._site(original, kind, first), node)

    def _has_a_value(self, node):
        if isinstance(node, UNSEEN) or self._is_module(node) or (isinstance(node, ast.Constant) and not _is_number(node)):
            return False
        return isinstance(getattr(node, "ctx", None), ast.Load | None)

    def _is_module(self, node):
        return isinstance(node, ast.Name) and isinstance(self.names.get(node.id), types.ModuleType)

    def _visit_call(self, node):
        """Let what is called pass through `callee_`, which looks for the learner's own functions."""
        function, first = self.original[id(node.func)], len(self.sites)
        name = getattr(function, "id", None)
        if name in READ_THEIR_FRAME:
            raise NoSource(f"{name}() reads the variables of the function that calls it")
        if name == "super":
            return False
        if isinstance(function, ast.Attribute):
            node.func.value = node.func.value if self._is_module(function.value) else self.visit(node.func.value)
        elif name is None:
            node.func = self.visit(node.func)
        node.func = self._call(CALLEE, self._site(function, "Callee", first), node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return True

    def _site(self, node, kind, first):
        site = Site(len(self.sites), self.source, node, kind, self.statement, self.scope)
        for kid in self.sites[first:]:
            if kid.parent is None and kid.scope is self.scope:
                kid.parent = site
                site.kids.append(kid)
        self.sites.append(site)
        self.made[id(node)] = site
        return site

    def _call(self, name, site, node):
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(site.number), node], []), node)


def _is_number(node):
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_variable(node):
    """Tell whether a target is a name, an attribute of one, or an entry such as grads["W1"]."""
    if isinstance(node, ast.Subscript):
        return (
            isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        )
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))


def _as_load(node):
    node = copy.deepcopy(node)
    for part in ast.walk(node):
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    return node
