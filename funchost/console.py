"""What the host prints while it runs: one readable line a record, coloured on a terminal only.

Which records: those that host.json's ``logging.logLevel`` asks for, without it from INFO on; of
libraries, warnings, unless a rule names them; with ``verbose``, all of the host's own in any case.
Times are the machine's local time: this is for the person in front of it.
"""

import logging
import os
import sys
from io import TextIOWrapper
from typing import TextIO

from funchost.categories import OWN, category_of
from funchost.settings.levels import LogLevels

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


class WantedFilter(logging.Filter):
    """Passes the records whose category is wanted from their level on."""

    def __init__(self, levels: LogLevels, *, verbose: bool) -> None:
        super().__init__()
        self._levels = levels
        self._verbose = verbose
        self._known: dict[str, int] = {}  # by logger: categories are few and records many

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is wanted."""
        level = self._known.get(record.name)
        if level is None:
            level = self._known[record.name] = self.level(record.name)
        return record.levelno >= level

    def level(self, logger: str) -> int:
        """Return the lowest level that is wanted of a logger."""
        category = category_of(logger)
        is_own = category != logger or _is_run(logger)
        if self._verbose and (is_own or self._levels.named(category) is None):
            return logging.DEBUG
        return self._levels.level(category)


def configure(
    *, verbose: bool, stream: TextIO | None = None, levels: LogLevels | None = None
) -> None:
    """Send the wanted log records of the process to the console; replaces what was there.

    Args:
        verbose: Show details, and who says so.
        stream: Where to; standard output if not said. No colours where NO_COLOR is set.
        levels: What is wanted; from INFO on if not said.
    """
    out: TextIO = stream or sys.stdout
    _forgive(out)
    wanted = WantedFilter(levels or LogLevels(), verbose=verbose)
    handler = logging.StreamHandler(out)
    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    handler.setFormatter(ConsoleFormatter(verbose=verbose, coloured=coloured))
    handler.addFilter(wanted)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    lowest = (levels or LogLevels()).lowest
    root.setLevel(min(lowest, logging.DEBUG) if verbose else lowest)
    for name in OWN:  # so that details nobody wants are not even worded
        logging.getLogger(name).setLevel(wanted.level(name))
    _hush(levels or LogLevels(), verbose=verbose)


def _hush(levels: LogLevels, *, verbose: bool) -> None:
    """Keep libraries quiet, but for those that a rule names."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    for name in MUTE:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.CRITICAL)
    for name, level in levels.rules.items():
        if name.partition(".")[0] in QUIET:
            logging.getLogger(name).setLevel(level)


def _is_run(logger: str) -> bool:
    """Tell whether a logger is for runs of a function, not for what the function logs."""
    return logger.startswith("Function.") and not logger.endswith(".User")


def _forgive(stream: TextIO) -> None:
    """Let letters that the console does not know appear as numbers instead of failing."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
