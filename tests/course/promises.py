"""What every notebook of the course promises. A promise is a function that yields what breaks it: (cell, how).

Each closes a hole that nbval leaves open, or holds the pages to the course's own rules.
"""

import ast
import base64
import functools
import html
import html.parser
import json
import pathlib
import re
import urllib.parse
import xml.etree.ElementTree

import nbformat

from notebooks import normal_form

TAGS = {"nbval-ignore-output", "raises-exception", "exercise", "check", "solution"}
EXERCISES = range(3, 6)  # on each page but the first
IGNORED_OUTPUTS = {"b39c84d4"}  # ids of the cells whose outputs nbval may ignore: the versions in 00
MODULES = {"helpers", "matplotlib", "numpy", "sys"}
FORBIDDEN_NAMES = set("__import__ breakpoint compile eval exec get_ipython getattr globals input open".split())
# What numpy, matplotlib and sys would lend a page that wants files, a network or a shell.
FORBIDDEN_ATTRIBUTES = FORBIDDEN_NAMES | set(
    "DataSource __dict__ __globals__ ctypeslib fromfile fromregex genfromtxt load loadtxt memmap modules os path popen save "
    "savefig savetxt savez savez_compressed shutil socket subprocess system tofile urllib urlopen".split()
)
HISTORY = {"In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh"}
FORBIDDEN_ELEMENTS = {
    "base",
    "button",
    "embed",
    "form",
    "frame",
    "iframe",
    "input",
    "link",
    "meta",
    "object",
    "script",
    "style",
}
VARYING = {
    "an address": r"0x[0-9a-fA-F]{6,}",
    "a timing": r"Wall time|CPU times|\b\d+(\.\d+)? ?(ns|µs|us|ms|sec|secs|seconds)\b",
    "a date": r"\b20\d\d-\d\d-\d\d\b",
    "a path of this machine": r"/(home|root|tmp|usr|Users|work)/|[A-Z]:\\\\",
}
# Every number with more than 13 decimals on a page is one that a learner's own notebook printed, to the last digit;
# the last of these is what the first learner's loss should have been, computed by their own function.
LEARNERS_NUMBERS = {"3.6674507891066104", "0.9280627939898086", "1.0067371123845068"}
LARGEST_FILE = 1_000_000  # bytes
# What a report or a table from helpers may be made of, without attributes, beside the pictures.
PLAIN_ELEMENTS = set("b code li p table tbody td th thead tr ul".split())
NUMBER = r"(?<![\d.])\d+\.\d{2,}(?![\d.]*\d)"


class Notebook:
    """A stored notebook: its path, its text, its cells, and how to name a cell."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text("utf-8")
        self.cells = nbformat.reads(self.text, as_version=4).cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.markdown = [cell for cell in self.cells if cell.cell_type == "markdown"]

    def name(self, cell):
        """Name a cell as nbval does, code cells counted from 0, and by its id."""
        if cell is None:
            return self.path.name
        if cell.cell_type == "code":
            return f"{self.path.name}::Cell {self.code.index(cell)} (id {cell.id})"
        return f"{self.path.name}, text cell (id {cell.id}) «{cell.source[:40]}»"


PROMISES = []


def promise(function):
    PROMISES.append(function)
    return function


@promise
def only_text_and_code(notebook):
    for cell in notebook.cells:
        if cell.cell_type not in ("code", "markdown"):
            yield cell, f"is a {cell.cell_type} cell"
        elif cell.cell_type == "markdown" and cell.source.count("<details>") != cell.source.count("</details>"):
            yield cell, "opens a fold and does not close it, or closes one that it did not open"


@promise
def every_cell_was_run_in_order(notebook):
    for count, cell in enumerate(notebook.code, start=1):
        if not cell.source.strip():
            yield cell, "is empty"
        elif cell.execution_count != count:
            yield cell, f"has the count {cell.execution_count}, not {count}: it was not run, or not in order"


@promise
def nothing_on_stderr(notebook):
    for cell, output in _outputs(notebook):
        if output.get("name") == "stderr":
            yield cell, f"writes to stderr: {output.text[:80]!r}; a warning that belongs there goes through helpers.expected"


@promise
def outputs_are_of_the_kind_that_their_code_gives(notebook):
    """nbval does not look at the kind of an output, nor at its count: pictures are displayed, all else is a result."""
    for cell, output in _outputs(notebook):
        if "data" not in output:
            continue
        kind = "display_data" if "<img " in _markup(output) else "execute_result"
        if output.output_type != kind:
            yield cell, f"stores as {output.output_type} what is {kind}"
        if output.get("execution_count", cell.execution_count) != cell.execution_count:
            yield cell, f"stores a result of the count {output.execution_count}, not {cell.execution_count}"


@promise
def no_errors_but_tagged_ones(notebook):
    for cell, output in _outputs(notebook):
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            yield cell, f"stores a {output.ename}"


@promise
def nothing_that_nbval_stumbles_over(notebook):
    for cell in notebook.code:
        if any(line.rstrip().endswith(";") for line in cell.source.splitlines()):
            yield cell, "ends a line with ;"
        if "NBVAL" in cell.source:
            yield cell, "steers nbval by a comment"
        for node in ast.walk(_tree(cell)):
            if isinstance(node, ast.Name) and node.id in HISTORY:
                yield cell, f"uses {node.id}, which depends on what was run before"


@promise
def nothing_that_varies_from_run_to_run(notebook):
    for cell, output in _outputs(notebook):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            continue
        for what, pattern in VARYING.items():
            if found := re.search(pattern, _all_text(output)):
                yield cell, f"stores {what}: {found[0]!r}"


@promise
def numbers_end_at_the_thirteenth_decimal_unless_a_learner_printed_them(notebook):
    for cell, output in _outputs(notebook):
        for number in re.findall(r"\d+\.\d{14,}", _all_text(output)):
            if number not in LEARNERS_NUMBERS:
                yield (
                    cell,
                    f"stores {number}: its last digits differ between machines, or it is not what the learner printed",
                )


@promise
def known_tags_and_few_ignored_outputs(notebook):
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag not in TAGS:
                yield cell, f"has the unknown tag {tag!r}"
            if tag == "nbval-ignore-output" and cell.id not in IGNORED_OUTPUTS:
                yield cell, "ignores its output, and is not on the list of those that may"


@promise
def stored_in_normal_form(notebook):
    form = normal_form(nbformat.reads(notebook.text, as_version=4))
    if form != notebook.text:
        lines = zip(notebook.text.splitlines(), form.splitlines(), strict=False)
        line = next((k for k, (a, b) in enumerate(lines, start=1) if a != b), "last")
        yield None, f"is not in normal form from line {line} on: run make refresh"


@promise
def every_picture_is_svg_with_an_alternative_text(notebook):
    for cell, output in _outputs(notebook):
        data = output.get("data", {})
        for mime in data:
            if mime not in ("text/html", "text/plain"):
                yield cell, f"stores {mime}: a picture goes through helpers.show"
        markup = data.get("text/html", "")
        if markup and not re.fullmatch(r'<img alt="[^"]*" src="[^"]*">', markup) and not _same_in_plain(markup, data):
            yield cell, "stores HTML that is neither one picture from helpers.show nor plain text and tables"
        for image in _elements(markup, "img"):
            alt = image.get("alt", "")
            if alt != data.get("text/plain") or len(alt) < 40 or len(alt.split()) < 8:
                yield cell, f"has a picture whose alternative text is missing, short or not the output's plain form: {alt!r}"
            try:
                drawing = xml.etree.ElementTree.fromstring(_svg(image))
                if not drawing.tag.endswith("svg") or len(list(drawing.iter())) < 10:
                    yield cell, "has a picture with next to nothing in it"
            except (ValueError, xml.etree.ElementTree.ParseError) as error:
                yield cell, f"has a picture that is no SVG: {error}"


@promise
def nothing_that_runs_in_a_browser(notebook):
    for cell in notebook.markdown:
        yield from ((cell, how) for how in _active(_rendered(cell.source)))
    for cell, output in _outputs(notebook):
        markup = output.get("data", {}).get("text/html", "")
        yield from ((cell, how) for how in _active(markup))
        for image in _elements(markup, "img"):
            drawing = _svg(image).replace(
                '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>', ""
            )
            yield from ((cell, how) for how in _active(drawing))


@promise
def links_and_anchors_lead_somewhere(notebook):
    for cell in notebook.markdown:
        markup = _rendered(cell.source)
        prose = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", markup, flags=re.DOTALL)
        if gone := re.search(r"\[[^\]]*\]\[[^\]]*\]", prose):
            yield cell, f"has the link {gone[0]}, and its address is nowhere"
        images, links = _elements(markup, "img"), _elements(markup, "a")
        for image in images:
            if len(image.get("alt", "")) < 40:
                yield cell, f"has a picture, {image.get('src')}, without an alternative text"
        targets = [image.get("src", "") for image in images]
        targets += [link["href"] for link in links if "href" in link and link.get("class") != "anchor-link"]
        for target in targets:
            if target.startswith("https://"):
                continue
            file, _, anchor = urllib.parse.unquote(target).partition("#")
            path = notebook.path.parent / file if file else notebook.path
            if not path.is_file() or path.resolve().parent != notebook.path.resolve().parent:
                yield cell, f"links to {target}, and there is no such file"
            elif anchor and anchor not in _anchors(path):
                yield cell, f"links to {target}, and there is no such heading"


@promise
def opens_and_closes_as_every_page_does(notebook):
    number, first, last = notebook.path.name[:2], notebook.cells[0], notebook.cells[-1]
    if not re.match(rf"# {number} · \S", first.source):
        yield first, f"does not open with a title like '# {number} · ...'"
    for part in ("**You'll do:**", "**You'll learn:**", "**You'll need:**"):
        if part not in first.source:
            yield first, f"does not say {part}"
    for part in ("## Recap", "**Where it goes wrong in the wild.**", "**Further reading.**", "**Next:**"):
        if part not in last.source:
            yield last, f"does not say {part}"
    if len(re.findall(r"^- ", last.source, flags=re.MULTILINE)) > 5:
        yield last, "recaps in more than five lines"


@promise
def imports_stand_in_the_first_code_cell(notebook):
    for cell in notebook.code:
        for node in ast.walk(_tree(cell)):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if cell is not notebook.code[0]:
                yield cell, "imports, and is not the first code cell"
            for alias in node.names:
                module = (getattr(node, "module", None) or alias.name).partition(".")[0]
                foreign = isinstance(node, ast.ImportFrom) and module != "helpers"  # numpy and matplotlib lend os, too
                if module not in MODULES or foreign or alias.name == "*":
                    yield cell, f"imports {alias.name} of {module}: a page imports {sorted(MODULES)}, and names of helpers"


@promise
def exercises_ask_check_and_solve(notebook):
    """An exercise is a task, a stub, its check ("not yet"), a folded solution and the same check again ("solved")."""
    tagged = [cell for cell in notebook.cells if {"exercise", "check", "solution"} & _tags(cell)]
    code = [cell for cell in tagged if cell.cell_type == "code"]
    wanted = [{"exercise"}, {"check"}, {"solution"}, {"check", "solution"}]
    for k, cell in enumerate(code):
        if _tags(cell) != wanted[k % 4]:
            yield cell, f"is tagged {sorted(_tags(cell))} where {sorted(wanted[k % 4])} comes next"
            return
    for stub, first, solution, second in zip(*[iter(code)] * 4, strict=False):
        name = (re.findall(r"^check\.(\w+)\(my_\1\)$", first.source) or [""])[0]
        if not name or second.source != f"check.{name}(our_{name})":
            yield first, "is no check.NAME(my_NAME), followed by check.NAME(our_NAME)"
        elif f"def my_{name}(" not in stub.source or f"def our_{name}(" not in solution.source:
            yield stub, f"defines no my_{name}, or its solution no our_{name}"
        if not _says(first).startswith("not yet: "):
            yield first, f"does not say 'not yet' to the stub, but {_says(first)!r}"
        if not _says(second).startswith("solved: "):
            yield second, f"does not say 'solved' to the solution, but {_says(second)!r}"
        if not solution.metadata.get("jupyter", {}).get("source_hidden"):
            yield solution, "is a solution, and not folded away"
    count, titles = len(code) / 4, [cell.source for cell in tagged if cell.cell_type == "markdown"]
    if count not in ((0,) if notebook.path.name.startswith("00") else EXERCISES):
        yield None, f"has {count:g} exercises"
    if count and not any(re.match(r"### \d · Find the bug: ", title) for title in titles):
        yield None, "has no planted bug among its exercises"


@promise
def no_network_shell_install_or_eval(notebook):
    for cell in notebook.code:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            yield cell, f"is not plain Python, line {error.lineno}: no magics, no shell"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
                yield cell, f"uses {node.id}"
            if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
                yield cell, f"uses .{node.attr}"


@promise
def cells_and_outputs_are_short(notebook):
    for cell in notebook.code:
        if sum(bool(line.strip()) for line in cell.source.splitlines()) > 20:
            yield cell, "has more than 20 lines"
    for cell, output in _outputs(notebook):
        if "<img " not in _markup(output) and len(_plain(output).splitlines()) > 15:
            yield cell, "prints more than 15 lines"
    if len(notebook.text.encode()) > LARGEST_FILE:
        yield None, f"is larger than {LARGEST_FILE} bytes"


@promise
def numbers_in_the_prose_are_shown_by_the_page(notebook):
    """A number with two decimals or more must be one that the page shows, or what a longer one rounds to."""
    code = "\n".join(re.sub(r"#.*", "", cell.source) for cell in notebook.code)
    shown = re.findall(NUMBER, code + "\n" + "\n".join(_plain(output) for _, output in _outputs(notebook)))
    for cell in notebook.markdown:
        for number in re.findall(NUMBER, cell.source):
            decimals = len(number.partition(".")[2])
            rounded = {f"{float(other):.{decimals}f}" for other in shown if len(other.partition(".")[2]) >= decimals}
            if number not in rounded:
                yield cell, f"says {number}, which no output and no line of code on the page shows"


def _same_in_plain(markup, data):
    """Return whether a piece of HTML is plain text and tables, and says what the output's plain form says."""
    plain = all(element in PLAIN_ELEMENTS and not attributes for element, attributes in _parsed(markup))
    html_words, plain_words = (
        re.sub(r"[\W_]+", "", text) for text in (html.unescape(re.sub(r"<[^>]*>", "", markup)), data.get("text/plain", ""))
    )
    return plain and html_words == plain_words != ""


def _tags(cell):
    return set(cell.metadata.get("tags", []))


def _says(cell):
    return "".join(_plain(output) for output in cell.outputs)


def _outputs(notebook):
    return [(cell, output) for cell in notebook.code for output in cell.outputs]


def _plain(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def _all_text(output):
    """Return what an output says: its plain form, and the texts inside its picture."""
    drawings = [_svg(image) for image in _elements(_markup(output), "img") if "base64" in image.get("src", "")]
    words = re.findall(r">([^<>]+)<", "\n".join([_markup(output), *drawings]))
    return "\n".join([_plain(output), *words])


@functools.lru_cache(maxsize=1024)
def _rendered(markdown):
    from nbconvert.filters import markdown2html

    return markdown2html(markdown)


def _markup(output):
    return output.get("data", {}).get("text/html", "")


def _tree(cell):
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module([], [])  # another promise says so


def _svg(image):
    kind, _, data = image.get("src", "").partition(",")
    if kind != "data:image/svg+xml;base64":
        raise ValueError(f"it begins with {kind[:40]!r}")
    return base64.b64decode(data, validate=True).decode()


def _elements(markup, name):
    return [dict(attributes) for element, attributes in _parsed(markup) if element == name]


def _active(markup):
    """Yield what in a piece of markup could run, load or ask for something."""
    for element, attributes in _parsed(markup):
        if element in FORBIDDEN_ELEMENTS:
            yield f"holds a <{element}>"
        for name, value in attributes:
            if name.startswith("on") or "javascript:" in (value or "").lower():
                yield f"has a {name} attribute that runs code"
            if name in ("src", "xlink:href") and re.match(r"(https?:)?//", value or ""):
                yield f"loads {value}"
            if name == "href" and re.match(r"(data|http|file|vbscript):|//", (value or "").strip().lower()):
                yield f"links to {value}"


@functools.lru_cache(maxsize=256)
def _parsed(markup):
    elements = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            elements.append((tag, attrs))

    Parser().feed(markup)
    return elements


@functools.cache
def _anchors(path):
    """The anchors that JupyterLab gives to the headings of a notebook."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}
