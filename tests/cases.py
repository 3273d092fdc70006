"""More for check_gradient to judge, right and wrong, whose reports are in tests/reports.txt: (f, gradient, x, h, seed).

Right gradients in the places where a rule could speak up and must not, and wrong ones just beyond a rule's reach.
"""

import numpy as np

CASES = []


def case(function):
    CASES.append(function)
    return function


@case
def a_plain_square():
    return (lambda x: float((x**2).sum())), lambda x: 2 * x, np.array([3.0, 4.0])
