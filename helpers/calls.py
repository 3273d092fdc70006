"""How the caller wrote the arguments of a call: `draw(W, W.T)` is told that they are called W and W.T."""

import ast
import builtins
import itertools
import linecache

__all__ = ["argument_names"]


def argument_names(frame, count):
    """Return the source texts of the `count` positional arguments of the call that `frame` is in; where the source is not
    at hand or does not tell (f(*arrays), map(f, arrays)), "array 1", "array 2", ..."""
    written = _written(frame)
    if len(written) != count or any(isinstance(node, ast.Starred) for node in written):
        return [f"array {k + 1}" for k in range(count)]
    return [ast.unparse(node) for node in written]


def _written(frame):
    """Return the syntax trees of the positional arguments of the call that is being made in `frame`."""
    positions = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    first, last, start, end = positions
    if None in positions or last > len(lines):
        return []
    part = [line.encode() for line in lines[first - 1 : last]]
    part[-1] = part[-1][:end]
    part[0] = part[0][start:]
    try:
        call = ast.parse(b"".join(part).decode(), mode="eval").body
    except (SyntaxError, UnicodeDecodeError):
        return []
    direct = isinstance(call, ast.Call) and not hasattr(builtins, ast.unparse(call.func))
    return call.args if direct else []
