"""What a history says is open: calls, timers, failures in a row, and the last sign of progress.

Reads the entries as the management API gives them, of the real runtime and of the local host: a
call that was answered is usually folded into its answer, a cancelled timer is never told. Entries
that nobody understands are passed over. What it all means is said elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from shared.models import JsonObject

CALLED: Final = frozenset({"TaskScheduled", "SubOrchestrationInstanceCreated"})
DONE: Final = frozenset({"TaskCompleted", "SubOrchestrationInstanceCompleted"})
FAILED: Final = frozenset({"TaskFailed", "SubOrchestrationInstanceFailed"})
_ANSWERS: Final = DONE | FAILED
_ARRIVES: Final = _ANSWERS | {"TimerFired", "EventRaised"}
_LEAVES: Final = CALLED | {"TimerCreated", "EventSent", "EventWaited"}
# What may lie between two attempts at the same call.
_BETWEEN: Final = CALLED | {
    "TimerCreated",
    "TimerFired",
    "EventRaised",
    "ExecutionSuspended",
    "ExecutionResumed",
}
_ENTITY: Final = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry; what it does not tell is empty or None.

    ``place`` is its position, ``called_at`` when the call that it answers was made, ``key`` what
    pairs an entry that is not folded with its answer.
    """

    kind: str
    place: int
    at: datetime | None
    name: str
    instance_id: str
    fire_at: datetime | None
    called_at: datetime | None
    reason: str
    key: object
    answers: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Attempts at one call that failed one after another."""

    name: str
    attempts: int
    last: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a history says, ready for asking.

    Attributes:
        events: everything understood, oldest first.
        calls: activities and children without an answer.
        asked: entities that were asked and have not answered.
        timers: timers that may still matter, the latest first.
        passed: timers of ``timers`` since whose creation something has arrived that led to nothing.
        overtaken: timers that have not fired and that the code has gone past; most are cancelled.
    """

    events: tuple[Event, ...]
    calls: tuple[Event, ...]
    asked: tuple[Event, ...]
    timers: tuple[Event, ...]
    passed: tuple[Event, ...]
    overtaken: tuple[Event, ...]

    @property
    def progress_at(self) -> datetime | None:
        """When something happened last."""
        return max((event.at for event in self.events if event.at), default=None)

    def last(self, *kinds: str) -> Event | None:
        """Return the latest entry of these kinds."""
        return next((event for event in reversed(self.events) if event.kind in kinds), None)

    @property
    def streak(self) -> Streak | None:
        """The failures at the end of the history, with nothing but pauses between them."""
        return _streak(self.events)

    @property
    def unhealed(self) -> Streak | None:
        """The latest failures of a call that has not succeeded since."""
        healed: set[str] = set()
        for event in reversed(self.events):
            if event.kind in DONE:
                healed.add(event.name)
            elif event.kind in FAILED and event.name not in healed:
                return _streak(self.events[: event.place + 1])
        return None


def facts_of(history: Sequence[Any] | None, *, windowed: bool = False) -> Facts:
    """Read a history; None is an empty one.

    Args:
        history: the entries, oldest first.
        windowed: whether timers run beside calls, so that all of them matter as long as they run.
    """
    events = tuple(_events(history or ()))
    timers = _open_timers(events)
    overtaken_at = -1 if windowed else _overtaken_at(events)
    live = tuple(timer for timer in timers if timer.place > overtaken_at)
    arrived_at = _arrived_at(events, overtaken_at)
    return Facts(
        events=events,
        calls=_calls(events),
        asked=_asked(events),
        timers=live,
        passed=tuple(timer for timer in live if timer.place < arrived_at),
        overtaken=tuple(timer for timer in timers if timer not in live),
    )


def _events(history: Iterable[Any]) -> Iterable[Event]:
    readable = (cast("JsonObject", raw) for raw in history if isinstance(raw, dict))
    for place, raw in enumerate(readable):
        yield Event(
            kind=_text(raw, "EventType"),
            place=place,
            at=_instant(raw, "Timestamp"),
            name=_text(raw, "FunctionName") or _text(raw, "Name"),
            instance_id=_text(raw, "InstanceId"),
            fire_at=_instant(raw, "FireAt"),
            called_at=_instant(raw, "ScheduledTime"),
            reason=_text(raw, "Reason") or _text(raw, "Input"),
            key=raw.get("EventId"),
            answers=raw.get("TaskScheduledId", raw.get("TimerId")),
        )


def _text(raw: JsonObject, member: str) -> str:
    value = raw.get(member)
    return value if isinstance(value, str) else ""


def _instant(raw: JsonObject, member: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(_text(raw, member))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _calls(events: Sequence[Event]) -> tuple[Event, ...]:
    answered = {event.answers for event in events if event.kind in _ANSWERS} - {None}
    return tuple(event for event in events if event.kind in CALLED and event.key not in answered)


def _asked(events: Sequence[Event]) -> tuple[Event, ...]:
    """Find the entity that was asked last, unless something has arrived since."""
    for event in reversed(events):
        if event.kind == "EventRaised":
            return ()
        if event.kind == "EventSent" and event.instance_id.startswith(_ENTITY):
            return (event,)
    return ()


def _open_timers(events: Sequence[Event]) -> list[Event]:
    """Return the timers that have not fired, the latest first; some of them were cancelled."""
    fired = Counter(event.fire_at for event in events if event.kind == "TimerFired")
    found: list[Event] = []
    for timer in (event for event in events if event.kind == "TimerCreated" and event.fire_at):
        if fired[timer.fire_at]:
            fired[timer.fire_at] -= 1
        else:
            found.insert(0, timer)
    return found


def _arrived_at(events: Sequence[Event], overtaken_at: int) -> int:
    """Return the place of the last arrival that the code could have waited for; -1 without one.

    The real runtime lets a timer that was cancelled fire all the same; nobody hears it.
    """
    cancelled = {
        event.fire_at for event in events[: max(overtaken_at, 0)] if event.kind == "TimerCreated"
    }
    for event in reversed(events):
        is_unheard = event.kind == "TimerFired" and event.fire_at in cancelled
        if event.kind in _ARRIVES and not is_unheard:
            return event.place
    return -1


def _overtaken_at(events: Sequence[Event]) -> int:
    """Return the place of the last arrival after which the code went on; -1 when there is none.

    What it waited for before, it does not wait for any more: it made the call, set the timer or
    asked the entity that lies behind. A call is where its answer is, so its own instant counts.
    """
    latest_call: datetime | None = None
    has_left = False
    for event in reversed(events):
        if event.kind in _ARRIVES:
            called_later = latest_call and event.at and latest_call >= event.at
            if has_left or called_later:
                return event.place
        has_left = has_left or event.kind in _LEAVES
        if event.called_at:
            latest_call = max(event.called_at, latest_call or event.called_at)
    return -1


def _streak(events: Sequence[Event]) -> Streak | None:
    failed: list[Event] = []
    for event in reversed(events):
        if event.kind in FAILED and (not failed or event.name == failed[0].name):
            failed.append(event)
        elif event.kind not in _BETWEEN or _ends_a_round(event):
            break
    if not failed:
        return None
    return Streak(name=failed[0].name, attempts=len(failed), last=failed[0])


def _ends_a_round(event: Event) -> bool:
    """The runtime sets a timer without a length when a call's last attempt has failed."""
    if event.kind != "TimerCreated" or event.fire_at is None or event.at is None:
        return False
    return event.fire_at <= event.at
