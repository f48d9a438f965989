"""The SQL files beside this module, read once: statements by name, schema steps by version."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

HERE = Path(__file__).parent


def _statements(text: str) -> Mapping[str, str]:
    """Split at each ``-- name:`` line; what stands before the first is commentary."""
    sections = (section.split("\n", 1) for section in text.split("-- name: ")[1:])
    return MappingProxyType({name.strip(): statement for name, statement in sections})


def _schema_steps() -> tuple[str, ...]:
    """Return the scripts that lead from an empty file to version 1, from 1 to 2, and so on."""
    later = sorted((HERE / "migrations").glob("[0-9][0-9][0-9]_*.sql"))
    return tuple(path.read_text("utf-8") for path in (HERE / "schema.sql", *later))


STATEMENTS = _statements((HERE / "queries.sql").read_text("utf-8"))
SCHEMA_STEPS = _schema_steps()
