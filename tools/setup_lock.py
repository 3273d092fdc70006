"""A lock between processes: of two commands that set up the same folder, the second waits for the first."""

import contextlib
import os
import time


@contextlib.contextmanager
def only_one(path):
    """Hold a lock on the file `path`, waiting for it if needed. Processes started with close_fds=False hold it, too."""
    with path.open("a") as handle:
        os.set_inheritable(handle.fileno(), True)
        if not _locked(handle):
            print("Another command is setting up this folder. Waiting until it has finished ...", flush=True)
            while not _locked(handle):
                time.sleep(0.2)
        yield


def _locked(handle):
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX, Windows
        return False
    return True
