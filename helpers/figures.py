"""Pictures that can be compared: the same data are the same text, on every run and every machine."""

import base64
import functools
import html
import io
import re
import sys

__all__ = [
    "CLASSES",
    "COLOURS",
    "HATCHES",
    "LOOKS",
    "MARKERS",
    "image",
    "picture",
    "show",
    "slider",
    "styled",
    "subplots",
    "svg",
]

# Okabe & Ito (2008), "Color Universal Design": told apart with any colour vision. A thing keeps its colour
# through the course, and never has colour alone: a marker, a dash, a hatch or a label goes with it.
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
WIDTH = 7.2  # inches of 72 points: 691 of the 700 pixels a page offers

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

    The picture is an <img> with its data inside it. Of all that a notebook can hold, this form keeps its
    alternative text in JupyterLab, trusted or not, and in HTML pages. The text is also the output's plain form.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the picture shows and what to see in it, for who cannot see it; 40 characters or more.

    Raises
    ------
    TypeError
        If `fig` is not a figure.
    ValueError
        If `alt` is not such a text.
    """
    from IPython.display import display

    element, alt = _image(fig, alt)
    display({"text/html": element, "text/plain": alt}, raw=True)


def slider(draw, values, *, name, start, still=None):
    """Display a slider over `values`, and below it the picture of the chosen value.

    A stored page has no kernel and no slider: it shows the picture `still`, which must make sense alone. So does a
    notebook where ipywidgets is not installed.

    Parameters
    ----------
    draw : callable
        draw(value) returns the picture of one value: a figure and its alternative text.
    values : sequence of numbers
        What the slider goes through, such as np.linspace(0, 1, 51), np.geomspace(0.1, 10, 51) or range(20).
    name : str
        The label of the slider.
    start : float
        Where the slider is at first: at the nearest of the `values`.
    still : tuple of Figure and str, optional
        The picture for the stored page, as draw returns it. The default is draw(start).

    Examples
    --------
    The last line of a picture function in helpers/plots, where `_draw` takes any number of values:

        slider(lambda h: _draw(f, [h]), np.geomspace(1e-12, 1, 49), name="h", start=1e-5, still=_draw(f, [1e-12, 1e-5, 1]))
    """
    from IPython.display import display

    start = min(values, key=lambda value: abs(value - start))
    still, alt = _image(*(still or styled(draw)(start)))
    output = {"text/html": still, "text/plain": alt}
    try:
        import ipywidgets
    except ImportError:
        display(output, raw=True)
        return
    options = [(f"{value:.3g}", value) for value in values]
    knob = ipywidgets.SelectionSlider(options=options, value=start, description=name)
    view = ipywidgets.HTML()

    def redraw(_):
        view.value = _image(*styled(draw)(knob.value))[0]

    knob.observe(redraw, names="value")
    redraw(None)
    display(ipywidgets.VBox([knob, view])._repr_mimebundle_() | output, raw=True)


def styled(draw):
    """Decorate a function that draws: it then does so in the style of the course."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        with _style():
            return draw(*args, **kwargs)

    return drawn


def picture(draw):
    """Decorate a function that returns (figure, alternative text): calling it shows the picture."""

    @functools.wraps(draw)
    def shown(*args, **kwargs):
        fig, alt = styled(draw)(*args, **kwargs)
        show(fig, alt=alt)

    return shown


def subplots(rows=1, columns=1, *, height, **kwargs):
    """Return a figure as wide as the page and `height` inches high, and its axes.

    It is made without pyplot: no global state, and one import less for the kernel."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(WIDTH, height))
    return fig, fig.subplots(rows, columns, **kwargs)


def svg(fig):
    """Return `fig` as SVG text, and close it: no date, no version, coordinates to two decimals."""
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


def _image(fig, alt):
    """Return the <img> element of a figure, and its alternative text on one line."""
    if not isinstance(alt, str) or len(alt.strip()) < 40:
        raise ValueError(
            f"alt must say, in 40 characters or more, what the picture shows and what to see in it, not {alt!r}"
        )
    alt = " ".join(alt.split())
    return image(svg(fig), alt), alt


def image(drawing, alt):
    """Return the <img> element that shows the SVG text `drawing`: in base64, which code hosts' notebook pages show, too."""
    data = base64.b64encode(drawing.encode()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}">'


_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def _rounded(number):
    return f"{round(float(number[0]), 2) + 0:.2f}".rstrip("0").rstrip(".")  # + 0 turns -0 into 0


def _style():
    import matplotlib.style

    return matplotlib.style.context(["default", STYLE])  # a reader's own matplotlibrc changes no picture
