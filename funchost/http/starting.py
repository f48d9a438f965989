"""Starting an instance over HTTP, and waiting a while for its end (``POST orchestrators/...``)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from funchost.dispatch.hub import StartRequest, TaskHub
from funchost.engine.errors import InstanceNotFoundError
from funchost.engine.events import RuntimeStatus
from funchost.engine.ports import InstanceRecord
from funchost.http.answers import json_answer, refusal
from funchost.http.calls import BadQueryError, Call
from funchost.http.links import Links
from funchost.http.payloads import json_text, stored_value
from funchost.http.status_view import status_view

SHORTEST_WAIT_S = 0.05
RETRY_AFTER_S = "10"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """How long to wait for the end of an instance, and how often to look, in seconds."""

    patience: float
    interval: float

    @classmethod
    def asked_for(cls, call: Call) -> Self | None:
        """Return the wait that a query asks for, None when it asks for none.

        Raises:
            BadQueryError: it makes no sense.
        """
        patience = call.query.seconds("timeout")
        interval = call.query.seconds("pollingInterval")
        if not patience or not interval:
            return None
        if interval > patience:
            raise BadQueryError("The 'timeout' should be longer than the 'pollingInterval'.")
        return cls(patience=patience, interval=interval)


class Starting:
    """The endpoints that start instances."""

    def __init__(self, hub: TaskHub, links: Links) -> None:
        self._hub = hub
        self._links = links

    async def start(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Start an orchestrator; with ``timeout`` and ``pollingInterval``, wait for its end."""
        wait = _Wait.asked_for(call)
        instance_id = await self._hub.start(
            StartRequest(
                name=values["functionName"],
                instance_id=values.get("instanceId"),
                input=json_text(call.body) if call.body else None,
                version=call.query.first("version"),
            )
        )
        return await self._started(call, instance_id, wait)

    async def restart(self, call: Call, values: Mapping[str, str]) -> web.Response:
        """Start an instance again with its input, under a new id unless told otherwise."""
        wait = _Wait.asked_for(call)
        with_new_id = call.query.flag("restartWithNewInstanceId", default=True)
        try:
            instance_id = await self._hub.restart(values["instanceId"], with_new_id=with_new_id)
        except InstanceNotFoundError:
            because = "InstanceId does not match a valid orchestration instance."
            return refusal(400, because, because=because)
        return await self._started(call, instance_id, wait)

    async def _started(self, call: Call, instance_id: str, wait: "_Wait | None") -> web.Response:
        record = None if wait is None else await self._end_of(instance_id, wait)
        return self._accepted(call.base_url, instance_id) if record is None else _result(record)

    def _accepted(self, base_url: str, instance_id: str) -> web.Response:
        """Return the answer that tells where to look for an instance."""
        links = self._links.of(base_url, instance_id)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": RETRY_AFTER_S}
        return json_answer(202, links, headers)

    async def _end_of(self, instance_id: str, wait: "_Wait") -> InstanceRecord | None:
        """Return the record once it has ended, None when that takes longer than the patience."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + wait.patience
        while True:
            record = await self._hub.status(instance_id)
            if record is not None and record.status.is_terminal:
                return record
            left = give_up_at - loop.time()
            if left <= 0:
                return None
            await asyncio.sleep(min(max(wait.interval, SHORTEST_WAIT_S), left))


def _result(record: InstanceRecord) -> web.Response:
    if record.status is RuntimeStatus.COMPLETED:
        return json_answer(200, stored_value(record.output))
    return json_answer(200, status_view(record))
