"""Each minute: finds what is stuck, tells operators of it once, and closes what is over.

A run looks at as many instances as its time allows; the next one goes on behind them, on whichever
host. A finding is kept before it is told of, and its letter has one key, so that neither a crash
nor a second host tells of it twice. What is wrong with an instance is decided in judging.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.clock import Clock, system_clock
from shared.durable import InstanceId, InstanceView
from shared.errors import ProviderUnavailableError
from shared.http import workflow_path
from shared.ids import derived_id
from shared.operations import management_api
from shared.operations.explainer import Explainer
from shared.operations.findings import Finding, FindingKind
from shared.operations.management_api import Management, PageQuery
from shared.operations.types import TYPES, WorkflowTypes
from shared.settings import current_settings, schedule
from shared.settings.operations import WATCHDOG_SCHEDULE_SETTING
from workflows.management import names
from workflows.management.gateways import Outside, outside
from workflows.management.judging import Limits, Suspicion, stands_still, suspicions
from workflows.management.runs import Place, Run

TASK: Final = "watchdog"

_PAGE: Final = 200
_MOST_CHECKED: Final = 200
_MOST_IN_A_LETTER: Final = 20
# A run that dies holds up the next ones no longer than this; one that lives has ended long before.
_HOLD: Final = timedelta(minutes=2)
_UNFINISHED: Final = frozenset(
    {
        df.OrchestrationRuntimeStatus.Pending,
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.ContinuedAsNew,
    }
)
_UNFINISHED_NAMES: Final = frozenset(status.value for status in _UNFINISHED)

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a run came to."""

    examined: int
    found: int
    closed: int


@dataclass(slots=True, kw_only=True)
class Watchdog:
    """One run of the watchdog.

    Args:
        management: the runtime whose instances are looked at.
        types: what is usual for each type of workflow.
        outside: where findings are kept, and who is told.
        limits: what counts as too long.
        clock: the time.
        time: how long the run may look around.
    """

    management: Management
    types: WorkflowTypes
    outside: Outside
    limits: Limits
    clock: Clock
    time: timedelta = timedelta(seconds=20)
    _examined: int = field(default=0, init=False)
    _found: int = field(default=0, init=False)

    async def watch(self) -> Watched | None:
        """Look around once; None when another host does.

        Raises:
            ProviderUnavailableError, StorageUnavailableError: The run counts as none.
        """
        now = self.clock.now()
        run = await asyncio.to_thread(self.outside.runs.begin, TASK, now=now, hold=_HOLD)
        if run is None:
            return None
        closed = await self._close_what_is_over(now)
        place = await self._look_around(run, now)
        await self._write_letters(now)
        await asyncio.to_thread(
            self.outside.runs.end,
            run,
            now=self.clock.now(),
            place=place,
            examined=self._examined,
        )
        return Watched(examined=self._examined, found=self._found, closed=closed)

    async def _close_what_is_over(self, now: datetime) -> int:
        found = await asyncio.to_thread(self.outside.board.open)
        closed = 0
        for finding in _some(found, now):
            view = await self.management.find(InstanceId(finding.instance_id))
            suspicions = self._suspicions(view, now) if view else ()
            if finding.key not in {suspicion.key for suspicion in suspicions}:
                await asyncio.to_thread(self.outside.board.close, finding, at=now)
                closed += 1
        return closed

    async def _look_around(self, run: Run, now: datetime) -> Place | None:
        """Return where the next run goes on; None when everything was seen."""
        known = {finding.key for finding in await asyncio.to_thread(self.outside.board.open)}
        place = run.place
        while True:
            query = PageQuery(statuses=_UNFINISHED, top=_PAGE)
            page = await self.management.page(query, place.token)
            for view in page.instances:
                if view.instance_id <= place.after:
                    continue  # the run before has seen it
                if self.clock.now() - now > self.time:
                    return place
                for suspicion in self._suspicions(view, now):
                    if suspicion.key not in known:
                        await self._follow(suspicion, view, now)
                self._examined += 1
                place = Place(token=place.token, after=view.instance_id)
            if page.token is None:
                return None
            place = Place(token=page.token)

    def _suspicions(self, view: InstanceView, now: datetime) -> Sequence[Suspicion]:
        type_ = self.types.of(view.orchestrator)
        return suspicions(view, type_, now=now, limits=self.limits)

    async def _follow(self, suspicion: Suspicion, view: InstanceView, now: datetime) -> None:
        """Ask why, and keep and tell what is confirmed."""
        explainer = Explainer(management=self.management, types=self.types, now=now)
        explanation = await explainer.explained(view.instance_id)
        if explanation is None or explanation.runtime_status not in _UNFINISHED_NAMES:
            return  # it has ended meanwhile
        if not suspicion.is_certain and not stands_still(explanation, now=now):
            return
        finding = Finding(
            instance_id=view.instance_id,
            type=explanation.type,
            kind=suspicion.kind,
            reason=explanation.sentence,
            since=suspicion.since,
            reported_at=now,
        )
        if await asyncio.to_thread(self.outside.board.note, finding):
            self._found += 1
            _report(finding)

    async def _write_letters(self, now: datetime) -> None:
        """Write one letter of all that is new; one that could not be sent is sent later."""
        unsent = [
            finding
            for finding in await asyncio.to_thread(self.outside.board.open)
            # Whoever needs attention has written to operators itself.
            if finding.sent_at is None and finding.kind is not FindingKind.NEEDS_ATTENTION
        ]
        fresh = [finding for finding in unsent if finding.letter is None]
        if fresh:
            letter = derived_id("watchdog", *(finding.key for finding in fresh))
            for finding in fresh:
                named = finding.model_copy(update={"letter": letter})
                await asyncio.to_thread(self.outside.board.change, named)
                unsent[unsent.index(finding)] = named
        for letter in sorted({finding.letter for finding in unsent if finding.letter}):
            together = [finding for finding in unsent if finding.letter == letter]
            await self._send(letter, together, now)

    async def _send(self, letter: str, findings: Sequence[Finding], now: datetime) -> None:
        subject, text = letter_of(findings)
        try:
            await asyncio.to_thread(
                self.outside.letters.put,
                letter,
                recipient=self.outside.recipient,
                subject=subject,
                text=text,
                at=now,
            )
        except ProviderUnavailableError as failure:
            _logger.warning("operators are written to later: %s", failure.code)
            return
        for finding in findings:
            sent = finding.model_copy(update={"sent_at": now})
            await asyncio.to_thread(self.outside.board.change, sent)


def _some(findings: Sequence[Finding], now: datetime) -> Sequence[Finding]:
    """Return as many as a run looks at again; each minute others, when there are more."""
    if len(findings) <= _MOST_CHECKED:
        return findings
    begin = int(now.timestamp() // 60) * _MOST_CHECKED % len(findings)
    return [*findings[begin:], *findings[:begin]][:_MOST_CHECKED]


def _report(finding: Finding) -> None:
    _logger.warning(
        "[%s] %s since %s: %s",
        finding.instance_id,
        finding.kind.value,
        finding.since.isoformat(timespec="seconds"),
        finding.reason,
        extra={
            "instanceId": finding.instance_id,
            "workflowType": finding.type,
            "finding": finding.kind.value,
            "since": finding.since.isoformat(),
        },
    )


def letter_of(findings: Sequence[Finding]) -> tuple[str, str]:
    """Write what operators are told: subject and text."""
    first = findings[0]
    subject = f"{first.instance_id}: {first.kind.value.replace('_', ' ')}"
    if len(findings) > 1:
        subject = f"{len(findings)} workflows need a look"
    lines = [
        f"{finding.instance_id} ({finding.type}), {finding.kind.value.replace('_', ' ')}:\n"
        f"{finding.reason}\n{workflow_path(finding.instance_id)}/explain\n"
        for finding in findings[:_MOST_IN_A_LETTER]
    ]
    if len(findings) > _MOST_IN_A_LETTER:
        lines.append(f"And {len(findings) - _MOST_IN_A_LETTER} more: GET /api/ops/findings\n")
    return subject, "\n".join(lines)


@blueprint.function_name(names.WATCH)
@blueprint.timer_trigger(
    arg_name="timer", schedule=schedule(WATCHDOG_SCHEDULE_SETTING, "30 * * * * *")
)
@blueprint.durable_client_input(client_name="client")
async def watch(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Look around once."""
    del timer  # a late run does the same
    operations = current_settings().operations
    watchdog = Watchdog(
        management=management_api.of(client),
        types=TYPES,
        outside=await asyncio.to_thread(outside),
        limits=Limits(pending=operations.pending_limit, silence=operations.silence_limit),
        clock=system_clock(),
    )
    await watchdog.watch()
