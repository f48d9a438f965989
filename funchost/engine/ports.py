"""What the engine needs from a store: instances, their histories, and three kinds of due work.

A ``Store`` is synchronous and used from one thread at a time; ``dispatch.journal`` puts a thread
and grouped commits around it. Two adapters implement it (``storage.memory``, ``storage.sqlite``)
and one contract suite holds both.

Every change is a ``Write``, a value. ``commit`` applies a batch of them in one transaction and
answers for each with an ``Outcome``: an error kept that write, and only it, from being applied.
A write is fenced: it names the execution, and an episode also the number of the episode it
follows, so a commit from a worker that was overtaken changes nothing (``StaleWorkError``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from funchost.engine.errors import EngineError
from funchost.engine.events import Event, Message, Parent, RuntimeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """What is known of an instance without reading its history.

    ``input`` and ``custom_status`` are JSON text; ``output`` is JSON text when completed, plain
    text when failed or terminated. ``episode`` counts committed episodes: it is the fence.
    """

    instance_id: str
    execution_id: str
    name: str
    status: RuntimeStatus
    created_at: datetime
    updated_at: datetime
    input: str | None = None
    output: str | None = None
    custom_status: str | None = None
    version: str | None = None
    parent: Parent | None = None
    episode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityItem:
    """An activity that is due: run it, then commit a ``CompleteActivity``."""

    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerItem:
    """A timer that is set; the episode that takes its ``TimerFired`` message removes it."""

    instance_id: str
    execution_id: str
    timer_id: int
    fire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message for an instance.

    ``creates`` is given for entities: the record with which the receiver comes into being when
    there is none yet.
    """

    instance_id: str
    message: Message
    creates: InstanceRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInstance:
    """Create an instance whose inbox holds its start message.

    An instance of that id that has ended is replaced whole: history, messages, due work. One that
    has not is an ``InstanceExistsError``, unless ``replace_running``.
    """

    record: InstanceRecord
    start: Message
    replace_running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMessage:
    """Put a message into an instance's inbox.

    ``InstanceNotFoundError`` when there is none and none is created, ``InstanceEndedError`` when
    it has ended.
    """

    outgoing: Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteActivity:
    """Take a finished activity off the list and put its answer into the inbox, once.

    ``StaleWorkError`` when the activity is not on the list (answered before, or given up).
    """

    item: ActivityItem
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEpisode:
    """Everything one episode changed, applied whole or not at all; a batch of an entity too.

    ``record`` is the instance as it is afterwards; the write is fenced by ``execution_id`` (the
    generation that ran) and ``record.episode - 1``. When ``record.execution_id`` differs from
    ``execution_id`` (continue-as-new), the old generation's history and due work go, and
    ``outgoing`` holds the new generation's start message. An instance that has ended keeps no
    inbox and no due work. Children that exist and run are not replaced: their ``refusal`` goes
    into the parent's inbox instead, and ``Outcome.refused`` names them. Messages to instances
    that have ended are dropped, and to those that are gone unless they create them.
    """

    record: InstanceRecord
    execution_id: str
    appended: tuple[Event, ...]
    consumed: tuple[int, ...] = ()
    activities: tuple[ActivityItem, ...] = ()
    timers: tuple[TimerItem, ...] = ()
    ended_timers: tuple[int, ...] = ()
    children: tuple["Child", ...] = ()
    outgoing: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child orchestration to create, and what to tell the parent if it cannot be."""

    create: CreateInstance
    refusal: Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class RewindInstance:
    """Put a shorter history in place of an ended instance's, with work that is due again.

    Fenced like an episode. ``message`` is what wakes the code, if anything has to.
    """

    record: InstanceRecord
    history: tuple[Event, ...]
    activities: tuple[ActivityItem, ...] = ()
    message: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeInstances:
    """Forget instances that have ended: status, history. Others are passed over."""

    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a write: an error means that nothing of it was applied."""

    error: EngineError | None = None
    refused: tuple[Child, ...] = ()  # children of an episode that could not be created


type Write = (
    CreateInstance | AddMessage | CompleteActivity | CommitEpisode | RewindInstance | PurgeInstances
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An instance as a lane works on it: history in order, inbox in order of arrival."""

    record: InstanceRecord
    history: tuple[Event, ...]
    inbox: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What a host that starts has to go on with."""

    instance_ids: tuple[str, ...]  # those with messages
    activities: tuple[ActivityItem, ...]
    timers: tuple[TimerItem, ...]  # by due time
    last_sequence: int  # the highest message sequence ever given out


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceQuery:
    """Which instances, and from where in the order of their ids."""

    created_from: datetime | None = None  # inclusive
    created_to: datetime | None = None  # inclusive
    statuses: frozenset[RuntimeStatus] = frozenset()  # empty: any
    id_prefix: str = ""
    entities: bool = False  # entities only, instead of orchestrations only
    after_id: str | None = None  # exclusive: the last id of the page before
    limit: int = 100


class Store(Protocol):
    """Where instances survive. One process owns a store; see the module's text for the rules."""

    def get(self, instance_id: str) -> InstanceRecord | None:
        """Return the record, or None when there is no such instance."""
        ...

    def load(self, instance_id: str) -> Snapshot | None:
        """Return record, history and inbox, or None when there is no such instance."""
        ...

    def query(self, query: InstanceQuery) -> tuple[InstanceRecord, ...]:
        """Return up to ``limit`` matching records, ordered by instance id."""
        ...

    def backlog(self) -> Backlog:
        """Return all due work, read once when a host starts."""
        ...

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Apply each write or refuse it, all in one transaction; answer in the same order."""
        ...

    @property
    def waits_for_disk(self) -> bool:
        """Tell whether every commit waits until the disk has it."""
        ...

    @property
    def needs_upkeep(self) -> bool:
        """Tell whether it is time for ``keep_up``."""
        ...

    def keep_up(self) -> None:
        """Do what commits have put off because it can take long."""
        ...

    def close(self) -> None:
        """Give the store back; a closed store refuses everything."""
        ...
