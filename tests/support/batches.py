"""Batch jobs on the real SDK in virtual time: orchestrators and entities as they are, a fake file.

The fake does what the activities promise (a unit counts once, and says what became of its rows)
and what they suffer: rows that end whoever touches them, outages, chunks that take their time.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, override

from funchost.engine.actions import Turn
from funchost.engine.calls import OrchestrationHead
from funchost.engine.ports import InstanceRecord
from shared.errors import StorageUnavailableError
from tests.support.functions import entities_in, orchestrator_of
from tests.support.sdk_worker import SdkWorker
from tests.support.task_hub import Hub, task_hub
from workflows.batch_processing import entities, names
from workflows.batch_processing.models import (
    FailureBudget,
    FileSource,
    Job,
    LoadCheck,
    Opened,
    Planned,
    PlanSegment,
    ProcessUnit,
    Published,
    Reading,
    Reconcile,
    Tally,
    Unit,
    UnitResult,
    Verdict,
)
from workflows.batch_processing.orchestrator import run_job
from workflows.batch_processing.partition import Place
from workflows.batch_processing.shard import work_through

JOB_ID = "j1"
INSTANCE = f"batch-{JOB_ID}"


def a_job(**changed: Any) -> Job:
    fields: dict[str, Any] = {
        "job_id": JOB_ID,
        "pipeline": "catalogue_import",
        "source": FileSource(container="imports", blob="a.csv"),
        "batch_size": 10,
        "max_parallelism": 4,
        "budget": FailureBudget(),
        "dry_run": False,
    }
    return Job(**(fields | changed))


@dataclass
class FakeFile:
    """A file of chunks, and what goes wrong with it.

    Attributes:
        chunks, batch_size: its plan; every chunk is full.
        bad: rows (from 0) that are rejected.
        poison: rows that fail whatever touches them.
        suspects: rows whose units have ended the process again and again.
        fails: how often a chunk fails before it does not.
        outage: the storage does not answer.
        stopped: why no unit can be worked through.
        problem: why the source cannot be used.
        segments: in how many stretches it is planned.
        findings, found: what comparing finds, and what the target holds.
        before: awaited before a unit is worked through.
    """

    chunks: int = 8
    batch_size: int = 10
    bad: frozenset[int] = frozenset()
    poison: frozenset[int] = frozenset()
    suspects: frozenset[int] = frozenset()
    fails: Counter[int] = field(default_factory=Counter[int])
    outage: bool = False
    stopped: str | None = None
    problem: str | None = None
    segments: int = 1
    findings: tuple[str, ...] = ()
    found: int | None = None
    before: Callable[[Unit], Any] | None = None
    calls: Counter[str] = field(default_factory=Counter[str])
    done: dict[str, Tally] = field(default_factory=dict[str, Tally])
    buried: list[int] = field(default_factory=list[int])
    running: int = 0
    most_running: int = 0
    published: list[Any] = field(default_factory=list[Any])

    @property
    def rows(self) -> int:
        return self.chunks * self.batch_size

    def activities(self) -> dict[str, Callable[[Any], Any]]:
        return {
            names.OPEN_SOURCE: self.open,
            names.PLAN_SEGMENT: self.plan,
            names.PROCESS_UNIT: self.process,
            names.BURY_ROW: self.bury,
            names.RECONCILE: self.reconcile,
            names.CHECK_LOAD: self.check_load,
            names.PUBLISH: self.publish,
        }

    def open(self, _payload: Any) -> Any:
        if self.problem:
            return Opened(problem=self.problem, details=("it is so",)).to_json()
        return Opened(reading=Reading(container="imports", blob="a.csv", etag="e")).to_json()

    def plan(self, payload: Any) -> Any:
        question = PlanSegment.from_json(payload)
        done = question.place.chunk
        chunks = min(-(-self.chunks // self.segments), self.chunks - done)
        rows = chunks * self.batch_size
        place = Place(
            offset=question.place.offset + 100 * rows,
            row=question.place.row + rows,
            line=question.place.line + rows,
            chunk=done + chunks,
        )
        ended = place.chunk == self.chunks
        return Planned(place=place, rows=rows, ended=ended, digest="ab" * 32).to_json()

    async def process(self, payload: Any) -> Any:
        unit = ProcessUnit.from_json(payload).unit
        self.calls[unit.key] += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.before is not None:
                await self.before(unit)
            else:
                await asyncio.sleep(0)
            return self._worked(unit).to_json()
        finally:
            self.running -= 1

    def _worked(self, unit: Unit) -> UnitResult:
        rows = self.rows_of(unit)
        if self.stopped is not None:
            return UnitResult(outcome="stopped", reason=self.stopped)
        if self.outage:
            raise StorageUnavailableError("table batchchunks did not answer")
        if self.fails[unit.chunk]:
            self.fails[unit.chunk] -= 1
            raise RuntimeError("a bad day")
        if self.suspects.intersection(rows):
            return UnitResult(outcome="suspect")
        if self.poison.intersection(rows):
            raise MemoryError
        rejected = len(self.bad.intersection(rows))
        return self._counted(unit, rejected)

    def bury(self, payload: Any) -> Any:
        unit = ProcessUnit.from_json(payload).unit
        assert unit.condemned
        assert unit.count == 1
        self.buried += self.rows_of(unit)
        return self._counted(unit, rejected=1).to_json()

    def _counted(self, unit: Unit, rejected: int) -> UnitResult:
        rows = len(self.rows_of(unit))
        tally = Tally(rows=rows, accepted=rows - rejected, rejected=rejected)
        self.done.setdefault(unit.key, tally)
        return UnitResult(outcome="done", tally=tally)

    def rows_of(self, unit: Unit) -> range:
        first = unit.chunk * self.batch_size + unit.start
        return range(first, first + (unit.count or self.batch_size))

    def reconcile(self, payload: Any) -> Any:
        question = Reconcile.from_json(payload)
        tally = sum(self.done.values(), Tally())
        assert question.claimed == tally
        assert question.chunks == self.chunks
        assert not question.complete or tally.rows == question.planned_rows == self.rows
        return Verdict(tally=tally, findings=self.findings).to_json()

    def check_load(self, _payload: Any) -> Any:
        return LoadCheck(found=self.found).to_json()

    def publish(self, payload: Any) -> Any:
        self.published.append(payload)
        return Published(manifest=f"{JOB_ID}/manifest.json").to_json()


class WatchedWorker(SdkWorker):
    """Notes how long histories get, and how many generations there are."""

    hub: Hub | None = None

    def __init__(self, *functions: Any, **more: Any) -> None:
        super().__init__(*functions, **more)
        self.longest: Counter[str] = Counter()
        self.generations: Counter[str] = Counter()

    @override
    async def orchestrate(self, head: OrchestrationHead, history: Any) -> Turn:
        turn = await super().orchestrate(head, history)
        if self.hub is None:
            return turn
        events = len(await self.hub.service.history(head.instance_id))
        if events < self.longest[f"last {head.instance_id}"]:
            self.generations[head.instance_id] += 1
        self.longest[f"last {head.instance_id}"] = events
        self.longest[head.instance_id] = max(self.longest[head.instance_id], events)
        return turn


@dataclass
class Ran:
    """How a job went."""

    record: InstanceRecord
    worker: WatchedWorker
    seconds: float

    @property
    def output(self) -> Any:
        assert self.record.status == "Completed", self.record.output
        return json.loads(self.record.output or "null")

    @property
    def custom_status(self) -> Any:
        return json.loads(self.record.custom_status or "null")

    @property
    def longest_history(self) -> int:
        return max(
            events for name, events in self.worker.longest.items() if not name.startswith("last")
        )


type Meanwhile = Callable[[Hub], Any]


def run(
    file: FakeFile,
    job: Job | None = None,
    *,
    meanwhile: Meanwhile | None = None,
    watched: bool = False,
) -> Ran:
    """Run a job to its end; `meanwhile` is awaited while it runs, `watched` counts its events."""
    job = job or a_job(batch_size=file.batch_size)
    return asyncio.run(_run(file, job, meanwhile, watched=watched))


async def _run(file: FakeFile, job: Job, meanwhile: Meanwhile | None, *, watched: bool) -> Ran:
    worker = WatchedWorker(
        named(names.ORCHESTRATOR, orchestrator_of(run_job)),
        named(names.SHARD, orchestrator_of(work_through)),
        activities=file.activities(),
        entities=entities_in(entities.blueprint),
    )
    async with task_hub(worker) as hub:
        worker.hub = hub if watched else None
        began = hub.clock.now()
        await hub.start(names.ORCHESTRATOR, job.to_json(), instance_id=INSTANCE)
        if meanwhile is not None:
            await meanwhile(hub)
        record = await hub.ended(INSTANCE)
        return Ran(record, worker, (hub.clock.now() - began).total_seconds())


async def told(hub: Hub, operation: str) -> None:
    """Signal the job's control, as the HTTP functions do."""
    payload = json.dumps(json.dumps({"by": "test"}))
    await hub.service.signal_entity(names.CONTROL, JOB_ID, operation=operation, payload=payload)


def named(name: str, code: Callable[[Any], Generator[Any, Any, Any]]) -> Callable[[Any], Any]:
    """Return the orchestrator under its registered name, as the SDK would call it."""

    def orchestrator(context: Any) -> Generator[Any, Any, Any]:
        return (yield from code(context))

    orchestrator.__name__ = name
    return orchestrator
