"""A stored notebook, and how promises read its cells, its outputs and its markup."""

import ast
import base64
import functools
import html
import html.parser
import pathlib
import re

import nbformat

VOID = {"br", "hr", "img"}  # elements without an end
PROMISES = []


def promise(function):
    PROMISES.append(function)
    return function


class Notebook:
    """A stored notebook: its path, its text, its cells, and how to name a cell."""

    def __init__(self, path, text=None):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text("utf-8") if text is None else text
        self.cells = nbformat.reads(self.text, as_version=4).cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.markdown = [cell for cell in self.cells if cell.cell_type == "markdown"]
        self.outputs = [(cell, output) for cell in self.code for output in cell.outputs]
        self.number = self.path.name[:2]

    def name(self, cell):
        """Name a cell as nbval does, code cells counted from 0, and by its id."""
        if cell is None:
            return self.path.name
        if cell.cell_type == "code":
            return f"{self.path.name}::Cell {self.code.index(cell)} (id {cell.id})"
        return f"{self.path.name}, text cell (id {cell.id}) «{cell.source[:40]}»"


def tags(cell):
    return set(cell.metadata.get("tags", []))


def tree(cell):
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module([], [])  # another promise says so


def plain(output):
    """Return the plain form of an output."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def markup(output):
    return output.get("data", {}).get("text/html", "")


def images(output):
    return [attributes for element, attributes in Markup.of(markup(output)).elements if element == "img"]


def drawing(image):
    """Return the SVG in the address of an image; raise ValueError if there is none."""
    kind, _, data = image.get("src", "").partition(",")
    if kind != "data:image/svg+xml;base64":
        raise ValueError(f"its address begins with {kind[:40]!r}")
    return base64.b64decode(data, validate=True).decode()


def drawings(output):
    """Return the SVG of each picture in an output; another promise names those that are broken."""
    found = []
    for image in images(output):
        try:
            found.append(drawing(image))
        except ValueError:
            continue
    return found


def all_text(output):
    """Return what an output says: its plain form, and the texts in its tables and pictures."""
    words = re.findall(r">([^<>]+)<", "\n".join([markup(output), *drawings(output)]))
    return html.unescape("\n".join([plain(output), *words]))


class Markup(html.parser.HTMLParser):
    """A piece of HTML: its elements, its text outside of code, and what is wrong with its form."""

    @classmethod
    @functools.lru_cache(maxsize=512)
    def of(cls, text):
        return cls(text)

    def __init__(self, text):
        super().__init__(convert_charrefs=False)
        self.elements, self.text, self.wrong, self.open = [], "", [], []
        self.feed(text)
        self.close()
        self.wrong += [f"opens a <{tag}> and does not close it" for tag in self.open]

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open[-1:] == [tag]:
            self.open.pop()
        else:
            self.wrong.append(f"closes a <{tag}> that is not open")

    def handle_data(self, data):
        if "<" in data:
            self.wrong.append("has a < that neither belongs to an element nor is written as &lt;")
        self.say(data)

    def handle_entityref(self, name):
        self.say(html.unescape(f"&{name};"))

    def handle_charref(self, name):
        self.handle_entityref("#" + name)

    def say(self, text):
        if not {"code", "pre"} & set(self.open):
            self.text += text

    def handle_comment(self, data):
        self.wrong.append(f"hides the comment {data[:40]!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment

    def outside(self, allowed):
        """Yield what is not on a list of what is allowed: {element: {attribute: pattern of its value}}."""
        yield from self.wrong
        for element, attributes in self.elements:
            if element not in allowed:
                yield f"holds a <{element}>"
            for name, value in attributes.items():
                if element in allowed and not re.fullmatch(allowed[element].get(name, "(?!)"), value, flags=re.DOTALL):
                    yield f'gives a <{element}> the attribute {name}="{value[:40]}"'
