"""What an answer is called with."""

import numpy as np

import helpers
from helpers.check.engine.values import plain, shown

# How an exercise is judged whose truth is `measured`: the answer must not measure, and measuring is not exact.
MEASURED = {"forbidden": (helpers.numerical_gradient, helpers.check_gradient), "tolerance": 1e-6}
FROM_KINK = 1e-2


def _call(answer, *arguments):
    return answer(*arguments)


class Rejection(Exception):
    """Raised by the `call` of a case if the `result` of the answer cannot be used, or if the answer broke a rule.

    A rejection that does not count `even_if_right` only says more than a wrong result does."""

    def __init__(self, name, hint, result, even_if_right=True):
        super().__init__(name)
        self.problem, self.result, self.even_if_right = [name, hint], result, even_if_right


class Case:
    """One call of an answer.

    Parameters
    ----------
    description : str, optional
        What is tried, as the verdict says it. By default the arguments are shown.
    call : function of an answer and its arguments, optional
        Calls the answer and returns what is to be compared, by default what the answer returns. It may raise Rejection.
    returns : str, optional
        What the answer should return, if that is not what is compared.
    **arguments
        What the answer is called with, by position.
    """

    def __init__(self, description="", call=_call, returns="", **arguments):
        self.description, self.call, self.returns, self.arguments = description, call, returns, arguments

    def run(self, answer):
        """Call `answer` and return what is to be compared."""
        return self.call(answer, *self.arguments.values())

    def tried(self):
        """Return what is tried, as one line."""
        return self.description or ", ".join(f"{name} = {shown(plain(value))}" for name, value in self.arguments.items())


class RecordingFunction:
    """A function of an array that counts its `calls`.

    Its `steps` are, for each call with an array other than `x`, the largest change of an entry, with its sign. An array of
    another shape than that of `x` raises ValueError.
    """

    def __init__(self, function, x):
        self.function, self.x, self.calls, self.steps = function, x.copy(), 0, []

    def __call__(self, x):
        if np.shape(x) != self.x.shape:
            raise ValueError(f"f takes an array of the shape of x, {self.x.shape}, and was called with {np.shape(x)}")
        self.calls += 1
        change = (x - self.x).ravel()
        largest = float(change[np.argmax(np.abs(change))])
        if largest:
            self.steps.append(largest)
        return self.function(x)

    def __repr__(self):
        return "f"


def tenths(rng, shape, largest=3.0):
    """Return random numbers with one decimal, which are easy to read and to compute with by hand."""
    return rng.integers(round(-10 * largest), round(10 * largest) + 1, shape) / 10


def off_kinks(*inputs):
    """Return whether no input of a ReLU is so close to 0 that a measured slope would be wrong."""
    return all(np.min(np.abs(z)) > FROM_KINK for z in inputs)


def measured(function, *arrays):
    """Return the slopes of function(*arrays) with respect to each array, as measured by helpers.numerical_gradient."""
    arrays = [array.copy() for array in arrays]
    return [helpers.numerical_gradient(lambda _: function(*arrays), array) for array in arrays]
