"""The alternative text of a picture of memory: its names, objects, buffers and changes in words."""

MOST = 12  # cells that are listed


def sentences(strips, compared=False, brief=False):
    """Return what a picture shows in words.

    strips : list of Strip, as `scene` returns them
    compared : bool, whether the cells were compared with earlier ones: then the words say so even if none has changed
    brief : bool, whether to leave out what is the same in each of several states
    """
    boxes = [(strip, box) for strip in strips for box in strip.boxes if box.exists]
    said = [_box(box, strip.letter, brief) for strip, box in boxes]
    said += [_strip(strip, brief) for strip in strips if strip.cells and any(box.exists for box in strip.boxes)]
    moved = [name for _, box in boxes for name in box.moved]
    said += [f"Before, {_and(moved)} referred to another array."] * bool(moved)
    changed = [cell for strip in strips for cell in _seen(strip) if cell.old is not None]
    said += [f"Changed: {_list([_change(cell) for cell in changed])}."] * bool(changed)
    return " ".join(said + ["No cell that is shown has changed."] * (compared and not changed))


def _box(box, letter, brief):
    place = f" in buffer {letter}" if letter else ", which is empty and reads no cell"
    part = "" if box.whole else ", shown in part"
    if not box.names:
        return f"An array of shape {box.shape}{place}{part} has no name."
    refer = "The name {} refers to an" if len(box.names) == 1 else "The names {} refer to one"
    text = f"{refer.format(_and(box.names))} array of shape {box.shape}"
    if brief or not letter:
        return f"{text}{place}{part}."
    cells = _list([cell.label for cell in box.cells])
    return f"{text}, {box.dtype}, strides {box.strides} in cells, offset {box.offset}{place}{part}: it reads {cells}."


def _strip(strip, brief):
    title = [f"Buffer {strip.letter}", "" if brief else strip.size, strip.part]
    return f"{', '.join(filter(None, title))}: {_list([cell.text or '?' for cell in strip.cells])}."


def _seen(strip):
    """Return the cells of a strip, and those beyond its shown part that entries of arrays read."""
    numbers = {cell.number for cell in strip.cells}
    return strip.cells + [cell for box in strip.boxes for cell in box.cells if cell.number not in numbers]


def _change(cell):
    return f"{cell.label} from {cell.old} to {cell.text}" if cell.old else cell.label


def _list(texts):
    return ", ".join(texts[:MOST]) + (", ..." if len(texts) > MOST else "")


def _and(texts):
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
