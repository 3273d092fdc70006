"""In a real JupyterLab, as `make lab` starts it, every page is whole: a browser opens it, runs it and looks.

Without --thorough it opens and runs one page."""

import re
import urllib.parse
from types import SimpleNamespace

import browsing
import nbformat
import pytest
from lab import PANEL, WINDOW, window
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from helpers.figures import image
from notebooks import METADATA, NOTEBOOKS

PAGES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
RUN = "01_softmax"  # it has a slider
ALT = "a text that is long enough to say what there is to see"
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='99'><rect width='99' height='99'/></svg>"
# What a reader sees of a notebook, cell by cell.
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

pages = pytest.mark.parametrize(
    "look",
    [pytest.param(page, marks=[] if page == RUN else pytest.mark.thorough) for page in PAGES],
    indirect=True,
    scope="module",
)


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


def shows(markup):
    """Return a code cell that shows HTML, and has stored it."""
    output = new_output("display_data", {"text/html": markup})
    return new_code_cell(f"from IPython.display import HTML\nHTML({markup!r})", outputs=[output])


def broken():
    """Return a notebook with a fault in each cell."""
    return new_notebook(
        cells=[
            new_markdown_cell("A formula with two exponents: $x^2^3$"),
            new_markdown_cell(r"A formula without an end: $\frac{1}{2"),
            shows(image(PICTURE.format(200), "short")),
            shows(image(PICTURE.format(5000), ALT)),
            shows(f'<img alt="{ALT}" src="http://elsewhere.example/picture.svg">'),
            new_code_cell("import sys\nprint('a warning', file=sys.stderr)"),
            shows('<p style="color: #888">too pale on white</p>'),
            new_code_cell("1 / 0"),
        ],
        metadata=METADATA,
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with window(tmp_path_factory.mktemp("lab"), {"broken": broken()}) as lab:
        yield lab


@pytest.fixture(scope="module")
def look(lab, request):
    """Open a page, and look at it."""
    stored = nbformat.read(NOTEBOOKS / f"{request.param}.ipynb", as_version=4)
    with lab.opened(request.param, stored) as page:
        yield SimpleNamespace(stored=stored, page=page, seen=page.evaluate(SEEN))


@pytest.fixture(scope="module")
def ran(lab, look):
    """Run the page that was opened, and look again."""
    lab.restart_and_run_all()
    return SimpleNamespace(stored=look.stored, page=look.page, seen=look.page.evaluate(SEEN))


@pages
def test_a_page_is_whole_when_opened(look):
    assert list(faults(look.stored, look.seen)) == []


@pytest.mark.parametrize("look", [RUN], indirect=True, scope="module")
def test_an_answer_is_hidden_until_the_reader_asks_for_it(look):
    notebook, offers = look.page.locator(f"{PANEL} .jp-Notebook"), look.page.locator(f"{PANEL} .jp-OutputPlaceholder")
    questions = [cell for cell in look.stored.cells if "predict" in cell.metadata.get("tags", [])]
    text, picture = (cell.outputs[0] for cell in questions[:2])
    number, alt = text.text.strip(), re.search('alt="([^"]*)"', picture["data"]["text/html"])[1]
    assert number not in notebook.inner_text() + notebook.aria_snapshot()  # what is seen, and what a screen reader reads
    assert alt not in notebook.aria_snapshot()
    assert number not in str(notebook.locator("[title]").evaluate_all("all => all.map(one => one.title)"))
    content = "one => getComputedStyle(one.querySelector('.jp-Placeholder-contentContainer'), '::before').content"
    assert set(offers.evaluate_all(f"all => all.map({content})")) == {'"Show the answer"'}
    hidden = sum(cell.metadata.get("jupyter", {}).get("outputs_hidden", False) for cell in look.stored.cells)
    for left in (hidden - 1, hidden - 2):
        offers.first.click()
        expect(offers).to_have_count(left)
    assert number in notebook.inner_text()
    assert alt in notebook.aria_snapshot()


@pages
def test_a_page_is_whole_when_run_and_asks_nothing_of_another_machine(ran, lab):
    assert list(faults(ran.stored, ran.seen)) == []
    expect(ran.page.locator(f"{PANEL} .jp-OutputPlaceholder")).to_have_count(0)
    assert lab.asked
    assert asked_elsewhere(lab) == []


@pages
def test_a_slider_moves_its_picture(ran):
    sliders = [cell for cell in ran.stored.cells if re.search(r"^(\w+_slider|steps\.draw)\(", cell.source, re.M)]
    outputs = ran.page.locator(f"{PANEL} .jp-OutputArea-child:has(.noUi-handle)")
    assert outputs.count() == len(sliders)
    for output in outputs.all():
        handle, drawn = output.locator(".noUi-handle"), output.locator("img")
        alt, src = drawn.get_attribute("alt"), drawn.get_attribute("src")
        handle.focus()
        for _ in range(9):
            ran.page.keyboard.press("ArrowRight")
        expect(drawn).not_to_have_attribute("alt", alt)
        expect(drawn).not_to_have_attribute("src", src)


def asked_elsewhere(lab):
    """Return the addresses on other machines; what is inside the page has no place in the network."""
    home = urllib.parse.urlsplit(lab.home).netloc
    return [url for url in lab.asked if urllib.parse.urlsplit(url).netloc not in ("", home)]


@pytest.mark.thorough
@pages
def test_text_is_legible_in_both_themes(ran, lab):
    assert too_pale(lab) == {"dark": {}, "light": {}}


def too_pale(lab):
    """Return what is too pale to read in the course's own text and outputs, in each theme.

    The colours of code are JupyterLab's: its green numbers, 4.25 to 1, fall a little short of the 4.5 asked for."""
    found, page = {}, lab.page
    page.add_style_tag(content="html, body { height: 100vh }")  # axe-core looks at nothing outside of the body,
    height = page.evaluate(f"document.querySelector('{PANEL} .jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size(WINDOW | {"height": height + 200})  # nor outside of the window
    page.wait_for_function(f"document.querySelector('{PANEL} .jp-WindowedPanel-outer').clientHeight >= {height}")
    for name, theme in (("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")):
        lab.command("apputils:change-theme", theme=theme)
        page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
        page.wait_for_selector("#jupyterlab-splash", state="detached")  # it covers everything while the theme is loaded
        ours = f"{PANEL} :is(.jp-RenderedMarkdown, .jp-OutputArea-output)"
        found[name] = browsing.violations(page, ours, ["color-contrast"])
    return found


def test_what_is_wrong_with_a_page_is_found(lab):
    stored = broken()
    with lab.opened("broken", stored) as page:
        lab.restart_and_run_all()
        found = list(faults(stored, page.evaluate(SEEN)))
        pale = too_pale(lab)
        assert set(asked_elsewhere(lab)) == {"http://elsewhere.example/picture.svg"}
    assert [index for index, _how in found] == [0, 1, 2, 3, 4, 5, 7]
    hows = ["not understand", "raw text", "without a text"] + ["not to be seen"] * 2 + ["a warning", "ZeroDivisionError"]
    assert all(how in fault for how, (_index, fault) in zip(hows, found, strict=True))
    assert "too pale on white" in str(pale["light"])
