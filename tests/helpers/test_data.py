"""The penguins are those of the package palmerpenguins, the digits are scikit-learn's, and damaged files are refused."""

import hashlib
import importlib.resources
import io
import pathlib

import numpy as np
import pytest

from helpers import digits, load_digits, load_penguins

BILLS = ["bill_length_mm", "bill_depth_mm"]


@pytest.mark.parametrize("target", ["species", "sex"])
def test_the_birds_are_those_of_palmerpenguins(target):
    import palmerpenguins  # takes a second

    x, t, names = load_penguins(target)
    theirs = palmerpenguins.load_penguins().dropna(subset=[*BILLS, target])
    np.testing.assert_allclose(10 * (x + (4, 1)), theirs[BILLS], rtol=1e-15)
    assert [names[k].replace("é", "e") for k in t] == list(theirs[target])
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_the_digits_are_those_of_scikit_learn():
    import sklearn.datasets  # takes a second

    (x, t), theirs = load_digits(), sklearn.datasets.load_digits()
    assert np.array_equal(x * 16, theirs.data)
    assert np.array_equal(t, theirs.target)
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_the_classes_and_the_numbers_of_birds_are_those_of_the_course():
    x, t, names = load_penguins()
    assert names == ["Adélie", "Gentoo", "Chinstrap"]
    assert (x.shape, np.bincount(t).tolist()) == ((342, 2), [151, 123, 68])
    assert len(load_penguins("sex")[0]) == 333
    assert (x[282].tolist(), t[282]) == ([0.6, 0.89], 2)  # the learners' example, nearly
    assert all(len(repr(float(number)).partition(".")[2]) <= 2 for number in x.flat)  # as they were measured


@pytest.mark.parametrize("load", [load_digits, load_penguins])
def test_changing_what_was_loaded_changes_nothing_for_the_next_caller(load):
    for part in load():
        part[:] = "" if isinstance(part, list) else 0
    assert all(np.any(part) for part in load()[:2])


@pytest.mark.parametrize("target", ["island", None, ["sex"]])
def test_another_target_is_refused(target):
    with pytest.raises(ValueError, match='target must be "species" or "sex", not '):
        load_penguins(target)


@pytest.mark.parametrize("damage", ["missing", "damaged", "cut"])
@pytest.mark.parametrize(("load", "name"), [(load_digits, "digits.npz"), (load_penguins, "penguins.csv")])
def test_a_missing_or_damaged_file_is_refused_and_a_remedy_is_named(load, name, damage, tmp_path, monkeypatch):
    file = tmp_path / "data" / name
    content = (pathlib.Path(digits.__file__).parent / "data" / name).read_bytes()
    file.parent.mkdir()
    if damage != "missing":
        file.write_bytes(content[:900] + b"x" + content[901:] if damage == "damaged" else content[:-1])
    monkeypatch.setattr(importlib.resources, "files", lambda _: tmp_path)
    what = name.partition(".")[0]
    with pytest.raises(OSError, match=rf"the {what} are (missing|damaged).*git checkout -- :/helpers/data"):
        load()


def test_no_digit_is_unpickled_even_from_a_file_with_the_right_digest(monkeypatch):
    harmful = io.BytesIO()
    np.savez(harmful, images=np.array([None]), labels=np.array([0]))
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda path: harmful.getvalue())
    monkeypatch.setattr(digits, "SHA_256", hashlib.sha256(harmful.getvalue()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_digits()
