"""What all tests share: where the course is, how thoroughly hypothesis looks, and the summary at the end."""

import collections
import itertools
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

hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("long", deadline=None, max_examples=5000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "course"))


def pytest_configure():
    """Have every kernel that the tests start watched: see tests/course/watch.py."""
    import matplotlib.font_manager  # noqa: F401  (it writes its cache, if there is none, and no kernel has to)

    os.environ["PYTHONSTARTUP"] = str(ROOT / "tests" / "course" / "watch.py")


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


def pytest_generate_tests(metafunc):
    if "notebook" in metafunc.fixturenames:
        paths = sorted(pathlib.Path(metafunc.config.getoption("course")).glob("*.ipynb"))
        assert paths, "no notebooks found: nothing would be checked"
        metafunc.parametrize("notebook", [Notebook(path) for path in paths], ids=lambda notebook: notebook.path.stem)


def say_what_was_fuzzed(terminalreporter):
    """Add up what tests/test_fuzz.py noted of its calls; the notes travel with the reports, from other processes, too."""
    calls, functions = collections.Counter(), set()
    for report in itertools.chain(*map(terminalreporter.stats.get, ("passed", "failed"), ([], []))):
        for name, verdicts in (note for key, note in report.user_properties if key == "fuzzed" and report.when == "call"):
            functions.add(name)
            calls.update(verdicts)
    if functions:
        terminalreporter.write_line(
            f"Fuzzed {len(functions)} public functions with {calls.total():,} hostile calls: {calls['right']:,} right, "
            f"{calls['refused']:,} refused by name, {calls['warned']:,} warned, {calls['passed on']:,} errors of the "
            f"caller's own passed on, {calls['silent and wrong']:,} silent and wrong."
        )


def say_what_was_tampered_with(terminalreporter):
    """Add up what tests/test_tampers.py noted."""
    reports = terminalreporter.stats.get("passed", [])
    count = sum(
        value for report in reports if report.when == "call" for key, value in report.user_properties if key == "tampered"
    )
    if count:
        terminalreporter.write_line(f"Tampered with stored outputs in {count:,} random ways: each was caught.")


def pytest_terminal_summary(terminalreporter, config):
    """Say what was checked, so that a green run is not taken for more than it was."""
    say_what_was_fuzzed(terminalreporter)
    say_what_was_tampered_with(terminalreporter)
    if not config.getoption("nbval", False) or hasattr(config, "workerinput"):
        return
    cells = [r for r in terminalreporter.stats.get("passed", []) if "::Cell " in r.nodeid and ".ipynb" in r.nodeid]
    files = sorted({r.nodeid.split("::")[0] for r in cells})
    outputs = [o for f in files for c in nbformat.read(config.rootpath / f, 4).cells for o in c.get("outputs", [])]
    drawn = sum("<img " in str(o.get("data", {}).get("text/html", "")) for o in outputs)
    ignored = sum(
        "nbval-ignore-output" in c.metadata.get("tags", [])
        for f in files
        for c in nbformat.read(config.rootpath / f, 4).cells
    )
    terminalreporter.write_line(
        f"Re-executed {len(files)} notebooks, {len(cells)} code cells; compared {len(outputs) - ignored} stored outputs, "
        f"{drawn if pinned.PICTURES else 'no'} pictures among them; {ignored} ignored (it prints versions)."
    )
    if not pinned.PICTURES:
        terminalreporter.write_line(f"Of {drawn} pictures the alternative texts only were compared: {pinned.REASON}.")


@pytest.fixture
def root():
    return ROOT


@pytest.fixture(autouse=True)
def _prints_as_usual():
    """The first cell of a page, which tests run, sets how NumPy prints: for that test only."""
    with np.printoptions():
        yield
