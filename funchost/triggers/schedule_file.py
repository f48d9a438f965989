"""What timers remember across restarts: a small JSON file beside the state file.

It is no part of the engine's state file, whose layout is the task hub's alone. It is replaced as
a whole and atomically; losing it costs the knowledge of one missed run, no more.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from funchost.worker.occasions import ScheduleStatus

_LOG = logging.getLogger(__name__)


class ScheduleStore(Protocol):
    """Keeps the status of timers by function name."""

    def get(self, name: str) -> ScheduleStatus | None:
        """Return what was kept last, or None."""
        ...

    def put(self, name: str, status: ScheduleStatus) -> None:
        """Keep a status."""
        ...


class MemorySchedules:
    """Forgets with the process."""

    def __init__(self) -> None:
        self._statuses: dict[str, ScheduleStatus] = {}

    def get(self, name: str) -> ScheduleStatus | None:
        """Return what was kept last, or None."""
        return self._statuses.get(name)

    def put(self, name: str, status: ScheduleStatus) -> None:
        """Keep a status."""
        self._statuses[name] = status


@dataclass(frozen=True, slots=True)
class ScheduleFile:
    """Keeps statuses in a file, which it reads anew each time: there is one write per run."""

    path: Path

    @classmethod
    def beside(cls, state_file: Path) -> "ScheduleFile":
        """Return the file that goes with a state file."""
        return cls(state_file.with_name(f"{state_file.name}.schedules.json"))

    def get(self, name: str) -> ScheduleStatus | None:
        """Return what was kept last; None if nothing was, or if it cannot be read."""
        try:
            return _status(self._read()[name])
        except KeyError:
            return None
        except (ValueError, TypeError):
            _LOG.warning("%s cannot be read; timer %s begins anew", self.path, name)
            return None

    def put(self, name: str, status: ScheduleStatus) -> None:
        """Keep a status; a file that cannot be written is reported, and the timer goes on."""
        try:
            document = dict(self._read())
        except (ValueError, TypeError):
            document = {}
        document[name] = {
            "last": status.last.isoformat() if status.last else None,
            "next": status.next.isoformat(),
            "updated": status.updated.isoformat(),
        }
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            new.write_text(json.dumps(document, indent=2, sort_keys=True), encoding="utf-8")
            new.replace(self.path)
        except OSError:
            _LOG.exception("The run of timer %s could not be noted in %s", name, self.path)

    def _read(self) -> Mapping[str, Any]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        if not isinstance(document, dict):
            raise TypeError("not an object")
        return cast("Mapping[str, Any]", document)


def _status(raw: Mapping[str, Any]) -> ScheduleStatus:
    last = raw["last"]
    return ScheduleStatus(
        last=datetime.fromisoformat(last) if last else None,
        next=datetime.fromisoformat(raw["next"]),
        updated=datetime.fromisoformat(raw["updated"]),
    )
