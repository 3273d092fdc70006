"""Count what check_gradient says of a file of cases that it was not built for.

    python benchmarks/score.py FILE [-v] [NAME ...]

FILE has a list CASES of tuples with the fields `name`, `make` (seed -> f, gradient, x and perhaps h), `right` and, where
they are known, `want` and `near`: pairs of a finding's name and a pattern in its sentence, true or plausible.
A line of a wrong case with the word "planted" in a comment is the line where the mistake is. tests/gradient_check/fresh.py
names its lines in another way, which is understood, too. Whether a verified repair is also what the author would have
written, only a reader can tell: -v prints the reports.
"""

import collections
import importlib.util
import inspect
import pathlib
import re
import sys
import time
import warnings
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from helpers import check_gradient


def load(path):
    spec = importlib.util.spec_from_file_location("cases_to_score", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "CASES"):
        return module.CASES
    return [Fresh(case.name, case.make, False, case.lines) for case in module.WRONG] + [
        Fresh(case.name, case.make, True) for case in module.RIGHT
    ]


class Fresh(NamedTuple):
    name: str
    make: object
    right: bool
    lines: tuple = ()


def verdict(case, report):
    lines, first = inspect.getsourcelines(case.make)
    wrong = getattr(case, "lines", ())
    planted = {first + k for k, line in enumerate(lines) if re.search(r"#.*\bplanted\b", line) or line.strip() in wrong}

    def says(patterns):
        pairs = [(finding, pattern) for finding in report.findings for pattern in patterns]
        return any(finding.name == name and re.search(text, finding.sentence) for finding, (name, text) in pairs)

    here = report.where is not None and report.where.lineno in planted
    by_experiment = says([("measured badly", "")]) or (report.explanation and report.explanation.left_out)
    verdicts = {
        "right, passed": case.right and report.ok,
        "RIGHT, REFUSED": case.right,
        "PASSED": report.ok,
        "repaired on the planted line": report.repair and here,
        "repaired": report.repair,
        "pointed at the planted line": here,
        "cause named": says(getattr(case, "want", ())),
        "path left out, or measured badly, by experiment": by_experiment,
        "plausible": says(getattr(case, "near", ())),
        "pointed elsewhere, to be judged": report.where,
        "not recognised": True,
    }
    return next(name for name, holds in verdicts.items() if holds)


def main(path, *options):
    names, count, seconds = set(options) - {"-v"}, collections.Counter(), []
    for case in load(path):
        if names and case.name not in names:
            continue
        np.random.seed(0)  # noqa: NPY002  (learners' functions draw from it)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = check_gradient(*case.make())
        seconds += [time.perf_counter() - start] * (not case.right)
        count[found := verdict(case, report)] += 1
        print(f"{case.name:45} {found}")
        if "-v" in options:
            print(f"    {getattr(case, 'cause_words', '')}", *str(report).splitlines(), sep="\n    ")
    print("", *(f"{times:4} {found}" for found, times in count.most_common()), sep="\n")
    if seconds:
        print(f"     a wrong one takes {np.median(seconds):.2f} s in the median, {max(seconds):.1f} s at most")


if __name__ == "__main__":
    main(*sys.argv[1:])
