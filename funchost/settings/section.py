"""Typed access to a settings file by key path, with overrides from the environment.

Keys match without regard to case, as they do on the platform. What a key means is decided by the
callers; a value of the wrong type is refused here, with its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from funchost.settings.errors import SettingsError
from funchost.settings.reader import Document, KeyPath

type _Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A document's members, as found and as overridden.

    ``overrides`` holds texts by key path in casefold; a text becomes what the reader asks for.
    """

    document: Document
    overrides: Mapping[_Key, tuple[str, str]] = field(
        default_factory=dict[_Key, tuple[str, str]]
    )  # path in casefold: the variable's name and its text

    def text(self, path: str) -> str | None:
        """Return a string, None when absent or null."""
        found = self._find(path)
        if found is None:
            return None
        if not isinstance(found.value, str):
            raise found.error("a string")
        return found.value

    def whole(self, path: str, *, minimum: int = 0) -> int | None:
        """Return a whole number of at least ``minimum``, None when absent or null."""
        found = self._find(path)
        if found is None:
            return None
        value = found.value
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise found.error("a whole number")
        if value < minimum:
            raise found.error(f"a whole number of at least {minimum}")
        return value

    def flag(self, path: str) -> bool | None:
        """Return a truth value, None when absent or null."""
        found = self._find(path)
        if found is None:
            return None
        match found.value:
            case bool(value):
                return value
            case str(text) if text.casefold() in {"true", "false"}:
                return text.casefold() == "true"
            case _:
                raise found.error("true or false")

    def texts(self, path: str) -> Mapping[str, str]:
        """Return an object whose members are all strings, {} when absent; nulls are left out."""
        found = self._find(path)
        result: dict[str, str] = {}
        for key, value in self._members(found).items():
            if isinstance(value, bool | int | float):
                result[key] = str(value)
            elif isinstance(value, str):
                result[key] = value
            elif value is not None:
                raise self.error(path, "must be a string", member=key)
        prefix = _split(path.casefold())
        for parts, (name, text) in self.overrides.items():
            if parts[: len(prefix)] == prefix and len(parts) > len(prefix):
                result[".".join(_levels(name)[len(prefix) + 1 :])] = text
        return result

    def error(self, path: str, message: str, *, member: str | None = None) -> SettingsError:
        """Return a complaint about a key, at its place; a ``member``'s name may hold dots."""
        parts = _split(path) if member is None else (*_split(path), member)
        key = ".".join(parts)
        override = self.overrides.get(tuple(part.casefold() for part in parts))
        if override is not None:
            return SettingsError(message, source=f"environment variable {override[0]}", key=key)
        position = self.document.position(self._actual(parts))
        source = self.document.source
        return SettingsError(message, source=source, position=position, key=key or None)

    def _find(self, path: str) -> "_Found | None":
        override = self.overrides.get(tuple(part.casefold() for part in path.split(".")))
        if override is not None:
            return _Found(self, path, override[1])
        value: Any = self.document.value
        for depth, part in enumerate(parts := _split(path)):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.error(".".join(parts[:depth]), "must be an object")
            value = _member(cast("Mapping[str, Any]", value), part)
        return None if value is None else _Found(self, path, value)

    def _members(self, found: "_Found | None") -> Mapping[str, Any]:
        if found is None:
            return {}
        value = found.value
        if not isinstance(value, dict):
            raise found.error("an object")
        return cast("Mapping[str, Any]", value)

    def _actual(self, parts: Sequence[str]) -> KeyPath:
        """Return the path as it is spelled in the file, as far as it is there."""
        return tuple(self._spelled(parts))

    def _spelled(self, parts: Sequence[str]) -> Iterator[str]:
        value: Any = self.document.value
        for part in parts:
            if not isinstance(value, dict):
                return
            members = cast("Mapping[str, Any]", value)
            spelled = next((k for k in members if k.casefold() == part.casefold()), None)
            if spelled is None:
                return
            yield spelled
            value = members[spelled]


@dataclass(frozen=True, slots=True)
class _Found:
    section: Section
    path: str
    value: Any

    def error(self, expected: str) -> SettingsError:
        return self.section.error(self.path, f"must be {expected}, not {_shown(self.value)}")


def empty(source: Path | str) -> Document:
    """Return the document of a file that is not there."""
    return Document(source, {})


def overrides(environ: Mapping[str, str], prefix: str) -> Mapping[_Key, tuple[str, str]]:
    """Return what the environment overrides: ``<prefix>__a__b`` is the key path a.b."""
    found: dict[_Key, tuple[str, str]] = {}
    for name, text in environ.items():
        first, *rest = _levels(name)
        if rest and first.casefold() == prefix.casefold():
            found[tuple(part.casefold() for part in rest)] = (name, text)
    return found


def _levels(variable: str) -> list[str]:
    return variable.replace(":", "__").split("__")


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _member(value: Mapping[str, Any], name: str) -> Any:
    if name in value:
        return value[name]
    return next((v for k, v in value.items() if k.casefold() == name.casefold()), None)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - a line's worth
