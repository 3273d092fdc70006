"""The exercises of page 05: gradient descent."""

import functools

import numpy as np

import helpers
from helpers.check.engine import Case, Exercise, Rejection
from helpers.edit import with_line


def _curvatures(rng):
    for count in (2, 3, 5, 20):
        yield Case(curvatures=rng.integers(1, 100, count) / 4)


largest_rate = Exercise("largest_rate", _curvatures, lambda c: np.min(2 / c), [  # the smallest limit of a direction
    ("half of the limit", lambda c: 1 / np.max(c),
     "With this rate the steepest direction reaches the bottom in one step. How far beyond the bottom may a step go?"),
    ("the fastest rate", lambda c: 2 / (np.max(c) + np.min(c)),
     "With this rate the steepest and the flattest direction shrink equally fast, so it converges fastest. The task asks "
     "for the largest rate at which nothing grows."),
    ("the flattest direction", lambda c: 2 / np.min(c),
     "This is the limit of the flattest direction. At this rate the others grow."),
    ("the sum", lambda c: 2 / np.sum(c),
     "Each direction has a limit of its own, and the smallest limit decides. Their curvatures do not add up."),
    ("the mean", lambda c: 2 / np.mean(c), "If a single direction grows, the descent fails. The mean hides that direction."),
    ("the last one", lambda c: 2 / c[-1], "This uses the last curvature, but they are in no particular order."),
    ("the first one", lambda c: 2 / c[0], "This uses the first curvature, but they are in no particular order."),
    ("one rate for each direction", lambda c: 2 / c, "The task asks for one rate for all directions."),
    ("numerator and denominator exchanged", lambda c: np.max(c) / 2,
     "The steeper the valley, the smaller the rate must be. Yours grows with the curvature."),
])  # fmt: skip


def _case(curvatures, start, lr, steps, **momentum):
    say = f"gradient(w) = {curvatures.tolist()} * w, start = {start.tolist()}, lr = {lr}, steps = {steps}"
    say += "".join(f", m = {value}" for value in momentum.values())
    return Case(say, call=_points, gradient=lambda w: curvatures * w, start=start, lr=lr, steps=steps, **momentum)


def _points(answer, gradient, start, lr, steps, *momentum):
    """Return a path as one array, whether the answer returns an array or a list."""
    path = points = answer(gradient, start, lr, steps, *momentum)
    if type(path) in (list, tuple) and path:
        if wrong := [k for k, w in enumerate(path) if np.shape(w) != start.shape]:
            hint = f"The entry [{wrong[0]}] of the list does not have the shape of start, {start.shape}. Is it one point?"
            raise Rejection("wrong entries", f"{hint} If you wrote list(w): that splits w into its numbers.", path)
        points = np.array(path)
    if type(points) is np.ndarray and points.shape[1:] == start.shape and len(points) != steps + 1:
        hint = f"There are {len(points)} points instead of steps + 1 = {steps + 1}. How often does the loop run, and "
        raise Rejection("wrong number of points", f"{hint}does the function return after the loop?", points)
    if points is not path and not momentum and any(w is start for w in path):
        raise Rejection(
            "start is not copied", "An entry of the list is the caller's own array, and not a copy of it.", points
        )
    return points


def _descents(rng):
    yield _case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.1, 2)
    yield _case(np.array([1.0, 2.0, 3.0]), rng.integers(-9, 9, 3) / 2, 0.25, 4)
    yield _case(np.array([1.0, 4.0]), rng.integers(1, 9, (2, 2)) / 2, 0.1, 3)
    yield _case(np.array([2.0]), rng.integers(1, 9, 1) / 2, 0.3, 0)
    yield _case(np.array([1.0, 2.0]), rng.integers(1, 9, 2), 0.25, 3)


def _powers(gradient, start, lr, steps):
    factor = 1 - lr * gradient(np.ones(start.shape))
    return np.array([start * factor**k for k in range(steps + 1)])


def _descent(gradient, start, lr, steps, m=0.0):
    w, v = start.astype(float), np.zeros(start.shape)
    path = [w.copy()]
    for _ in range(steps):
        v = m * v - lr * gradient(w + m * v)
        w += v
        path.append(w.copy())
    return np.array(path)


def _with(*edits):
    """Return that descent with mistakes: each edit is "what is written -> what is written instead"."""
    return functools.reduce(lambda answer, edit: with_line(answer, *edit.split(" -> ")), edits, _descent)


_OWN, _KIND = "start.astype(float) -> start", "(float) -> (start.dtype)"
_FIRST, _LATER = "[w.copy()] -> [w]", "(w.copy()) -> (w)"


def _float_descents(rng):
    yield from (case for case in _descents(rng) if case.arguments["start"].dtype.kind == "f")


_ROW_0 = (
    "row 0 is the last point", [_with(_FIRST), _with(_FIRST, _KIND), _with(_FIRST, _OWN)],
    "The first entry of the list is still the array into which `-=` writes, so it shows where the path ended. Look at "
    "`path = [w]`.",
)  # fmt: skip
gradient_descent = Exercise("gradient_descent", _float_descents, _powers, [
    ("the caller's start has changed",
     [_with(_OWN), _with(_OWN, _FIRST, _LATER)],
     "The array start is not what it was. Into whose array does `w -= ...` write?"),
    ("every entry is the last point", [_with(_FIRST, _LATER), _with(_LATER)],
     "The list holds the same array several times, so every entry shows where the path ended."),
    _ROW_0,
    ("uphill", _with("- lr -> + lr"), "The steps go uphill. The gradient points where the loss grows."),
    ("the start is missing", _with("(path) -> (path[1:])"), "The list should begin with the start itself."),
    ("the last point is missing", _with("(path) -> (path[:-1])"), "The list should end with the point after the last step."),
    ("only the last point", _with("(path) -> (path[-1])"),
     "This returns only where the path ended. The task asks for all points."),
    ("the gradient of the start",
     lambda gradient, start, lr, steps: np.array([start - k * lr * gradient(start) for k in range(steps + 1)]),
     "The gradient is computed only once. It changes with every step."),
])  # fmt: skip


descend = Exercise("descend", _descents, _powers, [
    ("copies missing", _with(_OWN, _FIRST, _LATER),
     "Every row of the path is the last point, and the caller's start has changed, too. Each line that hands an array on "
     "only gives it one more name. Copy the array in all three places, or let each step make a new one: w = w - ..."),
    ("the caller's start has changed", _with(_OWN),
     "The path is right, but start is not what it was. Into whose array does `w -= ...` write?"),
    ("every row is the last point", [_with(_FIRST, _LATER), _with(_FIRST, _LATER, _KIND), _with(_LATER)],
     "start is safe now, but the list holds the same array several times, so every row shows where it ended."),
    _ROW_0,
    ("whole numbers", _with(_KIND),
     "A start of whole numbers cannot store the fractions of a step. Make an array of floats from it."),
    ("no start", _with("(path) -> (path[1:])"), "The first row of the path should be the start, before any step."),
    ("uphill", _with("- lr -> + lr"), "The gradient points uphill. To go down, subtract it."),
    ("only the end", _with("(path) -> (path[-1])"), "The task asks for the whole path, with a row for each point."),
], forbidden=[helpers.gradient_descent])  # fmt: skip


def _rolls(rng):
    yield _case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.1, 2, momentum=0.5)
    yield _case(np.array([1.0, 2.0, 10.0]), rng.integers(-9, 9, 3) / 2, 0.05, 6, momentum=0.9)
    yield _case(np.array([1.0, 4.0]), rng.integers(1, 9, 2) / 2, 0.2, 5, momentum=0.0)


def _matrix_powers(gradient, start, lr, steps, momentum):
    """Each step multiplies a coordinate's position and velocity by the same matrix."""
    path = np.empty((steps + 1, *start.shape))
    for i, c in enumerate(gradient(np.ones(start.shape))):
        keep = 1 - lr * c
        step = np.array([[keep, momentum * keep], [-lr * c, momentum * keep]])
        for k in range(steps + 1):
            path[k, i] = (np.linalg.matrix_power(step, k) @ [start[i], 0.0])[0]
    return path


nesterov = Exercise("nesterov", _rolls, _matrix_powers, [
    ("gradient at w", _with("(w + m * v) -> (w)"),
     "This is plain momentum: the gradient is computed where the ball is, and not where it is going."),
    ("a whole step ahead", _with("w + m * v -> w + v"),
     "The gradient is computed at w + v. Only the share m of the last step is kept, so look only that far ahead."),
    ("looks behind", _with("w + m * v -> w - m * v"),
     "The gradient is computed where the ball came from, and not where it is going."),
    ("uphill", _with("- lr -> + lr"), "The gradient points uphill. To go down, subtract it."),
    ("no friction", _with("v = m * v - -> v = v -"), "The whole of the last step is kept. Multiply it by m."),
    ("moved twice", _with("w += v -> w += v + m * v"),
     "The ball only looks ahead to compute the gradient. After that it moves once, by the new v."),
    ("every row is the last point", [_with(_FIRST, _LATER), _with(_LATER)],
     "The list holds the same array several times, so every row shows where it ended. Append copies."),
    ("the look ahead moves w", _with("w + m * v -> np.add(w, m * v, out=w)"),
     "`+=` writes into w itself, so the look ahead has moved the ball. Compute w + m v as a new array."),
    ("m applied twice", _with("w + m * v -> w + m * m * v"),
     "v was already multiplied by m when it was multiplied by m once more for the look ahead."),
    ("no start", _with("(path) -> (path[1:])"), "The first row of the path should be the start, before any step."),
    ("v is forgotten", _with("v = m * v - lr * gradient(w + m * v) -> v = -lr * gradient(w)"),
     "v is 0 at the beginning of every step. It has to survive from one step to the next."),
], forbidden=[helpers.gradient_descent])  # fmt: skip
