"""The edition that runs in a browser, without a server, shows the same outputs as the stored pages: each page is run there.

The tests need no network, but a folder that holds Pyodide and its packages: see PYODIDE in lite.py."""

import re

import browsing
import lite
import pytest
import website

# What is not the same in WebAssembly: (the reason, a pattern, and what both outputs are taken to show in its place).
DEVIATIONS = [
    (
        "WebAssembly has no floating-point flags, so NumPy cannot notice an overflow or a division by zero",
        r"(RuntimeWarning: (overflow|underflow|divide by zero|invalid value) encountered in \w+\n)+",
        "RuntimeWarning: not in a browser, where overflow and division by zero are not reported\n",
    ),
    ("NumPy's integers have 32 bits in WebAssembly", r"\bint64\b", "int32"),
    ("another version of matplotlib draws the pictures; their texts are compared", r'(<img [^>]*) src="[^"]*"', r"\1"),
    ("a search that takes seconds there says so, and wipes the line out at the end", r"(?m)^ +\n", ""),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    if not lite.PYODIDE:
        browsing.missing("no Pyodide: PYODIDE_FOLDER names no folder that holds it")
    with lite.window(tmp_path_factory.mktemp("lite")) as run:
        yield run


def shown(outputs):
    """Return what can be compared of outputs."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", ""), output.get("evalue", "")]
    text = "\n".join("".join(part) for part in parts if part)
    for _reason, pattern, instead in DEVIATIONS:
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.thorough
@pytest.mark.parametrize("name", website.names())
def test_every_cell_of_a_page_runs_in_a_browser_and_shows_what_is_stored(run, name):
    stored = {cell.id: cell for cell in website.read(name).cells if cell.cell_type == "code"}
    ran = {cell["id"]: cell for cell in run(name)}
    assert [*ran] == ["install", *stored]
    assert shown(ran.pop("install")["outputs"]) == ""
    compared = {key for key, cell in stored.items() if "nbval-ignore-output" not in cell.metadata.get("tags", [])}
    assert {key: shown(ran[key]["outputs"]) for key in compared} == {key: shown(stored[key].outputs) for key in compared}
    assert not [
        cell["source"] for cell in ran.values() if any(output["output_type"] == "error" for output in cell["outputs"])
    ]


def test_few_things_differ_in_a_browser():
    assert len(DEVIATIONS) <= 5
