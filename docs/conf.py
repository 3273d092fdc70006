"""Sphinx shows what tools/website.py has laid out: the stored notebooks and the pages of this folder."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import address
import website

project = "Gradients by Hand"
author = "the authors of Gradients by Hand"
copyright = f"{author}, MIT licence"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxext.opengraph", "sphinx-mathjax-offline"]

html_theme = "furo"
html_title = project
html_baseurl = ogp_site_url = address.known() and f"{address.known()}/"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "a11y-high-contrast-light"  # the default styles are paler than the 4.5 to 1 that small text needs
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"light_css_variables": {"color-brand-content": "#0a58ca", "color-brand-primary": "#0a4b9c"}}

nb_execution_mode = "off"
nb_number_source_lines = False
myst_enable_extensions = ["amsmath", "attrs_inline", "deflist", "dollarmath"]
myst_heading_anchors = 4

ogp_site_name = project
ogp_social_cards = {"enable": False}  # they would be drawn with fonts from elsewhere

autodoc_typehints = "none"
napoleon_google_docstring = False


# What screen readers and keyboards need: captions with a level, folds named as they show, wide tables that can be scrolled.
BETTER = {
    'role="heading">': 'role="heading" aria-level="2">',
    ' aria-label="Toggle hidden content"': "",
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<div class="output text_html"><table': '<div tabindex="0" class="output text_html"><table',
}
LINES = r'(<div class="{}notranslate"><div class="highlight"><pre)(>(?:<span></span>)?)(.*?)(?=</pre>)'
CODE = re.compile(LINES.format("highlight-(?:default|python) "), re.DOTALL)
OUTPUT = re.compile(LINES.format('output [^"]*'), re.DOTALL)
LINE = re.compile(r"^(?!\Z)(?:<[^>]*>)*( *).*\n?", re.MULTILINE)
PHONE = 40  # characters in a line


def finish(app, page, template, context, doctree):
    """Put below the title of a notebook's page how to run it in the browser, and how to take it away; mend the markup."""
    if page[:2].isdigit() and "body" in context:
        context["body"] = context["body"].replace("</h1>", "</h1>" + website.buttons(page), 1)
    for part in ("body", "furo_navigation_tree"):
        for markup, better in BETTER.items():
            context[part] = context.get(part, "").replace(markup, better)
    context["body"] = OUTPUT.sub(in_reach, CODE.sub(in_lines, context["body"]))


def in_lines(code):
    """Tell the style sheet how far each line of Python is indented: what is too long for the page goes on there."""
    return code[1] + code[2] + LINE.sub(in_a_span, code[3])


def in_a_span(line):
    return f'<span class="line" style="--indent: {len(line[1])}ch">{line[0]}</span>'


def in_reach(output):
    """Let the keyboard reach an output that may be wider than a phone, to scroll it."""
    long = max(map(len, output[3].splitlines()), default=0) > PHONE
    return output[1] + ' tabindex="0"' * long + output[2] + output[3]


def setup(app):
    app.connect("html-page-context", finish, priority=900)  # after the theme
