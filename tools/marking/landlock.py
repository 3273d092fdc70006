"""Take rights away from this process, with Landlock: what Linux (5.13 and newer) offers to everybody without privileges.

The numbers are those of linux/landlock.h and of the table of system calls, which are the same on all architectures.
See https://docs.kernel.org/userspace-api/landlock.html
"""

import contextlib
import ctypes
import os
import struct
import sys

__all__ = ["EVERYTHING", "LIST", "READ", "USE", "confine"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
NO_NEW_PRIVILEGES, VERSION, PATH_BENEATH = 38, 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights there are for files, by version; from 5 on there are 16
TCP, SIGNALS = 0b11, 0b11  # to bind and connect; to reach processes outside by signals and abstract sockets
READ, LIST, USE, EVERYTHING = EXECUTE | READ_FILE | READ_DIR, READ_DIR, READ_FILE | WRITE_FILE, (1 << 16) - 1


def confine(allowed):
    """Give up all rights to files but those that are named, and those to connect and to send signals to others.

    What the kernel does not know yet is not given up.

    Parameters
    ----------
    allowed : dict
        READ, LIST, USE or EVERYTHING: a list of paths. For a folder this holds for all that is in it. Paths that do not
        exist are left out.

    Returns
    -------
    bool
        Whether the files are protected.
    """
    if sys.platform != "linux":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(CREATE_RULESET, None, 0, VERSION)
    if version < 1:
        return False
    known = (1 << RIGHTS.get(version, 16)) - 1
    rights = struct.pack("=QQQ", known, TCP, SIGNALS)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = system.syscall(CREATE_RULESET, rights, len(rights), 0)
    for right, paths in allowed.items():
        for path in paths:
            _allow(system, rules, path, right & known)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    confined = system.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return confined


def _allow(system, rules, path, right):
    with contextlib.suppress(OSError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            system.syscall(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", right, place), 0)
        finally:
            os.close(place)
