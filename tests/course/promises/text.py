"""Promises about prose: what it is made of, that it renders, its characters, and its numbers."""

import functools
import re
import unicodedata

import mistune

from .code import code_without_comments
from .formulas import mistake
from .notebook import Markup, all_text, plain, promise

FENCED = r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^ {0,3}(?P=fence)[ \t]*$"
CODE = rf"(?P<code>{FENCED}|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`))"
FORMULA = r"\$\$(?P<display>(?:(?!\n\s*\n)[^$])+)\$\$|\$(?=\S)(?P<inline>[^$\n]*[^$\s\\])\$(?!\d)"
PARTS = re.compile(rf"{CODE}|(?P<escape>\\.)|{FORMULA}", flags=re.DOTALL | re.MULTILINE)
ESCAPED = set("\n!\"#$%&'*+,-./:;<=>?@\\^_`{|}~")
# Signs of Markdown and HTML that begin and end nothing where they are left over in the text.
SIGNS = r"\*+|`+|~~|__|(?<!\w)_\w|\$+|\] ?\(|\]\[|^ {0,3}(#+|\||[-+>] )|\| *$|</?\w|<!"
TARGET = r"https://\S+|(?![a-z]+:|//)\S+"
ALIGNED = {"style": r"text-align: ?(left|right|center)"}  # by the colons in the second line of a table
SIMPLE = "blockquote br del details em h1 h2 h3 h4 hr li p pre strong summary table tbody thead tr ul".split()
ELEMENTS = {element: {} for element in SIMPLE} | {"th": ALIGNED, "td": ALIGNED}
ELEMENTS |= {"a": {"href": TARGET}, "code": {"class": r"language-\w+"}, "ol": {"start": r"\d+"}}
# Letters and signs that resemble none in ASCII. (Latin letters with accents need not be listed.)
DISTINCT = set("αβγδεζηθλμξπρστφχψωΓΔΘΛΞΠΣΦΨΩᵀøØæÆœßłŁ✓✗°")
NUMBER = r"(?<![\d.])\d+\.\d{2,}(?![\d.]*\d)"
GIVEN = re.compile(r"\]\([^)\s]*\)|\$[^$]*\\approx[^$]*\$")  # the address of a link, and a constant of mathematics
SHORT_NUMBER = r"(?<![\w.,/^-])(?:[1-9]\d+|\d+\.\d|\d(?= ?%))(?![\w/]|[.,]\d)(?: ?%)?"


@promise
def only_text_and_code(notebook):
    for cell in notebook.cells:
        if cell.cell_type not in ("code", "markdown"):
            yield cell, f"is a {cell.cell_type} cell"


@promise
def text_is_made_of_plain_elements(notebook):
    for cell in notebook.markdown:
        yield from ((cell, how) for how in Markup.of(rendered(cell.source)).outside(ELEMENTS))


@promise
def text_renders(notebook):
    """No sign of Markdown is left over, as from an unclosed ** or a broken row of a table; formulas compile."""
    for cell in notebook.markdown:
        if fence := re.search(r"^ {0,3}(```|~~~)", PARTS.sub("", cell.source), flags=re.MULTILINE):
            yield cell, f"opens a block with {fence[0]} and does not close it"
        for sign in re.finditer(SIGNS, Markup.of(rendered(cell.source)).text, flags=re.MULTILINE):
            yield cell, f"shows the sign {sign[0]!r}, which begins or ends nothing"
        for found in PARTS.finditer(cell.source):
            formula = found["display"] or found["inline"]
            if formula and (part := mistake(formula)) is not None:
                yield cell, f"has the formula {formula[:40]}, which does not compile or has an unlisted command: {part[:40]}"
            if found["escape"] and found["escape"][1] not in ESCAPED:
                yield cell, f"has {found['escape']}, which escapes nothing and begins no formula"


@promise
def characters_are_what_they_look_like(notebook):
    """No invisible characters, none that change the direction of writing, no letters of other scripts that look Latin."""
    texts = [(cell, cell.source) for cell in notebook.cells]
    for cell, text in texts + [(cell, all_text(output)) for cell, output in notebook.outputs]:
        for character in sorted(set(text)):
            if not _is_distinct(character):
                name = unicodedata.name(character, "without a name")
                yield cell, f"has the character U+{ord(character):04X} ({name}), which is invisible or looks like another"


def _is_distinct(character):
    if character.isascii() or character in DISTINCT:
        return character.isprintable() or character in "\n\t"
    kind, parts = unicodedata.category(character), unicodedata.normalize("NFD", character)
    if kind.startswith("L"):
        return parts[0].isascii() or "\uac00" <= character <= "\ud7a3"  # the first learner's comments are in Korean
    return parts == character and (kind in ("No", "Sm") or kind.startswith("P"))


@promise
def numbers_in_the_prose_are_shown_by_the_page(notebook):
    """A number with two decimals or more must be one that the page shows, or what a longer one rounds to."""
    shown = re.findall(NUMBER, _shown(notebook))
    shown += [f"{100 * float(number):.6f}" for number in shown]  # as percentages
    for cell in notebook.markdown:
        if "**Predict.**" in cell.source:
            continue  # a question holds its own data
        for number in re.findall(NUMBER, GIVEN.sub("", cell.source)):
            if number not in _rounded(shown, number):
                yield cell, f"says {number}, which no output and no line of code on the page shows"


@promise
def numbers_beside_an_output_are_shown_by_the_page(notebook):
    """In the paragraph right after an output, so must every other number of two digits or more, and every percentage."""
    shown = re.findall(r"\d+(?:\.\d+)?", _shown(notebook))
    for before, cell in zip(notebook.cells, notebook.cells[1:-1], strict=False):
        if cell.cell_type == "code" or not before.get("outputs") or cell.source.startswith("#"):
            continue
        for found in re.findall(SHORT_NUMBER, _paragraph(cell)):
            number = found.rstrip(" %")
            percent = [str(100 * float(other)) for other in shown] if "%" in found else []
            if number not in {*shown, *_rounded(shown + percent, number)}:
                yield cell, f"says {found} beside an output, and no output and no line of code on the page shows it"


def _shown(notebook):
    return "\n".join([code_without_comments(notebook), *(plain(output) for _, output in notebook.outputs)])


def _rounded(numbers, like):
    decimals = len(like.partition(".")[2])
    return {f"{float(number):.{decimals}f}" for number in numbers if len(number.partition(".")[2]) >= decimals}


def _paragraph(cell):
    """Return the first paragraph of a text, without its formulas, what they are equal to, and code that is no number."""
    text = re.sub(r"\$[^$]+\$( = [\d,.]+)?", "", cell.source.split("\n\n")[0])
    return re.sub(r"`[^`]*[^`\d.,][^`]*`", "", text)


def blank_out_code(cell):
    """Return the source of a text cell without code."""
    return PARTS.sub(lambda part: "" if part["code"] else part[0], cell.source) if cell.cell_type == "markdown" else ""


@functools.lru_cache(maxsize=1024)
def rendered(source):
    """Return the HTML of a text, with @@ in the place of each formula and each escaped sign."""
    without = PARTS.sub(lambda part: part["code"] or "@@", source)
    renderer = mistune.HTMLRenderer(escape=False, allow_harmful_protocols=True)  # the promises must see all of it
    return mistune.create_markdown(renderer=renderer, plugins=["strikethrough", "table", "url"])(without)
