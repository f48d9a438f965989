"""The warner: would this orchestration fare differently in Azure?

Here the engine numbers in the SDK's order and has no gate (docs/fidelity.md); in Azure the
extension's gate numbers (``gate_replay``) and shows events in the order in which they come
(``gate_names``). A ``Watch`` follows one generation beside the engine and compares.

It costs next to nothing while nothing can differ: the two sides number alike until a task fails, so
the gate is replayed from then on only.
"""

from collections.abc import Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from funchost.engine.actions import (
    Action,
    Crashed,
    CreateTimer,
    Leaf,
    Returned,
    Turn,
    Unfit,
    WaitForExternalEvent,
    leaves,
)
from funchost.engine.determinism import asked
from funchost.engine.events import (
    Event,
    EventRaised,
    EventSent,
    EventWaited,
    Scheduling,
    SubOrchestrationCompleted,
    SubOrchestrationCreated,
    SubOrchestrationFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
    TimerFired,
)
from funchost.engine.findings import Cause, Divergence, Finding
from funchost.engine.gate_names import EventNames
from funchost.engine.gate_replay import Answered, Difference, GateReplay, Mark, Raised, Step

LONG_TIMER_LINK = timedelta(days=3)  # into which the SDK splits timers longer than six days
TIMER = asked(CreateTimer(fire_at=datetime.min.replace(tzinfo=UTC)))
NAMED = (EventRaised, EventWaited, EventSent)
ENTITY_FAILURE = '"exceptionType"'  # a member of an entity's answer


@dataclass(slots=True, kw_only=True)
class Watch:
    """Follows one generation of an instance; feed it every event, then ask after each episode."""

    _recorded: dict[int, Step] = field(default_factory=dict[int, Step])
    _marks: list[Mark] = field(default_factory=list[Mark])
    _calls: dict[int, str] = field(default_factory=dict[int, str])
    _names: EventNames = field(default_factory=EventNames)
    _places: int = 0
    _fired: int = -1
    _open_links: set[int] = field(default_factory=set[int])
    _canceled: list[int] = field(default_factory=list[int])
    _can_differ: bool = False
    _replay: GateReplay | None = None
    _is_lost: bool = False  # the two sides number differently: nothing more can be said
    _reported: set[tuple[Divergence, Cause]] = field(default_factory=set[tuple[Divergence, Cause]])

    def restore(self, events: Sequence[Event]) -> None:
        """Take over a history that was read back; what was found in it was reported then."""
        self._names.restore(events)
        all_of_them = {id(event) for event in events}
        for event in events:
            self._apply(event, all_of_them)

    def follow(
        self,
        events: Sequence[Event],
        turn: Turn | None,
        *,
        held: Sequence[EventRaised] = (),
        has_ended: bool = False,
    ) -> list[Finding]:
        """Take one episode into account; return what was not reported before.

        Args:
            events: all events of the episode, in order.
            turn: the orchestrator's answer, if it was asked.
            held: the external events that stay in the inbox, in order of arrival.
            has_ended: the generation is over here.
        """
        findings = self._follow_names(events, held)
        if turn is not None and not isinstance(turn.outcome, Crashed | Unfit):
            if self._can_differ and not self._is_lost:
                found = self._compare(turn, has_ended=has_ended)
                findings += [] if found is None else [found]
            if self._open_links and isinstance(turn.outcome, Returned):
                findings.append(_held_by_a_link())
        fresh = {key: f for f in findings if (key := (f.divergence, f.cause)) not in self._reported}
        self._reported.update(fresh)
        return list(fresh.values())

    def _follow_names(self, events: Sequence[Event], held: Sequence[EventRaised]) -> list[Finding]:
        """Apply the events, each external one where it came, which may be before its wait."""
        if not held and not any(isinstance(event, NAMED) for event in events):
            for event in events:
                self._apply(event, frozenset())
            return []
        arrived = self._names.arrivals(events, held)
        new = {id(event) for event in arrived}
        for event in events:
            self._apply(event, new)
            new.discard(id(event))
        self._marks += [Raised(event.name) for event in arrived if id(event) in new]
        return self._names.follow(events, arrived)

    def _apply(self, event: Event, new: AbstractSet[int]) -> None:
        match event:
            case TaskCompleted(task_id=id_) | SubOrchestrationCompleted(task_id=id_):
                self._marks.append(Answered(id_, ok=True))
            case TaskFailed(task_id=id_) | SubOrchestrationFailed(task_id=id_):
                self._marks.append(Answered(id_, ok=False))
                self._can_differ = True
            case TimerFired(timer_id=id_):
                self._marks.append(Answered(id_, ok=True))
                self._fired = id_
                self._open_links.discard(id_)
            case EventRaised(name=name, input=payload):
                if id(event) in new or self._names.is_answer(name):
                    self._marks.append(Raised(name))  # else it was noted when it came
                self._can_differ |= payload is not None and ENTITY_FAILURE in payload
            case TimerCanceled(timer_id=id_):
                self._canceled.append(id_)
                self._open_links.discard(id_)
            case EventWaited():
                self._places += 1
            case TaskScheduled() | SubOrchestrationCreated() | TimerCreated() | EventSent():
                self._record(event)
            case _:
                pass

    def _record(self, event: Scheduling) -> None:
        """Note what the event's id stands for."""
        match event:
            case TimerCreated(retries=int(failed)):
                place, step = self._recorded[failed]
                self._recorded[event.id] = (place, step + 1)
                return
            case TaskScheduled(attempt=attempt) | SubOrchestrationCreated(attempt=attempt):
                if attempt > 1:  # it follows the timer that fired just before
                    place, step = self._recorded[self._fired]
                    self._recorded[event.id] = (place, step + 1)
                    return
            case TimerCreated(id=id_, at=at, fire_at=fire_at):
                if fire_at - at == LONG_TIMER_LINK:
                    self._open_links.add(id_)
                    self._can_differ = True
            case EventSent(id=id_, call=call):
                if call is not None:
                    self._calls[id_] = call
        self._recorded[event.id] = (self._places, 0)
        self._places += 1

    def _compare(self, turn: Turn, *, has_ended: bool) -> Finding | None:
        replay, was_canceled = self._replayed(turn.actions)
        if replay.difference is not None:
            self._is_lost = True
            return _numbered_differently(replay.difference, turn, was_canceled=was_canceled)
        blocking = replay.blocking
        if has_ended and replay.waits_for_event and not replay.is_through:
            return _waits_for_ever()
        return None if blocking is None else _later(blocking)

    def _replayed(self, actions: Sequence[Action]) -> tuple[GateReplay, bool]:
        """Bring the gate to where the code is; tell whether a canceled timer made it begin anew."""
        canceled, self._canceled = self._canceled, []
        replay = self._replay
        begins_anew = replay is not None and not all(replay.cancel(id_) for id_ in canceled)
        if replay is None or begins_anew:
            replay = self._replay = GateReplay(
                recorded=self._recorded, marks=self._marks, calls=self._calls
            )
        replay.run(actions)
        return replay, begins_anew


def watch_of(history: Sequence[Event]) -> Watch | None:
    """Follow a history that was read back; None when it cannot be followed (it was rewound)."""
    watch = Watch()
    try:
        watch.restore(history)
    except LookupError:
        return None
    return watch


def _numbered_differently(difference: Difference, turn: Turn, *, was_canceled: bool) -> Finding:
    all_leaves = list(leaves(turn.actions))
    recorded, gate = difference.recorded, difference.gate
    if gate[1] > 0:  # there a retry went first: the gate opened after the code went on
        cause = Cause.FAIL_FAST
    else:
        cause = Cause.CANCELED_TIMER if was_canceled else Cause.YIELDED_AGAIN
    looks_alike = _kind(all_leaves, recorded) == _kind(all_leaves, gate)
    divergence = (
        Divergence.OTHER_VALUE
        if cause is Cause.FAIL_FAST or looks_alike  # the extension compares kind and name only
        else Divergence.NON_DETERMINISTIC
    )
    return Finding(
        divergence=divergence,
        cause=cause,
        id=difference.id,
        recorded=_words(all_leaves, recorded),
        gate=_words(all_leaves, gate),
    )


def _kind(all_leaves: Sequence[Leaf], step: Step) -> str:
    place, progress = step
    return TIMER if progress % 2 else asked(all_leaves[place])


def _words(all_leaves: Sequence[Leaf], step: Step) -> str:
    place, progress = step
    what = asked(all_leaves[place])
    attempt, is_timer = divmod(progress, 2)
    if is_timer:
        return f"the timer after attempt {attempt + 1} of {what}"
    return f"attempt {attempt + 1} of {what}" if attempt else what


def _later(blocking: Action) -> Finding:
    has_wait = any(isinstance(leaf, WaitForExternalEvent) for leaf in leaves((blocking,)))
    if isinstance(blocking, CreateTimer):
        cause = Cause.LONG_TIMER
    else:
        cause = Cause.EVENT_AMONG_SIBLINGS if has_wait else Cause.OPEN_SIBLINGS
    return Finding(
        divergence=Divergence.LATER,
        cause=cause,
        recorded="the next step has begun",
        gate="the next step waits for " + ", ".join(map(asked, leaves((blocking,)))),
    )


def _waits_for_ever() -> Finding:
    return Finding(
        divergence=Divergence.HANGS,
        cause=Cause.EVENT_AMONG_SIBLINGS,
        recorded="the orchestration ends",
        gate="it waits for an event that did not come",
    )


def _held_by_a_link() -> Finding:
    return Finding(
        divergence=Divergence.LATER,
        cause=Cause.LONG_TIMER,
        recorded="the code has ended, and a link of a long timer is open, as there",
        gate="the instance stays Running until the link fires",
    )
