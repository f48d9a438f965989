"""As whom telemetry is sent: with a token of the application's own identity, or with no token.

Imported by the adapters alone, so that the identity library is loaded only with one of them.
"""

from typing import Protocol

from azure.core.credentials import AccessToken
from azure.identity import ManagedIdentityCredential

from shared.settings.telemetry import TelemetryChoice


class Credential(Protocol):
    """Anything that can get a token for a scope."""

    def get_token(self, *scopes: str) -> AccessToken:
        """Return a token, cached until shortly before it expires."""
        ...


def credential_of(choice: TelemetryChoice) -> Credential | None:
    """Return the managed identity that was chosen; None where items are sent without a token."""
    if not choice.uses_identity:
        return None
    return ManagedIdentityCredential(client_id=choice.client_id)
