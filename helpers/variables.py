"""The variables that a function reads beside its argument: found by name, and replaced for an experiment.

An experiment asks what a function would return if one thing in it were different: other labels, or no 1e-7 in a logarithm.
The variable or constant is replaced where the function finds it, for the length of a `with` block, and put back afterwards.
"""

import contextlib
import functools
import types
from typing import NamedTuple

MOST = 500  # objects looked at


class Variable(NamedTuple):
    """Something that a function reads: what it is called there, its value, and a function that replaces it."""

    name: str
    value: object
    put: object


@contextlib.contextmanager
def replaced(variable, value):
    """Let the function that reads `variable` find `value` in its place until the block ends."""
    variable.put(value)
    try:
        yield
    finally:
        variable.put(variable.value)


def variables(function):
    """Return the variables that the code of a Python function reads and does not make: global, enclosed, default.

    Functions of installed packages are left alone."""
    if not isinstance(function, types.FunctionType) or "site-packages" in function.__code__.co_filename:
        return []
    code, scope = function.__code__, function.__globals__
    names = (name for name in names_in(code) if name in scope)
    found = [Variable(name, scope[name], functools.partial(scope.__setitem__, name)) for name in names]
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # the variable is not made yet, or was deleted
            found.append(Variable(name, cell.cell_contents, functools.partial(setattr, cell, "cell_contents")))
    defaults, keywords = function.__defaults__ or (), function.__kwdefaults__ or {}
    for k, name in enumerate(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]):
        found.append(Variable(name, defaults[k], functools.partial(_put_default, function, k)))
    return found + [Variable(name, value, functools.partial(keywords.__setitem__, name)) for name, value in keywords.items()]


def constants(thing):
    """Return the floats that a function reads, in its code or as variables, or that an object keeps as attributes."""
    if isinstance(thing, types.FunctionType):
        code = thing.__code__
        if "site-packages" in code.co_filename:
            return []
        floats = {c for part in _codes(code) for c in part.co_consts if isinstance(c, float)}
        found = [Variable(f"{c:g}", c, functools.partial(_put_constant, thing, code, c)) for c in sorted(floats)]
        found += variables(thing)
    else:
        attributes = _attributes(thing).items()
        found = [Variable(name, value, functools.partial(setattr, thing, name)) for name, value in attributes]
    return [variable for variable in found if isinstance(variable.value, float)]


def reachable(*things):
    """Return [(name, value)] of all that `things` can reach: through variables, attributes, items and functions."""
    found, seen = [], set()
    waiting = [("", thing, 0) for thing in things]
    for name, thing, depth in waiting:  # which grows meanwhile
        if id(thing) not in seen and len(found) < MOST:
            seen.add(id(thing))
            found.append((name, thing))
            if depth < 5:
                joined = "" if isinstance(thing, types.FunctionType | types.MethodType | functools.partial) else name
                waiting += [(joined + part, value, depth + 1) for part, value in _parts(thing)]
    return found


def _parts(thing):
    """Return [(name, value)] of what hangs directly on a thing."""
    if isinstance(thing, types.FunctionType):
        return [(variable.name, variable.value) for variable in variables(thing)]
    if isinstance(thing, types.MethodType):
        return [(type(thing.__self__).__name__, thing.__self__), ("", thing.__func__)]
    if isinstance(thing, functools.partial):
        return [("", thing.func), *((f"argument {k}", value) for k, value in enumerate(thing.args)), *thing.keywords.items()]
    if isinstance(thing, dict):
        return [(f"[{key!r}]", value) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [(f"[{k}]", value) for k, value in enumerate(thing[:20])]
    attributes = _attributes(thing)
    methods = vars(type(thing)).items() if attributes else ()
    functions = [(f".{name}", value) for name, value in methods if isinstance(value, types.FunctionType)]
    return functions + [(f".{name}", value) for name, value in attributes.items()]


def _attributes(thing):
    return {} if isinstance(thing, types.ModuleType | type) else getattr(thing, "__dict__", {})


@functools.cache
def names_in(code):
    """Return the global names, and the attributes, that a function and those inside it mention."""
    return tuple(dict.fromkeys(name for part in _codes(code) for name in part.co_names))


def _codes(code):
    """Return a code object and those of the functions and comprehensions inside it."""
    return [code] + [inner for part in code.co_consts if isinstance(part, types.CodeType) for inner in _codes(part)]


def _put_default(function, k, value):
    function.__defaults__ = (*function.__defaults__[:k], value, *function.__defaults__[k + 1 :])


def _put_constant(function, code, old, new):
    def changed(part):
        if isinstance(part, types.CodeType):
            return part.replace(co_consts=tuple(map(changed, part.co_consts)))
        return new if isinstance(part, float) and part == old else part

    function.__code__ = code if new is old else changed(code)
