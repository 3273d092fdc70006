"""Six learners on one JupyterHub read two pages at the same time, and everything is saved."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import nbformat
import psutil
import pytest
import student
from faults import linux, run, soon

PAGES = ["01_softmax", "03_numerical_gradient"]
USERS = [f"learner{k}" for k in range(6)]
TOKEN = "a-token-for-this-test-only"
PROXY = "configurable-http-proxy@5.3.0"
CONFIG = """
import os
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/homes/{{username}}"
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = 300
c.JupyterHub.services = [{{"name": "test", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["test"]}}
]
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [place.getsockname()[1] for place in sockets]
    for place in sockets:
        place.close()
    return ports


class Hub:
    """What the hub at an address answers."""

    def __init__(self, address):
        self.address = address

    def ask(self, path, method="GET", body=None):
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def is_up(self):
        try:
            return self.ask("/hub/api/")
        except OSError:
            return None

    def start_server(self, user):
        self.ask(f"/hub/api/users/{user}", "POST")
        self.ask(f"/hub/api/users/{user}/server", "POST", {})
        assert soon(lambda: self.ask(f"/hub/api/users/{user}")["servers"].get("", {}).get("ready"), 300), user

    def read(self, user, page):
        """Run a page cell by cell as JupyterLab does, save it, and return its errors."""
        import websocket

        contents = f"/user/{user}/api/contents/notebooks/{page}.ipynb"
        notebook = nbformat.from_dict(self.ask(contents)["content"])
        session = {"path": f"notebooks/{page}.ipynb", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        kernel = self.ask(f"/user/{user}/api/sessions", "POST", session)["kernel"]["id"]
        address = f"ws://{self.address}/user/{user}/api/kernels/{kernel}/channels"
        channel = websocket.create_connection(address, header={"Authorization": f"token {TOKEN}"}, timeout=300)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = list(outputs(channel, cell.source))
        channel.close()
        self.ask(contents, "PUT", {"type": "notebook", "format": "json", "content": notebook})
        assert self.ask(contents)["content"]["cells"] == notebook.cells
        return [output["evalue"] for cell in notebook.cells for output in cell.get("outputs", []) if "evalue" in output]


def outputs(channel, source):
    """Run code in a kernel; yield what it puts out, in the form of a notebook's outputs."""
    number = uuid.uuid4().hex
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number, "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    channel.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}))
    while True:
        message = json.loads(channel.recv())
        kind, content = message["header"]["msg_type"], message["content"]
        if message["parent_header"].get("msg_id") == number and message["channel"] == "iopub":
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind in ("stream", "error", "display_data", "execute_result"):
                content.pop("transient", None)
                yield nbformat.from_dict({"output_type": kind} | content)


@linux
@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("npm") is None, reason="JupyterHub needs Node for its proxy")
def test_six_learners_read_two_pages_at_the_same_time(tmp_path):
    code, printed = run("npm", "install", "--silent", "--ignore-scripts", "--prefix", tmp_path, PROXY)
    assert code == 0, printed
    public, hub_port, api = free_ports(3)
    proxy = tmp_path / "node_modules" / ".bin" / "configurable-http-proxy"
    parts = {"public": public, "hub": hub_port, "api": api, "folder": tmp_path, "token": TOKEN, "proxy": proxy}
    (tmp_path / "jupyterhub_config.py").write_text(CONFIG.format(**parts))
    for user in USERS:
        student.write(tmp_path / "homes" / user)
    scripts = pathlib.Path(sys.executable).parent
    more = {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONSTARTUP": ""}
    with (tmp_path / "hub.log").open("wb") as log:
        process = subprocess.Popen([scripts / "jupyterhub"], cwd=tmp_path, env=os.environ | more, stdout=log, stderr=log)
    try:
        hub = Hub(f"127.0.0.1:{public}")
        assert soon(hub.is_up, 120), (tmp_path / "hub.log").read_text()
        with concurrent.futures.ThreadPoolExecutor(len(USERS)) as pool:
            list(pool.map(hub.start_server, USERS))
            errors = list(pool.map(lambda user: [hub.read(user, page) for page in PAGES], USERS))
        assert errors == [[[], []]] * len(USERS)
    finally:
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        for member in psutil.wait_procs(family, timeout=60)[1]:
            member.kill()
        process.wait()
