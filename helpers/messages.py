"""Errors and warnings that a page means to show."""

import contextlib
import sys
import warnings

NOT_REPORTED = "not in a browser, where overflow and division by zero are not reported"


@contextlib.contextmanager
def expected(kind):
    """Run a block that must raise or warn `kind`; print the message on one line and go on.

    Parameters
    ----------
    kind : an exception class, or a class of warnings

    Raises
    ------
    AssertionError
        If the block does neither. Any other error passes through, and other warnings are issued as usual.

    Examples
    --------
    >>> with expected(ZeroDivisionError):
    ...     1 / 0
    ZeroDivisionError: division by zero
    """
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        raise TypeError(f"kind must be an exception or warning class, not {kind!r}")
    seen = []
    with warnings.catch_warnings():
        if issubclass(kind, Warning):
            show_as_usual = warnings.showwarning

            def collect(message, category, *where):
                seen.append(message) if issubclass(category, kind) else show_as_usual(message, category, *where)

            warnings.simplefilter("always", category=kind)
            warnings.showwarning = collect
        try:
            yield
        except kind as error:
            seen.append(error)
    if not seen and sys.platform == "emscripten" and issubclass(kind, RuntimeWarning | FloatingPointError):
        seen.append(kind(NOT_REPORTED))
    if not seen:
        raise AssertionError(f"this block was meant to show a {kind.__name__}, and none was raised or issued")
    for line in dict.fromkeys(f"{type(message).__name__}: {' '.join(str(message).split())}" for message in seen):
        print(line)
