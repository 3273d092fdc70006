"""The exercises' checks: check.NAME(your_function) says "solved" or "not yet", and why.

A check tries the function on cases that are drawn again whenever its text changes, and returns a Verdict: what was tried,
what was expected, what your function returned, and a hint. There is a module of exercises for each page.
"""

import importlib
import pkgutil

from helpers.check.engine import runner

_pages = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
EXERCISES = {name: getattr(page, name) for page in _pages for name in page.__all__ if not page.__name__.endswith("engine")}
globals().update(EXERCISES)  # after all imports, so that check.softmax is the exercise and not the module of that name
__all__ = [*EXERCISES]

runner.start()  # in the background: by the first check it is ready
