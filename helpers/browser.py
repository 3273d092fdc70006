"""What a notebook needs where Python runs in a browser, in WebAssembly: the first cell of that edition imports it."""

import numpy as np
from IPython import get_ipython


def keep_print_options(shell):
    """Let np.set_printoptions last from one cell to the next.

    NumPy keeps the options in a context variable, and in a browser each cell runs in a context of its own."""
    kept = np.get_printoptions()
    shell.events.register("pre_run_cell", lambda _info: np.set_printoptions(**kept))
    shell.events.register("post_run_cell", lambda _result: kept.update(np.get_printoptions()))


if shell := get_ipython():
    keep_print_options(shell)
