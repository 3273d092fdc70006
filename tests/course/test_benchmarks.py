"""The benchmarks run."""

import sys

import pytest
from faults import run


@pytest.mark.thorough
def test_a_part_runs_and_an_unknown_one_is_named(root):
    code, printed = run(sys.executable, root / "benchmarks", "loss")
    assert code == 0, printed
    assert "| 10,000 × 10 | " in printed
    code, printed = run(sys.executable, root / "benchmarks", "speed")
    assert code == 2
    assert "There is no part 'speed': softmax, loss" in printed
