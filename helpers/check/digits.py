"""The exercises of notebook 07: digits."""

import numpy as np

from helpers.check.answers import Case
from helpers.check.exercises import Exercise, Slip

__all__ = ["right_per_digit", "scaled", "shifted"]


def _answers(rng):
    def case(each, share):
        t = rng.permutation(np.repeat(np.arange(10), np.asarray(each, np.intp)))  # in a browser, 32 bits
        predicted = np.where(rng.random(t.size) < share, t, rng.integers(0, 10, t.size)).astype(np.intp)
        predicted[(t == 9) & (share < 0.6)] = 4  # of a digit, none may be right
        return Case(f"{t.size} digits, {(t == predicted).sum()} of them right", t=t, predicted=predicted)

    yield case([2] * 10, 0.5)
    yield case(rng.integers(5, 40, 10), 0.7)
    yield case(rng.integers(5, 40, 10), 0.97)


def _table(t, predicted):
    table = np.zeros((10, 10))
    np.add.at(table, (t, predicted), 1)
    return table


def _once(t, predicted):
    table = np.zeros((10, 10))
    table[t, predicted] += 1
    return np.diag(table) / table.sum(axis=1)


def _quiet(share):
    def answer(t, predicted):
        with np.errstate(all="ignore"):
            return share(_table(t, predicted))

    return answer


right_per_digit = Exercise(
    "right_per_digit",
    _answers,
    lambda t, predicted: np.bincount(t[t == predicted], minlength=10) / np.bincount(t),
    [
        Slip(
            "of those called so",
            "This is the share of those that were called a 3, the precision. Asked for is the share of those that are a 3.",
            _quiet(lambda table: np.diag(table) / table.sum(axis=0)),
        ),
        Slip("counts", "These are counts. A share is a count divided by how many there are.", _quiet(np.diag)),
        Slip(
            "of all digits",
            "Divide by how many there are of this digit, not of all.",
            _quiet(lambda table: np.diag(table) / table.sum()),
        ),
        Slip(
            "one share for all",
            "This is the share of all digits together.",
            lambda t, predicted: float(np.mean(t == predicted)),
        ),
        Slip(
            "the wrong ones", "This is the share of mistakes.", _quiet(lambda table: 1 - np.diag(table) / table.sum(axis=1))
        ),
        Slip("counted once", "table[t, predicted] += 1 adds a repeated pair once. np.add.at counts each.", _once),
        Slip(
            "whole numbers",
            "A // or an array of integers rounds the shares off.",
            _quiet(lambda table: np.diag(table) // table.sum(axis=1)),
        ),
    ],
)


def _splits(rng):
    def case(n, d, blank, say):
        x = rng.integers(0, 17, (n, d)) / 16
        x[:, :blank] = 0
        order = rng.permutation(n)
        learn, asked = order[: 2 * n // 3], order[2 * n // 3 :]
        x[asked] = np.minimum(x[asked] + 0.25, 1) * (np.arange(d) >= blank)
        return Case(say, x=x, learn=learn, asked=asked)

    yield case(30, 4, 0, "30 examples of 4 numbers")
    yield case(60, 8, 0, "60 examples of 8 numbers")
    yield case(60, 8, 2, "60 examples of 8 numbers, two of them always 0")
    odd = case(30, 4, 1, "30 examples; one pixel is blank in all of `learn`, and not in all of `asked`")
    odd.arguments["x"][odd.arguments["asked"][0], 0] = 1.0
    yield odd


def _by(statistics_of, blank=True, deviation=lambda rows: rows.std(axis=0)):
    def scale(x, learn, asked):
        with np.errstate(all="ignore"):
            results = []
            for part in (learn, asked):
                rows = x[statistics_of(x, learn, asked, part)]
                std = deviation(rows)
                results.append((x[part] - rows.mean(axis=0)) / (np.where(std > 0, std, 1) if blank else std))
            return tuple(results)

    return scale


def _spreads(x, learn, asked):
    known = x[learn]
    middle, spread = known.mean(axis=0), np.sqrt(((known - known.mean(axis=0)) ** 2).mean(axis=0))
    spread[spread == 0] = 1
    return (known - middle) / spread, (x[asked] - middle) / spread


_TWO_MEANINGS = "The two parts were scaled differently, so the same image has two meanings. Scale both by the same numbers."
scaled = Exercise(
    "scaled",
    _splits,
    _spreads,
    [
        Slip(
            "the test set has told",
            "The mean and the deviation were taken over all the data, the locked-away part too. What may be looked at? "
            "(And a pixel that is always blank has a deviation of 0.)",
            _by(lambda x, learn, asked, part: slice(None), blank=False),
        ),
        Slip(
            "the test set has told",
            "The mean and the deviation were taken over all the data, the locked-away part too. What may be looked at?",
            _by(lambda x, learn, asked, part: slice(None)),
        ),
        Slip(
            "blank pixels",
            "A pixel that is always blank has a deviation of 0, and 0 / 0 is NaN. What should become of it?",
            _by(lambda x, learn, asked, part: learn, blank=False),
        ),
        Slip(
            "each by its own",
            _TWO_MEANINGS,
            _by(lambda x, learn, asked, part: part),
        ),
        Slip(
            "each by its own",
            _TWO_MEANINGS,
            _by(lambda x, learn, asked, part: part, blank=False),
        ),
        Slip(
            "by the test set",
            "The numbers to scale by come from the examples to learn from, not from those that are asked.",
            _by(lambda x, learn, asked, part: asked),
        ),
        Slip(
            "only centred",
            "The deviation to divide by is 1 here, for every pixel: is it missing, or was it replaced too often?",
            _by(lambda x, learn, asked, part: learn, deviation=lambda rows: np.ones(rows.shape[1])),
        ),
        Slip(
            "one deviation for all",
            "Each pixel has its own deviation: along which axis?",
            _by(lambda x, learn, asked, part: learn, deviation=lambda rows: np.full(rows.shape[1], rows.std())),
        ),
        Slip(
            "divided by almost nothing",
            "A pixel that never changed in `learn` may do so in `asked`, and is divided by 1e-8: it is only to be centred.",
            _by(lambda x, learn, asked, part: learn, deviation=lambda rows: rows.std(axis=0) + 1e-8),
        ),
        Slip(
            "NaN made 0",
            "x / 0 is infinite where the pixel is not blank in `asked`: mend the deviation, not the result.",
            lambda x, learn, asked: tuple(
                np.nan_to_num(part) for part in _by(lambda x, learn, asked, part: learn, blank=False)(x, learn, asked)
            ),
        ),
        Slip(
            "variance",
            "The variance is the square of the standard deviation.",
            _by(lambda x, learn, asked, part: learn, deviation=lambda rows: rows.var(axis=0)),
        ),
    ],
)


def _moves(rng):
    for n, right, down in ((1, 1, 0), (2, 0, 1), (3, -2, 0), (3, 2, -1), (2, 0, 0), (2, 8, 0)):
        x = rng.integers(1, 17, (n, 64)) / 16
        yield Case(
            f"{n} full {'image' if n == 1 else 'images'}, right = {right}, down = {down}", x=x, right=right, down=down
        )


def _pixel_by_pixel(x, right, down):
    moved = np.zeros(x.shape)
    for row in range(8):
        for column in range(8):
            if 0 <= row + down < 8 and 0 <= column + right < 8:
                moved[:, 8 * (row + down) + column + right] = x[:, 8 * row + column]
    return moved


def _rolled(x, right, down):
    return np.roll(x.reshape(-1, 8, 8), (down, right), axis=(1, 2)).reshape(x.shape)


shifted = Exercise(
    "shifted",
    _moves,
    _pixel_by_pixel,
    [
        Slip(
            "round the corner", "np.roll brings back on the left what leaves on the right: paper does not do that.", _rolled
        ),
        Slip(
            "as one long row",
            "An image is 8 rows of 8: what leaves a row at its end has come in at the start of the next one.",
            lambda x, right, down: np.roll(x, right + 8 * down, axis=1),
        ),
        Slip(
            "rows for columns",
            "The images move down where they should move right: which axis is which?",
            lambda x, right, down: _pixel_by_pixel(x, down, right),
        ),
        Slip(
            "the other way",
            "They move to the left where they should move to the right.",
            lambda x, right, down: _pixel_by_pixel(x, -right, -down),
        ),
        Slip(
            "up for down",
            "Right is right, but down is up: row 0 is the top.",
            lambda x, right, down: _pixel_by_pixel(x, right, -down),
        ),
        Slip(
            "another shape",
            "The pixels may be right; the result is to have the shape of x, (N, 64).",
            lambda x, right, down: _pixel_by_pixel(x, right, down).reshape(-1, 8, 8),
        ),
        Slip("not moved", "Nothing has moved.", lambda x, right, down: x.copy()),
    ],
)
