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


def test_a_race_gives_the_least_time_of_each_way_and_repeats_short_calls(race):
    calls = []
    times = race.race({"short": lambda: calls.append(1), "slow": lambda: time.sleep(0.01)}, rounds=3)
    assert times["slow"] >= 0.01 > 100 * times["short"]
    assert len(calls) > 100


def test_a_table_compares_with_the_first_way(race, capsys):
    ways = {"helpers": lambda: time.sleep(0.002), "slow": lambda: time.sleep(0.02)}
    race.table("softmax", {"1 × 3": ways, "32 × 10": {"helpers": lambda: time.sleep(0.002)}}, rounds=3)
    header, _, first, second = capsys.readouterr().out.strip().splitlines()
    assert header == "| softmax | helpers | slow |"
    assert float(first.split(" | ")[2].strip(" |")) > 1
    assert second.endswith(" ms |  |")
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
