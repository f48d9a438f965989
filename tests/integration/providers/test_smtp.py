"""Mail against a real SMTP server in this process: taken once per key, refusals are values."""

from collections.abc import Generator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from shared.errors import ProviderUnavailableError
from shared.notifications.composing import Letter
from shared.providers.smtp import SmtpMail
from shared.settings.providers import SmtpSecurity, SmtpServer
from tests.support.funchost import free_port
from tests.support.memory_table import MemoryTable

pytestmark = pytest.mark.integration

LETTER = Letter(
    key="o1:shipped",
    recipient="customer@example.com",
    subject="Your order o1 is on its way",
    text="Grüße!",
    at=datetime(2026, 1, 5, tzinfo=UTC),
)


class MailRoom:
    """Takes mail, and says what it is told to say."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.says_to_recipient = "250 OK"
        self.says_to_data = "250 taken"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.says_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.says_to_recipient

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.says_to_data.startswith("250"):
            self.taken.append(envelope)
        return self.says_to_data


@pytest.fixture
def room() -> MailRoom:
    return MailRoom()


@pytest.fixture
def server(room: MailRoom) -> Generator[SmtpServer]:
    controller = Controller(room, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield reached_at(controller)
    finally:
        controller.stop()


def reached_at(controller: Controller, *, user: str = "", password: str = "") -> SmtpServer:
    return SmtpServer(
        host="127.0.0.1",
        port=controller.port,
        security=SmtpSecurity.NONE,
        sender="shop@example.com",
        user=user,
        password=password,
    )


@pytest.fixture
def mail(server: SmtpServer) -> SmtpMail:
    return SmtpMail(server, MemoryTable())


def test_a_letter_arrives_as_text_and_as_html(mail: SmtpMail, room: MailRoom) -> None:
    assert mail.send(LETTER)

    (envelope,) = room.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["customer@example.com"])
    assert isinstance(envelope.content, bytes)
    found = message_from_bytes(envelope.content, policy=policy.SMTP)
    assert found["Message-ID"].endswith("@example.com>")
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    plain = found.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == "Grüße!"


def test_a_repeat_hands_nothing_over(mail: SmtpMail, room: MailRoom) -> None:
    assert [mail.send(LETTER), mail.send(LETTER)] == [True, True]

    assert len(room.taken) == 1


def test_what_could_not_be_noted_goes_out_again_under_the_same_id(
    server: SmtpServer, room: MailRoom
) -> None:
    for _ in range(2):
        assert SmtpMail(server, MemoryTable()).send(LETTER)

    first, second = (
        message_from_bytes(envelope.content, policy=policy.SMTP)
        for envelope in room.taken
        if isinstance(envelope.content, bytes)
    )
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("step", ["says_to_recipient", "says_to_data"])
def test_a_refusal_is_a_value_and_stays(mail: SmtpMail, room: MailRoom, step: str) -> None:
    setattr(room, step, "550 no such mailbox")
    refused = mail.send(LETTER)
    setattr(room, step, "250 OK")

    assert [refused, mail.send(LETTER)] == [False, False]
    assert room.taken == []


@pytest.mark.parametrize("step", ["says_to_recipient", "says_to_data"])
def test_later_means_later(mail: SmtpMail, room: MailRoom, step: str) -> None:
    setattr(room, step, "451 customer@example.com is busy")

    with pytest.raises(ProviderUnavailableError) as later:
        mail.send(LETTER)
    setattr(room, step, "250 OK")

    assert "customer" not in str(later.value)
    assert mail.send(LETTER)
    assert len(room.taken) == 1


def test_a_server_that_is_away_is_unavailable(server: SmtpServer) -> None:
    gone = SmtpServer(
        host=server.host,
        port=1,
        security=SmtpSecurity.NONE,
        sender=server.sender,
        user="",
        password="",
    )

    with pytest.raises(ProviderUnavailableError, match="did not answer"):
        SmtpMail(gone, MemoryTable()).send(LETTER)


# The server in the test is asked for a password without TLS, on this machine.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_wrong_password_loses_no_letter(room: MailRoom) -> None:
    def judge(_server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> Any:
        return AuthResult(success=data.password == b"right", handled=False)

    controller = Controller(
        room,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=judge,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        sent = MemoryTable()
        wrong = reached_at(controller, user="shop", password="CANARY")  # noqa: S106 - a test's
        with pytest.raises(ProviderUnavailableError) as failure:
            SmtpMail(wrong, sent).send(LETTER)
        right = reached_at(controller, user="shop", password="right")  # noqa: S106 - a test's
        assert SmtpMail(right, sent).send(LETTER)
    finally:
        controller.stop()

    assert "CANARY" not in str(failure.value)
    assert len(room.taken) == 1
