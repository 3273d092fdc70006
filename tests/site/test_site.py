"""The web site: a browser walks it as readers do, and axe-core looks for what shuts some of them out.

Without --thorough axe-core looks at two pages."""

import re
import shutil
import subprocess
import sys
import tomllib
import urllib.parse
from types import SimpleNamespace

import address
import browsing
import nbformat
import pytest
import website
from lite import served
from playwright.sync_api import expect
from promises.notebook import Markup

NOTEBOOKS = website.names()
PAGES = [*NOTEBOOKS, "glossary", *(path.stem for path in website.DOCS.glob("*.md"))]
QUICK = ("index", "01_softmax")
WIDE, PHONE = 1280, 390
ADDRESS = "https://course.example/here"
# What is wider than its place, and so is cut off. Code, outputs, tables and displayed formulas scroll instead.
CUT_OFF = """() => [...document.querySelectorAll('article, article *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .filter(e => !['visible', 'auto', 'scroll'].includes(getComputedStyle(e).overflowX) && !e.closest('mjx-container'))
  .map(e => e.textContent.slice(0, 60))"""
SIDEWAYS = """() => [document.documentElement, document.querySelector('.content')]
  .some(part => part.scrollWidth > part.clientWidth)"""  # on a phone the theme lets the text scroll, and not the window
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_ADDRESS", f"{ADDRESS}/")
        assert website.pages(folder / "site", folder) == 0
    return folder / "site"


@pytest.fixture(scope="module")
def walk(site):
    """Open a browser on the site; `asked` and `wrong` are what it asked for, and what it complained about."""
    with browsing.started() as browser, served(site) as home, browser.new_page() as page:
        walk = SimpleNamespace(page=page, home=home, asked=[], wrong=[])
        page.on("request", lambda request: walk.asked.append(request.url))
        page.on("console", lambda message: walk.wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: walk.wrong.append(str(error)))
        yield walk


def opened(walk, name, scheme="light", width=WIDE):
    """Open a page, and every fold on it; wait until its formulas are set."""
    walk.page.emulate_media(color_scheme=scheme, media="screen", reduced_motion="reduce")  # axe-core must not look too early
    walk.page.set_viewport_size({"width": width, "height": 900})
    walk.page.goto(f"{walk.home}{name}.html")
    walk.page.evaluate("window.MathJax?.startup?.promise.then(() => null)")
    walk.page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    return walk.page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_on_a_wide_screen_and_on_a_phone(walk, name):
    walk.asked.clear()
    walk.wrong.clear()
    page = opened(walk, name)
    assert walk.wrong == []
    assert [url for url in walk.asked if not url.startswith((walk.home, "data:"))] == []
    assert page.locator("mjx-container").count() == page.locator(".math").count()
    assert page.locator("mjx-merror").count() == 0
    assert "$" not in page.evaluate(
        "() => { const copy = document.querySelector('article').cloneNode(true);"
        " copy.querySelectorAll('pre, code, mjx-container').forEach(part => part.remove()); return copy.textContent; }"
    )
    pictures = page.locator("article img").evaluate_all("all => all.map(one => [one.naturalWidth, one.alt])")
    assert all(width > 0 and len(alt) >= 40 for width, alt in pictures)
    assert bool(pictures) == (name == "index" or name in NOTEBOOKS)
    for width in (WIDE, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate(SIDEWAYS)
        assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_is_to_search_engines_and_leads_to_its_neighbours(site, name):
    elements = Markup.of((site / f"{name}.html").read_text("utf-8")).elements
    metas = {a.get("name") or a.get("property"): a.get("content") for tag, a in elements if tag == "meta"}
    assert len(metas["description"]) > 40
    assert metas["og:url"] == f"{ADDRESS}/{name}.html"
    relations = {a.get("rel"): a.get("href") for tag, a in elements if tag == "link"}
    if name in NOTEBOOKS[1:]:
        assert relations["prev"] == f"{NOTEBOOKS[NOTEBOOKS.index(name) - 1]}.html"
    if name in NOTEBOOKS[:-1]:
        assert relations["next"] == f"{NOTEBOOKS[NOTEBOOKS.index(name) + 1]}.html"
    if name in NOTEBOOKS:
        links = [a["href"] for tag, a in elements if tag == "a" and "href" in a]
        assert f"lite/notebooks/index.html?path={name}.ipynb" in links


def test_every_link_leads_somewhere(site):
    pages = {path.name: Markup.of(path.read_text("utf-8")).elements for path in site.glob("*.html")}
    ids = {name: {attributes.get("id") for _tag, attributes in elements} for name, elements in pages.items()}
    missing = []
    for name, elements in pages.items():
        for href in (attributes["href"] for tag, attributes in elements if tag == "a" and "href" in attributes):
            link = urllib.parse.urlsplit(href)
            path, target = urllib.parse.unquote(link.path), urllib.parse.unquote(link.fragment)
            if link.scheme:
                fine = link.scheme == "https"
            elif path.startswith("lite/"):  # the other edition, which is not built here
                fine = re.search(r"(\w+)\.ipynb$", href)[1] in NOTEBOOKS
            elif path in ("", *pages):
                fine = not target or target in ids[path or name]
            else:
                fine = (site / path).is_file()
            missing += [] if fine else [(name, href)]
    assert missing == []


def test_every_page_finds_what_it_imports_in_the_package_on_the_site(site, tmp_path):
    [wheel] = site.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path, "zip")
    code = ""
    for name in NOTEBOOKS:
        alone = nbformat.read(site / "notebooks" / f"{name}.ipynb", as_version=4)
        first, second = [cell.source for cell in alone.cells if cell.cell_type == "code"][:2]
        assert first == f"%pip install -q {ADDRESS}/{wheel.name}"
        code += f"{second}\n"
    code += "import helpers; print(helpers.__file__, len(helpers.load_digits()[0]), len(load_penguins()[0]))"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, text=True)
    assert said.split() == [str(tmp_path / "helpers" / "__init__.py"), "1797", "342"]


def test_the_address_of_the_site_is_written_to_where_readers_look(tmp_path):
    for name in ("pyproject.toml", "README.md", "CITATION.cff"):
        shutil.copy(address.ROOT / name, tmp_path)
    for name in ("tools", "notebooks"):
        shutil.copytree(address.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for at in ("https://old.example", ADDRESS):
        subprocess.run([sys.executable, tmp_path / "tools" / "address.py", at], check=True)
    text = {path.name: path.read_text("utf-8") for path in [*tmp_path.glob("*.*"), *tmp_path.glob("notebooks/*")]}
    assert tomllib.loads(text["pyproject.toml"])["project"]["urls"] == {"Homepage": ADDRESS}
    assert re.search(r"\]\(([^)]*)\)", text["README.md"])[1] == ADDRESS
    assert f"\nurl: {ADDRESS}\n" in text["CITATION.cff"]
    assert "old.example" not in str(text)
    install = f"%pip install {ADDRESS}/gradients_by_hand-"
    assert all(install in text[f"{name}.ipynb"] for name in NOTEBOOKS)
    assert install in failure(tmp_path / "notebooks" / f"{NOTEBOOKS[-1]}.ipynb")


def failure(path):
    """Return what the first cell of a notebook says to a reader who has this notebook and not the course."""
    source = next(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    code = "import sys; from IPython.core.interactiveshell import InteractiveShell; sys.modules['helpers'] = None"
    code += f"; InteractiveShell.instance(colors='nocolor').run_cell({source!r})"
    return subprocess.check_output([sys.executable, "-c", code], text=True)


def test_the_glossary_leads_to_where_a_term_is_defined(site, walk):
    page = opened(walk, "glossary")
    terms = page.locator("article dl dt a").all_inner_texts()
    assert {"Softmax", "Gradient", "View"} <= set(terms)
    assert not {"Not square", "Predict.", "Mean"} & set(terms)  # is not defined, but stressed
    assert terms == sorted(terms, key=str.lower)
    for term, link in zip(terms, page.locator("article dl dt a").all(), strict=True):
        name, target = link.get_attribute("href").split("#")
        place = re.search(rf'id="{target}"[^>]*>(.*?)</span>', (site / name).read_text("utf-8"))[1]
        assert re.sub("<[^>]*>", "", place).lower() == term.lower()


def test_search_finds_a_word_of_the_code(walk):
    walk.page.goto(f"{walk.home}search.html?q=keepdims")
    expect(walk.page.locator("#search-results li a").first).to_be_visible()
    found = walk.page.locator("#search-results li a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert any("01_softmax.html" in href for href in found)


@pytest.mark.parametrize(
    ("label", "inside"), [("Show the answer", "[0.3654 0.2393 0.3953]"), ("Solution", "our_softmax(z):")]
)
def test_a_fold_hides_what_it_holds_until_it_is_opened_by_keyboard_or_printed(walk, label, inside):
    walk.page.goto(f"{walk.home}01_softmax.html")
    hidden = walk.page.locator("details pre", has_text=inside)
    for fold in walk.page.locator("details", has=hidden).all():
        assert not fold.evaluate("one => one.open")
        expect(hidden).to_be_hidden()
        walk.page.emulate_media(media="print")
        expect(hidden).to_be_visible()
        walk.page.emulate_media(media="screen")
        fold.locator("summary", has_text=label).focus()
        walk.page.keyboard.press("Enter")
        expect(hidden).to_be_visible()


def test_a_page_is_light_or_dark_as_the_system_is_and_printed_in_black_on_white(walk):
    seen = {scheme: opened(walk, "01_softmax", scheme).evaluate(BACKGROUND) for scheme in ("light", "dark")}
    assert seen["light"] == "rgb(255, 255, 255)"
    assert sum(map(int, re.findall(r"\d+", seen["dark"]))) < 150
    white = "all => all.map(one => getComputedStyle(one).backgroundColor)"  # pictures are drawn on white
    assert set(walk.page.locator("article img").evaluate_all(white)) == {"rgb(255, 255, 255)"}
    walk.page.emulate_media(media="print", color_scheme="dark")
    assert walk.page.evaluate(BACKGROUND) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    expect(walk.page.get_by_text("Run this page in your browser")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", PHONE)])
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.thorough) for n in PAGES])
def test_axe_finds_no_serious_fault(walk, name, scheme, width):
    assert browsing.violations(opened(walk, name, scheme, width)) == {}


FAULTS = """<p style="background: white; color: #999">too pale</p><img src="data:image/svg+xml,<svg/>">
<div style="overflow: hidden; white-space: nowrap; width: 99px">a line that does not fit into its place</div>
<div style="width: 2000px">wider than a phone</div>"""


def test_what_is_wrong_with_a_page_is_found(walk):
    page = opened(walk, "viewing", "light", PHONE)
    page.evaluate("faults => document.querySelector('article').insertAdjacentHTML('beforeend', faults)", FAULTS)
    found = browsing.violations(page)
    assert "too pale" in str(found["color-contrast"])
    assert len(found["image-alt"]) == 1
    assert page.evaluate(SIDEWAYS)
    assert page.evaluate(CUT_OFF) == ["a line that does not fit into its place"]
