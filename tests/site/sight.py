"""What a reader sees of a notebook in JupyterLab, cell by cell, and what is wrong with it."""

from lab import PANEL, formulas

# What a reader has before their eyes, cell by cell. What lies outside of the window is scrolled to first.
SEEN = """async () => {
  const panel = document.querySelector('PANEL'), edge = panel.querySelector('.jp-Notebook').getBoundingClientRect();
  const look = async (node) => {
    let box;
    for (let times = 0; times < 20; times++) {  // what comes into view on the way may take more room than was thought
      node.scrollIntoView({block: 'center'});
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      box = node.getBoundingClientRect();
      if (edge.top <= box.top && box.bottom <= edge.bottom) break;
    }
    return box;
  };
  const picture = async (img) => {
    const box = await look(img);
    const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    const inside = box.left >= edge.left && box.right <= edge.right && box.width > 99 && box.height > 20;
    return {alt: img.alt, visible: img.naturalWidth > 0 && inside && top === img};
  };
  const prose = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll('code, pre, mjx-container').forEach(part => part.remove());
    return copy.textContent;
  };
  const seen = [];
  for (const cell of panel.querySelectorAll('.jp-Cell')) {
    const all = (selector) => [...cell.querySelectorAll(selector)], editor = cell.querySelector('.jp-InputArea-editor');
    const one = {
      code: Boolean(editor?.checkVisibility() && editor.getBoundingClientRect().height > 9),
      count: cell.querySelector('.jp-InputPrompt')?.textContent ?? '',
      wrong: all('[data-mime-type$=".stderr"]').map(output => output.innerText),
      hidden: Boolean(cell.querySelector('.jp-OutputPlaceholder')),
      formulas: all('mjx-container').length,
      bad: all('merror, mtext[mathcolor=red]').length,
      prose: all('.jp-RenderedMarkdown').map(prose).join(),
      pictures: [],
    };
    for (const img of all('img')) one.pictures.push(await picture(img));
    seen.push(one);
  }
  return seen;
}""".replace("PANEL", PANEL)


def faults(notebook, seen, ran=False):
    """Yield what a reader would miss on a page that was opened or `ran`, or see and should not: (index of the cell, how)."""
    count = 0
    for index, (cell, sight) in enumerate(zip(notebook.cells, seen, strict=True)):
        how = list(faults_of_text(cell, sight) if cell.cell_type == "markdown" else faults_of_code(cell, sight, ran))
        if cell.cell_type == "code":
            count += 1
            if sight["code"] and sight["count"] != f"[{count}]:":  # what is folded shows none
                how.append(f"the count is {sight['count']}, not {count}")
        yield from ((index, fault) for fault in how + list(faults_of_pictures(sight)))


def faults_of_text(cell, sight):
    if sight["formulas"] != formulas(cell):
        yield f"{sight['formulas']} formulas of {formulas(cell)}"
    if sight["bad"]:
        yield "a formula that MathJax does not understand"
    if "$" in sight["prose"]:
        yield "a formula as raw text"


def faults_of_code(cell, sight, ran):
    yield from (f"an error: {text}" for text in sight["wrong"])
    folds = cell.metadata.get("jupyter", {})
    if folds.get("source_hidden", False) == sight["code"]:
        yield "the code is visible" if sight["code"] else "the code is hidden"
    hidden = folds.get("outputs_hidden", False) and not ran
    if hidden != sight["hidden"]:
        yield "the answer is hidden" if sight["hidden"] else "the answer is visible"
    if len(sight["pictures"]) != (0 if hidden else sum(str(output).count("<img ") for output in cell.outputs)):
        yield f"{len(sight['pictures'])} pictures, and not as many as are stored"


def faults_of_pictures(sight):
    for picture in sight["pictures"]:
        if not picture["visible"]:
            yield "a picture that is not to be seen"
        if len(picture["alt"]) < 40:
            yield f"a picture without a text: {picture['alt']!r}"
