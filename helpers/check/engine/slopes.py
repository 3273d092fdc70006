"""Slopes that are measured as readers measure them, rightly and with the usual mistakes: for pages 03 and 04."""

import numpy as np


def squares(x):
    return float(np.sum(x**2))


def written(x):
    return np.array2string(x, separator=", ").replace("\n", "")


def itself(x):
    return x


def central(at, h):
    return (at(h) - at(-h)) / (2 * h)


def _each(entries):
    return ((k, entries[k]) for k in range(len(entries)))


def by_steps(  # noqa: PLR0913, PLR0917
    formula=central, h=1e-5, entries=lambda x: x.flat, keep=np.copy, left=lambda kept, h: kept, visit=_each
):
    """Return an answer that takes formula(at, h) for each part of entries(x), where at(s) is f with this part moved by s.

    x itself is moved, and afterwards the part is left(kept, h). Instead of a step, h may be a function of the part."""

    def answer(f, x, h=h):
        base, moved, slopes = f(x), entries(x), []
        for k, value in visit(moved):
            kept = keep(value)
            step = h(kept) if callable(h) else h

            def at(s, k=k, kept=kept):
                moved[k] = kept + s
                return f(x) if s else base

            slopes.append(np.full(np.shape(kept), formula(at, step)))
            moved[k] = left(kept, step)
        return np.reshape(slopes, x.shape)

    return answer


def on_a_copy(answer):
    return lambda f, x, *h: answer(f, x.copy(), *h)


UNCHANGED = (
    "f never saw a change", lambda f, x, *_: np.zeros(x.shape),
    "All slopes are 0: whenever f was called, x had its old values. Does your code change a copy of x, such as x.flatten()? "
    "Are two names the same array? `up = x` copies nothing. Or is the step so small that it makes no difference?",
)  # fmt: skip
