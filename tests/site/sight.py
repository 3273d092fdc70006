"""What a reader sees of a notebook in JupyterLab, cell by cell, and what is wrong with it."""

from lab import PANEL

SEEN = """() => [...document.querySelectorAll('PANEL .jp-Cell')].map(cell => {
  const all = (selector) => [...cell.querySelectorAll(selector)], edge = cell.getBoundingClientRect().right;
  const prose = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll('code, pre, mjx-container').forEach(part => part.remove());
    return copy.textContent;
  };
  const visible = (img, box) => img.naturalWidth > 0 && box.width > 99 && box.height > 20 && box.right <= edge;
  return {
    wrong: all('[data-mime-type$=".stderr"]').map(output => output.innerText),
    folded: all('.jp-OutputPlaceholder').length > 0,
    bad: all('merror, mtext[mathcolor=red]').length,
    prose: all('.jp-RenderedMarkdown').map(prose).join(),
    pictures: all('img').map(img => [img.alt, visible(img, img.getBoundingClientRect())]),
  };
})""".replace("PANEL", PANEL)


def faults(notebook, seen):
    """Yield what a reader would miss on a page, or see and should not: (index of the cell, how)."""
    for index, (cell, sight) in enumerate(zip(notebook.cells, seen, strict=True)):
        how = [f"an error: {text}" for text in sight["wrong"]]
        if sight["bad"]:
            how.append("a formula that MathJax does not understand")
        if "$" in sight["prose"]:
            how.append("a formula as raw text")
        if not sight["folded"] and len(sight["pictures"]) != str(cell.get("outputs")).count("<img "):
            how.append(f"{len(sight['pictures'])} pictures, and not as many as are stored")
        how += ["a picture that is not to be seen" for _alt, visible in sight["pictures"] if not visible]
        how += [f"a picture without a text: {alt!r}" for alt, _visible in sight["pictures"] if len(alt) < 40]
        yield from ((index, fault) for fault in how)
