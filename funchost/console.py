"""What the host prints while it runs: one readable line a record, coloured on a terminal only.

Times are the machine's local time: this is for the person in front of it.
"""

import logging
import os
import sys
from io import TextIOWrapper
from typing import TextIO

PLAIN = "%(asctime)s.%(msecs)03d  %(levelname)-7s  %(message)s"
VERBOSE = "%(asctime)s.%(msecs)03d  %(levelname)-7s  %(name)s: %(message)s"
COLOURS = {logging.DEBUG: "2", logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31;1"}
QUIET = ("aiohttp", "asyncio", "azure", "urllib3", "opencensus")  # they may warn
MUTE = ("aiohttp.server",)  # it reports every malformed request with a stack


class ConsoleFormatter(logging.Formatter):
    """Formats for people; escapes what would steer a terminal."""

    def __init__(self, *, verbose: bool, coloured: bool) -> None:
        super().__init__(VERBOSE if verbose else PLAIN, datefmt="%H:%M:%S")
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, with its traceback if it has one."""
        text = super().format(record)
        if not text.isprintable():
            text = "".join(_shown(letter) for letter in text)
        colour = COLOURS.get(record.levelno) if self._coloured else None
        return f"\x1b[{colour}m{text}\x1b[0m" if colour else text


def configure(*, verbose: bool, stream: TextIO | None = None) -> None:
    """Send every log record of the process to the console; replaces what was there.

    Args:
        verbose: Show details, and who says so.
        stream: Where to; standard output if not said. No colours where NO_COLOR is set.
    """
    out: TextIO = stream or sys.stdout
    _forgive(out)
    handler = logging.StreamHandler(out)
    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    handler.setFormatter(ConsoleFormatter(verbose=verbose, coloured=coloured))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    for name in MUTE:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.CRITICAL)


def _forgive(stream: TextIO) -> None:
    """Let letters that the console does not know appear as numbers instead of failing."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
