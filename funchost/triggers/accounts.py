"""The storage accounts that an app's bindings name, each opened once."""

from collections.abc import Callable, Mapping
from typing import Protocol

from funchost.triggers.connections import connection_string
from funchost.triggers.ports import Blobs, Queue
from funchost.worker.functions import Binding


class Account(Protocol):
    """The queues and blobs of one storage account."""

    def queue(self, name: str) -> Queue:
        """Return a queue, which need not exist."""
        ...

    @property
    def blobs(self) -> Blobs:
        """Return its blobs."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


type OpenAccount = Callable[[str], Account]


def open_azure_account(connection: str) -> Account:
    """Open an account of Azure Storage, or Azurite; raises TriggerError for an odd connection."""
    # Importing the storage SDKs takes longer than starting the host.
    from funchost.triggers.azure_storage import AzureAccount  # noqa: PLC0415 - only if needed

    return AzureAccount(connection)


class Accounts:
    """Accounts by the name of their connection."""

    def __init__(
        self, settings: Mapping[str, str], open_account: OpenAccount = open_azure_account
    ) -> None:
        self._settings = settings
        self._open = open_account
        self._opened: dict[str, Account] = {}

    def of(self, binding: Binding) -> Account:
        """Return the account that a binding names.

        Raises:
            TriggerError: its connection cannot be used.
        """
        return self.named(binding.settings.get("connection"))

    def named(self, connection: str | None) -> Account:
        """Return the account of a connection; raises TriggerError."""
        text = connection_string(connection, self._settings)
        if text not in self._opened:
            self._opened[text] = self._open(text)
        return self._opened[text]

    async def close(self) -> None:
        """Close them all."""
        for account in self._opened.values():
            await account.close()
        self._opened.clear()
