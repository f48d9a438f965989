"""The durable management API: which request means what, and what every error looks like.

The same table serves the public mount point and the SDK's own endpoint. What the operations do is
in ``starting``, ``reading`` and ``controlling``; sockets are ``server``.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from funchost.dispatch.hub import TaskHub
from funchost.dispatch.journal import JournalClosedError
from funchost.engine.errors import (
    InstanceEndedError,
    InstanceExistsError,
    InstanceNotFoundError,
    InvalidInstanceIdError,
    UnknownFunctionError,
    WrongStateError,
)
from funchost.http.answers import (
    BAD_ARGUMENT,
    INVALID_OPERATION,
    WENT_WRONG,
    empty,
    refusal,
)
from funchost.http.calls import BadQueryError, Call
from funchost.http.controlling import Controlling
from funchost.http.entities import Entities
from funchost.http.links import Links
from funchost.http.payloads import BadJsonError
from funchost.http.reading import Reading
from funchost.http.routes import Route, RouteTable, route
from funchost.http.starting import Starting

log = logging.getLogger(__name__)

type Operation = Callable[[Call, Mapping[str, str]], Awaitable[web.Response]]


class Management:
    """Answers calls to the management API."""

    def __init__(self, hub: TaskHub, links: Links) -> None:
        self._table = RouteTable(_routes(hub, links))

    async def answer(self, call: Call) -> web.Response:
        """Return the answer to a call; never raises but for cancellation."""
        found = self._table.find(call.method, call.path)
        if found is None:
            return empty(404)
        try:
            return await found.target(call, found.values)
        except Exception as error:  # noqa: BLE001 - the edge: every error has a form here
            return _answer_to(error)


def _routes(hub: TaskHub, links: Links) -> list[Route[Operation]]:
    starting = Starting(hub, links)
    reading = Reading(hub)
    controlling = Controlling(hub)
    entities = Entities(hub)
    entity = "entities/{entityName?}/{entityKey?}"
    instance = "instances/{instanceId}"
    return [
        route("orchestrators/{functionName}/{instanceId?}", starting.start, "POST"),
        route("instances", reading.many, "GET"),
        route("instances", controlling.purge_many, "DELETE"),
        route(instance, reading.one, "GET"),
        route(instance, controlling.purge_one, "DELETE"),
        route(f"{instance}/raiseEvent/{{eventName}}", controlling.raise_event, "POST"),
        route(f"{instance}/terminate", controlling.terminate, "POST"),
        route(f"{instance}/suspend", controlling.suspend, "POST"),
        route(f"{instance}/resume", controlling.resume, "POST"),
        route(f"{instance}/rewind", controlling.rewind, "POST"),
        route(f"{instance}/restart", starting.restart, "POST"),
        route(entity, entities.get, "GET"),
        route(entity, entities.post, "POST"),
        route(entity, entities.delete, "DELETE"),
    ]


def _answer_to(error: Exception) -> web.Response:
    match error:
        case InstanceNotFoundError():
            answer = empty(404)
        case InstanceEndedError():
            answer = empty(410)
        case InstanceExistsError():
            answer = refusal(409, str(error), kind=INVALID_OPERATION)
        case BadJsonError():
            answer = refusal(400, str(error))
        case UnknownFunctionError() | InvalidInstanceIdError() | BadQueryError():
            answer = refusal(400, BAD_ARGUMENT, because=str(error))
        case WrongStateError():
            answer = refusal(500, WENT_WRONG, because=str(error), kind=INVALID_OPERATION)
        case JournalClosedError():
            answer = refusal(503, "The host is stopping.", kind=INVALID_OPERATION)
        case _:
            log.error("A call to the management API failed.", exc_info=error)
            answer = refusal(500, WENT_WRONG, kind="System.Exception")
    return answer
