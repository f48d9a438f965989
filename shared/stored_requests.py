"""Requests kept as they came: what makes a start idempotent, and where activities find the rest.

The first request under a business id is kept with a digest of its content; a later one is compared
with it. Personal data and payment tokens live here and in no history: activities load them by id.
Who starts an instance is decided by a claim in the same row. Starting is in shared.submission.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import RequestMissingError, StorageUnavailableError
from shared.models import JsonObject
from shared.storage import Row, Value, instant_text, key_text

_ROW_KEY = "request"
# A text property of a table holds 32 Ki UTF-16 units; half of it in characters always fits.
_CHUNK = 15_000


class Rows(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False when a race was lost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """A request as it was kept.

    ``claimed_at`` is when somebody last undertook to start its instance; ``started`` is set once
    that is known to have happened.
    """

    business_id: str
    digest: str
    body: JsonObject
    contact: str
    claimed_at: datetime
    started: bool
    row: Row

    def claim_expired(self, *, now: datetime, lease: timedelta) -> bool:
        """Whether whoever claimed the start has had its time."""
        return now - self.claimed_at >= lease


def digest_of(body: JsonObject) -> str:
    """Return the SHA-256 of the content, the same for every spelling of the same content."""
    return hashlib.sha256(_canonical(body).encode("utf-8")).hexdigest()


class StoredRequests:
    """One domain's table of requests, keyed by business id."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def keep(
        self, business_id: str, *, body: JsonObject, contact: str, now: datetime
    ) -> tuple[StoredRequest, bool]:
        """Keep the request unless one is kept already, and claim the start of a new one.

        Returns:
            The request that counts, which is the first one, and whether this call kept it.
        """
        text = _canonical(body)
        chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        fields: dict[str, Value] = {
            "digest": digest_of(body),
            "contact": contact,
            "claimedAt": instant_text(now),
            "started": False,
            "chunks": len(chunks),
            **{f"body{number}": chunk for number, chunk in enumerate(chunks)},
        }
        row = Row(partition_key=key_text(business_id), row_key=_ROW_KEY, fields=fields)
        if self._rows.write(row):
            return _request(business_id, row), True
        return self.load(business_id), False

    def load(self, business_id: str) -> StoredRequest:
        """Return the kept request.

        Raises:
            RequestMissingError: None was kept under this id.
        """
        row = self._rows.read(key_text(business_id), _ROW_KEY)
        if row is None:
            raise RequestMissingError(f"no request is kept for {business_id}")
        return _request(business_id, row)

    def claim(self, request: StoredRequest, *, now: datetime) -> bool:
        """Undertake to start the instance; False when somebody else was faster."""
        return self._rows.write(request.row.changed(claimedAt=instant_text(now)))

    def mark_started(self, business_id: str) -> None:
        """Note that the instance exists, so that it is never started again.

        Raises:
            StorageUnavailableError: Others kept writing the row; the next request will note it.
        """
        request = self.load(business_id)
        if request.started or self._rows.write(request.row.changed(started=True)):
            return
        if not self.load(business_id).started:
            raise StorageUnavailableError(f"the start of {business_id} could not be noted")


def _request(business_id: str, row: Row) -> StoredRequest:
    text = "".join(row.text(f"body{number}") for number in range(row.integer("chunks")))
    return StoredRequest(
        business_id=business_id,
        digest=row.text("digest"),
        body=json.loads(text),
        contact=row.text("contact"),
        claimed_at=row.instant("claimedAt"),
        started=row.flag("started"),
        row=row,
    )


def _canonical(body: JsonObject) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
