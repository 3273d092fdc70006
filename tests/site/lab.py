"""JupyterLab, started by the course's own command, and a browser window in which a test opens and runs notebooks."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import browsing
import nbformat
import pytest
from playwright.sync_api import TimeoutError
from promises.text import PARTS

from notebooks import NOTEBOOKS, ROOT

SECONDS = 60 * 1000  # how long a test waits for a page to appear, or to have run
WINDOW = {"width": 1280, "height": 900}
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# A kernel that is restarted while JupyterLab is still connecting to it may never answer.
KERNEL_ANSWERS = """async () => {
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  await context.ready;
  await context.session.kernel.info;
}"""
STATE = """() => {
  const panel = document.querySelector('PANEL');
  const counts = [...panel.querySelectorAll('.jp-InputPrompt')].map(prompt => prompt.textContent);
  const status = panel.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status;
  return [status, counts.filter(count => count.includes('[')), !!panel.querySelector('[data-mime-type$=".stderr"]')];
}""".replace("PANEL", PANEL)
RUN_TO_THE_END = f"""() => {{
  const [status, counts, error] = ({STATE})();
  return status === 'idle' && (error || /[0-9]/.test(counts.at(-1))) && !counts.some(count => count.includes('*'));
}}"""
OPENED = """name => document.querySelector('PANEL') !== null
  && window.jupyterapp.shell.currentWidget?.context?.path === `notebooks/${name}.ipynb`""".replace("PANEL", PANEL)


@contextlib.contextmanager
def server(folder, planted):
    """Run JupyterLab on a copy of the course's notebooks in `folder`, and on `planted` ones, {name: notebook}."""
    home, course = folder / "home", folder / "course"
    home.mkdir()
    shutil.copytree(NOTEBOOKS, course / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name, notebook in planted.items():
        nbformat.write(notebook, course / "notebooks" / f"{name}.ipynb")
    options = ["--no-browser", "--ServerApp.answer_yes=True", f"--ServerApp.root_dir={course}"]
    options += ["--LabApp.expose_app_in_browser=True"]
    # Like a reader who has no Jupyter settings of their own.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON", "XDG"))}
    env = kept | {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    command = [sys.executable, ROOT / "tools" / "course.py", "lab", *options]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield address(process, home)
    finally:
        stop(process)


def address(process, home):
    """Wait until the server says where it is."""
    for _ in range(600):
        time.sleep(0.1)
        assert process.poll() is None, (home / "log").read_text()
        with contextlib.suppress(ValueError):  # half written
            for path in (home / "runtime").glob("jpserver-*.json"):
                return json.loads(path.read_text("utf-8"))
    raise AssertionError((home / "log").read_text())


def stop(process):
    """Press Ctrl-C; a server that has not ended 30 seconds later is killed, and the test fails."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        assert process.wait(30) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class Lab:
    """One browser window with JupyterLab in it. `asked` has the address of everything that it asked for."""

    def __init__(self, page, where):
        self.page, self.asked, self.home = page, [], where["url"]
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.goto(f"{where['url']}lab?token={where['token']}")
        page.wait_for_function("window.jupyterapp")
        page.evaluate("window.jupyterapp.restored.then(() => null)")

    def command(self, name, **options):
        return self.page.evaluate(
            "([name, options]) => window.jupyterapp.commands.execute(name, options).then(() => null)", [name, options]
        )

    @contextlib.contextmanager
    def opened(self, name, notebook):
        """Open the notebook `name` for a `with` block; wait until its cells, its kernel and its formulas are there."""
        self.command("docmanager:open", path=f"notebooks/{name}.ipynb")
        self.page.wait_for_function(OPENED, arg=name)
        self.page.evaluate(KERNEL_ANSWERS)
        self.page.wait_for_selector(f"{PANEL} .jp-Notebook-ExecutionIndicator[data-status=idle]")
        self.count(".jp-Cell", len(notebook.cells), SECONDS)
        wanted = sum(formulas(cell) for cell in notebook.cells if cell.cell_type == "markdown")
        with contextlib.suppress(TimeoutError):  # a test says later which formula is missing
            self.count("mjx-container", wanted, SECONDS / 3)
        yield self.page
        self.page.set_viewport_size(WINDOW)
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.evaluate("window.jupyterapp.shell.currentWidget.dispose()")
        self.asked.clear()

    def count(self, selector, wanted, timeout):
        """Wait until as many elements as wanted, or more, are in the notebook."""
        self.page.wait_for_function(
            "([all, wanted]) => document.querySelectorAll(all).length >= wanted",
            arg=[f"{PANEL} {selector}", wanted],
            timeout=timeout,
        )

    def restart_and_run_all(self):
        """Do what a reader does: press ⏩ in the toolbar, and confirm."""
        self.command("notebook:clear-all-cell-outputs")  # so that every count is of this run
        self.page.locator(f"{PANEL} [data-command='notebook:restart-run-all']").click()
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        try:
            self.page.wait_for_function(RUN_TO_THE_END)
        except TimeoutError:
            pytest.fail(f"not run to the end: {self.page.evaluate(STATE)}")


def formulas(cell):
    return sum(bool(part["display"] or part["inline"]) for part in PARTS.finditer(cell.source))


@contextlib.contextmanager
def window(folder, planted):
    """Start a server and a browser, and open a window with JupyterLab, for a `with` block."""
    with browsing.started() as browser, server(folder, planted) as where:
        context = browser.new_context(viewport=WINDOW)
        context.set_default_timeout(SECONDS)
        yield Lab(context.new_page(), where)
