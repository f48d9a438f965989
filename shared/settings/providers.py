"""Which providers that exist are used, and how to reach them; without any the sandbox serves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from shared.principal import address_of
from shared.settings.readers import LOOP_BACK, InvalidSettingError
from shared.standard_webhooks import WebhookSecret

_MOST_PORTS: Final = 65_535
_API_KEY: Final = re.compile(r"[\x21-\x7e]{1,512}")  # it goes into a header


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAccount:
    """With what payments are made at Stripe.

    ``notice_secret`` (``whsec_…``) is what Stripe signs its notices with; without one, none is
    believed. ``base_url`` is a local server that stands for Stripe's.
    """

    api_key: str = field(repr=False)
    notice_secret: str | None = field(repr=False)
    base_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierService:
    """Who carries parcels, by the contract in docs/carrier.md; ``url`` has no slash behind."""

    url: str
    api_key: str = field(repr=False)


class SmtpSecurity(StrEnum):
    """How the connection to a mail server is protected; ``none`` is for this machine alone."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Who carries mail, and whom it is from; without a user nobody signs in."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationHook:
    """Who sends short messages and pushes for us, told by notices that are signed."""

    url: str
    secret: WebhookSecret


def smtp_server(environ: Mapping[str, str]) -> SmtpServer | None:
    """Read which mail server carries letters."""
    host = environ.get("SMTP_HOST", "").strip()
    if not host:
        return None
    return SmtpServer(
        host=host,
        port=_port(environ, "SMTP_PORT", "587"),
        security=_security(environ, host),
        sender=_sender(environ),
        user=environ.get("SMTP_USER", "").strip(),
        password=environ.get("SMTP_PASSWORD", ""),
    )


def payment_notice_secret(environ: Mapping[str, str]) -> WebhookSecret | None:
    """Read what a payment provider that follows Standard Webhooks signs its notices with."""
    return _webhook_secret(environ, "PAYMENT_WEBHOOK_SECRET")


def carrier_notice_secret(environ: Mapping[str, str]) -> WebhookSecret | None:
    """Read what the carrier signs its notices with."""
    return _webhook_secret(environ, "CARRIER_WEBHOOK_SECRET")


def _webhook_secret(environ: Mapping[str, str], setting: str) -> WebhookSecret | None:
    raw = environ.get(setting, "").strip()
    try:
        return WebhookSecret.parse(raw) if raw else None
    except ValueError as problem:
        raise InvalidSettingError(setting, str(problem)) from None


def notification_hook(environ: Mapping[str, str]) -> NotificationHook | None:
    """Read who is told to send short messages and pushes."""
    url = environ.get("NOTIFICATION_HOOK_URL", "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOP_BACK
    if not (parts.scheme == "https" or is_local) or parts.username:
        raise InvalidSettingError("NOTIFICATION_HOOK_URL", "must begin with https://")
    secret = _webhook_secret(environ, "NOTIFICATION_HOOK_SECRET")
    if secret is None:
        raise InvalidSettingError("NOTIFICATION_HOOK_SECRET", "is needed to sign what is sent")
    return NotificationHook(url=url, secret=secret)


def carrier_service(environ: Mapping[str, str]) -> CarrierService | None:
    """Read who carries parcels."""
    provider = environ.get("CARRIER_PROVIDER", "").strip() or "sandbox"
    if provider == "sandbox":
        return None
    if provider != "http":
        raise InvalidSettingError("CARRIER_PROVIDER", f"{provider!r} is not one of sandbox, http")
    url = environ.get("CARRIER_URL", "").strip().rstrip("/")
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOP_BACK
    if not (parts.scheme == "https" or is_local) or not parts.hostname or parts.username:
        raise InvalidSettingError("CARRIER_URL", "must begin with https:// and a host")
    if parts.query or parts.fragment:
        raise InvalidSettingError("CARRIER_URL", "must end with its path")
    api_key = environ.get("CARRIER_API_KEY", "").strip()
    if not _API_KEY.fullmatch(api_key):  # the value itself stays out of the message
        raise InvalidSettingError("CARRIER_API_KEY", "must be 1 to 512 printable characters")
    return CarrierService(url=url, api_key=api_key)


def _security(environ: Mapping[str, str], host: str) -> SmtpSecurity:
    raw = environ.get("SMTP_SECURITY", "").strip() or SmtpSecurity.STARTTLS
    try:
        security = SmtpSecurity(raw)
    except ValueError:
        known = ", ".join(SmtpSecurity)
        raise InvalidSettingError("SMTP_SECURITY", f"{raw!r} is not one of {known}") from None
    if security is SmtpSecurity.NONE and host not in LOOP_BACK:
        raise InvalidSettingError("SMTP_SECURITY", "none is for a server on this machine")
    return security


def _port(environ: Mapping[str, str], setting: str, default: str) -> int:
    raw = environ.get(setting, "").strip() or default
    if not (raw.isascii() and raw.isdecimal() and 0 < int(raw) <= _MOST_PORTS):
        raise InvalidSettingError(setting, f"{raw!r} is not a port")
    return int(raw)


def _sender(environ: Mapping[str, str]) -> str:
    sender = address_of(environ.get("MAIL_SENDER", "").strip())
    if sender is None:
        raise InvalidSettingError("MAIL_SENDER", "is not a mail address, and mail needs one")
    return sender


def stripe_account(environ: Mapping[str, str]) -> StripeAccount | None:
    """Read the account that takes payments."""
    provider = environ.get("PAYMENT_PROVIDER", "").strip() or "sandbox"
    if provider == "sandbox":
        return None
    if provider != "stripe":
        raise InvalidSettingError("PAYMENT_PROVIDER", f"{provider!r} is not one of sandbox, stripe")
    api_key = environ.get("STRIPE_API_KEY", "").strip()
    if not api_key.startswith(("sk_", "rk_")):  # the value itself stays out of the message
        raise InvalidSettingError("STRIPE_API_KEY", "must be a secret or restricted key of Stripe")
    base_url = environ.get("STRIPE_API_URL", "").strip().rstrip("/") or None
    if base_url and urlsplit(base_url).hostname not in LOOP_BACK:
        raise InvalidSettingError("STRIPE_API_URL", "may only name a server on this machine")
    notice_secret = environ.get("STRIPE_WEBHOOK_SECRET", "").strip() or None
    return StripeAccount(api_key=api_key, notice_secret=notice_secret, base_url=base_url)
