"""Arguments are checked once, at the public door: each function here takes what a caller passed, and returns the array to
compute with or raises an error that names the argument, what was passed, and what to do. No argument is ever changed."""

import contextlib

import numpy as np

ONE_CLASS = "one column is one class, which is always certain; yes-or-no labels need two columns of scores"


def plain_array(name, values, convert=np.asarray):
    """Return `values` as an array of any type; raise TypeError for a masked array and for what is not an array at all."""
    if type(values) is np.ndarray:
        return values
    if _is_masked(values):
        raise TypeError(f"{name} is a masked array, and its mask would be ignored: fill or select first")
    try:
        return convert(values)
    except Exception as error:  # an object's own __array__ may raise anything
        raise TypeError(f"{name} is not an array of numbers (do its rows differ in length?): {error}") from None


def float_array(name, values):
    """Return `values` as an array of float32 or wider: float16 becomes float32, integers and booleans become float64."""
    array = plain_array(name, values)
    if array.dtype.kind == "f":
        return array.astype(np.float32) if array.dtype.type is np.float16 else array
    if array.dtype.kind not in "biu":
        hint = f": select the columns of numbers and pass {name}.to_numpy(copy=True)" if hasattr(values, "to_numpy") else ""
        raise TypeError(f"{name} must hold real numbers, but its dtype is {array.dtype}{hint}")
    return array.astype(np.float64)


def class_indices(name, values, classes):
    """Return `values` as intp class indices, each in 0 ... classes-1."""
    t = plain_array(name, values)
    if t.dtype.kind == "b":
        raise TypeError(
            f"{name} holds booleans, which are not class indices: if True means class 1, pass np.asarray({name}).astype(int)"
        )
    if t.dtype.kind not in "iu" and not (t.size == 0 and t.dtype == np.float64):  # np.asarray([]) is float64
        refuse_nan(name, t)
        hints = dict.fromkeys("OSU", f": if these are names, number them with np.unique({name}, return_inverse=True)")
        hints["f"] = f": if these are class indices, pass np.asarray({name}).astype(int)"
        raise TypeError(f"{name} must hold integer class indices, but its dtype is {t.dtype}{hints.get(t.dtype.kind, '')}")
    if t.size and not (t.min() >= 0 and t.max() < classes):
        index, entry = first_entry(name, (t < 0) | (t >= classes))
        hint = ", and a negative index would count from the end" if t[index] < 0 else ""
        hint = f"; {ONE_CLASS}" if classes == 1 else hint
        raise ValueError(f"{entry} is {t[index]}: with {classes} classes an index is in 0 ... {classes - 1}{hint}")
    return t.astype(np.intp, copy=False)


def refuse_nan(name, t):
    """Raise a ValueError if there is NaN among the labels `t`."""
    if t.dtype.kind == "f" and np.isnan(t).any():
        _, entry = first_entry(name, np.isnan(t))
        raise ValueError(f"{entry} is NaN, which is not a label: leave out the examples that have none")


def one_hot_rows(rows):
    """Return whether every row is zeros and a single 1."""
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=-1) == 1))


def is_integer(value):
    """Return whether `value` is one integer. Python counts booleans as integers, and NumPy spans of time; this does not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def length(name, value):
    """Return `value`, a number of things of which there is at least one, as an int."""
    if not is_integer(value):
        raise TypeError(f"{name} must be one integer, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return int(value)


def generator(rng):
    """Return `rng`, a generator of random numbers."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator, np.random.default_rng(seed), not {rng!r}")
    return rng


@contextlib.contextmanager
def memory_for(sizes):
    """Run a block that makes arrays; if they are too large, raise a ValueError that begins with the text `sizes`."""
    try:
        yield
    except (ValueError, OverflowError, MemoryError) as error:
        raise ValueError(f"{sizes}: that is too large for an array ({error})") from None


def first_entry(name, bad):
    """Return the index of the first True in `bad`, and that entry as the caller would write it."""
    index = tuple(np.argwhere(bad)[0].tolist())
    return index, f"{name}[{', '.join(map(str, index))}]" if index else name


def _is_masked(values, depth=0):
    """Return whether `values` is a masked array, or a list with one in it, as deep as NumPy follows lists."""
    if isinstance(values, list | tuple) and depth <= 64:
        return any(_is_masked(part, depth + 1) for part in values)
    return isinstance(values, np.ma.MaskedArray)
