"""What the course does to a reader's machine: nothing is unpickled, nothing asked of a network, no program started, nothing
written; and JupyterLab answers this machine only, and only who has its token."""

import ast
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import nbformat
import psutil
import pytest
from faults import ROOT, posix, soon

import notebooks

# What would start a program, connect, or load what may hold code. The watch over the kernels sees what is done in the end.
FORBIDDEN = {"ftplib", "http", "marshal", "multiprocessing", "pickle", "pip", "requests", "shelve", "shutil", "smtplib"}
FORBIDDEN |= {"socket", "ssl", "subprocess", "tempfile", "urllib.request", "webbrowser"}
CALLS = {"__import__", "os.system", "os.popen", "os.execv", "exec", "compile", "eval"}
# The process in which answers to exercises run: this Python and this course again, connected by pipes.
WORKER = {"marshal", "pickle", "subprocess"}
COMPARING = {"examination.py"}  # compares pickled states, and loads none
# These make a changed copy of a reader's function from its source, or functions from a table of their own.
REBUILDING = {"edit.py", "source.py", "repairs.py"}


def test_helpers_import_nothing_that_unpickles_connects_or_starts_programs(root):
    for path in sorted((root / "helpers").rglob("*.py")):
        text = path.read_text("utf-8")
        nodes = list(ast.walk(ast.parse(text)))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {
            f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        names |= {name.partition(".")[0] for name in names} | {name.rpartition(".")[0] for name in names}
        allowed = (WORKER if "check" in path.parts else set()) | ({"pickle"} if path.name in COMPARING else set())
        assert not names & (FORBIDDEN - allowed), path.name
        assert "pickle.load" not in text or "check" in path.parts, path.name
        calls = [(ast.unparse(node.func), ast.unparse(node)) for node in nodes if isinstance(node, ast.Call)]
        harmless = {"exec", "compile", "eval"} if path.name in REBUILDING else set()
        assert not (CALLS - harmless) & {name for name, _ in calls}, path.name
        assert all("allow_pickle=False" in call for name, call in calls if name == "np.load"), path.name


ACTS = {
    "socket.": "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))",
    "urllib.Request": "import urllib.request\nurllib.request.urlopen('data:,x')",
    "pickle.find_class": "import collections, pickle\npickle.loads(pickle.dumps(collections.Counter()))",
    "subprocess.Popen": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])",
    "os.system": "import os\nos.system('exit')",
    "open": "open('x', 'w').close()",
    "os.mkdir": "os.mkdir('x')",
    "tempfile.": "import tempfile\ntempfile.mkstemp()",
}


def test_a_page_that_connects_unpickles_starts_or_writes_is_stopped_in_every_kernel(tmp_path):
    """Each kernel that the tests start is watched, nbval's among them: see watch.py."""
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in [*ACTS.values(), "print(1)"]])
    client = notebooks.client(page, tmp_path / "page.ipynb", 60, {}, allow_errors=True)
    notebooks.wait_for(client.async_execute())
    for event, cell in zip(ACTS, page.cells, strict=False):
        [error] = cell.outputs
        assert error.evalue.startswith(f"a page of the course must not do this: {event}")
    assert page.cells[-1].outputs[0].text == "1\n"
    assert not list(tmp_path.iterdir())


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab by the course's own command, for a reader whose own settings would open it to the world.

    Yield what it says of itself, as soon as that is written."""
    settings = "c = get_config()\nc.ServerApp.ip = '0.0.0.0'\nc.IdentityProvider.token = c.ServerApp.token = ''\n"
    for name in ("jupyter_server_config.py", "jupyter_lab_config.py"):
        (tmp_path / name).write_text(settings)
    folders = dict.fromkeys(["HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"], str(tmp_path))
    command = [sys.executable, str(ROOT / "tools" / "course.py"), "lab", "--no-browser", "--ServerApp.port=0"]

    def written():
        with contextlib.suppress(ValueError):  # half of it
            return [json.loads(path.read_text("utf-8")) for path in tmp_path.glob("jpserver-*.json")]

    with open(tmp_path / "log", "w+b") as log:
        process = subprocess.Popen(command, env=os.environ | folders, stdout=log, stderr=log, start_new_session=True)
        try:
            yield soon(written)[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@posix
def test_lab_listens_to_this_machine_only_whatever_a_reader_s_own_settings_say_and_answers_only_who_has_its_token(
    lab, tmp_path
):
    server, token = psutil.Process(lab["pid"]), lab["token"]
    sockets = soon(lambda: [socket for socket in server.net_connections("inet") if socket.status == "LISTEN"])
    assert lab["port"] in {socket.laddr.port for socket in sockets}
    assert {socket.laddr.ip for socket in sockets} <= {"127.0.0.1", "::1"}
    assert len(token) >= 40
    assert not lab["password"]
    assert token in (tmp_path / "log").read_text("utf-8")  # the address that it prints has it
    answers = {}
    for sent in ("", "?token=wrong", f"?token={token}"):
        with contextlib.suppress(urllib.error.HTTPError):
            answers[sent] = urllib.request.urlopen(f"http://127.0.0.1:{lab['port']}/api/contents{sent}").status
    assert answers == {f"?token={token}": 200}
