"""Slopes that are measured as readers measure them, rightly and with the usual mistakes: for pages 03 and 04."""

import functools

import numpy as np

__all__ = ["UNCHANGED", "entry_by_entry", "in_place", "itself", "squares", "written"]


def squares(x):
    return float(np.sum(x**2))


def written(x):
    return np.array2string(x, separator=", ").replace("\n", "")


def entry_by_entry(formula, h=1e-5):
    """Return an answer that takes formula(at, h) for each entry of x, where at(s) is f with this entry moved by s."""

    def answer(f, x, h=h):
        at_x = functools.cache(lambda: f(x))

        def slope(k):
            def at(s):
                other = x.copy()
                other[k] += s
                return f(other) if s else at_x()

            return formula(at, h(x[k]) if callable(h) else h)

        return np.reshape([slope(k) for k in np.ndindex(x.shape)], x.shape)

    return answer


def _each(entries):
    return ((k, entries[k]) for k in range(len(entries)))


def in_place(entries=lambda x: x.flat, keep=np.copy, restore=True, visit=_each):
    """Return an answer that moves what `entries` makes of x up and down, part by part, and then puts the kept part back."""

    def answer(f, x, h=1e-5):
        moved, slopes = entries(x), []
        for k, value in visit(moved):
            kept = keep(value)
            moved[k] = kept + h
            above = f(x)
            moved[k] = kept - h
            slopes.append(np.full(np.shape(kept), (above - f(x)) / (2 * h)))
            if restore:
                moved[k] = kept
        return np.reshape(slopes, x.shape)

    return answer


def itself(x):
    return x


UNCHANGED = (
    "f never saw a change", lambda f, x, *_: np.zeros(x.shape),
    "All slopes are 0: whenever f was called, x had its old values. Does your code change a copy of x, such as x.flatten()? "
    "Are two names the same array? `up = x` copies nothing. Or is the step so small that it makes no difference?",
)  # fmt: skip
