"""The exercises on the pages, as functions that may use what their page has defined before them."""

import ast
import functools
import re
import symtable

import nbformat


@functools.cache
def exercises(path):
    """Return {name: (stub, solution, source of the solution)} for a page.

    Of the page's other cells only those are run that define what these functions use, directly or through others.
    """
    functions, needed, steps = {}, set(), []
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    for cell in reversed(cells):
        tags = cell.metadata.get("tags", [])
        if "check" in tags:
            continue
        is_function = bool({"exercise", "solution"} & set(tags))
        source = _up_to_the_function(cell.source) if is_function else cell.source
        if is_function or _bound(source) & needed:
            needed |= _used(symtable.symtable(source, "cell", "exec"))
            steps.insert(0, (source, is_function))
    space = {"__name__": "__main__"}
    for source, is_function in steps:
        exec(source, space)
        if is_function:
            kind, name = re.findall(r"^def (my|our)_(\w+)", source, re.MULTILINE)[-1]
            functions.setdefault(name, []).append(space[f"{kind}_{name}"])
            functions[name] += [source] * (kind == "our")
    return functions


def _up_to_the_function(source):
    """Return a cell without what follows its function, which may use all that the page has trained and drawn."""
    ours = [node for node in ast.parse(source).body if getattr(node, "name", "").startswith(("my_", "our_"))]
    return "\n".join(source.splitlines()[: ours[-1].end_lineno])


def _bound(source):
    names = symtable.symtable(source, "cell", "exec").get_symbols()
    return {name.get_name() for name in names if name.is_assigned() or name.is_imported()}


def _used(table):
    inside = table.get_type() != "module"
    names = {name.get_name() for name in table.get_symbols() if name.is_referenced() and (name.is_global() or not inside)}
    return names.union(*map(_used, table.get_children()))
