"""Errors and warnings that a page means to show."""

import contextlib
import warnings

__all__ = ["expected"]


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
    met = []
    with warnings.catch_warnings(record=True) as issued:
        if issubclass(kind, Warning):
            warnings.simplefilter("always")
        try:
            yield
        except kind as error:
            met.append(error)
    for warning in issued:
        if issubclass(warning.category, kind):
            met.append(warning.message)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if not met:
        raise AssertionError(f"expected a {kind.__name__} here, and none came")
    for line in dict.fromkeys(f"{type(m).__name__}: {' '.join(str(m).split())}" for m in met):
        print(line)
