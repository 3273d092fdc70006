"""Run the notebooks: into build/, or in place, in normal form.

python tools/notebooks.py run|refresh [NOTEBOOK ...]
"""

import asyncio
import base64
import os
import pathlib
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
README_PICTURE = ROOT / ".github" / "penguins.svg"
CELL_SECONDS = 120  # a cell that takes longer is taken for dead
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT = set("cell_type data ename evalue execution_count id name output_type outputs source text traceback".split())
WIDGET = "application/vnd.jupyter.widget-view+json"  # means nothing without the kernel that made it


class Failed(Exception):
    """Names the notebook and the cell that failed, and how."""


def main(command="", *names):
    finish = {"run": store_copy, "refresh": store}.get(command)
    paths = [find(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb"))
    if finish is None or None in paths:
        missing = [name for name, path in zip(names, paths, strict=False) if path is None]
        print(f"There is no notebook {missing[0]}." if missing else __doc__.strip(), file=sys.stderr)
        return 2
    start = time.perf_counter()
    failures = wait_for(_all(paths, finish))
    print(f"{len(paths) - len(failures)} of {len(paths)} notebooks in {time.perf_counter() - start:.1f} s")
    if command == "refresh" and not failures and not names:
        try:
            kept(README_PICTURE, replace, readme_picture())
        except Failed as failure:
            failures.append(failure)
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    if command == "run" and not failures:
        print(f"Executed notebooks: {BUILD / 'notebooks'}")
    return 1 if failures else 0


def find(name):
    """Return the path of a notebook, named by a path or by its bare name; None if there is none."""
    places = (pathlib.Path(name), NOTEBOOKS / name, NOTEBOOKS / f"{name}.ipynb")
    return next((place.resolve() for place in places if place.is_file()), None)


def wait_for(coroutine):
    """Run a coroutine to its end, on the kind of event loop that kernels can be talked to on, Windows included."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(coroutine)


async def _all(paths, finish):
    """Execute the notebooks side by side, one for each core and one more; return what failed."""
    room = asyncio.Semaphore((os.cpu_count() or 1) + 1)

    async def one(path):
        async with room:
            try:
                start = time.perf_counter()
                notebook = await execute(path)
                kept(path, finish, notebook)
                print(f"  {path.stem:20} {len(notebook.cells):3} cells  {time.perf_counter() - start:5.1f} s", flush=True)
            except Failed as failure:
                print(f"  {path.stem:20} FAILED", flush=True)
                return failure

    return [failure for failure in await asyncio.gather(*map(one, paths)) if failure]


def kept(path, write, what):
    """Call write(path, what); raise Failed if the disk does not take it. What was there before is still there then."""
    try:
        write(path, what)
    except OSError as error:
        raise Failed(f"{path.name} cannot be written: {error.strerror or error}") from None


async def execute(path, seconds=CELL_SECONDS, environment=None):
    """Return the notebook at `path`, executed in a fresh kernel; raise Failed if a cell does not come through.

    `environment` are variables to set for the kernel besides those of this process."""
    for attempt in (1, 2):
        notebook = nbformat.read(path, as_version=4)
        now = {"index": None}
        try:
            await client(notebook, path, seconds, now).async_execute(env=os.environ | (environment or {}))
            return notebook
        except (CellExecutionError, CellTimeoutError, DeadKernelError, OSError, RuntimeError) as error:
            if now["index"] is not None or attempt == 2:
                raise Failed(_what_failed(path, notebook, now["index"], error, seconds)) from None
            # A kernel is told its ports before it takes them: now and then another process is quicker.


def client(notebook, path, seconds, now, **more):
    """Return what executes `notebook`, its outputs cleared; `now["index"]` is the cell that is being run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return NotebookClient(
        notebook,
        timeout=seconds,
        startup_timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=lambda cell, cell_index: now.update(index=cell_index),
        **more,
    )


def _what_failed(path, notebook, index, error, seconds):
    if index is None:
        return f"{path.name}: the kernel did not start: {error}"
    if isinstance(error, CellExecutionError):
        how = f"{error.ename}: {error.evalue}"
    elif isinstance(error, CellTimeoutError):
        how = f"no answer within {seconds} s"
    else:
        how = f"the kernel died ({type(error).__name__})"
    code = [cell for cell in notebook.cells[: index + 1] if cell.cell_type == "code"]
    source = "\n".join("    " + line for line in notebook.cells[index].source.splitlines())
    return f"{path.name}, code cell {len(code)} (id {notebook.cells[index].id}): {how}\n{source}"


def normal_form(notebook):
    """Return the notebook as the text that is stored: what a reader's machine, clock or hands add is left out."""
    cells = [_kept(cell) | {"metadata": _metadata(cell)} for cell in notebook.cells]
    for cell in cells:
        if "outputs" in cell:
            cell["outputs"] = [_output(output) for output in cell["outputs"]]
    form = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return nbformat.writes(nbformat.from_dict(form)) + "\n"


def _kept(part):
    return {name: value for name, value in part.items() if name in KEPT}


def _output(output):
    kept = _kept(output)
    if "data" in kept:
        kept |= {"data": {mime: data for mime, data in kept["data"].items() if mime != WIDGET}, "metadata": {}}
    return kept


def _metadata(cell):
    """Return the tags of a cell, that its source is folded, if it is a solution, or its output, if it answers a prediction
    or says what is wrong with an exercise as it is handed out, and what nbgrader knows of it."""
    tags = cell.metadata.get("tags", [])
    hidden = {"source_hidden": True} if tags == ["solution"] and cell.cell_type == "code" else {}
    hidden |= {"outputs_hidden": True} if ("predict" in tags or tags == ["check"]) and cell.get("outputs") else {}
    metadata = {"jupyter": hidden, "nbgrader": cell.metadata.get("nbgrader"), "tags": tags}
    return {name: value for name, value in metadata.items() if value}


def store(path, notebook):
    """Write a notebook in normal form: beside its place first, then renamed, so that it is whole at any moment."""
    replace(path, normal_form(notebook))


def store_copy(path, notebook):
    """Write the executed notebook into build/."""
    store(BUILD / "notebooks" / path.name, notebook)


def readme_picture():
    """Return the drawing that the README shows: the first picture that is stored in notebook 00."""
    page = (NOTEBOOKS / "00_start_here.ipynb").read_text("utf-8")
    outputs = [output for cell in nbformat.reads(page, as_version=4).cells for output in cell.get("outputs", [])]
    markup = next(output.data["text/html"] for output in outputs if "text/html" in output.get("data", {}))
    return base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', markup)[1]).decode()


def replace(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
