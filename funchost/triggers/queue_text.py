"""Between what functions give and take and the text of a queue message. Pure.

The platform writes Base64 unless host.json says ``messageEncoding: none``; so does this host.
"""

import base64
import binascii
import json
from enum import StrEnum
from typing import Any

from funchost.triggers.ports import RawMessage
from funchost.worker.errors import BindingFailedError
from funchost.worker.occasions import QueueMessage
from funchost.worker.protos import TypedData


class MessageEncoding(StrEnum):
    """How the text of a message carries its body."""

    BASE64 = "base64"
    NONE = "none"


class UnreadableMessageError(Exception):
    """A message's text is not in the encoding that the host reads."""


def encoded(body: bytes, encoding: MessageEncoding) -> str:
    """Return the text for a body.

    Raises:
        BindingFailedError: it is no text, and only text can be sent as it is.
    """
    if encoding is MessageEncoding.BASE64:
        return base64.b64encode(body).decode("ascii")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BindingFailedError(
            "A queue message that is not UTF-8 text needs messageEncoding base64."
        ) from error


def decoded(message: RawMessage, encoding: MessageEncoding) -> QueueMessage:
    """Return a message with its body.

    Raises:
        UnreadableMessageError: its text is not Base64.
    """
    body = message.text.encode()
    if encoding is MessageEncoding.BASE64:
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise UnreadableMessageError(f"message {message.id} is not Base64") from error
    return QueueMessage(
        id=message.id,
        body=body,
        pop_receipt=message.pop_receipt,
        dequeue_count=message.dequeue_count,
        inserted=message.inserted,
        expires=message.expires,
        next_visible=message.next_visible,
    )


def bodies(value: TypedData) -> list[bytes]:
    """Return the messages that a function gave: one, or one for each member of a list.

    Raises:
        BindingFailedError: what it gave cannot be a message.
    """
    match value:
        case TypedData(kind="string", value=str(text)):
            return [text.encode()]
        case TypedData(kind="bytes", value=bytes(content)):
            return [content]
        case TypedData(kind="json", value=str(text)):
            return [_body(member) for member in _members(json.loads(text))]
        case _:
            raise BindingFailedError(f"A queue message cannot be made of {value.kind}.")


def _members(document: Any) -> list[Any]:
    match document:
        case [*members]:
            return members
        case _:
            return [document]


def _body(value: Any) -> bytes:
    """A ``QueueMessage`` of the SDK arrives as its id and body; the id is the queue's to give."""
    match value:
        case str(text):
            return text.encode()
        case {"id": _, "body": str(text), **others} if not others:
            return text.encode()
        case _:
            return json.dumps(value, ensure_ascii=False).encode(errors="replace")
