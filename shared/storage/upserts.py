"""Upserts of many rows in one request, written and read without the SDK's object for each row.

The SDK spends most of a millisecond on a row of a transaction, in both directions of a multipart
document. An upsert needs no more of the answer than that every part succeeded, so this writes the
document as text and looks at the statuses. Whatever is not a success is for the caller to repeat
through the SDK, which knows what each error means; repeating an upsert is harmless.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from azure.core.rest import HttpRequest, HttpResponse

from shared.ids import new_id
from shared.storage.row import Row, Value

_STATUS = re.compile(rb"^HTTP/1\.1 (\d\d)", re.MULTILINE)
_ACCEPTED = 202


class Pipeline(Protocol):
    """What is used of the client inside the SDK's ``TableClient``: credentials, retries, pool."""

    def send_request(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Sign, send and, after a broken line, repeat a request."""
        ...


def all_upserted(pipeline: Pipeline, account_url: str, table: str, rows: Sequence[Row]) -> bool:
    """Replace or insert rows of one partition in one transaction; False: ask the SDK why not."""
    boundary, changes = f"batch_{new_id()}", f"changeset_{new_id()}"
    parts = "".join(_part(changes, f"{account_url}/{table}", row) for row in rows)
    body = (
        f"--{boundary}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n"
        f"{parts}--{changes}--\r\n--{boundary}--\r\n"
    )
    request = HttpRequest(
        "POST",
        f"{account_url}/$batch",
        content=body.encode(),
        headers={
            "Content-Type": f"multipart/mixed; boundary={boundary}",
            "Accept": "application/json",
            "x-ms-version": "2019-02-02",
            "DataServiceVersion": "3.0",
            "MaxDataServiceVersion": "3.0;NetFx",
        },
    )
    answer = pipeline.send_request(request, stream=True)
    statuses = _STATUS.findall(answer.read())
    return (
        answer.status_code == _ACCEPTED
        and len(statuses) == len(rows)
        and all(status == b"20" for status in statuses)
    )


def _part(changes: str, table_url: str, row: Row) -> str:
    content = json.dumps(_entity(row), separators=(",", ":"))  # ASCII: its length is its bytes
    return (
        f"--{changes}\r\n"
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"PUT {table_url}(PartitionKey='{_key(row.partition_key)}',RowKey='{_key(row.row_key)}')"
        " HTTP/1.1\r\nContent-Type: application/json\r\n"
        "Accept: application/json;odata=nometadata\r\n"
        f"Content-Length: {len(content)}\r\n\r\n{content}\r\n"
    )


def _key(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _entity(row: Row) -> Mapping[str, Any]:
    entity: dict[str, Any] = {"PartitionKey": row.partition_key, "RowKey": row.row_key}
    for name, value in row.fields.items():
        entity.update(_property(name, value))
    return entity


def _property(name: str, value: Value) -> Mapping[str, Any]:
    """Write a field; a whole number travels as text with its type, for JSON's are no 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {name: str(value), f"{name}@odata.type": "Edm.Int64"}
    return {name: value}
