"""local.settings.json: app settings for this machine, and where the local host listens.

The file never reaches the cloud; what it holds under ``Values`` stands in for the app settings.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from funchost.settings.reader import read_file
from funchost.settings.section import Section, empty

FILE_NAME = "local.settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """What local.settings.json says; all of it optional."""

    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    port: int | None = None
    cors_origins: tuple[str, ...] = ()  # "*" is any
    cors_credentials: bool = False

    @classmethod
    def load(cls, app_dir: Path) -> Self:
        """Read local.settings.json; a missing file means nothing is set.

        Raises:
            SettingsError: the file cannot be used, or is encrypted.
        """
        path = app_dir / FILE_NAME
        section = Section(read_file(path) or empty(path))
        if not isinstance(section.document.value, dict):
            raise section.error("", "must hold an object")
        if section.flag("IsEncrypted"):
            raise section.error(
                "IsEncrypted", "encrypted settings cannot be read here; run func settings decrypt"
            )
        port = section.whole("Host.LocalHttpPort")
        if port is not None and port > 65535:  # noqa: PLR2004 - the highest there is
            raise section.error("Host.LocalHttpPort", f"must be a port, not {port}")
        origins = (section.text("Host.CORS") or "").split(",")
        return cls(
            values=section.texts("Values"),
            port=port,
            cors_origins=tuple(origin.strip() for origin in origins if origin.strip()),
            cors_credentials=section.flag("Host.CORSCredentials") or False,
        )

    def apply(self, environ: MutableMapping[str, str]) -> tuple[str, ...]:
        """Set the values in the environment, except those that are there already.

        Returns:
            The names that were skipped, in the order of the file.
        """
        skipped = tuple(name for name in self.values if name in environ)
        for name, value in self.values.items():
            environ.setdefault(name, value)
        return skipped
