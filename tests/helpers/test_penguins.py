"""The penguins are those of the package palmerpenguins, bird by bird."""

import importlib.resources

import numpy as np
import palmerpenguins
import pytest

from helpers import load_penguins

BILLS = ["bill_length_mm", "bill_depth_mm"]


@pytest.mark.parametrize("target", ["species", "sex"])
def test_the_birds_are_those_of_palmerpenguins(target):
    x, t, names = load_penguins(target)
    theirs = palmerpenguins.load_penguins().dropna(subset=[*BILLS, target])
    np.testing.assert_allclose(10 * (x + (4, 1)), theirs[BILLS], rtol=1e-15)
    assert [names[k].replace("é", "e") for k in t] == list(theirs[target])
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_the_classes_and_the_numbers_of_birds_are_those_of_the_course():
    x, t, names = load_penguins()
    assert names == ["Adélie", "Gentoo", "Chinstrap"]
    assert (x.shape, np.bincount(t).tolist()) == ((342, 2), [151, 123, 68])
    assert len(load_penguins("sex")[0]) == 333


def test_the_inputs_have_the_two_decimals_that_were_measured():
    x, t, _ = load_penguins()
    assert x[282].tolist() == [0.6, 0.89]
    assert t[282] == 2
    assert all(len(repr(float(number)).partition(".")[2]) <= 2 for number in x.flat)


def test_changing_what_was_loaded_changes_nothing_for_the_next_caller():
    x, t, names = load_penguins()
    x[:], t[:], names[:] = 0, 0, ""
    x, t, names = load_penguins()
    assert x.any()
    assert t.any()
    assert all(names)


@pytest.mark.parametrize("target", ["island", None, 0, ["sex"]])
def test_another_target_is_refused(target):
    with pytest.raises(ValueError, match='target must be "species" or "sex", not '):
        load_penguins(target)


def test_a_file_that_is_missing_or_damaged_is_refused_and_a_remedy_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.resources, "files", lambda _: tmp_path)
    with pytest.raises(OSError, match=r"the penguins are missing.*git checkout -- :/helpers/data"):
        load_penguins()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "penguins.csv").write_text("species,bill_length_mm,bill_depth_mm,sex\nGentoo,1,1,male\n")
    with pytest.raises(OSError, match=r"the penguins are damaged.*git checkout -- :/helpers/data"):
        load_penguins()
