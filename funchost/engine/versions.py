"""Which versions of an orchestration this app may run (host.json: ``versionMatchStrategy``)."""

from dataclasses import dataclass
from enum import StrEnum


class MatchStrategy(StrEnum):
    """How an instance's version must relate to the app's own."""

    NONE = "None"
    STRICT = "Strict"
    CURRENT_OR_OLDER = "CurrentOrOlder"


class FailureStrategy(StrEnum):
    """What happens to an instance that this app may not run."""

    REJECT = "Reject"  # leave it to an app that may
    FAIL = "Fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioning:
    """The app's version, given to what it starts, and what it makes of others."""

    default: str | None = None
    match: MatchStrategy = MatchStrategy.NONE
    failure: FailureStrategy = FailureStrategy.REJECT

    def complaint(self, version: str | None) -> str | None:
        """Say why an instance of this version may not run here; None when it may."""
        if self._accepts(version or "", self.default or ""):
            return None
        return (
            f"The orchestration version '{version or ''}' does not match the worker version "
            f"'{self.default or ''}' under the strategy {self.match}."
        )

    def _accepts(self, version: str, own: str) -> bool:
        match self.match:
            case MatchStrategy.NONE:
                return True
            case MatchStrategy.STRICT:
                return version == own
            case MatchStrategy.CURRENT_OR_OLDER:
                return compare(version, own) <= 0


ANY_VERSION = Versioning()


def compare(first: str, second: str) -> int:
    """Order two versions as the platform does: -1, 0 or 1.

    No version is older than any. Dotted numbers of two to four parts compare by number, anything
    else as text without regard to case.
    """
    if not first or not second:
        return bool(first) - bool(second)
    numbers, others = _numbers(first), _numbers(second)
    if numbers is not None and others is not None:
        return (numbers > others) - (numbers < others)
    left, right = first.casefold(), second.casefold()
    return (left > right) - (left < right)


_PARTS = range(2, 5)


def _numbers(version: str) -> tuple[int, ...] | None:
    """Parts that are left out are older than zero, as in .NET's Version."""
    parts = version.split(".")
    if len(parts) not in _PARTS or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    missing = _PARTS[-1] - len(parts)
    return (*(int(part) for part in parts), *(-1 for _ in range(missing)))
