"""The stored pages are what a run gives: in normal form, under other BLAS kernels, CPU features and numbers of threads.

An old machine is tried each time, by test_student, with one page of the student edition; the others, and all pages, with
--thorough, once a week."""

import asyncio
import re

import nbformat
import numpy as np
import pinned
import pytest

from notebooks import execute, normal_form, wait_for

OLD = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "*", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENTS = {
    "this machine": {},
    "an old machine": OLD,
    "a machine with SSE4": {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "2"},
    "a machine with AVX": {"OPENBLAS_CORETYPE": "Sandybridge", "OPENBLAS_NUM_THREADS": "2"},
    "a machine with AVX2": {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"},
    "a machine of AMD's": {"OPENBLAS_CORETYPE": "Zen", "OPENBLAS_NUM_THREADS": "2"},
    "another hash seed, language and time zone": {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Pacific/Auckland"},
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


@pytest.mark.thorough
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_run_gives_the_stored_pages(name, root):
    paths = sorted((root / "notebooks").glob("*.ipynb"))

    async def run_all():
        return await asyncio.gather(*(execute(path, environment=settings(ENVIRONMENTS[name])) for path in paths))

    for path, notebook in zip(paths, wait_for(run_all()), strict=True):
        assert comparable(notebook) == comparable(nbformat.read(path, as_version=4)), path.name
