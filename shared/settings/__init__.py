"""What the environment tells the application: read once, checked, and kept as one frozen value.

No other module of the application looks at the environment. The readers of each part stand beside
the value that holds them all, in values; ``./dev`` and the storage clients need only theirs.
"""

from shared.settings.readers import InvalidSettingError
from shared.settings.values import (
    EXPORT_SCHEDULE_SETTING,
    IdentitySource,
    Settings,
    current_settings,
    current_telemetry,
    is_given,
    queue,
    schedule,
)

__all__ = [
    "EXPORT_SCHEDULE_SETTING",
    "IdentitySource",
    "InvalidSettingError",
    "Settings",
    "current_settings",
    "current_telemetry",
    "is_given",
    "queue",
    "schedule",
]
