"""The benchmarks run, and count right."""

import subprocess
import sys
import time

import pytest


@pytest.fixture
def race(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import race

    return race


def test_a_race_finds_who_is_slower_and_repeats_short_calls(race):
    calls = []
    times = race.race({"ours": lambda: calls.append(1), "slow": lambda: time.sleep(0.01)}, rounds=3)
    assert {name: len(taken) for name, taken in times.items()} == {"ours": 3, "slow": 3}
    assert min(times["slow"]) > max(times["ours"])
    assert len(calls) > 100


def test_a_cell_compares_round_by_round(race):
    assert race.cell([3.0, 2.0, 8.0], [1.0, 2.0, 1.0]) == "3.00 (1.00–8.00)"
    assert [race.duration(seconds) for seconds in (3, 0.0025, 8e-6)] == ["3.0 s", "2.5 ms", "8.0 µs"]


def test_a_part_runs_and_says_what_is_installed(root):
    run = subprocess.run([sys.executable, root / "benchmarks", "loss"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "| 10,000 × 10 | " in run.stdout
    assert "numpy 2" in run.stdout


def test_an_unknown_part_is_named(root):
    run = subprocess.run([sys.executable, root / "benchmarks", "speed"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 2
    assert "There is no part 'speed': softmax, loss" in run.stderr
