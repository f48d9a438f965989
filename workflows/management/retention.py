"""Every ten minutes: forgets instances that ended long enough ago, a slice at a time.

How long is enough is said by each workflow type, or by ``RETENTION_DAYS``. Children go with their
parents, before them, so that what is left half-done is found again. Only instances are forgotten:
stored requests, logs, books and entities stay. Which of them an operator forgets by hand, and who
that was, is in shared.operations.actions.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from shared.clock import Clock, system_clock
from shared.durable import InstanceId, InstanceView
from shared.operations import management_api
from shared.operations.findings import FindingsBoard
from shared.operations.management_api import Answer, Management, PageQuery
from shared.operations.types import OTHER, TYPES, WorkflowType, WorkflowTypes
from shared.settings import current_settings, schedule
from shared.settings.operations import RETENTION_SCHEDULE_SETTING
from workflows.management import names
from workflows.management.gateways import outside
from workflows.management.runs import Place, Run, RunBook

TASK: Final = "retention"

_PAGE: Final = 200
_HOLD: Final = timedelta(minutes=2)
_ID_ENDS: Final = ":"
# A child whose parent is not known by rule is left until its parent has gone, in all likelihood.
_CHILDREN_LATER: Final = timedelta(days=7)
_FINDINGS_KEPT: Final = timedelta(days=30)
_MOST_FINDINGS: Final = 200
_ENDED: Final = frozenset(
    {
        df.OrchestrationRuntimeStatus.Completed,
        df.OrchestrationRuntimeStatus.Failed,
        df.OrchestrationRuntimeStatus.Canceled,
        df.OrchestrationRuntimeStatus.Terminated,
    }
)

blueprint = df.Blueprint()
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a run came to."""

    examined: int
    purged: int


@dataclass(slots=True, kw_only=True)
class Retention:
    """One run of the retention.

    Args:
        management: the runtime whose instances are forgotten.
        types: how long each type of workflow is kept.
        runs: who does it, and where the next run goes on.
        board: findings that were closed are forgotten, too.
        keep_for: how long some types are kept instead.
        clock: the time.
        most: after how many instances a run ends.
        time: after how long a run ends.
    """

    management: Management
    types: WorkflowTypes
    runs: RunBook
    board: FindingsBoard
    keep_for: Mapping[str, timedelta]
    clock: Clock
    most: int = 200
    time: timedelta = timedelta(seconds=20)
    _examined: int = field(default=0, init=False)
    _purged: int = field(default=0, init=False)

    async def forget(self) -> Forgotten | None:
        """Forget a slice of what is due; None when another host does.

        Raises:
            ProviderUnavailableError, StorageUnavailableError: The run counts as none.
        """
        now = self.clock.now()
        run = await asyncio.to_thread(self.runs.begin, TASK, now=now, hold=_HOLD)
        if run is None:
            return None
        place = await self._walk(run, now)
        await asyncio.to_thread(self.board.forget, before=now - _FINDINGS_KEPT, most=_MOST_FINDINGS)
        await asyncio.to_thread(
            self.runs.end, run, now=self.clock.now(), place=place, examined=self._examined
        )
        return Forgotten(examined=self._examined, purged=self._purged)

    async def _walk(self, run: Run, now: datetime) -> Place | None:
        """Return where the next run goes on; None when everything was seen."""
        shortest = min(self._kept(type_) for type_ in (OTHER, *self.types))
        query = PageQuery(created_before=now - shortest, statuses=_ENDED, top=_PAGE)
        place = run.place
        while True:
            page = await self.management.page(query, place.token)
            for view in page.instances:
                if view.instance_id <= place.after:
                    continue  # the run before has seen it
                if self._purged >= self.most or self.clock.now() - now > self.time:
                    return place
                if self._is_due(view, now):
                    await self._forget(view)
                self._examined += 1
                place = Place(token=place.token, after=view.instance_id)
            if page.token is None:
                return None
            place = Place(token=page.token)

    def _kept(self, type_: WorkflowType) -> timedelta:
        return self.keep_for.get(type_.name, type_.keep_for)

    def _is_due(self, view: InstanceView, now: datetime) -> bool:
        type_ = self.types.of(view.orchestrator)
        kept = self._kept(type_) + (_CHILDREN_LATER if type_.is_child else timedelta())
        ended_at = view.last_updated_at
        return view.is_terminal and ended_at is not None and now - ended_at > kept

    async def _forget(self, view: InstanceView) -> None:
        """Forget an instance after its children; as long as one of them runs, it is left."""
        children = await self._children(view)
        if not all(child.is_terminal for child in children):
            return
        for one in (*children, view):
            self._purged += await self._is_purged(one)

    async def _children(self, view: InstanceView) -> Sequence[InstanceView]:
        """Find the children whose ids follow a rule: a history forgets them when they end."""
        found: list[InstanceView] = []
        for known in self.types.of(view.orchestrator).child_ids(view.instance_id):
            if known.endswith(_ID_ENDS):
                found += await self._with_prefix(known)
            elif (child := await self.management.find(InstanceId.parse(known))) is not None:
                found.append(child)
        return [child for child in found if self.types.of(child.orchestrator).is_child]

    async def _with_prefix(self, prefix: str) -> Sequence[InstanceView]:
        found: list[InstanceView] = []
        token: str | None = None
        while True:
            page = await self.management.page(PageQuery(id_prefix=prefix, top=_PAGE), token)
            found += page.instances
            if (token := page.token) is None:
                return found

    async def _is_purged(self, view: InstanceView) -> bool:
        """Purge an instance that still is what was seen: its id may have been started anew."""
        now_is = await self.management.find(view.instance_id)
        if now_is is None or not now_is.is_terminal:
            return False
        if now_is.last_updated_at != view.last_updated_at:
            return False
        return await self.management.purge(view.instance_id) is Answer.DONE


@blueprint.function_name(names.RETAIN)
@blueprint.timer_trigger(
    arg_name="timer", schedule=schedule(RETENTION_SCHEDULE_SETTING, "0 */10 * * * *")
)
@blueprint.durable_client_input(client_name="client")
async def retain(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Forget a slice of what is due."""
    del timer  # a late run does the same
    found = await asyncio.to_thread(outside)
    retention = Retention(
        management=management_api.of(client),
        types=TYPES,
        runs=found.runs,
        board=found.board,
        keep_for=current_settings().operations.keep_for,
        clock=system_clock(),
    )
    forgotten = await retention.forget()
    if forgotten is not None and forgotten.purged:
        _logger.info(
            "%d instances are forgotten, of %d that were looked at",
            forgotten.purged,
            forgotten.examined,
        )
