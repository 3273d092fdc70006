"""The arguments of a call as the caller wrote them, so that draw(W, W.T) can name its pictures W and W.T."""

import ast
import builtins
import itertools
import linecache


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
    positions = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    first, last, start, end = positions
    if None in positions or last > len(lines):
        return []
    source = [line.encode() for line in lines[first - 1 : last]]  # Python counts columns in bytes
    source[-1] = source[-1][:end]
    source[0] = source[0][start:]
    try:
        call = ast.parse(b"".join(source).decode(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return []
    direct = isinstance(call, ast.Call) and not hasattr(builtins, ast.unparse(call.func))
    return call.args if direct else []
