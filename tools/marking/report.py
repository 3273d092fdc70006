"""What the teacher gets: lines, a table, a CSV file with points, and a page of feedback for each notebook."""

import csv
import html
import io
import re
from typing import NamedTuple

__all__ = ["Marks", "printable", "table", "write_csv", "write_feedback"]

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font-family: sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em }} pre {{ overflow-x: auto;
background: #f4f4f4; padding: 0.6em }} ul {{ list-style: none; padding: 0; font-family: monospace }}</style>
<h1>{title}</h1>
<p>{points}</p>
{body}
</html>
"""


class Marks(NamedTuple):
    """What a submission is worth.

    name : str, of the file
    verdicts : dict, for each exercise a Verdict, or None if there is no answer
    answers : dict, for each exercise the source of the cell that defines the answer
    remarks : list of str
    protected : bool, whether the submission was kept from the files of others
    """

    name: str
    verdicts: dict
    answers: dict
    remarks: list
    protected: bool = True

    def points(self):
        return sum(map(bool, self.verdicts.values()))

    def line(self):
        """Return one line of plain text."""
        parts = [f"{self.points()} of {len(self.verdicts)}" if self.verdicts else "not marked", printable(self.name)]
        others = {"not yet": [], "no answer": []}
        for name, verdict in self.verdicts.items():
            if not verdict:
                others["no answer" if verdict is None else "not yet"].append(name)
        notes = [f"{what}: {', '.join(names)}" for what, names in others.items() if names]
        return "  ".join([f"{parts[0]:10}", parts[1], *notes, *map(printable, self.remarks)])


def printable(text):
    """Return a text of a student's as one line that a terminal shows as it is: a line break or a colour is written out."""
    text = text if len(text) <= 300 else text[:300] + " ..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def table(marks):
    """Return the table of all marks, and below it how many have solved each exercise."""
    lines = [mark.line() for mark in sorted(marks, key=lambda mark: mark.name)]
    names = dict.fromkeys(name for mark in marks for name in mark.verdicts)
    counts = {name: [mark.verdicts[name] for mark in marks if name in mark.verdicts] for name in names}
    lines += ["", *(f"{sum(map(bool, found)):4} of {len(found):<4} solved {name}" for name, found in counts.items())]
    return "\n".join(lines)


def write_csv(path, marks):
    """Write a line for each notebook: its points, and 1 or 0 for each exercise that it should hold."""
    names = list(dict.fromkeys(name for mark in marks for name in mark.verdicts))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "points", "out of", *names, "remarks"])
    for mark in sorted(marks, key=lambda mark: mark.name):
        points = [int(bool(mark.verdicts[name])) if name in mark.verdicts else "" for name in names]
        row = [_cell(mark.name), mark.points(), len(mark.verdicts), *points, _cell("; ".join(mark.remarks))]
        writer.writerow(row)
    _write(path, "\ufeff" + text.getvalue())  # by this mark spreadsheets know that it is UTF-8


def _cell(text):
    """Return a text that no spreadsheet takes for a formula."""
    text = printable(text)
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


def write_feedback(folder, mark, taken):
    """Write a page for one notebook; `taken` are the paths of pages that were written before."""
    parts = [re.sub(r'[<>:"\\|?*]', "_", printable(part)) or "_" for part in mark.name.split("/")]
    base = folder.joinpath(*parts[:-1], parts[-1].removesuffix(".ipynb"))
    path, k = base.with_name(f"{base.name}.html"), 2
    while path in taken:
        path, k = base.with_name(f"{base.name}-{k}.html"), k + 1
    taken.add(path)
    _write(path, feedback(mark))


def feedback(mark):
    """Return the page for one notebook. What a student has written is shown as text."""
    body = [f"<p>{html.escape(printable(remark))}</p>" for remark in mark.remarks]
    for name, verdict in mark.verdicts.items():
        body.append(f"<h2>{html.escape(name)}</h2>")
        body.append(verdict._repr_html_() if verdict is not None else "<p>There is no answer to this exercise.</p>")
        if source := mark.answers.get(name):
            body.append(f"<pre>{html.escape(source)}</pre>")
    points = f"{mark.points()} of {len(mark.verdicts)} exercises are solved." if mark.verdicts else "Nothing was marked."
    return PAGE.format(title=html.escape(printable(mark.name)), points=points, body="\n".join(body))


def _write(path, text):
    from tools.notebooks import replace

    replace(path, text)
