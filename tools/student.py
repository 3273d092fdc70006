"""Write the student edition into build/student/: the course without solutions, ready to be handed out.

python tools/student.py
"""

import os
import shutil
import sys

import nbformat

from notebooks import BUILD, NOTEBOOKS, ROOT, normal_form, replace

EDITION = BUILD / "student"
FILES = [
    ".gitattributes",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "requirements.txt",
    "runtime.txt",
    "tools/commands.py",
    "tools/course.py",
    "tools/environment.py",
    "tools/templates/lab/custom.css",
    "tools/identity.py",
    "tools/packages.py",
    "tools/launch.py",
    "tools/setup_lock.py",
    "uv.lock",
]


def main():
    aside = EDITION.with_name(f".student-{os.getpid()}")
    try:
        write(aside)
        shutil.rmtree(EDITION, ignore_errors=True)
        aside.rename(EDITION)  # whole, or not at all
    except OSError as error:
        print(f"The student edition cannot be written: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    print(f"Ready to hand out: {EDITION}")
    return 0


def write(folder):
    """Write the edition into `folder`."""
    for name in FILES:
        _copy(ROOT / name, folder / name)
    for path in sorted((ROOT / "helpers").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _copy(path, folder / path.relative_to(ROOT))
    _copy(ROOT / "tools" / "templates" / "student.md", folder / "README.md")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        replace(folder / "notebooks" / path.name, normal_form(without_solutions(nbformat.read(path, as_version=4))))


def without_solutions(notebook):
    """Return a notebook without its solutions, without what the checks said, and without the answers to predictions."""
    from nbconvert.preprocessors import TagRemovePreprocessor

    remove = TagRemovePreprocessor(remove_cell_tags={"solution"}, remove_all_outputs_tags={"check", "predict"}, enabled=True)
    notebook = remove.preprocess(notebook, {})[0]
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.outputs:
            cell.metadata.get("jupyter", {}).pop("outputs_hidden", None)  # or JupyterLab offers to show what is not there
    return notebook


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(main())
