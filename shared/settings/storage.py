"""With which storage account the application works: a connection string, or an identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from shared.settings.readers import LOOP_BACK, InvalidSettingError

STORAGE_SETTING: Final = "AzureWebJobsStorage"

# Azurite's published account, the same on every machine; it opens nothing but a local emulator.
_EMULATOR_ACCOUNT: Final = "devstoreaccount1"
_EMULATOR_KEY: Final = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionString:
    """A storage account reached with a key or a shared access signature."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityEndpoints:
    """A storage account reached with the application's own identity; there is no secret to keep."""

    table_url: str
    blob_url: str
    client_id: str | None = None


type StorageConnection = ConnectionString | IdentityEndpoints


def storage_connection(environ: Mapping[str, str]) -> StorageConnection:
    """Read which account it is.

    Raises:
        InvalidSettingError: Nothing says it, or not in a form that is known.
    """
    connection_string = environ.get(STORAGE_SETTING, "").strip()
    if connection_string:
        return _connection_string(connection_string)
    account = environ.get(f"{STORAGE_SETTING}__accountName", "").strip()
    client_id = environ.get(f"{STORAGE_SETTING}__clientId", "").strip() or None
    return IdentityEndpoints(
        table_url=_service_url(environ, "table", account),
        blob_url=_service_url(environ, "blob", account),
        client_id=client_id,
    )


def is_local_emulator(storage: StorageConnection) -> bool:
    """Tell whether the account is the emulator's, and every address of it on this machine."""
    match storage:
        case ConnectionString(value=value):
            parts = _parts(value)
            addresses = [
                urlsplit(url).hostname for name, url in parts.items() if name.endswith("endpoint")
            ]
            return (
                parts.get("accountname") == _EMULATOR_ACCOUNT
                and {"tableendpoint", "blobendpoint"} <= parts.keys()
                and all(address in LOOP_BACK for address in addresses)
            )
        case IdentityEndpoints():
            return False


def _service_url(environ: Mapping[str, str], service: str, account: str) -> str:
    setting = f"{STORAGE_SETTING}__{service}ServiceUri"
    url = environ.get(setting, "").strip().rstrip("/")
    if url:
        if not url.startswith("https://"):
            raise InvalidSettingError(setting, f"{url!r} must start with https://")
        return url
    if account:
        return f"https://{account}.{service}.core.windows.net"
    raise InvalidSettingError(
        STORAGE_SETTING,
        "is not set. Give a connection string (UseDevelopmentStorage=true for Azurite),"
        f" or {STORAGE_SETTING}__accountName, or {setting}",
    )


def _connection_string(raw: str) -> ConnectionString:
    parts = _parts(raw)
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        return ConnectionString(value=_emulator(parts.get("developmentstorageproxyuri", "")))
    has_key = bool(parts.get("accountname") and parts.get("accountkey"))
    has_signature = bool(parts.get("sharedaccesssignature"))
    has_endpoints = bool(parts.get("tableendpoint") and parts.get("blobendpoint"))
    if not has_key and not (has_signature and has_endpoints):
        # The value itself is a secret and stays out of the message.
        raise InvalidSettingError(
            STORAGE_SETTING,
            "is not a storage connection string: AccountName and AccountKey are needed, or a"
            " SharedAccessSignature with TableEndpoint and BlobEndpoint",
        )
    return ConnectionString(value=raw)


def _parts(raw: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in raw.split(";") if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _emulator(proxy: str) -> str:
    # The Python SDKs do not know the short form, so it is spelled out here.
    origin = proxy.rstrip("/") or "http://127.0.0.1"
    return (
        f"DefaultEndpointsProtocol=http;AccountName={_EMULATOR_ACCOUNT};AccountKey={_EMULATOR_KEY};"
        f"BlobEndpoint={origin}:10000/{_EMULATOR_ACCOUNT};"
        f"TableEndpoint={origin}:10002/{_EMULATOR_ACCOUNT};"
    )
