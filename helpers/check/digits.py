"""The exercises of the page on digits."""

import numpy as np

from helpers.check.engine import Case, Exercise, Rejection


def _predictions(rng):
    def case(each, share):
        t = rng.permutation(np.repeat(np.arange(10), np.asarray(each, np.intp)))  # in a browser, 32 bits
        predicted = np.where(rng.random(t.size) < share, t, rng.integers(0, 10, t.size)).astype(np.intp)
        predicted[(t == 9) & (share < 0.6)] = 4  # of one digit none is right
        return Case(f"{t.size} digits, {(t == predicted).sum()} of them right", t=t, predicted=predicted)

    yield case([2] * 10, 0.5)
    yield case(rng.integers(5, 40, 10), 0.7)
    yield case(rng.integers(5, 40, 10), 0.97)


def _from_table(share):
    def answer(t, predicted):
        table = np.zeros((10, 10))
        np.add.at(table, (t, predicted), 1)
        return share(table)

    return answer


right_per_digit = Exercise("right_per_digit", _predictions,
    lambda t, predicted: np.bincount(t[t == predicted], minlength=10) / np.bincount(t), [
    ("precision",
     [_from_table(lambda table: np.diag(table) / table.sum(axis=0)),
      _from_table(lambda table: np.diag(table) / np.maximum(1, table.sum(axis=0)))],
     "This is the share of those that were called a 3 and are one. The task asks for the share of the 3s that were called "
     "a 3."),
    ("counts", _from_table(np.diag), "These are counts. Divide each by the number of examples of its digit."),
    ("share of all digits", _from_table(lambda table: np.diag(table) / table.sum()),
     "The counts are divided by the number of all examples. Divide by the number of examples of each digit."),
    ("one share for all", lambda t, predicted: float(np.mean(t == predicted)), "This is the share of all digits together."),
    ("share of the mistakes", _from_table(lambda table: 1 - np.diag(table) / table.sum(axis=1)),
     "This is the share of each digit that was predicted wrong."),
    ("repeated pairs counted once", _from_table(lambda table: np.diag(table > 0) / (table > 0).sum(axis=1)),
     "table[t, predicted] += 1 counts a pair only once, however often it occurs. np.add.at counts every time."),
    ("whole numbers", _from_table(lambda table: np.diag(table) // table.sum(axis=1)),
     "The shares are rounded down, by // or by an array of integers."),
])  # fmt: skip


def _splits(rng):
    def case(n, d, blank, say):
        x = rng.integers(0, 17, (n, d)) / 16
        x[:, :blank] = 0
        order = rng.permutation(n)
        known, asked = order[: 2 * n // 3], order[2 * n // 3 :]
        x[asked] = np.minimum(x[asked] + 0.25, 1) * (np.arange(d) >= blank)
        return Case(say, x=x, known=known, asked=asked)

    yield case(30, 4, 0, "30 examples of 4 numbers")
    yield case(60, 8, 0, "60 examples of 8 numbers")
    yield case(60, 8, 2, "60 examples of 8 numbers, two of them always 0")
    odd = case(30, 4, 1, "30 examples; one pixel is blank in all of `known`, but not in all of `asked`")
    odd.arguments["x"][odd.arguments["asked"][0], 0] = 1.0
    yield odd


def _scaling(statistics_of=lambda known, asked, part: known, blank=True, deviation=lambda rows: rows.std(axis=0), axis=0):
    """Return an answer that takes mean and deviation from `statistics_of`; blank: a deviation of 0 is replaced by 1."""

    def scaled(x, known, asked):
        results = []
        for part in (known, asked):
            rows = x[statistics_of(known, asked, part)]
            std = deviation(rows)
            results.append((x[part] - rows.mean(axis=axis)) / (np.where(std > 0, std, 1) if blank else std))
        return results

    return scaled


def _by_hand(x, known, asked):
    known = x[known]
    middle, spread = known.mean(axis=0), np.sqrt(((known - known.mean(axis=0)) ** 2).mean(axis=0))
    spread[spread == 0] = 1
    return (known - middle) / spread, (x[asked] - middle) / spread


_LEAK = "The mean and the deviation are computed from all examples, including those that are locked away for the test."
scaled = Exercise("scaled", _splits, _by_hand, [
    ("statistics of the test set", _scaling(lambda *_: slice(None), blank=False),
     f"{_LEAK} (There is a second problem: a pixel that is always blank has a deviation of 0.)"),
    ("statistics of the test set", _scaling(lambda *_: slice(None)), f"{_LEAK} Which examples may be used?"),
    ("blank pixels", _scaling(blank=False),
     "A pixel that is always blank has a deviation of 0, and 0 / 0 is NaN. By what should it be divided instead?"),
    ("each part by its own statistics",
     [_scaling(lambda known, asked, part: part, blank) for blank in (True, False)],
     "The two parts are scaled differently, so the same image would get different numbers in the two parts. Scale both "
     "with the same mean and deviation."),
    ("only statistics of the test set", _scaling(lambda known, asked, part: asked),
     "The mean and the deviation should come from the examples in `known`, and not from those in `asked`."),
    ("only centred", _scaling(deviation=lambda rows: np.ones(rows.shape[1])),
     "Every pixel was divided by 1. Is the deviation missing, or was it replaced for all pixels?"),
    ("one deviation for all pixels",
     [_scaling(deviation=lambda rows: np.full(rows.shape[1], rows.std()), axis=axis) for axis in (0, None)],
     "Each pixel has a deviation of its own. Along which axis is it computed?"),
    ("divided by almost nothing", _scaling(deviation=lambda rows: rows.std(axis=0) + 1e-8),
     "A pixel that is blank in all of `known` may not be blank in `asked`, and then it is divided by a tiny number and "
     "becomes huge. Such a pixel should only be centred."),
    ("NaN replaced by 0", lambda *args: list(map(np.nan_to_num, _scaling(blank=False)(*args))),
     "Where a pixel is not blank in `asked`, x / 0 is infinite. Repair the deviation instead of the result."),
    ("variance", _scaling(deviation=lambda rows: rows.var(axis=0)),
     "You divided by the variance, which is the square of the standard deviation."),
])  # fmt: skip


def _moves(rng):
    for n, right, down in ((1, 1, 0), (2, 0, 1), (3, -2, 0), (3, 2, -1), (2, 0, 0), (2, 8, 0)):
        x = rng.integers(1, 17, (n, 64)) / 16
        images = f"{n} {'image' if n == 1 else 'images'} without blank pixels"
        yield Case(f"{images}, right = {right}, down = {down}", call=_blank_at_the_edge, x=x, right=right, down=down)


def _blank_at_the_edge(answer, x, right, down):
    """Return the moved images, unless the pixels that stay are right and only the places that became empty are wrong."""
    moved, wanted = answer(x, right, down), _pixel_by_pixel(x, right, down)
    if np.shape(moved) == x.shape and np.any(moved != wanted) and np.all((moved == wanted) | (wanted == 0)):
        where = " after a move to the left or up" if min(right, down) < 0 else ""
        hint = f"The pixels that stay are right. Some places that became empty are not blank{where}."
        raise Rejection("pixels come back on the other side", hint, moved)
    return moved


def _only_forwards(x, right, down):
    images, paper = x.reshape(-1, 8, 8), np.zeros((len(x), 8, 8))
    paper[:, down:, right:] = images[:, : 8 - down, : 8 - right]
    return paper.reshape(x.shape)


def _rolled_and_blanked(x, right, down):
    images = np.roll(x.reshape(-1, 8, 8), (down, right), axis=(1, 2))
    images[:, :down], images[:, :, :right] = 0, 0
    return images.reshape(x.shape)


def _pixel_by_pixel(x, right, down):
    moved = np.zeros(x.shape)
    for row in range(8):
        for column in range(8):
            if 0 <= row + down < 8 and 0 <= column + right < 8:
                moved[:, 8 * (row + down) + column + right] = x[:, 8 * row + column]
    return moved


# The truth is a function of its own, because no answer may call it, and the case has to call _pixel_by_pixel.
shifted = Exercise("shifted", _moves, lambda x, right, down: _pixel_by_pixel(x, right, down), [  # noqa: PLW0108
    ("pixels come back on the other side",
     lambda x, right, down: np.roll(x.reshape(-1, 8, 8), (down, right), axis=(1, 2)).reshape(x.shape),
     "np.roll brings back on the left what leaves on the right. Pixels that leave the paper should be lost."),
    ("an image is one long row", lambda x, right, down: np.roll(x, right + 8 * down, axis=1),
     "An image has 8 rows of 8 pixels. Your code moves it as one row of 64, so what leaves a row enters the next one."),
    ("rows and columns exchanged",
     lambda x, right, down: np.roll(x.reshape(-1, 8, 8), (right, down), axis=(1, 2)).reshape(x.shape),
     "The images move down where they should move to the right, and what leaves on one side comes back on the other."),
    ("slices for positive moves only", [_only_forwards, _rolled_and_blanked],
     "Your slices fit positive numbers only. What does [:right] or [: 8 - right] contain if right is -2?"),
    ("rows and columns exchanged", lambda x, right, down: _pixel_by_pixel(x, down, right),
     "The images move down where they should move to the right. Which axis is which?"),
    ("opposite direction", lambda x, right, down: _pixel_by_pixel(x, -right, -down),
     "The images move to the left where they should move to the right."),
    ("up instead of down", lambda x, right, down: _pixel_by_pixel(x, right, -down),
     "The movement to the right is correct, but down and up are exchanged. Row 0 is at the top."),
    ("shape of the images", lambda x, right, down: _pixel_by_pixel(x, right, down).reshape(-1, 8, 8),
     "The pixels may be right, but the result should have the shape of x, (N, 64)."),
    ("not moved", lambda x, right, down: x.copy(), "The images have not moved."),
])  # fmt: skip
