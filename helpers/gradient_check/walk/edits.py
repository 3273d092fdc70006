"""Make the small edits of a function: which rows of the table fit which of its expressions."""

import ast

import numpy as np

from helpers.gradient_check.walk import repairs
from helpers.gradient_check.walk.match import identity, is_float, is_integer, operands
from helpers.gradient_check.walk.values import operand

UNTOUCHED = {"Constant", "Callee", "After"}


class Edit:
    """One row of the table at one or several expressions of a function."""

    def __init__(self, price, sites, expression, parts):
        self.price, self.sites, self.expression, self.parts, self.site = price, sites, expression, parts, sites[0]
        around = self.site
        while around is not None and not all(site.is_inside(around) for site in sites):
            around = around.parent
        self.shown = around.node if around else self.site.statement

    def actions(self):
        """Return what makes the change while the function runs: {number of a site: function of (value, visit)}."""
        row, parts = repairs.compiled(self.expression), self.parts
        return {
            site.number: lambda it, visit: row(it=it, **{name: part.get() for name, part in parts.items()})
            for site in self.sites
        }

    def variants(self):
        """Yield ways to write it: pairs of {node: new node} and the new text of the node that is shown."""
        spellings = {name: part.spellings(self.site) for name, part in self.parts.items()}
        for k in range(max(map(len, spellings.values()), default=1)):
            chosen = {name: texts[min(k, len(texts) - 1)] for name, texts in spellings.items()}
            parts = {site.node: chosen | {"it": (site.node, site.text)} for site in self.sites}
            trees = {node: repairs.as_tree(self.expression, part) for node, part in parts.items()}
            texts = {node: repairs.as_text(self.expression, part) for node, part in parts.items()}
            yield trees, texts.get(self.shown) or self.site.source.spliced(self.shown, texts)


class Editor:
    """The edits of the expressions that a function passed, made from the values that were noted there."""

    def __init__(self, bench, sites, notes, values, matters):
        self.bench, self.notes, self.values, self.visits = bench, notes, values, {}
        for number, visit in notes:
            self.visits[number] = visit + 1
        self.sites = [site for site in sites if site.number in self.visits and site.kind != "After" and matters(site)]

    def own(self):
        """Return the edits that need no other array."""
        edits = [edit for site in self.sites for edit in self._made(site, self._own_rows(site))]
        return edits + list(self._groups())

    def with_others(self):
        """Return the edits that put in another value at hand."""
        return [
            edit
            for site in self.sites
            if site.kind not in UNTOUCHED
            for edit in self._made(site, self._rows_with_others(site))
        ]

    def _made(self, site, rows):
        """Yield an edit for each row that can be computed from the noted values and gives a new value."""
        value = self._value(site)
        seen = {identity(value)}
        for price, expression, parts in sorted(rows, key=lambda row: row[0]):
            try:
                new = repairs.compiled(expression)(it=value, **{name: part.value for name, part in parts.items()})
            except Exception:
                continue
            if self.visits[site.number] == 1 and not callable(new):
                if identity(new) in seen:
                    continue
                seen.add(identity(new))
            yield Edit(price, [site], expression, parts)

    def _value(self, site):
        return self.notes.get((site.number, 0))

    def _parts(self, node):
        """Return the parts of an expression that a row may name."""
        if isinstance(node, ast.BinOp):
            found = {"left": node.left, "right": node.right}
        elif isinstance(node, ast.Compare):
            found = {"left": node.left, "right": node.comparators[0]}
        elif isinstance(node, ast.Call):
            found = dict(zip(("first", "second", "third"), node.args, strict=False)) | {"function": node.func}
        else:
            found = {"owner": node.value} if isinstance(node, ast.Attribute) else {}
        sites = {name: self.bench.site_of.get(id(part)) for name, part in found.items()}
        return {name: operand(self.bench, site, self._value(site)) for name, site in sites.items() if site}

    def _rows(self, table, parts=None, extra=0.0):
        parts = parts or {}
        for price, row in repairs.rows(table):
            names = set(repairs.PLACES.findall(row)) - {"it"}
            if names <= parts.keys():
                yield price + extra, row, {name: parts[name] for name in names}

    def _own_rows(self, site):
        value, parts = self._value(site), self._parts(site.node)
        if site.kind == "Constant":
            yield from self._constants(site, value)
        elif site.kind == "Callee":
            for name in repairs.FUNCTIONS.get(getattr(site.node, "attr", ""), "").split():
                yield from self._rows(f"1.1 owner.{name}" if parts else f"1.1 np.{name}", parts)
        else:
            yield from self._rows(site.kind if site.kind in repairs.TABLES and "third" not in parts else "", parts)
            yield from self._left_alone(site)
        if site.kind == "Call" and getattr(site.node.func, "attr", "") in repairs.FUNCTIONS and not site.node.keywords:
            yield from self._rows(
                "reduction" if "first" in parts else "method", {k: v for k, v in parts.items() if k != "second"}
            )
        if is_integer(value):
            yield from self._rows("integer" if site.kind != "Constant" else "")
            if isinstance(site.parent and site.parent.node, ast.Subscript) or site.kind == "Name":
                yield from ((1.4, "other", {"other": part}) for part in self.values.integers(site))
        if site.kind not in UNTOUCHED and (isinstance(value, np.ndarray) or is_float(value)):
            yield from self._rows("array")

    def _left_alone(self, site, kid=None, depth=0):
        """Yield the rows that drop everything around one part of an expression."""
        for i, part in enumerate(operands(kid or site)):
            value = self._value(part)
            if part.kind not in UNTOUCHED and (is_float(value) or isinstance(value, np.ndarray)):
                yield 0.9 + 0.08 * min(i, 1) + 0.05 * depth, "other", {"other": operand(self.bench, part, value)}
            yield from self._left_alone(site, part, depth + 1)

    def _constants(self, site, value):
        around = site.parent and site.parent.node
        if any(keyword.value is site.node and keyword.arg == "axis" for keyword in getattr(around, "keywords", ())):
            yield from self._rows("axis")
        elif isinstance(around, ast.Subscript):
            yield from self._rows(f"1.4 {value + 1} | 1.4 {value - 1} | 1.5 0")
        else:
            yield from self._rows(
                f"1.3 {-value} | 1.3 {1 - value} | 1.4 0 | 1.4 1 | 1.4 2 | 1.4 0.5 | 1.5 {value + 1} | 1.5 {value - 1}"
            )
            yield from self._rows(f"1.5 {2 * value} | 1.5 {value / 2} | 1.6 3" + (f" | 1.5 1 / {value}" if value else ""))

    def with_numbers(self):
        """Return the edits that put in a number at hand."""
        return [edit for site in self.sites for edit in self._made(site, self._rows_with_numbers(site))]

    def _rows_with_numbers(self, site):
        value = self._value(site)
        for number in self.values.numbers:
            if is_float(value) and site.kind not in UNTOUCHED:
                yield from self._rows("number", {"number": number}, number.price)
            if np.ndim(value) == 0 and (is_float(value) or is_integer(value)):
                yield 1.5 + number.price, "number", {"number": number}

    def _rows_with_others(self, site):
        value = self._value(site)
        if not is_float(value) and not isinstance(value, np.ndarray):
            return
        around = self._value(site.parent) if site.parent and site.parent.kind == "Call" else value
        for other in self.values.before(site):
            shape = np.shape(other.value)
            for price, row in repairs.rows("other"):
                if shape == np.shape(value) if row == "other" else len(shape) <= max(np.ndim(value), np.ndim(around)):
                    yield price + other.price, row, {"other": other}
            if shape != np.shape(value) and any(text.startswith(f"{site.text}[") for *_, text in other.written):
                yield 1.5, "other", {"other": other}  # part of what stands there

    def _groups(self):
        """Yield the edits that make the same change at all places of a statement where something stands."""
        groups = {}
        for site in self.sites:
            if site.kind in ("Name", "Constant"):
                groups.setdefault((site.statement, site.scope, site.text), []).append(site)
        for (_, _, text), sites in groups.items():
            value = self._value(sites[0])
            if len(sites) < 2:
                continue
            if sites[0].kind == "Constant":
                yield from (Edit(1.3, sites, new, {}) for new in ("0", "1") if new != text and is_integer(value))
            elif is_integer(value):
                yield from (Edit(price, sites, row, {}) for price, row in repairs.rows("integer"))
                for number in self.values.numbers:
                    yield Edit(1.7 + number.price, sites, "it * number", {"number": number})
            elif is_float(value):
                for other in self.values.before(sites[0]):
                    if np.shape(other.value) == np.shape(value) and identity(other.value) != identity(value):
                        yield Edit(1.6 + other.price, sites, "other", {"other": other})
