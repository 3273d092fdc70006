"""The arguments of a call as the caller wrote them, so that draw(W, W.T) can name its pictures W and W.T."""

import ast
import builtins
import inspect
import linecache

__all__ = ["argument_names"]


def argument_names(frame, count):
    """Return the source texts of the `count` positional arguments of the call that is being made in `frame`.

    Where there is no source, or it does not show the arguments (f(*arrays), map(f, arrays)), the names are "array 1",
    "array 2", ..."""
    nodes = _positional_arguments(frame)
    if len(nodes) != count or any(isinstance(node, ast.Starred) for node in nodes):
        return [f"array {k + 1}" for k in range(count)]
    return [ast.unparse(node) for node in nodes]


def _positional_arguments(frame):
    """Return the syntax trees of the positional arguments of the call that is being made in `frame`, or an empty list."""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        text = ast.get_source_segment(source, inspect.getframeinfo(frame, context=0).positions)
        call = ast.parse(text or "", mode="eval").body
    except (IndexError, SyntaxError, UnicodeDecodeError):  # the source cannot be found, or is not that of the code
        return []
    direct = isinstance(call, ast.Call) and not hasattr(builtins, ast.unparse(call.func))
    return call.args if direct else []
