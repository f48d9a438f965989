"""What the environment tells the application, read once and checked before anything uses it.

One frozen value holds it all; no other module of the application looks at the environment. What
an orchestration needs of it is put into its input at the HTTP edge, so that a changed setting never
changes the replay of an instance in flight. Building clients from it is ``shared.storage``'s work;
the account, the providers and telemetry are read in modules of their own, beside this.
"""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self, cast
from urllib.parse import urlsplit

from shared.errors import MalformedJsonError
from shared.principal import address_of
from shared.settings.operations import OperationsSettings, operations_settings
from shared.settings.providers import (
    CarrierService,
    NotificationHook,
    SmtpServer,
    StripeAccount,
    carrier_notice_secret,
    carrier_service,
    notification_hook,
    payment_notice_secret,
    smtp_server,
    stripe_account,
)
from shared.settings.readers import LOOP_BACK, InvalidSettingError, days, seconds, size
from shared.settings.storage import StorageConnection, is_local_emulator, storage_connection
from shared.settings.telemetry import TelemetryChoice
from shared.signed_links import LinkKeys
from shared.standard_webhooks import WebhookSecret
from shared.strict_json import parse_json

EXPORT_SCHEDULE_SETTING = "BATCH_EXPORT_SCHEDULE"

_EXAMPLE_ROLES: Mapping[str, tuple[str, ...]] = {
    "manager": ("manager@example.com",),
    "finance": ("finance.one@example.com", "finance.two@example.com"),
    "legal": ("legal@example.com",),
    "director": ("director@example.com",),
    "deputy": ("deputy@example.com",),
}
_SHORTEST_HOLD = timedelta(minutes=1)  # authorizing is tried for a quarter of it
_LOCAL_URL = "http://localhost:7071"
_CONTAINER = re.compile(r"(?=.{3,40}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_PREFIX = re.compile(r"[a-z][a-z0-9]{0,19}")
_PREFIX_SETTING = "APP_DATA_PREFIX"
_PREFIX_USUAL = "app"


class IdentitySource(StrEnum):
    """What is believed about who a caller is: nothing, App Service's word, or the caller's own."""

    NONE = "none"
    EASY_AUTH = "easy_auth"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment decides.

    Attributes:
        storage: the account for the application's own tables and blobs.
        data_prefix: what every table and container name starts with.
        payment_deadline: how long a pending payment may stay pending.
        payment_check_interval: how long to wait before asking a provider about it again.
        reservation_ttl: how long stock is held for an order that is not paid yet; longer by itself
            while the payment is pending.
        amend_deadline: how long a customer may think about taking less than was ordered.
        delivery_limit: how long a shipment is followed before it counts as lost.
        delivery_silence: how long there may be no scan of it before the carrier is asked.
        return_window: how long after its delivery an order may be sent back.
        sandbox_transit: how long the sandbox carrier's standard delivery takes.
        identity: which source is believed about who a caller is.
        easy_auth_enabled: whether the platform says that it authenticates callers.
        operators_mail: where operators are told that a workflow needs them.
        public_url: where people reach the application, without a path; links in mails begin so.
        link_keys: what links in mails are signed with, or None when nothing is configured.
        approval_roles: who approves in which role, by mail address; examples on a local emulator.
        source_containers: the containers whose blobs batch jobs may read.
        largest_source: how many bytes a batch job's source may have, packed or unpacked.
        stripe: the account that takes payments, or None where the sandbox does.
        carrier: who carries parcels, or None where the sandbox does.
        smtp: who carries mail, or None where it is put into the sandbox's outbox.
        notification_hook: who sends short messages and pushes; None: mail is written instead.
        payment_notice_secret: what a payment provider's notices are signed with; None: no notice
            but Stripe's is believed.
        carrier_notice_secret: what the carrier's notices are signed with; None: none is believed.
        telemetry: what is reported about workflows, and where to.
        operations: what counts as too long, and how long ended instances are kept.
    """

    storage: StorageConnection
    data_prefix: str
    payment_deadline: timedelta
    payment_check_interval: timedelta
    reservation_ttl: timedelta
    amend_deadline: timedelta
    delivery_limit: timedelta
    delivery_silence: timedelta
    return_window: timedelta
    sandbox_transit: timedelta
    identity: IdentitySource
    easy_auth_enabled: bool
    operators_mail: str
    public_url: str
    link_keys: LinkKeys | None
    approval_roles: Mapping[str, tuple[str, ...]]
    source_containers: frozenset[str]
    largest_source: int
    stripe: StripeAccount | None
    carrier: CarrierService | None
    smtp: SmtpServer | None
    notification_hook: NotificationHook | None
    payment_notice_secret: WebhookSecret | None
    carrier_notice_secret: WebhookSecret | None
    telemetry: TelemetryChoice
    operations: OperationsSettings

    @property
    def storage_is_local(self) -> bool:
        """Whether everything is kept in an emulator on this very machine."""
        return is_local_emulator(self.storage)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read and check every setting.

        Raises:
            InvalidSettingError: naming the first setting that is missing or wrong.
        """
        storage = storage_connection(environ)
        return cls(
            storage=storage,
            data_prefix=_data_prefix(environ),
            payment_deadline=seconds(environ, "ORDER_PAYMENT_DEADLINE_S", 900),
            payment_check_interval=seconds(environ, "ORDER_PAYMENT_CHECK_INTERVAL_S", 15),
            reservation_ttl=seconds(environ, "ORDER_RESERVATION_TTL_S", 900),
            amend_deadline=seconds(environ, "ORDER_AMEND_DEADLINE_S", 24 * 3600),
            delivery_limit=seconds(environ, "DELIVERY_LIMIT_S", 14 * 24 * 3600),
            delivery_silence=seconds(environ, "DELIVERY_SILENCE_S", 48 * 3600),
            return_window=days(environ, "ORDER_RETURN_WINDOW_DAYS", 30),
            sandbox_transit=seconds(environ, "SANDBOX_TRANSIT_S", 10),
            identity=_identity(environ),
            easy_auth_enabled=environ.get("WEBSITE_AUTH_ENABLED", "").strip().lower() == "true",
            operators_mail=_operators_mail(environ),
            public_url=_public_url(environ),
            link_keys=_link_keys(environ),
            approval_roles=_approval_roles(environ, local=is_local_emulator(storage)),
            source_containers=_containers(environ, "BATCH_SOURCE_CONTAINERS", "imports"),
            largest_source=size(environ, "BATCH_LARGEST_SOURCE_BYTES", 4 * 1024**3),
            stripe=stripe_account(environ),
            carrier=carrier_service(environ),
            smtp=smtp_server(environ),
            notification_hook=notification_hook(environ),
            payment_notice_secret=payment_notice_secret(environ),
            carrier_notice_secret=carrier_notice_secret(environ),
            telemetry=TelemetryChoice.from_environment(environ),
            operations=operations_settings(environ),
        )

    def __post_init__(self) -> None:
        """Refuse what cannot be together."""
        if self.identity is IdentitySource.DEVELOPMENT and not self.storage_is_local:
            raise InvalidSettingError(
                "APP_IDENTITY",
                "development believes whatever callers say of themselves, so it needs storage in"
                " an emulator on this machine",
            )
        if self.reservation_ttl < _SHORTEST_HOLD:
            raise InvalidSettingError(
                "ORDER_RESERVATION_TTL_S",
                "must be at least 60, or stock is lost while its payment is being authorized",
            )


def schedule(setting: str, usual: str) -> str:
    """Return what a timer trigger is declared with: the setting where it is given, else the usual.

    Args:
        setting: the name; the host reads the value, an NCRONTAB expression of six fields.
        usual: the expression without it.
    """
    return f"%{setting}%" if is_given(setting) else usual


def queue(name: str) -> str:
    """Return what a queue trigger is declared with; like tables, queues share the data prefix."""
    return f"%{_PREFIX_SETTING}%-{name}" if is_given(_PREFIX_SETTING) else f"{_PREFIX_USUAL}-{name}"


def is_given(setting: str) -> bool:
    """Tell whether there is a setting at all: for what exists only with it, such as a schedule."""
    return bool(os.environ.get(setting, "").strip())


@functools.cache
def current_settings() -> Settings:
    """Return the settings of this process, read from its environment at the first call."""
    return Settings.from_environment(os.environ)


def current_telemetry() -> TelemetryChoice:
    """Return where telemetry goes: asked while the app is loaded, when nothing else is needed."""
    return TelemetryChoice.from_environment(os.environ)


def _identity(environ: Mapping[str, str]) -> IdentitySource:
    raw = environ.get("APP_IDENTITY", "").strip() or IdentitySource.NONE
    try:
        return IdentitySource(raw)
    except ValueError:
        known = ", ".join(IdentitySource)
        raise InvalidSettingError("APP_IDENTITY", f"{raw!r} is not one of {known}") from None


def _public_url(environ: Mapping[str, str]) -> str:
    platform = environ.get("WEBSITE_HOSTNAME", "").strip()
    url = environ.get("APP_PUBLIC_URL", "").strip().rstrip("/")
    if not url and platform:  # local hosts set it, too, and speak no TLS
        is_local = urlsplit(f"//{platform}").hostname in LOOP_BACK
        return f"{'http' if is_local else 'https'}://{platform}"
    if not url:
        return _LOCAL_URL
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOP_BACK)
    if not is_safe or not parts.hostname or parts.path or parts.query or parts.username:
        raise InvalidSettingError(
            "APP_PUBLIC_URL", "must be like https://app.example.com, with nothing behind the host"
        )
    return url


def _link_keys(environ: Mapping[str, str]) -> LinkKeys | None:
    raw = environ.get("APPROVAL_LINK_KEYS", "").strip()
    try:
        return LinkKeys.parse(raw) if raw else None
    except ValueError as problem:
        raise InvalidSettingError("APPROVAL_LINK_KEYS", str(problem)) from None


def _operators_mail(environ: Mapping[str, str]) -> str:
    raw = environ.get("OPERATORS_MAIL", "").strip() or "operators@example.com"
    address = address_of(raw)
    if address is None:
        raise InvalidSettingError("OPERATORS_MAIL", f"{raw!r} is not a mail address")
    return address


def _approval_roles(environ: Mapping[str, str], *, local: bool) -> Mapping[str, tuple[str, ...]]:
    """Read ``{"manager": ["manager@example.com"]}``; on an emulator there are examples."""
    setting = "APPROVAL_ROLES"
    raw = environ.get(setting, "").strip()
    if not raw:
        return _EXAMPLE_ROLES if local else {}
    try:
        document = parse_json(raw.encode())
    except MalformedJsonError as error:
        raise InvalidSettingError(setting, error.message) from None
    if not isinstance(document, dict):
        raise InvalidSettingError(setting, "is not a JSON object of roles")
    return {
        role: _addresses(setting, role, people)
        for role, people in cast("dict[str, Any]", document).items()
    }


def _addresses(setting: str, role: str, people: Any) -> tuple[str, ...]:
    """Read a role's addresses; a wrong one is counted, not repeated."""
    match people:
        case [*listed]:
            found = [address_of(person) if isinstance(person, str) else None for person in listed]
        case _:
            found = []
    known = tuple(address for address in found if address is not None)
    if not found or len(known) < len(found):
        wrong = found.index(None) + 1 if found else 1
        raise InvalidSettingError(setting, f"role {role!r}: entry {wrong} is not a mail address")
    return tuple(dict.fromkeys(known))


def _data_prefix(environ: Mapping[str, str]) -> str:
    prefix = environ.get(_PREFIX_SETTING, "").strip() or _PREFIX_USUAL
    if not _PREFIX.fullmatch(prefix):
        raise InvalidSettingError(
            _PREFIX_SETTING,
            f"{prefix!r} is not 1 to 20 lower-case letters and digits that start with a letter",
        )
    return prefix


def _containers(environ: Mapping[str, str], setting: str, default: str) -> frozenset[str]:
    names = [name.strip() for name in (environ.get(setting, "").strip() or default).split(",")]
    for name in names:
        if not _CONTAINER.fullmatch(name):
            raise InvalidSettingError(
                setting, f"{name!r} is not 3 to 40 lower-case letters, digits and single dashes"
            )
    return frozenset(names)
