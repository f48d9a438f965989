"""Where telemetry goes, as values: which exporter, whose credential, how much of it.

What is done about it is in shared.telemetry.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from shared.settings.readers import InvalidSettingError

TELEMETRY_SETTING: Final = "APP_TELEMETRY"
SAMPLING_SETTING: Final = "APP_TELEMETRY_SAMPLING"
LOGS_SETTING: Final = "APP_TELEMETRY_LOGS"
# These two belong to the platform: the host reads them, too.
CONNECTION_SETTING: Final = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION_SETTING: Final = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"

_KEY: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOCAL_ROLE: Final = "workflow-functions"


class Destination(StrEnum):
    """What carries telemetry to Application Insights: nothing, or one of two libraries."""

    NONE = "none"
    AZURE_MONITOR = "azure_monitor"
    OPENCENSUS = "opencensus"


class LogRoute(StrEnum):
    """Who takes the application's log lines there: the host, as always, or the exporter itself."""

    HOST = "host"
    EXPORTER = "exporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryChoice:
    """What is reported, where, and as whom.

    Attributes:
        destination: which library carries it.
        connection_string: of Application Insights; it names an endpoint and is no credential where
            local authentication is switched off.
        uses_identity: whether items are sent with a token of the application's own identity.
        client_id: which user-assigned identity, or None for the one of the system.
        sampling: which share of business transactions is traced, above 0 and at most 1.
        logs: who carries log lines.
        role: under which name the application appears.
    """

    destination: Destination = Destination.NONE
    connection_string: str = field(default="", repr=False)
    uses_identity: bool = False
    client_id: str | None = None
    sampling: float = 1.0
    logs: LogRoute = LogRoute.HOST
    role: str = _LOCAL_ROLE

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the choice.

        Raises:
            InvalidSettingError: naming the setting that is missing or wrong.
        """
        destination = _one_of(Destination, environ, TELEMETRY_SETTING, Destination.NONE)
        authentication = _pairs(environ.get(AUTHENTICATION_SETTING, ""))
        return cls(
            destination=destination,
            connection_string=_connection_string(environ, destination),
            uses_identity=authentication.get("authorization", "").upper() == "AAD",
            client_id=authentication.get("clientid") or None,
            sampling=_share(environ),
            logs=_one_of(LogRoute, environ, LOGS_SETTING, LogRoute.HOST),
            role=environ.get("WEBSITE_SITE_NAME", "").strip() or _LOCAL_ROLE,
        )


def _one_of[C: StrEnum](kind: type[C], environ: Mapping[str, str], setting: str, default: C) -> C:
    raw = environ.get(setting, "").strip() or default
    try:
        return kind(raw)
    except ValueError:
        raise InvalidSettingError(setting, f"{raw!r} is not one of {', '.join(kind)}") from None


def _share(environ: Mapping[str, str]) -> float:
    raw = environ.get(SAMPLING_SETTING, "").strip() or "1"
    try:
        share = float(raw)
    except ValueError:
        raise InvalidSettingError(SAMPLING_SETTING, f"{raw!r} is not a number") from None
    if not 0 < share <= 1:
        raise InvalidSettingError(SAMPLING_SETTING, f"{raw} is not more than 0 and at most 1")
    return share


def _connection_string(environ: Mapping[str, str], destination: Destination) -> str:
    if destination is Destination.NONE:
        return ""
    raw = environ.get(CONNECTION_SETTING, "").strip()
    if not _KEY.fullmatch(_pairs(raw).get("instrumentationkey", "").lower()):
        raise InvalidSettingError(
            CONNECTION_SETTING,
            f"is not a connection string of Application Insights; {TELEMETRY_SETTING} needs one",
        )
    return raw


def _pairs(raw: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in raw.split(";") if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
