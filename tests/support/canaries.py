"""Private words planted in orders, and every place where they could come to light.

Each planted word says what it is; a search is for all of them, whatever their case, spelled as they
are or as JSON and addresses spell them. Which places may hold which is the tests' business.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from tests.support.funchost import INSTANCES, FuncHost
from tests.support.orders import Body, order

WORDS: Final[Mapping[str, str]] = {
    "token": "tok_",  # all tokens begin so
    "e-mail": "canary.customer@",
    "domain": "example.com",
    "name": "Cänary Person",
    "street": "Canary Street",
    "phone": "+491709990001",
    "reason": "canary changed my mind",
}


def private_order(order_id: str, **members: Any) -> Body:
    """Return an order whose customer is all canaries."""
    body = order(order_id, **members)
    body["customer"] |= {
        "email": f"{WORDS['e-mail']}example.com",
        "notifyBy": "sms",
        "phone": WORDS["phone"],
    }
    body["shippingAddress"] |= {"name": WORDS["name"], "street": f"{WORDS['street']} 7"}
    return body


def seen_in(content: bytes | str) -> set[str]:
    """Return which of the words are in a content, by what they are."""
    raw = content.encode() if isinstance(content, str) else content
    text = raw.decode("utf-8", "replace").lower()
    return {
        what
        for what, word in WORDS.items()
        if any(spelling.lower() in text for spelling in _spellings(word))
    }


def _spellings(word: str) -> set[str]:
    return {word, json.dumps(word)[1:-1], quote(word), quote(word, safe="")}


def told_by(host: FuncHost) -> dict[str, bytes]:
    """Return what the host and the app tell of every instance."""
    told = dict[str, bytes]()
    everything = "?showInput=true&showHistory=true&showHistoryOutput=true"
    for instance_id in sorted(host.instances()):
        told[f"{instance_id} in the runtime"] = _got(host, f"{INSTANCES}/{instance_id}{everything}")
        for view in ("?include=history", "/explain", "/audit"):
            told[f"{instance_id} by {view}"] = _got(host, f"/api/workflows/{instance_id}{view}")
        page = f"/api/console/workflows/{instance_id}"
        told[f"{instance_id} in the console"] = _got(host, page)
        if instance_id.startswith("order-"):
            order_id = instance_id.removeprefix("order-")
            told[f"{order_id} for its customer"] = _got(host, f"/api/orders/{order_id}")
    for path in (
        "/api/attention",
        "/api/console",
        "/api/console/workflows",
        "/api/ops/findings",
        "/api/ops/overview",
        "/api/orders/messages/refused",
        "/api/workflows?limit=100&children=true",
    ):
        told[path] = _got(host, path)
    return told


def left_by(host: FuncHost) -> dict[str, bytes]:
    """Return what a host has written on its disk."""
    files = {path.name: path.read_bytes() for path in host.folder.glob(f"{host.state.name}*")}
    return {**files, "the log": host.log.read_bytes()}


def _got(host: FuncHost, path: str) -> bytes:
    answer = host.request("GET", path)
    assert answer.status == 200, (path, answer)
    return answer.body


def kept_in(connection: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield everything that the app keeps, as the name of its table or container and its text."""
    service: Any = TableServiceClient.from_connection_string(
        connection
    )  # types half of what it has
    with service as tables:
        for table in tables.list_tables():
            if table.name.startswith(prefix):
                for entity in tables.get_table_client(table.name).list_entities():
                    name, values = table.name.removeprefix(prefix), map(str, entity.values())
                    yield name, "\n".join([*entity.keys(), *values])
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in blobs.list_containers(name_starts_with=prefix):
            client = blobs.get_container_client(container.name)
            for blob in client.list_blobs(include=["metadata"]):
                content = client.download_blob(blob.name).readall().decode("utf-8", "replace")
                name = container.name.removeprefix(f"{prefix}-")
                yield name, f"{blob.name} {blob.metadata} {content}"
