"""The penguins are those of the package palmerpenguins, the digits are scikit-learn's."""

import csv
import importlib.util
import pathlib

import numpy as np
import pytest

from helpers import load_digits, load_penguins


def of_package(package, *parts):
    """Return the path of a package's file. Importing scikit-learn or pandas takes a second, and its data need neither."""
    return pathlib.Path(importlib.util.find_spec(package).origin).parent.joinpath(*parts)


@pytest.mark.parametrize("target", ["species", "sex"])
def test_the_birds_are_those_of_palmerpenguins(target):
    x, t, names = load_penguins(target)
    with of_package("palmerpenguins", "data", "penguins.csv").open(encoding="utf-8") as file:
        theirs = [row for row in csv.DictReader(file) if "NA" not in (row["bill_length_mm"], row[target])]
    bills = [[float(row["bill_length_mm"]), float(row["bill_depth_mm"])] for row in theirs]
    np.testing.assert_allclose(10 * (x + (4, 1)), bills, rtol=1e-15)
    assert [names[k].replace("é", "e") for k in t] == [row[target] for row in theirs]
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_the_digits_are_those_of_scikit_learn():
    (x, t), theirs = load_digits(), np.loadtxt(of_package("sklearn", "datasets", "data", "digits.csv.gz"), delimiter=",")
    assert np.array_equal(x * 16, theirs[:, :-1])
    assert np.array_equal(t, theirs[:, -1])
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_the_classes_and_the_numbers_of_birds_are_those_of_the_course():
    x, t, names = load_penguins()
    assert names == ["Adélie", "Gentoo", "Chinstrap"]
    assert (x.shape, np.bincount(t).tolist()) == ((342, 2), [151, 123, 68])
    assert len(load_penguins("sex")[0]) == 333
    assert (x[282].tolist(), t[282]) == ([0.6, 0.89], 2)  # the learners' example, nearly
    assert all(len(repr(float(number)).partition(".")[2]) <= 2 for number in x.flat)  # as they were measured


@pytest.mark.parametrize("target", ["island", None, ["sex"]])
def test_another_target_is_refused(target):
    with pytest.raises(ValueError, match='target must be "species" or "sex", not '):
        load_penguins(target)
