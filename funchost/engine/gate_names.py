"""External events as the SDK would have seen them in Azure: in the order in which they came.

Here an event is held until the code waits for its name, so each is delivered once, to one wait.
There the SDK sees it at once, keeps one early event a name (the last) and never forgets it. This
fold keeps, for each name, what the SDK would know, and says where that shows.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from funchost.engine.events import Event, EventRaised, EventSent, EventWaited
from funchost.engine.findings import Cause, Divergence, Finding


class _Early(StrEnum):
    """The SDK's one entry for early events of a name."""

    NONE = "none"
    FRESH = "fresh"
    REPLACED = "replaced"  # fresh, but another one was there before
    TAKEN = "taken"


@dataclass(slots=True)
class _Name:
    """What the SDK would know about a name."""

    open_waits: int = 0
    entry: _Early = _Early.NONE
    arrived: int = 0  # events that the entry and the waits have been told of
    delivered: int = 0  # of these, by our engine
    waited: int = 0


@dataclass(slots=True)
class EventNames:
    """All names of one generation."""

    _names: dict[str, _Name] = field(default_factory=dict[str, _Name])
    _calls: set[str] = field(default_factory=set[str])  # answers of entities have names, too

    def restore(self, events: Sequence[Event]) -> None:
        """Take over a history that was read back; an event is early when it came before its wait.

        What came but is still held is told by the next ``arrivals``.
        """
        self._note_calls(events)
        asked = [event for event in events if isinstance(event, EventWaited | EventRaised)]
        for event in sorted(asked, key=lambda e: (e.at, isinstance(e, EventRaised))):
            match event:
                case EventRaised(name=name) if name not in self._calls:
                    self._name(name).arrived += 1
                    self._name(name).delivered += 1
                    self._arrive(name)
                case EventWaited(name=name):
                    self._wait(name)
                case _:
                    pass

    def arrivals(self, events: Sequence[Event], held: Iterable[EventRaised]) -> list[EventRaised]:
        """Return what has come since the last look, in order of arrival.

        Args:
            events: an episode's events, with what was delivered in it.
            held: what is left in the inbox.
        """
        self._note_calls(events)
        present: dict[str, list[EventRaised]] = {}
        for event in events:
            if isinstance(event, EventRaised) and event.name not in self._calls:
                present.setdefault(event.name, []).append(event)
        delivered = {name: len(those) for name, those in present.items()}
        for event in held:
            present.setdefault(event.name, []).append(event)
        new: list[EventRaised] = []
        for name, those in present.items():
            known = self._name(name)
            new += those[known.arrived - known.delivered :]
            known.arrived += len(those) - (known.arrived - known.delivered)
            known.delivered += delivered.get(name, 0)
        return new

    def follow(self, events: Sequence[Event], arrived: Sequence[EventRaised]) -> list[Finding]:
        """Take one episode's waits and what came meanwhile; return what would differ."""
        waits = deque(event for event in events if isinstance(event, EventWaited))
        present = {id(event) for event in events}
        findings: list[Finding | None] = []
        delivered: set[str] = set()
        late: list[EventRaised] = []
        for event in arrived:
            if id(event) not in present and waits and event.at >= waits[0].at:
                late.append(event)  # it came while the code ran that waits for it
                continue
            if id(event) in present and event.name in delivered:
                # Delivered together, but the code saw it after the wait that took it.
                findings += self._waits_up_to(event.name, waits)
            delivered.add(event.name)
            self._arrive(event.name)
        findings += [self._wait(wait.name) for wait in waits]
        for event in late:
            self._arrive(event.name)
        told = [finding for finding in findings if finding is not None]
        return told + self._cases({event.name for event in arrived})

    def _waits_up_to(self, name: str, waits: deque[EventWaited]) -> list[Finding | None]:
        """Take the waits up to the next one for a name."""
        if not any(wait.name == name for wait in waits):
            return []
        findings: list[Finding | None] = []
        while True:
            wait = waits.popleft()
            findings.append(self._wait(wait.name))
            if wait.name == name:
                return findings

    def is_answer(self, name: str) -> bool:
        """Tell whether an event of this name is an entity's answer."""
        return name in self._calls

    def _note_calls(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, EventSent) and event.call is not None:
                self._calls.add(event.call)

    def _name(self, name: str) -> _Name:
        return self._names.setdefault(name, _Name())

    def _arrive(self, name: str) -> None:
        known = self._name(name)
        if known.open_waits:
            known.open_waits -= 1
        elif known.entry in {_Early.FRESH, _Early.REPLACED}:
            known.entry = _Early.REPLACED
        else:
            known.entry = _Early.FRESH

    def _wait(self, name: str) -> Finding | None:
        known = self._name(name)
        known.waited += 1
        entry = known.entry
        if entry is _Early.NONE:
            known.open_waits += 1
            return None
        known.entry = _Early.TAKEN
        if entry is _Early.FRESH:
            return None
        if entry is _Early.REPLACED:
            divergence, cause = Divergence.OTHER_VALUE, Cause.EVENT_OVERWRITTEN
            gate = "the last of the events that came early"
        else:
            is_enough = known.arrived >= known.waited
            divergence = Divergence.OTHER_VALUE if is_enough else Divergence.HANGS
            cause = Cause.EVENT_TAKEN_TWICE
            gate = "the event that an earlier wait had"
        return Finding(
            divergence=divergence,
            cause=cause,
            recorded=f"wait {known.waited} for '{name}' gets an event of its own",
            gate=gate,
        )

    def _cases(self, names: Iterable[str]) -> list[Finding]:
        """Name events that nobody waits for, though somebody waits for their name in other case."""
        findings: list[Finding] = []
        for name in names:
            known = self._name(name)
            if known.open_waits or known.waited:
                continue
            twins = [
                other
                for other, its in self._names.items()
                if other != name and its.open_waits and other.casefold() == name.casefold()
            ]
            findings += [
                Finding(
                    divergence=Divergence.HANGS,
                    cause=Cause.EVENT_IN_OTHER_CASE,
                    recorded=f"'{name}' is held, '{twin}' is waited for",
                    gate=f"'{name}' is taken for '{twin}' by one side only",
                )
                for twin in twins
            ]
        return findings
