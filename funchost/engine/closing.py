"""The second half of an episode: what the orchestrator's answer turns into.

The leaves that earlier episodes saw must come again, in order; further leaves get the next numbers
and become scheduling events. The instance ends only when its code has ended *and* no task is open,
as on the real host: an uncanceled timer holds it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from funchost.engine.actions import (
    CallActivity,
    CallEntity,
    CallHttp,
    CallSubOrchestration,
    ContinueAsNew,
    Crashed,
    CreateTimer,
    Leaf,
    Raised,
    Returned,
    SignalEntity,
    Turn,
    Unfit,
    WaitForExternalEvent,
    leaves,
)
from funchost.engine.calls import HTTP_ACTIVITY
from funchost.engine.determinism import mismatch
from funchost.engine.events import (
    Event,
    EventSent,
    EventWaited,
    ExecutionCompleted,
    ExecutionStarted,
    RuntimeStatus,
    SubOrchestrationCreated,
    TaskScheduled,
    TimerCanceled,
    TimerCreated,
)
from funchost.engine.ids import entity_id, entity_name, invalid_instance_id
from funchost.engine.opening import Opening, child_id
from funchost.engine.state import State

REQUEST_IDS = UUID("9e952958-5e33-4daf-827f-2fa12937b875")  # the extension's own namespace
CUSTOM_STATUS_LIMIT = 16 * 1024  # bytes of UTF-16, as the Durable extension counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What code may ask for: functions by kind (name in casefold to name as registered), limits."""

    orchestrators: Mapping[str, str]
    activities: Mapping[str, str]
    entities: Mapping[str, str]
    default_version: str | None = None  # of children that are asked for without one
    max_actions: int = 100_000  # that one generation may ask for


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What an episode decided.

    ``events`` are all events of the episode, the opening's first. ``continued`` is the action
    input of a new generation. ``custom_status`` is None when the orchestrator set none;
    ``keeps_custom_status`` when it was not asked.
    """

    events: tuple[Event, ...]
    consumed: tuple[int, ...]
    completed: ExecutionCompleted | None = None
    continued: str | None = None
    custom_status: str | None = None
    keeps_custom_status: bool = False


class _FailedNow(Exception):  # noqa: N818 - a way out, not an error that anybody sees
    """The instance cannot go on, whatever is still open."""


def close_episode(
    state: State, opening: Opening, turn: Turn | None, *, instance_id: str, catalog: Catalog
) -> Closing:
    """Apply the orchestrator's answer to the state; ``turn`` is None when it was not asked."""
    events = list(opening.events)
    at = state.now
    if turn is None or at is None or state.started is None:
        return _without_code(state, opening, events)
    parent = state.started.parent
    episode = _Episode(
        state=state,
        events=events,
        at=at,
        catalog=catalog,
        started=state.started,
        instance_id=instance_id,
        parent_id=None if parent is None else parent.instance_id,
    )
    completed, continued = _decided(episode, turn)
    keeps = isinstance(turn.outcome, Crashed | Unfit) or is_too_large(turn.custom_status)
    return Closing(
        events=tuple(events),
        consumed=opening.consumed,
        completed=completed,
        continued=continued,
        custom_status=None if keeps else turn.custom_status,
        keeps_custom_status=keeps,
    )


def _decided(episode: "_Episode", turn: Turn) -> tuple[ExecutionCompleted | None, str | None]:
    """Record what the code asked for; return the end, or the input of a new generation."""
    try:
        continued = episode.take(turn)
        if episode.state.open:
            return None, None
        completed = episode.ending(turn, continued)
    except _FailedNow as failure:
        return episode.end(RuntimeStatus.FAILED, str(failure), details=str(failure)), None
    return completed, continued if completed is None else None


def _without_code(state: State, opening: Opening, events: list[Event]) -> Closing:
    completed: ExecutionCompleted | None = None
    if opening.termination is not None and state.now is not None:
        completed = ExecutionCompleted(
            id=state.next_id,
            at=state.now,
            status=RuntimeStatus.TERMINATED,
            output=opening.termination.reason,
        )
        state.apply(completed)
        events.append(completed)
    return Closing(
        events=tuple(events),
        consumed=opening.consumed,
        completed=completed,
        keeps_custom_status=True,
    )


@dataclass(slots=True, kw_only=True)
class _Episode:
    """The episode being closed: turns leaves into events, and the outcome into an end."""

    state: State
    events: list[Event]
    at: datetime
    catalog: Catalog
    started: ExecutionStarted
    instance_id: str
    parent_id: str | None

    def take(self, turn: Turn) -> str | None:
        """Record the new leaves; return the input of a requested new generation."""
        if isinstance(turn.outcome, Crashed):
            return None
        if isinstance(turn.outcome, Unfit):
            raise _FailedNow(turn.outcome.error)
        self._limit_custom_status(turn.custom_status)
        continued: str | None = None
        position = 0
        for leaf in leaves(turn.actions):
            if isinstance(leaf, ContinueAsNew):
                continued = leaf.input
                break
            if position < len(self.state.leaves):
                self._check(position, leaf)
            elif position < self.catalog.max_actions:
                self._schedule(leaf)
            else:
                raise _FailedNow(self._too_many_actions())
            position += 1
        if position < len(self.state.leaves):
            self._check(position, None)
        return continued

    def ending(self, turn: Turn, continued: str | None) -> ExecutionCompleted | None:
        """Return the end of the instance when its code has ended, None otherwise."""
        name = self.started.name
        match turn.outcome:
            case Raised(error=error) | Crashed(error=error):
                text = f"Orchestrator function '{name}' failed: {error}"
                details = f"Message: {error}, StackTrace: "
                return self.end(RuntimeStatus.FAILED, text, details=details)
            case Returned(output=output) if continued is None:
                return self.end(RuntimeStatus.COMPLETED, output)
            case _:
                return None

    def end(
        self, status: RuntimeStatus, output: str | None, *, details: str | None = None
    ) -> ExecutionCompleted:
        """Record the end."""
        completed = ExecutionCompleted(
            id=self.state.next_id, at=self.at, status=status, output=output, details=details
        )
        self._append(completed)
        return completed

    def _append(self, event: Event) -> None:
        self.state.apply(event)
        self.events.append(event)

    def _check(self, position: int, leaf: Leaf | None) -> None:
        recorded = self.state.leaves[position]
        text = mismatch(self.started.name, recorded, leaf)
        if text is not None:
            raise _FailedNow(text)
        match recorded, leaf:
            case TimerCreated(id=id_), CreateTimer(is_canceled=True) if id_ in self.state.open:
                self._append(TimerCanceled(at=self.at, timer_id=id_))
            case _:
                pass

    def _schedule(self, leaf: Leaf) -> None:
        id_, at = self.state.next_id, self.at
        match leaf:
            case CallActivity(name=name, input=text, retry=retry):
                known = self._known(name, "activity", self.catalog.activities)
                self._append(TaskScheduled(id=id_, at=at, name=known, input=text, retry=retry))
            case CallSubOrchestration():
                self._append(self._child(leaf))
            case CreateTimer(fire_at=fire_at, is_canceled=is_canceled):
                self._append(TimerCreated(id=id_, at=at, fire_at=fire_at))
                if is_canceled:
                    self._append(TimerCanceled(at=at, timer_id=id_))
            case WaitForExternalEvent(name=name):
                self._append(EventWaited(at=at, name=name))
            case CallEntity() | SignalEntity():
                self._append(self._request(leaf))
            case CallHttp(request=request):
                self._append(TaskScheduled(id=id_, at=at, name=HTTP_ACTIVITY, input=request))
            case ContinueAsNew():
                raise AssertionError("the caller stops at continue-as-new")

    def _child(self, leaf: CallSubOrchestration) -> SubOrchestrationCreated:
        name = self._known(leaf.name, "orchestrator", self.catalog.orchestrators)
        self._check_child_id(name, leaf.instance_id)
        return SubOrchestrationCreated(
            id=self.state.next_id,
            at=self.at,
            name=name,
            instance_id=child_id(self.state, leaf.instance_id),
            input=leaf.input,
            version=self.catalog.default_version if leaf.version is None else leaf.version,
            explicit_id=leaf.instance_id or None,
            retry=leaf.retry,
        )

    def _check_child_id(self, name: str, instance_id: str | None) -> None:
        """Refuse ids that would leave the caller waiting for ever."""
        if not instance_id:
            return
        complaint = invalid_instance_id(instance_id)
        if instance_id in {self.instance_id, self.parent_id}:
            complaint = "It is the id of its own caller."
        if complaint is not None:
            raise _FailedNow(
                f"Orchestrator function '{self.started.name}' failed: the sub-orchestration "
                f"'{name}' cannot have the id '{instance_id}'. {complaint}"
            )

    def _request(self, leaf: CallEntity | SignalEntity) -> EventSent:
        """Word the message to an entity as Azure's histories do; the SDK reads its id back."""
        name, key = entity_name(leaf.instance_id)
        self._known(name, "entity", self.catalog.entities)
        is_call = isinstance(leaf, CallEntity)
        spot = f"{self.instance_id}_{self.started.execution_id}_{self.state.next_id}"
        request_id = str(uuid5(REQUEST_IDS, spot))
        request = {
            "op": leaf.operation,
            **({} if is_call else {"signal": True}),
            "input": layered(leaf.input),
            "id": request_id,
            "parent": self.instance_id,
            "parentExecution": self.started.execution_id,
        }
        return EventSent(
            id=self.state.next_id,
            at=self.at,
            instance_id=entity_id(name, key),
            name="op",
            input=json.dumps(request),
            call=request_id if is_call else None,
        )

    def _known(self, name: str, kind: str, registered: Mapping[str, str]) -> str:
        """Return the registered spelling; the real host would hang on an unknown name."""
        known = registered.get(name.casefold())
        if known is None:
            names = ", ".join(f"'{known}'" for known in sorted(registered.values()))
            article = "an" if kind[0] in "aeiou" else "a"
            raise _FailedNow(
                f"Orchestrator function '{self.started.name}' failed: The function '{name}' "
                f"doesn't exist, is disabled, or is not {article} {kind} function. Additional "
                f"info: The following are the known {kind} functions: {names}."
            )
        return known

    def _too_many_actions(self) -> str:
        return (
            f"Orchestrator function '{self.started.name}' failed: Maximum amount of orchestration "
            f"actions ({self.catalog.max_actions}) has been reached. This value can be configured "
            "in host.json file as MaxOrchestrationActions."
        )

    def _limit_custom_status(self, text: str | None) -> None:
        if is_too_large(text):
            size = _utf_16_size(text)
            raise _FailedNow(
                f"Orchestrator function '{self.started.name}' failed: The UTF-16 size of the "
                "JSON-serialized payload must not exceed 16 KB. The current payload size is "
                f"{size / 1024:.0f} KB."
            )


def is_too_large(custom_status: str | None) -> bool:
    """Tell whether a custom status is more than Azure keeps."""
    return _utf_16_size(custom_status) > CUSTOM_STATUS_LIMIT


def _utf_16_size(text: str | None) -> int:
    return 0 if text is None else len(text.encode("utf-16-le", "surrogatepass"))


def layered(text: str) -> str:
    """Wrap an action's input as a start input: one more layer of JSON (a string holding JSON)."""
    return json.dumps(text)
