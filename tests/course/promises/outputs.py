"""Promises about what is stored: cells that were run, outputs that can be compared, pictures, and the normal form."""

import html
import re
import xml.etree.ElementTree

import nbformat

from notebooks import normal_form

from .notebook import Markup, all_text, drawing, drawings, images, markup, plain, promise, tags

TAGS = {"check", "exercise", "measured", "nbval-ignore-output", "predict", "raises-exception", "solution"}
VARYING = {
    "an address": r"0x[0-9a-fA-F]{6,}",
    "a timing": r"Wall time|CPU times|\b\d+(\.\d+)? ?(ns|µs|μs|us|ms|sec|secs|seconds)\b",
    "a date": r"\b20\d\d-\d\d-\d\d\b",
    "a path of this machine": r"/(home|root|tmp|usr|Users|work)/|[A-Z]:\\\\",
}
# Every number with more than 13 decimals on a page is one that a learner's own notebook printed, to the last digit;
# the last of these is what the first learner's loss should have been, computed by their own function.
LEARNERS_NUMBERS = {"3.6674507891066104", "0.9280627939898086", "1.0067371123845068"}
WIDEST = 112  # characters of code
LINES, COLUMNS = 15, 120  # an output has at most so many lines; a longer line counts as several, and a few may be
LARGEST_FILE = 1_000_000  # bytes
# What a report or a table from helpers may be made of, and what a picture.
REPORT = {element: {} for element in "b code li mark p pre table tbody th thead tr ul".split()}
REPORT["td"] = {"style": "text-align: left"}  # JupyterLab would align code to the right
_NAMES = "clip-path d fill height id patternunits style transform type version viewbox width x xmlns xmlns:xlink y".split()
_DRAWN = dict.fromkeys(_NAMES, r"(?!.*(url\((?!#)|[@\\])).*") | {"xlink:href": r"#\w+|data:image/png;base64,.*"}
PICTURE = dict.fromkeys("svg defs g path use clippath rect text tspan image pattern".split(), _DRAWN)
# What matplotlib writes into each: its one rule of style, and comments that repeat the labels.
HARMLESS = r'<!--[^>]*-->|<style type="text/css">\*\{stroke-linejoin: round; stroke-linecap: butt\}</style>'


@promise
def every_cell_was_run_in_order(notebook):
    for count, cell in enumerate(notebook.code, start=1):
        if not cell.source.strip():
            yield cell, "is empty"
        elif cell.execution_count != count:
            yield cell, f"has the count {cell.execution_count}, not {count}: it was not run, or not in order"


@promise
def nothing_on_stderr(notebook):
    for cell, output in notebook.outputs:
        if output.get("name") == "stderr":
            yield cell, f"writes to stderr: {output.text[:80]!r}; a warning that belongs there goes through helpers.expected"


@promise
def outputs_are_of_the_kind_that_their_code_gives(notebook):
    """nbval does not look at kinds, counts and order: pictures are displayed, all else is a result, which comes last."""
    for cell, output in notebook.outputs:
        if "data" not in output:
            continue
        kind = "display_data" if "<img " in markup(output) else "execute_result"
        if output.output_type != kind:
            yield cell, f"stores as {output.output_type} what is {kind}"
        elif kind == "execute_result" and output is not cell.outputs[-1]:
            yield cell, "stores a result before another output"
        if output.get("execution_count", cell.execution_count) != cell.execution_count:
            yield cell, f"stores a result of the count {output.execution_count}, not {cell.execution_count}"


@promise
def no_errors_but_tagged_ones(notebook):
    for cell, output in notebook.outputs:
        if output.output_type == "error" and "raises-exception" not in tags(cell):
            yield cell, f"stores a {output.ename}"


@promise
def nothing_that_varies_from_run_to_run(notebook):
    for cell, output in notebook.outputs:
        for what, pattern in VARYING.items():
            if "nbval-ignore-output" not in tags(cell) and (found := re.search(pattern, all_text(output))):
                yield cell, f"stores {what}: {found[0]!r}"


@promise
def numbers_end_at_the_thirteenth_decimal_unless_a_learner_printed_them(notebook):
    for cell, output in notebook.outputs:
        for number in re.findall(r"\d+\.\d{14,}", all_text(output)):
            if number not in LEARNERS_NUMBERS:
                yield cell, f"stores {number}: its last digits differ between machines, or no learner printed it"


@promise
def only_versions_are_ignored_and_their_form_is_held(notebook):
    """nbval may leave out the output of a cell that prints versions: each of its lines is a name and a version."""
    for cell in [cell for cell in notebook.code if "nbval-ignore-output" in tags(cell)]:
        names = [re.fullmatch(r'print\("([\w ]+)", [\w.]*version.*\)', line) for line in cell.source.splitlines()]
        if not all(names):
            yield cell, "ignores its output, and does something else than to print versions"
        elif not re.fullmatch("".join(rf"{name[1]} \d+(\.\w+)+\n" for name in names), "".join(map(plain, cell.outputs))):
            yield cell, "does not show the versions, each on a line with its name"


@promise
def stored_in_normal_form(notebook):
    """The normal form keeps what it lists and nothing else: no attachments, no mark of trust, no traces of a machine."""
    stored = nbformat.reads(notebook.text, as_version=4)
    form = normal_form(stored)
    if form != notebook.text:
        lines = zip(notebook.text.splitlines(), form.splitlines(), strict=False)
        line = next((k for k, (a, b) in enumerate(lines, start=1) if a != b), "last")
        yield None, f"is not in normal form from line {line} on: run make refresh"
    for cell in notebook.cells:
        if unknown := tags(cell) - TAGS:
            yield cell, f"has the unknown tags {sorted(unknown)}"


@promise
def every_picture_is_svg_with_an_alternative_text(notebook):
    for cell, output in notebook.outputs:
        data, pictures = output.get("data", {}), images(output)
        for mime in data.keys() - {"text/html", "text/plain"}:
            yield cell, f"stores {mime}: a picture goes through helpers.show"
        if pictures and not re.fullmatch(r'<img alt="[^"]*" src="[^"]*">', markup(output)):
            yield cell, "stores HTML that is more than one picture from helpers.show"
        for image in pictures:
            alt = image.get("alt", "")
            if alt != data.get("text/plain") or len(alt) < 40 or len(alt.split()) < 8:
                yield cell, f"has a picture whose alternative text is missing, short or not the output's plain form: {alt!r}"
            try:
                svg = xml.etree.ElementTree.fromstring(drawing(image))
                if not svg.tag.endswith("svg") or len(list(svg.iter())) < 10:
                    yield cell, "has a picture with next to nothing in it"
            except (ValueError, xml.etree.ElementTree.ParseError) as error:
                yield cell, f"has a picture that is no SVG: {error}"


@promise
def outputs_are_made_of_plain_elements(notebook):
    """Beside pictures an output may hold a report or a table, which says the same in its plain form."""
    for cell, output in notebook.outputs:
        if markup(output) and not images(output):
            yield from ((cell, how) for how in Markup.of(markup(output)).outside(REPORT))
            words = html.unescape(re.sub(r"<[^>]*>", "", markup(output))), plain(output)
            rich, simple = (re.sub(r"[\W_]+", "", text) for text in words)
            if not rich == simple != "":
                yield cell, "says something else in its plain form"
        for svg in drawings(output):
            elements = Markup.of(re.sub(HARMLESS, "", svg))
            yield from ((cell, f"has a picture that {how}") for how in elements.outside(PICTURE))


@promise
def cells_and_outputs_are_short(notebook):
    for cell in notebook.code:
        if sum(bool(line.strip()) for line in cell.source.splitlines()) > 20:
            yield cell, "has more than 20 lines"
        if any(len(line) > WIDEST for line in cell.source.splitlines()):
            yield cell, f"has a line of more than {WIDEST} characters, which a page cuts off"
    for cell, output in notebook.outputs:
        lines = [] if images(output) else plain(output).splitlines()
        if len(lines) > LINES or sum(len(line) // COLUMNS for line in lines) > LINES:
            yield cell, f"prints more than {LINES} lines of {COLUMNS} columns"
    if len(notebook.text.encode()) > LARGEST_FILE:
        yield None, f"is larger than {LARGEST_FILE} bytes"
