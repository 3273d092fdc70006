"""Plant a mistake: a copy of a function in which one line of the source is replaced."""

import inspect
import itertools
import linecache
import textwrap

_COUNT = itertools.count(1)


def with_line(function, old, new):
    """Return a copy of `function` in which the line `old` of its source is replaced by the line `new`.

    Parameters
    ----------
    function : a function whose source Python can find, without a closure
    old, new : str
        Single lines, without their indentation.

    Raises
    ------
    ValueError
        If the source of `function` does not contain the line `old` exactly once.

    Examples
    --------
    >>> import textwrap
    >>> with_line(textwrap.dedent, "absent = 1", "absent = 2")
    Traceback (most recent call last):
    ValueError: the source of dedent contains the line 'absent = 1' 0 times, not once
    """
    old, new = old.strip(), new.strip()
    lines = textwrap.dedent(inspect.getsource(function)).splitlines(keepends=True)
    times = [line.strip() for line in lines].count(old)
    if times != 1:
        raise ValueError(f"the source of {function.__name__} contains the line {old!r} {times} times, not once")
    lines = [line.replace(old, new) if line.strip() == old else line for line in lines]
    source, name = "".join(lines), f"<{function.__name__} with {new!r} ({next(_COUNT)})>"
    linecache.cache[name] = (len(source), None, lines, name)  # so that the new source can be found, too
    namespace = {}
    exec(compile(source, name, "exec"), function.__globals__, namespace)
    return namespace[function.__name__]
