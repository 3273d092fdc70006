"""Find the source of a learner's function, and build the function again from an edited syntax tree.

The gradient check experiments on the code that a learner wrote. This module finds the lines behind a function that is
already loaded, whether they stand in a module, in a test or in a notebook cell, and makes sure that these lines are
what runs.
"""

import ast
import copy
import functools
import linecache
import os
import pathlib
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

    def __init__(self, code):
        self.code = code
        self.filename = code.co_filename
        self.lines = linecache.getlines(self.filename)
        nodes, codes = _functions("".join(self.lines), self.filename)
        if not any(_same(other, code) for other in codes):
            raise NoSource(f"{code.co_name}: the source is not what runs")
        found = [node for node in nodes if _may_be(node, code)]
        if len(found) > 1:  # lambdas that share a line
            found = [node for node in found if set(build(node, code).co_positions()) == set(code.co_positions())]
        if len(found) != 1:
            raise NoSource(f"{code.co_name}: not found in its source")
        self.node = found[0]

    def text(self, node):
        """Return an expression or a statement as it was written, on one line."""
        return self._cut(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def offset(self, node, part):
        """Return where in the text of a node one of its parts starts."""
        return len(self._cut(node.lineno, node.col_offset, part.lineno, part.col_offset))

    def spliced(self, node, parts):
        """Return the text of a node with other texts for some of its parts: {part: text}."""
        text = self.text(node)
        for part in sorted(parts, key=lambda part: (part.lineno, part.col_offset), reverse=True):
            start = self.offset(node, part)
            text = text[:start] + parts[part] + text[start + len(self.text(part)) :]
        return text

    def line(self, node):
        """Return the lines that an expression is in, as one and stripped, and where in them it starts and ends."""
        before = self._cut(node.lineno, 0, node.lineno, node.col_offset).lstrip()
        after = self._cut(node.end_lineno, node.end_col_offset, node.end_lineno, None).rstrip()
        text = self.text(node)
        return before + text + after, (len(before), len(before) + len(text))

    def _cut(self, first, start, last, end):
        lines = [line.encode() for line in self.lines[first - 1 : last]]  # columns count bytes
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        texts = [line.decode() for line in lines]
        return " ".join(
            [texts[0].rstrip("\n") if len(texts) == 1 else texts[0].rstrip(), *(text.strip() for text in texts[1:])]
        )


def is_learners(code):
    """Tell whether a code object is a learner's: with source, and neither of a library nor of this course."""
    return not is_library(code) and not is_of_the_course(code) and bool(linecache.getlines(code.co_filename))


def is_of_the_course(code):
    return code.co_filename.startswith(COURSE)


def is_library(thing):
    """Tell whether a code object or a module is Python's or of an installed package."""
    name = getattr(thing, "co_filename", None) or getattr(thing, "__file__", None) or ""
    frozen = name.startswith("<frozen") or getattr(thing, "__name__", None) in sys.builtin_module_names
    return frozen or name.startswith(LIBRARIES)


@functools.lru_cache(maxsize=32)
def _functions(text, filename):
    """Return the syntax trees, and the code objects, of all functions in a file."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise NoSource("the source does not parse") from error
    codes = [compile(tree, filename, "exec", dont_inherit=True)]
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)], codes


def _may_be(node, code):
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return first == code.co_firstlineno and getattr(node, "name", "<lambda>") == code.co_name


def _same(code, other):
    same_place = code.co_firstlineno == other.co_firstlineno and code.co_name == other.co_name
    return (
        same_place
        and code.co_code == other.co_code
        and code.co_names == other.co_names
        and _constants(code) == _constants(other)
    )


def _constants(code):
    return [repr(constant) for constant in code.co_consts if not isinstance(constant, types.CodeType)]


def build(node, code, extra=()):
    """Compile a function's node to a code object that has the free variables of `code`, and `extra` ones.

    The function is compiled inside a factory whose parameters are its free variables, and inside a class of the right name
    if it is a method, because `super()` and names with two underscores depend on the class.
    """
    node = copy.copy(node)
    node.args = _without_defaults(node.args)
    if isinstance(node, ast.Lambda):
        body = [ast.Return(node)]
    else:
        node.decorator_list, node.returns = [], None
        if node.name not in code.co_freevars:  # the function's own name must stay a global inside it
            node.name = "function_"
        body = [node, ast.Return(ast.Name(node.name, ast.Load()))]
    arguments = ast.arguments(
        [], [ast.arg(name) for name in dict.fromkeys((*code.co_freevars, *extra))], None, [], [], None, []
    )
    top = ast.FunctionDef("factory_", arguments, body, [], None, None)
    if hasattr(ast, "TypeAlias"):  # since Python 3.12 the list of type parameters must be there
        top.type_params = []
    _, *outer = reversed(code.co_qualname.split("."))
    if outer and outer[0] != "<locals>":
        top = ast.ClassDef(outer[0], [], [], [top], [])
        if hasattr(ast, "TypeAlias"):
            top.type_params = []
    names = {}
    exec(compile(ast.fix_missing_locations(ast.Module([top], [])), code.co_filename, "exec", dont_inherit=True), names)
    factory = vars(names[top.name])["factory_"] if isinstance(top, ast.ClassDef) else names["factory_"]
    return factory(*arguments.args).__code__


def replaced(node, trees):
    """Return a syntax tree with other nodes in place of some of its own: {node: new node}. The rest is shared."""
    if node in trees:
        return trees[node]
    changed = {}
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            new = [replaced(part, trees) if isinstance(part, ast.AST) else part for part in value]
            if any(one is not other for one, other in zip(new, value, strict=True)):
                changed[field] = new
        elif isinstance(value, ast.AST) and (new := replaced(value, trees)) is not value:
            changed[field] = new
    if changed:
        node = copy.copy(node)
        vars(node).update(changed)
    return node


def _without_defaults(arguments):
    arguments = copy.deepcopy(arguments)
    arguments.defaults = [ast.Constant(None) for _ in arguments.defaults]
    arguments.kw_defaults = [default and ast.Constant(None) for default in arguments.kw_defaults]
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return arguments
