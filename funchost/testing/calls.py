"""The book of activity calls: what ran, with what input, and what came of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from funchost.engine.calls import ActivityAnswer, Succeeded
from funchost.engine.events import TaskScheduled
from funchost.engine.ports import CommitEpisode, Write


@dataclass(slots=True, kw_only=True)
class ActivityCall:
    """One delivery of an activity.

    Attributes:
        name: The activity's registered name.
        input: What it was called with, as JSON values.
        instance_id: The orchestration that called it.
        attempt: 1, and more for the calls that a retry policy made after a failure.
        delivery: 1, and more when the same call was delivered again.
        at: When it began, in the host's time.
        ended_at: When it ended; None while it runs, or if the host crashed meanwhile.
        result: What it returned, as JSON values; None, too, if it failed.
        failure: The text of its failure, as the orchestrator sees it; None if there was none.
    """

    name: str
    input: Any
    instance_id: str
    attempt: int
    delivery: int
    at: datetime
    ended_at: datetime | None = None
    result: Any = None
    failure: str | None = None

    def end(self, answer: ActivityAnswer, at: datetime) -> None:
        """Write down what came of it."""
        self.ended_at = at
        if isinstance(answer, Succeeded):
            self.result = None if answer.result is None else json.loads(answer.result)
        else:
            self.failure = answer.reason


@dataclass(slots=True)
class CallBook:
    """All activity calls of a test, in the order in which they began; it outlives crashes."""

    calls: list[ActivityCall] = field(default_factory=list[ActivityCall])
    _attempts: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    _deliveries: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    _lock: Lock = field(default_factory=Lock)

    def schedule(self, writes: Iterable[Write]) -> None:
        """Learn from a commit which attempts its activities are; on any thread."""
        with self._lock:
            for write in writes:
                if isinstance(write, CommitEpisode):
                    self._schedule(write)

    def begin(
        self, *, name: str, payload: str, instance_id: str, task_id: int, at: datetime
    ) -> ActivityCall:
        """Write down that an activity begins."""
        key = (instance_id, task_id)
        with self._lock:
            self._deliveries[key] = delivery = self._deliveries.get(key, 0) + 1
            call = ActivityCall(
                name=name,
                input=json.loads(payload),
                instance_id=instance_id,
                attempt=self._attempts.get(key, 1),
                delivery=delivery,
                at=at,
            )
            self.calls.append(call)
        return call

    def of(self, name: str) -> list[ActivityCall]:
        """Return the calls of one activity, whatever the case of its name."""
        return [call for call in self.calls if call.name.casefold() == name.casefold()]

    def _schedule(self, commit: CommitEpisode) -> None:
        for event in commit.appended:
            if isinstance(event, TaskScheduled):
                key = (commit.record.instance_id, event.id)
                self._attempts[key] = event.attempt
                self._deliveries.pop(key, None)  # ids begin anew with every generation
