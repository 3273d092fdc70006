"""Remember everything that a learner's functions can reach, and put it back after an experiment.

A gradient may keep results in attributes, in dictionaries or in arrays that it fills, and an edited gradient may write
where the learner's own code never would. After each run everything is again as it was.
"""

import collections
import contextlib
import functools
import itertools
import operator
import random
import sys
import types

import numpy as np

from helpers.gradient_check.walk.source import is_library
from helpers.variables import names_in

LARGE = 20_000  # entries: a larger array is locked against writing, because a copy for each run would cost too much
MOST = 200_000  # things within reach
WRAPPERS = (types.MethodType, types.BuiltinFunctionType, functools.partial, property, staticmethod, classmethod)
WRAPPED = ("__self__", "__func__", "func", "args", "keywords", "fget", "fset")
PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic, np.ufunc, range, slice)
ABSENT = object()


class CannotRestore(Exception):
    """Something within reach, such as a generator, cannot be put back."""


class Snapshot:
    """The contents of everything that can be reached from x, which is always copied, and from some functions."""

    def __init__(self, x, *functions):
        self.large, self.puts = [], []
        self.moved = [x, *(array for one in functions if hasattr(one, "parts") for array in one.arrays.values())]
        todo, seen = [x, *functions], set()
        while todo:
            thing = todo.pop()
            if isinstance(thing, PLAIN) or id(thing) in seen:
                continue
            seen.add(id(thing))
            if len(seen) > MOST:
                raise CannotRestore("too much is within reach")
            todo += next(enter for kind, enter in ENTER.items() if isinstance(thing, kind))(self, thing) or ()

    def restore(self):
        for put, *arguments in self.puts:
            put(*arguments)

    def lock(self):
        for array in self.large:
            array.flags.writeable = False

    def unlock(self):
        for array in sorted(self.large, key=lambda array: array.base is not None):  # a view opens after its owner
            array.flags.writeable = True

    # -- each of these notes the contents of one thing, and returns what can be reached from it

    def _array(self, array):
        if array.flags.writeable and array.size > LARGE and not any(array is moved for moved in self.moved):
            self.large.append(array)
        elif array.flags.writeable:
            self.puts.append((np.copyto, array, array.copy()))
        return array.ravel().tolist() if array.dtype.hasobject else ()

    def _container(self, container):
        self.puts.append((_refill, container, container.copy()))
        return container.values() if isinstance(container, dict) else container

    def _function(self, function):
        code, within = function.__code__, function.__globals__
        if is_library(code):
            return ()
        reached = [*(function.__closure__ or ()), function.__defaults__, function.__kwdefaults__, vars(function)]
        names = names_in(code)
        values = [within.get(name, ABSENT) for name in names]
        self.puts.append((_put_back, within, names, values))
        for module in values:
            if isinstance(module, types.ModuleType) and not is_library(module):
                reached += [vars(module).get(name) for name in names]
        if "random" in names:
            reached += [np.random.mtrand._rand, random._inst]
        return reached + values

    def _cell(self, cell):
        with contextlib.suppress(ValueError):  # it is empty
            self.puts.append((setattr, cell, "cell_contents", cell.cell_contents))
            return [cell.cell_contents]

    def _class(self, kind):
        data = {} if is_library(sys.modules.get(kind.__module__)) else dict(vars(kind))
        values = {name: value for name, value in data.items() if not name.startswith("__")}
        self.puts.append((_put_back, kind, values.keys(), values.values()))
        return [*values.values(), *kind.__bases__]

    def _generator(self, generator):
        self.puts.append((generator.__setstate__, generator.__getstate__()))

    def _object(self, thing):
        of_a_library = is_library(sys.modules.get(type(thing).__module__)) and not isinstance(thing, types.SimpleNamespace)
        if isinstance(thing, types.ModuleType) or of_a_library:
            if isinstance(thing, collections.abc.Iterator):
                raise CannotRestore(f"a {type(thing).__name__} cannot be put back")
            return ()
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(thing, name)]
        values = [getattr(thing, name) for name in slots]
        self.puts.append((_put_back, thing, slots, values))
        return [type(thing), getattr(thing, "__dict__", None), *values]


ENTER = {
    np.ndarray: Snapshot._array,
    (dict, list, set, collections.deque): Snapshot._container,
    types.FunctionType: Snapshot._function,
    types.CellType: Snapshot._cell,
    type: Snapshot._class,
    (random.Random, np.random.RandomState, np.random.BitGenerator): Snapshot._generator,
    np.random.Generator: lambda snapshot, generator: [generator.bit_generator],
    (tuple, frozenset): lambda snapshot, things: things,
    WRAPPERS: lambda snapshot, thing: [getattr(thing, name, None) for name in WRAPPED],
    object: Snapshot._object,
}


def _refill(container, kept):
    same = len(container) == len(kept) and all(map(operator.is_, container, kept))
    if isinstance(container, dict):
        same = same and all(map(operator.is_, container.values(), kept.values()))
    if not same:
        container.clear()
        (container.update if isinstance(container, dict | set) else container.extend)(kept)


def _put_back(owner, names, kept):
    """Give names in a dict, or attributes of an object, their values again; mostly they have them still."""
    get = owner.get if isinstance(owner, dict) else functools.partial(getattr, owner)
    if all(map(operator.is_, map(get, names, itertools.repeat(ABSENT)), kept)):
        return
    for name, value in zip(names, kept, strict=True):
        if get(name, ABSENT) is value:  # some must not be set at all, such as the members of an Enum
            continue
        if not isinstance(owner, dict):
            setattr(owner, name, value)
        elif value is ABSENT:
            owner.pop(name, None)
        else:
            owner[name] = value
