"""Pictures can be compared, and say what they show."""

import base64
import html.parser
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import figures, show
from helpers.figures import picture, subplots, svg
from helpers.plots import (
    cross_entropy as cross_entropy_plots,
    memory as memory_plots,
    softmax as softmax_plots,
    start_here,
)

ALT = 'A line that rises from 0.12345 to "one", <steeply> & for ever.'


def draw():
    fig, ax = subplots(height=2)
    ax.plot([0, 1 / 3, 1], [0.12345, 0.5, 1])
    ax.set_title('0.12345 & "quotes" <b> 50 % #1 ∂L/∂z −')
    return fig


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def parse(data):
    """Return the alternative text and the drawing as a browser would read them."""
    found = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Parser().feed(data)
    [(tag, attributes)] = found
    assert tag == "img"
    head, _, body = attributes["src"].partition(",")
    assert head == "data:image/svg+xml;base64"
    return attributes["alt"], ET.fromstring(base64.b64decode(body))


def test_the_same_data_are_the_same_text():
    assert svg(draw()) == svg(draw())


def test_a_picture_holds_no_date_and_no_version():
    text = svg(draw())
    assert "metadata" not in text
    assert matplotlib.__version__ not in text
    assert not re.search(r"\b20\d\d-|\d\d:\d\d", text)


def test_coordinates_have_two_decimals_and_texts_are_untouched():
    drawing = ET.fromstring(svg(draw()))
    numbers = " ".join(value for element in drawing.iter() for value in element.attrib.values())
    assert not [
        n
        for n in numbers.replace(",", " ").split()
        if "." in n and len(n.rpartition(".")[2].rstrip(")\"';pt")) > 2 and n[0].isdigit()
    ]
    assert '0.12345 & "quotes" <b> 50 % #1 ∂L/∂z −' in "".join(drawing.itertext())


def test_a_browser_reads_back_the_text_and_the_drawing(shown):
    show(draw(), alt=ALT)
    alt, drawing = parse(shown[0]["text/html"])
    assert alt == shown[0]["text/plain"] == ALT
    assert ET.tostring(drawing) == ET.tostring(ET.fromstring(svg(draw()).replace(" \n", " ").replace("\n", "")))


def test_every_change_of_the_data_is_seen():
    fig, ax = subplots(height=2)
    ax.plot([0, 1 / 3, 1], [0.12345, 0.51, 1])
    ax.set_title('0.12345 & "quotes" <b> 50 % #1 ∂L/∂z −')
    assert svg(fig) != svg(draw())


def test_a_reader_s_own_settings_change_no_picture(monkeypatch):
    before = svg(draw_in_style())
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 7)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 20)
    assert svg(draw_in_style()) == before


def draw_in_style():
    kept = []

    @picture
    def drawn():
        kept.append(draw())
        return kept[0], ALT

    drawn()
    return kept[0]


def test_show_closes_a_figure_of_pyplot(shown):
    fig, _ = plt.subplots()
    show(fig, alt=ALT)
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("alt", ["", "too short", None, 3, " " * 60])
def test_a_picture_without_a_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say"):
        show(draw(), alt=alt)


def test_a_text_of_forty_characters_says_enough(shown):
    show(draw(), alt=" " + "x" * 40)
    with pytest.raises(ValueError, match="alt must say, in 40 characters or more"):
        show(draw(), alt=" " + "x" * 39)


def test_a_decorated_plot_keeps_its_name():
    for module in (cross_entropy_plots, memory_plots, softmax_plots, start_here):
        functions = {name: f for name, f in vars(module).items() if getattr(f, "__module__", "") == module.__name__}
        assert len(functions) >= 2
        assert all(f.__name__ == name for name, f in functions.items())


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="fig must be a matplotlib Figure, not list"):
        show([], alt=ALT)


def test_helpers_import_without_matplotlib_ipython_or_widgets():
    code = "import sys, helpers; print([m for m in ('matplotlib', 'IPython', 'ipywidgets') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_pictures_tell_in_words_the_numbers_they_were_given(shown):
    z = np.array([1.0541, 0.6307, 1.1328])
    y = np.exp(z) / np.exp(z).sum()
    start_here.plot_two_runs([3.5, 3.5], [2.0, 0.25])
    softmax_plots.plot_scores(z, y)
    softmax_plots.plot_row_sums({"wrong": np.full((2, 2), 0.25)})
    cross_entropy_plots.plot_case([0.9, 0.9, 0.9], [1.1, 1.2, 0.9])
    said = [output["text/plain"] for output in shown]
    for text, numbers in zip(
        said,
        (["a flat line at 3.5000", "0.2500"], ["0.37", "0.24", "2.87"], ["[0.50, 0.50]"], ["1.2000", "all of one height"]),
        strict=True,
    ):
        assert all(number in text for number in numbers)
    assert "= 0.50 ✗" in "".join(parse(shown[2]["text/html"])[1].itertext())


def test_a_curve_is_drawn_where_its_numbers_are(shown):
    start_here.plot_two_runs([4.0, 4.0, 4.0], [4.0, 3.0, 1.0])
    drawing = parse(shown[0]["text/html"])[1]
    lines = [e.attrib["d"] for e in drawing.iter() if "fill: none; stroke" in e.attrib.get("style", "") and "d" in e.attrib]
    points = [np.array(d.replace("M", "").replace("L", "").split(), float).reshape(-1, 2) for d in lines]
    flat, falling = (p for p in points if len(p) in (2, 3) and np.ptp(p[:, 0]) > 100 and (p[:, 0] > 40).all())
    heights = flat[0, 1] - falling[:, 1]
    np.testing.assert_allclose(heights / heights[-1], [0, 1 / 3, 1], atol=2e-3)


def test_the_slider_stores_a_picture_and_shows_a_widget(shown):
    softmax_plots.temperature_slider([2.0, 0.5, 0.0])
    [data] = shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "T = 0.2" in data["text/plain"]
    assert parse(data["text/html"])[0] == data["text/plain"]


def test_moving_the_slider_moves_the_picture(shown, monkeypatch):
    import ipywidgets

    made = []
    original = ipywidgets.VBox

    def remember(children):
        made.extend(children)
        return original(children)

    monkeypatch.setattr(ipywidgets, "VBox", remember)
    softmax_plots.temperature_slider([2.0, 0.5, 0.0])
    slider, view = made
    before = view.value
    slider.value = 0.1
    assert view.value != before
    assert "[1.00, 0.00, 0.00]" in parse(view.value)[0]


def test_a_long_number_is_rounded_and_no_zero_has_a_sign():
    assert figures._LONG_NUMBER.sub(figures._rounded, "-0.0012 0.126 -3.14159 2.000 1.25") == "0 0.13 -3.14 2 1.25"


def test_a_function_that_draws_keeps_its_name_and_its_docstring():
    from helpers.plots import softmax as pictures

    assert (pictures.plot_scores.__name__, pictures._at_temperatures.__name__) == ("plot_scores", "_at_temperatures")
    assert "as bars" in pictures.plot_scores.__doc__
