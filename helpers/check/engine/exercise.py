"""What an exercise is, and how an answer to it is judged."""

import hashlib
import inspect
import linecache
from typing import NamedTuple

import numpy as np

from helpers.check.engine import hints, runner
from helpers.check.engine.values import difference, plain, restored, same, shown
from helpers.check.engine.verdict import Verdict
from helpers.check.engine.watching import observe


class Mistake(NamedTuple):
    """A mistake that is often made: what answers that make it look like, and what to say about it."""

    name: str
    answers: list
    hint: str


class Exercise:
    """An exercise of the course. Call it with your function, and it says "solved" or "not yet", and why.

    The function is called with cases that are drawn again whenever its source changes, in a process of its own where the
    system allows that. It must return what is expected and leave its arguments as they were.

    Parameters
    ----------
    name : str
    cases : function of a numpy.random.Generator that yields Cases
        With the same generator it yields the same cases, made again.
    truth : function of a case's arguments
        Returns what is expected.
    mistakes : list of (name, answer or list of answers, hint)
        The mistakes that are often made, in the order in which they are looked for. The name is a few words. Whoever does
        the same as one of these answers in all cases is given the hint, which says in whole sentences what happened and
        why, and does not give the solution away.
    forbidden : list of functions
        The answer must not call them, because it is to do their work.
    tolerance : float
        How far a number may be off, relative to the largest expected entry.
    parts : tuple of str
        The names of the parts of the result, if it has several.
    suspect : str
        What to look at if the mistake is not recognised: a question.

    Returns
    -------
    Verdict
        True if the exercise is solved.

    Raises
    ------
    TypeError
        If the exercise is called with something that is not a function.
    """

    def __init__(self, name, cases, truth, mistakes, forbidden=(), tolerance=1e-7, parts=(), suspect=""):  # noqa: PLR0913, PLR0917
        self.name, self.truth, self.tolerance, self.parts, self.suspect = name, truth, tolerance, parts, suspect
        self.mistakes = [
            Mistake(name, found if isinstance(found, list) else [found], hint) for name, found, hint in mistakes
        ]
        self.forbidden = [*forbidden, truth, *(answer for mistake in self.mistakes for answer in mistake.answers)]
        self._cases = cases
        self.__doc__ = f"check.{name}(function) says whether the function solves the exercise and, if not, why."

    def __repr__(self):
        return f"check.{self.name}: call it with your function"

    def __call__(self, answer, seed=None):
        if not callable(answer):
            raise TypeError(
                f"check.{self.name} takes your function itself, not {shown(plain(answer))}: "
                f"write check.{self.name}(my_{self.name}), without a call inside the parentheses"
            )
        seed = _seed(answer) if seed is None else seed
        return self.judge(*runner.run(self, answer, seed), seed)

    def cases(self, seed):
        """Return the cases that are drawn from a seed."""
        return list(self._cases(np.random.default_rng(seed)))

    def judge(self, observations, ended, seed):
        """Return the Verdict on what an answer did: a list of what `observe` yields, and how the answer ended."""
        cases, expected = self.cases(seed), [seen["result"] for seen in observe(self.truth, self.cases(seed))]
        observations = observations[: len(cases)]
        for k, (seen, wanted) in enumerate(zip(observations, expected, strict=False)):
            if problem := self._problem(seen, wanted):
                problem = (not seen["called"] and self._known_mistake(observations, seed)) or problem
                if problem[0] == hints.UNKNOWN[0]:
                    factor = hints.of_factor(observations, expected, k, self.tolerance, self.parts)
                    problem = factor or (problem[0], f"{problem[1]} {self.suspect}".strip())
                return self._not_yet(problem, self._lines(cases[k], seen, wanted, k))
        if ended or len(observations) < len(cases):
            lines = [("tried", cases[len(observations)].tried())] if len(observations) < len(cases) else []
            return self._not_yet(hints.ENDS.get(ended, hints.ENDS_PYTHON), [*lines, ("got", "no result")])
        return Verdict(self.name, True, cases=len(cases))

    def _problem(self, seen, wanted):
        """Return (name, hint) of what is wrong with what an answer did in one case, if anything is."""
        if seen["called"]:
            return hints.of_call(seen["called"][0])
        if "error" in seen:
            return hints.of_error(seen["error"])
        fits = seen["result"]["kind"] == wanted["kind"] and seen["result"].get("shape") == wanted.get("shape")
        if seen["changed"] and fits:
            return hints.of_change(*seen["changed"][0])
        right = same(seen["result"], wanted, self.tolerance)
        if seen["rejected"]:
            *problem, even_if_right = seen["rejected"]
            return problem if even_if_right or not right else None
        return None if right else hints.of_result(seen["result"], wanted, self.tolerance, self.parts)

    def _known_mistake(self, observations, seed):
        """Return (name, hint) of the mistake that does in all cases what the answer did, if there is one."""
        only_errors = all("error" in seen for seen in observations)
        for mistake in self.mistakes:
            for answer in mistake.answers:
                others = observe(answer, self.cases(seed))
                if all(_alike(seen, other, only_errors) for seen, other in zip(observations, others, strict=False)):
                    return mistake.name, mistake.hint
        return None

    def _lines(self, case, seen, wanted, passed):
        lines = [("tried", case.tried())]
        if "error" in seen or seen["result"]["kind"] != wanted["kind"]:
            got = _error_line(seen["error"]) if "error" in seen else shown(seen["result"])
            lines += [("expected", case.returns or shown(wanted)), ("got", got)]
        elif same(seen["result"], wanted, self.tolerance):
            lines.append(("got", "the right result"))
        else:
            where, got, expected = difference(seen["result"], wanted, self.tolerance, self.parts)
            lines += [("expected", shown(expected) + where), ("got", shown(got) + where)]
            if shown(got) == shown(expected) and got["kind"] == "array":
                lines.append(("off by", f"{np.max(np.abs(restored(got) - restored(expected))):.1g}"))
        if seen["printed"]:
            lines.append(("printed", " / ".join(seen["printed"])))
        if passed:
            lines.append(("passed", f"{passed} {'case' if passed == 1 else 'cases'} before this one"))
        return lines

    def _not_yet(self, problem, lines):
        name, hint = problem
        return Verdict(self.name, False, name, (*lines, ("hint", f"{name}: {hint}")))


def _seed(answer):
    """Return a number that depends on the text of the answer, so that another version of it is tried on other cases."""
    answer = answer if inspect.isroutine(answer) else type(answer)
    try:
        text = inspect.getsource(answer)
    except Exception:  # there is no source, or the object refuses to be looked at
        code = getattr(answer, "__code__", None)
        text = repr((code.co_code, code.co_names)) if code else str(type(answer))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def _alike(seen, other, only_errors):
    """Return whether two answers did the same in one case. If all that one did is raise errors, these must be the same."""
    if "error" in seen or "error" in other:
        words = ("type", "text") if only_errors else ("type",)
        return "error" in seen and "error" in other and all(seen["error"][word] == other["error"][word] for word in words)
    return seen["changed"] == other["changed"] and same(seen["result"], other["result"], 1e-6)


def _error_line(error):
    code = linecache.getline(error["file"], error["line"]).strip()[:100] if error["line"] else ""
    where = f", in your line {error['line']}: {code}" if error["line"] else ""
    return error["type"] + (f": {error['text']}" if error["text"] else "") + where
