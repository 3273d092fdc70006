"""The edition that runs in a browser, without a server, shows the same outputs as the stored pages: each page is run there.

The tests need no network, but a folder that holds Pyodide and its packages: see PYODIDE in lite.py."""

import re

import browsing
import lite
import pytest
import website

# What is not the same in WebAssembly, and why: (reason, pattern in the stored output, what comes in its place).
# Pictures, drawn by another matplotlib, are compared by their alternative texts.
DEVIATIONS = [
    (
        "WebAssembly has no floating-point flags, so NumPy cannot notice an overflow or a division by zero",
        r"(RuntimeWarning: (overflow|underflow|divide by zero|invalid value) encountered in \w+\n)+",
        "RuntimeWarning: not in a browser, where overflow and division by zero are not reported\n",
    ),
    ("WebAssembly counts with 32 bits, and NumPy's whole numbers have as many", r"\bint64\b", "int32"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    if not lite.PYODIDE:
        browsing.missing("no Pyodide: PYODIDE_FOLDER names no folder that holds it")
    with lite.window(tmp_path_factory.mktemp("lite")) as run:
        yield run


def shown(outputs):
    """Return what can be compared of outputs: text, markup without drawings, errors."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        markup = re.sub(r'(<img alt="[^"]*") src="[^"]*">', r"\1>", text(data.get("text/html", "")))
        parts += [text(output.get("text", "")), text(data.get("text/plain", "")), markup, output.get("evalue", "")]
    return re.sub(r"(\d\.\d{13})\d+", r"\1", "\n".join(part for part in parts if part))


def text(lines):
    return lines if isinstance(lines, str) else "".join(lines)


def as_in_a_browser(stored):
    for _reason, pattern, instead in DEVIATIONS:
        stored = re.sub(pattern, instead, stored)
    return stored


@pytest.mark.thorough
@pytest.mark.parametrize("name", website.names())
def test_every_cell_of_a_page_runs_in_a_browser_and_shows_what_is_stored(run, name):
    stored = {cell.id: cell for cell in website.read(name).cells if cell.cell_type == "code"}
    ran = {cell["id"]: cell for cell in run(name)}
    assert [*ran] == ["install", *stored]
    assert shown(ran.pop("install")["outputs"]) == ""
    compared = {key for key, cell in stored.items() if "nbval-ignore-output" not in cell.metadata.get("tags", [])}
    expected = {key: as_in_a_browser(shown(stored[key].outputs)) for key in compared}
    assert {key: shown(ran[key]["outputs"]) for key in compared} == expected
    assert not [
        cell["source"] for cell in ran.values() if any(output["output_type"] == "error" for output in cell["outputs"])
    ]


def test_few_things_differ_in_a_browser():
    assert len(DEVIATIONS) <= 5
