"""What a function can reach beside its argument: the variables its code names, and what hangs on them."""

import dis
import functools
import inspect
import types

import numpy as np

__all__ = ["generator_states", "named", "reachable", "runs_straight", "with_variable"]

MOST = 500  # objects looked at


def named(function):
    """Return the variables that the code of `function` names itself and does not make: {name: value}."""
    if not isinstance(function, types.FunctionType):
        return {}
    code, found = function.__code__, {}
    for name in _globals_of(code):
        if name in function.__globals__:
            found[name] = function.__globals__[name]
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if (value := _content(cell)) is not cell:
            found[name] = value
    signature = inspect.signature(function)
    return found | {p.name: p.default for p in signature.parameters.values() if p.default is not p.empty}


def with_variable(function, name, value):
    """Return a copy of `function` that finds `value` where its code names `name`; the original is left alone."""
    code = function.__code__
    cells = [
        types.CellType(value) if free == name else cell
        for free, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
    ]
    copy = types.FunctionType(
        code, {**function.__globals__, name: value}, function.__name__, function.__defaults__, tuple(cells) or None
    )
    parameters = inspect.signature(function).parameters
    copy.__kwdefaults__ = {
        p.name: value if p.name == name else p.default
        for p in parameters.values()
        if p.kind == p.KEYWORD_ONLY and p.default is not p.empty
    }
    if function.__defaults__:
        last = [p.name for p in parameters.values() if p.default is not p.empty and p.kind != p.KEYWORD_ONLY]
        copy.__defaults__ = tuple(value if n == name else d for n, d in zip(last, function.__defaults__, strict=True))
    return copy


def runs_straight(function):
    """Return whether the code of `function` has no branch, so that each variable that it names is really read."""
    return not any("JUMP" in step.opname for step in dis.get_instructions(function.__code__))


@functools.singledispatch
def _parts(thing):
    if isinstance(thing, types.ModuleType | type) or not hasattr(thing, "__dict__"):
        return {}
    methods = {f".{name}": value for name, value in vars(type(thing)).items() if isinstance(value, types.FunctionType)}
    return methods | {f".{name}": value for name, value in vars(thing).items()}


@_parts.register
def _(thing: types.FunctionType):
    return named(thing)


@_parts.register
def _(thing: types.MethodType):
    return {f"{type(thing.__self__).__name__}": thing.__self__, "": thing.__func__}


@_parts.register
def _(thing: functools.partial):
    return {"": thing.func, **{f"argument {k}": value for k, value in enumerate(thing.args)}, **thing.keywords}


@_parts.register
def _(thing: dict):
    return {f"[{key!r}]": value for key, value in thing.items()}


@_parts.register(list)
@_parts.register(tuple)
def _(thing):
    return {f"[{k}]": value for k, value in enumerate(thing[:20])}


def reachable(*things):
    """Return [(name, value)] of all that `things` can reach: through variables, attributes, items and functions."""
    found, seen = [], set()
    waiting = [("", thing, 0) for thing in things]
    while waiting and len(found) < MOST:
        name, thing, depth = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        found.append((name, thing))
        if depth < 5:
            joined = "" if isinstance(thing, types.FunctionType | types.MethodType | functools.partial) else name
            waiting += [(joined + part, value, depth + 1) for part, value in _parts(thing).items()]
    return found


def generator_states(*things):
    """Return the states of NumPy's and Python's global random generators and of all those that `things` can reach."""
    import random

    states = {"np.random": _frozen(np.random.get_state(legacy=False)), "random": random.getstate()}  # noqa: NPY002
    for name, thing in reachable(*things):
        if isinstance(thing, np.random.Generator):
            states[name] = _frozen(thing.bit_generator.state)
        elif isinstance(thing, np.random.RandomState):
            states[name] = _frozen(thing.get_state(legacy=False))
        elif isinstance(thing, random.Random):
            states[name] = thing.getstate()
    return states


def _frozen(state):
    """Return a generator's state as what can be compared."""
    if isinstance(state, dict):
        return {name: _frozen(part) for name, part in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def _globals_of(code):
    """Return the names of the global variables that `code` reads, in order: the same at each run."""
    names = [i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    inner = [_globals_of(part) for part in code.co_consts if isinstance(part, types.CodeType)]
    return list(dict.fromkeys(names + [name for part in inner for name in part]))


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # empty: the variable was deleted, or is not yet made
        return cell
