"""Find the expression of a gradient that is wrong, by experiments on the learner's own code.

`check_gradient` calls `explain` when a gradient disagrees with the measured slopes. It reads the source of f and of the
gradient, runs both with a probe around every expression, and asks four questions. Which values of the gradient are
slopes ∂L/∂V of a value V of f (they are right so far)? Which small edit of one expression makes the gradient right?
Which path of f does the gradient leave out? Where does a measured slope, put in place of an expression, make the rest
right? Whatever it says was verified at several points.
"""

import contextlib
import warnings
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.walk.edits import Editor
from helpers.gradient_check.walk.forward import fits_edited, left_out
from helpers.gradient_check.walk.grafts import formulas, grafts
from helpers.gradient_check.walk.match import Matches
from helpers.gradient_check.walk.points import points_around
from helpers.gradient_check.walk.runs import Bench, Forbidden, OutOfTime
from helpers.gradient_check.walk.search import Search
from helpers.gradient_check.walk.state import CannotRestore
from helpers.gradient_check.walk.statements import tree_edits
from helpers.gradient_check.walk.values import Values

__all__ = ["Explanation", "Where", "explain"]


class Where(NamedTuple):
    """An expression as the learner wrote it, and its line in the file or in the notebook's cell."""

    filename: str
    lineno: int
    text: str


class Explanation(NamedTuple):
    """What the experiments found. Nothing is in it that was not verified.

    where : Where, the first wrong expression, or None
    repair : str, what makes it right when it stands in its place; None if nothing was verified
    right_so_far : tuple of pairs (expression of the gradient, forward value whose slope it is)
    line, span : the line of source, stripped, and where in it the wrong part starts and ends
    in_f : bool, whether the repair is one of f. Which of the two is wrong cannot be known
    left_out : str, the forward expression whose path the gradient leaves out, or None
    alternatives : tuple of str, lines with other repairs that fit as well
    checked : int, the number of points at which the repair was verified
    """

    where: Where | None
    repair: str | None
    right_so_far: tuple
    line: str
    span: tuple
    in_f: bool
    left_out: str | None
    alternatives: tuple
    checked: int


def explain(f, gradient, x, seconds=10.0, progress=None):
    """Return an Explanation of why a gradient disagrees with f at x, or None if the experiments can say nothing.

    Parameters
    ----------
    f, gradient : functions of x
    x : ndarray of float64
    seconds : float, the time that the experiments may take
    progress : function of a line of text, called about once a second from the second second on
    """
    if not callable(gradient):
        return None
    try:
        bench = Bench(f, gradient, x, seconds, progress)
    except CannotRestore:
        return None
    with bench, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        walk = _Walk()
        with contextlib.suppress(Forbidden, OutOfTime, CannotRestore):
            walk.go(bench, x.copy())
        bench.deadline += 1
        return walk.explanation()


class _Walk:
    search, found, path, graft, in_f = None, (), None, None, False

    def go(self, bench, x):
        points = points_around(bench, x)
        if not points or not points[0].wrong:
            return
        matches = Matches(bench, points)
        if not matches.sites:
            return
        self.search = search = Search(bench, points, matches)
        values = Values(bench, matches)
        editor = Editor(bench, matches.sites, points[0].backward, values, search.matters)
        statements = [edit for source in {site.source for site in matches.sites} for edit in tree_edits(source)]
        self.found = search.first(editor.own() + statements)
        if self.found and self.found[0].rank < 1.6:
            return
        self.path = left_out(bench, points)
        if not self.found:
            self.found = (
                search.first(editor.with_numbers())
                or self._from_slopes(search, values)
                or search.first(editor.with_others())
            )
        if self.path is None and (not self.found or self.found[0].rank > 2.2):
            in_f = self._of_f(search, values)
            if in_f and not (self.found and self.found[0].rank < in_f[0].rank + 1.6):
                self.found, self.in_f = in_f, True

    def _of_f(self, search, values):
        """Return the edits of f for which the gradient is right."""
        main, both = search.main, {number for number, _ in search.main.backward}
        sites = [search.bench.sites[number] for number in dict.fromkeys(number for number, _ in main.forward)]
        editor = Editor(search.bench, sites, main.forward, values, lambda site: True)
        edits = [
            edit for edit in editor.own() + editor.with_numbers() if edit.site.number not in both or _is_about_an_axis(edit)
        ]
        return Search(search.bench, search.points, search.matches, fits_edited).first(edits)

    def _from_slopes(self, search, values):
        """Return repairs of expressions that ought to be a slope that was measured."""
        matches, targets = search.matches, []
        if matches.result and search.main.x.size <= 150:
            targets.append((matches.result, [point.slopes_at_x() for point in search.points]))
        for self.graft in grafts(search):
            targets.insert(0, self.graft)
            break
        for site, slopes in targets:
            found = [new for edit in formulas(search, values, site, slopes) if (new := search.tried_out(edit.price, edit))]
            if found:
                return sorted(found, key=lambda one: one.rank)
        return ()

    def explanation(self):
        return self.search and _said(self.search, self.search.matches, self.found, self.path, self.graft, self.in_f)


def _said(search, matches, found, path, graft, in_f):
    node, text, source = None, None, None
    if found:
        best = min(found, key=lambda one: one.rank)
        node, text, source = best.node, best.text, best.source
    elif site := (graft and graft[0]) or matches.first_wrong or (path and matches.result):
        node, source = site.node, site.source
    if node is None:
        return Explanation(None, None, matches.story, "", (0, 0), False, path, (), 0)
    line, span = source.line(node)
    where = Where(source.filename, node.lineno, source.text(node))
    others = [_repaired(one) for one in found if one.text and one.text != text]
    return Explanation(
        where, text, matches.story, line, span, in_f, path, tuple(others[:2]), len(search.points) if text else 0
    )


def _is_about_an_axis(edit):
    """Tell whether an edit takes a sum, a mean ... over another axis. Others would make f and a gradient trivially equal."""
    keywords = getattr(edit.site.parent and edit.site.parent.node, "keywords", ())
    return edit.expression.startswith("function(") or any(
        word.value is edit.site.node and word.arg == "axis" for word in keywords
    )


def _repaired(found):
    line, (start, end) = found.source.line(found.node)
    return f"line {found.node.lineno}: {line[:start]}{found.text}{line[end:]}"
