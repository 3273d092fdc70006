"""Try the edits of a gradient, likely ones first, and keep those that make it agree with the measured slopes."""

import ast
import dataclasses

import numpy as np

from helpers.gradient_check.walk.match import identity, is_float, operands
from helpers.gradient_check.walk.repairs import means
from helpers.gradient_check.walk.runs import Endless, Forbidden
from helpers.gradient_check.walk.source import replaced


@dataclasses.dataclass
class Found:
    """An edit that makes the gradient right, where it is, and how it is written (None if no spelling could be verified)."""

    rank: float
    edit: object
    node: ast.AST
    text: str | None
    source: object


class Search:
    """Edits of the gradient, or of f if `fits` is given: a function of (point, edits, replaced) that judges an edited f."""

    def __init__(self, bench, points, matches, fits=None):
        self.bench, self.points, self.matches, self.main = bench, points, matches, points[0]
        self.fits = fits or (lambda point, edits, replaced: point.agrees(self.outcome(point, edits, replaced)))
        sites = [bench.sites[number] for number in dict.fromkeys(number for number, _ in self.main.forward)]
        self.written_in_f = {ast.dump(site.node) for site in sites if site.kind not in ("Name", "Constant", "After")}
        self.known = {}

    def first(self, edits):
        """Return the edits that fit, best first, and those that fit nearly as well."""
        found = []
        for rank, edit in sorted(((self.rank(edit), edit) for edit in edits), key=lambda pair: pair[0]):
            if len(found) >= 15 or (found and rank > found[0].rank + 0.6):
                break
            if new := self.tried_out(rank, edit):
                found.append(new)
        return sorted(found, key=lambda one: one.rank)

    def tried_out(self, rank, edit):
        """Return an edit with its text if it makes the gradient right at all points, else None."""
        actions = edit.actions()
        if actions is not None and not all(self.fits(point, actions, None) for point in self.points):
            return None
        for trees, text in edit.variants():
            if self.confirmed(trees):
                as_in_f = (
                    getattr(edit, "expression", "") != "other"
                    and edit.shown in trees
                    and ast.dump(trees[edit.shown]) in self.written_in_f
                )
                source = self.bench.source_by_node[id(edit.shown)]
                return Found(rank - 0.4 * as_in_f, edit, edit.shown, self._in_place(edit.shown, trees, text, source), source)
        return Found(rank + 0.5, edit, edit.shown, None, edit.site.source) if actions is not None else None

    def _in_place(self, node, trees, text, source):
        """Return a text in brackets if it would mean something else without, where it is to stand."""
        site = self.bench.site_of.get(id(node))
        if site is None or site.parent is None or node not in trees:
            return text
        around = site.parent.node
        return text if means(source.spliced(around, {node: text}), replaced(around, trees)) else f"({text})"

    def matters(self, site):
        """Tell whether the gradient changes when the value of a site does."""
        value = self._value(site)
        if site.kind == "Constant" or not is_float(value):
            return True
        new = self.outcome(self.main, {site.number: lambda value, visit: 1.1 * value + 0.1})
        return new is None or not np.array_equal(new, self.main.given)

    def outcome(self, point, actions=None, replaced=None):
        try:
            return point.run_gradient(actions, replaced=replaced)
        except (Exception, Endless, Forbidden):
            return None

    def confirmed(self, trees):
        """Compile the function with new syntax trees in place of old ones; tell whether it is right at all points."""
        source = self.bench.source_by_node[id(next(iter(trees)))]
        try:
            tree = replaced(source.node, trees)
            names = {node.id for new in trees.values() for node in ast.walk(new) if isinstance(node, ast.Name)}
            extra = [name for name in self.bench.shared if name in names and name not in source.code.co_freevars]
            code = self.bench.compiled(source, tree, extra)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            return False
        return all(self.fits(point, None, {source.code: code}) for point in self.points)

    # -- which edit is the likeliest

    def rank(self, edit):
        site, wrong = self.bench.site_of.get(id(edit.shown)), self.matches.first_wrong
        rank = edit.price + 1e-4 * edit.shown.lineno
        if site is None or site.kind == "After":
            return rank - 0.15 * (wrong is not None and edit.shown is wrong.statement)
        if site.number not in self.known:
            self.known[site.number] = self._known(site)
        if getattr(site.statement, "value", None) is site.node and site.kind == "Name":  # y = x: something may be missing
            rank -= 0.2
        if wrong is not None:
            same = self._value(site) is not None and identity(self._value(site)) == identity(self._value(wrong))
            near = site.statement is wrong.statement or self._is_read_by(site, wrong)
            rank -= 0.3 if same or site.is_inside(wrong) else 0.15 * near
        while site is not None:
            rank, site = rank + 0.02, site.parent
        return rank + self.known[self.bench.site_of[id(edit.shown)].number]

    def _is_read_by(self, site, wrong):
        """Tell whether a site is in the statement of a variable that the wrong expression reads, and that is no slope."""
        while site.parent is not None:
            site = site.parent
        return (
            site.name is not None
            and site.scope is wrong.scope
            and any(
                kid.text == site.name and not self.matches.is_exact(identity(self._value(kid))) for kid in operands(wrong)
            )
        )

    def _value(self, site):
        return self.main.backward.get((site.number, 0))

    def _known(self, site):
        """Return what speaks against an edit inside of a value that is right as it is."""
        known = 0.0
        while site is not None:
            value = self._value(site)
            if (
                site.kind not in ("Name", "Constant", "Callee")
                and isinstance(value, np.ndarray | float)
                and np.size(value) > 0
            ):
                if identity(value) in self.matches.kept:
                    known = max(known, 1.2 if self.matches.is_complete(identity(value)) else 0.6)
                elif self.matches.is_complete(identity(value)) and site.name:
                    known = max(known, 0.5)
                elif identity(value) in self.matches.moving:
                    known = max(known, 0.3)
                if ast.dump(site.node) in self.written_in_f:
                    known = max(known, 0.6)
            site = site.parent
        return known
