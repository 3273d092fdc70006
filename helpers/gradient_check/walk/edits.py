"""The small edits of a function: which rows of the table of repairs fit which of its expressions."""

import numpy as np

from helpers.gradient_check.walk import repairs
from helpers.gradient_check.walk.values import ATOMS, Part, identity, is_array, is_float, is_integer, operands

# The parts of an expression: their fields in a syntax tree, and their names in the table of repairs.
FIELDS = {"left": "left", "right": "right", "comparators": "right", "func": "function", "args": "first", "value": "owner"}

COPY = "it.copy()"  # the same value, and yet another array
MOST_ALIKE = 3  # other ways to compute a value that are tried


class Edit:
    """A row of the table in place of one expression, or of several alike in one statement.

    shown : the syntax tree whose change the learner is shown
    alike : other rows that give the same value; perhaps only their parts can be named where the expression is
    """

    text = None  # the new syntax trees tell

    def __init__(self, cost, sites, row, parts):
        self.cost, self.sites, self.row, self.parts, self.site, self.alike = cost, sites, row, parts, sites[0], []
        around = next((one for one in self.site.around() if all(site.is_inside(one) for site in sites)), None)
        self.shown = around.node if around else self.site.statement or self.site.source.node

    def actions(self):
        """Return what makes the change while the function runs: {number of a site: function of (value, visit)}."""
        row, parts = repairs.compiled(self.row), self.parts
        return {
            site.number: lambda it, visit: row(it=it, **{name: part.get() for name, part in parts.items()})
            for site in self.sites
        }

    def variants(self):
        """Yield the ways to write it, each as {syntax tree: new syntax tree}."""
        for row, parts in [(self.row, self.parts), *self.alike[:MOST_ALIKE]]:
            written = {name: part.spellings(self.site) for name, part in parts.items()}
            for k in range(max(map(len, written.values()), default=1)):
                trees = {name: spelled[min(k, len(spelled) - 1)] for name, spelled in written.items()}
                yield {site.node: repairs.as_tree(row, trees | {"it": site.node}) for site in self.sites}


class Editor:
    """The edits of the expressions that a function passed, made from the values that were noted there."""

    def __init__(self, bench, sites, notes, values):
        self.bench, self.notes, self.values = bench, notes, values
        self.in_loops = {number for number, visit in notes if visit > 0}
        self.sites = [site for site in sites if (site.number, 0) in notes]

    def own(self):
        """Return the edits that need no other value; and those that change a name or a number all over a statement."""
        alike = {}
        for site in self.sites:
            if site.kind in ("Name", "Constant"):
                alike.setdefault((site.statement, site.scope, site.text), []).append(site)
        several = [sites for sites in alike.values() if len(sites) > 1]
        return [*self._made(self._own_rows), *self._made(self._rows_for_several, several)]

    def with_numbers(self):
        """Return the edits that put in a number at hand."""
        return [*self._made(lambda site, value: self._rows_with(site, value, self.values.numbers, "number", 1.5))]

    def with_others(self):
        """Return the edits that put in another value at hand."""
        return [*self._made(lambda site, value: self._rows_with(site, value, self.values.before(site), "other", 1.4))]

    def with_names(self):
        """Return the edits that read another variable of the same shape."""
        return [*self._made(lambda site, value: self._other_names(site) if site.kind == "Name" else ())]

    def _made(self, rows, groups=None):
        """Yield an edit for each row that can be computed from the noted values and gives a new value."""
        for sites in [[site] for site in self.sites] if groups is None else groups:
            value = self._value(sites[0])
            seen = {identity(value): None}
            for cost, row, parts in sorted(rows(sites[0], value), key=lambda row: row[0]):
                try:
                    new = repairs.compiled(row)(it=value, **{name: part.value for name, part in parts.items()})
                except Exception:
                    continue
                known = new if callable(new) else identity(new)
                if sites[0].number in self.in_loops or row == COPY or callable(new) or known not in seen:
                    seen[known] = Edit(cost, sites, row, parts)
                    yield seen[known]
                elif seen[known]:
                    seen[known].alike.append((row, parts))

    def _value(self, site):
        return self.notes.get((site.number, 0))

    def _own_rows(self, site, value):
        parts, name = self._parts(site.node), getattr(getattr(site.node, "func", site.node), "attr", "")
        if site.kind == "Callee":
            for new in repairs.FUNCTIONS.get(name, ()):
                yield (1.1, f"owner.{new}", parts) if parts else (1.1, f"np.{new}", {})
        elif site.is_axis:
            yield from self._rows("axis")
        elif site.kind == "Constant":
            yield from ((cost, f"{repairs.compiled(row)(value):.12g}", {}) for cost, row, _ in repairs.rows("constant"))
        else:
            if site.kind in repairs.TABLES:
                yield from self._rows(site.kind, parts)
            if name in repairs.FUNCTIONS and site.kind == "Call" and not site.node.keywords:
                yield from self._rows("reduction" if site.node.args else "method", parts)
                yield from self._rows("cumsum", parts) if name == "cumsum" else ()
            kind = np.asarray(value).dtype.kind
            for table, fits in {"integer": kind in "iu", "complex": kind == "c", "array": is_array(value)}.items():
                yield from self._rows(table) if fits else ()
            yield from self._left_alone(site)

    def _rows(self, table, parts=()):
        for cost, row, names in repairs.rows(table):
            if names.issubset(parts):
                yield cost, row, {name: parts[name] for name in names}

    def _parts(self, node):
        """Return the parts of an expression that a row may name."""
        parts = {}
        for field, name in FIELDS.items():
            part = getattr(node, field, None)
            site = self.bench.site_of.get(id(part[0] if isinstance(part, list) and part else part))
            if site is not None:
                parts[name] = self._operand(site)
        return parts

    def _operand(self, site):
        return Part(self._value(site), lambda: self.bench.latest[site.number], [(site.scope, site.node)])

    def _left_alone(self, site, around=None, depth=0):
        """Yield the rows that drop everything around one part of an expression."""
        for i, part in enumerate(operands(around or site)):
            value = self._value(part)
            if part.kind not in ATOMS and (is_array(value) or is_integer(value)):
                yield 0.9 + 0.08 * min(i, 1) + 0.05 * depth, "other", {"other": self._operand(part)}
            yield from self._left_alone(site, part, depth + 1)

    def _rows_with(self, site, value, others, table, cost):
        """Yield the rows with another value in place of an expression, and those that combine the two."""
        around = self._value(site.parent) if site.parent and site.parent.kind == "Call" else value
        for other in others:
            if np.shape(other.value) == np.shape(value) and (site.kind not in ATOMS or is_integer(value) or is_float(value)):
                yield cost + other.cost, "other", {"other": other}
            if site.kind == "Constant" and getattr(site.statement, "value", None) is site.node and np.ndim(other.value) == 2:
                yield from ((extra + other.cost, row, {"other": other}) for extra, row, _ in repairs.rows("sum"))
            if is_array(value) and site.kind not in ATOMS:
                small = np.ndim(other.value) <= max(np.ndim(value), np.ndim(around))
                rows = self._rows(table, self._parts(site.node) | {"other": other})
                yield from ((extra + other.cost, row, parts) for extra, row, parts in rows if small or "@" in row)

    def _rows_for_several(self, site, value):
        if site.kind == "Constant" and is_integer(value):
            yield from ((1.3, new, {}) for new in ("0", "1"))
        elif site.kind == "Name" and is_float(value):
            yield from self._other_names(site, 1.6)

    def _other_names(self, site, cost=1.4):
        rows = self._rows_with(site, self._value(site), self.values.before(site), "other", cost)
        return (row for row in rows if row[1] == "other")
