"""The alternative text of a picture of memory: its names, objects, buffers and changes in words."""

__all__ = ["sentences"]

MOST = 12  # cells that are listed


def sentences(strips, compared=False, brief=False):
    """Return what a picture shows in words.

    strips : list of Strip, as `scene` returns them
    compared : bool, whether the cells were compared with earlier ones: then the words say so even if none has changed
    brief : bool, whether to leave out what is the same in each of several states
    """
    said = [_box(box, strip.letter, brief) for strip in strips for box in strip.boxes if box.exists]
    said += [_strip(strip, brief) for strip in strips if strip.letter and any(box.exists for box in strip.boxes)]
    moved = [name for strip in strips for box in strip.boxes for name in box.moved]
    said += [f"{_and(moved)} named another array before."] * bool(moved)
    changed = [f"{cell.label}{_from_to(cell)}" for strip in strips for cell in strip.cells if cell.old is not None]
    if changed:
        said.append(f"Changed: {_list(changed)}.")
    elif compared:
        said.append("No cell that is shown has changed.")
    return " ".join(said)


def _box(box, letter, brief):
    if not box.names:
        return f"An array of shape {box.shape} in buffer {letter} has no name."
    verb = "names an" if len(box.names) == 1 else "name one"
    text = f"{_and(box.names)} {verb} array of shape {box.shape}"
    if box.offset is None:
        return f"{text}, which is empty and reads no cell."
    if brief:
        return f"{text} in buffer {letter}."
    cells = _list([cell.label for cell in box.cells])
    part = "" if box.whole else "; it is shown in part"
    steps = f"strides {box.strides} in cells, offset {box.offset} in buffer {letter}"
    return f"{text}, {box.dtype}, {steps}: it reads {cells}{part}."


def _strip(strip, brief):
    values = _list([cell.text or "?" for cell in strip.cells])
    if brief:
        return f"Buffer {strip.letter}: {values}."
    return f"{strip.title}: {values}."


def _from_to(cell):
    return f" from {cell.old} to {cell.text}" if cell.old else ""


def _list(texts):
    return ", ".join(texts[:MOST]) + (", ..." if len(texts) > MOST else "")


def _and(texts):
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
