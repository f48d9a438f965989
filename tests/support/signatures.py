"""People who ask and decide over HTTP, as programs and browsers would; and waiting for ends."""

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from shared.chain import Entry
from shared.chained_log import ChainedLogs
from shared.models import JsonObject
from shared.principal import Role
from shared.sandbox.outbox import Message, Outbox
from shared.settings.storage import ConnectionString
from shared.storage import Storage
from tests.support.approvals import OPERATOR
from tests.support.funchost import Answer, FuncHost, until
from workflows.approval import names

END_PATIENCE_S: Final = 60.0
_ASK_EVERY_S: Final = 0.1


def new_prefix() -> str:
    return f"t{uuid4().hex[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The running app, and its storage to look into past the app."""

    host: FuncHost
    storage: Storage

    def post(self, who: str | None, path: str, body: Any, *roles: str, **headers: str) -> Answer:
        """POST JSON as somebody; a body of bytes goes out as it is."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = _headers(who, roles) | {"Content-Type": "application/json"} | headers
        return self.host.request("POST", f"/api/approvals{path}", body=content, headers=known)

    def get(self, who: str | None, path: str, *roles: str) -> Answer:
        return self.host.request("GET", f"/api/approvals{path}", headers=_headers(who, roles))

    def submit(self, body: JsonObject, *roles: str) -> str:
        """Ask for something; return the request's id once its first level is asked."""
        request_id = str(body["requestId"])
        answer = self.post(str(body["requester"]), "", body, *roles)
        assert answer.status == 202, answer.body
        self.until_level(request_id, 1)
        return request_id

    def decide(
        self, who: str, request_id: str, choice: str = "approve", *, level: int = 1, **said: Any
    ) -> Answer:
        path = f"/{names.instance_of(request_id)}/levels/{level}"
        return self.post(who, path, {"decision": choice, **said})

    def act(self, who: str, request_id: str, what: str, body: Any, *roles: str) -> Answer:
        return self.post(who, f"/{names.instance_of(request_id)}/{what}", body, *roles)

    def look(self, who: str, request_id: str, *roles: str) -> Answer:
        return self.get(who, f"/{names.instance_of(request_id)}", *roles)

    def workflow(self, request_id: str, *, history: bool = False) -> Any:
        query = "?include=history" if history else ""
        path = f"/api/workflows/{names.instance_of(request_id)}{query}"
        # Histories are for operators.
        operator = {"X-Dev-Principal": OPERATOR, "X-Dev-Roles": Role.WORKFLOW_OPERATOR}
        answer = self.host.request("GET", path, headers=operator)
        return answer.json if answer.status == 200 else None

    def until_level(self, request_id: str, level: int, *, round_: int = 1) -> None:
        """Wait until the orchestration waits for a level's round."""

        def is_asked() -> bool:
            match self.workflow(request_id):
                case {"customStatus": {"level": at, "round": number, "status": status}}:
                    return (at, number, status) == (level, round_, "awaiting_decision")
                case _:
                    return False

        until(
            is_asked,
            patience_s=END_PATIENCE_S,
            what=f"level {level} of {request_id} is asked",
            pause_s=_ASK_EVERY_S,
        )

    def ended(self, request_id: str, *, patience_s: float = END_PATIENCE_S) -> Any:
        """Wait for the end; return the orchestration's output."""

        def output() -> Any:
            found = self.workflow(request_id)
            assert found is None or found["runtimeStatus"] != "Failed", found
            return found["output"] if found and found["runtimeStatus"] == "Completed" else None

        return until(output, patience_s=patience_s, what=f"{request_id} ends", pause_s=_ASK_EVERY_S)

    def entries(self, request_id: str) -> tuple[Entry, ...]:
        """Return the log, which is whole or fails the test."""
        return ChainedLogs(self.storage.table(names.LOG_TABLE)).read(request_id).entries

    def mails(self, request_id: str) -> list[Message]:
        outbox = Outbox(self.storage)
        mine = f"/{names.instance_of(request_id)}:"
        return [outbox.read(name) for name in outbox.list() if mine in name]


def code_of(answer: Answer) -> str:
    """Return what came of it in a word."""
    told: dict[str, Any] = answer.json
    return str(told.get("outcome") or told["type"].rpartition(":")[2])


def storage_of(connection: str, prefix: str) -> Storage:
    return Storage(ConnectionString(value=connection), prefix=prefix)


def _headers(who: str | None, roles: tuple[str, ...]) -> dict[str, str]:
    return {} if who is None else {"X-Dev-Principal": who, "X-Dev-Roles": ",".join(roles)}
