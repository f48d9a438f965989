"""The way out to people: by the channel they chose, as far as there is one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.notifications.composing import Letter
from shared.notifications.contacts import Channel, Contact
from shared.post import Post

AT = datetime(2026, 1, 5, tzinfo=UTC)
BY_PHONE = Contact(email="customer@example.com", channel=Channel.SMS, address="+4930123456")


@dataclass
class Carrier:
    """Takes letters of either kind, or refuses them."""

    letters: list[tuple[str, Channel]] = field(default_factory=list[tuple[str, Channel]])
    takes: bool = True

    def send(self, letter: Letter, channel: Channel = Channel.EMAIL) -> bool:
        self.letters.append((letter.recipient, channel))
        return self.takes


def tell(post: Post, contact: Contact) -> bool:
    return post.tell("o1:shipped", contact=contact, subject="o1", text="It comes.", at=AT)


def test_people_are_told_as_they_chose() -> None:
    mail, messages = Carrier(), Carrier()
    post = Post(mail, messages)

    assert tell(post, BY_PHONE)
    assert tell(post, Contact(email="customer@example.com"))

    assert messages.letters == [("+4930123456", Channel.SMS)]
    assert mail.letters == [("customer@example.com", Channel.EMAIL)]


def test_without_a_message_service_everybody_gets_mail() -> None:
    mail = Carrier()

    assert tell(Post(mail), BY_PHONE)

    assert mail.letters == [("customer@example.com", Channel.EMAIL)]


@pytest.mark.parametrize("contact", [BY_PHONE, Contact(email="customer@example.com")])
def test_a_refusal_is_told(contact: Contact) -> None:
    assert not tell(Post(Carrier(takes=False), Carrier(takes=False)), contact)
