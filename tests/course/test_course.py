"""The course keeps its promises, each over each page; and all that lists the pages lists the same ones."""

import re

import pinned
import pytest
from promises import LEARNERS_NUMBERS, PROMISES, Notebook
from promises.links import title


def test_the_promises_are_kept(notebook):
    broken = [f"{notebook.name(cell)} {how} ({kept.__name__})" for kept in PROMISES for cell, how in kept(notebook)]
    assert not broken, "\n".join(broken)


@pinned.needs_pinned
def test_pictures_are_compared(notebook):
    markup = [output.data["text/html"] for _, output in notebook.outputs if "text/html" in output.get("data", {})]
    assert [pinned.comparable(text) for text in markup] == markup
    assert any("data:image/svg+xml;base64," in text for text in markup)


def test_the_learners_numbers_are_on_the_pages(root):
    pages = "".join(path.read_text("utf-8") for path in (root / "notebooks").glob("*.ipynb"))
    missing = [number for number in [*LEARNERS_NUMBERS, "0.36540923 0.23927209 0.39531868"] if number not in pages]
    assert not missing


@pytest.fixture
def pages(root):
    return sorted((root / "notebooks").glob("*.ipynb"))


def test_the_pages_are_numbered_and_no_notebook_is_anywhere_else(pages, root):
    assert [path.name[:3] for path in pages] == [f"{number:02}_" for number in range(len(pages))]
    made = {"build", "node_modules", ".ipynb_checkpoints"}
    folders = [folder for folder in root.iterdir() if folder.is_dir() and folder.name not in {"build", ".venv"}]
    found = [*root.glob("*.ipynb"), *(path for folder in folders for path in folder.rglob("*.ipynb"))]
    found = [path for path in found if not made & set(path.relative_to(root).parts)]
    assert sorted(found) == pages


def rows(text):
    """Return {name: file} of the pages in a table, like {"01 Softmax": "01_softmax.ipynb"}; None if it links to none."""
    found = re.findall(r"^\| \W*(\d\d [^]*|]+)[]*]*(?:\((?:notebooks/)?([^)]+)\))?", text, flags=re.MULTILINE)
    return {name.strip(): file or None for name, file in found}


def test_every_page_is_in_the_table_of_the_readme_and_in_that_of_the_first_page(pages, root):
    names = [path.name for path in pages]
    readme = rows((root / "README.md").read_text("utf-8"))
    first = rows("\n".join(cell.source for cell in Notebook(pages[0]).markdown))
    assert list(readme.values()) == names
    assert list(first.values()) == [None, *names[1:]]  # the first page does not link to itself
    assert list(readme) == list(first)
    assert list(readme)[1:] == [title(path).replace(" · ", " ") for path in pages[1:]]


def test_every_page_is_on_the_map_of_the_first_page(pages):
    texts = [output.get("data", {}).get("text/plain", "") for _, output in Notebook(pages[0]).outputs]
    [the_map] = [text for text in texts if re.match(r"(A|The) map", text)]
    assert {*re.findall(r"\b\d\d\b", the_map)} == {path.name[:2] for path in pages[1:]}
