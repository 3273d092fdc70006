"""1,797 handwritten digits: which digit is it?"""

import importlib.resources

import numpy as np


def load_digits():
    """Return 1,797 handwritten digits, inputs (1797, 64) and labels (1797,).

    Returns
    -------
    x : ndarray of float64
        8×8 pixels each, row by row, from 0 (paper) to 1 (ink).
    t : ndarray of intp
        The digit, 0 to 9.

    Examples
    --------
    >>> x, t = load_digits()
    >>> x.shape, t[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))

    Notes
    -----
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    https://doi.org/10.24432/C50P49, CC BY 4.0. Licence and changes: helpers/data/README.md.
    """
    file = importlib.resources.files("helpers").joinpath("data", "digits.npz")
    with file.open("rb") as content, np.load(content, allow_pickle=False) as arrays:
        return arrays["images"] / 16.0, arrays["labels"].astype(np.intp)
