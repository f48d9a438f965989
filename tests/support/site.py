"""An app as its callers see it: an address, and what proves who calls.

Under funchost it is a host that a test has started; with ``--against URL`` it is what runs there,
`func start` or the app in Azure, with `WORKFLOWS_KEY` or `WORKFLOWS_TOKEN` in the environment.
"""

import contextlib
import http.client
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

from scripts.deployed import credentials
from tests.support.funchost import CALL_PATIENCE_S, Answer

RUN: Final = uuid.uuid4().hex[:8]


class Site(Protocol):
    """Whom tests ask that need nothing but HTTP."""

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own; the path goes out as it is."""
        ...


def fresh(name: str) -> str:
    """Return an id that no run before has used: an app keeps what it was told."""
    return f"{name}-{RUN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSite:
    """An app at an address, such as http://localhost:7071 or https://app.example.com."""

    url: str
    proofs: Mapping[str, str] = field(default_factory=lambda: credentials(os.environ), repr=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        place = urlsplit(self.url)
        is_secure = place.scheme == "https"
        kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = kind(place.hostname or "", place.port, timeout=CALL_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers={**self.proofs, **(headers or {})})
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )
