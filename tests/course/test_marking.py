"""Marking says which exercises are solved, whatever is handed in."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
from typing import NamedTuple

import nbformat
import pytest
import student
from faults import ROOT, linux, posix, soon
from test_student import PAGE, cells, solutions, write_answers

from tools.marking.judge import judge


def notebook(*sources, **more):
    """Return the text of a notebook with these code cells, without ids, as some services write it."""
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more)


def answers(names=None, our="my_"):
    """Return a cell with solutions of the page, and all that they use of it."""
    first = next(cell.source for cell in cells(ROOT, PAGE) if cell.cell_type == "code")
    found = solutions(ROOT, PAGE)
    return first + "\n" + "\n".join(found[name].replace("our_", our) for name in names or found)


def wrong(*names):
    return "\n".join(f"def my_{name}(*arguments):\n    return 0.123" for name in names)


def mark(folder, *options, **more):
    """Return the rows of the marks, by file, and what was printed."""
    into = folder.with_name(f"{folder.name}-marks")
    command = [sys.executable, "-m", "tools.marking", "--into", into, *options, folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=1800, **more)
    assert done.returncode == 0, done.stderr.decode()
    with (into / "marks.csv").open(encoding="utf-8-sig") as file:
        return {row["file"]: row for row in csv.DictReader(file)}, done.stdout.decode(), into


def hand_in(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, "utf-8")


FORGED = "=1+1\n\x1b[31mred.ipynb" if os.name == "posix" else "=1+1 red.ipynb"
NAMES = list(solutions(ROOT, PAGE))
CALLS = "from helpers import check\n" + "\n".join(f"verdict = check.{name}(my_{name})" for name in NAMES)
FAKES = {
    "a check that lies": "class Yes:\n    __repr__ = lambda s: 'solved: all'\n    __bool__ = lambda s: True\n"
    "import helpers.check\nfor name in dir(helpers.check):\n    setattr(helpers.check, name, lambda *a: Yes())",
    "a class called check": "class check:\n" + "\n".join(f"    {name} = lambda *a: 'solved: {name}'" for name in NAMES),
    "comparisons that agree": "import numpy as np\nfrom helpers.check.engine import values, exercise, watching\n"
    "np.allclose = np.array_equal = lambda *a, **k: True\nvalues.same = values.close = exercise.same = lambda *a: True\n"
    "watching.observe = exercise.observe = lambda *a, **k: iter([])",
    "a hook of IPython": "ip = get_ipython()\nip.events.register('post_run_cell', lambda *a: print('solved'))\n"
    "ip.run_cell = ip.compile.get_code_name = print\nip.display_formatter.format = lambda *a: ('solved', {})",
    "results that agree with all": "class Any(float):\n    __eq__ = __le__ = __ge__ = lambda *a: True\n"
    "    __array__ = lambda *a, **k: 1 / 0\n    __repr__ = lambda s: 'solved'\n    __hash__ = float.__hash__\n"
    + "\n".join(f"my_{name} = lambda *a: Any()" for name in NAMES),
    "our truths": "from helpers import check\n" + "\n".join(f"my_{name} = check.{name}.truth" for name in NAMES),
    "a module called helpers": "import sys, types\nhelpers = sys.modules['helpers'] = types.ModuleType('helpers')\n"
    "helpers.check = sys.modules['helpers.check'] = types.SimpleNamespace()",
    "lines of its own": "import os, contextlib\nfor k in range(3, 30):\n    with contextlib.suppress(OSError):\n"
    '        os.write(k, b\'{"solved": true}\\n[[\\n{"finished": true}\')',
}


FIRST, SECOND = NAMES[:2]
NOISE = ["1 / 0", "print('x' * 10**8)", "this is no Python", "%no_magic"]
ORPHAN = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(987654)"
LIES = f"raise ValueError('<script>a\\n{len(NAMES)} of {len(NAMES)}  b.ipynb\\x1b[2J')"
ENDS = f"def my_{FIRST}(*arguments):\n    import os\n    os._exit(0)"
HANDED_IN = {  # what is marked each time
    "an answer ends Python.ipynb": notebook(answers(), ENDS, CALLS),
    FORGED: notebook(answers([FIRST]), wrong(SECOND), LIES, CALLS),
    "all fakes.ipynb": notebook(wrong(*NAMES), *FAKES.values(), CALLS),
    "helpers/__init__.py": "check = None",
    "odd 0.ipynb": "{}",
    "odd 1.ipynb": "",
    "odd 2.ipynb": '{"cells": [{"cell_type": "code"}, 3, {"cell_type": "code", "source": [1, null]}]}',
    "odd 3.ipynb": "<!doctype html><title>502 Bad Gateway</title>",
    "odd 4.ipynb": "[" * 100_000,
    "odd 5.ipynb": notebook("print(1)"),
    "odd 6.ipynb": json.dumps({"cells": [], "x": "y" * (21 << 20)}),
}


def writes(folder):
    """Return a notebook that overwrites all others."""
    everywhere = f"import pathlib\nfor path in pathlib.Path({str(folder)!r}).rglob('*.ipynb'): path.write_text('{{}}')"
    new = f"pathlib.Path({str(folder / 'new')!r}).write_text('')"
    return {"Zoë/noise without ids.ipynb": notebook(*NOISE, everywhere, new, answers(), CALLS, "raise SystemExit")}


def more(folder):
    """Return what is marked with --thorough, too."""
    opened = f"import json\nexec(json.load(open({str(folder / 'no checks.ipynb')!r}))['cells'][0]['source'])"
    leaves = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {ORPHAN!r}])"
    return {
        "no checks.ipynb": notebook(answers()),
        "other names.ipynb": notebook(answers(our="your_"), CALLS.replace("(my_", "(your_")),
        "ends Python.ipynb": notebook(answers(), "import os; os._exit(0)", CALLS),
        "leaves a process.ipynb": notebook(leaves, answers(), CALLS),
        "reads.ipynb": notebook(wrong(*NAMES), opened, CALLS),
    }


@pytest.fixture(scope="module")
def marked(tmp_path_factory, request):
    """Mark a folder of all that should not be handed in, beside what should."""
    folder = tmp_path_factory.mktemp("class")
    hand_in(folder, HANDED_IN | writes(folder) | (more(folder) if request.config.getoption("--thorough") else {}))
    (folder / "odd 7.ipynb").mkdir()
    (folder / "odd 8.ipynb").write_bytes(bytes(range(256)))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "odd 9.ipynb")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    rows, printed, into = mark(folder)
    return Marked(folder, before, rows, printed, into)


class Marked(NamedTuple):
    folder: pathlib.Path
    before: dict
    rows: dict
    printed: str
    into: pathlib.Path

    def points(self, name):
        [row] = [row for file, row in self.rows.items() if file.lstrip("'").startswith(name)]
        return {exercise for exercise in NAMES if row[exercise] == "1"}


WHOLE = ["no checks", "other names", "ends Python", "leaves a process"]


@pytest.mark.parametrize("name", ["Zoë/noise", *(pytest.param(name, marks=pytest.mark.thorough) for name in WHOLE)])
def test_right_answers_get_their_points_whatever_is_around_them(name, marked):
    assert marked.points(name) == set(NAMES)


def test_each_exercise_counts_by_itself(marked):
    assert marked.points("=1+1") == {FIRST}
    assert marked.points("an answer ends Python") == set(NAMES[1:])


@pytest.mark.parametrize("name", ["all fakes", pytest.param("reads", marks=[linux, pytest.mark.thorough])])
def test_wrong_answers_get_none(name, marked):
    assert marked.points(name) == set()


def test_what_is_no_notebook_is_a_line_of_the_table(marked):
    odd = {name: row for name, row in marked.rows.items() if name.startswith("odd")}
    assert len(odd) == 10 if hasattr(os, "mkfifo") else 9
    assert all(row["out of"] == "0" and row["remarks"] for row in odd.values())
    assert not any(row["remarks"].startswith("could not") for row in odd.values())
    assert all(marked.printed.count(f"{name}  ") == 2 for name in odd)  # as it went, and in the table


def test_names_and_errors_forge_no_line(marked):
    assert "\x1b" not in marked.printed
    full = f"{len(NAMES)} of {len(NAMES)}"
    whole = [row for row in marked.rows.values() if row["points"] == row["out of"] == str(len(NAMES))]
    assert sum(line.startswith(full) for line in marked.printed.splitlines()) == 2 * len(whole)
    assert "'" + FORGED.replace("\n", "\\n").replace("\x1b", "\\x1b") in marked.rows


@linux
def test_submissions_are_as_they_were(marked):
    assert {path: path.read_bytes() for path in marked.folder.rglob("*") if path.is_file()} == marked.before


@pytest.mark.thorough
@linux
def test_no_process_is_left(marked):
    assert soon(lambda: not subprocess.run(["pgrep", "-f", "time.sleep.987654"], capture_output=True).stdout, 5)


def test_feedback_tells_what_is_wrong_and_shows_code_as_text(marked):
    [page] = [path.read_text("utf-8") for path in (marked.into / "feedback").glob("=1+1*.html")]
    for part in (f"solved: {FIRST}", f"not yet: {SECOND}", "expected", f"def my_{SECOND}(*arguments)"):
        assert part in page
    pages = [path.read_text("utf-8") for path in (marked.into / "feedback").rglob("*.html")]
    assert not any("<script" in page for page in pages)
    assert any("&lt;script" in page for page in pages)


@pytest.mark.parametrize(
    "observation",
    [
        {},
        {"result": {"kind": "array", "shape": [10**9, 0], "values": []}},
        {"result": {"kind": "array", "shape": [3], "values": [1, "2", None]}},
        {"error": {"file": "/etc/passwd", "line": 1, "type": "E", "text": "", "inside": True}, "changed": [], "called": []},
        {"error": "solved", "changed": 7, "called": [{}]},
    ],
)
def test_forged_results_solve_nothing_and_do_not_end_the_marking(observation):
    verdict = judge(NAMES[0], [{"printed": []} | observation] * 50, "", 1, {0: "x = 1"})
    assert verdict.solved is False
    assert "root:" not in repr(verdict)


@pytest.mark.thorough
@posix
def test_an_interrupt_keeps_what_is_marked(tmp_path):
    (tmp_path / "in").mkdir()
    hand_in(tmp_path / "in", {"a.ipynb": notebook(answers(), CALLS), "b.ipynb": notebook("while True: pass", CALLS)})
    command = [sys.executable, "tools/course.py", "mark", "--into", tmp_path / "out", tmp_path / "in"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert "a.ipynb" in process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "a.ipynb" in printed
    assert f"a.ipynb,{len(NAMES)},{len(NAMES)}" in (tmp_path / "out" / "marks.csv").read_text("utf-8-sig")


@pytest.mark.thorough
def test_each_fake_alone_gets_no_point(tmp_path):
    hand_in(tmp_path / "in", {f"{name}.ipynb": notebook(wrong(*NAMES), fake, CALLS) for name, fake in FAKES.items()})
    rows, *_ = mark(tmp_path / "in")
    assert [row["points"] for row in rows.values()] == ["0"] * len(FAKES)


@pytest.mark.thorough
def test_a_class_of_sixty_is_marked_without_a_mistake(tmp_path):
    """Whole pages, in turn solved, half solved, unsolved and with a loop that does not end."""
    student.write(tmp_path / "edition")
    given = {name: source.replace("our_", "my_") for name, source in solutions(ROOT, PAGE).items()}
    endless = f"def my_{FIRST}(*arguments):\n    while True:\n        pass"
    all_, one, endless = (given, len(NAMES)), ({FIRST: given[FIRST]}, 1), (given | {FIRST: endless}, len(NAMES) - 1)
    handed_in = [[all_, one, ({}, 0), endless if k % 20 == 3 else all_][k % 4] for k in range(60)]
    for k in range(60):
        page = nbformat.read(tmp_path / "edition" / "notebooks" / f"{PAGE}.ipynb", as_version=4)
        write_answers(page, handed_in[k][0])
        hand_in(tmp_path / "in", {f"student {k}/{PAGE}.ipynb": nbformat.writes(page)})
    rows, *_ = mark(tmp_path / "in")
    points = [rows[f"student {k}/{PAGE}.ipynb"]["points"] for k in range(60)]
    assert points == [str(points) for _, points in handed_in]


def test_marking_asks_for_notebooks_that_exist(tmp_path):
    done = subprocess.run([sys.executable, "-m", "tools.marking", tmp_path / "nowhere"], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"nowhere" in done.stderr
