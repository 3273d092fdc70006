"""Read notebooks that were handed in, whatever is in them, and find the exercises."""

import functools
import json
import pathlib
import re
from typing import NamedTuple

__all__ = ["Exercise", "Submission", "course", "find", "read"]

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
MEGABYTES = 20
CHECK = re.compile(r"^[ \t]*(?:\w+ *= *)?check\.(\w+)\(\s*(\w*)", flags=re.MULTILINE)


class Exercise(NamedTuple):
    """An exercise of the course: the page that it is on, and the name of the function that answers it."""

    page: str
    answer: str


class Submission(NamedTuple):
    """A file that was handed in.

    cells : list of str, the sources of its code cells
    checks : for each exercise that it should hold, a pair: the names that the answer may have, and after which cells the
        answer is tried
    problem : str, why nothing in it can be marked; "" if all is well
    """

    name: str
    cells: list
    checks: dict
    problem: str = ""


@functools.cache
def course():
    """Return the exercises of the course: name -> Exercise."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["metadata"].get("tags") == ["check"]:
                name, answer = CHECK.search("".join(cell["source"])).groups()
                found[name] = Exercise(path.stem, answer)
    return found


def find(path):
    """Return the notebooks in a folder and its subfolders as pairs of a path and a name; or the one that `path` is."""
    if not path.is_dir():
        return [(path, path.name)]
    found = [place for place in sorted(path.rglob("*")) if place.suffix.lower() == ".ipynb"]
    return [(place, place.relative_to(path).as_posix()) for place in found if ".ipynb_checkpoints" not in place.parts]


def read(path, name):
    """Return the Submission in a file. Nothing is run, and a file that cannot be read is a submission with a problem."""
    try:
        cells = _code(_text(path))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Submission(name, [], {}, getattr(error, "strerror", None) or str(error) or type(error).__name__)
    checks = _checks(cells)
    return Submission(name, cells, checks, "" if checks else "no exercise of the course is in it")


def _text(path):
    if not path.is_file():  # a pipe would keep us waiting
        raise ValueError("this is not a regular file")
    with path.open("rb") as file:
        text = file.read((MEGABYTES << 20) + 1)
    if len(text) > MEGABYTES << 20:
        raise ValueError(f"larger than {MEGABYTES} MB: clear its outputs")
    return text


def _code(text):
    """Return the sources of all code cells; cells that have none are left out."""
    try:
        notebook = json.loads(text)
    except ValueError:
        raise ValueError("this is not a notebook, but another kind of file") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("this is not a notebook: it has no cells")
    cells = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [source for source in map(_source, cells) if source]


def _source(cell):
    source = cell.get("source")
    lines = [line for line in source if isinstance(line, str)] if isinstance(source, list) else []
    return source if isinstance(source, str) else "".join(lines)


def _checks(cells):
    """Find exercises by the calls of their checks and by the names of their functions, and all others on the same pages."""
    calls = [(k, *match) for k, cell in enumerate(cells) for match in CHECK.findall(cell) if match[0] in course()]
    answers = {exercise.answer: name for name, exercise in course().items()}
    defined = re.findall(r"^(?:def +)?(\w+) *[=(]", "\n".join(cells), flags=re.MULTILINE)
    named = {name for _, name, _ in calls} or {answers[name] for name in defined if name in answers}
    pages = {course()[name].page for name in named}
    checks = {name: ([exercise.answer], set()) for name, exercise in course().items() if exercise.page in pages}
    for k, name, answer in calls:
        checks[name][0].append(answer)
        checks[name][1].add(k)
    return {name: (candidates, after or {len(cells) - 1}) for name, (candidates, after) in checks.items()}
