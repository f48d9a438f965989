"""A durable client in memory, and requests as the Functions worker hands them over."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

JSON = {"Content-Type": "application/json"}


@dataclass
class MemoryClient:
    """Instances by id, as the management API describes them.

    Like the real runtime it refuses to start a running instance and replaces a finished one.
    """

    instances: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    started: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    asked_for: list[str] = field(default_factory=list[str])
    fails_after_start: bool = False
    unreachable: bool = False
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def raise_event(self, instance_id: str, event_name: str, event_data: Any = None) -> None:
        await asyncio.sleep(0)
        if self.unreachable:
            raise Exception("the extension did not answer")  # noqa: TRY002 - the SDK raises it bare
        json.dumps(event_data)
        self.told.append((instance_id, event_name))

    async def get_status(self, instance_id: str, **options: bool) -> DurableOrchestrationStatus:
        self.asked_for.append(instance_id)
        await asyncio.sleep(0)
        known = self.instances.get(instance_id)
        if known is None:
            return DurableOrchestrationStatus.from_json("")
        shown = known if options.get("show_history") else {**known, "historyEvents": None}
        return DurableOrchestrationStatus.from_json(shown)

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> str:
        await asyncio.sleep(0)
        if self.unreachable:
            raise Exception("the extension did not answer")  # noqa: TRY002 - the SDK raises it bare
        if self.instances.get(instance_id, {}).get("runtimeStatus") == "Running":
            raise Exception("an instance with this id is running")  # noqa: TRY002 - as above
        self.started.append((name, instance_id, json.loads(json.dumps(client_input))))
        self.put(instance_id, name=name)
        if self.fails_after_start:
            raise Exception("the answer is lost")  # noqa: TRY002 - as above
        return instance_id

    def put(self, instance_id: str, **changes: Any) -> None:
        self.instances[instance_id] = {
            "name": "some_orchestrator",
            "instanceId": instance_id,
            "runtimeStatus": "Running",
            "input": {"secret": "never shown"},
            "customStatus": None,
            "output": None,
            "createdTime": "2030-01-01T12:00:00Z",
            "lastUpdatedTime": "2030-01-01T12:00:01Z",
            **self.instances.get(instance_id, {}),
            **changes,
        }


def a_post(body: Any, headers: Mapping[str, str] = JSON) -> func.HttpRequest:
    """Return a POST; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return func.HttpRequest(
        method="POST",
        url="http://evil.example/api/orders?code=secret",
        headers=dict(headers),
        body=content,
    )


def a_get(
    path: str, *, route_params: Mapping[str, str], params: Mapping[str, str] | None = None
) -> func.HttpRequest:
    """Return a GET as the route delivers it."""
    return func.HttpRequest(
        method="GET",
        url=f"http://evil.example{path}",
        route_params=dict(route_params),
        params=dict(params or {}),
        body=b"",
    )


def document(response: func.HttpResponse) -> dict[str, Any]:
    """Return a response's JSON."""
    parsed: dict[str, Any] = json.loads(response.get_body())
    return parsed
