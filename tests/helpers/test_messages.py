"""`expected` prints the error or the warnings that a page means to show, on one line each, and hides nothing else."""

import warnings

import numpy as np
import pytest

from helpers import expected


def test_an_error_is_printed_on_one_line_under_its_own_name_and_the_page_goes_on(capsys):
    with expected(ArithmeticError):
        raise ZeroDivisionError("two\n  lines")
    assert capsys.readouterr().out == "ZeroDivisionError: two lines\n"


def test_a_warning_is_printed_once_after_the_output_of_the_block_each_time_the_cell_is_run(capsys):
    for _ in range(2):
        with expected(RuntimeWarning):
            print(np.exp(np.array([1000.0])))
            np.exp(np.array([1000.0]))
        assert capsys.readouterr().out == "[inf]\nRuntimeWarning: overflow encountered in exp\n"


@pytest.mark.parametrize("kind", [ValueError, RuntimeWarning])
def test_a_block_that_shows_nothing_fails(kind):
    with pytest.raises(AssertionError, match=f"meant to show a {kind.__name__}"), expected(kind):
        pass


@pytest.mark.filterwarnings("default")
def test_a_warning_does_not_count_as_an_error():
    with pytest.warns(RuntimeWarning), pytest.raises(AssertionError), expected(Exception):
        warnings.warn("only a warning", RuntimeWarning, stacklevel=1)


@pytest.mark.filterwarnings("default")
def test_other_errors_and_warnings_pass_through():
    with pytest.warns(DeprecationWarning, match="old"), pytest.raises(KeyError), expected(RuntimeWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        raise KeyError("other")


def test_other_warnings_keep_their_filters():
    with pytest.raises(DeprecationWarning), expected(RuntimeWarning):  # warnings are errors in these tests
        warnings.warn("old", DeprecationWarning, stacklevel=1)


@pytest.mark.parametrize("kind", ["ValueError", 3, int, KeyboardInterrupt])
def test_a_kind_that_is_no_exception_is_refused(kind):
    with pytest.raises(TypeError, match="kind must be"), expected(kind):
        pass
