"""Runs a Python module as `python -m` would, and ends with whoever started it.

The parent holds the other end of standard input. When that end closes, the parent is gone, however
it went: the module gets the signal of a Ctrl-C, and is cut off if it has not ended seconds later.
"""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

GRACE_S: Final = 5.0


def main() -> None:
    """Run the module named by the first argument with the arguments after it."""
    threading.Thread(target=_end_with_parent, name="tether", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(sys.__stdin__.fileno() if sys.__stdin__ else 0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
