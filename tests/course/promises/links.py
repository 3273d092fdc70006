"""Promises about the way through the course: links, openings and closings, the previous and the next page."""

import functools
import json
import re
import urllib.parse

from .notebook import Markup, promise
from .text import rendered


@promise
def links_and_anchors_lead_somewhere(notebook):
    for cell in notebook.markdown:
        links = [attributes for element, attributes in Markup.of(rendered(cell.source)).elements if element == "a"]
        for target in [link["href"] for link in links if not link.get("href", "").startswith("https://")]:
            file, _, anchor = urllib.parse.unquote(target).partition("#")
            path = notebook.path.parent / file
            if file and not (path.is_file() and path.resolve().parent == notebook.path.resolve().parent):
                yield cell, f"links to {target}, and there is no such file"
            elif anchor and anchor not in (_anchors(path) if file else _headings(cell.source for cell in notebook.markdown)):
                yield cell, f"links to {target}, and there is no such heading"


@promise
def opens_and_closes_as_every_page_does(notebook):
    first, last = notebook.cells[0], notebook.cells[-1]
    if not re.match(rf"# {notebook.number} · \S", first.source):
        yield first, f"does not open with a title like '# {notebook.number} · ...'"
    for part in ("**You'll do:**", "**You'll learn:**", "**You'll need:**"):
        if part not in first.source:
            yield first, f"does not say {part}"
    for part in ("## Recap", r"\*\*Where it goes wrong in (practice|the wild)\.\*\*", r"\*\*Further reading\.\*\*"):
        if not re.search(part, last.source):
            yield last, f"does not say {part}"
    if len(re.findall(r"^- ", last.source, flags=re.MULTILINE)) > 5:
        yield last, "recaps in more than five lines"


@promise
def previous_and_next_lead_to_the_neighbours(notebook):
    """The last line of a page links to the page before and to the page after it, by the first words of their titles."""
    pages = sorted({*notebook.path.parent.glob("[0-9][0-9]_*.ipynb"), notebook.path})
    here, last = pages.index(notebook.path), notebook.cells[-1]
    neighbours = {"Previous": pages[max(here - 1, 0) : here], "Next": pages[here + 1 : here + 2]}
    parts = [f"**{word}:** [{title(path)}]({path.name})" for word, found in neighbours.items() for path in found]
    if parts and last.source.splitlines()[-1] != " · ".join(parts):
        yield last, f"does not end with the line {' · '.join(parts)}"


def title(path):
    """Return the title of a page up to its colon: "03 · Numerical gradient"."""
    return re.search(r"^# ([^:\n]+)", "\n".join(_sources(path)), flags=re.MULTILINE)[1].strip()


def _sources(path):
    return [
        "".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "markdown"
    ]


@functools.cache
def _anchors(path):
    return _headings(_sources(path))


def _headings(sources):
    """Return the anchors that JupyterLab gives to the headings of a notebook."""
    headings = re.findall(r"^#+ (.+)$", "\n".join(sources), flags=re.MULTILINE)
    return {heading.strip().replace(" ", "-") for heading in headings}
