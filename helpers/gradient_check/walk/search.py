"""Try the edits of a gradient, likely ones first, and keep those that make it agree with the measured slopes at all points."""

import ast
import copy
import dataclasses

import numpy as np

from helpers.gradient_check.walk.match import identity
from helpers.gradient_check.walk.runs import Endless, Forbidden
from helpers.gradient_check.walk.statements import LOOPS


@dataclasses.dataclass
class Found:
    """An edit that makes the gradient right, and how it is written (None if that could not be verified)."""

    rank: float
    edit: object
    node: ast.AST
    text: str | None
    source: object


class Search:
    def __init__(self, bench, points, matches):
        self.bench, self.points, self.matches, self.main = bench, points, matches, points[0]
        self.tried = 0

    def first(self, edits, most=3):
        """Return the edits that fit, best first, and those that fit as well."""
        found = []
        for rank, edit in sorted(((self.rank(edit), edit) for edit in edits), key=lambda pair: pair[0]):
            if len(found) >= 12 or found and rank > found[0].rank + 0.5:
                break
            if new := self.tried_out(rank, edit):
                found.append(new)
        return found

    def tried_out(self, rank, edit):
        """Return an edit with its text if it makes the gradient right everywhere, else None."""
        self.tried += 1
        actions = edit.actions()
        if actions is not None and not all(point.agrees(self.outcome(point, actions)) for point in self.points):
            return None
        for trees, texts in list(edit.variants())[:4]:
            if self.confirmed(trees):
                (node, text), *more = texts.items()
                return Found(rank, edit, node, text, self.source_of(node))
        return Found(rank + 0.5, edit, edit.site.node, None, edit.site.source) if actions is not None else None

    def outcome(self, point, actions=None, replaced=None):
        try:
            return point.run_gradient(actions, replaced=replaced)
        except (Exception, Endless, Forbidden):
            return None

    def confirmed(self, trees):
        """Compile the function with new syntax trees in place of old ones; tell whether it is right at all points."""
        source = self.source_of(next(iter(trees)))
        try:
            tree = copy.deepcopy(source.node, {id(old): new for old, new in trees.items()})
            names = {node.id for new in trees.values() for node in ast.walk(new) if isinstance(node, ast.Name)}
            extra = [name for name in self.bench.shared if name in names and name not in source.code.co_freevars]
            code = self.bench.compiled(source, tree, extra)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            return False
        return all(point.agrees(self.outcome(point, replaced={source.code: code})) for point in self.points)

    def source_of(self, node):
        return self.bench.source_by_node[id(node)]

    # -- which edit is the likeliest

    def rank(self, edit):
        site = getattr(edit, "site", None) or self.bench.site_of.get(id(edit.shown))
        statement = site.statement if site else edit.shown
        return edit.price + (self._known(site) if site else 0) + self._distance(site, statement)

    def _known(self, site):
        """Return what speaks against an edit inside of a value that is right as it is."""
        known = 0.0
        while site is not None:
            value = self.main.backward.get((site.number, 0))
            if site.kind not in ("Name", "Constant", "Callee") and isinstance(value, np.ndarray) and value.size > 1:
                if site.number in self.matches.right:
                    known = max(known, 1.2)
                elif identity(value) in self.matches.forward:
                    known = max(known, 0.6)
                elif identity(value) in self.matches.good:
                    known = max(known, 0.6)
            site = site.parent
        return known

    def _distance(self, site, statement):
        wrong = self.matches.first_wrong
        if wrong is None:
            return 0.0
        if site is not None and site.is_inside(wrong):
            return -0.3
        return -0.15 if statement is wrong.statement else 0.0
