"""The data sets of the course, in the package itself: no download, and checked before they are read."""

import hashlib
import importlib.resources


def read(name, sha_256, what):
    """Return the bytes of the file `name` of this folder; `what` names the data in error messages.

    Raises
    ------
    OSError
        If the file is missing, or if its SHA-256 is not `sha_256`.
    """
    file = importlib.resources.files("helpers") / "data" / name
    remedy = "put the file back (git checkout -- :/helpers/data), or install the course again"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OSError(f"{what} are missing, {file} cannot be read ({error.strerror or error}): {remedy}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha_256:
        raise OSError(f"{what} are damaged: {file} has the SHA-256 {found[:12]}…, not {sha_256[:12]}…: {remedy}")
    return content
