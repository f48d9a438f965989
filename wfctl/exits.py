"""How a command can end: exit codes that scripts may rely on, and the errors that lead to them."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What the process tells its caller; docs/command-line.md repeats it."""

    OK = 0
    FAILED = 1  # what was watched ended in a business failure
    USAGE = 2  # the command line is wrong; nothing was sent
    REFUSED = 3  # the app understood and refuses (4xx)
    NOT_FOUND = 4  # the app knows nothing of that id, or no longer
    UNAVAILABLE = 5  # no answer, or 5xx, after all retries
    NOT_YET = 6  # it goes on, and the time that was given is over
    INTERRUPTED = 130


class StopError(Exception):
    """A reason to end, told in one sentence that holds no secret."""

    exit_code = ExitCode.UNAVAILABLE


class UsageError(StopError):
    """What was asked for cannot be sent like this."""

    exit_code = ExitCode.USAGE


class UnavailableError(StopError):
    """Nothing answered, or something that is out of order.

    Args:
        sentence: What happened.
        problem: What the app said with its 5xx, empty when it said nothing.
    """

    def __init__(self, sentence: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.problem = problem or {}


class NotYetError(StopError):
    """It has not ended within the time that was given."""

    exit_code = ExitCode.NOT_YET


class RefusedError(StopError):
    """The app refuses.

    Args:
        status: The HTTP status.
        problem: The problem document (RFC 9457), empty when there was none.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        title = problem.get("title")
        super().__init__(title if isinstance(title, str) else f"the app answered {status}")
        self.status = status
        self.problem = problem
        self.exit_code = ExitCode.NOT_FOUND if status in _NOT_THERE else ExitCode.REFUSED


_NOT_THERE = frozenset({404, 410})
