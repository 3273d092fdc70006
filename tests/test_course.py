"""The course keeps its promises: each of promises.py, over each notebook."""

import promises
import pytest


@pytest.mark.parametrize("kept", promises.PROMISES, ids=lambda kept: kept.__name__)
def test_promise(notebook, kept):
    broken = [f"{notebook.name(cell)} {how}" for cell, how in kept(notebook)]
    assert not broken, "\n".join(broken)


def test_a_cell_has_two_minutes(pytestconfig):
    assert float(pytestconfig.getoption("nbval_cell_timeout")) == 120


def test_the_learners_numbers_are_on_the_pages(root):
    pages = "".join(path.read_text("utf-8") for path in (root / "notebooks").glob("*.ipynb"))
    missing = [number for number in [*promises.LEARNERS_NUMBERS, "0.36540923 0.23927209 0.39531868"] if number not in pages]
    assert not missing
