"""A mail room: messages to customers as files that a person can open, each sent once.

A message is an RFC 5322 file in a blob container, under the day it was sent. Which file a key led
to is noted in a table first, so that a repeat finds the same file even when it comes with another
time, and a crash in between loses nothing.
"""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from shared.notifications.composing import Letter, compose
from shared.sandbox.outages import answers_for
from shared.storage import Container, Row, Storage, Table, instant_text, key_text

_SENDER = "noreply@example.com"
_ROW_KEY = "message"
# Umlauts stay umlauts in the file, and lines end as this machine's text files do.
_READABLE = email.policy.SMTPUTF8.clone(linesep="\n", cte_type="8bit", max_line_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message lies in the outbox.

    Attributes:
        name: the file, as ``read`` takes it.
        was_there: it had been sent by an earlier call under the same key.
    """

    name: str
    was_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it was sent."""

    key: str
    recipient: str
    subject: str
    text: str
    at: datetime


class Outbox:
    """Send, list, read. Every call may raise ``ProviderUnavailableError``; then repeat it.

    Args:
        storage: where the messages are kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @answers_for("mail room")
    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> Sent:
        """Send a message unless one was sent under this key; then that one stands."""
        message = Message(
            key=key, recipient=recipient, subject=" ".join(subject.split()), text=text, at=at
        )
        name = self._noted_name(key, f"{at.astimezone(UTC):%Y/%m/%d}/{key_text(key)}.eml")
        wrote = self._container.write_once(
            name, _content_of(message), content_type="message/rfc822"
        )
        return Sent(name=name, was_there=not wrote)

    def send(self, letter: Letter) -> bool:
        """Put a letter in; always true, for nobody is refused here."""
        self.put(
            letter.key,
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            at=letter.at,
        )
        return True

    @answers_for("mail room")
    def list(self, prefix: str = "") -> tuple[str, ...]:
        """Return the names of messages that start with a prefix, such as ``2026/11/22/``."""
        return tuple(self._container.names(prefix))

    @answers_for("mail room")
    def read(self, name: str) -> Message:
        """Return a message.

        Raises:
            LookupError: there is none of this name.
        """
        content = self._container.read(name)
        if content is None:
            raise LookupError(f"no message {name}")
        return _message_in(content)

    @property
    def _container(self) -> Container:
        return self._storage.container("outbox")

    @property
    def _table(self) -> Table:
        return self._storage.table("Outbox")

    def _noted_name(self, key: str, name: str) -> str:
        return self._table.until_written(partial(self._try_note, key_text(key), name))

    def _try_note(self, partition_key: str, name: str) -> str:
        noted = self._table.read(partition_key, _ROW_KEY)
        if noted:
            return noted.text("name")
        self._table.write_or_retry(
            Row(partition_key=partition_key, row_key=_ROW_KEY, fields={"name": name})
        )
        return name


def _content_of(message: Message) -> bytes:
    letter = Letter(
        key=message.key,
        recipient=message.recipient,
        subject=message.subject,
        text=message.text,
        at=message.at,
    )
    mail = compose(letter, sender=_SENDER, policy=_READABLE)
    mail["X-Idempotency-Key"] = message.key
    mail["X-Sent-At"] = instant_text(message.at)  # the Date header drops fractions of a second
    return mail.as_bytes()


def _message_in(content: bytes) -> Message:
    mail = email.message_from_bytes(content, policy=_READABLE)
    body = mail.get_body(("plain",))
    return Message(
        key=str(mail["X-Idempotency-Key"]),
        recipient=str(mail["To"]),
        subject=str(mail["Subject"]),
        text=body.get_content().removesuffix("\n") if body else "",
        at=datetime.fromisoformat(str(mail["X-Sent-At"])),
    )
