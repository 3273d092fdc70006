"""The commands do what the README says: run, refresh, and a set-up that leaves nothing to chance."""

import asyncio
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import commands
import environment
import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import notebooks


def notebook(path, *cells):
    """Write a notebook with these code cells."""
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells]), path)
    return path


def failures(*paths, seconds=60):
    """Execute notebooks side by side; return how each failed."""

    async def run():
        return await asyncio.gather(*(notebooks.execute(path, seconds) for path in paths), return_exceptions=True)

    return list(map(str, notebooks.wait_for(run())))


def test_a_kernel_that_dies_and_a_cell_that_never_ends_are_named(tmp_path):
    dead = notebook(tmp_path / "dead.ipynb", "import os", "os._exit(1)")
    endless = notebook(tmp_path / "endless.ipynb", "while True:\n    pass")
    died, never_ended = failures(dead, endless, seconds=5)
    assert "dead.ipynb, code cell 2" in died
    assert "the kernel died" in died
    assert "endless.ipynb, code cell 1" in never_ended
    assert "no answer within 5 s" in never_ended


def test_a_kernel_that_does_not_start_is_tried_once_more(tmp_path, monkeypatch):
    path, clients, client = notebook(tmp_path / "late.ipynb", "print(1)"), [], notebooks.client

    class Unlucky:
        async def async_execute(self, env):
            raise RuntimeError("Kernel died before replying to kernel_info")

    def first_unlucky(*args):
        clients.append(args)
        return Unlucky() if len(clients) <= unlucky else client(*args)

    monkeypatch.setattr(notebooks, "client", first_unlucky)
    unlucky = 1
    assert notebooks.wait_for(notebooks.execute(path)).cells[0].outputs[0].text == "1\n"
    unlucky = 4
    assert "late.ipynb: the kernel did not start" in failures(path)[0]
    assert len(clients) == 4


def test_refresh_stores_what_runs_and_names_the_cell_that_fails(tmp_path, capsys):
    good, bad = (
        notebook(tmp_path / "good.ipynb", "print(0.1 + 0.2)", "1 + 1"),
        notebook(tmp_path / "bad.ipynb", "x = 1", "x / 0"),
    )
    before = bad.read_bytes()
    assert notebooks.main("refresh", str(good), str(bad)) == 1
    out, err = capsys.readouterr()
    assert "1 of 2 notebooks" in out
    for part in ("bad.ipynb, code cell 2", "ZeroDivisionError: division by zero", "    x / 0"):
        assert part in err
    assert bad.read_bytes() == before
    assert [cell.execution_count for cell in nbformat.read(good, 4).cells] == [1, 2]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.ipynb", "good.ipynb"]
    once = good.read_bytes()
    assert notebooks.main("refresh", str(good)) == 0
    assert good.read_bytes() == once


def test_the_normal_form_forgets_the_machine_and_keeps_the_page(root):
    path = root / "notebooks" / "01_softmax.ipynb"
    page = nbformat.read(path, as_version=4)
    page.metadata["signature"] = "mine"
    page.cells[1].metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    page.cells[1].metadata["collapsed"] = False
    output = next(output for cell in page.cells for output in cell.get("outputs", []) if "data" in output)
    output.data[notebooks.WIDGET] = {"model_id": "17"}
    assert notebooks.normal_form(page) == path.read_text("utf-8")


def test_what_is_written_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old")
    monkeypatch.setattr(notebooks.pathlib.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        notebooks.replace(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def lock(path):
    """Return {package: version} of a lock file; every entry must carry hashes."""
    entries = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+( ;[^\\]+)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+$", entry), entry
    return {entry.partition("==")[0]: Version(re.split(r"[ ;]", entry.partition("==")[2])[0]) for entry in entries}


def test_the_locks_pin_everything_with_hashes_and_agree(root):
    reader, tests = lock(root / "requirements.lock"), lock(root / "tests" / "requirements.lock")
    assert {"numpy", "jupyter", "nbval", "matplotlib", "uv", "flit-core"} <= set(reader)
    assert not {"scipy", "scikit-learn", "hypothesis", "ruff"} & set(reader)
    assert all(reader[package] == tests[package] for package in set(reader) & set(tests))
    assert reader["jupyterlab"] >= Version("4.6.2")
    assert reader["jupyter-server"] >= Version("2.20")


def test_the_locked_versions_lie_in_the_ranges_of_the_requirements(root):
    reader, tests = lock(root / "requirements.lock"), lock(root / "tests" / "requirements.lock")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    lines = [line.partition("#")[0].strip() for line in (root / "requirements.txt").read_text("utf-8").splitlines()]
    wanted = [line for line in lines if line and line != "-e ."] + project["project"]["dependencies"]
    for group, locked in ((wanted, reader), (project["dependency-groups"]["test"], tests)):
        for requirement in map(Requirement, group):
            assert requirement.specifier.contains(locked[requirement.name]), requirement
    assert "-e ." in lines


def test_an_old_python_is_told_in_one_sentence(root):
    for version, says in (
        ("(3, 10, 4)", "needs Python 3.11 or newer, and this is Python 3.10"),
        ("(2, 7, 18)", "Python 2.7"),
    ):
        code = f"import sys; sys.version_info = {version}; sys.argv = ['course.py']; exec(open('tools/course.py').read())"
        result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
        assert result.returncode == 1
        assert says in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_python_without_venv_is_told_in_one_sentence(root):
    code = "import sys; sys.modules['ensurepip'] = None; sys.argv = ['course.py']; exec(open('tools/course.py').read())"
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert result.returncode == 1
    assert "without venv" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Move the environment to an empty folder, where nothing is installed but every command is noted."""
    calls = []

    def note(command):
        calls.append([str(part) for part in command])
        if "venv" in calls[-1]:
            (environment.VENV / "lib").mkdir()
        if "--editable" in calls[-1]:
            (environment.VENV / "lib" / "helpers.pth").write_text("/an/absolute/päth")
        return 0

    home = tmp_path / "früh stück"  # .pth files must not hold such letters
    (home / "tests").mkdir(parents=True)
    locks = {level: home / lock.relative_to(environment.ROOT) for level, lock in environment.LOCKS.items()}
    for level, lock in environment.LOCKS.items():
        shutil.copy(lock, locks[level])
    monkeypatch.setattr(environment, "ROOT", home)
    monkeypatch.setattr(environment, "LOCKS", locks)
    monkeypatch.setattr(environment, "VENV", home / ".venv")
    monkeypatch.setattr(environment, "MARK", home / ".venv" / "made-by-gradients-by-hand")
    monkeypatch.setattr(environment, "_call", note)
    return calls


def test_a_set_up_checks_hashes_and_happens_once(elsewhere):
    environment.ready("test")
    installs = [call for call in elsewhere if "install" in call]
    assert len(installs) == 4
    assert all("--require-hashes" in call or "--editable" in call for call in installs)
    assert (environment.VENV / "lib" / "helpers.pth").read_text("ascii").startswith("..")
    elsewhere.clear()
    environment.ready("reader")
    environment.ready("test")
    assert elsewhere == []


@pytest.mark.parametrize("what", ["sys", "ROOT", "LOCKS"])
def test_another_python_folder_or_lock_is_another_environment(what, monkeypatch, tmp_path):
    before = environment._fingerprint("reader")
    other = tmp_path / "requirements.lock"
    other.write_text("numpy==1")
    values = {"sys": SimpleNamespace(version="3.99"), "ROOT": tmp_path, "LOCKS": {"reader": other}}
    monkeypatch.setattr(environment, what, values[what])
    assert environment._fingerprint("reader") != before


def test_uv_that_fails_is_followed_by_pip_and_pip_by_a_sentence(elsewhere, monkeypatch):
    noted = environment._call
    monkeypatch.setattr(environment, "_call", lambda command: noted(command) or int("uv" in map(str, command)))
    environment.ready("reader")
    assert [call[2] for call in elsewhere[-3:]] == ["uv", "pip", "pip"]
    monkeypatch.setattr(environment, "_call", lambda command: 1)
    with pytest.raises(environment.SetupError, match="could not"):
        environment._run(["x"], "do it")


@pytest.mark.parametrize("act", [environment._make_venv, environment.remove, lambda: commands.clean([])])
def test_a_folder_that_is_not_ours_is_left_alone(act, elsewhere, monkeypatch):
    monkeypatch.setattr(commands, "ROOT", environment.ROOT)
    environment.VENV.mkdir()
    (environment.VENV / "precious").touch()
    with pytest.raises(environment.SetupError, match="this course did not make it"):
        act()
    assert (environment.VENV / "precious").exists()


def test_an_interrupted_set_up_begins_again(elsewhere):
    environment.VENV.mkdir()
    environment.MARK.touch()
    (environment.VENV / "half").touch()
    environment._make_venv()
    assert not (environment.VENV / "half").exists()
    assert environment.MARK.exists()
    assert elsewhere


def test_of_two_set_ups_at_once_the_second_waits():
    with environment._alone(), (environment.ROOT / ".setup.lock").open("w") as other:
        assert not environment._locked(other)
    with (environment.ROOT / ".setup.lock").open("w") as other:
        assert environment._locked(other)


def test_jupyterlab_is_given_no_option_twice(monkeypatch):
    given = []
    monkeypatch.setattr(environment, "ready", lambda level: "python")
    monkeypatch.setattr(commands, "call", lambda *command, own_settings: given.extend(command))
    commands.lab(["--ServerApp.root_dir=elsewhere", "--allow-root"])
    names = [option.partition("=")[0] for option in given if option.startswith("--")]
    assert len(names) == len(set(names))
    assert "--ServerApp.root_dir=elsewhere" in given


def test_a_notebook_is_found_by_name_and_a_wrong_one_is_named(capsys):
    assert notebooks.find("01_softmax") == notebooks.find("01_softmax.ipynb") == notebooks.NOTEBOOKS / "01_softmax.ipynb"
    assert notebooks.main("run", "nope") == 2
    assert "no notebook nope" in capsys.readouterr().err
    assert notebooks.main("bogus") == 2


def test_nothing_of_the_machine_reaches_the_kernels(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONOPTIMIZE", "PYTEST_ADDOPTS", "MATPLOTLIBRC", "OPENBLAS_CORETYPE", "JUPYTER_PATH"):
        monkeypatch.setenv(name, "leak")
    inside = environment.variables()
    assert "leak" not in inside.values()
    assert [name for name, value in environment.variables(own_settings=True).items() if value == "leak"] == ["JUPYTER_PATH"]
    assert str(environment.ROOT) in inside["MPLCONFIGDIR"]
    assert "IPYTHONDIR" in inside


def test_where_the_checkout_takes_nothing_the_caches_are_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "no folder").touch()
    monkeypatch.setattr(environment, "ROOT", tmp_path / "no folder")
    inside = environment.variables()
    assert pathlib.Path(inside["MPLCONFIGDIR"]).is_dir()
    assert not inside["MPLCONFIGDIR"].startswith(str(tmp_path))
    assert environment.variables() == inside


def test_what_a_disk_does_not_take_is_told_in_one_sentence(monkeypatch, capsys):
    full = OSError(28, "No space left on device", "build")
    monkeypatch.setitem(commands.COMMANDS, "run", lambda _: (_ for _ in ()).throw(full))
    assert commands.main(["run"]) == 1
    assert capsys.readouterr().err == "run stopped: [Errno 28] No space left on device: 'build'\n"


def test_every_command_has_a_line_of_help_and_a_target(root):
    makefile = (root / "Makefile").read_text("utf-8")
    targets = re.search(r"^TARGETS = (.*)$", makefile, flags=re.MULTILINE)[1].split()
    assert targets == list(commands.COMMANDS)
    assert all(command.__doc__ and "\n" not in command.__doc__ for command in commands.COMMANDS.values())


def test_the_workflow_pins_its_actions_and_runs_weekly(root):
    text = (root / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in uses)
    assert re.search(r"schedule:\s+- cron: ", text)
    for part in ("ubuntu", "macos", "windows", "3.11", "course.py audit", "--thorough"):
        assert part in text


def test_the_readme_shows_what_the_pages_show(root):
    text = (root / "README.md").read_text("utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (root / path).exists(), path
    for command in re.findall(r"make (\w+)", text):
        assert command in commands.COMMANDS
    picture = root / re.search(r'src="([^"]+)"', text)[1]
    assert picture.read_text("utf-8") == notebooks.readme_picture()
