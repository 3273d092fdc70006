"""Errors and warnings that a page means to show."""

import contextlib
import sys
import warnings

__all__ = ["expected"]

NOT_REPORTED = "not in a browser, where overflow and division by zero are not reported"


@contextlib.contextmanager
def expected(kind):
    """Run a block that must raise or warn `kind`; print the message on one line and go on.

    Parameters
    ----------
    kind : an exception class, a Warning among them

    Raises
    ------
    AssertionError
        If the block does neither. Any other error passes through, other warnings are issued as usual.

    Examples
    --------
    >>> with expected(ZeroDivisionError):
    ...     1 / 0
    ZeroDivisionError: division by zero
    """
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        raise TypeError(f"kind must be an exception or warning class, not {kind!r}")
    came = []
    with warnings.catch_warnings():
        if issubclass(kind, Warning):
            usual = warnings.showwarning

            def note(message, category, *where):
                came.append(message) if issubclass(category, kind) else usual(message, category, *where)

            warnings.simplefilter("always", category=kind)
            warnings.showwarning = note
        try:
            yield
        except kind as error:
            came.append(error)
    if not came and sys.platform == "emscripten" and issubclass(kind, RuntimeWarning | FloatingPointError):
        print(f"{kind.__name__}: {NOT_REPORTED}")
        return
    if not came:
        raise AssertionError(f"expected a {kind.__name__} here, and none came: this block was meant to show one")
    for line in dict.fromkeys(f"{type(message).__name__}: {' '.join(str(message).split())}" for message in came):
        print(line)
