"""Pictures can be compared, have a text, and are what was drawn; sliders move them."""

import base64
import html.parser
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from helpers import show
from helpers.figures import picture, slider, subplots, svg

TITLE = '0.12345 & "quotes" <b> 50 % #1 ∂L/∂z −'
ALT = 'A line that rises from 0.12345 to "one", <steeply> & for ever.'


def parse(markup):
    """Return the alternative text and the drawing, an XML element, of the one picture in `markup`, as a browser reads it."""
    found = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Parser().feed(markup)
    [(tag, attributes)] = found
    head, _, body = attributes["src"].partition(",")
    assert (tag, head) == ("img", "data:image/svg+xml;base64")
    return attributes["alt"], ET.fromstring(base64.b64decode(body, validate=True))


def draw(height=0.5):
    fig, ax = subplots(height=2)
    ax.plot([0, 1 / 3, 1], [-0.0001, height, 1])
    ax.set_title(TITLE)
    return fig


def test_the_same_data_give_the_same_text_without_a_date_or_a_version_and_other_data_another():
    text = svg(draw())
    assert text == svg(draw()) != svg(draw(0.51))
    assert not re.search(rf"metadata|\b20\d\d-|\d\d:\d\d|{re.escape(matplotlib.__version__)}", text)


def test_coordinates_have_two_decimals_and_texts_are_untouched():
    drawing = ET.fromstring(svg(draw()))
    numbers = re.findall(r"-?\d+\.\d+", " ".join(value for element in drawing.iter() for value in element.attrib.values()))
    assert max(len(number.partition(".")[2]) for number in numbers) == 2
    assert not {"-0", "-0.0", "-0.00"} & set(numbers)
    assert TITLE in [element.text.strip() for element in drawing.iter("{http://www.w3.org/2000/svg}text")]


def test_a_browser_reads_back_the_text_and_the_drawing(shown):
    show(draw(), alt=ALT)
    alt, drawing = parse(shown[0]["text/html"])
    assert alt == shown[0]["text/plain"] == ALT
    assert ET.tostring(drawing) == ET.tostring(ET.fromstring(svg(draw())))


def test_a_readers_own_settings_change_no_picture(shown, monkeypatch):
    drawn = picture(lambda: (draw(), ALT))
    drawn()
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 7)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 20)
    drawn()
    assert shown[0] == shown[1]


@pytest.mark.parametrize("alt", ["", "x" * 39, None, 3, " " * 60])
def test_a_picture_without_a_text_and_what_is_no_figure_are_refused(alt):
    with pytest.raises(ValueError, match="alt must say, in 40 characters or more"):
        show(draw(), alt=alt)
    with pytest.raises(TypeError, match="fig must be a matplotlib Figure, not list"):
        show([], alt=ALT)


def test_helpers_import_without_matplotlib_ipython_or_widgets():
    code = "import sys, helpers; print([m for m in ('matplotlib', 'IPython', 'ipywidgets') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def draw_value(value):
    return draw(value), f"A line that goes through the height {value:.3f}, whatever that is."


def test_a_slider_stores_the_picture_of_its_start(shown):
    slider(draw_value, [0.1, 0.2, 0.3], name="y", start=0.22)
    [data] = shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert parse(data["text/html"])[0] == data["text/plain"] == draw_value(0.2)[1]


def test_moving_a_slider_moves_its_picture(shown, monkeypatch):
    import ipywidgets

    widgets, box = [], ipywidgets.VBox
    monkeypatch.setattr(ipywidgets, "VBox", lambda children: widgets.extend(children) or box(children))
    slider(draw_value, [0.001, 0.1, 10, 1000], name="y", start=0.1)
    knob, view = widgets
    assert (knob.description, [label for label, _ in knob.options]) == ("y", ["0.001", "0.1", "10", "1000"])
    seen = {view.value.partition("base64")[2]}
    for value in (1000, 0.001):
        knob.value = value
        assert parse(view.value)[0] == draw_value(value)[1]
        seen.add(view.value.partition("base64")[2])
    assert len(seen) == 3
