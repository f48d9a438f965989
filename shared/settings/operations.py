"""What the environment says about looking after instances: what counts as too long, what is kept.

When the watchdog and the retention run is said by ``WATCHDOG_SCHEDULE`` and ``RETENTION_SCHEDULE``,
which the host reads itself; see ``shared.settings.schedule``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.settings.readers import InvalidSettingError, seconds

WATCHDOG_SCHEDULE_SETTING: Final = "WATCHDOG_SCHEDULE"
RETENTION_SCHEDULE_SETTING: Final = "RETENTION_SCHEDULE"

_KEPT: Final = re.compile(r"([a-z][a-z-]{0,29})=([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSettings:
    """Limits of operation.

    Attributes:
        pending_limit: Pending longer than this is a finding.
        silence_limit: a shipment without a scan for longer than this is a finding.
        keep_for: how long ended instances are kept, by workflow type, where it is not as declared.
    """

    pending_limit: timedelta
    silence_limit: timedelta
    keep_for: Mapping[str, timedelta]


def operations_settings(environ: Mapping[str, str]) -> OperationsSettings:
    """Read the limits.

    Raises:
        InvalidSettingError: naming the first setting that is wrong.
    """
    return OperationsSettings(
        pending_limit=seconds(environ, "WATCHDOG_PENDING_LIMIT_S", 5 * 60),
        silence_limit=seconds(environ, "WATCHDOG_SILENCE_LIMIT_S", 48 * 3600),
        keep_for=_keep_for(environ, "RETENTION_DAYS"),
    )


def _keep_for(environ: Mapping[str, str], setting: str) -> Mapping[str, timedelta]:
    """Read ``order=90,approval=365``."""
    given = [part.strip() for part in environ.get(setting, "").split(",") if part.strip()]
    kept: dict[str, timedelta] = {}
    for part in given:
        found = _KEPT.fullmatch(part)
        if found is None or found[1] in kept:
            raise InvalidSettingError(
                setting, f"{part!r} is not a workflow type with 1 to 9999 days, like order=90, once"
            )
        kept[found[1]] = timedelta(days=int(found[2]))
    return kept
