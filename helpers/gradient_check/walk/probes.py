"""Insert a probe around every expression of a learner's function, so that its value can be seen and changed.

`dz = da * (z > 0)` becomes `dz = probe(5, probe(1, da) * probe(4, probe(2, z) > probe(3, 0)))`. A probe returns the value
that it is given. While the gradient check experiments, it may also note the value down, or return another one.
"""

import ast
import copy
import types

from helpers.gradient_check.walk.source import NoSource

PROBE, CALLEE = "probe_", "callee_"
OPAQUE = ast.JoinedStr | ast.ClassDef | ast.Match | ast.arguments | ast.Delete
UNSEEN = (
    ast.Tuple
    | ast.List
    | ast.Slice
    | ast.Starred
    | ast.Dict
    | ast.Set
    | ast.Yield
    | ast.YieldFrom
    | ast.GeneratorExp
    | ast.Lambda
)
READ_THEIR_FRAME = {"locals", "globals", "vars", "eval", "exec", "dir"}


class Site:
    """One expression of a learner's code, where a probe is.

    number : int, which the probe reports
    source, node : the function it is in, and its syntax tree as it was before any probes
    kind : the name of the tree's class. "Callee" is what is called; "Constant" is a number
    statement, scope : the innermost statement and function that it is in
    kids, parent : the sites of its operands, and the one whose operand it is
    name : the variable to which the value is assigned, or None
    """

    def __init__(self, number, source, node, kind, statement, scope):  # noqa: PLR0913, PLR0917
        self.number, self.source, self.node, self.kind = number, source, node, kind
        self.statement, self.scope = statement, scope
        self.kids, self.parent, self.name = [], None, None

    @property
    def text(self):
        return self.source.text(self.node)

    def around(self):
        """Yield the site, and those of the expressions that it is a part of."""
        site = self
        while site is not None:
            yield site
            site = site.parent

    def is_inside(self, other):
        return other in self.around()


class Rewriter(ast.NodeTransformer):
    """Insert the probes of one function, and append their sites to a list."""

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
        original, outside = self.original[id(node)], (self.statement, self.scope)
        if isinstance(node, ast.stmt):
            self.statement = original
        if isinstance(node, ast.FunctionDef):
            self.scope = original
        if isinstance(node, ast.AnnAssign):
            node.value = node.value and self.visit(node.value)
        else:
            self.generic_visit(node)
        self.statement, self.scope = outside
        if isinstance(node, ast.Assign):
            self._name(original.targets[0], original.value)
        return node

    def _name(self, target, value):
        """Note which variable a value is assigned to."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for part in zip(target.elts, value.elts, strict=False):
                self._name(*part)
        elif id(value) in self.made and _is_variable(target):
            self.made[id(value)].name = self.source.text(target)

    def _expression(self, node):
        """Visit the operands of an expression, and give it a probe if it has a value worth seeing."""
        original, first = self.original[id(node)], len(self.sites)
        if isinstance(node, ast.Call):
            if getattr(node.func, "id", None) == "super":
                return node
            self._call(node)
        elif isinstance(node, ast.Lambda):
            outer, self.scope = self.scope, original
            node.body = self.visit(node.body)
            self.scope = outer
        elif not _is_number(node) and not (isinstance(node, ast.Attribute) and self._is_module(node.value)):
            self.generic_visit(node)
        if not self._has_a_value(original):
            return node
        return self._probe(PROBE, original, "Constant" if _is_number(original) else type(original).__name__, first, node)

    def _has_a_value(self, node):
        if isinstance(node, UNSEEN) or self._is_module(node) or (isinstance(node, ast.Constant) and not _is_number(node)):
            return False
        return isinstance(getattr(node, "ctx", None), ast.Load | None)

    def _is_module(self, node):
        return isinstance(node, ast.Name) and isinstance(self.names.get(node.id), types.ModuleType)

    def _call(self, node):
        """Let what is called pass through `callee_`, which looks for the learner's own functions."""
        function, first = self.original[id(node.func)], len(self.sites)
        name = getattr(function, "id", None)
        if name in READ_THEIR_FRAME:
            raise NoSource(f"{name}() reads the variables of the function that calls it")
        if isinstance(function, ast.Attribute):
            node.func.value = node.func.value if self._is_module(function.value) else self.visit(node.func.value)
        elif name is None:
            node.func = self.visit(node.func)
        node.func = self._probe(CALLEE, function, "Callee", first, node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]

    def _probe(self, name, original, kind, first, node):  # noqa: PLR0913, PLR0917
        """Return the call of a probe, whose operands are the sites that were made since the first one."""
        site = Site(len(self.sites), self.source, original, kind, self.statement, self.scope)
        for kid in self.sites[first:]:
            if kid.parent is None and kid.scope is self.scope:
                kid.parent = site
                site.kids.append(kid)
        self.sites.append(site)
        self.made[id(original)] = site
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(site.number), node], []), node)


def _is_number(node):
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_variable(node):
    """Tell whether a target is a name, an attribute of one, or an entry such as grads["W1"]."""
    if isinstance(node, ast.Subscript) and isinstance(getattr(node.slice, "value", None), str):
        node = node.value
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
