"""The app's resources by name: which path, which query, which body. No decisions, nothing drawn."""

from collections.abc import Generator, Mapping
from typing import Final

from wfctl.client import ANSWER_PATIENCE_S, Answer, Call, Client, Query, path_of
from wfctl.documents import Document, text

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
# As long as Azure lets an answer take: asking again while the app still works would be refused.
_CHANGE_PATIENCE_S: Final = 230.0
ENDED: Final = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


def workflow(instance_id: str, *further: str) -> str:
    """Return the path of an instance or of what belongs to it."""
    return path_of("workflows", instance_id, *further)


def pages(client: Client, query: Query) -> Generator[Document]:
    """Read a list page by page, for as long as the app names a next one."""
    cursor = ""
    while True:
        page = client.get("workflows", {**query, **({"cursor": cursor} if cursor else {})})
        yield page.document
        cursor = text(page.document, "nextCursor")
        if not cursor:
            return


def act(client: Client, path: str, body: Document, *, key: str) -> Answer:
    """Change something; the key lets the app recognise a repeat."""
    return _change(client, "POST", path, body, key)


def submit(client: Client, path: str, body: Document) -> Answer:
    """Send what the app recognises by an id in the body or in itself."""
    return client.send(Call(method="POST", path=path, body=body))


def purge(client: Client, instance_id: str, body: Document, *, key: str) -> Answer:
    """Delete an ended instance."""
    return _change(client, "DELETE", workflow(instance_id), body, key)


def _change(client: Client, method: str, path: str, body: Document, key: str) -> Answer:
    return client.send(
        Call(
            method=method,
            path=path,
            body=body,
            headers={IDEMPOTENCY_KEY: key},
            patience_s=_CHANGE_PATIENCE_S,
        )
    )


def look(
    client: Client, instance_id: str, *, etag: str = "", wait_s: int = 0, attempts: int
) -> Answer:
    """Read an instance, or wait so long for it to differ from what the ETag names."""
    known: Mapping[str, str] = {"If-None-Match": etag} if etag else {}
    return client.send(
        Call(
            method="GET",
            path=workflow(instance_id),
            query={"wait": wait_s} if wait_s else {},
            headers=known,
            attempts=attempts,
            patience_s=wait_s + ANSWER_PATIENCE_S,
        )
    )


def has_ended(document: Document) -> bool:
    """Whether an instance will never run again by itself."""
    return text(document, "runtimeStatus") in ENDED
