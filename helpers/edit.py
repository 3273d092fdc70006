"""Plant a mistake: a copy of a function in which one line of the source, or a part of it, is replaced."""

import inspect
import itertools
import linecache
import textwrap

_COUNT = itertools.count(1)


def with_line(function, old, new):
    """Return a copy of `function` in which the text `old` of its source, a line or a part of one, is replaced by `new`.

    Parameters
    ----------
    function : a function whose source Python can find, without a closure
    old, new : str
        Without the indentation of the line.

    Raises
    ------
    ValueError
        If the source of `function` does not contain `old` exactly once.

    Examples
    --------
    >>> import textwrap
    >>> with_line(textwrap.dedent, "absent = 1", "absent = 2")
    Traceback (most recent call last):
    ValueError: the source of dedent contains 'absent = 1' 0 times, not once
    """
    source = textwrap.dedent(inspect.getsource(function))
    if (times := source.count(old)) != 1:
        raise ValueError(f"the source of {function.__name__} contains {old!r} {times} times, not once")
    source, name = source.replace(old, new), f"<{function.__name__} with {new!r} ({next(_COUNT)})>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # so that it can be found, too
    namespace = {}
    exec(compile(source, name, "exec"), function.__globals__, namespace)
    return namespace[function.__name__]
