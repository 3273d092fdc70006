"""Build the web site of the course into build/site/, from the stored notebooks. Nothing is executed.

python tools/website.py
"""

import contextlib
import re
import shutil
import subprocess
import sys
import time

import address
import glossary
import nbformat

from notebooks import BUILD, NOTEBOOKS, ROOT, replace

DOCS = ROOT / "docs"
SITE = BUILD / "site"
HEADING_LINK = re.compile(r"\]\((\w+\.ipynb)?#([^)]+)\)")


def main():
    start = time.perf_counter()
    shutil.rmtree(SITE, ignore_errors=True)
    failed = pages(SITE, BUILD) or lite(SITE / "lite", [*SITE.glob("*.whl")])
    if not failed:
        print(f"The site, in {time.perf_counter() - start:.0f} s: {SITE / 'index.html'}")
    return failed


def pages(site, build):
    """Build the pages into the folder `site`, by way of folders in `build`; return 0, or what Sphinx returns if it fails."""
    site.mkdir(parents=True)
    source = build / "pages"
    shutil.rmtree(source, ignore_errors=True)
    wheel(site)
    lay_out(source)
    for name in names():
        alone = with_first_cell(read(name), f"%pip install -q {address.package()}")
        replace(site / "notebooks" / f"{name}.ipynb", nbformat.writes(alone))
    return sphinx(source, site, build / "doctrees")


def names():
    """Return the names of the notebooks, in order."""
    return [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def read(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def wheel(folder):
    """Build the course's package into `folder`; return its path."""
    from flit_core.buildapi import build_wheel

    with contextlib.chdir(ROOT):
        path = folder / build_wheel(str(folder))
    path.chmod(0o644)  # a web server may be another user
    return path


def lay_out(folder):
    """Write into a folder what Sphinx reads: the notebooks, the pages of docs/ and the glossary."""
    seen = set()
    for name in names():
        replace(folder / f"{name}.ipynb", nbformat.writes(as_page(read(name), seen)))
    replace(folder / "glossary.md", glossary.page({name: read(name) for name in names()}))
    for path in DOCS.glob("*.md"):
        replace(folder / path.name, filled_in(path.read_text("utf-8")))


def as_page(notebook, seen):
    """Return a notebook for Sphinx: answers and solutions folded, and the places that links name marked.

    The terms that are defined on it are added to `seen`."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = glossary.marked(HEADING_LINK.sub(_as_on_code_hosts, cell.source), seen)
        elif cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            fold(cell, "hide-output", "Show the answer")
        elif cell.metadata.get("jupyter", {}).get("source_hidden"):
            fold(cell, "hide-input", "Solution")
    return notebook


def fold(cell, tag, label):
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), tag]
    cell.metadata["mystnb"] = {"code_prompt_show": label, "code_prompt_hide": label}


def _as_on_code_hosts(link):
    """Jupyter keeps the capitals and signs of a heading in its id; MyST and code hosts do not."""
    heading = re.sub(r"[^\w -]", "", link[2].lower())
    return f"]({link[1] or ''}#{heading})"


def filled_in(text):
    """Return a page of docs/ with what only the builder knows."""
    more = "\n".join(path.stem for path in sorted(DOCS.glob("*.md")) if path.stem != "index")
    package = address.package()
    known = {"MORE": more, "PICTURE": first_picture(), "PACKAGE": package, "WHEEL": package.rsplit("/", 1)[-1]}
    for word, value in known.items():
        text = text.replace(f"%{word}%", value)
    return text


def first_picture():
    """Return the first picture of the course, as its page stores it."""
    outputs = [output for cell in read(names()[0]).cells for output in cell.get("outputs", [])]
    return next(html for output in outputs if "<img " in (html := output.get("data", {}).get("text/html", "")))


def buttons(name):
    """Return the line below a page's title: run it in the browser, take it away."""
    run = f'<a href="lite/notebooks/index.html?path={name}.ipynb">Run this page in your browser</a>'
    take = f'<a href="notebooks/{name}.ipynb" download>Download the notebook</a>'
    return f'<p class="buttons">{run} {take}</p>'


def sphinx(source, site, cache):
    """Run Sphinx. A warning counts as an error: it means a link or a picture that is missing."""
    options = ["--quiet", "--fail-on-warning", "-c", DOCS, "-d", cache]
    return subprocess.call([sys.executable, "-m", "sphinx", *map(str, [*options, source, site])], cwd=ROOT)


def lite(site, wheels):
    """Build the edition that runs in a browser: JupyterLite with the notebooks and these wheels.

    Its Python and all other packages come from their usual public places when a reader opens it."""
    source = BUILD / "lite"
    shutil.rmtree(source, ignore_errors=True)
    for name in names():
        notebook = with_first_cell(read(name), "%pip install -q gradients-by-hand\nimport helpers.browser")
        notebook.metadata["kernelspec"] = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
        replace(source / "files" / f"{name}.ipynb", nbformat.writes(notebook))
    options = ["--lite-dir", ".", "--output-dir", site, "--contents", "files"]
    options += ["--apps", "notebooks", "--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages"]
    options += [f"--piplite-wheels={path}" for path in wheels]
    command = [sys.executable, "-m", "jupyterlite_core", "build", *map(str, options)]
    # Where it is called it remembers what it built: in a folder that is new each time.
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if built.returncode:
        print(built.stdout, built.stderr, file=sys.stderr)
        return built.returncode
    style = (ROOT / "tools" / "templates" / "lab" / "custom.css").read_text("utf-8")
    for app in ("notebooks", "lab"):
        start = site / app / "index.html"
        replace(start, start.read_text("utf-8").replace("</head>", f"<style>\n{style}</style></head>", 1))
    return 0


def with_first_cell(notebook, source):
    """Return a notebook that works without the course's folder: its first cell installs the package."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(source, id="install"))
    return notebook


if __name__ == "__main__":
    sys.exit(main())
