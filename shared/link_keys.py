"""Where the keys of signed links come from: a setting, or on a developer's machine a stored one.

What the keys do is in shared.signed_links.
"""

import base64
import secrets
from typing import Final

from shared.settings import Settings
from shared.settings.readers import InvalidSettingError
from shared.signed_links import LinkKeys
from shared.storage import Storage

LINK_KEYS_SETTING: Final = "APPROVAL_LINK_KEYS"

_CONTAINER: Final = "keys"
_BLOB: Final = "approval-links"
_SECRET_BYTES: Final = 32


def open_link_keys(settings: Settings, storage: Storage) -> LinkKeys:
    """Return the keys that the settings name; on a loop-back emulator make them if none are.

    Raises:
        InvalidSettingError: None are named, and the storage is not a developer's own.
        StorageUnavailableError: Try again.
    """
    if settings.link_keys is not None:
        return settings.link_keys
    if not settings.storage_is_local:
        raise InvalidSettingError(
            LINK_KEYS_SETTING,
            "is not set. Give kid:base64 with at least 32 random bytes, for example from"
            " `openssl rand -base64 32`; several are separated by commas and the first one signs",
        )
    container = storage.container(_CONTAINER)
    kept = container.read(_BLOB)
    if kept is None:
        made = f"local:{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode('ascii')}"
        # Another process may be faster: what counts is what is there afterwards.
        container.write_once(_BLOB, made.encode("ascii"), content_type="text/plain")
        kept = container.read(_BLOB) or made.encode("ascii")
    return LinkKeys.parse(kept.decode("ascii"))
