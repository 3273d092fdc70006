"""Insert a probe around every expression of a learner's function, so that its value can be seen and changed.

`dz = da * (z > 0)` becomes `dz = probe(5, probe(1, da) * probe(4, probe(2, z) > probe(3, 0)))`. A probe returns the value
that it is given. While the gradient check experiments, it may also note the value down, or return another one.
"""

import ast
import copy
import dataclasses
import types

PROBE = "probe_"
ROUND, CALLED = -1, -2  # in place of the number of a site: in edited code, a round of a loop, and what is called
OPAQUE = ast.JoinedStr | ast.ClassDef | ast.Match | ast.arguments | ast.Delete
UNSEEN = "JoinedStr Tuple List Slice Starred Dict Set Yield YieldFrom GeneratorExp Lambda".split()


@dataclasses.dataclass(eq=False)
class Site:
    """One expression of a learner's code, where a probe is."""

    number: int  # which the probe reports
    source: object  # the function it is in
    node: ast.AST  # its syntax tree, as it was before any probes
    kind: str  # the name of the tree's class; "Callee" is what is called, "Constant" is a number
    statement: ast.AST  # the innermost statement that it is in
    scope: ast.AST  # the innermost function that it is in
    kids: list = dataclasses.field(default_factory=list)  # the sites of its operands
    parent: object = None  # the site whose operand it is
    name: str | None = None  # the variable to which the value is assigned

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

    @property
    def is_test(self):
        """Whether it is what a while loop tests."""
        return isinstance(self.statement, ast.While) and self.node is self.statement.test

    @property
    def is_axis(self):
        """Whether it is the axis of a sum, a mean, ..."""
        keywords = getattr(self.parent and self.parent.node, "keywords", ())
        return any(word.arg == "axis" and word.value is self.node for word in keywords)


class Rewriter:
    """Copy the syntax tree of a function with a probe around each expression, and append the sites to a list.

    made : {id of a syntax tree: its site}
    names : the global names of the function, to tell modules from values
    """

    def __init__(self, source, sites, made, names):
        self.source, self.sites, self.made, self.names = source, sites, made, names
        self.statement, self.scope = None, source.node
        self.called = {call.func for call in ast.walk(source.node) if isinstance(call, ast.Call)}
        self.tree = self._copied(source.node)

    def _copied(self, node):
        new = copy.copy(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(new, field, self._visit(value))
            elif isinstance(value, list):
                setattr(new, field, [self._visit(part) if isinstance(part, ast.AST) else part for part in value])
        if isinstance(node, ast.Assign):
            self._name(node.targets[0], node.value)
        return new

    def _name(self, target, value):
        """Note which variable a value is assigned to."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for part in zip(target.elts, value.elts, strict=False):
                self._name(*part)
        elif id(value) in self.made and _is_variable(target):
            self.made[id(value)].name = self.source.text(target)

    def _visit(self, node):
        outside, first, new = (self.statement, self.scope), len(self.sites), node
        if isinstance(node, ast.stmt):
            self.statement = node
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            self.scope = node
        if not isinstance(node, OPAQUE) and not _is_number(node):
            new = self._copied(node)
        self.statement, self.scope = outside
        return self._probe(node, first, new) if self._has_a_value(node) else new

    def _has_a_value(self, node):
        module = isinstance(node, ast.Name) and isinstance(self.names.get(node.id), types.ModuleType)
        if module or not isinstance(node, ast.expr) or type(node).__name__ in UNSEEN:
            return False
        if isinstance(node, ast.Constant):
            return _is_number(node)
        return isinstance(getattr(node, "ctx", None), ast.Load | None)

    def _probe(self, original, first, node):
        """Return the call of a probe, whose operands are the sites that were made since the first one."""
        kind = "Callee" if original in self.called else "Constant" if _is_number(original) else type(original).__name__
        site = Site(len(self.sites), self.source, original, kind, self.statement, self.scope)
        for kid in self.sites[first:]:
            if kid.parent is None and kid.scope is self.scope:
                kid.parent = site
                site.kids.append(kid)
        self.sites.append(site)
        self.made[id(original)] = site
        return ast.copy_location(ast.Call(ast.Name(PROBE, ast.Load()), [ast.Constant(site.number), node], []), node)


def _is_number(node):
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_variable(node):
    """Tell whether a target is a name, an attribute of one, or an entry such as grads["W1"]."""
    if isinstance(node, ast.Subscript) and isinstance(getattr(node.slice, "value", None), str):
        node = node.value
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
