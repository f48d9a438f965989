"""Where things are in the checkout. No behaviour here."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The checkout."""

VENV: Final = ROOT / ".venv"
"""The virtual environment that `dev` makes."""

KEPT: Final = ROOT / ".dev"
"""Everything else that `./dev` keeps: tools, data, logs. Ignored by git, safe to delete."""

LOGS: Final = KEPT / "logs"

ENVIRONMENTS: Final = KEPT / "environments"
"""Environments beside .venv, for what must not mix with it."""

AZURITE_LOCK_FILES: Final = ROOT / "scripts" / "azurite"
"""The committed npm lock file, and the script that is loaded before Azurite."""

AZURITE: Final = KEPT / "azurite"
"""Where npm installs Azurite."""

AXE_LOCK_FILES: Final = ROOT / "scripts" / "axe"
"""The committed npm lock file of axe."""

AXE: Final = KEPT / "axe"
"""Where npm installs axe."""

KQL_LOCK_FILES: Final = ROOT / "scripts" / "kql"
"""The committed npm lock file of KQL's parser, and the script that asks it."""

KQL: Final = KEPT / "kql"
"""Where npm installs KQL's parser."""

BROWSER: Final = KEPT / "browser"
"""Where Playwright puts a browser on a machine that has none."""

AZURITE_DATA: Final = KEPT / "azurite-data"
"""Blobs, queues and tables of `./dev start`."""

HOST_STATE: Final = KEPT / "funchost.db"
"""The local host's state file."""


def tool(name: str) -> str:
    """Return the path of a command that is installed in the virtual environment."""
    return str(VENV / "bin" / name)
