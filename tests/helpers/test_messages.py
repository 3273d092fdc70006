"""`expected`: what a page means to show is shown on one line, and nothing else is hidden."""

import warnings

import numpy as np
import pytest

from helpers import expected


def test_prints_an_error_on_one_line_and_goes_on(capsys):
    with expected(ValueError):
        raise ValueError("two\n  lines")
    assert capsys.readouterr().out == "ValueError: two lines\n"


def test_names_the_error_that_came_not_the_family(capsys):
    with expected(ArithmeticError):
        1 / 0
    assert capsys.readouterr().out == "ZeroDivisionError: division by zero\n"


def test_prints_each_warning_once_and_after_the_output_of_the_block(capsys):
    with expected(RuntimeWarning):
        print(np.exp(np.array([1000.0])))
        np.exp(np.array([1000.0]))
    assert capsys.readouterr().out == "[inf]\nRuntimeWarning: overflow encountered in exp\n"


def test_prints_a_warning_although_it_was_seen_before(capsys):
    for _ in range(2):
        with expected(RuntimeWarning):
            np.log(np.zeros(1))
    assert capsys.readouterr().out.count("divide by zero") == 2


@pytest.mark.parametrize("kind", [ValueError, RuntimeWarning])
def test_fails_if_nothing_comes(kind):
    with pytest.raises(AssertionError, match=f"meant to show a {kind.__name__}"), expected(kind):
        pass


def test_another_error_passes_through():
    with pytest.raises(KeyError), expected(ValueError):
        raise KeyError("other")


@pytest.mark.filterwarnings("default")
def test_another_warning_is_issued_as_usual():
    with pytest.warns(DeprecationWarning, match="old"), expected(RuntimeWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("new", RuntimeWarning, stacklevel=1)


@pytest.mark.parametrize("kind", ["ValueError", 3, int, KeyboardInterrupt])
def test_a_kind_that_is_no_exception_is_refused(kind):
    with pytest.raises(TypeError, match="kind must be"), expected(kind):
        pass


@pytest.mark.filterwarnings("default")
def test_no_warning_is_lost_to_another_error():
    with pytest.warns(DeprecationWarning, match="old"), pytest.raises(KeyError), expected(RuntimeWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        raise KeyError("other")


@pytest.mark.filterwarnings("default")
def test_a_mere_warning_is_no_error():
    with pytest.warns(RuntimeWarning), pytest.raises(AssertionError), expected(Exception):
        warnings.warn("mere", RuntimeWarning, stacklevel=1)


def test_other_warnings_keep_their_filters():
    with pytest.raises(DeprecationWarning), expected(RuntimeWarning):  # warnings are errors in these tests
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        raise KeyError("never reached")
