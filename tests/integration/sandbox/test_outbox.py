"""The mail room: a message is sent once per key, and a person can read it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared.sandbox.outbox import Message, Outbox, Sent
from shared.storage import Storage
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration

AT = datetime(2026, 1, 5, 23, 59, 59, 500_000, tzinfo=UTC)


def put(outbox: Outbox, *, text: str = "It is on its way.", at: datetime = AT) -> Sent:
    return outbox.put(
        "o1:shipped", recipient="customer@example.com", subject="Order o1", text=text, at=at
    )


def test_a_message_is_read_as_it_was_sent(storage: Storage) -> None:
    outbox = Outbox(storage)
    text = "Grüße,\n\nIhre Bestellung kostet 5 €.\n.\nFrom here on: a long line " + "x" * 300

    sent = put(outbox, text=text)

    assert sent == Sent(name="2026/01/05/o1:shipped.eml", was_there=False)
    assert outbox.read(sent.name) == Message(
        key="o1:shipped",
        recipient="customer@example.com",
        subject="Order o1",
        text=text,
        at=AT,
    )


def test_a_person_can_read_the_file_itself(storage: Storage) -> None:
    sent = put(Outbox(storage), text="Grüße und 5 €")

    content = storage.container("outbox").read(sent.name)

    assert content is not None
    assert "To: customer@example.com\n" in content.decode()
    assert "\n\nGrüße und 5 €\n" in content.decode()


def test_a_repeat_sends_nothing_even_a_day_later(storage: Storage) -> None:
    outbox = Outbox(storage)
    first = put(outbox)

    second = put(outbox, text="something else", at=AT + timedelta(days=1))

    assert second == Sent(name=first.name, was_there=True)
    assert outbox.list() == (first.name,)
    assert outbox.read(first.name).text == "It is on its way."


def test_parallel_duplicates_send_once(rivals: Rivals) -> None:
    outboxes = [Outbox(rivals.storage()) for _ in range(8)]

    answers = at_once(
        [
            partial(put, outbox, at=AT + number * timedelta(days=1))
            for number, outbox in enumerate(outboxes)
        ]
    )

    assert sum(not sent.was_there for sent in answers) == 1
    assert len(outboxes[0].list()) == 1


def test_a_send_that_stopped_half_way_is_finished_by_its_repeat(storage: Storage) -> None:
    outbox = Outbox(storage)
    outbox._noted_name("o1:shipped", "2026/01/05/o1:shipped.eml")

    sent = put(outbox, at=AT + timedelta(days=1))

    assert sent == Sent(name="2026/01/05/o1:shipped.eml", was_there=False)
    assert outbox.list("2026/01/05/") == (sent.name,)


def test_a_subject_cannot_bring_headers_along(storage: Storage) -> None:
    outbox = Outbox(storage)

    sent = outbox.put(
        "k", recipient="customer@example.com", subject="Hi\r\nBcc: x@example.com", text="", at=AT
    )

    assert outbox.read(sent.name).subject == "Hi Bcc: x@example.com"


def test_a_missing_message_is_named(storage: Storage) -> None:
    with pytest.raises(LookupError, match="no message nowhere"):
        Outbox(storage).read("nowhere.eml")
