"""describe, draw and Steps against the addresses that NumPy reports, and the table of notebook 04 against NumPy itself."""

import base64
import itertools
import re

import hypothesis
import hypothesis.strategies as st
import nbformat
import numpy as np
import pytest

from helpers import Steps, describe, draw, snapshot
from helpers.memory import addresses, relation


def svg(picture):
    return base64.b64decode(re.search('src="data:image/svg\\+xml;base64,([^"]*)"', picture["text/html"])[1]).decode()


def labels(picture):
    """Read a picture back: {gid of a cell: its label}, the cells of the strips and the entries of the arrays."""
    found = re.findall(r'<g id="((?:array|buffer)\.[^"]*)">\s*<text[^>]*>([^<]*)</text>', svg(picture))
    assert len(dict(found)) == len(found)
    return dict(found)


def compare(picture, arrays):
    """Assert that the label of each entry drawn belongs to the address that NumPy computes for that entry: each buffer must
    start at one address. And that arrays that share memory are drawn with one buffer."""
    objects = list({id(array): array for array in arrays}.values())
    sizes = dict(re.findall(r"Buffer ([A-Z]+), [0-9]+ cells? of ([0-9]+) byte", picture["text/plain"]))
    starts, letters, counts = {}, {}, dict.fromkeys(range(len(objects)), 0)
    for gid, label in labels(picture).items():
        if gid.startswith("array."):
            k, *place = map(int, gid.split(".")[1:])
            letter, number = re.fullmatch(r"([A-Z]+)(\d+)(?:–\d+)?", label).groups()
            starts.setdefault(letter, set()).add(address(objects[k], *place) - int(number) * int(sizes[letter]))
            letters[k] = letter
            counts[k] += 1
    assert all(len(start) == 1 for start in starts.values())
    for i, j in itertools.combinations(letters, 2):
        assert letters[i] == letters[j] or not np.shares_memory(objects[i], objects[j], max_work=10**6)
    for k, array in enumerate(objects):
        if array.ndim < 3 and max(array.shape, default=1) <= 6:  # not shown in part
            assert counts[k] == array.size


def address(array, sheet, i, j):
    array = np.atleast_2d(np.asarray(array))
    leading = np.unravel_index(sheet, array.shape[:-2]) if array.ndim > 2 else ()
    return array[leading][i : i + 1, j : j + 1].__array_interface__["data"][0]


RELATIONS = {  # of a view of x or a copy to x, and of x to it
    "x[:]": ("the same cells", "the same cells"),
    "x.T": ("transposed", "transposed"),
    "x.reshape(4, 3)": ("reshaped", "reshaped"),
    "x[::-1, ::-1]": ("reversed", "reversed"),
    "x.reshape(2, 6).T": ("the same cells in another order", "the same cells in another order"),
    "x[:, ::2]": ("part of it", "contains it"),
    "x[1, 2:3].reshape(())": ("part of it", "contains it"),
    "np.broadcast_to(x, (2, 3, 4))": ("the same cells, repeated", "the cells that it repeats"),
    "np.lib.stride_tricks.sliding_window_view(x.ravel(), 3)": ("the same cells, repeated", "the cells that it repeats"),
    "x.view(np.int64)": ("the same cells, as int64", "the same cells, as float64"),
    "x.view(np.int32)": ("the same bytes, as int32", "the same bytes, as float64"),
    "x.T.reshape(-1)": (None, None),
    "x[[0, 1]]": (None, None),
    "x[:0]": (None, None),
}


@pytest.mark.parametrize("view", RELATIONS)
def test_it_is_said_how_arrays_are_related_and_every_entry_drawn_reads_the_address_that_numpy_reports(shown, view):
    x = np.arange(12.0).reshape(3, 4)
    array = eval(view, {"x": x, "np": np})
    assert (relation(array, x), relation(x, array)) == RELATIONS[view]
    draw(x, array)
    compare(shown[0], [x, array])
    buffers = {label[0] for label in labels(shown[0]).values()}
    assert len(buffers) == 1 + (array.size > 0 and not np.shares_memory(x, array))


def test_views_that_alternate_share_nothing_though_their_bounds_overlap():
    x = np.zeros(10)
    assert (relation(x[::2], x[1::2]), relation(x[:6], x[4:])) == (None, "overlaps")


def test_two_names_of_one_object_are_two_labels_on_one_box(shown):
    W = np.zeros((2, 3))
    X = W
    draw(W, X, W[:])
    assert re.findall(r'<g id="(name\.[^"]*)"', svg(shown[0])) == ["name.0.0", "name.0.1", "name.1.0"]
    assert {gid.split(".")[1] for gid in labels(shown[0]) if gid.startswith("array")} == {"0", "1"}
    assert shown[0]["text/plain"].startswith("The names W and X refer to one array of shape (2, 3), float64")


OTHER_KINDS = [
    np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]),
    np.array(["ab", "c"]),
    np.ma.array([1.0, 2.0], mask=[0, 1]),
    np.arange(24, dtype=np.float16).reshape(2, 3, 2, 2),
]


@pytest.mark.parametrize("array", OTHER_KINDS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_every_kind_of_array_is_drawn(shown, array):
    draw(array, since=snapshot(array))
    compare(shown[0], [array])
    assert shown[0]["text/plain"].endswith("No cell that is shown has changed.")


def test_the_values_of_the_strip_are_those_of_the_memory(shown):
    x = np.arange(6.0).reshape(2, 3)
    x.T[0, 1] = 3 + 1e-4  # a small change can be seen
    draw(x[1])
    assert "Buffer A, 6 cells of 8 bytes: 0, 1, 2, 3.0001, 4, 5." in shown[0]["text/plain"]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg(shown[0]))
    assert all(texts[texts.index(f"A{k}") - 1] == value for k, value in enumerate(["0", "1", "2", "3.0001", "4", "5"]))


def test_a_large_array_is_drawn_in_part_and_says_so(shown):
    x = np.zeros((1000, 1000))
    before = snapshot(x)
    x[3, 501] = 1
    draw(x[3, 500:503], since=before)
    assert {f"A{3500 + k}" for k in range(24)} == set(labels(shown[0]).values())  # the part that is read
    draw(x, x[::7, ::11])
    assert len(svg(shown[1])) < 200_000
    assert "1000000 cells of 8 bytes, 0 to 23 shown" in svg(shown[1])
    assert shown[1]["text/plain"].count("shown in part") == 2


def test_a_picture_is_no_wider_than_the_page_and_the_same_every_time(shown):
    x, long = np.arange(12.0).reshape(3, 4) / 7, "a_name_that_is_very_long_indeed_" * 3
    for _ in range(2):
        draw(x, x.T, x[:, ::2], x[::-1], x.ravel(), x.flatten(), first=x[0], second=x[1])
        draw(np.zeros((12,) * 5).T, **{long: np.broadcast_to(1.0, (20_000, 20_000)), "$\\frac$": x})
    assert shown[:2] == shown[2:]
    for picture in shown[:2]:
        assert re.search(r'<svg [^>]*width="518', svg(picture))
        assert max(float(n) for n in re.findall(r' x="([\d.]+)"', svg(picture))) < 520


@pytest.mark.parametrize("part", [np.s_[:], np.s_[::-1, ::2], np.s_[1]])
def test_the_cells_that_changed_are_marked_and_no_others(shown, part):
    x = np.arange(1.0, 13).reshape(3, 4)
    view, old, before = x[part], x.copy(), snapshot(x)
    x[1, 2], x[2, 0] = 99, -99
    draw(view, since=before)
    assert shown[0]["text/plain"].endswith("Changed: A6 from 7 to 99, A8 from 9 to -99.")
    marked = np.isin(addresses(view), addresses(x)[x != old]).sum()
    assert svg(shown[0]).count("fill: #f0e442") == 2 + marked  # in the strip and in the grid


def test_an_array_that_is_not_in_the_snapshot_has_not_changed(shown):
    before = snapshot(a=np.zeros(3))  # its memory is not given to another array as long as the snapshot is there
    draw(np.ones(3), since=before)
    assert shown[0]["text/plain"].endswith("No cell that is shown has changed.")
    with pytest.raises(TypeError, match=r"since must be what snapshot\(\.\.\.\) returned, not ndarray"):
        draw(np.ones(3), since=np.ones(3))
    assert repr(before) == "<snapshot of a>"


def test_steps_keep_the_values_of_each_state(shown, monkeypatch):
    import ipywidgets

    made = []
    monkeypatch.setattr("ipywidgets.VBox", lambda children, box=ipywidgets.VBox: made.extend(children) or box(children))
    W, a, steps = np.array([1.0, 2.0]), np.array([5.0, 6.0]), Steps()
    steps.record(W)
    W[...] = a
    steps.record(W, a, after="W[...] = a")
    old, a = a, W[::-1]
    steps.record(W, a, after="a = W[::-1]")
    steps.draw()
    states = re.split(r" ?\d\. (?=at|after)", shown[0]["text/plain"])[1:]
    assert ["Buffer A: 1, 2." in state for state in states] == [True, False, False]
    assert ["Buffer B" in state for state in states] == [False, True, True]  # not before it exists
    assert ["A0 from 1 to 5, A1 from 2 to 6" in state for state in states] == [False, True, False]
    assert "Before, a referred to another array." in states[2]
    slider, view = made
    slider.value = 3
    assert re.findall(r'alt="([^"]*)"', view.value) == [f"3. {states[2]}"]
    sizes = "Buffer A, 2 cells of 8 bytes; Buffer B, 2 cells of 8 bytes"
    compare({"text/html": view.value, "text/plain": sizes}, [W, old, a])


def test_the_names_are_those_of_the_call():
    W, scope = np.zeros((2, 3)), {"describe": describe, "W": np.zeros(2)}
    assert [row["name"] for row in describe(W, W.T, W[:, ::2], mine=W[0]).rows] == ["W", "W.T", "W[:, ::2]", "mine"]
    assert [row["name"] for row in describe(*[W, W.T]).rows] == ["array 1", "array 2"]
    exec("table = describe(W)", scope)  # its source cannot be found
    assert scope["table"].rows[0]["name"] == "array 1"


@pytest.mark.parametrize("thing", [[1.0, 2.0], 3.0, None, "W"])
def test_what_is_no_array_is_refused_by_name(thing):
    for look in (describe, draw, snapshot, Steps().record):
        with pytest.raises(TypeError, match=r"thing is a .*, not an array") as error:
            look(thing=thing)
        assert ("it has no buffer of numbers" in str(error.value)) == isinstance(thing, list | float | int | tuple)


def test_whose_memory_it_is():
    x = np.zeros((2, 3))
    rows = describe(x, x.T, x[:, [0, 1]], np.frombuffer(b"abcd", dtype=np.uint8)).rows
    whose = ["its own", "that of x", "that of an array not listed here", "not that of an array"]
    assert [row["memory"] for row in rows] == whose
    assert [row["writeable"] for row in rows] == ["yes", "yes", "yes", "no"]
    assert [row["order"] for row in describe(x, x.T, x[:, ::2], x[0]).rows] == ["C", "F", "neither", "C and F"]


# fmt: off
OPERATIONS = [
    lambda x: x[..., 1:], lambda x: x[..., ::2], lambda x: x[::-1] if x.ndim else x, lambda x: x[..., -2:0:-1],
    lambda x: x.T, lambda x: x.ravel(), lambda x: x.reshape(x.shape[::-1]), lambda x: x[None], lambda x: x.copy(order="K"),
    lambda x: x[[0, -1]] if len(x) else x,
]
# fmt: on


@hypothesis.given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from([np.float64, np.int16]),
    st.lists(st.sampled_from(OPERATIONS), max_size=5),
)
@hypothesis.settings(
    max_examples=hypothesis.settings.default.max_examples // 3,  # a drawing takes longer than a call
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_any_chain_of_views_and_copies_is_described_and_drawn_as_it_is(shown, shape, dtype, operations):
    base = array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    for operation in operations:
        array = operation(array)
    shared = bool(array.size) and np.shares_memory(base, array)
    assert (relation(array, base) is not None) == shared
    shown.clear()
    draw(base, array)
    compare(shown[0], [base, array])


BOTH = {  # for what depends: an expression that gives a view of W, and one that gives a copy
    "W.reshape(...)": ("W.reshape(3, 2)", "W.T.reshape(-1)"),
    "W.ravel()": ("W.ravel()", "np.asfortranarray(W).ravel()"),
    "np.asarray(x)": ("np.asarray(W)", "np.asarray([1.0, 2.0])"),
}


def evaluated(expression):
    W = np.arange(1.0, 7.0).reshape(2, 3).copy()
    array = eval(expression, {"np": np, "W": W})
    return "view" if np.shares_memory(W, array) else "copy"


@pytest.fixture
def page(root):
    return nbformat.read(root / "notebooks" / "04_views_and_copies.ipynb", as_version=4)


def test_the_table_of_views_and_copies_is_right(page):
    (table,) = (cell.source for cell in page.cells if "| gives a **view** |" in cell.source)
    rows = [line.strip("|").split("|") for line in table.partition("| gives")[2].partition("\n\n")[0].splitlines()[2:]]
    views, copies, depends = (re.findall("`([^`]*)`", " ".join(c)) for c in zip(*rows, strict=True))
    assert {evaluated(expression) for expression in views} == {"view"}
    assert {evaluated(expression) for expression in copies} == {"copy"}
    assert all([evaluated(e) for e in BOTH[expression]] == ["view", "copy"] for expression in depends)
    assert min(len(views), len(copies), len(depends)) >= 3


def test_the_learners_losses_are_those_of_their_notebook(page):
    outputs = [output for cell in page.cells if cell.cell_type == "code" for output in cell.outputs]
    lines = [line.split() for output in outputs for line in output.get("text", "").splitlines()]
    losses = [line for line in lines if line and re.fullmatch(r"\d\.\d{10}", line[0])]
    assert len(losses) == 9
    learner = {
        0: "3.6674507891066104 " * 9,
        1: "0.49818359250842825 0.3721732894742513 0.2926569470459612 0.2392641046837959 0.2014525634086171 "
        "0.17349119992150133 0.1520794863966645 0.13521166003877994 0.12161009078258005",
        2: "1.3001854908965156 0.8729299051185798 0.6049938177985322 0.4422993266571196 0.34053264446630105 "
        "0.273466707069256 0.22690856615419813 0.1931017152108553 0.1676234167519967",
        3: "1.0151821715 " * 9,
        4: "0.6959934206606462 0.49938552069857356 0.37757736153655047 0.29870927133781544 0.24493252040955152",
    }
    for column, numbers in learner.items():
        wanted = [float(number) for number in numbers.split()]
        np.testing.assert_allclose([float(line[column]) for line in losses[: len(wanted)]], wanted, atol=6e-11)
