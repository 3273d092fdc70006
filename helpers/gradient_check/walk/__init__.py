"""Find the first wrong expression of a gradient, and its repair, by experiments on the learner's own code.

`check_gradient` calls `explain` when a gradient disagrees with the measured slopes. It reads the source of f and of the
gradient, rebuilds both with a probe around every expression, and asks four questions. Which values of the gradient equal
the measured slope ∂L/∂V of a forward value V? They are right so far. Which repair, a small edit of one expression, makes
the gradient right? Which forward value must be held constant for the gradient to be right? And where does a measured
slope, inserted in place of an expression, make the rest right? Whatever is said was verified at several points.
"""

import contextlib
import warnings
from typing import NamedTuple

import numpy as np

from helpers.gradient_check.walk.edits import Editor
from helpers.gradient_check.walk.experiments import fits_alone, fits_edited, fits_measured, inserted, left_out
from helpers.gradient_check.walk.match import Matches
from helpers.gradient_check.walk.points import points_around
from helpers.gradient_check.walk.runs import Bench, NotAllowed
from helpers.gradient_check.walk.search import Search
from helpers.gradient_check.walk.state import CannotRestore
from helpers.gradient_check.walk.statements import tree_edits
from helpers.gradient_check.walk.values import Values
from helpers.time_limit import OutOfTime

__all__ = ["Explanation", "Where", "explain"]

SURE, LIKELY, LATE, OF_F = 1.6, 2.2, 2.6, 1.6  # ranks up to which nothing else is tried; what an edit of f must be better by


class Where(NamedTuple):
    """An expression as the learner wrote it, and its line in the file or in the notebook's cell."""

    filename: str
    lineno: int
    text: str


class Explanation(NamedTuple):
    """What the experiments found. Nothing is in it that was not verified.

    where, repair : the first wrong expression, and what makes it right when it is in its place; or None
    right_so_far : pairs (expression of the gradient, forward value whose slope it is)
    left_out : the forward value that must be held constant for the gradient to be right, or None;
        without a repair, it is what `where` names
    rows : (label, text, marked text, text) of each line of a report that tells all this
    """

    where: Where | None = None
    repair: str | None = None
    right_so_far: tuple = ()
    left_out: str | None = None
    rows: tuple = ()


def explain(f, gradient, x, seconds=10.0, progress=None):
    """Return an Explanation of why a gradient disagrees with f at x, or None if the experiments can say nothing.

    Parameters
    ----------
    f, gradient : functions of x
    x : ndarray of float64
    seconds : float, the time that the experiments may take
    progress : function of a line of text, called about once a second from the second second on
    """
    walk, refused = _Walk(), contextlib.suppress(NotAllowed, CannotRestore)
    with refused, np.errstate(all="ignore"), warnings.catch_warnings(), Bench(f, gradient, x, seconds, progress) as bench:
        warnings.simplefilter("ignore")
        try:
            walk.go(bench, x.copy())
        except OutOfTime:
            walk.stopped = True
    return walk.explanation() if walk.matches or walk.stopped else None


class _Walk:
    matches, repairs, repairs_near, repairs_of_f, left_out, stopped = None, (), (), (), None, False

    def go(self, bench, x):
        """Make the experiments, likely ones first, and stop as soon as one has explained all."""
        points = points_around(bench, x)
        matches = Matches(bench, points) if points and points[0].wrong else None
        if not matches or not matches.sites:
            return
        self.matches, search, values = matches, Search(bench, matches, fits_measured), Values(bench, matches)
        editor = Editor(bench, matches.sites, points[0].backward, values)
        sources = dict.fromkeys(site.source for site in matches.sites)
        own = [*editor.own(), *(edit for one in sources for edit in tree_edits(one, {*bench.source_of.values()}))]
        self.repairs = search.best(own, below=SURE)
        if self.repairs:
            return
        first = matches.first_wrong  # all that can be tried in its statement is tried now, in case that the time runs out
        near = [site for site in matches.sites if first and site.statement is first.statement]
        editor_near = Editor(bench, near, points[0].backward, values)
        self.repairs_near = search.best([*editor_near.with_numbers(), *editor_near.with_others()])
        self.left_out = left_out(matches)
        self.repairs = search.best(own, least=SURE)
        if not self.repairs and (site := inserted(matches)):
            matches.first_wrong, matches.certain = site, True
        if self._rank() > LIKELY:
            self.repairs = search.best(editor.with_numbers(), below=self._rank()) or self.repairs
        others = editor.with_others() if self._rank() > LIKELY else []
        self.repairs = search.best(others, below=min(LATE, self._rank())) or self.repairs
        if self.left_out is None:
            self.repairs_of_f = _of_f(bench, matches, values, below=self._rank())
        likelier = self.repairs_of_f[0].rank + OF_F if self.repairs_of_f else np.inf
        self.repairs = search.best(others, min(likelier, self._rank()), LATE) or self.repairs

    def _rank(self):
        return self.repairs[0].rank if self.repairs else np.inf

    def explanation(self):
        in_f = bool(self.repairs_of_f) and self.repairs_of_f[0].rank + OF_F <= self._rank()
        repairs, of_f = self.repairs or self.repairs_near or [None], self.repairs_of_f
        repairs, of_f = (of_f, []) if in_f else (repairs, of_f)
        matches, (best, *others), where, rows = self.matches, repairs, None, []
        story, left_out = (matches.story, self.left_out and matches.name(self.left_out)) if matches else ((), None)
        if story:
            rows.append(("right so far", ", ".join(f"{text} is the slope of {value}" for text, value in story), "", ""))
        if place := matches and (best or self.left_out or (matches.certain and matches.first_wrong)):
            where = Where(place.source.filename, place.node.lineno, place.source.text(place.node))
        if left_out:
            line = "" if best else f", {place.source.place(place.node)}"
            rows.append(
                ("left out", "the path through ", left_out, f"{line}: if f held it constant, the gradient would be right")
            )
        if where and (best or not left_out):
            line, (start, end) = place.source.line(place.node)
            before, after = f"{place.source.place(place.node)}: {line[:start]}", line[end:]
            label = "in f" if in_f else "first wrong" if best else "is no slope"
            rows.append((label, before, line[start:end], after))
        if best:
            rows.append(("repair", before, best.text, f"{after}      checked at {len(matches.points)} points"))
            rows += [("or", other.line(), "", "") for other in others[:2]]
            rows += [("or", f"in f, {other.line()}", "", "") for other in of_f[:1]]
        if in_f:
            rows.append(("", "the gradient fits an f that is changed so; which of the two is wrong cannot be known", "", ""))
        if self.stopped and not where:
            rows.append(("not finished", "the search used up its time; pass more seconds to let it go on", "", ""))
        return Explanation(where, best and best.text, story, left_out, tuple(rows))


def _of_f(bench, matches, values, below):
    """Return the repairs of f with which the gradient is right.

    What the gradient computes as well must leave the gradient as it is: others would make the two trivially equal."""
    main, shared = matches.main, {number for number, _ in matches.main.backward}
    editor = Editor(bench, matches.sites_of_f, main.forward, values)
    edits = [*editor.own(), *editor.with_numbers(), *editor.with_names()]
    own = [edit for edit in edits if edit.site.number not in shared or edit.site.is_axis or edit.row.startswith("function(")]
    of_both = [edit for edit in edits if edit.site.number in shared]
    return Search(bench, matches, fits_edited).best(own, below) or Search(bench, matches, fits_alone).best(of_both, below)
