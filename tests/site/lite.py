"""The edition that runs in the browser, served on this machine, and a window in which a test runs its notebooks."""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import shutil
import threading

import browsing
import website

# A folder with Pyodide, the packages of its pyodide-lock.json and pure wheels of the course's other packages: ipywidgets ...
PYODIDE = os.environ.get("PYODIDE_FOLDER")
SECONDS = 180 * 1000  # the kernel starts within 20 to 60 s on two busy cores
RUN = """async (index) => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = index;
  await window.jupyterapp.commands.execute('notebook:run-cell');
  return panel.context.model.toJSON().cells[index];
}"""
OPENED = "window.jupyterapp?.shell.currentWidget?.sessionContext"
READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  return panel.context.model.toJSON().cells;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve a folder on this machine for a `with` block, which gets its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def built(folder):
    """Build the edition into `folder`, have it take Pyodide and all packages from this machine, and return the folder."""
    pyodide = pathlib.Path(PYODIDE)
    lock = (pyodide / "pyodide-lock.json").read_text("utf-8")
    wheels = [website.wheel(folder), *(path for path in pyodide.glob("*.whl") if path.name not in lock)]
    assert website.lite(folder / "lite", wheels) == 0
    shutil.copytree(pyodide, folder / "lite" / "pyodide")
    path = folder / "lite" / "jupyter-lite.json"
    config = json.loads(path.read_text("utf-8"))
    data = config["jupyter-config-data"] | {"exposeAppInBrowser": True}
    local = {"pyodideUrl": "./pyodide/pyodide.mjs", "disablePyPIFallback": True}
    data["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"] |= local
    path.write_text(json.dumps(config | {"jupyter-config-data": data}), "utf-8")
    return folder


@contextlib.contextmanager
def window(folder):
    """Start a browser and a server for a `with` block, which gets run(name): yield each code cell of a page, as run."""
    with browsing.started() as browser, served(built(folder)) as home:

        def run(name):
            with browser.new_context() as context, context.new_page() as page:
                page.set_default_timeout(SECONDS)
                page.goto(f"{home}lite/notebooks/index.html?path={name}.ipynb")
                page.wait_for_function(OPENED)
                for index, cell in enumerate(page.evaluate(READY)):
                    if cell["cell_type"] == "code":
                        yield page.evaluate(RUN, index)

        yield run
