"""How exporters send: how often, how soon again, and where what could not be sent waits.

What waits is redacted like everything else, in a folder that only this process's user can read and
that is new in every process; what is in it when the process ends is lost.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field


def _private_folder() -> str:
    folder = tempfile.mkdtemp(prefix="workflow-telemetry-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Seconds between batches of items, of numbers, until a batch is sent again; and a folder."""

    items_every_s: float = 5.0
    numbers_every_s: float = 60.0
    again_after_s: float = 30.0
    folder: str = field(default_factory=_private_folder)


def keep_quiet() -> dict[str, str]:
    """Return the environment in which the libraries report to nobody about themselves.

    Both would send usage statistics to Microsoft, ask the machine's metadata endpoint, and let a
    remote service switch their features.
    """
    return {
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    }
