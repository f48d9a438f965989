"""An office: the running app, whose approvals tests ask for, read in mails, and decide on pages."""

import base64
import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from shared.chain import Entry
from shared.chained_log import ChainedLogs
from shared.models import JsonObject
from shared.sandbox.outbox import Outbox
from shared.settings.storage import ConnectionString
from shared.signed_links import LinkKeys
from shared.storage import Storage
from tests.support.approvals import FIRST, a_request
from tests.support.funchost import Answer, FuncHost, opened_host, until
from workflows.approval import names

PATIENCE_S: Final = 60.0
# The first signs; links of the second are still believed.
KEYS: Final = ",".join(
    f"{kid}:{base64.b64encode(kid.encode() * 16).decode()}" for kid in ("new", "old")
)
_FORM: Final = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Sec-Fetch-Site": "same-origin",
}
_LINK: Final = re.compile(r"https?://\S+?(/api/approvals/links/\S+)")
_PROOF: Final = re.compile(r'name="proof" value="([^"]+)"')


def keys(kid: str) -> LinkKeys:
    """Return the keys of somebody who has this one alone."""
    return LinkKeys.parse(next(key for key in KEYS.split(",") if key.startswith(f"{kid}:")))


@dataclass(frozen=True, kw_only=True)
class Office:
    """The app, and what it keeps and sends."""

    host: FuncHost
    storage: Storage
    _numbers: Any = field(default_factory=lambda: count(1))

    def ask(self, *chain: JsonObject, **changes: Any) -> str:
        """Ask for an approval in the requester's name; return its request id."""
        request_id = f"R{next(self._numbers)}"
        asked = a_request(*chain, request_id=request_id, **changes)
        body = {name: value for name, value in asked.items() if value is not None}
        answer = self.host.request(
            "POST",
            "/api/approvals",
            body=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Dev-Principal": body["requester"],
                "X-Dev-Roles": "approval.auto_approve",
            },
        )
        assert answer.status == 202, answer
        return request_id

    def link(self, request_id: str, approver: str = FIRST) -> str:
        """Return the path in the latest mail to an approver of a request."""
        links = until(
            lambda: self._links(request_id, approver), patience_s=PATIENCE_S, what="a mail comes"
        )
        return links[-1]

    def asked(self, *chain: JsonObject, **changes: Any) -> tuple[str, str]:
        """Ask, and return the request id and the first approver's link."""
        request_id = self.ask(*chain, **changes)
        return request_id, self.link(request_id)

    def entries(self, request_id: str) -> tuple[Entry, ...]:
        return ChainedLogs(self.storage.table(names.LOG_TABLE)).read(request_id).entries

    def waits(self, request_id: str, kind: str) -> Entry:
        """Wait until the log has an entry of this kind."""
        found = until(
            lambda: [entry for entry in self.entries(request_id) if entry.kind == kind],
            patience_s=PATIENCE_S,
            what=f"{request_id} has an entry {kind}",
        )
        return found[0]

    def keep(self, content: bytes, *, name: str, media_type: str) -> JsonObject:
        """Upload a document; return what a request names it by."""
        answer = self.host.request(
            "POST",
            "/api/approvals/documents",
            body=content,
            headers={"Content-Type": media_type, "X-Document-Name": quote(name)},
        )
        assert answer.status in {200, 201}, answer
        return {key: answer.json[key] for key in ("sha256", "name", "mediaType")}

    def get(self, path: str, **headers: str) -> Answer:
        return self.host.request("GET", path, headers=headers)

    def proof(self, path: str) -> str:
        """Return what the form of a link's page carries."""
        found = _PROOF.search(self.get(path).body.decode())
        assert found is not None, "the page has no form"
        return found.group(1)

    def post(
        self, path: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        body = urlencode(fields).encode()
        return self.host.request("POST", path, body=body, headers={**_FORM, **(headers or {})})

    def act(self, path: str, action: str, **fields: str) -> Answer:
        """Send the form of a link's page as a browser does."""
        return self.post(path, {"proof": self.proof(path), "action": action, **fields})

    def _links(self, request_id: str, approver: str) -> list[str]:
        outbox = Outbox(self.storage)
        about_it = [name for name in outbox.list() if f"/approval-{request_id}:" in name]
        mails = sorted(map(outbox.read, about_it), key=lambda mail: mail.at)
        found = [_LINK.search(mail.text) for mail in mails if mail.recipient == approver]
        return [match.group(1) for match in found if match]


@contextmanager
def opened_office(azurite: str, folder: Path, **settings: str) -> Generator[Office]:
    prefix = f"t{uuid4().hex[:12]}"
    environment = {
        "AzureWebJobsStorage": azurite,
        "APP_DATA_PREFIX": prefix,
        "APPROVAL_LINK_KEYS": KEYS,
        **settings,
    }
    with (
        Storage(ConnectionString(value=azurite), prefix=prefix) as storage,
        opened_host(folder, environment) as host,
    ):
        yield Office(host=host, storage=storage)
