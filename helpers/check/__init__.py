"""The exercises' checks: check.NAME(your_function) says "solved" or "not yet", and why.

A check tries the function on cases that are drawn again whenever its text changes, and returns a Verdict: what was tried,
what was expected, what your function returned, and a hint. Each page has a module of exercises here.
"""

import importlib
import pkgutil

from helpers.check.engine import runner
from helpers.check.engine.exercise import Exercise

EXERCISES = {}
for _found in pkgutil.iter_modules(__path__):
    if not _found.ispkg:
        _page = importlib.import_module(f"{__name__}.{_found.name}")
        EXERCISES |= {name: thing for name, thing in vars(_page).items() if isinstance(thing, Exercise)}
globals().update(EXERCISES)  # after all imports, so that check.softmax is the exercise and not the module of that name
__all__ = list(EXERCISES)

runner.start()  # in the background, so that it is ready when the first check needs it
