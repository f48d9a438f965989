"""Storage connections: from the name in a binding to a connection string. Pure.

Connections by identity are for Azure; they are refused here by name.
"""

from collections.abc import Mapping
from typing import Final

from funchost.triggers.errors import TriggerError

DEFAULT_CONNECTION: Final = "AzureWebJobsStorage"
EMULATOR: Final = "UseDevelopmentStorage=true"
# Not a secret: the one account of every emulator has this published key.
EMULATOR_CONNECTION: Final = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)
_PREFIX: Final = "AzureWebJobs"
_IDENTITY_MEMBERS: Final = ("serviceuri", "accountname", "blobserviceuri", "queueserviceuri")


def connection_string(name: str | None, settings: Mapping[str, str]) -> str:
    """Return the connection string that a binding's ``connection`` means.

    Args:
        name: The name of an app setting, with or without "AzureWebJobs" before it; None or "" is
            the host's own storage.
        settings: The app settings.

    Raises:
        TriggerError: the setting is not there, or names an account for an identity.
    """
    wanted = name or DEFAULT_CONNECTION
    by_name = {key.casefold(): value for key, value in settings.items()}
    for candidate in (f"{_PREFIX}{wanted}", wanted):
        value = by_name.get(candidate.casefold(), "")
        if value:
            return EMULATOR_CONNECTION if value.strip().rstrip(";") == EMULATOR else value
    for separator in ("__", ":"):
        for member in _IDENTITY_MEMBERS:
            if f"{wanted}{separator}{member}".casefold() in by_name:
                raise TriggerError(
                    f"the connection '{wanted}' is by identity, which this host does not serve; "
                    f"set '{wanted}' to a connection string, such as {EMULATOR}"
                )
    raise TriggerError(
        f"the app setting '{wanted}' is not there; set it to a connection string of a storage "
        f"account, such as {EMULATOR}"
    )
