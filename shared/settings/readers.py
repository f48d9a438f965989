"""How single settings are read, and what is said of a wrong one.

A message starts with the setting's name and never repeats what may be a secret.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

LOOP_BACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST: Final = timedelta(days=365)
_MOST_BYTES: Final = 1024**4


class InvalidSettingError(ValueError):
    """A setting is missing or cannot mean anything; the message starts with its name."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting


def size(environ: Mapping[str, str], setting: str, default: int) -> int:
    """Read a number of bytes."""
    raw = environ.get(setting, "").strip() or str(default)
    if not (raw.isascii() and raw.isdecimal() and 0 < int(raw) <= _MOST_BYTES):
        raise InvalidSettingError(setting, f"{raw!r} is not 1 to {_MOST_BYTES} bytes")
    return int(raw)


def days(environ: Mapping[str, str], setting: str, default: int) -> timedelta:
    """Read a duration in whole days."""
    raw = environ.get(setting, "").strip() or str(default)
    if not (raw.isascii() and raw.isdecimal() and 0 < int(raw) <= _LONGEST.days):
        raise InvalidSettingError(setting, f"{raw!r} is not 1 to {_LONGEST.days} days")
    return timedelta(days=int(raw))


def seconds(environ: Mapping[str, str], setting: str, default: float) -> timedelta:
    """Read a duration in seconds, fractions allowed."""
    raw = environ.get(setting, "").strip()
    try:
        number = float(raw) if raw else float(default)
    except ValueError:
        raise InvalidSettingError(setting, f"{raw!r} is not a number of seconds") from None
    if not (math.isfinite(number) and 0 < number <= _LONGEST.total_seconds()):
        raise InvalidSettingError(
            setting, f"{raw} is not more than 0 and at most {_LONGEST.days} days in seconds"
        )
    return timedelta(seconds=number)
