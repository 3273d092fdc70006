"""Try the edits, likely ones first, and keep as repairs those that make gradient and measured slopes agree."""

import ast
import functools
import re
import statistics
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.walk.experiments import fits_measured
from helpers.gradient_check.walk.source import replaced
from helpers.gradient_check.walk.values import ATOMS, identity, is_float

MOST_FOUND, NEARLY_AS_GOOD = 15, 0.6


class Repair(NamedTuple):
    """An edit that makes the gradient right, where it is, and how it is written."""

    rank: float
    node: ast.AST
    text: str
    source: object
    given: np.ndarray

    def line(self):
        line, (start, end) = self.source.line(self.node)
        return f"{self.source.place(self.node)}: {line[:start]}{self.text}{line[end:]}"

    def says_the_same(self, better):
        """Tell whether this is only another way to write a better repair of the same line."""
        words, others = (set(re.findall(r"[^\W\d]\w*", one.line())) for one in (self, better))
        same_place = self.node.lineno == better.node.lineno and self.source is better.source
        return same_place and words >= others and np.array_equal(self.given, better.given)


class Search:
    """Edits that are judged by `fits`, a function of (point, actions, code): fits_measured, or those for edits of f."""

    def __init__(self, bench, matches, fits):
        self.bench, self.matches, self.main, self.fits = bench, matches, matches.main, fits
        self._right, sources = functools.cache(self._right), {site.source for site in matches.sites_of_f}
        self.shared = sources - {statistics.mode(site.source for site in matches.sites)} if fits is fits_measured else ()
        self.written_in_f = {ast.dump(site.node) for site in matches.sites_of_f if site.kind not in ("Name", "Constant")}

    def best(self, edits, below=np.inf, least=-np.inf):
        """Return the edits that fit, best first, and those that fit nearly as well; the best is between two ranks."""
        found, ranks = [], ((self.rank(edit), edit) for edit in edits)
        for rank, edit in sorted((pair for pair in ranks if pair[0] >= least), key=lambda pair: pair[0]):
            if len(found) >= MOST_FOUND or rank >= (found[0].rank + NEARLY_AS_GOOD if found else below):
                break
            if new := self.tried_out(rank, edit):
                found.append(new)
        kept = []
        for one in sorted(found, key=lambda one: one.rank):
            same = next((k for k, better in enumerate(kept) if one.says_the_same(better)), None)
            if same is None:
                kept.append(one)
            elif len(one.line()) < len(kept[same].line()) and not kept[same].text.startswith("#"):
                kept[same] = one
        return kept

    def tried_out(self, rank, edit):
        """Return an edit as a Repair if it makes the gradient right at all points, else None."""
        actions, source = edit.actions(), self.bench.source_of[id(edit.shown)]
        if actions is not None and self._result(actions) is None:
            return None
        for trees in edit.variants():
            try:
                code = self.bench.compiled(source, trees)
            except (SyntaxError, SystemError, ValueError, TypeError, RecursionError):
                continue
            if (given := self._result(code={source.code: code})) is not None:
                tree = replaced(edit.shown, trees)
                rank -= 0.4 * (ast.dump(tree) in self.written_in_f and edit.row != "other")
                return Repair(rank, edit.shown, edit.text or self._text(edit.shown, tree), source, given)
        return None

    def _text(self, node, tree):
        """Return a new expression as text, in brackets if it would mean something else without, where it is to be."""
        text, site = self.bench.text(tree), self.bench.site_of.get(id(node))
        if site is None or site.parent is None:
            return text

        def around(new):
            return ast.unparse(replaced(site.parent.node, {node: new}))

        return text if around(tree) == around(ast.Name(ast.unparse(tree))) else f"({text})"

    def _result(self, actions=None, code=None):
        """Return the gradient at the first point, if an edit is right at all, else None."""
        first = self.fits(self.main, actions, code)
        others = (self.fits(point, actions, code) is not None for point in self.matches.points[1:])
        return first if first is not None and all(others) else None

    # -- which edit is the likeliest

    def rank(self, edit):
        """Return the cost of an edit: lower where the first wrong expression is, higher in what is right so far."""
        site, matches, wrong = self.bench.site_of.get(id(edit.shown)), self.matches, self.matches.first_wrong
        rank = edit.cost + 1e-4 * edit.shown.lineno + (self.bench.source_of[id(edit.shown)] in self.shared)
        if site is None:
            return rank - 0.15 * (wrong is not None and edit.shown is wrong.statement)
        if site.kind == "Name" and getattr(site.statement, "value", None) is site.node:  # y = x: something may be missing
            rank -= 0.2
        if wrong is not None:
            same = matches.value(site) is not None and identity(matches.value(site)) == identity(matches.value(wrong))
            rank -= 0.3 if same or site.is_inside(wrong) else 0.15 * (site.statement is wrong.statement)
        rank -= 0.5 * self._is_a_factor(site, edit)
        around = [*site.around()]
        return rank + 0.02 * len(around) + max(map(self._right, around))

    def _is_a_factor(self, site, edit):
        """Tell whether an edit brings in an operand of the forward value whose slope it changes."""
        other, key = edit.parts.get("other"), self.matches.slopes.get(identity(self.matches.value(site)))
        if other is None or key is None:
            return False
        operands = (self.main.forward.get((kid.number, key[1])) for kid in self.bench.sites[key[0]].kids)
        return any(identity(operand) == identity(other.value) for operand in operands)

    def _right(self, site):
        """Return what speaks for a value being right as it is."""
        value = self.matches.value(site)
        if site.kind in {"Name", *ATOMS} or not is_float(value) or not np.size(value):
            return 0.0
        value, matches = identity(value), self.matches
        if value in matches.slopes:
            return 1.2 if value in matches.kept else 0.5 * (site.name is not None)
        if value in matches.kept or ast.dump(site.node) in self.written_in_f:
            return 0.6
        return 0.3 * (value in matches.moving)
