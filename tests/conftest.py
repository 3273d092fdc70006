"""What all tests share: where the course is, how thoroughly hypothesis looks, and the summary at the end."""

import functools
import os
import pathlib

import hypothesis
import nbformat
import numpy as np
import pinned
import pytest
from promises import Notebook

collect_ignore = ["course/watch.py"]  # it runs inside kernels only
ROOT = pathlib.Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)


def pytest_configure(config):
    """Have every kernel that the tests start watched (see tests/course/watch.py), and use one core in each process."""
    import matplotlib.font_manager  # noqa: F401  (it writes its cache, if there is none, and no kernel has to)

    os.environ["PYTHONSTARTUP"] = str(ROOT / "tests" / "course" / "watch.py")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    hypothesis.settings.load_profile("thorough" if config.getoption("--thorough") else "course")


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run what takes minutes, too: other machines, a long fuzz")
    parser.addoption("--course", default=str(ROOT / "notebooks"), help="the folder of notebooks to hold to the promises")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--thorough"):
        later = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in later]
    for page in {item.parent for item in items if hasattr(item.parent, "sanitize_patterns")}:  # nbval's
        page.sanitize_patterns.update({} if pinned.PICTURES else pinned.DRAWING)


@functools.cache
def notebooks(folder):
    return [Notebook(path) for path in sorted(pathlib.Path(folder).glob("*.ipynb"))]


def pytest_generate_tests(metafunc):
    if "notebook" in metafunc.fixturenames:
        pages = notebooks(metafunc.config.getoption("course"))
        assert pages, "no notebooks found: nothing would be checked"
        metafunc.parametrize("notebook", pages, ids=lambda notebook: notebook.path.stem)


def pytest_terminal_summary(terminalreporter, config):
    """Say what was compared, so that a green run is not taken for more than it was."""
    if not config.getoption("nbval", False) or hasattr(config, "workerinput"):
        return
    cells = [r for r in terminalreporter.stats.get("passed", []) if "::Cell " in r.nodeid and ".ipynb" in r.nodeid]
    files = sorted({r.nodeid.split("::")[0] for r in cells})
    code = [c for f in files for c in nbformat.read(config.rootpath / f, 4).cells if c.cell_type == "code"]
    ignored = sum("nbval-ignore-output" in c.metadata.get("tags", []) for c in code)
    outputs = [output for c in code for output in c.outputs]
    drawn = sum("<img " in str(output.get("data", {}).get("text/html", "")) for output in outputs)
    terminalreporter.write_line(
        f"Re-executed {len(files)} notebooks, {len(cells)} code cells; compared {len(outputs) - ignored} stored outputs, "
        f"{drawn if pinned.PICTURES else 'no'} pictures among them; {ignored} ignored (it prints versions)."
    )
    if not pinned.PICTURES:
        terminalreporter.write_line(f"Of {drawn} pictures the alternative texts only were compared: {pinned.REASON}.")


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what is displayed, in place of a notebook."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


@pytest.fixture(autouse=True)
def _prints_as_usual():
    """The first cell of a page, which tests run, sets how NumPy prints: for that test only."""
    with np.printoptions():
        yield
