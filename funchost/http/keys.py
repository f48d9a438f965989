"""The app's keys for ``--auth enforce``: made once, kept in a file that only its owner can read.

Which key opens what is in ``auth``.
"""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, cast

from funchost.errors import StartError

FILE_NAME: Final = "keys.json"
DEFAULT: Final = "default"
DURABLE_EXTENSION: Final = "durabletask_extension"
OWNER_ONLY: Final = 0o600
KEY_BYTES: Final = 40

type NamedKeys = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keys:
    """Every key: the master's, those of all functions, of each, and of extensions; by name."""

    master: str
    host: NamedKeys
    functions: Mapping[str, NamedKeys]  # by function name
    system: NamedKeys

    @classmethod
    def load(cls, path: Path, functions: Iterable[str]) -> Self:
        """Read the keys, and make those that are missing.

        Args:
            path: The file; made with its folder if there is none.
            functions: The names of the functions that need a key.

        Raises:
            StartError: the file cannot be read, written, or understood.
        """
        try:
            document = _read(path)
            keys = cls(
                master=str(document.get("masterKey") or _new_key()),
                host=_with(document.get("functionKeys"), DEFAULT),
                functions={
                    name: _with(_object(document.get("functions")).get(name), DEFAULT)
                    for name in sorted(functions)
                },
                system=_with(document.get("systemKeys"), DURABLE_EXTENSION),
            )
            # Keys of functions that are away for now are kept for when they are back.
            others = {**_object(document.get("functions")), **keys.functions}
            _write(path, keys, others)
        except (OSError, ValueError, TypeError) as error:
            raise StartError(f"The key file {path} cannot be used: {error}.") from error
        return keys


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return _object(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _write(path: Path, keys: Keys, functions: Mapping[str, Any]) -> None:
    document = {
        "masterKey": keys.master,
        "functionKeys": keys.host,
        "systemKeys": keys.system,
        "functions": functions,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor has no path
        json.dump(document, file, indent=2)
    new.replace(path)


def _with(found: Any, needed: str) -> NamedKeys:
    """Return keys by name, with one of the name that is always there."""
    keys = {name: str(value) for name, value in _object(found).items() if value}
    return keys if needed in keys else {needed: _new_key(), **keys}


def _object(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError("it must hold objects of keys by name")
    return cast("Mapping[str, Any]", value)


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)
