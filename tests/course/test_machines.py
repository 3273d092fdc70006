"""The pages give what is stored on other machines: other processors, languages, time zones, no network, little memory.

All of these run with --thorough, once a week; each `make test` runs the pages on the machine at hand. Windows and macOS are
the workflow's part."""

import asyncio
import re
import sys

import launch
import nbformat
import numpy as np
import pinned
import pytest
from faults import LITTLE_MEMORY, OFFLINE, ROOT, linux, possible, run

from notebooks import BUILD, NOTEBOOKS, execute, normal_form, wait_for

OLD = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "*", "OPENBLAS_NUM_THREADS": "1"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ENVIRONMENTS = {
    "this machine": {},
    "an old machine": OLD,
    "a machine with SSE4": {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "2"},
    "a machine with AVX": {"OPENBLAS_CORETYPE": "Sandybridge", "OPENBLAS_NUM_THREADS": "2"},
    "a machine with AVX2": {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"},
    "a machine of AMD's": {"OPENBLAS_CORETYPE": "Zen", "OPENBLAS_NUM_THREADS": "16", "OMP_NUM_THREADS": "16"},
    "another hash seed and language": {"PYTHONHASHSEED": "7"} | C_LOCALE,
    "another home and time zone": {"HOME": "/nonexistent", "USERPROFILE": "/nonexistent", "TZ": "Pacific/Kiritimati"},
}


def settings(environment):
    """Fill in for "*" what NumPy can do without on this machine."""
    found = np._core._multiarray_umath.__cpu_features__
    optional = " ".join(name for name in np._core._multiarray_umath.__cpu_dispatch__ if found.get(name))
    return {name: optional if value == "*" else value for name, value in environment.items()}


def comparable(notebook):
    """Return the lines of a notebook's normal form: numbers to 13 decimals, ignored outputs left out."""
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = []
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = pinned.comparable(output.data["text/html"])
    return re.sub(r"(\d\.\d{13})\d+", r"\1", normal_form(notebook)).splitlines()


def executed(paths, environment):
    """Return the notebooks at `paths`, executed side by side."""
    variables = launch.variables() | settings(environment)

    async def run_all():
        return await asyncio.gather(*(execute(path, environment=variables) for path in paths))

    return wait_for(run_all())


@pytest.mark.thorough
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_run_gives_the_stored_pages(name):
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    for path, notebook in zip(paths, executed(paths, ENVIRONMENTS[name]), strict=True):
        assert comparable(notebook) == comparable(nbformat.read(path, as_version=4)), path.name


@pytest.mark.thorough
@linux
def test_make_run_gives_the_stored_pages_without_a_network_and_with_little_memory():
    connect = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert "Network is unreachable" in run(*possible(OFFLINE), sys.executable, "-c", connect)[1]
    command = [*OFFLINE, *LITTLE_MEMORY, sys.executable, ROOT / "tools" / "notebooks.py", "run"]
    code, printed = run(*command, cwd=ROOT, env=launch.variables())
    assert code == 0, printed
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        ran, stored = (nbformat.read(place, 4) for place in (BUILD / "notebooks" / path.name, path))
        assert comparable(ran) == comparable(stored), path.name
