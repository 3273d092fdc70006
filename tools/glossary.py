"""The glossary of the course: each term that a page prints in bold, with the sentence that introduces it."""

import re

BOLD = re.compile(r"\*\*(?P<term>[^*\n$`]+?)\*\*")
NOT_PROSE = re.compile(r"^```.*?^```|^(?: {4}|\|)[^\n]*", flags=re.MULTILINE | re.DOTALL)  # code and tables
REFERS_BACK = re.compile(r"(This|That|These|It|They|Its|Such)\b")
# Bold words that are stressed, and not defined.
STRESSED = set(
    "depends|differences|does not move|downwards|higher|ignores its argument|lower|mean|measured|not square|ratios|sideways|"
    "right so far|compute from what you are handed|copied|predict|slopes are".split("|")
)


def anchor(term):
    """Return the id of the place where a term is defined."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def definitions(markdown):
    """Yield (term, match) of each term that a cell of Markdown defines."""
    elsewhere = [match.span() for match in NOT_PROSE.finditer(markdown)]
    for match in BOLD.finditer(markdown):
        if is_term(match["term"]) and not any(start <= match.start() < end for start, end in elsewhere):
            yield match["term"], match


def is_term(bold):
    """Tell a term from a heading in bold, such as "Predict:", from a link's text and from a word that is stressed."""
    words = bold.split()
    return (
        len(words) <= 3
        and len(bold) > 2
        and bold[-1] not in ".:?!"
        and not bold[0].isdigit()
        and bold.lower() not in STRESSED
    )


def sentence(markdown, match):
    """Return the sentence around a match, on one line, and the one before where it begins with "This" or the like."""
    start = max(markdown.rfind("\n\n", 0, match.start()), markdown.rfind("\n- ", 0, match.start())) + 1
    end = markdown.find("\n\n", match.end())
    paragraph = markdown[start : end if end >= 0 else None]
    ends = [0, *(gap.end() for gap in re.finditer(r"(?<=[.!?:])\s+(?=[A-ZÀ-Ý*`$\"(])", paragraph)), len(paragraph)]
    last = next(k for k, place in enumerate(ends) if place > match.start() - start)
    first = last - 1
    if first and REFERS_BACK.match(paragraph[ends[first] :]):
        first -= 1
    return " ".join(paragraph[ends[first] : ends[last]].split()).lstrip("-# ")


def collect(pages):
    """Return {term: (page, sentence)} of the first definition of each term; `pages` has the notebooks by name."""
    found = {}
    for name, notebook in pages.items():
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                for term, match in definitions(cell.source):
                    found.setdefault(term.lower(), (name, term, sentence(cell.source, match)))
    return found


def marked(markdown, seen):
    """Return a cell of Markdown with an anchor at each term that is not yet in `seen`, and add it there."""
    for term, match in reversed(list(definitions(markdown))):
        first = next(m for other, m in definitions(markdown) if other.lower() == term.lower())
        if term.lower() not in seen and first.start() == match.start():
            markdown = markdown[: match.start()] + f"[{match[0]}]{{#{anchor(term)}}}" + markdown[match.end() :]
            seen.add(term.lower())
    return markdown


def page(pages):
    """Return the glossary as a page of Markdown."""
    lines = ["# Glossary", "", "Each term with the sentence that introduces it, and a link to that place.", ""]
    for key, (name, term, text) in sorted(collect(pages).items()):
        without_links = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
        lines += [f"[{term[0].upper() + term[1:]}]({name}.ipynb#{anchor(key)})", f": {without_links} *({name[:2]})*", ""]
    return "\n".join(lines)
