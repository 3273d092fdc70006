"""Pictures as text that can be compared: the same data give the same SVG, on every run and every machine."""

import base64
import functools
import html
import io
import re
import sys

# Okabe & Ito (2008), "Color Universal Design": readers with any colour vision can tell these colours apart.
# Each thing has the same colour on every page, and a marker, a dash, a hatch or a label as well.
COLOURS = {
    "class 0": "#0072B2",
    "class 1": "#E69F00",
    "class 2": "#009E73",
    "loss": "#D55E00",
    "broken": "#CC79A7",
    "guide": "#6b6b6b",
    "ink": "#222222",
}
# Of the three classes, in their order: of the penguins Adélie, Gentoo and Chinstrap.
CLASSES = [COLOURS[f"class {k}"] for k in range(3)]
MARKERS = ["o", "s", "^"]
HATCHES = ["", "//", "--"]  # lines: the dots of ".." make a picture three times as large
LOOKS = ["blue circles", "orange squares", "green triangles"]  # colour and marker in words, for alternative texts
WIDTH = 7.2  # inches of 96 pixels: 691 of the 700 pixels that a page offers

STYLE = {
    "axes.edgecolor": COLOURS["ink"],
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # Verdana is about as wide
    "font.size": 10,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "gradients by hand",
}


def show(fig, *, alt):
    """Display `fig` as an SVG picture with the alternative text `alt`, and close it.

    The picture is an <img> element with the SVG inside its address. JupyterLab keeps the alternative text of this form,
    but not that of bare SVG and PNG outputs. The text is also the plain-text form of the output.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the picture shows and what to notice, for readers who cannot see it: 40 characters or more.

    Raises
    ------
    TypeError
        If `fig` is not a figure.
    ValueError
        If `alt` is not a string of 40 characters or more.
    """
    from IPython.display import display

    display(_output(fig, alt), raw=True)


def slider(draw, values, *, name, start, still=None):
    """Display a slider over `values`, and below it the picture of the chosen value.

    A stored page has no kernel, so it shows the picture `still` instead, which must make sense alone.

    Parameters
    ----------
    draw : callable
        draw(value) returns the picture of one value: a figure and its alternative text. It is given all of `still` at once.
    values : sequence of numbers
        The positions of the slider, such as np.linspace(0, 1, 51), np.geomspace(0.1, 10, 51) or range(20).
    name : str
        The label of the slider.
    start : float
        The slider starts at the nearest of the `values`.
    still : sequence, optional
        The stored page shows the picture draw(*still). The default is draw(start).

    Examples
    --------
    The last line of a picture function in helpers/plots, where `draw` takes any number of values:

        slider(draw, np.geomspace(1e-12, 1, 49), name="h", start=1e-5, still=(1e-12, 1e-5, 1))
    """
    import ipywidgets
    from IPython.display import display

    start = min(values, key=lambda value: abs(value - start))
    with _style():
        output = _output(*draw(*([start] if still is None else still)))
    options = [(f"{value:.3g}" if value % 1 else f"{value:.0f}", value) for value in values]
    knob = ipywidgets.SelectionSlider(options=options, value=start, description=name)
    view = ipywidgets.HTML()

    def redraw(_):
        with _style():
            view.value = _output(*draw(knob.value))["text/html"]

    knob.observe(redraw, names="value")
    redraw(None)
    display(ipywidgets.VBox([knob, view])._repr_mimebundle_() | output, raw=True)


def picture(draw):
    """Decorate a function that returns a figure and its alternative text, so that it displays them instead."""

    @functools.wraps(draw)
    def shown(*args, **kwargs):
        with _style():
            fig, alt = draw(*args, **kwargs)
        show(fig, alt=alt)

    return shown


def subplots(rows=1, columns=1, *, height, **kwargs):
    """Return a figure as wide as the page and `height` inches high, and its axes.

    It is made without pyplot, which keeps global state and is slow to import."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(WIDTH, height))
    return fig, fig.subplots(rows, columns, **kwargs)


def svg(fig):
    """Return `fig` as SVG text without date and version, its coordinates rounded to two decimals, and close it."""
    from matplotlib.figure import Figure

    if not isinstance(fig, Figure):
        raise TypeError(f"fig must be a matplotlib Figure, not {type(fig).__name__}: an Axes has one as .figure")
    text = io.StringIO()
    with _style():
        fig.savefig(text, format="svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(fig)
    drawing = re.sub(r"^.*?(?=<svg)|<metadata>.*?</metadata>\s*", "", text.getvalue(), flags=re.DOTALL)
    return re.sub(r"<[^>]*>", lambda tag: _LONG_NUMBER.sub(_rounded, tag[0]), drawing)


def _output(fig, alt):
    """Return what a notebook displays: the <img> element of a figure, and its alternative text on one line."""
    if not isinstance(alt, str) or len(alt.strip()) < 40:
        raise ValueError(f"alt must say, in 40 characters or more, what the picture shows and what to notice, not {alt!r}")
    alt = " ".join(alt.split())
    return {"text/html": image(svg(fig), alt), "text/plain": alt}


def image(drawing, alt):
    """Return an <img> element with the SVG text `drawing` in base64, the form that most notebook viewers show."""
    data = base64.b64encode(drawing.encode()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}">'


_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def _rounded(number):
    return f"{round(float(number[0]), 2) + 0:.2f}".rstrip("0").rstrip(".")  # + 0 turns -0 into 0


def _style():
    import matplotlib.style

    return matplotlib.style.context(["default", STYLE])  # a reader's own matplotlibrc changes no picture
