"""Gathers what an explanation needs: the instance with its history, and where its children stand.

How deep and how wide is bounded, so that a workflow with a thousand children costs as much as one
with four. What it all means is said in shared.operations.explanation.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.durable import InstanceId, InstanceView
from shared.errors import InstanceUnknownError
from shared.operations.explaining.history import facts_of
from shared.operations.explanation import Explanation, explain
from shared.operations.management_api import Management
from shared.operations.types import WorkflowTypes

_DEEPEST: Final = 2
_MOST_CHILDREN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Explains instances of one runtime.

    Args:
        management: who is asked about them.
        types: whose words are used.
        now: the reader's time.
    """

    management: Management
    types: WorkflowTypes
    now: datetime

    async def explained(self, instance_id: InstanceId) -> Explanation | None:
        """Explain an instance and, in part, its children; None for an unknown one.

        Raises:
            ProviderUnavailableError: The runtime did not answer.
        """
        return await self._explained(instance_id, depth=0)

    async def _explained(self, instance_id: InstanceId, *, depth: int) -> Explanation | None:
        view = await self.management.find(instance_id, history=True)
        if view is None:
            return None
        type_ = self.types.of(view.orchestrator)
        if depth >= _DEEPEST:
            return explain(view, now=self.now, type_=type_, children={})
        children = await self._children(view, depth=depth)
        return explain(view, now=self.now, type_=type_, children=children)

    async def _children(self, view: InstanceView, *, depth: int) -> Mapping[str, Explanation]:
        """Look at the first few children that are waited for."""
        waiting = [call.instance_id for call in facts_of(view.history).calls if call.instance_id]
        ids = [known for one in waiting[:_MOST_CHILDREN] if (known := _known(one)) is not None]
        found = await asyncio.gather(*(self._explained(one, depth=depth + 1) for one in ids))
        return {one: told for one, told in zip(ids, found, strict=True) if told is not None}


def _known(text: str) -> InstanceId | None:
    try:
        return InstanceId.parse(text)
    except InstanceUnknownError:
        return None
