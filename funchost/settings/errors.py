"""What is wrong with a settings file, and where."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a text; both count from 1."""

    line: int
    column: int


class SettingsError(Exception):
    """A settings file, or what overrides it, cannot be used."""

    def __init__(
        self,
        message: str,
        *,
        source: Path | str,
        position: Position | None = None,
        key: str | None = None,
    ) -> None:
        where = f"{source}" if position is None else f"{source}:{position.line}:{position.column}"
        about = "" if key is None else f"{key}: "
        super().__init__(f"{where}: {about}{message}")
        self.source = source
        self.position = position
        self.key = key
