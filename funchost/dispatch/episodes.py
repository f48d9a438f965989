"""An orchestration's turn: one episode, from its inbox to its commit."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from funchost.dispatch.commits import commit_of, lost_events
from funchost.dispatch.lanes import Lane
from funchost.dispatch.parts import Parts
from funchost.dispatch.ports import Worker
from funchost.engine.actions import Turn, Unfit
from funchost.engine.calls import OrchestrationHead, WorkerUnavailableError
from funchost.engine.closing import Catalog, Closing, close_episode
from funchost.engine.events import Event, EventRaised, RuntimeStatus
from funchost.engine.opening import has_run_ahead, open_episode
from funchost.engine.ports import CommitEpisode, InstanceRecord, Snapshot
from funchost.engine.versions import FailureStrategy, Versioning

logger = logging.getLogger(__name__)
invocations = logging.getLogger("funchost.invocations")


def encode_history(worker: Worker) -> Callable[[Snapshot], list[str]]:
    """Return what makes a snapshot's history into text for the worker."""

    def encode(snapshot: Snapshot) -> list[str]:
        return [text for event in snapshot.history if (text := worker.encode(event))]

    return encode


class _Step(NamedTuple):
    """What an episode decided, what the code answered, and the events' texts."""

    closing: Closing
    turn: Turn | None
    texts: list[str]


class Episodes:
    """Takes the turns of orchestrations."""

    def __init__(
        self, parts: Parts, *, concurrency: int, versioning: Versioning, max_actions: int
    ) -> None:
        """Run at most ``concurrency`` orchestrators at a time, of versions that may run here."""
        self._parts = parts
        self._versioning = versioning
        self._worker = parts.worker
        self._slots = asyncio.Semaphore(concurrency)
        self._catalog = Catalog(
            orchestrators=parts.worker.orchestrators,
            activities=parts.worker.activities,
            entities=parts.worker.entities,
            default_version=versioning.default,
            max_actions=max_actions,
        )

    async def take(self, lane: Lane, record: InstanceRecord) -> bool:
        """Run one episode; see ``Turns``."""
        step = await self._step(lane, record)
        if step is None:
            self._parts.warner.look(lane, record, None, None)
            return False
        closing, turn, texts = step
        if closing.continued is not None:
            closing = self._losing_events(lane, closing)
        commit = commit_of(
            record, lane.state, closing, now=self._parts.clock.now(), sources=self._parts.sources
        )
        outcome = await self._parts.journal.commit(commit)
        self._parts.warner.look(lane, record, closing, turn)
        _advance(lane, commit, closing, texts)
        self._parts.effects.apply(commit, outcome)
        if closing.completed is not None:
            _log_end(commit.record)
        return True

    async def _step(self, lane: Lane, record: InstanceRecord) -> _Step | None:
        """Decide one episode, with as many events at once as the code has shown to wait for."""
        bets = lane.event_bets
        before = lane.state.copy() if bets.at_once > 1 else None
        step = await self._decide(lane, record, events_at_once=bets.at_once)
        if step is not None and before is not None and has_run_ahead(lane.state):
            bets.lost()
            lane.state = before
            return await self._decide(lane, record, events_at_once=1)
        if step is not None and any(isinstance(e, EventRaised) for e in step.closing.events):
            bets.won()
        return step

    async def _decide(
        self, lane: Lane, record: InstanceRecord, *, events_at_once: int
    ) -> _Step | None:
        opening = open_episode(
            lane.state, lane.inbox, self._parts.clock.now(), events_at_once=events_at_once
        )
        if opening is None:
            return None
        texts = self._texts(opening.events)
        turn = await self._ask(record, [*lane.encoded, *texts]) if opening.asks_code else None
        closing = close_episode(
            lane.state, opening, turn, instance_id=lane.instance_id, catalog=self._catalog
        )
        texts += self._texts(closing.events[len(opening.events) :])
        return _Step(closing=closing, turn=turn, texts=texts)

    def _texts(self, events: Sequence[Event]) -> list[str]:
        return [text for event in events if (text := self._worker.encode(event))]

    async def _ask(self, record: InstanceRecord, history: list[str]) -> Turn:
        complaint = self._versioning.complaint(record.version)
        if complaint is not None:
            if self._versioning.failure is FailureStrategy.REJECT:
                raise WorkerUnavailableError(complaint)
            return Turn(actions=(), outcome=Unfit(error=complaint))
        head = OrchestrationHead(
            instance_id=record.instance_id,
            name=record.name,
            input=record.input,
            parent_instance_id=None if record.parent is None else record.parent.instance_id,
        )
        async with self._slots:
            return await self._worker.orchestrate(head, history)

    def _losing_events(self, lane: Lane, closing: Closing) -> Closing:
        lost = lost_events(lane.inbox, closing.consumed)
        for message in lost:
            if isinstance(message.event, EventRaised):
                logger.warning(
                    "Event '%s' of %s came before continue-as-new and was never waited for; it "
                    "is lost, as it would be in Azure",
                    message.event.name,
                    lane.instance_id,
                )
        sequences = tuple(message.sequence for message in lost)
        return replace(closing, consumed=closing.consumed + sequences)


def _advance(lane: Lane, commit: CommitEpisode, closing: Closing, texts: list[str]) -> None:
    """Bring the lane to where the store is."""
    lane.record = commit.record
    lane.consume(commit.consumed)
    if closing.continued is not None:
        lane.start_over()
    elif closing.completed is not None:
        lane.inbox.clear()
        lane.encoded = []
    else:
        lane.encoded += texts


def _log_end(record: InstanceRecord) -> None:
    level = logging.INFO if record.status is RuntimeStatus.COMPLETED else logging.WARNING
    text = "" if record.status is RuntimeStatus.COMPLETED else f": {record.output}"
    invocations.log(
        level,
        "orchestration %s %s after %d episodes (%s)%s",
        record.name,
        record.status.lower(),
        record.episode,
        record.instance_id,
        text,
    )
