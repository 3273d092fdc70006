"""Runs in each kernel that the tests start: what a page may not do to a reader's machine is refused as it happens.

Python tells its audit hooks of all that counts here. An error in a hook stops what was about to be done: the cell fails, and
nbval names it. tests/conftest.py names this file to the kernels; IPython runs it among a page's names, so it leaves none.
"""


def start(ipython):
    import os
    import sys
    import tempfile

    forbidden = tuple(
        "subprocess. os.system os.exec os.posix_spawn os.startfile socket. urllib. http. webbrowser. pickle.find_class "
        "shutil. tempfile. os.remove os.rename os.mkdir os.rmdir os.link os.symlink os.truncate os.chmod os.utime".split()
    )
    running = []
    tempfile.gettempdir()  # which the kernel asks for, and which is tried out the first time

    def watch(event, arguments):
        if "helpers.check.engine.worker" in str(arguments) or (event == "open" and isinstance(arguments[0], int)):
            return  # the process in which answers to exercises run, and the pipes to it
        if running and (event.startswith(forbidden) or (event == "open" and opens_to_write(*arguments))):
            raise PermissionError(f"a page of the course must not do this: {event} {arguments}")

    def opens_to_write(path, mode, flags):
        written = set(mode) & set("wax+") if mode else flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return written and path != os.devnull and "__pycache__" not in str(path)

    ipython.events.register("pre_run_cell", running.append)
    ipython.events.register("post_run_cell", lambda _: running.clear())
    sys.addaudithook(watch)


start(get_ipython())  # noqa: F821
del start
