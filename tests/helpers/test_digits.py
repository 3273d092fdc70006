"""The digits are those of scikit-learn, and a damaged file is refused before it is parsed."""

import hashlib
import importlib.resources
import io
import pathlib

import numpy as np
import pytest
import sklearn.datasets

from helpers import digits, load_digits


def test_the_digits_are_those_of_scikit_learn():
    (x, t), theirs = load_digits(), sklearn.datasets.load_digits()
    assert np.array_equal(x * 16, theirs.data)
    assert np.array_equal(t, theirs.target)
    assert (x.dtype, t.dtype) == (np.float64, np.intp)


def test_changing_what_was_loaded_changes_nothing_for_the_next_caller():
    x, t = load_digits()
    x[:], t[:] = 0, 0
    assert load_digits()[0].any()


@pytest.mark.parametrize("damage", ["missing", "damaged", "cut", "replaced"])
def test_a_missing_or_damaged_file_is_refused_before_it_is_parsed_and_a_remedy_is_named(root, tmp_path, monkeypatch, damage):
    content, file = (root / "helpers" / "data" / "digits.npz").read_bytes(), tmp_path / "data" / "digits.npz"
    file.parent.mkdir()
    if damage != "missing":
        file.write_bytes({"damaged": content[:900] + b"x" + content[901:], "cut": content[:-1], "replaced": b"PK"}[damage])
    monkeypatch.setattr(importlib.resources, "files", lambda _: tmp_path)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(OSError, match=r"the digits are (missing|damaged).*git checkout -- :/helpers/data"):
        load_digits()


def test_no_digit_is_unpickled_even_from_a_file_with_the_right_digest(monkeypatch):
    harmful = io.BytesIO()
    np.savez(harmful, images=np.array([None]), labels=np.array([0]))
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda path: harmful.getvalue())
    monkeypatch.setattr(digits, "SHA_256", hashlib.sha256(harmful.getvalue()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_digits()
