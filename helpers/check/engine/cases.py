"""What an answer is called with."""

import numpy as np

from helpers.check.engine.values import plain, shown

__all__ = ["Case", "RecordingFunction", "tenths"]


def _no_complaint():
    return None


def _call(answer, *arguments):
    return answer(*arguments)


class Case:
    """One call of an answer.

    Parameters
    ----------
    description : str, optional
        What is tried, as the verdict says it. By default the arguments are shown.
    requirement : function without arguments, optional
        Is called after the answer. Returns None, or the name of a mistake and a hint if the answer broke a rule that its
        result does not show, for example by calling a function too often.
    explanation : function without arguments, optional
        The same, but it is asked only when the result is wrong: it says more than the result does.
    call : function of an answer and its arguments, optional
        Calls the answer and returns what is to be compared. By default that is what the answer returns.
    **arguments
        What the answer is called with, by position.
    """

    def __init__(self, description="", requirement=_no_complaint, explanation=_no_complaint, call=_call, **arguments):
        self.description, self.requirement, self.explanation = description, requirement, explanation
        self.call, self.arguments = call, arguments

    def run(self, answer):
        """Call `answer` and return what is to be compared."""
        return self.call(answer, *self.arguments.values())

    def tried(self):
        """Return what is tried, as one line."""
        return self.description or ", ".join(f"{name} = {shown(plain(value))}" for name, value in self.arguments.items())


class RecordingFunction:
    """A function of an array that records how often it is called and how far from `x`.

    Attributes
    ----------
    calls : int
    steps : list of float
        For each call with an array other than `x`, the largest change of an entry, with its sign.

    Raises
    ------
    ValueError
        If it is called with an array of another shape than that of `x`.
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
