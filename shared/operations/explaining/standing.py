"""Where a running instance stands: the one thing that matters most of all that is open.

The order of the questions is the order of what helps: a person who has to decide, a call that is
tried again, a call that runs, a child, an event, a timer; then what is left when nothing is open.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.errors import UNNAMED_FAILURE
from shared.models import JsonObject
from shared.operations.explaining import phrases
from shared.operations.explaining.errors import said
from shared.operations.explaining.history import Event, Facts, Streak
from shared.operations.explaining.models import Coming, Explanation, WaitingFor, WaitKind
from shared.operations.explaining.words import (
    NO_WORDS,
    EventWait,
    Words,
    document_in,
    instant_in,
)

# A timer that is late by more than this has no host that looks at it.
LATE: Final = timedelta(minutes=5)
_CHILD: Final = "SubOrchestrationInstanceCreated"
_MOST_NAMES: Final = 3
_TROUBLES: Final = {"compensation": "undoing it failed", "forward_recovery": "it failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is known of a running instance.

    Attributes:
        words: its domain's vocabulary.
        facts: what its history says.
        status: its custom status, empty when it shows none.
        patience: how long something may take before it has taken too long.
        children: where its children stand, by id, as far as anybody looked.
        now: the reader's time.
    """

    words: Words
    facts: Facts
    status: JsonObject
    patience: timedelta
    children: Mapping[str, Explanation]
    now: datetime

    @property
    def business(self) -> str:
        """The business status."""
        status = self.status.get("status")
        return status if isinstance(status, str) else ""

    @property
    def wait(self) -> EventWait | None:
        """The event that this status waits for."""
        return self.words.waits.get(self.business)

    def took_too_long(self, since: datetime | None) -> bool:
        """Whether something that began then should have ended."""
        return since is not None and self.now - since > self.patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The main clause of the sentence, and what belongs to it."""

    clause: str
    since: datetime | None
    waiting: tuple[WaitingFor, ...]
    coming: tuple[Coming, ...] = ()
    is_stuck: bool = False


def standing(subject: Subject) -> Standing:
    """Say where a running instance stands."""
    for question in (_attention, _retry, _calls, _left_behind, _event, _entity, _timer):
        found = question(subject)
        if found is not None:
            return found
    return _between(subject)


def _attention(subject: Subject) -> Standing | None:
    """An operator has to decide."""
    attention = document_in(subject.status.get("attention"))
    if not attention:
        return None
    since = instant_in(attention, "at")
    about = _open_steps(attention, subject.facts.unhealed)
    reminder = _first(subject.facts.timers)
    coming = _coming(reminder, "operators are reminded")
    wait = WaitingFor(
        kind=WaitKind.EVENT,
        name="attention",
        since=since,
        detail=about,
    )
    told = phrases.since(since, subject.now)
    clause = f"waiting for an operator{told} to decide about {about}{_told(coming, subject.now)}"
    waiting = (wait, *_waits_for_calls(subject))
    return Standing(clause=clause, since=since, waiting=waiting, coming=coming, is_stuck=True)


def _open_steps(attention: JsonObject, unhealed: Streak | None) -> str:
    listed: list[Any] = attention.get("open") or []
    steps = [step for step in map(document_in, listed) if step]
    if not steps:
        return "a step"
    trouble = _TROUBLES.get(str(attention.get("trouble")), "it failed")
    first = steps[0]
    attempts = f" after {first['attempts']} attempts" if first.get("attempts") else ""
    error = first.get("error")
    if error == UNNAMED_FAILURE and unhealed is not None:
        error = f"'{said(unhealed.last.reason)}'"
    with_ = f" with {error}" if error else ""
    more = f", and {len(steps) - 1} more" if len(steps) > 1 else ""
    return f"{first.get('step', 'a step')} ({trouble}{attempts}{with_}){more}"


def _retry(subject: Subject) -> Standing | None:
    """The pause between two attempts at a call."""
    streak, timer = subject.facts.streak, _first(subject.facts.timers)
    if streak is None or timer is None or timer.fire_at is None or subject.facts.calls:
        return None
    of = subject.words.attempts.get(streak.name)
    is_pause = timer.place > streak.last.place and timer.fire_at > (timer.at or timer.fire_at)
    if not is_pause or (of is not None and streak.attempts >= of):
        return None
    attempt = streak.attempts + 1
    step = subject.words.call(streak.name)
    ordinal = f"attempt {attempt} of {of}" if of else f"attempt {attempt}"
    clause = (
        f"retrying: {ordinal} of {step} {phrases.at(timer.fire_at, subject.now)};"
        f" the last answer was '{said(streak.last.reason)}'"
    )
    wait = WaitingFor(
        kind=WaitKind.RETRY,
        name=step,
        since=timer.at,
        until=timer.fire_at,
        attempt=attempt,
        of=of,
        detail=said(streak.last.reason),
    )
    return Standing(
        clause=f"{clause}{_late(timer, subject)}",
        since=timer.at,
        waiting=(wait,),
        coming=(Coming(at=timer.fire_at, what=f"{ordinal} of {step}"),),
        is_stuck=_is_late(timer, subject),
    )


def _calls(subject: Subject) -> Standing | None:
    """Activities that run, or children that do."""
    activities = [call for call in subject.facts.calls if call.kind != _CHILD]
    children = [call for call in subject.facts.calls if call.kind == _CHILD]
    if activities:
        return _activities(subject, activities)
    return _children(subject, children) if children else None


def _activities(subject: Subject, calls: list[Event]) -> Standing:
    since = min((call.at for call in calls if call.at), default=None)
    streak = subject.facts.streak
    again = ""
    if streak is not None and len(calls) == 1 and streak.name == calls[0].name:
        of = subject.words.attempts.get(streak.name)
        ordinal = f"attempt {streak.attempts + 1}{f' of {of}' if of else ''}"
        again = f" ({ordinal}; the last answer was '{said(streak.last.reason)}')"
    is_stuck = subject.took_too_long(since)
    too_long = ", which is longer than it should take" if is_stuck else ""
    clause = f"running {_named(subject.words, calls)}{phrases.since(since, subject.now)}{again}"
    return Standing(
        clause=f"{clause}{too_long}",
        since=since,
        waiting=_waits_for_calls(subject),
        is_stuck=is_stuck,
    )


def _named(words: Words, calls: list[Event]) -> str:
    counts = Counter(words.call(call.name) for call in calls).most_common(_MOST_NAMES)
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in counts)


def _children(subject: Subject, calls: list[Event]) -> Standing:
    since = min((call.at for call in calls if call.at), default=None)
    known = {
        call.instance_id: subject.children[call.instance_id]
        for call in calls
        if call.instance_id in subject.children
    }
    # Whoever is stuck holds up the others; else the first one stands for all.
    ids = sorted(known, key=lambda child: not known[child].is_stuck)
    what = _named(subject.words, calls)
    if len(calls) == 1 and calls[0].instance_id:
        what = f"{what} ({calls[0].instance_id})"
    told = f"; {ids[0]}: {phrases.clause(known[ids[0]].sentence)}" if ids else ""
    if ids and len(calls) == 1:
        told = f": {phrases.clause(known[ids[0]].sentence)}"
    return Standing(
        clause=f"waiting for {what}{phrases.since(since, subject.now)}{told}",
        since=since,
        waiting=_waits_for_calls(subject),
        coming=known[ids[0]].next if ids else (),
        is_stuck=any(child.is_stuck for child in known.values()),
    )


def _waits_for_calls(subject: Subject) -> tuple[WaitingFor, ...]:
    streak = subject.facts.streak
    return tuple(
        WaitingFor(
            kind=WaitKind.CHILD if call.kind == _CHILD else WaitKind.ACTIVITY,
            name=subject.words.call(call.name),
            since=call.at,
            attempt=streak.attempts + 1 if streak and streak.name == call.name else None,
            of=subject.words.attempts.get(call.name),
            detail=call.instance_id or None,
        )
        for call in subject.facts.calls
    )


def _left_behind(subject: Subject) -> Standing | None:
    """The code has ended, and a timer that nobody cancelled holds the instance."""
    facts = subject.facts
    has_ended = subject.business in subject.words.ends
    is_likely = subject.words is NO_WORDS and bool(facts.passed) and not facts.asked
    timers = facts.timers or facts.overtaken
    if not (has_ended or is_likely) or not timers or subject.words.windowed:
        return None
    last = max(timers, key=lambda timer: timer.fire_at or subject.now)
    if last.fire_at is None or last.fire_at <= subject.now:
        return None
    surely = "completed" if has_ended else "probably completed"
    wait = WaitingFor(kind=WaitKind.TIMER, name="a timer", since=last.at, until=last.fire_at)
    until = phrases.clock(last.fire_at, subject.now)
    return Standing(
        clause=f"{surely} at code level, still waiting for a timer that was not cancelled"
        f" until {until}",
        since=facts.progress_at,
        waiting=(wait,),
        coming=(Coming(at=last.fire_at, what="the instance ends"),),
    )


def _event(subject: Subject) -> Standing | None:
    """An event that this status waits for, as the domain says."""
    wait = subject.wait
    if wait is None:
        return None
    since = instant_in(subject.status, wait.since) or subject.facts.progress_at
    deadline = instant_in(subject.status, wait.deadline)
    moments = [
        Coming(at=at, what=moment.what)
        for moment in wait.moments
        if (at := instant_in(subject.status, moment.member)) is not None and at > subject.now
    ]
    phrase = wait.phrase.format_map(_Members(subject.status))
    is_late = deadline is not None and subject.now - deadline > LATE
    told = _told(tuple(moments), subject.now)
    if is_late and deadline is not None:
        told = f"; its deadline passed {phrases.at(deadline, subject.now)} and nothing came of it"
    return Standing(
        clause=f"waiting for {phrase}{phrases.since(since, subject.now)}{told}",
        since=since,
        waiting=(WaitingFor(kind=WaitKind.EVENT, name=wait.event, since=since, until=deadline),),
        coming=tuple(sorted(moments, key=lambda coming: coming.at)),
        is_stuck=is_late,
    )


class _Members(dict[str, Any]):
    """Members of a custom status for a phrase; one that is not there is a question mark."""

    def __missing__(self, _key: str) -> str:
        return "?"


def _entity(subject: Subject) -> Standing | None:
    """An entity that was asked."""
    if not subject.facts.asked:
        return None
    asked = subject.facts.asked[0]
    is_stuck = subject.took_too_long(asked.at)
    wait = WaitingFor(kind=WaitKind.ACTIVITY, name=asked.instance_id, since=asked.at)
    told = phrases.since(asked.at, subject.now)
    clause = f"waiting for an answer of {asked.instance_id}{told}"
    return Standing(clause=clause, since=asked.at, waiting=(wait,), is_stuck=is_stuck)


def _timer(subject: Subject) -> Standing | None:
    """A timer that the code waits for."""
    running = [timer for timer in subject.facts.timers if timer.fire_at]
    timer = min(running, key=lambda one: one.fire_at or subject.now, default=None)
    if timer is None or timer.fire_at is None:
        return None
    what = subject.words.timer(subject.business)
    wait = WaitingFor(kind=WaitKind.TIMER, name=what, since=timer.at, until=timer.fire_at)
    late = _late(timer, subject)
    when = "" if late else f" {phrases.at(timer.fire_at, subject.now)}"
    return Standing(
        clause=f"waiting for {what}{when}{late}",
        since=timer.at,
        waiting=(wait,),
        coming=(Coming(at=timer.fire_at, what=what),),
        is_stuck=bool(late),
    )


def _between(subject: Subject) -> Standing:
    """Nothing is open: it waits for an event of which no history tells, or goes on right now."""
    since = subject.facts.progress_at
    knows_events = subject.words is not NO_WORDS
    is_stuck = knows_events and since is not None and subject.now - since > LATE
    told = phrases.since(since, subject.now)
    if not knows_events:
        wait = WaitingFor(kind=WaitKind.EVENT, name="an event", since=since)
        clause = f"waiting for an event{told}; nothing else is open"
        return Standing(clause=clause, since=since, waiting=(wait,))
    wait = WaitingFor(kind=WaitKind.START, name="its next step", since=since)
    clause = f"between two steps{told}: a host has to take it on"
    return Standing(clause=clause, since=since, waiting=(wait,), is_stuck=is_stuck)


def _first(timers: tuple[Event, ...]) -> Event | None:
    return timers[0] if timers else None


def _coming(timer: Event | None, what: str) -> tuple[Coming, ...]:
    if timer is None or timer.fire_at is None:
        return ()
    return (Coming(at=timer.fire_at, what=what),)


def _told(coming: tuple[Coming, ...], now: datetime) -> str:
    """Say what happens meanwhile, in the order given."""
    parts = [f"{one.what} {phrases.at(one.at, now)}" for one in coming]
    return f"; {', '.join(parts)}" if parts else ""


def _is_late(timer: Event, subject: Subject) -> bool:
    return timer.fire_at is not None and subject.now - timer.fire_at > LATE


def _late(timer: Event, subject: Subject) -> str:
    if timer.fire_at is None or not _is_late(timer, subject):
        return ""
    due = phrases.clock(timer.fire_at, subject.now)
    return f", which was due {due} and has not come: no host looks after it"
