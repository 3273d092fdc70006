"""The benchmarks run, and count right."""

import sys
import time

import pytest
from faults import run


def test_a_race_gives_the_least_time_of_each_way_and_repeats_short_calls(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import race

    calls = []
    times = race.race({"short": lambda: calls.append(1), "slow": lambda: time.sleep(0.01)}, rounds=3)
    assert times["slow"] >= 0.01 > 100 * times["short"]
    assert len(calls) > 100


@pytest.mark.thorough
def test_a_part_runs_and_an_unknown_one_is_named(root):
    code, printed = run(sys.executable, root / "benchmarks", "loss")
    assert code == 0, printed
    assert "| 10,000 × 10 | " in printed
    code, printed = run(sys.executable, root / "benchmarks", "speed")
    assert code == 2
    assert "There is no part 'speed': softmax, loss" in printed
