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


def test_a_race_finds_who_is_slower_and_by_how_much(race):
    times = race.race({"helpers": lambda: time.sleep(0.002), "slow": lambda: time.sleep(0.02)}, rounds=3, seconds=0)
    assert {name: len(taken) for name, taken in times.items()} == {"helpers": 3, "slow": 3}
    assert float(race.row("slow", times, "helpers").split()[0]) > 1
    assert race.row("helpers", times, "helpers").split()[:2] == ["1.00", "1.00"]


def test_a_short_call_is_repeated(race):
    calls = []
    race.race({"helpers": lambda: calls.append(1)}, rounds=1, seconds=0.01)
    assert len(calls) > 100


def test_a_line_is_made_of_rounds(race):
    times = {"helpers": [1.0, 2.0, 1.0], "other": [3.0, 2.0, 8.0]}
    assert race.row("other", times, "helpers").split() == ["3.00", "1.00", "...", "8.00", "3.0", "s", "other"]


def test_a_part_runs_and_says_what_is_installed(root):
    run = subprocess.run([sys.executable, root / "benchmarks", "layout"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "in C order" in run.stdout
    assert "numpy 2" in run.stdout


def test_an_unknown_part_is_named(root):
    run = subprocess.run([sys.executable, root / "benchmarks", "speed"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 2
    assert "There is no part 'speed': softmax, layout, loss" in run.stderr
