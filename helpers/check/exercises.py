"""What an exercise is, and how an answer to it is judged."""

import functools
import hashlib
import inspect
import warnings
from typing import NamedTuple

import numpy as np

from helpers.check.answers import observed, tried_by_us
from helpers.check.apart import collected
from helpers.check.hints import of_call, of_change, of_error, of_result
from helpers.check.values import close, plain, restored, same, shown
from helpers.check.verdicts import Verdict

__all__ = ["Exercise", "Slip"]

TOLERANCE = 1e-7  # relative to the largest entry of what is expected


class Slip(NamedTuple):
    """A mistake that is often made: its name, a hint that does not give the solution away, and an answer that makes it."""

    name: str
    hint: str
    answer: object


class Exercise:
    """An exercise of the course. Call it with your function, and it says "solved" or "not yet", and why.

    The function is called with cases that are drawn anew whenever its source changes, in a process of its own where the
    system allows that, for 10 seconds at most. It must return what is expected and leave its arguments as they were.

    Parameters
    ----------
    name : str
    cases : function of a numpy.random.Generator that yields Cases; called again, it makes the same ones afresh
    truth : function of a case's arguments that returns what is expected
    slips : list of Slip
    instead_of : list of functions that the answer must not call, for it is to do their work
    tolerance, least : how far a number may be off, relative to the largest expected entry, or to `least` if that is more

    Returns
    -------
    Verdict
        True if solved.

    Raises
    ------
    TypeError
        If what it is called with is not a function.
    """

    def __init__(self, name, cases, truth, slips, instead_of=(), tolerance=TOLERANCE, least=0.0):  # noqa: PLR0913, PLR0917
        self.name, self.cases, self.truth, self.slips = name, cases, truth, slips
        self.tolerance, self.least = tolerance, least
        self.not_to_call = [*instead_of, truth, *(slip.answer for slip in slips)]
        self.__doc__ = f"check.{name}(function) says whether the function solves the exercise, and if not, why."

    def __repr__(self):
        return f"check.{self.name}: call it with your function"

    def __call__(self, answer):
        if not callable(answer):
            raise TypeError(
                f"check.{self.name} takes your function itself, not {shown(plain(answer))}: no call, no brackets"
            )
        seed = _seed(answer)
        came, cut = collected(observed(answer, self._cases(seed), self.not_to_call))
        return self._judged(came, cut, seed)

    def _cases(self, seed):
        return self.cases(np.random.default_rng(seed))

    def _judged(self, came, cut, seed):
        cases = list(self._cases(seed))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wanted = [plain(self.truth(*case.arguments.values())) for case in self._cases(seed)]
        came = came[: len(cases)]
        for k, seen in enumerate(came):
            if trouble := self._trouble(seen, wanted[k]):
                slip, hint = self._slip(came, seed) or trouble
                return self._not_yet(cases[k], seen, wanted[k], slip, hint, k)
        if cut or len(came) < len(cases):
            lines = [("tried", cases[len(came)].tried())] if len(came) < len(cases) else []
            return Verdict(self.name, False, "no answer", (*lines, ("came", cut or "What came back is not whole.")))
        return Verdict(self.name, True, cases=len(cases))

    def _trouble(self, seen, wanted):
        """Return (name, hint) of what is wrong with what an answer did in one case, if anything is."""
        if seen["called"]:
            return of_call(seen["called"][0])
        if "error" in seen:
            return of_error(seen["error"])
        fits = seen["result"]["kind"] == wanted["kind"] and seen["result"].get("shape") == wanted.get("shape")
        if seen["changed"] and fits:
            return of_change(*seen["changed"][0])
        if not same(seen["result"], wanted, self.tolerance, self.least):
            return seen["complaint"] or of_result(seen["result"], wanted, self.tolerance)
        return seen["complaint"]

    def _slip(self, came, seed):
        """Return (name, hint) of the slip that does in all cases what the answer did, if there is one."""
        if any(seen["called"] for seen in came):
            return None
        for slip in self.slips:
            if all(map(_alike, came, tried_by_us(slip.answer, self._cases(seed)))):
                return slip.name, slip.hint
        return None

    def _not_yet(self, case, seen, wanted, slip, hint, passed):  # noqa: PLR0913, PLR0917
        lines = [("tried", case.tried())]
        if "error" in seen:
            lines += [("expected", shown(wanted)), ("came", _error_line(seen["error"]))]
        elif same(seen["result"], wanted, self.tolerance, self.least):
            lines.append(("came", "the right result"))
        else:
            where, a, b = _difference(seen["result"], wanted, self.tolerance)
            lines += [("expected", shown(b) + where), ("came", shown(a) + where)]
        if seen["printed"]:
            lines.append(("printed", " / ".join(seen["printed"])))
        if passed:
            lines.append(("before", f"{passed} {'case' if passed == 1 else 'cases'} came out right"))
        return Verdict(self.name, False, slip, (*lines, ("hint", f"{slip}: {hint}")))


def _seed(answer):
    """Return a number that is another for each text of the answer: what one version was shown does not come again."""
    answer = getattr(answer, "func", answer) if type(answer) is functools.partial else answer
    answer = answer if inspect.isroutine(answer) else type(answer)
    try:
        text = inspect.getsource(answer)
    except Exception:  # no source, or an object that does not want to be looked at
        code = getattr(answer, "__code__", None)
        text = repr((code.co_code, code.co_names)) if code else str(type(answer))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def _alike(seen, slip):
    if "error" in seen or "error" in slip:
        return "error" in seen and "error" in slip
    same_effect = seen["changed"] == slip["changed"] and bool(seen["complaint"]) == bool(slip["complaint"])
    return same_effect and same(seen["result"], slip["result"], 1e-6)


def _error_line(error):
    where = f", in your line {error['line']}: {error['code']}" if error["line"] else ""
    return error["type"] + (f": {error['text']}" if error["text"] else "") + where


def _difference(came, wanted, tolerance, where=""):
    """Return where two plain values first differ, and both there: as a whole if that is short."""
    short = not any("array" in shown(value) for value in (came, wanted))
    if short or came["kind"] != wanted["kind"]:
        return where, came, wanted
    if came["kind"] == "list" and len(came["items"]) == len(wanted["items"]):
        pairs = list(zip(came["items"], wanted["items"], strict=True))
        k = next(k for k, pair in enumerate(pairs) if not same(*pair, tolerance))
        return _difference(*pairs[k], tolerance, f"{where or ' in part '}[{k}]")
    if came["kind"] == "array" and came["shape"] == wanted["shape"]:
        a, b = restored(came), restored(wanted)
        index = tuple(np.argwhere(~close(a, b, tolerance))[0].tolist())
        return f" at {list(index)}{where}", plain(a[index]), plain(b[index])
    return where, came, wanted
