"""Which app is talked to, and as whom: read from options and the environment, checked before use.

Secrets come from the environment or a file, never from the command line, where other users of the
machine and the shell's history would see them. They are shown nowhere, errors included.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, override
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from wfctl.exits import UsageError

LOCAL_URL: Final = "http://localhost:7071"
API_PREFIX: Final = "/api/"

_SECRET: Final = re.compile(r"[\x21-\x7e]{1,8192}")
_ROLES: Final = re.compile(r"[a-z_.]+(,[a-z_.]+)*")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]{1,254}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A base URL and what is shown to whoever answers there."""

    url: str
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    principal: str = ""
    roles: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the app is on this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK


class Credentials(AuthBase):
    """Puts the credentials on a request; having them here keeps the netrc file out of it."""

    def __init__(self, connection: Connection) -> None:
        named = {
            "x-functions-key": connection.key,
            "Authorization": f"Bearer {connection.token}" if connection.token else "",
            "X-Dev-Principal": connection.principal,
            "X-Dev-Roles": connection.roles,
        }
        self._headers = {name: value for name, value in named.items() if value}

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers.update(self._headers)
        return r


def connection_of(
    environment: Mapping[str, str],
    *,
    url: str | None = None,
    principal: str | None = None,
    roles: Sequence[str] = (),
    key_file: Path | None = None,
) -> Connection:
    """Put a connection together; what is given explicitly goes before the environment.

    Raises:
        UsageError: Something of it cannot be used, or would send a secret in the clear.
    """
    connection = Connection(
        url=_checked_url(url or environment.get("WFCTL_URL") or LOCAL_URL),
        key=_key(environment, key_file),
        token=_secret("WFCTL_TOKEN", environment.get("WFCTL_TOKEN", "")),
        principal=_checked(
            _ADDRESS, principal or environment.get("WFCTL_PRINCIPAL", ""), "--as is a mail address"
        ),
        roles=_checked(
            _ROLES,
            ",".join(roles) or environment.get("WFCTL_ROLES", ""),
            "--role is the name of a role",
        ),
    )
    is_secret = bool(connection.key or connection.token)
    if is_secret and not connection.url.startswith("https:") and not connection.is_local:
        raise UsageError("keys and tokens go over https only, except to this machine")
    return connection


def _key(environment: Mapping[str, str], key_file: Path | None) -> str:
    if key_file is None and environment.get("WFCTL_KEY"):
        return _secret("WFCTL_KEY", environment["WFCTL_KEY"])
    named = environment.get("WFCTL_KEY_FILE")
    path = key_file or (Path(named) if named else None)
    if path is None:
        return ""
    try:
        content = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"the key file {path} cannot be read") from None
    if not content.strip():
        raise UsageError(f"the key file {path} is empty")
    return _secret(f"the key file {path}", content)


def _secret(source: str, text: str) -> str:
    """Refuse here what the HTTP library would quote in its complaint."""
    stripped = text.strip()
    if stripped and not _SECRET.fullmatch(stripped):
        raise UsageError(f"{source} holds what no key or token can be made of")
    return stripped


def _checked(pattern: re.Pattern[str], text: str, otherwise: str) -> str:
    if text and not pattern.fullmatch(text):
        raise UsageError(otherwise)
    return text


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_whole = False
        parts = urlsplit("")
    if not is_whole:
        raise UsageError(f"the URL must be like {LOCAL_URL} or https://app.example.com")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError("the URL is an address alone: no user, no key, no query")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/").removesuffix("/api")
