"""In a real JupyterLab, as `make lab` starts it, every page does what it promises: a browser opens it, runs it and looks."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from types import SimpleNamespace

import browsing
import nbformat
import pytest
from playwright.sync_api import TimeoutError, expect

from notebooks import FORMULA, METADATA, NOTEBOOKS, ROOT

SECONDS = 60 * 1000  # what a page has to be there, and to be run
WINDOW = {"width": 1280, "height": 900}
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# What a reader has before their eyes, cell by cell. What lies outside of the window is scrolled to first.
SEEN = """async () => {
  const panel = document.querySelector('PANEL'), edge = panel.querySelector('.jp-Notebook').getBoundingClientRect();
  const look = async (node) => {
    let box;
    for (let times = 0; times < 20; times++) {  // what comes into view on the way may take more room than was thought
      node.scrollIntoView({block: 'center'});
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      box = node.getBoundingClientRect();
      if (edge.top <= box.top && box.bottom <= edge.bottom) break;
    }
    return box;
  };
  const picture = async (img) => {
    const box = await look(img);
    const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    const inside = box.left >= edge.left && box.right <= edge.right && box.width > 99 && box.height > 20;
    return {alt: img.alt, visible: img.naturalWidth > 0 && inside && top === img};
  };
  const prose = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll('code, pre, mjx-container').forEach(part => part.remove());
    return copy.textContent;
  };
  const seen = [];
  for (const cell of panel.querySelectorAll('.jp-Cell')) {
    const all = (selector) => [...cell.querySelectorAll(selector)], editor = cell.querySelector('.jp-InputArea-editor');
    const one = {
      code: Boolean(editor?.checkVisibility() && editor.getBoundingClientRect().height > 9),
      count: cell.querySelector('.jp-InputPrompt')?.textContent ?? '',
      wrong: all('[data-mime-type$=".stderr"]').map(output => output.innerText),
      formulas: all('mjx-container').length,
      bad: all('merror, mtext[mathcolor=red]').length,
      prose: all('.jp-RenderedMarkdown').map(prose).join(),
      pictures: [],
    };
    for (const img of all('img')) one.pictures.push(await picture(img));
    seen.push(one);
  }
  return seen;
}""".replace("PANEL", PANEL)
# Who restarts a kernel that is still being connected to may wait for ever: JupyterLab loses it.
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


@pytest.fixture(scope="module")
def browser():
    with browsing.started() as browser:
        context = browser.new_context(viewport=WINDOW)
        context.set_default_timeout(SECONDS)
        yield context


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab by the course's own command, on a copy of the notebooks; return its address and token."""
    course, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("home")
    (course / "notebooks").mkdir()
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, course / "notebooks")
    nbformat.write(broken(), course / "notebooks" / "broken.ipynb")
    options = ["--no-browser", "--ServerApp.answer_yes=True", f"--ServerApp.root_dir={course}"]
    options += ["--LabApp.expose_app_in_browser=True"]
    command = [sys.executable, ROOT / "tools" / "course.py", "lab", *options]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=at_home(home), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield address(process, home)
    finally:
        stop(process)


def at_home(home):
    """Return the environment of a reader who has no Jupyter settings of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    names = ["HOME", "USERPROFILE", "APPDATA", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"]
    names += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    return kept | dict.fromkeys(names, str(home)) | {"JUPYTER_RUNTIME_DIR": str(home / "runtime")}


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
    """Press Ctrl-C; what has not ended 30 seconds later is killed, and the test fails."""
    if os.name == "nt":  # has no such signals
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], check=True, stdout=subprocess.DEVNULL)
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        assert process.wait(30) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='99'><rect width='99' height='99'/></svg>"


def broken():
    """Return a notebook with a fault in each cell."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell

    def show(alt, src):
        markup = f'<img alt="{alt}" src="{src}">'
        output = nbformat.v4.new_output("display_data", {"text/html": markup})
        return code(f"from IPython.display import HTML\nHTML({markup!r})", outputs=[output])

    long = "a text that is long enough to say what there is to see"
    return nbformat.v4.new_notebook(
        cells=[
            text("A formula with two exponents: $x^2^3$"),
            text(r"A formula with an unknown word: $\nonsense{x}$"),
            text(r"A formula without an end: $\frac{1}{2"),
            show("short", f"data:image/svg+xml,{PICTURE.format(200)}"),
            show(long, f"data:image/svg+xml,{PICTURE.format(5000)}"),
            show(long, "http://elsewhere.example/picture.svg"),
            code("import sys\nprint('a warning', file=sys.stderr)"),
            code("a = 'a solution that is not folded'"),
            code("from IPython.display import HTML\nHTML('<p style=\"color: #888\">too pale on white, and so on</p>')"),
            code("1 / 0"),
            code("b = 'never run'"),
        ],
        metadata=METADATA,
    )


@contextlib.contextmanager
def opened(browser, lab, name):
    """Open a notebook in a window of its own, and write down whom it asks for something."""
    asked = []
    with browser.new_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(f"{lab['url']}lab/workspaces/{name}/tree/notebooks/{name}.ipynb?token={lab['token']}")
        yield page, asked


def wait_until_all_is_there(page, notebook):
    page.wait_for_selector(f"{PANEL} .jp-Cell")
    page.evaluate(KERNEL_ANSWERS)
    page.wait_for_selector(f"{PANEL} .jp-Notebook-ExecutionIndicator[data-status=idle]")
    page.wait_for_function(
        "([panel, cells]) => document.querySelectorAll(panel + ' .jp-Cell').length === cells",
        arg=[PANEL, len(notebook.cells)],
    )
    wanted = sum(formulas(cell) for cell in notebook.cells if cell.cell_type == "markdown")
    with contextlib.suppress(TimeoutError):  # faults() says where one is missing
        page.wait_for_function(
            "([panel, wanted]) => document.querySelectorAll(panel + ' mjx-container').length >= wanted",
            arg=[PANEL, wanted],
            timeout=20_000,
        )


def restart_and_run_all(page):
    """Do what a reader does: press ⏩ in the toolbar, and confirm."""
    command(page, "notebook:clear-all-cell-outputs")  # so that every count comes from this run
    page.locator(f"{PANEL} [data-command='notebook:restart-run-all']").click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    try:
        page.wait_for_function(RUN_TO_THE_END)
    except TimeoutError:
        pytest.fail(f"not run to the end: {page.evaluate(STATE)}")


def command(page, name, **options):
    page.evaluate("([name, options]) => window.jupyterapp.commands.execute(name, options)", [name, options])


def faults(notebook, seen):
    """Yield what a reader would miss on a page that was run, or see and should not: (index of the cell, how)."""
    count = 0
    for index, (cell, sight) in enumerate(zip(notebook.cells, seen, strict=True)):
        how = list(faults_of_text(cell, sight) if cell.cell_type == "markdown" else faults_of_code(cell, sight))
        if cell.cell_type == "code":
            count += 1
            if sight["code"] and sight["count"] != f"[{count}]:":  # what is folded shows none
                how.append(f"the count is {sight['count']}, not {count}")
        yield from ((index, fault) for fault in how + list(faults_of_pictures(sight)))


def formulas(cell):
    return sum(not match["code"] for match in FORMULA.finditer(cell.source))


def faults_of_text(cell, sight):
    if sight["formulas"] != formulas(cell):
        yield f"{sight['formulas']} formulas of {formulas(cell)}"
    if sight["bad"]:
        yield "a formula that MathJax does not understand"
    if "$" in sight["prose"]:
        yield "a formula as raw text"


def faults_of_code(cell, sight):
    yield from (f"an error: {text}" for text in sight["wrong"])
    folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    if folded == sight["code"]:
        yield "the code is not folded" if folded else "the code is not to be seen"
    if len(sight["pictures"]) != sum(str(output).count("<img ") for output in cell.outputs):
        yield f"{len(sight['pictures'])} pictures, and not as many as are stored"


def faults_of_pictures(sight):
    for picture in sight["pictures"]:
        if not picture["visible"]:
            yield "a picture that is not to be seen"
        if len(picture["alt"]) < 40:
            yield f"a picture without a text: {picture['alt']!r}"


def asked_elsewhere(asked, lab):
    """Return the addresses that are neither the server nor inside of the page."""
    home = urllib.parse.urlsplit(lab["url"]).netloc
    parts = map(urllib.parse.urlsplit, asked)
    return [part.geturl() for part in parts if part.scheme not in ("data", "blob", "about") and part.netloc != home]


@pytest.fixture(scope="module", params=sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def look(browser, lab, request):
    """Open a notebook, look, run it and look again."""
    stored = nbformat.read(request.param, as_version=4)
    with opened(browser, lab, request.param.stem) as (page, asked):
        wait_until_all_is_there(page, stored)
        before = page.evaluate(SEEN)
        restart_and_run_all(page)
        yield SimpleNamespace(stored=stored, page=page, asked=asked, before=before, after=page.evaluate(SEEN))


def test_a_page_is_whole_when_opened(look):
    assert list(faults(look.stored, look.before)) == []


def test_a_page_is_whole_when_run(look):
    assert list(faults(look.stored, look.after)) == []


def test_a_slider_moves_its_picture(look):
    sliders = [cell for cell in look.stored.cells if re.match(r"\w+_slider\(", cell.source)]
    outputs = look.page.locator(f"{PANEL} .jp-OutputArea-child:has(.noUi-handle)")
    assert outputs.count() == len(sliders)
    for output in outputs.all():
        handle, picture = output.locator(".noUi-handle"), output.locator("img")
        for move in (by_keys, by_mouse):
            alt, src = picture.get_attribute("alt"), picture.get_attribute("src")
            move(look.page, handle)
            expect(picture).not_to_have_attribute("alt", alt)
            expect(picture).not_to_have_attribute("src", src)


def by_keys(page, handle):
    handle.focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")


def by_mouse(page, handle):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()


def test_text_is_legible_in_both_themes(look):
    assert too_pale(look.page) == {"dark": {}, "light": {}}


def too_pale(page):
    """Return what is too pale to be read of what the course makes, its text and its outputs, in each theme.

    The colours of code are JupyterLab's: its green numbers, 4.25 to 1, fall a little short of the 4.5 asked for."""
    found = {}
    page.add_style_tag(content="html, body { height: 100vh }")  # axe-core looks at nothing outside of the body,
    height = page.evaluate(f"document.querySelector('{PANEL} .jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size(WINDOW | {"height": height + 200})  # nor outside of the window
    page.wait_for_function(f"document.querySelector('{PANEL} .jp-WindowedPanel-outer').clientHeight >= {height}")
    for name, theme in (("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")):
        command(page, "apputils:change-theme", theme=theme)
        page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
        page.wait_for_selector("#jupyterlab-splash", state="detached")  # it lies over all while the theme is loaded
        ours = f"{PANEL} :is(.jp-RenderedMarkdown, .jp-OutputArea-output)"
        found[name] = browsing.violations(page, ours, ["color-contrast"])
    return found


def test_nothing_is_asked_of_another_machine(look, lab):
    assert len(look.asked) > 20
    assert asked_elsewhere(look.asked, lab) == []


def test_what_is_wrong_with_a_page_is_found(browser, lab):
    stored = broken()
    stored.cells[7].metadata = {"jupyter": {"source_hidden": True}}
    with opened(browser, lab, "broken") as (page, asked):
        wait_until_all_is_there(page, stored)
        restart_and_run_all(page)
        found = list(faults(stored, page.evaluate(SEEN)))
        pale = too_pale(page)
    assert [index for index, _how in found] == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10]
    hows = ["not understand"] * 2 + ["raw text", "without a text"] + ["not to be seen"] * 2
    hows += ["a warning", "not folded", "ZeroDivisionError", "count"]
    assert all(how in fault for how, (_index, fault) in zip(hows, found, strict=True))
    assert set(asked_elsewhere(asked, lab)) == {"http://elsewhere.example/picture.svg"}
    assert "too pale on white" in str(pale["light"])
