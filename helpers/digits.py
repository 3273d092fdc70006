"""1,797 handwritten digits: which digit is it?"""

import io

import numpy as np

from helpers import data

SHA_256 = "af104d81e7cd419be5f343d23c6ca2e4e4ff847b06636260802df8e903c6183f"


def load_digits():
    """Return 1,797 handwritten digits, inputs (1797, 64) and labels (1797,).

    Returns
    -------
    x : ndarray of float64
        8×8 pixels each, row by row, from 0 (paper) to 1 (ink).
    t : ndarray of intp
        The digit, 0 to 9.

    Raises
    ------
    OSError
        If the file of the package is missing or damaged.

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
    content = data.read("digits.npz", SHA_256, "the digits")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["images"] / 16.0, arrays["labels"].astype(np.intp)
