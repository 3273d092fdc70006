"""What the checks of the exercises say and do, word for word and number for number: approved/exercises.txt, verdicts.txt.

The first has what is tried and expected, and what each slip makes of it, for one seed; the second what a reader is told of
each wrong answer in tests/answers.py.
"""

import answers
import numpy as np
import pytest

from helpers import check
from helpers.check.answers import tried_by_us
from helpers.check.values import plain, shown

SEED = 1


def written(value):
    """Return a plain value as text: its numbers, to four digits of its largest, or of an array that is long, two sums."""
    if value["kind"] == "list":
        return "[" + ", ".join(map(written, value["items"])) + "]"
    if value["kind"] == "dict":
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value["items"].items()) + "}"
    if value["kind"] != "array":
        return shown(value)
    a = np.array(value["values"])
    shape = "x".join(map(str, value["shape"]))
    if a.size > 24:
        weights = np.cos(np.arange(a.size))  # an order of its own, which no shuffle leaves alone
        a = np.array([a @ weights, np.abs(a) @ weights**2])
        shape += " summed up"
    finite = np.abs(a[np.isfinite(a)])
    unit = 10.0 ** (np.floor(np.log10(finite.max())) - 4) if np.any(finite) else 1.0
    with np.errstate(over="ignore"):
        a = np.where(np.abs(a) < np.inf, np.clip(np.rint(a / unit) * unit, -1.79e308, 1.79e308), a) + 0.0
    numbers = " ".join(f"{number:.6g}" for number in a)
    return f"{value['dtype']} {shape}: {numbers}" if value["shape"] else numbers


def outcome(seen):
    """Return what came of one call, as text."""
    came = written(seen["result"]) if "result" in seen else seen["error"]["type"]
    changed = "".join(f", {name} {how}" for name, how in seen["changed"])
    return came + changed + (f", {seen['complaint'][0]}" if seen["complaint"] else "")


def described(name):
    """Return what an exercise tries and expects, and what its slips do, as text."""
    exercise, lines = getattr(check, name), []
    for case in exercise._cases(SEED):
        given = ", ".join(f"{key} = {written(plain(value))}" for key, value in case.arguments.items())
        lines.append(f"tried {case.tried()} ({given})")
    lines += [f"expected {outcome(seen)}" for seen in tried_by_us(exercise.truth, exercise._cases(SEED))]
    for slip in exercise.slips:
        lines += [f"{slip.name}: {outcome(seen)}" for seen in tried_by_us(slip.answer, exercise._cases(SEED))]
    return "\n".join(lines)


@pytest.mark.parametrize("name", check.__all__)
def test_the_exercise_and_its_slips_do_what_they_did(name, is_approved):
    is_approved("exercises", name, described(name), tolerance=1e-3)


WRONG = {f"{k}. {name}, {slip}": (name, answer) for k, (name, slip, answer) in enumerate(answers.WRONG, start=1)}


@pytest.mark.parametrize("heading", WRONG)
def test_the_wrong_answer_is_told_what_it_was(heading, is_approved, monkeypatch):
    monkeypatch.setattr("helpers.check.exercises._seed", lambda answer: SEED)
    name, answer = WRONG[heading]
    is_approved("verdicts", heading, str(getattr(check, name)(answer)))


def test_each_text_is_of_an_exercise_or_an_answer(approved_headings):
    assert approved_headings("exercises") == check.__all__
    assert approved_headings("verdicts") == list(WRONG)
