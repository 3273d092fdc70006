"""The commands of the course, the same with and without make: python tools/course.py COMMAND.

This file is read by any Python, old ones too, so that they can be told what is missing.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "This course needs Python 3.11 or newer, and this is Python %d.%d: name a newer one, "
        "for instance with make lab PYTHON=python3.13" % sys.version_info[:2]
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("This Python comes without venv: install it (Debian and Ubuntu: sudo apt install python3-venv) and try again.")

import commands

if __name__ == "__main__":
    sys.exit(commands.main(sys.argv[1:]))
