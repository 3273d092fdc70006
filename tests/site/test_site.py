"""The web site: a browser walks it as readers do, and axe-core looks for what shuts some of them out.

Without --thorough axe-core looks at two pages."""

import re
import shutil
import subprocess
import sys
import urllib.parse
from types import SimpleNamespace

import browsing
import nbformat
import pytest
import website
from lite import served
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect
from promises.notebook import Markup

from notebooks import METADATA

NOTEBOOKS = website.names()
PAGES = ["index", *NOTEBOOKS, "glossary", "check_gradient", "viewing"]
QUICK = ("index", "01_softmax")
WIDE, PHONE = 1280, 400
# What is wider than its place, and so is cut off. Code, outputs, tables and displayed formulas scroll instead.
CUT_OFF = """() => [...document.querySelectorAll('article, article *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .filter(e => !['visible', 'auto', 'scroll'].includes(getComputedStyle(e).overflowX) && !e.closest('mjx-container'))
  .map(e => e.textContent.slice(0, 60))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def planted():
    """Return a page with a question and its answer, a solution, and a term that is defined."""
    predict = {"tags": ["predict"], "jupyter": {"outputs_hidden": True}}
    solution = {"tags": ["solution"], "jupyter": {"source_hidden": True}}
    return new_notebook(
        cells=[
            new_markdown_cell("# 99 · A page\n\nTwo cells meet. This makes a **zygote**. Not this. It is **not square**."),
            new_markdown_cell("The heading is [there](#6-times-7?)."),
            new_markdown_cell("## 6 times 7?\n\n**Predict.** What is it?\n\n    a **string** of code"),
            new_code_cell("print(6 * 7)", outputs=[new_output("stream", text="forty-two")], metadata=predict),
            new_code_cell("the_solution = 6 * 7", metadata=solution),
        ],
        metadata=METADATA,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site of the course's pages and of the planted one."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(website.NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    nbformat.write(planted(), folder / "notebooks" / "99_planted.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(website, "NOTEBOOKS", folder / "notebooks")
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
def test_a_page_is_whole(walk, name):
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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_is_to_search_engines_and_leads_to_its_neighbours(site, name):
    elements = Markup.of((site / f"{name}.html").read_text("utf-8")).elements
    metas = {a.get("name") or a.get("property"): a.get("content") for tag, a in elements if tag == "meta"}
    assert len(metas["description"]) > 40
    assert metas["og:title"]
    assert metas["og:url"] == f"{website.ADDRESS}/{name}.html"
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
                fine = re.search(r"(\w+)\.ipynb$", href)[1] in [*NOTEBOOKS, "99_planted"]
            elif path in ("", *pages):
                fine = not target or target in ids[path or name]
            else:
                fine = (site / path).is_file()
            missing += [] if fine else [(name, href)]
    assert missing == []


def test_the_package_on_the_site_works_without_the_course(site, tmp_path):
    [wheel] = site.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path, "zip")
    code = "import helpers; print(helpers.__file__, len(helpers.load_digits()[0]), len(helpers.load_penguins()[0]))"
    run = [sys.executable, "-c", code]
    said = subprocess.run(run, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(tmp_path / "helpers" / "__init__.py"), "1797", "342"]
    first = nbformat.read(site / "notebooks" / f"{NOTEBOOKS[0]}.ipynb", as_version=4).cells[0]
    assert first.source == f"%pip install -q {website.ADDRESS}/{wheel.name}"


def test_the_planted_link_to_a_heading_arrives(walk):
    page = opened(walk, "99_planted")
    page.get_by_role("link", name="there", exact=True).click()
    assert page.evaluate("document.querySelector(':target h2').textContent").startswith("6 times 7?")


def test_the_glossary_leads_to_where_a_term_is_defined(site, walk):
    page = opened(walk, "glossary")
    terms = page.locator("article dl dt a").all_inner_texts()
    assert "Zygote" in terms
    assert {"Softmax", "Gradient", "View"} & set(terms)
    assert not {"Not square", "Predict.", "String"} & set(terms)
    assert terms == sorted(terms, key=str.lower)
    [words] = page.locator("article dl", has_text="Zygote").locator("dt:has-text('Zygote') + dd").all_inner_texts()
    assert words == "Two cells meet. This makes a zygote. (99)"
    for term, link in zip(terms, page.locator("article dl dt a").all(), strict=True):
        name, target = link.get_attribute("href").split("#")
        place = re.search(rf'id="{target}"[^>]*>(.*?)</span>', (site / name).read_text("utf-8"))[1]
        assert re.sub("<[^>]*>", "", place).lower() == term.lower()


def test_search_finds_a_word_of_the_code(walk):
    walk.page.goto(f"{walk.home}search.html?q=keepdims")
    expect(walk.page.locator("#search-results li a").first).to_be_visible()
    found = walk.page.locator("#search-results li a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert any("01_softmax.html" in href for href in found)


@pytest.mark.parametrize(("label", "inside"), [("Show the answer", "forty-two"), ("Solution", "the_solution = ")])
def test_a_fold_hides_what_it_holds_until_it_is_opened_by_keyboard(walk, label, inside):
    walk.page.goto(f"{walk.home}99_planted.html")
    expect(walk.page.locator("pre", has_text="print(6 * 7)")).to_be_visible()
    hidden = walk.page.locator("pre", has_text=inside)
    expect(hidden).to_be_hidden()
    walk.page.locator("summary", has_text=label).focus()
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


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_and_no_page_scrolls_sideways(walk, name, width):
    page = opened(walk, name, width=width)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("light", PHONE), ("dark", WIDE), ("dark", PHONE)])
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.thorough) for n in PAGES])
def test_axe_finds_no_serious_fault(walk, name, scheme, width):
    assert browsing.violations(opened(walk, name, scheme, width)) == {}


PLANTED = """<!DOCTYPE html><html lang="en"><title>A page with faults</title><article><h1>Faults</h1><style>
.cut { overflow: hidden; white-space: nowrap; width: 99px; }
@media (prefers-color-scheme: dark) { body { background: #111; } }
</style>
<p style="color: #767676">legible on white, too pale on black</p><img src="data:image/svg+xml,<svg/>">
<details><summary>more</summary><p style="background: white; color: #999">too pale on white</p></details>
<div class="cut">a line that does not fit into its place and is cut off</div>
<pre>a line that is longer than a phone is wide, and moves the whole page sideways</pre></article></html>"""


def test_what_is_wrong_with_a_page_is_found(site, walk):
    (site / "faults.html").write_text(PLANTED, encoding="utf-8")
    found = {scheme: browsing.violations(opened(walk, "faults", scheme, PHONE)) for scheme in ("light", "dark")}
    (site / "faults.html").unlink()
    assert "too pale on white" in str(found["light"]["color-contrast"])
    assert "too pale on black" not in str(found["light"]["color-contrast"])
    assert "too pale on black" in str(found["dark"]["color-contrast"])
    assert len(found["light"]["image-alt"]) == len(found["dark"]["image-alt"]) == 1
    assert walk.page.evaluate(SIDEWAYS) > 0
    assert walk.page.evaluate(CUT_OFF) == ["a line that does not fit into its place and is cut off"]
