"""The one way out to people: each by the channel that they chose, as far as it is configured."""

from datetime import datetime
from typing import Protocol, Self

from shared.clock import system_clock
from shared.notifications.composing import Letter
from shared.notifications.contacts import Channel, Contact
from shared.providers.hooks import HookedMessages
from shared.providers.smtp import TABLE, SmtpMail
from shared.sandbox.outbox import Outbox
from shared.settings import Settings
from shared.storage import Storage


class Mail(Protocol):
    """Who carries mail."""

    def send(self, letter: Letter) -> bool:
        """Send a letter once per key; False when it is refused for good."""
        ...


class Messages(Protocol):
    """Who sends short messages and pushes."""

    def send(self, letter: Letter, channel: Channel) -> bool:
        """Send a letter once per key; False when it is refused for good."""
        ...


class Post:
    """Writes to people. Every call may raise ``ProviderUnavailableError``; then repeat it.

    Args:
        mail: Carries mail.
        messages: Sends everything else, or None: then everybody gets mail.
    """

    def __init__(self, mail: Mail, messages: Messages | None = None) -> None:
        self._mail = mail
        self._messages = messages

    @classmethod
    def open(cls, settings: Settings, storage: Storage) -> Self:
        """Open what the settings say, or the sandbox's outbox."""
        smtp, hook = settings.smtp, settings.notification_hook
        return cls(
            SmtpMail(smtp, storage.table(TABLE)) if smtp else Outbox(storage),
            HookedMessages(hook, system_clock()) if hook else None,
        )

    def put(self, key: str, *, recipient: str, subject: str, text: str, at: datetime) -> bool:
        """Write a mail once per key; False when it is refused for good."""
        return self._mail.send(
            Letter(key=key, recipient=recipient, subject=subject, text=text, at=at)
        )

    def tell(self, key: str, *, contact: Contact, subject: str, text: str, at: datetime) -> bool:
        """Write to somebody as they chose; False when it is refused for good."""
        if self._messages is None or contact.channel is Channel.EMAIL:
            return self.put(key, recipient=contact.email, subject=subject, text=text, at=at)
        letter = Letter(key=key, recipient=contact.address, subject=subject, text=text, at=at)
        return self._messages.send(letter, contact.channel)
