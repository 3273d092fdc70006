"""What check_gradient says of the bugs of tests/bugs.py and of tests/cases.py, word for word, in approved/reports.txt.

Below each report stand the relative error, the bound and what would be detected, and how far x was moved to get there.
Whoever changes a rule sees here which reports it changes.
"""

import collections
import contextlib
import pathlib
import platform
import re
import sys
import warnings

import approved
import bugs
import cases
import numpy as np
import pytest

from helpers import check_gradient
from helpers.evidence import Measured

CHANCE = re.compile(r"gives [^:]* at the same x")  # some bugs draw from what no seed reaches
CHANCY = {"float32_in_the_middle"}  # its scatter is that of this machine's float32
# Numbers near the rounding are those of a kind of processor and its library of mathematics: elsewhere words are compared.
HERE = (sys.platform, platform.machine()) == ("linux", "x86_64")
# Searches that end in rounding: where they look differs from machine to machine.
SWAYS = {
    "one_entry_wrong",
    "labels_not_used_by_a_function",
    "rows_of_labels_not_used",
    "labels_all_alike_not_used",
    "one_of_two_labels_not_used",
}


@contextlib.contextmanager
def moves_noted():
    """Give a list that fills with how far x was moved, each time that it was."""
    distances, moved = [], Measured.moved

    def noted(self, point, function):
        distances.append(float(np.max(np.abs(np.asarray(point, dtype=float) - self.kept), initial=0)))
        return moved(self, point, function)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Measured, "moved", noted)
        yield distances


def _in_order(pair):
    return "nan" in pair[0], float(pair[0])


def told(make):
    """Return what is said of a case, and where was looked for it, as text."""
    np.random.seed(0)
    f, gradient, x, *rest = make()
    with moves_noted() as distances, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = check_gradient(f, gradient, x, *rest)
    own = [warning for warning in caught if "helpers" in pathlib.Path(warning.filename).parts]  # and not the functions'
    assert [str(warning.message) for warning in own] == []
    counts = sorted(collections.Counter(f"{distance:.3g}" for distance in distances).items(), key=_in_order)
    moves = ", ".join(f"{count} x {float(distance):g}" for distance, count in counts)
    error = "within" if report.relative_error <= report.bound else f"{report.relative_error:.3g}"
    return (
        f"{CHANCE.sub('gives ... at the same x', str(report))}\n"
        f"  error {error}, bound {report.bound:.2g}, detectable {report.detectable:.2g}\n"
        f"  moved by {'...' if make.__name__ in SWAYS else moves}"
    )


MAKES = {make.__name__: make for make in (*(make for *_, make in bugs.BUGS), *cases.CASES)}


@pytest.mark.parametrize("name", [name for name in MAKES if name not in CHANCY])
def test_the_report_is_what_it_was(name, is_approved):
    text = told(MAKES[name])
    is_approved("reports", name, text, tolerance=approved.TOLERANCE if HERE else None)


def test_each_report_is_of_a_case(approved_headings):
    assert approved_headings("reports") == [name for name in MAKES if name not in CHANCY]
    assert len(MAKES) == len(bugs.BUGS) + len(cases.CASES)


def test_texts_with_another_word_or_number_are_others():
    text = "- sign: 12 of x[0, 1] are 0.3141, 1.2e-07 off"
    assert approved.same(text, text.replace("1.2e-07", "1.21e-07"))
    for was, now in (
        ("sign", "sigh"),
        ("0, 1", "0, 2"),
        ("0.3", "-0.3"),
        ("1.2e-07", "1.3e-07"),
        ("12 of", "13 of"),
        ("12 of", "12.0 of"),
    ):
        assert not approved.same(text, text.replace(was, now))
    assert approved.same(text, text.replace("12 of", "13 of"), tolerance=None)
    assert not approved.same(text, text.replace("sign", "sigh"), tolerance=None)
