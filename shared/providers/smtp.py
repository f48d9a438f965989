"""Mail by SMTP, once per key as far as SMTP can tell: its servers remember no keys.

A letter that was handed over is noted, and a repeat finds the note. A crash between the two sends
it again under the same Message-ID, by which many mailboxes recognise it.
"""

import smtplib
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol

from shared.errors import ProviderUnavailableError
from shared.ids import derived_id
from shared.notifications.composing import Letter, compose
from shared.settings.providers import SmtpSecurity, SmtpServer
from shared.storage import Row, instant_text, key_text

TABLE: Final = "SentMail"
_ROW_KEY: Final = "letter"
_TIMEOUT_S: Final = 20.0
_PERMANENT: Final = 500


class Rows(Protocol):
    """The part of a table that is needed here."""

    def read(self, partition_key: str, row_key: str) -> Row | None:
        """Return the row as it is now."""
        ...

    def write(self, *rows: Row) -> bool:
        """Insert or replace; False when a race was lost."""
        ...


class SmtpMail:
    """Hands letters to a mail server.

    Args:
        server: How to reach it.
        sent: Where is noted what was handed over.
    """

    def __init__(self, server: SmtpServer, sent: Rows) -> None:
        self._server = server
        self._sent = sent

    def send(self, letter: Letter) -> bool:
        """Send a letter unless one was sent under its key; False when the server refuses it.

        Raises:
            ProviderUnavailableError: The server could not be reached or says "later".
            StorageUnavailableError: What was sent before is not known, or cannot be noted.
        """
        noted = self._sent.read(key_text(letter.key), _ROW_KEY)
        if noted is None:
            noted = Row(
                partition_key=key_text(letter.key),
                row_key=_ROW_KEY,
                fields={"accepted": self._handed_over(letter), "at": instant_text(letter.at)},
            )
            self._sent.write(noted)  # lost to a rival that sent the same: so be it
        return noted.flag("accepted")

    def _handed_over(self, letter: Letter) -> bool:
        sender = self._server.sender
        mail = compose(letter, sender=sender)
        mail["Message-ID"] = f"<{derived_id('letter', letter.key)}@{sender.partition('@')[2]}>"
        try:
            with self._connected() as connection:
                connection.send_message(mail, from_addr=sender, to_addrs=[letter.recipient])
        except smtplib.SMTPRecipientsRefused as refused:
            code = max(code for code, _ in refused.recipients.values())
            return _refused(code)
        except smtplib.SMTPDataError as refused:
            return _refused(refused.smtp_code)
        except (smtplib.SMTPException, OSError) as failure:
            # A wrong password is among them: mending it is for operators, and then it goes on.
            raise ProviderUnavailableError(
                f"the mail server did not answer: {type(failure).__name__}"
            ) from None  # it may quote whom the letter is for
        return True

    @contextmanager
    def _connected(self) -> Generator[smtplib.SMTP]:
        server = self._server
        if server.security is SmtpSecurity.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_TIMEOUT_S, context=_trusting()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
        with connection:
            if server.security is SmtpSecurity.STARTTLS:
                connection.starttls(context=_trusting())
            if server.user:
                connection.login(server.user, server.password)
            yield connection


def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _refused(code: int) -> bool:
    if code < _PERMANENT:
        raise ProviderUnavailableError(f"the mail server says later: {code}") from None
    return False
