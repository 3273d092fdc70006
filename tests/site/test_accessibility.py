"""The pages that `make run` writes are accessible: in light and dark, on a wide screen and on a phone."""

import browsing
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

import notebooks

SCHEMES = ("light", "dark")
# What is wider than its place, and so is cut off or scrolls: (class, text). Tables and displayed formulas may scroll.
TOO_WIDE = """() => [...document.querySelectorAll('body, main *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')
  .filter(e => !e.matches('.wide[tabindex]'))
  .map(e => [e.className, e.textContent.slice(0, 60)])"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser():
    with browsing.started() as browser:
        yield browser


@pytest.fixture(scope="module", params=sorted(notebooks.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def page(browser, request, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / f"{request.param.stem}.html"
    path.write_text(notebooks.page(nbformat.read(request.param, as_version=4)), encoding="utf-8")
    with browser.new_page() as page:
        opened(page, path)
        yield page


def opened(page, path):
    """Open a page, and every fold on it."""
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")


def show(page, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(("scheme", "width"), [("light", 400), pytest.param("dark", 1280, marks=pytest.mark.thorough)])
def test_axe_finds_no_serious_fault(page, scheme, width):
    show(page, scheme, width)
    assert browsing.violations(page) == {}


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_off_and_the_page_does_not_scroll_sideways(page, width):
    show(page, "light", width)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(TOO_WIDE) == []


def test_a_page_is_light_or_dark_as_the_system_is(page):
    seen = {}
    for scheme in SCHEMES:
        show(page, scheme, 1280)
        seen[scheme] = background(page)
    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"}
    white = "image => getComputedStyle(image).backgroundColor"  # in dark: pictures are drawn on white
    assert {image.evaluate(white) for image in page.locator("img").all()} == {"rgb(255, 255, 255)"}


def test_a_page_is_printed_in_black_on_white(page):
    page.emulate_media(media="print", color_scheme="dark")
    assert background(page) == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")


PLANTED = """<!DOCTYPE html><html lang="en"><title>A page with faults</title><main><h1>Faults</h1><style>
.cut { overflow: hidden; white-space: nowrap; width: 99px; }
@media (prefers-color-scheme: dark) { body { background: #111; } }
</style>
<p style="color: #767676">legible on white, too pale on black</p><img src="data:image/svg+xml,<svg/>">
<details><summary>more</summary><p style="background: white; color: #999">too pale on white</p></details>
<div class="cut">a line that does not fit into its place and is cut off</div>
<pre>a line that is longer than a phone is wide, and moves the whole page sideways</pre></main></html>"""


def test_the_answer_to_a_prediction_is_seen_when_it_is_asked_for(browser, tmp_path):
    hidden = {"jupyter": {"outputs_hidden": True}, "tags": ["predict"]}
    cell = new_code_cell("print(6 * 7)", outputs=[new_output("stream", text="forty-two")], metadata=hidden)
    path = tmp_path / "page.html"
    path.write_text(notebooks.page(new_notebook(cells=[new_markdown_cell("# A page"), cell])), encoding="utf-8")
    with browser.new_page() as page:
        page.goto(path.as_uri())
        answer = page.get_by_text("forty-two")
        expect(answer).to_be_hidden()
        page.get_by_text("Show the answer").press("Enter")
        expect(answer).to_be_visible()


def test_what_is_wrong_with_a_page_is_found(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PLANTED, encoding="utf-8")
    with browser.new_page() as page:
        opened(page, path)
        found = {}
        for scheme in SCHEMES:
            show(page, scheme, 400)
            found[scheme] = browsing.violations(page)
        assert "too pale on white" in str(found["light"]["color-contrast"])
        assert "too pale on black" not in str(found["light"]["color-contrast"])
        assert "too pale on black" in str(found["dark"]["color-contrast"])
        assert len(found["light"]["image-alt"]) == len(found["dark"]["image-alt"]) == 1
        assert page.evaluate(SIDEWAYS) > 0
        assert [name for name, _text in page.evaluate(TOO_WIDE)] == ["cut"]
