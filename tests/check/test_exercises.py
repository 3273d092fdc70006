"""Each exercise: its stub fails, right answers pass, and the mistakes that are often made are named."""

import itertools
import re

import nbformat
import pages
import pytest
from answers import RIGHT, WRONG

from helpers import check
from helpers.check.engine.watching import observe

NAMES = sorted(check.EXERCISES)


@pytest.fixture(scope="module")
def on_pages(pytestconfig):
    paths = sorted((pytestconfig.rootpath / "notebooks").glob("*.ipynb"))
    return {name: functions for path in paths for name, functions in pages.exercises(path).items()}


@pytest.fixture
def draws(pytestconfig):
    return range(100 if pytestconfig.getoption("--thorough") else 3)


def judged(name, answer, seed=0):
    """Return the verdict on an answer that does no harm, and so runs right here, which is faster."""
    exercise = check.EXERCISES[name]
    return exercise.judge(list(observe(answer, exercise.cases(seed), exercise.forbidden)), "", seed)


def test_every_check_has_an_exercise_on_a_page(on_pages):
    assert set(on_pages) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_fails_and_the_solution_passes_whatever_is_drawn(name, on_pages, draws):
    stub, solution, _ = on_pages[name]
    assert not getattr(check, name)(stub)
    for verdict in [getattr(check, name)(solution), *(judged(name, solution, seed) for seed in draws)]:
        assert verdict.solved, verdict


def test_a_solution_may_use_what_its_page_has_defined_before_it(tmp_path):
    cell, notebook = nbformat.v4.new_code_cell, nbformat.v4.new_notebook()
    notebook.cells = [
        cell("import math\nimport numpy as np"),
        cell("never_needed = undefined"),
        cell("def power(x):\n    return math.e ** x"),
        cell("def scaled(x):\n    return power(x - np.max(x))"),
        cell("def my_f(x):\n    ...", metadata={"tags": ["exercise"]}),
        cell("check.f(my_f)", metadata={"tags": ["check"]}),
        cell("def our_f(x):\n    return scaled(x)\n\n\nprint(never_needed)", metadata={"tags": ["solution"]}),
    ]
    nbformat.write(notebook, tmp_path / "page.ipynb")
    stub, solution, _ = pages.exercises(tmp_path / "page.ipynb")["f"]
    assert stub(1.0) is None
    assert solution(1.0) == 1.0


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[name for name, _ in RIGHT])
def test_a_right_answer_passes_however_it_is_written(name, answer):
    verdict = judged(name, answer)
    assert verdict.solved, verdict


@pytest.mark.parametrize(("name", "mistake", "answer"), WRONG, ids=[f"{name}, {mistake}" for name, mistake, _ in WRONG])
def test_the_mistake_in_a_wrong_answer_is_named(name, mistake, answer):
    verdict = judged(name, answer)
    assert (verdict.solved, verdict.mistake) == (False, mistake), verdict
    assert dict(verdict.lines)["hint"].startswith(f"{mistake}: ")


@pytest.mark.parametrize("name", NAMES)
def test_no_mistake_is_taken_for_another_whatever_is_drawn(name, draws):
    exercise = check.EXERCISES[name]
    for seed, mistake in itertools.product(draws[:1] if len(draws) < 10 else draws, exercise.mistakes):
        for answer in mistake.answers:
            assert exercise.judge(list(observe(answer, exercise.cases(seed))), "", seed).mistake == mistake.name


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_is_tried_with_right_and_wrong_answers_and_other_inputs_each_time(name):
    assert name in {exercise for exercise, _ in RIGHT}
    assert len({mistake for exercise, mistake, _ in WRONG if exercise == name}) >= 3
    first, second = (repr([case.arguments for case in check.EXERCISES[name].cases(seed)]) for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize("name", NAMES)
def test_hints_are_sentences_that_do_not_give_the_solution_away(name, on_pages):
    _, _, solution = on_pages[name]
    lines = [re.sub(r"\s|return", "", line.partition("#")[0]) for line in solution.splitlines()[1:]]
    for mistake in check.EXERCISES[name].mistakes:
        assert mistake.hint.endswith((".", "?", ".)"))
        assert not [line for line in lines if len(line) > 14 and line in re.sub(r"\s", "", mistake.hint)]


def test_what_was_shown_once_does_not_help(tmp_path):
    """Whoever writes the case that was shown into the answer is asked other cases, because the text is another one now."""
    shown = set()
    for version in range(3):
        file, space = tmp_path / f"{version}.py", {}
        file.write_text(f"def remembers(z):\n    return {version}.0\n")
        exec(compile(file.read_text(), str(file), "exec"), space)
        shown.add(dict(check.log_sum_exp(space["remembers"]).lines)["tried"])
    assert len(shown) == 3


def test_the_same_text_is_asked_the_same():
    def nearly(z):
        return z.max(axis=-1) + 0.1

    assert len({repr(check.log_sum_exp(nearly)) for _ in range(3)}) == 1
