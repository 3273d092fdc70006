"""Count what check_gradient says of a file of cases that it was not built for.

    python tests/gradient_check/score.py FILE [-v] [NAME ...]

FILE has a list CASES of tuples with the fields `name`, `make` (seed -> f, gradient, x and perhaps h), `right` and, where
they are known, `want` and `near`: pairs of a finding's name and a pattern in its sentence, true or plausible.
A line of a wrong case with the word "planted" in a comment is the line where the mistake is. Whether a verified
repair is also what the author would have written, only a reader can tell: -v prints the reports.
"""

import collections
import importlib.util
import inspect
import pathlib
import re
import sys
import time
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from helpers import check_gradient


def load(path):
    spec = importlib.util.spec_from_file_location("cases_to_score", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.CASES


def planted_lines(case):
    lines, first = inspect.getsourcelines(case.make)
    return {first + k for k, line in enumerate(lines) if re.search(r"#.*\bplanted\b", line)}


def matches(report, patterns):
    return any(
        finding.name == name and re.search(pattern, finding.sentence)
        for finding in report.findings
        for name, pattern in patterns
    )


def verdict(case, report):
    here = report.where is not None and report.where.lineno in planted_lines(case)
    left_out = report.explanation and report.explanation.left_out
    verdicts = {
        "right, passed": case.right and report.ok,
        "RIGHT, REFUSED": case.right,
        "PASSED": report.ok,
        "repaired on the planted line": report.repair and here,
        "repaired": report.repair,
        "pointed at the planted line": here,
        "cause named": matches(report, getattr(case, "want", ())),
        "path left out, or measured badly, by experiment": matches(report, [("measured badly", "")]) or left_out,
        "plausible": matches(report, getattr(case, "near", ())),
        "pointed elsewhere, to be judged": report.where,
        "not recognised": True,
    }
    return next(name for name, holds in verdicts.items() if holds)


def main(path, *names):
    verbose, names = "-v" in names, [name for name in names if name != "-v"]
    count, seconds = collections.Counter(), []
    for case in load(path):
        if names and case.name not in names:
            continue
        np.random.seed(0)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = check_gradient(*case.make())
        found = verdict(case, report)
        count[found] += 1
        seconds += [time.perf_counter() - start] * (not case.right)
        print(f"{case.name:45} {found}")
        if verbose:
            print(f"    {getattr(case, 'cause_words', '')}", *str(report).splitlines(), sep="\n    ")
    print()
    for found, times in count.most_common():
        print(f"{times:4} {found}")
    if seconds:
        print(f"     a wrong one takes {np.median(seconds):.2f} s in the median, {max(seconds):.1f} s at most")


if __name__ == "__main__":
    main(*sys.argv[1:])
