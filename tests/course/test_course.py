"""The course keeps its promises: each of promises.py, over each notebook."""

import pinned
import promises
import pytest


@pytest.mark.parametrize("kept", promises.PROMISES, ids=lambda kept: kept.__name__)
def test_promise(notebook, kept):
    broken = [f"{notebook.name(cell)} {how}" for cell, how in kept(notebook)]
    assert not broken, "\n".join(broken)


@pinned.needs_pinned
def test_pictures_are_compared(notebook):
    markup = [
        output.data["text/html"]
        for cell in notebook.code
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert [pinned.comparable(text) for text in markup] == markup
    assert any("data:image/svg+xml;base64," in text for text in markup)


def test_a_cell_has_two_minutes(pytestconfig):
    assert float(pytestconfig.getoption("nbval_cell_timeout")) == 120


def test_the_learners_numbers_are_on_the_pages(root):
    pages = "".join(path.read_text("utf-8") for path in (root / "notebooks").glob("*.ipynb"))
    missing = [number for number in [*promises.LEARNERS_NUMBERS, "0.36540923 0.23927209 0.39531868"] if number not in pages]
    assert not missing
