"""What `make mutate` says of its results; and its list of survivors is of this very code."""

import tomllib

import mutate
import pytest


def result(outcome, before="a < b", after="a <= b"):
    return {
        "mutant": ["helpers/functions.py", "core/NumberReplacer", 0, 7],
        "before": before,
        "after": after,
        "outcome": outcome,
    }


def killed(count):
    return [result("killed by tests/test_functions.py::test_x", f"x = {k}") for k in range(count)]


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """List one survivor with its reason."""
    path = tmp_path / "survivors.toml"
    entry = 'module = "helpers/functions.py"\nbefore = "a < b"\nafter = ["a <= b"]\nreason = "a is never b"\n'
    path.write_text(f"[[survivor]]\n{entry}", "utf-8")
    monkeypatch.setattr(mutate, "SURVIVORS", path)


def test_enough_are_killed_and_the_others_have_their_reasons(listed, capsys):
    assert mutate.report([*killed(19), result("survived")], whole=True) == 0
    assert "19 of 20 mutants killed, 95.0%" in capsys.readouterr().out


def test_too_few_are_killed(listed):
    assert mutate.report([*killed(18), result("survived")], whole=True) == 1


def test_a_survivor_without_a_reason_is_shown(listed, capsys):
    alive = [result("survived"), result("survived", "c = 1", "c = 2")]
    assert mutate.report([*killed(98), *alive], whole=False) == 0  # a sample is judged by its share only
    assert mutate.report([*killed(98), *alive], whole=True) == 1
    said = capsys.readouterr().out
    assert "helpers/functions.py:7\n  - c = 1\n  + c = 2" in said
    assert "a < b" not in said


@pytest.mark.parametrize("whole", [True, False])
def test_who_is_listed_and_was_killed_is_shown_if_all_were_tried(whole, listed, capsys):
    assert mutate.report(killed(20), whole) == int(whole)
    assert ("no longer a survivor: helpers/functions.py" in capsys.readouterr().out) == whole


def test_what_is_no_program_does_not_count(listed, capsys):
    mutate.report([*killed(19), result("survived"), result("no program")], whole=True)
    assert "19 of 20" in capsys.readouterr().out


def test_the_listed_survivors_are_changes_of_this_code_and_have_reasons(root):
    entries = tomllib.loads(mutate.SURVIVORS.read_text("utf-8"))["survivor"]
    assert len(mutate.survivors()) == sum(len(entry["after"]) for entry in entries) > 0
    for (module, before, after), reason in mutate.survivors().items():
        lines = [line.strip() for line in (root / module).read_text("utf-8").splitlines()]
        assert before in lines, (module, before)
        assert after != before
        assert len(reason.split()) >= 4, (module, before)


def test_a_module_has_mutants_and_they_are_programs_that_differ_from_it(root):
    pytest.importorskip("cosmic_ray", reason="make mutate installs cosmic-ray")
    mutants = mutate.mutants_of("helpers/messages.py")
    assert len(mutants) >= 8
    for mutant in mutants:
        before, after = mutate.changed(mutant, mutate.mutated(mutant))
        assert before != after


def test_a_line_belongs_to_a_statement(tmp_path, monkeypatch):
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    head = "import a\n\n@b(\n    1)\ndef f(x,\n      y):\n"
    source = head + "    if (x\n        and y):\n        return [\n            1]\n    return 2\n"
    (tmp_path / "m.py").write_text(source, "utf-8")
    spans = [mutate.statement("m.py", line) for line in range(1, 12)]
    assert spans == [(1, 1), (2, 2), *[(3, 6)] * 4, *[(7, 8)] * 2, *[(9, 10)] * 2, (11, 11)]
