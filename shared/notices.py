"""Notices from providers: believed when signed, taken once, and only ever a reason to ask.

A notice changes nothing by itself: the instance that it is about is woken and asks the provider. So
one that is lost costs time, one that comes twice costs a question. Which notices there are is the
domains' business.
"""

import asyncio
import functools
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, Self, cast

import azure.durable_functions as df
import azure.functions as func

from shared.durable import InstanceId, find_instance
from shared.errors import BodyTooLargeError, NoticeRefusedError, ProviderUnavailableError
from shared.http import MAX_BODY_BYTES
from shared.settings import current_settings
from shared.standard_webhooks import WebhookSecret
from shared.storage import Row, Storage, Table, instant_text, key_text, open_storage

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE: Final = "Notices"
_ROW_KEY: Final = "taken"


class TakenNotices:
    """The notices that were taken, by provider and id.

    Args:
        table: A row for each.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def open(cls, storage: Storage) -> Self:
        """Open what is kept in an account."""
        return cls(storage.table(_TABLE))

    def is_taken(self, provider: str, notice_id: str) -> bool:
        """Tell whether a notice has been taken before."""
        return self._table.read(_key(provider, notice_id), _ROW_KEY) is not None

    def take(self, provider: str, notice_id: str, *, at: datetime) -> None:
        """Note that a notice is taken; again is as good as once."""
        self._table.write(
            Row(
                partition_key=_key(provider, notice_id),
                row_key=_ROW_KEY,
                fields={"at": instant_text(at)},
            )
        )

    def forget_older(self, *, before: datetime, most: int) -> int:
        """Forget so many of those that were taken before an instant; return how many.

        A notice that old is not believed any more, so nobody need know that it was taken.
        """
        old = self._table.rows("at lt @before", before=instant_text(before))
        forgotten = list(islice(old, most))
        for row in forgotten:
            self._table.remove(row)
        return len(forgotten)


@functools.cache
def taken_notices() -> TakenNotices:
    """Open which notices were taken, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    return TakenNotices.open(open_storage(settings.storage, prefix=settings.data_prefix))


def _key(provider: str, notice_id: str) -> str:
    return key_text(f"{provider}:{notice_id}")


def signed_body(req: func.HttpRequest) -> tuple[bytes, dict[str, str]]:
    """Return the bytes as they came and the headers by lower-case name.

    Raises:
        BodyTooLargeError: More than 64 KiB.
    """
    body = req.get_body()
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError(f"this endpoint reads {MAX_BODY_BYTES} bytes")
    headers = cast("Mapping[str, str]", req.headers)
    return body, {name.lower(): value for name, value in headers.items()}


def believed_id(req: func.HttpRequest, secret: WebhookSecret | None, *, now: datetime) -> str:
    """Return the id of a notice that follows Standard Webhooks and is signed with our secret.

    Raises:
        BodyTooLargeError: More than 64 KiB.
        NoticeRefusedError: It is not, or it is old, or there is no secret.
    """
    if secret is None:
        raise NoticeRefusedError("no notice is expected here")
    body, headers = signed_body(req)
    notice_id = secret.signed_id(body, headers, now=now)
    if notice_id is None:
        raise NoticeRefusedError("the signature is not the provider's, or it is old")
    return notice_id


async def wake(
    client: df.DurableOrchestrationClient,
    taken: TakenNotices,
    instance_id: InstanceId,
    *,
    provider: str,
    notice_id: str,
    at: datetime,
) -> bool:
    """Wake the instance that a notice is about; False when nobody listens, or it was taken before.

    An instance says in its custom status, as ``listensFor``, which event would wake it.

    Raises:
        ProviderUnavailableError: It could not be told; the provider sends the notice again.
    """
    if await asyncio.to_thread(taken.is_taken, provider, notice_id):
        return False
    view = await find_instance(client, instance_id)
    event = _listens_for(view.custom_status) if view and not view.is_terminal else None
    if event is None:
        return False
    try:
        await client.raise_event(instance_id.quoted, event, {})
    except Exception as failure:  # the SDK raises bare Exception
        view = await find_instance(client, instance_id)
        if view is None or view.is_terminal:  # it came to its end meanwhile
            return False
        raise ProviderUnavailableError("the notice could not be passed on") from failure
    await asyncio.to_thread(taken.take, provider, notice_id, at=at)
    return True


def _listens_for(custom_status: object) -> str | None:
    if not isinstance(custom_status, dict):
        return None
    event = cast("Mapping[str, object]", custom_status).get("listensFor")
    return event if isinstance(event, str) else None
