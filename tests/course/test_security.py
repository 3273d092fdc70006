"""What the course does to a reader's machine: nothing is unpickled, nothing asked of a network, no program started, nothing
written; and JupyterLab answers this machine only, and only who has its token."""

import ast
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import environment
import psutil
import pytest
from test_faults import soon

STANDARD = set(
    "ast builtins collections contextlib copy ctypes dataclasses dis functools hashlib html importlib inspect io itertools "
    "json linecache math numbers os random re resource select signal statistics sys threading time types typing urllib "
    "warnings zlib".split()
)
MODULES = STANDARD | {"numpy", "matplotlib", "IPython", "ipywidgets", "helpers"}
# The process in which answers to exercises run: this Python and this course again, connected by pipes.
WORKER = {"atexit", "cloudpickle", "pickle", "pkgutil", "psutil", "queue", "subprocess"}


def imports(path):
    """Yield the full names that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), ast.unparse(node)


def test_helpers_import_nothing_that_unpickles_connects_or_starts_programs(root):
    for path in sorted((root / "helpers").rglob("*.py")):
        names = set(imports(path))
        allowed = MODULES | (WORKER if "check" in path.parts else set())
        assert {name.partition(".")[0] for name in names} <= allowed, path.name
        assert {name for name in names if name.startswith("urllib")} <= {"urllib.parse"}, path.name
        said = dict(calls(path))
        assert not {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv"} & set(said), path.name
        assert all("allow_pickle=False" in call for name, call in calls(path) if name == "np.load"), path.name


# Python tells its audit hooks of all that counts here. In a page's process none of it may happen.
FORBIDDEN = (
    "socket.connect socket.bind socket.getaddrinfo urllib.Request http.client.connect pickle.find_class subprocess.Popen "
    "os.system os.exec os.posix_spawn ftplib.connect smtplib.connect webbrowser.open code.interact"
).split()
WATCHED = """
import json, linecache, sys
import IPython.display, matplotlib.figure, ipywidgets  # what they do as they are imported is theirs

def watch(event, arguments):
    if "helpers.check.engine.worker" in str(arguments) or (event == "open" and type(arguments[0]) is int):
        return  # the process in which answers run, and the pipes to it
    if event in FORBIDDEN or (event == "open" and arguments[1] and set(arguments[1]) & set("wax+")):
        sys.stderr.write(f"FOUND {event} {arguments}\\n")

FORBIDDEN = set(sys.argv[2:])
names = {"__name__": "__main__"}
IPython.display.display = lambda *_, **__: None
sys.addaudithook(watch)
for number, cell in enumerate(json.load(open(sys.argv[1], encoding="utf-8"))["cells"]):
    if cell["cell_type"] == "code":
        text, name = "".join(cell["source"]) + "\\n", f"<cell {number}>"
        linecache.cache[name] = len(text), None, text.splitlines(True), name  # as a kernel does
        exec(compile(text, name, "exec"), names)
"""


def what_it_does(page):
    """Run the code of a notebook in a process of its own; return what it did that is forbidden, and its exit code."""
    command = [sys.executable, "-B", "-c", WATCHED, str(page), *FORBIDDEN]  # -B: no .pyc files, which are Python's to write
    done = subprocess.run(command, capture_output=True, text=True, env=environment.variables(), cwd=page.parent)
    return re.findall(r"^FOUND .*", done.stderr, flags=re.MULTILINE), done.returncode


QUICK = {"00_start_here", "01_softmax", "04_views_and_copies"}


def test_a_page_connects_unpickles_starts_and_writes_nothing(notebook, pytestconfig):
    if notebook.path.stem not in QUICK and not pytestconfig.getoption("--thorough"):
        pytest.skip("with --thorough: this page takes longer")
    assert what_it_does(notebook.path) == ([], 0)


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))", "socket.connect"),
        ("import pickle, collections\npickle.loads(pickle.dumps(collections.Counter()))", "pickle.find_class"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "subprocess.Popen"),
        ("import urllib.request\nurllib.request.urlopen('data:,x')", "urllib.Request"),
        ("import os\nos.system('exit')", "os.system"),
        ("open('x', 'w').close()", "open"),
    ],
)
def test_a_page_that_does_is_found_out(code, event, tmp_path):
    page = tmp_path / "page.ipynb"
    page.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}))
    found, _ = what_it_does(page)
    assert any(line.startswith(f"FOUND {event} ") for line in found)


# -- make lab ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab by the course's own command, for a reader whose own settings would show it to the world.

    Yield what it says of itself, and where its log is."""
    home = tmp_path_factory.mktemp("home")
    (home / "jupyter_server_config.py").write_text("c = get_config()\nc.ServerApp.ip = '0.0.0.0'\n")
    folders = dict.fromkeys(["HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"], str(home))
    command = [sys.executable, str(environment.ROOT / "tools" / "course.py"), "lab", "--no-browser", "--ServerApp.port=0"]
    with open(home / "log", "w+b") as log:
        process = subprocess.Popen(command, env=os.environ | folders, stdout=log, stderr=log, start_new_session=True)
        try:
            yield soon(lambda: _read(home)), home / "log"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read(home):
    """Return what the server says of itself, None as long as that is not written, or half."""
    with contextlib.suppress(ValueError):
        for path in home.glob("jpserver-*.json"):
            return json.loads(path.read_text("utf-8"))
    return None


needs_signals = pytest.mark.skipif(os.name != "posix", reason="JupyterLab is stopped by signals, which are POSIX's")


@needs_signals
def test_lab_listens_to_this_machine_only_whatever_a_reader_s_own_settings_say(lab):
    about, _ = lab
    server = psutil.Process(about["pid"])
    sockets = soon(lambda: [socket for socket in server.net_connections("inet") if socket.status == "LISTEN"])
    assert about["port"] in {socket.laddr.port for socket in sockets}
    assert {socket.laddr.ip for socket in sockets} <= {"127.0.0.1", "::1"}


@needs_signals
def test_lab_answers_only_who_has_its_token(lab):
    about, log = lab
    assert len(about["token"]) >= 40
    assert not about["password"]
    assert about["token"] in log.read_text("utf-8")  # the address that it prints has it
    answers = {}
    for token in ("", "?token=wrong", f"?token={about['token']}"):
        with contextlib.suppress(urllib.error.HTTPError):
            answers[token] = urllib.request.urlopen(f"http://127.0.0.1:{about['port']}/api/contents{token}").status
    assert answers == {f"?token={about['token']}": 200}
