"""The address of the published site. pyproject.toml keeps it, and this command writes it to where readers look for it.

make address ARGS=https://...

An address that is given is stored first. Then it is written into the README, the citation and the first code cell of each
notebook, where a reader who has that notebook alone finds it when the cell fails."""

import os
import re
import sys
import tomllib

import nbformat

from notebooks import NOTEBOOKS, ROOT, normal_form, replace

PROJECT, README, CITATION = ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "CITATION.cff"
LINK = re.compile(r"^\[Read the course on the web\].*\n\n", re.M)
UNPUBLISHED = "the course Gradients by Hand, whose page 00 says how to install it."
COMMENT = re.compile(r"^# No module named 'helpers'\?.*\n(?:# %pip .*\n)?", re.M)


def main(address=None):
    if address and not re.fullmatch(r"https://[^\s\"]+", address):
        print(f"The address of a site begins with https://, and this is {address!r}.", file=sys.stderr)
        return 2
    if address:
        change(PROJECT, lambda text: stored(text, address.rstrip("/")))
    if known():
        change(README, linked)
        change(CITATION, cited)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        change(path, explained_notebook)
    return 0


def known():
    """Return the address: SITE_ADDRESS, which the workflow sets, or the one in pyproject.toml; "" if there is none yet."""
    return os.environ.get("SITE_ADDRESS", project().get("urls", {}).get("Homepage", "")).rstrip("/")


def project():
    return tomllib.loads(PROJECT.read_text("utf-8"))["project"]


def package():
    """Return what `pip install` needs to find the course's package: the wheel that the site offers."""
    wheel = f"gradients_by_hand-{project()['version']}-py3-none-any.whl"
    return f"{known()}/{wheel}" if known() else wheel


def change(path, how):
    replace(path, how(path.read_text("utf-8")))


def stored(text, address):
    text = re.sub(r"^\[project\.urls\]\nHomepage = .*\n\n", "", text, flags=re.M)
    return text.replace("[tool.flit.module]", f'[project.urls]\nHomepage = "{address}"\n\n[tool.flit.module]')


def linked(text):
    link = f"[Read the course on the web]({known()}), and run each page in your browser."
    return LINK.sub("", text).replace("\n\n", f"\n\n{link}\n\n", 1)


def cited(text):
    return re.sub(r"^url: .*\n", "", text, flags=re.M).replace("\nlicense:", f"\nurl: {known()}\nlicense:")


def explained_notebook(text):
    notebook = nbformat.reads(text, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.source = explained(cell.source)
    return normal_form(notebook)


def explained(source):
    """Return a cell whose first import of `helpers` has the comment above it."""
    return re.sub(r"^(from|import) helpers\b", rf"{comment()}\g<0>", COMMENT.sub("", source), count=1, flags=re.M)


def comment():
    course = f"the course at {known()}; this line installs it:\n# %pip install {package()}" if known() else UNPUBLISHED
    return f"# No module named 'helpers'? It comes with {course}\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
