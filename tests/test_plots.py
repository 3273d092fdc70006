"""What each picture of helpers/plots draws of small data, artist by artist: approved/plots.txt.

The pages hold the pictures themselves, and nbval compares those; here is said in words what was drawn, so that a change of
a picture can be read. Alternative texts are compared, too.
"""

import matplotlib
import numpy as np
import pytest
from matplotlib import collections, colors, image, legend, lines, patches, text
from matplotlib.figure import Figure
from pinned import needs_pinned

from helpers import draw, figures, softmax
from helpers.plots import (
    backpropagation,
    cross_entropy,
    digits,
    gradient_descent,
    numerical_gradient,
    softmax as softmax_plots,
    start_here,
)

R = np.random.default_rng(1)
NINE, COLUMNS = R.random((9, 2)), R.standard_normal((64, 12))
Z = np.array([1.0, -0.5, 2.0])
LOSSES = [2.0, 1.5, 0.8, 0.7, 0.3]
LONG = np.exp(-np.arange(60) / 9)
IMAGES = R.random((12, 64))
BIG = np.arange(1600.0).reshape(40, 40)


def f(x):
    return np.exp(x) / 4 + 0.5


def bowl(p):
    return 0.1 * p[0] ** 2 + 2 * p[1] ** 2


DRAWN = {
    "two runs, one flat": lambda: start_here.plot_two_runs([2.0, 2.0, 2.0], [2.0, 1.0, 0.5]),
    "two runs, both moving": lambda: start_here.plot_two_runs([2.0, 2.5, 2.25], [2.0, 1.0, 0.5]),
    "map": start_here.plot_map,
    "scores": lambda: softmax_plots.plot_scores(Z, softmax(Z)),
    "scores of five": lambda: softmax_plots.plot_scores(np.arange(5.0), softmax(np.arange(5.0))),
    "temperatures": lambda: softmax_plots._at_temperatures(Z, [10, 0.5]),
    "shift": lambda: softmax_plots.plot_shift(Z, 3),
    "row sums": lambda: softmax_plots.plot_row_sums({"one": np.array([[0.5, 0.5], [0.2, 1.0]]), "two": np.eye(3)}),
    "temperature paths": lambda: softmax_plots.plot_temperature_paths([Z, -Z, 2 * Z, Z[::-1]], [5, 1, 0.1]),
    "price": lambda: cross_entropy.plot_price(np.array([0.1, 0.5]), -np.log([0.1, 0.5])),
    "capped price": lambda: cross_entropy.plot_capped_price(np.logspace(-9, 0, 10)),
    "loss over simplex": lambda: cross_entropy.plot_loss_over_simplex(1),
    "loss against logit": lambda: cross_entropy.plot_loss_against_logit(
        np.array([-20.0, 0, 5]),
        np.array([20.0, 0.7, 0.01]),
        np.array([16.0, 0.7, 0.01]),
        np.array([[-1, -0.5, 0], [0, -0.5, 0.0]]),
    ),
    "case of equal bars": lambda: cross_entropy.plot_case(np.array([0.5, 0.5, 0.5]), np.array([0.2, 1.0, 0.7])),
    "case of other bars": lambda: cross_entropy.plot_case(np.array([0.5, 0.7, 0.5]), np.array([0.2, 1.0, 0.7])),
    "self-graded": lambda: cross_entropy.plot_self_graded(LOSSES, LOSSES[::-1]),
    "self-graded, up and down": lambda: cross_entropy.plot_self_graded([2.0, 3.0, 1.0], [2.0, 1.0, 1.5]),
    "self-graded, level": lambda: cross_entropy.plot_self_graded([1.0, 1.0], [1.0, 2.0]),
    "secants": lambda: numerical_gradient.plot_secants(f, 1.0, [1.5, 1.0, 0.5], np.e / 4),
    "errors": lambda: numerical_gradient.plot_errors(
        {
            kind: (
                np.array([1e-8, 1e-5, 1e-2]),
                {
                    "forward": np.array([1e-7, 1e-5, 1e-2]),
                    "central": np.array([1e-8, 1e-20, 1e-4]),
                    "complex_step": np.zeros(3),
                },
                precision,
            )
            for kind, precision in (("float64", 1e-16), ("float32", 1e-7))
        },
        lambda h: h**2,
        lambda h, precision: precision / h,
    ),
    "kink": lambda: numerical_gradient.plot_kink(
        np.linspace(-2e-4, 2e-4, 5), np.maximum(np.linspace(-2e-4, 2e-4, 5), 0.5e-4), {1e-4: 0.25, 1e-6: 0.01}
    ),
    "errors in three panels": lambda: numerical_gradient.plot_errors(
        {name: (np.array([1e-8, 1e-2]), {"richardson": np.array([1e-9, 1e-5])}, 1e-16) for name in "abc"},
        lambda h: h**4,
        lambda h, precision: precision / h,
    ),
    "hunt that goes on": lambda: numerical_gradient.plot_hunt(
        np.array([1e-2, 1e-4, 1e-6]), np.array([1e-4, 3e-6, 2.5e-7]), np.array([1e-4, 1e-8, 1e-9])
    ),
    "hunt": lambda: numerical_gradient.plot_hunt(
        np.array([1e-2, 1e-4, 1e-6]), np.array([1e-4, 2.5e-7, 2.5e-7]), np.array([1e-4, 1e-8, 1e-9])
    ),
    "one path": lambda: gradient_descent.plot_paths(bowl, {"a": [[4.0, 2.0], [3.0, 1.0], [1.0, 0.1]]}),
    "four paths": lambda: gradient_descent.plot_paths(
        bowl,
        {
            "a": [[4.0, 2.0], [3.0, 1.0]],
            "b": [[4.0, 2.0], [1.0, -1.0], [4.6, 9.0]],
            "c": [[4.0, 2.0], [9.0, 2.0]],
            "d": [[1, 1], [4.6, 1], [5, 1]],
        },
    ),
    "losses": lambda: gradient_descent.plot_losses({"a": LOSSES, "b": LONG}),
    "losses, not logarithmic": lambda: gradient_descent.plot_losses(
        dict(zip("abcde", [LOSSES] * 5, strict=True)), log=False
    ),
    "clinic": lambda: gradient_descent.plot_clinic(LONG, {letter: (k + 1) * LONG + k for k, letter in enumerate("ABCDEF")}),
    "clinic, told": lambda: gradient_descent.plot_clinic(
        LOSSES,
        {letter: [9.0, 1.0, 2.0, 3.0, k] for k, letter in enumerate("ABCDEF")},
        dict(zip("ABCDEF", "uvwxyz", strict=True)),
    ),
    "graph": backpropagation.plot_graph,
    "regions": lambda: backpropagation.plot_regions(
        NINE, np.arange(9) % 3, {"left": lambda x: (x[:, 0] > 0.3) * 1, "low": lambda x: (x[:, 1] > 0.5) * 2}
    ),
    "twelve digits": lambda: digits.plot_digits(IMAGES, [f"{k}\nsaid" for k in range(12)]),
    "two digits of three": lambda: digits.plot_digits(IMAGES[:2], ["a", "b"], columns=3),
    "one digit": lambda: digits.plot_digits(IMAGES[:1], ["a"], columns=1),
    "one weight": lambda: digits.plot_weights(COLUMNS[:, :1], "a"),
    "no digits": lambda: digits.plot_digits(IMAGES[:0], []),
    "curves": lambda: digits.plot_curves({"a": (LOSSES, LOSSES[::-1]), "b": (LONG, LONG / 2)}),
    "curves of each epoch": lambda: digits.plot_curves({"a": (LOSSES, LOSSES[::-1])}, every=1),
    "confusion": lambda: digits.plot_confusion(np.array([[5, 1, 0], [0, 7, 0], [6, 0, 3]])),
    "no confusion": lambda: digits.plot_confusion(np.diag([5, 7, 3])),
    "weights": lambda: digits.plot_weights(COLUMNS, range(12)),
    "three weights": lambda: digits.plot_weights(COLUMNS[:, :3], "abc"),
    "steps": lambda: digits.plot_steps(IMAGES[3], np.array([0.0, 1.0, 2.0]), softmax(np.arange(10) % 7), 4),
    "memory of a table": lambda: _draw_memory(lambda x: [x, x.T, x[:, ::2], x[::-1], x.copy(), x[:0]]),
    "memory of bytes": lambda: _draw_memory(lambda x: [x.ravel()[:2], x.ravel()[:2].view(np.int16), x.ravel()[1:2]]),
    "memory of three axes": lambda: _draw_memory(
        lambda x: [x.reshape(3, 2, 2), np.broadcast_to(x[0, 0], (4, 2, 6, 5)), x[1, 2:3].reshape(())]
    ),
    "memory of many": lambda: _draw_memory(lambda x: [np.array([k]) for k in range(28)]),
    "memory of long numbers": lambda: _draw_memory(
        lambda x: [np.array([1234.5678, -1e-300, np.nan]), np.array(["a longer text"]), np.array([10**12, 123456789])]
    ),
    "memory of a large array": lambda: _draw_memory(
        lambda x: [np.zeros((40, 40)), np.zeros(100)[::-2], np.zeros((9, 2)), x, x]
    ),
    "memory of as many cells as are shown": lambda: _draw_memory(
        lambda x: [np.arange(24.0), np.arange(25.0), np.zeros((2, 2, 2, 2)), np.zeros((1, 3, 2, 2))]
    ),
    "memory that begins at its end": lambda: _draw_memory(
        lambda x: [BIG[::-1, ::-1], BIG[::-3], BIG.T, BIG[:, ::-1].T, np.broadcast_to(BIG[3, ::-1], (2, 40))]
    ),
    "memory of a line backwards": lambda: _draw_memory(
        lambda x: [np.arange(50.0)[::-1], np.arange(50.0)[40::-2], BIG[5, 30:]]
    ),
    "memory of a large box": lambda: _draw_memory(
        lambda x: [np.arange(600.0).reshape(4, 3, 50), np.arange(60.0).reshape(30, 2, 1)]
    ),
    "memory of texts": lambda: _draw_memory(
        lambda x: [
            np.array(["ninechars", "ten chars.", "eleven char"]),
            np.array(["12345", "123456", "1234567", "12345678"]),
        ]
    ),
    "memory under long names": lambda: draw(**{"n" * k: np.arange(3.0) + k for k in (59, 60, 61)}),
    "memory side by side": lambda: draw(**{name: BIG[0, :7] for name in "abc"}, e=BIG[0, :3], f=BIG[0, 3:10], g=BIG[:2, :2]),
    "memory of boxes side by side": lambda: _draw_memory(
        lambda x: [x.reshape(3, 2, 2), x.reshape(3, 2, 2)[:2], x[:, :1], x[0]]
    ),
    "memory to the edge": lambda: draw(a=BIG[0, :6], b=BIG[0, :7], c=BIG[0, :5], d=BIG[0, :7]),
    "memory of one cell": lambda: _draw_memory(lambda x: [np.array(1.5), np.array([True]), np.zeros((2, 1, 1, 1))]),
}


def _draw_memory(make):
    arrays = make(np.arange(12.0).reshape(3, 4))
    draw(**{f"array_{k}" if k % 3 else f"{'long_' * 13}{k}": array for k, array in enumerate(arrays)})


# -- artists as text ------------------------------------------------------------------------------


def numbers(values):
    """Return numbers as text, or of many how many there are and two sums of them."""
    a = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    if a.size > 12:
        a = np.nan_to_num(a, nan=0.125)
        return f"({len(a)} numbers: {a.sum() + 0.0:.4g} {a @ np.cos(np.arange(len(a))) + 0.0:.4g})"
    return "(" + " ".join(f"{number + 0.0:.4g}" for number in a) + ")"


def colour(value):
    return colors.to_hex(value, keep_alpha=True) if len(np.shape(value)) < 2 else "colours " + numbers(value)


def of_line(a):
    xy = f"{numbers(a.get_xdata())} {numbers(a.get_ydata())}"
    marks = f"{a.get_marker()} {a.get_markersize():g} {colour(a.get_markerfacecolor())} {colour(a.get_markeredgecolor())}"
    style = (
        f"{a.get_linestyle()} {a.get_linewidth():g} {colour(a.get_color())} {a.get_markeredgewidth():g} {a.get_markevery()}"
    )
    return f"line {xy} {style} {marks} {a.get_label()!r}"


def of_text(a):
    place = f"{numbers(a.get_position())} {a.get_ha()} {a.get_va()} {a.get_rotation():g}"
    if isinstance(a, text.Annotation):
        place += f" on {numbers(a.xy)} {a.xycoords} {a.anncoords} {a.arrowprops}"
    style = f"{a.get_fontsize():g} {a.get_fontweight()} {colour(a.get_color())} {a.get_gid()} {a.get_parse_math()}"
    box = a.get_bbox_patch()
    return f"text {a.get_text()!r} {place} {style}" + (
        f" in {type(box.get_boxstyle()).__name__} {box.get_boxstyle().pad}" if box else ""
    )


def of_patch(a):
    shape = a.get_bbox().bounds if isinstance(a, patches.Rectangle) else a.get_path().vertices
    style = f"{colour(a.get_facecolor())} {colour(a.get_edgecolor())} {a.get_linewidth():g} {a.get_linestyle()}"
    return f"{type(a).__name__} {numbers(shape)} {style} {a.get_hatch()!r}"


def of_collection(a):
    values = "" if a.get_array() is None else f" {numbers(a.get_array())} {a.get_cmap().name} {numbers(a.get_clim())}"
    points = np.concatenate([np.zeros((0, 2)), *(path.vertices for path in a.get_paths())])
    return f"{type(a).__name__} {numbers(points)}{values} {numbers(a.get_linewidths())} {colour(a.get_edgecolors())}"


def of_image(a):
    shown = f"{a.get_cmap().name} {numbers(a.get_clim())} {numbers(a.get_extent())} {a.get_interpolation()} {a.origin}"
    return f"image {numbers(a.get_array())} {shown}"


def of_legend(a):
    return f"legend {a._loc} in {a._ncols} columns"


def of_axes(a):
    limits = f"{numbers(a.get_xlim())} {numbers(a.get_ylim())} {a.get_xscale()} {a.get_yscale()} {a.get_aspect()}"
    ticks = f"{numbers(a.get_xticks())} {numbers(a.get_yticks())} {[t.get_text() for t in a.get_xticklabels()]}"
    return f"axes {numbers(a.get_position().bounds)} {limits} {a.axison} {ticks} margins {numbers(a.margins())}"


KINDS = [
    (lines.Line2D, of_line),
    (text.Text, of_text),
    (image.AxesImage, of_image),
    (collections.Collection, of_collection),
    (legend.Legend, of_legend),
    (matplotlib.axes.Axes, of_axes),
    (patches.Patch, of_patch),
]


def artists(parent):
    """Yield a line of text for each artist, those of an axis, which are many and of little interest, left out."""
    for a in parent.get_children():
        if isinstance(a, matplotlib.axis.Axis):
            yield f"axis label {a.label.get_text()!r}"
            continue
        of = next((of for kind, of in KINDS if isinstance(a, kind)), None)
        hidden = isinstance(a, text.Text) and not a.get_text()
        if of and not hidden and not isinstance(a, matplotlib.spines.Spine):
            yield of(a)
        if not isinstance(a, text.Text):
            yield from artists(a)


def described(make):
    """Return what a function draws, as text."""
    shown = []
    usual, figures.show = figures.show, lambda fig, alt: shown.append((fig, alt))
    try:
        shown += [drawn for drawn in [make()] if drawn]
    finally:
        figures.show = usual
    ((fig, alt),) = shown
    assert isinstance(fig, Figure)
    return "\n".join([f"{numbers(fig.get_size_inches())} inches: {alt}", *(f"  {line}" for line in artists(fig))])


@needs_pinned
@pytest.mark.parametrize("name", DRAWN)
def test_the_picture_draws_what_it_drew(name, is_approved):
    is_approved("plots", name, described(DRAWN[name]), tolerance=2e-3)


def test_every_picture_is_among_them(approved_headings):
    modules = (backpropagation, cross_entropy, digits, gradient_descent, numerical_gradient, softmax_plots, start_here)
    drawn = {name for make in DRAWN.values() for name in (*make.__code__.co_names, make.__name__)}
    names = {name for module in modules for name in module.__all__ if name.startswith("plot_")}
    assert names <= drawn | {"plot_map", "plot_graph"}
    assert approved_headings("plots") == list(DRAWN)


def test_the_slider_goes_from_a_tenth_to_ten_and_moves_its_picture(monkeypatch):
    import ipywidgets

    made, shown = [], []
    slider = ipywidgets.FloatLogSlider
    monkeypatch.setattr(ipywidgets, "FloatLogSlider", lambda **settings: made.append(slider(**settings)) or made[0])
    views = []
    view = ipywidgets.HTML
    monkeypatch.setattr(ipywidgets, "HTML", lambda: views.append(view()) or views[0])
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    softmax_plots.temperature_slider(Z)
    assert (made[0].value, made[0].base ** made[0].min, made[0].base ** made[0].max, made[0].step) == (1, 0.1, 10, 0.02)
    before = views[0].value
    assert "T = 1:" in before
    made[0].value = 10
    assert "T = 10:" in views[0].value
    assert views[0].value != before
    assert "T = 10: " in shown[0]["text/plain"]
    assert shown[0]["text/html"].count("<img ") == 1
