"""Remember everything that a learner's functions can reach, and put it back after an experiment.

A gradient may keep results in attributes, in dictionaries or in arrays that it fills, and an edited gradient may write
where the learner's own code never would. After each run everything is again as it was.
"""

import collections
import dis
import functools
import operator
import random
import sys
import types

import numpy as np

from helpers.gradient_check.walk.source import is_library

LARGE = 20_000  # entries: a larger array is locked against writing, because a copy for each run would cost too much
MOST = 200_000  # things within reach
PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic, np.ufunc, range, slice)
ABSENT = object()


class CannotRestore(Exception):
    """Something within reach, such as a generator, cannot be put back."""


class Snapshot:
    """The contents of everything that can be reached from x, which is always copied, and from some functions."""

    def __init__(self, *roots):
        self.arrays, self.large, self.containers, self.cells, self.names, self.generators = [], [], [], [], [], []
        todo, seen, self.roots = list(roots), set(), roots
        while todo:
            thing = todo.pop()
            if isinstance(thing, PLAIN) or id(thing) in seen:
                continue
            seen.add(id(thing))
            if len(seen) > MOST:
                raise CannotRestore("too much is within reach")
            todo += self._enter(thing)

    def _enter(self, thing):
        """Note the contents of one thing; return what can be reached from it."""
        for kind, enter in ENTER.items():
            if isinstance(thing, kind):
                return enter(self, thing) or ()
        if isinstance(thing, types.ModuleType) or is_library(sys.modules.get(type(thing).__module__)):
            if isinstance(thing, collections.abc.Iterator):
                raise CannotRestore(f"a {type(thing).__name__} cannot be put back")
            return ()
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(thing, name)]
        self.names += [(thing, name, getattr(thing, name)) for name in slots]
        return [type(thing), getattr(thing, "__dict__", None), *(getattr(thing, name) for name in slots)]

    def _array(self, array):
        if array.flags.writeable:
            small = array.size <= LARGE or array is self.roots[0]
            (self.arrays.append((array, array.copy())) if small else self.large.append(array))
        return array.ravel().tolist() if array.dtype.hasobject else ()

    def _container(self, container):
        self.containers.append((container, container.copy()))
        return list(container.values() if isinstance(container, dict) else container)

    def _function(self, function):
        if is_library(function.__code__):
            return ()
        within, reached = (
            function.__globals__,
            [*(function.__closure__ or ()), function.__defaults__, function.__kwdefaults__],
        )
        for name in _names(function.__code__):
            value = within.get(name, ABSENT)
            if _stores_globals(function.__code__):
                self.names.append((within, name, value))
            if isinstance(value, types.ModuleType) and not is_library(value):
                reached += [vars(value).get(name) for name in _names(function.__code__)]
            if name == "random":
                reached += [np.random.mtrand._rand, random._inst]
            reached.append(value)
        return [*reached, vars(function)]

    def _cell(self, cell):
        try:
            self.cells.append((cell, cell.cell_contents))
        except ValueError:  # it is empty
            return ()
        return (cell.cell_contents,)

    def _class(self, kind):
        if is_library(sys.modules.get(kind.__module__)):
            return ()
        data = {name: value for name, value in vars(kind).items() if not name.startswith("__")}
        self.names += [(kind, name, value) for name, value in data.items()]
        return [*data.values(), *kind.__bases__]

    def _generator(self, generator):
        if isinstance(generator, random.Random):
            self.generators.append((generator.setstate, generator.getstate()))
        elif isinstance(generator, np.random.RandomState):
            self.generators.append((generator.set_state, generator.get_state()))
        else:
            bits = getattr(generator, "bit_generator", generator)
            self.generators.append((functools.partial(setattr, bits, "state"), bits.state))

    def lock(self):
        for array in self.large:
            array.flags.writeable = False

    def unlock(self):
        for array in sorted(self.large, key=lambda array: array.base is not None):  # a view opens after its owner
            array.flags.writeable = True

    def restore(self):
        for array, kept in self.arrays:
            array[...] = kept
        for container, kept in self.containers:
            _put_back(container, kept)
        for cell, kept in self.cells:
            cell.cell_contents = kept
        for owner, name, kept in self.names:
            _put_back_name(owner, name, kept)
        for put, kept in self.generators:
            put(kept)


ENTER = {
    np.ndarray: Snapshot._array,
    (dict, list, set, collections.deque): Snapshot._container,
    (tuple, frozenset): lambda snapshot, things: things,
    types.FunctionType: Snapshot._function,
    types.MethodType: lambda snapshot, method: (method.__self__, method.__func__),
    types.BuiltinFunctionType: lambda snapshot, function: (function.__self__,),
    (staticmethod, classmethod): lambda snapshot, method: (method.__func__,),
    property: lambda snapshot, thing: (thing.fget, thing.fset),
    functools.partial: lambda snapshot, thing: (thing.func, thing.args, thing.keywords),
    types.CellType: Snapshot._cell,
    type: Snapshot._class,
    (random.Random, np.random.RandomState, np.random.Generator, np.random.BitGenerator): Snapshot._generator,
}


@functools.cache
def _names(code):
    """Return the global names, and the attributes, that a function or the functions inside it mention."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return tuple(dict.fromkeys([*code.co_names, *(name for names in inner for name in names)]))


@functools.cache
def _stores_globals(code):
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return dis.opmap["STORE_GLOBAL"] in code.co_code[::2] or any(map(_stores_globals, inner))


def _put_back(container, kept):
    if isinstance(container, set):
        same = container == kept
    else:
        same = len(container) == len(kept) and all(map(operator.is_, container, kept))
        if isinstance(container, dict):
            same = same and all(map(operator.is_, container.values(), kept.values()))
    if not same:
        container.clear()
        (container.update if isinstance(container, dict | set) else container.extend)(kept)


def _put_back_name(owner, name, kept):
    if isinstance(owner, dict):
        if kept is ABSENT:
            owner.pop(name, None)
        elif owner.get(name, ABSENT) is not kept:
            owner[name] = kept
    elif vars(owner).get(name) is not kept if isinstance(owner, type) else getattr(owner, name, ABSENT) is not kept:
        setattr(owner, name, kept)
