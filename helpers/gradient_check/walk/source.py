"""Find the source of a learner's function, and compile the function again from an edited syntax tree.

The experiments need the lines behind a function that is already loaded, whether they are in a module, in a test or in a
notebook's cell. That these lines are what runs is tested by running them, at each point.
"""

import ast
import copy
import functools
import linecache
import operator
import os
import pathlib
import re
import sys
import sysconfig
import types

PATHS = sysconfig.get_paths()
# In a browser these paths begin with two slashes, and Python's own modules are in a zip file.
FOLDERS = [PATHS[name].replace("//", "/") for name in ("stdlib", "purelib", "platlib")]
ZIPS = [path for path in sys.path if path.endswith(".zip")]
LIBRARIES = tuple(path + os.sep for path in FOLDERS + ZIPS)
COURSE = str(pathlib.Path(__file__).resolve().parents[2]) + os.sep


class NoSource(Exception):
    """The source of a function is not at hand, or it is not what runs."""


class Source:
    """The syntax tree of one function (a def or a lambda), its code object, and the lines of its file."""

    def __init__(self, code, is_asked):
        self.is_asked = is_asked  # whether it is f or the gradient itself
        self.code, self.filename, self.lines = code, code.co_filename, linecache.getlines(code.co_filename)
        found = [node for node in _functions("".join(self.lines)) if _may_be(node, code)]
        if len(found) > 1:  # lambdas that share a line
            found = [node for node in found if {*build(node, code).co_positions()} == {*code.co_positions()}]
        if len(found) != 1:
            raise NoSource(f"{code.co_name}: the source is not what runs")
        self.node = found[0]

    def place(self, node):
        """Return the line of a node and, for a method or a helper, the function's name: line 14 of Relu.backward."""
        name = self.code.co_qualname.rpartition("<locals>.")[2]
        return f"line {node.lineno}" + f" of {name}" * (not self.is_asked and "<lambda>" not in name)

    def text(self, node):
        """Return an expression or a statement as it was written, on one line."""
        return self._cut(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def line(self, node):
        """Return the lines that an expression is in, as one and stripped, and where in them it starts and ends."""
        start, end = self._in_brackets(node)
        before = self._cut(node.lineno, 0, node.lineno, start).lstrip()
        text = self._cut(node.lineno, start, node.end_lineno, end)
        after = self._cut(node.end_lineno, end, node.end_lineno, None).rstrip()
        return before + text + after, (len(before), len(before) + len(text))

    def _in_brackets(self, node):
        """Return where a node starts and ends, with brackets around it that are not those of a call."""
        start, end, before = node.col_offset, node.end_col_offset, self.lines[node.lineno - 1].encode()[: node.col_offset]
        closed = self.lines[node.end_lineno - 1].encode()[end:].startswith(b")")
        return (start - 1, end + 1) if closed and re.search(rb"(?<![\w\])])\($", before) else (start, end)

    def _cut(self, first, start, last, end):
        lines = [line.encode() for line in self.lines[first - 1 : last]]  # columns count bytes
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        one, *others = [line.decode() for line in lines]
        return " ".join([one.rstrip(), *map(str.strip, others)]) if others else one


def is_learners(code):
    """Tell whether a code object is a learner's: with source, and neither of a library nor of this course."""
    of_the_course = code.co_filename.startswith(COURSE)
    return not is_library(code) and not of_the_course and bool(linecache.getlines(code.co_filename))


def is_library(thing):
    """Tell whether a code object or a module is Python's or of an installed package."""
    name = getattr(thing, "co_filename", None) or getattr(thing, "__file__", None) or ""
    built_in = getattr(thing, "__name__", None) in sys.builtin_module_names
    return built_in or name.startswith(("<frozen", *LIBRARIES))


@functools.lru_cache(maxsize=32)
def _functions(text):
    """Return the syntax trees of all functions in a file."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.Lambda)]


def _may_be(node, code):
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return first == code.co_firstlineno and getattr(node, "name", "<lambda>") == code.co_name


def build(node, code, extra=()):
    """Compile a function's node to a code object that has the free variables of `code`, and `extra` ones.

    The function is compiled inside a factory whose parameters are its free variables; `__class__`, which `super()` reads,
    is one of them. Around a method is a class of the right name, because names with two underscores depend on it.
    """
    if isinstance(node, ast.FunctionDef) and node.name not in code.co_freevars:
        node = copy.copy(node)
        node.name = "function_"  # the function's own name must stay a global inside it
    *_, owner, _ = ["_", *code.co_qualname.split(".")]
    names = ", ".join(dict.fromkeys((*code.co_freevars, *extra)))
    top = ast.parse(f"class {owner if owner.isidentifier() else '_'}:\n def factory_({names}): pass").body[0]
    top.body[0].body = [ast.copy_location(ast.Expr(node), node) if isinstance(node, ast.Lambda) else node]
    made = compile(ast.Module([top], []), code.co_filename, "exec", dont_inherit=True)
    for _ in range(3):  # module, class, factory, function
        made = [constant for constant in made.co_consts if isinstance(constant, types.CodeType)][-1]  # after its defaults
    return made


def replaced(node, trees):
    """Return a syntax tree with other nodes in place of some of its own: {node: new node}. The rest is shared."""
    if node in trees:
        return trees[node]
    changed = {}
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            parts = [replaced(part, trees) if isinstance(part, ast.AST) else part for part in value]
            if any(map(operator.is_not, parts, value)):
                changed[field] = parts
        elif isinstance(value, ast.AST) and (new := replaced(value, trees)) is not value:
            changed[field] = new
    if changed:
        node = copy.copy(node)
        vars(node).update(changed)
    return node
