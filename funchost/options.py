"""What the command line may say: the options of ``start`` as a value.

Reading the words is ``cli``; what settings files say is ``settings``.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Sync(StrEnum):
    """What a commit survives: the death of the process, or also a power cut."""

    NORMAL = "normal"
    FULL = "full"


class Auth(StrEnum):
    """Whether keys are asked for; the platform's local host asks for none unless told to."""

    OFF = "off"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run one app.

    Attributes:
        app: The folder of the app, absolute.
        port: Where HTTP is served; None leaves it to local.settings.json, then 7071; 0 is any.
        host: The address to bind; 127.0.0.1 and localhost mean the loop-back of both families.
        state: The file of the durable engine; None means ``.funchost/state.db`` in the app.
        verbose: Log details.
        sync: What a commit survives.
        functions: The functions to run; empty means all.
        cors: Origins whose pages may read answers; empty leaves it to local.settings.json.
        cors_credentials: Let those pages send credentials.
        auth: Whether keys are asked for.
    """

    app: Path
    port: int | None = None
    host: str = "127.0.0.1"
    state: Path | None = None
    verbose: bool = False
    sync: Sync = Sync.NORMAL
    functions: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    cors_credentials: bool = False
    auth: Auth = Auth.OFF

    @property
    def state_file(self) -> Path:
        """Return the engine's file."""
        return self.state or self.app / ".funchost" / "state.db"

    @property
    def key_file(self) -> Path:
        """Return where keys are kept: beside the engine's file."""
        return self.state_file.with_name("keys.json")
