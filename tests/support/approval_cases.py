"""One approval request under way in a test host: what people do with it, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from funchost.testing import BlockingHost, InstanceStatus
from shared.chain import first_break
from shared.chained_log import ChainedLogs
from shared.sandbox.outbox import Message, Outbox
from shared.storage import Storage
from workflows.approval import names


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request under way, and when it was sent."""

    host: BlockingHost
    storage: Storage
    request_id: str
    began: datetime

    @property
    def took(self) -> timedelta:
        return self.host.now - self.began

    @property
    def instance_id(self) -> str:
        return names.instance_of(self.request_id)

    def call(self, who: str, what: str, body: Mapping[str, Any], *roles: str) -> tuple[int, str]:
        """POST as somebody; return the status and the word for what came of it."""
        answer = self.host.call_http(
            "POST",
            f"/api/approvals/{self.instance_id}/{what}",
            json=dict(body),
            headers={"X-Dev-Principal": who, "X-Dev-Roles": ",".join(roles)},
        )
        told: dict[str, str] = answer.json()
        return answer.status, told.get("outcome") or told["type"].rpartition(":")[2]

    def decides(self, who: str, choice: str = "approve", *, level: int = 1, **said: Any) -> str:
        status, word = self.call(who, f"levels/{level}", {"decision": choice, **said})
        assert (status == 200) == (word in {"recorded", "repeated"})
        return word

    def ended(self) -> InstanceStatus:
        status = self.host.until_done(self.instance_id)
        assert status.runtime_status == "Completed", status.output
        return status

    def rests(self) -> Any:
        """Wait until nothing runs; return the custom status."""
        self.host.at_rest()
        return self.host.status(self.instance_id).custom_status

    @property
    def kinds(self) -> list[str]:
        log = ChainedLogs(self.storage.table(names.LOG_TABLE)).read(self.request_id)
        assert first_break(self.request_id, log.entries) is None
        return [entry.kind for entry in log.entries[1:]]

    def mails(self) -> list[Message]:
        outbox = Outbox(self.storage)
        return [outbox.read(name) for name in outbox.list() if f"/{self.instance_id}:" in name]

    def told(self, address: str) -> list[str]:
        return [
            message.subject.partition(":")[0]
            for message in sorted(self.mails(), key=lambda one: (one.at, one.key))
            if message.recipient == address
        ]
