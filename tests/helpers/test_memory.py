"""describe and draw against the addresses that NumPy reports, and the wall of notebook 04 against NumPy itself."""

import base64
import html
import linecache
import re

import hypothesis
import hypothesis.strategies as st
import nbformat
import numpy as np
import pytest

from helpers import describe, draw
from helpers.memory import COLUMNS, addresses, buffers, relation


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed, in place of a notebook."""
    pictures = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: pictures.append(data))
    return pictures


def svg(picture):
    return base64.b64decode(re.search('src="data:image/svg\\+xml;base64,([^"]*)"', picture["text/html"])[1]).decode()


def labels(picture):
    """Read a picture back: {gid of a cell: its label}, the cells of the strips and of the arrays."""
    found = re.findall(r'<g id="((?:array|buffer)\.[^"]*)">\s*<text[^>]*>([^<]*)</text>', svg(picture))
    assert len(dict(found)) == len(found)
    return dict(found)


def drawn_addresses(picture, arrays):
    """Return {(array, sheet, row, column): address} from the labels of a picture and the places of its buffers."""
    starts = {chr(65 + k): (buffer.start, buffer.cell) for k, buffer in enumerate(buffers(arrays))}
    found = {}
    for gid, label in labels(picture).items():
        if gid.startswith("array."):
            letter, number = re.fullmatch(r"([A-Z])(\d+)(?:–\d+)?", label).groups()
            start, cell = starts[letter]
            found[tuple(map(int, gid.split(".")[1:]))] = start + int(number) * cell
    return found


def compare(picture, arrays):
    """Assert that each cell drawn reads the address that NumPy computes for that element."""
    found = drawn_addresses(picture, arrays)
    for (k, sheet, i, j), address in found.items():
        array = np.atleast_2d(np.asarray(arrays[k]))
        element = array.reshape(array.shape)[np.unravel_index(sheet, array.shape[:-2]) if array.ndim > 2 else ()][
            i : i + 1, j : j + 1
        ]
        assert element.__array_interface__["data"][0] == address
    for k, array in enumerate(arrays):
        if array.ndim < 3 and max(array.shape, default=1) <= 5:  # not abridged
            assert sum(key[0] == k for key in found) == array.size


LAYOUTS = {
    "C order": lambda x: x,
    "Fortran order": np.asfortranarray,
    "transposed": lambda x: x.T,
    "every second column": lambda x: x[:, ::2],
    "upside down": lambda x: x[::-1],
    "mirrored both ways": lambda x: x[::-1, ::-1],
    "a row": lambda x: x[1],
    "one number": lambda x: x[1, 2:3].reshape(()),
    "a new axis": lambda x: x[:, None],
    "repeated": lambda x: np.broadcast_to(x[0], (3, 4)),
    "overlapping": lambda x: np.lib.stride_tricks.sliding_window_view(x.ravel(), 3),
    "other bytes": lambda x: x.view(np.int32),
    "a copy": lambda x: x.copy(),
    "empty": lambda x: x[:0],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_cell_drawn_reads_the_address_that_numpy_reports(shown, name):
    x = np.arange(12.0).reshape(3, 4)
    view = LAYOUTS[name](x)
    draw(x, view)
    compare(shown[0], [x, view])
    assert ("the same array as x" in svg(shown[0])) == (view is x)
    assert len(buffers([x, view])) == 1 + (view.size > 0 and not np.shares_memory(x, view))


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.5),
        np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([None, "x"], dtype=object),
        np.array(2.5, dtype=object),
        np.array(["ab", "c"]),
        np.array([1 + 2j, 3j]),
        np.array([True, False]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.arange(4).reshape(2, 2).view(np.matrix),
        np.ma.array([1.0, 2.0], mask=[0, 1]),
        np.frombuffer(b"abcdef", dtype=np.uint8),
        np.zeros((2, 0, 3)),
        np.arange(24).reshape(2, 3, 2, 2),
        np.arange(3, dtype=np.float16)[::-1],
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_every_kind_of_array_is_described_and_drawn(shown, array):
    draw(array)
    compare(shown[0], [array])
    (row,) = describe(array).rows
    assert row["shape"] == str(array.shape)
    assert row["dtype"] == str(array.dtype)


def test_the_values_of_the_strip_are_those_of_the_memory(shown):
    x = np.arange(6.0).reshape(2, 3)
    y = x.T
    y[0, 1] = 99
    draw(x)
    strip = re.findall(r"<text[^>]*>([^<]*)</text>", svg(shown[0]))
    assert strip[1:13] == ["0", "A0", "1", "A1", "2", "A2", "99", "A3", "4", "A4", "5", "A5"]


def test_a_complex_number_takes_two_cells_if_its_parts_are_looked_at(shown):
    c = np.array([1 + 2j, 3 + 4j])
    draw(c, c.real, c.imag)
    found = labels(shown[0])
    assert [found[f"array.0.0.0.{j}"] for j in range(2)] == ["A0–1", "A2–3"]
    assert [found[f"array.1.0.0.{j}"] for j in range(2)] == ["A0", "A2"]
    assert [found[f"array.2.0.0.{j}"] for j in range(2)] == ["A1", "A3"]


def test_a_large_array_is_drawn_in_part_and_says_so(shown):
    x = np.zeros((1000, 1000))
    draw(x, x[::7, ::11])
    assert len(svg(shown[0])) < 200_000
    assert "1000000 cells of 8 bytes, the first 24 shown" in svg(shown[0])
    assert shown[0]["text/plain"].count("shown in part") == 2


def test_a_picture_is_no_wider_than_the_page_and_the_same_every_time(shown):
    x = np.arange(6.0).reshape(2, 3)
    for _ in range(2):
        draw(x, x.T, x[:, ::2], x[::-1], x.ravel(), x.flatten(), first=x[0], second=x[1])
    assert shown[0] == shown[1]
    assert max(float(n) for n in re.findall(r' x="([\d.]+)"', svg(shown[0]))) < 520
    assert re.search(r'<svg [^>]*width="518', svg(shown[0]))


def test_the_names_are_those_of_the_call():
    W = np.zeros((2, 3))
    assert [row["name"] for row in describe(W, W.T, W[:, ::2], mine=W[0]).rows] == ["W", "W.T", "W[:, ::2]", "mine"]
    table = describe(
        W,
        W.reshape(-1),  # a comment, and another line
    )
    assert [row["name"] for row in table.rows] == ["W", "W.reshape(-1)"]
    arrays = [W, W.T]
    assert [row["name"] for row in describe(*arrays).rows] == ["array 1", "array 2"]

    def inner(x):
        return [row["name"] for row in describe(x).rows]

    assert inner(W) == ["x"]
    assert [table.rows[0]["name"] for table in map(describe, [W])] == ["array 1"]


def test_names_are_made_up_where_there_is_no_source():
    scope = {"describe": describe, "W": np.zeros(2)}
    exec("table = describe(W)", scope)
    assert scope["table"].rows[0]["name"] == "array 1"


@pytest.mark.parametrize("now", ["x = (describe(W", "ä" * 20, "", "W = describe\n"])
def test_names_are_made_up_where_the_source_has_changed_meanwhile(now):
    scope, written = {"describe": describe, "W": np.zeros(2)}, "x = describe(W)\n"
    linecache.cache["<a cell>"] = len(now), None, now.splitlines(keepends=True), "<a cell>"
    exec(compile(written, "<a cell>", "exec"), scope)
    assert scope["x"].rows[0]["name"] == "array 1"


@pytest.mark.parametrize("thing", [[1.0, 2.0], 3.0, None, "W", (1,), {"W": 1}])
def test_what_is_no_array_is_refused_by_name(thing):
    for look in (describe, draw):
        with pytest.raises(TypeError, match=r"thing is a .*, not an array"):
            look(thing)
    with pytest.raises(TypeError, match="pass one array or more"):
        describe()


def test_the_table_reads_the_same_as_text_and_as_html():
    x = np.zeros((2, 3))
    table = describe(x, x.T, z=x < 1)
    text = html.unescape(re.sub("<[^>]*>", " ", table._repr_html_()))
    assert text.split() == repr(table).split()
    assert repr(table).splitlines()[0].split("  ")[0] == COLUMNS[0]


@pytest.mark.parametrize(
    ("view", "how"),
    [
        (lambda x: x, "the same window"),
        (lambda x: x[:], "the same window"),
        (lambda x: x.T, "transposed"),
        (lambda x: x.reshape(4, 3), "reshaped"),
        (lambda x: x[::-1, ::-1], "reversed"),
        (lambda x: x[::-1], "reversed along axis 0"),
        (lambda x: x[:, ::2], "every 2nd along axis 1"),
        (lambda x: x[:, ::-3], "every 3rd along axis 1, reversed"),
        (lambda x: x[1], "part of it"),
        (lambda x: x[1:2, 1:3], "part of it"),
        (lambda x: np.broadcast_to(x[:1], (3, 4)), "repeated along axis 0"),
        (lambda x: x.view(np.int64), "the same window, as int64"),
        (lambda x: x[::-1][:2], "reversed along axis 0, in part"),
        (lambda x: x[:, :1].T, "part of it"),
        (lambda x: x.ravel()[1::3], "part of it"),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1), "the same cells repeated"),
        (lambda x: x.view(np.int32), "the same bytes, as int32"),
        (lambda x: x.T.reshape(-1), None),
        (lambda x: x[[0, 1]], None),
        (lambda x: x[:0], None),
    ],
)
def test_the_relation_says_how_one_lies_in_the_other(view, how):
    x = np.arange(12.0).reshape(3, 4)
    assert relation(view(x), x) == how
    assert (relation(view(x), x) is None) == (relation(x, view(x)) is None)


def test_interlaced_views_share_nothing_though_their_bounds_overlap():
    x = np.zeros(10)
    assert relation(x[::2], x[1::2]) is None
    assert relation(x[:6], x[4:]) == "overlaps"
    assert relation(x, x[::2]) == "contains it"
    assert len(buffers([x[::2], x[1::2]])) == 1


def test_bytes_are_shared_even_where_no_element_begins_at_the_same_address():
    raw = np.zeros(24, np.uint8)
    a, b = raw[:16].view(float), raw[4:20].view(float)
    assert relation(a, b) == "overlaps"
    assert len(buffers([a, b])) == 1
    memory = bytearray(48)
    p, q = np.frombuffer(memory, float, 3), np.frombuffer(memory, float, 3, offset=24)
    assert relation(p, q) is None
    assert len(buffers([p, q])) == 1


def test_strange_arrays_are_drawn_in_no_time_and_within_the_page(shown):
    for array in (
        np.broadcast_to(1.0, (20_000, 20_000)),
        np.zeros((12,) * 5).T,
        np.zeros((3, 4, 7)),
        np.array([r"$\frac$", "$5 to $6"]),
        np.zeros(3, "V0"),
        np.frombuffer(bytearray(range(100)), np.uint8)[::-1],
        np.ma.array([1.0, 2.0], mask=[0, 1]),
    ):
        draw(array, a_name_that_is_very_long_indeed_and_goes_on_and_on_beyond_the_edge_of_the_page=array)
        assert max(float(n) for n in re.findall(r' x="([\d.]+)"', svg(shown[-1]))) < 520
    assert "--" in svg(shown[-1])
    assert svg(shown[-2]).count("<text") > 2 * 24


def test_a_small_nudge_shows(shown):
    draw(np.array([3 + 1e-4]))
    assert "3.0001" in svg(shown[0])


def test_large_arrays_are_compared_without_their_addresses():
    x = np.zeros(10**6)
    assert relation(x, x[5:]) == "shares memory"
    assert relation(x[::2], x[1::2]) is None


def test_where_numpy_finds_the_question_too_hard_memory_may_be_shared():
    x, strides = np.zeros(8), np.random.default_rng(0).integers(2**27, 2**28, (2, 20)) * 8
    a, b = (np.lib.stride_tricks.as_strided(x[k:], (2,) * 20, strides[k].tolist(), writeable=False) for k in (0, 1))
    said = relation(a, b)  # pytest would show the arrays, and most of their elements lie nowhere
    assert said == "may share memory"


@pytest.mark.parametrize(
    ("thing", "hint"), [([1.0], True), (2.0, True), (2, True), ((1,), True), ("W", False), (None, False), ({}, False)]
)
def test_where_numbers_lie_in_no_buffer_it_is_said(thing, hint):
    with pytest.raises(TypeError) as error:
        describe(thing=thing)
    assert (": its numbers lie in no buffer;" in str(error.value)) is hint


def test_whose_memory_it_is():
    x = np.zeros((2, 3))
    rows = describe(x, x.T, np.zeros(4).reshape(2, 2), np.frombuffer(b"abcd", dtype=np.uint8)).rows
    assert [row["memory"] for row in rows] == ["its own", "of x", "of another array", "of no array"]
    assert [row["writeable"] for row in rows] == ["yes", "yes", "yes", "no"]
    assert [row["order"] for row in describe(x, x.T, x[:, ::2], x[0]).rows] == ["C", "F", "neither", "C and F"]


# -- random views --------------------------------------------------------------------------------------------

slices = st.builds(
    slice, st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 5), st.sampled_from([None, 1, 2, -1, -2])
)


@st.composite
def chains(draw_):
    """Return a base array and what a random chain of slicing, transposing, reshaping and copying makes of it."""
    shape = draw_(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    base = np.arange(np.prod(shape), dtype=draw_(st.sampled_from([np.float64, np.int16]))).reshape(shape)
    array = base
    for kind in draw_(
        st.lists(st.sampled_from(["slice", "transpose", "ravel", "reshape", "new axis", "copy", "fancy"]), max_size=5)
    ):
        if kind == "slice":
            array = array[tuple(draw_(slices) for _ in array.shape)]
        elif kind == "transpose":
            array = array.T
        elif kind == "ravel":
            array = array.ravel()
        elif kind == "reshape":
            array = array.reshape(array.shape[::-1])
        elif kind == "new axis" and array.ndim < 4:
            array = array[None]
        elif kind == "copy":
            array = array.copy(order="K")
        elif kind == "fancy" and array.ndim and len(array):
            array = array[[0, -1]]
    return base, array


@hypothesis.given(chains())
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_any_chain_of_views_and_copies_is_told_and_drawn_as_it_is(shown, pair):
    base, array = pair
    shared = bool(array.size) and np.shares_memory(base, array)
    assert (relation(array, base) is not None) == shared
    if array.size:
        inside = np.isin(addresses(array), addresses(base))
        assert bool(np.all(inside)) == shared
    shown.clear()
    draw(base, array)
    compare(shown[0], [base, array])


# -- the wall of notebook 04 ------------------------------------------------------------------------------------

WALL = {
    "W[1:3]": "view",
    "W[::2]": "view",
    "W[::-1]": "view",
    "W[0]": "view",
    "W.T": "view",
    "W.swapaxes(0, 1)": "view",
    "W[:, None]": "view",
    "W[...]": "view",
    "W.view()": "view",
    "np.broadcast_to(W, (2, 2, 3))": "view",
    "W[[0, 1]]": "copy",
    "W[W > 0]": "copy",
    "W.copy()": "copy",
    "W.flatten()": "copy",
    "np.array(W)": "copy",
    "W.astype(float)": "copy",
    "W + 0": "copy",
    "np.concatenate([W])": "copy",
    "np.repeat(W, 2)": "copy",
    "np.roll(W, 1)": "copy",
    "W.reshape(...)": "depends",
    "W.ravel()": "depends",
    "np.asarray(x)": "depends",
    "W.astype(float, copy=False)": "depends",
    "np.ascontiguousarray(W)": "depends",
}
BOTH = {  # of what depends: an expression that gives a view of W, and one that gives a copy
    "W.reshape(...)": ("W.reshape(3, 2)", "W.T.reshape(-1)"),
    "W.ravel()": ("W.ravel()", "np.asfortranarray(W).ravel()"),
    "np.asarray(x)": ("np.asarray(W)", "np.asarray([1.0, 2.0])"),
    "W.astype(float, copy=False)": ("W.astype(float, copy=False)", "W.astype(np.float32, copy=False)"),
    "np.ascontiguousarray(W)": ("np.ascontiguousarray(W)", "np.ascontiguousarray(W.T)"),
}


def evaluated(expression):
    W = np.arange(1.0, 7.0).reshape(2, 3).copy()
    array = eval(expression, {"np": np, "W": W})
    return "view" if np.shares_memory(W, array) else "copy"


@pytest.mark.parametrize("expression", [e for e, kind in WALL.items() if kind != "depends"])
def test_the_wall_is_right_about(expression):
    assert evaluated(expression) == WALL[expression]


@pytest.mark.parametrize("expression", BOTH)
def test_what_depends_does_depend(expression):
    assert [evaluated(e) for e in BOTH[expression]] == ["view", "copy"]


def test_the_wall_says_what_is_tested_and_nothing_else(root):
    page = nbformat.read(root / "notebooks" / "04_views_and_copies.ipynb", as_version=4)
    (wall,) = (cell.source for cell in page.cells if "## For the wall" in cell.source)
    rows = [line.strip("|").split("|") for line in wall.splitlines() if line.startswith("|")]
    table = rows[2 : 2 + 5]
    found = {
        code: kind
        for row in table
        for kind, entry in zip(("view", "copy", "depends"), row, strict=True)
        for code in re.findall("`([^`]*)`", entry)
    }
    assert found == WALL


@pytest.mark.parametrize(
    ("line", "W_changes", "V_changes"),
    [
        ("a = W", False, False),
        ("W[...] = a", True, True),
        ("W[W > 1.5] = 0", True, True),
        ("W[[0]] -= 1", True, True),
        ("W -= a", True, True),
        ("W = W - a", True, False),
    ],
)
def test_the_wall_is_right_about_who_sees_a_line(line, W_changes, V_changes):
    scope = {"W": np.array([1.0, 2.0]), "a": np.array([5.0, 6.0])}
    V = scope["V"] = scope["W"]
    before = V.copy()
    exec(line, scope)
    assert bool(np.any(scope["W"] != before)) == W_changes
    assert bool(np.any(before != V)) == V_changes


def test_the_learners_losses_are_those_of_their_notebook(root):
    page = nbformat.read(root / "notebooks" / "04_views_and_copies.ipynb", as_version=4)
    printed = [
        line.split()
        for cell in page.cells
        if cell.cell_type == "code"
        for o in cell.outputs
        for line in o.get("text", "").splitlines()
    ]
    losses = [line for line in printed if line and re.fullmatch(r"\d\.\d{10}", line[0])]
    assert len(losses) == 18
    learner = {
        0: "3.6674507891066104",
        1: "0.49818359250842825 0.3721732894742513 0.2926569470459612 0.2392641046837959 0.2014525634086171 "
        "0.17349119992150133 0.1520794863966645 0.13521166003877994 0.12161009078258005",
        2: "1.3001854908965156 0.8729299051185798 0.6049938177985322 0.4422993266571196 0.34053264446630105 "
        "0.273466707069256 0.22690856615419813 0.1931017152108553 0.1676234167519967",
    }
    for column, numbers in learner.items():
        wanted = [float(number) for number in numbers.split()] * (9 if column == 0 else 1)
        np.testing.assert_allclose([float(line[column]) for line in losses[:9]], wanted, atol=6e-11)
    free = "0.6959934206606462 0.49938552069857356 0.37757736153655047 0.29870927133781544 0.24493252040955152"
    np.testing.assert_allclose([float(line[3]) for line in losses[9:14]], [float(n) for n in free.split()], atol=6e-11)
    assert {line[0] for line in losses[9:]} == {"1.0151821715"}
