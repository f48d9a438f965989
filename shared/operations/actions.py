"""What operators do to one workflow, with all that belongs to it; recorded before it is done.

An action that reaches children goes from the top down, so that no parent takes a child's end for a
failure and goes on; purging goes from the bottom up, so that what is left can be purged again.
Repeating any of them heals what was left half-done. Choosing many by a filter is in batches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import azure.durable_functions as df

from shared.clock import Clock
from shared.durable import InstanceId, InstanceView
from shared.errors import InstanceUnknownError, WorkflowError
from shared.operations.audit import Act, Audit
from shared.operations.management_api import LARGEST_PAGE, Answer, Management, PageQuery
from shared.operations.rules import (
    CASCADES,
    Action,
    Affected,
    Operator,
    Order,
    Result,
    foreseen,
    refusal,
)
from shared.operations.types import CancelOutcome, WorkflowType, WorkflowTypes
from shared.redaction import redact_text

_DEEPEST: Final = 5  # parents and children form no deeper tree here
_ID_ENDS: Final = ":"

# What the runtime means by "not in a state that allows it": somebody was faster, mostly.
_REFUSED: Final = {
    Action.SUSPEND: Result.ALREADY,
    Action.RESUME: Result.ALREADY,
    Action.REWIND: Result.NOT_REWINDABLE,
    Action.PURGE: Result.NOT_ENDED,
}


def _result(action: Action, answer: Answer) -> Result:
    match answer:
        case Answer.DONE:
            return Result.DONE
        case Answer.UNKNOWN:
            return Result.UNKNOWN
        case Answer.ENDED:
            return Result.NOT_FAILED if action is Action.REWIND else Result.NOT_ACTIVE
        case Answer.REFUSED:
            return _REFUSED.get(action, Result.NOT_ACTIVE)


class Operations:
    """Acts on workflows. Calls may raise ``ProviderUnavailableError``, ``StorageUnavailableError``.

    Args:
        client: the durable client, for what domains do themselves.
        management: the runtime.
        audit: where it is written down.
        types: which types there are.
        clock: what time it is.
        operator: who acts.
    """

    def __init__(
        self,
        *,
        client: df.DurableOrchestrationClient,
        management: Management,
        audit: Audit,
        types: WorkflowTypes,
        clock: Clock,
        operator: Operator,
    ) -> None:
        self._client = client
        self._management = management
        self._audit = audit
        self._types = types
        self._clock = clock
        self._operator = operator

    async def act(self, instance_id: InstanceId, order: Order) -> tuple[Affected, ...]:
        """Do what is wanted; return what came of it, for the instance and for its children.

        Raises:
            InstanceUnknownError: There is no such instance.
            RefusedError: It cannot be done to this one; nothing was done at all.
        """
        affected = await self.try_act(instance_id, order)
        result = next(each.result for each in affected if each.instance_id == instance_id)
        if result is Result.UNKNOWN:
            raise InstanceUnknownError("no instance has this id")
        if result not in {Result.DONE, Result.ALREADY}:
            raise refusal(result)
        return affected

    async def try_act(self, instance_id: InstanceId, order: Order) -> tuple[Affected, ...]:
        """Do what is wanted; what cannot be done is a result, too."""
        view = await self._management.find(instance_id)
        if view is None:
            return (Affected(instance_id=instance_id, result=Result.UNKNOWN),)
        if order.action is Action.PURGE:
            return await self._purge(view, order)
        return await self._downwards(view, order, depth=0)

    async def _downwards(
        self, view: InstanceView, order: Order, *, depth: int
    ) -> tuple[Affected, ...]:
        """Act on an instance, then on its children: those of before, and those of meanwhile."""
        instance_id = view.instance_id
        cascades = order.cascade and order.action in CASCADES and depth < _DEEPEST
        before = await self._management.children(instance_id) if cascades else ()
        own = await self._one(view, order)
        if not cascades or own.result not in {Result.DONE, Result.ALREADY}:
            return (own,)
        after = await self._management.children(instance_id)
        affected = [own]
        for child_id in dict.fromkeys((*before, *after)):
            child = await self._management.find(child_id)
            if child is not None and not child.is_terminal:
                affected += await self._downwards(child, order, depth=depth + 1)
        return tuple(affected)

    async def _purge(self, view: InstanceView, order: Order) -> tuple[Affected, ...]:
        foreseen_result = foreseen(order.action, view, self._types.of(view.orchestrator))
        if foreseen_result is not Result.DONE:
            return (Affected(instance_id=view.instance_id, result=foreseen_result),)
        affected = [
            await self._one(child, order)
            for child in (await self._ended_children(view) if order.cascade else ())
        ]
        return (*affected, await self._one(view, order))

    async def _ended_children(self, view: InstanceView) -> Sequence[InstanceView]:
        """Find the children whose ids follow a rule: a history forgets them when they end."""
        found: list[InstanceView] = []
        for known in self._types.of(view.orchestrator).child_ids(view.instance_id):
            if known.endswith(_ID_ENDS):
                found += await self._beginning_with(known)
            elif (child_view := await self._management.find(InstanceId.parse(known))) is not None:
                found.append(child_view)
        return [
            child
            for child in found
            if child.is_terminal and self._types.of(child.orchestrator).is_child
        ]

    async def _beginning_with(self, prefix: str) -> Sequence[InstanceView]:
        query = PageQuery(id_prefix=prefix, top=LARGEST_PAGE)
        page = await self._management.page(query)
        found = list(page.instances)
        while page.token is not None:
            page = await self._management.page(query, page.token)
            found += page.instances
        return found

    async def _one(self, view: InstanceView, order: Order) -> Affected:
        """Act on one instance: write it down, do it, write down what came of it."""
        instance_id = view.instance_id
        type_ = self._types.of(view.orchestrator)
        expected = foreseen(order.action, view, type_)
        if expected is not Result.DONE:
            return Affected(instance_id=instance_id, result=expected)
        sequence = await asyncio.to_thread(
            self._audit.begin, self._written(instance_id, order), at=self._clock.now()
        )
        try:
            affected = await self._do(view, type_, order)
        except WorkflowError as failure:
            await self._ended(instance_id, sequence, failure.code)
            raise
        told = affected.new_instance_id or affected.result.value
        await self._ended(instance_id, sequence, told)
        return affected

    async def _ended(self, instance_id: InstanceId, sequence: int, result: str) -> None:
        now = self._clock.now()
        await asyncio.to_thread(self._audit.end, instance_id, sequence, result, at=now)

    def _written(self, instance_id: InstanceId, order: Order) -> Act:
        return Act(
            instance_id=instance_id,
            action=order.action.value,
            actor=self._operator.actor,
            proof=self._operator.proof,
            reason=order.reason,
            detail={"event": order.event} if order.event else {},
        )

    async def _do(self, view: InstanceView, type_: WorkflowType, order: Order) -> Affected:
        instance_id = view.instance_id
        new_id: InstanceId | None = None
        match order.action:
            case Action.CANCEL:
                result = await self._cancelled(instance_id, type_, order)
            case Action.RESTART:
                new_id = await self._management.restart(instance_id)
                result = Result.UNKNOWN if new_id is None else Result.DONE
            case Action.RAISE_EVENT:
                answer = await self._management.raise_event(instance_id, order.event, order.data)
                result = _result(order.action, answer)
            case Action.PURGE:
                result = _result(order.action, await self._management.purge(instance_id))
            case _:
                tell = self._tellers()[order.action]
                result = _result(order.action, await tell(instance_id, redact_text(order.reason)))
        return Affected(instance_id=instance_id, result=result, new_instance_id=new_id)

    async def _cancelled(
        self, instance_id: InstanceId, type_: WorkflowType, order: Order
    ) -> Result:
        if type_.cancel is None:
            return Result.NOT_CANCELLABLE
        outcome = await type_.cancel(self._client, instance_id, self._operator.actor, order.reason)
        return Result.DONE if outcome is CancelOutcome.REQUESTED else Result.PAST_CANCELLING

    def _tellers(self) -> dict[Action, Callable[[InstanceId, str], Awaitable[Answer]]]:
        return {
            Action.TERMINATE: self._management.terminate,
            Action.SUSPEND: self._management.suspend,
            Action.RESUME: self._management.resume,
            Action.REWIND: self._management.rewind,
        }
